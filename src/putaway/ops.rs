//! Putting pieces away: source, item and target scanned.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{PutAwayError, sql};
use crate::catalog::ops::Resolved;
use crate::catalog::scan;
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{LotId, SkuId};
use crate::kernel::text::scanned;
use crate::location::ops::{Place, place};
use crate::picking::goods::{self, goods};
use crate::picking::putback::PutBack;
use crate::stock::model::{PlaceKind, Reason, StockStatus};
use crate::stock::ops::{LARGEST, Relocation, relocate};
use crate::{args, row};

/// Puts pieces away. Stock keeps its status, and a lot its own.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutAway {
    /// Where they lie: a location, or a tote or slot with goods of a cancelled order; scanned.
    pub from: String,
    /// Any barcode of the item, its SKU code, or a GS1 element string.
    pub item: String,
    /// The lot's number, or the supplier's; needed where several lots of the item lie there.
    #[serde(default)]
    pub lot: Option<String>,
    /// Scans of the item: each counts the pieces that its barcode stands for.
    pub quantity: i64,
    /// Where they go, scanned.
    pub to: String,
    /// Their status; of sound stock and other, sound stock where it isn't said.
    #[serde(default)]
    pub status: Option<StockStatus>,
    /// Why they go to a place with another lot of the SKU.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Pieces that were put away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PutAwayDone {
    /// The SKU.
    pub sku: String,
    /// The lot.
    pub lot: String,
    /// Pieces.
    pub quantity: i64,
    /// Where they are now.
    pub place: String,
    /// Pieces of the lot that still lie free where they came from.
    pub left: i64,
}

row! {
    /// Stock of a SKU at a place.
    #[derive(Debug, Clone)]
    pub struct AtRow {
        /// The lot.
        pub lot: LotId,
        /// Its number.
        pub lot_number: String,
        /// The supplier's number of it.
        pub supplier_lot: String,
        /// What it may be used for.
        pub status: StockStatus,
        /// Pieces that are free.
        pub free: i64,
    }
}

/// A scanned place of any kind.
pub(super) async fn known(op: &mut Op<'_, '_>, text: &str) -> Result<Place, PutAwayError> {
    let warehouse = op.warehouse();
    let found = place(op.tx, warehouse, text).await?;
    found.ok_or_else(|| PutAwayError::UnknownPlace { scanned: scanned(text) })
}

impl Operation for PutAway {
    const KIND: &'static str = "stock.put_away";
    type Answer = PutAwayDone;
    type Error = PutAwayError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PutAwayDone, PutAwayError> {
        let right = Right::StockMove;
        if !op.may(right) {
            return Err(PutAwayError::Forbidden { right: right.code() });
        }
        if !(1..=LARGEST).contains(&self.quantity) {
            return Err(PutAwayError::BadQuantity { quantity: self.quantity });
        }
        let from = known(op, &self.from).await?;
        if !matches!(from.kind, PlaceKind::Location | PlaceKind::Tote | PlaceKind::Slot) {
            return Err(PutAwayError::NotALocation { scanned: from.code });
        }
        let found = scan::item(op.tx, &self.item).await?;
        let found = found.ok_or_else(|| PutAwayError::UnknownItem { scanned: scanned(&self.item) })?;
        let lot = scan::lot_of(&found, self.lot.as_deref());
        let to = self.target(op, &from).await?;
        if from.kind == PlaceKind::Location {
            self.off_location(op, (&from, &to), found.item, lot.as_deref()).await
        } else {
            self.out_of_container(op, (&from, &to), found.item, lot.as_deref()).await
        }
    }
}

impl PutAway {
    /// The target, locked: a location in use, and another one than the source.
    async fn target(&self, op: &mut Op<'_, '_>, from: &Place) -> Result<Place, PutAwayError> {
        let to = known(op, &self.to).await?;
        if to.kind != PlaceKind::Location {
            return Err(PutAwayError::NotALocation { scanned: to.code });
        }
        if to.id == from.id {
            return Err(PutAwayError::SamePlace { place: to.code });
        }
        let (active,): (bool,) = op.tx.one("location", sql::LOCK_TARGET, args![to.id]).await?;
        if active { Ok(to) } else { Err(PutAwayError::NotActive { place: to.code }) }
    }

    fn why(&self) -> &str {
        self.reason.as_deref().unwrap_or_default().trim()
    }

    /// Refuses where another lot of the SKU lies in the target, unless there is a reason.
    async fn unmixed(&self, op: &mut Op<'_, '_>, to: &Place, item: &Resolved, lot: LotId) -> Result<(), PutAwayError> {
        let warehouse = op.warehouse();
        let other: Option<(String,)> = op.tx.opt(sql::SELECT_OTHER_LOT, args![warehouse, to.id, item.sku, lot]).await?;
        match other {
            Some((lot,)) if self.why().is_empty() => {
                Err(PutAwayError::OtherLot { place: to.code.clone(), sku: item.code.clone(), lot })
            }
            _ => Ok(()),
        }
    }

