//! Batches: one walk over many orders of a wave, a line for each SKU at a place, everything into one tote. What is picked is
//! given to the order that must ship first; what is missing is taken from the one that may wait longest. A person never
//! chooses.
//!
//! Each task of a batch stays one order's, with its allocations, so that waves, holds and cancellations see nothing new. Its
//! lease is the batch's. Which order a piece is for is known from its movement, so a tote of many orders needs no other books.

pub mod claim;
pub mod confirm;
pub mod short;
pub mod sql;
pub mod undo;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::LEASE_MS;
use super::{PickError, confirm::finish};
use crate::db::{DbError, Op, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{
    AllocationId, BatchId, CellId, LotId, OrderId, OrderLineId, PersonId, PickTaskId, PlaceId, SkuId, WarehouseId,
    WaveId,
};
use crate::order::model::OrderState;
use crate::stock::model::LotStatus;
use crate::{args, row};

crate::codes! {
    /// Where a batch stands.
    pub enum BatchState {
        /// Its person walks.
        Walking = "walking",
        /// Nothing is left to pick, or it was given back.
        Done = "done",
    }
}

row! {
    /// A batch, locked.
    #[derive(Debug, Clone)]
    pub struct BatchRow {
        /// Its id.
        pub id: BatchId,
        /// Its wave.
        pub wave: WaveId,
        /// Whose it is or was.
        pub person: PersonId,
        /// Where it stands.
        pub state: BatchState,
        /// Until when it is theirs.
        pub lease_until: Timestamp,
        /// The tote that goods go into.
        pub tote: Option<PlaceId>,
        /// Its code.
        pub tote_code: Option<String>,
    }
}

row! {
    /// One line of a batch's walk: pieces of a lot at a place, for one order or many.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
    pub struct BatchLine {
        /// The cell; it names the line.
        pub cell_id: CellId,
        /// The place to go to.
        pub place: String,
        /// Its check digits.
        pub check_digits: String,
        /// The SKU's code.
        pub sku: String,
        /// Its English name.
        pub name_en: String,
        /// Its Chinese name.
        pub name_zh: String,
        /// The lot.
        pub lot: String,
        /// Pieces still to be picked, for all orders.
        pub quantity: i64,
        /// For how many orders.
        pub orders: i64,
    }
}

row! {
    /// What one order has in a line, locked: the first to ship first.
    #[derive(Debug, Clone)]
    pub struct ShareRow {
        /// The allocation.
        pub allocation: AllocationId,
        /// Its order line.
        pub line: OrderLineId,
        /// Its task.
        pub task: PickTaskId,
        /// The SKU.
        pub sku: SkuId,
        /// Its code.
        pub sku_code: String,
        /// The lot.
        pub lot: LotId,
        /// Its number.
        pub lot_number: String,
        /// The supplier's number of it.
        pub supplier_lot: String,
        /// What the lot may be used for.
        pub lot_status: LotStatus,
        /// From when it is expired.
        pub expires_at: Option<Timestamp>,
        /// The place.
        pub place: PlaceId,
        /// Its code.
        pub place_code: String,
        /// Its check digits.
        pub check_digits: String,
        /// Pieces still to be picked.
        pub open: i64,
        /// Picked pieces that are in no parcel.
        pub picked: i64,
        /// The order.
        pub order: OrderId,
        /// Its number.
        pub order_number: String,
        /// Where it stands.
        pub order_state: OrderState,
        /// Whether nothing is picked at the place while it is counted.
        pub frozen: bool,
    }
}

impl ShareRow {
    const fn running(&self) -> bool {
        matches!(self.order_state, OrderState::Released | OrderState::Picking)
    }
}

/// Where a batch stands after something was done in it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BatchChanged {
    /// Pieces that were picked, put back or found elsewhere.
    pub pieces: i64,
    /// Pieces of the line still to be picked.
    pub left: i64,
    /// Pieces that will be delivered later, or not at all.
    pub backordered: i64,
    /// The next line; none where the batch is done.
    pub next: Option<BatchLine>,
    /// Whether the batch is done: bring the tote to the wall, or to packing where its orders are of one piece.
    pub batch_done: bool,
}

/// A batch of one's own that is walked now, locked.
async fn mine(op: &mut Op<'_, '_>, batch: BatchId) -> Result<BatchRow, PickError> {
    let row = any(op, batch).await?;
    let alive = row.state == BatchState::Walking && row.lease_until > op.at();
    if row.person == op.person() && alive { Ok(row) } else { Err(PickError::BatchNotYours { batch: batch.0 }) }
}

async fn any(op: &mut Op<'_, '_>, batch: BatchId) -> Result<BatchRow, PickError> {
    let warehouse = op.warehouse();
    let found: Option<BatchRow> = op.tx.opt(sql::SELECT_BATCH, args![warehouse, batch]).await?;
    found.ok_or_else(|| PickError::NotFound { what: "batch", code: batch.to_string() })
}

