//! A place is counted: each line is compared, decided, or counted again by another person.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::claim::{LineRow, TaskRow, any, cell, in_turn, lines, mine};
use super::model::{CountTaskState, Found, LineState, PlanState, Tolerance, Verdict, decide};
use super::post::{Difference, post_difference};
use super::raise::raise_after;
use super::record::{BEGUN, seal_others, touch};
use super::{CountError, require, sql};
use crate::db::{DbError, Done, Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{CountLineId, CountPlanId, CountTaskId, LotId, PersonId, PlaceId, SkuId};
use crate::stock::model::StockStatus;
use crate::{args, row};

/// How a place is finished.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HowToFinish {
    /// Nothing else lies there: what the book has and nobody counted is none. Without it, that is asked for.
    pub nothing_else: bool,
    /// The number of the command in its round.
    pub step: Option<i64>,
}

/// Ends a round at a place.
#[derive(Clone, Debug, Serialize)]
pub struct FinishCount {
    /// The task.
    pub task: CountTaskId,
    /// How.
    pub how: HowToFinish,
}

/// What a counter learns: that it is counted. Whether it agrees is not told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CountFinished {
    /// Whether the place is done; else something has to be counted anew.
    pub finished: bool,
    /// What has to be counted anew, because something of it was moved meanwhile.
    pub again: Vec<String>,
    /// The number of the next command, where the place isn't done.
    pub step: i64,
}

row! {
    /// What somebody found.
    #[derive(Debug, Clone)]
    pub struct FoundRow {
        /// In which round.
        pub round: i64,
        /// Who.
        pub person: PersonId,
        /// Pieces.
        pub counted: i64,
        /// The book then.
        pub book: i64,
        /// How often the book had been corrected.
        pub corrections: i64,
    }
}

row! {
    /// Tolerance and cost.
    #[derive(Debug, Clone, Default)]
    pub struct Limits {
        /// Pieces.
        pub units: Option<i64>,
        /// Hundredths of a per cent.
        pub points: Option<i64>,
        /// Minor units.
        pub value_minor: Option<i64>,
        /// What a piece cost, in minor units.
        pub unit_cost_minor: Option<i64>,
    }
}

impl Operation for FinishCount {
    const KIND: &'static str = "counting.finish";
    type Answer = CountFinished;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<CountFinished, CountError> {
        require(op, Right::Count)?;
        let task = mine(op, self.task).await?;
        in_turn(&task, self.how.step)?;
        let before = lines(op, &task).await?;
        let missing: Vec<&LineRow> = before.iter().filter(|line| line.asked() && line.counted.is_none()).collect();
        if !self.how.nothing_else && !missing.is_empty() {
            let mut skus: Vec<&str> = missing.iter().map(|line| line.sku_code.as_str()).collect();
            skus.dedup();
            return Err(CountError::NotCounted { skus: skus.join(", ") });
        }
        // Nothing below may fail for a business reason.
        let mut again = seal_others(op, &task, &before, CountLineId(0)).await?;
        for line in missing {
            again.extend(none_there(op, &task, line).await?);
        }
        again.extend(corrected_meanwhile(op, &task, &before).await?);
        if task.whole && task.round == 1 {
            again.extend(unseen(op, &task).await?);
        }
        touch(op, &task).await?;
        if !again.is_empty() {
            return Ok(CountFinished { finished: false, again, step: task.step + 1 });
        }
        settle(op, &task, &before).await?;
        Ok(CountFinished { finished: true, again, step: 0 })
    }
}

/// The book has something that isn't there. Where it changed since the counter came, they look again.
async fn none_there(op: &mut Op<'_, '_>, task: &TaskRow, line: &LineRow) -> Result<Option<String>, DbError> {
    let Some(lot) = line.lot else { return Ok(None) };
    let now = cell(op, task.place, (line.sku, lot, line.status)).await?;
    if now.changes != line.opened_changes {
        op.tx.exec(sql::SET_OPENED, args![line.id, now.changes]).await?;
        return Ok(Some(line.sku_code.clone()));
    }
    let (person, at) = (op.person(), op.at());
    let values = args![line.id, task.round, person, 0_i64, now.on_hand, now.changes, now.corrections, true, at];
    op.tx.exec(sql::PUT_ENTRY, values).await?;
    Ok(None)
}

/// Lines whose book was corrected since they were counted.
async fn corrected_meanwhile(op: &mut Op<'_, '_>, task: &TaskRow, before: &[LineRow]) -> Result<Vec<String>, DbError> {
    let mut again = Vec::new();
    for line in before.iter().filter(|line| line.asked() && line.counted.is_some()) {
        let Some(lot) = line.lot else { continue };
        let now = cell(op, task.place, (line.sku, lot, line.status)).await?;
        if line.sealed == Some(true) && line.corrections != Some(now.corrections) {
            op.tx.exec(sql::DELETE_ENTRY, args![line.id, task.round]).await?;
            op.tx.exec(sql::SET_OPENED, args![line.id, BEGUN]).await?;
            again.push(line.sku_code.clone());
        }
    }
    Ok(again)
}

