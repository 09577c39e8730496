//! What calls for a count, what is counted, and what is learnt from it.

use tallyman::counting::CountError;
use tallyman::counting::create::CreateCount;
use tallyman::counting::model::{Class, LineState};
use tallyman::counting::raise::{CheckEmpty, RequestCount, SweepCounts, Swept};
use tallyman::counting::results::{Span, results};
use tallyman::counting::rules::{ClassBy, Classified, ClassifySkus, LotCost, PutLotCosts, PutRules, rules};
use tallyman::counting::scope::Scope;
use tallyman::counting::trace::trace;
use tallyman::kernel::ids::{CountLineId, WarehouseId};
use tallyman::picking::PickError;
use tallyman::picking::model::ShortReason;
use tallyman::picking::short::{ReportShort, Substitute};
use tallyman::stock::model::StockStatus;
use tallyman::stock::ops::{Receipt, ReceiveStock};

use crate::both;
use crate::counting::{TEE, approve, counters, moved, on_hand, only_line};
use crate::orders::five_lots;
use crate::support::counting::{by, claim, claiming, count, create, plan, refused_by};
use crate::support::floor::{claimed, confirm, released};

const MAIN: WarehouseId = WarehouseId(1);

both!(an_emptied_place_is_asked_about_and_anything_can_be_asked_for, |world| {
    five_lots(world).await;
    let [one, ..] = counters(world).await;
    world.does(moved("A-01", "A-02", 5)).await;
    let check = |place: &str, empty| CheckEmpty { place: place.into(), empty };
    by(world, one, check("A-01", true)).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM count_plan").await, 0);
    by(world, one, check("A-03", true)).await;
    assert_eq!(
        world.number("SELECT COUNT(*) FROM count_plan WHERE kind = 'emptied'").await,
        1,
        "the book has something there"
    );
    assert!(matches!(refused_by(world, one, claiming("A-03")).await, CountError::AnotherPerson { .. }));
    let request = |place: &str, item: Option<&str>| RequestCount {
        place: place.into(),
        item: item.map(str::to_owned),
        note: "looks odd".into(),
    };
    assert!(by(world, one, request("A-04", Some(TEE))).await.plan_id.is_some());
    assert!(by(world, one, request("A-04", None)).await.plan_id.is_none());
    assert!(matches!(refused_by(world, one, request("T1", None)).await, CountError::NotALocation { .. }));
    let task = claim(world, one, "A-04").await;
    assert!(!task.whole);
    world.does(ReceiveStock { receipts: vec![receipt("A-04", 3)], opening: false }).await;
    count(world, one, "A-04", &[(TEE, 5)]).await;
});

fn receipt(location: &str, quantity: i64) -> Receipt {
    Receipt {
        sku: "TEE-M".into(),
        location: location.into(),
        quantity,
        lot: "NEW".into(),
        supplier_lot: String::new(),
        received_at: None,
        expires_at: None,
        status: Some(StockStatus::Damaged),
    }
}

both!(what_is_short_while_a_place_waits_for_a_decision_is_counted_afterwards, |world| {
    released(world, 1, 2).await;
    let [one, two, three, boss] = counters(world).await;
    plan(world, &["A-05"]).await;
    count(world, one, "A-05", &[(TEE, 0)]).await;
    count(world, two, "A-05", &[(TEE, 0)]).await;
    let task = claimed(world, "T000001").await;
    let (allocation, reason) = (task.lines[0].allocation_id, ShortReason::Missing);
    world.does(ReportShort { task: task.task_id, allocation, missing: 2, reason }).await;
    // The book of the line was corrected, and a second cell is there that nobody counted.
    assert_eq!(by(world, boss, approve(only_line(world).await)).await.state, LineState::Recount);
    for person in [three, one] {
        count(world, person, "A-05", &[]).await;
    }
    by(world, boss, approve(CountLineId(1))).await;
    assert_eq!(world.text("SELECT kind FROM count_plan WHERE state = 'open'").await, "short_pick");
    count(world, one, "A-05", &[]).await;
    count(world, two, "A-05", &[]).await;
    by(world, boss, approve(only_line(world).await)).await;
    assert_eq!(on_hand(world, "A-05").await, 0);
    assert_eq!(world.number("SELECT COUNT(*) FROM count_plan WHERE state = 'open'").await, 0);
});

