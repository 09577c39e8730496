//! The packing station's pages: the same contract as the handheld's, with a scanner, a scale and a printer of the station.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::floor::{self, Sent};
use super::page::{Look, html};
use super::{Json, Reader, WebError};
use crate::app::App;
use crate::db::OperationKey;
use crate::floor::model::{PackAt, Signal, Surface};
use crate::floor::pack::{FORCE_REASONS, PASS_REASONS, REPRINT_REASONS};
use crate::floor::scan;
use crate::floor::station_view::{BenchBody, BenchView, bench};
use crate::kernel::actor::Right;
use crate::kernel::text::scanned;
use crate::people::sessions::{StandAt, Theme};
use crate::station::faults;
use crate::station::model::JobState;

/// The routes of the station.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/station", get(show)).route("/station/scan", post(take)).route("/station/part", get(part))
}

#[derive(Template)]
#[template(path = "station/page.html")]
struct Page<'a> {
    look: &'a Look,
    name: &'a str,
    number: &'a str,
    station: &'a str,
    main: String,
    texts: String,
}

/// A device of the station in a sentence.
struct Device {
    role: &'static str,
    fault: String,
}

#[derive(Template)]
#[template(path = "station/main.html")]
struct Main<'a> {
    look: &'a Look,
    view: &'a BenchView,
    devices: Vec<Device>,
    printer_fault: String,
    may_pass: bool,
    may_reprint: bool,
}

impl Main<'_> {
    fn reasons(&self, which: &str) -> &'static [&'static str] {
        match which {
            "pass" => PASS_REASONS,
            "force" => FORCE_REASONS,
            _ => REPRINT_REASONS,
        }
    }
}

/// The sentences that the page itself says.
const SAID_BY_DEVICE: &[&str] = &[
    "floor.wait_full",
    "floor.needs_network",
    "floor.log_in_again",
    "floor.sending",
    "floor.refused_later",
    "pda.waiting",
    "station.stable",
    "station.moving",
    "station.sign_first",
];

async fn read(app: &App, reader: &Reader, station: &str) -> Result<BenchView, WebError> {
    let (warehouse, person, now) = (reader.viewer.warehouse, reader.viewer.actor.person, app.clock.now());
    let (services, station) = (std::sync::Arc::clone(&app.services), station.to_owned());
    let read =
        app.db.read(|tx| Box::pin(async move { bench(tx, &services.vault, warehouse, person, now, &station).await }));
    Ok(read.await?)
}

fn main_part(app: &App, look: &Look, view: &BenchView, reader: &Reader) -> Result<String, WebError> {
    let states = view.station.as_ref().map(|station| app.devices.states(station.id)).unwrap_or_default();
    let faulty = states.iter().filter(|state| !state.fault.is_empty());
    let devices =
        faulty.map(|state| Device { role: state.role.code(), fault: faults::sentence(&state.fault, look.language) });
    let fault = view.printer.as_ref().map(|printer| printer.fault.clone()).unwrap_or_default();
    let main = Main {
        look,
        view,
        devices: devices.collect(),
        printer_fault: faults::sentence(&fault, look.language),
        may_pass: reader.may(Right::ForcePass),
        may_reprint: reader.may(Right::Reprint),
    };
    main.render().map_err(WebError::internal)
}

/// The station that the browser stands at.
fn stands_at(reader: &Reader) -> String {
    reader.viewer.session.as_ref().map(|session| session.station.clone()).unwrap_or_default()
}

async fn show(State(app): State<App>, reader: Reader) -> Result<Response, WebError> {
    let look = reader.look_of(Theme::Light);
    let station = stands_at(&reader);
    let view = read(&app, &reader, &station).await?;
    let main = main_part(&app, &look, &view, &reader)?;
    let texts = floor::texts(&look, SAID_BY_DEVICE);
    let viewer = &reader.viewer;
    html(&Page { look: &look, name: &viewer.name, number: &viewer.actor.number, station: &station, main, texts })
}

/// Only what is within the page, for when something has happened meanwhile.
async fn part(State(app): State<App>, reader: Reader) -> Result<Response, WebError> {
    let look = reader.look_of(Theme::Light);
    let view = read(&app, &reader, &stands_at(&reader)).await?;
    let main = main_part(&app, &look, &view, &reader)?;
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, main).into_response())
}

async fn take(State(app): State<App>, reader: Reader, Json(sent): Json<Sent>) -> Result<Response, WebError> {
    let (key, mut scan) = sent.scan(Surface::Station)?;
    let look = reader.look_of(Theme::Light);
    let mut station = stands_at(&reader);
    if let Some(code) = scanned(&scan.raw).strip_prefix("%W") {
        stand_at(&app, &reader, &key, code).await?;
        code.clone_into(&mut station);
        "%OK".clone_into(&mut scan.raw);
    }
    scan.station.clone_from(&station);
    let context = app.context(reader.viewer.warehouse, reader.viewer.actor.clone(), key);
    let verdict = scan::look_at(&app.db, context, scan).await?;
    app.wake.outbox.notify_one();
    app.wake.print.notify_one();
    let view = read(&app, &reader, &station).await?;
    let html = main_part(&app, &look, &view, &reader)?;
    floor::answer(&look, &verdict, (view.version, view.step), Some(station), html)
}

/// The browser stands at a station from now on.
async fn stand_at(app: &App, reader: &Reader, key: &OperationKey, code: &str) -> Result<(), WebError> {
    let Some(session) = &reader.viewer.session else { return Ok(()) };
    let key = OperationKey::internal(&["stand at", key.as_str()]);
    let context = app.context(reader.viewer.warehouse, reader.viewer.actor.clone(), key);
    app.operate(context, StandAt { session: session.id, station: code.to_owned() }).await?;
    app.tokens.forget();
    Ok(())
}
