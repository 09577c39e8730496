//! A count found that reserved pieces aren't there: allocations that no longer hold are served elsewhere, or are short.

use serde_json::json;

use super::batch::sql as batch_sql;
use super::confirm::finish;
use super::{PickError, sql};
use crate::allocation::ops::AllocationRow;
use crate::allocation::reallocate::reallocate;
use crate::allocation::sql as allocation_sql;
use crate::args;
use crate::db::{DbError, Op};
use crate::kernel::ids::{CellId, OrderId, PickTaskId, PlaceId};
use crate::order::ops::tell;
use crate::stock::ledger::{End, Transfer, post};
use crate::stock::model::{Reason, StockStatus};

/// Locks the orders and tasks that pieces of a cell are reserved for, in the order in which all lock.
///
/// # Errors
/// A failure of the database.
pub async fn lock_holders(op: &mut Op<'_, '_>, cell: CellId) -> Result<(), DbError> {
    let _orders: Vec<(OrderId,)> = op.tx.all(sql::LOCK_ORDERS_OF_CELL, args![cell]).await?;
    let _tasks: Vec<(PickTaskId,)> = op.tx.all(sql::LOCK_TASKS_OF_CELL, args![cell]).await?;
    Ok(())
}

/// Posts the loss of `quantity` reserved pieces of a cell: the latest promise loses first, and gets other stock where there
/// is some that isn't promised. Gives the pieces that were found elsewhere. The cell must be locked.
///
/// # Errors
/// [`PickError::NotFree`] where fewer are reserved; a failure of the database.
pub async fn lose_reserved(
    op: &mut Op<'_, '_>,
    (cell, loss): (CellId, PlaceId),
    quantity: i64,
    (note, evidence): (&str, &str),
) -> Result<i64, PickError> {
    let rows: Vec<AllocationRow> = op.tx.all(sql::SELECT_OPEN_OF_CELL, args![cell]).await?;
    let open: i64 = rows.iter().map(AllocationRow::open).sum();
    if open < quantity {
        return Err(PickError::NotFree { place: String::new(), free: open });
    }
    // Nothing below may fail for a business reason.
    let mut left = quantity;
    let mut losers = Vec::new();
    for row in rows {
        let missing = row.open().min(left);
        if missing == 0 {
            break;
        }
        left -= missing;
        op.tx.exec_one("allocation", sql::ADD_SHORT, args![row.id, missing]).await?;
        op.tx.exec(allocation_sql::LOWER_LINE, args![row.line, missing]).await?;
        op.tx.exec(batch_sql::CLOSE_LINES, args![row.task, i64::from(row.open() == missing)]).await?;
        let transfer = Transfer {
            sku: row.sku,
            lot: row.lot,
            quantity: missing,
            from: End::reserved(row.place),
            to: End::outside(loss, StockStatus::Good),
            reason: Reason::Adjustment,
            note,
            evidence,
            order: Some(row.order),
            allocation: Some(row.id),
        };
        post(op, &transfer).await?;
        let data = json!({ "allocation": row.id, "missing": missing, "reason": "counted" });
        op.record("pick.short", ("order", row.order.0), &data);
        losers.push((row, missing));
    }
    let mut found = 0;
    // What is found elsewhere goes to the earliest promise first.
    for (row, missing) in losers.iter().rev() {
        let given = reallocate(op, row.id, *missing).await?;
        found += given;
        if given < *missing {
            let data = json!({ "line": row.line, "backordered": missing - given });
            tell(op, row.order, "order.short", data).await?;
        }
    }
    for (row, _) in &losers {
        end_if_done(op, row.task, row.order).await?;
    }
    Ok(found)
}

/// A task that has nothing left is over.
async fn end_if_done(op: &mut Op<'_, '_>, task: PickTaskId, order: OrderId) -> Result<(), DbError> {
    if op.tx.exec(sql::FINISH_EMPTY_TASK, args![task]).await? == 1 {
        finish(op, order).await?;
    }
    Ok(())
}
