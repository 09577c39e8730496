//! The catalogue, places, stock and the ledger over the API.

use serde_json::{Value, json};
use tallyman::kernel::actor::Role;

use crate::both;
use crate::support::World;
use crate::support::http::Client;

fn skus() -> Value {
    json!({ "skus": [
        { "code": "tee-m", "name_en": "Tee", "name_zh": "T恤", "weight_grams": 180, "papers": ["保修卡"],
          "barcodes": [{ "barcode": "690123456789" }, { "barcode": "TEE-BOX", "unit_factor": 12 }] },
        { "code": "MUG", "name_en": "Mug", "fragile": true },
    ]})
}

fn locations() -> Value {
    json!({ "locations": [
        { "code": "A-01", "zone": "A", "walk_order": 1 }, { "code": "A-02", "zone": "A", "walk_order": 2, "check_digits": "7x" },
    ]})
}

fn receipt(lot: &str, quantity: i64) -> Value {
    json!({ "receipts": [{ "sku": "TEE-M", "location": "A-01", "quantity": quantity, "lot": lot, "received_at": 1000 }] })
}

/// SKUs, locations, and ten pieces of lot L1.
async fn goods(world: &World) -> Client {
    let manager = Client::of(world, Role::Manager).await;
    for (method, path, body) in
        [("PUT", "/skus", skus()), ("PUT", "/locations", locations()), ("POST", "/stock/receive", receipt("l1", 10))]
    {
        let done = manager.send(method, path, path, body).await;
        assert_eq!(done.status.as_u16(), 200, "{path}: {}", done.text);
    }
    manager
}

both!(the_catalogue_is_put_listed_and_resolved, |world| {
    let manager = goods(world).await;
    let again = manager.send("PUT", "/skus", "/skus", skus()).await.json();
    assert_eq!((&again["skus"], &again["barcodes"]), (&json!(2), &json!(2)));
    assert_eq!(
        manager.send("PUT", "/skus", "/skus", json!({ "skus": [] })).await.refusal(),
        (422, "key.reused".into())
    );
    assert_eq!(manager.send("PUT", "/skus", "", skus()).await.refusal(), (400, "key.missing".into()));
    let one = manager.get("/skus/TEE-M").await.json();
    assert_eq!((&one["name_zh"], &one["papers"]), (&json!("T恤"), &json!(["保修卡"])));
    assert_eq!(one["barcodes"][1], json!({ "barcode": "TEE-BOX", "unit_factor": 12 }));
    assert_eq!(manager.get("/skus/LOST").await.refusal(), (404, "not_found".into()));
    let first = manager.get("/skus?limit=1").await.json();
    assert_eq!((first.as_array().unwrap().len(), &first[0]["code"]), (1, &json!("TEE-M")));
    assert_eq!(manager.get(&format!("/skus?after={}", first[0]["id"])).await.json()[0]["code"], "MUG");
    // The scanner's EAN-13 is the catalogue's UPC-A with a leading zero.
    assert_eq!(manager.get("/resolve?scan=0690123456789%0D").await.json()["sku"]["code"], "TEE-M");
    assert_eq!(manager.get("/resolve?scan=tee-box").await.json()["sku"]["unit_factor"], 12);
    assert_eq!(manager.get("/resolve?scan=a-01").await.json()["place"], json!({ "code": "A-01", "kind": "location" }));
    assert_eq!(manager.get("/resolve?scan=4711").await.refusal(), (404, "not_found".into()));
    assert_eq!(manager.get("/resolve").await.refusal(), (400, "bad_request".into()));
});

both!(what_is_wrong_with_a_catalogue_is_told_apart, |world| {
    let manager = goods(world).await;
    let put = |body: Value| {
        let manager = &manager;
        async move {
            manager
                .send("PUT", "/skus", &format!("k{}", body.to_string().len()), json!({ "skus": body }))
                .await
                .refusal()
        }
    };
    let refused = |code: &str| (422, format!("catalog.{code}"));
    assert_eq!(put(json!([{ "code": "X" }])).await, refused("incomplete"));
    assert_eq!(put(json!([{ "code": "X", "name_en": "X", "weight_grams": -1 }])).await, refused("bad_measure"));
    assert_eq!(
        put(json!([{ "code": "X", "name_en": "X" }, { "code": "x", "name_en": "Y" }])).await,
        refused("sku_twice")
    );
    let twice = json!([{ "code": "X", "name_en": "X", "barcodes": [{ "barcode": "1" }, { "barcode": "1 " }] }]);
    assert_eq!(put(twice).await, refused("barcode_twice"));
    let bad = json!([{ "code": "X", "name_en": "X", "barcodes": [{ "barcode": "1", "unit_factor": 0 }] }]);
    assert_eq!(put(bad).await, refused("bad_barcode"));
    let taken = json!([{ "code": "X", "name_en": "X", "barcodes": [{ "barcode": "TEE-BOX" }] }]);
    assert_eq!(put(taken).await, (409, "catalog.barcode_taken".into()));
});

