//! Counting: blind, in rounds by different persons, posted once; whatever goes on at the place meanwhile.

use tallyman::counting::CountError;
use tallyman::counting::approve::{Approval, ApproveLine, LineDecided, RejectLine};
use tallyman::counting::claim::{ClaimCount, ReleaseCount};
use tallyman::counting::finish::{CancelCount, RecountLine};
use tallyman::counting::model::{LineState, Tolerance};
use tallyman::counting::record::{CountScan, RecordCount};
use tallyman::counting::rules::{LotCost, PutLotCosts, PutRules, rules};
use tallyman::counting::scope::Scope;
use tallyman::kernel::actor::{Actor, Role};
use tallyman::kernel::ids::{CountLineId, OrderId, PersonId, WarehouseId};
use tallyman::order::ops::CancelOrder;
use tallyman::picking::model::ShortReason;
use tallyman::picking::short::ReportShort;
use tallyman::stock::ops::{AdjustStock, MoveStock};

use crate::both;
use crate::orders::five_lots;
use crate::support::World;
use crate::support::bench::person;
use crate::support::counting::{by, claim, claiming, count, create, finish, pieces, plan, record, refused_by, scan};
use crate::support::floor::{claimed, confirm, released};

/// The barcode of the shirt.
pub(crate) const TEE: &str = "6901234567892";

pub(crate) async fn counters(world: &World) -> [PersonId; 4] {
    [person(world, "C1").await, person(world, "C2").await, person(world, "C3").await, person(world, "BOSS").await]
}

pub(crate) async fn only_line(world: &World) -> CountLineId {
    CountLineId(world.number("SELECT MAX(id) FROM count_line").await)
}

pub(crate) fn approve(line: CountLineId) -> ApproveLine {
    ApproveLine { line, approval: Approval { cause: "lost".into(), ..Approval::default() } }
}

pub(crate) fn moved(from: &str, to: &str, quantity: i64) -> MoveStock {
    MoveStock { sku: "TEE-M".into(), lot: format!("L{from}"), from: from.into(), to: to.into(), quantity, status: None }
}

pub(crate) async fn on_hand(world: &World, place: &'static str) -> i64 {
    let text = format!(
        "SELECT CAST(COALESCE(SUM(on_hand), 0) AS BIGINT) FROM stock_cell c JOIN place p ON p.id = c.place_id WHERE p.code = '{place}'"
    );
    world.number(text.leak()).await
}

/// How a line stands.
async fn state(world: &World, line: CountLineId) -> String {
    world.text(format!("SELECT state FROM count_line WHERE id = {line}").leak()).await
}

both!(what_agrees_is_done_with_one_count, |world| {
    five_lots(world).await;
    let [one, ..] = counters(world).await;
    let made = plan(world, &["A-01", "A-02"]).await;
    assert_eq!((made.number.as_str(), made.places, made.busy), ("C000001", 2, 0));
    let claimed = by(world, one, ClaimCount::default()).await;
    assert_eq!((claimed.place.as_str(), claimed.round, claimed.whole, claimed.step), ("A-01", 1, true, 0));
    let line = &claimed.lines[0];
    assert_eq!((line.sku.as_str(), line.lot.as_str(), line.counted, line.expected), ("TEE-M", "LA-01", None, None));
    let task = claimed.task_id;
    for n in 1..=5 {
        let recorded = record(world, one, scan(task, TEE)).await;
        assert_eq!((recorded.step, recorded.counted), (n, n));
    }
    // Resumed on another device: the same place, with what was counted.
    let again = by(world, one, ClaimCount::default()).await;
    assert_eq!((again.task_id, again.step, again.lines[0].counted), (task, 5, Some(5)));
    assert!(by(world, one, finish(task, false)).await.finished);
    assert_eq!(world.text("SELECT state FROM count_task ORDER BY id LIMIT 1").await, "closed");
    assert_eq!(world.text("SELECT state FROM count_plan").await, "open");
    count(world, one, "A-02", &[(TEE, 5)]).await;
    assert_eq!(world.text("SELECT state FROM count_plan").await, "closed");
    assert_eq!(world.number("SELECT COUNT(*) FROM movement WHERE reason = 'adjustment'").await, 0);
    assert_eq!(world.number("SELECT COUNT(*) FROM place_counted").await, 2);
});

