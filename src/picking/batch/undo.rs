//! The way back: pieces of a batch's line put back to their place, as long as they lie in a tote.

use serde::Serialize;
use serde_json::json;

use super::{BatchChanged, BatchRow, BatchState, ShareRow, any, lines, sql};
use crate::args;
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{BatchId, CellId, PlaceId};
use crate::order::model::OrderState;
use crate::order::ops::advance;
use crate::picking::model::LEASE_MS;
use crate::picking::task::require;
use crate::picking::{PickError, sql as picking_sql};
use crate::stock::ledger::{End, Transfer, post_many};
use crate::stock::model::Reason;
use crate::wave::WaveState;

/// Puts picked pieces of a line back to their place: those that the order with the latest promise has got, first.
#[derive(Debug, Serialize)]
pub struct UndoBatchPick {
    /// The batch.
    pub batch: BatchId,
    /// The line.
    pub cell: CellId,
    /// Pieces.
    pub quantity: i64,
}

/// Pieces of one order that go back, and out of which totes.
struct Back<'a> {
    share: &'a ShareRow,
    quantity: i64,
    out_of: Vec<(PlaceId, i64)>,
}

impl Operation for UndoBatchPick {
    const KIND: &'static str = "picking.batch_undo";
    type Answer = BatchChanged;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<BatchChanged, PickError> {
        require(op, Right::Pick)?;
        let batch = any(op, self.batch).await?;
        // Also the last pick can be undone, as long as nobody sorts or packs it.
        if batch.person != op.person() {
            return Err(PickError::BatchNotYours { batch: self.batch.0 });
        }
        self.no_other(op, &batch).await?;
        let wave: Option<(String, WaveState)> = op.tx.opt(picking_sql::LOCK_WAVE, args![batch.wave]).await?;
        if let Some((wave, state)) = wave
            && !state.running()
        {
            return Err(PickError::WaveClosed { wave, state });
        }
        if self.quantity < 1 {
            return Err(PickError::BadQuantity { quantity: self.quantity });
        }
        let mut shares: Vec<ShareRow> = op.tx.all(sql::SELECT_SHARES, args![self.batch, self.cell]).await?;
        if shares.is_empty() {
            return Err(PickError::NotFound { what: "line", code: self.cell.to_string() });
        }
        shares.reverse();
        let going = |share: &ShareRow| matches!(share.order_state, OrderState::Picking | OrderState::Picked);
        let stopped = shares.iter().find(|share| !going(share) && share.picked > 0);
        let stopped = stopped.map(|share| (share.order_number.clone(), share.order_state));
        shares.retain(going);
        let back = self.back(op, &batch, &shares).await?;
        let here: i64 = back.iter().map(|part| part.quantity).sum();
        if here < self.quantity {
            return Err(match stopped {
                Some((order, state)) => PickError::OrderStopped { order, state },
                None => PickError::NotUndoable { picked: here },
            });
        }
        post_many(op, &transfers(&back)).await?;
        // Nothing below may fail for a business reason.
        self.reopen(op, &back).await?;
        let lease_until = op.at().plus_ms(LEASE_MS);
        op.tx.exec(sql::REOPEN, args![batch.id, lease_until]).await?;
        let next = lines(op.tx, batch.id, 1).await?.into_iter().next();
        let left: i64 = shares.iter().filter(|share| share.running()).map(|share| share.open).sum();
        Ok(BatchChanged { pieces: self.quantity, left: left + self.quantity, backordered: 0, next, batch_done: false })
    }
}

impl UndoBatchPick {
    /// A batch that is over can only be gone back to by somebody who walks no other.
    async fn no_other(&self, op: &mut Op<'_, '_>, batch: &BatchRow) -> Result<(), PickError> {
        if batch.state == BatchState::Walking {
            return Ok(());
        }
        let (warehouse, person) = (op.warehouse(), op.person());
        let other: Option<BatchRow> = op.tx.opt(sql::SELECT_OWN, args![warehouse, person]).await?;
        if other.is_some() { Err(PickError::OtherRun {}) } else { Ok(()) }
    }

    /// Pieces that lie in totes, out of the tote in hand first.
    async fn back<'a>(
        &self,
        op: &mut Op<'_, '_>,
        batch: &BatchRow,
        shares: &'a [ShareRow],
    ) -> Result<Vec<Back<'a>>, PickError> {
        let in_hand = batch.tote.map_or(0, |tote| tote.0);
        let mut left = self.quantity;
        let mut back = Vec::new();
        for share in shares.iter().filter(|share| share.picked > 0) {
            if left == 0 {
                break;
            }
            let totes: Vec<(PlaceId, i64)> =
                op.tx.all(picking_sql::SELECT_PICKED_INTO, args![share.allocation, in_hand]).await?;
            let mut out_of = Vec::new();
            let mut of_share = left.min(share.picked);
            for (tote, held) in totes {
                let quantity = of_share.min(held);
                if quantity > 0 {
                    of_share -= quantity;
                    left -= quantity;
                    out_of.push((tote, quantity));
                }
            }
            let quantity = out_of.iter().map(|(_, quantity)| quantity).sum();
            if quantity > 0 {
                back.push(Back { share, quantity, out_of });
            }
        }
        Ok(back)
    }

    async fn reopen(&self, op: &mut Op<'_, '_>, back: &[Back<'_>]) -> Result<(), PickError> {
        let person = op.person();
        for part in back {
            let share = part.share;
            op.tx.exec_one("allocation", picking_sql::SUB_PICKED, args![share.allocation, part.quantity]).await?;
            let reopened = i64::from(share.open == 0);
            op.tx.exec(sql::REOPEN_TASK, args![share.task, person, reopened]).await?;
            if !advance(op, share.order, &[OrderState::Picked], OrderState::Picking).await? {
                // Held meanwhile: after the hold it is picked again, not packed.
                let values = args![share.order, OrderState::Picking, ",picked,"];
                op.tx.exec(crate::order::sql::SET_HELD_FROM, values).await?;
            }
            let data = json!({ "allocation": share.allocation, "quantity": part.quantity, "batch": self.batch });
            op.record("pick.undone", ("order", share.order.0), &data);
        }
        Ok(())
    }
}

fn transfers(back: &[Back<'_>]) -> Vec<Transfer<'static>> {
    let mut transfers = Vec::new();
    for part in back {
        for (tote, quantity) in &part.out_of {
            transfers.push(Transfer {
                sku: part.share.sku,
                lot: part.share.lot,
                quantity: *quantity,
                from: End::reserved(*tote),
                to: End::reserved(part.share.place),
                reason: Reason::PickUndo,
                note: "",
                evidence: "",
                order: Some(part.share.order),
                allocation: Some(part.share.allocation),
            });
        }
    }
    transfers
}
