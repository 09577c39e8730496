//! Another place for a line: the goods are where they should be, but the picker can't get at them.

use std::fmt::Display;

use super::code::Code;
use super::{FloorError, refused, sql, wrong_kind};
use crate::allocation::sql as allocation_sql;
use crate::args;
use crate::db::{DbError, Op, Operation as _, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::WarehouseId;
use crate::picking::run::RunLine;
use crate::picking::short::Substitute;
use crate::stock::candidates::{Rotation, of_sku, sort_out};
use crate::stock::ledger::place_code;
use crate::stock::model::PlaceKind;

/// Most places that a handheld offers.
const MOST_OFFERED: usize = 4;
/// Why a line was taken from elsewhere, as it is recorded.
const UNREACHABLE: &str = "unreachable";

/// A place that has enough of the same item, in a lot that may be picked.
#[derive(Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// The place's code.
    pub place: String,
    /// The lot's number.
    pub lot: String,
    /// Free pieces.
    pub free: i64,
}

/// Where else a line could be picked, in the order in which its goods are to leave the house.
///
/// # Errors
/// A failure of the database.
pub async fn places(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    line: &RunLine,
    now: Timestamp,
) -> Result<Vec<Elsewhere>, DbError> {
    let (expires,): (bool,) = tx.one("sku", allocation_sql::SELECT_EXPIRES, args![line.sku_id]).await?;
    let (eligible, _) = sort_out(of_sku(tx, warehouse, line.sku_id).await?, Rotation::of(expires), now);
    let mut offered = Vec::new();
    for candidate in eligible.into_iter().filter(|candidate| candidate.free >= line.quantity) {
        let place = place_code(tx, candidate.place).await?;
        if place == line.place {
            continue;
        }
        let (lot,): (String,) = tx.one("lot", sql::SELECT_LOT_NUMBER, args![candidate.lot]).await?;
        offered.push(Elsewhere { place, lot, free: candidate.free });
        if offered.len() == MOST_OFFERED {
            break;
        }
    }
    Ok(offered)
}

/// Takes the rest of a line from the place whose label was scanned. Gives its code.
pub(super) async fn take(op: &mut Op<'_, '_>, line: &RunLine, code: &Code) -> Result<String, FloorError> {
    let Code::Place { kind: PlaceKind::Location, code, .. } = code else {
        return Err(wrong_kind(code, "kind.location"));
    };
    if *code == line.place {
        let facts: &[(&'static str, &dyn Display)] = &[("place", code)];
        return Err(refused("floor.same_place", facts));
    }
    let reason = UNREACHABLE.to_owned();
    let (task, allocation, location) = (line.task_id, line.allocation_id, code.clone());
    Substitute { task, allocation, location, lot: None, reason }.run(op).await?;
    Ok(code.clone())
}
