//! A label's fields as a layout sees them: by name, as text, as a list of texts, or as rows.

use crate::error::Field;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The fields of one label, or of one row of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fields(Value);

impl Fields {
    pub(crate) fn new(value: Value) -> Self {
        Fields(value)
    }

    fn get(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(&self.0, |value, name| value.get(name))
    }

    /// A field as text: a list is one line each, what is absent is empty.
    pub(crate) fn text(&self, path: &str) -> String {
        self.get(path).map(text_of).unwrap_or_default()
    }

    /// The texts of a list, the empty ones left out.
    pub(crate) fn texts(&self, path: &str) -> Vec<String> {
        let Some(Value::Array(list)) = self.get(path) else { return Vec::new() };
        list.iter().map(text_of).filter(|text| !text.trim().is_empty()).collect()
    }

    /// The rows of a list.
    pub(crate) fn rows(&self, path: &str) -> Vec<Fields> {
        let Some(Value::Array(list)) = self.get(path) else { return Vec::new() };
        list.iter().cloned().map(Fields).collect()
    }

    /// Whether a field says something: a text that is not empty, a list that is not, a number but 0, or `true`.
    pub(crate) fn says(&self, path: &str) -> bool {
        match self.get(path) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::String(text)) => !text.trim().is_empty(),
            Some(Value::Array(list)) => !list.is_empty(),
            Some(Value::Number(number)) => number.as_i64() != Some(0),
            Some(Value::Bool(true) | Value::Object(_)) => true,
        }
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(list) => {
            let lines: Vec<String> = list.iter().map(text_of).filter(|line| !line.trim().is_empty()).collect();
            lines.join("\n")
        }
        Value::Null | Value::Bool(_) | Value::Object(_) => String::new(),
    }
}

/// What a field can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Text, a number, or lines of text.
    Text,
    /// Rows of a table.
    Rows,
    /// Yes or no.
    Flag,
}

/// The names of a kind's fields, read from a sample in which none is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names(BTreeMap<Field, Shape>);

impl Names {
    pub(crate) fn of(sample: &Fields) -> Self {
        let mut names = BTreeMap::new();
        walk("", &sample.0, &mut names);
        Names(names)
    }

    fn find(&self, name: &str, wanted: &[Shape]) -> Option<Field> {
        let (name, shape) = self.0.get_key_value(name)?;
        wanted.contains(shape).then_some(*name)
    }

    /// A field that can stand in a text.
    pub(crate) fn text(&self, name: &str) -> Option<Field> {
        // A field of a row has a name of its own in here, but no text of its own.
        let in_rows = name.rsplit_once('.').is_some_and(|(list, _)| self.rows(list).is_some());
        self.find(name, &[Shape::Text]).filter(|_| !in_rows)
    }

    /// A list of rows.
    pub(crate) fn rows(&self, name: &str) -> Option<Field> {
        self.find(name, &[Shape::Rows])
    }

    /// A field that can be asked whether it says something.
    pub(crate) fn any(&self, name: &str) -> Option<Field> {
        self.find(name, &[Shape::Text, Shape::Rows, Shape::Flag])
    }

    /// A field of a row, under its whole name.
    pub(crate) fn row_field(&self, list: Field, path: &str) -> Option<Field> {
        self.find(&format!("{list}.{path}"), &[Shape::Text, Shape::Flag])
    }

    /// The names of all fields that can stand in a text.
    pub(crate) fn texts(&self) -> Vec<Field> {
        self.0.keys().copied().filter(|name| self.text(name).is_some()).collect()
    }

    /// The names of all lists of rows.
    pub(crate) fn lists(&self) -> Vec<Field> {
        self.0.iter().filter(|(_, shape)| **shape == Shape::Rows).map(|(name, _)| *name).collect()
    }

    /// The names in a row of a list.
    pub(crate) fn of_rows(&self, list: Field) -> Vec<&'static str> {
        let names = self.0.keys().filter_map(|name| name.strip_prefix(list)?.strip_prefix('.'));
        names.collect()
    }
}

fn walk(prefix: &str, value: &Value, names: &mut BTreeMap<Field, Shape>) {
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Object(_) => {
                walk(&path, value, names);
            }
            Value::Array(list) if list.iter().any(Value::is_object) => {
                names.insert(kept(&path), Shape::Rows);
                if let Some(first) = list.first() {
                    walk(&path, first, names);
                }
            }
            Value::Bool(_) => {
                names.insert(kept(&path), Shape::Flag);
            }
            _ => {
                names.insert(kept(&path), Shape::Text);
            }
        }
    }
}

/// A name that lives as long as the program. Names come from the samples of the kinds: there are a few hundred, each
/// kept once.
fn kept(name: &str) -> Field {
    static KEPT: Mutex<BTreeMap<String, Field>> = Mutex::new(BTreeMap::new());
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = all.get(name) {
        return name;
    }
    let field: Field = Box::leak(name.to_owned().into_boxed_str());
    all.insert(name.to_owned(), field);
    field
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields() -> Fields {
        Fields::new(json!({
            "a": {"b": "c"}, "list": ["x", " ", 3], "rows": [{"n": 1, "yes": true}], "zero": 0, "no": false, "gone": null,
        }))
    }

    #[test]
    fn fields_are_found_by_their_path() {
        let fields = fields();
        assert_eq!(fields.text("a.b"), "c");
        assert_eq!(fields.text("list"), "x\n3");
        assert_eq!(fields.texts("list"), ["x", "3"]);
        assert_eq!(fields.rows("rows")[0].text("n"), "1");
        assert_eq!([fields.text("a"), fields.text("a.b.c"), fields.text("nothing")], ["", "", ""]);
        let says = ["a.b", "list", "rows", "zero", "no", "gone", "nothing"].map(|name| fields.says(name));
        assert_eq!(says, [true, true, true, false, false, false, false]);
    }

    #[test]
    fn names_tell_what_can_stand_where() {
        let names = Names::of(&fields());
        assert_eq!(names.texts(), ["a.b", "gone", "list", "zero"]);
        assert_eq!(names.lists(), ["rows"]);
        assert_eq!(names.of_rows("rows"), ["n", "yes"]);
        assert_eq!(names.row_field("rows", "n"), Some("rows.n"));
        assert_eq!([names.text("no"), names.any("no")], [None, Some("no")]);
    }
}
