//! Codabar. Ours, because `barcoders` 2.0.0 has the patterns of the start signs B and C exchanged.

use super::LinearSymbol;
use crate::error::{Field, LabelError, Reason, Symbology};

/// Seven elements of each sign, a bar first; 1 is wide.
const SIGNS: [(char, u8); 20] = [
    ('0', 0b000_0011),
    ('1', 0b000_0110),
    ('2', 0b000_1001),
    ('3', 0b110_0000),
    ('4', 0b001_0010),
    ('5', 0b100_0010),
    ('6', 0b010_0001),
    ('7', 0b010_0100),
    ('8', 0b011_0000),
    ('9', 0b100_1000),
    ('-', 0b000_1100),
    ('$', 0b001_1000),
    (':', 0b100_0101),
    ('/', 0b101_0001),
    ('.', 0b101_0100),
    ('+', 0b001_0101),
    ('A', 0b001_1010),
    ('B', 0b010_1001),
    ('C', 0b000_1011),
    ('D', 0b000_1110),
];
/// Modules of a wide element.
const WIDE: u8 = 3;

/// A Codabar: a start sign A to D, digits and `-$:/.+`, a stop sign A to D.
pub fn codabar(field: Field, data: &str) -> Result<LinearSymbol, LabelError> {
    let bad = |reason| LabelError::BadData { field, symbology: Symbology::Codabar, reason };
    let form = || bad(Reason::CodabarForm {});
    if !(3..=60).contains(&data.len()) || !data.is_ascii() {
        return Err(form());
    }
    let last = data.len() - 1;
    let mut widths = Vec::with_capacity(data.len() * 8);
    for (place, sign) in data.chars().enumerate() {
        let pattern = SIGNS.iter().find(|(known, _)| *known == sign).map(|(_, pattern)| *pattern);
        let (Some(pattern), true) = (pattern, sign.is_ascii_uppercase() == (place == 0 || place == last)) else {
            return Err(form());
        };
        if place > 0 {
            widths.push(1);
        }
        widths.extend((0..7).rev().map(|bit| if pattern >> bit & 1 == 1 { WIDE } else { 1 }));
    }
    Ok(LinearSymbol { symbology: Symbology::Codabar, data: data.to_owned(), widths, quiet_left: 10, quiet_right: 10 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use barcoders::sym::codabar::Codabar;

    fn modules(symbol: &LinearSymbol) -> Vec<u8> {
        symbol.widths.iter().enumerate().flat_map(|(i, w)| vec![u8::from(i % 2 == 0); usize::from(*w)]).collect()
    }

    /// Why Codabar is ours. Where this fails, a release may have mended it.
    #[test]
    fn barcoders_exchanges_the_start_signs_b_and_c() {
        let theirs = |data: &str| Codabar::new(data).unwrap().encode();
        let wide_two = |data: &str| {
            // barcoders draws wide elements two modules wide.
            let symbol = codabar("code", data).unwrap();
            let widths: Vec<u8> = symbol.widths.iter().map(|width| if *width == WIDE { 2 } else { 1 }).collect();
            modules(&LinearSymbol { widths, ..symbol })
        };
        assert_eq!(theirs("A123A"), wide_two("A123A"));
        assert_ne!(theirs("B123C"), wide_two("B123C"));
        assert_eq!(theirs("B123C"), wide_two("C123B"));
    }

    #[test]
    fn what_is_no_codabar_is_refused() {
        for wrong in ["", "AA", "123", "A1B2C", "E1E", "A1a", "a1a", "A批A", "A1"] {
            assert!(codabar("code", wrong).is_err(), "{wrong}");
        }
        assert_eq!(codabar("code", "A1B").unwrap().widths.len(), 3 * 8 - 1);
    }
}
