//! EAN-13, drawn by `barcoders`: its EAN-13 is right (its EAN-5, Code 93 and Codabar are not).

use super::LinearSymbol;
use crate::error::{Field, LabelError, Symbology};
use barcoders::sym::ean13::EAN13;

/// An EAN-13 of exactly 13 digits with the right check digit: 95 modules, 11 quiet before it and 7 after.
pub fn ean13(field: Field, digits: &str) -> Result<LinearSymbol, LabelError> {
    let bad = |reason| LabelError::BadData { field, symbology: Symbology::Ean13, reason };
    if digits.len() != 13 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad("it must be 13 digits"));
    }
    let symbol = EAN13::new(digits).map_err(|_| bad("its check digit is wrong"))?;
    Ok(LinearSymbol {
        symbology: Symbology::Ean13,
        data: digits.to_owned(),
        widths: widths(&symbol.encode()),
        quiet_left: 11,
        quiet_right: 7,
    })
}

/// A row of modules as widths of bar and space in turn.
fn widths(modules: &[u8]) -> Vec<u8> {
    modules.chunk_by(|a, b| a == b).map(|run| u8::try_from(run.len()).unwrap_or(u8::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ean13_has_95_modules_and_its_own_quiet_zones() {
        let symbol = ean13("barcode", "6901234567892").unwrap();
        assert_eq!(symbol.modules(), 113);
        assert_eq!(symbol.widths.len(), 59);
        assert_eq!(symbol.widths[..3], [1, 1, 1]);
    }

    #[test]
    fn what_is_no_ean13_is_refused_with_the_reason() {
        let reason = |digits| match ean13("barcode", digits) {
            Err(LabelError::BadData { field: "barcode", symbology: Symbology::Ean13, reason }) => reason,
            other => panic!("{digits} gave {other:?}"),
        };
        assert_eq!(reason("6901234567891"), "its check digit is wrong");
        assert_eq!(reason("690123456789"), "it must be 13 digits");
        assert_eq!(reason("69012345678９"), "it must be 13 digits");
    }
}
