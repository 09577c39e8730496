//! Orders, waves and picking over the API, as a shop, a shift lead and a picker's device use them.

use serde_json::{Value, json};
use tallyman::kernel::actor::Role;
use tallyman::location::ops::AddTotes;
use tallyman::order::inbound::InboundOrder;

use crate::both;
use crate::orders::{five_lots, order};
use crate::support::World;
use crate::support::http::{Answer, Client};

fn body(order: &InboundOrder) -> Value {
    serde_json::to_value(order).unwrap()
}

fn code(answer: &Answer) -> (u16, String) {
    answer.refusal()
}

/// Orders of `quantity` pieces each, in a released wave; gives the wave.
async fn wave(world: &World, lead: &Client, orders: i64, quantity: i64) -> i64 {
    five_lots(world).await;
    world.does(AddTotes { prefix: "T".into(), first: 1, last: 9 }).await;
    let shop = Client::of(world, Role::Shop).await;
    for n in 0..orders {
        let placed = shop.send("POST", "/orders", &format!("o{n}"), body(&order(&n.to_string(), quantity))).await;
        assert_eq!(placed.json()["state"], "promised", "{}", placed.text);
    }
    let made = lead.send("POST", "/waves", "w1", json!({ "choice": { "channel": "api" } })).await.json();
    assert_eq!(made["orders"], orders);
    let wave = made["wave_id"].as_i64().unwrap();
    let released = lead.send("POST", &format!("/waves/{wave}/release"), "w2", Value::Null).await.json();
    assert_eq!((&released["orders"], &released["state"]), (&json!(orders), &json!("released")));
    wave
}

both!(an_order_comes_in_once_and_is_shown_masked, |world| {
    five_lots(world).await;
    let shop = Client::of(world, Role::Shop).await;
    let service = Client::of(world, Role::CustomerService).await;
    let first = shop.send("POST", "/orders", "k1", body(&order("A-1", 2))).await;
    assert_eq!(first.status.as_u16(), 200, "{}", first.text);
    let again = shop.send("POST", "/orders", "k1", body(&order("A-1", 2))).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
    let reused = shop.send("POST", "/orders", "k1", body(&order("A-1", 3))).await;
    assert_eq!(code(&reused), (422, "key.reused".into()));
    assert_eq!(code(&shop.send("POST", "/orders", "", body(&order("A-1", 2))).await), (400, "key.missing".into()));
    let elsewhere = shop.send("POST", "/orders?channel=nowhere", "k2", body(&order("A-2", 1))).await;
    assert_eq!(code(&elsewhere), (404, "not_found".into()));
    shop.send("POST", "/orders?channel=shop", "k3", body(&order("A-2", 1))).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order").await, 2);

    let listed = shop.get("/orders?channel=api&state=promised&limit=-5").await.json();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["external_id"]), (1, &json!("A-1")));
    let id = listed[0]["id"].as_i64().unwrap();
    let after = shop.get(&format!("/orders?after={id}")).await.json();
    assert_eq!(after[0]["external_id"], "A-2");
    assert_eq!(shop.get("/orders?ship_by=1").await.json(), json!([]));
    assert_eq!(code(&shop.get("/orders?state=lost").await), (400, "bad_request".into()));

    let masked = shop.get(&format!("/orders/{id}")).await;
    assert!(!masked.text.contains("李雷A-1") && !masked.text.contains("13800000000"), "{}", masked.text);
    let refused = shop.get(&format!("/orders/{id}?unmasked=true")).await;
    assert_eq!(code(&refused), (403, "forbidden".into()));
    for _ in 0..2 {
        let open = service.get(&format!("/orders/{id}?unmasked=true")).await.json();
        assert_eq!(open["personal"]["receiver"]["name"], "李雷A-1");
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'order.personal_read'").await, 2);
    assert_eq!(code(&service.get("/orders/999?unmasked=true").await), (404, "not_found".into()));
    assert_eq!(code(&service.get("/orders/999").await), (404, "not_found".into()));
});

