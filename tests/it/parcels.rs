//! Parcels after they are closed: weight, waybill number, label, and the ways back. And the pool of numbers.

use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::{OrderId, PlaceId};
use tallyman::order::model::OrderState;
use tallyman::order::ops::{CancelOrder, HoldOrder};
use tallyman::packing::model::{ParcelState, WaybillState};
use tallyman::packing::pool::{ImportWaybills, RecycleWaybill, VoidWaybill, WaybillRange};
use tallyman::packing::reopen::{Back, ReopenParcel, VoidParcel};
use tallyman::packing::weigh::{ChangeCarrier, LabelParcel, OtherCarrier, WeighParcel, Weight};
use tallyman::packing::{PackError, query};
use tallyman::picking::PickError;
use tallyman::picking::putback::PutBack;
use tallyman::shipping::manifest::OpenManifest;
use tallyman::shipping::scan::{ScanOut, TakeOff};

use crate::both;
use crate::packing::start;
use crate::printing::{Script, printer, work};
use crate::support::bench::{TOTE, closed, fill, on_the_bench, piece, split, tick_all};
use crate::support::dock::{begun, numbers, packed, seal, sealed, tick, tote_of, weigh, weight};
use crate::support::floor::{pick_all, released};
use crate::support::{World, at_once, shared};

fn back() -> Back {
    Back { reason: "wrong box".into(), ..Back::default() }
}

fn reopen(parcel: PlaceId) -> ReopenParcel {
    ReopenParcel { parcel, back: back() }
}

fn void(parcel: PlaceId) -> VoidParcel {
    VoidParcel { parcel, back: back() }
}

fn destroyed() -> Back {
    Back { label_destroyed: true, ..back() }
}

async fn state_of(world: &World, number: &str) -> String {
    world.text(format!("SELECT state FROM waybill WHERE number = '{number}'").leak()).await
}

both!(a_weight_that_is_not_right_holds_the_parcel_until_somebody_answers_for_it, |world| {
    let parcel = closed(world).await;
    for grams in [0, -5, 1_000_001] {
        assert!(matches!(world.refused(weight(parcel, grams)).await, PackError::BadWeight { .. }));
    }
    let light = weigh(world, parcel, 1_000).await;
    assert_eq!((light.state, light.waybill), (ParcelState::WeightHold, None));
    assert_eq!((light.bounds.unwrap().least_grams, light.bounds.unwrap().most_grams), (1_164, 1_500));
    assert_eq!(weigh(world, parcel, 1_501).await.state, ParcelState::WeightHold);
    assert!(matches!(
        world.refused(LabelParcel { parcel, station: None }).await,
        PackError::WrongState { state: ParcelState::WeightHold, .. }
    ));
    let accepted = |reason: &str| WeighParcel {
        parcel,
        weight: Weight { weight_grams: 1_600, station: None, accepted_reason: Some(reason.into()) },
    };
    let packer = world.db.operate(world.as_role(Role::Packer), accepted("gift box")).await.unwrap_err();
    assert!(matches!(packer, PackError::Forbidden { right: "force_pass" }));
    assert!(matches!(world.refused(accepted(" ")).await, PackError::ReasonMissing {}));
    assert_eq!(world.does(accepted("gift box")).await.state, ParcelState::WaybillBound);
    assert!(matches!(world.refused(weight(parcel, 1_300)).await, PackError::WrongState { .. }));
});

both!(a_parcel_that_is_weighed_again_may_be_right, |world| {
    let parcel = closed(world).await;
    assert_eq!(weigh(world, parcel, 900).await.state, ParcelState::WeightHold);
    assert_eq!(weigh(world, parcel, 1_300).await.state, ParcelState::WaybillBound);
});

both!(where_a_weight_is_unknown_every_weight_is_right, |world| {
    on_the_bench(world).await;
    world.sql("UPDATE sku SET weight_grams = 0 WHERE code = 'MUG'").await;
    let parcel = begun(world, TOTE).await;
    fill(world, parcel).await;
    tick_all(world, parcel).await;
    assert_eq!(world.does(seal(parcel)).await.expected_grams, 0);
    let way = weigh(world, parcel, 9_000).await;
    assert_eq!((way.state, way.bounds), (ParcelState::WaybillBound, None));
});

