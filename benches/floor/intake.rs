//! Orders that shops tell us by webhook: verified, sealed and stored durably before the answer. Then the worker makes
//! orders of them.

use serde_json::json;
use tallyman::args;
use tallyman::kernel::clock::{Clock, SystemClock};
use tallyman::order::model::ShortPolicy;
use tallyman::storefront::channels::PutChannel;
use tallyman::storefront::model::Adapter;
use tallyman::storefront::{inbox, signature};
use tokio::sync::watch;

use crate::bare::{self, Job};
use crate::http;
use crate::report::{Figure, Report};
use crate::{Asked, Target, micros};

const SKUS: i64 = 2_000;

fn delivery(n: usize) -> String {
    let lines: Vec<_> = (0..3)
        .map(|line| json!({ "external_id": format!("l{line}"), "sku": format!("SKU{:06}", (n * 3 + line) % 2_000 + 1), "quantity": 1, "unit_price": "99.00" }))
        .collect();
    json!({ "type": "order.placed", "timestamp": "2026-11-21T10:00:00Z", "data": {
        "external_id": n.to_string(), "version": 1, "placed_at": "2026-11-21T09:58:00Z",
        "receiver": { "name": format!("李雷{n}"), "phone": "13800000000", "country": "CN", "province": "浙江省", "city": "杭州市",
            "district": "余杭区", "line1": format!("文一西路{n}号"), "postal_code": "311121" },
        "lines": lines, "ship_method": "standard", "paid": true, "buyer_remark": "", "seller_remark": "" } })
    .to_string()
}

pub async fn run(kind: &str, asked: &Asked, report: &mut Report) {
    let count = if asked.quick { 1_000 } else { 5_000 };
    for (clients, rate) in [(64, None), (64, Some(1_000.0))] {
        let target = Target::fresh(kind).await;
        let world = target.open().await;
        world.stock(SKUS).await;
        let secret = signature::standard_secret(&[7; 32]);
        let channel = PutChannel {
            code: "shop".into(),
            name: "Shop".into(),
            adapter: Adapter::Standard,
            short_policy: ShortPolicy::Wait,
            ship_within_hours: 24,
            review_above_minor: 0,
            secret: Some(secret.clone()),
            made_secret: String::new(),
        };
        world.does(channel).await;
        let now = SystemClock.now();
        let mut requests: Vec<Vec<http::Request>> = (0..clients).map(|_| Vec::new()).collect();
        for n in 0..count {
            let (id, body) = (format!("msg_{n}"), delivery(n));
            let signed = signature::sign_standard(std::slice::from_ref(&secret), &id, now, body.as_bytes());
            let at = now.unix_seconds().to_string();
            let headers = [("webhook-id", id.as_str()), ("webhook-timestamp", &at), ("webhook-signature", &signed)];
            requests[n % clients].push(http::request("POST", "/in/shop", &headers, body.as_bytes()));
        }
        let address = http::serve(world.app.clone()).await;
        if rate.is_some() {
            http::drive(address, http::first_of_each(&mut requests, 5), None).await;
        }
        let service = http::drive(address, requests, rate).await;
        let Some(rate) = rate else {
            let applied = apply(&world, count).await;
            target.drop().await;
            let floor = floor(kind, count, clients).await;
            report.add(&Figure {
                database: kind,
                work: format!("take a delivery in over HTTP, {clients} clients"),
                unit: "1/s",
                service: service.per_second,
                floor,
                more_is_better: true,
                note: format!("p99 {:.1} ms; then {applied:.0} orders a second reviewed and promised", service.p99_ms),
                more: json!({ "p50_ms": service.p50_ms, "p99_ms": service.p99_ms, "applied_per_second": applied }),
            });
            continue;
        };
        target.drop().await;
        report.add(&Figure {
            database: kind,
            work: format!("p99 of a delivery at {rate:.0} a second"),
            unit: "ms",
            service: service.p99_ms,
            floor: 50.0,
            more_is_better: false,
            note: format!("p50 {:.1} ms; the floor here is the 50 ms asked for", service.p50_ms),
            more: json!({ "p50_ms": service.p50_ms, "p99_ms": service.p99_ms }),
        });
    }
}

/// Lets the worker make orders of what is stored; gives orders a second.
async fn apply(world: &crate::scene::World, count: usize) -> f64 {
    let (stop, stopped) = watch::channel(false);
    let start = micros();
    let worker = tokio::spawn(inbox::worker::run(world.app.clone(), stopped));
    let count = i64::try_from(count).unwrap();
    loop {
        let done: Vec<(i64,)> =
            world.read("SELECT COUNT(*) FROM customer_order WHERE state = 'promised'", vec![]).await;
        if done == [(count,)] {
            break;
        }
        assert!(micros() - start < 120_000_000, "{done:?} of {count} orders were promised");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let took = micros() - start;
    stop.send(true).unwrap();
    worker.await.unwrap();
    count as f64 * 1e6 / took as f64
}

/// One row a delivery, of the same size.
async fn floor(kind: &str, count: usize, clients: usize) -> f64 {
    let target = Target::fresh(kind).await;
    let world = target.open().await;
    let channel: Vec<(i64,)> = world.read("SELECT id FROM channel WHERE code = 'api'", vec![]).await;
    let job = |n: usize| -> Job {
        let body = [delivery(n).into_bytes(), vec![0; 41]].concat();
        vec![(
            inbox::sql::STORE,
            args![
                channel[0].0,
                format!("msg_{n}"),
                "order.placed",
                n.to_string(),
                0_i64,
                vec![1_u8; 240],
                body,
                "0".repeat(64),
                false
            ],
        )]
    };
    drop(world);
    let floor = bare::transactions(&target, (0..count).map(job).collect(), clients).await;
    target.drop().await;
    floor
}
