//! Putting the goods of a cancelled order back on the shelf.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::task::require;
use super::{PickError, sql};
use crate::allocation::sql as allocation_sql;
use crate::args;
use crate::catalog;
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{AllocationId, LotId, OrderId, OrderLineId};
use crate::kernel::text::scanned;
use crate::location::ops::place;
use crate::order::model::OrderState;
use crate::stock::ledger::{End, Transfer, post};
use crate::stock::model::{PlaceKind, Reason, StockStatus};

/// Puts pieces from a tote or an unsent parcel of a cancelled order back to a location.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutBack {
    /// The tote, scanned.
    pub tote: String,
    /// The location, scanned.
    pub location: String,
    /// The item, scanned.
    pub item: String,
    /// Scans of the item.
    pub quantity: i64,
}

/// Pieces that are back on the shelf.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PutBackDone {
    /// How many.
    pub quantity: i64,
    /// Of which lot.
    pub lot_id: LotId,
}

impl Operation for PutBack {
    const KIND: &'static str = "picking.put_back";
    type Answer = PutBackDone;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PutBackDone, PickError> {
        require(op, Right::Pick)?;
        let warehouse = op.warehouse();
        let tote = place(op.tx, warehouse, &self.tote).await?.filter(|found| found.kind == PlaceKind::Tote);
        let tote = tote.ok_or_else(|| PickError::NotATote { scanned: scanned(&self.tote) })?;
        let to = place(op.tx, warehouse, &self.location).await?.filter(|found| found.kind == PlaceKind::Location);
        let to = to.ok_or_else(|| PickError::NotFound { what: "location", code: self.location.clone() })?;
        let order: Option<(OrderId, String, OrderState)> =
            op.tx.opt(sql::SELECT_TOTE_ORDER, args![warehouse, tote.id]).await?;
        let Some((order, number, state)) = order else {
            return Err(PickError::NotFound { what: "goods in tote", code: tote.code });
        };
        if !matches!(state, OrderState::Cancelled | OrderState::Intercepting) {
            return Err(PickError::StillWanted { order: number });
        }
        let item = catalog::ops::resolve(op.tx, &self.item).await?;
        let item = item.ok_or_else(|| PickError::UnknownItem { scanned: scanned(&self.item), expected: number })?;
        let quantity = self.quantity.saturating_mul(item.unit_factor);
        if quantity < 1 {
            return Err(PickError::BadQuantity { quantity: self.quantity });
        }
        let found: Option<(AllocationId, OrderLineId, LotId, i64)> =
            op.tx.opt(sql::SELECT_PUT_BACK, args![warehouse, tote.id, item.sku, order]).await?;
        let Some((allocation, line, lot, left)) = found else {
            return Err(PickError::NotUndoable { picked: 0 });
        };
        if quantity > left {
            return Err(PickError::NotUndoable { picked: left });
        }
        let transfer = Transfer {
            sku: item.sku,
            lot,
            quantity,
            from: End::reserved(tote.id),
            to: End::free(to.id, StockStatus::Good),
            reason: Reason::PutBack,
            note: "",
            evidence: "",
            order: Some(order),
            allocation: Some(allocation),
        };
        post(op, &transfer).await?;
        // Nothing below may fail for a business reason.
        op.tx.exec_one("allocation", sql::PICKED_TO_TAKEN_OUT, args![allocation, quantity]).await?;
        op.tx.exec(allocation_sql::LOWER_LINE, args![line, quantity]).await?;
        let data = json!({ "sku": item.code, "quantity": quantity, "location": to.code });
        op.record("order.put_back", ("order", order.0), &data).await?;
        Ok(PutBackDone { quantity, lot_id: lot })
    }
}