both!(a_difference_is_counted_by_two_and_posted_once_by_a_third, |world| {
    five_lots(world).await;
    world
        .sql("INSERT INTO endpoint (channel_id, url, secrets) SELECT id, 'https://shop.example/', CAST('' AS {bytes}) FROM channel WHERE code = 'shop'")
        .await;
    let [one, two, _, boss] = counters(world).await;
    plan(world, &["A-01"]).await;
    count(world, one, "A-01", &[(TEE, 3)]).await;
    // The first counter learns only that it is counted, and isn't asked again.
    let refused = refused_by(world, one, claiming("A-01")).await;
    assert!(matches!(refused, CountError::AnotherPerson { place } if place == "A-01"));
    assert!(matches!(refused_by(world, one, ClaimCount::default()).await, CountError::NothingToDo {}));
    assert!(matches!(refused_by(world, boss, approve(only_line(world).await)).await, CountError::WrongState { .. }));
    // Picking goes on: the second counts less, and finds the same difference.
    world.does(moved("A-01", "A-02", 2)).await;
    let second = claim(world, two, "A-01").await;
    assert_eq!((second.round, second.whole, second.lines.len()), (2, false, 1));
    record(world, two, pieces(second.task_id, TEE, 1)).await;
    assert!(by(world, two, finish(second.task_id, false)).await.finished);
    let line = only_line(world).await;
    assert_eq!(state(world, line).await, "confirmed");
    assert_eq!(on_hand(world, "A-01").await, 3);
    for own in [one, two] {
        assert!(matches!(refused_by(world, own, approve(line)).await, CountError::OwnCount {}));
    }
    let mut unknown = approve(line);
    unknown.approval.cause = "because".into();
    assert!(matches!(refused_by(world, boss, unknown).await, CountError::UnknownCause { .. }));
    world.does(moved("A-01", "A-03", 1)).await;
    let context = world.as_person(boss);
    for _ in 0..3 {
        let decided = world.db.operate(context.clone(), approve(line)).await.unwrap();
        assert_eq!(decided, LineDecided { state: LineState::Posted, variance: Some(-2) });
    }
    assert!(matches!(
        refused_by(world, boss, approve(line)).await,
        CountError::WrongState { state: LineState::Posted }
    ));
    assert_eq!(on_hand(world, "A-01").await, 0);
    assert_eq!(world.number("SELECT COUNT(*) FROM movement WHERE reason = 'adjustment'").await, 1);
    assert_eq!(world.text("SELECT note FROM movement WHERE reason = 'adjustment'").await, "lost");
    assert_eq!(world.text("SELECT state FROM count_plan").await, "closed");
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'stock.adjusted'").await, 1);
    // The shop is told once, in a lane of the SKU's own.
    assert_eq!(world.text("SELECT order_key FROM outbox_message WHERE type = 'stock.adjusted'").await, "@stock:TEE-M");
    let body: serde_json::Value =
        serde_json::from_str(&world.text("SELECT body FROM outbox_message WHERE type = 'stock.adjusted'").await)
            .unwrap();
    assert_eq!(body["data"], serde_json::json!({ "sku": "TEE-M", "difference": -2, "seq": 1 }));
});