both!(people_decide_about_orders_over_the_api, |world| {
    five_lots(world).await;
    let shop = Client::of(world, Role::Shop).await;
    let service = Client::of(world, Role::CustomerService).await;
    shop.send("POST", "/orders", "k1", body(&order("A-1", 2))).await;
    shop.send("POST", "/orders", "k2", body(&order("A-2", 99))).await;
    let reason = json!({ "reason": "客户来电" });
    assert_eq!(code(&shop.send("POST", "/orders/1/hold", "h0", reason.clone()).await), (403, "forbidden".into()));
    let silent = service.send("POST", "/orders/1/hold", "h1", json!({ "reason": " " })).await;
    assert_eq!(code(&silent), (422, "order.reason_missing".into()));
    assert_eq!(silent.json()["detail"], "请填写原因。");
    let held = service.send("POST", "/orders/1/hold", "h2", reason.clone()).await.json();
    assert_eq!((&held["state"], &held["ruling"]["verdict"]), (&json!("held"), &json!("accepted")));
    assert_eq!(service.send("POST", "/orders/1/release", "h3", Value::Null).await.json()["state"], "promised");
    let later = json!({ "ship_by": 1_795_300_000_000_i64, "agreed_with": "李雷" });
    assert_eq!(service.send("POST", "/orders/1/ship-by", "h4", later.clone()).await.status.as_u16(), 200);
    assert_eq!(service.get("/orders/1").await.json()["ship_by"], 1_795_300_000_000_i64);
    assert_eq!(service.send("POST", "/orders/1/cancel", "h5", reason.clone()).await.json()["state"], "cancelled");
    let late = service.send("POST", "/orders/1/ship-by", "h6", later).await;
    assert_eq!(code(&late), (409, "order.wrong_state".into()));
    assert_eq!(code(&service.send("POST", "/orders/9/cancel", "h7", reason).await), (404, "not_found".into()));
    let retried = service.send("POST", "/orders/retry-short", "h8", json!({ "limit": i64::MIN })).await.json();
    assert_eq!((&retried["promised"], &retried["last"]), (&json!(0), &json!(2)));
    let history = service.get("/orders/1/history").await.json();
    let kinds: Vec<_> = history.as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.first(), Some(&"order.received"));
    assert!(kinds.contains(&"order.held") && kinds.contains(&"order.cancelled"), "{kinds:?}");
});

both!(a_wave_is_made_released_thinned_out_and_closed, |world| {
    let lead = Client::of(world, Role::ShiftLead).await;
    let wave = wave(world, &lead, 3, 1).await;
    let view = lead.get(&format!("/waves/{wave}")).await.json();
    assert_eq!(
        (&view["orders"]["in"], &view["allocated"], &view["number"]),
        (&json!(3), &json!(3), &json!("W00000001"))
    );
    assert_eq!(lead.get("/waves?state=released").await.json()[0]["id"], wave);
    assert_eq!(lead.get(&format!("/waves?before={wave}")).await.json(), json!([]));
    let members = lead.get(&format!("/waves/{wave}/orders?after=1&limit=1")).await.json();
    assert_eq!((members.as_array().unwrap().len(), &members[0]["order_id"]), (1, &json!(2)));
    assert_eq!(lead.get("/orders/1/allocations").await.json()[0]["place"], "A-05");
    let why = lead.get("/allocations/1/why").await.json();
    assert_eq!((&why["rule"], &why["candidates"][0]["chosen"]), (&json!("fifo"), &json!(true)));
    assert_eq!(code(&lead.get("/allocations/99/why").await), (404, "not_found".into()));
    assert_eq!(lead.get(&format!("/waves/{wave}/tasks")).await.json().as_array().unwrap().len(), 3);

    let out = |key: &'static str, order: i64, reason: &'static str| {
        let (lead, body) = (&lead, json!({ "order": order, "reason": reason }));
        async move { lead.send("POST", &format!("/waves/{wave}/take-out"), key, body).await }
    };
    assert_eq!(code(&out("t1", 1, "").await), (422, "wave.reason_missing".into()));
    assert_eq!(out("t2", 1, "VIP later").await.json()["state"], "promised");
    assert_eq!(code(&out("t3", 1, "VIP later").await), (409, "wave.not_in_wave".into()));
    let close = || async { lead.send("POST", &format!("/waves/{wave}/close"), "c1", Value::Null).await };
    assert_eq!(code(&close().await), (409, "wave.still_open".into()));
    out("t4", 2, "same").await;
    out("t5", 3, "same").await;
    assert_eq!(close().await.json()["taken_out"], 3);
    let again = lead.send("POST", &format!("/waves/{wave}/release"), "w3", Value::Null).await;
    assert_eq!(code(&again), (409, "wave.wrong_state".into()));

    let named = lead.send("POST", "/waves", "w4", json!({ "choice": { "orders": [2, 3] } })).await.json();
    assert_eq!(named["orders"], 2);
    let taken = lead.send("POST", "/waves", "w5", json!({ "choice": { "orders": [2] } })).await;
    assert_eq!(code(&taken), (409, "wave.order_not_free".into()));
    let second = named["wave_id"].as_i64().unwrap();
    let cancelled = lead.send("POST", &format!("/waves/{second}/cancel"), "w6", Value::Null).await.json();
    assert_eq!(cancelled["orders"], 2);
    assert_eq!(code(&lead.get("/waves/99").await), (404, "not_found".into()));
    assert_eq!(code(&lead.get("/waves/99/orders").await), (404, "not_found".into()));
});

