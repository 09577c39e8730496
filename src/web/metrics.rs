//! Figures for Prometheus: what the program counts by itself, and how the warehouse stands when somebody asks.

use std::sync::OnceLock;
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::WebError;
use crate::app::App;
use crate::kernel::ids::WarehouseId;
use crate::report::{Standing, standing};

/// Upper ends of the buckets of durations, in seconds.
const SECONDS: [f64; 13] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0];
/// Upper ends of the buckets of the writer's groups, in commands.
const COMMANDS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
/// How often what was measured is added up where nobody asks for it.
const UPKEEP: Duration = Duration::from_secs(5);

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts counting, once for the whole process; gives the way to the figures.
pub fn start() -> &'static PrometheusHandle {
    HANDLE.get_or_init(|| {
        let buckets = |builder: PrometheusBuilder, suffix: &str, ends: &[f64]| {
            builder.set_buckets_for_metric(Matcher::Suffix(suffix.to_owned()), ends)
        };
        let builder = buckets(PrometheusBuilder::new(), "_seconds", &SECONDS)
            .and_then(|builder| buckets(builder, "_commands", &COMMANDS))
            .unwrap_or_default();
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("figures are counted by somebody else in this process");
        }
        let upkeep = handle.clone();
        let thread = std::thread::Builder::new().name("metrics".to_owned()).spawn(move || {
            loop {
                std::thread::sleep(UPKEEP);
                upkeep.run_upkeep();
            }
        });
        if let Err(error) = thread {
            tracing::warn!(%error, "figures are added up only when somebody asks for them");
        }
        handle
    })
}

/// All figures, in Prometheus' text form.
pub(super) async fn show(State(app): State<App>) -> Result<Response, WebError> {
    let now = app.clock.now();
    let standing = app.db.read(|tx| Box::pin(standing(tx, WarehouseId(1), now))).await?;
    set(&standing);
    let text = start().render();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; counts stay far below 2^53")]
fn gauge(count: i64) -> f64 {
    count as f64
}

fn set(standing: &Standing) {
    for (state, count) in &standing.orders {
        metrics::gauge!("tallyman_orders", "state" => state.code()).set(gauge(*count));
    }
    for (state, count) in &standing.waves {
        metrics::gauge!("tallyman_waves", "state" => state.code()).set(gauge(*count));
    }
    for (state, count) in &standing.print_jobs {
        metrics::gauge!("tallyman_print_jobs", "state" => state.code()).set(gauge(*count));
    }
    metrics::gauge!("tallyman_orders_at_risk").set(gauge(standing.at_risk));
    metrics::gauge!("tallyman_pick_tasks_open").set(gauge(standing.pick_tasks));
    metrics::gauge!("tallyman_inbox", "state" => "waiting").set(gauge(standing.inbox_waiting));
    metrics::gauge!("tallyman_inbox", "state" => "dead").set(gauge(standing.inbox_dead));
    metrics::gauge!("tallyman_outbox", "state" => "pending").set(gauge(standing.outbox_pending));
    metrics::gauge!("tallyman_outbox", "state" => "dead").set(gauge(standing.outbox_dead));
    metrics::gauge!("tallyman_printers_at_fault").set(gauge(i64::try_from(standing.faults.len()).unwrap_or(i64::MAX)));
}