both!(a_third_decides_where_two_differ_and_else_somebody_with_the_right, |world| {
    five_lots(world).await;
    let [one, two, three, boss] = counters(world).await;
    plan(world, &["A-01", "A-02", "A-03"]).await;
    for (place, counts) in [("A-01", [3, 4, 4]), ("A-02", [3, 4, 5]), ("A-03", [6, 5, 5])] {
        for (person, pieces) in [one, two, three].into_iter().zip(counts) {
            count(world, person, place, &[(TEE, pieces)]).await;
        }
    }
    let line = |place: &str| {
        format!("SELECT l.id FROM count_line l JOIN place p ON p.id = l.place_id WHERE p.code = '{place}'")
    };
    let line = |place| {
        let text: &'static str = line(place).leak();
        async move { CountLineId(world.number(text).await) }
    };
    let (first, second, third) = (line("A-01").await, line("A-02").await, line("A-03").await);
    assert_eq!(state(world, first).await, "confirmed");
    assert_eq!(state(world, second).await, "undecided");
    // Two say that the book is right.
    assert_eq!(state(world, third).await, "matched");
    assert_eq!(by(world, boss, approve(first)).await.variance, Some(-1));
    assert!(matches!(refused_by(world, boss, approve(second)).await, CountError::WhichRound {}));
    let mut believes = approve(second);
    believes.approval.round = Some(1);
    assert!(matches!(refused_by(world, three, believes.clone()).await, CountError::OwnCount {}));
    assert_eq!(by(world, boss, believes).await.variance, Some(-2));
    assert_eq!((on_hand(world, "A-01").await, on_hand(world, "A-02").await, on_hand(world, "A-03").await), (4, 3, 5));
    assert_eq!(world.text("SELECT state FROM count_plan").await, "closed");
});

both!(who_counts_alone_can_neither_recount_nor_approve, |world| {
    five_lots(world).await;
    let [one, two, _, boss] = counters(world).await;
    plan(world, &["A-01"]).await;
    count(world, one, "A-01", &[(TEE, 0)]).await;
    assert!(matches!(refused_by(world, one, claiming("A-01")).await, CountError::AnotherPerson { .. }));
    count(world, two, "A-01", &[]).await;
    let line = only_line(world).await;
    assert!(matches!(refused_by(world, one, approve(line)).await, CountError::OwnCount {}));
    // Counted once more, by all who ask for it: still not by those who did.
    by(world, boss, RecountLine { line }).await;
    for own in [one, two] {
        assert!(matches!(refused_by(world, own, claiming("A-01")).await, CountError::AnotherPerson { .. }));
    }
    let reject = |reason: &str| RejectLine { line, reason: reason.into() };
    count(world, boss, "A-01", &[(TEE, 0)]).await;
    assert!(matches!(refused_by(world, boss, reject("no")).await, CountError::OwnCount {}));
    assert!(matches!(world.refused(reject(" ")).await, CountError::ReasonMissing {}));
    assert_eq!(world.does(reject("they lie in the cart")).await.state, LineState::Rejected);
    assert_eq!(on_hand(world, "A-01").await, 5);
    assert_eq!(world.text("SELECT state FROM count_plan").await, "closed");
});

both!(what_moves_while_a_line_is_counted_begins_it_anew, |world| {
    five_lots(world).await;
    let [one, ..] = counters(world).await;
    plan(world, &["A-01"]).await;
    let task = claim(world, one, "A-01").await.task_id;
    record(world, one, scan(task, TEE)).await;
    record(world, one, scan(task, TEE)).await;
    world.does(moved("A-01", "A-02", 1)).await;
    let recorded = record(world, one, scan(task, TEE)).await;
    assert_eq!((recorded.counted, recorded.again.as_slice()), (0, &["TEE-M".to_owned()][..]));
    for _ in 0..4 {
        record(world, one, scan(task, TEE)).await;
    }
    // It moves away and comes back: the figure is the same, and still nobody knows which pieces were counted.
    world.does(moved("A-01", "A-02", 1)).await;
    world.does(MoveStock { lot: "LA-01".into(), ..moved("A-02", "A-01", 1) }).await;
    let finished = by(world, one, finish(task, false)).await;
    assert_eq!((finished.finished, finished.again.len()), (false, 1));
    // A typed number too: since whoever typed it came to the item.
    world.does(moved("A-01", "A-02", 1)).await;
    assert_eq!(record(world, one, pieces(task, TEE, 3)).await.again.len(), 1);
    assert!(record(world, one, pieces(task, TEE, 3)).await.again.is_empty());
    // After that it may move.
    world.does(moved("A-01", "A-02", 2)).await;
    assert!(by(world, one, finish(task, false)).await.finished);
    assert_eq!(state(world, only_line(world).await).await, "matched");
});

