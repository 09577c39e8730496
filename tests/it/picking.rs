//! Picking: each wrong scan told apart, nothing done twice, never a dead end.

use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::{OrderId, PersonId};
use tallyman::order::model::{OrderState, Verdict};
use tallyman::order::ops::{CancelOrder, HoldOrder, ReleaseOrder};
use tallyman::people::ops::AddPerson;
use tallyman::picking::PickError;
use tallyman::picking::confirm::{ConfirmPick, PickProof};
use tallyman::picking::model::{LEASE_MS, ShortReason};
use tallyman::picking::putback::PutBack;
use tallyman::picking::short::{ReportShort, SkipLine, Substitute};
use tallyman::picking::task::{ClaimTask, ReleaseTask, TakeTote};
use tallyman::picking::undo::UndoPick;
use tallyman::stock::model::LotStatus;
use tallyman::stock::ops::SetLotStatus;
use tallyman::wave::ops::CloseWave;

use crate::both;
use crate::support::floor::{claimed, confirm, order_id, pick_all, proof, released};
use crate::support::{World, at_once, shared};

async fn person(world: &World, number: &str) -> PersonId {
    let add = AddPerson {
        number: number.into(),
        name: number.into(),
        language: tallyman::messages::Language::ZhCn,
        roles: vec![Role::Picker],
    };
    world.does(add).await.person_id
}

both!(a_task_is_picked_to_its_end_and_the_wave_closes, |world| {
    let (_, wave) = released(world, 1, 7).await;
    let task = claimed(world, "T000001").await;
    assert_eq!(task.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [2, 5]);
    let first = world.does(confirm(task.task_id, &task.lines[0], "t000001 ", 2)).await;
    assert_eq!((first.left, first.task_done), (0, false));
    assert_eq!(first.next.as_ref(), Some(&task.lines[1]));
    let part = world.does(confirm(task.task_id, &task.lines[1], "T000001", 3)).await;
    assert_eq!((part.left, part.task_done), (2, false));
    let last = world.does(confirm(task.task_id, &task.lines[1], "T000001", 2)).await;
    assert!(last.task_done && last.next.is_none());
    assert_eq!(world.text("SELECT state FROM customer_order").await, "picked");
    assert_eq!(world.text("SELECT state FROM wave").await, "picking");
    let closed = world.does(CloseWave { wave }).await;
    assert_eq!((closed.allocated, closed.picked), (7, 7));
    assert_eq!(
        world.number("SELECT COUNT(*) FROM movement WHERE reason = 'pick' AND evidence LIKE 'scan:A-0%'").await,
        3
    );
});

both!(each_wrong_scan_has_its_own_words, |world| {
    released(world, 1, 3).await;
    world.sql("INSERT INTO sku (code, name_en, created_at) VALUES ('MUG', 'Mug', 0)").await;
    world.sql("INSERT INTO sku_barcode (barcode, sku_id, unit_factor) VALUES ('MUG-EAN', (SELECT id FROM sku WHERE code = 'MUG'), 1)").await;
    world.sql("INSERT INTO sku_barcode (barcode, sku_id, unit_factor) VALUES ('TEE-BOX', (SELECT id FROM sku WHERE code = 'TEE-M'), 12)").await;
    let unclaimed = world.does(ClaimTask { wave: None }).await;
    let line = unclaimed.lines[0].clone();
    let wrong = |change: fn(&mut PickProof)| {
        let mut proof = proof(&line, "T000001", 1);
        change(&mut proof);
        ConfirmPick { task: unclaimed.task_id, allocation: line.allocation_id, proof }
    };
    assert!(matches!(world.refused(wrong(|_| {})).await, PickError::NoTote {}));
    world.does(TakeTote { task: unclaimed.task_id, tote: "T000001".into() }).await;
    assert!(matches!(world.refused(wrong(|p| p.location = "A-01".into())).await, PickError::WrongPlace { .. }));
    assert!(matches!(world.refused(wrong(|p| p.item = "4711".into())).await, PickError::UnknownItem { .. }));
    let item = world.refused(wrong(|p| p.item = "MUG-EAN".into())).await;
    assert!(matches!(item, PickError::WrongItem { scanned, expected } if scanned == "MUG" && expected == "TEE-M"));
    assert!(matches!(world.refused(wrong(|p| p.lot = Some("LA-01".into()))).await, PickError::WrongLot { .. }));
    assert!(matches!(world.refused(wrong(|p| p.tote = "T000002".into())).await, PickError::WrongTote { .. }));
    assert!(matches!(world.refused(wrong(|p| p.quantity = 4)).await, PickError::TooMany { left: 3, .. }));
    assert!(matches!(
        world.refused(wrong(|p| p.item = "TEE-BOX".into())).await,
        PickError::TooMany { quantity: 12, .. }
    ));
    assert!(matches!(world.refused(wrong(|p| p.quantity = 0)).await, PickError::BadQuantity { .. }));
    assert!(matches!(world.refused(wrong(|p| p.quantity = -1)).await, PickError::BadQuantity { .. }));
    assert!(matches!(world.refused(wrong(|p| p.forced_reason = Some(" ".into()))).await, PickError::ReasonMissing {}));
    let picker = world.as_role(Role::Picker);
    let forced = wrong(|p| p.forced_reason = Some("torn label".into()));
    let refused = world.db.operate(picker, forced.clone()).await;
    assert!(matches!(refused, Err(PickError::Forbidden { right: "force_pass" })));
    world.does(forced).await;
    assert_eq!(world.text("SELECT evidence FROM movement WHERE reason = 'pick'").await, "forced: torn label");
    world.does(wrong(|p| p.location = "11".into())).await;
});

