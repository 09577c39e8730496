//! Verifying: each piece goes from its tote into the parcel by a scan, and back again where that was wrong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{ParcelState, papers_of};
use super::parcel::{ParcelRow, PieceRow, free_slots, mine, pieces, reason, require};
use super::start::tote;
use super::{PackError, slip, sql};
use crate::catalog::ops::{Resolved, resolve};
use crate::db::{DbError, Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{AllocationId, LotId, OrderId, PickTaskId, PlaceId, SkuId};
use crate::kernel::text::scanned;
use crate::location::ops::Place;
use crate::picking::goods::{last, of_batch};
use crate::picking::sql as picking_sql;
use crate::stock::StockError;
use crate::stock::ledger::{self, End, Transfer};
use crate::stock::model::{PlaceKind, Reason};
use crate::{args, row};

/// What the packer scanned, or why they did not.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PieceScan {
    /// Any barcode of the item, or its SKU code.
    pub item: String,
    /// Scans of the item: each counts the pieces that its barcode stands for. 1 where it isn't said.
    #[schema(default = 1)]
    pub quantity: Option<i64>,
    /// The lot's number, where it was scanned.
    pub lot: Option<String>,
    /// The tote that the pieces come out of; any of the order's where it isn't said.
    pub tote: Option<String>,
    /// Why the pieces could not be scanned. Needs the right `force_pass`.
    pub forced_reason: Option<String>,
}

impl PieceScan {
    fn scans(&self) -> i64 {
        self.quantity.unwrap_or(1)
    }
}

/// Puts scanned pieces into a parcel.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyPiece {
    /// Which parcel.
    pub parcel: PlaceId,
    /// What was scanned.
    pub scan: PieceScan,
}

/// Where a parcel stands after a piece went in or out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PieceVerified {
    /// The SKU.
    pub sku: String,
    /// Pieces that this scan moved.
    pub quantity: i64,
    /// Pieces of the SKU that are in the parcel now.
    pub verified: i64,
    /// Pieces of the SKU that are still to be scanned.
    pub left: i64,
    /// Pieces of the whole order that are still to be scanned.
    pub order_left: i64,
}

impl Operation for VerifyPiece {
    const KIND: &'static str = "packing.verify";
    type Answer = PieceVerified;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PieceVerified, PackError> {
        require(op, Right::Pack)?;
        let evidence = self.evidence(op)?;
        let (order, parcel) = mine(op, self.parcel).await?;
        let item = resolve(op.tx, &self.scan.item).await?;
        let item = item.ok_or_else(|| PackError::UnknownItem { scanned: scanned(&self.scan.item) })?;
        let quantity = self.scan.scans().saturating_mul(item.unit_factor);
        if quantity < 1 {
            return Err(PackError::BadQuantity { quantity: self.scan.scans() });
        }
        let pieces = pieces(op, order.id).await?;
        if !pieces.iter().any(|piece| piece.sku == item.sku) {
            return Err(none_left(op, order.id, &order.number, &item, quantity).await?);
        }
        let fitting = fitting(&pieces, &item, self.scan.tote.as_deref(), self.scan.lot.as_deref())?;
        let here: i64 = fitting.iter().map(|piece| piece.quantity).sum();
        if quantity > here {
            return Err(PackError::TooMany { sku: item.code, quantity, left: here });
        }
        // Where several lots lie together and none was scanned, it may be any of them that is in the packer's hand.
        for piece in &fitting {
            piece.eligible(op)?;
        }
        let taken = take(&fitting, quantity);
        pack(op, &parcel, &taken, &evidence).await?;
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SET_FILLING, args![parcel.id, ParcelState::Verifying]).await?;
        let (list,): (String,) = op.tx.one("sku", sql::SELECT_PAPERS_OF_SKU, args![item.sku]).await?;
        let papers = papers_of(&list).into_iter().map(|paper| args![parcel.id, paper]).collect();
        op.tx.bulk_exec(sql::INSERT_PAPERS, papers).await?;
        let data = json!({ "sku": item.code, "quantity": quantity, "evidence": evidence });
        op.record("piece.verified", ("parcel", parcel.id.0), &data);
        let (verified,): (i64,) = op.tx.one("sum", sql::SUM_IN_PARCEL, args![parcel.id, item.sku]).await?;
        let of_sku: i64 = pieces.iter().filter(|piece| piece.sku == item.sku).map(|piece| piece.quantity).sum();
        let of_order: i64 = pieces.iter().map(|piece| piece.quantity).sum();
        let (left, order_left) = (of_sku - quantity, of_order - quantity);
        if order_left == 0 {
            slip::by_itself(op, &parcel).await?;
        }
        Ok(PieceVerified { sku: item.code, quantity, verified, left, order_left })
    }
}