both!(what_nobody_counted_is_asked_for_and_what_came_in_meanwhile_too, |world| {
    five_lots(world).await;
    let [one, ..] = counters(world).await;
    plan(world, &["A-01"]).await;
    let task = claim(world, one, "A-01").await.task_id;
    let refused = refused_by(world, one, finish(task, false)).await;
    assert!(matches!(refused, CountError::NotCounted { skus } if skus == "TEE-M"));
    record(world, one, pieces(task, TEE, 5)).await;
    world.does(moved("A-02", "A-01", 2)).await;
    // The other lot wasn't there when the counter came.
    let finished = by(world, one, finish(task, true)).await;
    assert_eq!((finished.finished, finished.again.len()), (false, 1));
    let refused = refused_by(world, one, pieces_of(task, 2, None)).await;
    assert!(matches!(refused, CountError::WhichLot { lots, .. } if lots == "LA-01, LA-02"));
    record(world, one, pieces_of(task, 2, Some("LA-02"))).await;
    assert!(by(world, one, finish(task, false)).await.finished);
    assert_eq!(world.number("SELECT COUNT(*) FROM count_line WHERE state = 'matched'").await, 2);
});

fn pieces_of(task: tallyman::kernel::ids::CountTaskId, quantity: i64, lot: Option<&str>) -> RecordCount {
    let mut of = pieces(task, TEE, quantity);
    of.scan.lot = lot.map(str::to_owned);
    of
}

both!(misplaced_and_unknown_goods_are_recorded_where_they_are, |world| {
    five_lots(world).await;
    world.sql("INSERT INTO sku (code, name_en, created_at) VALUES ('MUG', 'Mug', 0), ('CUP', 'Cup', 0)").await;
    world.sql("INSERT INTO lot (warehouse_id, sku_id, number, received_at) SELECT 1, id, 'M1', 5 FROM sku WHERE code = 'MUG'").await;
    world.sql("INSERT INTO lot (warehouse_id, sku_id, number, received_at) SELECT 1, id, n, 5 FROM sku, (SELECT 'K1' AS n UNION ALL SELECT 'K2') k WHERE code = 'CUP'").await;
    world.sql("INSERT INTO sku_barcode (barcode, sku_id, unit_factor) VALUES ('MUG-6', (SELECT id FROM sku WHERE code = 'MUG'), 6)").await;
    let [one, two, _, boss] = counters(world).await;
    plan(world, &["A-01"]).await;
    for person in [one, two] {
        let task = claim(world, person, "A-01").await.task_id;
        let boxes = record(world, person, scan(task, "MUG-6")).await;
        assert_eq!((boxes.sku.as_deref(), boxes.lot.as_str(), boxes.counted), (Some("MUG"), "M1", 6));
        let cups = record(world, person, pieces(task, "CUP", 2)).await;
        assert_eq!(cups.lot, "?");
        if person == one {
            record(world, person, pieces(task, TEE, 5)).await;
            let unknown = record(world, person, scan(task, "4711")).await;
            assert_eq!((unknown.sku, unknown.counted), (None, 1));
        }
        assert!(by(world, person, finish(task, false)).await.finished);
    }
    assert_eq!(world.text("SELECT code FROM count_unknown").await, "4711");
    let mugs = CountLineId(
        world.number("SELECT l.id FROM count_line l JOIN sku s ON s.id = l.sku_id WHERE s.code = 'MUG'").await,
    );
    let cups = CountLineId(
        world.number("SELECT l.id FROM count_line l JOIN sku s ON s.id = l.sku_id WHERE s.code = 'CUP'").await,
    );
    assert_eq!(by(world, boss, approve(mugs)).await.variance, Some(6));
    assert!(matches!(refused_by(world, boss, approve(cups)).await, CountError::LotMissing { .. }));
    let mut known = approve(cups);
    known.approval.lot = Some("k2".into());
    assert_eq!(by(world, boss, known).await.variance, Some(2));
    assert_eq!(on_hand(world, "A-01").await, 13);
});

