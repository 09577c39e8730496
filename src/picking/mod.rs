//! Picking: one person walks one task at a time, and every piece is proved by a scan.

pub mod batch;
pub mod confirm;
pub mod goods;
pub mod lost;
pub mod model;
pub mod putback;
pub mod query;
pub mod run;
pub mod short;
pub mod sql;
pub mod task;
pub mod undo;

use crate::order::model::OrderState;
use crate::stock::eligible::Ineligible;

crate::refusals! {
    /// Why a picking operation may refuse. Each thing that can be wrong has its own sentence.
    pub enum PickError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// The person lacks the right.
        Forbidden { right: &'static str } = 403 "forbidden",
        /// Somebody else has the batch, or nobody.
        BatchNotYours { batch: i64 } = 409 "picking.batch_not_yours",
        /// A batch of no orders, or of too many.
        BadBatch { orders: i64, most: i64 } = 422 "picking.bad_batch",
        /// Nothing is to be picked.
        NothingToDo {} = 404 "picking.nothing_to_do",
        /// Somebody else has the task, or nobody.
        NotYours { task: i64 } = 409 "picking.not_yours",
        /// The order is held, cancelled, or further on.
        OrderStopped { order: String, state: OrderState } = 409 "picking.order_stopped",
        /// The line is finished.
        LineDone {} = 409 "picking.line_done",
        /// The place is counted, and nothing is picked there meanwhile.
        PlaceFrozen { place: String } = 409 "picking.place_frozen",
        /// The tote must be scanned first.
        NoTote {} = 409 "picking.no_tote",
        /// The scanned place is another one.
        WrongPlace { scanned: String, expected: String } = 422 "picking.wrong_place",
        /// The scanned code is nothing that the catalogue knows.
        UnknownItem { scanned: String, expected: String } = 422 "picking.unknown_item",
        /// The scanned item is another one.
        WrongItem { scanned: String, expected: String } = 422 "picking.wrong_item",
        /// The scanned lot is another one.
        WrongLot { scanned: String, expected: String } = 422 "picking.wrong_lot",
        /// The scanned tote is another one.
        WrongTote { scanned: String, expected: String } = 422 "picking.wrong_tote",
        /// The scanned thing is no tote.
        NotATote { scanned: String } = 422 "picking.not_a_tote",
        /// The tote has goods of somebody else in it, or is in another task.
        ToteInUse { tote: String } = 409 "picking.tote_in_use",
        /// The scanned thing is no cart.
        NotACart { scanned: String } = 422 "picking.not_a_cart",
        /// Somebody walks with the cart.
        CartInUse { cart: String, person: String } = 409 "picking.cart_in_use",
        /// One has another walk.
        OtherRun {} = 409 "picking.other_run",
        /// The walk is over, or somebody else's.
        NoRun {} = 409 "picking.no_run",
        /// Every position has a tote.
        CartFull { positions: i64 } = 409 "picking.cart_full",
        /// No position has a tote.
        CartEmpty {} = 409 "picking.cart_empty",
        /// Lines are still to be picked.
        LinesOpen { lines: i64 } = 409 "picking.lines_open",
        /// More than is wanted.
        TooMany { quantity: i64, left: i64 } = 422 "picking.too_many",
        /// The quantity is nothing, or negative.
        BadQuantity { quantity: i64 } = 422 "picking.bad_quantity",
        /// The stock may not go to a customer any more.
        Ineligible { lot: String, why: Ineligible } = 409 "picking.ineligible",
        /// A pick without a scan needs a reason.
        ReasonMissing {} = 422 "picking.reason_missing",
        /// The other place has not enough free.
        NotFree { place: String, free: i64 } = 409 "picking.not_free",
        /// The pieces are packed already, or not picked.
        NotUndoable { picked: i64 } = 409 "picking.not_undoable",
        /// The wave is closed: its pieces are accounted for.
        WaveClosed { wave: String, state: crate::wave::WaveState } = 409 "picking.wave_closed",
        /// The goods still belong to a running order.
        StillWanted { order: String } = 409 "picking.still_wanted",
        /// Several lots of the item lie there.
        WhichLot { lots: String } = 422 "picking.which_lot",
        /// The parcel wasn't given up yet.
        ParcelNotVoid { parcel: String } = 409 "picking.parcel_not_void",
        /// The ledger refused.
        Stock { cause: String } = 409 "picking.stock",
    }
}

impl From<crate::stock::StockError> for PickError {
    fn from(error: crate::stock::StockError) -> Self {
        match error {
            crate::stock::StockError::Db(error) => Self::Db(error),
            other => Self::Stock { cause: other.to_string() },
        }
    }
}

impl From<crate::allocation::AllocationError> for PickError {
    fn from(error: crate::allocation::AllocationError) -> Self {
        match error {
            crate::allocation::AllocationError::Db(error) => Self::Db(error),
            crate::allocation::AllocationError::NotFound { what, code } => Self::NotFound { what, code },
            crate::allocation::AllocationError::BadQuantity { quantity } => Self::BadQuantity { quantity },
        }
    }
}
