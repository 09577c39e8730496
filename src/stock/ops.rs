//! Bringing stock in, moving it, adjusting it, changing what it may be used for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::error::StockError;
use super::ledger::{End, Transfer, corrected, outside, post, post_many};
use super::model::{LotStatus, PlaceKind, Reason, StockStatus};
use super::sql;
use crate::args;
use crate::catalog;
use crate::db::{Op, Operation, Values};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{LotId, PlaceId, SkuId};
use crate::kernel::text::scanned;
use crate::location::ops::{Place, place, places};
use crate::storefront::outbox::tell::tell_stock;

/// Largest quantity of one movement.
pub const LARGEST: i64 = 1_000_000_000;
/// Longest number of a lot, in bytes.
const LONGEST_LOT: usize = 100;

fn require(op: &Op<'_, '_>, right: Right) -> Result<(), StockError> {
    if op.may(right) { Ok(()) } else { Err(StockError::Forbidden { right: right.code() }) }
}

fn positive(quantity: i64) -> Result<(), StockError> {
    if (1..=LARGEST).contains(&quantity) { Ok(()) } else { Err(StockError::BadQuantity { quantity }) }
}

fn not_found(what: &'static str, code: &str) -> StockError {
    StockError::NotFound { what, code: code.to_owned() }
}

async fn find_location(op: &mut Op<'_, '_>, text: &str) -> Result<Place, StockError> {
    let warehouse = op.warehouse();
    let found = place(op.tx, warehouse, text).await?.ok_or_else(|| not_found("location", text))?;
    if found.kind == PlaceKind::Location { Ok(found) } else { Err(StockError::NotMovable { place: found.code }) }
}

async fn find_sku(op: &mut Op<'_, '_>, text: &str) -> Result<SkuId, StockError> {
    let found = catalog::ops::resolve(op.tx, text).await?;
    Ok(found.ok_or_else(|| not_found("SKU", text))?.sku)
}

async fn find_lot(op: &mut Op<'_, '_>, sku: SkuId, number: &str) -> Result<LotId, StockError> {
    let warehouse = op.warehouse();
    let found: Option<(LotId,)> = op.tx.opt(sql::SELECT_LOT, args![warehouse, sku, scanned(number)]).await?;
    Ok(found.ok_or_else(|| not_found("lot", number))?.0)
}

/// One receipt: pieces of one lot at one location.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// SKU code or barcode.
    pub sku: String,
    /// Code of the location.
    pub location: String,
    /// Pieces.
    pub quantity: i64,
    /// Number of the lot; one receipt of one SKU.
    pub lot: String,
    /// The supplier's number of it.
    #[serde(default)]
    pub supplier_lot: String,
    /// When it came in; now, where not given.
    #[serde(default)]
    pub received_at: Option<Timestamp>,
    /// From when it is expired.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// What it may be used for; good, where not given.
    #[serde(default)]
    pub status: Option<StockStatus>,
}

/// Brings stock in from outside: opening balances and simple receipts, all or nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveStock {
    /// What came in.
    pub receipts: Vec<Receipt>,
    /// Whether it is an opening balance (else a receipt).
    #[serde(default)]
    pub opening: bool,
}

/// Stock that came in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StockReceived {
    /// Receipts that were written.
    pub receipts: i64,
    /// Their pieces.
    pub pieces: i64,
}

/// A receipt with its names resolved.
struct Resolved<'a> {
    receipt: &'a Receipt,
    sku: SkuId,
    place: PlaceId,
    received_at: Timestamp,
}

impl Operation for ReceiveStock {
    const KIND: &'static str = "stock.receive";
    type Answer = StockReceived;
    type Error = StockError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<StockReceived, StockError> {
        require(op, Right::StockMove)?;
        let resolved = self.resolve(op).await?;
        let lots = lots(op, &resolved).await?;
        // Nothing below may fail for a business reason.
        self.write(op, &resolved, &lots).await?;
        let pieces = self.receipts.iter().map(|receipt| receipt.quantity).sum();
        let receipts = i64::try_from(self.receipts.len()).unwrap_or(i64::MAX);
        let data = json!({ "receipts": receipts, "pieces": pieces, "opening": self.opening });
        op.record("stock.received", ("warehouse", op.warehouse().0), &data);
        Ok(StockReceived { receipts, pieces })
    }
}

