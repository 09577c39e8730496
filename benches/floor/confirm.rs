//! Scan confirms over HTTP, each durable before its answer, at 1, 16 and 64 clients; and paced at 200 a second.

use serde_json::json;
use tallyman::args;
use tallyman::db::{Cast, Sql, journal};
use tallyman::people::tokens::hash_of;
use tallyman::wave::ops::{Choice, CreateWave, ReleaseWave};
use tallyman::{order, picking, stock};

use crate::bare::{self, Job};
use crate::http::{self, Request};
use crate::report::{Figure, Report, forget_peak, memory_mb};
use crate::scene::{LINES, World};
use crate::{Asked, Target};

const SKUS: i64 = 2_000;
/// A lease that doesn't end within the run.
const FAR: i64 = 99_999_999_999_999;

tallyman::row! {
    /// A line to be confirmed.
    pub struct Line {
        pub task: i64,
        pub person: i64,
        pub allocation: i64,
        pub order: i64,
        pub place: i64,
        pub place_code: String,
        pub sku: i64,
        pub lot: i64,
        pub tote: i64,
        pub tote_code: String,
    }
}

/// A released wave whose tasks are claimed by so many pickers, each task with a tote.
async fn scene(target: &Target, orders: i64, pickers: i64) -> World {
    use Cast::{Int, Text};
    let world = target.open().await;
    world.stock(SKUS).await;
    world.orders(orders, SKUS).await;
    let wave = world.does(CreateWave { choice: Choice::default(), note: String::new() }).await.wave_id;
    assert_eq!(world.does(ReleaseWave { wave }).await.lines, orders * LINES);
    world
        .rows(
            "INSERT INTO person (id, warehouse_id, number, name, created_at) VALUES",
            &[Int, Int, Text, Text, Int],
            (0..pickers).map(|n| args![100 + n, 1_i64, format!("P{n}"), "Picker", 0_i64]),
        )
        .await;
    world
        .rows(
            "INSERT INTO person_role (person_id, role) VALUES",
            &[Int, Text],
            (0..pickers).map(|n| args![100 + n, "picker"]),
        )
        .await;
    world
        .rows(
            "INSERT INTO token (person_id, name, hash, created_at) VALUES",
            &[Int, Text, Text, Int],
            (0..pickers).map(|n| args![100 + n, "bench", hash_of(&secret(n)), 0_i64]),
        )
        .await;
    world
        .rows(
            "INSERT INTO place (id, warehouse_id, kind, code) VALUES",
            &[Int, Int, Text, Text],
            (1..=orders).map(|n| args![10_000_000 + n, 1_i64, "tote", format!("T{n:06}")]),
        )
        .await;
    let claim =
        "UPDATE pick_task SET state = 'claimed', lease_until = 99999999999999, tote_place_id = 10000000 + order_id,
        person_id = 100 + order_id % CAST($1 AS BIGINT)";
    world.run(Sql::both(claim), args![pickers]).await;
    let picking = "UPDATE customer_order SET state = 'picking'";
    world.run(Sql::both(picking), vec![]).await;
    world.counters().await;
    world
}

fn secret(picker: i64) -> String {
    format!("tm_bench_{picker}")
}

async fn lines(world: &World) -> Vec<Line> {
    let text = "SELECT t.id, t.person_id, a.id, a.order_id, a.place_id, p.code, a.sku_id, a.lot_id, t.tote_place_id, tp.code
        FROM pick_task t JOIN allocation a ON a.task_id = t.id JOIN place p ON p.id = a.place_id JOIN place tp ON tp.id = t.tote_place_id
        ORDER BY t.id, a.id";
    world.read(text, vec![]).await
}

fn requests(lines: &[Line], pickers: i64) -> Vec<Vec<Request>> {
    let mut out: Vec<Vec<Request>> = (0..pickers).map(|_| Vec::new()).collect();
    for line in lines {
        let picker = line.person - 100;
        let body = json!({
            "location": line.place_code, "item": format!("690{:010}", line.sku), "quantity": 1, "tote": line.tote_code,
        });
        let path = format!("/api/v1/picking/tasks/{}/lines/{}/confirm", line.task, line.allocation);
        let (bearer, key) = (format!("Bearer {}", secret(picker)), format!("scan-{}", line.allocation));
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
        out[usize::try_from(picker).unwrap()].push(http::request("POST", &path, &headers, body.to_string().as_bytes()));
    }
    out
}

