//! Tables of the office: columns over rows as the API gives them; filtered, sorted, paged and exported, all by the address.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::xlsx;
use crate::kernel::Timestamp;
use crate::web::page::Look;

/// Rows of one page.
const PAGE: usize = 50;
/// Most rows that a table holds at all; more are found by filtering.
pub const MOST_ROWS: i64 = 5_000;

/// How a column's value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As it is.
    Text,
    /// A whole number.
    Number,
    /// A moment.
    Moment,
    /// A weight in grams.
    Weight,
    /// The name of a code of this group.
    Name(&'static str),
    /// Yes or no.
    Flag,
    /// A list of codes of this group.
    Names(&'static str),
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The row's field; its title is the text `col.` and this.
    pub key: &'static str,
    /// How it is shown.
    pub kind: Kind,
    /// Where it leads, with `{field}`s of the row; nowhere where empty.
    pub link: &'static str,
}

/// A column that leads nowhere.
#[must_use]
pub const fn column(key: &'static str, kind: Kind) -> Column {
    Column { key, kind, link: "" }
}

/// A column that leads somewhere.
#[must_use]
pub const fn link(key: &'static str, kind: Kind, link: &'static str) -> Column {
    Column { key, kind, link }
}

/// What a table's address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Only rows that hold this text somewhere.
    pub q: String,
    /// Only in this state.
    pub state: String,
    /// Sorted by this column; from the other end where it begins with `-`.
    pub sort: String,
    /// The page, from 1.
    pub page: usize,
    /// `csv` or `xlsx` for a file.
    pub format: String,
}

/// A table that can be shown and exported.
pub struct Table {
    columns: &'static [Column],
    rows: Vec<Value>,
    capped: bool,
}

/// A cell as it is shown.
pub struct Cell {
    /// Its text.
    pub text: String,
    /// Where it leads; nowhere where empty.
    pub href: String,
    /// Whether it is set to the right.
    pub number: bool,
}

/// The head of a column.
pub struct Head {
    /// Its title.
    pub title: String,
    /// Where a click sorts by it.
    pub href: String,
    /// `ascending`, `descending`, or `none`.
    pub sorted: &'static str,
}

/// A page of a table.
pub struct Shown {
    /// The heads.
    pub heads: Vec<Head>,
    /// The cells, row by row.
    pub rows: Vec<Vec<Cell>>,
    /// How many rows there are on all pages.
    pub count: usize,
    /// The page.
    pub page: usize,
    /// How many pages there are.
    pub pages: usize,
    /// The pages before and after; nowhere where empty.
    pub before: String,
    /// The page after.
    pub after: String,
    /// Where the exports are.
    pub csv: String,
    /// As a workbook.
    pub xlsx: String,
    /// Whether there are more rows than a table holds.
    pub capped: bool,
}

impl Table {
    /// Rows as the API gives them, in the order that they came.
    ///
    /// # Errors
    /// Where a row isn't a JSON object, which is a fault of the program.
    pub fn new(columns: &'static [Column], rows: &[impl Serialize]) -> Result<Self, serde_json::Error> {
        // Lists hold so many thousand rows at most: a full one may have been cut.
        let capped = !rows.is_empty() && rows.len().is_multiple_of(1000);
        let rows = rows.iter().map(serde_json::to_value).collect::<Result<Vec<Value>, _>>()?;
        Ok(Self { columns, rows, capped })
    }

    /// Keeps what is asked for, in the order that is asked for.
    pub fn arrange(&mut self, look: &Look, asked: &Asked) {
        let wanted = asked.q.trim().to_lowercase();
        if !wanted.is_empty() {
            let columns = self.columns;
            self.rows
                .retain(|row| columns.iter().any(|column| shown(look, column, row).to_lowercase().contains(&wanted)));
        }
        let (key, down) = match asked.sort.strip_prefix('-') {
            Some(key) => (key, true),
            None => (asked.sort.as_str(), false),
        };
        if let Some(column) = self.columns.iter().find(|column| column.key == key) {
            self.rows.sort_by_cached_key(|row| order(look, column, row));
            if down {
                self.rows.reverse();
            }
        }
    }

