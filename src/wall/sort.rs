//! Sorting: a piece out of a tote, to the slot of the order that must ship first of those that want it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::slot::{Filling, SlotRow, WallRow, filling, lock, require, slot, sortable, tote, wall};
use super::{WallError, sql};
use crate::args;
use crate::catalog::ops::Resolved;
use crate::catalog::scan;
use crate::db::{DbError, Op, Operation};
use crate::kernel::ids::{OrderId, PlaceId};
use crate::kernel::text::scanned;
use crate::location::ops::Place;
use crate::order;
use crate::order::model::OrderState;
use crate::picking::goods::{self, GoodsRow, goods};
use crate::stock::StockError;
use crate::stock::ledger::{End, Transfer, post_many};
use crate::stock::model::Reason;

/// A piece that was scanned at a wall.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// The tote that it comes out of, scanned.
    pub tote: String,
    /// Any barcode of the item, its SKU code, or a GS1 element string.
    pub item: String,
    /// The lot's number; needed where several lots of the item lie in the tote.
    #[serde(default)]
    pub lot: Option<String>,
}

/// Asks where a piece belongs. An order gets its slot with its first piece.
#[derive(Debug, Serialize)]
pub struct SortItem {
    /// The wall, by its code.
    pub wall: String,
    /// The piece.
    pub piece: Piece,
}

/// Where a piece belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SortProposed {
    /// The SKU.
    pub sku: String,
    /// Pieces that the scan stands for.
    pub quantity: i64,
    /// The slot; none where no order wants the piece any more.
    pub slot: Option<SlotNamed>,
    /// Where a piece goes that no order wants any more; empty where any location will do.
    pub spare: Option<String>,
}

/// A slot with its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotNamed {
    /// Its code.
    pub slot: String,
    /// Its row, from the top.
    pub row: i64,
    /// Its column, from the left.
    pub column: i64,
    /// The order.
    pub order_id: OrderId,
    /// The order's number.
    pub order: String,
    /// How full it is.
    pub filling: Filling,
}

/// Goods of one item and lot in a tote, with what the scan said.
struct Lying {
    item: Resolved,
    rows: Vec<GoodsRow>,
}

impl Lying {
    /// Pieces by order, the first to ship first.
    fn by_order(&self) -> Vec<(&GoodsRow, i64)> {
        let mut orders: Vec<(&GoodsRow, i64)> = Vec::new();
        for row in &self.rows {
            match orders.iter_mut().find(|(first, _)| first.order == row.order) {
                Some((_, pieces)) => *pieces += row.quantity,
                None => orders.push((row, row.quantity)),
            }
        }
        orders
    }
}

/// What lies in a tote of a scanned item.
async fn lying(op: &mut Op<'_, '_>, tote: &Place, piece: &Piece) -> Result<Lying, WallError> {
    let found = scan::item(op.tx, &piece.item).await?;
    let found = found.ok_or_else(|| WallError::UnknownItem { scanned: scanned(&piece.item) })?;
    let warehouse = op.warehouse();
    let mut rows = goods(op.tx, warehouse, tote).await?;
    if rows.is_empty() {
        return Err(WallError::EmptyTote { tote: tote.code.clone() });
    }
    rows.retain(|row| row.sku == found.item.sku);
    if rows.is_empty() {
        return Err(WallError::NotHere { sku: found.item.code, place: tote.code.clone() });
    }
    let lot = scan::lot_of(&found, piece.lot.as_deref());
    let rows = goods::of_lot(&rows, lot.as_deref()).map_err(|wrong| WallError::lot(&found.item.code, wrong))?;
    Ok(Lying { item: found.item, rows })
}