both!(what_hinders_a_label_is_told_and_mended_without_weighing_again, |world| {
    let parcel = closed(world).await;
    world.sql("UPDATE waybill SET state = 'void'").await;
    let hindered = |code: &'static str| {
        move |way: tallyman::packing::weigh::ParcelOnItsWay| assert_eq!(way.hindrance.unwrap().code, code)
    };
    hindered("packing.pool_empty")(weigh(world, parcel, 1_300).await);
    let label = || LabelParcel { parcel, station: None };
    assert!(matches!(world.refused(label()).await, PackError::PoolEmpty { carrier } if carrier == "SF"));
    let range = WaybillRange { prefix: "SF".into(), first: 100, last: 101, width: 6 };
    world.does(ImportWaybills { carrier: "sf".into(), numbers: vec![], range: Some(range) }).await;
    assert!(matches!(world.refused(label()).await, PackError::NoPrinter {}));
    assert_eq!(world.text("SELECT state FROM parcel").await, "weighed");
    let printer = world.does(printer("Z1")).await.printer_id;
    let way = world.does(label()).await;
    assert_eq!((way.state, way.waybill.as_deref()), (ParcelState::WaybillBound, Some("SF000100")));
    assert_eq!(world.does(label()).await.print_job_id, way.print_job_id);
    work(world, &Script::default(), printer).await;
    assert_eq!(world.text("SELECT state FROM parcel").await, "label_printed");
    assert!(matches!(world.refused(label()).await, PackError::WrongState { .. }));
});

both!(without_any_carrier_the_parcel_waits_for_one, |world| {
    let parcel = closed(world).await;
    world.sql("UPDATE parcel SET carrier_id = NULL").await;
    world.sql("UPDATE customer_order SET carrier_id = NULL").await;
    world.sql("UPDATE carrier SET is_default = FALSE").await;
    let way = weigh(world, parcel, 1_300).await;
    assert_eq!((way.state, way.hindrance.unwrap().code), (ParcelState::Weighed, "packing.no_carrier".to_owned()));
});

both!(another_carrier_gets_another_number_and_the_first_goes_back, |world| {
    let parcel = closed(world).await;
    let change = |carrier: &str, reason: &str| ChangeCarrier {
        parcel,
        to: OtherCarrier { carrier: carrier.into(), reason: reason.into() },
    };
    assert!(matches!(world.refused(change("YTO", "")).await, PackError::ReasonMissing {}));
    assert!(matches!(world.refused(change("NONE", "x")).await, PackError::NotFound { .. }));
    weigh(world, parcel, 1_300).await;
    let changed = world.does(change("YTO", "SF does not go there")).await;
    assert_eq!((changed.state, changed.hindrance.unwrap().code), (ParcelState::Weighed, "packing.pool_empty".into()));
    assert_eq!(state_of(world, "SF1").await, "recycled");
    let numbers = vec!["YT1".to_owned()];
    world.does(ImportWaybills { carrier: "YTO".into(), numbers, range: None }).await;
    let printer = world.does(printer("Z1")).await.printer_id;
    assert_eq!(world.does(LabelParcel { parcel, station: None }).await.waybill.as_deref(), Some("YT1"));
    // Back to the first carrier: its label is taken out of the queue, and the lowest number is given out again.
    let changed = world.does(change("SF", "YTO is late")).await;
    assert_eq!((changed.waybill.as_deref(), state_of(world, "YT1").await.as_str()), (Some("SF1"), "recycled"));
    work(world, &Script::default(), printer).await;
    assert!(matches!(world.refused(change("YTO", "again")).await, PackError::LabelOut { .. }));
    assert_eq!(world.number("SELECT COUNT(*) FROM print_job WHERE state = 'printed'").await, 1);
});

