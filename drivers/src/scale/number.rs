//! Numbers and units as scales write them.

/// Milligrams of a unit, as a scale names it, times this many hundred-thousandths: units of pounds are no whole
/// milligrams.
fn unit(name: &str) -> Option<i128> {
    Some(match name.trim().to_ascii_lowercase().as_str() {
        "mg" => 100_000,
        "g" => 100_000_000,
        "kg" => 100_000_000_000,
        "t" => 100_000_000_000_000,
        // Exactly 453.59237 g and a sixteenth of it.
        "lb" | "lbs" => 45_359_237_000,
        "oz" => 2_834_952_312,
        _ => return None,
    })
}

/// A decimal number in a unit, as ` 12.345` and `kg`, in milligrams to the nearest. Blanks may stand around it and
/// between its sign and its digits.
pub(super) fn milligrams(number: &str, of: &str) -> Option<i64> {
    let number = number.trim();
    let (negative, digits) = match number.strip_prefix(['-', '+']) {
        Some(digits) => (number.starts_with('-'), digits.trim_start()),
        None => (false, number),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit());
    if !all || whole.len() + part.len() == 0 || whole.len() + part.len() > 12 {
        return None;
    }
    let value: i128 = format!("{whole}{part}").parse().ok()?;
    let below = 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?.checked_mul(100_000)?;
    let value = (value * unit(of)? + below / 2) / below;
    i64::try_from(if negative { -value } else { value }).ok()
}

/// A whole number with an exponent of ten in a unit, in milligrams to the nearest.
pub(super) fn scaled(value: i64, exponent: i32, of: &str) -> Option<i64> {
    let (negative, value) = (value < 0, i128::from(value.unsigned_abs()));
    let unit = unit(of)?;
    let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
    let exact = if exponent < 0 {
        let below = power.checked_mul(100_000)?;
        (value.checked_mul(unit)? + below / 2) / below
    } else {
        (value.checked_mul(power)?.checked_mul(unit)? + 50_000) / 100_000
    };
    i64::try_from(if negative { -exact } else { exact }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_every_unit_become_milligrams() {
        for (number, unit, wanted) in [
            ("     12.345", " kg", 12_345_000),
            ("+0000.5", "g", 500),
            ("-  1.5", "kg", -1_500_000),
            ("00000", "kg", 0),
            ("1", "lb", 453_592),
            ("16", "oz", 453_592),
            ("0.0001", "g", 0),
            (".5", "g", 500),
            ("1.5", "t", 1_500_000_000),
        ] {
            assert_eq!(milligrams(number, unit), Some(wanted), "{number} {unit}");
        }
        for (number, unit) in
            [("", "kg"), ("1.2.3", "kg"), ("1e3", "kg"), ("--1", "kg"), ("1", "pcs"), ("1", ""), ("1234567890123", "g")]
        {
            assert_eq!(milligrams(number, unit), None, "{number} {unit}");
        }
    }

    #[test]
    fn exponents_move_the_point() {
        assert_eq!(scaled(1_234, -1, "g"), Some(123_400));
        assert_eq!(scaled(5, 0, "kg"), Some(5_000_000));
        assert_eq!(scaled(-5, 2, "g"), Some(-500_000));
        assert_eq!(scaled(10, -1, "oz"), Some(28_350));
        assert_eq!(scaled(i64::MAX, 100, "kg"), None);
        assert_eq!(scaled(1, -100, "kg"), None);
        assert_eq!(scaled(i64::MAX, 9, "t"), None);
    }
}
