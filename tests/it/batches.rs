//! Batch picking: one line for many orders; who gets a piece and who goes short is never the picker's choice.

use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::{BatchId, CellId, OrderId, PersonId, PickTaskId};
use tallyman::order::model::OrderState;
use tallyman::order::ops::{CancelOrder, ChangeShipBy, HoldOrder, ReleaseOrder};
use tallyman::picking::PickError;
use tallyman::picking::batch::claim::{BatchClaimed, ClaimBatch, ReleaseBatch, TakeBatchTote};
use tallyman::picking::batch::confirm::ConfirmBatchPick;
use tallyman::picking::batch::short::{ReportBatchShort, SkipBatchLine};
use tallyman::picking::batch::undo::UndoBatchPick;
use tallyman::picking::batch::{self, BatchLine};
use tallyman::picking::confirm::PickProof;
use tallyman::picking::model::{LEASE_MS, ShortReason};
use tallyman::picking::run::StartRun;
use tallyman::picking::task::{ClaimTask, ReleaseTask, TakeTote};
use tallyman::picking::undo::UndoPick;
use tallyman::stock::model::LotStatus;
use tallyman::stock::ops::SetLotStatus;
use tallyman::wall::sort::{ConfirmSort, Piece, SortItem};
use tallyman::wave::ops::CloseWave;

use crate::both;
use crate::support::bench::person;
use crate::support::floor::{confirm as confirm_task, released};
use crate::support::wall::{BATCH_TOTE, batch_of, confirm, piece, proof, ship_by_falling, wall};
use crate::support::{World, at_once, shared};

fn claim(orders_at_most: i64) -> ClaimBatch {
    ClaimBatch { wave: None, orders_at_most }
}

/// A batch without a tote yet.
async fn claimed(world: &World, orders: i64) -> BatchClaimed {
    world.does(claim(orders)).await
}

async fn picked_of(world: &World, order: i64) -> i64 {
    let sql = format!("SELECT CAST(COALESCE(SUM(picked), 0) AS BIGINT) FROM allocation WHERE order_id = {order}");
    world.number(sql.leak()).await
}

both!(one_line_of_many_orders_is_picked_at_once, |world| {
    let (_, wave) = released(world, 4, 3).await;
    let batch = claimed(world, 10).await;
    assert_eq!((batch.orders, batch.one_piece_each, batch.wave_id), (4, false, wave));
    // Twelve pieces in lots of five: three lines instead of four orders' five.
    let walk: Vec<_> = batch.lines.iter().map(|line| (line.quantity, line.orders)).collect();
    assert_eq!(walk.iter().map(|(quantity, _)| quantity).sum::<i64>(), 12);
    assert_eq!(batch.lines.len(), 3);
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order WHERE state = 'picking'").await, 4);
    assert!(matches!(world.refused(confirm(&batch, 0, 1)).await, PickError::NoTote {}));
    let taken = world.does(TakeBatchTote { batch: batch.batch_id, tote: "t000001 ".into() }).await;
    assert_eq!((taken.tote.as_str(), taken.next.as_ref()), (BATCH_TOTE, batch.lines.first()));
    world.does(TakeBatchTote { batch: batch.batch_id, tote: BATCH_TOTE.into() }).await;

    let first = world.does(confirm(&batch, 1, 2)).await;
    assert_eq!((first.pieces, first.left, first.batch_done), (2, 3, false));
    world.check().await;
    let again = world.does(claim(10)).await;
    assert_eq!((again.batch_id, again.tote.as_deref()), (batch.batch_id, Some(BATCH_TOTE)));
    assert_eq!(again.lines[1].quantity, 3);
    world.does(confirm(&batch, 1, 3)).await;
    world.does(confirm(&batch, 0, batch.lines[0].quantity)).await;
    let last = world.does(confirm(&batch, 2, batch.lines[2].quantity)).await;
    assert!(last.batch_done && last.next.is_none());
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order WHERE state = 'picked'").await, 4);
    assert_eq!(
        world.number("SELECT COUNT(*) FROM movement WHERE reason = 'pick' AND evidence NOT LIKE 'scan:A-0%'").await,
        0
    );
    assert!(matches!(world.refused(confirm(&batch, 2, 1)).await, PickError::BatchNotYours { .. }));
    let closed = world.does(CloseWave { wave }).await;
    assert_eq!((closed.allocated, closed.picked), (12, 12));
});

