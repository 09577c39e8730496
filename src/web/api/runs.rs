//! Runs: walks over one order, or over all orders on a cart. Lines are confirmed, short, skipped and undone as those of tasks.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::db::Done;
use crate::kernel::actor::Right;
use crate::kernel::ids::{RunId, WaveId};
use crate::picking::PickError;
use crate::picking::run::{
    self, BeginWalk, FinishRun, GiveBackRun, LoadTote, RunStarted, RunView, StartRun, ToteLoaded,
};
use crate::web::{Caller, Json, Path, Problem, Viewer, WebError};

/// The routes of runs.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(start, show))
        .routes(routes!(load))
        .routes(routes!(walk))
        .routes(routes!(drop_totes))
        .routes(routes!(give_back))
}

/// Begin a run, with a cart or for one order; who has one gets it again.
#[utoipa::path(post, path = "/picking/runs", tag = "picking", request_body = StartRun,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = RunStarted), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn start(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<StartRun>,
) -> Result<Json<RunStarted>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// One's own run: its positions and its lines in walking order.
#[utoipa::path(get, path = "/picking/runs", tag = "picking",
    responses((status = 200, body = RunView), (status = 403, body = Problem), (status = 409, body = Problem)))]
async fn show(State(app): State<App>, viewer: Viewer) -> Result<Json<RunView>, WebError> {
    viewer.require(Right::Pick)?;
    let (warehouse, person) = (viewer.warehouse, viewer.actor.person);
    let read = app.db.read(|tx| {
        Box::pin(async move {
            let run = run::live(tx, warehouse, person).await?.ok_or(PickError::NoRun {})?;
            Ok::<_, PickError>(run::view(tx, run, person).await?)
        })
    });
    Ok(Json(read.await?))
}

/// A tote for the next position.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NextTote {
    /// The tote, scanned.
    pub tote: String,
    /// Only orders of this wave.
    #[serde(default)]
    pub wave: Option<WaveId>,
}

/// Put an empty tote on the next position; the service gives it an order.
#[utoipa::path(post, path = "/picking/runs/{run}/totes", tag = "picking", request_body = NextTote,
    params(("run" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ToteLoaded), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn load(
    State(app): State<App>,
    caller: Caller,
    Path(run): Path<RunId>,
    Json(NextTote { tote, wave }): Json<NextTote>,
) -> Result<Json<ToteLoaded>, WebError> {
    Ok(Json(app.operate(caller.context, LoadTote { run, tote, wave }).await?))
}

/// Start walking with the totes that are on the cart.
#[utoipa::path(post, path = "/picking/runs/{run}/walk", tag = "picking",
    params(("run" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Done), (status = 403, body = Problem), (status = 409, body = Problem)))]
async fn walk(State(app): State<App>, caller: Caller, Path(run): Path<RunId>) -> Result<Json<Done>, WebError> {
    Ok(Json(app.operate(caller.context, BeginWalk { run }).await?))
}

/// Where totes were put down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutDown {
    /// A place or a station, scanned.
    pub at: String,
}

/// Put the totes down: the run is over.
#[utoipa::path(post, path = "/picking/runs/{run}/drop", tag = "picking", request_body = PutDown,
    params(("run" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Done), (status = 403, body = Problem), (status = 409, body = Problem)))]
async fn drop_totes(
    State(app): State<App>,
    caller: Caller,
    Path(run): Path<RunId>,
    Json(PutDown { at }): Json<PutDown>,
) -> Result<Json<Done>, WebError> {
    Ok(Json(app.operate(caller.context, FinishRun { run, at }).await?))
}

/// Give a run back: its tasks go to others, its totes stay with them.
#[utoipa::path(post, path = "/picking/runs/{run}/give-back", tag = "picking",
    params(("run" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Done), (status = 403, body = Problem), (status = 409, body = Problem)))]
async fn give_back(State(app): State<App>, caller: Caller, Path(run): Path<RunId>) -> Result<Json<Done>, WebError> {
    Ok(Json(app.operate(caller.context, GiveBackRun { run }).await?))
}
