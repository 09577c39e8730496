//! Putting away: proposed places, scans, and what is refused; and looking anything up.

use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::{OrderId, WarehouseId};
use tallyman::lookup::query::{Found, Kind, NextStep, look_up};
use tallyman::order::ops::{CancelOrder, HoldOrder};
use tallyman::putaway::PutAwayError;
use tallyman::putaway::ops::PutAway;
use tallyman::putaway::propose::{Proposal, ProposedFor, ToPutAway, proposals};
use tallyman::stock::model::{LotStatus, StockStatus};
use tallyman::stock::ops::{Receipt, ReceiveStock, SetLotStatus};
use tallyman::stock::verify::verify;

use crate::both;
use crate::packing::start;
use crate::support::bench::closed;
use crate::support::dock::weigh;
use crate::support::floor::{pick_all, released};
use crate::support::wall::{BATCH_TOTE, ask, picked_batch, put, wall};
use crate::support::{World, at_once, shared};

/// A dock, three empty shelves in two zones, one of them out of use, and shirts of two new lots on the dock.
async fn docked(world: &World) {
    released(world, 1, 1).await;
    world.sql("INSERT INTO zone (warehouse_id, code) VALUES (1, 'B')").await;
    world
        .sql(
            "INSERT INTO place (warehouse_id, kind, code) VALUES (1, 'location', 'DOCK'), (1, 'location', 'A-09'), (1, 'location', 'A-08'),
             (1, 'location', 'B-01'), (1, 'location', 'B-02')",
        )
        .await;
    world
        .sql(
            "INSERT INTO location (place_id, warehouse_id, zone_id, walk_order, check_digits, pickable, active)
             SELECT p.id, 1, z.id, CASE p.code WHEN 'B-01' THEN 1 WHEN 'A-09' THEN 90 ELSE 80 END, '22', p.code <> 'DOCK', p.code <> 'B-02'
             FROM place p JOIN zone z ON z.code = CASE WHEN p.code LIKE 'B-%' THEN 'B' ELSE 'A' END
             WHERE p.code IN ('DOCK', 'A-09', 'A-08', 'B-01', 'B-02')",
        )
        .await;
    let receipt = |lot: &str, quantity, status| Receipt {
        sku: "TEE-M".into(),
        location: "DOCK".into(),
        quantity,
        lot: lot.into(),
        supplier_lot: format!("s-{lot}"),
        received_at: None,
        expires_at: None,
        status,
    };
    let receipts = vec![receipt("N1", 6, None), receipt("N2", 4, None), receipt("N2", 1, Some(StockStatus::Damaged))];
    world.does(ReceiveStock { receipts, opening: false }).await;
}

fn away(lot: &str, quantity: i64, to: &str) -> PutAway {
    PutAway {
        from: "dock".into(),
        item: "6901234567892".into(),
        lot: Some(lot.into()),
        quantity,
        to: to.into(),
        ..PutAway::default()
    }
}

async fn proposed(world: &World, from: &'static str, item: Option<&'static str>) -> Vec<ToPutAway> {
    world.db.read(|tx| Box::pin(proposals(tx, WarehouseId(1), from, item))).await.unwrap()
}

fn places(proposals: &[Proposal]) -> Vec<(&str, ProposedFor)> {
    proposals.iter().map(|proposal| (proposal.place.as_str(), proposal.why)).collect()
}

