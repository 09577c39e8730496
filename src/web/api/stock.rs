//! Stock: what lies where, and changing it by hand.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::kernel::ids::CellId;
use crate::stock::ops::{AdjustStock, ChangeStatus, MoveStock, ReceiveStock, SetLotStatus, StockMoved, StockReceived};
use crate::stock::query::{self, CellView, Part};
use crate::stock::verify::{Report, verify};
use crate::web::{Caller, Json, Problem, Query, Viewer, WebError};

/// The routes of stock.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(cells))
        .routes(routes!(receive))
        .routes(routes!(move_stock))
        .routes(routes!(adjust))
        .routes(routes!(change_status))
        .routes(routes!(lot_status))
        .routes(routes!(verify_all))
}

/// Which stock a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StockQuery {
    /// Of this SKU: its code, or any of its barcodes.
    pub sku: Option<String>,
    /// At this place: its code.
    pub place: Option<String>,
    /// Behind this cell.
    pub after: Option<CellId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Stock cells: SKU, lot and status at a place.
#[utoipa::path(get, path = "/stock", tag = "stock", params(StockQuery),
    responses((status = 200, body = Vec<CellView>), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
async fn cells(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<StockQuery>,
) -> Result<Json<Vec<CellView>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    let StockQuery { sku, place, after, limit } = asked;
    let page = (after.map_or(0, |cell| cell.0), limit.unwrap_or(100));
    let read = app.db.read(|tx| {
        Box::pin(async move {
            let part = Part::find(tx, warehouse, (sku.as_deref(), place.as_deref()), page).await?;
            query::cells(tx, warehouse, part).await
        })
    });
    Ok(Json(read.await?))
}

/// Bring stock in: receipts, or an opening balance; all or none.
#[utoipa::path(post, path = "/stock/receive", tag = "stock", request_body = ReceiveStock,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = StockReceived), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn receive(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<ReceiveStock>,
) -> Result<Json<StockReceived>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Move free stock from one location to another.
#[utoipa::path(post, path = "/stock/move", tag = "stock", request_body = MoveStock,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = StockMoved), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn move_stock(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<MoveStock>,
) -> Result<Json<StockMoved>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Correct what is on hand, with a reason.
#[utoipa::path(post, path = "/stock/adjust", tag = "stock", request_body = AdjustStock,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = StockMoved), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn adjust(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<AdjustStock>,
) -> Result<Json<StockMoved>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Change what free stock may be used for.
#[utoipa::path(post, path = "/stock/status", tag = "stock", request_body = ChangeStatus,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = StockMoved), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change_status(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<ChangeStatus>,
) -> Result<Json<StockMoved>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Freeze, quarantine or free a whole lot, wherever it lies.
#[utoipa::path(post, path = "/stock/lot-status", tag = "stock", request_body = SetLotStatus,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = StockMoved), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn lot_status(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<SetLotStatus>,
) -> Result<Json<StockMoved>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Rebuild every balance from the ledger and compare; no findings where all agrees.
#[utoipa::path(get, path = "/verify", tag = "stock",
    responses((status = 200, body = Report), (status = 403, body = Problem)))]
async fn verify_all(State(app): State<App>, viewer: Viewer) -> Result<Json<Report>, WebError> {
    viewer.require(Right::Audit)?;
    Ok(Json(app.db.read(|tx| Box::pin(verify(tx))).await?))
}
