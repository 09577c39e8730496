//! What a blind count expects never leaves the service: every list, every answer and every refusal is looked through for it.

use serde_json::{Value, json};
use tallyman::kernel::actor::Role;
use tallyman::stock::ops::{Receipt, ReceiveStock};

use crate::api_document::{document, operations};
use crate::both;
use crate::orders::five_lots;
use crate::support::World;
use crate::support::counting::plan;
use crate::support::http::Client;

/// An unmistakable number of pieces.
const MANY: i64 = 7919;
const TOLD: &str = "7919";

async fn filled(world: &World) {
    five_lots(world).await;
    let receipt = Receipt {
        sku: "TEE-M".into(),
        location: "A-01".into(),
        quantity: MANY - 5,
        lot: "LA-01".into(),
        supplier_lot: String::new(),
        received_at: Some(tallyman::kernel::Timestamp(
            world.number("SELECT received_at FROM lot WHERE number = 'LA-01'").await,
        )),
        expires_at: None,
        status: None,
    };
    world.does(ReceiveStock { receipts: vec![receipt], opening: true }).await;
}

async fn sent(client: &Client, path: &str, key: &str, body: Value) -> String {
    let answer = client.send("POST", path, key, body).await;
    assert!(answer.status.as_u16() < 500, "{path}: {}", answer.text);
    assert!(!answer.text.contains(TOLD), "{path}: {}", answer.text);
    answer.text
}

/// Every list and page that a counter can open.
async fn crawl(client: &Client) {
    let mut open = 0;
    for (method, path, _) in operations(&document()) {
        if method != "GET" || path.ends_with("/agent") {
            continue;
        }
        for path in [path.clone(), path.replace("/x", "/A-01"), path.replace("/x", "/TEE-M")] {
            let answer = client.raw("GET", &path, &[], Vec::new()).await;
            assert!(!answer.text.contains(TOLD), "{path}: {}", answer.text);
            open += usize::from(answer.status.is_success());
        }
    }
    assert!(open > 2, "{open}");
}

both!(no_answer_of_a_blind_count_says_what_is_expected, |world| {
    filled(world).await;
    let one = Client::named(world, Role::Counter, "C1").await;
    let two = Client::named(world, Role::Counter, "C2").await;
    plan(world, &["A-01"]).await;
    for (client, counted) in [(&one, 7000), (&two, 7001)] {
        crawl(client).await;
        sent(client, "/counting/claim", "c", json!({})).await;
        let task = "/counting/tasks/1";
        crawl(client).await;
        sent(client, &format!("{task}/finish"), "early", json!({})).await;
        sent(client, &format!("{task}/scans"), "s1", json!({ "item": "TEE-M", "pieces": counted })).await;
        sent(client, &format!("{task}/scans"), "s2", json!({ "item": "TEE-M", "scans": 0 })).await;
        sent(client, &format!("{task}/scans"), "s3", json!({ "item": "TEE-M", "lot": "LA-02" })).await;
        sent(client, "/counting/requests", "r", json!({ "place": "A-01" })).await;
        sent(client, "/counting/empty", "e", json!({ "place": "A-01", "empty": true })).await;
        crawl(client).await;
        sent(client, &format!("{task}/finish"), "end", json!({ "nothing_else": true })).await;
        sent(client, "/count-lines/1/approve", "a", json!({ "cause": "lost" })).await;
        crawl(client).await;
    }
    // The journal has none of it either, and the shop that is told has not been told.
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind LIKE 'count.%' AND data LIKE '%7919%'").await, 0);
    assert_eq!(
        world.number("SELECT COUNT(*) FROM operation WHERE kind LIKE 'counting.%' AND answer LIKE '%7919%'").await,
        0
    );
    // Somebody who may see what differs sees none of it before it is decided.
    let manager = Client::of(world, Role::Manager).await;
    for path in [
        "/count-lines",
        "/count-lines/1",
        "/count-lines/1/trace",
        "/counts",
        "/counts/1",
        "/counts/1/places",
        "/count-results",
    ] {
        let answer = manager.get(path).await;
        assert!(!answer.text.contains(TOLD), "{path}: {}", answer.text);
    }
});

both!(an_open_count_tells_those_who_may_see_it, |world| {
    filled(world).await;
    let manager = Client::of(world, Role::Manager).await;
    let counter = Client::named(world, Role::Counter, "C1").await;
    let scope = json!({ "kind": "location", "places": ["A-01"] });
    let forecast = manager.send("POST", "/counts/forecast", "", scope.clone()).await.json();
    assert_eq!(forecast, json!({ "places": 1, "lines": 1, "minutes": 2, "busy": 0 }));
    let made = manager.send("POST", "/counts", "p", json!({ "scope": scope, "open": true, "note": "together" })).await;
    assert_eq!(made.json()["number"], "C000001");
    let seen = counter.send("POST", "/counting/claim", "c", json!({ "place": "A-01" })).await;
    assert!(!seen.text.contains(TOLD), "{}", seen.text);
    let released = counter.send("POST", "/counting/tasks/1/release", "r", Value::Null).await;
    assert_eq!(released.status.as_u16(), 200);
    let seen = manager.send("POST", "/counting/claim", "c2", json!({ "place": "A-01" })).await.json();
    assert_eq!(seen["lines"][0]["expected"], MANY);
});
