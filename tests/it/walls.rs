//! Put walls: a batch sorted into slots, each piece in the books, and every way back.

use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::{OrderId, PlaceId, WarehouseId};
use tallyman::location::ops::AddTotes;
use tallyman::order::model::OrderState;
use tallyman::order::ops::{CancelOrder, HoldOrder, ReleaseOrder};
use tallyman::packing::PackError;
use tallyman::packing::query::waiting;
use tallyman::packing::seal::{HowToSeal, SealParcel};
use tallyman::packing::single::StartPackingByItem;
use tallyman::packing::start::StartIncomplete;
use tallyman::packing::verify::{PieceBack, UndoPiece};
use tallyman::picking::PickError;
use tallyman::picking::batch::undo::UndoBatchPick;
use tallyman::picking::putback::PutBack;
use tallyman::wall::WallError;
use tallyman::wall::make::MakeWall;
use tallyman::wall::query::{SlotState, WallView};
use tallyman::wall::slot::Filling;
use tallyman::wall::sort::{Piece, SortItem};
use tallyman::wall::spare::{ConfirmSpare, SparePiece};
use tallyman::wall::undo::{SortedBack, UndoSort};

use crate::both;
use crate::packing::start;
use crate::support::bench::{person, piece as packed_piece, released_mix};
use crate::support::dock::{carriers, tick};
use crate::support::floor::released;
use crate::support::wall::{BATCH_TOTE, ask, batch_of, picked_batch, piece, put, ship_by_falling, undo, view, wall};
use crate::support::{World, at_once, shared};

fn states(wall: &WallView) -> Vec<SlotState> {
    wall.slots.iter().map(|slot| slot.state).collect()
}

fn spare(location: &str) -> ConfirmSpare {
    let (tote, item) = (BATCH_TOTE.to_owned(), "TEE-M".to_owned());
    ConfirmSpare {
        wall: "W1".into(),
        spare: SparePiece { tote, item, lot: None, location: location.into(), quantity: None },
    }
}

async fn in_slots(world: &World) -> i64 {
    const SUM: &str = "SELECT CAST(COALESCE(SUM(on_hand), 0) AS BIGINT) FROM stock_cell c JOIN place p ON p.id = c.place_id AND p.kind = 'slot'";
    world.number(SUM).await
}

