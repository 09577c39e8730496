//! Put walls: what a batch brought in one tote is sorted by order, a slot each. A slot is a place, so that every piece in it
//! is in the books; it is an order's from the first piece until it is packed empty.

pub mod make;
pub mod query;
pub mod slot;
pub mod sort;
pub mod spare;
pub mod sql;
pub mod undo;

use crate::order::model::OrderState;
use crate::picking::PickError;
use crate::picking::goods::WrongLot;

crate::refusals! {
    /// Why an operation at a put wall may refuse. Each thing that can be wrong has its own sentence.
    pub enum WallError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// The person lacks the right.
        Forbidden { right: &'static str } = 403 "forbidden",
        /// A wall of no slots, or of too many.
        BadSize { rows: i64, columns: i64 } = 422 "wall.bad_size",
        /// A code is empty, too long, or has a form that means something else.
        BadCode { code: String } = 422 "location.bad_code",
        /// The code is something else's already.
        CodeTaken { code: String } = 409 "location.code_taken",
        /// The scanned thing is no tote.
        NotATote { scanned: String } = 422 "wall.not_a_tote",
        /// The scanned thing is no slot of this wall.
        NotASlot { scanned: String, wall: String } = 422 "wall.not_a_slot",
        /// Nothing is in the tote.
        EmptyTote { tote: String } = 409 "wall.empty_tote",
        /// Nothing is in the slot.
        EmptySlot { slot: String } = 409 "wall.empty_slot",
        /// The tote is somebody's, or has goods of another order in it.
        ToteInUse { tote: String } = 409 "wall.tote_in_use",
        /// The scanned code is nothing that the catalogue knows.
        UnknownItem { scanned: String } = 422 "wall.unknown_item",
        /// The books have none of it in the tote or slot.
        NotHere { sku: String, place: String } = 409 "wall.not_here",
        /// The scanned lot is none that lies there.
        WrongLot { scanned: String, sku: String, expected: String } = 422 "wall.wrong_lot",
        /// Several lots of the item lie there.
        WhichLot { sku: String, lots: String } = 422 "wall.which_lot",
        /// The quantity is nothing, or negative.
        BadQuantity { quantity: i64 } = 422 "wall.bad_quantity",
        /// More than the order wants out of this tote.
        TooMany { sku: String, quantity: i64, left: i64 } = 422 "wall.too_many",
        /// The order that wants it is held, or further on.
        OrderStopped { order: String, state: OrderState } = 409 "wall.order_stopped",
        /// Every slot has an order.
        WallFull { wall: String } = 409 "wall.full",
        /// The order is sorted at another wall.
        OtherWall { order: String, slot: String } = 409 "wall.other_wall",
        /// The scanned slot is another order's, or nobody's.
        WrongSlot { scanned: String, expected: String } = 422 "wall.wrong_slot",
        /// The slot's order has all of it meanwhile.
        NotWanted { sku: String, slot: String } = 409 "wall.not_wanted",
        /// An order still wants the piece.
        StillWanted { order: String } = 409 "wall.still_wanted",
        /// The scanned place is not the spare place of the wall.
        WrongSpare { scanned: String, expected: String } = 422 "wall.wrong_spare",
        /// The piece could not be put back.
        PutBack { cause: String } = 409 "wall.put_back",
        /// The ledger refused.
        Stock { cause: String } = 409 "wall.stock",
    }
}

impl WallError {
    fn lot(sku: &str, wrong: WrongLot) -> Self {
        let sku = sku.to_owned();
        match wrong.scanned {
            Some(scanned) => Self::WrongLot { scanned, sku, expected: wrong.lots },
            None => Self::WhichLot { sku, lots: wrong.lots },
        }
    }
}

impl From<crate::stock::StockError> for WallError {
    fn from(error: crate::stock::StockError) -> Self {
        match error {
            crate::stock::StockError::Db(error) => Self::Db(error),
            other => Self::Stock { cause: other.to_string() },
        }
    }
}

impl From<crate::order::OrderError> for WallError {
    fn from(error: crate::order::OrderError) -> Self {
        match error {
            crate::order::OrderError::Db(error) => Self::Db(error),
            crate::order::OrderError::NotFound { what, code } => Self::NotFound { what, code },
            other => Self::Stock { cause: other.to_string() },
        }
    }
}

impl From<crate::location::LocationError> for WallError {
    fn from(error: crate::location::LocationError) -> Self {
        use crate::location::LocationError as E;
        match error {
            E::Db(error) => Self::Db(error),
            E::NotFound { what, code } => Self::NotFound { what, code },
            E::Forbidden { right } => Self::Forbidden { right },
            E::CodeTaken { code } => Self::CodeTaken { code },
            E::BadCode { code } | E::Twice { code } => Self::BadCode { code },
            E::BadRange {} => Self::BadCode { code: String::new() },
        }
    }
}

impl From<PickError> for WallError {
    fn from(error: PickError) -> Self {
        match error {
            PickError::Db(error) => Self::Db(error),
            PickError::NotFound { what, code } => Self::NotFound { what, code },
            PickError::Forbidden { right } => Self::Forbidden { right },
            PickError::NotATote { scanned } => Self::NotATote { scanned },
            PickError::UnknownItem { scanned, .. } => Self::UnknownItem { scanned },
            PickError::BadQuantity { quantity } => Self::BadQuantity { quantity },
            PickError::StillWanted { order } => Self::StillWanted { order },
            other => Self::PutBack { cause: other.to_string() },
        }
    }
}
