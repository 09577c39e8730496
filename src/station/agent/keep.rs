//! What the service keeps of what a packing PC says, and what it tells it.

use super::wire::Attempt;
use crate::app::App;
use crate::args;
use crate::db::{Command, Context, DbError, OperationKey, Tx};
use crate::kernel::Timestamp;
use crate::kernel::actor::Actor;
use crate::kernel::ids::{StationId, WarehouseId};
use crate::station::attempt::{Finish, Outcome};
use crate::station::devices::{DeviceState, StationRow};
use crate::station::model::STATION_AWAY;
use crate::station::{StationError, sql};

/// A station as a connection knows it.
pub struct Who {
    /// Its warehouse.
    pub warehouse: WarehouseId,
    /// Its code.
    pub code: String,
    /// The version of its program.
    pub version: String,
}

/// The devices of a station; `None` where it has no packing PC any more.
///
/// # Errors
/// A failure of the database.
pub async fn setup(app: &App, station: StationId) -> Result<Option<StationRow>, DbError> {
    app.db.read(|tx| Box::pin(async move { tx.opt(sql::SELECT_AGENT_SETUP, args![station]).await })).await
}

/// Writes down how an attempt ended, then tells whoever waits for it.
///
/// # Errors
/// A failure of the database: the packing PC has to say it again.
pub async fn ended(
    app: &App,
    who: &Who,
    station: StationId,
    attempt: Attempt,
    outcome: Outcome,
) -> Result<(), DbError> {
    let Attempt { job, attempt: number } = attempt;
    let key = OperationKey::internal(&["agent", &job.to_string(), &number.to_string()]);
    let context = app.context(who.warehouse, Actor::system(), key);
    let finish = Finish { context, job, attempt: number, outcome: outcome.clone(), at: Some(station) };
    match app.db.execute(finish).await {
        Ok(()) => {}
        Err(StationError::Db(error)) => return Err(error),
        // It is not asked again about a job that isn't there.
        Err(error) => tracing::warn!(%error, station = who.code, job = job.0, "an attempt of a station"),
    }
    app.agents.ended(attempt, outcome);
    app.wake.print.notify_one();
    Ok(())
}

/// A packing PC is here.
///
/// # Errors
/// A failure of the database.
pub async fn here(app: &App, who: &Who, station: StationId) -> Result<(), DbError> {
    see(app, who, station, true).await
}

/// A packing PC is gone, and its devices with it.
///
/// # Errors
/// A failure of the database.
pub async fn gone(app: &App, who: &Who, station: StationId) -> Result<(), DbError> {
    for state in app.devices.states(station) {
        let (role, device) = (state.role, state.address.clone());
        let away = DeviceState { fault: STATION_AWAY.to_owned(), shows_grams: None, ..state };
        app.devices.stands(station, role, &device, Some(away));
    }
    see(app, who, station, false).await
}

async fn see(app: &App, who: &Who, station: StationId, here: bool) -> Result<(), DbError> {
    let key = OperationKey::internal(&["agent", &who.code]);
    let context = app.context(who.warehouse, Actor::system(), key);
    app.db.execute(See { context, station, here, version: who.version.clone() }).await
}

struct See {
    context: Context,
    station: StationId,
    here: bool,
    version: String,
}

impl Command for See {
    type Out = ();
    type Error = DbError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        let at = if self.here { self.context.at } else { Timestamp(0) };
        tx.exec(sql::SEE_AGENT, args![self.station, at, &self.version]).await?;
        if self.here {
            tx.exec(sql::CLEAR_AWAY, args![self.station, STATION_AWAY]).await?;
        }
        Ok(())
    }
}