impl ReceiveStock {
    async fn resolve(&self, op: &mut Op<'_, '_>) -> Result<Vec<Resolved<'_>>, StockError> {
        let (warehouse, now) = (op.warehouse(), op.at());
        let mut skus: BTreeMap<String, SkuId> = BTreeMap::new();
        let codes: Vec<Values> = self.receipts.iter().map(|receipt| args![scanned(&receipt.sku)]).collect();
        let known: Vec<(String, SkuId)> = op.tx.bulk(catalog::sql::IDS_BY_CODE, codes).await?;
        skus.extend(known);
        let others: BTreeSet<String> =
            self.receipts.iter().map(|receipt| scanned(&receipt.sku)).filter(|code| !skus.contains_key(code)).collect();
        let forms =
            others.iter().flat_map(|code| [code.clone(), catalog::ops::other_form(code)].map(|form| args![code, form]));
        let by_barcode: Vec<(String, SkuId)> = op.tx.bulk(catalog::sql::IDS_BY_BARCODE, forms.collect()).await?;
        skus.extend(by_barcode);
        let codes: BTreeSet<String> = self.receipts.iter().map(|receipt| scanned(&receipt.location)).collect();
        let codes: Vec<String> = codes.into_iter().collect();
        let places = places(op.tx, warehouse, &codes).await?;
        let mut out = Vec::with_capacity(self.receipts.len());
        for receipt in &self.receipts {
            positive(receipt.quantity)?;
            let code = scanned(&receipt.sku);
            let sku = *skus.get(&code).ok_or_else(|| not_found("SKU", &receipt.sku))?;
            let place = match places.get(&scanned(&receipt.location)) {
                Some((place, PlaceKind::Location)) => *place,
                Some(_) => return Err(StockError::NotMovable { place: receipt.location.clone() }),
                None => return Err(not_found("location", &receipt.location)),
            };
            if !(1..=LONGEST_LOT).contains(&scanned(&receipt.lot).len()) {
                return Err(StockError::BadLot { lot: receipt.lot.clone() });
            }
            out.push(Resolved { receipt, sku, place, received_at: receipt.received_at.unwrap_or(now) });
        }
        Ok(out)
    }

    async fn write(
        &self,
        op: &mut Op<'_, '_>,
        resolved: &[Resolved<'_>],
        lots: &BTreeMap<(SkuId, String), LotId>,
    ) -> Result<(), StockError> {
        let warehouse = op.warehouse();
        let supplier = outside(op.tx, warehouse, PlaceKind::Supplier).await?;
        let reason = if self.opening { Reason::Import } else { Reason::Receipt };
        let mut transfers = Vec::with_capacity(resolved.len());
        for Resolved { receipt, sku, place, .. } in resolved {
            let Some(lot) = lots.get(&(*sku, scanned(&receipt.lot))) else { continue };
            let status = receipt.status.unwrap_or(StockStatus::Good);
            transfers.push(Transfer {
                sku: *sku,
                lot: *lot,
                quantity: receipt.quantity,
                from: End::outside(supplier, status),
                to: End::free(*place, status),
                reason,
                note: "",
                evidence: "",
                order: None,
                allocation: None,
            });
        }
        post_many(op, &transfers).await?;
        Ok(())
    }
}

