//! Texts of a layout: words, and names of fields in braces.
//!
//! `{receiver.name}` is a field, `{.sku}` a field of the row at hand, `{@order}` a caption in the label's language,
//! `{page}` and `{pages}` count pages, `{row}` rows; `{{` and `}}` are braces.

use super::fault::LayoutReason;
use super::fields::{Fields, Names};
use crate::error::Field;
use crate::sentence::Quoted;
use crate::words::{Language, word};

/// What braces can hold beside names of fields.
const COUNTS: [(&str, Count); 3] = [("page", Count::Page), ("pages", Count::Pages), ("row", Count::Row)];

/// A number that the layout knows by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    Page,
    Pages,
    Row,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Words(String),
    Caption(String),
    Field(Field),
    /// The path in the row, and the name for messages.
    RowField(String, Field),
    Count(Count),
}

/// A text with places for fields, read and checked once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

impl Template {
    /// Reads a text. `rows` is the list whose rows `{.name}` speaks of.
    ///
    /// # Errors
    /// A sentence that names what is unknown and lists what there is.
    pub(crate) fn parse(text: &str, names: &Names, rows: Option<Field>) -> Result<Self, LayoutReason> {
        let mut parts = Vec::new();
        let mut words = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            words.push_str(before);
            if let Some(after) = from.strip_prefix("{{") {
                words.push('{');
                rest = after;
            } else if let Some(after) = from.strip_prefix("}}") {
                words.push('}');
                rest = after;
            } else if let Some((name, after)) = from.strip_prefix('{').and_then(|from| from.split_once('}')) {
                if !words.is_empty() {
                    parts.push(Part::Words(std::mem::take(&mut words)));
                }
                parts.push(part(name.trim(), names, rows)?);
                rest = after;
            } else {
                return Err(LayoutReason::Brace { text: Quoted(text.to_owned()) });
            }
        }
        words.push_str(rest);
        if !words.is_empty() {
            parts.push(Part::Words(words));
        }
        Ok(Template { parts })
    }

    /// The field that a message about this text names: the first one in it.
    pub(crate) fn field(&self) -> Field {
        let named = |part: &Part| match part {
            Part::Field(name) | Part::RowField(_, name) => Some(*name),
            _ => None,
        };
        self.parts.iter().find_map(named).unwrap_or("text")
    }

    /// The text with its fields filled in; an absent field is empty.
    pub(crate) fn fill(&self, scope: &Scope<'_>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Words(words) => text.push_str(words),
                Part::Caption(key) => text.push_str(word(scope.language, key).unwrap_or_default()),
                Part::Field(name) => text.push_str(&scope.fields.text(name)),
                Part::RowField(path, _) => text.push_str(&scope.row.map(|row| row.text(path)).unwrap_or_default()),
                Part::Count(count) => text.push_str(&scope.count(*count).to_string()),
            }
        }
        text
    }
}

fn part(name: &str, names: &Names, rows: Option<Field>) -> Result<Part, LayoutReason> {
    let quoted = |name: &str| Quoted(name.to_owned());
    if let Some(key) = name.strip_prefix('@') {
        return match word(Language::En, key) {
            Some(_) => Ok(Part::Caption(key.to_owned())),
            None => Err(LayoutReason::UnknownCaption {
                name: quoted(key),
                known: crate::words::keys().into_iter().collect(),
            }),
        };
    }
    if let Some(path) = name.strip_prefix('.') {
        let Some(list) = rows else { return Err(LayoutReason::OutsideTable { name: path.to_owned() }) };
        let found = names.row_field(list, path);
        return match found {
            Some(name) => Ok(Part::RowField(path.to_owned(), name)),
            None => {
                let known = names.of_rows(list).into_iter().collect();
                Err(LayoutReason::UnknownRowField { list, name: quoted(path), known })
            }
        };
    }
    if let Some((_, count)) = COUNTS.into_iter().find(|(known, _)| *known == name) {
        return Ok(Part::Count(count));
    }
    match names.text(name) {
        Some(name) => Ok(Part::Field(name)),
        None => Err(LayoutReason::UnknownField { name: quoted(name), known: names.texts().into_iter().collect() }),
    }
}

/// What a text is filled from.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) language: Language,
    pub(crate) fields: &'a Fields,
    pub(crate) row: Option<&'a Fields>,
    /// From 1.
    pub(crate) page: usize,
    pub(crate) pages: usize,
    /// From 1.
    pub(crate) row_number: usize,
}

impl Scope<'_> {
    fn count(&self, count: Count) -> usize {
        match count {
            Count::Page => self.page,
            Count::Pages => self.pages,
            Count::Row => self.row_number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields() -> Fields {
        Fields::new(json!({
            "name": "李四", "address": ["一", "二"], "count": 3, "empty": "", "lines": [{"sku": "B-1", "quantity": 2}],
        }))
    }

    fn filled(text: &str) -> Result<String, LayoutReason> {
        let fields = fields();
        let names = Names::of(&fields);
        let rows = fields.rows("lines");
        let scope =
            Scope { language: Language::En, fields: &fields, row: rows.first(), page: 2, pages: 7, row_number: 5 };
        Ok(Template::parse(text, &names, Some("lines"))?.fill(&scope))
    }

    #[test]
    fn braces_are_filled_from_fields_rows_captions_and_counts() {
        let cases = [
            ("{@order}: {name}", "Order: 李四"),
            ("{ address }", "一\n二"),
            ("{.quantity} x {.sku}", "2 x B-1"),
            ("{row} {page}/{pages} {count}", "5 2/7 3"),
            ("a {{b}} {empty}c", "a {b} c"),
            ("", ""),
        ];
        for (text, wanted) in cases {
            assert_eq!(filled(text).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_unknown_is_named_with_what_there_is() {
        for (text, said) in [
            ("{nmae}", "there is no field \"nmae\"; there are address, count, empty, name"),
            ("{.size}", "a row of lines has no field \"size\"; it has quantity, sku"),
            ("{@odrer}", "there is no caption \"odrer\""),
            ("{lines}", "there is no field \"lines\""),
            ("{name", "a brace stands alone"),
            ("name}", "a brace stands alone"),
        ] {
            let error = filled(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
        let names = Names::of(&fields());
        assert!(Template::parse("{.sku}", &names, None).unwrap_err().to_string().contains("outside"));
    }

    #[test]
    fn a_message_names_the_first_field() {
        let names = Names::of(&fields());
        let of = |text| Template::parse(text, &names, Some("lines")).unwrap().field();
        assert_eq!([of("{@order} {count} {name}"), of("{.sku}"), of("words")], ["count", "lines.sku", "text"]);
    }
}