impl VerifyPiece {
    fn evidence(&self, op: &Op<'_, '_>) -> Result<String, PackError> {
        match &self.scan.forced_reason {
            Some(text) => {
                require(op, Right::ForcePass)?;
                Ok(format!("forced: {}", reason(text)?))
            }
            None => {
                let tote = self.scan.tote.as_deref().map(scanned).unwrap_or_default();
                Ok(format!("scan:{tote}|{}", scanned(&self.scan.item)))
            }
        }
    }
}

/// The pieces of the SKU that the scanned tote and lot allow.
pub(super) fn fitting<'a>(
    pieces: &'a [PieceRow],
    item: &Resolved,
    tote: Option<&str>,
    lot: Option<&str>,
) -> Result<Vec<&'a PieceRow>, PackError> {
    let mut fitting: Vec<&PieceRow> = pieces.iter().filter(|piece| piece.sku == item.sku).collect();
    if let Some(tote) = tote.map(scanned).filter(|tote| !tote.is_empty()) {
        let expected = names(&fitting, |piece| &piece.tote_code);
        fitting.retain(|piece| piece.tote_code == tote);
        if fitting.is_empty() {
            return Err(PackError::OtherTote { sku: item.code.clone(), tote, expected });
        }
    }
    if let Some(lot) = lot.map(scanned).filter(|lot| !lot.is_empty()) {
        let expected = names(&fitting, |piece| &piece.lot_number);
        fitting.retain(|piece| piece.lot_number == lot);
        if fitting.is_empty() {
            return Err(PackError::WrongLot { scanned: lot, sku: item.code.clone(), expected });
        }
    }
    Ok(fitting)
}

fn names(pieces: &[&PieceRow], name: fn(&PieceRow) -> &str) -> String {
    let mut names: Vec<&str> = pieces.iter().map(|piece| name(piece)).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// Nothing of the SKU is left in the totes: all of it is packed, or it never belonged to the order.
async fn none_left(
    op: &mut Op<'_, '_>,
    order: OrderId,
    number: &str,
    item: &Resolved,
    quantity: i64,
) -> Result<PackError, DbError> {
    let (picked,): (i64,) = op.tx.one("sum", sql::SUM_PICKED_OF_SKU, args![order, item.sku]).await?;
    let (scanned, order) = (item.code.clone(), number.to_owned());
    Ok(if picked > 0 {
        PackError::TooMany { sku: scanned, quantity, left: 0 }
    } else {
        PackError::WrongItem { scanned, order }
    })
}

/// Spreads a quantity over pieces, the first first.
pub(super) fn take<'a>(pieces: &[&'a PieceRow], quantity: i64) -> Vec<(&'a PieceRow, i64)> {
    let mut left = quantity;
    let mut taken = Vec::new();
    for piece in pieces {
        let part = left.min(piece.quantity);
        if part > 0 {
            taken.push((*piece, part));
            left -= part;
        }
    }
    taken
}

