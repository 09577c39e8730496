//! The board of today: every number leads to its list, and the age of the data stands beside it.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use askama::Template;

use super::Frame;
use crate::app::App;
use crate::kernel::Timestamp;
use crate::report::board::{Board, Exception, board};
use crate::report::{Standing, standing};
use crate::station::faults;
use crate::station::query::StationView;
use crate::web::page::html;
use crate::web::{Reader, WebError};

#[derive(Template)]
#[template(path = "office/board.html")]
struct BoardPage {
    frame: Frame,
    part: String,
}

#[derive(Template)]
#[template(path = "office/board_part.html")]
struct BoardPart<'a> {
    look: &'a crate::web::page::Look,
    standing: Standing,
    board: Board,
    stations: Vec<Bench>,
    now: Timestamp,
}

/// A station with what is wrong with its devices.
struct Bench {
    station: StationView,
    faults: Vec<String>,
}

impl BoardPart<'_> {
    /// What happened, in a sentence.
    fn sentence(&self, exception: &Exception) -> String {
        let data: serde_json::Value = serde_json::from_str(&exception.data).unwrap_or_default();
        let fact = |name: &str| match data.get(name) {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(serde_json::Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        };
        let names = ["step", "place", "missing", "weight_grams", "expected_grams", "attempts"];
        let facts: Vec<(&str, String)> = names.iter().map(|name| (*name, fact(name))).collect();
        let facts: Vec<(&str, &str)> = facts.iter().map(|(name, value)| (*name, value.as_str())).collect();
        crate::messages::fill(self.look.language, &format!("exception.{}", exception.kind), &facts)
    }

    /// Where an exception's thing is shown; nowhere where it has no page.
    fn href(&self, exception: &Exception) -> String {
        match exception.subject_kind.as_str() {
            "order" => format!("/orders/{}", exception.subject_id),
            _ => String::new(),
        }
    }
}

async fn draw(app: &App, reader: &Reader, frame: &Frame) -> Result<String, WebError> {
    let (warehouse, now) = (reader.viewer.warehouse, app.clock.now());
    let day_ends = frame.look.day_began(now).plus_ms(24 * 60 * 60 * 1000);
    let read = app.db.read(|tx| {
        Box::pin(async move {
            let standing = standing(tx, warehouse, now).await?;
            let board = board(tx, warehouse, now, day_ends).await?;
            let stations = crate::station::query::stations(tx, warehouse).await?;
            Ok::<_, crate::db::DbError>((standing, board, stations))
        })
    });
    let (standing, board, stations) = read.await?;
    let look = &frame.look;
    let stations = stations.into_iter().map(|station| {
        let states = app.devices.states(station.id);
        let faulty = states.into_iter().filter(|state| !state.fault.is_empty());
        let faults = faulty.map(|state| faults::sentence(&state.fault, look.language)).collect();
        Bench { station, faults }
    });
    let part = BoardPart { look, standing, board, stations: stations.collect(), now };
    part.render().map_err(WebError::internal)
}

pub(super) async fn show(State(app): State<App>, reader: Reader) -> Result<Response, WebError> {
    let frame = Frame::of(&reader, "/");
    let part = draw(&app, &reader, &frame).await?;
    html(&BoardPage { frame, part })
}

pub(super) async fn part(State(app): State<App>, reader: Reader) -> Result<Response, WebError> {
    let part = draw(&app, &reader, &Frame::of(&reader, "/")).await?;
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, part).into_response())
}
