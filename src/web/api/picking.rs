//! Picking as a person's device does it: a task, a tote, scan after scan.

use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::db::Done;
use crate::kernel::actor::Right;
use crate::kernel::ids::{AllocationId, PickTaskId, WaveId};
use crate::picking::confirm::{ConfirmPick, PickConfirmed, PickProof};
use crate::picking::model::ShortReason;
use crate::picking::putback::{PutBack, PutBackDone};
use crate::picking::query::{self, TaskSummary, ToteContent};
use crate::picking::short::{LineChanged, ReportShort, SkipLine, Substitute};
use crate::picking::task::{ClaimTask, ReleaseTask, TakeTote, TaskClaimed, ToteTaken};
use crate::picking::undo::UndoPick;
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of picking.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(claim))
        .routes(routes!(take_tote))
        .routes(routes!(release))
        .routes(routes!(confirm))
        .routes(routes!(short))
        .routes(routes!(skip))
        .routes(routes!(substitute))
        .routes(routes!(undo))
        .routes(routes!(put_back))
        .routes(routes!(list_tasks))
        .routes(routes!(tote_content))
}

/// Which task is asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Claim {
    /// Only of this wave.
    pub wave: Option<WaveId>,
}

/// Ask for the next task along the walk. Who has one already gets that again.
#[utoipa::path(post, path = "/picking/claim", tag = "picking", request_body = Claim,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = TaskClaimed), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn claim(
    State(app): State<App>,
    caller: Caller,
    Json(Claim { wave }): Json<Claim>,
) -> Result<Json<TaskClaimed>, WebError> {
    Ok(Json(app.operate(caller.context, ClaimTask { wave }).await?))
}

/// A scanned tote.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToteScan {
    /// The tote, scanned.
    pub tote: String,
}

