//! What every step of packing begins with: the order locked, then its parcel.

use super::model::ParcelState;
use super::{PackError, sql};
use crate::db::{DbError, Op};
use crate::kernel::actor::Right;
use crate::kernel::ids::{CarrierId, LotId, ManifestId, OrderId, PersonId, PlaceId, StationId};
use crate::kernel::text::scanned;
use crate::order::model::OrderState;
use crate::order::ops::OrderRow;
use crate::stock::eligible::{Facts, eligible};
use crate::stock::model::{LotStatus, PlaceKind, StockStatus};
use crate::{args, order, row};

row! {
    /// A parcel, locked.
    #[derive(Debug, Clone)]
    pub struct ParcelRow {
        /// Its place.
        pub id: PlaceId,
        /// Its number.
        pub number: String,
        /// Where it stands.
        pub state: ParcelState,
        /// Its order.
        pub order: OrderId,
        /// Who packs it.
        pub packer: Option<PersonId>,
        /// Their number.
        pub packer_number: Option<String>,
        /// Where it is packed.
        pub station: Option<StationId>,
        /// Its carrier, once it is closed.
        pub carrier: Option<CarrierId>,
        /// What its goods weigh, in grams; 0 where unknown.
        pub expected_grams: i64,
    }
}

impl ParcelRow {
    pub(super) fn wrong_state(&self) -> PackError {
        PackError::WrongState { parcel: self.number.clone(), state: self.state }
    }
}

pub(super) fn require(op: &Op<'_, '_>, right: Right) -> Result<(), PackError> {
    if op.may(right) { Ok(()) } else { Err(PackError::Forbidden { right: right.code() }) }
}

/// A reason that a person gave; it must say something.
pub(super) fn reason(text: &str) -> Result<&str, PackError> {
    let text = text.trim();
    if text.is_empty() { Err(PackError::ReasonMissing {}) } else { Ok(text) }
}

/// Locks a parcel's order, then the parcel: everybody locks orders first.
pub(super) async fn lock(op: &mut Op<'_, '_>, parcel: PlaceId) -> Result<(OrderRow, ParcelRow), PackError> {
    let warehouse = op.warehouse();
    let missing = || PackError::NotFound { what: "parcel", code: parcel.to_string() };
    let found: Option<(OrderId,)> = op.tx.opt(sql::SELECT_ORDER_OF, args![warehouse, parcel]).await?;
    let (order,) = found.ok_or_else(missing)?;
    let order = order::ops::lock(op, order).await?;
    let row: Option<ParcelRow> = op.tx.opt(sql::LOCK_PARCEL, args![parcel]).await?;
    Ok((order, row.ok_or_else(missing)?))
}

/// Locks a parcel that this person fills now, of an order that may be packed.
pub(super) async fn mine(op: &mut Op<'_, '_>, parcel: PlaceId) -> Result<(OrderRow, ParcelRow), PackError> {
    let (order, row) = lock(op, parcel).await?;
    packable(&order)?;
    if !row.state.filling() {
        return Err(row.wrong_state());
    }
    own(op, &row)?;
    Ok((order, row))
}

/// Whether this person packs the parcel.
pub(super) fn own(op: &Op<'_, '_>, parcel: &ParcelRow) -> Result<(), PackError> {
    if parcel.packer.is_none_or(|packer| packer == op.person()) {
        return Ok(());
    }
    let person = parcel.packer_number.clone().unwrap_or_default();
    Err(PackError::OtherPacker { parcel: parcel.number.clone(), person })
}

/// Whether pieces of an order may go into parcels now.
pub(super) fn packable(order: &OrderRow) -> Result<(), PackError> {
    match order.state {
        OrderState::Picked => Ok(()),
        OrderState::Released | OrderState::Picking => Err(PackError::StillPicking { order: order.number.clone() }),
        _ => Err(stopped(order)),
    }
}

/// Whether a closed parcel of an order may go on.
pub(super) fn going(order: &OrderRow) -> Result<(), PackError> {
    match order.state {
        OrderState::Picking | OrderState::Picked | OrderState::Packed => Ok(()),
        _ => Err(stopped(order)),
    }
}

