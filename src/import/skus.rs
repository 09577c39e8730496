//! SKUs from a table. Several barcodes stand in one cell, parted by semicolons, each with its pieces behind a star:
//! `6901234567892;16901234567899*12`.

use std::collections::HashMap;

use super::errors::Errors;
use super::table::{Column, Row, shortened};
use crate::catalog::ops::{Barcode, SkuInput, owners};
use crate::db::{DbError, Tx};
use crate::kernel::text::scanned;

/// Largest weight in grams, and largest measure in millimetres.
const LARGEST: i64 = 1_000_000;

pub(super) const COLUMNS: &[Column] = &[
    Column {
        name: "code",
        also: &["sku", "sku code", "item code", "商品编码", "商品代码", "货号", "编码"],
        required: true,
    },
    Column { name: "name_en", also: &["name", "english name", "英文名", "英文名称"], required: false },
    Column {
        name: "name_zh",
        also: &["chinese name", "中文名", "中文名称", "名称", "商品名称", "品名"],
        required: false,
    },
    Column { name: "category", also: &["group", "类别", "分类", "品类"], required: false },
    Column {
        name: "weight_grams", also: &["weight", "weight (g)", "重量", "重量（克）", "重量(g)"], required: false
    },
    Column {
        name: "length_mm", also: &["length", "length (mm)", "长", "长（毫米）", "长(mm)"], required: false
    },
    Column { name: "width_mm", also: &["width", "width (mm)", "宽", "宽（毫米）", "宽(mm)"], required: false },
    Column {
        name: "height_mm", also: &["height", "height (mm)", "高", "高（毫米）", "高(mm)"], required: false
    },
    Column { name: "fragile", also: &["易碎", "易碎品"], required: false },
    Column { name: "packing_note", also: &["note", "包装说明", "包装备注"], required: false },
    Column { name: "papers", also: &["documents", "随附单据", "随箱单据", "单据"], required: false },
    Column { name: "expires", also: &["perishable", "有保质期", "保质期管理"], required: false },
    Column {
        name: "barcodes", also: &["barcode", "ean", "gtin", "条码", "条形码", "商品条码"], required: false
    },
];

/// What rows before this one had.
#[derive(Default)]
pub(super) struct Seen {
    codes: HashMap<String, u64>,
    barcodes: HashMap<String, u64>,
}

pub(super) fn read(row: &mut Row<'_, '_>, seen: &mut Seen) -> SkuInput {
    let code = row.code("code", 100);
    if let Some(first) = seen.codes.insert(code.clone(), row.number).filter(|_| !code.is_empty()) {
        row.wrong("code", "import.repeated_sku", vec![("row", first.to_string())]);
    }
    let (name_en, name_zh) = (row.text("name_en", 200), row.text("name_zh", 200));
    if name_en.is_empty() && name_zh.is_empty() {
        row.wrong("name_en", "import.name_missing", vec![]);
    }
    SkuInput {
        code,
        name_en,
        name_zh,
        category: row.text("category", 100),
        weight_grams: row.number("weight_grams", Some(0), 0, LARGEST),
        length_mm: row.number("length_mm", Some(0), 0, LARGEST),
        width_mm: row.number("width_mm", Some(0), 0, LARGEST),
        height_mm: row.number("height_mm", Some(0), 0, LARGEST),
        fragile: row.yes_no("fragile").unwrap_or_default(),
        packing_note: row.text("packing_note", 500),
        papers: list(&row.text("papers", 500)).map(str::to_owned).collect(),
        expires: row.yes_no("expires").unwrap_or_default(),
        barcodes: barcodes(row, seen),
    }
}

/// The parts of a cell that holds several things.
fn list(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', '；', '|']).map(str::trim).filter(|part| !part.is_empty())
}

fn barcodes(row: &mut Row<'_, '_>, seen: &mut Seen) -> Vec<Barcode> {
    let cell = row.text("barcodes", 4000);
    let mut out: Vec<Barcode> = Vec::new();
    for part in list(&cell) {
        let Some(barcode) = barcode(part) else {
            let code = if shortened(part) { "import.shortened" } else { "import.bad_barcode" };
            row.wrong("barcodes", code, vec![("barcode", part.to_owned())]);
            continue;
        };
        match seen.barcodes.insert(barcode.barcode.clone(), row.number) {
            Some(first) => {
                let facts = vec![("barcode", barcode.barcode.clone()), ("row", first.to_string())];
                row.wrong("barcodes", "import.repeated_barcode", facts);
            }
            None => out.push(barcode),
        }
    }
    out
}

fn barcode(part: &str) -> Option<Barcode> {
    let (code, factor) = part.split_once('*').unwrap_or((part, "1"));
    let (barcode, factor) = (scanned(code), factor.trim());
    let unit_factor = factor.parse().ok().filter(|factor| (1..=LARGEST).contains(factor))?;
    let fits = (1..=100).contains(&barcode.len()) && !barcode.contains(char::is_whitespace) && !shortened(&barcode);
    (fits && factor.bytes().all(|byte| byte.is_ascii_digit())).then_some(Barcode { barcode, unit_factor })
}

/// Finds barcodes that another SKU of the catalogue has.
pub(super) async fn check(
    tx: &mut Tx<'_>,
    skus: &[SkuInput],
    rows: &[u64],
    errors: &mut Errors,
) -> Result<(), DbError> {
    let owners = owners(tx, skus).await?;
    for (sku, row) in skus.iter().zip(rows) {
        for barcode in &sku.barcodes {
            if let Some(owner) = owners.get(&barcode.barcode).filter(|owner| **owner != sku.code) {
                let facts = vec![("barcode", barcode.barcode.clone()), ("sku", owner.clone())];
                errors.add(*row, "barcodes", &barcode.barcode, "import.barcode_taken", facts);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_holds_several_barcodes_with_their_pieces() {
        let read = |text: &str| barcode(text).map(|found| (found.barcode, found.unit_factor));
        assert_eq!(list("a; b；c|;").collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(read("6901234567892"), Some(("6901234567892".into(), 1)));
        assert_eq!(read("box-12 * 12"), Some(("BOX-12".into(), 12)));
        for bad in ["6901*0", "6901*", "6901*x", "*12", "69 01", "6901*1.5", "6901*+2", "6.9E+12", "6901*1000001"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
