//! Posting a difference, once: a movement from the gains or to the losses. What was reserved and isn't there is served
//! elsewhere, or is short.

use serde_json::json;

use super::claim::cell;
use super::{CountError, sql};
use crate::args;
use crate::db::Op;
use crate::kernel::ids::{CountLineId, CountTaskId, LotId, PlaceId, SkuId};
use crate::picking::lost::{lock_holders, lose_reserved};
use crate::stock::ledger::{End, Transfer, corrected, outside, post};
use crate::stock::model::{PlaceKind, Reason, StockStatus};
use crate::storefront::outbox::tell::tell_stock;

/// A difference that was decided.
pub(super) struct Difference<'a> {
    pub(super) line: CountLineId,
    pub(super) task: CountTaskId,
    pub(super) place: PlaceId,
    pub(super) place_code: &'a str,
    pub(super) item: (SkuId, LotId, StockStatus),
    /// More (above 0) or less (below 0).
    pub(super) variance: i64,
    /// How often the book had been corrected when it was counted.
    pub(super) corrections: i64,
    pub(super) unit_cost_minor: Option<i64>,
    pub(super) cause: &'a str,
    pub(super) note: &'a str,
}

/// Posts a difference. Where the book was corrected since it was counted, or has less than is missing, it posts nothing and
/// says so: the line has to be counted again, and is on its way to that.
pub(super) async fn post_difference(op: &mut Op<'_, '_>, found: &Difference<'_>) -> Result<bool, CountError> {
    let (sku, lot, status) = found.item;
    let looked = cell(op, found.place, found.item).await?;
    if found.variance < 0 && looked.reserved > 0 && looked.on_hand - looked.reserved < -found.variance {
        lock_holders(op, looked.id).await?;
    }
    let now = cell(op, found.place, found.item).await?;
    if now.corrections != found.corrections || now.on_hand + found.variance < 0 {
        op.tx.exec(sql::RECOUNT_LINE, args![found.line]).await?;
        return Ok(false);
    }
    // Nothing below may fail for a business reason.
    let evidence = format!("count:{}/{}", found.task, found.line);
    let warehouse = op.warehouse();
    let inside = End::free(found.place, status);
    let (quantity, from, to) = if found.variance > 0 {
        let gain = outside(op.tx, warehouse, PlaceKind::Gain).await?;
        (found.variance, End::outside(gain, status), inside)
    } else {
        let loss = outside(op.tx, warehouse, PlaceKind::Loss).await?;
        ((-found.variance).min(now.on_hand - now.reserved), inside, End::outside(loss, status))
    };
    if quantity > 0 {
        let (reason, evidence, note) = (Reason::Adjustment, evidence.as_str(), found.cause);
        let transfer = Transfer { sku, lot, quantity, from, to, reason, note, evidence, order: None, allocation: None };
        post(op, &transfer).await?;
    }
    let mut elsewhere = 0;
    let reserved = -found.variance - quantity;
    if found.variance < 0 && reserved > 0 {
        elsewhere = lose_reserved(op, (now.id, to.place), reserved, (found.cause, &evidence)).await?;
    }
    corrected(op, found.place, lot, status).await?;
    let at = op.at();
    let values = args![found.line, "posted", found.cause, found.note, op.person(), at];
    op.tx.exec(sql::DECIDE_LINE, values).await?;
    tell_stock(op, sku, found.variance).await?;
    let value = found.unit_cost_minor.map(|cost| cost.saturating_mul(found.variance));
    let data = json!({
        "lot": lot, "location": found.place_code, "difference": found.variance, "reason": found.cause, "note": found.note,
        "count_line": found.line, "value_minor": value, "reserved_lost": reserved.max(0), "reallocated": elsewhere
    });
    op.record("stock.adjusted", ("sku", sku.0), &data);
    Ok(true)
}
