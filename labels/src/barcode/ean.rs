//! EAN-13, EAN-8, UPC-A and their add-ons of 2 and 5 digits.
//!
//! `barcoders` draws all but the add-on of 5 digits: its parity table is wrong where the check digit is 0, so that one
//! is ours.

use super::{LinearSymbol, widths};
use crate::error::{Field, LabelError, Reason, Symbology};
use barcoders::sym::ean_supp::EANSUPP;
use barcoders::sym::ean8::EAN8;
use barcoders::sym::ean13::EAN13;

/// White between a symbol and its add-on; 7 to 12 are allowed.
const GAP: u8 = 9;

/// Which of the five digits are drawn in set G, by the check digit. (ISO/IEC 15420)
const PARITY: [[bool; 5]; 10] = {
    const L: bool = false;
    const G: bool = true;
    [
        [G, G, L, L, L],
        [G, L, G, L, L],
        [G, L, L, G, L],
        [G, L, L, L, G],
        [L, G, G, L, L],
        [L, L, G, G, L],
        [L, L, L, G, G],
        [L, G, L, G, L],
        [L, G, L, L, G],
        [L, L, G, L, G],
    ]
};

/// Modules of the digits in set L; set G is their mirror image, inverted.
const DIGITS: [u8; 10] = [
    0b000_1101, 0b001_1001, 0b001_0011, 0b011_1101, 0b010_0011, 0b011_0001, 0b010_1111, 0b011_1011, 0b011_0111,
    0b000_1011,
];

fn bad(field: Field, symbology: Symbology, reason: Reason) -> LabelError {
    LabelError::BadData { field, symbology, reason }
}

fn digits(field: Field, symbology: Symbology, data: &str, length: usize, reason: Reason) -> Result<(), LabelError> {
    let right = data.len() == length && data.bytes().all(|b| b.is_ascii_digit());
    if right { Ok(()) } else { Err(bad(field, symbology, reason)) }
}

/// An EAN-13 of exactly 13 digits with the right check digit: 95 modules, 11 quiet before it and 7 after. With an
/// add-on of 2 or 5 digits after a space: 5 quiet after it.
pub fn ean13(field: Field, data: &str) -> Result<LinearSymbol, LabelError> {
    let symbology = Symbology::Ean13;
    let (main, addon) = data.split_once(' ').map_or((data, None), |(main, addon)| (main, Some(addon)));
    digits(field, symbology, main, 13, Reason::Ean13Digits {})?;
    let symbol = EAN13::new(main).map_err(|_| bad(field, symbology, Reason::CheckDigit {}))?;
    let mut symbol = LinearSymbol {
        symbology,
        data: data.to_owned(),
        widths: widths(&symbol.encode()),
        quiet_left: 11,
        quiet_right: 7,
    };
    if let Some(addon) = addon {
        symbol.widths.push(GAP);
        symbol.widths.extend(add_on(field, addon)?);
        symbol.quiet_right = 5;
    }
    Ok(symbol)
}

/// An add-on of 2 or 5 digits, by itself: widths from its first bar.
fn add_on(field: Field, addon: &str) -> Result<Vec<u8>, LabelError> {
    let wrong = || bad(field, Symbology::Ean13, Reason::AddOn {});
    if !addon.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    match addon.len() {
        2 => EANSUPP::new(addon).map(|symbol| widths(&symbol.encode())).map_err(|_| wrong()),
        5 => Ok(widths(&add_on_5(addon))),
        _ => Err(wrong()),
    }
}

/// 47 modules: 1011, then the digits with 01 between them.
fn add_on_5(addon: &str) -> Vec<u8> {
    let values: Vec<u8> = addon.bytes().map(|b| b - b'0').collect();
    let sum: u32 = values.iter().zip([3_u32, 9, 3, 9, 3]).map(|(value, weight)| u32::from(*value) * weight).sum();
    let parity = usize::try_from(sum % 10).ok().and_then(|check| PARITY.get(check)).copied().unwrap_or_default();
    let mut modules = vec![1, 0, 1, 1];
    for (place, (value, in_g)) in values.iter().zip(parity).enumerate() {
        if place > 0 {
            modules.extend([0, 1]);
        }
        let pattern = DIGITS.get(usize::from(*value)).copied().unwrap_or_default();
        let pattern = if in_g { mirrored(!pattern & 0x7f) } else { pattern };
        modules.extend((0..7).rev().map(|bit| pattern >> bit & 1));
    }
    modules
}