both!(what_lies_on_the_dock_is_put_away_where_it_belongs, |world| {
    docked(world).await;
    let lines = proposed(world, "DOCK", None).await;
    let lots: Vec<_> = lines.iter().map(|line| (line.lot.as_str(), line.status, line.quantity)).collect();
    assert_eq!(lots, [("N1", StockStatus::Good, 6), ("N2", StockStatus::Good, 4), ("N2", StockStatus::Damaged, 1)]);
    // The zone of the SKU first, the nearest there first; then anywhere. B-02 is out of use.
    let expected = [("A-08", ProposedFor::SameZone), ("A-09", ProposedFor::SameZone), ("B-01", ProposedFor::Empty)];
    assert_eq!(places(&lines[0].proposals), expected);
    let done = world.does(away("N1", 2, " a-09\r")).await;
    assert_eq!((done.sku.as_str(), done.lot.as_str(), done.quantity, done.left), ("TEE-M", "N1", 2, 4));
    world.check().await;
    let evidence = "SELECT evidence FROM movement WHERE reason = 'put_away'";
    assert_eq!(world.text(evidence).await, "scan:DOCK|6901234567892|A-09");
    let lines = proposed(world, "DOCK", Some("(01)06901234567892(10)N1")).await;
    assert_eq!(lines.len(), 1);
    let expected = [("A-09", ProposedFor::SameLot), ("A-08", ProposedFor::SameZone), ("B-01", ProposedFor::Empty)];
    assert_eq!(places(&lines[0].proposals), expected);
    // The other lot doesn't go there.
    let lines = proposed(world, "DOCK", None).await;
    assert_eq!(places(&lines[1].proposals), [("A-08", ProposedFor::SameZone), ("B-01", ProposedFor::Empty)]);
    // The GS1 label names the supplier's lot.
    let labelled = PutAway { item: "010690123456789210S-N1".into(), lot: None, ..away("", 4, "A-09") };
    assert_eq!(world.does(labelled).await.left, 0);
});

both!(each_wrong_put_away_has_its_own_words, |world| {
    docked(world).await;
    world.sql("INSERT INTO sku (code, name_en, created_at) VALUES ('MUG', 'Mug', 0)").await;
    world.sql("INSERT INTO sku_barcode (barcode, sku_id, unit_factor) VALUES ('TEE-BOX', (SELECT id FROM sku WHERE code = 'TEE-M'), 5)").await;
    let of = |change: fn(&mut PutAway)| {
        let mut input = away("N1", 1, "A-09");
        change(&mut input);
        input
    };
    let picker = world.db.operate(world.as_role(Role::Picker), of(|_| {})).await;
    assert!(matches!(picker, Err(PutAwayError::Forbidden { right: "stock_move" })));
    assert!(matches!(world.refused(of(|p| p.quantity = 0)).await, PutAwayError::BadQuantity { .. }));
    assert!(matches!(world.refused(of(|p| p.from = "X".into())).await, PutAwayError::UnknownPlace { .. }));
    assert!(matches!(world.refused(of(|p| p.from = "@LOSS".into())).await, PutAwayError::NotALocation { .. }));
    assert!(matches!(world.refused(of(|p| p.item = "4711".into())).await, PutAwayError::UnknownItem { .. }));
    assert!(matches!(world.refused(of(|p| p.to = "X".into())).await, PutAwayError::UnknownPlace { .. }));
    assert!(matches!(world.refused(of(|p| p.to = "T000001".into())).await, PutAwayError::NotALocation { .. }));
    assert!(matches!(world.refused(of(|p| p.to = "DOCK".into())).await, PutAwayError::SamePlace { .. }));
    assert!(matches!(world.refused(of(|p| p.to = "B-02".into())).await, PutAwayError::NotActive { .. }));
    assert!(matches!(world.refused(of(|p| p.item = "MUG".into())).await, PutAwayError::NotHere { .. }));
    let lots = world.refused(of(|p| p.lot = None)).await;
    assert!(matches!(lots, PutAwayError::WhichLot { lots, .. } if lots == "N1, N2"));
    let lot = world.refused(of(|p| p.lot = Some("LA-01".into()))).await;
    assert!(matches!(lot, PutAwayError::WrongLot { expected, .. } if expected == "N1, N2"));
    assert!(matches!(world.refused(of(|p| p.quantity = 7)).await, PutAwayError::NotEnough { free: 6, wanted: 7, .. }));
    let boxes = of(|p| (p.item, p.quantity) = ("TEE-BOX".into(), 2));
    assert!(matches!(world.refused(boxes).await, PutAwayError::NotEnough { wanted: 10, .. }));
    // Another lot of the SKU lies there: only with a reason, which stays in the ledger.
    let mixed = |reason: Option<&str>| PutAway { reason: reason.map(str::to_owned), ..away("N1", 1, "A-01") };
    assert!(matches!(world.refused(mixed(None)).await, PutAwayError::OtherLot { lot, .. } if lot == "LA-01"));
    assert!(matches!(world.refused(mixed(Some(" "))).await, PutAwayError::OtherLot { .. }));
    world.does(mixed(Some("the shelf beside is broken"))).await;
    assert_eq!(world.text("SELECT note FROM movement WHERE reason = 'put_away'").await, "the shelf beside is broken");
    // What is reserved stays: one shirt of A-05 is an order's.
    let reserved = PutAway { from: "A-05".into(), ..away("LA-05", 5, "A-09") };
    assert!(matches!(world.refused(reserved).await, PutAwayError::NotEnough { free: 4, .. }));
    let unknown = world.db.read(|tx| Box::pin(proposals(tx, WarehouseId(1), "X", None))).await;
    assert!(matches!(unknown, Err(PutAwayError::UnknownPlace { .. })));
});

