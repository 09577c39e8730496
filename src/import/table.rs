//! A table: the header's names, and cells by name with what they may hold. Everything that is wrong is collected, so that
//! a person mends a file once and not once per mistake.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use super::csv::Cells;
use super::errors::Errors;
use crate::kernel::Timestamp;
use crate::kernel::text::folded;

/// A column that a table may have.
#[derive(Debug)]
pub(super) struct Column {
    /// Its name.
    pub(super) name: &'static str,
    /// Other names of it, as [`folded`] gives them: English and Chinese.
    pub(super) also: &'static [&'static str],
    /// Whether the table must have it.
    pub(super) required: bool,
}

/// Which cell of a row each column is.
pub(super) struct Header {
    columns: &'static [Column],
    /// The cell of each column, in the order of `columns`.
    places: Vec<Option<usize>>,
    /// What the file calls its cells.
    names: Vec<String>,
}

impl Header {
    /// Reads the header's row; what is unknown, missing or there twice is an error.
    pub(super) fn read(columns: &'static [Column], row: u64, cells: &Cells<'_>, errors: &mut Errors) -> Self {
        let names: Vec<String> = cells.iter().map(|cell| cell.trim().to_owned()).collect();
        let mut places = vec![None; columns.len()];
        for (cell, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let known = folded(name);
            let found = columns.iter().zip(&mut places).find(|(column, _)| {
                folded(column.name) == known || column.also.iter().any(|also| folded(also) == known)
            });
            match found {
                None => {
                    let allowed = columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
                    errors.add(row, name, name, "import.unknown_column", vec![("allowed", allowed)]);
                }
                Some((_, Some(_))) => errors.add(row, name, name, "import.repeated_column", vec![]),
                Some((_, place)) => *place = Some(cell),
            }
        }
        for (column, _) in columns.iter().zip(&places).filter(|(column, place)| column.required && place.is_none()) {
            errors.add(row, column.name, "", "import.missing_column", vec![]);
        }
        Self { columns, places, names }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name).and_then(|at| self.places.get(at).copied().flatten())
    }
}

/// One row, with a cell by the name of its column.
pub(super) struct Row<'r, 't> {
    pub(super) number: u64,
    pub(super) header: &'r Header,
    pub(super) cells: &'r Cells<'t>,
    pub(super) errors: &'r mut Errors,
}

impl Row<'_, '_> {
    /// Refuses cells without a name.
    pub(super) fn check_width(&mut self) {
        for (at, cell) in self.cells.iter().enumerate() {
            let named = self.header.names.get(at).is_some_and(|name| !name.is_empty());
            if !named && !cell.trim().is_empty() {
                self.errors.add(self.number, &format!("{}", at + 1), cell, "import.cell_without_column", vec![]);
                return;
            }
        }
    }

    /// What the file calls a column.
    pub(super) fn called(&self, name: &'static str) -> String {
        self.header.place(name).and_then(|at| self.header.names.get(at)).map_or_else(|| name.to_owned(), Clone::clone)
    }

