//! Whether the program is alive, and whether it can do its work.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::WebError;
use crate::app::App;
use crate::report;

/// Alive: the program answers.
pub(super) async fn alive() -> Response {
    Json(json!({ "status": "alive" })).into_response()
}

/// Ready: the database answers with all its tables, and no worker has ended.
pub(super) async fn ready(State(app): State<App>) -> Response {
    let database = app.db.read(|tx| Box::pin(report::answers(tx))).await;
    if let Err(error) = &database {
        tracing::warn!(%error, "not ready: the database doesn't answer");
    }
    let ended = app.workers.ended();
    if database.is_ok() && ended.is_empty() {
        return Json(json!({ "status": "ready" })).into_response();
    }
    let answers = if database.is_ok() { "answers" } else { "does not answer" };
    let facts = vec![("database", answers.to_owned()), ("workers", ended.join(", "))];
    WebError::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", facts).into_response()
}
