//! Check digits of trade, and book numbers.

/// The check digit of a GTIN, SSCC or GLN, from the digits before it: weights 3 and 1 from the right. `None` where
/// something else stands there than digits.
pub fn check_digit(digits: &str) -> Option<u8> {
    let mut sum = 0_u32;
    for (digit, place) in digits.bytes().rev().zip(0_u32..) {
        if !digit.is_ascii_digit() {
            return None;
        }
        sum += u32::from(digit - b'0') * if place % 2 == 0 { 3 } else { 1 };
    }
    (!digits.is_empty()).then(|| u8::try_from((10 - sum % 10) % 10).unwrap_or_default())
}

/// Whether the last digit is the check digit of those before it.
pub fn has_check_digit(digits: &str) -> bool {
    let Some((bare, last)) = digits.len().checked_sub(1).and_then(|at| digits.split_at_checked(at)) else {
        return false;
    };
    check_digit(bare).is_some_and(|check| last.as_bytes() == [b'0' + check])
}

/// An ISBN-10 without hyphens as its ISBN-13; `None` where its check character is wrong.
pub fn isbn10_to_13(isbn: &str) -> Option<String> {
    if isbn.len() != 10 || !isbn.is_ascii() {
        return None;
    }
    let mut sum = 0;
    for (character, weight) in isbn.bytes().zip((1_u32..=10).rev()) {
        let value = match character {
            b'0'..=b'9' => u32::from(character - b'0'),
            b'X' | b'x' if weight == 1 => 10,
            _ => return None,
        };
        sum += value * weight;
    }
    if sum % 11 != 0 {
        return None;
    }
    let bare = format!("978{}", isbn.get(..9)?);
    check_digit(&bare).map(|check| format!("{bare}{check}"))
}

/// Where the publisher ends in group 978-7 (China), by its first digits. (ISBN range message; others stay whole)
const CHINA: [(u32, u32, usize); 5] =
    [(0, 9, 2), (100, 499, 3), (5_000, 7_999, 4), (80_000, 89_999, 5), (900_000, 999_999, 6)];

/// An ISBN-13 with the hyphens of its group where they are known, else with those of its prefix and check digit.
pub fn isbn_hyphenated(isbn: &str) -> String {
    let whole = || isbn.to_owned();
    let (Some(prefix), Some(rest), Some(check)) = (isbn.get(..3), isbn.get(3..12), isbn.get(12..)) else {
        return whole();
    };
    if !isbn.bytes().all(|b| b.is_ascii_digit()) || isbn.len() != 13 {
        return whole();
    }
    if let Some(china) = rest.strip_prefix('7').filter(|_| prefix == "978") {
        for (first, last, length) in CHINA {
            let publisher = china.get(..length).and_then(|digits| digits.parse::<u32>().ok());
            if let (Some(number), Some(title)) = (publisher, china.get(length..))
                && (first..=last).contains(&number)
            {
                return format!("{prefix}-7-{number:0>length$}-{title}-{check}");
            }
        }
    }
    format!("{prefix}-{rest}-{check}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_printed_numbers() {
        for (bare, check) in [("690123456789", 2), ("9638507", 4), ("03600029145", 2), ("0950110153000", 3)] {
            assert_eq!(check_digit(bare), Some(check), "{bare}");
        }
        assert_eq!([check_digit(""), check_digit("12x")], [None, None]);
        for right in ["6901234567892", "96385074", "036000291452", "09501101530003", "340123450000000000"] {
            assert!(has_check_digit(right), "{right}");
        }
        for wrong in ["6901234567891", "", "69012345678９2", "abc"] {
            assert!(!has_check_digit(wrong), "{wrong}");
        }
    }

    #[test]
    fn old_book_numbers_become_new_ones() {
        assert_eq!(isbn10_to_13("7302423288").as_deref(), Some("9787302423287"));
        assert_eq!(isbn10_to_13("080442957X").as_deref(), Some("9780804429573"));
        assert_eq!(isbn10_to_13("0306406152").as_deref(), Some("9780306406157"));
        for wrong in ["", "0306406153", "X306406152", "03064061521", "零306406152"] {
            assert_eq!(isbn10_to_13(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn chinese_book_numbers_get_their_hyphens() {
        assert_eq!(isbn_hyphenated("9787302423287"), "978-7-302-42328-7");
        assert_eq!(isbn_hyphenated("9787020002207"), "978-7-02-000220-7");
        assert_eq!(isbn_hyphenated("9787544253994"), "978-7-5442-5399-4");
        assert_eq!(isbn_hyphenated("9780306406157"), "978-030640615-7");
        assert_eq!(isbn_hyphenated("12"), "12");
    }
}
