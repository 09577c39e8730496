//! Holding orders, and letting them go on.

use serde_json::json;

use super::model::{HoldReason, OrderState, Ruling, Verdict};
use super::ops::{OrderRow, tell};
use super::{OrderError, promise, sql};
use crate::args;
use crate::db::Op;
use crate::kernel::ids::SkuId;

/// Holds an order: promised stock stays promised, work on the floor stops at the next scan.
///
/// # Errors
/// A failure of the database.
pub async fn hold(op: &mut Op<'_, '_>, order: &OrderRow, reason: HoldReason, note: &str) -> Result<Ruling, OrderError> {
    match order.state {
        OrderState::Shipped | OrderState::Delivered | OrderState::Cancelled | OrderState::Intercepting => {
            return Ok(Ruling::refused(order.state.code()));
        }
        OrderState::Held if order.hold_reason == reason.code() => return Ok(Ruling::plain(Verdict::NoChange)),
        _ => {}
    }
    // Nothing below may fail for a business reason.
    op.tx.exec(sql::SET_HELD, args![order.id, reason, note]).await?;
    tell(op, order.id, "order.held", json!({ "reason": reason, "note": note })).await?;
    Ok(Ruling::plain(Verdict::Accepted))
}

/// A shop's wish to go on: only ends a hold that the shop, or a missing payment, has caused.
///
/// # Errors
/// A failure of the database.
pub async fn release_by_shop(op: &mut Op<'_, '_>, order: &OrderRow) -> Result<Ruling, OrderError> {
    match order.state {
        OrderState::Held
            if [HoldReason::Shop.code(), HoldReason::Unpaid.code()].contains(&order.hold_reason.as_str()) =>
        {
            release(op, order).await
        }
        OrderState::Held => Ok(Ruling::refused(&format!("held_{}", order.hold_reason))),
        OrderState::Cancelled => Ok(Ruling::refused("cancelled")),
        _ => Ok(Ruling::plain(Verdict::NoChange)),
    }
}

/// Ends a hold: before release the order is accepted and promised, later it goes on where it was.
///
/// # Errors
/// [`OrderError::StillHeld`] where the reason can't be waived and isn't mended: unknown SKU, no lines.
pub async fn release(op: &mut Op<'_, '_>, order: &OrderRow) -> Result<Ruling, OrderError> {
    if order.state != OrderState::Held {
        return Ok(Ruling::plain(Verdict::NoChange));
    }
    let still = |reason| OrderError::StillHeld { order: order.number.clone(), reason };
    let lines = promise::lines(op, order.id).await?;
    if lines.iter().all(|line| line.quantity == line.cancelled) {
        return Err(still(HoldReason::NoLines));
    }
    for line in lines.iter().filter(|line| line.sku.is_none() && line.cancelled < line.quantity) {
        let found: Option<(SkuId,)> = op.tx.opt(sql::RESOLVE_SKU, args![&line.sku_code]).await?;
        let Some((sku,)) = found else { return Err(still(HoldReason::UnknownSku)) };
        op.tx.exec(sql::SET_LINE_SKU, args![line.id, sku]).await?;
    }
    // Nothing below may fail for a business reason.
    let was = OrderState::from_code(&order.held_from).unwrap_or(OrderState::Received);
    let to = if matches!(was, OrderState::Received) { OrderState::Accepted } else { was };
    op.tx.exec(sql::SET_UNHELD, args![order.id, to]).await?;
    op.record("order.hold_released", ("order", order.id.0), &json!({ "reason": order.hold_reason }));
    if matches!(to, OrderState::Accepted | OrderState::Short) {
        if to == OrderState::Accepted {
            tell(op, order.id, "order.accepted", json!({})).await?;
        }
        let order = OrderRow { state: to, ..order.clone() };
        promise::promise(op, &order).await?;
    }
    Ok(Ruling::plain(Verdict::Accepted))
}
