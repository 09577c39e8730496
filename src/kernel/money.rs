//! Amounts of money: whole numbers of the currency's smallest unit.

/// How many decimals an amount of this currency has (ISO 4217 code, in any case).
#[must_use]
pub fn decimals(currency: &str) -> usize {
    match currency.to_ascii_uppercase().as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// An amount in the currency's main unit: 1250 fen are `12.50`.
#[must_use]
pub fn written(minor: i64, currency: &str) -> String {
    let digits = decimals(currency);
    let sign = if minor < 0 { "-" } else { "" };
    let padded = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
    match padded.split_at_checked(padded.len() - digits) {
        Some((whole, part)) if digits > 0 => format!("{sign}{whole}.{part}"),
        _ => format!("{sign}{padded}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        let table = [
            (12_305, "CNY", "123.05"),
            (5, "usd", "0.05"),
            (500, "JPY", "500"),
            (1, "KWD", "0.001"),
            (-150, "CNY", "-1.50"),
        ];
        for (minor, currency, text) in table {
            assert_eq!(written(minor, currency), text);
        }
    }
}
