//! ITF-14: the carton's GTIN in interleaved 2 of 5, by `barcoders`.

use super::{LinearSymbol, widths};
use crate::error::{Field, LabelError, Reason, Symbology};
use crate::gs1::has_check_digit;
use barcoders::sym::tf::TF;

/// An ITF-14 of exactly 14 digits with the right check digit. Bearer bars are the layout's business.
pub fn itf14(field: Field, data: &str) -> Result<LinearSymbol, LabelError> {
    let bad = |reason| LabelError::BadData { field, symbology: Symbology::Itf14, reason };
    if data.len() != 14 || !data.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad(Reason::Digits { count: 14 }));
    }
    if !has_check_digit(data) {
        return Err(bad(Reason::CheckDigit {}));
    }
    let symbol = TF::interleaved(data).map_err(|_| bad(Reason::Digits { count: 14 }))?;
    let widths = widths(&symbol.encode());
    Ok(LinearSymbol { symbology: Symbology::Itf14, data: data.to_owned(), widths, quiet_left: 10, quiet_right: 10 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fourteen_digits_make_seven_pairs() {
        let symbol = itf14("code", "16901234567899").unwrap();
        assert_eq!(symbol.widths.len(), 4 + 7 * 10 + 3);
        for wrong in ["", "6901234567892", "16901234567898", "1690123456789X"] {
            assert!(itf14("code", wrong).is_err(), "{wrong}");
        }
    }
}