/// Makes the lots that aren't there yet; one that is there must have the same dates.
async fn lots(op: &mut Op<'_, '_>, resolved: &[Resolved<'_>]) -> Result<BTreeMap<(SkuId, String), LotId>, StockError> {
    let warehouse = op.warehouse();
    let mut wanted: BTreeMap<(SkuId, String), &Resolved<'_>> = BTreeMap::new();
    for receipt in resolved {
        let key = (receipt.sku, scanned(&receipt.receipt.lot));
        let same = wanted.entry(key.clone()).or_insert(receipt);
        if same.receipt.expires_at != receipt.receipt.expires_at || same.received_at != receipt.received_at {
            return Err(StockError::LotDiffers { lot: key.1 });
        }
    }
    let rows = wanted.iter().map(|((sku, number), receipt)| {
        args![
            warehouse,
            *sku,
            number.as_str(),
            receipt.receipt.supplier_lot.trim(),
            receipt.received_at,
            receipt.receipt.expires_at
        ]
    });
    op.tx.bulk_exec(sql::INSERT_LOTS, rows.collect()).await?;
    let keys = wanted.keys().map(|(sku, number)| args![warehouse, *sku, number.as_str()]).collect();
    let found: Vec<(LotId, SkuId, String, Timestamp, Option<Timestamp>)> =
        op.tx.bulk(sql::LOTS_BY_NUMBER, keys).await?;
    let mut lots = BTreeMap::new();
    for (lot, sku, number, received_at, expires_at) in found {
        let Some(receipt) = wanted.get(&(sku, number.clone())) else { continue };
        let moved = receipt.receipt.received_at.is_some() && receipt.received_at != received_at;
        if moved || receipt.receipt.expires_at != expires_at {
            return Err(StockError::LotDiffers { lot: number });
        }
        lots.insert((sku, number), lot);
    }
    Ok(lots)
}

/// What a movement by hand moved.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StockMoved {
    /// Pieces.
    pub quantity: i64,
}

/// Moves free stock from one location to another.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveStock {
    /// SKU code or barcode.
    pub sku: String,
    /// Number of the lot.
    pub lot: String,
    /// From which location.
    pub from: String,
    /// To which location.
    pub to: String,
    /// Pieces.
    pub quantity: i64,
    /// Its status; good, where not given.
    #[serde(default)]
    pub status: Option<StockStatus>,
}

impl Operation for MoveStock {
    const KIND: &'static str = "stock.move";
    type Answer = StockMoved;
    type Error = StockError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<StockMoved, StockError> {
        require(op, Right::StockMove)?;
        positive(self.quantity)?;
        let sku = find_sku(op, &self.sku).await?;
        let lot = find_lot(op, sku, &self.lot).await?;
        let (from, to) = (find_location(op, &self.from).await?, find_location(op, &self.to).await?);
        if from.id == to.id {
            return Err(StockError::SamePlace { place: from.code });
        }
        let status = self.status.unwrap_or(StockStatus::Good);
        let (quantity, ends) = (self.quantity, (from.id, to.id));
        relocate(op, &Relocation { sku, lot, status, quantity, ends, reason: Reason::Move, note: "", evidence: "" })
            .await?;
        let data = json!({ "sku": sku, "lot": lot, "from": from.code, "to": to.code, "quantity": self.quantity });
        op.record("stock.moved", ("sku", sku.0), &data);
        Ok(StockMoved { quantity: self.quantity })
    }
}

/// Free stock on its way from one location to another.
pub(crate) struct Relocation<'a> {
    pub(crate) sku: SkuId,
    pub(crate) lot: LotId,
    /// It keeps its status.
    pub(crate) status: StockStatus,
    pub(crate) quantity: i64,
    /// From where to where.
    pub(crate) ends: (PlaceId, PlaceId),
    pub(crate) reason: Reason,
    pub(crate) note: &'a str,
    pub(crate) evidence: &'a str,
}

/// Moves free stock, whatever right and whose rules it is moved by.
pub(crate) async fn relocate(op: &mut Op<'_, '_>, moved: &Relocation<'_>) -> Result<(), StockError> {
    let transfer = Transfer {
        sku: moved.sku,
        lot: moved.lot,
        quantity: moved.quantity,
        from: End::free(moved.ends.0, moved.status),
        to: End::free(moved.ends.1, moved.status),
        reason: moved.reason,
        note: moved.note,
        evidence: moved.evidence,
        order: None,
        allocation: None,
    };
    post(op, &transfer).await
}

/// Corrects what is on hand: a gain or a loss of free stock, with a reason.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustStock {
    /// SKU code or barcode.
    pub sku: String,
    /// Number of the lot.
    pub lot: String,
    /// Which location.
    pub location: String,
    /// More (above 0) or less (below 0).
    pub difference: i64,
    /// Its status; good, where not given.
    #[serde(default)]
    pub status: Option<StockStatus>,
    /// Why.
    pub reason: String,
}

