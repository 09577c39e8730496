//! Putting the goods of a cancelled order back on the shelf: out of its totes and slots, and out of the parcels that were
//! given up.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::goods::{GoodsRow, goods, last};
use super::task::require;
use super::{PickError, sql};
use crate::allocation::sql as allocation_sql;
use crate::catalog::ops::Resolved;
use crate::catalog::scan;
use crate::db::{DbError, Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{AllocationId, LotId, OrderId, OrderLineId, PlaceId, SkuId};
use crate::kernel::text::scanned;
use crate::location::ops::{Place, place};
use crate::order::model::OrderState;
use crate::order::ops::{OrderRow, advance, tell};
use crate::packing::model::ParcelState;
use crate::stock::ledger::{End, Transfer, post_many};
use crate::stock::model::{PlaceKind, Reason, StockStatus};
use crate::wall::slot::free_empty;
use crate::{args, order, packing, row};

/// Puts pieces of a cancelled order back to a location.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutBack {
    /// The tote, the slot, or the parcel that was given up, scanned.
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
        /// The supplier's number of it.
        pub supplier_lot: String,
        /// Pieces.
        pub quantity: i64,
    }
}

impl HeldRow {
    fn of_lot(&self, lot: &str) -> bool {
        self.lot_number == lot || scanned(&self.supplier_lot) == lot
    }
}

impl Operation for PutBack {
    const KIND: &'static str = "picking.put_back";
    type Answer = PutBackDone;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PutBackDone, PickError> {
        require(op, Right::Pick)?;
        self.put(op).await
    }
}

impl PutBack {
    /// The operation, whatever right it is done by.
    pub(crate) async fn put(&self, op: &mut Op<'_, '_>) -> Result<PutBackDone, PickError> {
        let warehouse = op.warehouse();
        let holds = |found: &Place| matches!(found.kind, PlaceKind::Tote | PlaceKind::Slot | PlaceKind::Parcel);
        let from = place(op.tx, warehouse, &self.tote).await?.filter(holds);
        let from = from.ok_or_else(|| PickError::NotATote { scanned: scanned(&self.tote) })?;
        let to = place(op.tx, warehouse, &self.location).await?.filter(|found| found.kind == PlaceKind::Location);
        let to = to.ok_or_else(|| PickError::NotFound { what: "location", code: self.location.clone() })?;
        let found = scan::item(op.tx, &self.item).await?;
        let lot = found.as_ref().and_then(|found| scan::lot_of(found, self.lot.as_deref()));
        let sku = found.as_ref().map(|found| found.item.sku);
        let order = owner(op, &from, sku, lot.as_deref()).await?;
        let found = found
            .ok_or_else(|| PickError::UnknownItem { scanned: scanned(&self.item), expected: order.number.clone() })?;
        let item = found.item;
        let quantity = self.quantity.saturating_mul(item.unit_factor);
        if quantity < 1 {
            return Err(PickError::BadQuantity { quantity: self.quantity });
        }
        let (lot, held) = held(op, order.id, (&from, &item), lot, quantity).await?;
        let evidence = format!("scan:{}|{}|{}", from.code, scanned(&self.item), to.code);
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
                evidence: &evidence,
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
        if from.kind == PlaceKind::Slot {
            free_empty(op, order.id).await?;
        }
        let data = json!({ "sku": item.code, "quantity": quantity, "from": from.code, "location": to.code });
        op.record("order.put_back", ("order", order.id.0), &data);
        let order_done = finish(op, &order).await?;
        Ok(PutBackDone { quantity, lot_id: lot, order_done })
    }
}

/// The pieces to move, all of one lot.
async fn held(
    op: &mut Op<'_, '_>,
    order: OrderId,
    (from, item): (&Place, &Resolved),
    wanted: Option<String>,
    quantity: i64,
) -> Result<(LotId, Vec<(HeldRow, i64)>), PickError> {
    let mut held: Vec<HeldRow> = op.tx.all(sql::SELECT_HELD, args![order, item.sku, from.id]).await?;
    let mut lots: Vec<&str> = held.iter().map(|row| row.lot_number.as_str()).collect();
    lots.sort_unstable();
    lots.dedup();
    let expected = lots.join(", ");
    match wanted {
        Some(lot) if !held.is_empty() && !held.iter().any(|row| row.of_lot(&lot)) => {
            return Err(PickError::WrongLot { scanned: lot, expected });
        }
        Some(lot) => held.retain(|row| row.of_lot(&lot)),
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

const fn given_up(state: OrderState) -> bool {
    matches!(state, OrderState::Cancelled | OrderState::Intercepting)
}

/// Of the orders whose goods lie in a tote or slot, the one to be put back: a cancelled one, with that SKU and lot if it can
/// be.
async fn cancelled_in(
    op: &mut Op<'_, '_>,
    from: &Place,
    sku: Option<SkuId>,
    lot: Option<&str>,
) -> Result<Option<OrderId>, PickError> {
    let warehouse = op.warehouse();
    let rows = goods(op.tx, warehouse, from).await?;
    let mut of_sku: Vec<&GoodsRow> = rows.iter().filter(|row| Some(row.sku) == sku).collect();
    if lot.is_none() && of_sku.iter().any(|row| given_up(row.order_state)) {
        let mut lots: Vec<&str> = of_sku.iter().map(|row| row.lot_number.as_str()).collect();
        lots.sort_unstable();
        lots.dedup();
        // Whose piece it is can't be told without the lot.
        if lots.len() > 1 {
            return Err(PickError::WhichLot { lots: lots.join(", ") });
        }
    }
    of_sku.sort_by_key(|row| (!lot.is_none_or(|lot| row.of_lot(lot)), !given_up(row.order_state)));
    let any = of_sku.first().copied().or_else(|| rows.iter().find(|row| given_up(row.order_state))).or(rows.first());
    match any {
        Some(row) => Ok(Some(row.order)),
        None if from.kind == PlaceKind::Tote => Ok(last(op.tx, warehouse, from.id).await?),
        None => Ok(None),
    }
}

/// The cancelled order whose goods lie in a tote, slot or parcel; locked.
async fn owner(
    op: &mut Op<'_, '_>,
    from: &Place,
    sku: Option<SkuId>,
    lot: Option<&str>,
) -> Result<OrderRow, PickError> {
    let warehouse = op.warehouse();
    let nothing = || PickError::NotFound { what: "goods in", code: from.code.clone() };
    let parcel = from.kind == PlaceKind::Parcel;
    let id: Option<OrderId> = if parcel {
        op.tx.opt(packing::sql::SELECT_ORDER_OF, args![warehouse, from.id]).await?.map(|(id,): (OrderId,)| id)
    } else {
        cancelled_in(op, from, sku, lot).await?
    };
    let order = order::ops::lock(op, id.ok_or_else(nothing)?).await.map_err(|error| match error {
        order::OrderError::Db(error) => PickError::Db(error),
        _ => nothing(),
    })?;
    if !given_up(order.state) {
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