both!(a_place_is_one_persons_until_their_lease_ends, |world| {
    five_lots(world).await;
    let [one, two, ..] = counters(world).await;
    plan(world, &["A-01"]).await;
    let task = claim(world, one, "A-01").await.task_id;
    record(world, one, pieces(task, TEE, 4)).await;
    assert!(
        matches!(refused_by(world, two, claiming("A-01")).await, CountError::PlaceBusy { person, .. } if person == "C1")
    );
    assert!(matches!(refused_by(world, two, pieces(task, TEE, 4)).await, CountError::NotYours { .. }));
    // In two running counts it never is.
    assert!(matches!(
        world.refused(create(Scope::Spot { places: vec!["A-01".into()] })).await,
        CountError::NothingInScope {}
    ));
    assert_eq!(plan(world, &["A-01", "A-02"]).await.busy, 1);
    world.clock.advance_ms(tallyman::counting::model::LEASE_MS);
    assert!(matches!(refused_by(world, one, pieces(task, TEE, 4)).await, CountError::NotYours { .. }));
    let taken = claim(world, two, "A-01").await;
    // What the first had counted counts no more, and a late command of theirs changes nothing.
    assert_eq!((taken.task_id, taken.round, taken.lines[0].counted), (task, 1, None));
    assert!(matches!(refused_by(world, one, finish(task, true)).await, CountError::NotYours { .. }));
    record(world, two, pieces(task, TEE, 5)).await;
    by(world, two, ReleaseCount { task }).await;
    assert_eq!(claim(world, one, "A-01").await.lines[0].counted, None);
    count(world, one, "A-01", &[(TEE, 5)]).await;
});

both!(late_repeated_and_disordered_commands_change_nothing, |world| {
    five_lots(world).await;
    let [one, ..] = counters(world).await;
    plan(world, &["A-01"]).await;
    let task = claim(world, one, "A-01").await.task_id;
    let step = |step: i64, scans: i64| RecordCount {
        task,
        scan: CountScan { item: TEE.into(), scans: Some(scans), step: Some(step), ..CountScan::default() },
    };
    let context = world.as_person(one);
    for _ in 0..3 {
        assert_eq!(world.db.operate(context.clone(), step(0, 2)).await.unwrap().counted, 2);
    }
    assert!(matches!(refused_by(world, one, step(2, 1)).await, CountError::OutOfOrder { step: 1 }));
    assert!(matches!(refused_by(world, one, step(0, 1)).await, CountError::OutOfOrder { step: 1 }));
    by(world, one, step(1, 3)).await;
    for (scans, wanted) in
        [(Some(0), None), (Some(-1), None), (None, Some(-1)), (Some(1), Some(1)), (Some(i64::MAX), None)]
    {
        let scan = CountScan { item: TEE.into(), scans, pieces: wanted, ..CountScan::default() };
        assert!(matches!(refused_by(world, one, RecordCount { task, scan }).await, CountError::BadQuantity { .. }));
    }
    let end = world.as_person(one);
    for _ in 0..3 {
        assert!(world.db.operate(end.clone(), finish(task, false)).await.unwrap().finished);
    }
    assert!(matches!(refused_by(world, one, step(3, 1)).await, CountError::NotYours { .. }));
    assert_eq!(state(world, only_line(world).await).await, "matched");
});