impl Operation for AdjustStock {
    const KIND: &'static str = "stock.adjust";
    type Answer = StockMoved;
    type Error = StockError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<StockMoved, StockError> {
        require(op, Right::StockAdjust)?;
        if self.reason.trim().is_empty() {
            return Err(StockError::ReasonMissing {});
        }
        let quantity = self.difference.checked_abs().unwrap_or(0);
        positive(quantity)?;
        let sku = find_sku(op, &self.sku).await?;
        let lot = find_lot(op, sku, &self.lot).await?;
        let location = find_location(op, &self.location).await?;
        let status = self.status.unwrap_or(StockStatus::Good);
        let warehouse = op.warehouse();
        let inside = End::free(location.id, status);
        let (from, to) = if self.difference > 0 {
            (End::outside(outside(op.tx, warehouse, PlaceKind::Gain).await?, status), inside)
        } else {
            (inside, End::outside(outside(op.tx, warehouse, PlaceKind::Loss).await?, status))
        };
        let transfer = Transfer {
            sku,
            lot,
            quantity,
            from,
            to,
            reason: Reason::Adjustment,
            note: self.reason.trim(),
            evidence: "",
            order: None,
            allocation: None,
        };
        post(op, &transfer).await?;
        corrected(op, location.id, lot, status).await?;
        tell_stock(op, sku, self.difference).await?;
        let data = json!({ "lot": lot, "location": location.code, "difference": self.difference, "reason": self.reason.trim() });
        op.record("stock.adjusted", ("sku", sku.0), &data);
        Ok(StockMoved { quantity })
    }
}

/// Changes what free stock of a cell may be used for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeStatus {
    /// SKU code or barcode.
    pub sku: String,
    /// Number of the lot.
    pub lot: String,
    /// Which location.
    pub location: String,
    /// Pieces.
    pub quantity: i64,
    /// Its status now.
    pub from: StockStatus,
    /// Its status then.
    pub to: StockStatus,
    /// Why.
    pub reason: String,
}

impl Operation for ChangeStatus {
    const KIND: &'static str = "stock.status";
    type Answer = StockMoved;
    type Error = StockError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<StockMoved, StockError> {
        require(op, Right::StockAdjust)?;
        positive(self.quantity)?;
        if self.reason.trim().is_empty() {
            return Err(StockError::ReasonMissing {});
        }
        let sku = find_sku(op, &self.sku).await?;
        let lot = find_lot(op, sku, &self.lot).await?;
        let location = find_location(op, &self.location).await?;
        if self.from == self.to {
            return Err(StockError::SamePlace { place: location.code });
        }
        let transfer = Transfer {
            sku,
            lot,
            quantity: self.quantity,
            from: End::free(location.id, self.from),
            to: End::free(location.id, self.to),
            reason: Reason::Status,
            note: self.reason.trim(),
            evidence: "",
            order: None,
            allocation: None,
        };
        post(op, &transfer).await?;
        let data = json!({ "lot": lot, "location": location.code, "from": self.from, "to": self.to, "quantity": self.quantity });
        op.record("stock.status_changed", ("sku", sku.0), &data);
        Ok(StockMoved { quantity: self.quantity })
    }
}

/// Freezes, quarantines or frees a whole lot, wherever it lies.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLotStatus {
    /// SKU code or barcode.
    pub sku: String,
    /// Number of the lot.
    pub lot: String,
    /// Its status from now on.
    pub status: LotStatus,
    /// Why.
    pub reason: String,
}

impl Operation for SetLotStatus {
    const KIND: &'static str = "stock.lot_status";
    type Answer = StockMoved;
    type Error = StockError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<StockMoved, StockError> {
        require(op, Right::StockAdjust)?;
        if self.reason.trim().is_empty() {
            return Err(StockError::ReasonMissing {});
        }
        let sku = find_sku(op, &self.sku).await?;
        let lot = find_lot(op, sku, &self.lot).await?;
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SET_LOT_STATUS, args![lot, self.status]).await?;
        let data = json!({ "sku": sku, "status": self.status, "reason": self.reason.trim() });
        op.record("lot.status_changed", ("lot", lot.0), &data);
        let (quantity,): (i64,) = op.tx.one("lot", sql::SUM_OF_LOT, args![lot]).await?;
        Ok(StockMoved { quantity })
    }
}
