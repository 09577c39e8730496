//! Scanning parcels onto a manifest, and off it. Each reason why a parcel may not go is told apart.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::carriers::require;
use super::manifest::{ManifestRow, lock_open};
use super::{ShippingError, sql};
use crate::db::{Op, Operation};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{CarrierId, ManifestId, OrderId, PlaceId, WaybillId};
use crate::kernel::text::scanned;
use crate::order::model::OrderState;
use crate::order::{self, OrderError};
use crate::stock::eligible::{Facts, eligible};
use crate::stock::model::{LotStatus, StockStatus};
use crate::{args, row, station};

row! {
    /// A waybill number that was scanned.
    #[derive(Debug, Clone)]
    pub struct NumberRow {
        /// Its id.
        pub id: WaybillId,
        /// Its text.
        pub number: String,
        /// Where it stands.
        pub state: String,
        /// Whose it is.
        pub carrier: CarrierId,
        /// The carrier's code.
        pub carrier_code: String,
        /// The parcel that it belongs to.
        pub parcel: Option<PlaceId>,
        /// The order of that parcel.
        pub order: Option<OrderId>,
    }
}

/// Scans a parcel onto a manifest.
#[derive(Debug, Serialize)]
pub struct ScanOut {
    /// Which manifest.
    pub manifest: ManifestId,
    /// The waybill number, as scanned.
    pub scan: String,
}

/// A parcel that is on a manifest now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScannedOut {
    /// The parcel.
    pub parcel_id: PlaceId,
    /// Its number.
    pub parcel: String,
    /// Its waybill number.
    pub waybill: String,
    /// Its order's number.
    pub order: String,
    /// Parcels on the manifest by now.
    pub count: i64,
    /// Whether the scan settled a doubt about the label.
    pub settled: bool,
    /// The mark that the label must have, because it was printed again: `R1`. Empty for a first print.
    pub expected_mark: String,
}

impl Operation for ScanOut {
    const KIND: &'static str = "manifest.scan";
    type Answer = ScannedOut;
    type Error = ShippingError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<ScannedOut, ShippingError> {
        require(op, Right::Ship)?;
        let manifest = lock_open(op, self.manifest).await?;
        let (number, parcel, order) = find(op, &self.scan).await?;
        if number.carrier != manifest.carrier {
            return Err(ShippingError::WrongCarrier {
                number: number.number,
                carrier: number.carrier_code,
                expected: manifest.carrier_code,
            });
        }
        let order = lock_order(op, order).await?;
        let locked: (String, String, Option<i64>) = op.tx.one("parcel", sql::LOCK_PARCEL, args![parcel]).await?;
        let (parcel_number, state, _) = locked;
        not_on_a_manifest(op, &manifest, &number.number, parcel, &state).await?;
        stop(&number.number, &order.number, order.state, &order.hold_reason)?;
        sound(op, &number.number, parcel).await?;
        // A label that somebody holds in their hands exists: the scan settles what was open about it.
        let proved = station::ops::prove(op, parcel, number.id).await?;
        if state != "label_printed" && !(proved.settled && ["waybill_bound", "in_doubt"].contains(&state.as_str())) {
            return Err(ShippingError::NotReady { number: number.number, state });
        }
        // Nothing below may fail for a business reason.
        let (at, person) = (op.at(), op.person());
        op.tx.exec(sql::INSERT_PARCEL, args![manifest.id, parcel, at, person]).await?;
        let (count, _): (i64, i64) = op.tx.one("count", sql::COUNT_PARCELS, args![manifest.id]).await?;
        let data = json!({ "manifest": manifest.number, "waybill": number.number });
        op.record("parcel.scanned_out", ("parcel", parcel.0), &data);
        Ok(ScannedOut {
            parcel_id: parcel,
            parcel: parcel_number,
            waybill: number.number,
            order: order.number,
            count,
            settled: proved.settled,
            expected_mark: station::model::copy_mark(proved.copies),
        })
    }
}

/// The parcel of a scanned number.
async fn find(op: &mut Op<'_, '_>, scan: &str) -> Result<(NumberRow, PlaceId, OrderId), ShippingError> {
    let warehouse = op.warehouse();
    let scanned = scanned(scan);
    let mut found: Option<NumberRow> = op.tx.opt(sql::SELECT_NUMBER, args![warehouse, &scanned]).await?;
    if let (None, Some(bare)) = (&found, without_piece(&scanned)) {
        found = op.tx.opt(sql::SELECT_NUMBER, args![warehouse, bare]).await?;
    }
    let Some(number) = found else { return Err(ShippingError::UnknownNumber { scanned }) };
    match (number.state.as_str(), number.parcel, number.order) {
        ("handed_over", Some(_), _) => Err(ShippingError::HandedOver { number: number.number }),
        ("void" | "recycled", _, _) => Err(ShippingError::DeadNumber { number: number.number }),
        (_, Some(parcel), Some(order)) => Ok((number, parcel, order)),
        _ => Err(ShippingError::UnknownNumber { scanned }),
    }
}

