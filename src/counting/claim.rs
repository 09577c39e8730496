//! Who counts where: a place is one person's for as long as they are at it, and anybody's afterwards.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{CountTaskState, LEASE_MS, LineState};
use super::{CountError, require, sql};
use crate::db::{DbError, Done, Op, Operation};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{CountLineId, CountPlanId, CountTaskId, LotId, PersonId, PlaceId, SkuId};
use crate::kernel::text::scanned;
use crate::location::ops::{Place, place};
use crate::stock::model::{PlaceKind, StockStatus};
use crate::{args, row};

row! {
    /// A place of a plan, locked.
    #[derive(Debug, Clone)]
    pub struct TaskRow {
        /// Its id.
        pub id: CountTaskId,
        /// The plan.
        pub plan: CountPlanId,
        /// The plan's number.
        pub plan_number: String,
        /// Whether the counter doesn't see the book.
        pub blind: bool,
        /// Whether nothing is picked there meanwhile.
        pub freeze: bool,
        /// The place.
        pub place: PlaceId,
        /// The place's code.
        pub place_code: String,
        /// Where it stands.
        pub state: CountTaskState,
        /// Whether all that lies there is counted.
        pub whole: bool,
        /// The round.
        pub round: i64,
        /// Who counts it.
        pub person: Option<PersonId>,
        /// Until when it is theirs.
        pub lease_until: Option<Timestamp>,
        /// Who must not count it.
        pub not_person: Option<PersonId>,
        /// Commands of this round.
        pub step: i64,
    }
}

row! {
    /// A line, with what was counted of it in the present round.
    #[derive(Debug, Clone)]
    pub struct LineRow {
        /// Its id.
        pub id: CountLineId,
        /// The SKU.
        pub sku: SkuId,
        /// Its code.
        pub sku_code: String,
        /// The lot, where it is known.
        pub lot: Option<LotId>,
        /// Its number, or what the counter read.
        pub lot_number: String,
        /// What the stock may be used for.
        pub status: StockStatus,
        /// Where it stands.
        pub state: LineState,
        /// How often the cell had changed when the counter came.
        pub opened_changes: i64,
        /// How often by the counter's last command.
        pub seen_changes: i64,
        /// Pieces counted.
        pub counted: Option<i64>,
        /// The book then.
        pub book: Option<i64>,
        /// How often the cell had changed then.
        pub changes: Option<i64>,
        /// How often the book had been corrected then.
        pub corrections: Option<i64>,
        /// Whether it is counted to its end.
        pub sealed: Option<bool>,
    }
}

impl LineRow {
    /// Whether it is asked for in the present round.
    #[must_use]
    pub const fn asked(&self) -> bool {
        matches!(self.state, LineState::Counting | LineState::Recount)
    }
}

row! {
    /// A cell, locked.
    #[derive(Debug, Clone, Copy)]
    pub struct CellRow {
        /// Its id.
        pub id: crate::kernel::ids::CellId,
        /// Pieces.
        pub on_hand: i64,
        /// Pieces that are reserved.
        pub reserved: i64,
        /// How often it has changed.
        pub changes: i64,
        /// How often the book alone was corrected.
        pub corrections: i64,
    }
}

/// What is to be counted of one cell: what, but not how many.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AskedLine {
    /// The SKU.
    pub sku: String,
    /// The lot.
    pub lot: String,
    /// Status of the stock.
    pub status: StockStatus,
    /// Pieces that this counter has counted in this round; none where they haven't yet.
    pub counted: Option<i64>,
    /// What the book says; only in a count that isn't blind, and for who may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<i64>,
}

/// A place that is one's own to count.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CountClaimed {
    /// The task.
    pub task_id: CountTaskId,
    /// The plan's number.
    pub plan: String,
    /// The place.
    pub place: String,
    /// The round: from the second on, others counted it before.
    pub round: i64,
    /// Whether all that lies there is counted, or only the lines.
    pub whole: bool,
    /// The number of the next command.
    pub step: i64,
    /// Until when it is one's own.
    pub lease_until: Timestamp,
    /// What is to be counted, as far as the book knows.
    pub lines: Vec<AskedLine>,
}

