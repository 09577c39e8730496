//! Deciding about differences: with a cause, by somebody who hasn't counted them.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::claim::{TaskRow, any, cell};
use super::finish::{FoundRow, again, end_task};
use super::model::LineState;
use super::post::{Difference, post_difference};
use super::{CountError, require, sql};
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{CountLineId, CountTaskId, LotId, PlaceId, SkuId};
use crate::kernel::text::scanned;
use crate::stock::model::StockStatus;
use crate::{args, row};

/// Longest note, in bytes.
const LONGEST_NOTE: usize = 500;

row! {
    /// A line of a count.
    #[derive(Debug, Clone)]
    pub struct LineToDecide {
        /// Its id.
        pub id: CountLineId,
        /// Its place in the plan.
        pub task: CountTaskId,
        /// The place.
        pub place: PlaceId,
        /// The place's code.
        pub place_code: String,
        /// The SKU.
        pub sku: SkuId,
        /// Its code.
        pub sku_code: String,
        /// The lot.
        pub lot: Option<LotId>,
        /// Status of the stock.
        pub status: StockStatus,
        /// Where it stands.
        pub state: LineState,
        /// The book.
        pub book: Option<i64>,
        /// The difference.
        pub variance: Option<i64>,
        /// How often the book had been corrected.
        pub corrections: Option<i64>,
        /// What a piece cost.
        pub unit_cost_minor: Option<i64>,
    }
}

/// Reads a line.
pub(super) async fn line(op: &mut Op<'_, '_>, line: CountLineId) -> Result<LineToDecide, CountError> {
    let warehouse = op.warehouse();
    let found = op.tx.opt(sql::SELECT_LINE, args![warehouse, line]).await?;
    found.ok_or_else(|| CountError::NotFound { what: "count line", code: line.to_string() })
}

/// What somebody decides about a difference.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Approval {
    /// Code of the cause.
    pub cause: String,
    /// What else there is to say.
    pub note: String,
    /// Where the rounds differ: the round that is right.
    pub round: Option<i64>,
    /// Where nobody knew the lot: its number.
    pub lot: Option<String>,
}

/// Approves a difference: it is posted.
#[derive(Clone, Debug, Serialize)]
pub struct ApproveLine {
    /// The line.
    pub line: CountLineId,
    /// How.
    pub approval: Approval,
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineDecided {
    /// Where it stands: `posted`, or `recount` where the book was corrected since it was counted.
    pub state: LineState,
    /// The difference that was posted.
    pub variance: Option<i64>,
}

/// Reads a line and locks its place; refuses where nothing is to be decided, or the person counted it.
async fn decidable(op: &mut Op<'_, '_>, id: CountLineId) -> Result<(LineToDecide, TaskRow, Vec<FoundRow>), CountError> {
    let task = line(op, id).await?.task;
    let task = any(op, task).await?;
    let line = line(op, id).await?;
    if !matches!(line.state, LineState::Confirmed | LineState::Undecided) {
        return Err(CountError::WrongState { state: line.state });
    }
    let found: Vec<FoundRow> = op.tx.all(sql::SELECT_FOUND, args![line.id]).await?;
    if found.iter().any(|found| found.person == op.context.actor.person) {
        return Err(CountError::OwnCount {});
    }
    Ok((line, task, found))
}

impl Operation for ApproveLine {
    const KIND: &'static str = "counting.approve";
    type Answer = LineDecided;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<LineDecided, CountError> {
        require(op, Right::CountApprove)?;
        let (line, task, found) = decidable(op, self.line).await?;
        let cause = self.cause(op).await?;
        let (variance, corrections) = self.difference(&line, &found)?;
        let lot = self.lot(op, &line).await?;
        self.within_limit(op, &line, variance).await?;
        let item = (line.sku, lot, line.status);
        let corrections = match line.lot {
            Some(_) => corrections,
            // It was counted against an empty book.
            None => cell(op, line.place, item).await?.corrections,
        };
        // Nothing below may fail for a business reason.
        if line.lot.is_none() {
            op.tx.exec(sql::SET_LOT, args![line.id, lot]).await?;
        }
        if variance == 0 {
            self.close(op, &line, LineState::Matched, "", Some(0)).await?;
            end_task(op, &task).await?;
            return Ok(LineDecided { state: LineState::Matched, variance: Some(0) });
        }
        let settled: Option<crate::kernel::Timestamp> = None;
        let values =
            args![line.id, line.state, line.book, variance, corrections, line.unit_cost_minor, settled, variance];
        op.tx.exec(sql::SET_LINE, values).await?;
        let difference = Difference {
            line: line.id,
            task: task.id,
            place: line.place,
            place_code: &line.place_code,
            item,
            variance,
            corrections,
            unit_cost_minor: line.unit_cost_minor,
            cause: &cause,
            note: self.approval.note.trim(),
        };
        if post_difference(op, &difference).await? {
            end_task(op, &task).await?;
            return Ok(LineDecided { state: LineState::Posted, variance: Some(variance) });
        }
        again(op, &task, line.id).await?;
        Ok(LineDecided { state: LineState::Recount, variance: None })
    }
}

impl ApproveLine {
    async fn cause(&self, op: &mut Op<'_, '_>) -> Result<String, CountError> {
        if self.approval.note.len() > LONGEST_NOTE {
            return Err(CountError::BadInput { field: "note" });
        }
        let cause = self.approval.cause.trim();
        let known: Option<(String,)> = op.tx.opt(sql::SELECT_CAUSE, args![cause]).await?;
        known.map(|(code,)| code).ok_or_else(|| CountError::UnknownCause { cause: cause.to_owned() })
    }

