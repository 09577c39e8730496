//! The further checks that the dictionary names, as far as they can be decided without lists that change.

use super::numbers::has_check_digit;

/// Checks that are not made: they need lists of countries, currencies, companies, packages, or media, or are about
/// coupons. What they would refuse is let through.
#[cfg(test)]
pub(super) const NOT_MADE: [&str; 14] = [
    "iso3166",
    "iso3166999",
    "iso3166alpha2",
    "iso4217",
    "gcppos1",
    "gcppos2",
    "packagetype",
    "mediatype",
    "couponcode",
    "couponposoffer",
    "iban",
    "importeridx",
    "csumalpha",
    "iso5218",
];

/// Whether a value passes a check of the dictionary. A check that is not made is passed.
pub(super) fn check(name: &str, value: &str) -> bool {
    let digits = value.bytes().all(|b| b.is_ascii_digit());
    match name {
        "csum" => has_check_digit(value),
        "nonzero" => value.bytes().any(|b| b != b'0'),
        "zero" => value.bytes().all(|b| b == b'0'),
        "nozeroprefix" => !value.starts_with('0') || value == "0",
        "yesno" => matches!(value, "0" | "1"),
        "winding" => matches!(value, "0" | "1" | "9"),
        "hyphen" => value.bytes().all(|b| b == b'-'),
        "hasnondigit" => !digits,
        "hh" => in_range(value, 0, 23),
        "mi" | "ss" => in_range(value, 0, 59),
        "hhmi" => {
            in_range(value.get(..2).unwrap_or_default(), 0, 23) && in_range(value.get(2..).unwrap_or_default(), 0, 59)
        }
        "yymmdd" => date(value, 2, false),
        "yymmd0" => date(value, 2, true),
        "yyyymmdd" => date(value, 4, false),
        "pieceoftotal" => piece_of_total(value),
        "posinseqslash" => value.split_once('/').is_some_and(|(place, total)| place_of(place, total)),
        "pcenc" => percent_encoded(value),
        "latitude" => value.parse::<u64>().is_ok_and(|value| value <= 1_800_000_000),
        "longitude" => value.parse::<u64>().is_ok_and(|value| value <= 3_600_000_000),
        _ => true,
    }
}

/// Whether eight digits are a day of the calendar, `20271231`.
pub(crate) fn is_day(digits: &str) -> bool {
    digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit()) && date(digits, 4, false)
}

fn in_range(value: &str, first: u32, last: u32) -> bool {
    value.parse::<u32>().is_ok_and(|value| (first..=last).contains(&value))
}

/// Year, month, day; the day may be 00 for the whole month.
fn date(value: &str, year_digits: usize, whole_month: bool) -> bool {
    let number = |range: std::ops::Range<usize>| value.get(range).and_then(|digits| digits.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day)) =
        (number(0..year_digits), number(year_digits..year_digits + 2), number(year_digits + 2..year_digits + 4))
    else {
        return false;
    };
    // Two digits stand for a year near now, and of those every fourth is a leap year.
    let leap = year % 4 == 0 && (year_digits == 2 || year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        1..=12 => 31,
        _ => return false,
    };
    (day == 0 && whole_month) || (1..=days).contains(&day)
}

/// `0102`: the first of two.
fn piece_of_total(value: &str) -> bool {
    let (place, total) = value.split_at(value.len() / 2);
    value.len().is_multiple_of(2) && place_of(place, total)
}

fn place_of(place: &str, total: &str) -> bool {
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number > 0);
    matches!((number(place), number(total)), (Some(place), Some(total)) if place <= total)
}

/// Each `%` stands before two hexadecimal digits.
fn percent_encoded(value: &str) -> bool {
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('%') {
        if !after.get(..2).is_some_and(|two| two.bytes().all(|b| b.is_ascii_hexdigit())) {
            return false;
        }
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::dictionary::rules;
    use super::*;

    #[test]
    fn every_check_of_the_dictionary_is_made_or_named() {
        // A check that is not made lets everything through; these values fail every check that is made.
        let refuses =
            |name: &str| ["x", "99", "000000", "1", "%", "12/3", "-1"].iter().any(|value| !check(name, value));
        for (identifier, rule) in rules() {
            for name in rule.parts.iter().flat_map(|part| &part.checks) {
                assert!(refuses(name) != NOT_MADE.contains(name), "{name} of ({identifier})");
            }
        }
    }

    #[test]
    fn checks_tell_right_from_wrong() {
        let cases: [(&str, &str, &str); 14] = [
            ("csum", "09501101530003", "09501101530004"),
            ("yymmdd", "240229", "250229"),
            ("yymmd0", "250200", "251300"),
            ("yyyymmdd", "20240229", "21000229"),
            ("hhmi", "2359", "2400"),
            ("pieceoftotal", "0102", "0302"),
            ("posinseqslash", "1/3", "4/3"),
            ("pcenc", "a%20b", "a%2"),
            ("nonzero", "010", "000"),
            ("yesno", "1", "2"),
            ("latitude", "1800000000", "1800000001"),
            ("longitude", "3600000000", "3600000001"),
            ("hasnondigit", "1A", "11"),
            ("nozeroprefix", "10", "010"),
        ];
        for (name, right, wrong) in cases {
            assert!(check(name, right), "{name} {right}");
            assert!(!check(name, wrong), "{name} {wrong}");
        }
    }
}
