//! Printers and stations, and the devices that hang on them.

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::App;
use crate::args;
use crate::db::DbError;
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::StationId;
use crate::kernel::text::scanned;
use crate::messages::Language;
use crate::station::agent::keep::Who;
use crate::station::agent::{self, wire};
use crate::station::devices::{self, DeviceRole, DeviceState, StationEvent};
use crate::station::model::STATION_AWAY;
use crate::station::query::{self, PrinterView, StationView};
use crate::station::setup::{PrinterOfKind, PrinterPut, PutPrinter, PutStation, StationPut};
use crate::station::{StationError, faults, sql};
use crate::web::line;
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of printers and stations.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_printers, put_printer))
        .routes(routes!(list_stations, put_station))
        .routes(routes!(station_events))
        .routes(routes!(station_devices))
        .routes(routes!(found_devices))
        .routes(routes!(station_agent))
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
    let (warehouse, at) = (viewer.warehouse, app.clock.now());
    let printers = app.db.read(|tx| Box::pin(query::printers(tx, warehouse, at))).await?;
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

/// How a station stands: its packing PC, its devices, its printers.
#[derive(Debug, Serialize, ToSchema)]
pub struct StationStatus {
    /// Its setup.
    #[serde(flatten)]
    pub station: StationView,
    /// Its packing PC; nothing where its devices hang on the machine of the service.
    pub packing_pc: Option<PackingPc>,
    /// Its scanner and its scale.
    pub devices: Vec<StationDevice>,
    /// Printers that hang there, and the one its labels come from.
    pub printers: Vec<PrinterStatus>,
    /// Which printers its other labels and papers come from, where somebody has said so.
    pub printer_of_kind: Vec<PrinterOfKind>,
}

/// The packing PC of a station.
#[derive(Debug, Serialize, ToSchema)]
pub struct PackingPc {
    /// Whether it is connected to this process.
    pub here: bool,
    /// Since when.
    pub since: Option<Timestamp>,
    /// The version of its program, as far as it is known.
    pub version: String,
    /// The version of the service's program.
    pub service_version: String,
    /// What is wrong and what to do, in the caller's language; empty where all is well.
    pub sentence: String,
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
    /// What the scale shows now, still or not, in grams.
    pub shows_grams: Option<i64>,
    /// The last thing it said, while the service runs.
    pub last: Option<StationEvent>,
}

/// How a station stands: its packing PC, its scanner and scale, its printers.
#[utoipa::path(get, path = "/stations/{station}/devices", tag = "stations", params(("station" = String, Path)),
    responses((status = 200, body = StationStatus), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn station_devices(
    State(app): State<App>,
    viewer: Viewer,
    headers: HeaderMap,
    Path(station): Path<String>,
) -> Result<Json<StationStatus>, WebError> {
    viewer.require(Right::Read)?;
    let id = station_id(&app, &viewer, &station).await?;
    let language = language(&headers);
    let (warehouse, at) = (viewer.warehouse, app.clock.now());
    let read = app.db.read(|tx| {
        Box::pin(async move {
            let stations = query::stations(tx, warehouse).await?;
            let printers = query::printers(tx, warehouse, at).await?;
            Ok::<_, DbError>((stations, printers, query::station_printers(tx, warehouse).await?))
        })
    });
    let (stations, printers, of_kinds) = read.await?;
    let missing = || StationError::NotFound { what: "station", code: station };
    let station = stations.into_iter().find(|station| station.id == id).ok_or_else(missing)?;
    let packing_pc = station.agent.then(|| {
        let here = app.agents.here(id);
        let away = if here.is_some() { "" } else { STATION_AWAY };
        PackingPc {
            here: here.is_some(),
            since: here.as_ref().map(|here| here.since),
            version: here.map_or_else(|| station.agent_version.clone(), |here| here.version),
            service_version: agent::wire::PROGRAM.to_owned(),
            sentence: faults::sentence(away, language),
        }
    });
    let told = |state: DeviceState| StationDevice {
        last: app.devices.last_of(id, state.role, &state.address),
        role: state.role,
        address: state.address,
        sentence: faults::sentence(&state.fault, language),
        fault: state.fault,
        shows_grams: state.shows_grams,
    };
    let devices = app.devices.states(id).into_iter().map(told).collect();
    let ours = |printer: &PrinterView| {
        printer.station == station.code || station.label_printer.as_ref() == Some(&printer.code)
    };
    let printers = printers
        .into_iter()
        .filter(ours)
        .map(|printer| PrinterStatus { sentence: faults::sentence(&printer.fault, language), printer });
    let printers = printers.collect();
    let of_kinds = of_kinds.into_iter().filter(|(of, ..)| *of == id);
    let printer_of_kind = of_kinds.map(|(_, kind, printer)| PrinterOfKind { kind, printer }).collect();
    Ok(Json(StationStatus { printer_of_kind, packing_pc, devices, printers, station }))
}

/// Whose machine to look at.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FoundQuery {
    /// A station with a packing PC; the machine of the service where it isn't said.
    pub station: Option<String>,
}