/// The open lines of a batch along the walk, skipped ones last.
///
/// # Errors
/// A failure of the database.
pub async fn lines(tx: &mut Tx<'_>, batch: BatchId, limit: i64) -> Result<Vec<BatchLine>, DbError> {
    tx.all(sql::SELECT_LINES, args![batch, limit]).await
}

/// The orders' shares in a line, locked. Refuses where the line is none of the batch's, where all its orders are stopped,
/// and where nothing of it is left.
async fn open_shares(op: &mut Op<'_, '_>, batch: BatchId, cell: CellId) -> Result<Vec<ShareRow>, PickError> {
    let all: Vec<ShareRow> = op.tx.all(sql::SELECT_SHARES, args![batch, cell]).await?;
    let first = all.first().ok_or_else(|| PickError::NotFound { what: "line", code: cell.to_string() })?;
    let waiting = all.iter().find(|share| share.open > 0 && !share.running());
    let stopped = waiting.or_else(|| all.iter().find(|share| !share.running())).unwrap_or(first);
    let stopped = (stopped.order_number.clone(), stopped.order_state);
    let any_stopped = waiting.is_some();
    let open: Vec<ShareRow> = all.into_iter().filter(|share| share.running() && share.open > 0).collect();
    if open.is_empty() {
        let (order, state) = stopped;
        return Err(if any_stopped { PickError::OrderStopped { order, state } } else { PickError::LineDone {} });
    }
    Ok(open)
}

/// Spreads a quantity over shares in their order; `part` says how much of each may go.
fn spread(shares: &[ShareRow], quantity: i64, part: impl Fn(&ShareRow) -> i64) -> Vec<(&ShareRow, i64)> {
    let mut left = quantity;
    let mut parts = Vec::new();
    for share in shares {
        let taken = left.min(part(share));
        if taken > 0 {
            left -= taken;
            parts.push((share, taken));
        }
    }
    parts
}

/// Ends what has nothing left: tasks, and with the last line the batch.
async fn settle(op: &mut Op<'_, '_>, batch: BatchId) -> Result<(Option<BatchLine>, bool), DbError> {
    let done: Vec<(PickTaskId, OrderId)> = op.tx.all(sql::SELECT_FINISHED, args![batch]).await?;
    for (task, order) in done {
        op.tx.exec(super::sql::FINISH_TASK, args![task]).await?;
        finish(op, order).await?;
    }
    let next = lines(op.tx, batch, 1).await?.into_iter().next();
    if next.is_none() {
        end(op, batch).await?;
    } else {
        keep(op, batch).await?;
    }
    let batch_done = next.is_none();
    Ok((next, batch_done))
}

/// The person is at work: the batch stays theirs.
async fn keep(op: &mut Op<'_, '_>, batch: BatchId) -> Result<(), DbError> {
    let lease_until = op.at().plus_ms(LEASE_MS);
    op.tx.exec(sql::KEEP, args![batch, lease_until]).await.map(drop)
}

/// A batch is over. Tasks whose order is held wait for anybody.
async fn end(op: &mut Op<'_, '_>, batch: BatchId) -> Result<(), DbError> {
    let at = op.at();
    op.tx.exec(sql::UNCLAIM, args![batch]).await?;
    op.tx.exec(sql::END, args![batch, at]).await?;
    op.record("pick_batch.done", ("pick_batch", batch.0), &json!({}));
    Ok(())
}

/// A batch in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BatchView {
    /// The batch.
    pub batch_id: BatchId,
    /// The tote that goods go into, once it is scanned.
    pub tote: Option<String>,
    /// Until when it is theirs.
    pub lease_until: Timestamp,
    /// Its open lines.
    pub lines: Vec<BatchLine>,
}

/// Whether a person walks a batch now.
///
/// # Errors
/// A failure of the database.
pub async fn walks(tx: &mut Tx<'_>, warehouse: WarehouseId, person: PersonId, now: Timestamp) -> Result<bool, DbError> {
    let found: Option<(BatchId, Option<String>, Timestamp)> =
        tx.opt(sql::READ_MINE, args![warehouse, person, now]).await?;
    Ok(found.is_some())
}

/// The batch that a person walks now.
///
/// # Errors
/// [`PickError::NothingToDo`] where they have none; a failure of the database.
pub async fn view(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    person: PersonId,
    now: Timestamp,
) -> Result<BatchView, PickError> {
    let found: Option<(BatchId, Option<String>, Timestamp)> =
        tx.opt(sql::READ_MINE, args![warehouse, person, now]).await?;
    let (batch_id, tote, lease_until) = found.ok_or(PickError::NothingToDo {})?;
    let lines = lines(tx, batch_id, 2000).await?;
    Ok(BatchView { batch_id, tote, lease_until, lines })
}
