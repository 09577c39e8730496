//! Barcodes as widths in modules; the layout decides how many dots a module has.

pub mod code128;
mod ean13;

pub use ean13::ean13;

use crate::error::Symbology;

/// A linear symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinearSymbol {
    /// What it is.
    pub symbology: Symbology,
    /// What a scanner will read. The line for people is made from this and from nothing else.
    pub data: String,
    /// Widths in modules, bar and space in turn, beginning and ending with a bar.
    pub widths: Vec<u8>,
    /// White needed before it, in modules.
    pub quiet_left: u32,
    /// White needed after it, in modules.
    pub quiet_right: u32,
}

/// A two-dimensional symbol: rows of square modules, or of low bars (PDF417).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixSymbol {
    /// What it is.
    pub symbology: Symbology,
    /// What a scanner will read. A GS1 separator is 0x1D here.
    pub data: String,
    /// Modules across, the quiet zone left out.
    pub columns: u32,
    /// Rows down, the quiet zone left out.
    pub rows: u32,
    /// Height of a row in modules: 1, and 3 for PDF417.
    pub row_modules: u32,
    /// White needed on every side, in modules.
    pub quiet: u32,
    /// `rows` times `columns` of them, row by row from the top left; black is `true`.
    pub modules: Vec<bool>,
}

impl MatrixSymbol {
    /// Width in modules with both quiet zones.
    pub fn width_modules(&self) -> u32 {
        self.columns + 2 * self.quiet
    }

    /// Height in modules with both quiet zones.
    pub fn height_modules(&self) -> u32 {
        self.rows * self.row_modules + 2 * self.quiet
    }
}

impl LinearSymbol {
    /// Width in modules with both quiet zones.
    pub fn modules(&self) -> u32 {
        self.widths.iter().map(|width| u32::from(*width)).sum::<u32>() + self.quiet_left + self.quiet_right
    }

    /// The data in groups that can be read out.
    pub fn for_people(&self) -> String {
        grouped(&self.data)
    }
}

/// A number in groups that can be read out: letters apart from digits, long runs of digits in fours.
pub(crate) fn grouped(data: &str) -> String {
    let mut grouped = String::with_capacity(data.len() * 2);
    let mut rest = data;
    while let Some(first) = rest.chars().next() {
        let same = |c: char| c.is_ascii_digit() == first.is_ascii_digit();
        let end = rest.find(|c: char| !same(c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if !grouped.is_empty() && run.len() > 4 {
            grouped.push(' ');
        }
        let after_long = first.is_ascii_digit() && run.len() > 4 && after.starts_with(|c: char| c.is_alphabetic());
        push_fours(&mut grouped, run, first.is_ascii_digit());
        if after_long {
            grouped.push(' ');
        }
        rest = after;
    }
    grouped
}

/// Digits in fours; a last one left alone joins the group before it.
fn push_fours(grouped: &mut String, run: &str, digits: bool) {
    for (place, c) in run.chars().enumerate() {
        let left = run.len().saturating_sub(place);
        if digits && place > 0 && place % 4 == 0 && left > 1 {
            grouped.push(' ');
        }
        grouped.push(c);
    }
}

/// A symbol of either sort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Symbol {
    /// Bars.
    Linear(LinearSymbol),
    /// A matrix.
    Matrix(MatrixSymbol),
}

impl Symbol {
    /// The data in groups.
    pub fn for_people(&self) -> String {
        match self {
            Symbol::Linear(s) => s.for_people(),
            Symbol::Matrix(m) => m.data.clone(),
        }
    }
}

/// Encodes.
pub fn encode(symbology: Symbology, field: crate::Field, data: &str) -> Result<Symbol, crate::LabelError> {
    match symbology {
        Symbology::Ean13 if data.len() == 13 => ean13(field, data).map(Symbol::Linear),
        _ => code128::code128(field, data).map(Symbol::Linear),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_grouped_for_people() {
        let cases = [
            ("SF1234567890123", "SF 1234 5678 90123"),
            ("123456789012", "1234 5678 9012"),
            ("12345678901234", "1234 5678 9012 34"),
            ("EA123456789CN", "EA 1234 56789 CN"),
            ("JDVA12345678901-1-1-", "JDVA 1234 5678 901-1-1-"),
            ("T000123", "T 0001 23"),
            ("A-12-3-4", "A-12-3-4"),
            ("12345", "12345"),
        ];
        for (data, wanted) in cases {
            let symbol = code128::code128("waybill_number", data).unwrap();
            assert_eq!(symbol.for_people(), wanted);
            assert_eq!(symbol.for_people().replace(' ', ""), data, "nothing but spaces is added");
        }
    }
}
