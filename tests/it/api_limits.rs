//! Whatever is sent, the answer is clear: what is wrong, in the sender's language, and never a 5xx.

use serde_json::{Value, json};
use tallyman::kernel::actor::Role;

use crate::both;
use crate::support::http::Client;

const JSON: (&str, &str) = ("content-type", "application/json");
const KEY: (&str, &str) = ("idempotency-key", "k1");

both!(unknown_addresses_and_methods_are_problems_too, |world| {
    let client = Client::of(world, Role::Manager).await;
    let nowhere = client.raw("GET", "/api/v1/nowhere", &[], vec![]).await;
    assert_eq!(nowhere.refusal(), (404, "not_found".into()));
    assert_eq!(client.raw("GET", "/nowhere", &[], vec![]).await.refusal(), (404, "not_found".into()));
    let wrong = client.raw("DELETE", "/api/v1/orders", &[], vec![]).await;
    assert_eq!(wrong.refusal(), (405, "method_not_allowed".into()));
    assert!(wrong.headers["allow"].to_str().unwrap().contains("POST"));
    assert_eq!(client.raw("BREW", "/api/v1/orders", &[], vec![]).await.refusal().0, 405);
    let options = client.raw("OPTIONS", "/api/v1/orders", &[], vec![]).await;
    assert_eq!((options.status.as_u16(), options.headers.contains_key("allow")), (204, true));
    assert_eq!(client.raw("OPTIONS", "/nowhere", &[], vec![]).await.refusal().0, 404);
    let head = client.raw("HEAD", "/api/v1/orders", &[], vec![]).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert!(nowhere.headers.contains_key("x-request-id"));
    assert_eq!(nowhere.headers["x-content-type-options"], "nosniff");
});

both!(refusals_speak_the_senders_language, |world| {
    let client = Client::of(world, Role::Manager).await;
    for (asked, language, sentence) in [
        ("zh-CN,en;q=0.5", "zh-CN", "没有找到：order 9。"),
        ("fr, en", "en", "There is no order 9."),
        ("", "en", "There is no order 9."),
        ("\u{e9}", "en", "There is no order 9."),
    ] {
        let answer = client.raw("GET", "/api/v1/orders/9", &[("accept-language", asked)], vec![]).await;
        assert_eq!(
            (answer.headers["content-language"].to_str().unwrap(), &answer.json()["detail"]),
            (language, &json!(sentence))
        );
        assert_eq!(answer.json()["type"], "urn:tallyman:problem:not_found");
    }
});

