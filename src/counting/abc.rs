//! Which SKUs matter, how many of a class are due on a working day, and how large a sample has to be. No I/O, no fractions.

use super::model::Class;
use crate::kernel::ids::SkuId;

/// Parts the SKUs: those that make up the first 80 per cent of all are A, up to 95 per cent B, the rest C.
#[must_use]
pub fn classify(mut weights: Vec<(SkuId, i64)>) -> Vec<(SkuId, Class)> {
    weights.sort_by_key(|(sku, weight)| (std::cmp::Reverse(*weight), *sku));
    let total: i128 = weights.iter().map(|(_, weight)| i128::from((*weight).max(0))).sum();
    let mut before: i128 = 0;
    let mut out = Vec::with_capacity(weights.len());
    for (sku, weight) in weights {
        let class = match before * 100 {
            _ if weight <= 0 => Class::C,
            share if share < total * 80 => Class::A,
            share if share < total * 95 => Class::B,
            _ => Class::C,
        };
        before += i128::from(weight.max(0));
        out.push((sku, class));
    }
    out
}

/// How many of `skus` are due on the working day with this number (from 0) of a year with `days` of them, where each is counted
/// `counts` times a year: evenly spread, and all of them by the year's end.
#[must_use]
pub fn due(skus: usize, counts: i64, day: i64, days: i64) -> usize {
    if days <= 0 || counts <= 0 || !(0..days).contains(&day) {
        return 0;
    }
    let all = i128::try_from(skus).unwrap_or(i128::MAX).saturating_mul(i128::from(counts));
    let until = |day: i64| all.saturating_mul(i128::from(day)) / i128::from(days);
    usize::try_from(until(day + 1) - until(day)).unwrap_or(usize::MAX).min(skus)
}

/// The square of the deviation that belongs to a confidence, times 10,000; none for a confidence that isn't in the table.
#[must_use]
pub const fn deviation(confidence_percent: i64) -> Option<i128> {
    Some(match confidence_percent {
        80 => 16_424,
        90 => 27_055,
        95 => 38_415,
        99 => 66_349,
        _ => return None,
    })
}

/// How many of `population` places make a sample whose share of wrong places lies within `margin_percent` of that of all, with
/// this confidence, whatever the share is (Cochran, with the correction for a small population). None where a figure is out
/// of range.
#[must_use]
pub fn sample(population: usize, confidence_percent: i64, margin_percent: i64) -> Option<usize> {
    let square = deviation(confidence_percent)?;
    if !(1..=50).contains(&margin_percent) {
        return None;
    }
    let all = i128::try_from(population).ok()?;
    // z² · ½ · ½ / margin², times 10,000 as the square is.
    let margin = i128::from(margin_percent);
    let first = square * 2_500 / (margin * margin);
    let below = first + (all - 1) * 10_000;
    let needed = if below <= 0 { 0 } else { (first * all + below - 1) / below };
    usize::try_from(needed.min(all)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_skus_make_up_most() {
        let weights = [(1, 50), (2, 700), (3, 0), (4, 150), (5, 90), (6, 10)].map(|(sku, weight)| (SkuId(sku), weight));
        let classes: Vec<_> = classify(weights.to_vec()).into_iter().map(|(sku, class)| (sku.0, class)).collect();
        use Class::{A, B, C};
        assert_eq!(classes, [(2, A), (4, A), (5, B), (1, B), (6, C), (3, C)]);
        assert!(classify(Vec::new()).is_empty());
    }

    #[test]
    fn each_is_due_as_often_as_it_should_be_and_evenly() {
        for (skus, counts, days) in [(10, 12, 300), (7, 1, 313), (500, 4, 251), (3, 2, 5), (1, 1, 1)] {
            let each: Vec<usize> = (0..days).map(|day| due(skus, counts, day, days)).collect();
            assert_eq!(each.iter().sum::<usize>(), skus * usize::try_from(counts).unwrap());
            let (least, most) = (each.iter().min().unwrap(), each.iter().max().unwrap());
            assert!(most - least <= 1, "{skus} {counts} {days}");
        }
        assert_eq!((due(5, 0, 0, 300), due(5, 1, 300, 300), due(5, 1, 0, 0), due(5, 366, 0, 1)), (0, 0, 0, 5));
    }

    #[test]
    fn a_sample_is_as_large_as_the_books_say() {
        assert_eq!(sample(1_000_000, 95, 5), Some(385));
        assert_eq!(sample(1_000, 95, 5), Some(278));
        assert_eq!(sample(100, 95, 5), Some(80));
        assert_eq!(sample(5_000, 90, 10), Some(67));
        assert_eq!(sample(1, 99, 1), Some(1));
        assert_eq!(sample(0, 95, 5), Some(0));
        assert_eq!((sample(10, 94, 5), sample(10, 95, 0)), (None, None));
    }
}
