//! When goods aren't where they should be: short, skip, another place.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::confirm::finish;
use super::model::{LEASE_MS, PickLine, ShortReason};
use super::task::{any, lines, mine, require};
use super::{PickError, sql};
use crate::allocation::ops::AllocationRow;
use crate::allocation::reallocate::reallocate;
use crate::allocation::{sql as allocation_sql, why};
use crate::counting::model::CountKind;
use crate::counting::raise::{Raised, raise};
use crate::db::{Op, Operation};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{AllocationId, CandidatesId, CellId, LotId, PickTaskId, SkuId};
use crate::kernel::text::scanned;
use crate::location::ops::place;
use crate::order::ops::tell;
use crate::stock::candidates::{Rotation, of_sku, sort_out};
use crate::stock::eligible::{Facts, eligible};
use crate::stock::ledger::{End, Transfer, corrected, place_code, post};
use crate::stock::model::{LotStatus, Reason, StockStatus};
use crate::{args, row};

/// An allocation of one's own task, with something open.
async fn open_line(
    op: &mut Op<'_, '_>,
    task: PickTaskId,
    allocation: AllocationId,
) -> Result<AllocationRow, PickError> {
    mine(op, task).await?;
    let found: Option<AllocationRow> = op.tx.opt(allocation_sql::SELECT_ONE, args![allocation]).await?;
    let row = found.filter(|row| row.task == task);
    let row = row.ok_or_else(|| PickError::NotFound { what: "line", code: allocation.to_string() })?;
    if row.open() > 0 { Ok(row) } else { Err(PickError::LineDone {}) }
}

/// Where a picker stands after a line changed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LineChanged {
    /// Pieces that were found elsewhere and are to be picked there.
    pub reallocated: i64,
    /// Pieces that will be delivered later, or not at all.
    pub backordered: i64,
    /// The next line; none where the task is done.
    pub next: Option<PickLine>,
    /// Whether the task is done.
    pub task_done: bool,
}

/// Reports that pieces of a line aren't there, or are damaged.
#[derive(Debug, Serialize)]
pub struct ReportShort {
    /// The task.
    pub task: PickTaskId,
    /// The line.
    pub allocation: AllocationId,
    /// Pieces that can't be picked.
    pub missing: i64,
    /// Why.
    pub reason: ShortReason,
}

impl Operation for ReportShort {
    const KIND: &'static str = "picking.short";
    type Answer = LineChanged;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<LineChanged, PickError> {
        require(op, Right::Pick)?;
        let row = open_line(op, self.task, self.allocation).await?;
        if self.missing < 1 {
            return Err(PickError::BadQuantity { quantity: self.missing });
        }
        if self.missing > row.open() {
            return Err(PickError::TooMany { quantity: self.missing, left: row.open() });
        }
        self.block(op, &row).await?;
        // Nothing below may fail for a business reason.
        op.tx.exec_one("allocation", sql::ADD_SHORT, args![row.id, self.missing]).await?;
        op.tx.exec(allocation_sql::LOWER_LINE, args![row.line, self.missing]).await?;
        let closed = i64::from(row.open() == self.missing);
        let lease_until = op.at().plus_ms(LEASE_MS);
        op.tx.exec(sql::TOUCH_TASK, args![self.task, lease_until, closed]).await?;
        let place = place_code(op.tx, row.place).await?;
        let data = json!({ "allocation": row.id, "missing": self.missing, "reason": self.reason, "place": place });
        op.record("pick.short", ("order", row.order.0), &data);
        let data = json!({ "sku": row.sku, "lot": row.lot, "reason": "short pick" });
        op.record("count.requested", ("place", row.place.0), &data);
        let (place, not_person) = (row.place, Some(op.person()));
        let raised = Raised { kind: CountKind::ShortPick, place, sku: None, not_person, note: "" };
        raise(op, &raised).await?;
        let reallocated = reallocate(op, row.id, self.missing).await?;
        let backordered = self.missing - reallocated;
        if backordered > 0 {
            let data = json!({ "line": row.line, "backordered": backordered });
            tell(op, row.order, "order.short", data).await?;
        }
        after(op, self.task, reallocated, backordered).await
    }
}

impl ReportShort {
    /// The missing pieces are blocked where they should be, so that nobody is sent there again before a count.
    async fn block(&self, op: &mut Op<'_, '_>, row: &AllocationRow) -> Result<(), PickError> {
        let status = match self.reason {
            ShortReason::Missing => StockStatus::Quarantine,
            ShortReason::Damaged => StockStatus::Damaged,
        };
        let transfer = Transfer {
            sku: row.sku,
            lot: row.lot,
            quantity: self.missing,
            from: End::reserved(row.place),
            to: End::free(row.place, status),
            reason: Reason::Status,
            note: "short pick",
            evidence: "",
            order: Some(row.order),
            allocation: Some(row.id),
        };
        post(op, &transfer).await?;
        // What is missing has not moved: the book alone has.
        if self.reason == ShortReason::Missing {
            corrected(op, row.place, row.lot, StockStatus::Good).await?;
            corrected(op, row.place, row.lot, status).await?;
        }
        Ok(())
    }
}

async fn after(
    op: &mut Op<'_, '_>,
    task: PickTaskId,
    reallocated: i64,
    backordered: i64,
) -> Result<LineChanged, PickError> {
    let row = any(op, task).await?;
    let task_done = row.lines_open == 0;
    if task_done {
        op.tx.exec(sql::FINISH_TASK, args![task]).await?;
        finish(op, row.order).await?;
    }
    let next = lines(op.tx, task, 1).await?.into_iter().next();
    Ok(LineChanged { reallocated, backordered, next, task_done })
}