both!(locations_and_totes_are_made_and_listed_along_the_walk, |world| {
    let manager = goods(world).await;
    let listed = manager.get("/locations?limit=1").await.json();
    assert_eq!(listed[0]["code"], "A-01");
    let after = format!("/locations?after_walk_order={}&after_id={}", listed[0]["walk_order"], listed[0]["id"]);
    let rest = manager.get(&after).await.json();
    assert_eq!((rest.as_array().unwrap().len(), &rest[0]["check_digits"]), (1, &json!("7X")));
    let totes = |first: i64, last: i64| json!({ "prefix": "T", "first": first, "last": last });
    assert_eq!(manager.send("POST", "/totes", "t1", totes(1, 3)).await.json()["places"], 3);
    assert_eq!(manager.send("POST", "/totes", "t2", totes(3, 1)).await.refusal(), (422, "location.bad_range".into()));
    assert_eq!(
        manager.send("POST", "/totes", "t3", totes(0, i64::MAX)).await.refusal(),
        (422, "location.bad_range".into())
    );
    assert_eq!(manager.get("/totes/T000002").await.json(), json!([]));
    let put = |key: &'static str, body: Value| {
        let manager = &manager;
        async move { manager.send("PUT", "/locations", key, json!({ "locations": body })).await.refusal() }
    };
    assert_eq!(put("l1", json!([{ "code": "@X" }])).await, (422, "location.bad_code".into()));
    assert_eq!(put("l2", json!([{ "code": "B", "zone": "z".repeat(3000) }])).await, (422, "location.bad_code".into()));
    assert_eq!(put("l3", json!([{ "code": "B" }, { "code": "b" }])).await, (422, "location.twice".into()));
    assert_eq!(put("l4", json!([{ "code": "T000001" }])).await, (409, "location.code_taken".into()));
});

both!(stock_is_moved_adjusted_blocked_and_every_step_is_in_the_ledger, |world| {
    let manager = goods(world).await;
    let auditor = Client::of(world, Role::Auditor).await;
    let post = |path: &'static str, key: &'static str, body: Value| {
        let manager = &manager;
        async move { manager.send("POST", path, key, body).await }
    };
    let step = json!({ "sku": "TEE-M", "lot": "L1", "from": "A-01", "to": "A-02", "quantity": 4 });
    assert_eq!(post("/stock/move", "m1", step.clone()).await.json()["quantity"], 4);
    assert_eq!(post("/stock/move", "m1", step).await.json()["quantity"], 4);
    let far = json!({ "sku": "TEE-M", "lot": "L1", "from": "A-02", "to": "A-01", "quantity": 5 });
    let refused = post("/stock/move", "m2", far).await;
    assert_eq!(
        (refused.refusal(), refused.json()["detail"].clone()),
        ((409, "stock.not_enough".into()), json!("A-02 可用 4，需要 5。"))
    );
    let less = json!({ "sku": "TEE-M", "lot": "L1", "location": "A-02", "difference": -1, "reason": "破损" });
    assert_eq!(post("/stock/adjust", "a1", less).await.status.as_u16(), 200);
    let most = json!({ "sku": "TEE-M", "lot": "L1", "location": "A-02", "difference": i64::MIN, "reason": "x" });
    assert_eq!(post("/stock/adjust", "a2", most).await.refusal(), (422, "stock.bad_quantity".into()));
    let block = json!({ "sku": "TEE-M", "lot": "L1", "location": "A-02", "quantity": 1, "from": "good", "to": "frozen", "reason": "QA" });
    assert_eq!(post("/stock/status", "s1", block).await.status.as_u16(), 200);
    let lot = json!({ "sku": "TEE-M", "lot": "L1", "status": "quarantine", "reason": "召回" });
    assert_eq!(post("/stock/lot-status", "s2", lot).await.json()["quantity"], 9);
    assert_eq!(post("/stock/receive", "r1", receipt("", 1)).await.refusal(), (422, "stock.bad_lot".into()));
    assert_eq!(
        post("/stock/receive", "r2", receipt(&"L".repeat(3000), 1)).await.refusal(),
        (422, "stock.bad_lot".into())
    );

    let cells = manager.get("/stock?sku=tee-m&place=A-02").await.json();
    let seen: Vec<_> =
        cells.as_array().unwrap().iter().map(|cell| (cell["status"].clone(), cell["on_hand"].clone())).collect();
    assert_eq!(seen, [(json!("good"), json!(2)), (json!("frozen"), json!(1))]);
    assert_eq!(cells[0]["lot_status"], "quarantine");
    assert_eq!(manager.get("/stock?sku=LOST").await.refusal(), (404, "not_found".into()));
    assert_eq!(manager.get("/stock?place=LOST").await.refusal(), (404, "not_found".into()));
    assert_eq!(
        manager.get(&format!("/stock?after={}&limit={}", i64::MIN, i64::MAX)).await.json().as_array().unwrap().len(),
        3
    );

    let ledger = auditor.get("/movements?place=A-02").await.json();
    let reasons: Vec<_> = ledger.as_array().unwrap().iter().map(|row| row["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["move", "adjustment", "status"]);
    let csv = auditor.get("/movements.csv").await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(csv.text.lines().count(), 5);
    assert!(csv.text.lines().nth(3).unwrap().contains("破损"), "{}", csv.text);
    let report = auditor.get("/verify").await.json();
    assert_eq!((&report["movements"], &report["findings"]), (&json!(4), &json!([])));
    for path in ["/movements", "/movements.csv", "/verify", "/events"] {
        let picker = Client::named(world, Role::Receiver, path).await;
        assert_eq!(picker.get(path).await.refusal(), (403, "forbidden".into()), "{path}");
    }
});

both!(a_long_ledger_is_exported_whole_in_pages, |world| {
    let manager = goods(world).await;
    let receipts: Vec<Value> = (0..2500)
        .map(|n| json!({ "sku": "MUG", "location": "A-02", "quantity": 1, "lot": format!("M{n}"), "received_at": n }))
        .collect();
    let opening =
        manager.send("POST", "/stock/receive", "open", json!({ "receipts": receipts, "opening": true })).await;
    assert_eq!(opening.json()["pieces"], 2500);
    let csv = manager.get("/movements.csv").await.text;
    assert_eq!(csv.lines().count(), 1 + 1 + 2500);
    assert_eq!(csv.lines().filter(|line| line.starts_with("id,")).count(), 1);
});
