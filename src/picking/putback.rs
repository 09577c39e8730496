//! Putting the goods of a cancelled order back on the shelf: out of its totes, and out of the parcels that were given up.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::task::require;
use super::{PickError, sql};
use crate::allocation::sql as allocation_sql;
use crate::catalog::ops::{Resolved, resolve};
use crate::db::{DbError, Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{AllocationId, LotId, OrderId, OrderLineId, PlaceId};
use crate::kernel::text::scanned;
use crate::location::ops::{Place, place};
use crate::order::model::OrderState;
use crate::order::ops::{OrderRow, advance, tell};
use crate::packing::model::ParcelState;
use crate::stock::ledger::{End, Transfer, post_many};
use crate::stock::model::{PlaceKind, Reason, StockStatus};
use crate::{args, order, packing, row};

/// Puts pieces of a cancelled order back to a location.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutBack {
    /// The tote, or the parcel that was given up, scanned.
    pub tote: String,
    /// The location, scanned.
    pub location: String,
    /// The item, scanned.
    pub item: String,
    /// Scans of the item.
    pub quantity: i64,
    /// The lot's number; needed where several lots of the item lie there.
    #[serde(default)]
    pub lot: Option<String>,
}

/// Pieces that are back on the shelf.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PutBackDone {
    /// How many.
    pub quantity: i64,
    /// Of which lot.
    pub lot_id: LotId,
    /// Whether nothing of the order is left to be put back.
    pub order_done: bool,
}

row! {
    /// Pieces of an order that lie in a tote or parcel for one allocation.
    #[derive(Debug, Clone)]
    pub struct HeldRow {
        /// The allocation.
        pub allocation: AllocationId,
        /// Its order line.
        pub line: OrderLineId,
        /// The lot.
        pub lot: LotId,
        /// Its number.
        pub lot_number: String,
        /// Pieces.
        pub quantity: i64,
    }
}

impl Operation for PutBack {
    const KIND: &'static str = "picking.put_back";
    type Answer = PutBackDone;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PutBackDone, PickError> {
        require(op, Right::Pick)?;
        let warehouse = op.warehouse();
        let holds = |found: &Place| matches!(found.kind, PlaceKind::Tote | PlaceKind::Parcel);
        let from = place(op.tx, warehouse, &self.tote).await?.filter(holds);
        let from = from.ok_or_else(|| PickError::NotATote { scanned: scanned(&self.tote) })?;
        let to = place(op.tx, warehouse, &self.location).await?.filter(|found| found.kind == PlaceKind::Location);
        let to = to.ok_or_else(|| PickError::NotFound { what: "location", code: self.location.clone() })?;
        let order = owner(op, &from).await?;
        let item = resolve(op.tx, &self.item).await?;
        let item = item
            .ok_or_else(|| PickError::UnknownItem { scanned: scanned(&self.item), expected: order.number.clone() })?;
        let quantity = self.quantity.saturating_mul(item.unit_factor);
        if quantity < 1 {
            return Err(PickError::BadQuantity { quantity: self.quantity });
        }
        let (lot, held) = self.held(op, order.id, &from, &item, quantity).await?;
        let transfers: Vec<Transfer<'_>> = held
            .iter()
            .map(|(held, quantity)| Transfer {
                sku: item.sku,
                lot,
                quantity: *quantity,
                from: End::reserved(from.id),
                to: End::free(to.id, StockStatus::Good),
                reason: Reason::PutBack,
                note: "",
                evidence: "",
                order: Some(order.id),
                allocation: Some(held.allocation),
            })
            .collect();
        post_many(op, &transfers).await?;
        // Nothing below may fail for a business reason.
        for (held, quantity) in &held {
            if from.kind == PlaceKind::Parcel {
                op.tx.exec_one("allocation", packing::sql::SUB_PACKED, args![held.allocation, *quantity]).await?;
                packing::verify::lower_line(op, from.id, held.allocation, *quantity).await?;
            }
            op.tx.exec_one("allocation", sql::PICKED_TO_TAKEN_OUT, args![held.allocation, *quantity]).await?;
            op.tx.exec(allocation_sql::PUT_BACK_LINE, args![held.line, *quantity]).await?;
        }
        let data = json!({ "sku": item.code, "quantity": quantity, "from": from.code, "location": to.code });
        op.record("order.put_back", ("order", order.id.0), &data);
        let order_done = finish(op, &order).await?;
        Ok(PutBackDone { quantity, lot_id: lot, order_done })
    }
}

