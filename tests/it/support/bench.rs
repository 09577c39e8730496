//! What lies on a packer's bench: an order of two SKUs in a tote.

use tallyman::catalog::ops::{Barcode, PutSkus, SkuInput};
use tallyman::kernel::ids::{OrderId, PersonId, PlaceId};
use tallyman::location::ops::AddTotes;
use tallyman::order::inbound::{InboundLine, InboundOrder};
use tallyman::order::ops::PlaceOrder;
use tallyman::packing::seal::{HowToSeal, SealParcel};
use tallyman::packing::verify::{PieceScan, VerifyPiece};
use tallyman::people::ops::AddPerson;
use tallyman::stock::ops::{Receipt, ReceiveStock};
use tallyman::wave::ops::{Choice, CreateWave, ReleaseWave};

use super::World;
use super::dock::{carriers, numbers};
use super::floor::pick_all;
use crate::orders::{five_lots, order};

/// The tote that the order lies in.
pub const TOTE: &str = "T000001";

/// Three shirts of one lot and two mugs, which are fragile, come with a warranty card, and are scanned one by one or as a
/// box of two.
pub fn mixed_order(external_id: &str) -> InboundOrder {
    let mug = InboundLine { external_id: "l2".into(), sku: "MUG".into(), quantity: 2, unit_price_minor: 0 };
    let mut order = order(external_id, 3);
    order.lines.push(mug);
    order.buyer_remark = "少放辣".into();
    order.seller_remark = "送贴纸".into();
    order.flags = vec!["gift".into()];
    order.invoice = Some(serde_json::json!({ "title": "某公司" }));
    order
}

/// The mixed order, picked whole into one tote; carriers and ten numbers of SF.
pub async fn on_the_bench(world: &World) -> OrderId {
    let order = released_mix(world, 1).await;
    pick_all(world, TOTE).await;
    order
}

/// Mixed orders in a released wave; gives the first.
pub async fn released_mix(world: &World, orders: i64) -> OrderId {
    released_of_lots(world, orders, &[("M1", 10)]).await
}

/// Mixed orders in a released wave, with mugs of these lots; gives the first.
pub async fn released_of_lots(world: &World, orders: i64, lots: &[(&str, i64)]) -> OrderId {
    let channel = five_lots(world).await;
    let barcode = |barcode: &str, unit_factor| Barcode { barcode: barcode.into(), unit_factor };
    let mug = SkuInput {
        code: "MUG".into(),
        name_en: "Mug".into(),
        name_zh: "马克杯".into(),
        weight_grams: 300,
        fragile: true,
        packing_note: "this side up".into(),
        papers: vec!["保修卡".into()],
        expires: true,
        barcodes: vec![barcode("MUG-1", 1), barcode("MUG-2", 2)],
        ..SkuInput::default()
    };
    world.does(PutSkus { skus: vec![mug] }).await;
    world
        .does(ReceiveStock {
            receipts: lots.iter().map(|(lot, quantity)| mugs(lot, *quantity)).collect(),
            opening: true,
        })
        .await;
    carriers(world).await;
    numbers(world, 10).await;
    world.does(AddTotes { prefix: "T".into(), first: 1, last: 20 }).await;
    for n in 0..orders {
        world.does(PlaceOrder { channel, order: mixed_order(&n.to_string()) }).await;
    }
    let wave = world.does(CreateWave { choice: Choice::default(), note: String::new() }).await.wave_id;
    assert_eq!(world.does(ReleaseWave { wave }).await.orders, orders);
    OrderId(1)
}

/// Mugs that come in.
pub fn mugs(lot: &str, quantity: i64) -> Receipt {
    Receipt {
        sku: "MUG".into(),
        location: "A-01".into(),
        quantity,
        lot: lot.into(),
        supplier_lot: String::new(),
        received_at: None,
        expires_at: Some(super::world::START.plus_ms(86_400_000)),
        status: None,
    }
}

/// A scan of an item into a parcel.
pub fn piece(parcel: PlaceId, item: &str) -> VerifyPiece {
    VerifyPiece { parcel, scan: PieceScan { item: item.into(), ..PieceScan::default() } }
}

/// Puts all five pieces of the mixed order into a parcel.
pub async fn fill(world: &World, parcel: PlaceId) {
    world.does(piece(parcel, "MUG-2")).await;
    for left in [2, 1, 0] {
        assert_eq!(world.does(piece(parcel, "TEE-M")).await.order_left, left);
    }
}

/// Ticks the three papers of the mixed order.
pub async fn tick_all(world: &World, parcel: PlaceId) {
    for paper in ["packing_slip", "invoice", "保修卡"] {
        world.does(super::dock::tick(parcel, paper)).await;
    }
}

/// The mixed order in a closed parcel.
pub async fn closed(world: &World) -> PlaceId {
    on_the_bench(world).await;
    let parcel = super::dock::begun(world, TOTE).await;
    fill(world, parcel).await;
    tick_all(world, parcel).await;
    world.does(super::dock::seal(parcel)).await;
    parcel
}

/// Closes a parcel; what is left goes into another.
pub fn split(parcel: PlaceId) -> SealParcel {
    SealParcel { parcel, how: HowToSeal { next_parcel: true, forced_reason: None } }
}

/// Closes a parcel by a person's word.
pub fn force(parcel: PlaceId, reason: &str) -> SealParcel {
    SealParcel { parcel, how: HowToSeal { next_parcel: false, forced_reason: Some(reason.into()) } }
}

/// Another person.
pub async fn person(world: &World, number: &str) -> PersonId {
    let add = AddPerson {
        number: number.into(),
        name: number.into(),
        language: tallyman::messages::Language::ZhCn,
        roles: vec![tallyman::kernel::actor::Role::Packer],
    };
    world.does(add).await.person_id
}