fn mirrored(pattern: u8) -> u8 {
    pattern.reverse_bits() >> 1
}

/// An EAN-8 of exactly 8 digits with the right check digit.
pub fn ean8(field: Field, data: &str) -> Result<LinearSymbol, LabelError> {
    let symbology = Symbology::Ean8;
    digits(field, symbology, data, 8, Reason::Digits { count: 8 })?;
    let symbol = EAN8::new(data).map_err(|_| bad(field, symbology, Reason::CheckDigit {}))?;
    let widths = widths(&symbol.encode());
    Ok(LinearSymbol { symbology, data: data.to_owned(), widths, quiet_left: 7, quiet_right: 7 })
}

/// A UPC-A of exactly 12 digits with the right check digit.
pub fn upc_a(field: Field, data: &str) -> Result<LinearSymbol, LabelError> {
    let symbology = Symbology::UpcA;
    digits(field, symbology, data, 12, Reason::Digits { count: 12 })?;
    let symbol = EAN13::new(format!("0{data}")).map_err(|_| bad(field, symbology, Reason::CheckDigit {}))?;
    let widths = widths(&symbol.encode());
    Ok(LinearSymbol { symbology, data: data.to_owned(), widths, quiet_left: 9, quiet_right: 9 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(widths: &[u8]) -> Vec<u8> {
        widths.iter().enumerate().flat_map(|(i, w)| vec![u8::from(i % 2 == 0); usize::from(*w)]).collect()
    }

    #[test]
    fn an_ean13_has_95_modules_and_its_own_quiet_zones() {
        let symbol = ean13("barcode", "6901234567892").unwrap();
        assert_eq!((symbol.modules(), symbol.widths.len()), (113, 59));
        assert_eq!(symbol.widths[..3], [1, 1, 1]);
        assert_eq!(ean13("barcode", "9787302423287 05900").unwrap().modules(), 11 + 95 + 9 + 47 + 5);
        assert_eq!(ean13("barcode", "9787302423287 05").unwrap().modules(), 11 + 95 + 9 + 20 + 5);
        assert_eq!(ean8("barcode", "96385074").unwrap().modules(), 7 + 67 + 7);
        assert_eq!(upc_a("barcode", "036000291452").unwrap().modules(), 9 + 95 + 9);
    }

    #[test]
    fn what_is_none_is_refused_with_the_reason() {
        let reason = |result: Result<LinearSymbol, LabelError>| match result {
            Err(LabelError::BadData { field: "barcode", reason, .. }) => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(reason(ean13("barcode", "6901234567891")), Reason::CheckDigit {});
        let length = Reason::Ean13Digits {};
        assert_eq!(reason(ean13("barcode", "690123456789")), length);
        assert_eq!(reason(ean13("barcode", "69012345678９")), length);
        assert_eq!(reason(ean13("barcode", "6901234567892 123")), Reason::AddOn {});
        assert_eq!(reason(ean13("barcode", "6901234567892 1234x")), Reason::AddOn {});
        assert_eq!(reason(ean8("barcode", "96385075")), Reason::CheckDigit {});
        assert_eq!(reason(upc_a("barcode", "36000291452")), Reason::Digits { count: 12 });
    }

    /// Why the add-on of 5 digits is ours. Where this fails, a release may have mended it.
    #[test]
    fn barcoders_draws_add_ons_with_the_check_digit_0_in_the_wrong_parity() {
        let (mut same, mut other) = (0, 0);
        for number in (0..100_000).step_by(37) {
            let addon = format!("{number:05}");
            let theirs = EANSUPP::new(&addon).unwrap().encode();
            let check = addon.bytes().zip([3, 9, 3, 9, 3]).map(|(b, w)| u32::from(b - b'0') * w).sum::<u32>() % 10;
            if theirs == add_on_5(&addon) {
                same += 1;
            } else {
                other += 1;
            }
            assert_eq!(theirs != add_on_5(&addon), check == 0, "{addon}");
        }
        assert!(same > 2_000 && other > 200, "{same} {other}");
    }

    #[test]
    fn an_add_on_is_drawn_as_the_standard_shows_it() {
        // 1011, then 5 2 4 9 5 with the parity of check digit 1, GLGLL.
        let drawn: String = modules(&widths(&add_on_5("52495"))).iter().map(ToString::to_string).collect();
        assert_eq!(drawn, "10110111001010010011010011101010001011010110001");
    }
}
