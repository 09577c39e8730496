//! Why an order operation may refuse.

use super::model::{HoldReason, OrderState};

crate::refusals! {
    /// Why an order operation may refuse.
    pub enum OrderError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// The person lacks the right.
        Forbidden { right: &'static str } = 403 "forbidden",
        /// The order's state doesn't allow this.
        WrongState { order: String, state: OrderState } = 409 "order.wrong_state",
        /// What held the order is still so.
        StillHeld { order: String, reason: HoldReason } = 409 "order.still_held",
        /// The order has no id of its own, or too long a one.
        BadExternalId {} = 422 "order.bad_external_id",
        /// Two lines have the same id.
        DuplicateLine { line: String } = 422 "order.duplicate_line",
        /// A quantity or amount is negative or out of range.
        BadAmount { field: &'static str } = 422 "order.bad_amount",
        /// A text is too long.
        TooLong { field: &'static str } = 422 "order.too_long",
        /// An order of a file was here before, and can't be made what the file says.
        NotChangeable { order: String, reason: String } = 409 "order.not_changeable",
        /// A cancellation or hold needs a reason.
        ReasonMissing {} = 422 "order.reason_missing",
        /// Personal data can't be opened with this key file.
        Sealed {} = 500 "order.sealed",
    }
}

impl From<crate::kernel::vault::VaultError> for OrderError {
    fn from(error: crate::kernel::vault::VaultError) -> Self {
        tracing::error!(%error, "personal data of an order");
        Self::Sealed {}
    }
}
