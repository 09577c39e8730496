//! Code 93. Ours, because `barcoders` 2.0.0 lists one sign twice and gets every symbol wrong whose check value is 46.

use super::{LinearSymbol, widths};
use crate::error::{Field, LabelError, Reason, Symbology};

/// What can be encoded by itself, by value.
const CHARACTERS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";

/// Nine modules of each value, from the left; 43 to 46 are the four shifts. (AIM BC5)
const PATTERNS: [u16; 47] = [
    0b100010100,
    0b101001000,
    0b101000100,
    0b101000010,
    0b100101000,
    0b100100100,
    0b100100010,
    0b101010000,
    0b100010010,
    0b100001010,
    0b110101000,
    0b110100100,
    0b110100010,
    0b110010100,
    0b110010010,
    0b110001010,
    0b101101000,
    0b101100100,
    0b101100010,
    0b100110100,
    0b100011010,
    0b101011000,
    0b101001100,
    0b101000110,
    0b100101100,
    0b100010110,
    0b110110100,
    0b110110010,
    0b110101100,
    0b110100110,
    0b110010110,
    0b110011010,
    0b101101100,
    0b101100110,
    0b100110110,
    0b100111010,
    0b100101110,
    0b111010100,
    0b111010010,
    0b111001010,
    0b101101110,
    0b101110110,
    0b110101110,
    0b100100110,
    0b111011010,
    0b111010110,
    0b100110010,
];
const START_STOP: u16 = 0b101011110;

/// A Code 93 of capitals, digits and `-. $/+%`.
pub fn code93(field: Field, data: &str) -> Result<LinearSymbol, LabelError> {
    let bad = |reason| LabelError::BadData { field, symbology: Symbology::Code93, reason };
    if data.is_empty() || data.len() > 60 {
        return Err(bad(Reason::Length { least: 1, most: 60 }));
    }
    let values: Option<Vec<usize>> = data.chars().map(|c| CHARACTERS.chars().position(|known| known == c)).collect();
    let mut values = values.ok_or_else(|| bad(Reason::Capitals {}))?;
    for longest in [20, 15] {
        values.push(check(&values, longest));
    }
    let all = std::iter::once(START_STOP)
        .chain(values.iter().filter_map(|value| PATTERNS.get(*value)).copied())
        .chain(std::iter::once(START_STOP));
    let mut modules: Vec<u8> =
        all.flat_map(|pattern| (0..9).rev().map(move |bit| u8::from(pattern >> bit & 1 == 1))).collect();
    modules.push(1);
    let widths = widths(&modules);
    Ok(LinearSymbol { symbology: Symbology::Code93, data: data.to_owned(), widths, quiet_left: 10, quiet_right: 10 })
}

/// Weights from 1 at the right, over again after `longest`; mod 47.
fn check(values: &[usize], longest: usize) -> usize {
    values.iter().rev().enumerate().map(|(place, value)| value * (place % longest + 1)).sum::<usize>() % 47
}

#[cfg(test)]
mod tests {
    use super::*;
    use barcoders::sym::code93::Code93;

    fn modules(symbol: &LinearSymbol) -> Vec<u8> {
        symbol.widths.iter().enumerate().flat_map(|(i, w)| vec![u8::from(i % 2 == 0); usize::from(*w)]).collect()
    }

    #[test]
    fn the_patterns_are_nine_modules_and_unlike_each_other() {
        let all: std::collections::BTreeSet<u16> = PATTERNS.iter().copied().chain([START_STOP]).collect();
        assert_eq!(all.len(), 48);
        assert!(all.iter().all(|pattern| *pattern >> 8 == 1 && pattern & 1 == 0), "a bar first, a space last");
    }

    /// Why Code 93 is ours. Where this fails, a release may have mended it.
    #[test]
    fn barcoders_is_wrong_where_a_check_value_is_46_and_right_elsewhere() {
        let (mut wrong, mut right) = (0, 0);
        for number in 0..4_000 {
            let data = format!("T{number}");
            let ours = code93("code", &data).unwrap();
            let mut values: Vec<usize> = data.chars().map(|c| CHARACTERS.find(c).unwrap()).collect();
            for longest in [20, 15] {
                values.push(check(&values, longest));
            }
            let has_46 = values.contains(&46);
            let theirs = Code93::new(&data).unwrap().encode();
            assert_eq!(theirs != modules(&ours), has_46, "{data}");
            if has_46 { wrong += 1 } else { right += 1 }
        }
        assert!(wrong > 50 && right > 3_000, "{wrong} {right}");
    }

    #[test]
    fn what_cannot_be_encoded_is_refused() {
        for wrong in ["", "a", "A_B", "批", &"A".repeat(61)] {
            assert!(code93("code", wrong).is_err(), "{wrong}");
        }
    }
}
