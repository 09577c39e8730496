//! Amounts as others write them, to whole minor units. No floats.

use crate::kernel::money::decimals;

/// A decimal in the currency's main unit (`99.00`) as minor units (9900); further digits are rounded half up.
///
/// # Errors
/// A sentence that shows the text.
pub fn minor(decimal: &str, currency: &str) -> Result<i64, String> {
    let wrong = || format!("`{decimal:.40}` is not an amount");
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || (decimal.contains('.') && fraction.is_empty()) {
        return Err(wrong());
    }
    let digits = decimals(currency);
    let mut amount: i64 = whole.parse().map_err(|_| wrong())?;
    let mut places = fraction.bytes();
    for _ in 0..digits {
        let digit = i64::from(places.next().unwrap_or(b'0') - b'0');
        amount = amount.checked_mul(10).and_then(|amount| amount.checked_add(digit)).ok_or_else(wrong)?;
    }
    let up = places.next().is_some_and(|next| next >= b'5');
    amount.checked_add(i64::from(up)).ok_or_else(wrong)
}

/// As [`minor`], with nothing for what isn't there.
///
/// # Errors
/// As [`minor`].
pub fn minor_or_zero(decimal: Option<String>, currency: &str) -> Result<i64, String> {
    decimal.map_or(Ok(0), |decimal| minor(&decimal, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (text, currency, expected) in [
            ("99.00", "CNY", 9_900),
            ("99", "CNY", 9_900),
            ("0.1", "CNY", 10),
            ("309.5", "cny", 30_950),
            ("33.333333", "USD", 3_333),
            ("33.335", "USD", 3_334),
            ("1200", "JPY", 1_200),
            ("1.234", "KWD", 1_234),
            ("90071992547409.93", "CNY", 9_007_199_254_740_993),
        ] {
            assert_eq!(minor(text, currency), Ok(expected), "{text} {currency}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in
            ["", ".", "1.", ".5", "-1", "+1", "1,00", "1e3", "NaN", "99999999999999999999", "9223372036854775807"]
        {
            assert!(minor(text, "CNY").is_err(), "{text}");
        }
    }
}
