//! Picking with a handheld: every step right, repeated, wrong, undone, resumed on another device.

use serde_json::{Value, json};
use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::OrderId;
use tallyman::location::carts::PutCarts;
use tallyman::order::ops::CancelOrder;

use crate::both;
use crate::support::World;
use crate::support::floor::released;
use crate::support::handheld::{Handheld, Heard, heard};
use crate::support::http::Client;

const TEE: &str = "6901234567892";

fn said(signal: &str, message: &str, step: &str) -> Heard {
    Heard { signal: signal.into(), message: message.into(), step: step.into() }
}

async fn cart(world: &World, positions: i64) {
    world.does(PutCarts { prefix: "CART".into(), first: 1, last: 2, positions }).await;
}

both!(an_order_is_picked_by_scans_alone, |world| {
    released(world, 1, 6).await;
    let picker = Handheld::picker(world, "011").await;
    assert!(picker.page().await.contains("1 order waits"));
    assert_eq!(picker.all(&["%GO:PICK", "T000001"]).await, said("ok", "", "pick.place"));
    assert!(picker.page().await.contains("A-04"), "the first place of the walk");
    assert_eq!(picker.scan("A-04").await, said("ok", "", "pick.item"));
    // One piece there: it goes into the only tote by itself, and the next place is shown.
    assert_eq!(picker.scan(TEE).await, said("done", "", "pick.place"));
    assert_eq!(picker.scan("11").await, said("ok", "", "pick.item"), "the check digits stand for the label");
    for _ in 0..4 {
        assert_eq!(picker.scan(TEE).await, said("ok", "", "pick.item"));
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM movement WHERE reason = 'pick'").await, 1, "counted isn't picked");
    assert_eq!(picker.scan(TEE).await, said("done", "", "pick.drop"));
    assert_eq!(picker.scan("A-01").await, said("done", "floor.dropped", "menu"));
    assert_eq!(world.text("SELECT state FROM customer_order").await, "picked");
    assert_eq!(world.text("SELECT dropped_at FROM pick_run").await, "A-01");
    let evidence = world.text("SELECT evidence FROM movement WHERE reason = 'pick' ORDER BY id DESC LIMIT 1").await;
    assert_eq!(evidence, format!("scan:11|{TEE}|T000001"));
    assert_eq!(world.number("SELECT COUNT(*) FROM floor_scan WHERE signal <> 'wrong'").await, 11);
});

both!(whatever_is_wrong_says_so_and_leaves_the_step, |world| {
    released(world, 2, 2).await;
    world.sql("INSERT INTO sku (code, name_en, created_at) VALUES ('MUG', 'Mug', 0)").await;
    let picker = Handheld::picker(world, "011").await;
    picker.all(&["%GO:PICK"]).await;
    assert_eq!(picker.wrong("A-05").await, "floor.wrong_kind");
    assert_eq!(picker.wrong("nothing known").await, "floor.unknown_code");
    assert_eq!(picker.wrong("%SKIP").await, "floor.not_here");
    picker.all(&["T000001"]).await;
    assert_eq!(picker.wrong("A-01").await, "floor.wrong_place");
    assert_eq!(picker.wrong(TEE).await, "floor.wrong_kind");
    assert_eq!(picker.wrong("=12").await, "floor.wrong_digits");
    let page = picker.page().await;
    assert!(
        page.contains("role=\"alert\"") && page.contains("Read them from its label"),
        "it stays until it is answered"
    );
    assert_eq!(picker.scan("%OK").await, said("ok", "", "pick.place"));
    assert!(!picker.page().await.contains("role=\"alert\"><span"), "answered");
    picker.all(&["A-05"]).await;
    assert_eq!(picker.wrong("MUG").await, "floor.wrong_item");
    assert_eq!(picker.wrong("T000002").await, "floor.wrong_kind");
    assert_eq!(picker.wrong("=2").await, "floor.item_first");
    assert_eq!(picker.wrong("LA-04").await, "picking.wrong_lot");
    assert_eq!(picker.scan("A-05").await, said("ok", "", "pick.item"), "the place again changes nothing");
    picker.all(&[TEE]).await;
    assert_eq!(picker.wrong("=3").await, "floor.too_many");
    assert_eq!(picker.wrong("%GO:NOWHERE").await, "floor.not_here");
    assert_eq!(picker.scan(TEE).await.signal, "done");
    assert_eq!(picker.wrong("T000001").await, "floor.wrong_kind", "the place to put it down is wanted");
    assert_eq!(world.number("SELECT COUNT(*) FROM floor_scan WHERE signal = 'wrong'").await, 13);
    assert_eq!(
        world
            .number("SELECT on_hand FROM stock_cell c JOIN place p ON p.id = c.place_id WHERE p.code = 'T000001'")
            .await,
        2
    );
});

both!(a_repeated_scan_counts_once_and_a_stale_one_not_at_all, |world| {
    released(world, 1, 3).await;
    let picker = Handheld::picker(world, "011").await;
    picker.all(&["%GO:PICK", "T000001", "A-05"]).await;
    let first = picker.send("k1", TEE, json!({ "scanned_at": 77, "version": 3 })).await;
    assert_eq!(heard(&first), said("ok", "", "pick.item"));
    let before = first.json()["version"].clone();
    for _ in 0..3 {
        let again = picker.send("k1", TEE, json!({ "scanned_at": 77, "version": 3 })).await;
        assert_eq!(
            (again.status.as_u16(), &again.json()["version"]),
            (200, &before),
            "the same verdict, the same step"
        );
    }
    let other = picker.send("k1", "A-05", json!({})).await;
    assert_eq!(other.refusal(), (422, "key.reused".into()));
    // A wrong scan keeps its verdict too, also when the step has moved on.
    picker.page().await;
    let wrong = picker.send("k2", "A-01", json!({ "scanned_at": 99_000, "version": 4 })).await.json();
    assert_eq!(wrong["signal"], "wrong");
    picker.all(&[TEE]).await;
    let again = picker.send("k2", "A-01", json!({ "scanned_at": 99_000, "version": 4 })).await.json();
    assert_eq!((&again["signal"], &again["message"]), (&wrong["signal"], &wrong["message"]));
    // A screen that shows an old step: nothing happens, and the true one is shown.
    let stale = picker.send("k3", TEE, json!({ "version": 1 })).await;
    assert_eq!((stale.status.as_u16(), stale.json()["message_id"].as_str().unwrap()), (409, "floor.moved_on"));
    let page = picker.page().await;
    assert!(page.contains("<span data-f=\"counted\">2</span>"), "{page}");
    assert_eq!(picker.scan(TEE).await, said("done", "", "pick.drop"));
    assert_eq!(world.number("SELECT CAST(SUM(quantity) AS BIGINT) FROM movement WHERE reason = 'pick'").await, 3);
});

both!(scans_that_waited_follow_each_other, |world| {
    released(world, 1, 2).await;
    let picker = Handheld::picker(world, "011").await;
    picker.all(&["%GO:PICK", "T000001"]).await;
    let page = picker.page().await;
    let version: i64 = page.split("data-version=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    // Made one after the other without an answer in between: each names the one before.
    let mut after = String::new();
    for (key, code) in [("w1", "A-05"), ("w2", TEE), ("w3", TEE)] {
        let answer = picker.send(key, code, json!({ "version": version, "after": after })).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        after = key.to_owned();
    }
    assert_eq!(world.text("SELECT state FROM customer_order").await, "picked");
    let stranger = picker.send("w9", "A-01", json!({ "version": version, "after": "w7" })).await;
    assert_eq!(stranger.status.as_u16(), 409);
});

both!(another_device_goes_on_at_the_same_step, |world| {
    released(world, 1, 2).await;
    let first = Handheld::picker(world, "011").await;
    first.all(&["%GO:PICK", "T000001", "A-05", TEE]).await;
    let second = first.another();
    assert!(second.page().await.contains("<span data-f=\"counted\">1</span>"));
    assert_eq!(second.scan(TEE).await, said("done", "", "pick.drop"));
    assert_eq!(first.scan(TEE).await, said("info", "floor.moved_on", "pick.drop"));
});

both!(a_cart_is_loaded_walked_and_sorted, |world| {
    released(world, 3, 2).await;
    cart(world, 4).await;
    let picker = Handheld::picker(world, "011").await;
    assert_eq!(picker.scan("CART01").await, said("ok", "", "pick.load"), "the cart begins the work");
    assert_eq!(picker.wrong("%BACKWARDS").await, "floor.unknown_code");
    picker.all(&["T000001", "T000002"]).await;
    assert_eq!(picker.wrong("T000002").await, "picking.tote_in_use");
    picker.all(&["T000003"]).await;
    assert_eq!(picker.wrong("T000004").await, "picking.nothing_to_do");
    assert_eq!(picker.scan("%OK").await, said("ok", "", "pick.place"));

    // One piece of an order lies at A-04, the first place: that order came first.
    assert_eq!(picker.all(&["A-04", TEE]).await, said("ok", "", "pick.put"));
    assert_eq!(picker.wrong("T000003").await, "floor.wrong_tote");
    assert_eq!(picker.wrong(TEE).await, "floor.too_many");
    assert_eq!(picker.scan("T000001").await, said("done", "", "pick.place"));
    // At A-05 three positions want the same: the item once, then each position.
    assert_eq!(picker.all(&["A-05", TEE]).await, said("ok", "", "pick.put"));
    assert!(picker.page().await.contains("3 positions want it"));
    assert_eq!(picker.scan("T000001").await, said("done", "", "pick.put"));
    assert_eq!(picker.scan("T000002").await, said("done", "", "pick.put"));
    assert_eq!(picker.scan("T000003").await, said("done", "", "pick.drop"));
    assert_eq!(picker.scan("%WPACK-1").await, said("done", "floor.dropped", "menu"));
    let pieces =
        "SELECT CAST(SUM(on_hand) AS BIGINT) FROM stock_cell c JOIN place p ON p.id = c.place_id WHERE p.kind = 'tote'";
    assert_eq!(world.number(pieces).await, 6);
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order WHERE state = 'picked'").await, 3);
    assert_eq!(world.text("SELECT dropped_at FROM pick_run").await, "PACK-1");
});

both!(what_a_position_of_a_cart_lacks_can_be_said_before_and_after_its_number_was_assumed, |world| {
    released(world, 3, 2).await;
    cart(world, 4).await;
    let picker = Handheld::picker(world, "011").await;
    picker.all(&["CART01", "T000001", "T000002", "T000003", "%OK", "A-04", TEE, "T000001", "A-05", TEE]).await;
    assert_eq!(picker.scan("T000001").await, said("done", "", "pick.put"));
    // Two were assumed for the second position, and one is there.
    assert_eq!(picker.wrong("=3").await, "floor.too_many");
    assert_eq!(picker.scan("=1").await, said("ok", "", "pick.item"));
    assert_eq!(picker.scan("%SHORT").await.step, "pick.short");
    assert!(picker.page().await.contains("1 x TEE-M are missing"));
    let told = picker.scan("%SHORT:MISSING").await;
    assert_eq!((told.message.as_str(), told.step.as_str()), ("floor.short_elsewhere", "pick.put"));
    assert_eq!(picker.scan("T000002").await, said("done", "", "pick.put"), "the one in hand");
    // Of the third position's two none is there: the assumed number isn't taken for pieces in hand.
    assert_eq!(picker.scan("%SHORT").await.step, "pick.short");
    assert!(picker.page().await.contains("2 x TEE-M are missing"));
    assert_eq!(picker.scan("%BACK").await.step, "pick.item");
    assert_eq!(picker.all(&["%SHORT", "%SHORT:DAMAGED"]).await.message, "floor.short_elsewhere");
    assert_eq!(world.number("SELECT CAST(SUM(picked) AS BIGINT) FROM allocation").await, 3);
    assert_eq!(world.number("SELECT CAST(SUM(short) AS BIGINT) FROM allocation").await, 3);
});

both!(short_skip_full_and_undo_each_have_a_way_on, |world| {
    released(world, 1, 7).await;
    let picker = Handheld::picker(world, "011").await;
    picker.all(&["%GO:PICK", "T000001"]).await;
    // Two at A-04, five at A-05. Skipped: A-04 comes last.
    assert_eq!(picker.scan("%SKIP").await, said("info", "floor.skipped", "pick.place"));
    picker.all(&["A-05", TEE, "=4"]).await;
    assert_eq!(picker.wrong("%SKIP").await, "floor.put_back_first");
    // Counted wrongly: from nothing again.
    assert_eq!(picker.scan("%UNDO").await, said("info", "floor.count_again", "pick.item"));
    picker.all(&[TEE, "=3"]).await;
    // Two are missing: three are in hand and go into the tote, the two come from elsewhere.
    assert_eq!(picker.scan("%SHORT").await, said("ok", "", "pick.short"));
    assert!(picker.page().await.contains("2 x TEE-M are missing"));
    assert_eq!(picker.scan("%BACK").await, said("ok", "", "pick.item"));
    assert_eq!(picker.all(&["%SHORT", "%SHORT:MISSING"]).await.message, "floor.short_elsewhere");
    assert_eq!(world.number("SELECT picked FROM allocation WHERE short = 2").await, 3);
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'count.requested'").await, 1);
    // The tote is full: a new one.
    picker.all(&["%FULL"]).await;
    assert_eq!(picker.scan("T000002").await, said("ok", "floor.new_tote", "pick.place"));
    let at_a04 = picker.page().await;
    assert!(at_a04.contains("<p class=\"place\" data-f=\"place\">A-04</p>"), "{at_a04}");
    picker.all(&["A-04", TEE]).await;
    // Undo the last line, within thirty seconds.
    let done = picker.scan(TEE).await;
    assert_eq!(done.signal, "done", "{done:?}");
    assert_eq!(picker.scan("%UNDO").await.step, "pick.undo");
    assert_eq!(picker.scan("%OK").await.message, "floor.undone");
    assert_eq!(picker.wrong("%UNDO!").await, "floor.nothing_to_undo");
});

both!(goods_that_cannot_be_reached_are_taken_from_another_place, |world| {
    released(world, 1, 7).await;
    let picker = Handheld::picker(world, "011").await;
    picker.all(&["%GO:PICK", "T000001"]).await;
    let before = picker.page().await;
    let first = before.split("data-f=\"place\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    picker.all(&[&first, TEE]).await;
    // One is in hand: it must go back first.
    assert_eq!(picker.scan("%SHORT").await.step, "pick.short");
    assert_eq!(picker.wrong("%OTHER").await, "floor.put_back_first");
    picker.all(&["%BACK", "%UNDO", "%SHORT"]).await;
    assert!(picker.page().await.contains("%OTHER"));
    assert_eq!(picker.scan("%OTHER").await, said("ok", "", "pick.other"));
    assert_eq!(picker.wrong(&first).await, "floor.same_place");
    assert_eq!(picker.wrong(TEE).await, "floor.wrong_kind");
    assert_eq!(picker.scan("%BACK").await.step, "pick.item", "back without having done anything");
    picker.all(&["%SHORT", "%OTHER"]).await;
    let page = picker.page().await;
    let offered = page.split("<ul class=\"cells\">").nth(1).unwrap().split("</ul>").next().unwrap();
    let place =
        offered.split("<strong>").nth(1).unwrap_or_else(|| panic!("{page}")).split('<').next().unwrap().to_owned();
    assert_ne!(place, first);
    assert_eq!(picker.scan(&place).await, said("info", "floor.elsewhere", "pick.item"));
    assert!(picker.page().await.contains(&format!("data-f=\"place\">{place}<")));
    let substituted = "SELECT COUNT(*) FROM event WHERE kind = 'pick.substituted' AND data LIKE '%unreachable%'";
    assert_eq!(world.number(substituted).await, 1);
    // The person stands there already: the item is next.
    assert_eq!(picker.scan(TEE).await.signal, "ok");
});

both!(undo_is_over_after_thirty_seconds, |world| {
    released(world, 1, 6).await;
    let picker = Handheld::picker(world, "011").await;
    picker.all(&["%GO:PICK", "T000001", "A-04", TEE]).await;
    world.clock.advance_ms(29_000);
    assert!(picker.page().await.contains("Undo 1 x TEE-M"));
    world.clock.advance_ms(1_000);
    assert!(!picker.page().await.contains("Undo 1 x TEE-M"));
    assert_eq!(picker.wrong("%UNDO!").await, "floor.nothing_to_undo");
    assert_eq!(picker.wrong("%UNDO").await, "floor.nothing_to_undo");
});

both!(the_last_pick_can_be_undone_from_the_last_step, |world| {
    released(world, 1, 1).await;
    let picker = Handheld::picker(world, "011").await;
    assert_eq!(picker.all(&["%GO:PICK", "T000001", "A-05", TEE]).await, said("done", "", "pick.drop"));
    assert_eq!(picker.scan("%UNDO!").await, said("info", "floor.undone", "pick.place"));
    assert_eq!(world.number("SELECT picked FROM allocation").await, 0);
    assert_eq!(picker.all(&["A-05", TEE]).await, said("done", "", "pick.drop"));
});

both!(a_cancelled_order_tells_its_picker, |world| {
    released(world, 2, 2).await;
    let picker = Handheld::picker(world, "011").await;
    picker.all(&["%GO:PICK", "T000001", "A-05", TEE]).await;
    let order = OrderId(world.number("SELECT order_id FROM pick_task WHERE state = 'claimed'").await);
    world.does(CancelOrder { order, reason: "changed mind".into() }).await;
    let told = picker.scan(TEE).await;
    assert_eq!(told.step, "pick.drop", "{told:?}");
    let page = picker.page().await;
    assert!(page.contains("was stopped. Leave tote T000001 at the office."), "{page}");
    assert_eq!(picker.scan("A-01").await, said("done", "floor.dropped", "menu"));
    assert_eq!(picker.all(&["%GO:PICK", "T000002"]).await.step, "pick.place", "the next order");
});

both!(a_run_outlives_its_lease_and_a_leaver_gives_it_back, |world| {
    released(world, 2, 2).await;
    let (first, second) = (Handheld::picker(world, "011").await, Handheld::picker(world, "012").await);
    first.all(&["%GO:PICK", "T000001", "A-05"]).await;
    // Twenty minutes later nobody has taken it: the person goes on.
    world.clock.advance_ms(20 * 60_000);
    assert_eq!(first.scan(TEE).await, said("ok", "", "pick.item"));
    // Now somebody else takes them.
    second.page().await;
    world.clock.advance_ms(20 * 60_000);
    second.all(&["%GO:PICK", "T000005"]).await;
    let person = world.number("SELECT id FROM person WHERE number = '011'").await;
    let path = format!("/people/{person}/deactivate");
    first.admin.send("POST", &path, "leave", Value::Null).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM pick_run WHERE state <> 'done'").await, 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM pick_task WHERE state = 'claimed'").await, 1);
});

both!(two_people_never_get_the_same_order_or_cart, |world| {
    released(world, 2, 2).await;
    cart(world, 2).await;
    let (first, second) = (Handheld::picker(world, "011").await, Handheld::picker(world, "012").await);
    first.all(&["CART01", "T000001"]).await;
    second.all(&["%GO:CART"]).await;
    assert_eq!(second.wrong("CART01").await, "picking.cart_in_use");
    second.all(&["CART02", "T000002"]).await;
    assert_eq!(second.wrong("T000003").await, "picking.nothing_to_do");
    assert_eq!(world.number("SELECT COUNT(DISTINCT task_id) FROM pick_run_slot").await, 2);
    assert_eq!(first.scan("%GIVE_BACK").await, said("info", "floor.given_back", "menu"));
    assert_eq!(second.scan("T000004").await, said("ok", "", "pick.place"), "full: it walks by itself");
});

both!(another_label_in_view_of_the_scanner_is_no_mistake, |world| {
    released(world, 1, 2).await;
    let picker = Handheld::picker(world, "011").await;
    picker.all(&["%GO:PICK", "T000001"]).await;
    picker.send("v1", "A-05", json!({ "scanned_at": 500_000 })).await;
    let other = picker.send("v2", "A-04", json!({ "scanned_at": 500_299 })).await;
    assert_eq!(heard(&other), said("ok", "", "pick.item"));
    let later = picker.send("v3", "A-04", json!({ "scanned_at": 500_300 })).await;
    assert_eq!(heard(&later).signal, "wrong");
    assert_eq!(picker.all(&[TEE, TEE]).await.step, "pick.drop");
});

both!(several_lots_at_a_place_ask_for_the_lot, |world| {
    released(world, 1, 2).await;
    world
        .sql(
            "INSERT INTO stock_cell (warehouse_id, place_id, sku_id, lot_id, status, on_hand)
             SELECT 1, p.id, l.sku_id, l.id, 'good', 1 FROM place p JOIN lot l ON l.number = 'LA-01' WHERE p.code = 'A-05'",
        )
        .await;
    world
        .sql(
            "INSERT INTO movement (warehouse_id, at, person_id, operation_key, reason, sku_id, lot_id, quantity, from_place_id,
             from_status, to_place_id, to_status) SELECT 1, 0, 1, 'scene', 'import', c.sku_id, c.lot_id, 1, 1, 'good', c.place_id, 'good'
             FROM stock_cell c JOIN place p ON p.id = c.place_id JOIN lot l ON l.id = c.lot_id WHERE p.code = 'A-05' AND l.number = 'LA-01'",
        )
        .await;
    let picker = Handheld::picker(world, "011").await;
    picker.all(&["%GO:PICK", "T000001", "A-05"]).await;
    assert_eq!(picker.scan(TEE).await, said("info", "floor.scan_lot", "pick.item"));
    assert_eq!(picker.wrong("LA-01").await, "picking.wrong_lot");
    // A GS1 label that names another lot, and one that names the right one.
    assert_eq!(picker.wrong("010690123456789210LA-01").await, "picking.wrong_lot");
    assert_eq!(picker.scan("010690123456789210LA-05").await, said("ok", "", "pick.item"));
    assert_eq!(picker.scan(TEE).await, said("done", "", "pick.drop"));
});