/// Moves pieces from their totes into a parcel.
pub(super) async fn pack(
    op: &mut Op<'_, '_>,
    parcel: &ParcelRow,
    taken: &[(&PieceRow, i64)],
    evidence: &str,
) -> Result<(), PackError> {
    let transfers: Vec<Transfer<'_>> = taken
        .iter()
        .map(|(piece, quantity)| Transfer {
            sku: piece.sku,
            lot: piece.lot,
            quantity: *quantity,
            from: End::reserved(piece.tote),
            to: End::reserved(parcel.id),
            reason: Reason::Pack,
            note: "",
            evidence,
            order: Some(parcel.order),
            allocation: Some(piece.allocation),
        })
        .collect();
    match ledger::post_many(op, &transfers).await {
        // A pick was undone in between: everything is looked at anew.
        Err(StockError::NotEnough { .. }) => return Err(DbError::Contended.into()),
        posted => posted?,
    }
    for (piece, quantity) in taken {
        if op.tx.exec(sql::ADD_PACKED, args![piece.allocation, *quantity]).await? != 1 {
            return Err(DbError::Contended.into());
        }
        let values = args![parcel.id, piece.allocation, piece.line, piece.sku, piece.lot, *quantity];
        op.tx.exec(sql::ADD_LINE, values).await?;
    }
    free_slots(op, parcel.order, taken).await?;
    Ok(())
}

row! {
    /// What is in a parcel for one allocation.
    #[derive(Debug, Clone)]
    pub struct LineRow {
        /// The allocation.
        pub allocation: AllocationId,
        /// The SKU.
        pub sku: SkuId,
        /// Its code.
        pub sku_code: String,
        /// The lot.
        pub lot: LotId,
        /// Its number.
        pub lot_number: String,
        /// Pieces.
        pub quantity: i64,
        /// The tote that they came out of.
        pub from: Option<PlaceId>,
    }
}

/// What is in a parcel.
pub(super) async fn lines(op: &mut Op<'_, '_>, parcel: PlaceId) -> Result<Vec<LineRow>, DbError> {
    op.tx.all(sql::SELECT_LINES, args![parcel]).await
}

/// Takes pieces out of a parcel again, back into a tote.
#[derive(Clone, Debug, Serialize)]
pub struct UndoPiece {
    /// Which parcel.
    pub parcel: PlaceId,
    /// What is taken out.
    pub back: PieceBack,
}

/// Pieces that are taken out of a parcel.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PieceBack {
    /// Any barcode of the item, or its SKU code.
    pub item: String,
    /// Scans of the item; 1 where it isn't said.
    #[schema(default = 1)]
    pub quantity: Option<i64>,
    /// The lot's number, where it was scanned.
    pub lot: Option<String>,
    /// The tote that they go into; the one that they came out of where it isn't said.
    pub tote: Option<String>,
}

impl Operation for UndoPiece {
    const KIND: &'static str = "packing.undo";
    type Answer = PieceVerified;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PieceVerified, PackError> {
        require(op, Right::Pack)?;
        let (_, parcel) = mine(op, self.parcel).await?;
        let item = resolve(op.tx, &self.back.item).await?;
        let item = item.ok_or_else(|| PackError::UnknownItem { scanned: scanned(&self.back.item) })?;
        let scans = self.back.quantity.unwrap_or(1);
        let quantity = scans.saturating_mul(item.unit_factor);
        if quantity < 1 {
            return Err(PackError::BadQuantity { quantity: scans });
        }
        let lot = self.back.lot.as_deref().map(scanned).filter(|lot| !lot.is_empty());
        let mut lines = lines(op, parcel.id).await?;
        lines.retain(|line| line.sku == item.sku && lot.as_ref().is_none_or(|lot| *lot == line.lot_number));
        let packed: i64 = lines.iter().map(|line| line.quantity).sum();
        if quantity > packed {
            return Err(PackError::NotInParcel { sku: item.code, packed });
        }
        let mut left = quantity;
        // What went in last comes out first.
        for line in lines.iter_mut().rev() {
            line.quantity = left.min(line.quantity);
            left -= line.quantity;
        }
        lines.retain(|line| line.quantity > 0);
        unpack(op, &parcel, &lines, self.back.tote.as_deref()).await?;
        // Nothing below may fail for a business reason.
        let data = json!({ "sku": item.code, "quantity": quantity });
        op.record("piece.taken_out", ("parcel", parcel.id.0), &data);
        let empty = self::lines(op, parcel.id).await?.is_empty();
        let state = if empty { ParcelState::Open } else { ParcelState::Verifying };
        op.tx.exec(sql::SET_FILLING, args![parcel.id, state]).await?;
        let (verified,): (i64,) = op.tx.one("sum", sql::SUM_IN_PARCEL, args![parcel.id, item.sku]).await?;
        let pieces = pieces(op, parcel.order).await?;
        let left = pieces.iter().filter(|piece| piece.sku == item.sku).map(|piece| piece.quantity).sum();
        let order_left = pieces.iter().map(|piece| piece.quantity).sum();
        Ok(PieceVerified { sku: item.code, quantity, verified, left, order_left })
    }
}

