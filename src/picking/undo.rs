//! The way back: a pick undone while the picker is still there.

use serde::Serialize;
use serde_json::json;

use super::model::{LEASE_MS, TaskState};
use super::short::LineChanged;
use super::task::{any, lines, require};
use super::{PickError, sql};
use crate::allocation::ops::AllocationRow;
use crate::allocation::sql as allocation_sql;
use crate::args;
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{AllocationId, PickTaskId, PlaceId};
use crate::order::model::OrderState;
use crate::order::ops::advance;
use crate::stock::ledger::{End, Transfer, post_many};
use crate::stock::model::Reason;
use crate::wave::WaveState;

/// Puts picked pieces of a line back to their place; the line is open again.
#[derive(Debug, Serialize)]
pub struct UndoPick {
    /// The task.
    pub task: PickTaskId,
    /// The line.
    pub allocation: AllocationId,
    /// Pieces.
    pub quantity: i64,
}

impl Operation for UndoPick {
    const KIND: &'static str = "picking.undo";
    type Answer = LineChanged;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<LineChanged, PickError> {
        require(op, Right::Pick)?;
        let task = any(op, self.task).await?;
        // Also the last pick can be undone, as long as nobody packs the order.
        let own = task.person == Some(op.person()) && matches!(task.state, TaskState::Claimed | TaskState::Done);
        if !own {
            return Err(PickError::NotYours { task: self.task.0 });
        }
        if !matches!(task.order_state, OrderState::Picking | OrderState::Picked) {
            return Err(PickError::OrderStopped { order: task.order_number, state: task.order_state });
        }
        let wave: Option<(String, WaveState)> = op.tx.opt(sql::LOCK_WAVE, args![task.wave]).await?;
        if let Some((wave, state)) = wave
            && !state.running()
        {
            return Err(PickError::WaveClosed { wave, state });
        }
        if self.quantity < 1 {
            return Err(PickError::BadQuantity { quantity: self.quantity });
        }
        let found: Option<AllocationRow> = op.tx.opt(allocation_sql::SELECT_ONE, args![self.allocation]).await?;
        let row = found.filter(|row| row.task == self.task);
        let row = row.ok_or_else(|| PickError::NotFound { what: "line", code: self.allocation.to_string() })?;
        let back = row.picked - row.packed;
        if back < self.quantity {
            return Err(PickError::NotUndoable { picked: back });
        }
        let transfers = self.transfers(op, &row, task.tote).await?;
        post_many(op, &transfers).await?;
        // Nothing below may fail for a business reason.
        op.tx.exec_one("allocation", sql::SUB_PICKED, args![row.id, self.quantity]).await?;
        let reopened = i64::from(row.open() == 0);
        let lease_until = op.at().plus_ms(LEASE_MS);
        op.tx.exec(sql::REOPEN_TASK, args![self.task, lease_until, reopened]).await?;
        if !advance(op, row.order, &[OrderState::Picked], OrderState::Picking).await? {
            // Held meanwhile: after the hold it is picked again, not packed.
            op.tx.exec(crate::order::sql::SET_HELD_FROM, args![row.order, OrderState::Picking, ",picked,"]).await?;
        }
        let data = json!({ "allocation": row.id, "quantity": self.quantity });
        op.record("pick.undone", ("order", row.order.0), &data);
        let next = lines(op.tx, self.task, 1).await?.into_iter().next();
        Ok(LineChanged { reallocated: 0, backordered: 0, next, task_done: false })
    }
}

impl UndoPick {
    /// Pieces come out of the tote in hand first, then out of those that were filled before.
    async fn transfers(
        &self,
        op: &mut Op<'_, '_>,
        row: &AllocationRow,
        tote: Option<PlaceId>,
    ) -> Result<Vec<Transfer<'static>>, PickError> {
        let in_hand = tote.map_or(0, |tote| tote.0);
        let totes: Vec<(PlaceId, i64)> = op.tx.all(sql::SELECT_PICKED_INTO, args![row.id, in_hand]).await?;
        let mut left = self.quantity;
        let mut transfers = Vec::new();
        for (tote, held) in totes {
            let quantity = left.min(held);
            if quantity > 0 {
                left -= quantity;
                transfers.push(Transfer {
                    sku: row.sku,
                    lot: row.lot,
                    quantity,
                    from: End::reserved(tote),
                    to: End::reserved(row.place),
                    reason: Reason::PickUndo,
                    note: "",
                    evidence: "",
                    order: Some(row.order),
                    allocation: Some(row.id),
                });
            }
        }
        if left == 0 { Ok(transfers) } else { Err(PickError::NotUndoable { picked: self.quantity - left }) }
    }
}