/// What the service writes for the n-th confirmation.
fn job(n: usize, line: &Line) -> Job {
    let key = format!("scan-{}", line.allocation);
    let evidence = format!("scan:{}|690{:010}|{}", line.place_code, line.sku, line.tote_code);
    let data = json!({ "allocation": line.allocation, "quantity": 1, "evidence": evidence }).to_string();
    let event =
        |kind: &str, data: &str| args![1_i64, 0_i64, line.person, kind, "order", line.order, key.as_str(), data];
    let last = n % 3 == 2;
    let mut job: Job = vec![
        (stock::sql::TAKE_RESERVED, args![1_i64, line.place, line.lot, "good", 1_i64]),
        (stock::sql::GIVE, args![1_i64, line.tote, line.sku, line.lot, "good", 1_i64, 1_i64]),
        (
            stock::sql::INSERT_MOVEMENT,
            args![
                1_i64,
                0_i64,
                line.person,
                key.as_str(),
                "pick",
                "",
                evidence.as_str(),
                line.sku,
                line.lot,
                1_i64,
                line.place,
                "good",
                line.tote,
                "good",
                line.order,
                line.allocation
            ],
        ),
        (picking::sql::ADD_PICKED, args![line.allocation, 1_i64]),
        // Clients take lines in any order here, so the open lines aren't counted down one by one.
        (picking::sql::TOUCH_TASK, args![line.task, FAR, 0_i64]),
        (journal::sql::INSERT_EVENT, event("pick.confirmed", &data)),
    ];
    if last {
        job.push((picking::sql::FINISH_TASK, args![line.task]));
        job.push((order::sql::ADVANCE, args![line.order, "picked", ",released,picking,"]));
        job.push((journal::sql::INSERT_EVENT, event("order.picked", "{\"pieces\":3}")));
    }
    let answer = json!({ "picked": 1, "left": 0, "next": { "allocation_id": line.allocation, "place": line.place_code,
        "check_digits": "00", "sku": "SKU000001", "name_en": "Article 1", "name_zh": "", "lot": "L1", "quantity": 1 }, "task_done": false });
    job.push((
        journal::sql::INSERT_OPERATION,
        args![key.as_str(), 1_i64, "picking.confirm", "0".repeat(64), answer.to_string(), line.person, 0_i64],
    ));
    job
}

pub async fn run(kind: &str, asked: &Asked, report: &mut Report) {
    for (clients, orders) in [(1_i64, 1_000_i64), (16, 4_000), (64, 4_000)] {
        let orders = if asked.quick { orders / 4 } else { orders };
        let target = Target::fresh(kind).await;
        let world = scene(&target, orders, clients).await;
        let requests = requests(&lines(&world).await, clients);
        let address = http::serve(world.app.clone()).await;
        forget_peak();
        let service = http::drive(address, requests, None).await;
        let (_, peak) = memory_mb();
        let done: Vec<(i64,)> = world.read("SELECT COUNT(*) FROM allocation WHERE picked = quantity", vec![]).await;
        assert_eq!(done, [(orders * LINES,)]);
        target.drop().await;

        let floor = floor(kind, orders, clients).await;
        report.add(&Figure {
            database: kind,
            work: format!("confirm a scan over HTTP, {clients} clients"),
            unit: "1/s",
            service: service.per_second,
            floor,
            more_is_better: true,
            note: format!("p50 {:.1} ms, p99 {:.1} ms, peak memory {peak} MB", service.p50_ms, service.p99_ms),
            more: json!({ "clients": clients, "p50_ms": service.p50_ms, "p99_ms": service.p99_ms, "peak_mb": peak }),
        });
    }
    paced(kind, asked, report).await;
}

async fn floor(kind: &str, orders: i64, clients: i64) -> f64 {
    let target = Target::fresh(kind).await;
    let world = scene(&target, orders, clients).await;
    let lines = lines(&world).await;
    drop(world);
    // The clients of the service walk their tasks side by side; here the jobs are spread the same way.
    let jobs = lines.iter().enumerate().map(|(n, line)| job(n, line)).collect();
    let floor = bare::transactions(&target, jobs, usize::try_from(clients).unwrap()).await;
    target.drop().await;
    floor
}

async fn paced(kind: &str, asked: &Asked, report: &mut Report) {
    let orders = if asked.quick { 400 } else { 1_000 };
    let target = Target::fresh(kind).await;
    let world = scene(&target, orders, 16).await;
    let mut requests = requests(&lines(&world).await, 16);
    let address = http::serve(world.app.clone()).await;
    http::drive(address, http::first_of_each(&mut requests, 15), None).await;
    let paced = http::drive(address, requests, Some(200.0)).await;
    target.drop().await;
    report.add(&Figure {
        database: kind,
        work: "p99 of a confirm at 200 a second".to_owned(),
        unit: "ms",
        service: paced.p99_ms,
        floor: 30.0,
        more_is_better: false,
        note: format!("p50 {:.1} ms; the floor here is the 30 ms asked for", paced.p50_ms),
        more: json!({ "p50_ms": paced.p50_ms, "p99_ms": paced.p99_ms }),
    });
}