/// A device that was found.
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

/// Printers, scanners and scales that hang on the machine of the service, or on a station's packing PC.
#[utoipa::path(get, path = "/devices", tag = "stations", params(FoundQuery),
    responses((status = 200, body = Vec<FoundDevice>), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn found_devices(
    State(app): State<App>,
    viewer: Viewer,
    headers: HeaderMap,
    Query(asked): Query<FoundQuery>,
) -> Result<Json<Vec<FoundDevice>>, WebError> {
    viewer.require(Right::ShippingSetup)?;
    let language = language(&headers);
    let found = match asked.station {
        Some(station) => app.agents.found(station_id(&app, &viewer, &station).await?),
        None => tokio::task::spawn_blocking(agent::wire::FoundThere::here).await.map_err(WebError::internal)?,
    };
    let told = |found: agent::wire::FoundThere| FoundDevice {
        role: found.role,
        name: found.name,
        address: found.address,
        language: found.language,
        sentence: faults::sentence(&found.fault, language),
        fault: found.fault,
    };
    Ok(Json(found.into_iter().map(told).collect()))
}

/// What a packing PC says of itself when it connects.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GreetingQuery {
    /// The version of the language that it speaks.
    pub protocol: u32,
    /// The version of its program.
    pub version: String,
    /// Whose numbers and jobs it keeps: a UUID.
    #[param(value_type = String, format = "uuid")]
    pub spool: Uuid,
}

/// The way of a station's packing PC to the service: a WebSocket, for `tallyman station`.
#[utoipa::path(get, path = "/stations/{station}/agent", tag = "stations",
    params(("station" = String, Path), GreetingQuery),
    responses((status = 101, description = "The connection is a WebSocket now"), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 426, body = Problem)))]
async fn station_agent(
    State(app): State<App>,
    viewer: Viewer,
    Path(station): Path<String>,
    Query(greeting): Query<GreetingQuery>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, WebError> {
    viewer.require(Right::StationHost)?;
    let warehouse = viewer.warehouse;
    let wanted = scanned(&station);
    let read =
        app.db.read(|tx| Box::pin(async move { tx.opt(sql::SELECT_STATION_AGENT, args![warehouse, &wanted]).await }));
    let found: Option<(StationId, String, bool)> = read.await?;
    let (id, code, agent) = found.ok_or(StationError::NotFound { what: "station", code: station })?;
    if !agent {
        return Err(StationError::NoAgent { station: code }.into());
    }
    let GreetingQuery { protocol, version, spool } = greeting;
    if protocol != wire::PROTOCOL {
        let (station, service) = (format!("{version} ({protocol})"), format!("{} ({})", wire::PROGRAM, wire::PROTOCOL));
        return Err(StationError::Versions { station, service }.into());
    }
    if app.agents.elsewhere(id, spool) {
        return Err(StationError::AgentElsewhere { station: code }.into());
    }
    let upgrade = upgrade.map_err(|rejection| WebError::bad_request(&rejection.body_text()))?;
    let greeting = wire::Greeting { protocol, version: version.clone(), spool };
    let who = Who { warehouse, code, version };
    Ok(upgrade.max_message_size(wire::LARGEST_FROM_STATION).on_upgrade(move |socket| async move {
        // Joined only now: a client that never comes back must not keep the station.
        match app.agents.join(id, &who.code, greeting, app.clock.now()) {
            Ok(joined) => line::serve(app, who, joined, socket).await,
            Err(error) => tracing::info!(%error, "a station is refused"),
        }
    }))
}

fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Language::accepted(accepted.unwrap_or_default())
}
