//! Confirming a pick: the scan that everything hangs on, so it is one command of few statements.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{LEASE_MS, PickLine, TaskState};
use super::task::{require, running};
use super::{PickError, sql};
use crate::catalog::ops::other_form;
use crate::db::{DbError, Op, Operation};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{AllocationId, LotId, OrderId, OrderLineId, PersonId, PickTaskId, PlaceId, SkuId};
use crate::kernel::text::scanned;
use crate::order::model::OrderState;
use crate::order::ops::{advance, tell};
use crate::stock::eligible::{Facts, eligible};
use crate::stock::ledger::{End, Transfer, post_later};
use crate::stock::model::{LotStatus, Reason, StockStatus};
use crate::{args, row};

/// Confirms that pieces of a line lie in the tote: by scans, or by a forced pass.
#[derive(Clone, Debug, Serialize)]
pub struct ConfirmPick {
    /// The task.
    pub task: PickTaskId,
    /// The line.
    pub allocation: AllocationId,
    /// What the picker did.
    pub proof: PickProof,
}

/// What the picker scanned, or why they did not.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PickProof {
    /// The location's code, or its check digits.
    pub location: String,
    /// Any barcode of the item, or its SKU code.
    pub item: String,
    /// The lot's number, where it was scanned.
    pub lot: Option<String>,
    /// Scans of the item: each counts the pieces that its barcode stands for.
    pub quantity: i64,
    /// The tote's code.
    pub tote: String,
    /// Instead of scans of place and item: why there are none. Needs the right `force_pass`.
    pub forced_reason: Option<String>,
}

row! {
    /// All that a confirmation must know.
    #[derive(Debug, Clone)]
    pub struct ConfirmRow {
        /// The allocation.
        pub allocation: AllocationId,
        /// Its order line.
        pub line: OrderLineId,
        /// Its SKU.
        pub sku: SkuId,
        /// The SKU's code.
        pub sku_code: String,
        /// Its lot.
        pub lot: LotId,
        /// The lot's number.
        pub lot_number: String,
        /// Its place.
        pub place: PlaceId,
        /// The place's code.
        pub place_code: String,
        /// The place's check digits.
        pub check_digits: String,
        /// Pieces still to be picked.
        pub open: i64,
        /// `open` or `done`.
        pub state: String,
        /// Who has the task.
        pub person: Option<PersonId>,
        /// Where the task stands.
        pub task_state: TaskState,
        /// Until when it is theirs.
        pub lease_until: Option<Timestamp>,
        /// The task's tote.
        pub tote: Option<PlaceId>,
        /// The tote's code.
        pub tote_code: Option<String>,
        /// Open lines of the task.
        pub lines_open: i64,
        /// The order.
        pub order: OrderId,
        /// Its number.
        pub order_number: String,
        /// Where it stands.
        pub order_state: OrderState,
        /// What the lot may be used for.
        pub lot_status: LotStatus,
        /// From when the lot is expired.
        pub expires_at: Option<Timestamp>,
        /// The SKU of the scanned barcode.
        pub barcode_sku: Option<SkuId>,
        /// Pieces that it stands for.
        pub unit_factor: Option<i64>,
        /// Its code.
        pub barcode_sku_code: Option<String>,
        /// Whether nothing is picked at the place while it is counted.
        pub frozen: bool,
    }
}

/// What a confirmed pick leads to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PickConfirmed {
    /// Pieces that were confirmed.
    pub picked: i64,
    /// Pieces of the line still to be picked.
    pub left: i64,
    /// The next line; none where the task is done.
    pub next: Option<PickLine>,
    /// Whether the task is done: bring the tote to packing.
    pub task_done: bool,
}

impl Operation for ConfirmPick {
    const KIND: &'static str = "picking.confirm";
    type Answer = PickConfirmed;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PickConfirmed, PickError> {
        require(op, Right::Pick)?;
        let warehouse = op.warehouse();
        let item = scanned(&self.proof.item);
        let confirm = args![warehouse, self.task, self.allocation, &item, other_form(&item)];
        let open = args![self.task, 2_i64];
        let (found, open): (Option<ConfirmRow>, Vec<PickLine>) =
            op.tx.opt_and_all((sql::SELECT_CONFIRM, confirm), (sql::SELECT_LINES, open)).await?;
        let row = found.ok_or_else(|| PickError::NotFound { what: "line", code: self.allocation.to_string() })?;
        let (quantity, evidence) = self.check(op, &row, &item)?;
        let Some(tote) = row.tote else { return Err(PickError::NoTote {}) };
        let transfer = Transfer {
            sku: row.sku,
            lot: row.lot,
            quantity,
            from: End::reserved(row.place),
            to: End::reserved(tote),
            reason: Reason::Pick,
            note: "",
            evidence: &evidence,
            order: Some(row.order),
            allocation: Some(row.allocation),
        };
        // Nothing below may fail for a business reason.
        post_later(op, &transfer)?;
        op.tx.later("an open line", sql::ADD_PICKED, args![row.allocation, quantity]);
        let data = json!({ "allocation": row.allocation, "quantity": quantity, "evidence": evidence });
        op.record("pick.confirmed", ("order", row.order.0), &data);
        let left = row.open - quantity;
        let closed = i64::from(left == 0);
        let task_done = row.lines_open == closed;
        if task_done {
            op.tx.later("a task", sql::FINISH_TASK, args![self.task]);
            finish(op, row.order).await?;
        } else {
            op.tx.later("a task", sql::TOUCH_TASK, args![self.task, op.context.at.plus_ms(LEASE_MS), closed]);
        }
        let next = if task_done { None } else { next_line(open, row.allocation, left) };
        Ok(PickConfirmed { picked: quantity, left, next, task_done })
    }
}