    async fn off_location(
        &self,
        op: &mut Op<'_, '_>,
        (from, to): (&Place, &Place),
        item: Resolved,
        lot: Option<&str>,
    ) -> Result<PutAwayDone, PutAwayError> {
        let row = self.cell(op, from, &item, lot).await?;
        self.unmixed(op, to, &item, row.lot).await?;
        let quantity = self.quantity.saturating_mul(item.unit_factor);
        if quantity > row.free {
            return Err(PutAwayError::NotEnough { place: from.code.clone(), wanted: quantity, free: row.free });
        }
        let evidence = format!("scan:{}|{}|{}", from.code, scanned(&self.item), to.code);
        let relocation = Relocation {
            sku: item.sku,
            lot: row.lot,
            status: row.status,
            quantity,
            ends: (from.id, to.id),
            reason: Reason::PutAway,
            note: self.why(),
            evidence: &evidence,
        };
        relocate(op, &relocation).await?;
        // Nothing below may fail for a business reason.
        let data = json!({
            "lot": row.lot, "from": from.code, "to": to.code, "quantity": quantity, "status": row.status, "reason": self.why()
        });
        op.record("stock.put_away", ("sku", item.sku.0), &data);
        let (lot, place, left) = (row.lot_number, to.code.clone(), row.free - quantity);
        Ok(PutAwayDone { sku: item.code, lot, quantity, place, left })
    }

    /// The stock that is meant: of the scanned lot, or the only one.
    async fn cell(
        &self,
        op: &mut Op<'_, '_>,
        from: &Place,
        item: &Resolved,
        lot: Option<&str>,
    ) -> Result<AtRow, PutAwayError> {
        let warehouse = op.warehouse();
        let mut rows: Vec<AtRow> = op.tx.all(sql::SELECT_AT, args![warehouse, from.id, item.sku]).await?;
        rows.retain(|row| self.status.is_none_or(|status| status == row.status));
        if rows.is_empty() {
            return Err(PutAwayError::NotHere { sku: item.code.clone(), place: from.code.clone() });
        }
        let all = numbers(&rows);
        rows.retain(|row| lot.is_none_or(|lot| row.lot_number == lot || scanned(&row.supplier_lot) == lot));
        let lots = numbers(&rows);
        let sku = item.code.clone();
        match (rows.into_iter().next(), lots.contains(", "), lot) {
            (_, true, _) => Err(PutAwayError::WhichLot { sku, lots }),
            (Some(row), ..) => Ok(row),
            (None, _, lot) => {
                Err(PutAwayError::WrongLot { scanned: lot.unwrap_or_default().to_owned(), sku, expected: all })
            }
        }
    }

    /// Goods of a cancelled order: they are put back, which frees them.
    async fn out_of_container(
        &self,
        op: &mut Op<'_, '_>,
        (from, to): (&Place, &Place),
        item: Resolved,
        lot: Option<&str>,
    ) -> Result<PutAwayDone, PutAwayError> {
        let warehouse = op.warehouse();
        let mut rows = goods(op.tx, warehouse, from).await?;
        rows.retain(|row| row.sku == item.sku);
        if rows.is_empty() {
            return Err(PutAwayError::NotHere { sku: item.code, place: from.code.clone() });
        }
        let sku = item.code.clone();
        let rows = goods::of_lot(&rows, lot).map_err(|wrong| match wrong.scanned {
            Some(scanned) => PutAwayError::WrongLot { scanned, sku, expected: wrong.lots },
            None => PutAwayError::WhichLot { sku, lots: wrong.lots },
        })?;
        let Some(row) = rows.first() else {
            return Err(PutAwayError::NotHere { sku: item.code, place: from.code.clone() });
        };
        self.unmixed(op, to, &item, row.lot).await?;
        let back = PutBack {
            tote: from.code.clone(),
            location: to.code.clone(),
            item: self.item.clone(),
            quantity: self.quantity,
            lot: Some(row.lot_number.clone()),
        };
        let done = back.put(op).await?;
        let (lot, place) = (row.lot_number.clone(), to.code.clone());
        let left = rows.iter().map(|row| row.quantity).sum::<i64>() - done.quantity;
        Ok(PutAwayDone { sku: item.code, lot, quantity: done.quantity, place, left })
    }
}

fn numbers(rows: &[AtRow]) -> String {
    let mut lots: Vec<&str> = rows.iter().map(|row| row.lot_number.as_str()).collect();
    lots.sort_unstable();
    lots.dedup();
    lots.join(", ")
}

/// A SKU as a filter: 0 for any.
pub(super) fn or_any(sku: Option<SkuId>) -> i64 {
    sku.map_or(0, |sku| sku.0)
}
