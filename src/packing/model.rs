//! What parcels and waybill numbers are, and when a parcel weighs right.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

crate::codes! {
    /// Where a parcel stands.
    pub enum ParcelState {
        /// Begun; nothing is in it.
        Open = "open",
        /// Pieces are in it.
        Verifying = "verifying",
        /// Closed.
        Sealed = "sealed",
        /// Weighed, and the weight is right.
        Weighed = "weighed",
        /// Weighed, and the weight is not what it should be.
        WeightHold = "weight_hold",
        /// It has its waybill number.
        WaybillBound = "waybill_bound",
        /// Its label is on paper.
        LabelPrinted = "label_printed",
        /// Its label may be on paper.
        InDoubt = "in_doubt",
        /// The carrier has it.
        HandedOver = "handed_over",
        /// Given up.
        Void = "void",
    }
}

impl ParcelState {
    /// Whether pieces may go in and out.
    #[must_use]
    pub const fn filling(self) -> bool {
        matches!(self, Self::Open | Self::Verifying)
    }

    /// Whether it is closed and still here, so that it can be opened again.
    #[must_use]
    pub const fn closed_here(self) -> bool {
        !self.filling() && !matches!(self, Self::HandedOver | Self::Void)
    }

    /// Whether it may be put on the scale.
    #[must_use]
    pub const fn weighable(self) -> bool {
        matches!(self, Self::Sealed | Self::Weighed | Self::WeightHold)
    }
}

crate::codes! {
    /// Where a waybill number stands.
    pub enum WaybillState {
        /// Nobody has it.
        Free = "free",
        /// Kept for a closed parcel.
        Held = "held",
        /// A weighed parcel's.
        Bound = "bound",
        /// On paper.
        Printed = "printed",
        /// With the carrier.
        HandedOver = "handed_over",
        /// Was a parcel's and came back unprinted; nobody has it.
        Recycled = "recycled",
        /// Never to be used again.
        Void = "void",
        /// Its parcel is being called back from the carrier.
        Intercepting = "intercepting",
    }
}

/// The paper that says what is in the parcel; the screen has a word for it in each language.
pub const PACKING_SLIP: &str = "packing_slip";
/// The paper of an order with invoice data.
pub const INVOICE: &str = "invoice";

/// The papers that a list of a SKU's papers (JSON) names.
#[must_use]
pub fn papers_of(json: &str) -> Vec<String> {
    let papers: Vec<String> = serde_json::from_str(json).unwrap_or_default();
    papers.iter().map(|paper| paper.trim().to_owned()).filter(|paper| !paper.is_empty()).collect()
}

/// Heaviest parcel: a tonne.
pub const HEAVIEST_GRAMS: i64 = 1_000_000;

/// Between which weights a parcel is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WeightBounds {
    /// The least, in grams.
    pub least_grams: i64,
    /// The most, in grams.
    pub most_grams: i64,
}

impl WeightBounds {
    /// The bounds of a parcel whose goods weigh `goods_grams`; none where some weight is unknown (0).
    ///
    /// The catalogue may be 3 % wrong (20 g at least), so nothing lighter than that is complete. Carton and filling
    /// weigh up to a fifth of the goods, or 300 g; what is heavier holds a piece too many.
    #[must_use]
    pub fn of(goods_grams: i64) -> Option<Self> {
        (goods_grams > 0).then(|| Self {
            least_grams: (goods_grams - (goods_grams * 3 / 100).max(20)).max(1),
            most_grams: goods_grams + (goods_grams / 5).max(300),
        })
    }

    /// Whether a weight is right.
    #[must_use]
    pub const fn hold(self, weight_grams: i64) -> bool {
        self.least_grams <= weight_grams && weight_grams <= self.most_grams
    }
}

/// Pieces of one SKU that are left, as a refusal names them: `TEE-M × 2, MUG × 1`.
#[must_use]
pub fn named(items: &[(String, i64)]) -> String {
    items.iter().map(|(sku, quantity)| format!("{sku} × {quantity}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_piece_and_one_too_many_are_felt() {
        let bounds = WeightBounds::of(1_000).unwrap();
        assert_eq!(bounds, WeightBounds { least_grams: 970, most_grams: 1_300 });
        assert!(bounds.hold(970) && bounds.hold(1_120) && !bounds.hold(969) && !bounds.hold(1_301));
        assert_eq!(WeightBounds::of(10).unwrap(), WeightBounds { least_grams: 1, most_grams: 310 });
        assert_eq!(WeightBounds::of(20_000).unwrap(), WeightBounds { least_grams: 19_400, most_grams: 24_000 });
        assert_eq!(WeightBounds::of(0), None);
    }

    #[test]
    fn papers_are_a_list_of_names() {
        assert_eq!(papers_of(r#"["保修卡", " ", " manual "]"#), ["保修卡", "manual"]);
        assert!(papers_of("").is_empty() && papers_of("{}").is_empty());
    }

    #[test]
    fn a_parcel_is_filled_or_closed_or_gone() {
        for state in ParcelState::ALL {
            let gone = matches!(state, ParcelState::HandedOver | ParcelState::Void);
            assert_eq!(u8::from(state.filling()) + u8::from(state.closed_here()) + u8::from(gone), 1, "{state}");
            assert!(!state.weighable() || state.closed_here(), "{state}");
        }
    }
}