/// Take an empty tote for a task; or the next, where the first is full: what lies in the first stays in it.
#[utoipa::path(post, path = "/picking/tasks/{task}/tote", tag = "picking", request_body = ToteScan,
    params(("task" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ToteTaken), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn take_tote(
    State(app): State<App>,
    caller: Caller,
    Path(task): Path<PickTaskId>,
    Json(ToteScan { tote }): Json<ToteScan>,
) -> Result<Json<ToteTaken>, WebError> {
    Ok(Json(app.operate(caller.context, TakeTote { task, tote }).await?))
}

/// Give a task back, for somebody else; its tote stays with it.
#[utoipa::path(post, path = "/picking/tasks/{task}/release", tag = "picking",
    params(("task" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Done), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn release(State(app): State<App>, caller: Caller, Path(task): Path<PickTaskId>) -> Result<Json<Done>, WebError> {
    Ok(Json(app.operate(caller.context, ReleaseTask { task }).await?))
}

/// Confirm that pieces of a line lie in the tote. Each thing that is wrong has its own code and sentence.
#[utoipa::path(post, path = "/picking/tasks/{task}/lines/{line}/confirm", tag = "picking", request_body = PickProof,
    params(("task" = i64, Path), ("line" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PickConfirmed), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn confirm(
    State(app): State<App>,
    caller: Caller,
    Path((task, allocation)): Path<(PickTaskId, AllocationId)>,
    Json(proof): Json<PickProof>,
) -> Result<Json<PickConfirmed>, WebError> {
    Ok(Json(app.operate(caller.context, ConfirmPick { task, allocation, proof }).await?))
}

/// Pieces that can't be picked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Short {
    /// How many.
    pub missing: i64,
    /// Why.
    pub reason: ShortReason,
}

/// Report that pieces of a line aren't there, or are damaged: found elsewhere where that is possible, else backordered.
#[utoipa::path(post, path = "/picking/tasks/{task}/lines/{line}/short", tag = "picking", request_body = Short,
    params(("task" = i64, Path), ("line" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = LineChanged), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn short(
    State(app): State<App>,
    caller: Caller,
    Path((task, allocation)): Path<(PickTaskId, AllocationId)>,
    Json(Short { missing, reason }): Json<Short>,
) -> Result<Json<LineChanged>, WebError> {
    Ok(Json(app.operate(caller.context, ReportShort { task, allocation, missing, reason }).await?))
}

/// Leave a line for the end of the task.
#[utoipa::path(post, path = "/picking/tasks/{task}/lines/{line}/skip", tag = "picking",
    params(("task" = i64, Path), ("line" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = LineChanged), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn skip(
    State(app): State<App>,
    caller: Caller,
    Path((task, allocation)): Path<(PickTaskId, AllocationId)>,
) -> Result<Json<LineChanged>, WebError> {
    Ok(Json(app.operate(caller.context, SkipLine { task, allocation }).await?))
}

/// Another place, or another lot.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Instead {
    /// The other place, scanned.
    pub location: String,
    /// The lot there; the oldest, where not given.
    #[serde(default)]
    pub lot: Option<String>,
    /// Why.
    pub reason: String,
}

/// Take the rest of a line from another place or lot.
#[utoipa::path(post, path = "/picking/tasks/{task}/lines/{line}/substitute", tag = "picking", request_body = Instead,
    params(("task" = i64, Path), ("line" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = LineChanged), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn substitute(
    State(app): State<App>,
    caller: Caller,
    Path((task, allocation)): Path<(PickTaskId, AllocationId)>,
    Json(Instead { location, lot, reason }): Json<Instead>,
) -> Result<Json<LineChanged>, WebError> {
    Ok(Json(app.operate(caller.context, Substitute { task, allocation, location, lot, reason }).await?))
}

/// Pieces to be put back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// How many.
    pub quantity: i64,
}

/// Put picked pieces of a line back to their place; the line is open again.
#[utoipa::path(post, path = "/picking/tasks/{task}/lines/{line}/undo", tag = "picking", request_body = Undo,
    params(("task" = i64, Path), ("line" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = LineChanged), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn undo(
    State(app): State<App>,
    caller: Caller,
    Path((task, allocation)): Path<(PickTaskId, AllocationId)>,
    Json(Undo { quantity }): Json<Undo>,
) -> Result<Json<LineChanged>, WebError> {
    Ok(Json(app.operate(caller.context, UndoPick { task, allocation, quantity }).await?))
}

/// Put pieces of a cancelled order from their tote back on the shelf.
#[utoipa::path(post, path = "/picking/put-back", tag = "picking", request_body = PutBack,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PutBackDone), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn put_back(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<PutBack>,
) -> Result<Json<PutBackDone>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Which tasks a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TasksQuery {
    /// Behind this task.
    pub after: Option<PickTaskId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// The tasks of a wave.
#[utoipa::path(get, path = "/waves/{wave}/tasks", tag = "picking", params(("wave" = i64, Path), TasksQuery),
    responses((status = 200, body = Vec<TaskSummary>), (status = 400, body = Problem), (status = 401, body = Problem)))]
async fn list_tasks(
    State(app): State<App>,
    viewer: Viewer,
    Path(wave): Path<WaveId>,
    Query(asked): Query<TasksQuery>,
) -> Result<Json<Vec<TaskSummary>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    let (after, limit) = (asked.after.unwrap_or(PickTaskId(0)), asked.limit.unwrap_or(100));
    Ok(Json(app.db.read(|tx| Box::pin(query::tasks(tx, warehouse, wave, after, limit))).await?))
}

/// What is in a tote.
#[utoipa::path(get, path = "/totes/{tote}", tag = "picking", params(("tote" = String, Path)),
    responses((status = 200, body = Vec<ToteContent>), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn tote_content(
    State(app): State<App>,
    viewer: Viewer,
    Path(tote): Path<String>,
) -> Result<Json<Vec<ToteContent>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    Ok(Json(app.db.read(|tx| Box::pin(async move { query::tote(tx, warehouse, &tote).await })).await?))
}
