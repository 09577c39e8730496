//! Waves: chosen, released, thinned out, closed.

use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::kernel::ids::{OrderId, WaveId};
use crate::wave::WaveState;
use crate::wave::ops::{
    CancelWave, CloseWave, CreateWave, ReleaseWave, TakeOut, TakenOut, WaveCancelled, WaveClosed, WaveCreated,
    WaveReleased,
};
use crate::wave::query::{self, Member, WaveSummary, WaveView};
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of waves.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_waves, create))
        .routes(routes!(one_wave))
        .routes(routes!(members))
        .routes(routes!(release))
        .routes(routes!(take_out))
        .routes(routes!(close))
        .routes(routes!(cancel))
}

/// Which waves a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WavesQuery {
    /// In this state.
    pub state: Option<WaveState>,
    /// Older than this wave.
    pub before: Option<WaveId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Waves, the newest first.
#[utoipa::path(get, path = "/waves", tag = "waves", params(WavesQuery),
    responses((status = 200, body = Vec<WaveSummary>), (status = 400, body = Problem), (status = 401, body = Problem)))]
async fn list_waves(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<WavesQuery>,
) -> Result<Json<Vec<WaveSummary>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    let WavesQuery { state, before, limit } = asked;
    let limit = limit.unwrap_or(100);
    Ok(Json(app.db.read(|tx| Box::pin(query::list(tx, warehouse, state, before, limit))).await?))
}

/// Make a wave of promised orders: of those that fit the choice, or of exactly those that are named.
#[utoipa::path(post, path = "/waves", tag = "waves", request_body = CreateWave,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = WaveCreated), (status = 403, body = Problem), (status = 409, body = Problem)))]
async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<CreateWave>,
) -> Result<Json<WaveCreated>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// A wave with its progress.
#[utoipa::path(get, path = "/waves/{wave}", tag = "waves", params(("wave" = i64, Path)),
    responses((status = 200, body = WaveView), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn one_wave(
    State(app): State<App>,
    viewer: Viewer,
    Path(wave): Path<WaveId>,
) -> Result<Json<WaveView>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    Ok(Json(app.db.read(|tx| Box::pin(query::wave_view(tx, warehouse, wave))).await?))
}

/// Which orders of a wave a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MembersQuery {
    /// Behind this order.
    pub after: Option<OrderId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// The orders of a wave.
#[utoipa::path(get, path = "/waves/{wave}/orders", tag = "waves", params(("wave" = i64, Path), MembersQuery),
    responses((status = 200, body = Vec<Member>), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn members(
    State(app): State<App>,
    viewer: Viewer,
    Path(wave): Path<WaveId>,
    Query(asked): Query<MembersQuery>,
) -> Result<Json<Vec<Member>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    let (after, limit) = (asked.after.unwrap_or(OrderId(0)), asked.limit.unwrap_or(100));
    let read = app.db.read(|tx| {
        Box::pin(async move {
            query::wave_view(tx, warehouse, wave).await?;
            query::members(tx, wave, after, limit).await
        })
    });
    Ok(Json(read.await?))
}

/// Release a wave: its orders get their cells, and their pick tasks come to the floor.
#[utoipa::path(post, path = "/waves/{wave}/release", tag = "waves",
    params(("wave" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = WaveReleased), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn release(
    State(app): State<App>,
    caller: Caller,
    Path(wave): Path<WaveId>,
) -> Result<Json<WaveReleased>, WebError> {
    Ok(Json(app.operate(caller.context, ReleaseWave { wave }).await?))
}

/// An order that is to leave its wave.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Leaving {
    /// Which order.
    pub order: OrderId,
    /// Why.
    pub reason: String,
}

/// Take an order out of a wave, without touching the rest.
#[utoipa::path(post, path = "/waves/{wave}/take-out", tag = "waves", request_body = Leaving,
    params(("wave" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = TakenOut), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn take_out(
    State(app): State<App>,
    caller: Caller,
    Path(wave): Path<WaveId>,
    Json(Leaving { order, reason }): Json<Leaving>,
) -> Result<Json<TakenOut>, WebError> {
    Ok(Json(app.operate(caller.context, TakeOut { wave, order, reason }).await?))
}

/// Close a wave whose every piece is accounted for.
#[utoipa::path(post, path = "/waves/{wave}/close", tag = "waves",
    params(("wave" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = WaveClosed), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn close(State(app): State<App>, caller: Caller, Path(wave): Path<WaveId>) -> Result<Json<WaveClosed>, WebError> {
    Ok(Json(app.operate(caller.context, CloseWave { wave }).await?))
}

/// Give a wave up before its release; its orders stay promised.
#[utoipa::path(post, path = "/waves/{wave}/cancel", tag = "waves",
    params(("wave" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = WaveCancelled), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(wave): Path<WaveId>,
) -> Result<Json<WaveCancelled>, WebError> {
    Ok(Json(app.operate(caller.context, CancelWave { wave }).await?))
}