/// What came in while the place was counted, and no line is about.
async fn unseen(op: &mut Op<'_, '_>, task: &TaskRow) -> Result<Vec<String>, DbError> {
    let warehouse = op.warehouse();
    let values = args![warehouse, task.place, task.id];
    let unseen: Vec<(SkuId, String, LotId, StockStatus, i64)> = op.tx.all(sql::SELECT_UNSEEN, values).await?;
    let mut again = Vec::new();
    for (sku, code, lot, status, changes) in unseen {
        let values = args![warehouse, task.id, task.place, sku, lot, "", status, changes];
        let _line: (CountLineId,) = op.tx.one("line", sql::INSERT_LINE, values).await?;
        again.push(code);
    }
    Ok(again)
}

/// All lines of the round are counted to their ends: what follows of each.
async fn settle(op: &mut Op<'_, '_>, task: &TaskRow, before: &[LineRow]) -> Result<(), CountError> {
    let (mut recount, mut waiting) = (false, false);
    let mut lines: Vec<&LineRow> = before.iter().filter(|line| line.asked()).collect();
    lines.sort_by_key(|line| line.lot);
    for line in lines {
        match decide_line(op, task, line).await? {
            LineState::Recount => recount = true,
            LineState::Confirmed | LineState::Undecided => waiting = true,
            _ => {}
        }
    }
    let at = op.at();
    let (state, round, ended) = match (recount, waiting) {
        (true, _) => (CountTaskState::Open, task.round + 1, None),
        (false, true) => (CountTaskState::Deciding, task.round, None),
        (false, false) => (CountTaskState::Closed, task.round, Some(at)),
    };
    let still: (i64,) = op.tx.one("count", sql::COUNT_UNSETTLED, args![task.id]).await?;
    let (state, ended) =
        if state == CountTaskState::Closed && still.0 > 0 { (CountTaskState::Deciding, None) } else { (state, ended) };
    op.tx.exec(sql::NEXT_STATE, args![task.id, state, round, at, ended]).await?;
    if task.freeze && state != CountTaskState::Open {
        op.tx.exec(sql::SET_FROZEN, args![task.place, false]).await?;
    }
    if task.whole && task.round == 1 {
        op.tx.exec(sql::PUT_PLACE_COUNTED, args![task.place, op.warehouse(), at]).await?;
    }
    let data = json!({ "plan": task.plan, "place": task.place_code, "round": task.round });
    op.record("count.place_counted", ("count_task", task.id.0), &data);
    if state == CountTaskState::Closed {
        raise_after(op, task.id).await?;
        end_plan(op, task.plan).await?;
    }
    Ok(())
}

/// What was found of a line in rounds that can be compared with the book as it is corrected by now.
pub(super) async fn found(op: &mut Op<'_, '_>, line: CountLineId, corrections: i64) -> Result<Vec<Found>, DbError> {
    let rows: Vec<FoundRow> = op.tx.all(sql::SELECT_FOUND, args![line]).await?;
    let same = rows.into_iter().filter(|row| row.corrections == corrections);
    Ok(same.map(|row| Found { person: row.person, variance: row.counted - row.book, book: row.book }).collect())
}

/// Decides about a line, and writes it down.
async fn decide_line(op: &mut Op<'_, '_>, task: &TaskRow, line: &LineRow) -> Result<LineState, CountError> {
    let warehouse = op.warehouse();
    let corrections = match line.lot {
        Some(lot) => cell(op, task.place, (line.sku, lot, line.status)).await?.corrections,
        None => 0,
    };
    let found = found(op, line.id, corrections).await?;
    let Some(last) = found.last().copied() else { return Ok(line.state) };
    let limits: Option<Limits> = op.tx.opt(sql::SELECT_LIMITS, args![warehouse, line.sku, line.lot]).await?;
    let Limits { units, points, value_minor, unit_cost_minor } = limits.unwrap_or_default();
    // Goods of no known lot always need somebody who says which it is.
    let tolerance = if line.lot.is_some() { Tolerance { units, points, value_minor } } else { Tolerance::default() };
    let verdict = decide(&found, tolerance, unit_cost_minor);
    let (state, variance) = match verdict {
        Verdict::Matched => (LineState::Matched, Some(0)),
        Verdict::Accepted(variance) => (LineState::Accepted, Some(variance)),
        Verdict::Recount => (LineState::Recount, None),
        Verdict::Confirmed(variance) => (LineState::Confirmed, Some(variance)),
        Verdict::Undecided => (LineState::Undecided, None),
    };
    let settled = (state == LineState::Matched).then(|| op.at());
    let book = variance.map(|_| last.book);
    let values = args![line.id, state, book, variance, corrections, unit_cost_minor, settled, last.variance];
    op.tx.exec(sql::SET_LINE, values).await?;
    if let (LineState::Accepted, Some(lot), Some(variance)) = (state, line.lot, variance) {
        let difference = Difference {
            line: line.id,
            task: task.id,
            place: task.place,
            place_code: &task.place_code,
            item: (line.sku, lot, line.status),
            variance,
            corrections,
            unit_cost_minor,
            cause: "within_tolerance",
            note: "",
        };
        if post_difference(op, &difference).await? {
            return Ok(LineState::Posted);
        }
        return Ok(LineState::Recount);
    }
    Ok(state)
}