/// Takes a place to count: one's own again, the scanned one, or the next on the walk.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimCount {
    /// Only of this plan.
    pub plan: Option<CountPlanId>,
    /// This place, scanned.
    pub place: Option<String>,
}

/// Reads and locks a place of a plan.
pub(super) async fn any(op: &mut Op<'_, '_>, task: CountTaskId) -> Result<TaskRow, CountError> {
    let warehouse = op.warehouse();
    let found: Option<TaskRow> = op.tx.opt(sql::SELECT_TASK, args![warehouse, task]).await?;
    found.ok_or_else(|| CountError::NotFound { what: "count", code: task.to_string() })
}

/// Reads and locks a place that the person counts.
pub(super) async fn mine(op: &mut Op<'_, '_>, task: CountTaskId) -> Result<TaskRow, CountError> {
    let row = any(op, task).await?;
    let alive = row.lease_until.is_some_and(|until| until > op.at());
    let owned = row.state == CountTaskState::Counting && row.person == Some(op.person()) && alive;
    if owned { Ok(row) } else { Err(CountError::NotYours { place: row.place_code }) }
}

/// A command of a round comes in its turn, where the device numbers them.
pub(super) fn in_turn(task: &TaskRow, step: Option<i64>) -> Result<(), CountError> {
    match step {
        Some(step) if step != task.step => Err(CountError::OutOfOrder { step: task.step }),
        _ => Ok(()),
    }
}

/// The lines of a place.
pub(super) async fn lines(op: &mut Op<'_, '_>, task: &TaskRow) -> Result<Vec<LineRow>, DbError> {
    op.tx.all(sql::SELECT_LINES, args![task.id, task.round]).await
}

/// A cell, locked: what the book says in this transaction.
pub(super) async fn cell(
    op: &mut Op<'_, '_>,
    place: PlaceId,
    (sku, lot, status): (SkuId, LotId, StockStatus),
) -> Result<CellRow, DbError> {
    let warehouse = op.warehouse();
    op.tx.one("cell", sql::LOCK_CELL, args![warehouse, place, sku, lot, status]).await
}

/// A scanned location.
pub(super) async fn location(op: &mut Op<'_, '_>, text: &str) -> Result<Place, CountError> {
    let warehouse = op.warehouse();
    let found = place(op.tx, warehouse, text).await?;
    found
        .filter(|place| place.kind == PlaceKind::Location)
        .ok_or_else(|| CountError::NotALocation { scanned: scanned(text) })
}

impl Operation for ClaimCount {
    const KIND: &'static str = "counting.claim";
    type Answer = CountClaimed;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<CountClaimed, CountError> {
        require(op, Right::Count)?;
        let task = self.choose(op).await?;
        let task = any(op, task).await?;
        // Nothing below may fail for a business reason.
        let lease_until = op.at().plus_ms(LEASE_MS);
        let resumed = task.person == Some(op.person()) && task.state == CountTaskState::Counting;
        let step = if resumed { task.step } else { 0 };
        if !resumed {
            begin(op, &task).await?;
        }
        op.tx.exec(sql::TAKE_TASK, args![task.id, op.context.actor.person, lease_until, step]).await?;
        let data = json!({ "plan": task.plan, "place": task.place_code, "round": task.round });
        op.record("count.claimed", ("count_task", task.id.0), &data);
        let lines = asked(op, &task).await?;
        let TaskRow { id: task_id, plan_number: plan, place_code: place, round, whole, .. } = task;
        Ok(CountClaimed { task_id, plan, place, round, whole: whole && round == 1, step, lease_until, lines })
    }
}