both!(a_batch_is_sorted_and_each_slot_becomes_a_parcel, |world| {
    released(world, 2, 2).await;
    ship_by_falling(world).await;
    carriers(world).await;
    wall(world, 3).await;
    picked_batch(world).await;
    assert!(matches!(world.refused(start(BATCH_TOTE)).await, PackError::SortFirst { orders: 2, .. }));
    assert!(world.db.read(|tx| Box::pin(waiting(tx, WarehouseId(1), 10))).await.unwrap().is_empty());

    let first = world.does(ask()).await;
    let slot = first.slot.unwrap();
    // Order 2 ships first.
    assert_eq!((slot.slot.as_str(), slot.order_id, slot.row, slot.column), ("W1-A1", OrderId(2), 1, 1));
    assert_eq!(slot.filling, Filling { pieces: 0, of: 2 });
    assert_eq!(world.does(ask()).await.slot.unwrap().slot, "W1-A1");
    let sorted = world.does(put(" w1-a1\r", 1)).await;
    assert_eq!((sorted.quantity, sorted.complete, sorted.filling), (1, false, Filling { pieces: 1, of: 2 }));
    world.check().await;
    assert_eq!(states(&view(world).await), [SlotState::Filling, SlotState::Open, SlotState::Open]);
    let waits = world.refused(start("W1-A1")).await;
    assert!(matches!(waits, PackError::SlotNotComplete { pieces: 1, of: 2, .. }));
    assert!(world.does(put("W1-A1", 1)).await.complete);
    assert_eq!(world.does(ask()).await.slot.unwrap().slot, "W1-A2");
    assert!(world.does(put("W1-A2", 2)).await.complete);
    assert_eq!(states(&view(world).await), [SlotState::Complete, SlotState::Complete, SlotState::Open]);
    assert!(matches!(world.refused(ask()).await, WallError::EmptyTote { .. }));
    assert_eq!(
        world
            .number("SELECT COUNT(*) FROM movement WHERE reason = 'sort' AND evidence LIKE 'scan:T000001|TEE-M|W1-A_'")
            .await,
        3
    );

    let waiting = world.db.read(|tx| Box::pin(waiting(tx, WarehouseId(1), 10))).await.unwrap();
    assert_eq!(waiting.iter().map(|tote| tote.tote.as_str()).collect::<Vec<_>>(), ["W1-A1", "W1-A2"]);
    let parcel = world.does(start("W1-A1")).await;
    assert_eq!(parcel.order, "O00000002");
    world.does(packed_piece(parcel.parcel_id, "TEE-M")).await;
    world.check().await;
    assert_eq!(world.does(packed_piece(parcel.parcel_id, "TEE-M")).await.order_left, 0);
    world.does(tick(parcel.parcel_id, "packing_slip")).await;
    // A slot that loses its order while goods lie in it is found.
    world.sql("UPDATE wall_slot SET order_id = NULL WHERE column_at = 2").await;
    let report = world.db.read(|tx| Box::pin(tallyman::stock::verify::verify(tx))).await.unwrap();
    let rules: Vec<_> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["what lies in a slot is for the slot's order"]);
    world.sql("UPDATE wall_slot SET order_id = 1 WHERE column_at = 2").await;
    // Packed empty, the slot is free again.
    assert_eq!(states(&view(world).await), [SlotState::Open, SlotState::Complete, SlotState::Open]);
    // And a piece goes back into it, which takes the slot again.
    let back = UndoPiece { parcel: parcel.parcel_id, back: PieceBack { item: "TEE-M".into(), ..PieceBack::default() } };
    world.does(back).await;
    assert_eq!(states(&view(world).await), [SlotState::Complete, SlotState::Complete, SlotState::Open]);
    world.does(packed_piece(parcel.parcel_id, "TEE-M")).await;
});

both!(walls_are_made_once_and_grow, |world| {
    released(world, 1, 1).await;
    let make = |code: &str, rows, columns| MakeWall { code: code.into(), rows, columns, spare: None };
    for (rows, columns) in [(0, 1), (27, 1), (1, 0), (1, 61)] {
        assert!(matches!(world.refused(make("W1", rows, columns)).await, WallError::BadSize { .. }));
    }
    assert!(matches!(world.refused(make("@W", 1, 1)).await, WallError::BadCode { .. }));
    let picker = world.db.operate(world.as_role(Role::Picker), make("W1", 1, 1)).await;
    assert!(matches!(picker, Err(WallError::Forbidden { right: "catalog_write" })));
    let nowhere = MakeWall { spare: Some("T000001".into()), ..make("W1", 1, 1) };
    assert!(matches!(world.refused(nowhere).await, WallError::NotFound { what: "location", .. }));
    let made = world.does(make("W1", 2, 2)).await;
    assert_eq!(made.slots, ["W1-A1", "W1-A2", "W1-B1", "W1-B2"]);
    assert_eq!(world.does(make("W1", 2, 3)).await.wall_id, made.wall_id);
    assert_eq!(view(world).await.slots.len(), 6);
    world.does(AddTotes { prefix: "X-A".into(), first: 1, last: 1 }).await;
    world.sql("UPDATE place SET code = 'W2-A1' WHERE code = 'X-A000001'").await;
    assert!(matches!(world.refused(make("W2", 1, 1)).await, WallError::CodeTaken { .. }));
});

