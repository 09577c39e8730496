//! Other stock for pieces that were not where the ledger has them.

use super::ops::AllocationRow;
use super::plan::{Free, OrderWants, Want, plan};
use super::{AllocationError, sql, why};
use crate::args;
use crate::db::Op;
use crate::kernel::ids::{AllocationId, CandidatesId, SkuId};
use crate::order::promise::promisable;
use crate::stock::candidates::{Rotation, of_sku, sort_out};

/// Gives an allocation's line up to `missing` pieces of other cells, in the same pick task; says how many it found.
/// Only what isn't promised to others may be given.
///
/// # Errors
/// [`AllocationError::NotFound`]; a failure of the database, [`crate::db::DbError::Contended`] among them.
pub async fn reallocate(op: &mut Op<'_, '_>, allocation: AllocationId, missing: i64) -> Result<i64, AllocationError> {
    if missing <= 0 {
        return Err(AllocationError::BadQuantity { quantity: missing });
    }
    let found: Option<AllocationRow> = op.tx.opt(sql::SELECT_ONE, args![allocation]).await?;
    let row = found.ok_or_else(|| AllocationError::NotFound { what: "allocation", code: allocation.to_string() })?;
    let (warehouse, now) = (op.warehouse(), op.at());
    let quantity = missing.min(promisable(op, row.sku).await?);
    if quantity == 0 {
        return Ok(0);
    }
    let (expires,): (bool,) = op.tx.one("sku", sql::SELECT_EXPIRES, args![row.sku]).await?;
    let rotation = Rotation::of(expires);
    let (good, refused) = sort_out(of_sku(op.tx, warehouse, row.sku).await?, rotation, now);
    let free = good.iter().map(|cell| Free { cell: cell.cell, quantity: cell.free }).collect();
    let wants = vec![Want { line: row.line, sku: row.sku, quantity }];
    let plan = plan(
        &[OrderWants { order: row.order, part: true, wants }],
        &std::collections::HashMap::from([(row.sku, free)]),
    );
    // Nothing below may fail for a business reason.
    let (candidates, refused) = why::seen(&good, &refused, plan.takes.len() + 5, 20);
    let run = args![warehouse, row.wave, row.sku, now, rotation, quantity, candidates, refused];
    let made: Vec<(CandidatesId, SkuId)> = op.tx.bulk(sql::INSERT_CANDIDATES, vec![run]).await?;
    let Some((run, _)) = made.first() else { return Ok(0) };
    let mut given = 0;
    let mut lines = 0_i64;
    for take in &plan.takes {
        let Some(cell) = good.get(take.candidate) else { continue };
        if op.tx.bulk_exec(sql::RESERVE, vec![args![cell.cell, take.quantity]]).await? != 1 {
            return Err(crate::db::DbError::Contended.into());
        }
        let values = args![
            warehouse,
            row.wave,
            row.task,
            row.order,
            row.line,
            row.sku,
            cell.lot,
            cell.cell,
            cell.place,
            cell.walk_order,
            take.quantity,
            "open",
            rotation,
            "instead of a short pick",
            *run,
            allocation
        ];
        op.tx.bulk_exec(sql::INSERT_ALLOCATIONS, vec![values]).await?;
        given += take.quantity;
        lines += 1;
    }
    op.tx.exec(sql::ADD_TASK_LINES, args![row.task, lines]).await?;
    op.tx.exec(sql::RAISE_LINE, args![row.line, given]).await?;
    Ok(given)
}
