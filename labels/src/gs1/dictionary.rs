//! The application identifiers, read from GS1's own syntax dictionary (`data/gs1`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../data/gs1/syntax-dictionary.txt");

/// Which characters a part may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Characters {
    /// Digits.
    Digits,
    /// The 82 characters of ISO/IEC 646 that GS1 allows.
    Set82,
    /// Capitals, digits and three signs.
    Set39,
    /// Base64 for addresses of the web.
    Base64Url,
}

/// A part of an element's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) characters: Characters,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) optional: bool,
    /// Names of further checks, as the dictionary has them.
    pub(super) checks: Vec<&'static str>,
}

/// What is known of an application identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// No separator is needed after it.
    pub(super) fixed: bool,
    pub(super) parts: Vec<Part>,
    /// Each entry: one of these groups must be there, all of a group.
    pub(super) needs: Vec<Vec<Vec<&'static str>>>,
    /// None of these may be there.
    pub(super) not_with: Vec<&'static str>,
}

/// The rules by application identifier.
pub(super) fn rules() -> &'static BTreeMap<String, Rule> {
    static RULES: LazyLock<BTreeMap<String, Rule>> = LazyLock::new(|| {
        let mut rules = BTreeMap::new();
        for line in TEXT.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let mut words = line.split_whitespace();
            let Some(identifiers) = words.next() else { continue };
            let rule = rule(words);
            for identifier in range(identifiers) {
                rules.insert(identifier, rule.clone());
            }
        }
        rules
    });
    &RULES
}

fn rule(words: impl Iterator<Item = &'static str>) -> Rule {
    let mut rule = Rule { fixed: false, parts: Vec::new(), needs: Vec::new(), not_with: Vec::new() };
    for word in words {
        if let Some(part) = part(word) {
            rule.parts.push(part);
        } else if let Some(groups) = word.strip_prefix("req=") {
            rule.needs.push(groups.split(',').map(|group| group.split('+').collect()).collect());
        } else if let Some(others) = word.strip_prefix("ex=") {
            rule.not_with.extend(others.split(','));
        } else if word.bytes().all(|b| b.is_ascii_punctuation()) {
            rule.fixed |= word.contains('*');
        }
    }
    rule
}

/// `N14,csum,gcppos2`, `X..20`, `[N..4]`.
fn part(word: &'static str) -> Option<Part> {
    let (bare, optional) = match word.strip_prefix('[').and_then(|word| word.strip_suffix(']')) {
        Some(inner) => (inner, true),
        None => (word, false),
    };
    let mut pieces = bare.split(',');
    let form = pieces.next()?;
    let characters = match form.chars().next()? {
        'N' => Characters::Digits,
        'X' => Characters::Set82,
        'Y' => Characters::Set39,
        'Z' => Characters::Base64Url,
        _ => return None,
    };
    let length = form.get(1..)?;
    let (least, most) = match length.strip_prefix("..") {
        Some(most) => (1, most.parse().ok()?),
        None => {
            let exact = length.parse().ok()?;
            (exact, exact)
        }
    };
    Some(Part { characters, least, most, optional, checks: pieces.collect() })
}

/// `91-99` and `01`.
fn range(identifiers: &str) -> Vec<String> {
    let Some((first, last)) = identifiers.split_once('-') else { return vec![identifiers.to_owned()] };
    let number = |text: &str| text.parse::<u32>().unwrap_or_default();
    (number(first)..=number(last)).map(|identifier| format!("{identifier:0>width$}", width = first.len())).collect()
}

/// Whether an application identifier is one of a pattern, as `35nn`.
pub(super) fn matches(pattern: &str, identifier: &str) -> bool {
    pattern.len() == identifier.len()
        && pattern.bytes().zip(identifier.bytes()).all(|(wanted, given)| wanted == b'n' || wanted == given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_is_read_whole() {
        let rules = rules();
        let entries = TEXT.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count();
        assert!(entries > 150 && rules.len() > 480, "{entries} entries, {} identifiers", rules.len());
        for (identifier, rule) in rules {
            assert!(!rule.parts.is_empty(), "{identifier}");
        }
        let gtin = &rules["01"];
        assert!(gtin.fixed && gtin.parts.len() == 1);
        assert_eq!((gtin.parts[0].least, gtin.parts[0].most), (14, 14));
        assert!(gtin.parts[0].checks.contains(&"csum"));
        let lot = &rules["10"];
        assert!(!lot.fixed && lot.parts[0].most == 20 && !lot.needs.is_empty());
        assert!(rules.contains_key("3103") && rules.contains_key("99") && !rules.contains_key("04"));
    }

    #[test]
    fn patterns_stand_for_digits() {
        assert!(matches("35nn", "3512") && matches("01", "01"));
        assert!(!matches("35nn", "351") && !matches("35nn", "3612"));
    }
}
