//! Which reading is a weight: one that stands still, and of a parcel that was not weighed yet.

use super::{Reading, Stability};
use std::time::Duration;

/// Equal readings in a row that make a weight, where the scale says that they stand still.
const STABLE: u32 = 3;
/// And where it can't say so.
const UNKNOWN: u32 = 5;
/// Over at least so long.
const UNKNOWN_FOR: Duration = Duration::from_millis(500);
/// Up to this the pan counts as empty.
const EMPTY_MG: i64 = 5_000;

/// What a reading changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// A weight that counts, in milligrams: once for each time that something is put on the scale.
    Weight(i64),
    /// The pan is empty again: the next weight is of another parcel.
    Empty,
    /// Over, under or at fault: told once each time that it begins.
    Trouble(Reading),
}

/// Watches the readings of one scale. Pure: it is told the time.
#[derive(Debug, Default)]
pub struct Settler {
    last: Option<i64>,
    equal: u32,
    since: Duration,
    /// A weight was told since the pan was last empty.
    told: bool,
    /// The pan was empty since this began, so what lies on it now is new.
    was_empty: bool,
    trouble: Option<Reading>,
}

impl Settler {
    /// Takes the next reading; `at` is when it came, from any beginning.
    pub fn take(&mut self, reading: Reading, at: Duration) -> Option<Settled> {
        let Reading::Weight { milligrams, stability, .. } = reading else {
            self.restart();
            let began = self.trouble != Some(reading);
            self.trouble = Some(reading);
            return began.then_some(Settled::Trouble(reading));
        };
        self.trouble = None;
        if stability == Stability::Moving {
            self.restart();
            return None;
        }
        if self.last == Some(milligrams) {
            self.equal += 1;
        } else {
            (self.last, self.equal, self.since) = (Some(milligrams), 1, at);
        }
        let still = match stability {
            Stability::Stable => self.equal >= STABLE,
            _ => self.equal >= UNKNOWN && at.saturating_sub(self.since) >= UNKNOWN_FOR,
        };
        if !still {
            return None;
        }
        if milligrams.abs() <= EMPTY_MG {
            let began = self.told || !self.was_empty;
            (self.told, self.was_empty) = (false, true);
            return began.then_some(Settled::Empty);
        }
        if self.told || !self.was_empty || milligrams < 0 {
            return None;
        }
        self.told = true;
        Some(Settled::Weight(milligrams))
    }

    fn restart(&mut self) {
        (self.last, self.equal) = (None, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{moving, still, unknown};
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn all(readings: &[Reading]) -> Vec<Settled> {
        let mut settler = Settler::default();
        (0_u32..).zip(readings).filter_map(|(place, reading)| settler.take(*reading, MS * 100 * place)).collect()
    }

    #[test]
    fn three_equal_stable_readings_after_an_empty_pan_are_a_weight_once() {
        let readings = [
            vec![still(0); 3],
            vec![moving(700_000)],
            vec![still(1_250_000); 9],
            vec![still(0); 4],
            vec![still(900_000); 3],
        ]
        .concat();
        assert_eq!(
            all(&readings),
            [Settled::Empty, Settled::Weight(1_250_000), Settled::Empty, Settled::Weight(900_000)]
        );
    }

    #[test]
    fn what_lay_there_before_and_what_is_swapped_without_an_empty_pan_is_no_weight() {
        assert_eq!(all(&[still(1_250_000); 20]), []);
        let swapped = [vec![still(0); 3], vec![still(1_000_000); 3], vec![still(2_000_000); 9]].concat();
        assert_eq!(all(&swapped), [Settled::Empty, Settled::Weight(1_000_000)]);
    }

    #[test]
    fn a_reading_that_moves_between_begins_the_count_anew() {
        let readings =
            [vec![still(0); 3], vec![still(5_500_000); 2], vec![moving(5_500_000)], vec![still(5_500_000); 2]].concat();
        assert_eq!(all(&readings), [Settled::Empty]);
    }

    #[test]
    fn without_a_sign_for_stability_five_over_half_a_second_are_needed() {
        let empty = vec![unknown(0); 7];
        let readings = [empty.clone(), vec![unknown(800_000); 5]].concat();
        assert_eq!(all(&readings), [Settled::Empty], "five within 400 ms are not enough");
        let readings = [empty, vec![unknown(800_000); 6]].concat();
        assert_eq!(all(&readings), [Settled::Empty, Settled::Weight(800_000)]);
    }

    #[test]
    fn trouble_is_told_once_and_is_never_a_number() {
        let readings = [vec![still(0); 3], vec![Reading::Over; 5], vec![still(0)], vec![Reading::Over]].concat();
        let over = Settled::Trouble(Reading::Over);
        assert_eq!(all(&readings), [Settled::Empty, over, over]);
    }

    #[test]
    fn a_weight_below_zero_is_none() {
        assert_eq!(all(&[vec![still(0); 3], vec![still(-900_000); 9]].concat()), [Settled::Empty]);
    }
}
