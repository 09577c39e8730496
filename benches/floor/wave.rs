//! Releasing waves of 1,000, 10,000 and 100,000 orders of three lines over 100,000 cells.

use serde_json::json;
use tallyman::wave::ops::{Choice, CreateWave, ReleaseWave};

use crate::report::{Figure, Report, forget_peak, memory_mb};
use crate::{Asked, Target, bare, micros};

/// SKUs of the scene: five cells each.
const SKUS: i64 = 20_000;

pub async fn run(kind: &str, asked: &Asked, report: &mut Report) {
    let sizes: &[i64] = if asked.quick { &[1_000, 10_000] } else { &[1_000, 10_000, 100_000] };
    let mut times = Vec::new();
    for &orders in sizes {
        let target = Target::fresh(kind).await;
        let world = target.open().await;
        world.stock(SKUS).await;
        world.orders(orders, SKUS).await;
        forget_peak();
        let start = micros();
        let wave = world.does(CreateWave { choice: Choice::default(), note: String::new() }).await.wave_id;
        let created = micros();
        let released = world.does(ReleaseWave { wave }).await;
        let end = micros();
        let (_, peak) = memory_mb();
        assert_eq!((released.orders, released.lines), (orders, orders * 3), "a wave of {orders}");
        let service = (end - created) as f64 / 1000.0;
        times.push((orders as f64, service));
        drop(world);
        target.drop().await;

        let target = Target::fresh(kind).await;
        let world = target.open().await;
        world.stock(SKUS).await;
        world.orders(orders, SKUS).await;
        drop(world);
        let floor = bare::wave(&target, orders).await;
        target.drop().await;
        report.add(&Figure {
            database: kind,
            work: format!("release a wave of {orders} orders"),
            unit: "ms",
            service,
            floor,
            more_is_better: false,
            note: format!("choosing the orders {:.0} ms; peak memory {peak} MB", (created - start) as f64 / 1000.0),
            more: json!({ "orders": orders, "peak_mb": peak, "create_ms": (created - start) as f64 / 1000.0 }),
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
