//! Carriers and ship methods.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::shipping::carriers::{CarrierPut, PutCarrier, PutShipMethod, RemoveShipMethod, ShipMethodRemoved};
use crate::shipping::query::{self, CarrierView, ShipMethodView};
use crate::web::{Caller, Json, Path, Problem, Viewer, WebError};

/// The routes of carriers.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_carriers, put_carrier))
        .routes(routes!(list_ship_methods, put_ship_method))
        .routes(routes!(remove_ship_method))
}

/// Every carrier, with its waybill numbers that are free.
#[utoipa::path(get, path = "/carriers", tag = "carriers",
    responses((status = 200, body = Vec<CarrierView>), (status = 401, body = Problem)))]
async fn list_carriers(State(app): State<App>, viewer: Viewer) -> Result<Json<Vec<CarrierView>>, WebError> {
    viewer.require(Right::Read)?;
    Ok(Json(app.db.read(|tx| Box::pin(query::carriers(tx))).await?))
}

/// Make a carrier, or change the one with this code.
#[utoipa::path(put, path = "/carriers", tag = "carriers", request_body = PutCarrier,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = CarrierPut), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn put_carrier(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<PutCarrier>,
) -> Result<Json<CarrierPut>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Every ship method of the shops, with its carrier.
#[utoipa::path(get, path = "/ship-methods", tag = "carriers",
    responses((status = 200, body = Vec<ShipMethodView>), (status = 401, body = Problem)))]
async fn list_ship_methods(State(app): State<App>, viewer: Viewer) -> Result<Json<Vec<ShipMethodView>>, WebError> {
    viewer.require(Right::Read)?;
    Ok(Json(app.db.read(|tx| Box::pin(query::ship_methods(tx))).await?))
}

/// Say which carrier a ship method means.
#[utoipa::path(put, path = "/ship-methods", tag = "carriers", request_body = PutShipMethod,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = CarrierPut), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn put_ship_method(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<PutShipMethod>,
) -> Result<Json<CarrierPut>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Forget a ship method.
#[utoipa::path(delete, path = "/ship-methods/{code}", tag = "carriers",
    params(("code" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ShipMethodRemoved), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn remove_ship_method(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
) -> Result<Json<ShipMethodRemoved>, WebError> {
    Ok(Json(app.operate(caller.context, RemoveShipMethod { code }).await?))
}
