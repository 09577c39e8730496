//! The hand-over: a whole manifest becomes the carrier's, once, with all that follows from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::carriers::{require, tracking_link};
use super::manifest::{ManifestRow, lock_open};
use super::scan::stop;
use super::{ShippingError, sql};
use crate::db::{DbError, Op, Operation};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{AllocationId, LotId, ManifestId, OrderId, OrderLineId, PlaceId, SkuId, WaybillId};
use crate::order::model::OrderState;
use crate::order::ops::{advance, tell};
use crate::stock::eligible::{Facts, eligible};
use crate::stock::ledger::{self, End, Transfer};
use crate::stock::model::{LotStatus, PlaceKind, Reason, StockStatus};
use crate::{args, row};

row! {
    /// A parcel of a manifest, locked.
    #[derive(Debug, Clone)]
    pub struct ParcelRow {
        /// Its place.
        pub id: PlaceId,
        /// Its number.
        pub number: String,
        /// Where it stands.
        pub state: String,
        /// Its order.
        pub order: OrderId,
        /// Its waybill.
        pub waybill_id: WaybillId,
        /// Its waybill number.
        pub waybill: String,
    }
}

row! {
    /// What was packed into a parcel for one allocation.
    #[derive(Debug, Clone)]
    pub struct LineRow {
        /// The parcel.
        pub parcel: PlaceId,
        /// The order line.
        pub order_line: OrderLineId,
        /// The shop's id of it.
        pub external_id: String,
        /// The SKU's code, as the shop writes it.
        pub sku_code: String,
        /// The SKU.
        pub sku: SkuId,
        /// The lot.
        pub lot: LotId,
        /// The allocation.
        pub allocation: AllocationId,
        /// Pieces.
        pub quantity: i64,
    }
}

row! {
    /// What lies in a parcel.
    #[derive(Debug, Clone)]
    pub struct CellRow {
        /// The parcel.
        pub parcel: PlaceId,
        /// The lot.
        pub lot: LotId,
        /// Its number.
        pub lot_number: String,
        /// The status of the stock.
        pub status: StockStatus,
        /// The status of its lot.
        pub lot_status: LotStatus,
        /// From when it is expired.
        pub expires_at: Option<Timestamp>,
        /// Pieces.
        pub on_hand: i64,
        /// Pieces that are reserved.
        pub reserved: i64,
    }
}

row! {
    /// An order of a manifest, locked.
    #[derive(Debug, Clone)]
    pub struct OrderRow {
        /// Its id.
        pub id: OrderId,
        /// Its number.
        pub number: String,
        /// Where it stands.
        pub state: OrderState,
        /// Why it is held.
        pub hold_reason: String,
    }
}

/// Hands a manifest's parcels to the carrier.
#[derive(Debug, Serialize)]
pub struct HandOver {
    /// Which manifest.
    pub manifest: ManifestId,
    /// Who takes them for the carrier, as they sign.
    pub taken_by: String,
    /// Their signature on glass: the data of an SVG path in a box of 1000 x 300, at most 20,000 characters.
    pub signature: Option<String>,
}

/// Longest signature, in bytes.
const LONGEST_SIGNATURE: usize = 20_000;

/// Whether a text is the data of a path of moves and lines, and nothing else.
fn is_path(text: &str) -> bool {
    text.len() <= LONGEST_SIGNATURE
        && text.starts_with('M')
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"ML ".contains(&byte))
}

fn seal(op: &Op<'_, '_>, signature: &str) -> Result<Vec<u8>, ShippingError> {
    let services = &op.context.services;
    let sealed = services.vault.seal(services.random.as_ref(), SIGNATURE, signature.as_bytes());
    sealed.map_err(|error| crate::db::DbError::Form(error.to_string()).into())
}

/// What signatures are sealed for.
pub(super) const SIGNATURE: &str = "signature";

/// A hand-over that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HandedOver {
    /// The manifest's number.
    pub number: String,
    /// Parcels.
    pub parcels: i64,
    /// Pieces.
    pub pieces: i64,
    /// Orders that are shipped whole.
    pub orders_shipped: i64,
    /// Orders whose rest waits for stock.
    pub orders_waiting: i64,
}

/// All that a manifest brings with it.
struct Load {
    manifest: ManifestRow,
    parcels: Vec<ParcelRow>,
    lines: Vec<LineRow>,
}