both!(totes_that_are_no_totes_or_not_empty_are_refused, |world| {
    released(world, 2, 3).await;
    let task = world.does(ClaimTask { wave: None }).await.task_id;
    let tote = |code: &str| TakeTote { task, tote: code.into() };
    assert!(matches!(world.refused(tote("A-01")).await, PickError::NotATote { .. }));
    assert!(matches!(world.refused(tote("nothing")).await, PickError::NotATote { .. }));
    world.does(tote("T000001")).await;
    world.does(tote("T000001")).await;
    let other = person(world, "P2").await;
    let claim = world.db.operate(world.as_person(other), ClaimTask { wave: None }).await.unwrap();
    assert_ne!(claim.task_id, task);
    let taken = TakeTote { task: claim.task_id, tote: "T000001".into() };
    assert!(matches!(world.db.operate(world.as_person(other), taken).await, Err(PickError::ToteInUse { .. })));
});

both!(a_full_tote_is_changed_in_the_middle, |world| {
    released(world, 1, 7).await;
    let task = claimed(world, "T000001").await;
    world.does(confirm(task.task_id, &task.lines[0], "T000001", 2)).await;
    world.does(TakeTote { task: task.task_id, tote: "T000002".into() }).await;
    let old = world.refused(confirm(task.task_id, &task.lines[1], "T000001", 5)).await;
    assert!(matches!(old, PickError::WrongTote { .. }));
    assert!(world.does(confirm(task.task_id, &task.lines[1], "T000002", 5)).await.task_done);
});

both!(thirty_two_pickers_never_share_a_task, |world| {
    released(world, 25, 1).await;
    let mut people = Vec::new();
    for n in 0..32 {
        people.push(person(world, &format!("P{n}")).await);
    }
    let db = shared(world.db.clone());
    let claims = at_once(people.into_iter().map(|person| {
        let (db, context) = (db.clone(), world.as_person(person));
        async move { db.operate(context, ClaimTask { wave: None }).await.map(|task| task.task_id) }
    }))
    .await;
    let mut tasks: Vec<_> = claims.iter().flatten().copied().collect();
    tasks.sort();
    tasks.dedup();
    assert_eq!(tasks.len(), 25);
    assert_eq!(claims.iter().filter(|claim| matches!(claim, Err(PickError::NothingToDo {}))).count(), 7);
});

both!(the_same_scan_sent_many_times_counts_once, |world| {
    released(world, 1, 5).await;
    let task = claimed(world, "T000001").await;
    let db = shared(world.db.clone());
    let confirmation = confirm(task.task_id, &task.lines[0], "T000001", 1);
    let answers = at_once((0..16).map(|_| {
        let (db, context, confirmation) = (db.clone(), world.keyed("one-scan"), confirmation.clone());
        async move { db.operate(context, confirmation).await }
    }))
    .await;
    for answer in &answers {
        assert_eq!(answer.as_ref().unwrap().left, 4, "{answer:?}");
    }
    // And sixteen different scans for the four that are left: four count.
    let answers = at_once((0..16).map(|_| {
        let (db, context, confirmation) = (db.clone(), world.context(), confirmation.clone());
        async move { db.operate(context, confirmation).await }
    }))
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 4);
    assert_eq!(world.number("SELECT picked FROM allocation").await, 5);
});

