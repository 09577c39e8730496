//! Confirming pieces of a batch's line: the checks of a single pick, in their order, then each piece to its order.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use super::{BatchChanged, BatchRow, ShareRow, mine, open_shares, settle, spread, sql};
use crate::args;
use crate::catalog::scan;
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{BatchId, CellId, PickTaskId};
use crate::kernel::text::scanned;
use crate::picking::confirm::{PickProof, at_place, forced};
use crate::picking::task::require;
use crate::picking::{PickError, sql as picking_sql};
use crate::stock::eligible::{Facts, eligible};
use crate::stock::ledger::{End, Transfer, post_many};
use crate::stock::model::{Reason, StockStatus};

/// Confirms that pieces of a line lie in the batch's tote. They are given to the orders by their ship-by time.
#[derive(Clone, Debug, Serialize)]
pub struct ConfirmBatchPick {
    /// The batch.
    pub batch: BatchId,
    /// The line.
    pub cell: CellId,
    /// What the picker did.
    pub proof: PickProof,
}

impl Operation for ConfirmBatchPick {
    const KIND: &'static str = "picking.batch_confirm";
    type Answer = BatchChanged;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<BatchChanged, PickError> {
        require(op, Right::Pick)?;
        let batch = mine(op, self.batch).await?;
        let shares = open_shares(op, self.batch, self.cell).await?;
        let Some(first) = shares.first() else { return Err(PickError::LineDone {}) };
        let open: i64 = shares.iter().map(|share| share.open).sum();
        let (quantity, evidence) = self.check(op, &batch, first, open).await?;
        let Some(tote) = batch.tote else { return Err(PickError::NoTote {}) };
        let parts = spread(&shares, quantity, |share| share.open);
        let transfers: Vec<Transfer<'_>> = parts
            .iter()
            .map(|(share, quantity)| Transfer {
                sku: share.sku,
                lot: share.lot,
                quantity: *quantity,
                from: End::reserved(share.place),
                to: End::reserved(tote),
                reason: Reason::Pick,
                note: "",
                evidence: &evidence,
                order: Some(share.order),
                allocation: Some(share.allocation),
            })
            .collect();
        post_many(op, &transfers).await?;
        // Nothing below may fail for a business reason.
        let mut closed: BTreeMap<PickTaskId, i64> = BTreeMap::new();
        for (share, quantity) in &parts {
            op.tx.later("an open line", picking_sql::ADD_PICKED, args![share.allocation, *quantity]);
            *closed.entry(share.task).or_default() += i64::from(share.open == *quantity);
            let data = json!({ "allocation": share.allocation, "quantity": quantity, "evidence": evidence, "batch": batch.id });
            op.record("pick.confirmed", ("order", share.order.0), &data);
        }
        for (task, lines) in closed {
            op.tx.later("a task", sql::CLOSE_LINES, args![task, lines]);
        }
        let (next, batch_done) = settle(op, batch.id).await?;
        Ok(BatchChanged { pieces: quantity, left: open - quantity, backordered: 0, next, batch_done })
    }
}

impl ConfirmBatchPick {
    /// The ordered checks; gives the pieces, and the evidence for them.
    async fn check(
        &self,
        op: &mut Op<'_, '_>,
        batch: &BatchRow,
        line: &ShareRow,
        open: i64,
    ) -> Result<(i64, String), PickError> {
        let proof = &self.proof;
        if line.frozen {
            return Err(PickError::PlaceFrozen { place: line.place_code.clone() });
        }
        if proof.quantity < 1 {
            return Err(PickError::BadQuantity { quantity: proof.quantity });
        }
        let (factor, evidence) = match &proof.forced_reason {
            Some(reason) => (1, forced(op, reason)?),
            None => {
                let factor = self.seen(op, line).await?;
                let (place, item) = (scanned(&proof.location), scanned(&proof.item));
                (factor, format!("scan:{place}|{item}|{}", scanned(&proof.tote)))
            }
        };
        let quantity = proof.quantity.saturating_mul(factor);
        if quantity > open {
            return Err(PickError::TooMany { quantity, left: open });
        }
        let expected = batch.tote_code.clone().ok_or(PickError::NoTote {})?;
        let tote = scanned(&proof.tote);
        if tote != expected {
            return Err(PickError::WrongTote { scanned: tote, expected });
        }
        let facts = Facts { status: StockStatus::Good, lot_status: line.lot_status, expires_at: line.expires_at };
        eligible(facts, op.at()).map_err(|why| PickError::Ineligible { lot: line.lot_number.clone(), why })?;
        Ok((quantity, evidence))
    }

    /// Whether place, item and lot are the wanted ones; gives the pieces that one scan stands for.
    async fn seen(&self, op: &mut Op<'_, '_>, line: &ShareRow) -> Result<i64, PickError> {
        let proof = &self.proof;
        at_place(proof, &line.place_code, &line.check_digits)?;
        let expected = || line.sku_code.clone();
        let found = scan::item(op.tx, &proof.item).await?;
        let found =
            found.ok_or_else(|| PickError::UnknownItem { scanned: scanned(&proof.item), expected: expected() })?;
        if found.item.sku != line.sku {
            return Err(PickError::WrongItem { scanned: found.item.code, expected: expected() });
        }
        match scan::lot_of(&found, proof.lot.as_deref()) {
            Some(lot) if lot != line.lot_number && lot != scanned(&line.supplier_lot) => {
                Err(PickError::WrongLot { scanned: lot, expected: line.lot_number.clone() })
            }
            _ => Ok(found.item.unit_factor),
        }
    }
}
