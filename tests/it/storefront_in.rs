//! What storefronts deliver: real deliveries of each kind, repeats, wrong order, and what nobody should send.

use serde_json::{Value, json};
use tallyman::kernel::Timestamp;
use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::InboxId;
use tallyman::storefront::StorefrontError;
use tallyman::storefront::channels::{RotateChannelSecret, SetChannelActive};
use tallyman::storefront::inbox::replay::ReplayDelivery;
use tallyman::storefront::inbox::worker::{remove_old, work_off};
use tallyman::storefront::model::Adapter;

use crate::both;
use crate::orders::five_lots;
use crate::support::http::Client;
use crate::support::shops::{
    Headers, OTHER_SECRET, SECRET, connect, order_data, post, signed, tells, tells_at, woo_signed,
};
use crate::support::world::START;
use crate::support::{World, at_once};

macro_rules! fixtures {
    ($($name:ident),+ $(,)?) => { &[$((stringify!($name), include_str!(concat!("fixtures/storefront/", stringify!($name), ".json")))),+] };
}

/// Deliveries as real storefronts sent them.
const FIXTURES: &[(&str, &str)] = fixtures![
    medusa_order_placed_1,
    medusa_order_placed_2,
    medusa_other_1,
    medusa_other_2,
    vendure_order_placed_1,
    vendure_order_placed_2,
    vendure_order_state_1,
    vendure_order_state_2,
    woocommerce_order_created_1,
    woocommerce_order_created_2,
    woocommerce_order_created_already_cancelled_1,
    woocommerce_order_updated_1,
    woocommerce_order_updated_2,
    woocommerce_ping_unsigned_1,
];

struct Delivery {
    adapter: Adapter,
    secret: String,
    headers: Headers,
    body: String,
}

fn fixture(name: &str) -> Delivery {
    let text = FIXTURES.iter().find(|(known, _)| *known == name).unwrap().1;
    let read: Value = serde_json::from_str(text).unwrap();
    let text = |name: &str| read[name].as_str().unwrap().to_owned();
    let headers = read["headers"].as_object().unwrap();
    let headers = headers.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
    Delivery { adapter: text("adapter").parse().unwrap(), secret: text("secret"), headers, body: text("body") }
}

/// Delivers a real delivery at its own time, and has it applied.
async fn replay(world: &World, name: &str) -> u16 {
    let Delivery { adapter, secret, headers, body } = fixture(name);
    let at = headers.iter().find(|(name, _)| name == "webhook-timestamp");
    let seconds = at.map_or(START.unix_seconds() + 42_400, |(_, value)| value.parse().unwrap());
    world.clock.set(Timestamp(seconds * 1000 + 200));
    connect(world, adapter.code(), adapter, &secret).await;
    let status = post(world, adapter.code(), &headers, body).await.status.as_u16();
    work_off(&world.app).await.unwrap();
    status
}

async fn goods(world: &World) {
    five_lots(world).await;
    for code in ["TEE-L", "MUG-1"] {
        let text = format!("INSERT INTO sku (code, name_en, created_at) VALUES ('{code}', '{code}', 0)");
        world.sql(text.leak()).await;
    }
}

