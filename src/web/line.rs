//! One connection of a packing PC: its WebSocket, until it ends.

use axum::extract::ws::{Message, WebSocket};
use tokio::time::{Instant, interval, timeout};

use crate::app::App;
use crate::db::DbError;
use crate::kernel::ids::StationId;
use crate::station::agent::host::Joined;
use crate::station::agent::keep::{self, Who};
use crate::station::agent::turned_true;
use crate::station::agent::wire::{BEAT, DEAD, FromStation, PROGRAM, ToStation};
use crate::station::devices::StationRow;

/// How often the setup is read again.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(2);
/// How often the tables are told that the station is here, in looks.
const SEEN_EVERY: u32 = 10;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the station is gone")]
    Gone,
    #[error("the station says nothing any more")]
    Dead,
    #[error("the station connected anew")]
    Replaced,
    #[error("the station is no more, or is the service's own now")]
    NotWanted,
    #[error("the service ends")]
    Closing,
    #[error("the station says what is no word of ours: {0}")]
    Garbage(#[from] serde_json::Error),
    #[error("the network: {0}")]
    Network(#[from] axum::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Serves a connection until it ends.
pub async fn serve(app: App, who: Who, mut joined: Joined, socket: WebSocket) {
    let station = joined.station;
    tracing::info!(station = who.code, version = who.version, "a station is here");
    let mut socket = Socket(socket);
    let ended = Line { app: &app, who: &who, station, told: None }.run(&mut joined, &mut socket).await;
    let current = joined.is_current();
    drop(joined);
    // A network that is gone takes no farewell.
    drop(timeout(BEAT, socket.0.send(Message::Close(None))).await);
    tracing::info!(station = who.code, why = %ended, "a station is gone");
    if current && let Err(error) = keep::gone(&app, &who, station).await {
        tracing::warn!(%error, station = who.code, "that a station is gone is not written down");
    }
}

struct Line<'a> {
    app: &'a App,
    who: &'a Who,
    station: StationId,
    /// The setup that the station was told.
    told: Option<StationRow>,
}

impl Line<'_> {
    async fn run(&mut self, joined: &mut Joined, socket: &mut Socket) -> Ended {
        match self.until_it_ends(joined, socket).await {
            Ok(never) => match never {},
            Err(ended) => ended,
        }
    }

    async fn until_it_ends(
        &mut self,
        joined: &mut Joined,
        socket: &mut Socket,
    ) -> Result<std::convert::Infallible, Ended> {
        let mut closing = self.app.agents.closing();
        let mut looks = interval(LOOK_EVERY);
        let mut beats = interval(BEAT);
        let (mut seen, mut last_heard) = (0, now());
        loop {
            tokio::select! {
                message = socket.0.recv() => {
                    last_heard = now();
                    match message.ok_or(Ended::Gone)?? {
                        Message::Text(text) => {
                            let said: FromStation = serde_json::from_str(&text)?;
                            if let Some(answer) = self.hear(joined, said).await? {
                                socket.say(&answer).await?;
                            }
                        }
                        Message::Close(_) => return Err(Ended::Gone),
                        Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => {}
                    }
                }
                message = joined.to_station.recv() => socket.say(&message.ok_or(Ended::Replaced)?).await?,
                _ = looks.tick() => {
                    self.look(socket).await?;
                    if seen % SEEN_EVERY == 0 {
                        keep::here(self.app, self.who, self.station).await?;
                    }
                    if seen == 0 {
                        self.app.wake.print.notify_one();
                    }
                    seen += 1;
                }
                _ = beats.tick() => {
                    if last_heard.elapsed() > DEAD {
                        return Err(Ended::Dead);
                    }
                    socket.send(Message::Ping(Vec::new().into())).await?;
                }
                () = turned_true(&mut closing) => return Err(Ended::Closing),
            }
        }
    }

    /// Tells the setup where it is new.
    async fn look(&mut self, socket: &mut Socket) -> Result<(), Ended> {
        let station = self.station;
        let devices = keep::setup(self.app, station).await?.ok_or(Ended::NotWanted)?;
        if self.told.as_ref() != Some(&devices) {
            self.told = Some(devices.clone());
            let (code, version) = (self.who.code.clone(), PROGRAM.to_owned());
            socket.say(&ToStation::Setup { station, code, version, devices }).await?;
        }
        Ok(())
    }

    async fn hear(&self, joined: &Joined, said: FromStation) -> Result<Option<ToStation>, Ended> {
        match said {
            FromStation::Hello { attempts } => joined.knows(&attempts),
            FromStation::Event { number, event } => {
                if joined.hears(number) {
                    self.app.devices.push(self.station, event);
                }
                return Ok(Some(ToStation::Heard { number }));
            }
            FromStation::Stands { role, device, state } => {
                self.app.devices.stands(self.station, role, &device, state);
            }
            FromStation::Found { devices } => joined.found(devices),
            FromStation::Ended { attempt, outcome } => {
                keep::ended(self.app, self.who, self.station, attempt, outcome).await?;
                return Ok(Some(ToStation::Noted { attempt }));
            }
        }
        Ok(None)
    }
}

/// A socket on which nothing waits for ever.
struct Socket(WebSocket);

impl Socket {
    async fn send(&mut self, message: Message) -> Result<(), Ended> {
        timeout(DEAD, self.0.send(message)).await.map_err(|_| Ended::Dead)??;
        Ok(())
    }

    async fn say(&mut self, what: &ToStation) -> Result<(), Ended> {
        self.send(Message::Text(serde_json::to_string(what)?.into())).await
    }
}

#[expect(clippy::disallowed_methods, reason = "only durations are measured with it")]
fn now() -> Instant {
    Instant::now()
}