both!(pieces_go_to_the_order_that_must_ship_first, |world| {
    released(world, 3, 1).await;
    ship_by_falling(world).await;
    let batch = batch_of(world, 10).await;
    assert!(batch.one_piece_each);
    for order in [3, 2, 1] {
        world.does(confirm(&batch, 0, 1)).await;
        assert_eq!(picked_of(world, order).await, 1, "{order}");
    }
});

both!(who_may_wait_longest_goes_short, |world| {
    released(world, 4, 5).await;
    ship_by_falling(world).await;
    world.sql("UPDATE lot SET status = 'frozen' WHERE id NOT IN (SELECT lot_id FROM allocation)").await;
    let batch = batch_of(world, 10).await;
    assert_eq!(batch.lines.len(), 4);
    let line = &batch.lines[0];
    let short =
        |missing| ReportBatchShort { batch: batch.batch_id, cell: line.cell_id, missing, reason: ShortReason::Missing };
    assert!(matches!(world.refused(short(0)).await, PickError::BadQuantity { .. }));
    assert!(matches!(world.refused(short(6)).await, PickError::TooMany { left: 5, .. }));
    let changed = world.does(short(2)).await;
    assert_eq!((changed.pieces, changed.left, changed.backordered, changed.batch_done), (0, 3, 2, false));
    world.check().await;
    assert_eq!(world.number("SELECT on_hand FROM stock_cell WHERE status = 'quarantine'").await, 2);
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'count.requested'").await, 1);
});

both!(of_orders_in_one_line_the_latest_promise_loses, |world| {
    released(world, 5, 1).await;
    ship_by_falling(world).await;
    let batch = batch_of(world, 10).await;
    let line = &batch.lines[0];
    assert_eq!((line.quantity, line.orders), (5, 5));
    let short =
        |missing| ReportBatchShort { batch: batch.batch_id, cell: line.cell_id, missing, reason: ShortReason::Damaged };
    // Elsewhere is enough: orders 1 and 2, which may wait longest, are sent there.
    let changed = world.does(short(2)).await;
    assert_eq!((changed.pieces, changed.left, changed.backordered), (2, 3, 0));
    assert_eq!(world.number("SELECT COUNT(*) FROM allocation WHERE short = 1 AND order_id IN (1, 2)").await, 2);
    let again = world.does(claim(1)).await;
    assert_eq!(again.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [2, 3]);
    world.check().await;
    // Of the one piece that is found there, order 2 gets it, which ships before order 1.
    world.sql("UPDATE lot SET status = 'frozen' WHERE id NOT IN (SELECT lot_id FROM allocation)").await;
    world.does(confirm(&again, 1, 3)).await;
    let gone = ReportBatchShort {
        batch: batch.batch_id,
        cell: again.lines[0].cell_id,
        missing: 1,
        reason: ShortReason::Damaged,
    };
    let changed = world.does(gone).await;
    assert_eq!((changed.left, changed.batch_done), (1, false));
    let next = changed.next.unwrap();
    let last = ConfirmBatchPick { batch: batch.batch_id, cell: next.cell_id, proof: proof(&next, 1) };
    world.does(last).await;
    assert_eq!(picked_of(world, 2).await, 1);
});