both!(each_wrong_sort_has_its_own_words, |world| {
    released(world, 2, 2).await;
    world.sql("INSERT INTO sku (code, name_en, created_at) VALUES ('MUG', 'Mug', 0)").await;
    world.sql("INSERT INTO sku_barcode (barcode, sku_id, unit_factor) VALUES ('TEE-BOX', (SELECT id FROM sku WHERE code = 'TEE-M'), 3)").await;
    wall(world, 2).await;
    let empty = world.refused(ask()).await;
    assert!(matches!(empty, WallError::EmptyTote { .. }), "{empty:?}");
    picked_batch(world).await;
    let of = |change: fn(&mut Piece)| {
        let mut piece = piece("TEE-M");
        change(&mut piece);
        SortItem { wall: "W1".into(), piece }
    };
    let auditor = world.db.operate(world.as_role(Role::Auditor), ask()).await;
    assert!(matches!(auditor, Err(WallError::Forbidden { right: "pick" })));
    let nowhere = SortItem { wall: "W9".into(), piece: piece("TEE-M") };
    assert!(matches!(world.refused(nowhere).await, WallError::NotFound { what: "wall", .. }));
    assert!(matches!(world.refused(of(|p| p.tote = "A-01".into())).await, WallError::NotATote { .. }));
    assert!(matches!(world.refused(of(|p| p.item = "4711".into())).await, WallError::UnknownItem { .. }));
    assert!(matches!(world.refused(of(|p| p.item = "MUG".into())).await, WallError::NotHere { .. }));
    assert!(matches!(world.refused(of(|p| p.lot = Some("LA-01".into()))).await, WallError::WrongLot { .. }));
    let many = world.refused(of(|p| p.item = "TEE-BOX".into())).await;
    assert!(matches!(many, WallError::TooMany { quantity: 3, left: 2, .. }));
    let named = world.does(of(|p| p.item = "(01)06901234567892(10)LA-05".into())).await;
    assert_eq!(named.slot.unwrap().slot, "W1-A1");

    assert!(matches!(world.refused(put("A-01", 1)).await, WallError::NotASlot { .. }));
    world.does(MakeWall { code: "W2".into(), rows: 1, columns: 1, spare: None }).await;
    assert!(matches!(world.refused(put("W2-A1", 1)).await, WallError::NotASlot { wall, .. } if wall == "W1"));
    let wrong = world.refused(put("W1-A2", 1)).await;
    assert!(matches!(wrong, WallError::WrongSlot { scanned, expected } if scanned == "W1-A2" && expected == "W1-A1"));
    assert!(matches!(world.refused(put("W1-A1", 0)).await, WallError::BadQuantity { .. }));
    assert!(matches!(world.refused(put("W1-A1", 3)).await, WallError::TooMany { left: 2, .. }));
    // At another wall, order 1 is known to be sorted here; order 2 gets the only slot there.
    let other = || SortItem { wall: "W2".into(), piece: piece("TEE-M") };
    assert_eq!(world.does(other()).await.slot.unwrap().order_id, OrderId(2));
    world.does(put("W1-A1", 2)).await;
    assert!(matches!(world.refused(ask()).await, WallError::OtherWall { slot, .. } if slot == "W2-A1"));
    assert!(matches!(world.refused(put("W1-A1", 1)).await, WallError::NotWanted { .. }));
    world.sql("UPDATE customer_order SET ship_by = ship_by + id").await;
    assert!(matches!(world.refused(undo("W1-A2")).await, WallError::EmptySlot { .. }));
    let mug = UndoSort { wall: "W1".into(), back: SortedBack { item: "MUG".into(), ..undo("W1-A1").back } };
    assert!(matches!(world.refused(mug).await, WallError::NotHere { .. }));
    let many = UndoSort { wall: "W1".into(), back: SortedBack { quantity: Some(3), ..undo("W1-A1").back } };
    assert!(matches!(world.refused(many).await, WallError::TooMany { left: 2, .. }));
});