both!(plans_count_what_they_are_asked_for, |world| {
    five_lots(world).await;
    let [one, ..] = counters(world).await;
    world.sql("UPDATE sku SET category = 'shirts'").await;
    let kinds = [
        (Scope::Full { zones: vec!["a".into()] }, 5),
        (Scope::Sku { skus: vec![TEE.into()] }, 5),
        (Scope::Lot { sku: "TEE-M".into(), lots: vec!["LA-02".into(), "LA-03".into()] }, 2),
        (Scope::Category { category: "shirts".into() }, 5),
        (Scope::Sample { zones: vec![], confidence_percent: 80, margin_percent: 50 }, 2),
        (Scope::Moved { zones: vec![] }, 5),
        (Scope::Spot { places: vec!["A-01".into(), "a-01".into()] }, 1),
    ];
    for (scope, places) in kinds {
        let kind = scope.kind();
        let made = world.does(create(scope)).await;
        assert_eq!(made.places, places, "{kind}");
        let cancel = tallyman::counting::finish::CancelCount { plan: made.plan_id, reason: "tried".into() };
        world.does(cancel).await;
    }
    let unknown = world.refused(create(Scope::Full { zones: vec!["Z".into()] })).await;
    assert!(matches!(unknown, CountError::NotFound { what: "zone", .. }));
    let sample = Scope::Sample { zones: vec![], confidence_percent: 42, margin_percent: 5 };
    assert!(matches!(world.refused(create(sample)).await, CountError::BadInput { .. }));
    // What was counted and hasn't moved since stays out.
    plan(world, &["A-01", "A-02"]).await;
    count(world, one, "A-01", &[(TEE, 5)]).await;
    count(world, one, "A-02", &[(TEE, 5)]).await;
    world.does(moved("A-02", "A-03", 1)).await;
    assert_eq!(world.does(create(Scope::Moved { zones: vec![] })).await.places, 4);
});

both!(a_cycle_counts_each_class_as_often_as_it_should, |world| {
    five_lots(world).await;
    let cost = LotCost { sku: "TEE-M".into(), lot: "LA-01".into(), unit_cost_minor: 100 };
    world.does(PutLotCosts { costs: vec![cost] }).await;
    let classify = |by| ClassifySkus { by, days: None };
    assert_eq!(world.does(classify(ClassBy::Value)).await, Classified { a: 1, b: 0, c: 0 });
    assert_eq!(world.does(classify(ClassBy::Visits)).await, Classified { a: 0, b: 0, c: 1 });
    world.does(classify(ClassBy::Value)).await;
    let mut now = world.db.read(|tx| Box::pin(rules(tx, MAIN))).await.unwrap();
    now.classes.iter_mut().filter(|rule| rule.class == Some(Class::A)).for_each(|rule| rule.counts_a_year = 313);
    world.does(PutRules { rules: now }).await;
    let cycle = || create(Scope::Cycle { class: Some(Class::A) });
    assert_eq!(world.does(cycle()).await.places, 5);
    // Once a day; and not on Sunday, which is no working day.
    assert!(matches!(world.refused(cycle()).await, CountError::NothingInScope {}));
    world.sql("UPDATE count_task SET state = 'closed'").await;
    world.clock.advance_ms(24 * 60 * 60 * 1000);
    assert!(matches!(world.refused(cycle()).await, CountError::NothingInScope {}));
    world.clock.advance_ms(24 * 60 * 60 * 1000);
    assert_eq!(world.does(cycle()).await.places, 5);
});

both!(a_place_that_is_frozen_is_not_picked_from, |world| {
    released(world, 1, 2).await;
    let [one, two, ..] = counters(world).await;
    let scope = Scope::Location { places: vec!["A-05".into(), "A-04".into()] };
    world.does(CreateCount { freeze: true, ..create(scope) }).await;
    let task = claimed(world, "T000001").await;
    let line = &task.lines[0];
    let pick = || confirm(task.task_id, line, "T000001", 1);
    world.does(pick()).await;
    let count_of = claim(world, one, "A-05").await.task_id;
    assert!(matches!(world.refused(pick()).await, PickError::PlaceFrozen { place } if place == "A-05"));
    // Nor is another place that is counted taken in its stead.
    claim(world, two, "A-04").await;
    let (task_id, allocation) = (task.task_id, line.allocation_id);
    let (location, reason) = ("A-04".into(), "unreachable".into());
    let other = Substitute { task: task_id, allocation, location, lot: None, reason };
    assert!(matches!(world.refused(other).await, PickError::PlaceFrozen { place } if place == "A-04"));
    crate::support::counting::record(world, one, crate::support::counting::pieces(count_of, TEE, 4)).await;
    by(world, one, crate::support::counting::finish(count_of, false)).await;
    world.does(pick()).await;
});

