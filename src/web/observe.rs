//! What is written down of every request: its id, route, status, how long it took, and who asked. Never what was sent or
//! answered.

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::kernel::actor::Actor;
use crate::kernel::clock::Stopwatch;

/// Longest request id of a client's own that is written down.
const LONGEST_ID: usize = 100;

/// Logs and measures a request.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let method = method(request.method());
    let id = request.headers().get("x-request-id").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let id: String = id.chars().take(LONGEST_ID).collect();
    let span = tracing::info_span!("request", id, method, route, person = Empty);
    let response = next.run(request).instrument(span.clone()).await;
    let took = watch.elapsed();
    let status = response.status().as_u16();
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| match route.as_str() {
        "/healthz" | "/readyz" | "/metrics" => tracing::debug!(status, duration_ms, "request"),
        _ => tracing::info!(status, duration_ms, "request"),
    });
    metrics::counter!("tallyman_http_requests_total", "method" => method, "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!("tallyman_http_request_seconds", "method" => method, "route" => route)
        .record(took.as_secs_f64());
    response
}

/// Adds to the log of the running request who asks.
pub(super) fn person(actor: &Actor) {
    tracing::Span::current().record("person", actor.number.as_str());
}

/// A method's name; one name for all that nobody knows, so that nobody makes figures without end.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