impl Operation for SortItem {
    const KIND: &'static str = "wall.sort";
    type Answer = SortProposed;
    type Error = WallError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<SortProposed, WallError> {
        require(op)?;
        let warehouse = op.warehouse();
        let wall = wall(op.tx, warehouse, &self.wall).await?;
        let tote = tote(op, &self.piece.tote).await?;
        let lying = lying(op, &tote, &self.piece).await?;
        let (sku, quantity) = (lying.item.code.clone(), lying.item.unit_factor);
        let orders = lying.by_order();
        let wanting: Vec<(OrderId, i64)> = orders
            .iter()
            .filter(|(row, _)| sortable(row.order_state))
            .map(|(row, pieces)| (row.order, *pieces))
            .collect();
        if wanting.is_empty() {
            let spare = spare_of(&wall, &orders)?;
            return Ok(SortProposed { sku, quantity, slot: None, spare: Some(spare) });
        }
        let most = wanting.iter().map(|(_, pieces)| *pieces).max().unwrap_or_default();
        if quantity > most {
            return Err(WallError::TooMany { sku, quantity, left: most });
        }
        let fitting = wanting.into_iter().filter(|(_, pieces)| *pieces >= quantity).map(|(order, _)| order);
        let (order, slot) = find(op, &wall, fitting.collect()).await?;
        let filling = filling(op, slot.id, order.id).await?;
        let (code, row, column) = (slot.code, slot.row, slot.column);
        let named = SlotNamed { slot: code, row, column, order_id: order.id, order: order.number, filling };
        Ok(SortProposed { sku, quantity, slot: Some(named), spare: None })
    }
}

/// Where a piece goes that no running order wants: to the spare place, if its order was given up; else nowhere yet.
fn spare_of(wall: &WallRow, orders: &[(&GoodsRow, i64)]) -> Result<String, WallError> {
    let given_up = |row: &GoodsRow| matches!(row.order_state, OrderState::Cancelled | OrderState::Intercepting);
    if orders.iter().any(|(row, _)| given_up(row)) {
        return Ok(wall.spare_code.clone().unwrap_or_default());
    }
    let (order, state) = orders
        .first()
        .map_or_else(|| (String::new(), OrderState::Held), |(row, _)| (row.order_number.clone(), row.order_state));
    Err(WallError::OrderStopped { order, state })
}

/// The first of the orders that has a slot here, or gets one.
async fn find(
    op: &mut Op<'_, '_>,
    wall: &WallRow,
    orders: Vec<OrderId>,
) -> Result<(order::ops::OrderRow, SlotRow), WallError> {
    let (mut full, mut elsewhere, mut stopped) = (false, None, None);
    for id in orders {
        let order = order::ops::lock(op, id).await?;
        if !sortable(order.state) {
            stopped = Some(WallError::OrderStopped { order: order.number, state: order.state });
            continue;
        }
        let has: Option<SlotRow> = op.tx.opt(sql::SELECT_OF_ORDER, args![id]).await?;
        match has {
            Some(slot) if slot.wall == wall.id => return Ok((order, slot)),
            Some(slot) => elsewhere = Some(WallError::OtherWall { order: order.number, slot: slot.code }),
            None if full => {}
            None => {
                let warehouse = op.warehouse();
                let bound: Option<(PlaceId,)> = op.tx.opt(sql::BIND_FREE, args![wall.id, id, warehouse]).await?;
                if let Some((slot,)) = bound {
                    let slot = lock(op, slot).await?;
                    let data = json!({ "slot": slot.code, "wall": wall.code });
                    op.record("slot.bound", ("order", id.0), &data);
                    return Ok((order, slot));
                }
                full = true;
            }
        }
    }
    if full {
        return Err(WallError::WallFull { wall: wall.code.clone() });
    }
    Err(elsewhere.or(stopped).unwrap_or_else(|| WallError::WallFull { wall: wall.code.clone() }))
}

/// Confirms that a piece lies in a slot: the slot was scanned.
#[derive(Clone, Debug, Serialize)]
pub struct ConfirmSort {
    /// The wall, by its code.
    pub wall: String,
    /// The piece.
    pub piece: Piece,
    /// The slot, scanned.
    pub slot: String,
    /// Scans of the item; 1 where it isn't said.
    pub quantity: Option<i64>,
}

/// Pieces that lie in a slot now, or out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sorted {
    /// The SKU.
    pub sku: String,
    /// Pieces that were moved.
    pub quantity: i64,
    /// The slot.
    pub slot: String,
    /// Its order.
    pub order: String,
    /// How full the slot is.
    pub filling: Filling,
    /// Whether nothing of the order is missing: it can be packed.
    pub complete: bool,
    /// The tote.
    pub tote: String,
}