both!(a_full_wall_says_so_and_goes_on_with_what_has_a_slot, |world| {
    released(world, 3, 1).await;
    wall(world, 1).await;
    picked_batch(world).await;
    assert_eq!(world.does(ask()).await.slot.unwrap().order_id, OrderId(1));
    world.does(put("W1-A1", 1)).await;
    assert!(matches!(world.refused(ask()).await, WallError::WallFull { .. }));
    let parcel = world.does(start("W1-A1")).await.parcel_id;
    world.does(packed_piece(parcel, "TEE-M")).await;
    assert_eq!(world.does(ask()).await.slot.unwrap().order_id, OrderId(2));
    // Its order is given up before its first piece: the slot goes to the next.
    world.does(CancelOrder { order: OrderId(2), reason: "changed mind".into() }).await;
    assert_eq!(states(&view(world).await), [SlotState::Open]);
    assert_eq!(world.does(ask()).await.slot.unwrap().order_id, OrderId(3));
});

both!(where_two_lots_lie_in_the_tote_the_lot_is_asked_for, |world| {
    released_mix(world, 2).await;
    wall(world, 2).await;
    picked_batch(world).await;
    let lots = world.refused(ask()).await;
    assert!(matches!(lots, WallError::WhichLot { lots, .. } if lots == "LA-04, LA-05"));
    let of = |lot: &str| Piece { lot: Some(lot.into()), ..piece("TEE-M") };
    // The sixth shirt, of the other lot, is order 2's.
    let asked = world.does(SortItem { wall: "W1".into(), piece: of("LA-04") }).await;
    assert_eq!(asked.slot.unwrap().order_id, OrderId(2));
    let asked = world.does(SortItem { wall: "W1".into(), piece: piece("MUG-2") }).await;
    assert_eq!((asked.quantity, asked.slot.unwrap().order_id), (2, OrderId(1)));
});

both!(what_was_sorted_can_be_taken_out_again, |world| {
    released(world, 2, 2).await;
    wall(world, 2).await;
    let batch = picked_batch(world).await;
    world.does(ask()).await;
    world.does(put("W1-A1", 2)).await;
    // Sorted pieces are the wall's: the picker can take back only what is in the tote.
    let pick_undo = UndoBatchPick { batch: batch.batch_id, cell: batch.lines[0].cell_id, quantity: 3 };
    assert!(matches!(world.refused(pick_undo).await, PickError::NotUndoable { picked: 2 }));
    let back = world.does(undo("W1-A1")).await;
    assert_eq!((back.tote.as_str(), back.filling, back.complete), (BATCH_TOTE, Filling { pieces: 1, of: 2 }, false));
    world.check().await;
    world.does(undo("W1-A1")).await;
    assert_eq!(states(&view(world).await), [SlotState::Open, SlotState::Open]);
    // Where the tote is gone, another takes it, and knows whose it is.
    world.does(ask()).await;
    world.does(put("W1-A1", 2)).await;
    let into =
        |tote: &str| UndoSort { wall: "W1".into(), back: SortedBack { tote: Some(tote.into()), ..undo("W1-A1").back } };
    assert!(matches!(world.refused(into("A-01")).await, WallError::NotATote { .. }));
    world.does(into("T000009")).await;
    assert_eq!(world.does(start("T000009")).await.order, "O00000001");
    let again = SortItem { wall: "W1".into(), piece: Piece { tote: "T000009".into(), ..piece("TEE-M") } };
    assert_eq!(world.does(again).await.slot.unwrap().slot, "W1-A1");
});

