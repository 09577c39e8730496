//! The office's tables: which rows, which columns, who may see them.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::table::{Asked, Column, Kind, MOST_ROWS, Table, column, link};
use super::{Frame, Nav};
use crate::app::App;
use crate::db::DbError;
use crate::kernel::actor::Right;
use crate::kernel::ids::{PersonId, PlaceId, PrintJobId};
use crate::order::model::OrderState;
use crate::packing::query::ParcelFilter;
use crate::report::board;
use crate::shipping::query::ManifestFilter;
use crate::station::query::JobFilter;
use crate::stock::query::Part;
use crate::storefront::query::{DeliveryFilter, MessageFilter};
use crate::web::page::html;
use crate::web::{Query, Reader, WebError};

#[derive(askama::Template)]
#[template(path = "office/table.html")]
struct TablePage {
    frame: Frame,
    title: String,
    path: &'static str,
    asked: Asked,
    states: Vec<(String, String)>,
    shown: super::table::Shown,
    actions: &'static str,
}

/// A table's place: its title and address, the states that one may choose, and what stands above it.
struct Place {
    title: &'static str,
    path: &'static str,
    states: Vec<(String, &'static str)>,
    actions: &'static str,
}

impl Place {
    const fn of(title: &'static str, path: &'static str) -> Self {
        Self { title, path, states: Vec::new(), actions: "" }
    }
}

fn answer(
    reader: &Reader,
    place: Place,
    asked: Asked,
    columns: &'static [Column],
    rows: &[impl Serialize],
) -> Result<Response, WebError> {
    let frame = Frame::of(reader, Nav::of_path(place.path));
    let look = &frame.look;
    let mut table = Table::new(columns, rows).map_err(WebError::internal)?;
    table.arrange(look, &asked);
    let name = place.path.trim_matches('/').replace('/', "-");
    let file = |kind: &str, extension: &str, content: Vec<u8>| {
        let disposition = format!("attachment; filename=\"{name}.{extension}\"");
        let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
        (headers, content).into_response()
    };
    match asked.format.as_str() {
        "csv" => Ok(file("text/csv; charset=utf-8", "csv", table.csv(look).map_err(WebError::internal)?)),
        "xlsx" => {
            let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            Ok(file(kind, "xlsx", table.xlsx(look)))
        }
        _ => {
            let shown = table.page(look, place.path, &asked);
            let states = place.states.into_iter().map(|(code, group)| (look.name(group, &code), code));
            let states = states.map(|(name, code)| (code, name)).collect();
            let title = look.t(place.title);
            html(&TablePage { title, path: place.path, asked, states, shown, actions: place.actions, frame })
        }
    }
}

const ORDERS: &[Column] = &[
    link("number", Kind::Text, "/orders/{id}"),
    column("state", Kind::Name("state.order")),
    column("external_id", Kind::Text),
    column("channel", Kind::Text),
    column("pieces", Kind::Number),
    column("ship_by", Kind::Moment),
    column("received_at", Kind::Moment),
    column("hold_reason", Kind::Text),
];

pub(super) async fn orders(
    State(app): State<App>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let (warehouse, state) = (reader.viewer.warehouse, OrderState::from_code(&asked.state));
    let rows = app.db.read(|tx| Box::pin(board::orders(tx, warehouse, state, MOST_ROWS))).await?;
    let states = OrderState::ALL.iter().map(|state| (state.code().to_owned(), "state.order")).collect();
    answer(&reader, Place { states, ..Place::of("office.orders", "/orders") }, asked, ORDERS, &rows)
}

const WAVES: &[Column] = &[
    link("number", Kind::Text, "/waves/{id}"),
    column("state", Kind::Name("state.wave")),
    column("note", Kind::Text),
    column("created_at", Kind::Moment),
    column("released_at", Kind::Moment),
    column("closed_at", Kind::Moment),
];

pub(super) async fn waves(
    State(app): State<App>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let (warehouse, state) = (reader.viewer.warehouse, crate::wave::WaveState::from_code(&asked.state));
    let rows = app.db.read(|tx| Box::pin(crate::wave::query::list(tx, warehouse, state, None, MOST_ROWS))).await?;
    let states = crate::wave::WaveState::ALL.iter().map(|state| (state.code().to_owned(), "state.wave")).collect();
    let actions = if reader.may(Right::WaveManage) { "wave" } else { "" };
    answer(&reader, Place { states, actions, ..Place::of("office.waves", "/waves") }, asked, WAVES, &rows)
}

const STOCK: &[Column] = &[
    column("sku", Kind::Text),
    column("place", Kind::Text),
    column("lot", Kind::Text),
    column("status", Kind::Name("status")),
    column("lot_status", Kind::Name("status")),
    column("on_hand", Kind::Number),
    column("reserved", Kind::Number),
    column("received_at", Kind::Moment),
    column("expires_at", Kind::Moment),
];

pub(super) async fn stock(
    State(app): State<App>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let warehouse = reader.viewer.warehouse;
    let part = Part { limit: MOST_ROWS, ..Part::default() };
    let rows = app.db.read(|tx| Box::pin(crate::stock::query::cells(tx, warehouse, part))).await?;
    let rows: Vec<_> = rows.into_iter().filter(|cell| cell.on_hand > 0).collect();
    answer(&reader, Place::of("office.stock", "/stock"), asked, STOCK, &rows)
}

const MOVEMENTS: &[Column] = &[
    column("at", Kind::Moment),
    column("person", Kind::Text),
    column("reason", Kind::Name("reason")),
    column("sku", Kind::Text),
    column("lot", Kind::Text),
    column("quantity", Kind::Number),
    column("from", Kind::Text),
    column("to", Kind::Text),
    column("from_status", Kind::Name("status")),
    column("to_status", Kind::Name("status")),
    column("evidence", Kind::Text),
    column("note", Kind::Text),
];

pub(super) async fn movements(
    State(app): State<App>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    reader.viewer.require(Right::Audit)?;
    let warehouse = reader.viewer.warehouse;
    let rows = app.db.read(|tx| Box::pin(board::movements(tx, warehouse, MOST_ROWS))).await?;
    answer(&reader, Place::of("office.movements", "/movements"), asked, MOVEMENTS, &rows)
}

const LOCATIONS: &[Column] = &[
    column("code", Kind::Text),
    column("zone", Kind::Text),
    column("aisle", Kind::Text),
    column("position", Kind::Number),
    column("walk_order", Kind::Number),
    column("pickable", Kind::Flag),
    column("active", Kind::Flag),
];

pub(super) async fn locations(
    State(app): State<App>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let warehouse = reader.viewer.warehouse;
    let read = app.db.read(|tx| {
        Box::pin(async move {
            let (mut rows, mut after) = (Vec::new(), (i64::MIN, PlaceId(i64::MIN)));
            while i64::try_from(rows.len()).is_ok_and(|count| count < MOST_ROWS) {
                let page = crate::location::ops::list(tx, warehouse, after, 1000).await?;
                let Some(last) = page.last() else { break };
                after = (last.walk_order, last.id);
                rows.extend(page);
            }
            Ok::<_, crate::location::LocationError>(rows)
        })
    });
    let actions = if reader.may(Right::Pack) { "locations" } else { "" };
    let place = Place { actions, ..Place::of("office.locations", "/locations") };
    answer(&reader, place, asked, LOCATIONS, &read.await?)
}

const PARCELS: &[Column] = &[
    column("parcel", Kind::Text),
    column("order", Kind::Text),
    column("state", Kind::Name("state.parcel")),
    column("waybill", Kind::Text),
    column("carrier", Kind::Text),
    column("packer", Kind::Text),
    column("weight_grams", Kind::Weight),
    column("created_at", Kind::Moment),
];

pub(super) async fn parcels(
    State(app): State<App>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    use crate::packing::model::ParcelState;
    let warehouse = reader.viewer.warehouse;
    let filter =
        ParcelFilter { state: ParcelState::from_code(&asked.state), limit: MOST_ROWS, ..ParcelFilter::default() };
    let read = app.db.read(|tx| Box::pin(async move { crate::packing::query::parcels(tx, warehouse, &filter).await }));
    let rows = read.await?;
    let states = ParcelState::ALL.iter().map(|state| (state.code().to_owned(), "state.parcel")).collect();
    answer(&reader, Place { states, ..Place::of("office.parcels", "/parcels") }, asked, PARCELS, &rows)
}

const MANIFESTS: &[Column] = &[
    column("number", Kind::Text),
    column("carrier", Kind::Text),
    column("state", Kind::Name("state.manifest")),
    column("count", Kind::Number),
    column("weight_grams", Kind::Weight),
    column("created_at", Kind::Moment),
    column("handed_over_at", Kind::Moment),
    column("taken_by", Kind::Text),
    link("signature", Kind::Text, "/api/v1/manifests/{id}/signature"),
];

pub(super) async fn manifests(
    State(app): State<App>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let warehouse = reader.viewer.warehouse;
    let filter = ManifestFilter { limit: MOST_ROWS, ..ManifestFilter::default() };
    let read =
        app.db.read(|tx| Box::pin(async move { crate::shipping::query::manifests(tx, warehouse, &filter).await }));
    let rows = read.await?;
    answer(&reader, Place::of("office.manifests", "/manifests"), asked, MANIFESTS, &rows)
}

const PEOPLE: &[Column] = &[
    link("number", Kind::Text, "/people/{id}"),
    column("name", Kind::Text),
    column("roles", Kind::Names("role")),
    column("language", Kind::Text),
    column("active", Kind::Flag),
    column("created_at", Kind::Moment),
];

pub(super) async fn people(
    State(app): State<App>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    reader.viewer.require(Right::PeopleManage)?;
    let warehouse = reader.viewer.warehouse;
    // Behind the program itself.
    let rows = app.db.read(|tx| Box::pin(crate::people::ops::list(tx, warehouse, PersonId(1), 1000))).await?;
    answer(&reader, Place { actions: "people", ..Place::of("office.people", "/people") }, asked, PEOPLE, &rows)
}

const SESSIONS: &[Column] = &[
    column("id", Kind::Number),
    column("person", Kind::Text),
    column("way", Kind::Name("way")),
    column("station", Kind::Text),
    column("device", Kind::Text),
    column("seen_at", Kind::Moment),
    column("created_at", Kind::Moment),
];

pub(super) async fn sessions(
    State(app): State<App>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    reader.viewer.require(Right::PeopleManage)?;
    let (warehouse, now) = (reader.viewer.warehouse, app.clock.now());
    let rows: Result<Vec<_>, DbError> =
        app.db.read(|tx| Box::pin(crate::people::sessions::list(tx, warehouse, now))).await;
    answer(&reader, Place { actions: "sessions", ..Place::of("office.sessions", "/sessions") }, asked, SESSIONS, &rows?)
}

const JOBS: &[Column] = &[
    column("id", Kind::Number),
    column("kind", Kind::Text),
    column("state", Kind::Name("state.job")),
    column("printer", Kind::Text),
    column("station", Kind::Text),
    column("parcel", Kind::Text),
    column("order", Kind::Text),
    column("waybill", Kind::Text),
    column("copy", Kind::Number),
    column("attempts", Kind::Number),
    column("error", Kind::Text),
    column("created_at", Kind::Moment),
];

pub(super) async fn print_jobs(
    State(app): State<App>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    use crate::station::model::JobState;
    let warehouse = reader.viewer.warehouse;
    let state = Some(asked.state.clone()).filter(|state| JobState::from_code(state).is_some());
    let read = app.db.read(|tx| {
        Box::pin(async move {
            let (mut rows, mut before) = (Vec::new(), None::<PrintJobId>);
            while i64::try_from(rows.len()).is_ok_and(|count| count < MOST_ROWS) {
                let filter = JobFilter { state: state.clone(), before, limit: Some(1000), ..JobFilter::default() };
                let page = crate::station::query::jobs(tx, warehouse, &filter).await?;
                let Some(last) = page.last() else { break };
                before = Some(last.id);
                rows.extend(page);
            }
            Ok::<_, DbError>(rows)
        })
    });
    let rows = read.await?;
    let states = JobState::ALL.iter().map(|state| (state.code().to_owned(), "state.job")).collect();
    answer(&reader, Place { states, ..Place::of("office.print_jobs", "/print-jobs") }, asked, JOBS, &rows)
}

const INBOX: &[Column] = &[
    column("id", Kind::Number),
    column("channel", Kind::Text),
    column("topic", Kind::Text),
    column("external_order_id", Kind::Text),
    column("state", Kind::Name("state.inbox")),
    column("attempts", Kind::Number),
    column("repeats", Kind::Number),
    column("received_at", Kind::Moment),
    column("error", Kind::Text),
];

pub(super) async fn inbox(
    State(app): State<App>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    use crate::storefront::model::InboxState;
    reader.viewer.require(Right::StorefrontManage)?;
    let warehouse = reader.viewer.warehouse;
    let filter = DeliveryFilter {
        state: InboxState::from_code(&asked.state),
        limit: Some(MOST_ROWS),
        ..DeliveryFilter::default()
    };
    let read =
        app.db.read(|tx| Box::pin(async move { crate::storefront::query::deliveries(tx, warehouse, &filter).await }));
    let rows = read.await?;
    let states = InboxState::ALL.iter().map(|state| (state.code().to_owned(), "state.inbox")).collect();
    answer(&reader, Place { states, actions: "inbox", ..Place::of("office.inbox", "/inbox") }, asked, INBOX, &rows)
}

const OUTBOX: &[Column] = &[
    column("id", Kind::Text),
    column("kind", Kind::Text),
    column("order_key", Kind::Text),
    column("state", Kind::Name("state.message")),
    column("tries", Kind::Number),
    column("created_at", Kind::Moment),
    column("last_error", Kind::Text),
];

pub(super) async fn outbox(
    State(app): State<App>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    use crate::storefront::model::MessageState;
    reader.viewer.require(Right::StorefrontManage)?;
    let warehouse = reader.viewer.warehouse;
    let filter = MessageFilter {
        state: MessageState::from_code(&asked.state),
        limit: Some(MOST_ROWS),
        ..MessageFilter::default()
    };
    let read =
        app.db.read(|tx| Box::pin(async move { crate::storefront::query::messages(tx, warehouse, &filter).await }));
    let rows = read.await?;
    let states = MessageState::ALL.iter().map(|state| (state.code().to_owned(), "state.message")).collect();
    answer(&reader, Place { states, actions: "outbox", ..Place::of("office.outbox", "/outbox") }, asked, OUTBOX, &rows)
}
