//! Getting a task, giving it back, and the tote that goes with it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{LEASE_MS, PickLine, TaskState};
use super::{PickError, sql};
use crate::db::value::FromRow;
use crate::db::{DbError, Done, Op, Operation, Row, Tx};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{OrderId, PersonId, PickTaskId, PlaceId, WarehouseId, WaveId};
use crate::location::ops::place;
use crate::order::model::OrderState;
use crate::order::ops::advance;
use crate::stock::model::PlaceKind;
use crate::{args, row};

row! {
    /// A task, locked.
    #[derive(Debug, Clone)]
    pub struct TaskRow {
        /// Its id.
        pub id: PickTaskId,
        /// Its wave.
        pub wave: WaveId,
        /// Its order.
        pub order: OrderId,
        /// The order's number.
        pub order_number: String,
        /// Where the order stands.
        pub order_state: OrderState,
        /// Where the task stands.
        pub state: TaskState,
        /// Who has it.
        pub person: Option<PersonId>,
        /// Until when.
        pub lease_until: Option<Timestamp>,
        /// The tote that goods go into.
        pub tote: Option<PlaceId>,
        /// Lines still to be picked.
        pub lines_open: i64,
    }
}

impl FromRow for PickLine {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        use crate::db::Column;
        Ok(Self {
            allocation_id: Column::read(row, 0)?,
            place: Column::read(row, 1)?,
            check_digits: Column::read(row, 2)?,
            sku: Column::read(row, 3)?,
            name_en: Column::read(row, 4)?,
            name_zh: Column::read(row, 5)?,
            lot: Column::read(row, 6)?,
            quantity: Column::read(row, 7)?,
        })
    }
}

pub(super) fn require(op: &Op<'_, '_>, right: Right) -> Result<(), PickError> {
    if op.may(right) { Ok(()) } else { Err(PickError::Forbidden { right: right.code() }) }
}

/// A task of one's own, locked: claimed by this person and not run out.
pub(super) async fn mine(op: &mut Op<'_, '_>, task: PickTaskId) -> Result<TaskRow, PickError> {
    let row = any(op, task).await?;
    let alive = row.lease_until.is_some_and(|until| until > op.at());
    if row.state != TaskState::Claimed || row.person != Some(op.person()) || !alive {
        return Err(PickError::NotYours { task: task.0 });
    }
    running(&row.order_number, row.order_state)?;
    Ok(row)
}

/// A task, locked.
pub(super) async fn any(op: &mut Op<'_, '_>, task: PickTaskId) -> Result<TaskRow, PickError> {
    let warehouse = op.warehouse();
    let found: Option<TaskRow> = op.tx.opt(sql::SELECT_TASK, args![warehouse, task]).await?;
    found.ok_or_else(|| PickError::NotFound { what: "task", code: task.to_string() })
}

/// Whether an order is being picked.
pub(super) fn running(number: &str, state: OrderState) -> Result<(), PickError> {
    match state {
        OrderState::Released | OrderState::Picking => Ok(()),
        state => Err(PickError::OrderStopped { order: number.to_owned(), state }),
    }
}

/// The open lines of a task in walking order, at most `limit`.
///
/// # Errors
/// A failure of the database.
pub async fn lines(tx: &mut Tx<'_>, task: PickTaskId, limit: i64) -> Result<Vec<PickLine>, DbError> {
    tx.all(sql::SELECT_LINES, args![task, limit]).await
}

/// Asks for the next task. Who has one already gets that again.
#[derive(Debug, Serialize)]
pub struct ClaimTask {
    /// Only of this wave.
    pub wave: Option<WaveId>,
}

/// A task in a picker's hands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskClaimed {
    /// The task.
    pub task_id: PickTaskId,
    /// Its order's number.
    pub order: String,
    /// The tote that goods go into, once it is scanned.
    pub tote: Option<String>,
    /// Until when the task is yours; every scan prolongs it.
    pub lease_until: Timestamp,
    /// What is to be picked, in walking order.
    pub lines: Vec<PickLine>,
}

impl Operation for ClaimTask {
    const KIND: &'static str = "picking.claim";
    type Answer = TaskClaimed;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<TaskClaimed, PickError> {
        require(op, Right::Pick)?;
        let (warehouse, person, now) = (op.warehouse(), op.person(), op.at());
        let lease_until = now.plus_ms(LEASE_MS);
        let mine: Option<(PickTaskId,)> = op.tx.opt(sql::SELECT_MINE, args![warehouse, person, now]).await?;
        let task = match mine {
            Some((task,)) => task,
            None => self.claim(op, lease_until).await?,
        };
        let row = any(op, task).await?;
        let tote = match row.tote {
            Some(tote) => Some(crate::stock::ledger::place_code(op.tx, tote).await?),
            None => None,
        };
        let lease_until = if mine.is_some() { row.lease_until.unwrap_or(lease_until) } else { lease_until };
        let lines = lines(op.tx, task, 1000).await?;
        Ok(TaskClaimed { task_id: task, order: row.order_number, tote, lease_until, lines })
    }
}

