//! What an order is, and which steps it may take.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

crate::codes! {
    /// Where an order stands.
    pub enum OrderState {
        /// Stored, not looked at yet.
        Received = "received",
        /// Waits for a person.
        Held = "held",
        /// Reviewed; nothing promised yet.
        Accepted = "accepted",
        /// Every line is promised.
        Promised = "promised",
        /// Stock is missing, and the policy is to wait.
        Short = "short",
        /// In a released wave.
        Released = "released",
        /// Somebody picks it.
        Picking = "picking",
        /// All that could be picked is picked.
        Picked = "picked",
        /// All that was picked is in sealed parcels.
        Packed = "packed",
        /// All parcels are with the carrier.
        Shipped = "shipped",
        /// The receiver has it.
        Delivered = "delivered",
        /// Will not be shipped.
        Cancelled = "cancelled",
        /// Cancelled after its label exists: its parcel must be found.
        Intercepting = "intercepting",
    }
}

impl OrderState {
    /// Before its wave is released: lines and addresses may still change freely.
    #[must_use]
    pub const fn before_release(self) -> bool {
        matches!(self, Self::Received | Self::Held | Self::Accepted | Self::Promised | Self::Short)
    }

    /// Nothing more will happen to it.
    #[must_use]
    pub const fn ended(self) -> bool {
        matches!(self, Self::Shipped | Self::Delivered | Self::Cancelled)
    }
}

crate::codes! {
    /// What happens to an order that can't be promised whole.
    pub enum ShortPolicy {
        /// Ship what is there now, the rest later.
        Part = "part",
        /// Wait until all is there.
        Wait = "wait",
        /// Cancel it.
        Cancel = "cancel",
    }
}

crate::codes! {
    /// Why an order is held.
    pub enum HoldReason {
        /// Receiver, address or phone is missing or not usable.
        IncompleteAddress = "incomplete_address",
        /// No lines, or a line without a quantity.
        NoLines = "no_lines",
        /// A line names a SKU that the catalogue doesn't know.
        UnknownSku = "unknown_sku",
        /// The same receiver ordered the same goods shortly before.
        Duplicate = "duplicate",
        /// Quantity or value is out of the ordinary.
        OddAmount = "odd_amount",
        /// Not paid, and not cash on delivery.
        Unpaid = "unpaid",
        /// The shop asked for it.
        Shop = "shop",
        /// A person put it on hold.
        Person = "person",
    }
}

crate::codes! {
    /// The one answer that a storefront's command gets.
    pub enum Verdict {
        /// Done.
        Accepted = "accepted",
        /// Done, and people on the floor have to undo something.
        AcceptedWithRework = "accepted_with_rework",
        /// Not done; the reason says why.
        Refused = "refused",
        /// Nothing to do.
        NoChange = "no_change",
        /// The parcel is being recalled.
        Intercepting = "intercepting",
    }
}

/// A verdict with its reason (empty where it was accepted).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ruling {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, as a code: `already_cancelled`, `shipped`, `labelled`, ...
    pub reason: String,
}

impl Ruling {
    /// A verdict that needs no reason.
    #[must_use]
    pub const fn plain(verdict: Verdict) -> Self {
        Self { verdict, reason: String::new() }
    }

    /// A refusal.
    #[must_use]
    pub fn refused(reason: &str) -> Self {
        Self { verdict: Verdict::Refused, reason: reason.to_owned() }
    }
}
