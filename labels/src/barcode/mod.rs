//! Barcodes as widths in modules; the layout decides how many dots a module has.

mod codabar;
pub(crate) mod code128;
mod code39;
mod code93;
mod ean;
mod itf14;
mod matrix;

pub use codabar::codabar;
pub use code39::code39;
pub use code93::code93;
pub use code128::{code128, gs1_128};
pub use ean::{ean8, ean13, upc_a};
pub use itf14::itf14;
pub use matrix::{data_matrix, gs1_data_matrix, pdf417, qr};

use crate::error::{Field, LabelError, Symbology};
use crate::gs1::Gs1Error;

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
        match self.symbology {
            Symbology::Ean13 | Symbology::UpcA => trade_item(&self.data),
            Symbology::Ean8 => {
                format!("{} {}", self.data.get(..4).unwrap_or_default(), self.data.get(4..).unwrap_or_default())
            }
            // Brackets mark the parts already; what begins with a sign is a command, and words stay whole.
            Symbology::Gs1_128 | Symbology::Code39 | Symbology::Code93 | Symbology::Codabar => self.data.clone(),
            _ => grouped(&self.data),
        }
    }
}

/// `6 901234 567892`, as printed on goods, and an add-on apart.
fn trade_item(data: &str) -> String {
    let (main, addon) = data.split_once(' ').unwrap_or((data, ""));
    let ends = if main.len() == 13 { [1, 7, 13] } else { [1, 6, 11] };
    let mut parts = Vec::new();
    let mut start = 0;
    for end in ends {
        parts.extend(main.get(start..end));
        start = end;
    }
    parts.extend(main.get(start..).filter(|rest| !rest.is_empty()));
    let main = parts.join(" ");
    if addon.is_empty() { main } else { format!("{main}  {addon}") }
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
    /// The data as people read it.
    pub fn for_people(&self) -> String {
        match self {
            Symbol::Linear(symbol) => symbol.for_people(),
            Symbol::Matrix(symbol) => symbol.data.clone(),
        }
    }
}

/// Encodes a text. For the two GS1 symbologies it is an element string in brackets, for an EAN-13 with an add-on the
/// add-on stands after a space.
///
/// # Errors
/// [`LabelError::BadData`], which names the field and says what is wrong with it.
pub fn encode(symbology: Symbology, field: Field, data: &str) -> Result<Symbol, LabelError> {
    let linear = match symbology {
        Symbology::Code128 => code128(field, data),
        Symbology::Gs1_128 => gs1_128(field, data),
        Symbology::Ean13 => ean13(field, data),
        Symbology::Ean8 => ean8(field, data),
        Symbology::UpcA => upc_a(field, data),
        Symbology::Itf14 => itf14(field, data),
        Symbology::Code39 => code39(field, data),
        Symbology::Code93 => code93(field, data),
        Symbology::Codabar => codabar(field, data),
        Symbology::Qr => return qr(field, data).map(Symbol::Matrix),
        Symbology::DataMatrix => return data_matrix(field, data).map(Symbol::Matrix),
        Symbology::Gs1DataMatrix => return gs1_data_matrix(field, data).map(Symbol::Matrix),
        Symbology::Pdf417 => return pdf417(field, data).map(Symbol::Matrix),
    };
    linear.map(Symbol::Linear)
}

/// A row of modules as widths of bar and space in turn.
fn widths(modules: &[u8]) -> Vec<u8> {
    modules.chunk_by(|a, b| a == b).map(|run| u8::try_from(run.len()).unwrap_or(u8::MAX)).collect()
}

/// What is wrong with an element string, in the few words of a label's error.
fn not_gs1(field: Field, symbology: Symbology, error: Gs1Error) -> LabelError {
    LabelError::NotGs1 { field, symbology, error }
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