    /// A page of it.
    #[must_use]
    pub fn page(&self, look: &Look, path: &str, asked: &Asked) -> Shown {
        let pages = self.rows.len().div_ceil(PAGE).max(1);
        let page = asked.page.clamp(1, pages);
        let to = |sort: &str, page: usize, format: &str| address(path, asked, sort, page, format);
        let heads = self.columns.iter().map(|column| {
            let (sorted, next) = match asked.sort.as_str() {
                sort if sort == column.key => ("ascending", format!("-{}", column.key)),
                sort if sort.strip_prefix('-') == Some(column.key) => ("descending", column.key.to_owned()),
                _ => ("none", column.key.to_owned()),
            };
            Head { title: look.name("col", column.key), href: to(&next, 1, ""), sorted }
        });
        let rows = self.rows.iter().skip((page - 1) * PAGE).take(PAGE);
        let rows = rows.map(|row| self.columns.iter().map(|column| cell(look, column, row)).collect());
        Shown {
            heads: heads.collect(),
            rows: rows.collect(),
            count: self.rows.len(),
            page,
            pages,
            before: if page > 1 { to(&asked.sort, page - 1, "") } else { String::new() },
            after: if page < pages { to(&asked.sort, page + 1, "") } else { String::new() },
            csv: to(&asked.sort, 1, "csv"),
            xlsx: to(&asked.sort, 1, "xlsx"),
            capped: self.capped,
        }
    }

    fn grid(&self, look: &Look) -> Vec<Vec<xlsx::Value>> {
        let heads = self.columns.iter().map(|column| xlsx::Value::Text(look.name("col", column.key))).collect();
        let rows = self.rows.iter().map(|row| {
            let value = |column: &Column| match (column.kind, row.get(column.key).and_then(Value::as_i64)) {
                (Kind::Number | Kind::Weight, Some(number)) => xlsx::Value::Number(number),
                _ => xlsx::Value::Text(shown(look, column, row)),
            };
            self.columns.iter().map(value).collect()
        });
        std::iter::once(heads).chain(rows).collect()
    }

    /// All rows as CSV, with the mark by which Excel knows UTF-8. A cell that a table program would take for a formula gets
    /// an apostrophe.
    ///
    /// # Errors
    /// Where it can't be written, which is a fault of the program.
    pub fn csv(&self, look: &Look) -> Result<Vec<u8>, csv::Error> {
        let mut out = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
        for row in self.grid(look) {
            out.write_record(row.iter().map(|value| match value {
                xlsx::Value::Number(number) => number.to_string(),
                xlsx::Value::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
                xlsx::Value::Text(text) => text.clone(),
            }))?;
        }
        out.into_inner().map_err(|error| csv::Error::from(std::io::Error::other(error.to_string())))
    }

    /// All rows as a workbook.
    #[must_use]
    pub fn xlsx(&self, look: &Look) -> Vec<u8> {
        xlsx::workbook(&self.grid(look))
    }
}