both!(each_wrong_scan_of_a_batch_has_its_own_words, |world| {
    released(world, 2, 2).await;
    world.sql("INSERT INTO sku (code, name_en, created_at) VALUES ('MUG', 'Mug', 0)").await;
    world.sql("INSERT INTO sku_barcode (barcode, sku_id, unit_factor) VALUES ('MUG-EAN', (SELECT id FROM sku WHERE code = 'MUG'), 1)").await;
    world.sql("INSERT INTO sku_barcode (barcode, sku_id, unit_factor) VALUES ('TEE-TWO', (SELECT id FROM sku WHERE code = 'TEE-M'), 2)").await;
    let batch = batch_of(world, 10).await;
    let wrong = |change: fn(&mut PickProof)| {
        let mut confirmation = confirm(&batch, 0, 1);
        change(&mut confirmation.proof);
        confirmation
    };
    assert!(matches!(world.refused(wrong(|p| p.quantity = 0)).await, PickError::BadQuantity { .. }));
    assert!(matches!(world.refused(wrong(|p| p.location = "A-01".into())).await, PickError::WrongPlace { .. }));
    assert!(matches!(world.refused(wrong(|p| p.item = "4711".into())).await, PickError::UnknownItem { .. }));
    let item = world.refused(wrong(|p| p.item = "MUG-EAN".into())).await;
    assert!(matches!(item, PickError::WrongItem { scanned, expected } if scanned == "MUG" && expected == "TEE-M"));
    assert!(matches!(world.refused(wrong(|p| p.lot = Some("LA-01".into()))).await, PickError::WrongLot { .. }));
    assert!(matches!(
        world.refused(wrong(|p| p.item = "(01)06901234567892(10)OTHER".into())).await,
        PickError::WrongLot { .. }
    ));
    assert!(matches!(world.refused(wrong(|p| p.tote = "T000002".into())).await, PickError::WrongTote { .. }));
    assert!(matches!(world.refused(wrong(|p| p.quantity = 5)).await, PickError::TooMany { left: 4, .. }));
    assert!(matches!(world.refused(wrong(|p| p.forced_reason = Some(" ".into()))).await, PickError::ReasonMissing {}));
    let picker = world.db.operate(world.as_role(Role::Picker), wrong(|p| p.forced_reason = Some("torn".into()))).await;
    assert!(matches!(picker, Err(PickError::Forbidden { right: "force_pass" })));
    let nowhere = ConfirmBatchPick { cell: CellId(999), ..wrong(|_| {}) };
    assert!(matches!(world.refused(nowhere).await, PickError::NotFound { what: "line", .. }));
    let nobodys = ConfirmBatchPick { batch: BatchId(999), ..wrong(|_| {}) };
    assert!(matches!(world.refused(nobodys).await, PickError::NotFound { what: "batch", .. }));
    let freeze =
        |status| SetLotStatus { sku: "TEE-M".into(), lot: batch.lines[0].lot.clone(), status, reason: "recall".into() };
    world.does(freeze(LotStatus::Frozen)).await;
    assert!(matches!(world.refused(wrong(|_| {})).await, PickError::Ineligible { .. }));
    world.does(freeze(LotStatus::Good)).await;
    assert_eq!(world.does(wrong(|p| p.item = "TEE-TWO".into())).await.left, 2);
    assert_eq!(
        world.does(wrong(|p| (p.item, p.location) = ("(01)06901234567892(10)LA-05".into(), "11".into()))).await.left,
        1
    );
    world.does(wrong(|p| p.forced_reason = Some("torn label".into()))).await;
    let task = PickTaskId(world.number("SELECT MIN(id) FROM pick_task").await);
    assert!(matches!(world.refused(TakeTote { task, tote: "T000003".into() }).await, PickError::NotYours { .. }));
});