both!(within_the_tolerance_of_its_class_a_difference_needs_nobody, |world| {
    five_lots(world).await;
    let [one, two, three, boss] = counters(world).await;
    let mut now = world.db.read(|tx| Box::pin(rules(tx, WarehouseId(1)))).await.unwrap();
    now.approve_limit_minor = 500;
    for rule in &mut now.classes {
        rule.tolerance = Tolerance { units: Some(1), points: None, value_minor: Some(150) };
    }
    world.does(PutRules { rules: now }).await;
    let cost = |lot: &str, unit_cost_minor| LotCost { sku: "TEE-M".into(), lot: lot.into(), unit_cost_minor };
    world.does(PutLotCosts { costs: vec![cost("LA-01", 100), cost("LA-02", 200)] }).await;
    plan(world, &["A-01", "A-02", "A-03"]).await;
    count(world, one, "A-01", &[(TEE, 4)]).await;
    assert_eq!(on_hand(world, "A-01").await, 4);
    assert_eq!(world.text("SELECT cause FROM count_line").await, "within_tolerance");
    // Two hundred are too much to be lost unseen, and six hundred too much for an ordinary approval.
    count(world, one, "A-02", &[(TEE, 2)]).await;
    count(world, two, "A-02", &[(TEE, 2)]).await;
    let line = only_line(world).await;
    let lead = Actor { person: boss, ..Actor::system() };
    let mut rights = lead.rights.clone();
    rights.remove(&tallyman::kernel::actor::Right::CountApproveLarge);
    let context = tallyman::db::Context { actor: Actor { rights, ..lead }, ..world.as_person(boss) };
    let refused = world.db.operate(context, approve(line)).await.unwrap_err();
    assert!(matches!(refused, CountError::TooLarge { value_minor: 600, limit_minor: 500 }));
    assert_eq!(by(world, boss, approve(line)).await.variance, Some(-3));
    // More than one piece: nobody knows what they cost.
    count(world, three, "A-03", &[(TEE, 7)]).await;
    assert_eq!(state(world, only_line(world).await).await, "recount");
    let counter = world.db.operate(world.as_role(Role::Counter), approve(line)).await;
    assert!(matches!(counter, Err(CountError::Forbidden { right: "count_approve" })));
});

both!(a_book_that_was_corrected_meanwhile_has_to_be_counted_again, |world| {
    five_lots(world).await;
    let [one, two, three, boss] = counters(world).await;
    plan(world, &["A-01"]).await;
    count(world, one, "A-01", &[(TEE, 3)]).await;
    count(world, two, "A-01", &[(TEE, 3)]).await;
    let line = only_line(world).await;
    // Somebody books the same loss by hand: posting it too would take the pieces twice.
    let adjust = AdjustStock {
        sku: "TEE-M".into(),
        lot: "LA-01".into(),
        location: "A-01".into(),
        difference: -2,
        status: None,
        reason: "seen".into(),
    };
    world.does(adjust).await;
    assert_eq!(by(world, boss, approve(line)).await, LineDecided { state: LineState::Recount, variance: None });
    count(world, three, "A-01", &[(TEE, 3)]).await;
    assert_eq!(state(world, line).await, "matched");
    assert_eq!(on_hand(world, "A-01").await, 3);
    assert_eq!(world.text("SELECT state FROM count_plan").await, "closed");
});

both!(a_loss_of_reserved_pieces_is_served_elsewhere_or_short, |world| {
    // Five lots of five; five orders of four: five pieces are free, all in the last place.
    released(world, 5, 4).await;
    let [one, two, _, boss] = counters(world).await;
    plan(world, &["A-05"]).await;
    count(world, one, "A-05", &[]).await;
    count(world, two, "A-05", &[]).await;
    assert_eq!(by(world, boss, approve(only_line(world).await)).await.variance, Some(-5));
    world.check().await;
    assert_eq!(on_hand(world, "A-05").await, 0);
    assert_eq!(world.number("SELECT CAST(SUM(quantity - short - taken_out) AS BIGINT) FROM allocation").await, 20);
    // Nothing is left: the next loss makes orders short.
    plan(world, &["A-04"]).await;
    count(world, one, "A-04", &[]).await;
    count(world, two, "A-04", &[]).await;
    assert_eq!(by(world, boss, approve(only_line(world).await)).await.variance, Some(-5));
    assert_eq!(world.number("SELECT CAST(SUM(quantity - short - taken_out) AS BIGINT) FROM allocation").await, 15);
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'order.short'").await, 2);
    world.check().await;
    // What is left can be picked.
    for tote in 1..=5 {
        let task = claimed(world, &format!("T{tote:06}")).await;
        for line in &task.lines {
            world.does(confirm(task.task_id, line, &format!("T{tote:06}"), line.quantity)).await;
        }
        if world.number("SELECT COUNT(*) FROM pick_task WHERE state IN ('open', 'claimed')").await == 0 {
            break;
        }
    }
    assert_eq!(world.number("SELECT CAST(SUM(picked) AS BIGINT) FROM allocation").await, 15);
});

