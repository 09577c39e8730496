//! What a count is: kinds, states, tolerances, and the one rule that decides about a difference. No I/O.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::ids::PersonId;

/// For how long a place belongs to its counter after each scan: fifteen minutes.
pub const LEASE_MS: i64 = 15 * 60 * 1000;
/// So many persons count a line before somebody has to decide.
pub const MOST_ROUNDS: usize = 3;

crate::codes! {
    /// Why places are counted.
    pub enum CountKind {
        /// Wall to wall, or zones.
        Full = "full",
        /// Some each working day, each class so often a year.
        Cycle = "cycle",
        /// Named places.
        Location = "location",
        /// Named SKUs.
        Sku = "sku",
        /// Named lots.
        Lot = "lot",
        /// A category of the catalogue.
        Category = "category",
        /// A random sample of places.
        Sample = "sample",
        /// A spot check.
        Spot = "spot",
        /// What moved since it was counted last.
        Moved = "moved",
        /// A picker missed pieces there.
        ShortPick = "short_pick",
        /// A pick emptied the place.
        Emptied = "emptied",
        /// Somebody asked for it.
        Requested = "requested",
        /// Nobody had touched the place for long before its last pick.
        Rested = "rested",
    }
}

crate::codes! {
    /// Where a plan stands.
    pub enum PlanState {
        /// Places are still to be counted, or differences to be decided.
        Open = "open",
        /// All is decided.
        Closed = "closed",
        /// It was given up; what was posted stays.
        Cancelled = "cancelled",
    }
}

crate::codes! {
    /// Where a place of a plan stands.
    pub enum CountTaskState {
        /// Waits for a counter.
        Open = "open",
        /// Somebody counts it.
        Counting = "counting",
        /// Counted; differences wait for a decision.
        Deciding = "deciding",
        /// All is decided.
        Closed = "closed",
        /// Given up.
        Cancelled = "cancelled",
    }
}

crate::codes! {
    /// Where a line of a count stands.
    pub enum LineState {
        /// To be counted for the first time.
        Counting = "counting",
        /// To be counted again, by another person.
        Recount = "recount",
        /// As the book says.
        Matched = "matched",
        /// Different, within the tolerance, and about to be posted.
        Accepted = "accepted",
        /// Two persons found the same difference: waits for approval.
        Confirmed = "confirmed",
        /// Three persons found three differences: somebody decides.
        Undecided = "undecided",
        /// The difference was not believed; the book stays.
        Rejected = "rejected",
        /// The difference is in the ledger.
        Posted = "posted",
        /// The plan was given up before.
        Cancelled = "cancelled",
    }
}

crate::codes! {
    /// How much of the trade a SKU makes up.
    pub enum Class {
        /// The first 80 per cent.
        A = "A",
        /// The next 15.
        B = "B",
        /// The rest.
        C = "C",
    }
}

/// Which differences nobody needs to look at. A limit that isn't set doesn't bind; where none is set, nothing is tolerated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tolerance {
    /// Pieces.
    pub units: Option<i64>,
    /// Of the book, in hundredths of a per cent.
    pub points: Option<i64>,
    /// Value in minor units.
    pub value_minor: Option<i64>,
}

impl Tolerance {
    /// Whether a difference against a book is within it.
    #[must_use]
    pub fn holds(&self, variance: i64, book: i64, unit_cost_minor: Option<i64>) -> bool {
        let size = i128::from(variance).abs();
        let units = self.units.is_none_or(|most| size <= i128::from(most));
        let points = self.points.is_none_or(|most| size * 10_000 <= i128::from(most) * i128::from(book));
        let value = unit_cost_minor.map_or(0, |cost| size * i128::from(cost));
        let value = self.value_minor.is_none_or(|most| value <= i128::from(most));
        *self != Self::default() && units && points && value
    }
}

/// What one person found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub person: PersonId,
    /// Counted minus book, at that moment.
    pub variance: i64,
    /// The book at that moment.
    pub book: i64,
}

/// What follows from what was found of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The book is right.
    Matched,
    /// Different, and within the tolerance.
    Accepted(i64),
    /// Another person counts it.
    Recount,
    /// Two found the same.
    Confirmed(i64),
    /// Somebody has to decide.
    Undecided,
}

/// Decides by what was found in rounds that can be compared, the first first. Differences are compared, not what was
/// counted: picks go on in between.
#[must_use]
pub fn decide(found: &[Found], tolerance: Tolerance, unit_cost_minor: Option<i64>) -> Verdict {
    let Some((last, before)) = found.split_last() else { return Verdict::Recount };
    let agrees = before.iter().any(|other| other.variance == last.variance && other.person != last.person);
    match last.variance {
        0 if agrees || before.is_empty() => Verdict::Matched,
        variance if agrees => Verdict::Confirmed(variance),
        variance if before.is_empty() && tolerance.holds(variance, last.book, unit_cost_minor) => {
            Verdict::Accepted(variance)
        }
        _ if found.len() >= MOST_ROUNDS => Verdict::Undecided,
        _ => Verdict::Recount,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(all: &[(i64, i64)]) -> Vec<Found> {
        all.iter()
            .map(|(person, variance)| Found { person: PersonId(*person), variance: *variance, book: 100 })
            .collect()
    }

    #[test]
    fn two_persons_confirm_and_nobody_confirms_their_own() {
        let two = Tolerance { units: Some(2), ..Tolerance::default() };
        let cases: &[(&[(i64, i64)], Verdict)] = &[
            (&[(1, 0)], Verdict::Matched),
            (&[(1, -2)], Verdict::Accepted(-2)),
            (&[(1, -3)], Verdict::Recount),
            (&[(1, -3), (2, -3)], Verdict::Confirmed(-3)),
            (&[(1, -3), (1, -3)], Verdict::Recount),
            (&[(1, -3), (2, 0)], Verdict::Recount),
            (&[(1, -3), (2, -1)], Verdict::Recount),
            (&[(1, -3), (2, 0), (3, 0)], Verdict::Matched),
            (&[(1, -3), (2, 0), (3, -3)], Verdict::Confirmed(-3)),
            (&[(1, -3), (2, 0), (3, 4)], Verdict::Undecided),
            (&[], Verdict::Recount),
        ];
        for (all, expected) in cases {
            assert_eq!(decide(&found(all), two, None), *expected, "{all:?}");
        }
    }

    #[test]
    fn all_limits_of_a_tolerance_must_hold() {
        let of = |units, points, value_minor| Tolerance { units, points, value_minor };
        let cases = [
            (of(None, None, None), -1, 100, None, false),
            (of(Some(0), None, None), 0, 100, None, true),
            (of(Some(2), None, None), -2, 100, None, true),
            (of(Some(2), Some(100), None), -2, 100, None, false),
            (of(None, Some(200), None), 2, 100, None, true),
            (of(None, Some(200), None), 1, 0, None, false),
            (of(Some(5), None, Some(1_000)), -2, 100, Some(500), true),
            (of(Some(5), None, Some(999)), -2, 100, Some(500), false),
            (of(None, None, Some(0)), i64::MIN, 1, Some(i64::MAX), false),
        ];
        for (tolerance, variance, book, cost, expected) in cases {
            assert_eq!(tolerance.holds(variance, book, cost), expected, "{tolerance:?} {variance}");
        }
    }
}