impl Operation for HandOver {
    const KIND: &'static str = "manifest.hand_over";
    type Answer = HandedOver;
    type Error = ShippingError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<HandedOver, ShippingError> {
        require(op, Right::Ship)?;
        let taken_by = self.taken_by.trim();
        if taken_by.is_empty() {
            return Err(ShippingError::TakenByMissing {});
        }
        if self.signature.as_deref().is_some_and(|signature| !is_path(signature)) {
            return Err(ShippingError::BadSignature {});
        }
        let signature = match &self.signature {
            Some(signature) => Some(seal(op, signature)?),
            None => None,
        };
        let load = self.checked(op).await?;
        // The ledger's own checks come next; they can't fail any more, since the cells were compared and are locked.
        let pieces = post(op, &load).await?;
        // Nothing below may fail for a business reason.
        let (id, at) = (load.manifest.id, op.at());
        op.tx.exec(sql::PARCELS_HANDED_OVER, args![id, at]).await?;
        op.tx.exec(sql::WAYBILLS_HANDED_OVER, args![id]).await?;
        op.tx.exec(sql::LINES_SHIPPED, args![id]).await?;
        op.tx.exec_one("manifest", sql::SET_HANDED_OVER, args![id, at, taken_by, signature]).await?;
        tell_parcels(op, &load).await?;
        let (orders_shipped, orders_waiting) = settle_orders(op, id).await?;
        let parcels = i64::try_from(load.parcels.len()).unwrap_or(i64::MAX);
        let data = json!({ "parcels": parcels, "pieces": pieces, "orders_shipped": orders_shipped });
        op.record("manifest.handed_over", ("manifest", id.0), &data);
        Ok(HandedOver { number: load.manifest.number, parcels, pieces, orders_shipped, orders_waiting })
    }
}

impl HandOver {
    /// Everything is looked at again: hours may lie between the scans and the van.
    async fn checked(&self, op: &mut Op<'_, '_>) -> Result<Load, ShippingError> {
        let manifest = lock_open(op, self.manifest).await?;
        let orders: Vec<OrderRow> = op.tx.all(sql::LOCK_ORDERS, args![manifest.id]).await?;
        let parcels: Vec<ParcelRow> = op.tx.all(sql::SELECT_PARCELS, args![manifest.id]).await?;
        let (scanned, _): (i64, i64) = op.tx.one("count", sql::COUNT_PARCELS, args![manifest.id]).await?;
        if scanned == 0 {
            return Err(ShippingError::Empty { manifest: manifest.number });
        }
        let by_id: BTreeMap<OrderId, &OrderRow> = orders.iter().map(|order| (order.id, order)).collect();
        for parcel in &parcels {
            if let Some(order) = by_id.get(&parcel.order) {
                stop(&parcel.waybill, &order.number, order.state, &order.hold_reason)?;
            }
            if parcel.state != "label_printed" {
                let state = parcel.state.clone();
                return Err(ShippingError::NotReady { number: parcel.waybill.clone(), state });
            }
        }
        if i64::try_from(parcels.len()).ok() != Some(scanned) {
            // A parcel whose number is no longer live: opened again since it was scanned.
            return Err(ShippingError::NotReady { number: manifest.number, state: "reopened".to_owned() });
        }
        let lines: Vec<LineRow> = op.tx.all(sql::SELECT_LINES, args![manifest.id]).await?;
        let cells: Vec<CellRow> = op.tx.all(sql::SELECT_CELLS, args![manifest.id]).await?;
        sound(&parcels, &lines, &cells, op.at())?;
        Ok(Load { manifest, parcels, lines })
    }
}