both!(what_may_not_be_sold_moves_and_stays_what_it_is, |world| {
    docked(world).await;
    let freeze =
        SetLotStatus { sku: "TEE-M".into(), lot: "N1".into(), status: LotStatus::Frozen, reason: "recall".into() };
    world.does(freeze).await;
    world.does(away("N1", 6, "A-09")).await;
    assert_eq!(world.text("SELECT status FROM lot WHERE number = 'N1'").await, "frozen");
    // Of sound stock and other, sound stock is meant, unless it is said.
    world.does(away("N2", 4, "A-08")).await;
    world.does(PutAway { status: Some(StockStatus::Damaged), ..away("N2", 1, "B-01") }).await;
    let damaged = "SELECT on_hand FROM stock_cell c JOIN place p ON p.id = c.place_id AND p.code = 'B-01' WHERE c.status = 'damaged'";
    assert_eq!(world.number(damaged).await, 1);
    assert!(matches!(world.refused(away("N2", 1, "B-01")).await, PutAwayError::NotHere { .. }));
});

both!(goods_of_a_cancelled_order_are_put_away_out_of_their_tote, |world| {
    docked(world).await;
    pick_all(world, "T000001").await;
    let back = |quantity| PutAway { from: "T000001".into(), ..away("LA-05", quantity, "A-09") };
    assert!(proposed(world, "T000001", None).await.is_empty());
    assert!(matches!(world.refused(back(1)).await, PutAwayError::StillWanted { .. }));
    world.does(CancelOrder { order: OrderId(1), reason: "changed mind".into() }).await;
    let lines = proposed(world, "T000001", None).await;
    assert_eq!((lines.len(), lines[0].quantity), (1, 1));
    assert_eq!(places(&lines[0].proposals)[0], ("A-05", ProposedFor::SameLot));
    assert!(matches!(world.refused(PutAway { to: "A-04".into(), ..back(1) }).await, PutAwayError::OtherLot { .. }));
    assert!(matches!(world.refused(back(2)).await, PutAwayError::PutBack { .. }));
    let done = world.does(PutAway { to: "A-05".into(), lot: None, ..back(1) }).await;
    assert_eq!((done.lot.as_str(), done.left), ("LA-05", 0));
    assert!(matches!(world.refused(back(1)).await, PutAwayError::NotHere { .. }));
});

both!(two_lots_never_come_into_one_place_at_once, |world| {
    docked(world).await;
    let db = shared(world.db.clone());
    let done = at_once((0..8).map(|n| {
        let (db, context) = (db.clone(), world.context());
        let input = away(if n % 2 == 0 { "N1" } else { "N2" }, 1, "A-09");
        async move { db.operate(context, input).await.map(|done| done.lot) }
    }))
    .await;
    let lots: std::collections::BTreeSet<_> = done.iter().flatten().collect();
    assert_eq!((lots.len(), done.iter().filter(|one| one.is_ok()).count()), (1, 4), "{done:?}");
    let again = at_once((0..6).map(|_| {
        let (db, context) = (db.clone(), world.keyed("one-scan"));
        async move { db.operate(context, away("N1", 1, "A-08")).await.unwrap().left }
    }))
    .await;
    assert!(again.windows(2).all(|pair| pair[0] == pair[1]), "{again:?}");
    let report = world.db.read(|tx| Box::pin(verify(tx))).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
});

async fn found(world: &World, text: &'static str) -> Found {
    world.db.read(|tx| Box::pin(look_up(tx, WarehouseId(1), text, ""))).await.unwrap()
}