both!(sixty_four_packers_at_once_never_get_the_same_number, |world| {
    released(world, 20, 1).await;
    for n in 1..=20 {
        pick_all(world, &format!("T{n:06}")).await;
    }
    crate::support::dock::carriers(world).await;
    let mut parcels = Vec::new();
    for n in 1..=20 {
        let tote = tote_of(world, n).await;
        parcels.push(sealed(world, &tote, 1).await);
    }
    // Twelve numbers for twenty parcels, asked for by three people each.
    numbers(world, 12).await;
    let db = shared(world.db.clone());
    let ways = at_once((0..64).map(|n| {
        let (db, context, parcel) = (db.clone(), world.context(), parcels[n % 20]);
        async move { db.operate(context, weight(parcel, 250)).await }
    }))
    .await;
    for refusal in ways.iter().filter_map(|way| way.as_ref().err()) {
        assert!(matches!(refusal, PackError::WrongState { state: ParcelState::WaybillBound, .. }), "{refusal}");
    }
    let hindered = ways.iter().filter_map(|way| way.as_ref().ok()).filter(|way| way.waybill.is_none());
    for way in hindered {
        assert_eq!(way.hindrance.as_ref().unwrap().code, "packing.pool_empty");
    }
    assert_eq!(world.number("SELECT COUNT(DISTINCT parcel_id) FROM waybill WHERE state = 'bound'").await, 12);
    assert_eq!(world.number("SELECT COUNT(*) FROM parcel WHERE state = 'weighed'").await, 8);
});

both!(numbers_come_in_whole_or_not_at_all, |world| {
    crate::support::dock::carriers(world).await;
    let list = |numbers: &[&str]| ImportWaybills {
        carrier: "SF".into(),
        numbers: numbers.iter().map(|number| (*number).to_owned()).collect(),
        range: None,
    };
    assert_eq!(world.does(list(&["sf001", "SF002"])).await.imported, 2);
    let known = world.refused(list(&["SF003", "SF002", "SF004", "SF001"])).await;
    assert!(matches!(known, PackError::Known { count: 2, numbers } if numbers == "SF002, SF001"));
    let twice = world.refused(list(&["SF003", "SF003"])).await;
    assert!(matches!(twice, PackError::Repeated { count: 1, .. }));
    assert!(matches!(world.refused(list(&["SF 3"])).await, PackError::BadNumber { .. }));
    let nobody = ImportWaybills { carrier: "NONE".into(), ..list(&["A1"]) };
    assert!(matches!(world.refused(nobody).await, PackError::NotFound { what: "carrier", .. }));
    let packer = world.db.operate(world.as_role(Role::Packer), list(&["A1"])).await.unwrap_err();
    assert!(matches!(packer, PackError::Forbidden { right: "shipping_setup" }));
    assert_eq!(world.number("SELECT COUNT(*) FROM waybill").await, 2);

    let range = WaybillRange { prefix: "X".into(), first: 1, last: 100_000, width: 8 };
    let large = || ImportWaybills { carrier: "YTO".into(), numbers: vec![], range: Some(range.clone()) };
    assert_eq!(world.does(large()).await.imported, 100_000);
    assert!(matches!(world.refused(large()).await, PackError::Known { count: 100_000, .. }));
    let pools = world.db.read(|tx| Box::pin(query::pools(tx))).await.unwrap();
    let shown: Vec<_> = pools.iter().map(|pool| (pool.carrier.as_str(), pool.free, pool.low)).collect();
    assert_eq!(shown, [("SF", 2, true), ("YTO", 100_000, false)]);
    assert_eq!(pools[1].next, "X00000001");
});