/// An address with what is asked for in it.
fn address(path: &str, asked: &Asked, sort: &str, page: usize, format: &str) -> String {
    let pairs = [("q", asked.q.as_str()), ("state", &asked.state), ("sort", sort), ("format", format)];
    let mut query: Vec<String> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", crate::web::page::escaped(value)))
        .collect();
    if page > 1 {
        query.push(format!("page={page}"));
    }
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

fn shown(look: &Look, column: &Column, row: &Value) -> String {
    let value = row.get(column.key).unwrap_or(&Value::Null);
    let text = || match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match (column.kind, value.as_i64()) {
        (Kind::Number, Some(number)) => look.number(number),
        (Kind::Weight, Some(grams)) => look.weight(grams),
        (Kind::Moment, Some(0)) => String::new(),
        (Kind::Moment, Some(at)) => look.moment(Timestamp(at)),
        (Kind::Name(_), _) if text().is_empty() => String::new(),
        (Kind::Name(group), _) => look.name(group, text()),
        (Kind::Flag, _) => look.t(if value.as_bool().unwrap_or_default() { "office.yes" } else { "office.no" }),
        (Kind::Names(group), _) => {
            let codes = value.as_array().into_iter().flatten().filter_map(Value::as_str);
            codes.map(|code| look.name(group, code)).collect::<Vec<_>>().join(", ")
        }
        _ => text(),
    }
}

/// What a column is sorted by: numbers and moments by size, texts as they are shown.
fn order(look: &Look, column: &Column, row: &Value) -> (i64, String) {
    match (column.kind, row.get(column.key).and_then(Value::as_i64)) {
        (Kind::Number | Kind::Weight | Kind::Moment, number) => (number.unwrap_or(i64::MIN), String::new()),
        _ => (0, shown(look, column, row).to_lowercase()),
    }
}

fn cell(look: &Look, column: &Column, row: &Value) -> Cell {
    let text = shown(look, column, row);
    let number = matches!(column.kind, Kind::Number | Kind::Weight);
    if column.link.is_empty() || text.is_empty() {
        return Cell { text, href: String::new(), number };
    }
    let mut href = column.link.to_owned();
    for (name, value) in row.as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        href = href.replace(&format!("{{{name}}}"), &crate::web::page::escaped(&value));
    }
    Cell { text, href, number }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::messages::Language;

    const COLUMNS: &[Column] = &[
        link("number", Kind::Text, "/orders/{id}"),
        column("quantity", Kind::Number),
        column("ship_by", Kind::Moment),
    ];

    fn rows() -> Vec<Value> {
        let row = |id: i64, number: &str, quantity: i64| json!({ "id": id, "number": number, "quantity": quantity, "ship_by": 0 });
        vec![row(1, "O-2", 1500), row(2, "=cmd()", 7), row(3, "o-1", 90)]
    }

    fn asked(text: &str) -> Asked {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn rows_are_filtered_sorted_and_linked() {
        let look = Look::plain(Language::En);
        let mut table = Table::new(COLUMNS, &rows()).unwrap();
        let wanted = asked(r#"{ "q": "o-", "sort": "-quantity" }"#);
        table.arrange(&look, &wanted);
        let page = table.page(&look, "/orders", &wanted);
        let texts: Vec<&str> = page.rows.iter().map(|row| row[0].text.as_str()).collect();
        assert_eq!((texts, page.rows[0][1].text.as_str()), (vec!["O-2", "o-1"], "1,500"));
        assert_eq!(page.rows[1][0].href, "/orders/3");
        assert_eq!((page.heads[1].sorted, page.heads[1].href.as_str()), ("descending", "/orders?q=o-&sort=quantity"));
        assert_eq!(page.xlsx, "/orders?q=o-&sort=-quantity&format=xlsx");
        assert!(page.before.is_empty() && page.after.is_empty());
    }

    #[test]
    fn pages_end_where_the_rows_end() {
        let look = Look::plain(Language::En);
        let many: Vec<Value> =
            (0..120).map(|id| json!({ "id": id, "number": format!("{id}"), "quantity": id })).collect();
        let table = Table::new(COLUMNS, &many).unwrap();
        let last = table.page(&look, "/o", &asked(r#"{ "page": 99 }"#));
        assert_eq!((last.page, last.pages, last.rows.len(), last.before.as_str()), (3, 3, 20, "/o?page=2"));
    }

    #[test]
    fn an_export_holds_all_rows_and_no_formulas() {
        let look = Look::plain(Language::ZhCn);
        let table = Table::new(COLUMNS, &rows()).unwrap();
        let csv = String::from_utf8(table.csv(&look).unwrap()).unwrap();
        assert!(csv.starts_with('\u{feff}') && csv.contains("'=cmd(),7,") && csv.lines().count() == 4, "{csv}");
    }
}
