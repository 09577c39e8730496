//! A workbook of one sheet, after ECMA-376: texts inline, numbers as numbers, nothing compressed. Enough for a table program.

use std::fmt::Write as _;

/// A cell.
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
}

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
const ROOT: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Tallyman" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const LINKS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;

/// A workbook with these rows.
#[must_use]
pub fn workbook(rows: &[Vec<Value>]) -> Vec<u8> {
    let mut sheet = String::from(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#,
    );
    for row in rows {
        sheet.push_str("<row>");
        for value in row {
            // Writing to a text can't fail.
            let _ = match value {
                Value::Number(number) => write!(sheet, "<c><v>{number}</v></c>"),
                Value::Text(text) => {
                    write!(sheet, r#"<c t="inlineStr"><is><t xml:space="preserve">{}</t></is></c>"#, escaped(text))
                }
            };
        }
        sheet.push_str("</row>");
    }
    sheet.push_str("</sheetData></worksheet>");
    let files = [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", ROOT),
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", LINKS),
        ("xl/worksheets/sheet1.xml", sheet.as_str()),
    ];
    archive(&files)
}

/// A text as it may stand in XML; characters that XML has no place for are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' | '\r' => out.push(character),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => {}
            other => out.push(other),
        }
    }
    out
}

/// Bytes of a number, the lowest first, as ZIP has them.
fn put(out: &mut Vec<u8>, value: usize, bytes: usize) {
    out.extend(u64::try_from(value).unwrap_or(u64::MAX).to_le_bytes().iter().take(bytes));
}

/// A ZIP archive of stored files, after PKWARE's APPNOTE 6.3: local headers, the directory, its end.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let offset = out.len();
        let checksum = usize::try_from(crc32fast::hash(content.as_bytes())).unwrap_or_default();
        // Version 2.0, names in UTF-8, stored, 1 January 1980.
        let mut common = Vec::new();
        for (value, bytes) in [(20, 2), (0x800, 2), (0, 2), (0, 2), (0x21, 2), (checksum, 4)] {
            put(&mut common, value, bytes);
        }
        for (value, bytes) in [(content.len(), 4), (content.len(), 4), (name.len(), 2), (0, 2)] {
            put(&mut common, value, bytes);
        }
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(content.as_bytes());
        directory.extend(b"PK\x01\x02");
        put(&mut directory, 20, 2);
        directory.extend(&common);
        for (value, bytes) in [(0, 2), (0, 2), (0, 2), (0, 4), (offset, 4)] {
            put(&mut directory, value, bytes);
        }
        directory.extend(name.as_bytes());
    }
    let (start, size) = (out.len(), directory.len());
    out.extend(directory);
    out.extend(b"PK\x05\x06");
    for (value, bytes) in [(0, 2), (0, 2), (files.len(), 2), (files.len(), 2), (size, 4), (start, 4), (0, 2)] {
        put(&mut out, value, bytes);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_has_no_place_for_is_left_out() {
        assert_eq!(escaped("a<b>&\u{1}\u{0}杯\n"), "a&lt;b&gt;&amp;杯\n");
    }

    #[test]
    fn the_archive_says_where_its_files_are() {
        let book = workbook(&[vec![Value::Text("杯".into()), Value::Number(-7)]]);
        assert!(book.starts_with(b"PK\x03\x04"));
        let end = &book[book.len() - 22..];
        assert_eq!((&end[..4], end[8]), (&b"PK\x05\x06"[..], 5));
    }
}