both!(real_deliveries_of_each_kind_become_orders, |world| {
    goods(world).await;
    for (name, _) in FIXTURES {
        assert_eq!(replay(world, name).await, 200, "{name}");
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM inbox WHERE state IN ('dead', 'waiting')").await, 0);
    // A greeting is answered, and stored nowhere.
    assert_eq!(world.number("SELECT COUNT(*) FROM inbox").await, 13);
    // Four that concern no warehouse: cart noise and a fulfilment.
    assert_eq!(world.number("SELECT COUNT(*) FROM inbox WHERE state = 'ignored'").await, 4);

    let medusa = "SELECT o.id FROM customer_order o JOIN channel c ON c.id = o.channel_id WHERE c.code = 'medusa'";
    assert_eq!(world.number(format!("SELECT COUNT(*) FROM ({medusa}) found").leak()).await, 2);
    assert_eq!(world.number(format!("SELECT COUNT(*) FROM order_line WHERE order_id IN ({medusa})").leak()).await, 4);
    assert_eq!(
        world.text("SELECT o.state || ' ' || o.currency || ' ' || o.total_minor || ' ' || o.ship_method FROM customer_order o
            WHERE o.external_id = 'order_01M800MCDE6JJYF1RF4GP0K6XR'").await,
        "short CNY 30900 SF"
    );
    let vendure = "SELECT COUNT(*) FROM customer_order o JOIN channel c ON c.id = o.channel_id WHERE c.code = 'vendure'
        AND o.external_id IN ('4', '5') AND o.currency = 'USD' AND o.total_minor = 27281";
    assert_eq!(world.number(vendure).await, 2);
    // The same receiver wants the same goods again, within minutes.
    let twice = "SELECT COUNT(*) FROM customer_order WHERE state = 'held' AND hold_reason = 'duplicate'";
    assert_eq!(world.number(twice).await, 2);

    let woo = "SELECT o.state || ' ' || o.cash_on_delivery_minor || ' ' || o.hold_reason FROM customer_order o
        JOIN channel c ON c.id = o.channel_id WHERE c.code = 'woocommerce' AND o.external_id = ";
    assert_eq!(world.text(format!("{woo} '12'").leak()).await, "promised 19800 ");
    assert_eq!(world.text(format!("{woo} '14'").leak()).await, "held 0 incomplete_address");
    // What was cancelled before we heard of it never becomes an order.
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order WHERE external_id = '13'").await, 0);
    assert_eq!(world.number("SELECT COUNT(*) FROM channel_order WHERE external_id = '13' AND cancelled").await, 1);
});

both!(one_woocommerce_delivery_id_with_two_bodies_is_two_deliveries, |world| {
    goods(world).await;
    for name in ["woocommerce_order_updated_1", "woocommerce_order_updated_2"] {
        assert_eq!(replay(world, name).await, 200);
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM inbox WHERE repeats = 0").await, 2);
    // And an update without its create makes the order.
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order WHERE external_id = '12'").await, 1);
});

both!(a_delivery_that_comes_sixty_four_times_at_once_takes_effect_once, |world| {
    five_lots(world).await;
    connect(world, "web", Adapter::Standard, SECRET).await;
    let body =
        json!({ "type": "order.placed", "timestamp": START.rfc3339(), "data": order_data("7", 1, 2) }).to_string();
    let headers = signed(SECRET, "msg_7", START, body.as_bytes());
    let router = tallyman::web::router::router(world.app.clone());
    let answers = at_once((0..64).map(|_| {
        let (mut router, headers, body) = (router.clone(), headers.clone(), body.clone());
        async move {
            let mut request = axum::http::Request::builder().method("POST").uri("/in/web");
            for (name, value) in headers {
                request = request.header(name, value);
            }
            tower::Service::call(&mut router, request.body(axum::body::Body::from(body)).unwrap())
                .await
                .unwrap()
                .status()
                .as_u16()
        }
    }))
    .await;
    assert_eq!(answers, vec![200; 64]);
    work_off(&world.app).await.unwrap();
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order").await, 1);
    assert_eq!(world.number("SELECT promised FROM sku_promise").await, 2);
    assert_eq!(world.number("SELECT repeats FROM inbox").await, 63);
    assert_eq!(world.number("SELECT COUNT(*) FROM verdict").await, 1);
    assert_eq!(work_off(&world.app).await.unwrap(), 0);
});

both!(content_that_woocommerce_sends_again_is_looked_at_and_changes_nothing, |world| {
    goods(world).await;
    for _ in 0..3 {
        assert_eq!(replay(world, "woocommerce_order_created_1").await, 200);
    }
    assert_eq!(world.number("SELECT repeats FROM inbox WHERE state = 'done'").await, 2);
    assert_eq!(world.number("SELECT COUNT(*) FROM verdict").await, 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order").await, 1);
});

both!(woocommerce_holds_and_goes_on, |world| {
    goods(world).await;
    connect(world, "woo", Adapter::Woocommerce, "wcsecret").await;
    let mut body: Value = serde_json::from_str(&fixture("woocommerce_order_created_1").body).unwrap();
    let state = "SELECT state FROM customer_order";
    for (n, (status, expected)) in
        [("processing", "promised"), ("on-hold", "held"), ("processing", "promised"), ("refunded", "cancelled")]
            .into_iter()
            .enumerate()
    {
        body["status"] = json!(status);
        // All within one second: the order in which they come counts.
        body["date_modified_gmt"] = json!("2026-11-21T21:44:45");
        body["note"] = json!(n);
        let text = body.to_string();
        let answer = post(world, "woo", &woo_signed("wcsecret", "order.updated", text.as_bytes()), text).await;
        assert_eq!(answer.status, 200);
        work_off(&world.app).await.unwrap();
        assert_eq!(world.text(state).await, expected, "{n}");
    }
});

both!(an_update_before_its_create_makes_the_order_and_an_older_telling_changes_nothing, |world| {
    five_lots(world).await;
    connect(world, "web", Adapter::Standard, SECRET).await;
    tells(world, "m2", "order.changed", order_data("7", 2, 5)).await;
    tells(world, "m1", "order.placed", order_data("7", 1, 1)).await;
    assert_eq!(world.number("SELECT promised FROM sku_promise").await, 5);
    assert_eq!(world.text("SELECT state FROM inbox WHERE dedupe_key = 'm1'").await, "ignored");
    assert_eq!(world.text("SELECT reason FROM verdict WHERE command_key = 'm1'").await, "older");
    // Without versions the moment counts.
    tells_at(world, "m3", "order.changed", START.plus_ms(-1), order_data("7", 0, 2)).await;
    assert_eq!(world.number("SELECT promised FROM sku_promise").await, 5);
    tells(world, "m4", "order.changed", order_data("7", 3, 6)).await;
    assert_eq!(world.number("SELECT promised FROM sku_promise").await, 6);
});

both!(a_cancel_before_its_create_leaves_a_tombstone, |world| {
    five_lots(world).await;
    connect(world, "web", Adapter::Standard, SECRET).await;
    tells(world, "c1", "order.cancel_requested", json!({ "external_id": "7", "reason": "changed mind" })).await;
    tells(world, "p1", "order.placed", order_data("7", 1, 1)).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order").await, 0);
    let verdict = "SELECT verdict || ' ' || reason FROM verdict WHERE command_key = ";
    assert_eq!(world.text(format!("{verdict} 'c1'").leak()).await, "accepted before_order");
    assert_eq!(world.text(format!("{verdict} 'p1'").leak()).await, "refused already_cancelled");
});

both!(wishes_about_an_order_are_done_and_each_has_one_verdict, |world| {
    five_lots(world).await;
    connect(world, "web", Adapter::Standard, SECRET).await;
    tells(world, "h0", "order.held", json!({ "external_id": "7", "reason": "fraud check" })).await;
    tells(world, "p1", "order.placed", order_data("7", 1, 5)).await;
    let order = "SELECT state || ' ' || hold_reason FROM customer_order";
    assert_eq!(world.text(order).await, "held shop");
    world.clock.advance_ms(1_000);
    tells(world, "r1", "order.hold_released", json!({ "external_id": "7" })).await;
    assert_eq!(world.text(order).await, "promised ");
    // A hold that was decided before the release comes late.
    tells_at(world, "h1", "order.held", START, json!({ "external_id": "7" })).await;
    assert_eq!(world.text(order).await, "promised ");

    let less = |line: &str| json!({ "external_id": "7", "lines": [{ "external_id": line, "quantity": 2 }] });
    tells(world, "l1", "order.cancel_requested", less("l1")).await;
    assert_eq!(world.number("SELECT promised FROM sku_promise").await, 3);
    tells(world, "l2", "order.cancel_requested", less("no-such")).await;
    tells(world, "c1", "order.cancel_requested", json!({ "external_id": "7" })).await;
    tells(world, "c2", "order.cancel_requested", json!({ "external_id": "7" })).await;
    tells(world, "c3", "order.held", json!({ "external_id": "8" })).await;
    assert_eq!(world.text(order).await, "cancelled ");
    for (key, expected) in [
        ("h0", "hold accepted before_order"),
        ("p1", "put accepted "),
        ("p1/1", "hold accepted "),
        ("r1", "release_hold accepted "),
        ("h1", "hold no_change older"),
        ("l1", "cancel_lines accepted "),
        ("l2", "cancel_lines refused unknown_line"),
        ("c1", "cancel accepted "),
        ("c2", "cancel no_change "),
        ("c3", "hold accepted before_order"),
    ] {
        let text =
            format!("SELECT command || ' ' || verdict || ' ' || reason FROM verdict WHERE command_key = '{key}'");
        assert_eq!(world.text(text.leak()).await, expected, "{key}");
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM verdict").await, 10);
});

both!(what_nobody_should_send_gets_a_clear_answer_and_leaves_nothing, |world| {
    connect(world, "web", Adapter::Standard, SECRET).await;
    connect(world, "woo", Adapter::Woocommerce, "wcsecret").await;
    let body =
        json!({ "type": "order.placed", "timestamp": START.rfc3339(), "data": order_data("7", 1, 1) }).to_string();
    let good = signed(SECRET, "m", START, body.as_bytes());
    let without = |name: &str| good.iter().filter(|(known, _)| known != name).cloned().collect::<Headers>();
    let with = |name: &str, value: &str| {
        good.iter().map(|(n, v)| (n.clone(), if n == name { value.to_owned() } else { v.clone() })).collect::<Headers>()
    };
    let big = vec![b' '; 1024 * 1024 + 1];
    let cases: Vec<(&str, &str, Headers, Vec<u8>, u16)> = vec![
        ("unsigned", "web", vec![], body.clone().into_bytes(), 401),
        ("unsigned to woo", "woo", vec![], body.clone().into_bytes(), 401),
        ("no id", "web", without("webhook-id"), body.clone().into_bytes(), 401),
        ("no time", "web", without("webhook-timestamp"), body.clone().into_bytes(), 401),
        ("another id", "web", with("webhook-id", "other"), body.clone().into_bytes(), 401),
        ("a strange time", "web", with("webhook-timestamp", "99999999999999999999"), body.clone().into_bytes(), 401),
        ("one blank more", "web", good.clone(), format!("{body} ").into_bytes(), 401),
        ("stale", "web", signed(SECRET, "m", START.plus_ms(-301_000), body.as_bytes()), body.clone().into_bytes(), 401),
        ("ahead", "web", signed(SECRET, "m", START.plus_ms(301_000), body.as_bytes()), body.clone().into_bytes(), 401),
        ("another secret", "web", signed(OTHER_SECRET, "m", START, body.as_bytes()), body.clone().into_bytes(), 401),
        ("unknown channel", "nobody", good.clone(), body.clone().into_bytes(), 404),
        ("the channel of the API", "api", good.clone(), body.clone().into_bytes(), 404),
        ("a strange channel", "%F0%9F%A6%86", good.clone(), body.clone().into_bytes(), 404),
        ("a zero character", "web%00", good.clone(), body.clone().into_bytes(), 400),
        ("too large", "web", signed(SECRET, "m", START, &big), big.clone(), 413),
        ("a greeting with more", "woo", woo_signed("x", "", b""), b"webhook_id=1&x=2".to_vec(), 401),
    ];
    for (name, channel, headers, body, status) in cases {
        let answer = post(world, channel, &headers, body).await;
        assert_eq!(answer.status.as_u16(), status, "{name}: {}", answer.text);
        assert!(answer.json()["detail"].as_str().unwrap().len() > 10, "{name}");
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM inbox").await, 0);
});

both!(what_is_signed_and_makes_no_sense_is_kept_with_its_reason_and_can_be_replayed, |world| {
    five_lots(world).await;
    connect(world, "web", Adapter::Standard, SECRET).await;
    let twice = |quantity: Value| {
        let mut data = order_data("9", 1, 1);
        data["lines"] = json!([
            { "external_id": "l1", "sku": "TEE-M", "quantity": quantity },
            { "external_id": "l1", "sku": "TEE-M", "quantity": 1 }
        ]);
        json!({ "type": "order.placed", "timestamp": START.rfc3339(), "data": data }).to_string().into_bytes()
    };
    let mut long = order_data("9", 1, 1);
    long["receiver"]["name"] = json!("x".repeat(300));
    let long = json!({ "type": "order.placed", "timestamp": START.rfc3339(), "data": long }).to_string();
    let gb18030 = [&b"{\"type\":\""[..], &[0xb6, 0xa9, 0xb5, 0xa5], b"\"}"].concat();
    let bodies: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", vec![], "not JSON"),
        ("garbage", b"\x00\xff\xfe".to_vec(), "not UTF-8"),
        ("form", b"a=b&c=d".to_vec(), "not JSON"),
        ("xml", b"<order/>".to_vec(), "not JSON"),
        ("chinese", gb18030, "not UTF-8"),
        ("deep", vec![b'['; 200_000], "not JSON"),
        ("null", b"null".to_vec(), "`type` is missing"),
        ("half", twice(json!(0.5)), "not a whole number"),
        ("huge", twice(json!(1_000_000_000_000_000_i64)), "order.bad_amount"),
        ("twice", twice(json!(1)), "order.duplicate_line"),
        ("long", long.into_bytes(), "order.too_long"),
    ];
    let count = i64::try_from(bodies.len()).unwrap();
    for (id, body, reason) in bodies {
        let answer = post(world, "web", &signed(SECRET, id, START, &body), body).await;
        assert_eq!(answer.status, 200, "{id}");
        work_off(&world.app).await.unwrap();
        let text = format!("SELECT state || ' ' || error FROM inbox WHERE dedupe_key = '{id}'");
        let told = world.text(text.leak()).await;
        assert!(told.starts_with("dead ") && told.contains(reason), "{id}: {told}");
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM inbox WHERE state = 'dead'").await, count);
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order").await, 0);

    let id = InboxId(world.number("SELECT id FROM inbox WHERE dedupe_key = 'twice'").await);
    world.does(ReplayDelivery { delivery: id }).await;
    let again = world.refused(ReplayDelivery { delivery: id }).await;
    assert!(matches!(again, StorefrontError::NotDead { .. }));
    work_off(&world.app).await.unwrap();
    assert_eq!(world.text("SELECT state FROM inbox WHERE dedupe_key = 'twice'").await, "dead");
    let nobody = world.refused(ReplayDelivery { delivery: InboxId(999) }).await;
    assert!(matches!(nobody, StorefrontError::NotFound { .. }));
});

both!(zero_characters_in_a_signed_order_do_no_harm, |world| {
    five_lots(world).await;
    connect(world, "web", Adapter::Standard, SECRET).await;
    let mut data = order_data("7", 1, 1);
    data["ship_method"] = json!("stan\u{0}dard");
    data["flags"] = json!(["\u{0}gift"]);
    data["receiver"]["name"] = json!("李\u{0}雷");
    tells(world, "m1", "order.placed", data).await;
    tells(world, "m2", "order.cancel_requested", json!({ "external_id": "7", "reason": "\u{0}no" })).await;
    assert_eq!(
        world.text("SELECT state || ' ' || ship_method || ' ' || flags FROM customer_order").await,
        "cancelled STANDARD gift"
    );
});

both!(during_a_change_of_secrets_no_delivery_is_refused, |world| {
    five_lots(world).await;
    connect(world, "web", Adapter::Standard, SECRET).await;
    let rotate = |secret: &str, keep_old| RotateChannelSecret {
        channel: "web".into(),
        secret: Some(secret.into()),
        made_secret: String::new(),
        keep_old,
    };
    let send = async |id: &str, secret: &str| {
        let body = json!({ "type": "x", "timestamp": START.rfc3339(), "data": {} }).to_string();
        post(world, "web", &signed(secret, id, START, body.as_bytes()), body).await.status.as_u16()
    };
    assert_eq!((send("a", SECRET).await, send("b", OTHER_SECRET).await), (200, 401));
    assert_eq!(world.does(rotate(OTHER_SECRET, true)).await.valid, 2);
    world.app.channels.forget();
    assert_eq!((send("c", SECRET).await, send("d", OTHER_SECRET).await), (200, 200));
    assert_eq!(world.does(rotate(OTHER_SECRET, false)).await.valid, 1);
    world.app.channels.forget();
    assert_eq!((send("e", SECRET).await, send("f", OTHER_SECRET).await), (401, 200));
    let stored = world.text("SELECT CAST(COUNT(*) AS TEXT) FROM inbox").await;
    assert_eq!(stored, "4");
});

both!(a_paused_channel_keeps_its_deliveries_and_applies_them_later, |world| {
    five_lots(world).await;
    connect(world, "web", Adapter::Standard, SECRET).await;
    world.does(SetChannelActive { channel: "web".into(), active: false }).await;
    assert_eq!(tells(world, "m1", "order.placed", order_data("7", 1, 1)).await.status, 200);
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order").await, 0);
    world.does(SetChannelActive { channel: "web".into(), active: true }).await;
    work_off(&world.app).await.unwrap();
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order").await, 1);
});

both!(contents_are_sealed_and_removed_after_their_term_and_a_repeat_is_still_known, |world| {
    five_lots(world).await;
    connect(world, "web", Adapter::Standard, SECRET).await;
    tells(world, "m1", "order.placed", order_data("7", 1, 1)).await;
    let client = Client::of(world, Role::Administrator).await;
    let shown = client.get("/inbox/1?content=true").await;
    assert!(shown.text.contains("文一西路"), "{}", shown.text);
    assert!(!client.get("/inbox/1").await.text.contains("文一西路"));
    world.clock.advance_ms(31 * 24 * 3_600_000);
    assert_eq!(remove_old(&world.app).await.unwrap(), 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM inbox WHERE body IS NULL AND headers IS NULL").await, 1);
    let answer = tells(world, "m1", "order.placed", order_data("7", 1, 9)).await;
    assert_eq!(answer.json()["status"], "repeated");
    assert_eq!(world.number("SELECT promised FROM sku_promise").await, 1);
});

both!(channels_are_made_and_watched_over_the_api, |world| {
    five_lots(world).await;
    let client = Client::of(world, Role::Administrator).await;
    let web = json!({ "code": "web", "name": "网店", "adapter": "standard" });
    let made = client.send("PUT", "/channels", "k1", web.clone()).await.json();
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_") && made["path"] == "/in/web", "{made}");
    // The same command shows the same secret; a later one shows none.
    assert_eq!(client.send("PUT", "/channels", "k1", web.clone()).await.json()["secret"], json!(secret));
    assert_eq!(client.send("PUT", "/channels", "k2", web.clone()).await.json()["secret"], Value::Null);
    for (key, change, code) in [
        ("k3", json!({ "code": "W EB" }), "storefront.bad_code"),
        ("k4", json!({ "name": " " }), "storefront.bad_name"),
        ("k5", json!({ "ship_within_hours": 0 }), "storefront.bad_number"),
        ("k6", json!({ "secret": "short" }), "storefront.bad_secret"),
        ("k7", json!({ "code": "woo", "adapter": "woocommerce" }), "storefront.secret_missing"),
        ("k8", json!({ "code": "api", "adapter": "api", "secret": secret.clone() }), "storefront.no_secret"),
        ("k9", json!({ "code": "api", "adapter": "standard" }), "storefront.adapter_fixed"),
    ] {
        let mut body = web.clone();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(client.send("PUT", "/channels", key, body).await.json()["code"], code, "{key}");
    }

    let body =
        json!({ "type": "order.placed", "timestamp": START.rfc3339(), "data": order_data("7", 1, 1) }).to_string();
    assert_eq!(post(world, "web", &signed(&secret, "m1", START, body.as_bytes()), body).await.status, 200);
    work_off(&world.app).await.unwrap();
    let changed = client.send("POST", "/channels/web/secret", "s1", json!({})).await.json();
    assert!(changed["valid"] == 2 && changed["secret"] != json!(secret), "{changed}");
    let list = client.get("/inbox?channel=web&state=done").await.json();
    assert_eq!((list[0]["topic"].as_str(), list[0]["external_order_id"].as_str()), (Some("order.placed"), Some("7")));
    let one = client.get("/inbox/1").await.json();
    assert_eq!((one["verdicts"][0]["verdict"].as_str(), one["body"].as_str()), (Some("accepted"), None));
    assert_eq!(client.send("POST", "/inbox/1/replay", "r1", Value::Null).await.status, 409);
    assert_eq!(client.get("/inbox/99").await.status, 404);
    for path in ["/inbox?state=lost", "/inbox?limit=x", "/outbox?what=1", "/inbox/x"] {
        assert_eq!(client.get(path).await.status, 400, "{path}");
    }
    assert_eq!(client.send("POST", "/channels/web/pause", "p1", Value::Null).await.json()["active"], false);
    let listed = client.get("/channels").await.json();
    assert!(listed.as_array().unwrap().iter().any(|channel| channel["code"] == "web" && channel["active"] == false));

    let lead = Client::of(world, Role::ShiftLead).await;
    for path in ["/channels", "/endpoints", "/inbox", "/inbox/1", "/outbox", "/outbox/x"] {
        assert_eq!(lead.get(path).await.status, 403, "{path}");
    }
    assert_eq!(lead.send("PUT", "/channels", "l1", web).await.status, 403);
});

both!(too_many_deliveries_at_once_are_asked_to_come_again, |world| {
    five_lots(world).await;
    connect(world, "web", Adapter::Standard, SECRET).await;
    let places = u32::try_from(world.app.intake.available_permits()).unwrap();
    let all = world.app.intake.acquire_many(places).await.unwrap();
    let turned_away = tells(world, "msg_1", "order.placed", order_data("1", 1, 1)).await;
    assert_eq!(turned_away.refusal(), (503, "inbox.busy".to_owned()));
    assert_eq!(turned_away.headers["retry-after"], "5");
    assert_eq!(world.number("SELECT COUNT(*) FROM inbox").await, 0);
    drop(all);
    // The storefront comes again, and nothing is lost; places are given back by whoever had one.
    for _ in 0..3 {
        assert_eq!(tells(world, "msg_1", "order.placed", order_data("1", 1, 1)).await.status, 200);
    }
    assert_eq!(world.app.intake.available_permits(), usize::try_from(places).unwrap());
    work_off(&world.app).await.unwrap();
    assert_eq!(world.text("SELECT state FROM customer_order").await, "promised");
});

both!(deliveries_of_one_order_that_are_worked_off_at_once_are_one_order, |world| {
    five_lots(world).await;
    connect(world, "web", Adapter::Standard, SECRET).await;
    for round in 0..6 {
        let external = format!("r{round}");
        for version in 1..=4 {
            let data = order_data(&external, version, version);
            let body = json!({ "type": "order.placed", "timestamp": START.rfc3339(), "data": data }).to_string();
            let headers = signed(SECRET, &format!("msg_{round}_{version}"), START, body.as_bytes());
            assert_eq!(post(world, "web", &headers, body).await.status, 200);
        }
        // Several workers, as where two programs share a database.
        at_once((0..4).map(|_| {
            let app = world.app.clone();
            async move { work_off(&app).await.unwrap() }
        }))
        .await;
        work_off(&world.app).await.unwrap();
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM inbox WHERE state <> 'done'").await, 0);
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order").await, 6);
    assert_eq!(world.number("SELECT COUNT(*) FROM channel_order WHERE version = 4").await, 6);
    // The newest of each is what is ordered.
    assert_eq!(world.number("SELECT COUNT(*) FROM order_line WHERE quantity - cancelled = 4").await, 6);
});