both!(picks_that_empty_a_place_or_wake_it_call_for_a_count, |world| {
    released(world, 1, 5).await;
    let mut now = world.db.read(|tx| Box::pin(rules(tx, MAIN))).await.unwrap();
    (now.check_emptied, now.rest_days) = (true, 30);
    world.does(PutRules { rules: now }).await;
    let task = claimed(world, "T000001").await;
    world.does(confirm(task.task_id, &task.lines[0], "T000001", 5)).await;
    assert_eq!(world.does(SweepCounts {}).await, Swept { emptied: 0, rested: 0 });
    world.clock.advance_ms(61_000);
    // It rested too; one count is enough.
    assert_eq!(world.does(SweepCounts {}).await, Swept { emptied: 1, rested: 0 });
    assert_eq!(world.does(SweepCounts {}).await, Swept { emptied: 0, rested: 0 });
    assert_eq!(world.text("SELECT kind FROM count_plan").await, "emptied");
});

both!(results_say_what_was_wrong_and_a_trace_where_it_may_come_from, |world| {
    five_lots(world).await;
    let [one, two, _, boss] = counters(world).await;
    let cost = |lot: &str| LotCost { sku: "TEE-M".into(), lot: lot.into(), unit_cost_minor: 250 };
    world.does(PutLotCosts { costs: vec![cost("LA-01"), cost("LA-02"), cost("LA-03")] }).await;
    world.does(moved("A-01", "A-04", 2)).await;
    plan(world, &["A-01", "A-02", "A-03"]).await;
    for (place, pieces) in [("A-01", 1), ("A-02", 7)] {
        count(world, one, place, &[(TEE, pieces)]).await;
        count(world, two, place, &[(TEE, pieces)]).await;
        let line = CountLineId(world.number("SELECT id FROM count_line WHERE state = 'confirmed'").await);
        by(world, boss, approve(line)).await;
    }
    count(world, one, "A-03", &[(TEE, 5)]).await;
    let seen = world.db.read(|tx| Box::pin(results(tx, MAIN, Span::default()))).await.unwrap();
    assert_eq!((seen.places, seen.places_right, seen.places_points), (3, 1, 3_333));
    assert_eq!((seen.gross, seen.net, seen.gross_minor, seen.net_minor), (4, 0, 1_000, 0));
    assert_eq!((seen.all.lines, seen.all.wrong, seen.all.book, seen.value_points), (3, 2, 13, 6_923));
    assert_eq!((seen.by_cause[0].key.as_str(), seen.by_cause[0].sums.wrong), ("lost", 2));
    assert_eq!((seen.by_zone[0].key.as_str(), seen.by_month[0].key.as_str()), ("A", "2026-11"));
    let people: Vec<_> = seen.by_person.iter().map(|row| (row.person.as_str(), row.lines, row.off)).collect();
    assert_eq!(people, [("C1", 3, 0), ("C2", 2, 0)]);
    let later = Span { from: Some(tallyman::kernel::Timestamp(i64::MAX)), ..Span::default() };
    let none = world.db.read(|tx| Box::pin(results(tx, MAIN, later))).await.unwrap();
    assert_eq!((none.places, none.all.lines), (0, 0));
    let text = "SELECT l.id FROM count_line l JOIN place p ON p.id = l.place_id WHERE p.code = 'A-01'";
    let line = CountLineId(world.number(text).await);
    let found = world.db.read(|tx| Box::pin(trace(tx, MAIN, line))).await.unwrap();
    assert_eq!(found.line.line.state, LineState::Posted);
    assert_eq!(found.line.rounds.iter().map(|round| round.variance).collect::<Vec<_>>(), [-2, -2]);
    assert!(found.movements.iter().any(|moved| moved.to == "A-04" && moved.change == -2));
    assert_eq!(
        found.same_sku.iter().map(|other| (other.place.as_str(), other.variance)).collect::<Vec<_>>(),
        [("A-02", 2)]
    );
    assert!(!found.suspects.is_empty() && found.same_place.is_empty());
});
