//! Two-dimensional symbols: QR by `fast_qr`, Data Matrix by `datamatrix`, PDF417 by `rxing`.
//!
//! Only ASCII: without an ECI each scanner guesses the code page of anything else in its own way.

use super::{MatrixSymbol, not_gs1};
use crate::error::{Field, LabelError, Reason, Symbology};
use crate::gs1::ElementString;
use datamatrix::{DataMatrix, SymbolList};
use fast_qr::{ECL, QRBuilder};
use rxing::{BarcodeFormat, MultiFormatWriter, Writer};

/// Longer texts make symbols that no label has room for.
const LONGEST: usize = 300;

fn bad(field: Field, symbology: Symbology, reason: Reason) -> LabelError {
    LabelError::BadData { field, symbology, reason }
}

fn ascii(field: Field, symbology: Symbology, data: &str) -> Result<(), LabelError> {
    if data.is_empty() || data.len() > LONGEST {
        return Err(bad(field, symbology, Reason::Length { least: 1, most: LONGEST }));
    }
    if data.bytes().any(|b| !(0x20..0x7f).contains(&b)) {
        return Err(bad(field, symbology, Reason::NotPrintable {}));
    }
    Ok(())
}

/// A QR code with error correction M: 15 in 100 codewords may be lost.
pub fn qr(field: Field, data: &str) -> Result<MatrixSymbol, LabelError> {
    let symbology = Symbology::Qr;
    ascii(field, symbology, data)?;
    let code = QRBuilder::new(data).ecl(ECL::M).build();
    let code = code.map_err(|_| bad(field, symbology, Reason::NoRoom {}))?;
    let size = u32::try_from(code.size).unwrap_or_default();
    let modules = code.data.iter().take(code.size * code.size).map(|module| module.value()).collect();
    Ok(MatrixSymbol { symbology, data: data.to_owned(), columns: size, rows: size, row_modules: 1, quiet: 4, modules })
}

/// A square Data Matrix.
pub fn data_matrix(field: Field, data: &str) -> Result<MatrixSymbol, LabelError> {
    let symbology = Symbology::DataMatrix;
    ascii(field, symbology, data)?;
    let code = DataMatrix::encode_str(data, SymbolList::default().enforce_square());
    let code = code.map_err(|_| bad(field, symbology, Reason::NoRoom {}))?;
    Ok(from_data_matrix(symbology, data.to_owned(), &code))
}

/// A square GS1 Data Matrix of an element string in brackets.
pub fn gs1_data_matrix(field: Field, data: &str) -> Result<MatrixSymbol, LabelError> {
    let symbology = Symbology::Gs1DataMatrix;
    let elements = ElementString::parse_part(data).map_err(|error| not_gs1(field, symbology, error))?;
    let raw = elements.to_raw();
    if raw.len() > LONGEST {
        return Err(bad(field, symbology, Reason::Length { least: 1, most: LONGEST }));
    }
    let code = DataMatrix::encode_gs1(raw.as_bytes(), SymbolList::default().enforce_square());
    let code = code.map_err(|_| bad(field, symbology, Reason::NoRoom {}))?;
    Ok(from_data_matrix(symbology, elements.bracketed(), &code))
}

fn from_data_matrix(symbology: Symbology, data: String, code: &DataMatrix) -> MatrixSymbol {
    let bitmap = code.bitmap();
    let (columns, rows) = (bitmap.width(), bitmap.height());
    let mut modules = vec![false; columns * rows];
    for (x, y) in bitmap.pixels() {
        if let Some(module) = modules.get_mut(y * columns + x) {
            *module = true;
        }
    }
    let small = |size: usize| u32::try_from(size).unwrap_or_default();
    MatrixSymbol { symbology, data, columns: small(columns), rows: small(rows), row_modules: 1, quiet: 2, modules }
}

/// A PDF417; its rows are three modules high.
pub fn pdf417(field: Field, data: &str) -> Result<MatrixSymbol, LabelError> {
    let symbology = Symbology::Pdf417;
    ascii(field, symbology, data)?;
    let code = MultiFormatWriter.encode(data, &BarcodeFormat::PDF_417, 0, 0);
    let code = code.map_err(|_| bad(field, symbology, Reason::NoRoom {}))?;
    // The picture comes with a margin of its own, and each row several times.
    let black = |x: u32, y: u32| code.get(x, y);
    let (width, height) = (code.getWidth(), code.getHeight());
    let row = |y: u32| (0..width).map(|x| black(x, y)).collect::<Vec<bool>>();
    let filled: Vec<Vec<bool>> = (0..height).map(row).filter(|row| row.contains(&true)).collect();
    let first = filled.iter().filter_map(|row| row.iter().position(|dot| *dot)).min().unwrap_or_default();
    let last = filled.iter().filter_map(|row| row.iter().rposition(|dot| *dot)).max().unwrap_or_default();
    // A start pattern begins with a bar of eight modules: its width tells how wide a module is drawn.
    let bar = filled.first().map_or(8, |row| row.iter().skip(first).take_while(|dot| **dot).count());
    let scale = (bar / 8).max(1);
    let mut rows: Vec<Vec<bool>> = Vec::new();
    for row in &filled {
        let modules: Vec<bool> = row.get(first..=last).unwrap_or_default().iter().step_by(scale).copied().collect();
        if rows.last() != Some(&modules) {
            rows.push(modules);
        }
    }
    let small = |size: usize| u32::try_from(size).unwrap_or_default();
    let columns = small(rows.first().map_or(0, Vec::len));
    let count = small(rows.len());
    let modules = rows.concat();
    Ok(MatrixSymbol { symbology, data: data.to_owned(), columns, rows: count, row_modules: 3, quiet: 2, modules })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_have_the_sizes_of_their_standards() {
        let code = qr("code", "TALLYMAN").unwrap();
        assert_eq!((code.columns, code.rows, code.quiet, code.modules.len()), (21, 21, 4, 441));
        assert_eq!((code.width_modules(), code.height_modules()), (29, 29));
        let lot = gs1_data_matrix("code", "(01)06901234567892(17)261231(10)L2026A").unwrap();
        assert!(lot.columns <= 22 && lot.columns == lot.rows, "{}", lot.columns);
        assert_eq!(lot.data, "(01)06901234567892(17)261231(10)L2026A");
        let code = pdf417("code", "TALLYMAN 417").unwrap();
        // Start, left indicator, data columns, right indicator, stop.
        assert_eq!((code.columns - 69) % 17, 0, "{}", code.columns);
        assert_eq!(code.modules.len(), usize::try_from(code.columns * code.rows).unwrap());
        assert_eq!(code.height_modules(), code.rows * 3 + 4);
    }

    #[test]
    fn what_scanners_would_guess_at_is_refused() {
        for encode in [qr, data_matrix, pdf417] {
            for wrong in ["", "批次", "a\u{7f}", "tab\t", &"x".repeat(301)] {
                assert!(encode("code", wrong).is_err(), "{wrong}");
            }
        }
        assert!(gs1_data_matrix("code", "0106901234567892").is_err());
        assert!(gs1_data_matrix("code", "(01)06901234567893").is_err());
    }
}