pub(super) fn stopped(order: &OrderRow) -> PackError {
    let number = order.number.clone();
    match order.state {
        OrderState::Held => PackError::OrderHeld { order: number, reason: order.hold_reason.clone() },
        state => PackError::OrderStopped { order: number, state },
    }
}

/// Whether the order will never be shipped: then its goods go back to the shelf.
pub(super) const fn given_up(order: &OrderRow) -> bool {
    matches!(order.state, OrderState::Cancelled | OrderState::Intercepting)
}

/// A station by its code.
pub(super) async fn station(op: &mut Op<'_, '_>, code: Option<&str>) -> Result<Option<StationId>, PackError> {
    let Some(code) = code.map(scanned).filter(|code| !code.is_empty()) else { return Ok(None) };
    let warehouse = op.warehouse();
    let found: Option<(StationId,)> = op.tx.opt(sql::SELECT_STATION, args![warehouse, &code]).await?;
    found.map(|(station,)| Some(station)).ok_or(PackError::NotFound { what: "station", code })
}

/// Refuses where the parcel is on a manifest.
pub(super) async fn off_manifest(op: &mut Op<'_, '_>, parcel: &ParcelRow) -> Result<(), PackError> {
    let on: Option<(ManifestId, String)> =
        op.tx.opt(crate::shipping::sql::SELECT_MANIFEST_OF, args![parcel.id]).await?;
    match on {
        None => Ok(()),
        Some((_, manifest)) => Err(PackError::OnManifest { parcel: parcel.number.clone(), manifest }),
    }
}

row! {
    /// Pieces of an order that lie in one tote or slot for one allocation.
    #[derive(Debug, Clone)]
    pub struct PieceRow {
        /// The allocation.
        pub allocation: crate::kernel::ids::AllocationId,
        /// Its order line.
        pub line: crate::kernel::ids::OrderLineId,
        /// The SKU.
        pub sku: crate::kernel::ids::SkuId,
        /// Its code.
        pub sku_code: String,
        /// The lot.
        pub lot: LotId,
        /// Its number.
        pub lot_number: String,
        /// What the lot may be used for.
        pub lot_status: LotStatus,
        /// From when it is expired.
        pub expires_at: Option<crate::kernel::Timestamp>,
        /// The tote or slot.
        pub tote: PlaceId,
        /// Whether it is a tote, or a slot of a put wall.
        pub kind: PlaceKind,
        /// Its code.
        pub tote_code: String,
        /// Pieces.
        pub quantity: i64,
    }
}

impl PieceRow {
    /// Whether the pieces may go to a customer.
    pub(super) fn eligible(&self, op: &Op<'_, '_>) -> Result<(), PackError> {
        let facts = Facts { status: StockStatus::Good, lot_status: self.lot_status, expires_at: self.expires_at };
        let refusal = |why| PackError::Ineligible { sku: self.sku_code.clone(), lot: self.lot_number.clone(), why };
        eligible(facts, op.at()).map_err(refusal)
    }
}

/// The pieces of an order that lie in totes, by allocation: what the ledger says came in and hasn't left.
pub(super) async fn pieces(op: &mut Op<'_, '_>, order: OrderId) -> Result<Vec<PieceRow>, DbError> {
    op.tx.all(sql::SELECT_PIECES, args![order]).await
}

/// The slots that pieces came out of are free again where they are empty now.
pub(super) async fn free_slots(op: &mut Op<'_, '_>, order: OrderId, taken: &[(&PieceRow, i64)]) -> Result<(), DbError> {
    if taken.iter().any(|(piece, _)| piece.kind == PlaceKind::Slot) {
        crate::wall::slot::free_empty(op, order).await?;
    }
    Ok(())
}

/// Pieces by SKU, as a refusal names them.
pub(super) fn by_sku(pieces: &[PieceRow]) -> Vec<(String, i64)> {
    let mut items: Vec<(String, i64)> = Vec::new();
    for piece in pieces {
        match items.iter_mut().find(|(sku, _)| *sku == piece.sku_code) {
            Some((_, quantity)) => *quantity += piece.quantity,
            None => items.push((piece.sku_code.clone(), piece.quantity)),
        }
    }
    items
}