both!(totes_and_claims_of_batches_are_refused_with_reasons, |world| {
    released(world, 3, 1).await;
    for orders in [0, 101] {
        assert!(matches!(world.refused(claim(orders)).await, PickError::BadBatch { most: 100, .. }));
    }
    let refused = world.db.operate(world.as_role(Role::Auditor), claim(5)).await;
    assert!(matches!(refused, Err(PickError::Forbidden { right: "pick" })));
    let none = ClaimBatch { wave: Some(tallyman::kernel::ids::WaveId(99)), orders_at_most: 5 };
    assert!(matches!(world.refused(none).await, PickError::NothingToDo {}));
    let batch = claimed(world, 2).await;
    assert_eq!(batch.orders, 2);
    // Somebody with a batch walks no cart beside.
    assert!(matches!(world.refused(StartRun { cart: None }).await, PickError::OtherRun {}));
    let tote = |tote: &str| TakeBatchTote { batch: batch.batch_id, tote: tote.into() };
    assert!(matches!(world.refused(tote("A-01")).await, PickError::NotATote { .. }));
    world.does(tote(BATCH_TOTE)).await;
    // The third order goes to somebody else, who can't take the same tote.
    let other = person(world, "P2").await;
    let task = world.db.operate(world.as_person(other), ClaimTask { wave: None }).await.unwrap();
    let taken = TakeTote { task: task.task_id, tote: BATCH_TOTE.into() };
    assert!(matches!(world.db.operate(world.as_person(other), taken).await, Err(PickError::ToteInUse { .. })));
    let none = world.db.operate(world.as_person(PersonId(1)), ClaimTask { wave: None }).await;
    assert!(matches!(none, Err(PickError::NothingToDo {})), "{none:?}");
    let strange = world.db.operate(world.as_person(other), confirm(&batch, 0, 1)).await;
    assert!(matches!(strange, Err(PickError::BatchNotYours { .. })));
    world.does(confirm(&batch, 0, 1)).await;
    world.does(tote("T000002")).await;
    let old = world.refused(confirm(&batch, 0, 1)).await;
    assert!(matches!(old, PickError::WrongTote { expected, .. } if expected == "T000002"));
    let mut on = confirm(&batch, 0, 1);
    on.proof.tote = "T000002".into();
    assert!(world.does(on).await.batch_done);
    // Somebody with a cart walks no batch beside.
    world.does(StartRun { cart: None }).await;
    assert!(matches!(world.refused(claim(1)).await, PickError::OtherRun {}));
});

both!(a_batch_whose_picker_vanished_is_free_again, |world| {
    released(world, 3, 2).await;
    let batch = batch_of(world, 10).await;
    world.does(confirm(&batch, 1, 1)).await;
    let other = person(world, "P2").await;
    let as_other = || world.as_person(other);
    assert!(matches!(world.db.operate(as_other(), ClaimTask { wave: None }).await, Err(PickError::NothingToDo {})));
    assert!(matches!(world.db.operate(as_other(), claim(5)).await, Err(PickError::NothingToDo {})));
    world.clock.advance_ms(LEASE_MS - 1);
    world.does(confirm(&batch, 1, 1)).await;
    world.clock.advance_ms(LEASE_MS - 1);
    assert!(matches!(world.db.operate(as_other(), claim(5)).await, Err(PickError::NothingToDo {})));
    world.clock.advance_ms(1);
    assert!(matches!(world.refused(confirm(&batch, 1, 1)).await, PickError::BatchNotYours { .. }));
    // One task by itself, the others as a batch; what the first picker has in hand stays where it is.
    let task = world.db.operate(as_other(), ClaimTask { wave: None }).await.unwrap();
    let rest = world.db.operate(as_other(), claim(5)).await.unwrap();
    let open = task.lines.iter().map(|line| line.quantity).sum::<i64>()
        + rest.lines.iter().map(|line| line.quantity).sum::<i64>();
    assert_eq!((open, rest.orders), (4, 1));
    world.check().await;
    assert!(matches!(world.refused(claim(5)).await, PickError::NothingToDo {}));
});

both!(a_batch_that_is_given_back_goes_to_the_next, |world| {
    released(world, 3, 2).await;
    let batch = batch_of(world, 10).await;
    world.does(confirm(&batch, 1, 3)).await;
    let other = person(world, "P2").await;
    let release = || ReleaseBatch { batch: batch.batch_id };
    let picker = tallyman::kernel::actor::Actor::new(other, "P2", &[Role::Picker]);
    let context = tallyman::db::Context { actor: picker, ..world.context() };
    assert!(matches!(world.db.operate(context, release()).await, Err(PickError::BatchNotYours { .. })));
    world.does(release()).await;
    assert!(matches!(world.refused(release()).await, PickError::BatchNotYours { .. }));
    let again = world.db.operate(world.as_person(other), claim(5)).await.unwrap();
    assert_eq!((again.tote, again.lines.iter().map(|line| line.quantity).sum::<i64>()), (None, 3));
    // A lead takes one order out of the batch by giving its task back.
    let task = PickTaskId(world.number("SELECT MAX(id) FROM pick_task WHERE state = 'claimed'").await);
    world.does(ReleaseTask { task }).await;
    assert_eq!(world.does(ClaimTask { wave: None }).await.task_id, task);
});

