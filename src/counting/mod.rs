//! Counting: what lies there against what the book says. Picking never stops for it.
//!
//! A difference is counted minus book of one cell, both in the transaction of one scan. A line is counted to its end in one
//! span in which its cell does not change: where it changed, the counter begins that line anew. So a pick before, after or
//! between rounds is in both figures or in neither. Rounds are compared by difference, never by what was counted; and where
//! the book alone was corrected in between (`corrections` of a cell), they aren't compared at all. What a blind count expects
//! is in no answer, event or message.

pub mod abc;
pub mod approve;
pub mod claim;
pub mod create;
pub mod finish;
pub mod model;
pub mod post;
pub mod query;
pub mod raise;
pub mod record;
pub mod results;
pub mod rules;
pub mod scope;
pub mod sql;
pub mod trace;

use crate::picking::PickError;
use crate::stock::StockError;
use crate::stock::model::StockStatus;
use model::LineState;

crate::refusals! {
    /// Why counting may refuse. Each thing that can be wrong has its own sentence.
    pub enum CountError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// The person lacks the right.
        Forbidden { right: &'static str } = 403 "forbidden",
        /// Nothing of what was asked for can be counted now.
        NothingInScope {} = 422 "counting.nothing_in_scope",
        /// A number or a name of a plan or a rule is out of range.
        BadInput { field: &'static str } = 422 "counting.bad_input",
        /// The scanned thing is no location.
        NotALocation { scanned: String } = 422 "counting.not_a_location",
        /// Somebody else counts there.
        PlaceBusy { place: String, person: String } = 409 "counting.place_busy",
        /// There is nothing to count for this person.
        NothingToDo {} = 404 "counting.nothing_to_do",
        /// The place isn't this person's, or isn't any more.
        NotYours { place: String } = 409 "counting.not_yours",
        /// Another person has to count it.
        AnotherPerson { place: String } = 409 "counting.another_person",
        /// A command came late, or another device was faster.
        OutOfOrder { step: i64 } = 409 "counting.out_of_order",
        /// The quantity is nothing, negative or out of range.
        BadQuantity { quantity: i64 } = 422 "counting.bad_quantity",
        /// Several lots of the item lie there.
        WhichLot { sku: String, lots: String } = 422 "counting.which_lot",
        /// The book has goods of another status here, and it isn't said which these are.
        WhichStatus { sku: String, status: StockStatus } = 422 "counting.which_status",
        /// The item isn't asked for in this round.
        NotAsked { sku: String, place: String } = 409 "counting.not_asked",
        /// Something that the book has there wasn't counted.
        NotCounted { skus: String } = 409 "counting.not_counted",
        /// The plan is over.
        PlanEnded { number: String } = 409 "counting.plan_ended",
        /// A line isn't where it would have to be.
        WrongState { state: LineState } = 409 "counting.wrong_state",
        /// Nobody approves what they counted.
        OwnCount {} = 403 "counting.own_count",
        /// A difference needs a cause out of the list.
        UnknownCause { cause: String } = 422 "counting.unknown_cause",
        /// The difference is worth more than this person may approve.
        TooLarge { value_minor: i64, limit_minor: i64 } = 403 "counting.too_large",
        /// Several persons found several differences: it must be said which is right.
        WhichRound {} = 422 "counting.which_round",
        /// Nobody knows of which lot the goods are.
        LotMissing { sku: String } = 422 "counting.lot_missing",
        /// It must be said why.
        ReasonMissing {} = 422 "counting.reason_missing",
        /// The stock does not allow it.
        Stock { cause: String } = 409 "counting.stock",
    }
}

impl From<StockError> for CountError {
    fn from(error: StockError) -> Self {
        match error {
            StockError::Db(error) => Self::Db(error),
            other => Self::Stock { cause: other.to_string() },
        }
    }
}

impl From<PickError> for CountError {
    fn from(error: PickError) -> Self {
        match error {
            PickError::Db(error) => Self::Db(error),
            other => Self::Stock { cause: other.to_string() },
        }
    }
}

/// Refuses where the person lacks the right.
pub(super) fn require(op: &crate::db::Op<'_, '_>, right: crate::kernel::actor::Right) -> Result<(), CountError> {
    if op.may(right) { Ok(()) } else { Err(CountError::Forbidden { right: right.code() }) }
}
