//! Pages about one thing: an order with its history and why each lot was taken, a wave, a person, roles, devices, settings.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Frame;
use crate::allocation::why::{AllocationView, Why, of_order, why};
use crate::app::App;
use crate::db::journal::{EventRow, history};
use crate::kernel::actor::{Right, Role};
use crate::kernel::ids::{OrderId, PersonId, WaveId};
use crate::order::query::{OrderView, order_view};
use crate::packing::query::{ParcelFilter, ParcelSummary, parcels};
use crate::people::ops::PersonView;
use crate::people::rights::RoleRights;
use crate::station::faults;
use crate::station::query::{PrinterView, StationView};
use crate::wave::query::{Member, WaveView, members, wave_view};
use crate::web::page::html;
use crate::web::{Path, Reader, Secure, WebError};

#[derive(Template)]
#[template(path = "office/order.html")]
struct OrderPage {
    frame: Frame,
    order: OrderView,
    allocations: Vec<(AllocationView, Option<Why>)>,
    parcels: Vec<ParcelSummary>,
    events: Vec<EventRow>,
    may_review: bool,
}

pub(super) async fn order(
    State(app): State<App>,
    reader: Reader,
    Path(id): Path<OrderId>,
) -> Result<Response, WebError> {
    let (warehouse, services) = (reader.viewer.warehouse, std::sync::Arc::clone(&app.services));
    let read = app.db.read(|tx| {
        Box::pin(async move {
            let order = order_view(tx, &services.vault, warehouse, id, false).await?;
            let mut allocations = Vec::new();
            for allocation in of_order(tx, warehouse, id).await.unwrap_or_default() {
                let why = why(tx, warehouse, allocation.id).await.ok();
                allocations.push((allocation, why));
            }
            let filter = ParcelFilter { order: Some(order.number.clone()), limit: 50, ..ParcelFilter::default() };
            let parcels = parcels(tx, warehouse, &filter).await?;
            let events = history(tx, warehouse, ("order", id.0)).await?;
            Ok::<_, crate::order::OrderError>((order, allocations, parcels, events))
        })
    });
    let (order, allocations, parcels, events) = read.await?;
    let may_review = reader.may(Right::OrderReview);
    let frame = Frame::of(&reader, "/orders");
    html(&OrderPage { frame, order, allocations, parcels, events, may_review })
}

#[derive(Template)]
#[template(path = "office/wave.html")]
struct WavePage {
    frame: Frame,
    wave: WaveView,
    members: Vec<Member>,
    may_manage: bool,
}

pub(super) async fn wave(State(app): State<App>, reader: Reader, Path(id): Path<WaveId>) -> Result<Response, WebError> {
    let warehouse = reader.viewer.warehouse;
    let read = app.db.read(|tx| {
        Box::pin(async move {
            let wave = wave_view(tx, warehouse, id).await?;
            let members = members(tx, id, OrderId(0), 1000).await?;
            Ok::<_, crate::wave::WaveError>((wave, members))
        })
    });
    let (wave, members) = read.await?;
    html(&WavePage { frame: Frame::of(&reader, "/waves"), wave, members, may_manage: reader.may(Right::WaveManage) })
}

#[derive(Template)]
#[template(path = "office/person.html")]
struct PersonPage {
    frame: Frame,
    person: PersonView,
    roles: &'static [Role],
    own: bool,
}

pub(super) async fn person(
    State(app): State<App>,
    reader: Reader,
    Path(id): Path<PersonId>,
) -> Result<Response, WebError> {
    reader.viewer.require(Right::PeopleManage)?;
    let warehouse = reader.viewer.warehouse;
    let before = PersonId(id.0.saturating_sub(1));
    let found = app.db.read(|tx| Box::pin(crate::people::ops::list(tx, warehouse, before, 1))).await?;
    let person = found.into_iter().find(|person| person.id == id && id != PersonId(1));
    let person = person.ok_or_else(|| WebError::not_found("person", &id.to_string()))?;
    let own = id == reader.viewer.actor.person;
    html(&PersonPage { frame: Frame::of(&reader, "/people"), person, roles: Role::ALL, own })
}