both!(a_held_order_waits_and_a_cancelled_one_is_put_back, |world| {
    released(world, 2, 2).await;
    wall(world, 2).await;
    picked_batch(world).await;
    world.does(ask()).await;
    world.does(put("W1-A1", 1)).await;
    world.does(HoldOrder { order: OrderId(1), reason: "address".into() }).await;
    assert!(matches!(world.refused(put("W1-A1", 1)).await, WallError::OrderStopped { state: OrderState::Held, .. }));
    assert_eq!(world.does(ask()).await.slot.unwrap().order_id, OrderId(2));
    world.does(put("W1-A2", 2)).await;
    assert!(matches!(world.refused(ask()).await, WallError::OrderStopped { state: OrderState::Held, .. }));
    assert!(matches!(world.refused(start("W1-A1")).await, PackError::OrderHeld { .. }));
    assert!(matches!(world.refused(spare("A-01")).await, WallError::StillWanted { .. }));
    assert_eq!(states(&view(world).await), [SlotState::Stopped, SlotState::Complete]);
    world.does(ReleaseOrder { order: OrderId(1) }).await;
    world.does(CancelOrder { order: OrderId(1), reason: "changed mind".into() }).await;
    let asked = world.does(ask()).await;
    assert_eq!((asked.slot, asked.spare.as_deref()), (None, Some("A-01")));
    assert!(matches!(
        world.refused(put("W1-A1", 1)).await,
        WallError::OrderStopped { state: OrderState::Cancelled, .. }
    ));
    assert!(matches!(world.refused(spare("A-02")).await, WallError::WrongSpare { .. }));
    let done = world.does(spare("A-01")).await;
    assert_eq!((done.quantity, done.order_done), (1, false));
    // What lies in its slot already is put back from there, and the slot is free.
    let back = |tote: &str, quantity| PutBack {
        tote: tote.into(),
        location: "A-01".into(),
        item: "TEE-M".into(),
        quantity,
        lot: None,
    };
    assert!(matches!(world.refused(back("W1-A1", 2)).await, PickError::NotUndoable { picked: 1 }));
    assert!(matches!(world.refused(back("W1-A2", 1)).await, PickError::StillWanted { .. }));
    assert!(world.does(back("W1-A1", 1)).await.order_done);
    assert_eq!(states(&view(world).await), [SlotState::Open, SlotState::Complete]);
    assert_eq!(
        world.number("SELECT COUNT(*) FROM movement WHERE reason = 'put_back' AND evidence LIKE 'scan:%A-01'").await,
        2
    );
});

both!(of_a_mixed_tote_the_cancelled_orders_goods_are_put_back, |world| {
    released(world, 3, 1).await;
    picked_batch(world).await;
    let back =
        || PutBack { tote: BATCH_TOTE.into(), location: "A-02".into(), item: "TEE-M".into(), quantity: 1, lot: None };
    assert!(matches!(world.refused(back()).await, PickError::StillWanted { .. }));
    // Not the last that came in: the one in the middle.
    world.does(CancelOrder { order: OrderId(2), reason: "changed mind".into() }).await;
    assert!(world.does(back()).await.order_done);
    assert!(matches!(world.refused(back()).await, PickError::StillWanted { .. }));
    assert_eq!(world.number("SELECT cancelled FROM order_line WHERE order_id = 2").await, 1);
});

both!(of_two_cancelled_orders_the_one_with_the_scanned_lot_is_put_back, |world| {
    released_mix(world, 2).await;
    wall(world, 2).await;
    picked_batch(world).await;
    for order in [1, 2] {
        world.does(CancelOrder { order: OrderId(order), reason: "changed mind".into() }).await;
    }
    let back = |lot: Option<&str>| PutBack {
        tote: BATCH_TOTE.into(),
        location: "A-01".into(),
        item: "TEE-M".into(),
        quantity: 1,
        lot: lot.map(str::to_owned),
    };
    assert!(matches!(world.refused(back(None)).await, PickError::WhichLot { lots } if lots == "LA-04, LA-05"));
    assert!(matches!(world.refused(back(Some("LA-01"))).await, PickError::WrongLot { .. }));
    // The sixth shirt, of the other lot, is order 2's.
    world.does(back(Some("LA-04"))).await;
    assert_eq!(world.number("SELECT taken_out FROM allocation WHERE order_id = 2 AND lot_id = (SELECT id FROM lot WHERE number = 'LA-04')").await, 1);
});