impl ClaimCount {
    async fn choose(&self, op: &mut Op<'_, '_>) -> Result<CountTaskId, CountError> {
        let (warehouse, person, now) = (op.warehouse(), op.person(), op.at());
        let wanted = match &self.place {
            Some(text) => Some(location(op, text).await?),
            None => None,
        };
        if wanted.is_none() && self.plan.is_none() {
            let own: Option<(CountTaskId,)> = op.tx.opt(sql::SELECT_OWN, args![warehouse, person, now]).await?;
            if let Some((own,)) = own {
                return Ok(own);
            }
        }
        let plan = self.plan.map_or(0, |plan| plan.0);
        let at = wanted.as_ref().map_or(0, |place| place.id.0);
        let next: Option<(CountTaskId,)> = op.tx.opt(sql::SELECT_NEXT, args![warehouse, person, now, plan, at]).await?;
        match (next, wanted) {
            (Some((next,)), _) => Ok(next),
            (None, None) => Err(CountError::NothingToDo {}),
            (None, Some(place)) => Err(why_not(op, place).await?),
        }
    }
}

/// Why a place that was asked for can't be had.
async fn why_not(op: &mut Op<'_, '_>, place: Place) -> Result<CountError, DbError> {
    let (warehouse, now) = (op.warehouse(), op.at());
    let at: Option<(CountTaskId, CountTaskState, String, i64)> =
        op.tx.opt(sql::SELECT_AT, args![warehouse, place.id]).await?;
    Ok(match at {
        Some((_, CountTaskState::Counting, person, until)) if until > now.0 => {
            CountError::PlaceBusy { place: place.code, person }
        }
        Some((_, CountTaskState::Open | CountTaskState::Counting, ..)) => {
            CountError::AnotherPerson { place: place.code }
        }
        _ => CountError::NothingToDo {},
    })
}

/// A round begins, or begins anew with another person: what the first had counted of it counts no more.
async fn begin(op: &mut Op<'_, '_>, task: &TaskRow) -> Result<(), DbError> {
    let warehouse = op.warehouse();
    op.tx.exec(sql::FORGET_ENTRIES, args![task.id, task.round]).await?;
    op.tx.exec(sql::FORGET_LINES, args![task.id]).await?;
    if let Some(before) = task.person {
        op.tx.exec(sql::FORGET_UNKNOWN, args![task.id, before]).await?;
    }
    if task.round == 1 {
        op.tx.exec(sql::OPEN_LINES, args![warehouse, task.id, task.place, task.whole]).await?;
    } else {
        op.tx.exec(sql::REOPEN_LINES, args![task.id]).await?;
    }
    op.tx.exec(sql::SEE_LINES, args![task.id]).await?;
    if task.freeze {
        op.tx.exec(sql::SET_FROZEN, args![task.place, true]).await?;
    }
    Ok(())
}

/// What is to be counted. What the book says of it is told only where the count isn't blind.
pub(super) async fn asked(op: &mut Op<'_, '_>, task: &TaskRow) -> Result<Vec<AskedLine>, DbError> {
    let open = !task.blind && op.may(Right::CountOpen);
    let mut asked = Vec::new();
    for line in lines(op, task).await?.into_iter().filter(LineRow::asked) {
        let expected = match line.lot {
            Some(lot) if open => Some(cell(op, task.place, (line.sku, lot, line.status)).await?.on_hand),
            _ => None,
        };
        let LineRow { sku_code: sku, lot_number: lot, status, counted, .. } = line;
        asked.push(AskedLine { sku, lot, status, counted, expected });
    }
    Ok(asked)
}

/// Gives a place back: what was counted of it in this round counts no more once another takes it.
#[derive(Clone, Debug, Serialize)]
pub struct ReleaseCount {
    /// The task.
    pub task: CountTaskId,
}

impl Operation for ReleaseCount {
    const KIND: &'static str = "counting.release";
    type Answer = Done;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Done, CountError> {
        require(op, Right::Count)?;
        let task = any(op, self.task).await?;
        let own = task.person == Some(op.person());
        if task.state != CountTaskState::Counting || !(own || op.may(Right::CountManage)) {
            return Err(CountError::NotYours { place: task.place_code });
        }
        // Nothing below may fail for a business reason.
        begin(op, &task).await?;
        op.tx.exec(sql::UNTAKE_TASK, args![task.id]).await?;
        if task.freeze {
            op.tx.exec(sql::SET_FROZEN, args![task.place, false]).await?;
        }
        op.record("count.released", ("count_task", task.id.0), &json!({ "place": task.place_code }));
        Ok(Done {})
    }
}
