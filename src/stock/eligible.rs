//! The one rule about which stock may serve an order. Promise, allocation, pick, pack and hand-over all ask here.

use super::model::{LotStatus, StockStatus};
use crate::kernel::Timestamp;

/// What the rule looks at.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Status of the cell.
    pub status: StockStatus,
    /// Status of its lot.
    pub lot_status: LotStatus,
    /// From when the lot is expired.
    pub expires_at: Option<Timestamp>,
}

crate::codes! {
    /// Why stock may not serve an order.
    pub enum Ineligible {
        /// The cell is damaged.
        Damaged = "damaged",
        /// The cell or its lot is in quarantine.
        Quarantine = "quarantine",
        /// The cell or its lot is frozen.
        Frozen = "frozen",
        /// The lot is expired.
        Expired = "expired",
        /// Orders are not picked from this place.
        NotPickable = "not_pickable",
    }
}

/// Whether stock may be given to, picked for, packed for and shipped to a customer at the moment `now`.
///
/// # Errors
/// The first reason why not.
pub fn eligible(facts: Facts, now: Timestamp) -> Result<(), Ineligible> {
    match facts.status {
        StockStatus::Good => {}
        StockStatus::Damaged => return Err(Ineligible::Damaged),
        StockStatus::Quarantine => return Err(Ineligible::Quarantine),
        StockStatus::Frozen => return Err(Ineligible::Frozen),
    }
    match facts.lot_status {
        LotStatus::Good => {}
        LotStatus::Quarantine => return Err(Ineligible::Quarantine),
        LotStatus::Frozen => return Err(Ineligible::Frozen),
    }
    match facts.expires_at {
        Some(expires_at) if expires_at <= now => Err(Ineligible::Expired),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn facts(status: StockStatus, lot_status: LotStatus, expires_at: Option<i64>) -> Facts {
        Facts { status, lot_status, expires_at: expires_at.map(Timestamp) }
    }

    #[test]
    fn only_sound_unexpired_stock_is_eligible() {
        use {LotStatus as L, StockStatus as S};
        let cases = [
            (facts(S::Good, L::Good, None), Ok(())),
            (facts(S::Good, L::Good, Some(1_001)), Ok(())),
            (facts(S::Good, L::Good, Some(1_000)), Err(Ineligible::Expired)),
            (facts(S::Good, L::Good, Some(999)), Err(Ineligible::Expired)),
            (facts(S::Damaged, L::Good, None), Err(Ineligible::Damaged)),
            (facts(S::Quarantine, L::Good, None), Err(Ineligible::Quarantine)),
            (facts(S::Frozen, L::Good, None), Err(Ineligible::Frozen)),
            (facts(S::Good, L::Quarantine, None), Err(Ineligible::Quarantine)),
            (facts(S::Good, L::Frozen, Some(1)), Err(Ineligible::Frozen)),
        ];
        for (facts, expected) in cases {
            assert_eq!(eligible(facts, NOW), expected, "{facts:?}");
        }
    }
}
