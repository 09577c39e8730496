//! The pools of waybill numbers.

use axum::extract::{DefaultBodyLimit, State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::kernel::ids::WaybillId;
use crate::packing::model::WaybillState;
use crate::packing::pool::{ImportWaybills, RecycleWaybill, VoidWaybill, WaybillsImported};
use crate::packing::query::{self, PoolView, WaybillFilter, WaybillView};
use crate::packing::reopen::NumberBack;
use crate::web::{Caller, Json, Problem, Query, Viewer, WebError};

/// Largest import: 100,000 numbers of 40 characters, in bytes.
const LARGEST_IMPORT: usize = 5 * 1024 * 1024;

/// The routes of waybill numbers.
pub fn routes() -> OpenApiRouter<App> {
    let import = OpenApiRouter::new().routes(routes!(import)).layer(DefaultBodyLimit::max(LARGEST_IMPORT));
    OpenApiRouter::new()
        .merge(import)
        .routes(routes!(list_waybills))
        .routes(routes!(list_pools))
        .routes(routes!(recycle))
        .routes(routes!(void))
}

/// Which numbers a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WaybillsQuery {
    /// Of the carrier with this code.
    pub carrier: Option<String>,
    /// In this state.
    pub state: Option<WaybillState>,
    /// This one.
    pub number: Option<String>,
    /// Behind this one.
    pub after: Option<WaybillId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Waybill numbers in the order in which they are given out.
#[utoipa::path(get, path = "/waybills", tag = "waybills", params(WaybillsQuery),
    responses((status = 200, body = Vec<WaybillView>), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
async fn list_waybills(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<WaybillsQuery>,
) -> Result<Json<Vec<WaybillView>>, WebError> {
    viewer.require(Right::Read)?;
    let WaybillsQuery { carrier, state, number, after, limit } = asked;
    let filter = WaybillFilter { carrier, state, number, after, limit: limit.unwrap_or(100) };
    Ok(Json(app.db.read(|tx| Box::pin(async move { query::waybills(tx, &filter).await })).await?))
}

/// The pool of each carrier: how many numbers are free, and whether it is low.
#[utoipa::path(get, path = "/waybills/pools", tag = "waybills",
    responses((status = 200, body = Vec<PoolView>), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn list_pools(State(app): State<App>, viewer: Viewer) -> Result<Json<Vec<PoolView>>, WebError> {
    viewer.require(Right::Read)?;
    Ok(Json(app.db.read(|tx| Box::pin(query::pools(tx))).await?))
}

/// Bring a range or a list of numbers into a carrier's pool: all of them, or none.
#[utoipa::path(post, path = "/waybills/import", tag = "waybills", request_body = ImportWaybills,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = WaybillsImported), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn import(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<ImportWaybills>,
) -> Result<Json<WaybillsImported>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Put a number back into the pool; only where certainly no label with it is on paper.
#[utoipa::path(post, path = "/waybills/recycle", tag = "waybills", request_body = RecycleWaybill,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = NumberBack), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn recycle(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<RecycleWaybill>,
) -> Result<Json<NumberBack>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Make sure that a number is never used again.
#[utoipa::path(post, path = "/waybills/void", tag = "waybills", request_body = VoidWaybill,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = NumberBack), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn void(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<VoidWaybill>,
) -> Result<Json<NumberBack>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}
