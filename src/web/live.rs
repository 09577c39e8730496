//! One stream for stations and boards: `GET /live` tells that something has happened, and at a station what its devices say.
//!
//! The journal is looked at twice a second at most, once for all listeners of this process, and only while there are some.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use futures_util::StreamExt as _;
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use serde_json::json;

use super::{Query, Reader, WebError};
use crate::app::App;
use crate::kernel::ids::StationId;
use crate::station::devices::event::{DeviceRole, StationEvent};

/// How often something new is told at most.
const BEAT: Duration = Duration::from_millis(500);
/// How often a live weight is told.
const WEIGHT_BEAT: Duration = Duration::from_millis(200);
/// A sign of life, so that proxies keep the connection.
const ALIVE: Duration = Duration::from_secs(15);
/// A stream ends after so long, and the browser asks anew: with the session and the rights that the person has by then.
const LONGEST: Duration = Duration::from_secs(60);
/// So soon it does.
const RETRY: Duration = Duration::from_millis(500);
/// What the station's devices said while nobody listened is told after a gap of up to this many milliseconds: whoever scanned
/// still stands there.
const GAP_MS: i64 = 30_000;

/// The route of the stream.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/live", get(live))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    station: String,
}

/// What a listener has heard.
struct Ears {
    app: App,
    warehouse: crate::kernel::ids::WarehouseId,
    station: Option<StationId>,
    /// The last number of the journal that was told.
    journal: i64,
    /// The last event of the station that was told.
    device: i64,
    weight: Option<i64>,
    beats: u32,
    waiting: Vec<Event>,
}

async fn live(
    State(app): State<App>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, WebError> {
    let warehouse = reader.viewer.warehouse;
    let station = match wanted.station.as_str() {
        "" => None,
        code => crate::station::devices::station(&app, warehouse, code).await?,
    };
    let journal = newest(&app, warehouse).await?;
    let device = app.devices.last();
    let heard = last_heard(&headers);
    let known = heard.unwrap_or(device).to_string();
    let mut waiting = vec![Event::default().event("hello").data(super::assets::build()).id(known).retry(RETRY)];
    if let (Some(station), Some(heard)) = (station, heard) {
        let missed = app.devices.after(station, heard, Duration::ZERO).await;
        let now = app.clock.now();
        let missed = missed.iter().rev().filter(|event| event.sequence <= device && now.ms_since(event.at) < GAP_MS);
        waiting.splice(0..0, missed.map(told));
    }
    let ears = Ears { app, warehouse, station, journal, device, weight: None, beats: 0, waiting };
    let stream = stream::unfold(ears, |mut ears| async move {
        loop {
            if let Some(event) = ears.waiting.pop() {
                return Some((Ok(event), ears));
            }
            ears.beats += 1;
            ears.listen().await;
        }
    });
    Ok(Sse::new(stream.take_until(tokio::time::sleep(LONGEST))).keep_alive(KeepAlive::new().interval(ALIVE)))
}

/// The number of the last event that a browser heard, where it asks again after a gap.
fn last_heard(headers: &HeaderMap) -> Option<i64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

async fn newest(app: &App, warehouse: crate::kernel::ids::WarehouseId) -> Result<i64, crate::db::DbError> {
    app.db.read(|tx| Box::pin(async move { crate::report::newest_event(tx, warehouse).await })).await
}

impl Ears {
    /// Waits a beat, and gathers what has happened in it.
    async fn listen(&mut self) {
        let heard = match self.station {
            Some(station) => {
                let heard = self.app.devices.after(station, self.device, WEIGHT_BEAT).await;
                self.live_weight(station);
                heard
            }
            None => {
                tokio::time::sleep(BEAT).await;
                Vec::new()
            }
        };
        for event in heard.iter().rev() {
            self.device = self.device.max(event.sequence);
            self.waiting.push(told(event));
        }
        // The journal is asked every other beat of a scale.
        if self.station.is_none() || self.beats.is_multiple_of(3) {
            match newest(&self.app, self.warehouse).await {
                Ok(newest) if newest > self.journal => {
                    self.journal = newest;
                    self.waiting.push(Event::default().event("changed").data(newest.to_string()));
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the journal can't be read for the live stream"),
            }
        }
    }

    fn live_weight(&mut self, station: StationId) {
        let states = self.app.devices.states(station);
        let shows = states.iter().find(|state| state.role == DeviceRole::Scale).and_then(|state| state.shows_grams);
        if shows != self.weight {
            self.weight = shows;
            self.waiting.push(Event::default().event("weight").data(json!({ "grams": shows }).to_string()));
        }
    }
}

fn told(event: &StationEvent) -> Event {
    let data = serde_json::to_string(event).unwrap_or_default();
    Event::default().event("station").id(event.sequence.to_string()).data(data)
}
