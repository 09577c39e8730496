//! GS1 element strings: read, checked against GS1's syntax dictionary, and written; and the check digits of trade.

mod checks;
mod dictionary;
mod numbers;

pub use numbers::{check_digit, has_check_digit, isbn_hyphenated, isbn10_to_13};

use crate::sentence::sentences;
use checks::check;
pub(crate) use checks::is_day;
use dictionary::{Characters, Part, Rule, matches, rules};

/// Ends a value of variable length in an element string.
pub const SEPARATOR: char = '\u{1d}';
/// More elements than a symbol can hold.
const MOST_ELEMENTS: usize = 64;

/// One element: an application identifier and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// 2 to 4 digits.
    pub identifier: String,
    /// Without a separator.
    pub value: String,
}

/// Elements that were checked, each by itself and all together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementString {
    elements: Vec<Element>,
}

sentences! {
    /// Why a text is no element string.
    pub enum Gs1Error {
        /// There is nothing in it.
        Empty {} = "gs1.empty" "it is empty",
        /// It has more elements than a symbol holds.
        TooMany { most: usize } = "gs1.too_many" "it has more than {most} elements",
        /// A bracket is missing, or stands where none may.
        Brackets {} = "gs1.brackets" "an application identifier stands in round brackets, as (01)",
        /// The application identifier is not in the dictionary.
        UnknownIdentifier { identifier: String } = "gs1.unknown_identifier"
            "there is no application identifier ({identifier})",
        /// The value is too short or too long.
        Length { identifier: String } = "gs1.length" "the value of ({identifier}) has the wrong length",
        /// The value holds a character that it must not.
        Character { identifier: String, character: char } = "gs1.character"
            "the value of ({identifier}) holds {character:?}",
        /// A check of the dictionary fails: `csum` is a check digit, `yymmdd` a date.
        Check { identifier: String, check: &'static str } = "gs1.check"
            "the value of ({identifier}) fails the check {check}",
        /// The same application identifier twice with two values.
        Twice { identifier: String } = "gs1.twice" "({identifier}) stands there twice with two values",
        /// An application identifier means nothing by itself; `+` in what it needs is for together.
        Alone { identifier: String, needs: String } = "gs1.alone" "({identifier}) needs one of {needs}",
        /// Two application identifiers exclude each other.
        Excluded { identifier: String, other: String } = "gs1.excluded"
            "({identifier}) and ({other}) exclude each other",
    }
}

impl ElementString {
    /// Reads `(01)09501101530003(17)261231(10)ABC`.
    ///
    /// # Errors
    /// The first thing that is wrong, by its application identifier.
    pub fn parse_bracketed(text: &str) -> Result<Self, Gs1Error> {
        let elements = Self::parse_part(text)?;
        elements.complete()?;
        Ok(elements)
    }

    /// Reads the same where other symbols of the label may hold what these elements need beside them.
    ///
    /// # Errors
    /// The first thing that is wrong with an element by itself.
    pub fn parse_part(text: &str) -> Result<Self, Gs1Error> {
        let mut elements = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let inner = rest.strip_prefix('(').ok_or(Gs1Error::Brackets {})?;
            let (identifier, after) = inner.split_once(')').ok_or(Gs1Error::Brackets {})?;
            if !(2..=4).contains(&identifier.len()) || !identifier.bytes().all(|b| b.is_ascii_digit()) {
                return Err(Gs1Error::Brackets {});
            }
            // A bracket may stand in a value; one that begins an identifier of the dictionary ends it.
            let end = after.match_indices('(').map(|(at, _)| at).find(|at| begins_element(after, *at));
            let (value, next) = after.split_at(end.unwrap_or(after.len()));
            elements.push(Element { identifier: identifier.to_owned(), value: value.to_owned() });
            rest = next;
        }
        Self::checked(elements)
    }

    /// Reads what a scanner gives: elements one after the other, with separators after those of variable length. A
    /// symbology identifier (`]C1`, `]d2`, `]Q3`, `]e0`) or a separator may stand before.
    ///
    /// # Errors
    /// The first thing that is wrong, by its application identifier.
    pub fn parse_raw(text: &str) -> Result<Self, Gs1Error> {
        let bare =
            ["]C1", "]d2", "]Q3", "]e0"].into_iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
        let mut rest = bare.strip_prefix(SEPARATOR).unwrap_or(bare);
        let mut elements = Vec::new();
        while !rest.is_empty() {
            let found = (2..=4).find_map(|length| Some((rest.get(..length)?, rules().get(rest.get(..length)?)?)));
            let Some((identifier, rule)) = found else {
                let identifier = rest.chars().take(4).collect();
                return Err(Gs1Error::UnknownIdentifier { identifier });
            };
            let after = rest.get(identifier.len()..).unwrap_or_default();
            let ends = after.find(SEPARATOR).unwrap_or(after.len());
            let end = if rule.fixed { fixed_length(rule) } else { ends };
            let (Some(value), true) = (after.get(..end), end <= ends) else {
                return Err(Gs1Error::Length { identifier: identifier.to_owned() });
            };
            elements.push(Element { identifier: identifier.to_owned(), value: value.to_owned() });
            let next = after.get(end..).unwrap_or_default();
            rest = next.strip_prefix(SEPARATOR).unwrap_or(next);
        }
        let elements = Self::checked(elements)?;
        elements.complete()?;
        Ok(elements)
    }

    fn checked(elements: Vec<Element>) -> Result<Self, Gs1Error> {
        if elements.is_empty() {
            return Err(Gs1Error::Empty {});
        }
        if elements.len() > MOST_ELEMENTS {
            return Err(Gs1Error::TooMany { most: MOST_ELEMENTS });
        }
        for element in &elements {
            let Some(rule) = rules().get(&element.identifier) else {
                return Err(Gs1Error::UnknownIdentifier { identifier: element.identifier.clone() });
            };
            value_fits(element, rule)?;
        }
        Ok(ElementString { elements })
    }

    /// Whether the elements make sense together: nothing twice, nothing missing, nothing excluded.
    fn complete(&self) -> Result<(), Gs1Error> {
        let elements = &self.elements;
        for (place, element) in elements.iter().enumerate() {
            let others = elements.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, other)| other);
            together(element, &others.collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// The elements in their order.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// The value of an application identifier.
    pub fn value(&self, identifier: &str) -> Option<&str> {
        self.elements.iter().find(|element| element.identifier == identifier).map(|element| element.value.as_str())
    }

    /// As a symbol holds it, without the FNC1 it begins with: a separator after each value of variable length but the
    /// last.
    pub fn to_raw(&self) -> String {
        let mut raw = String::new();
        let mut open = false;
        for element in &self.elements {
            if open {
                raw.push(SEPARATOR);
            }
            raw.push_str(&element.identifier);
            raw.push_str(&element.value);
            open = !rules().get(&element.identifier).is_some_and(|rule| rule.fixed);
        }
        raw
    }

    /// For people: identifiers in round brackets.
    pub fn bracketed(&self) -> String {
        self.elements.iter().map(|element| format!("({}){}", element.identifier, element.value)).collect()
    }
}

fn begins_element(text: &str, at: usize) -> bool {
    let inner = text.get(at + 1..).unwrap_or_default();
    inner.split_once(')').is_some_and(|(identifier, _)| rules().contains_key(identifier))
}

fn fixed_length(rule: &Rule) -> usize {
    rule.parts.iter().map(|part| part.most).sum()
}

fn value_fits(element: &Element, rule: &Rule) -> Result<(), Gs1Error> {
    let identifier = || element.identifier.clone();
    let mut rest = element.value.as_str();
    if !rest.is_ascii() {
        let character = rest.chars().find(|c| !c.is_ascii()).unwrap_or_default();
        return Err(Gs1Error::Character { identifier: identifier(), character });
    }
    for part in &rule.parts {
        if rest.is_empty() && part.optional {
            break;
        }
        let (value, after) = rest.split_at(part.most.min(rest.len()));
        if value.len() < part.least {
            return Err(Gs1Error::Length { identifier: identifier() });
        }
        if let Some(character) = value.chars().find(|c| !allowed(part, *c)) {
            return Err(Gs1Error::Character { identifier: identifier(), character });
        }
        if let Some(name) = part.checks.iter().find(|name| !check(name, value)) {
            return Err(Gs1Error::Check { identifier: identifier(), check: name });
        }
        rest = after;
    }
    if rest.is_empty() { Ok(()) } else { Err(Gs1Error::Length { identifier: identifier() }) }
}

fn allowed(part: &Part, c: char) -> bool {
    match part.characters {
        Characters::Digits => c.is_ascii_digit(),
        Characters::Set82 => c.is_ascii_alphanumeric() || "!\"%&'()*+,-./:;<=>?_".contains(c),
        Characters::Set39 => c.is_ascii_uppercase() || c.is_ascii_digit() || "#-/".contains(c),
        Characters::Base64Url => c.is_ascii_alphanumeric() || "-_=".contains(c),
    }
}

fn together(element: &Element, others: &[&Element]) -> Result<(), Gs1Error> {
    let Some(rule) = rules().get(&element.identifier) else { return Ok(()) };
    let identifier = element.identifier.clone();
    if others.iter().any(|other| other.identifier == identifier && other.value != element.value) {
        return Err(Gs1Error::Twice { identifier });
    }
    let there = |pattern: &str| {
        others.iter().find(|other| other.identifier != element.identifier && matches(pattern, &other.identifier))
    };
    for groups in &rule.needs {
        if !groups.iter().any(|group| group.iter().all(|pattern| there(pattern).is_some())) {
            let needs: Vec<String> = groups.iter().map(|group| group.join("+")).collect();
            return Err(Gs1Error::Alone { identifier, needs: needs.join(", ") });
        }
    }
    if let Some(other) = rule.not_with.iter().find_map(|pattern| there(pattern)) {
        return Err(Gs1Error::Excluded { identifier, other: other.identifier.clone() });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
