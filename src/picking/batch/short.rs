//! When goods of a batch's line aren't there: the orders that may wait longest go short. And a line for the end of the walk.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use super::{BatchChanged, ShareRow, lines, mine, open_shares, settle, spread, sql};
use crate::allocation::reallocate::reallocate;
use crate::allocation::sql as allocation_sql;
use crate::args;
use crate::counting::model::CountKind;
use crate::counting::raise::{Raised, raise};
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{BatchId, CellId, PickTaskId};
use crate::order::ops::tell;
use crate::picking::model::ShortReason;
use crate::picking::task::require;
use crate::picking::{PickError, sql as picking_sql};
use crate::stock::ledger::{End, Transfer, corrected, post_many};
use crate::stock::model::{Reason, StockStatus};

/// Reports that pieces of a batch's line aren't there, or are damaged. The service says which orders lose.
#[derive(Debug, Serialize)]
pub struct ReportBatchShort {
    /// The batch.
    pub batch: BatchId,
    /// The line.
    pub cell: CellId,
    /// Pieces that can't be picked.
    pub missing: i64,
    /// Why.
    pub reason: ShortReason,
}

impl Operation for ReportBatchShort {
    const KIND: &'static str = "picking.batch_short";
    type Answer = BatchChanged;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<BatchChanged, PickError> {
        require(op, Right::Pick)?;
        let batch = mine(op, self.batch).await?;
        let mut shares = open_shares(op, self.batch, self.cell).await?;
        if self.missing < 1 {
            return Err(PickError::BadQuantity { quantity: self.missing });
        }
        let open: i64 = shares.iter().map(|share| share.open).sum();
        if self.missing > open {
            return Err(PickError::TooMany { quantity: self.missing, left: open });
        }
        // The latest promise loses first.
        shares.reverse();
        let parts = spread(&shares, self.missing, |share| share.open);
        self.block(op, &parts).await?;
        // Nothing below may fail for a business reason.
        let mut closed: BTreeMap<PickTaskId, i64> = BTreeMap::new();
        for (share, missing) in &parts {
            op.tx.exec_one("allocation", picking_sql::ADD_SHORT, args![share.allocation, *missing]).await?;
            op.tx.exec(allocation_sql::LOWER_LINE, args![share.line, *missing]).await?;
            *closed.entry(share.task).or_default() += i64::from(share.open == *missing);
            let data = json!({ "allocation": share.allocation, "missing": missing, "reason": self.reason, "place": share.place_code });
            op.record("pick.short", ("order", share.order.0), &data);
        }
        for (task, lines) in closed {
            op.tx.exec(sql::CLOSE_LINES, args![task, lines]).await?;
        }
        if let Some((share, _)) = parts.first() {
            let data = json!({ "sku": share.sku, "lot": share.lot, "reason": "short pick" });
            op.record("count.requested", ("place", share.place.0), &data);
            let (place, not_person) = (share.place, Some(op.person()));
            let raised = Raised { kind: CountKind::ShortPick, place, sku: None, not_person, note: "" };
            raise(op, &raised).await?;
        }
        // What is found elsewhere goes to the earliest promise again.
        let (mut found, mut backordered) = (0, 0);
        for (share, missing) in parts.iter().rev() {
            let given = reallocate(op, share.allocation, *missing).await?;
            found += given;
            if given < *missing {
                backordered += missing - given;
                let data = json!({ "line": share.line, "backordered": missing - given });
                tell(op, share.order, "order.short", data).await?;
            }
        }
        let (next, batch_done) = settle(op, batch.id).await?;
        Ok(BatchChanged { pieces: found, left: open - self.missing, backordered, next, batch_done })
    }
}

impl ReportBatchShort {
    /// The missing pieces are blocked where they should be, so that nobody is sent there again before a count.
    async fn block(&self, op: &mut Op<'_, '_>, parts: &[(&ShareRow, i64)]) -> Result<(), PickError> {
        let status = match self.reason {
            ShortReason::Missing => StockStatus::Quarantine,
            ShortReason::Damaged => StockStatus::Damaged,
        };
        let transfers: Vec<Transfer<'_>> = parts
            .iter()
            .map(|(share, quantity)| Transfer {
                sku: share.sku,
                lot: share.lot,
                quantity: *quantity,
                from: End::reserved(share.place),
                to: End::free(share.place, status),
                reason: Reason::Status,
                note: "short pick",
                evidence: "",
                order: Some(share.order),
                allocation: Some(share.allocation),
            })
            .collect();
        post_many(op, &transfers).await?;
        // What is missing has not moved: the book alone has. A line of a batch is one cell.
        if let (ShortReason::Missing, Some((share, _))) = (self.reason, parts.first()) {
            corrected(op, share.place, share.lot, StockStatus::Good).await?;
            corrected(op, share.place, share.lot, status).await?;
        }
        Ok(())
    }
}

/// Leaves a line for the end of the walk.
#[derive(Debug, Serialize)]
pub struct SkipBatchLine {
    /// The batch.
    pub batch: BatchId,
    /// The line.
    pub cell: CellId,
}

impl Operation for SkipBatchLine {
    const KIND: &'static str = "picking.batch_skip";
    type Answer = BatchChanged;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<BatchChanged, PickError> {
        require(op, Right::Pick)?;
        let batch = mine(op, self.batch).await?;
        let shares = open_shares(op, self.batch, self.cell).await?;
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SKIP, args![batch.id, self.cell]).await?;
        super::keep(op, batch.id).await?;
        op.record("pick_batch.skipped", ("pick_batch", batch.id.0), &json!({ "cell": self.cell }));
        let next = lines(op.tx, batch.id, 1).await?.into_iter().next();
        let left = shares.iter().map(|share| share.open).sum();
        Ok(BatchChanged { pieces: 0, left, backordered: 0, next, batch_done: false })
    }
}
