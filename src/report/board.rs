//! What a manager sees at one glance: promises, waves, people, and what needs somebody.

use serde::Serialize;

use super::sql;
use crate::db::{DbError, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{EventId, OrderId, WarehouseId, WaveId};
use crate::order::model::OrderState;
use crate::stock::query::MovementView;
use crate::wave::WaveState;
use crate::{args, row};

/// How near a promise must be to be soon: two hours.
const SOON_MS: i64 = 2 * 60 * 60 * 1000;
/// How long an exception stands on the board: a day.
const EXCEPTIONS_MS: i64 = 24 * 60 * 60 * 1000;

row! {
    /// A wave that runs.
    #[derive(Debug, Clone, Serialize)]
    pub struct RunningWave {
        /// Its id.
        pub id: WaveId,
        /// Its number.
        pub number: String,
        /// Where it stands.
        pub state: WaveState,
        /// Pieces allocated.
        pub allocated: i64,
        /// Pieces picked.
        pub picked: i64,
        /// Pieces that weren't there.
        pub short: i64,
        /// Pieces taken out.
        pub taken_out: i64,
    }
}

row! {
    /// Somebody at work.
    #[derive(Debug, Clone, Serialize)]
    pub struct AtWork {
        /// Their number.
        pub number: String,
        /// Their name.
        pub name: String,
        /// `picking` or `packing`.
        pub what: String,
        /// The cart or parcel.
        pub with: String,
        /// Lines that are open.
        pub open: i64,
        /// Since when.
        pub since: Timestamp,
    }
}

row! {
    /// Something that needs somebody.
    #[derive(Debug, Clone, Serialize)]
    pub struct Exception {
        /// The event.
        pub id: EventId,
        /// When.
        pub at: Timestamp,
        /// Who was there.
        pub person: String,
        /// What, as the event's kind.
        pub kind: String,
        /// On what.
        pub subject_kind: String,
        /// On which.
        pub subject_id: i64,
        /// Details, JSON.
        pub data: String,
    }
}

/// The board.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// Orders by how near their promise is: `late`, `soon`, `today`, `later`.
    pub promises: Vec<(String, i64)>,
    /// Waves that run.
    pub waves: Vec<RunningWave>,
    /// People at work.
    pub people: Vec<AtWork>,
    /// What needs somebody.
    pub exceptions: Vec<Exception>,
}

/// Reads the board.
///
/// # Errors
/// A failure of the database.
pub async fn board(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    now: Timestamp,
    day_ends: Timestamp,
) -> Result<Board, DbError> {
    let found: Vec<(String, i64)> =
        tx.all(sql::ORDERS_BY_PROMISE, args![warehouse, now, now.plus_ms(SOON_MS), day_ends]).await?;
    let count = |code: &str| found.iter().find(|(found, _)| found == code).map_or(0, |(_, count)| *count);
    let promises = ["late", "soon", "today", "later"].map(|code| (code.to_owned(), count(code)));
    Ok(Board {
        promises: promises.to_vec(),
        waves: tx.all(sql::RUNNING_WAVES, args![warehouse]).await?,
        people: tx.all(sql::PEOPLE_AT_WORK, args![warehouse]).await?,
        exceptions: tx.all(sql::EXCEPTIONS, args![warehouse, now.plus_ms(-EXCEPTIONS_MS)]).await?,
    })
}

row! {
    /// An order in the office's list.
    #[derive(Debug, Clone, Serialize)]
    pub struct RecentOrder {
        /// Its id.
        pub id: OrderId,
        /// Its number.
        pub number: String,
        /// Where it stands.
        pub state: OrderState,
        /// The shop's id of it.
        pub external_id: String,
        /// The channel's code.
        pub channel: String,
        /// Why it is held.
        pub hold_reason: String,
        /// Until when it is promised to ship.
        pub ship_by: Timestamp,
        /// When it came in.
        pub received_at: Timestamp,
        /// Pieces.
        pub pieces: i64,
    }
}

/// The newest orders, of one state where it is named.
///
/// # Errors
/// A failure of the database.
pub async fn orders(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    state: Option<OrderState>,
    limit: i64,
) -> Result<Vec<RecentOrder>, DbError> {
    tx.all(sql::RECENT_ORDERS, args![warehouse, state.map_or("", OrderState::code), limit]).await
}

/// The newest movements.
///
/// # Errors
/// A failure of the database.
pub async fn movements(tx: &mut Tx<'_>, warehouse: WarehouseId, limit: i64) -> Result<Vec<MovementView>, DbError> {
    tx.all(sql::RECENT_MOVEMENTS, args![warehouse, limit]).await
}

row! {
    /// A place on the floor plan.
    #[derive(Debug, Clone, Serialize)]
    pub struct Spot {
        /// Its code.
        pub code: String,
        /// Its zone.
        pub zone: String,
        /// Its aisle.
        pub aisle: String,
        /// Its position in the aisle.
        pub position: i64,
        /// Pieces there.
        pub pieces: i64,
        /// How often it was picked from.
        pub visits: i64,
    }
}

/// The floor plan: every place in use, by zone and aisle.
///
/// # Errors
/// A failure of the database.
pub async fn floor_plan(tx: &mut Tx<'_>, warehouse: WarehouseId) -> Result<Vec<Spot>, DbError> {
    tx.all(sql::FLOOR_PLAN, args![warehouse]).await
}
