//! USB HID scales. (HID usage tables, page 8D; HID point of sale 1.02, 6.4)
//!
//! The report of weight data: number 3, status, unit, exponent, weight (16 bits, low byte first). Each call of `feed`
//! is given one report.

use super::{Codec, Reading, Stability, number::scaled};

/// The number of the report of weight data.
const WEIGHT: u8 = 3;

/// Reads reports.
#[derive(Debug, Default)]
pub struct HidCodec;

impl Codec for HidCodec {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Reading> {
        match bytes {
            [WEIGHT, status, unit, exponent, low, high, ..] => {
                vec![read(*status, *unit, i8::from_le_bytes([*exponent]), u16::from_le_bytes([*low, *high]))]
            }
            _ => Vec::new(),
        }
    }
}

fn read(status: u8, unit: u8, exponent: i8, weight: u16) -> Reading {
    let unit = match unit {
        1 => "mg",
        2 => "g",
        3 => "kg",
        11 => "oz",
        12 => "lb",
        _ => "",
    };
    let stability = match status {
        // At zero, or standing still.
        2 | 4 => Stability::Stable,
        3 => Stability::Moving,
        5 => return Reading::Under,
        6 => return Reading::Over,
        // 1 is a fault, 7 asks to be calibrated, 8 to be set to zero.
        _ => return Reading::Fault,
    };
    match scaled(i64::from(weight), i32::from(exponent), unit) {
        Some(milligrams) => Reading::Weight { milligrams, stability, net: false },
        None => Reading::Unreadable,
    }
}

/// The report of a weight in grams that stands still, or moves. For fakes and tests.
pub fn report(grams: u16, stable: bool) -> [u8; 6] {
    let [low, high] = grams.to_le_bytes();
    let status = match (stable, grams) {
        (true, 0) => 2,
        (true, _) => 4,
        (false, _) => 3,
    };
    [WEIGHT, status, 2, 0, low, high]
}

#[cfg(test)]
mod tests {
    use super::super::tests::{moving, still};
    use super::*;

    #[test]
    fn reports_are_read() {
        let read = |report: &[u8]| HidCodec.feed(report);
        assert_eq!(read(&report(1_250, true)), [still(1_250_000)]);
        assert_eq!(read(&report(1_250, false)), [moving(1_250_000)]);
        assert_eq!(read(&report(0, true)), [still(0)]);
        assert_eq!(read(&[3, 4, 11, 0xff, 10, 0]), [still(28_350)], "an ounce in tenths");
        for (status, wanted) in [(1, Reading::Fault), (5, Reading::Under), (6, Reading::Over), (7, Reading::Fault)] {
            assert_eq!(read(&[3, status, 2, 0, 1, 0]), [wanted]);
        }
        assert_eq!(read(&[3, 4, 9, 0, 1, 0]), [Reading::Unreadable], "a unit that nobody knows");
        assert_eq!(read(&[3, 4, 2, 127, 1, 0]), [Reading::Unreadable]);
        assert_eq!([read(&[1, 4, 2, 0, 1, 0]), read(&[3, 4]), read(&[])], [[], [], []]);
    }
}
