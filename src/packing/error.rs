//! Why a packing operation may refuse.

use super::model::{ParcelState, WaybillState};
use crate::order::OrderError;
use crate::order::model::OrderState;
use crate::station::StationError;
use crate::stock::StockError;
use crate::stock::eligible::Ineligible;

crate::refusals! {
    /// Why a packing operation may refuse. Each thing that can be wrong has its own sentence.
    pub enum PackError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// The person lacks the right.
        Forbidden { right: &'static str } = 403 "forbidden",
        /// The scanned thing is no tote.
        NotATote { scanned: String } = 422 "packing.not_a_tote",
        /// Nothing is in the tote.
        EmptyTote { tote: String } = 409 "packing.empty_tote",
        /// Goods of many orders lie in the tote.
        SortFirst { tote: String, orders: i64 } = 409 "packing.sort_first",
        /// Goods of many orders of one piece lie in the tote.
        ScanItem { tote: String, orders: i64 } = 409 "packing.scan_item",
        /// The books have none of it in the tote.
        NotInTote { sku: String, tote: String } = 422 "packing.not_in_tote",
        /// Something of the order isn't in the slot yet.
        SlotNotComplete { slot: String, pieces: i64, of: i64 } = 409 "packing.slot_not_complete",
        /// The tote has goods of another order in it, or a picker uses it.
        ToteInUse { tote: String } = 409 "packing.tote_in_use",
        /// The order is held.
        OrderHeld { order: String, reason: String } = 409 "packing.order_held",
        /// The order was cancelled, or is called back, or is further on.
        OrderStopped { order: String, state: OrderState } = 409 "packing.order_stopped",
        /// Something of the order is still being picked.
        StillPicking { order: String } = 409 "packing.still_picking",
        /// Somebody else packs the parcel.
        OtherPacker { parcel: String, person: String } = 409 "packing.other_packer",
        /// The parcel's state doesn't allow this.
        WrongState { parcel: String, state: ParcelState } = 409 "packing.wrong_state",
        /// The order has another parcel that isn't closed.
        OtherOpen { parcel: String, open: String } = 409 "packing.other_open",
        /// The scanned code is nothing that the catalogue knows.
        UnknownItem { scanned: String } = 422 "packing.unknown_item",
        /// The scanned item doesn't belong to the order.
        WrongItem { scanned: String, order: String } = 422 "packing.wrong_item",
        /// The scanned lot is none that was picked.
        WrongLot { scanned: String, sku: String, expected: String } = 422 "packing.wrong_lot",
        /// Several lots of the item lie in the totes.
        WhichLot { sku: String, lots: String } = 422 "packing.which_lot",
        /// The pieces lie in another tote of the order.
        OtherTote { sku: String, tote: String, expected: String } = 422 "packing.other_tote",
        /// More than was picked.
        TooMany { sku: String, quantity: i64, left: i64 } = 422 "packing.too_many",
        /// The quantity is nothing, or negative.
        BadQuantity { quantity: i64 } = 422 "packing.bad_quantity",
        /// The stock may not go to a customer any more.
        Ineligible { sku: String, lot: String, why: Ineligible } = 409 "packing.ineligible",
        /// Less is in the parcel.
        NotInParcel { sku: String, packed: i64 } = 409 "packing.not_in_parcel",
        /// This needs a reason.
        ReasonMissing {} = 422 "packing.reason_missing",
        /// Nothing is in the parcel.
        EmptyParcel { parcel: String } = 409 "packing.empty_parcel",
        /// Pieces are not verified yet.
        PiecesMissing { parcel: String, items: String } = 409 "packing.pieces_missing",
        /// Papers are not ticked yet.
        PapersMissing { parcel: String, papers: String } = 409 "packing.papers_missing",
        /// A weight that no parcel has.
        BadWeight { weight_grams: i64 } = 422 "packing.bad_weight",
        /// The parcel is on a manifest.
        OnManifest { parcel: String, manifest: String } = 409 "packing.on_manifest",
        /// The parcel's label is on paper, or may be.
        LabelOut { parcel: String } = 409 "packing.label_out",
        /// The order has no carrier, and there is no default.
        NoCarrier { order: String } = 409 "packing.no_carrier",
        /// The carrier's numbers are used up.
        PoolEmpty { carrier: String } = 409 "packing.pool_empty",
        /// There is no printer for labels.
        NoPrinter {} = 409 "packing.no_printer",
        /// A waybill number has characters that can't be one.
        BadNumber { number: String } = 422 "waybill.bad_number",
        /// The range is empty, backwards, or its numbers don't fit the width.
        BadRange {} = 422 "waybill.bad_range",
        /// Nothing, or too much, is to be imported.
        BadCount { count: i64, most: i64 } = 422 "waybill.bad_count",
        /// Numbers stand twice in the import.
        Repeated { count: i64, numbers: String } = 422 "waybill.repeated",
        /// Numbers are known already.
        Known { count: i64, numbers: String } = 409 "waybill.known",
        /// The number's state doesn't allow this.
        WrongNumberState { number: String, state: WaybillState } = 409 "waybill.wrong_state",
        /// The label could not be queued.
        Label { cause: String } = 409 "packing.label",
        /// The ledger refused.
        Stock { cause: String } = 409 "packing.stock",
        /// Personal data can't be opened with this key file.
        Sealed {} = 500 "packing.sealed",
    }
}

impl From<StockError> for PackError {
    fn from(error: StockError) -> Self {
        match error {
            StockError::Db(error) => Self::Db(error),
            other => Self::Stock { cause: other.to_string() },
        }
    }
}

impl From<OrderError> for PackError {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Db(error) => Self::Db(error),
            OrderError::NotFound { what, code } => Self::NotFound { what, code },
            OrderError::Sealed {} => Self::Sealed {},
            other => Self::Label { cause: other.to_string() },
        }
    }
}

impl From<StationError> for PackError {
    fn from(error: StationError) -> Self {
        match error {
            StationError::Db(error) => Self::Db(error),
            StationError::NoPrinter { .. } => Self::NoPrinter {},
            StationError::LabelOut { parcel } => Self::LabelOut { parcel },
            StationError::Sealed {} => Self::Sealed {},
            other => Self::Label { cause: other.to_string() },
        }
    }
}

impl From<crate::kernel::vault::VaultError> for PackError {
    fn from(error: crate::kernel::vault::VaultError) -> Self {
        tracing::error!(%error, "personal data of an order");
        Self::Sealed {}
    }
}