both!(a_handheld_needs_a_session_the_right_and_sense, |world| {
    released(world, 1, 1).await;
    let picker = Handheld::picker(world, "011").await;
    let packer = Client::of(world, Role::Packer).await;
    assert_eq!(packer.raw("GET", "/pda", &[("accept", "text/html")], Vec::new()).await.status.as_u16(), 200);
    let out = packer.raw("GET", "/pda", &[("accept", "text/html"), ("cookie", "tallyman=ts_none")], Vec::new()).await;
    assert_eq!((out.status.as_u16(), out.headers["location"].to_str().unwrap()), (303, "/login?next=/pda"));
    let body = json!({ "operation_key": "x", "version": 0, "raw": "%GO:PICK", "source": "tap", "scanned_at": 0 });
    let headers = [("content-type", "application/json"), ("authorization", "Bearer tm_packer")];
    let refused = packer.raw("POST", "/pda/scan", &headers, body.to_string().into_bytes()).await;
    assert_eq!(heard(&refused), said("wrong", "forbidden", "menu"));
    for (name, bad) in
        [("raw", json!("")), ("raw", json!("x".repeat(501))), ("operation_key", json!("")), ("aim", json!("]C123"))]
    {
        let answer = picker.send("k", "x", json!({ name: bad })).await;
        assert_eq!(answer.status.as_u16(), 422, "{name}: {}", answer.text);
    }
    for garbage in
        ["\u{1d}\u{1d}", "%", "%W", "=", "=99999999999999999999", "'; DROP TABLE sku; --", "]C1", "\u{202e}x"]
    {
        let answer = picker.send(&picker.fresh_key(), garbage, json!({})).await;
        assert!(matches!(answer.status.as_u16(), 200 | 422), "{garbage:?}: {} {}", answer.status, answer.text);
    }
});
