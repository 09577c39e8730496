//! Rows of a CSV text as table programs write it: quoted cells, doubled quotes, lines inside cells. Strict where other
//! readers guess, and it counts rows as the table program shows them, so that an error names the row a person sees.

use std::borrow::Cow;

/// The cells of one row.
pub(super) type Cells<'t> = Vec<Cow<'t, str>>;

/// Where the text breaks the rules of quotes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadQuote {
    pub(super) row: u64,
}

/// Reads rows; each with its number, from 1 on, blank ones left out.
pub(super) struct Rows<'t> {
    text: &'t str,
    separator: char,
    at: usize,
    row: u64,
}

impl<'t> Rows<'t> {
    pub(super) const fn new(text: &'t str, separator: char) -> Self {
        Self { text, separator, at: 0, row: 0 }
    }

    /// How many bytes are behind.
    pub(super) const fn position(&self) -> usize {
        self.at
    }

    /// The next row that isn't blank.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Cells<'t>)>, BadQuote> {
        while self.at < self.text.len() {
            self.row += 1;
            let cells = self.row_cells()?;
            if cells.iter().any(|cell| !cell.trim().is_empty()) {
                return Ok(Some((self.row, cells)));
            }
        }
        Ok(None)
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn row_cells(&mut self) -> Result<Cells<'t>, BadQuote> {
        let mut cells = Vec::new();
        loop {
            let cell = if self.rest().starts_with('"') { self.quoted()? } else { self.plain()? };
            cells.push(cell);
            let rest = self.rest();
            if rest.starts_with(self.separator) {
                self.at += self.separator.len_utf8();
            } else {
                let ends = ["\r\n", "\n", "\r"].into_iter().find(|end| rest.starts_with(end));
                self.at += ends.map_or(0, str::len);
                return Ok(cells);
            }
        }
    }

    fn plain(&mut self) -> Result<Cow<'t, str>, BadQuote> {
        let rest = self.rest();
        let end = rest.find([self.separator, '\n', '\r']).unwrap_or(rest.len());
        let cell = rest.get(..end).unwrap_or_default();
        self.at += end;
        Ok(Cow::Borrowed(cell))
    }

    fn quoted(&mut self) -> Result<Cow<'t, str>, BadQuote> {
        let bad = BadQuote { row: self.row };
        let mut cell = Cow::Borrowed("");
        loop {
            // Behind the opening quote, or behind the first of a doubled one.
            self.at += 1;
            let rest = self.rest();
            let Some(end) = rest.find('"') else { return Err(bad) };
            let piece = rest.get(..end).unwrap_or_default();
            cell = if cell.is_empty() { Cow::Borrowed(piece) } else { Cow::Owned(format!("{cell}{piece}")) };
            self.at += end + 1;
            let rest = self.rest();
            if rest.starts_with('"') {
                cell = Cow::Owned(format!("{cell}\""));
                continue;
            }
            let ended = rest.is_empty() || rest.starts_with([self.separator, '\n', '\r']);
            return if ended { Ok(cell) } else { Err(bad) };
        }
    }
}

/// The separator of a text, and where its table begins (behind Excel's `sep=;`). The separator is the one that the first
/// row has most of, outside of quotes.
pub(super) fn separator(text: &str) -> (char, usize) {
    if let Some(rest) = text.strip_prefix("sep=")
        && let Some(separator) = rest.chars().next().filter(|first| [',', ';', '\t'].contains(first))
    {
        let line = text.find('\n').map_or(text.len(), |at| at + 1);
        return (separator, line);
    }
    let mut counts = [(',', 0_u32), (';', 0), ('\t', 0)];
    let mut inside = false;
    for character in text.chars() {
        match character {
            '"' => inside = !inside,
            '\n' if !inside => break,
            _ if inside => {}
            other => counts.iter_mut().filter(|(separator, _)| *separator == other).for_each(|(_, count)| *count += 1),
        }
    }
    let most = counts.iter().fold((',', 0), |best, next| if next.1 > best.1 { *next } else { best });
    (most.0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, separator: char) -> Result<Vec<(u64, Vec<String>)>, BadQuote> {
        let mut rows = Rows::new(text, separator);
        let mut out = Vec::new();
        while let Some((row, cells)) = rows.next()? {
            out.push((row, cells.into_iter().map(Cow::into_owned).collect()));
        }
        Ok(out)
    }

    fn row(number: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (number, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn cells_are_read_as_table_programs_write_them() {
        let table = [
            ("a,b\r\nc,d", vec![row(1, &["a", "b"]), row(2, &["c", "d"])]),
            ("\"a,\"\"b\"\"\",\"\"\n", vec![row(1, &["a,\"b\"", ""])]),
            ("\"one\ntwo\",x\ny,z\n", vec![row(1, &["one\ntwo", "x"]), row(2, &["y", "z"])]),
            ("a\n\n , \nb", vec![row(1, &["a"]), row(4, &["b"])]),
            ("a,\n,b\n", vec![row(1, &["a", ""]), row(2, &["", "b"])]),
            ("a\rb\r", vec![row(1, &["a"]), row(2, &["b"])]),
            ("5\" pipe,x", vec![row(1, &["5\" pipe", "x"])]),
            ("", vec![]),
        ];
        for (text, expected) in table {
            assert_eq!(all(text, ','), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn a_quote_that_does_not_fit_is_named() {
        for (text, row) in [("a\n\"b,c\nd\n", 2), ("\"a\"b,c", 1), ("\"", 1), ("a,\"\"\"", 1)] {
            assert_eq!(all(text, ','), Err(BadQuote { row }), "{text:?}");
        }
    }

    #[test]
    fn the_separator_is_found_in_the_first_row() {
        let table = [
            ("a,b,c\n1;2;3;4;5", (',', 0)),
            ("a;b;\"x,y,z,w\"\n", (';', 0)),
            ("a\tb", ('\t', 0)),
            ("code\nA", (',', 0)),
            ("sep=;\r\na;b", (';', 7)),
            ("sep=;", (';', 5)),
        ];
        for (text, expected) in table {
            assert_eq!(separator(text), expected, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_quoted_reads_back(cells in proptest::collection::vec("[a-c,;\"\n\r\t ]{0,6}", 1..5)) {
            let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            let read = all(&format!("x,{}\n", quoted.join(",")), ',').unwrap();
            let expected: Vec<String> = std::iter::once("x".to_owned()).chain(cells).collect();
            proptest::prop_assert_eq!(read, vec![(1, expected)]);
        }

        #[test]
        fn no_text_makes_it_panic_or_go_on_forever(text in ".{0,200}") {
            let _ = all(&text, separator(&text).0);
        }
    }
}
