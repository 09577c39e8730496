//! Counting on the floor: a place, what lies there, done. No answer here says what the book has of a blind count.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::counting::claim::{ClaimCount, CountClaimed, ReleaseCount};
use crate::counting::finish::{CountFinished, FinishCount, HowToFinish};
use crate::counting::query::{self, MyCount, TaskView};
use crate::counting::raise::{CheckEmpty, CountRequested, RequestCount, SweepCounts, Swept};
use crate::counting::record::{CountRecorded, CountScan, RecordCount};
use crate::db::Done;
use crate::kernel::actor::Right;
use crate::kernel::ids::CountTaskId;
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of counting on the floor.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_waiting))
        .routes(routes!(my_count))
        .routes(routes!(claim))
        .routes(routes!(record))
        .routes(routes!(finish))
        .routes(routes!(release))
        .routes(routes!(request_count))
        .routes(routes!(check_empty))
        .routes(routes!(sweep))
}

/// How many rows a list has.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Rows {
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// The places that I could count now, along the walk.
#[utoipa::path(get, path = "/counting/waiting", tag = "counting", params(Rows),
    responses((status = 200, body = Vec<TaskView>), (status = 400, body = Problem), (status = 403, body = Problem)))]
async fn list_waiting(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Rows>,
) -> Result<Json<Vec<TaskView>>, WebError> {
    viewer.require(Right::Count)?;
    let (warehouse, person, now) = (viewer.warehouse, viewer.actor.person, app.clock.now());
    let limit = asked.limit.unwrap_or(100);
    let read = app.db.read(|tx| Box::pin(query::waiting(tx, warehouse, person, now, limit)));
    Ok(Json(read.await?))
}

/// The place that I count: what is to be counted there, and what I have counted.
#[utoipa::path(get, path = "/counting/mine", tag = "counting",
    responses((status = 200, body = MyCount), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn my_count(State(app): State<App>, viewer: Viewer) -> Result<Json<MyCount>, WebError> {
    viewer.require(Right::Count)?;
    let (warehouse, person, now) = (viewer.warehouse, viewer.actor.person, app.clock.now());
    let read = app.db.read(|tx| Box::pin(query::mine(tx, warehouse, person, now)));
    Ok(Json(read.await?))
}

/// Take a place to count: my own again, the scanned one, or the next on the walk.
#[utoipa::path(post, path = "/counting/claim", tag = "counting", request_body = ClaimCount,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = CountClaimed), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn claim(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<ClaimCount>,
) -> Result<Json<CountClaimed>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Count an item: each scan adds what its barcode stands for, or `pieces` says how many there are. Unknown codes are noted.
#[utoipa::path(post, path = "/counting/tasks/{task}/scans", tag = "counting", request_body = CountScan,
    params(("task" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = CountRecorded), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn record(
    State(app): State<App>,
    caller: Caller,
    Path(task): Path<CountTaskId>,
    Json(scan): Json<CountScan>,
) -> Result<Json<CountRecorded>, WebError> {
    Ok(Json(app.operate(caller.context, RecordCount { task, scan }).await?))
}

/// The place is counted. What the book has and nobody counted is asked for, unless there is nothing else.
#[utoipa::path(post, path = "/counting/tasks/{task}/finish", tag = "counting", request_body = HowToFinish,
    params(("task" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = CountFinished), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn finish(
    State(app): State<App>,
    caller: Caller,
    Path(task): Path<CountTaskId>,
    Json(how): Json<HowToFinish>,
) -> Result<Json<CountFinished>, WebError> {
    Ok(Json(app.operate(caller.context, FinishCount { task, how }).await?))
}

/// Give a place back; another begins it anew.
#[utoipa::path(post, path = "/counting/tasks/{task}/release", tag = "counting",
    params(("task" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Done), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn release(
    State(app): State<App>,
    caller: Caller,
    Path(task): Path<CountTaskId>,
) -> Result<Json<Done>, WebError> {
    Ok(Json(app.operate(caller.context, ReleaseCount { task }).await?))
}

/// Count this: somebody counts the place soon, or only the item there.
#[utoipa::path(post, path = "/counting/requests", tag = "counting", request_body = RequestCount,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = CountRequested), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn request_count(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<RequestCount>,
) -> Result<Json<CountRequested>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Is it empty? Where the book says something else, somebody else counts the place.
#[utoipa::path(post, path = "/counting/empty", tag = "counting", request_body = CheckEmpty,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Done), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn check_empty(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<CheckEmpty>,
) -> Result<Json<Done>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Have places counted that picks have emptied, or come to after a long rest, as the rules say. The service does it by itself
/// every minute.
#[utoipa::path(post, path = "/counting/sweep", tag = "counting",
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Swept), (status = 403, body = Problem)))]
async fn sweep(State(app): State<App>, caller: Caller) -> Result<Json<Swept>, WebError> {
    Ok(Json(app.operate(caller.context, SweepCounts {}).await?))
}