both!(orders_of_one_piece_are_found_by_the_item, |world| {
    released(world, 3, 1).await;
    ship_by_falling(world).await;
    carriers(world).await;
    world.sql("INSERT INTO sku (code, name_en, created_at) VALUES ('MUG', 'Mug', 0)").await;
    picked_batch(world).await;
    assert!(matches!(world.refused(start(BATCH_TOTE)).await, PackError::ScanItem { orders: 3, .. }));
    let by = |item: &str| StartPackingByItem { tote: BATCH_TOTE.into(), item: item.into(), lot: None, station: None };
    assert!(matches!(world.refused(by("4711")).await, PackError::UnknownItem { .. }));
    assert!(matches!(world.refused(by("MUG")).await, PackError::NotInTote { .. }));
    let wrong = StartPackingByItem { lot: Some("LA-01".into()), ..by("TEE-M") };
    assert!(matches!(world.refused(wrong).await, PackError::WrongLot { .. }));
    let nowhere = StartPackingByItem { tote: "A-01".into(), ..by("TEE-M") };
    assert!(matches!(world.refused(nowhere).await, PackError::NotATote { .. }));
    let picker = world.db.operate(world.as_role(Role::Picker), by("TEE-M")).await;
    assert!(matches!(picker, Err(PackError::Forbidden { right: "pack" })));
    let first = world.does(by("6901234567892")).await;
    assert_eq!((first.order.as_str(), first.resumed), ("O00000003", false));
    assert!(world.does(by("6901234567892")).await.resumed);
    // Somebody else with the next piece out of the same tote gets the next order.
    let other = person(world, "K2").await;
    let second = world.db.operate(world.as_person(other), by("TEE-M")).await.unwrap();
    assert_eq!(second.order, "O00000002");
    world.does(packed_piece(first.parcel_id, "TEE-M")).await;
    let back = UndoPiece { parcel: first.parcel_id, back: PieceBack { item: "TEE-M".into(), ..PieceBack::default() } };
    world.does(back).await;
    world.check().await;
    world.does(packed_piece(first.parcel_id, "TEE-M")).await;
    world.does(HoldOrder { order: OrderId(1), reason: "address".into() }).await;
    world.db.operate(world.as_person(other), packed_piece(second.parcel_id, "TEE-M")).await.unwrap();
    assert!(matches!(world.refused(by("TEE-M")).await, PackError::OrderHeld { .. }));
    world.does(ReleaseOrder { order: OrderId(1) }).await;
    let last = world.does(start(BATCH_TOTE)).await;
    world.does(packed_piece(last.parcel_id, "TEE-M")).await;
    assert!(matches!(world.refused(by("TEE-M")).await, PackError::EmptyTote { .. }));
});

both!(orders_of_many_pieces_are_not_found_by_the_item, |world| {
    released(world, 2, 2).await;
    picked_batch(world).await;
    let by = StartPackingByItem { tote: BATCH_TOTE.into(), item: "TEE-M".into(), lot: None, station: None };
    assert!(matches!(world.refused(by).await, PackError::SortFirst { .. }));
});

both!(a_slot_whose_last_piece_is_lost_is_packed_with_a_reason, |world| {
    released(world, 1, 2).await;
    carriers(world).await;
    wall(world, 1).await;
    picked_batch(world).await;
    world.does(ask()).await;
    world.does(put("W1-A1", 1)).await;
    let begin =
        |reason: &str| StartIncomplete { slot: "W1-A1".into(), reason: reason.into(), station: None, take_over: false };
    assert!(matches!(world.refused(begin(" ")).await, PackError::ReasonMissing {}));
    let parcel = world.does(begin("fell behind the wall")).await.parcel_id;
    world.does(packed_piece(parcel, "TEE-M")).await;
    world.does(tick(parcel, "packing_slip")).await;
    world.does(SealParcel { parcel, how: HowToSeal { next_parcel: true, forced_reason: None } }).await;
    // The other is found, and goes into the next parcel.
    world.does(ask()).await;
    world.does(put("W1-A1", 1)).await;
    world.does(start("W1-A1")).await;
});

