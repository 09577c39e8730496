//! Releasing waves of 1,000, 10,000 and 100,000 orders of three lines over 100,000 cells.

use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::json;
use tallyman::wave::ops::{Choice, CreateWave, ReleaseWave};

use crate::report::{Figure, Report, memory_mb};
use crate::{Asked, Target, bare, micros};

/// SKUs of the scene: five cells each.
const SKUS: i64 = 20_000;

/// What one process says of the wave that it released.
#[derive(Serialize, Deserialize)]
struct Done {
    orders: i64,
    lines: i64,
    create_ms: f64,
    release_ms: f64,
    peak_mb: u64,
}

async fn scene(kind: &str, orders: i64) -> Target {
    let target = Target::fresh(kind).await;
    let world = target.open().await;
    world.stock(SKUS).await;
    world.orders(orders, SKUS).await;
    world.close().await;
    target
}

/// The memory of making the scene is not the service's: so another process, which has made none, releases the wave.
fn in_a_process_of_its_own(target: &Target) -> Done {
    let this = std::env::current_exe().unwrap();
    let out =
        Command::new(this).args(["--release", target.kind, &target.url]).stderr(Stdio::inherit()).output().unwrap();
    serde_json::from_slice(&out.stdout).unwrap()
}

/// What that other process does.
pub async fn release(kind: &'static str, url: &str) {
    let world = Target::of(kind, url).open().await;
    let start = micros();
    let wave = world.does(CreateWave { choice: Choice::default(), note: String::new() }).await.wave_id;
    let created = micros();
    let released = world.does(ReleaseWave { wave }).await;
    let end = micros();
    let done = Done {
        orders: released.orders,
        lines: released.lines,
        create_ms: (created - start) as f64 / 1000.0,
        release_ms: (end - created) as f64 / 1000.0,
        peak_mb: memory_mb().1,
    };
    println!("{}", serde_json::to_string(&done).unwrap());
    world.close().await;
}

pub async fn run(kind: &str, asked: &Asked, report: &mut Report) {
    let sizes: &[i64] = if asked.quick { &[1_000, 10_000] } else { &[1_000, 10_000, 100_000] };
    let mut times = Vec::new();
    for &orders in sizes {
        let target = scene(kind, orders).await;
        let done = in_a_process_of_its_own(&target);
        assert_eq!((done.orders, done.lines), (orders, orders * 3), "a wave of {orders}");
        let service = done.release_ms;
        times.push((orders as f64, service));
        target.drop().await;

        let target = scene(kind, orders).await;
        let floor = bare::wave(&target, orders).await;
        target.drop().await;
        report.add(&Figure {
            database: kind,
            work: format!("release a wave of {orders} orders"),
            unit: "ms",
            service,
            floor,
            more_is_better: false,
            note: format!("choosing the orders {:.0} ms; peak memory {} MB", done.create_ms, done.peak_mb),
            more: json!({ "orders": orders, "peak_mb": done.peak_mb, "create_ms": done.create_ms }),
        });
    }
    if let (Some((n1, t1)), Some((n2, t2))) = (times.first(), times.last()) {
        let exponent = (t2 / t1).ln() / (n2 / n1).ln();
        report.add(&Figure {
            database: kind,
            work: format!("growth from {n1:.0} to {n2:.0} orders"),
            unit: "exp",
            service: exponent,
            floor: 1.0,
            more_is_better: false,
            note: format!("time grows as orders^{exponent:.2}"),
            more: json!({ "exponent": exponent }),
        });
    }
}
