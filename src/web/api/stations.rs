//! Printers and stations.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::messages::Language;
use crate::station::faults;
use crate::station::query::{self, PrinterView, StationView};
use crate::station::setup::{PrinterPut, PutPrinter, PutStation, StationPut};
use crate::web::{Caller, Json, Problem, Viewer, WebError};

/// The routes of printers and stations.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_printers, put_printer)).routes(routes!(list_stations, put_station))
}

/// A printer, with what a person at it has to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrinterStatus {
    /// The printer and its queue.
    #[serde(flatten)]
    pub printer: PrinterView,
    /// What holds its queue up and what to do, in the caller's language; empty for nothing.
    pub sentence: String,
}

/// Every printer, with its queue and what holds it up.
#[utoipa::path(get, path = "/printers", tag = "stations",
    responses((status = 200, body = Vec<PrinterStatus>), (status = 401, body = Problem)))]
async fn list_printers(
    State(app): State<App>,
    viewer: Viewer,
    headers: HeaderMap,
) -> Result<Json<Vec<PrinterStatus>>, WebError> {
    viewer.require(Right::Read)?;
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = Language::accepted(accepted.unwrap_or_default());
    let warehouse = viewer.warehouse;
    let printers = app.db.read(|tx| Box::pin(query::printers(tx, warehouse))).await?;
    let with_sentence = |printer: PrinterView| {
        let sentence = faults::sentence(&printer.fault, language);
        PrinterStatus { printer, sentence }
    };
    Ok(Json(printers.into_iter().map(with_sentence).collect()))
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