both!(two_sorters_never_put_a_piece_twice, |world| {
    released(world, 3, 1).await;
    wall(world, 3).await;
    picked_batch(world).await;
    // Both are told the same slot; the books know only one piece for it.
    world.does(ask()).await;
    let db = shared(world.db.clone());
    let answers = at_once((0..8).map(|_| {
        let (db, context) = (db.clone(), world.context());
        async move { db.operate(context, put("W1-A1", 1)).await }
    }))
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(matches!(refused, WallError::NotWanted { .. }), "{refused}");
    }
    assert_eq!(in_slots(world).await, 1);
    // Who asks at once is never given one slot for two orders.
    let asked = at_once((0..8).map(|_| {
        let (db, context) = (db.clone(), world.context());
        async move { db.operate(context, ask()).await.unwrap().slot.unwrap().slot }
    }))
    .await;
    assert!(asked.iter().all(|slot| slot == "W1-A2"), "{asked:?}");
    // And the same scan sent many times moves once.
    let answers = at_once((0..8).map(|_| {
        let (db, context) = (db.clone(), world.keyed("one-sort"));
        async move { db.operate(context, put("W1-A2", 1)).await.unwrap().filling.pieces }
    }))
    .await;
    assert!(answers.iter().all(|pieces| *pieces == 1));
    assert_eq!(in_slots(world).await, 2);
});

both!(undoing_a_sort_and_packing_it_never_both_happen, |world| {
    released(world, 4, 1).await;
    wall(world, 4).await;
    picked_batch(world).await;
    let db = shared(world.db.clone());
    for _ in 0..4 {
        let slot = world.does(ask()).await.slot.unwrap().slot;
        world.does(put(&slot, 1)).await;
        let parcel: PlaceId = world.does(start(&slot)).await.parcel_id;
        let undo = {
            let (db, context, slot) = (db.clone(), world.context(), slot.clone());
            tokio::spawn(async move { db.operate(context, undo(&slot)).await.map(drop) })
        };
        let pack = {
            let (db, context) = (db.clone(), world.context());
            tokio::spawn(async move { db.operate(context, packed_piece(parcel, "TEE-M")).await.map(drop) })
        };
        let (undone, packed) = (undo.await.unwrap(), pack.await.unwrap());
        match (&undone, &packed) {
            // Back in the tote it may still be packed, out of the tote.
            (Ok(()), Ok(())) | (Err(WallError::EmptySlot { .. }), Ok(())) => {}
            other => panic!("{other:?}"),
        }
        world.check().await;
        assert_eq!(in_slots(world).await, 0);
    }
});

both!(picking_and_sorting_go_on_at_once, |world| {
    released(world, 5, 1).await;
    wall(world, 5).await;
    let batch = batch_of(world, 100).await;
    world.does(crate::support::wall::confirm(&batch, 0, 2)).await;
    world.does(ask()).await;
    let db = shared(world.db.clone());
    let picks = (0..3).map(|_| {
        let (db, context, confirmation) = (db.clone(), world.context(), crate::support::wall::confirm(&batch, 0, 1));
        tokio::spawn(
            async move { db.operate(context, confirmation).await.map(drop).map_err(|error| error.to_string()) },
        )
    });
    let sorts = (0..2).map(|_| {
        let (db, contexts) = (db.clone(), [world.context(), world.context()]);
        tokio::spawn(async move {
            let [first, second] = contexts;
            let slot = db.operate(first, ask()).await.unwrap().slot.unwrap().slot;
            db.operate(second, put(&slot, 1)).await.map(drop).map_err(|error| error.to_string())
        })
    });
    for done in picks.chain(sorts).collect::<Vec<_>>() {
        let done = done.await.unwrap();
        assert!(done.as_ref().err().is_none_or(|why| why.contains("wall.not_wanted")), "{done:?}");
    }
    world.check().await;
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order WHERE state = 'picked'").await, 5);
});
