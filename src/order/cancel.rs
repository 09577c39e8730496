//! Cancelling: possible as long as no carrier has the parcel, and more work the later it comes.

use serde_json::json;

use super::model::{OrderState, Ruling, Verdict};
use super::ops::{OrderRow, advance, tell};
use super::{OrderError, promise, sql};
use crate::allocation;
use crate::args;
use crate::db::Op;

/// Parcel states in which a label exists, or may exist.
const LABELLED: [&str; 2] = ["label_printed", "in_doubt"];

/// Cancels an order, or refuses, or starts to call its parcel back.
///
/// # Errors
/// A failure of the database.
pub async fn cancel(op: &mut Op<'_, '_>, order: &OrderRow, reason: &str) -> Result<Ruling, OrderError> {
    let parcels: Vec<(String, bool)> = op.tx.all(sql::LOCK_PARCELS, args![order.id]).await?;
    let any = |states: &[&str]| parcels.iter().any(|(state, _)| states.contains(&state.as_str()));
    match order.state {
        OrderState::Cancelled | OrderState::Intercepting => return Ok(Ruling::plain(Verdict::NoChange)),
        OrderState::Shipped | OrderState::Delivered => return Ok(Ruling::refused(order.state.code())),
        _ if any(&["handed_over"]) => return Ok(Ruling::refused("partly_shipped")),
        _ => {}
    }
    // Nothing below may fail for a business reason.
    let labelled = any(&LABELLED) || parcels.iter().any(|(_, on_paper)| *on_paper);
    let touched = allocation::ops::free_open(op, order.id, "cancelled").await?;
    promise::give_back(op, order.id).await?;
    op.tx.exec(sql::CANCEL_LINES, args![order.id]).await?;
    let (to, kind, verdict) = if labelled {
        (OrderState::Intercepting, "order.intercepting", Verdict::Intercepting)
    } else if touched.picked > 0 {
        (OrderState::Cancelled, "order.cancelled", Verdict::AcceptedWithRework)
    } else {
        (OrderState::Cancelled, "order.cancelled", Verdict::Accepted)
    };
    advance(op, order.id, OrderState::ALL, to).await?;
    tell(op, order.id, kind, json!({ "reason": reason, "put_back_pieces": touched.picked })).await?;
    Ok(Ruling::plain(verdict))
}
