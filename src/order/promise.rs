//! Promising stock to orders at SKU level. No cell is named yet: that happens when the wave is released.
//!
//! What may be promised of a SKU is what is free in cells that orders may be picked from, less what is promised already.
//! The SKU's row in `sku_promise` is locked first, so that two orders never count the same piece.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::json;

use super::model::{OrderState, ShortPolicy};
use super::ops::{OrderRow, advance, tell};
use super::{OrderError, cancel, sql};
use crate::db::{DbError, Op};
use crate::kernel::ids::{OrderId, OrderLineId, SkuId};
use crate::stock::candidates;
use crate::{args, row};

row! {
    /// A line of an order.
    #[derive(Debug, Clone)]
    pub struct LineRow {
        /// Its id.
        pub id: OrderLineId,
        /// The shop's id of it.
        pub external_id: String,
        /// The SKU; `None` where the catalogue doesn't know it.
        pub sku: Option<SkuId>,
        /// The SKU's code as the shop gave it.
        pub sku_code: String,
        /// Pieces wanted.
        pub quantity: i64,
        /// Pieces promised, not allocated.
        pub promised: i64,
        /// Pieces allocated.
        pub allocated: i64,
        /// Pieces shipped.
        pub shipped: i64,
        /// Pieces cancelled.
        pub cancelled: i64,
    }
}

impl LineRow {
    /// Pieces that neither promise nor allocation cover.
    #[must_use]
    pub const fn missing(&self) -> i64 {
        self.quantity - self.cancelled - self.promised - self.allocated
    }
}

/// The lines of an order, by SKU.
///
/// # Errors
/// A failure of the database.
pub async fn lines(op: &mut Op<'_, '_>, order: OrderId) -> Result<Vec<LineRow>, DbError> {
    op.tx.all(sql::SELECT_LINES, args![order]).await
}

/// Locks a SKU's promises and says how many pieces may still be promised.
///
/// # Errors
/// A failure of the database.
pub async fn promisable(op: &mut Op<'_, '_>, sku: SkuId) -> Result<i64, DbError> {
    let (warehouse, now) = (op.warehouse(), op.at());
    let (promised,): (i64,) = op.tx.one("promise", sql::LOCK_PROMISE, args![warehouse, sku]).await?;
    let cells = candidates::of_sku(op.tx, warehouse, sku).await?;
    let free: i64 = cells.iter().filter(|cell| cell.check(now).is_ok()).map(|cell| cell.free).sum();
    Ok((free - promised).max(0))
}

/// Promises an accepted or short order as far as its policy wants, and moves it to promised, short or cancelled.
///
/// # Errors
/// A failure of the database.
pub async fn promise(op: &mut Op<'_, '_>, order: &OrderRow) -> Result<OrderState, OrderError> {
    let lines = lines(op, order.id).await?;
    let sum = |count: fn(&LineRow) -> i64| lines.iter().map(count).sum::<i64>();
    let (open, shipped) = (sum(|line| line.missing() + line.promised), sum(|line| line.shipped));
    if open == 0 && shipped > 0 && sum(|line| line.allocated) == shipped {
        // The rest isn't wanted any more: all that was is with the carrier.
        if advance(op, order.id, &[OrderState::Accepted, OrderState::Short], OrderState::Shipped).await? {
            tell(op, order.id, "order.shipped", json!({})).await?;
        }
        return Ok(OrderState::Shipped);
    }
    // By SKU, so that everybody locks in the same order.
    let mut left: BTreeMap<SkuId, i64> = BTreeMap::new();
    for sku in lines.iter().filter(|line| line.missing() > 0).filter_map(|line| line.sku) {
        if let Entry::Vacant(entry) = left.entry(sku) {
            entry.insert(promisable(op, sku).await?);
        }
    }
    let grants = grants(&lines, left);
    let wanted: i64 = lines.iter().map(LineRow::missing).sum();
    let granted: i64 = grants.iter().map(|(_, quantity)| quantity).sum();
    let held: i64 = lines.iter().map(|line| line.promised).sum();
    let whole = granted == wanted;
    match order.short_policy {
        _ if whole => {}
        ShortPolicy::Part if granted + held > 0 => {}
        ShortPolicy::Part | ShortPolicy::Wait => return wait(op, order, wanted - granted).await,
        ShortPolicy::Cancel => {
            cancel::cancel(op, order, "short").await?;
            return Ok(OrderState::Cancelled);
        }
    }
    // Nothing below may fail for a business reason.
    grant(op, &grants).await?;
    let before = [OrderState::Accepted, OrderState::Short];
    if advance(op, order.id, &before, OrderState::Promised).await? {
        if whole {
            op.record("order.promised", ("order", order.id.0), &json!({ "pieces": granted }));
        } else {
            let data = json!({ "policy": ShortPolicy::Part, "missing": wanted - granted, "ships_now": granted + held });
            tell(op, order.id, "order.short", data).await?;
        }
    }
    Ok(OrderState::Promised)
}

fn grants(lines: &[LineRow], mut left: BTreeMap<SkuId, i64>) -> Vec<(&LineRow, i64)> {
    let mut grants = Vec::new();
    for line in lines {
        let Some(free) = line.sku.and_then(|sku| left.get_mut(&sku)) else { continue };
        let quantity = line.missing().min(*free);
        if quantity > 0 {
            *free -= quantity;
            grants.push((line, quantity));
        }
    }
    grants
}

async fn grant(op: &mut Op<'_, '_>, grants: &[(&LineRow, i64)]) -> Result<(), DbError> {
    let warehouse = op.warehouse();
    for (line, quantity) in grants {
        op.tx.exec(sql::ADD_PROMISED, args![warehouse, line.sku, *quantity]).await?;
        op.tx.exec(sql::SET_PROMISED, args![line.id, line.promised + quantity]).await?;
    }
    Ok(())
}

async fn wait(op: &mut Op<'_, '_>, order: &OrderRow, missing: i64) -> Result<OrderState, OrderError> {
    if advance(op, order.id, &[OrderState::Accepted], OrderState::Short).await? {
        tell(op, order.id, "order.short", json!({ "policy": order.short_policy, "missing": missing })).await?;
    }
    Ok(OrderState::Short)
}

/// Gives back everything that is promised to an order and not allocated.
///
/// # Errors
/// A failure of the database.
pub async fn give_back(op: &mut Op<'_, '_>, order: OrderId) -> Result<(), DbError> {
    let warehouse = op.warehouse();
    for line in lines(op, order).await? {
        if line.promised > 0 {
            op.tx.exec(sql::ADD_PROMISED, args![warehouse, line.sku, -line.promised]).await?;
            op.tx.exec(sql::SET_PROMISED, args![line.id, 0_i64]).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: i64, sku: i64, quantity: i64, promised: i64) -> LineRow {
        LineRow {
            id: OrderLineId(id),
            external_id: id.to_string(),
            sku: Some(SkuId(sku)),
            sku_code: String::new(),
            quantity,
            promised,
            allocated: 0,
            shipped: 0,
            cancelled: 0,
        }
    }

    #[test]
    fn two_lines_of_one_sku_share_what_is_left() {
        let lines = [line(1, 7, 3, 0), line(2, 7, 3, 1), line(3, 8, 1, 0)];
        let given = grants(&lines, BTreeMap::from([(SkuId(7), 4)]));
        let given: Vec<_> = given.into_iter().map(|(line, quantity)| (line.id.0, quantity)).collect();
        assert_eq!(given, [(1, 3), (2, 1)]);
    }
}
