//! The words of picking.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::ids::AllocationId;

crate::codes! {
    /// Where a pick task stands.
    pub enum TaskState {
        /// Waits for a picker.
        Open = "open",
        /// A picker walks it.
        Claimed = "claimed",
        /// Nothing is left to pick.
        Done = "done",
        /// Its order was taken out or cancelled.
        Cancelled = "cancelled",
    }
}

crate::codes! {
    /// Why pieces could not be picked.
    pub enum ShortReason {
        /// They aren't there.
        Missing = "missing",
        /// They are there, but damaged.
        Damaged = "damaged",
    }
}

/// For how long a task belongs to its picker after each scan: fifteen minutes.
pub const LEASE_MS: i64 = 15 * 60 * 1000;

/// The next thing that a picker does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PickLine {
    /// The allocation; a pick line is an allocation that is walked.
    pub allocation_id: AllocationId,
    /// The place to go to.
    pub place: String,
    /// Its check digits.
    pub check_digits: String,
    /// The SKU.
    pub sku: String,
    /// Its English name.
    pub name_en: String,
    /// Its Chinese name.
    pub name_zh: String,
    /// The lot.
    pub lot: String,
    /// Pieces still to be picked.
    pub quantity: i64,
}