/// What lies in each parcel must be what was packed, all of it reserved and fit for a customer.
fn sound(parcels: &[ParcelRow], lines: &[LineRow], cells: &[CellRow], at: Timestamp) -> Result<(), ShippingError> {
    let numbers: BTreeMap<PlaceId, &str> = parcels.iter().map(|parcel| (parcel.id, parcel.waybill.as_str())).collect();
    let number = |parcel: PlaceId| numbers.get(&parcel).copied().unwrap_or_default().to_owned();
    let mut open: BTreeMap<(PlaceId, LotId), i64> = BTreeMap::new();
    for line in lines {
        *open.entry((line.parcel, line.lot)).or_default() += line.quantity;
    }
    for cell in cells {
        let facts = Facts { status: cell.status, lot_status: cell.lot_status, expires_at: cell.expires_at };
        eligible(facts, at).map_err(|why| ShippingError::Ineligible {
            number: number(cell.parcel),
            lot: cell.lot_number.clone(),
            why,
        })?;
        let packed = open.remove(&(cell.parcel, cell.lot));
        if packed != Some(cell.on_hand) || cell.reserved != cell.on_hand {
            return Err(ShippingError::ContentDiffers { number: number(cell.parcel) });
        }
    }
    match open.keys().next() {
        None => Ok(()),
        Some((parcel, _)) => Err(ShippingError::ContentDiffers { number: number(*parcel) }),
    }
}

/// The stock becomes the customers'. Gives the pieces.
async fn post(op: &mut Op<'_, '_>, load: &Load) -> Result<i64, ShippingError> {
    let customer = ledger::outside(op.tx, op.context.warehouse, PlaceKind::Customer).await?;
    let parcels: BTreeMap<PlaceId, &ParcelRow> = load.parcels.iter().map(|parcel| (parcel.id, parcel)).collect();
    let transfers: Vec<Transfer<'_>> = load
        .lines
        .iter()
        .map(|line| {
            let parcel = parcels.get(&line.parcel);
            Transfer {
                sku: line.sku,
                lot: line.lot,
                quantity: line.quantity,
                from: End::reserved(line.parcel),
                to: End::outside(customer, StockStatus::Good),
                reason: Reason::Ship,
                note: load.manifest.number.as_str(),
                evidence: parcel.map_or("", |parcel| parcel.waybill.as_str()),
                order: parcel.map(|parcel| parcel.order),
                allocation: Some(line.allocation),
            }
        })
        .collect();
    ledger::post_many(op, &transfers).await?;
    Ok(load.lines.iter().map(|line| line.quantity).sum())
}

/// The shops hear of each parcel, with its number and what is in it.
async fn tell_parcels(op: &mut Op<'_, '_>, load: &Load) -> Result<(), DbError> {
    let mut content: BTreeMap<PlaceId, BTreeMap<OrderLineId, (&LineRow, i64)>> = BTreeMap::new();
    for line in &load.lines {
        let lines = content.entry(line.parcel).or_default();
        lines.entry(line.order_line).or_insert((line, 0)).1 += line.quantity;
    }
    for parcel in &load.parcels {
        let lines: Vec<serde_json::Value> = content
            .get(&parcel.id)
            .into_iter()
            .flat_map(BTreeMap::values)
            .map(|(line, quantity)| {
                json!({ "external_id": line.external_id, "sku": line.sku_code, "quantity": quantity })
            })
            .collect();
        let parcel_data = json!({
            "id": parcel.number,
            "waybill_number": parcel.waybill,
            "carrier": load.manifest.carrier_code,
            "tracking_url": tracking_link(&load.manifest.tracking_url, &parcel.waybill),
            "lines": lines,
        });
        tell(op, parcel.order, "parcel.shipped", json!({ "parcel": parcel_data })).await?;
    }
    Ok(())
}

/// Orders whose last parcel went are shipped; one with missing pieces waits for the rest. Gives how many of each.
async fn settle_orders(op: &mut Op<'_, '_>, manifest: ManifestId) -> Result<(i64, i64), DbError> {
    let (mut shipped, mut waiting) = (0, 0);
    let rests: Vec<(OrderId, i64, i64, i64)> = op.tx.all(sql::SELECT_REST, args![manifest]).await?;
    for (order, parcels_here, unshipped, missing) in rests {
        if parcels_here > 0 || unshipped > 0 {
            continue;
        }
        let to = if missing > 0 { OrderState::Short } else { OrderState::Shipped };
        if !advance(op, order, &[OrderState::Packed], to).await? {
            continue;
        }
        op.tx.exec(sql::WAVE_DONE, args![order]).await?;
        if missing > 0 {
            waiting += 1;
            op.record("order.rest_waits", ("order", order.0), &json!({ "missing": missing }));
        } else {
            shipped += 1;
            tell(op, order, "order.shipped", json!({})).await?;
        }
    }
    Ok((shipped, waiting))
}