    /// The trimmed cell of a column; empty where the table hasn't that column.
    pub(super) fn cell(&self, name: &str) -> Cow<'static, str> {
        let found = self.header.place(name).and_then(|at| self.cells.get(at));
        found.map_or(Cow::Borrowed(""), |cell| Cow::Owned(cell.trim().to_owned()))
    }

    /// Says that a cell can't be used.
    pub(super) fn wrong(&mut self, name: &'static str, code: &'static str, facts: Vec<(&'static str, String)>) {
        let (called, value) = (self.called(name), self.cell(name));
        self.errors.add(self.number, &called, &value, code, facts);
    }

    /// A text of at most `most` characters.
    pub(super) fn text(&mut self, name: &'static str, most: usize) -> String {
        let cell = self.cell(name);
        if cell.chars().count() > most {
            self.wrong(name, "import.too_long", vec![("most", most.to_string())]);
        }
        cell.into_owned()
    }

    /// A text that must be there.
    pub(super) fn needed(&mut self, name: &'static str, most: usize) -> String {
        let text = self.text(name, most);
        if text.is_empty() {
            self.wrong(name, "import.missing", vec![]);
        }
        text
    }

    /// A code that scanners read, as it is compared: must be there, and without what Excel does to long numbers.
    pub(super) fn code(&mut self, name: &'static str, most: usize) -> String {
        let text = self.needed(name, most);
        if shortened(&text) {
            self.wrong(name, "import.shortened", vec![]);
        }
        crate::kernel::text::scanned(&text)
    }

    /// A whole number; `default` where the cell is empty.
    pub(super) fn number(&mut self, name: &'static str, default: Option<i64>, smallest: i64, largest: i64) -> i64 {
        let cell = self.cell(name);
        if cell.is_empty()
            && let Some(default) = default
        {
            return default;
        }
        let digits = cell.strip_prefix('-').unwrap_or(&cell);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        match cell.parse::<i64>().ok().filter(|number| plain && (smallest..=largest).contains(number)) {
            Some(number) => number,
            None => {
                let facts = vec![("smallest", smallest.to_string()), ("largest", largest.to_string())];
                self.wrong(name, if cell.is_empty() { "import.missing" } else { "import.bad_number" }, facts);
                smallest
            }
        }
    }

    /// Yes or no; `None` where the cell is empty.
    pub(super) fn yes_no(&mut self, name: &'static str) -> Option<bool> {
        let cell = self.cell(name).to_lowercase();
        match cell.as_str() {
            "" => None,
            "yes" | "y" | "true" | "1" | "x" | "是" | "对" => Some(true),
            "no" | "n" | "false" | "0" | "否" | "不" => Some(false),
            _ => {
                self.wrong(name, "import.bad_yes_no", vec![]);
                None
            }
        }
    }

    /// One of the codes that `read` knows, in lower case; `None` where the cell is empty.
    pub(super) fn choice<T>(&mut self, name: &'static str, allowed: &[(&str, T)]) -> Option<T>
    where
        T: Copy,
    {
        let cell = self.cell(name).to_lowercase();
        if cell.is_empty() {
            return None;
        }
        let found = allowed.iter().find(|(code, _)| *code == cell).map(|(_, value)| *value);
        if found.is_none() {
            let codes = allowed.iter().map(|(code, _)| *code).collect::<Vec<_>>().join(", ");
            self.wrong(name, "import.bad_choice", vec![("allowed", codes)]);
        }
        found
    }

    /// A day or a moment; `None` where the cell is empty. A day is its beginning, or its end for `end_of_day`.
    pub(super) fn moment(&mut self, name: &'static str, zone: &TimeZone, end_of_day: bool) -> Option<Timestamp> {
        let cell = self.cell(name);
        if cell.is_empty() {
            return None;
        }
        let moment = moment(&cell, zone, end_of_day);
        if moment.is_none() {
            self.wrong(name, "import.bad_date", vec![]);
        }
        moment
    }

    /// An amount of money with at most `digits` decimals, in minor units; 0 where the cell is empty.
    pub(super) fn money(&mut self, name: &'static str, digits: usize) -> i64 {
        let cell = self.cell(name);
        if cell.is_empty() {
            return 0;
        }
        match minor_units(&cell, digits) {
            Some(minor) => minor,
            None => {
                self.wrong(name, "import.bad_money", vec![("digits", digits.to_string())]);
                0
            }
        }
    }
}

/// What Excel makes of a long number in a cell that is no text: `6.90123E+12`.
pub(super) fn shortened(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let Some((head, tail)) = lower.split_once("e+") else { return false };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    number(head) && number(tail)
}

fn moment(text: &str, zone: &TimeZone, end_of_day: bool) -> Option<Timestamp> {
    let text = text.replace('/', "-");
    let mut parts = text.splitn(2, [' ', 'T']);
    let day = day(parts.next()?)?;
    let zoned = match parts.next() {
        None if end_of_day => day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?,
        None => day.to_zoned(zone.clone()).ok()?,
        Some(time) => {
            if let Some(at) = Timestamp::parse_rfc3339(&text.replace(' ', "T")) {
                return Some(at);
            }
            day.to_datetime(clock_time(time)?).to_zoned(zone.clone()).ok()?
        }
    };
    Some(Timestamp(zoned.timestamp().as_millisecond()))
}

/// Year, month, day in this order, months and days with one digit or two.
fn day(text: &str) -> Option<jiff::civil::Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |text: &str, least, most| {
        ((least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(())
    };
    digits(year, 4, 4).and(digits(month, 1, 2)).and(digits(day, 1, 2))?;
    if parts.next().is_some() {
        return None;
    }
    jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// `18:30` or `18:30:05`.
fn clock_time(text: &str) -> Option<jiff::civil::Time> {
    let parts: Vec<i8> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match parts.as_slice() {
        [hour, minute] => jiff::civil::Time::new(*hour, *minute, 0, 0).ok(),
        [hour, minute, second] => jiff::civil::Time::new(*hour, *minute, *second, 0).ok(),
        _ => None,
    }
}

fn minor_units(text: &str, digits: usize) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty()
        || whole.len() > 12
        || !plain(whole)
        || !plain(part)
        || part.len() > digits
        || text.ends_with('.')
    {
        return None;
    }
    format!("{whole}{part:0<digits$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_are_the_warehouses_own() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let read = |text: &str, end| moment(text, &zone, end).map(Timestamp::rfc3339);
        let table = [
            ("2026-11-21", false, "2026-11-20T16:00:00.000Z"),
            ("2026-11-21", true, "2026-11-21T16:00:00.000Z"),
            ("2026/1/5", false, "2026-01-04T16:00:00.000Z"),
            ("2026-11-21 18:30", true, "2026-11-21T10:30:00.000Z"),
            ("2026-11-21T18:30:05", false, "2026-11-21T10:30:05.000Z"),
            ("2026-11-21T18:30:05+02:00", false, "2026-11-21T16:30:05.000Z"),
            ("2026-11-21 18:30:05Z", false, "2026-11-21T18:30:05.000Z"),
        ];
        for (text, end, at) in table {
            assert_eq!(read(text, end).as_deref(), Some(at), "{text}");
        }
        for text in [
            "21.11.2026",
            "11/21/2026",
            "21/11/2026",
            "2026-13-01",
            "2026-02-30",
            "26-1-1",
            "46000",
            "2026-11-21 25:00",
            "2026-1-1-1",
        ] {
            assert_eq!(read(text, false), None, "{text}");
        }
    }

    #[test]
    fn money_keeps_every_cent() {
        for (text, digits, minor) in [("12.5", 2, 1250), ("12", 2, 1200), ("0.05", 2, 5), ("980", 0, 980)] {
            assert_eq!(minor_units(text, digits), Some(minor), "{text}");
        }
        for (text, digits) in [
            ("1,200", 2),
            ("12.345", 2),
            ("9.5", 0),
            ("-1", 2),
            ("", 2),
            (".5", 2),
            ("5.", 2),
            ("￥5", 2),
            ("1 200", 2),
        ] {
            assert_eq!(minor_units(text, digits), None, "{text}");
        }
    }

    #[test]
    fn a_number_that_excel_shortened_is_known() {
        assert!(shortened("6.90123E+12") && shortened("7e+11"));
        assert!(!shortened("A-E+1") && !shortened("6901234567892") && !shortened("E+1"));
    }
}
