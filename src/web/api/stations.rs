//! Printers and stations.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::station::query::{self, PrinterView, StationView};
use crate::station::setup::{PrinterPut, PutPrinter, PutStation, StationPut};
use crate::web::{Caller, Json, Problem, Viewer, WebError};

/// The routes of printers and stations.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_printers, put_printer)).routes(routes!(list_stations, put_station))
}

/// Every printer, with its queue and what holds it up.
#[utoipa::path(get, path = "/printers", tag = "stations",
    responses((status = 200, body = Vec<PrinterView>), (status = 401, body = Problem)))]
async fn list_printers(State(app): State<App>, viewer: Viewer) -> Result<Json<Vec<PrinterView>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    Ok(Json(app.db.read(|tx| Box::pin(query::printers(tx, warehouse))).await?))
}

/// Make a printer, or change the one with this code.
#[utoipa::path(put, path = "/printers", tag = "stations", request_body = PutPrinter,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PrinterPut), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn put_printer(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<PutPrinter>,
) -> Result<Json<PrinterPut>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Every station, with its label printer.
#[utoipa::path(get, path = "/stations", tag = "stations",
    responses((status = 200, body = Vec<StationView>), (status = 401, body = Problem)))]
async fn list_stations(State(app): State<App>, viewer: Viewer) -> Result<Json<Vec<StationView>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    Ok(Json(app.db.read(|tx| Box::pin(query::stations(tx, warehouse))).await?))
}

/// Make a station, or change the one with this code.
#[utoipa::path(put, path = "/stations", tag = "stations", request_body = PutStation,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = StationPut), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn put_station(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<PutStation>,
) -> Result<Json<StationPut>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}