/// A plan ends with its last place.
pub(super) async fn end_plan(op: &mut Op<'_, '_>, plan: CountPlanId) -> Result<(), DbError> {
    let at = op.at();
    if op.tx.exec(sql::CLOSE_PLAN, args![plan, at]).await? == 1 {
        op.record("count.closed", ("count_plan", plan.0), &json!({}));
    }
    Ok(())
}

/// A place ends with the decision about its last line.
pub(super) async fn end_task(op: &mut Op<'_, '_>, task: &TaskRow) -> Result<(), DbError> {
    let at = op.at();
    let (unsettled,): (i64,) = op.tx.one("count", sql::COUNT_UNSETTLED, args![task.id]).await?;
    if unsettled == 0 && op.tx.exec(sql::CLOSE_TASK, args![task.id, at]).await? == 1 {
        raise_after(op, task.id).await?;
        end_plan(op, task.plan).await?;
    }
    Ok(())
}

row! {
    /// A plan, locked.
    #[derive(Debug, Clone)]
    pub struct PlanRow {
        /// Its id.
        pub id: CountPlanId,
        /// Its number.
        pub number: String,
        /// Why its places are counted.
        pub kind: super::model::CountKind,
        /// Whether counters don't see the book.
        pub blind: bool,
        /// Whether nothing is picked at a place while it is counted.
        pub freeze: bool,
        /// Where it stands.
        pub state: PlanState,
    }
}

/// Gives a plan up. What was posted stays, what was counted and not posted counts no more.
#[derive(Clone, Debug, Serialize)]
pub struct CancelCount {
    /// The plan.
    pub plan: CountPlanId,
    /// Why.
    pub reason: String,
}

impl Operation for CancelCount {
    const KIND: &'static str = "counting.cancel";
    type Answer = Done;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Done, CountError> {
        require(op, Right::CountManage)?;
        let reason = self.reason.trim();
        if reason.is_empty() {
            return Err(CountError::ReasonMissing {});
        }
        let warehouse = op.warehouse();
        // The places first: whoever finishes one locks it, and then the plan.
        let tasks: Vec<(CountTaskId, PlaceId)> = op.tx.all(sql::LOCK_TASKS, args![self.plan]).await?;
        let plan: Option<PlanRow> = op.tx.opt(sql::SELECT_PLAN, args![warehouse, self.plan]).await?;
        let plan = plan.ok_or_else(|| CountError::NotFound { what: "count", code: self.plan.to_string() })?;
        if plan.state != PlanState::Open {
            return Err(CountError::PlanEnded { number: plan.number });
        }
        // Nothing below may fail for a business reason.
        let at = op.at();
        op.tx.exec(sql::CANCEL_LINES, args![plan.id, at]).await?;
        op.tx.exec(sql::CANCEL_TASKS, args![plan.id, at]).await?;
        op.tx.exec(sql::CANCEL_PLAN, args![plan.id, at]).await?;
        for (task, place) in tasks {
            if plan.freeze {
                op.tx.exec(sql::SET_FROZEN, args![place, false]).await?;
            }
            raise_after(op, task).await?;
        }
        op.record("count.cancelled", ("count_plan", plan.id.0), &json!({ "reason": reason }));
        Ok(Done {})
    }
}

/// Has lines counted once more, by somebody who hasn't counted them yet.
#[derive(Clone, Debug, Serialize)]
pub struct RecountLine {
    /// The line.
    pub line: CountLineId,
}

impl Operation for RecountLine {
    const KIND: &'static str = "counting.recount";
    type Answer = Done;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Done, CountError> {
        require(op, Right::CountManage)?;
        let line = super::approve::line(op, self.line).await?;
        let task = any(op, line.task).await?;
        let line = super::approve::line(op, self.line).await?;
        if !matches!(line.state, LineState::Confirmed | LineState::Undecided) {
            return Err(CountError::WrongState { state: line.state });
        }
        // Nothing below may fail for a business reason.
        again(op, &task, line.id).await?;
        Ok(Done {})
    }
}

/// A line goes back to be counted by another person. A round that waits or goes on at the place takes it along.
pub(super) async fn again(op: &mut Op<'_, '_>, task: &TaskRow, line: CountLineId) -> Result<(), DbError> {
    op.tx.exec(sql::RECOUNT_LINE, args![line]).await?;
    if task.state == CountTaskState::Deciding {
        op.tx.exec(sql::RECOUNT_TASK, args![task.id]).await?;
    }
    op.record("count.recount", ("count_task", task.id.0), &json!({ "line": line, "place": task.place_code }));
    Ok(())
}
