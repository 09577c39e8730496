//! How the warehouse stands: counts for the home page and the metrics. No personal data.

pub mod board;
pub mod sql;

use crate::args;
use crate::db::{DbError, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::WarehouseId;
use crate::order::model::OrderState;
use crate::station::model::JobState;
use crate::station::query::{PrinterView, printers};
use crate::wave::WaveState;

/// Counts at one moment.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Orders by state; every state is named.
    pub orders: Vec<(OrderState, i64)>,
    /// Waves by state; every state is named.
    pub waves: Vec<(WaveState, i64)>,
    /// Print jobs that are not settled well, by state: queued, sending, sent, in doubt, failed.
    pub print_jobs: Vec<(JobState, i64)>,
    /// Orders that are still here and should ship within [`RISK_MS`], or should have shipped already.
    pub at_risk: i64,
    /// Pick tasks that wait for a picker, or are with one.
    pub pick_tasks: i64,
    /// Deliveries of storefronts that wait to be worked on.
    pub inbox_waiting: i64,
    /// Deliveries that could not be worked on.
    pub inbox_dead: i64,
    /// Messages to shops that wait to be sent.
    pub outbox_pending: i64,
    /// Messages to shops that were given up.
    pub outbox_dead: i64,
    /// Printers whose queue stands still.
    pub faults: Vec<PrinterView>,
}

/// Print jobs that may still need somebody.
const UNSETTLED: [JobState; 5] =
    [JobState::Queued, JobState::Sending, JobState::Sent, JobState::InDoubt, JobState::Failed];

/// How long before its promised time an order counts as at risk: four hours, in milliseconds.
pub const RISK_MS: i64 = 4 * 3_600_000;

/// Counts everything.
///
/// # Errors
/// A failure of the database.
pub async fn standing(tx: &mut Tx<'_>, warehouse: WarehouseId, now: Timestamp) -> Result<Standing, DbError> {
    let orders: Vec<(OrderState, i64)> = tx.all(sql::ORDERS_BY_STATE, args![warehouse]).await?;
    let waves: Vec<(WaveState, i64)> = tx.all(sql::WAVES_BY_STATE, args![warehouse]).await?;
    let jobs: Vec<(JobState, i64)> = tx.all(sql::PRINT_JOBS_BY_STATE, args![]).await?;
    let (at_risk,): (i64,) = tx.one("count", sql::COUNT_AT_RISK, args![warehouse, now.plus_ms(RISK_MS)]).await?;
    let (pick_tasks,): (i64,) = tx.one("count", sql::COUNT_PICK_TASKS, args![warehouse]).await?;
    let (inbox_waiting, inbox_dead): (i64, i64) = tx.one("count", sql::COUNT_INBOX, args![]).await?;
    let (outbox_pending, outbox_dead): (i64, i64) = tx.one("count", sql::COUNT_OUTBOX, args![]).await?;
    let faults = printers(tx, warehouse, now).await?;
    Ok(Standing {
        orders: of_all(OrderState::ALL, &orders),
        waves: of_all(WaveState::ALL, &waves),
        print_jobs: of_all(&UNSETTLED, &jobs),
        at_risk,
        pick_tasks,
        inbox_waiting,
        inbox_dead,
        outbox_pending,
        outbox_dead,
        faults: faults.into_iter().filter(|printer| printer.active && !printer.fault.is_empty()).collect(),
    })
}

/// A count for each state, also where nothing is in it.
fn of_all<S: Copy + PartialEq>(all: &[S], counted: &[(S, i64)]) -> Vec<(S, i64)> {
    let count = |state: S| counted.iter().find(|(found, _)| *found == state).map_or(0, |(_, count)| *count);
    all.iter().map(|state| (*state, count(*state))).collect()
}

/// Whether the database answers, and its tables are there.
///
/// # Errors
/// A failure of the database.
pub async fn answers(tx: &mut Tx<'_>) -> Result<(), DbError> {
    let (_warehouse,): (i64,) = tx.one("warehouse", sql::SELECT_WAREHOUSE, args![]).await?;
    Ok(())
}

/// The time zone that a warehouse's days and hours are in, by its name.
///
/// # Errors
/// A failure of the database.
pub async fn time_zone(tx: &mut Tx<'_>, warehouse: WarehouseId) -> Result<String, DbError> {
    let (zone,): (String,) = tx.one("warehouse", sql::SELECT_TIME_ZONE, args![warehouse]).await?;
    Ok(zone)
}

/// The number of the newest event: whoever saw it knows all that has happened.
///
/// # Errors
/// A failure of the database.
pub async fn newest_event(tx: &mut Tx<'_>, warehouse: WarehouseId) -> Result<i64, DbError> {
    let (newest,): (i64,) = tx.one("event", sql::SELECT_NEWEST_EVENT, args![warehouse]).await?;
    Ok(newest)
}
