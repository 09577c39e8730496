//! Why a shipping operation may refuse.

use super::ManifestState;
use crate::order::model::OrderState;
use crate::stock::StockError;
use crate::stock::eligible::Ineligible;

crate::refusals! {
    /// Why a shipping operation may refuse.
    pub enum ShippingError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// The person lacks the right.
        Forbidden { right: &'static str } = 403 "forbidden",
        /// A code or name is empty or too long.
        BadName { field: &'static str } = 422 "shipping.bad_name",
        /// The tracking address is no web address.
        BadTrackingUrl { url: String } = 422 "shipping.bad_tracking_url",
        /// The manifest isn't open any more.
        ManifestClosed { manifest: String, state: ManifestState } = 409 "shipping.manifest_closed",
        /// The scan is no waybill number of ours.
        UnknownNumber { scanned: String } = 404 "shipping.unknown_number",
        /// The number was taken back; its label must not go out.
        DeadNumber { number: String } = 409 "shipping.dead_number",
        /// The parcel is another carrier's.
        WrongCarrier { number: String, carrier: String, expected: String } = 409 "shipping.wrong_carrier",
        /// The parcel is on this manifest already.
        AlreadyScanned { number: String, manifest: String } = 409 "shipping.already_scanned",
        /// The parcel is on another manifest.
        OnOtherManifest { number: String, manifest: String } = 409 "shipping.on_other_manifest",
        /// The parcel is with a carrier already.
        HandedOver { number: String } = 409 "shipping.handed_over",
        /// The parcel isn't on this manifest.
        NotOnManifest { number: String, manifest: String } = 409 "shipping.not_on_manifest",
        /// The order was cancelled, or its parcel is being called back.
        OrderCancelled { number: String, order: String, state: OrderState } = 409 "shipping.order_cancelled",
        /// The order is held.
        OrderHeld { number: String, order: String, reason: String } = 409 "shipping.order_held",
        /// The parcel isn't packed, weighed and labelled.
        NotReady { number: String, state: String } = 409 "shipping.not_ready",
        /// Something in the parcel may not go to a customer any more.
        Ineligible { number: String, lot: String, why: Ineligible } = 409 "shipping.ineligible",
        /// What the parcel holds isn't what was packed.
        ContentDiffers { number: String } = 409 "shipping.content_differs",
        /// Nothing was scanned onto the manifest.
        Empty { manifest: String } = 409 "shipping.empty",
        /// Nobody is named who took the parcels.
        TakenByMissing {} = 422 "shipping.taken_by_missing",
        /// A signature that is none.
        BadSignature {} = 422 "shipping.bad_signature",
        /// The ledger refused.
        Stock { cause: String } = 409 "shipping.stock",
    }
}

impl From<StockError> for ShippingError {
    fn from(error: StockError) -> Self {
        match error {
            StockError::Db(error) => Self::Db(error),
            other => Self::Stock { cause: other.to_string() },
        }
    }
}