/// Moves pieces from a parcel back into totes: a scanned one, or those that they came out of.
pub(super) async fn unpack(
    op: &mut Op<'_, '_>,
    parcel: &ParcelRow,
    lines: &[LineRow],
    into: Option<&str>,
) -> Result<(), PackError> {
    let into = match into.filter(|text| !text.trim().is_empty()) {
        Some(text) => Some(tote(op, text).await?),
        None => None,
    };
    let mut totes: BTreeMap<PlaceId, Place> = BTreeMap::new();
    for place in lines.iter().filter_map(|line| line.from) {
        if into.is_none() && !totes.contains_key(&place) {
            let from: Place = op.tx.one("place", crate::location::sql::SELECT_PLACE_BY_ID, args![place]).await?;
            totes.insert(place, from);
        }
    }
    if let Some(into) = &into {
        totes.insert(into.id, into.clone());
    }
    for tote in totes.values() {
        usable(op, tote, parcel.order).await?;
    }
    let mut transfers = Vec::with_capacity(lines.len());
    for line in lines {
        let Some(to) = into.as_ref().map(|tote| tote.id).or(line.from) else {
            return Err(PackError::NotATote { scanned: String::new() });
        };
        transfers.push(Transfer {
            sku: line.sku,
            lot: line.lot,
            quantity: line.quantity,
            from: End::reserved(parcel.id),
            to: End::reserved(to),
            reason: Reason::Unpack,
            note: "",
            evidence: "",
            order: Some(parcel.order),
            allocation: Some(line.allocation),
        });
    }
    ledger::post_many(op, &transfers).await?;
    for line in lines {
        op.tx.exec_one("allocation", sql::SUB_PACKED, args![line.allocation, line.quantity]).await?;
        lower_line(op, parcel.id, line.allocation, line.quantity).await?;
    }
    Ok(())
}

/// Fewer pieces of an allocation are in a parcel.
///
/// # Errors
/// A failure of the database.
pub async fn lower_line(
    op: &mut Op<'_, '_>,
    parcel: PlaceId,
    allocation: AllocationId,
    quantity: i64,
) -> Result<(), DbError> {
    let values = || args![parcel, allocation, quantity];
    if op.tx.exec(sql::SUB_LINE, values()).await? == 1 {
        return Ok(());
    }
    op.tx.exec_one("parcel line", sql::DELETE_LINE, values()).await
}

/// Whether goods of an order may be put into a tote or slot: it holds some already, or is empty and nobody else's. A
/// batch's tote holds goods of many anyhow.
async fn usable(op: &mut Op<'_, '_>, tote: &Place, order: OrderId) -> Result<(), PackError> {
    let in_use = || PackError::ToteInUse { tote: tote.code.clone() };
    if tote.kind == PlaceKind::Slot {
        return if crate::wall::slot::take(op, tote.id, order).await? { Ok(()) } else { Err(in_use()) };
    }
    op.tx.exec(picking_sql::LOCK_TOTE, args![tote.id]).await?;
    let warehouse = op.warehouse();
    let values = args![warehouse, tote.id, PickTaskId(0)];
    let (goods, tasks): (i64, i64) = op.tx.one("tote", picking_sql::SELECT_TOTE_USE, values).await?;
    if goods > 0 && of_batch(op.tx, tote.id).await?.is_none() {
        let own = last(op.tx, warehouse, tote.id).await? == Some(order);
        return if own { Ok(()) } else { Err(in_use()) };
    }
    if tasks == 0 { Ok(()) } else { Err(in_use()) }
}
