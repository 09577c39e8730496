//! Printers and stations, and the devices that hang on them.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tallyman_drivers::discover;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::kernel::ids::StationId;
use crate::messages::Language;
use crate::station::devices::{self, DeviceRole, DeviceState, StationEvent};
use crate::station::query::{self, PrinterView, StationView};
use crate::station::setup::{PrinterPut, PutPrinter, PutStation, StationPut};
use crate::station::{StationError, faults};
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of printers and stations.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_printers, put_printer))
        .routes(routes!(list_stations, put_station))
        .routes(routes!(station_events))
        .routes(routes!(station_devices))
        .routes(routes!(found_devices))
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
    let language = language(&headers);
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

/// The longest that a question for events waits, in seconds.
const LONGEST_WAIT: u64 = 5;

/// From where on, and how long to wait.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Events after this number; only what comes from now on where it isn't said.
    pub after: Option<i64>,
    /// How many seconds to wait for the first one, 5 at most; ask again after that.
    pub wait: Option<u64>,
}

/// What the devices of a station said.
#[derive(Debug, Serialize, ToSchema)]
pub struct StationEvents {
    /// The events, the oldest first.
    pub events: Vec<StationEvent>,
    /// What to ask after next.
    pub after: i64,
}

async fn station_id(app: &App, viewer: &Viewer, code: &str) -> Result<StationId, WebError> {
    let missing = || StationError::NotFound { what: "station", code: code.to_owned() };
    Ok(devices::station(app, viewer.warehouse, code).await?.ok_or_else(missing)?)
}

/// What the scanner and the scale of a station said, from a number on. Waits for news; a client that asks again and again
/// misses nothing while the service runs, and after its next start begins without a number.
#[utoipa::path(get, path = "/stations/{station}/events", tag = "stations",
    params(("station" = String, Path), EventsQuery),
    responses((status = 200, body = StationEvents), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn station_events(
    State(app): State<App>,
    viewer: Viewer,
    Path(station): Path<String>,
    Query(asked): Query<EventsQuery>,
) -> Result<Json<StationEvents>, WebError> {
    viewer.require(Right::Pack)?;
    let station = station_id(&app, &viewer, &station).await?;
    let after = asked.after.unwrap_or_else(|| app.devices.last());
    let wait = Duration::from_secs(asked.wait.unwrap_or(0).min(LONGEST_WAIT));
    let events = app.devices.after(station, after, wait).await;
    let after = events.last().map_or(after, |last| last.sequence);
    Ok(Json(StationEvents { events, after }))
}

/// A device of a station.
#[derive(Debug, Serialize, ToSchema)]
pub struct StationDevice {
    /// What it is for.
    pub role: DeviceRole,
    /// Where it is.
    pub address: String,
    /// Why it can't be used, as a code; empty where it is there.
    pub fault: String,
    /// That as a sentence with what to do, in the caller's language.
    pub sentence: String,
}

/// How the scanner and the scale of a station stand.
#[utoipa::path(get, path = "/stations/{station}/devices", tag = "stations", params(("station" = String, Path)),
    responses((status = 200, body = Vec<StationDevice>), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn station_devices(
    State(app): State<App>,
    viewer: Viewer,
    headers: HeaderMap,
    Path(station): Path<String>,
) -> Result<Json<Vec<StationDevice>>, WebError> {
    viewer.require(Right::Read)?;
    let station = station_id(&app, &viewer, &station).await?;
    let language = language(&headers);
    let told = |state: DeviceState| {
        let sentence = faults::sentence(&state.fault, language);
        StationDevice { role: state.role, address: state.address, fault: state.fault, sentence }
    };
    Ok(Json(app.devices.states(station).into_iter().map(told).collect()))
}

/// A device that hangs on the machine of the service.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundDevice {
    /// `printer`, `scanner`, `scale`, `serial`, `keyboard_or_scanner`.
    pub role: String,
    /// Maker and model, as far as they are known.
    pub name: String,
    /// How settings name it.
    pub address: String,
    /// The language to propose for a printer.
    pub language: Option<String>,
    /// Why it can't be used, as a code; empty where it can.
    pub fault: String,
    /// That as a sentence with what to do, in the caller's language.
    pub sentence: String,
}

/// Printers, scanners and scales that hang on the machine of the service.
#[utoipa::path(get, path = "/devices", tag = "stations",
    responses((status = 200, body = Vec<FoundDevice>), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn found_devices(viewer: Viewer, headers: HeaderMap) -> Result<Json<Vec<FoundDevice>>, WebError> {
    viewer.require(Right::ShippingSetup)?;
    let language = language(&headers);
    let found = tokio::task::spawn_blocking(discover::devices).await.map_err(WebError::internal)?;
    let told = |found: discover::Found| {
        let fault = found.trouble.map_or("", |error| error.kind.code());
        FoundDevice {
            role: found.role.code().to_owned(),
            name: found.name,
            address: found.address.to_string(),
            language: found.language.map(|spoken| spoken.code().to_owned()),
            fault: fault.to_owned(),
            sentence: faults::sentence(fault, language),
        }
    };
    Ok(Json(found.into_iter().map(told).collect()))
}

fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Language::accepted(accepted.unwrap_or_default())
}