#[derive(Template)]
#[template(path = "office/roles.html")]
struct RolesPage {
    frame: Frame,
    roles: Vec<RoleRights>,
    rights: &'static [Right],
}

pub(super) async fn roles(State(app): State<App>, reader: Reader) -> Result<Response, WebError> {
    reader.viewer.require(Right::PeopleManage)?;
    let warehouse = reader.viewer.warehouse;
    let roles = app.db.read(|tx| Box::pin(crate::people::rights::list(tx, warehouse))).await?;
    html(&RolesPage { frame: Frame::of(&reader, "/roles"), roles, rights: Right::ALL })
}

/// A printer, with what holds it up in a sentence.
struct PrinterOf {
    printer: PrinterView,
    sentence: String,
}

/// A device of a station, with what is wrong in a sentence.
struct DeviceOf {
    role: &'static str,
    address: String,
    sentence: String,
    shows: Option<i64>,
    last: String,
}

#[derive(Template)]
#[template(path = "office/devices.html")]
struct DevicesPage {
    frame: Frame,
    stations: Vec<(StationView, Vec<DeviceOf>)>,
    printers: Vec<PrinterOf>,
}

pub(super) async fn devices(State(app): State<App>, reader: Reader) -> Result<Response, WebError> {
    let (warehouse, now) = (reader.viewer.warehouse, app.clock.now());
    let read = app.db.read(|tx| {
        Box::pin(async move {
            let stations = crate::station::query::stations(tx, warehouse).await?;
            let printers = crate::station::query::printers(tx, warehouse, now).await?;
            Ok::<_, crate::db::DbError>((stations, printers))
        })
    });
    let (stations, printers) = read.await?;
    let frame = Frame::of(&reader, "/devices");
    let language = frame.look.language;
    let printers =
        printers.into_iter().map(|printer| PrinterOf { sentence: faults::sentence(&printer.fault, language), printer });
    let stations = stations.into_iter().map(|station| {
        let states = app.devices.states(station.id).into_iter().map(|state| {
            let last = app.devices.last_of(station.id, state.role, &state.address);
            let last = last.map(|event| event.text.unwrap_or_else(|| event.event.code().to_owned()));
            DeviceOf {
                role: state.role.code(),
                sentence: faults::sentence(&state.fault, language),
                shows: state.shows_grams,
                last: last.unwrap_or_default(),
                address: state.address,
            }
        });
        let states = states.collect();
        (station, states)
    });
    html(&DevicesPage { stations: stations.collect(), printers: printers.collect(), frame })
}

#[derive(Template)]
#[template(path = "office/imports.html")]
struct ImportsPage {
    frame: Frame,
}

pub(super) async fn imports(reader: Reader) -> Result<Response, WebError> {
    reader.viewer.require(Right::CatalogWrite)?;
    html(&ImportsPage { frame: Frame::of(&reader, "/imports") })
}

#[derive(Template)]
#[template(path = "office/settings.html")]
struct SettingsPage {
    frame: Frame,
    has_session: bool,
}

pub(super) async fn settings(reader: Reader) -> Result<Response, WebError> {
    let has_session = reader.viewer.session.is_some();
    html(&SettingsPage { frame: Frame::of(&reader, "/settings"), has_session })
}

#[derive(Template)]
#[template(path = "office/check.html")]
struct CheckPage {
    look: crate::web::page::Look,
    tls: bool,
}

/// Whether this device can do what the floor needs, with the remedy beside what it can't.
pub(super) async fn device_check(reader: Reader, Secure(tls): Secure) -> Result<Response, WebError> {
    html(&CheckPage { look: reader.look_of(crate::people::sessions::Theme::Dark), tls })
}
