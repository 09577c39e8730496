//! Locations from a table. Without a walk order, the rows are the walk.

use std::collections::HashMap;

use super::errors::Errors;
use super::table::{Column, Row};
use crate::db::{DbError, Tx};
use crate::kernel::ids::WarehouseId;
use crate::location::ops::{LocationInput, fits, places};
use crate::stock::model::PlaceKind;

/// Largest position and walk order.
const LARGEST: i64 = 1_000_000_000;

pub(super) const COLUMNS: &[Column] = &[
    Column {
        name: "code",
        also: &["location", "location code", "货位", "货位编码", "库位", "库位编码"],
        required: true,
    },
    Column { name: "zone", also: &["库区"], required: true },
    Column { name: "aisle", also: &["巷道", "通道"], required: false },
    Column { name: "position", also: &["位置", "位号"], required: false },
    Column {
        name: "walk_order", also: &["walk", "sequence", "拣货顺序", "行走顺序", "顺序"], required: false
    },
    Column { name: "check_digits", also: &["check", "校验码"], required: false },
    Column { name: "pickable", also: &["可拣", "可拣货"], required: false },
];

pub(super) fn read(row: &mut Row<'_, '_>, seen: &mut HashMap<String, u64>) -> LocationInput {
    let code = row.code("code", 60);
    if !code.is_empty() && !fits(&code) {
        row.wrong("code", "import.bad_code", vec![]);
    }
    if let Some(first) = seen.insert(code.clone(), row.number).filter(|_| !code.is_empty()) {
        row.wrong("code", "import.repeated_location", vec![("row", first.to_string())]);
    }
    let check_digits = row.text("check_digits", 10);
    let on_the_walk = i64::try_from(row.number).unwrap_or(LARGEST);
    LocationInput {
        code,
        zone: row.code("zone", 60),
        aisle: row.text("aisle", 60),
        position: row.number("position", Some(0), 0, LARGEST),
        walk_order: row.number("walk_order", Some(on_the_walk), 0, LARGEST),
        check_digits: (!check_digits.is_empty()).then_some(check_digits),
        pickable: row.yes_no("pickable"),
    }
}

/// Finds codes that a tote, a cart or a parcel has.
pub(super) async fn check(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    locations: &[LocationInput],
    rows: &[u64],
    errors: &mut Errors,
) -> Result<(), DbError> {
    let codes: Vec<String> = locations.iter().map(|location| location.code.clone()).collect();
    let known = places(tx, warehouse, &codes).await?;
    for (location, row) in locations.iter().zip(rows) {
        if known.get(&location.code).is_some_and(|(_, kind)| *kind != PlaceKind::Location) {
            errors.add(*row, "code", &location.code, "import.code_taken", vec![]);
        }
    }
    Ok(())
}