impl ClaimTask {
    /// Claims the next task that is free.
    pub(super) async fn claim(&self, op: &mut Op<'_, '_>, lease_until: Timestamp) -> Result<PickTaskId, PickError> {
        let (warehouse, person, now) = (op.warehouse(), op.person(), op.at());
        let wave = self.wave.map_or(0, |wave| wave.0);
        let claimed: Option<(PickTaskId, OrderId, WaveId)> =
            op.tx.opt(sql::CLAIM, args![warehouse, person, now, lease_until, wave]).await?;
        let Some((task, order, wave)) = claimed else { return Err(PickError::NothingToDo {}) };
        // Nothing below may fail for a business reason.
        advance(op, order, &[OrderState::Released], OrderState::Picking).await?;
        op.tx.exec(sql::WAVE_PICKING, args![wave]).await?;
        op.record("pick_task.claimed", ("pick_task", task.0), &json!({ "order": order }));
        Ok(task)
    }
}

/// Gives a task back, for somebody else; its tote stays with it.
#[derive(Debug, Serialize)]
pub struct ReleaseTask {
    /// Which.
    pub task: PickTaskId,
}

impl Operation for ReleaseTask {
    const KIND: &'static str = "picking.release";
    type Answer = Done;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Done, PickError> {
        require(op, Right::Pick)?;
        let row = any(op, self.task).await?;
        let own = row.person == Some(op.person()) || op.may(Right::WaveManage);
        if row.state != TaskState::Claimed || !own {
            return Err(PickError::NotYours { task: self.task.0 });
        }
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::UNCLAIM, args![self.task]).await?;
        op.record("pick_task.released", ("pick_task", self.task.0), &json!({}));
        Ok(Done {})
    }
}

/// Gives back everything that a person has, when they leave.
///
/// # Errors
/// A failure of the database.
pub async fn release_all_of(op: &mut Op<'_, '_>, person: PersonId) -> Result<u64, DbError> {
    let at = op.at();
    op.tx.exec(sql::FINISH_RUNS_OF, args![person, at]).await?;
    op.tx.exec(super::batch::sql::END_ALL_OF, args![person, at]).await?;
    op.tx.exec(sql::UNCLAIM_ALL_OF, args![person]).await
}

/// A tote that may be used for a task.
pub(super) async fn free_tote(
    op: &mut Op<'_, '_>,
    text: &str,
    task: PickTaskId,
) -> Result<(PlaceId, String), PickError> {
    let warehouse: WarehouseId = op.warehouse();
    let found = place(op.tx, warehouse, text).await?;
    let scanned = crate::kernel::text::scanned(text);
    let Some(found) = found.filter(|found| found.kind == PlaceKind::Tote) else {
        return Err(PickError::NotATote { scanned });
    };
    op.tx.exec(sql::LOCK_TOTE, args![found.id]).await?;
    let (goods, tasks): (i64, i64) = op.tx.one("tote", sql::SELECT_TOTE_USE, args![warehouse, found.id, task]).await?;
    if goods > 0 || tasks > 0 {
        return Err(PickError::ToteInUse { tote: found.code });
    }
    op.tx.exec(sql::DELETE_BATCH_TOTE, args![found.id]).await?;
    Ok((found.id, found.code))
}

/// Takes an empty tote for a task; or, where the first is full, the next.
#[derive(Debug, Serialize)]
pub struct TakeTote {
    /// For which task.
    pub task: PickTaskId,
    /// The tote, scanned.
    pub tote: String,
}

/// A tote that goods go into from now on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ToteTaken {
    /// Its code.
    pub tote: String,
    /// The next line.
    pub next: Option<PickLine>,
}

impl Operation for TakeTote {
    const KIND: &'static str = "picking.tote";
    type Answer = ToteTaken;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<ToteTaken, PickError> {
        require(op, Right::Pick)?;
        let task = mine(op, self.task).await?;
        let warehouse = op.warehouse();
        let same = place(op.tx, warehouse, &self.tote).await?.filter(|found| Some(found.id) == task.tote);
        let code = match same {
            Some(same) => same.code,
            None => {
                let (tote, code) = free_tote(op, &self.tote, self.task).await?;
                // Nothing below may fail for a business reason.
                op.tx.exec(sql::SET_TOTE, args![self.task, tote]).await?;
                let lease_until = op.at().plus_ms(LEASE_MS);
                op.tx.exec(sql::TOUCH_TASK, args![self.task, lease_until, 0_i64]).await?;
                op.record("pick_task.tote_taken", ("pick_task", self.task.0), &json!({ "tote": code }));
                code
            }
        };
        let next = lines(op.tx, self.task, 1).await?.into_iter().next();
        Ok(ToteTaken { tote: code, next })
    }
}