    /// The difference that is meant: the confirmed one, or that of the round that the person believes.
    fn difference(&self, line: &LineToDecide, found: &[FoundRow]) -> Result<(i64, i64), CountError> {
        if let (LineState::Confirmed, Some(variance), Some(corrections)) = (line.state, line.variance, line.corrections)
        {
            return Ok((variance, corrections));
        }
        let round = found.iter().find(|found| Some(found.round) == self.approval.round);
        let round = round.ok_or(CountError::WhichRound {})?;
        Ok((round.counted - round.book, round.corrections))
    }

    async fn lot(&self, op: &mut Op<'_, '_>, line: &LineToDecide) -> Result<LotId, CountError> {
        if let Some(lot) = line.lot {
            return Ok(lot);
        }
        let missing = || CountError::LotMissing { sku: line.sku_code.clone() };
        let text = scanned(self.approval.lot.as_deref().unwrap_or_default());
        if text.is_empty() {
            return Err(missing());
        }
        let warehouse = op.warehouse();
        let lots: Vec<(LotId, String)> = op.tx.all(sql::SELECT_LOTS, args![warehouse, line.sku, text]).await?;
        lots.first().map(|(lot, _)| *lot).ok_or_else(missing)
    }

    async fn within_limit(&self, op: &mut Op<'_, '_>, line: &LineToDecide, variance: i64) -> Result<(), CountError> {
        let warehouse = op.warehouse();
        let limit: Option<(i64,)> = op.tx.opt(sql::SELECT_LIMIT, args![warehouse]).await?;
        let limit_minor = limit.map_or(0, |(limit,)| limit);
        let value_minor = line.unit_cost_minor.unwrap_or(0).saturating_mul(variance.saturating_abs());
        if value_minor > limit_minor && !op.may(Right::CountApproveLarge) {
            return Err(CountError::TooLarge { value_minor, limit_minor });
        }
        Ok(())
    }

    async fn close(
        &self,
        op: &mut Op<'_, '_>,
        line: &LineToDecide,
        state: LineState,
        cause: &str,
        variance: Option<i64>,
    ) -> Result<(), CountError> {
        let (person, at) = (op.person(), op.at());
        let values = args![line.id, state, line.book, variance, line.corrections, line.unit_cost_minor, at, variance];
        op.tx.exec(sql::SET_LINE, values).await?;
        op.tx.exec(sql::DECIDE_LINE, args![line.id, state, cause, self.approval.note.trim(), person, at]).await?;
        Ok(())
    }
}

/// Doesn't believe a difference: the book stays as it is.
#[derive(Clone, Debug, Serialize)]
pub struct RejectLine {
    /// The line.
    pub line: CountLineId,
    /// Why.
    pub reason: String,
}

impl Operation for RejectLine {
    const KIND: &'static str = "counting.reject";
    type Answer = LineDecided;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<LineDecided, CountError> {
        require(op, Right::CountApprove)?;
        let reason = self.reason.trim();
        if reason.is_empty() {
            return Err(CountError::ReasonMissing {});
        }
        if reason.len() > LONGEST_NOTE {
            return Err(CountError::BadInput { field: "reason" });
        }
        let (line, task, _) = decidable(op, self.line).await?;
        // Nothing below may fail for a business reason.
        let (person, at) = (op.person(), op.at());
        op.tx.exec(sql::DECIDE_LINE, args![line.id, LineState::Rejected, "", reason, person, at]).await?;
        let data = json!({ "line": line.id, "place": line.place_code, "reason": reason });
        op.record("count.rejected", ("count_task", task.id.0), &data);
        end_task(op, &task).await?;
        Ok(LineDecided { state: LineState::Rejected, variance: None })
    }
}