/// The line to go on with, of those that were open before `left` pieces of one remained.
fn next_line(open: Vec<PickLine>, confirmed: AllocationId, left: i64) -> Option<PickLine> {
    let now = open.into_iter().map(|line| {
        let quantity = if line.allocation_id == confirmed { left } else { line.quantity };
        PickLine { quantity, ..line }
    });
    now.into_iter().find(|line| line.quantity > 0)
}

impl ConfirmPick {
    /// The ordered checks; gives the pieces, and the evidence for them.
    fn check(&self, op: &Op<'_, '_>, row: &ConfirmRow, item: &str) -> Result<(i64, String), PickError> {
        let proof = &self.proof;
        let alive = row.lease_until.is_some_and(|until| until > op.at());
        let stopped = running(&row.order_number, row.order_state);
        let owned = row.task_state == TaskState::Claimed && row.person == Some(op.person()) && alive;
        if !owned {
            stopped?;
            return Err(PickError::NotYours { task: self.task.0 });
        }
        stopped?;
        if row.state != "open" {
            return Err(PickError::LineDone {});
        }
        if row.frozen {
            return Err(PickError::PlaceFrozen { place: row.place_code.clone() });
        }
        if proof.quantity < 1 {
            return Err(PickError::BadQuantity { quantity: proof.quantity });
        }
        let (factor, evidence) = match &proof.forced_reason {
            Some(reason) => (1, forced(op, reason)?),
            None => {
                (seen(proof, row, item)?, format!("scan:{}|{item}|{}", scanned(&proof.location), scanned(&proof.tote)))
            }
        };
        let quantity = proof.quantity.saturating_mul(factor);
        if quantity > row.open {
            return Err(PickError::TooMany { quantity, left: row.open });
        }
        let expected = row.tote_code.clone().ok_or(PickError::NoTote {})?;
        let tote = scanned(&proof.tote);
        if tote != expected {
            return Err(PickError::WrongTote { scanned: tote, expected });
        }
        let facts = Facts { status: StockStatus::Good, lot_status: row.lot_status, expires_at: row.expires_at };
        eligible(facts, op.at()).map_err(|why| PickError::Ineligible { lot: row.lot_number.clone(), why })?;
        Ok((quantity, evidence))
    }
}

pub(super) fn forced(op: &Op<'_, '_>, reason: &str) -> Result<String, PickError> {
    require(op, Right::ForcePass)?;
    let reason = reason.trim();
    if reason.is_empty() { Err(PickError::ReasonMissing {}) } else { Ok(format!("forced: {reason}")) }
}

/// Whether the picker stands where the goods are: by the place's code, or its check digits.
pub(super) fn at_place(proof: &PickProof, place: &str, check_digits: &str) -> Result<(), PickError> {
    let location = scanned(&proof.location);
    if location == place || location == check_digits {
        return Ok(());
    }
    Err(PickError::WrongPlace { scanned: location, expected: place.to_owned() })
}

/// Whether place, item and lot are the wanted ones; gives the pieces that one scan stands for.
fn seen(proof: &PickProof, row: &ConfirmRow, item: &str) -> Result<i64, PickError> {
    at_place(proof, &row.place_code, &row.check_digits)?;
    let factor = match (row.barcode_sku, row.unit_factor) {
        (Some(sku), Some(factor)) if sku == row.sku => factor,
        (None, _) if item == row.sku_code => 1,
        (Some(_), _) => {
            let scanned = row.barcode_sku_code.clone().unwrap_or_else(|| item.to_owned());
            return Err(PickError::WrongItem { scanned, expected: row.sku_code.clone() });
        }
        _ => return Err(PickError::UnknownItem { scanned: item.to_owned(), expected: row.sku_code.clone() }),
    };
    if let Some(lot) = proof.lot.as_deref().map(scanned).filter(|lot| !lot.is_empty() && *lot != row.lot_number) {
        return Err(PickError::WrongLot { scanned: lot, expected: row.lot_number.clone() });
    }
    Ok(factor)
}

/// A task of an order is finished: with its last one the order goes on to packing, or, with nothing in hand, back to
/// waiting.
pub(super) async fn finish(op: &mut Op<'_, '_>, order: OrderId) -> Result<(), DbError> {
    let (unfinished, picked): (i64, i64) = op.tx.one("tasks", sql::SELECT_PROGRESS, args![order]).await?;
    if unfinished > 0 {
        return Ok(());
    }
    let before = [OrderState::Released, OrderState::Picking];
    if picked > 0 {
        if advance(op, order, &before, OrderState::Picked).await? {
            op.record("order.picked", ("order", order.0), &json!({ "pieces": picked }));
        } else {
            // Held since the scan was checked: after the hold it goes on to packing.
            let values = args![order, OrderState::Picked, ",released,picking,"];
            op.tx.exec(crate::order::sql::SET_HELD_FROM, values).await?;
        }
    } else if advance(op, order, &before, OrderState::Short).await? {
        op.tx.exec(sql::LEAVE_WAVE, args![order, "nothing of it was there"]).await?;
        tell(op, order, "order.short", json!({ "picked": 0 })).await?;
    } else {
        op.tx.exec(crate::order::sql::SET_HELD_FROM, args![order, OrderState::Short, ",released,picking,"]).await?;
    }
    Ok(())
}