both!(a_stopped_order_leaves_the_line_and_comes_back, |world| {
    released(world, 2, 2).await;
    let batch = batch_of(world, 10).await;
    let hold = |order| HoldOrder { order: OrderId(order), reason: "address".into() };
    world.does(hold(1)).await;
    let view = world
        .db
        .read(|tx| {
            Box::pin(async move {
                batch::view(tx, tallyman::kernel::ids::WarehouseId(1), PersonId(1), crate::support::world::START).await
            })
        })
        .await
        .unwrap();
    assert_eq!((view.batch_id, view.lines[0].quantity, view.lines[0].orders), (batch.batch_id, 2, 1));
    assert!(matches!(world.refused(confirm(&batch, 0, 3)).await, PickError::TooMany { left: 2, .. }));
    world.does(hold(2)).await;
    let stopped = world.refused(confirm(&batch, 0, 1)).await;
    assert!(matches!(stopped, PickError::OrderStopped { state: OrderState::Held, .. }));
    world.does(ReleaseOrder { order: OrderId(2) }).await;
    assert!(world.does(confirm(&batch, 0, 2)).await.batch_done);
    // Order 1 waits for anybody, once it is released.
    world.does(ReleaseOrder { order: OrderId(1) }).await;
    let task = world.does(ClaimTask { wave: None }).await;
    assert_eq!(task.lines.iter().map(|line| line.quantity).sum::<i64>(), 2);
    world.does(CancelOrder { order: OrderId(1), reason: "changed mind".into() }).await;
});

both!(what_was_skipped_comes_last_and_what_was_picked_can_be_undone, |world| {
    released(world, 4, 2).await;
    ship_by_falling(world).await;
    let batch = batch_of(world, 10).await;
    let skipped = world.does(SkipBatchLine { batch: batch.batch_id, cell: batch.lines[0].cell_id }).await;
    assert_eq!((skipped.next.as_ref(), skipped.left), (batch.lines.get(1), 3));
    let undo = |line: &BatchLine, quantity| UndoBatchPick { batch: batch.batch_id, cell: line.cell_id, quantity };
    let line = batch.lines[1].clone();
    assert!(matches!(world.refused(undo(&line, 1)).await, PickError::NotUndoable { picked: 0 }));
    world.does(confirm(&batch, 1, 5)).await;
    assert!(matches!(world.refused(undo(&line, 0)).await, PickError::BadQuantity { .. }));
    assert!(matches!(world.refused(undo(&line, 6)).await, PickError::NotUndoable { picked: 5 }));
    assert!(world.does(confirm(&batch, 0, 3)).await.batch_done);
    // The very last can be undone too: the latest promise loses its piece.
    let back = world.does(undo(&line, 1)).await;
    assert_eq!((back.pieces, back.left, back.batch_done), (1, 1, false));
    world.check().await;
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order WHERE state = 'picking'").await, 1);
    let left = world.number("SELECT MIN(order_id) FROM allocation WHERE state = 'open'").await;
    assert!(
        world
            .number(
                format!("SELECT COUNT(*) FROM allocation WHERE cell_id = {} AND order_id < {left}", line.cell_id)
                    .leak()
            )
            .await
            == 0
    );
    let last = world.does(confirm(&batch, 1, 1)).await;
    assert!(last.batch_done);
    // Undone by its task, an order leaves the batch.
    let (task, allocation) = (
        PickTaskId(world.number("SELECT MIN(task_id) FROM allocation").await),
        tallyman::kernel::ids::AllocationId(world.number("SELECT MIN(id) FROM allocation").await),
    );
    world.does(UndoPick { task, allocation, quantity: 1 }).await;
    let alone = world.does(ClaimTask { wave: None }).await;
    assert_eq!(alone.task_id, task);
    world.does(TakeTote { task, tote: "T000009".into() }).await;
    assert!(world.does(confirm_task(task, &alone.lines[0], "T000009", 1)).await.task_done);
});

