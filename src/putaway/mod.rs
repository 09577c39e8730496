//! Putting away: from where goods came in to where they are picked from, by scans. Two lots of one SKU never share a place
//! unless a person says why; what a tote of a cancelled order holds goes the same way.

pub mod ops;
pub mod propose;
pub mod sql;

use crate::picking::PickError;
use crate::stock::StockError;

crate::refusals! {
    /// Why putting away may refuse. Each thing that can be wrong has its own sentence.
    pub enum PutAwayError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// The person lacks the right.
        Forbidden { right: &'static str } = 403 "forbidden",
        /// Nobody knows the place.
        UnknownPlace { scanned: String } = 422 "putaway.unknown_place",
        /// Nothing can be put away to, or from, such a place.
        NotALocation { scanned: String } = 422 "putaway.not_a_location",
        /// From and to are the same.
        SamePlace { place: String } = 422 "putaway.same_place",
        /// The place is out of use.
        NotActive { place: String } = 409 "putaway.not_active",
        /// The scanned code is nothing that the catalogue knows.
        UnknownItem { scanned: String } = 422 "putaway.unknown_item",
        /// The books have none of it there.
        NotHere { sku: String, place: String } = 409 "putaway.not_here",
        /// The scanned lot is none that lies there.
        WrongLot { scanned: String, sku: String, expected: String } = 422 "putaway.wrong_lot",
        /// Several lots of the item lie there.
        WhichLot { sku: String, lots: String } = 422 "putaway.which_lot",
        /// The quantity is nothing, negative or out of range.
        BadQuantity { quantity: i64 } = 422 "putaway.bad_quantity",
        /// More than is free there.
        NotEnough { place: String, wanted: i64, free: i64 } = 409 "putaway.not_enough",
        /// Another lot of the SKU lies in the place.
        OtherLot { place: String, sku: String, lot: String } = 409 "putaway.other_lot",
        /// A running order wants the goods of the tote.
        StillWanted { order: String } = 409 "putaway.still_wanted",
        /// The goods of the tote could not be put back.
        PutBack { cause: String } = 409 "putaway.put_back",
        /// The ledger refused.
        Stock { cause: String } = 409 "putaway.stock",
    }
}

impl From<StockError> for PutAwayError {
    fn from(error: StockError) -> Self {
        match error {
            StockError::Db(error) => Self::Db(error),
            StockError::NotEnough { place, wanted, free } => Self::NotEnough { place, wanted, free },
            StockError::BadQuantity { quantity } => Self::BadQuantity { quantity },
            other => Self::Stock { cause: other.to_string() },
        }
    }
}

impl From<PickError> for PutAwayError {
    fn from(error: PickError) -> Self {
        match error {
            PickError::Db(error) => Self::Db(error),
            PickError::NotFound { what, code } => Self::NotFound { what, code },
            PickError::StillWanted { order } => Self::StillWanted { order },
            PickError::BadQuantity { quantity } => Self::BadQuantity { quantity },
            other => Self::PutBack { cause: other.to_string() },
        }
    }
}