both!(a_picker_works_through_a_task_with_a_device, |world| {
    let lead = Client::of(world, Role::ShiftLead).await;
    let picker = Client::of(world, Role::Picker).await;
    let wave = wave(world, &lead, 1, 7).await;
    let task = picker.send("POST", "/picking/claim", "p1", json!({ "wave": wave })).await.json();
    let id = task["task_id"].as_i64().unwrap();
    let lines = task["lines"].as_array().unwrap().clone();
    assert_eq!((lines.len(), &task["tote"]), (2, &Value::Null));
    let post = |key: &'static str, path: String, body: Value| {
        let picker = &picker;
        async move { picker.send("POST", &format!("/picking/tasks/{id}{path}"), key, body).await }
    };
    let confirm = |key: &'static str, line: &Value, tote: &str, quantity: i64| {
        let path = format!("/lines/{}/confirm", line["allocation_id"]);
        let proof = json!({ "location": line["place"], "item": "6901234567892", "quantity": quantity, "tote": tote });
        post(key, path, proof)
    };
    let no_tote = confirm("p2", &lines[0], "T000001", 1).await;
    assert_eq!(
        (code(&no_tote), no_tote.json()["detail"].clone()),
        ((409, "picking.no_tote".into()), json!("请先扫描一个空周转箱。"))
    );
    let wrong = post("p3", "/tote".into(), json!({ "tote": "A-01" })).await;
    assert_eq!(code(&wrong), (422, "picking.not_a_tote".into()));
    assert_eq!(post("p4", "/tote".into(), json!({ "tote": "t000001" })).await.json()["tote"], "T000001");
    let first = confirm("p5", &lines[0], "T000001", 2).await.json();
    assert_eq!((&first["picked"], &first["left"]), (&json!(2), &json!(0)));
    let again = confirm("p5", &lines[0], "T000001", 2).await;
    assert_eq!(again.json(), first);
    assert_eq!(code(&confirm("p6", &lines[0], "T000001", 1).await), (409, "picking.line_done".into()));

    // The tote is full: its goods stay in it, the next takes the rest.
    assert_eq!(post("p7", "/tote".into(), json!({ "tote": "T000002" })).await.json()["next"], lines[1]);
    confirm("p8", &lines[1], "T000002", 1).await;
    let undone = post("p9", format!("/lines/{}/undo", lines[0]["allocation_id"]), json!({ "quantity": 2 })).await;
    assert_eq!(undone.status.as_u16(), 200, "{}", undone.text);
    assert_eq!(picker.get("/totes/T000001").await.json(), json!([]));
    confirm("p10", &lines[0], "T000002", 2).await;
    let skipped = post("p11", format!("/lines/{}/skip", lines[1]["allocation_id"]), Value::Null).await.json();
    assert_eq!(skipped["next"]["allocation_id"], lines[1]["allocation_id"]);
    let short = json!({ "missing": 1, "reason": "damaged" });
    let short = post("p12", format!("/lines/{}/short", lines[1]["allocation_id"]), short).await.json();
    assert_eq!((&short["reallocated"], &short["backordered"]), (&json!(1), &json!(0)));
    let instead = json!({ "location": "A-01", "reason": "通道堵塞" });
    let other = post("p13", format!("/lines/{}/substitute", short["next"]["allocation_id"]), instead).await.json();
    let mut next = other["next"].clone();
    for key in ["p14", "p15"] {
        let confirmed = confirm(key, &next, "T000002", next["quantity"].as_i64().unwrap()).await;
        assert_eq!(confirmed.status.as_u16(), 200, "{}", confirmed.text);
        next = confirmed.json()["next"].clone();
    }
    assert_eq!(next, Value::Null);
    let content = picker.get("/totes/T000002").await.json();
    let pieces: i64 = content.as_array().unwrap().iter().map(|row| row["quantity"].as_i64().unwrap()).sum();
    assert_eq!(pieces, 7);
    assert_eq!(code(&picker.get("/totes/T99").await), (422, "picking.not_a_tote".into()));
    assert_eq!(code(&post("p16", "/release".into(), Value::Null).await), (409, "picking.not_yours".into()));
    let nothing = picker.send("POST", "/picking/claim", "p17", json!({})).await;
    assert_eq!(code(&nothing), (404, "picking.nothing_to_do".into()));
    let back = json!({ "tote": "T000002", "location": "A-01", "item": "TEE-M", "quantity": 1 });
    assert_eq!(
        code(&picker.send("POST", "/picking/put-back", "p18", back).await),
        (409, "picking.still_wanted".into())
    );
    assert_eq!(lead.get("/orders/1").await.json()["state"], "picked");
});

both!(a_stopped_order_never_keeps_a_picker_from_the_next_task, |world| {
    let lead = Client::of(world, Role::ShiftLead).await;
    let picker = Client::of(world, Role::Picker).await;
    wave(world, &lead, 2, 1).await;
    let first = picker.send("POST", "/picking/claim", "p1", json!({})).await.json();
    lead.send("POST", "/orders/1/hold", "h1", json!({ "reason": "address" })).await;
    let second = picker.send("POST", "/picking/claim", "p2", json!({})).await.json();
    assert_ne!(first["task_id"], second["task_id"]);
    lead.send("POST", "/orders/1/release", "h2", Value::Null).await;
    let back = picker.send("POST", "/picking/claim", "p3", json!({})).await.json();
    assert_eq!(back["task_id"], first["task_id"]);
});