both!(a_task_whose_picker_vanished_goes_to_the_next, |world| {
    released(world, 1, 5).await;
    let task = claimed(world, "T000001").await;
    world.does(confirm(task.task_id, &task.lines[0], "T000001", 2)).await;
    let other = person(world, "P2").await;
    let none = world.db.operate(world.as_person(other), ClaimTask { wave: None }).await;
    assert!(matches!(none, Err(PickError::NothingToDo {})));
    world.clock.advance_ms(LEASE_MS + 1);
    let claim = world.db.operate(world.as_person(other), ClaimTask { wave: None }).await.unwrap();
    assert_eq!((claim.task_id, claim.tote.as_deref()), (task.task_id, Some("T000001")));
    let late = world.refused(confirm(task.task_id, &task.lines[0], "T000001", 1)).await;
    assert!(matches!(late, PickError::NotYours { .. }));
    let on = confirm(task.task_id, &claim.lines[0], "T000001", 3);
    assert!(world.db.operate(world.as_person(other), on).await.unwrap().task_done);
    assert!(matches!(world.refused(ReleaseTask { task: task.task_id }).await, PickError::NotYours { .. }));
});

both!(a_short_pick_finds_other_stock_or_is_backordered, |world| {
    let (_, wave) = released(world, 2, 5).await;
    let task = claimed(world, "T000001").await;
    let line = &task.lines[0];
    world.does(confirm(task.task_id, line, "T000001", 1)).await;
    let short = |missing| ReportShort {
        task: task.task_id,
        allocation: line.allocation_id,
        missing,
        reason: ShortReason::Missing,
    };
    assert!(matches!(world.refused(short(5)).await, PickError::TooMany { left: 4, .. }));
    assert!(matches!(world.refused(short(0)).await, PickError::BadQuantity { .. }));
    let changed = world.does(short(4)).await;
    assert_eq!((changed.reallocated, changed.backordered, changed.task_done), (4, 0, false));
    // Where they should have been, they wait for a count.
    assert_eq!(world.number("SELECT on_hand FROM stock_cell WHERE status = 'quarantine'").await, 4);
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'count.requested'").await, 1);
    let next = changed.next.unwrap();
    world.does(confirm(task.task_id, &next, "T000001", 4)).await;
    assert!(matches!(world.refused(short(1)).await, PickError::NotYours { .. }));

    // Nothing free is left for the second order: everything else is damaged.
    let task = claimed(world, "T000002").await;
    world
        .sql("UPDATE lot SET status = 'frozen' WHERE id NOT IN (SELECT lot_id FROM allocation WHERE state = 'open')")
        .await;
    let line = &task.lines[0];
    let gone =
        ReportShort { task: task.task_id, allocation: line.allocation_id, missing: 5, reason: ShortReason::Damaged };
    let changed = world.does(gone).await;
    assert_eq!((changed.reallocated, changed.backordered, changed.task_done), (0, 5, true));
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order WHERE state = 'short'").await, 1);
    let closed = world.does(CloseWave { wave }).await;
    assert_eq!((closed.allocated, closed.picked, closed.short), (14, 5, 9));
});