both!(a_tote_that_others_took_is_not_the_batchs_any_more, |world| {
    released(world, 2, 2).await;
    wall(world, 1).await;
    let batch = batch_of(world, 1).await;
    world.does(confirm(&batch, 0, 1)).await;
    let take = |batch| TakeBatchTote { batch, tote: "T000002".into() };
    world.does(take(batch.batch_id)).await;
    let mut last = confirm(&batch, 0, 1);
    last.proof.tote = "T000002".into();
    assert!(world.does(last).await.batch_done);
    // The second tote is emptied into a slot, and the next batch takes it.
    let piece = || Piece { tote: "T000002".into(), ..piece("TEE-M") };
    let slot = world.does(SortItem { wall: "W1".into(), piece: piece() }).await.slot.unwrap().slot;
    world.does(ConfirmSort { wall: "W1".into(), piece: piece(), slot, quantity: None }).await;
    let next = claimed(world, 1).await;
    world.does(take(next.batch_id)).await;
    let undo = || UndoBatchPick { batch: batch.batch_id, cell: batch.lines[0].cell_id, quantity: 1 };
    assert!(matches!(world.refused(undo()).await, PickError::OtherRun {}));
    world.does(ReleaseBatch { batch: next.batch_id }).await;
    world.does(undo()).await;
    assert!(matches!(world.refused(confirm(&batch, 0, 1)).await, PickError::NoTote {}));
});

both!(the_same_batch_scan_sent_many_times_counts_once, |world| {
    released(world, 5, 1).await;
    let batch = batch_of(world, 10).await;
    let db = shared(world.db.clone());
    let answers = at_once((0..8).map(|_| {
        let (db, context, confirmation) = (db.clone(), world.keyed("one-scan"), confirm(&batch, 0, 1));
        async move { db.operate(context, confirmation).await }
    }))
    .await;
    for answer in &answers {
        assert_eq!(answer.as_ref().unwrap().left, 4, "{answer:?}");
    }
    let answers = at_once((0..12).map(|_| {
        let (db, context, confirmation) = (db.clone(), world.context(), confirm(&batch, 0, 1));
        async move { db.operate(context, confirmation).await }
    }))
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 4);
    assert_eq!(world.number("SELECT CAST(SUM(picked) AS BIGINT) FROM allocation").await, 5);
});

both!(pickers_with_batches_and_without_never_share_an_order, |world| {
    released(world, 25, 1).await;
    let mut people = Vec::new();
    for n in 0..12 {
        people.push(person(world, &format!("P{n}")).await);
    }
    let db = shared(world.db.clone());
    let claims = at_once(people.into_iter().enumerate().map(|(n, person)| {
        let (db, context) = (db.clone(), world.as_person(person));
        async move {
            if n % 2 == 0 {
                return db.operate(context, claim(4)).await.map(|batch| batch.orders);
            }
            db.operate(context, ClaimTask { wave: None }).await.map(|_| 1)
        }
    }))
    .await;
    let given: i64 = claims.iter().flatten().sum();
    let failed: Vec<_> = claims.iter().filter_map(|claim| claim.as_ref().err()).collect();
    assert!(failed.iter().all(|error| matches!(error, PickError::NothingToDo {})), "{failed:?}");
    assert_eq!(given, world.number("SELECT COUNT(*) FROM pick_task WHERE state = 'claimed'").await);
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'pick_task.claimed'").await, given);
    // One person who asks twice at once has one batch.
    world.sql("UPDATE pick_task SET state = 'open', person_id = NULL, lease_until = NULL, batch_id = NULL").await;
    let claims = at_once((0..4).map(|_| {
        let (db, context) = (db.clone(), world.context());
        async move { db.operate(context, claim(3)).await.unwrap().batch_id }
    }))
    .await;
    assert!(claims.windows(2).all(|pair| pair[0] == pair[1]), "{claims:?}");
});

both!(a_changed_promise_changes_who_gets_the_piece, |world| {
    released(world, 2, 1).await;
    let batch = batch_of(world, 10).await;
    let later = ChangeShipBy {
        order: OrderId(1),
        ship_by: crate::support::world::START.plus_ms(30 * 86_400_000),
        agreed_with: "the buyer".into(),
    };
    world.does(later).await;
    world.does(confirm(&batch, 0, 1)).await;
    assert_eq!(picked_of(world, 2).await, 1);
});
