//! Numbers of trade items and dates, from how people write them to how codes hold them.

use crate::error::{Field, LabelError, Reason, Symbology};
use crate::gs1;

fn bad(field: Field, reason: Reason) -> LabelError {
    LabelError::BadData { field, symbology: Symbology::Gs1_128, reason }
}

/// A GTIN of 8, 12, 13 or 14 digits as 14.
pub(crate) fn gtin14(field: Field, gtin: &str) -> Result<String, LabelError> {
    let gtin = gtin.trim();
    if !matches!(gtin.len(), 8 | 12 | 13 | 14) || !gtin.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad(field, Reason::GtinDigits {}));
    }
    if !gs1::has_check_digit(gtin) {
        return Err(bad(field, Reason::CheckDigit {}));
    }
    Ok(format!("{gtin:0>14}"))
}

/// `2027-12-31` as `271231`.
pub(crate) fn date(field: Field, date: &str) -> Result<String, LabelError> {
    let [year, month, day] = date.trim().split('-').collect::<Vec<_>>()[..] else {
        return Err(bad(field, Reason::DateForm {}));
    };
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return Err(bad(field, Reason::DateForm {}));
    }
    let digits = format!("{year}{month}{day}");
    if !gs1::is_day(&digits) {
        return Err(bad(field, Reason::NoSuchDay {}));
    }
    Ok(digits.get(2..).unwrap_or_default().to_owned())
}

/// An ISBN as its 13 digits, from 10 or 13 characters without hyphens; `None` for what is no ISBN.
pub(crate) fn isbn13(isbn: &str) -> Option<String> {
    match isbn.len() {
        13 if (isbn.starts_with("978") || isbn.starts_with("979")) && gs1::has_check_digit(isbn) => {
            Some(isbn.to_owned())
        }
        10 => gs1::isbn10_to_13(isbn),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gtins_become_fourteen_digits_or_say_why_not() {
        assert_eq!(gtin14("gtin", "96385074").unwrap(), "00000096385074");
        assert_eq!(gtin14("gtin", " 6901234567892 ").unwrap(), "06901234567892");
        for wrong in ["", "123", "6901234567891", "690123456789X"] {
            assert!(gtin14("gtin", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn dates_are_checked_by_the_calendar() {
        assert_eq!(date("expires_on", "2027-12-31").unwrap(), "271231");
        assert_eq!(date("expires_on", "2028-02-29").unwrap(), "280229");
        for wrong in ["2027-02-29", "2100-02-29", "2027-13-01", "27-1-1", "2027/12/31", "", "2027-04-31", "+027-01-01"]
        {
            assert!(date("expires_on", wrong).is_err(), "{wrong}");
        }
    }
}