both!(skip_substitute_and_undo_are_never_a_dead_end, |world| {
    released(world, 1, 7).await;
    let task = claimed(world, "T000001").await;
    let (first, second) = (task.lines[0].clone(), task.lines[1].clone());
    let skipped = world.does(SkipLine { task: task.task_id, allocation: first.allocation_id }).await;
    assert_eq!(skipped.next.as_ref(), Some(&second));
    let other = |location: &str| Substitute {
        task: task.task_id,
        allocation: first.allocation_id,
        location: location.into(),
        lot: None,
        reason: "aisle blocked".into(),
    };
    assert!(matches!(world.refused(other("A-05")).await, PickError::NotFree { .. }));
    let changed = world.does(other("A-01")).await;
    assert_eq!(changed.reallocated, 2);
    assert_eq!(world.text("SELECT rule FROM allocation WHERE state = 'open' AND quantity = 2").await, "override");
    world.does(confirm(task.task_id, &second, "T000001", 5)).await;
    let undo = |quantity| UndoPick { task: task.task_id, allocation: second.allocation_id, quantity };
    assert!(matches!(world.refused(undo(6)).await, PickError::NotUndoable { picked: 5 }));
    world.does(undo(5)).await;
    world.check().await;
    let again = world.does(ClaimTask { wave: None }).await;
    assert_eq!(again.lines.iter().map(|line| line.quantity).sum::<i64>(), 7);
    for line in &again.lines {
        world.does(confirm(task.task_id, line, "T000001", line.quantity)).await;
    }
    assert_eq!(world.text("SELECT state FROM customer_order").await, "picked");
    // The very last pick can be undone too.
    world.does(undo(1)).await;
    assert_eq!(world.text("SELECT state FROM customer_order").await, "picking");
});

both!(a_lot_frozen_in_the_middle_is_not_picked, |world| {
    released(world, 1, 5).await;
    let task = claimed(world, "T000001").await;
    let freeze = SetLotStatus {
        sku: "TEE-M".into(),
        lot: task.lines[0].lot.clone(),
        status: LotStatus::Frozen,
        reason: "recall".into(),
    };
    world.does(freeze).await;
    let refused = world.refused(confirm(task.task_id, &task.lines[0], "T000001", 1)).await;
    assert!(matches!(refused, PickError::Ineligible { .. }));
});

both!(a_held_order_stops_at_the_next_scan_and_goes_on_after, |world| {
    released(world, 1, 5).await;
    let task = claimed(world, "T000001").await;
    let order = order_id(world).await;
    world.does(HoldOrder { order, reason: "address in doubt".into() }).await;
    let stopped = world.refused(confirm(task.task_id, &task.lines[0], "T000001", 1)).await;
    assert!(matches!(stopped, PickError::OrderStopped { state: OrderState::Held, .. }));
    world.does(ReleaseOrder { order }).await;
    assert!(world.does(confirm(task.task_id, &task.lines[0], "T000001", 5)).await.task_done);
});

both!(goods_of_a_cancelled_order_are_put_back, |world| {
    let (_, wave) = released(world, 1, 7).await;
    let task = claimed(world, "T000001").await;
    world.does(confirm(task.task_id, &task.lines[0], "T000001", 2)).await;
    let back = |quantity| PutBack {
        tote: "T000001".into(),
        location: "A-01".into(),
        item: "TEE-M".into(),
        quantity,
        lot: None,
    };
    assert!(matches!(world.refused(back(2)).await, PickError::StillWanted { .. }));
    let order: OrderId = order_id(world).await;
    let decided = world.does(CancelOrder { order, reason: "changed mind".into() }).await;
    assert_eq!(decided.ruling.verdict, Verdict::AcceptedWithRework);
    world.check().await;
    assert!(matches!(world.refused(back(3)).await, PickError::NotUndoable { picked: 2 }));
    world.does(back(2)).await;
    let closed = world.does(CloseWave { wave }).await;
    assert_eq!((closed.picked, closed.taken_out), (0, 7));
    assert_eq!(world.number("SELECT CAST(SUM(on_hand - reserved) AS BIGINT) FROM stock_cell").await, 25);
});

both!(sixty_four_pickers_after_the_same_pieces_take_each_once, |world| {
    released(world, 1, 5).await;
    let task = claimed(world, "T000001").await;
    let db = shared(world.db.clone());
    let confirmation = confirm(task.task_id, &task.lines[0], "T000001", 1);
    let results = at_once((0..64).map(|_| {
        let (db, context, confirmation) = (db.clone(), world.context(), confirmation.clone());
        async move { db.operate(context, confirmation).await }
    }))
    .await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 5);
    for refused in results.iter().filter_map(|result| result.as_ref().err()) {
        assert!(!matches!(refused, PickError::Db(_)), "{refused}");
    }
    assert_eq!(world.text("SELECT state FROM customer_order").await, "picked");
});

both!(picking_needs_the_right, |world| {
    released(world, 1, 5).await;
    let refused = world.db.operate(world.as_role(Role::Auditor), ClaimTask { wave: None }).await;
    assert!(matches!(refused, Err(PickError::Forbidden { right: "pick" })));
    pick_all(world, "T000001").await;
});
