//! An order as any storefront tells it, in our words. Adapters, the API and files all make these.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::ShortPolicy;
use crate::kernel::Timestamp;

/// The person and address that a parcel goes to. Personal data: sealed at rest, masked on screens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Receiver {
    /// Full name.
    pub name: String,
    /// Phone number as given.
    pub phone: String,
    /// Two-letter country code, upper case.
    pub country: String,
    /// Province or state.
    pub province: String,
    /// City.
    pub city: String,
    /// District or county.
    pub district: String,
    /// Street and number.
    pub line1: String,
    /// More of the address.
    pub line2: String,
    /// Postal code.
    pub postal_code: String,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InboundLine {
    /// The storefront's own line id; lines are matched by it, never by SKU.
    pub external_id: String,
    /// SKU code, or any of its barcodes.
    pub sku: String,
    /// Pieces.
    pub quantity: i64,
    /// Price of one piece, in minor units of the order's currency.
    #[serde(default)]
    pub unit_price_minor: i64,
}

/// An order, whole and absolute: what the storefront says it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InboundOrder {
    /// The storefront's id; a text, however much it looks like a number.
    pub external_id: String,
    /// Grows with each change where the storefront has such a number (else milliseconds of its last change).
    #[serde(default)]
    pub version: i64,
    /// When the buyer ordered; now, where it isn't said.
    #[serde(default)]
    pub placed_at: Option<Timestamp>,
    /// Where it goes.
    #[serde(default)]
    pub receiver: Receiver,
    /// What is wanted.
    pub lines: Vec<InboundLine>,
    /// The shop's ship method, or a carrier's code; the default carrier where empty.
    #[serde(default)]
    pub ship_method: String,
    /// Whether it is paid. Unpaid orders that aren't cash on delivery are held.
    #[serde(default = "yes")]
    pub paid: bool,
    /// ISO 4217.
    #[serde(default = "cny")]
    pub currency: String,
    /// Order value, in minor units.
    #[serde(default)]
    pub total_minor: i64,
    /// To be collected at the door, in minor units; 0 for nothing.
    #[serde(default)]
    pub cash_on_delivery_minor: i64,
    /// What the buyer wrote.
    #[serde(default)]
    pub buyer_remark: String,
    /// What the shop wrote.
    #[serde(default)]
    pub seller_remark: String,
    /// The shop's flags.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Invoice data, kept as given.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub invoice: Option<serde_json::Value>,
    /// What to do where stock is short; the channel's policy where it isn't said.
    #[serde(default)]
    pub short_policy: Option<ShortPolicy>,
}

const fn yes() -> bool {
    true
}

fn cny() -> String {
    "CNY".to_owned()
}

/// What a storefront wants of us, about one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// The order as it is now: creates it, or changes ours until it is the same.
    Put {
        /// The order.
        order: Box<InboundOrder>,
    },
    /// Do not ship it.
    Cancel {
        /// The storefront's id.
        external_id: String,
        /// Why, in the shop's words.
        reason: String,
    },
    /// Stop work on it until told otherwise.
    Hold {
        /// The storefront's id.
        external_id: String,
        /// Why, in the shop's words.
        reason: String,
    },
    /// Go on.
    ReleaseHold {
        /// The storefront's id.
        external_id: String,
    },
}

impl Command {
    /// The storefront's id of the order it is about.
    #[must_use]
    pub fn external_id(&self) -> &str {
        match self {
            Self::Put { order } => &order.external_id,
            Self::Cancel { external_id, .. } | Self::Hold { external_id, .. } | Self::ReleaseHold { external_id } => {
                external_id
            }
        }
    }

    /// The command's name, as verdicts show it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Put { .. } => "put",
            Self::Cancel { .. } => "cancel",
            Self::Hold { .. } => "hold",
            Self::ReleaseHold { .. } => "release_hold",
        }
    }
}