both!(two_imports_of_the_same_numbers_at_once_are_one, |world| {
    crate::support::dock::carriers(world).await;
    let db = shared(world.db.clone());
    let done = at_once((0..6).map(|_| {
        let (db, context) = (db.clone(), world.context());
        let range = WaybillRange { prefix: "SF".into(), first: 1, last: 500, width: 5 };
        let import = ImportWaybills { carrier: "SF".into(), numbers: vec![], range: Some(range) };
        async move { db.operate(context, import).await }
    }))
    .await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    for refusal in done.iter().filter_map(|done| done.as_ref().err()) {
        assert!(matches!(refusal, PackError::Known { count: 500, .. }), "{refusal}");
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM waybill").await, 500);
});

both!(a_parcel_opened_again_gives_its_number_back_unless_a_label_may_be_out, |world| {
    let parcel = closed(world).await;
    assert!(matches!(world.refused(ReopenParcel { parcel, back: Back::default() }).await, PackError::ReasonMissing {}));
    let opened = world.does(reopen(parcel)).await;
    assert_eq!(opened.waybill.unwrap().state, WaybillState::Free);
    assert_eq!(world.text("SELECT state FROM customer_order").await, "picked");
    assert!(matches!(world.refused(reopen(parcel)).await, PackError::WrongState { .. }));
    world.does(seal(parcel)).await;
    let printer = world.does(printer("Z1")).await.printer_id;
    weigh(world, parcel, 1_300).await;
    let opened = world.does(reopen(parcel)).await;
    assert_eq!(opened.waybill.unwrap().state, WaybillState::Recycled);
    assert_eq!(world.text("SELECT state FROM print_job").await, "cancelled");

    world.does(seal(parcel)).await;
    weigh(world, parcel, 1_300).await;
    work(world, &Script::default(), printer).await;
    assert!(matches!(world.refused(reopen(parcel)).await, PackError::LabelOut { .. }));
    let opened = world.does(ReopenParcel { parcel, back: destroyed() }).await.waybill.unwrap();
    assert_eq!((opened.number.as_str(), opened.state), ("SF1", WaybillState::Void));
    world.does(seal(parcel)).await;
    assert_eq!(weigh(world, parcel, 1_300).await.waybill.as_deref(), Some("SF2"));
    work(world, &Script::default(), printer).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM print_job WHERE state = 'printed'").await, 2);
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'order.packed'").await, 4);
});

both!(only_one_parcel_of_an_order_is_open_at_a_time, |world| {
    on_the_bench(world).await;
    let first = begun(world, TOTE).await;
    world.does(piece(first, "TEE-M")).await;
    world.does(tick(first, "packing_slip")).await;
    world.does(tick(first, "invoice")).await;
    world.does(split(first)).await;
    let second = begun(world, TOTE).await;
    let refusal = world.refused(reopen(first)).await;
    assert!(matches!(refusal, PackError::OtherOpen { open, .. } if open == "P00000001-2"));
    world.does(void(second)).await;
    world.does(reopen(first)).await;
    assert_eq!(world.does(start(TOTE)).await.parcel_id, first);
});

both!(a_parcel_on_a_manifest_is_taken_off_before_it_is_opened, |world| {
    let parcel = closed(world).await;
    let printer = world.does(printer("Z1")).await.printer_id;
    weigh(world, parcel, 1_300).await;
    work(world, &Script::default(), printer).await;
    let manifest = world.does(OpenManifest { carrier: "SF".into() }).await.manifest_id;
    world.does(ScanOut { manifest, scan: "SF1".into() }).await;
    let destroyed = || Back { label_destroyed: true, ..back() };
    let refused = world.refused(ReopenParcel { parcel, back: destroyed() }).await;
    assert!(matches!(refused, PackError::OnManifest { manifest, .. } if manifest == "M00000001"));
    let refused = world.refused(VoidParcel { parcel, back: destroyed() }).await;
    assert!(matches!(refused, PackError::OnManifest { .. }));
    let number = VoidWaybill { number: "SF1".into(), reason: "torn".into() };
    assert!(matches!(world.refused(number).await, PackError::OnManifest { .. }));
    world.does(TakeOff { manifest, scan: "SF1".into() }).await;
    world.does(ReopenParcel { parcel, back: destroyed() }).await;
    let dead = world.refused(ScanOut { manifest, scan: "SF1".into() }).await;
    assert!(matches!(dead, tallyman::shipping::ShippingError::DeadNumber { .. }));
});

both!(a_parcel_that_is_given_up_gives_its_goods_back_to_the_tote, |world| {
    let parcel = closed(world).await;
    weigh(world, parcel, 1_300).await;
    let gone = world.does(void(parcel)).await;
    assert_eq!((gone.state, gone.to_put_back), (ParcelState::Void, 0));
    assert_eq!(gone.waybill.unwrap().state, WaybillState::Recycled);
    assert_eq!(world.text("SELECT state FROM customer_order").await, "picked");
    assert!(matches!(world.refused(void(parcel)).await, PackError::WrongState { .. }));
    world.check().await;
    let again = world.does(start(TOTE)).await;
    assert_eq!(again.parcel, "P00000001-2");
    fill(world, again.parcel_id).await;
    tick_all(world, again.parcel_id).await;
    world.does(seal(again.parcel_id)).await;
    assert_eq!(weigh(world, again.parcel_id, 1_300).await.waybill.as_deref(), Some("SF1"));
    // Into another tote, if one likes.
    let into = |tote: &str| VoidParcel { parcel: again.parcel_id, back: Back { tote: Some(tote.into()), ..back() } };
    assert!(matches!(world.refused(into("A-01")).await, PackError::NotATote { .. }));
    world.does(into("T000007")).await;
    assert!(!world.does(start("T000007")).await.resumed);
});

both!(a_number_is_recycled_or_void_by_its_rules, |world| {
    let parcel = closed(world).await;
    let recycle = |number: &str| RecycleWaybill { number: number.into(), reason: "came back".into() };
    let void = |number: &str| VoidWaybill { number: number.into(), reason: "the carrier said so".into() };
    assert!(matches!(world.refused(recycle("NONE")).await, PackError::NotFound { what: "waybill", .. }));
    let no_reason = VoidWaybill { number: "SF9".into(), reason: String::new() };
    assert!(matches!(world.refused(no_reason).await, PackError::ReasonMissing {}));
    assert!(matches!(world.refused(recycle("SF9")).await, PackError::WrongNumberState { .. }));
    assert_eq!(world.does(void("sf9")).await.state, WaybillState::Void);
    assert!(matches!(world.refused(void("SF9")).await, PackError::WrongNumberState { .. }));
    assert_eq!(world.does(recycle("SF9")).await.state, WaybillState::Recycled);
    // Kept for the closed parcel; then its own; then on paper.
    assert_eq!(world.does(recycle("SF1")).await.state, WaybillState::Free);
    let printer = world.does(printer("Z1")).await.printer_id;
    assert_eq!(weigh(world, parcel, 1_300).await.waybill.as_deref(), Some("SF1"));
    assert_eq!(world.does(recycle("SF1")).await.state, WaybillState::Recycled);
    assert_eq!(world.text("SELECT state FROM parcel").await, "weighed");
    let label = || LabelParcel { parcel, station: None };
    assert_eq!(world.does(label()).await.waybill.as_deref(), Some("SF1"));
    work(world, &Script::default(), printer).await;
    assert!(matches!(world.refused(recycle("SF1")).await, PackError::WrongNumberState { .. }));
    assert_eq!(world.does(void("SF1")).await.state, WaybillState::Void);
    assert!(matches!(world.refused(recycle("SF1")).await, PackError::WrongNumberState { .. }));
    assert_eq!(world.does(label()).await.waybill.as_deref(), Some("SF2"));
});

both!(a_cancellation_comes_before_a_step_or_after_it_never_in_between, |world| {
    for n in 0..6 {
        race(world, n).await;
    }
    // Nothing of a cancelled order can leave, and nothing that can leave is cancelled.
    let lost = "SELECT COUNT(*) FROM customer_order o JOIN parcel p ON p.order_id = o.id
        JOIN waybill w ON w.parcel_id = p.place_id AND w.state = 'bound'
        JOIN print_job j ON j.parcel_id = p.place_id AND j.state IN ('queued', 'printed') WHERE o.state = 'cancelled'";
    let printer = world.does(printer("Z1")).await.printer_id;
    while work(world, &Script::default(), printer).await != tallyman::station::queue::Worked::Idle {}
    assert_eq!(world.number(lost).await, 0);
});

/// One order more: a step of packing and a cancellation at once.
async fn race(world: &World, n: i64) {
    if n == 0 {
        released(world, 6, 1).await;
        for tote in 1..=6 {
            pick_all(world, &format!("T{tote:06}")).await;
        }
        crate::support::dock::carriers(world).await;
        numbers(world, 9).await;
    }
    let order = OrderId(n + 1);
    let parcel = begun(world, &tote_of(world, n + 1).await).await;
    let (db, context) = (world.db.clone(), world.context());
    let cancel = CancelOrder { order, reason: "changed mind".into() };
    let (step, cancelled) = match n % 3 {
        0 => {
            let step = tokio::spawn(async move { db.operate(context, piece(parcel, "TEE-M")).await.map(drop) });
            (step, world.does(cancel).await)
        }
        1 => {
            world.does(piece(parcel, "TEE-M")).await;
            world.does(tick(parcel, "packing_slip")).await;
            let step = tokio::spawn(async move { db.operate(context, seal(parcel)).await.map(drop) });
            (step, world.does(cancel).await)
        }
        _ => {
            world.does(piece(parcel, "TEE-M")).await;
            world.does(tick(parcel, "packing_slip")).await;
            world.does(seal(parcel)).await;
            let step = tokio::spawn(async move { db.operate(context, weight(parcel, 250)).await.map(drop) });
            (step, world.does(cancel).await)
        }
    };
    assert_eq!(cancelled.state, OrderState::Cancelled);
    if let Err(refusal) = step.await.unwrap() {
        assert!(matches!(refusal, PackError::OrderStopped { state: OrderState::Cancelled, .. }), "{refusal}");
    }
    world.check().await;
    assert!(matches!(world.refused(piece(parcel, "TEE-M")).await, PackError::OrderStopped { .. }));
    assert!(matches!(world.refused(weight(parcel, 250)).await, PackError::OrderStopped { .. }));
}

both!(a_held_order_goes_no_further, |world| {
    let parcel = closed(world).await;
    world.does(HoldOrder { order: OrderId(1), reason: "address".into() }).await;
    assert!(matches!(world.refused(weight(parcel, 1_300)).await, PackError::OrderHeld { .. }));
    assert!(matches!(world.refused(reopen(parcel)).await, PackError::OrderHeld { .. }));
    assert!(matches!(world.refused(void(parcel)).await, PackError::OrderHeld { .. }));
});

both!(packed_parcels_wait_for_their_labels_where_there_is_no_printer, |world| {
    let parcels = packed(world, 2, 2).await;
    assert_eq!(parcels.len(), 2);
    assert_eq!(world.number("SELECT COUNT(*) FROM parcel WHERE state = 'waybill_bound'").await, 2);
    assert_eq!(world.number("SELECT COUNT(*) FROM print_job").await, 0);
});

both!(goods_of_a_cancelled_order_come_out_of_their_parcel_and_back_to_the_shelf, |world| {
    let parcel = closed(world).await;
    weigh(world, parcel, 1_300).await;
    world.does(CancelOrder { order: OrderId(1), reason: "changed mind".into() }).await;
    let back = |item: &str, quantity| PutBack {
        tote: "P00000001-1".into(),
        location: "A-02".into(),
        item: item.into(),
        quantity,
        lot: None,
    };
    assert!(matches!(world.refused(back("TEE-M", 1)).await, PickError::ParcelNotVoid { .. }));
    let gone = world.does(void(parcel)).await;
    assert_eq!((gone.to_put_back, gone.waybill.unwrap().state), (5, WaybillState::Recycled));
    world.check().await;
    assert!(matches!(world.refused(back("TEE-M", 4)).await, PickError::NotUndoable { picked: 3 }));
    let other = PutBack { lot: Some("LA-01".into()), ..back("TEE-M", 1) };
    assert!(matches!(world.refused(other).await, PickError::WrongLot { expected, .. } if expected == "LA-05"));
    assert!(!world.does(back("TEE-M", 3)).await.order_done);
    world.check().await;
    assert!(world.does(back("MUG-2", 1)).await.order_done);
    assert!(matches!(world.refused(back("MUG-2", 1)).await, PickError::NotUndoable { picked: 0 }));
    assert_eq!(world.number("SELECT COUNT(*) FROM parcel_line").await, 0);
    assert_eq!(world.number("SELECT CAST(SUM(on_hand - reserved) AS BIGINT) FROM stock_cell").await, 35);
    assert_eq!(world.number("SELECT CAST(SUM(quantity - cancelled) AS BIGINT) FROM order_line").await, 0);
});

both!(an_order_called_back_is_cancelled_once_its_goods_are_on_the_shelf, |world| {
    let parcel = closed(world).await;
    let printer = world.does(printer("Z1")).await.printer_id;
    weigh(world, parcel, 1_300).await;
    work(world, &Script::default(), printer).await;
    let cancelled = world.does(CancelOrder { order: OrderId(1), reason: "changed mind".into() }).await;
    assert_eq!(cancelled.state, OrderState::Intercepting);
    assert!(matches!(world.refused(reopen(parcel)).await, PackError::OrderStopped { .. }));
    assert!(matches!(world.refused(void(parcel)).await, PackError::LabelOut { .. }));
    let gone = world.does(VoidParcel { parcel, back: destroyed() }).await;
    assert_eq!(gone.waybill.unwrap().state, WaybillState::Void);
    for (item, quantity) in [("TEE-M", 3), ("MUG", 2)] {
        let (tote, location) = ("P00000001-1".into(), "A-02".into());
        world.does(PutBack { tote, location, item: item.into(), quantity, lot: None }).await;
    }
    assert_eq!(world.text("SELECT state FROM customer_order").await, "cancelled");
});
