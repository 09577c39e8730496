//! Code 39, by `barcoders`, without its optional check character.

use super::{LinearSymbol, widths};
use crate::error::{Field, LabelError, Reason, Symbology};
use barcoders::sym::code39::Code39;

/// A Code 39 of capitals, digits and `-. $/+%`.
pub fn code39(field: Field, data: &str) -> Result<LinearSymbol, LabelError> {
    let bad = |reason| LabelError::BadData { field, symbology: Symbology::Code39, reason };
    if data.is_empty() || data.len() > 60 {
        return Err(bad(Reason::Length { least: 1, most: 60 }));
    }
    let symbol = Code39::new(data).map_err(|_| bad(Reason::Capitals {}))?;
    let widths = widths(&symbol.encode());
    Ok(LinearSymbol { symbology: Symbology::Code39, data: data.to_owned(), widths, quiet_left: 10, quiet_right: 10 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_39_begins_and_ends_with_its_star() {
        let symbol = code39("code", "A1").unwrap();
        assert_eq!(symbol.widths[..9], symbol.widths[symbol.widths.len() - 9..]);
        assert_eq!(symbol.widths.len(), 4 * 10 - 1);
        for wrong in ["", "a", "A_B", "批", &"A".repeat(61)] {
            assert!(code39("code", wrong).is_err(), "{wrong}");
        }
    }
}