impl PutBack {
    /// The pieces to move, all of one lot.
    async fn held(
        &self,
        op: &mut Op<'_, '_>,
        order: OrderId,
        from: &Place,
        item: &Resolved,
        quantity: i64,
    ) -> Result<(LotId, Vec<(HeldRow, i64)>), PickError> {
        let mut held: Vec<HeldRow> = op.tx.all(sql::SELECT_HELD, args![order, item.sku, from.id]).await?;
        let wanted = self.lot.as_deref().map(scanned).filter(|lot| !lot.is_empty());
        let mut lots: Vec<&str> = held.iter().map(|row| row.lot_number.as_str()).collect();
        lots.sort_unstable();
        lots.dedup();
        let expected = lots.join(", ");
        match wanted {
            Some(lot) if !held.is_empty() && !lots.contains(&lot.as_str()) => {
                return Err(PickError::WrongLot { scanned: lot, expected });
            }
            Some(lot) => held.retain(|row| row.lot_number == lot),
            None if lots.len() > 1 => return Err(PickError::WhichLot { lots: expected }),
            None => {}
        }
        let here: i64 = held.iter().map(|row| row.quantity).sum();
        let Some(lot) = held.first().map(|row| row.lot).filter(|_| quantity <= here) else {
            return Err(PickError::NotUndoable { picked: here });
        };
        let mut left = quantity;
        let mut taken = Vec::new();
        for row in held {
            let part = left.min(row.quantity);
            left -= part;
            if part > 0 {
                taken.push((row, part));
            }
        }
        Ok((lot, taken))
    }
}

/// The cancelled order whose goods lie in a tote or parcel; locked.
async fn owner(op: &mut Op<'_, '_>, from: &Place) -> Result<OrderRow, PickError> {
    let warehouse = op.warehouse();
    let nothing = || PickError::NotFound { what: "goods in", code: from.code.clone() };
    let parcel = from.kind == PlaceKind::Parcel;
    let id: Option<OrderId> = if parcel {
        op.tx.opt(packing::sql::SELECT_ORDER_OF, args![warehouse, from.id]).await?.map(|(id,): (OrderId,)| id)
    } else {
        let found: Option<(OrderId, String, OrderState)> =
            op.tx.opt(sql::SELECT_TOTE_ORDER, args![warehouse, from.id]).await?;
        found.map(|(id, ..)| id)
    };
    let order = order::ops::lock(op, id.ok_or_else(nothing)?).await.map_err(|error| match error {
        order::OrderError::Db(error) => PickError::Db(error),
        _ => nothing(),
    })?;
    if !matches!(order.state, OrderState::Cancelled | OrderState::Intercepting) {
        return Err(PickError::StillWanted { order: order.number });
    }
    if parcel && parcel_state(op, from.id).await? != ParcelState::Void {
        return Err(PickError::ParcelNotVoid { parcel: from.code.clone() });
    }
    Ok(order)
}

async fn parcel_state(op: &mut Op<'_, '_>, parcel: PlaceId) -> Result<ParcelState, DbError> {
    let (state,): (ParcelState,) = op.tx.one("parcel", crate::station::sql::LOCK_PARCEL, args![parcel]).await?;
    Ok(state)
}

/// Whether nothing of the order is left in totes and parcels. An order that was called back is cancelled then.
async fn finish(op: &mut Op<'_, '_>, order: &OrderRow) -> Result<bool, DbError> {
    let (in_hand,): (i64,) = op.tx.one("picked", sql::SUM_PICKED, args![order.id]).await?;
    if in_hand == 0 && advance(op, order.id, &[OrderState::Intercepting], OrderState::Cancelled).await? {
        tell(op, order.id, "order.cancelled", json!({ "reason": "intercepted", "put_back_pieces": 0 })).await?;
    }
    Ok(in_hand == 0)
}