/// Leaves a line for the end of the task.
#[derive(Debug, Serialize)]
pub struct SkipLine {
    /// The task.
    pub task: PickTaskId,
    /// The line.
    pub allocation: AllocationId,
}

impl Operation for SkipLine {
    const KIND: &'static str = "picking.skip";
    type Answer = LineChanged;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<LineChanged, PickError> {
        require(op, Right::Pick)?;
        let row = open_line(op, self.task, self.allocation).await?;
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SKIP, args![row.id, self.task]).await?;
        let lease_until = op.at().plus_ms(LEASE_MS);
        op.tx.exec(sql::TOUCH_TASK, args![self.task, lease_until, 0_i64]).await?;
        op.record("pick.skipped", ("order", row.order.0), &json!({ "allocation": row.id }));
        after(op, self.task, 0, 0).await
    }
}

/// Takes the rest of a line from another place or lot that the picker stands at. Recorded as a person's choice.
#[derive(Debug, Serialize)]
pub struct Substitute {
    /// The task.
    pub task: PickTaskId,
    /// The line.
    pub allocation: AllocationId,
    /// The other place, scanned.
    pub location: String,
    /// The lot there; the oldest, where not given.
    pub lot: Option<String>,
    /// Why.
    pub reason: String,
}

row! {
    /// A cell that a picker stands at.
    #[derive(Debug, Clone)]
    pub struct CellRow {
        /// Its id.
        pub id: CellId,
        /// Its lot.
        pub lot: LotId,
        /// The lot's number.
        pub lot_number: String,
        /// Free pieces.
        pub free: i64,
        /// What it may be used for.
        pub status: StockStatus,
        /// What its lot may be used for.
        pub lot_status: LotStatus,
        /// From when the lot is expired.
        pub expires_at: Option<Timestamp>,
        /// Its place on the walk.
        pub walk_order: i64,
        /// When the lot came in.
        pub received_at: Timestamp,
        /// Whether nothing is picked there while it is counted.
        pub frozen: bool,
    }
}

impl Operation for Substitute {
    const KIND: &'static str = "picking.substitute";
    type Answer = LineChanged;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<LineChanged, PickError> {
        require(op, Right::Pick)?;
        if self.reason.trim().is_empty() {
            return Err(PickError::ReasonMissing {});
        }
        let row = open_line(op, self.task, self.allocation).await?;
        let warehouse = op.warehouse();
        let found = place(op.tx, warehouse, &self.location).await?;
        let found = found.ok_or_else(|| PickError::NotFound { what: "location", code: self.location.clone() })?;
        let lot = self.lot.as_deref().map(scanned).unwrap_or_default();
        let cell: Option<CellRow> = op.tx.opt(sql::SELECT_CELL, args![warehouse, found.id, row.sku, lot]).await?;
        let Some(cell) = cell.filter(|cell| cell.id != row.cell) else {
            return Err(PickError::NotFree { place: found.code, free: 0 });
        };
        if cell.frozen {
            return Err(PickError::PlaceFrozen { place: found.code });
        }
        let facts = Facts { status: cell.status, lot_status: cell.lot_status, expires_at: cell.expires_at };
        eligible(facts, op.at()).map_err(|why| PickError::Ineligible { lot: cell.lot_number.clone(), why })?;
        let quantity = row.open();
        if cell.free < quantity {
            return Err(PickError::NotFree { place: found.code, free: cell.free });
        }
        // Nothing below may fail for a business reason.
        op.tx.exec_one("allocation", allocation_sql::TAKE_OUT, args![row.id, quantity]).await?;
        op.tx.exec_one("reservation", allocation_sql::UNRESERVE, args![row.cell, quantity]).await?;
        op.tx.bulk_exec(allocation_sql::RESERVE, vec![args![cell.id, quantity]]).await?;
        let run = self.candidates(op, &row, quantity).await?;
        let values = args![
            warehouse,
            row.wave,
            row.task,
            row.order,
            row.line,
            row.sku,
            cell.lot,
            cell.id,
            found.id,
            cell.walk_order,
            quantity,
            "open",
            "override",
            self.reason.trim(),
            run,
            row.id
        ];
        op.tx.bulk_exec(allocation_sql::INSERT_ALLOCATIONS, vec![values]).await?;
        let data =
            json!({ "allocation": row.id, "place": found.code, "lot": cell.lot_number, "reason": self.reason.trim() });
        op.record("pick.substituted", ("order", row.order.0), &data);
        after(op, self.task, quantity, 0).await
    }
}

impl Substitute {
    /// What there was to choose from, so that one can see what the person's choice passed over.
    async fn candidates(
        &self,
        op: &mut Op<'_, '_>,
        row: &AllocationRow,
        quantity: i64,
    ) -> Result<CandidatesId, PickError> {
        let (warehouse, now) = (op.warehouse(), op.at());
        let (expires,): (bool,) = op.tx.one("sku", allocation_sql::SELECT_EXPIRES, args![row.sku]).await?;
        let rotation = Rotation::of(expires);
        let (good, refused) = sort_out(of_sku(op.tx, warehouse, row.sku).await?, rotation, now);
        let (candidates, refused) = why::seen(&good, &refused, 20, 20);
        let values = args![warehouse, row.wave, row.sku, now, rotation, quantity, candidates, refused];
        let made: Vec<(CandidatesId, SkuId)> = op.tx.bulk(allocation_sql::INSERT_CANDIDATES, vec![values]).await?;
        let first = made.into_iter().next().ok_or(crate::db::DbError::Missing("candidates"))?;
        Ok(first.0)
    }
}
