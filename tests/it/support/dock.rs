//! Sealed and weighed parcels with their waybill numbers, ready for labels and the dock.

use tallyman::kernel::ids::{PlaceId, PrintJobId};
use tallyman::shipping::carriers::PutCarrier;
use tallyman::station::StationError;
use tallyman::station::ops::{queue_shipping_label, withdraw_labels};

use super::World;
use super::floor::{pick_all, released};

/// Picks and packs `orders` orders of `quantity` pieces each: parcels `P1`, `P2` in order, with waybills `SF1`, `SF2`.
pub async fn packed(world: &World, orders: i64, quantity: i64) -> Vec<PlaceId> {
    released(world, orders, quantity).await;
    for n in 0..orders {
        pick_all(world, &format!("T{:06}", n + 1)).await;
    }
    carriers(world).await;
    for text in PACK {
        world.sql(text).await;
    }
    let mut parcels = Vec::new();
    for n in 1..=orders {
        parcels.push(parcel(world, n).await);
    }
    parcels
}

/// Two carriers.
pub async fn carriers(world: &World) {
    for (code, name) in [("SF", "顺丰"), ("YTO", "圆通")] {
        let tracking_url = format!("https://{}.example/?no={{number}}", code.to_lowercase());
        let carrier = PutCarrier {
            code: code.into(),
            name_en: code.into(),
            name_zh: name.into(),
            tracking_url,
            is_default: code == "SF",
        };
        world.does(carrier).await;
    }
}

/// The n-th parcel.
pub async fn parcel(world: &World, n: i64) -> PlaceId {
    PlaceId(world.number(format!("SELECT place_id FROM parcel WHERE number = 'P{n}'").leak()).await)
}

const PACK: [&str; 9] = [
    "INSERT INTO place (warehouse_id, kind, code) SELECT 1, 'parcel', 'P' || id FROM customer_order WHERE state = 'picked' ORDER BY id",
    "INSERT INTO parcel (place_id, warehouse_id, order_id, number, state, carrier_id, weight_grams, created_at, sealed_at)
     SELECT p.id, 1, o.id, p.code, 'waybill_bound', (SELECT id FROM carrier WHERE code = 'SF'), 250, 0, 0
     FROM customer_order o JOIN place p ON p.code = 'P' || o.id",
    "INSERT INTO waybill (carrier_id, number, state, parcel_id)
     SELECT carrier_id, 'SF' || order_id, 'bound', place_id FROM parcel",
    "INSERT INTO parcel_line (parcel_id, allocation_id, order_line_id, sku_id, lot_id, quantity)
     SELECT p.place_id, a.id, a.order_line_id, a.sku_id, a.lot_id, a.picked FROM parcel p JOIN allocation a ON a.order_id = p.order_id
     WHERE a.picked > 0",
    "INSERT INTO movement (warehouse_id, at, person_id, operation_key, reason, sku_id, lot_id, quantity, from_place_id,
     from_status, to_place_id, to_status)
     SELECT 1, 0, 1, 'scene', 'pack', c.sku_id, c.lot_id, c.on_hand, c.place_id, c.status, p.place_id, c.status FROM parcel p
     JOIN pick_task t ON t.order_id = p.order_id JOIN stock_cell c ON c.place_id = t.tote_place_id AND c.on_hand > 0",
    "INSERT INTO stock_cell (warehouse_id, place_id, sku_id, lot_id, status, on_hand, reserved)
     SELECT 1, p.place_id, c.sku_id, c.lot_id, c.status, c.on_hand, c.on_hand FROM parcel p
     JOIN pick_task t ON t.order_id = p.order_id JOIN stock_cell c ON c.place_id = t.tote_place_id AND c.on_hand > 0",
    "UPDATE stock_cell SET on_hand = 0, reserved = 0 WHERE place_id IN (SELECT id FROM place WHERE kind = 'tote')",
    "UPDATE allocation SET packed = picked",
    "UPDATE customer_order SET state = 'packed' WHERE state = 'picked'",
];

/// Queues a parcel's label as packing does.
#[derive(serde::Serialize)]
pub struct QueueLabel(pub PlaceId);

impl tallyman::db::Operation for QueueLabel {
    const KIND: &'static str = "test.queue_label";
    type Answer = PrintJobId;
    type Error = StationError;

    async fn run(&self, op: &mut tallyman::db::Op<'_, '_>) -> Result<PrintJobId, StationError> {
        queue_shipping_label(op, self.0, None).await
    }
}

/// Takes a parcel's labels back as packing does when it opens it again.
#[derive(serde::Serialize)]
pub struct WithdrawLabels(pub PlaceId);

impl tallyman::db::Operation for WithdrawLabels {
    const KIND: &'static str = "test.withdraw_labels";
    type Answer = ();
    type Error = StationError;

    async fn run(&self, op: &mut tallyman::db::Op<'_, '_>) -> Result<(), StationError> {
        withdraw_labels(op, self.0, "opened again").await
    }
}

/// Gives a waiting label a receiver whose name has a character that no label font has.
#[derive(serde::Serialize)]
pub struct SpoilLabel(pub PrintJobId);

impl tallyman::db::Operation for SpoilLabel {
    const KIND: &'static str = "test.spoil_label";
    type Answer = ();
    type Error = StationError;

    async fn run(&self, op: &mut tallyman::db::Op<'_, '_>) -> Result<(), StationError> {
        use tallyman::{args, db::Sql, station::label::LabelData};
        let payload = Sql::both("SELECT payload FROM print_job WHERE id = $1");
        let (sealed,): (Vec<u8>,) = op.tx.one("job", payload, args![self.0]).await?;
        let services = std::sync::Arc::clone(&op.context.services);
        let mut label = LabelData::open(&services.vault, &sealed)?;
        label.receiver.name = "\u{13000}".into();
        let (sealed, _) = label.seal(&services)?;
        op.tx.exec(Sql::both("UPDATE print_job SET payload = $2 WHERE id = $1"), args![self.0, sealed]).await?;
        Ok(())
    }
}
