//! The way back: a piece out of its slot into a tote again.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::slot::{filling, free_empty, require, slot, tote, wall};
use super::sort::{Sorted, post, transfers};
use super::{WallError, sql};
use crate::args;
use crate::catalog::scan;
use crate::db::{Op, Operation};
use crate::kernel::ids::{OrderId, PickTaskId};
use crate::kernel::text::scanned;
use crate::location::ops::Place;
use crate::picking::goods::{self, GoodsRow, goods};
use crate::picking::sql as picking_sql;
use crate::stock::model::{PlaceKind, Reason};

/// A piece that goes back.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SortedBack {
    /// The slot that it lies in, scanned.
    pub slot: String,
    /// Any barcode of the item, its SKU code, or a GS1 element string.
    pub item: String,
    /// The lot's number; needed where several lots of the item lie in the slot.
    #[serde(default)]
    pub lot: Option<String>,
    /// Scans of the item; 1 where it isn't said.
    #[serde(default)]
    #[schema(default = 1)]
    pub quantity: Option<i64>,
    /// The tote that it goes into; the one that it came out of where it isn't said.
    #[serde(default)]
    pub tote: Option<String>,
}

/// Takes pieces out of a slot again.
#[derive(Clone, Debug, Serialize)]
pub struct UndoSort {
    /// The wall, by its code.
    pub wall: String,
    /// What goes back.
    pub back: SortedBack,
}

impl Operation for UndoSort {
    const KIND: &'static str = "wall.undo";
    type Answer = Sorted;
    type Error = WallError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Sorted, WallError> {
        require(op)?;
        let back = &self.back;
        let warehouse = op.warehouse();
        let wall = wall(op.tx, warehouse, &self.wall).await?;
        let slot = slot(op, &wall, &back.slot).await?;
        let found = scan::item(op.tx, &back.item).await?;
        let found = found.ok_or_else(|| WallError::UnknownItem { scanned: scanned(&back.item) })?;
        let place = Place { id: slot.id, kind: PlaceKind::Slot, code: slot.code.clone() };
        let mut rows = goods(op.tx, warehouse, &place).await?;
        if rows.is_empty() {
            return Err(WallError::EmptySlot { slot: slot.code });
        }
        rows.retain(|row| row.sku == found.item.sku);
        if rows.is_empty() {
            return Err(WallError::NotHere { sku: found.item.code, place: slot.code });
        }
        let lot = scan::lot_of(&found, back.lot.as_deref());
        let rows = goods::of_lot(&rows, lot.as_deref()).map_err(|wrong| WallError::lot(&found.item.code, wrong))?;
        let scans = back.quantity.unwrap_or(1);
        let quantity = scans.saturating_mul(found.item.unit_factor);
        if quantity < 1 {
            return Err(WallError::BadQuantity { quantity: scans });
        }
        let here: i64 = rows.iter().map(|row| row.quantity).sum();
        let Some(first) = rows.first().filter(|_| quantity <= here).cloned() else {
            return Err(WallError::TooMany { sku: found.item.code, quantity, left: here });
        };
        let tote = self.tote(op, &first, &place).await?;
        let evidence = format!("scan:{}|{}|{}", slot.code, scanned(&back.item), tote.code);
        let rows: Vec<&GoodsRow> = rows.iter().collect();
        post(op, &transfers(&rows, quantity, (slot.id, tote.id), Reason::SortUndo, &evidence)).await?;
        // Nothing below may fail for a business reason.
        let filling = filling(op, slot.id, first.order).await?;
        free_empty(op, first.order).await?;
        let data = json!({ "sku": found.item.code, "quantity": quantity, "tote": tote.code, "slot": slot.code });
        op.record("sort.undone", ("order", first.order.0), &data);
        let (sku, order) = (found.item.code, first.order_number);
        Ok(Sorted { sku, quantity, slot: slot.code, order, filling, complete: filling.complete(), tote: tote.code })
    }
}

impl UndoSort {
    /// The tote that was scanned, or that the piece came out of, if it may take it.
    async fn tote(&self, op: &mut Op<'_, '_>, row: &GoodsRow, slot: &Place) -> Result<Place, WallError> {
        let found = match self.back.tote.as_deref().filter(|text| !text.trim().is_empty()) {
            Some(text) => tote(op, text).await?,
            None => {
                let from: Option<Place> = op.tx.opt(sql::SELECT_SORTED_FROM, args![row.allocation, slot.id]).await?;
                from.filter(|from| from.kind == PlaceKind::Tote)
                    .ok_or_else(|| WallError::NotATote { scanned: String::new() })?
            }
        };
        usable(op, &found, row.order).await?;
        Ok(found)
    }
}

/// Whether a tote may take goods of an order: nobody picks into it now, and it is empty, the order's, or a batch's.
async fn usable(op: &mut Op<'_, '_>, tote: &Place, order: OrderId) -> Result<(), WallError> {
    op.tx.exec(picking_sql::LOCK_TOTE, args![tote.id]).await?;
    let warehouse = op.warehouse();
    let values = args![warehouse, tote.id, PickTaskId(0)];
    let (goods, users): (i64, i64) = op.tx.one("tote", picking_sql::SELECT_TOTE_USE, values).await?;
    let mut fits = users == 0;
    if fits && goods > 0 && goods::of_batch(op.tx, tote.id).await?.is_none() {
        fits = goods::last(op.tx, warehouse, tote.id).await? == Some(order);
    }
    if fits { Ok(()) } else { Err(WallError::ToteInUse { tote: tote.code.clone() }) }
}