both!(anything_scanned_says_what_it_is_and_what_comes_next, |world| {
    docked(world).await;
    let dock = found(world, "dock\r").await;
    assert_eq!(
        (dock.kind, dock.code.as_str(), dock.pickable, dock.next),
        (Kind::Location, "DOCK", Some(false), NextStep::PutAway)
    );
    assert_eq!(dock.stock.iter().map(|cell| cell.on_hand).sum::<i64>(), 11);
    let shelf = found(world, "A-05").await;
    assert_eq!((shelf.stock[0].on_hand, shelf.stock[0].reserved, shelf.next), (5, 1, NextStep::Nothing));
    assert_eq!(found(world, "B-02").await.active, Some(false));
    let item = found(world, "6901234567892").await;
    assert_eq!((item.kind, item.code.as_str(), item.unit_factor, item.stock.len()), (Kind::Item, "TEE-M", Some(1), 8));
    assert_eq!(found(world, "tee-m").await.kind, Kind::Item);
    let label = found(world, "]C1010690123456789217271231\u{1d}10s-n2").await;
    assert_eq!((label.kind, label.lot.as_deref(), label.expiry.as_deref()), (Kind::Item, Some("S-N2"), Some("271231")));
    assert_eq!(
        label.stock.iter().map(|cell| (cell.lot.as_str(), cell.on_hand)).collect::<Vec<_>>(),
        [("N2", 4), ("N2", 1)]
    );
    let lot = found(world, "n1").await;
    assert_eq!((lot.kind, lot.stock[0].place.as_str(), lot.stock[0].on_hand), (Kind::Lot, "DOCK", 6));
    assert_eq!(found(world, "O00000001").await.next, NextStep::Pick);
    assert_eq!((found(world, "4711").await.kind, found(world, "%OK").await.kind), (Kind::Unknown, Kind::Card));
    assert_eq!(found(world, "@LOSS").await.kind, Kind::Outside);
    let empty = found(world, "T000001").await;
    assert_eq!((empty.kind, empty.orders.len(), empty.next), (Kind::Tote, 0, NextStep::Nothing));
    pick_all(world, "T000001").await;
    let tote = found(world, "T000001").await;
    assert_eq!((tote.orders[0].order.as_str(), tote.next), ("O00000001", NextStep::Pack));
    world.does(HoldOrder { order: OrderId(1), reason: "address".into() }).await;
    assert_eq!(found(world, "T000001").await.next, NextStep::Decide);
    world.does(CancelOrder { order: OrderId(1), reason: "changed mind".into() }).await;
    assert_eq!(found(world, "T000001").await.next, NextStep::PutBack);
});

both!(totes_of_many_slots_and_parcels_say_whose_they_are, |world| {
    released(world, 2, 2).await;
    wall(world, 2).await;
    picked_batch(world).await;
    let tote = found(world, BATCH_TOTE).await;
    assert_eq!((tote.orders.len(), tote.next), (2, NextStep::Sort));
    world.does(ask()).await;
    world.does(put("W1-A1", 2)).await;
    let slot = found(world, "w1-a1").await;
    assert_eq!((slot.kind, slot.orders[0].order_id, slot.next), (Kind::Slot, OrderId(1), NextStep::Pack));
    assert_eq!(found(world, BATCH_TOTE).await.next, NextStep::Pack);
    let parcel = world.does(start("W1-A1")).await;
    let begun = found(world, "P00000001-1").await;
    assert_eq!((begun.kind, begun.next), (Kind::Parcel, NextStep::Pack));
    assert_eq!(begun.parcel.unwrap().parcel_id, parcel.parcel_id);
});

both!(a_tote_of_single_pieces_is_packed_by_the_item, |world| {
    released(world, 2, 1).await;
    picked_batch(world).await;
    assert_eq!(found(world, BATCH_TOTE).await.next, NextStep::PackByItem);
});

both!(a_waybill_number_finds_its_parcel, |world| {
    let parcel = closed(world).await;
    assert_eq!(found(world, "P00000001-1").await.next, NextStep::Weigh);
    assert_eq!(found(world, "SF2").await.parcel, None);
    weigh(world, parcel, 1310).await;
    let waybill = found(world, "sf1").await;
    assert_eq!((waybill.kind, waybill.next), (Kind::Waybill, NextStep::Label));
    let named = waybill.parcel.unwrap();
    assert_eq!((named.parcel_id, named.waybill.as_deref()), (parcel, Some("SF1")));
    assert_eq!(waybill.orders[0].order_id, OrderId(1));
});
