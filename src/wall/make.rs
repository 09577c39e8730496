//! Making walls.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{WallError, sql};
use crate::args;
use crate::db::{Op, Operation};
use crate::kernel::ids::{PlaceId, WallId};
use crate::kernel::text::scanned;
use crate::location::ops::{fits, make, place, require};
use crate::stock::model::PlaceKind;

/// Most rows of a wall: a letter each.
const MOST_ROWS: i64 = 26;
/// Most columns of a wall.
const MOST_COLUMNS: i64 = 60;

/// Makes a wall with its slots, `W1-A1` to `W1-C4`; one that is there gets the slots that it lacks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeWall {
    /// Its code.
    pub code: String,
    /// Rows, from the top: 1 to 26.
    pub rows: i64,
    /// Columns, from the left: 1 to 60.
    pub columns: i64,
    /// The location where pieces go that no order wants any more; any, where not given.
    #[serde(default)]
    pub spare: Option<String>,
}

/// A wall that is there now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WallMade {
    /// The wall.
    pub wall_id: WallId,
    /// Its code.
    pub wall: String,
    /// The codes of its slots, row by row.
    pub slots: Vec<String>,
}

/// The code of a slot. Rows are letters, columns are numbers.
#[must_use]
pub fn slot_code(wall: &str, row: i64, column: i64) -> String {
    let letter = u8::try_from(row).map_or('?', |row| char::from(b'@'.saturating_add(row)));
    format!("{wall}-{letter}{column}")
}

impl Operation for MakeWall {
    const KIND: &'static str = "wall.make";
    type Answer = WallMade;
    type Error = WallError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<WallMade, WallError> {
        require(op)?;
        let (rows, columns) = (self.rows, self.columns);
        if !(1..=MOST_ROWS).contains(&rows) || !(1..=MOST_COLUMNS).contains(&columns) {
            return Err(WallError::BadSize { rows, columns });
        }
        let code = scanned(&self.code);
        if !fits(&format!("{code}-A00")) || code.is_empty() {
            return Err(WallError::BadCode { code: self.code.clone() });
        }
        let spare = self.spare(op).await?;
        let at: Vec<(i64, i64)> = (1..=rows).flat_map(|row| (1..=columns).map(move |column| (row, column))).collect();
        let slots: Vec<String> = at.iter().map(|(row, column)| slot_code(&code, *row, *column)).collect();
        let places = make(op, PlaceKind::Slot, &slots).await?;
        // Nothing below may fail for a business reason.
        let warehouse = op.warehouse();
        let (wall_id,): (WallId,) = op.tx.one("wall", sql::UPSERT_WALL, args![warehouse, &code, spare]).await?;
        let values = at.iter().zip(&slots).filter_map(|((row, column), slot)| {
            let place = *places.get(slot)?;
            Some(args![place, wall_id, *row, *column])
        });
        op.tx.bulk_exec(sql::INSERT_SLOTS, values.collect()).await?;
        op.record("wall.made", ("wall", wall_id.0), &json!({ "wall": code, "slots": slots.len() }));
        Ok(WallMade { wall_id, wall: code, slots })
    }
}

impl MakeWall {
    async fn spare(&self, op: &mut Op<'_, '_>) -> Result<Option<PlaceId>, WallError> {
        let Some(code) = self.spare.as_deref().map(scanned).filter(|code| !code.is_empty()) else { return Ok(None) };
        let warehouse = op.warehouse();
        let found = place(op.tx, warehouse, &code).await?.filter(|found| found.kind == PlaceKind::Location);
        found.map(|found| Some(found.id)).ok_or(WallError::NotFound { what: "location", code })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn slots_are_named_by_row_and_column() {
        assert_eq!(super::slot_code("W1", 1, 1), "W1-A1");
        assert_eq!(super::slot_code("W1", 26, 60), "W1-Z60");
    }
}