both!(a_short_pick_is_counted_by_somebody_else, |world| {
    released(world, 1, 2).await;
    let [one, two, _, boss] = counters(world).await;
    let task = claimed(world, "T000001").await;
    let line = &task.lines[0];
    let short =
        ReportShort { task: task.task_id, allocation: line.allocation_id, missing: 2, reason: ShortReason::Missing };
    world.does(short).await;
    assert_eq!(world.text("SELECT kind FROM count_plan").await, "short_pick");
    // Person 1 was the picker.
    assert!(matches!(world.refused(ClaimCount::default()).await, CountError::NothingToDo {}));
    let claimed = by(world, one, ClaimCount::default()).await;
    assert_eq!((claimed.place.as_str(), claimed.lines.len()), ("A-05", 2));
    // All five lie there after all: sound ones are found, missing ones are not missing.
    for person in [one, two] {
        count(world, person, "A-05", &[(TEE, 5)]).await;
    }
    for status in ["good", "quarantine"] {
        let line =
            CountLineId(world.number(format!("SELECT id FROM count_line WHERE status = '{status}'").leak()).await);
        by(world, boss, approve(line)).await;
    }
    assert_eq!(world.number("SELECT on_hand FROM stock_cell c JOIN place p ON p.id = c.place_id AND p.code = 'A-05' WHERE c.status = 'good'").await, 5);
    assert_eq!(on_hand(world, "A-05").await, 5);
});

both!(a_count_that_is_given_up_posts_nothing_more, |world| {
    five_lots(world).await;
    let [one, two, _, boss] = counters(world).await;
    let made = plan(world, &["A-01", "A-02"]).await;
    count(world, one, "A-01", &[(TEE, 3)]).await;
    count(world, two, "A-01", &[(TEE, 3)]).await;
    let waiting = only_line(world).await;
    let task = claim(world, one, "A-02").await.task_id;
    record(world, one, pieces(task, TEE, 1)).await;
    let cancel = |reason: &str| CancelCount { plan: made.plan_id, reason: reason.into() };
    assert!(matches!(world.refused(cancel("")).await, CountError::ReasonMissing {}));
    world.does(cancel("inventory is over")).await;
    assert!(matches!(world.refused(cancel("again")).await, CountError::PlanEnded { .. }));
    assert!(matches!(refused_by(world, one, finish(task, true)).await, CountError::NotYours { .. }));
    assert!(matches!(
        refused_by(world, boss, approve(waiting)).await,
        CountError::WrongState { state: LineState::Cancelled }
    ));
    assert_eq!((on_hand(world, "A-01").await, on_hand(world, "A-02").await), (5, 5));
    // The places are free for another.
    assert_eq!(plan(world, &["A-01", "A-02"]).await.places, 2);
});

both!(an_order_that_is_cancelled_meanwhile_frees_what_the_loss_takes, |world| {
    released(world, 1, 5).await;
    let [one, two, _, boss] = counters(world).await;
    plan(world, &["A-05"]).await;
    count(world, one, "A-05", &[(TEE, 1)]).await;
    count(world, two, "A-05", &[(TEE, 1)]).await;
    world.does(CancelOrder { order: OrderId(1), reason: "wish".into() }).await;
    assert_eq!(by(world, boss, approve(only_line(world).await)).await.variance, Some(-4));
    assert_eq!(on_hand(world, "A-05").await, 1);
});
