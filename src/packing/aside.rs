//! A piece that can't go into the parcel: broken, or of a lot that may not be sold any more. It is set aside, and the
//! order gets another later or ships without it, as with a short pick.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::ParcelState;
use super::parcel::{ParcelRow, PieceRow, free_slots, mine, pieces, reason, require};
use super::verify::{fitting, lines, take};
use super::{PackError, sql};
use crate::allocation::sql as allocation_sql;
use crate::args;
use crate::catalog::ops::resolve;
use crate::db::{DbError, Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::PlaceId;
use crate::kernel::text::scanned;
use crate::location::ops::{Place, place};
use crate::order::model::OrderState;
use crate::order::ops::{OrderRow, advance, tell};
use crate::picking::model::ShortReason;
use crate::picking::sql as picking_sql;
use crate::stock::ledger::{self, End, Transfer};
use crate::stock::model::{PlaceKind, Reason, StockStatus};

/// Sets pieces of a tote aside.
#[derive(Debug, Serialize)]
pub struct SetAside {
    /// The parcel that they don't go into.
    pub parcel: PlaceId,
    /// What is set aside.
    pub piece: AsidePiece,
}

/// Pieces that are set aside.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AsidePiece {
    /// Any barcode of the item, or its SKU code.
    pub item: String,
    /// Scans of the item; 1 where it isn't said.
    #[serde(default)]
    #[schema(default = 1)]
    pub quantity: Option<i64>,
    /// The lot's number; needed where several lots of the item lie in the totes.
    #[serde(default)]
    pub lot: Option<String>,
    /// The location that they are put to, scanned.
    pub location: String,
    /// `damaged`, or `missing` for all that may not be sold and has to be looked at.
    pub why: ShortReason,
    /// What the packer saw.
    pub reason: String,
}

/// Pieces that were set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PieceSetAside {
    /// The SKU.
    pub sku: String,
    /// Pieces.
    pub quantity: i64,
    /// Pieces of the whole order that are still to be scanned.
    pub order_left: i64,
    /// Whether nothing of the order is left, so that the parcel was given up and the order waits for stock.
    pub parcel_void: bool,
}

impl Operation for SetAside {
    const KIND: &'static str = "packing.set_aside";
    type Answer = PieceSetAside;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PieceSetAside, PackError> {
        require(op, Right::Pack)?;
        let why = reason(&self.piece.reason)?;
        let (order, parcel) = mine(op, self.parcel).await?;
        let location = self.location(op).await?;
        let item = resolve(op.tx, &self.piece.item).await?;
        let item = item.ok_or_else(|| PackError::UnknownItem { scanned: scanned(&self.piece.item) })?;
        let scans = self.piece.quantity.unwrap_or(1);
        let quantity = scans.saturating_mul(item.unit_factor);
        if quantity < 1 {
            return Err(PackError::BadQuantity { quantity: scans });
        }
        let all = pieces(op, order.id).await?;
        let fitting = fitting(&all, &item, None, self.piece.lot.as_deref())?;
        let here: i64 = fitting.iter().map(|piece| piece.quantity).sum();
        if quantity > here {
            return Err(PackError::TooMany { sku: item.code, quantity, left: here });
        }
        one_lot(&item.code, &fitting)?;
        let taken = take(&fitting, quantity);
        self.put(op, &parcel, &location, &taken, why).await?;
        // Nothing below may fail for a business reason.
        for (piece, quantity) in &taken {
            op.tx.exec_one("allocation", sql::PICKED_TO_SHORT, args![piece.allocation, *quantity]).await?;
            op.tx.exec(allocation_sql::LOWER_LINE, args![piece.line, *quantity]).await?;
        }
        let data = json!({ "sku": item.code, "quantity": quantity, "location": location.code, "reason": why });
        op.record("piece.set_aside", ("parcel", parcel.id.0), &data);
        tell(op, order.id, "order.short", json!({ "sku": item.code, "backordered": quantity })).await?;
        let order_left = all.iter().map(|piece| piece.quantity).sum::<i64>() - quantity;
        let parcel_void = order_left == 0 && give_up(op, &order, &parcel).await?;
        Ok(PieceSetAside { sku: item.code, quantity, order_left, parcel_void })
    }
}

impl SetAside {
    async fn location(&self, op: &mut Op<'_, '_>) -> Result<Place, PackError> {
        let warehouse = op.warehouse();
        let found = place(op.tx, warehouse, &self.piece.location).await?;
        let found = found.filter(|found| found.kind == PlaceKind::Location);
        found.ok_or_else(|| PackError::NotFound { what: "location", code: scanned(&self.piece.location) })
    }

    async fn put(
        &self,
        op: &mut Op<'_, '_>,
        parcel: &ParcelRow,
        location: &Place,
        taken: &[(&PieceRow, i64)],
        why: &str,
    ) -> Result<(), PackError> {
        let status = match self.piece.why {
            ShortReason::Damaged => StockStatus::Damaged,
            ShortReason::Missing => StockStatus::Quarantine,
        };
        let transfers: Vec<Transfer<'_>> = taken
            .iter()
            .map(|(piece, quantity)| Transfer {
                sku: piece.sku,
                lot: piece.lot,
                quantity: *quantity,
                from: End::reserved(piece.tote),
                to: End::free(location.id, status),
                reason: Reason::PutBack,
                note: why,
                evidence: "",
                order: Some(parcel.order),
                allocation: Some(piece.allocation),
            })
            .collect();
        ledger::post_many(op, &transfers).await?;
        Ok(free_slots(op, parcel.order, taken).await?)
    }
}

/// Nobody can say of which lot a piece is that was not scanned by its lot.
fn one_lot(sku: &str, fitting: &[&PieceRow]) -> Result<(), PackError> {
    let mut lots: Vec<&str> = fitting.iter().map(|piece| piece.lot_number.as_str()).collect();
    lots.sort_unstable();
    lots.dedup();
    if lots.len() > 1 { Err(PackError::WhichLot { sku: sku.to_owned(), lots: lots.join(", ") }) } else { Ok(()) }
}

/// An order with nothing in hand any more waits for stock; its empty parcel is given up.
async fn give_up(op: &mut Op<'_, '_>, order: &OrderRow, parcel: &ParcelRow) -> Result<bool, DbError> {
    if !lines(op, parcel.id).await?.is_empty() {
        return Ok(false);
    }
    op.tx.exec(sql::SET_STATE, args![parcel.id, ParcelState::Void]).await?;
    op.record("parcel.voided", ("parcel", parcel.id.0), &json!({ "reason": "nothing is left" }));
    let (in_hand,): (i64,) = op.tx.one("picked", picking_sql::SUM_PICKED, args![order.id]).await?;
    if in_hand > 0 {
        // The rest is in closed parcels.
        super::seal::settle(op, order).await?;
    } else if advance(op, order.id, &[OrderState::Picked], OrderState::Short).await? {
        op.tx.exec(picking_sql::LEAVE_WAVE, args![order.id, "nothing of it could be packed"]).await?;
    }
    Ok(true)
}
