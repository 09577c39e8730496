//! The handheld's pages: `GET /pda` draws the step that the person is at, `POST /pda/scan` takes a scan and answers with the next.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;

use super::floor::{self, Sent, texts, within_html};
use super::page::{Look, html};
use super::{Json, Reader, WebError};
use crate::app::App;
use crate::floor::model::{PickAt, Signal, Surface};
use crate::floor::scan;
use crate::floor::view::{self, Body, PdaView, PickView};
use crate::kernel::actor::Right;
use crate::lookup::query::{Kind, NextStep};
use crate::people::sessions::Theme;

/// The routes of the handheld.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/pda", get(show)).route("/pda/scan", post(take))
}

#[derive(Template)]
#[template(path = "pda/page.html")]
struct Page<'a> {
    look: &'a Look,
    name: &'a str,
    number: &'a str,
    main: String,
    texts: String,
}

#[derive(Template)]
#[template(path = "pda/main.html")]
struct Main<'a> {
    look: &'a Look,
    view: &'a PdaView,
    may_pick: bool,
    may_move: bool,
    task: String,
}

impl PickView {
    /// How many totes the walk takes.
    fn positions(&self) -> i64 {
        self.view.as_ref().map_or(1, |view| view.run.positions)
    }
}

/// The sentences that the device itself says.
const SAID_BY_DEVICE: &[&str] = &[
    "floor.wrong_item",
    "floor.wrong_place",
    "floor.wrong_tote",
    "floor.too_many",
    "floor.not_saved",
    "floor.wait_full",
    "floor.needs_network",
    "floor.log_in_again",
    "floor.sending",
    "floor.refused_later",
    "pda.waiting",
    "pda.camera_denied",
    "pda.camera_none",
    "pda.camera_busy",
    "pda.camera_reader",
    "pda.ask_place",
    "pda.ask_item",
    "pda.ask_put",
    "pda.of",
    "pda.lot",
    "pda.next",
    "pda.last_place",
];

/// The walk, as the device judges by it.
fn task(look: &Look, pick: &PickView) -> serde_json::Value {
    let Some(view) = &pick.view else { return serde_json::Value::Null };
    let (done, _) = pick.progress();
    let lines: Vec<serde_json::Value> = view
        .lines
        .iter()
        .map(|line| {
            let mut codes: serde_json::Map<String, serde_json::Value> = pick
                .barcodes
                .iter()
                .filter(|(sku, ..)| *sku == line.sku_id)
                .map(|(_, barcode, factor)| (barcode.clone(), json!(factor)))
                .collect();
            codes.insert(line.sku.clone(), json!(1));
            let same = |other: &&crate::picking::run::RunLine| {
                other.place == line.place && other.sku_id == line.sku_id && other.lot_id == line.lot_id
            };
            json!({
                "place": line.place, "digits": line.check_digits, "sku": line.sku,
                "name": look.either(&line.name_en, &line.name_zh), "lot": line.lot, "quantity": line.quantity,
                "position": line.position, "tote": line.tote, "codes": codes,
                "group": view.lines.iter().filter(same).count(),
            })
        })
        .collect();
    let index = pick
        .line
        .as_ref()
        .and_then(|line| view.lines.iter().position(|other| other.allocation_id == line.allocation_id));
    // The current line first, then the others along the walk.
    let mut lines = lines;
    if let Some(index) = index {
        let current = lines.remove(index);
        lines.insert(0, current);
    }
    let places: serde_json::Map<String, serde_json::Value> =
        view.lines.iter().map(|line| (line.place.clone(), json!(1))).collect();
    let verified = pick.line.as_ref().filter(|_| pick.verified).map(|line| format!("{}|{}", line.sku, line.lot));
    json!({
        "index": 0, "at": pick.at, "counted": pick.counted, "place": pick.place_code, "verified": verified.unwrap_or_default(),
        "positions": pick.positions(), "done": done, "lines": lines, "places": places,
    })
}

async fn read(app: &App, reader: &Reader, look: &Look) -> Result<PdaView, WebError> {
    let (warehouse, person) = (reader.viewer.warehouse, reader.viewer.actor.person);
    let now = app.clock.now();
    let began = look.day_began(now);
    Ok(app.db.read(|tx| Box::pin(view::pda(tx, warehouse, person, now, began))).await?)
}

fn main_part(look: &Look, view: &PdaView, reader: &Reader) -> Result<String, WebError> {
    let task = match &view.body {
        Body::Pick(pick) => within_html(&task(look, pick)),
        _ => String::new(),
    };
    let main = Main { look, view, may_pick: reader.may(Right::Pick), may_move: reader.may(Right::StockMove), task };
    main.render().map_err(WebError::internal)
}

async fn show(State(app): State<App>, reader: Reader) -> Result<Response, WebError> {
    let look = reader.look_of(Theme::Dark);
    let view = read(&app, &reader, &look).await?;
    let main = main_part(&look, &view, &reader)?;
    let texts = texts(&look, SAID_BY_DEVICE);
    html(&Page { look: &look, name: &reader.viewer.name, number: &reader.viewer.actor.number, main, texts })
}

async fn take(State(app): State<App>, reader: Reader, Json(sent): Json<Sent>) -> Result<Response, WebError> {
    let (key, scan) = sent.scan(Surface::Pda)?;
    let context = app.context(reader.viewer.warehouse, reader.viewer.actor.clone(), key);
    let verdict = scan::look_at(&app.db, context, scan).await?;
    app.wake.outbox.notify_one();
    let look = reader.look_of(Theme::Dark);
    let view = read(&app, &reader, &look).await?;
    let html = main_part(&look, &view, &reader)?;
    floor::answer(&look, &verdict, (view.version, view.step), None, html)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Language;

    #[test]
    fn every_sentence_that_the_device_says_is_in_the_catalogue() {
        for id in SAID_BY_DEVICE {
            assert_ne!(&crate::messages::fill(Language::En, id, &[]), id);
        }
    }
}