impl Operation for ConfirmSort {
    const KIND: &'static str = "wall.confirm";
    type Answer = Sorted;
    type Error = WallError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Sorted, WallError> {
        require(op)?;
        let warehouse = op.warehouse();
        let wall = wall(op.tx, warehouse, &self.wall).await?;
        let tote = tote(op, &self.piece.tote).await?;
        let slot = slot(op, &wall, &self.slot).await?;
        let lying = lying(op, &tote, &self.piece).await?;
        let scans = self.quantity.unwrap_or(1);
        let quantity = scans.saturating_mul(lying.item.unit_factor);
        if quantity < 1 {
            return Err(WallError::BadQuantity { quantity: scans });
        }
        let mine: Vec<&GoodsRow> = lying.rows.iter().filter(|row| Some(row.order) == slot.order).collect();
        let Some(first) = mine.first().copied() else { return Err(wrong_slot(op, &wall, &slot, &lying).await?) };
        if !sortable(first.order_state) {
            return Err(WallError::OrderStopped { order: first.order_number.clone(), state: first.order_state });
        }
        let here: i64 = mine.iter().map(|row| row.quantity).sum();
        if quantity > here {
            return Err(WallError::TooMany { sku: lying.item.code, quantity, left: here });
        }
        let evidence = format!("scan:{}|{}|{}", tote.code, scanned(&self.piece.item), slot.code);
        post(op, &transfers(&mine, quantity, (tote.id, slot.id), Reason::Sort, &evidence)).await?;
        // Nothing below may fail for a business reason.
        let filling = filling(op, slot.id, first.order).await?;
        let complete = filling.complete();
        let data = json!({ "sku": lying.item.code, "quantity": quantity, "tote": tote.code, "slot": slot.code, "complete": complete });
        op.record("piece.sorted", ("order", first.order.0), &data);
        let (sku, order) = (lying.item.code, first.order_number.clone());
        Ok(Sorted { sku, quantity, slot: slot.code, order, filling, complete, tote: tote.code })
    }
}

/// The slot that was scanned is none for the piece: which one is.
async fn wrong_slot(
    op: &mut Op<'_, '_>,
    wall: &WallRow,
    slot: &SlotRow,
    lying: &Lying,
) -> Result<WallError, WallError> {
    for (row, _) in lying.by_order() {
        if !sortable(row.order_state) {
            continue;
        }
        let has: Option<SlotRow> = op.tx.opt(sql::SELECT_OF_ORDER, args![row.order]).await?;
        if let Some(has) = has.filter(|has| has.wall == wall.id) {
            return Ok(WallError::WrongSlot { scanned: slot.code.clone(), expected: has.code });
        }
    }
    Ok(WallError::NotWanted { sku: lying.item.code.clone(), slot: slot.code.clone() })
}

/// Pieces of one order from one container to the other.
pub(super) fn transfers<'a>(
    rows: &[&GoodsRow],
    quantity: i64,
    ends: (PlaceId, PlaceId),
    reason: Reason,
    evidence: &'a str,
) -> Vec<Transfer<'a>> {
    let mut left = quantity;
    let mut transfers = Vec::new();
    for row in rows {
        let part = left.min(row.quantity);
        if part > 0 {
            left -= part;
            transfers.push(Transfer {
                sku: row.sku,
                lot: row.lot,
                quantity: part,
                from: End::reserved(ends.0),
                to: End::reserved(ends.1),
                reason,
                note: "",
                evidence,
                order: Some(row.order),
                allocation: Some(row.allocation),
            });
        }
    }
    transfers
}

/// Moves pieces whose order is locked.
pub(super) async fn post(op: &mut Op<'_, '_>, transfers: &[Transfer<'_>]) -> Result<(), WallError> {
    match post_many(op, transfers).await {
        // A pick was undone in between: everything is looked at anew.
        Err(StockError::NotEnough { .. }) => Err(DbError::Contended.into()),
        posted => Ok(posted?),
    }
}