/// JD prints `number-i-n-` for piece i of n; the number alone is what we know.
fn without_piece(scanned: &str) -> Option<&str> {
    let (number, piece) = scanned.split_once('-')?;
    let digits = piece.chars().all(|character| character.is_ascii_digit() || character == '-');
    (scanned.starts_with("JD") && digits).then_some(number)
}

async fn lock_order(op: &mut Op<'_, '_>, order: OrderId) -> Result<order::ops::OrderRow, ShippingError> {
    order::ops::lock(op, order).await.map_err(|error| match error {
        OrderError::Db(error) => ShippingError::Db(error),
        _ => ShippingError::NotFound { what: "order", code: order.to_string() },
    })
}

async fn not_on_a_manifest(
    op: &mut Op<'_, '_>,
    manifest: &ManifestRow,
    number: &str,
    parcel: PlaceId,
    state: &str,
) -> Result<(), ShippingError> {
    let number = number.to_owned();
    if state == "handed_over" {
        return Err(ShippingError::HandedOver { number });
    }
    let on: Option<(ManifestId, String)> = op.tx.opt(sql::SELECT_MANIFEST_OF, args![parcel]).await?;
    match on {
        None => Ok(()),
        Some((id, on)) if id == manifest.id => Err(ShippingError::AlreadyScanned { number, manifest: on }),
        Some((_, on)) => Err(ShippingError::OnOtherManifest { number, manifest: on }),
    }
}

/// Refuses where the order must not go out.
pub(super) fn stop(number: &str, order: &str, state: OrderState, hold_reason: &str) -> Result<(), ShippingError> {
    let (number, order) = (number.to_owned(), order.to_owned());
    match state {
        OrderState::Cancelled | OrderState::Intercepting => Err(ShippingError::OrderCancelled { number, order, state }),
        OrderState::Held => Err(ShippingError::OrderHeld { number, order, reason: hold_reason.to_owned() }),
        _ => Ok(()),
    }
}

async fn sound(op: &mut Op<'_, '_>, number: &str, parcel: PlaceId) -> Result<(), ShippingError> {
    let content: Vec<(String, StockStatus, LotStatus, Option<Timestamp>)> =
        op.tx.all(sql::SELECT_CONTENT, args![parcel]).await?;
    for (lot, status, lot_status, expires_at) in content {
        eligible(Facts { status, lot_status, expires_at }, op.at()).map_err(|why| ShippingError::Ineligible {
            number: number.to_owned(),
            lot,
            why,
        })?;
    }
    Ok(())
}

/// Takes a parcel off an open manifest.
#[derive(Debug, Serialize)]
pub struct TakeOff {
    /// Which manifest.
    pub manifest: ManifestId,
    /// The waybill number, as scanned.
    pub scan: String,
}

/// A parcel that is off its manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TakenOff {
    /// The parcel.
    pub parcel_id: PlaceId,
    /// Parcels on the manifest by now.
    pub count: i64,
}

impl Operation for TakeOff {
    const KIND: &'static str = "manifest.take_off";
    type Answer = TakenOff;
    type Error = ShippingError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<TakenOff, ShippingError> {
        require(op, Right::Ship)?;
        let manifest = lock_open(op, self.manifest).await?;
        let (number, parcel, _) = find(op, &self.scan).await?;
        if op.tx.exec(sql::DELETE_PARCEL, args![manifest.id, parcel]).await? != 1 {
            return Err(ShippingError::NotOnManifest { number: number.number, manifest: manifest.number });
        }
        // Nothing below may fail for a business reason.
        let (count, _): (i64, i64) = op.tx.one("count", sql::COUNT_PARCELS, args![manifest.id]).await?;
        let data = json!({ "manifest": manifest.number, "waybill": number.number });
        op.record("parcel.taken_off", ("parcel", parcel.0), &data);
        Ok(TakenOff { parcel_id: parcel, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_jd_numbers_lose_their_piece() {
        assert_eq!(without_piece("JDVA12345678901-1-2-"), Some("JDVA12345678901"));
        assert_eq!(without_piece("JDVA12345678901"), None);
        assert_eq!(without_piece("SF-1-2-"), None);
        assert_eq!(without_piece("JDX-AB"), None);
    }
}