both!(bodies_that_cannot_be_read_are_told_apart, |world| {
    let client = Client::of(world, Role::Manager).await;
    let put = |headers: Vec<(&'static str, &'static str)>, body: Vec<u8>| {
        let client = &client;
        async move { client.raw("PUT", "/api/v1/skus", &headers, body).await.refusal() }
    };
    let bad = (400, "bad_request".to_owned());
    assert_eq!(put(vec![KEY], b"{}".to_vec()).await, (415, "unsupported_media_type".into()));
    assert_eq!(
        put(vec![KEY, ("content-type", "text/xml")], b"{}".to_vec()).await,
        (415, "unsupported_media_type".into())
    );
    for body in [
        &b""[..],
        b"{",
        b"null",
        b"[]",
        b"{\"skus\": 7}",
        b"{\"skus\": [], \"more\": 1}",
        b"{\"skus\": [], \"skus\": []}",
        b"{\"skus\": [{\"code\": \"\xff\xfe\"}]}",
        b"{\"skus\": [{\"code\": \"\\ud800\"}]}",
        b"{\"skus\": [{\"code\": \"a\\u0000b\"}]}",
        b"{\"skus\": [{\"code\": \"a\x00b\"}]}",
        b"{\"skus\": [{\"weight_grams\": 9223372036854775808}]}",
        b"{\"skus\": [{\"weight_grams\": 1.5}]}",
    ] {
        assert_eq!(put(vec![KEY, JSON], body.to_vec()).await, bad, "{}", String::from_utf8_lossy(body));
    }
    let deep = format!("{{\"skus\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(put(vec![KEY, JSON], deep.into_bytes()).await, bad);
    let huge = vec![b' '; 17 * 1024 * 1024];
    assert_eq!(put(vec![KEY, JSON], huge).await, (413, "too_large".into()));
    let order = vec![b' '; 3 * 1024 * 1024];
    let refused = client.raw("POST", "/api/v1/orders", &[KEY, JSON], order).await;
    assert_eq!(refused.refusal(), (413, "too_large".into()));
    assert_eq!(world.number("SELECT COUNT(*) FROM sku").await, 0);
});

both!(addresses_that_cannot_be_read_are_told_apart, |world| {
    let client = Client::of(world, Role::Manager).await;
    for path in [
        "/orders/x",
        "/orders/1.5",
        "/orders/9223372036854775808",
        "/orders/%FF",
        "/orders/%00",
        "/skus/a%00b",
        "/skus/%ff",
        "/resolve?scan=%00",
        "/orders?external_id=a%00",
        "/orders?limit=9223372036854775808",
        "/orders?limit=x",
        "/orders?unknown=1",
        "/orders?state=",
        "/orders?limit=1&limit=2",
        "/orders/1?unmasked=maybe",
    ] {
        assert_eq!(client.get(path).await.refusal(), (400, "bad_request".into()), "{path}");
    }
    for path in
        ["/orders/-1", "/orders/9223372036854775807", "/orders/-9223372036854775808", "/skus/%25", "/skus/a%2Fb"]
    {
        assert_eq!(client.get(path).await.refusal(), (404, "not_found".into()), "{path}");
    }
    let end = i64::MAX;
    let start = i64::MIN;
    for path in [
        format!("/orders?limit={end}&after={start}&ship_by={start}"),
        format!("/orders?limit={start}&after={end}&ship_by={end}"),
        format!("/waves?limit={start}&before={start}"),
        format!("/waves/{end}/tasks?limit={end}&after={end}"),
        format!("/skus?limit={start}&after={start}"),
        format!("/locations?limit={end}&after_walk_order={end}&after_id={start}"),
        format!("/stock?limit={start}&after={start}"),
        format!("/movements?limit={start}&after={start}"),
        format!("/events?limit={end}&after={start}"),
        format!("/manifests?limit={start}&before={end}"),
        format!("/print-jobs?limit={start}&before={start}&parcel={end}"),
    ] {
        let answer = client.get(&path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text);
    }
    let long = format!("/resolve?scan={}", "x".repeat(60_000));
    assert_eq!(client.get(&long).await.refusal(), (404, "not_found".into()));
});

both!(a_command_needs_exactly_one_readable_key, |world| {
    let client = Client::of(world, Role::Manager).await;
    let skus = || json!({ "skus": [] }).to_string().into_bytes();
    let long = "k".repeat(201);
    for keys in [vec![], vec![""], vec!["two words"], vec!["ключ"], vec![long.as_str()], vec!["a", "b"]] {
        let mut headers = vec![JSON];
        headers.extend(keys.iter().map(|key| ("idempotency-key", *key)));
        let answer = client.raw("PUT", "/api/v1/skus", &headers, skus()).await;
        assert_eq!(answer.refusal(), (400, "key.missing".into()), "{keys:?}");
    }
    let fits = "k".repeat(200);
    assert_eq!(
        client.raw("PUT", "/api/v1/skus", &[JSON, ("idempotency-key", &fits)], skus()).await.status.as_u16(),
        200
    );
});

both!(texts_at_the_edge_are_stored_and_texts_beyond_it_are_refused, |world| {
    let client = Client::of(world, Role::Manager).await;
    let long = "漢".repeat(200_000);
    let named = json!({ "skus": [{ "code": "BIG", "name_zh": long, "packing_note": "\u{202e}\u{1f4e6}\u{1}" }] });
    assert_eq!(client.send("PUT", "/skus", "k1", named).await.status.as_u16(), 200);
    assert_eq!(client.get("/skus/BIG").await.json()["packing_note"], "\u{202e}\u{1f4e6}\u{1}");
    let order = |change: fn(&mut Value)| {
        let mut order = json!({ "external_id": "1", "lines": [{ "external_id": "1", "sku": "BIG", "quantity": 1 }] });
        change(&mut order);
        order
    };
    let blank = " ".repeat(5000) + "x";
    let cases: [(Value, &str); 6] = [
        (order(|o| o["external_id"] = json!(" ".repeat(5000) + "x")), "order.bad_external_id"),
        (order(|o| o["lines"][0]["external_id"] = json!("")), "order.bad_external_id"),
        (order(|o| o["lines"][0]["quantity"] = json!(i64::MIN)), "order.bad_amount"),
        (order(|o| o["lines"][0]["quantity"] = json!(i64::MAX)), "order.bad_amount"),
        (order(|o| o["total_minor"] = json!(i64::MAX)), "order.bad_amount"),
        (order(|o| o["receiver"] = json!({ "name": "x".repeat(201) })), "order.too_long"),
    ];
    for (n, (order, code)) in cases.into_iter().enumerate() {
        assert_eq!(client.send("POST", "/orders", &format!("o{n}"), order).await.refusal(), (422, code.into()));
    }
    let odd = order(|o| {
        o["placed_at"] = json!(i64::MIN);
        o["version"] = json!(i64::MAX);
        o["lines"][0]["quantity"] = json!(1_000_000_000_000_i64);
    });
    assert_eq!(client.send("POST", "/orders", "odd", odd).await.json()["state"], "held");
    let late = json!({ "ship_by": i64::MAX, "agreed_with": blank });
    assert_eq!(client.send("POST", "/orders/1/ship-by", "late", late).await.status.as_u16(), 200);
});

both!(health_figures_and_the_door_need_no_token, |world| {
    let client = Client::of(world, Role::Manager).await;
    let none = [("authorization", "none")];
    let get = |path: &'static str| {
        let client = &client;
        async move { client.raw("GET", path, &none, vec![]).await }
    };
    client.get("/orders/9").await;
    client.send("PUT", "/skus", "k", json!({ "skus": [] })).await;
    assert_eq!(get("/healthz").await.json()["status"], "alive");
    assert_eq!(get("/readyz").await.json()["status"], "ready");
    let door = client.raw("GET", "/", &[("authorization", "none"), ("accept", "text/html")], vec![]).await;
    assert_eq!((door.status.as_u16(), door.headers["location"].to_str().unwrap()), (303, "/login"));
    let page = get("/login").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let style = page.text.split('"').find(|part| part.ends_with("/base.css")).unwrap().to_owned();
    let style = client.raw("GET", &style, &none, vec![]).await;
    assert!(style.text.contains("--bg") && style.headers["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(get("/static/old/base.css").await.headers["cache-control"].to_str().unwrap(), "no-store");
    assert_eq!(get("/static/old/../../Cargo.toml").await.status.as_u16(), 404);
    assert!(get("/sw.js").await.text.contains("/static/") && get("/manifest.webmanifest").await.text.contains("/pda"));
    let figures = get("/metrics").await.text;
    for line in [
        "tallyman_orders{state=\"held\"} 0",
        "tallyman_http_requests_total{method=\"GET\",route=\"/api/v1/orders/{order}\",status=\"404\"}",
        "tallyman_http_request_seconds_bucket{method=\"GET\",route=\"/api/v1/orders/{order}\",le=\"0.001\"}",
        "tallyman_operations_total{kind=\"catalog.put\",outcome=\"done\"}",
        "tallyman_refusals_total{code=\"not_found\"}",
        "tallyman_outbox{state=\"pending\"} 0",
        "tallyman_inbox{state=\"waiting\"} 0",
        "tallyman_print_jobs{state=\"in_doubt\"}",
    ] {
        assert!(figures.contains(line), "{line} is missing in\n{figures}");
    }
});

both!(a_worker_that_ends_makes_the_service_not_ready, |world| {
    let client = Client::of(world, Role::Manager).await;
    let worker = world.app.workers.started("print queues");
    assert_eq!(client.raw("GET", "/readyz", &[], vec![]).await.status.as_u16(), 200);
    drop(worker);
    let answer = client.raw("GET", "/readyz", &[], vec![]).await;
    assert_eq!(answer.refusal(), (503, "not_ready".into()));
    assert_eq!(answer.json()["facts"]["workers"], "print queues");
    assert_eq!(client.raw("GET", "/healthz", &[], vec![]).await.status.as_u16(), 200);
});
