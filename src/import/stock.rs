//! Stock from a table: opening balances, a row for each lot at each location.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::errors::Errors;
use super::table::{Column, Row};
use crate::args;
use crate::catalog;
use crate::db::{DbError, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{LotId, SkuId, WarehouseId};
use crate::kernel::text::scanned;
use crate::location::ops::places;
use crate::stock::model::{PlaceKind, StockStatus};
use crate::stock::ops::{LARGEST, Receipt};
use crate::stock::sql::LOTS_BY_NUMBER;

pub(super) const COLUMNS: &[Column] = &[
    Column {
        name: "sku",
        also: &["code", "sku code", "barcode", "商品编码", "商品代码", "货号", "条码"],
        required: true,
    },
    Column { name: "location", also: &["location code", "货位", "货位编码", "库位"], required: true },
    Column { name: "quantity", also: &["qty", "pieces", "数量", "件数"], required: true },
    Column { name: "lot", also: &["batch", "批次", "批号"], required: true },
    Column { name: "supplier_lot", also: &["supplier batch", "供应商批号"], required: false },
    Column {
        name: "received",
        also: &["received at", "received on", "receipt date", "入库日期", "收货日期"],
        required: false,
    },
    Column {
        name: "expires",
        also: &["expires on", "expiry", "best before", "use by", "有效期至", "到期日", "到期日期"],
        required: false,
    },
    Column { name: "status", also: &["状态"], required: false },
];

const STATUSES: &[(&str, StockStatus)] = &[
    ("good", StockStatus::Good),
    ("damaged", StockStatus::Damaged),
    ("quarantine", StockStatus::Quarantine),
    ("frozen", StockStatus::Frozen),
    ("良品", StockStatus::Good),
    ("正品", StockStatus::Good),
    ("残次", StockStatus::Damaged),
    ("待检", StockStatus::Quarantine),
    ("冻结", StockStatus::Frozen),
];

/// The first row of each lot, and what it said.
pub(super) type Lots = BTreeMap<(String, String), (u64, Option<Timestamp>, Option<Timestamp>)>;

pub(super) fn read(row: &mut Row<'_, '_>, zone: &TimeZone, lots: &mut Lots) -> Receipt {
    let receipt = Receipt {
        sku: row.code("sku", 100),
        location: row.code("location", 60),
        quantity: row.number("quantity", None, 1, LARGEST),
        lot: row.code("lot", 100),
        supplier_lot: row.text("supplier_lot", 100),
        received_at: row.moment("received", zone, false),
        expires_at: row.moment("expires", zone, true),
        status: row.choice("status", STATUSES),
    };
    let key = (receipt.sku.clone(), receipt.lot.clone());
    let said = (row.number, receipt.received_at, receipt.expires_at);
    let (first, received_at, expires_at) = *lots.entry(key).or_insert(said);
    if received_at != receipt.received_at {
        row.wrong("received", "import.lot_differs", vec![("row", first.to_string())]);
    }
    if expires_at != receipt.expires_at {
        row.wrong("expires", "import.lot_differs", vec![("row", first.to_string())]);
    }
    receipt
}

/// Finds SKUs and locations that aren't there, and lots that are there with other dates.
pub(super) async fn check(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    receipts: &[Receipt],
    rows: &[u64],
    errors: &mut Errors,
) -> Result<(), DbError> {
    let skus = skus(tx, receipts).await?;
    let codes: BTreeSet<String> = receipts.iter().map(|receipt| receipt.location.clone()).collect();
    let codes: Vec<String> = codes.into_iter().collect();
    let places = places(tx, warehouse, &codes).await?;
    let lots = lots(tx, warehouse, receipts, &skus).await?;
    for (receipt, row) in receipts.iter().zip(rows) {
        let sku = skus.get(&receipt.sku);
        if sku.is_none() {
            errors.add(*row, "sku", &receipt.sku, "import.unknown_sku", vec![]);
        }
        match places.get(&receipt.location) {
            Some((_, PlaceKind::Location)) => {}
            Some(_) => errors.add(*row, "location", &receipt.location, "import.no_location", vec![]),
            None => errors.add(*row, "location", &receipt.location, "import.unknown_location", vec![]),
        }
        let lot = sku.and_then(|sku| lots.get(&(*sku, receipt.lot.clone())));
        let differs = |(received_at, expires_at): &(Timestamp, Option<Timestamp>)| {
            receipt.received_at.is_some_and(|at| at != *received_at) || receipt.expires_at != *expires_at
        };
        if lot.is_some_and(differs) {
            errors.add(*row, "lot", &receipt.lot, "import.lot_known", vec![]);
        }
    }
    Ok(())
}

/// The SKU of each text that names one, by code or barcode.
async fn skus(tx: &mut Tx<'_>, receipts: &[Receipt]) -> Result<BTreeMap<String, SkuId>, DbError> {
    let texts: BTreeSet<&str> = receipts.iter().map(|receipt| receipt.sku.as_str()).collect();
    let values = |text: &&str| args![scanned(text)];
    let by_code: Vec<(String, SkuId)> = tx.bulk(catalog::sql::IDS_BY_CODE, texts.iter().map(values).collect()).await?;
    let mut skus: BTreeMap<String, SkuId> = by_code.into_iter().collect();
    let others = texts.iter().filter(|text| !skus.contains_key(**text));
    let forms =
        others.flat_map(|text| [(*text).to_owned(), catalog::ops::other_form(text)].map(|form| args![*text, form]));
    let by_barcode: Vec<(String, SkuId)> = tx.bulk(catalog::sql::IDS_BY_BARCODE, forms.collect()).await?;
    skus.extend(by_barcode);
    Ok(skus)
}

async fn lots(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    receipts: &[Receipt],
    skus: &BTreeMap<String, SkuId>,
) -> Result<BTreeMap<(SkuId, String), (Timestamp, Option<Timestamp>)>, DbError> {
    let keys: BTreeSet<(SkuId, &str)> =
        receipts.iter().filter_map(|receipt| Some((*skus.get(&receipt.sku)?, receipt.lot.as_str()))).collect();
    let keys = keys.into_iter().map(|(sku, lot)| args![warehouse, sku, lot]).collect();
    let found: Vec<(LotId, SkuId, String, Timestamp, Option<Timestamp>)> = tx.bulk(LOTS_BY_NUMBER, keys).await?;
    Ok(found.into_iter().map(|(_, sku, number, received, expires)| ((sku, number), (received, expires))).collect())
}
