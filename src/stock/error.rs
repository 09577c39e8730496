//! Why a stock operation may refuse.

use super::eligible::Ineligible;

crate::refusals! {
    /// Why a stock operation may refuse.
    pub enum StockError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// The person lacks the right.
        Forbidden { right: &'static str } = 403 "forbidden",
        /// A quantity is zero, negative or out of range.
        BadQuantity { quantity: i64 } = 422 "stock.bad_quantity",
        /// The place holds less than asked for that is free.
        NotEnough { place: String, wanted: i64, free: i64 } = 409 "stock.not_enough",
        /// The stock may not serve an order.
        Ineligible { lot: String, why: Ineligible } = 409 "stock.ineligible",
        /// From and to are the same.
        SamePlace { place: String } = 422 "stock.same_place",
        /// Stock of another kind of place can't be moved by hand.
        NotMovable { place: String } = 422 "stock.not_movable",
        /// An adjustment or status change needs a reason.
        ReasonMissing {} = 422 "stock.reason_missing",
        /// A lot has no number, or too long a one.
        BadLot { lot: String } = 422 "stock.bad_lot",
        /// The lot is there already with other dates.
        LotDiffers { lot: String } = 409 "stock.lot_differs",
    }
}
