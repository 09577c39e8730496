//! An order as its shop says it is now: created, or changed until it is the same.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::inbound::{InboundLine, InboundOrder};
use super::model::{HoldReason, OrderState, Ruling, ShortPolicy, Verdict};
use super::ops::{OrderRow, by_external, lock, tell};
use super::personal::{PURPOSE, Personal};
use super::review::{Facts, review};
use super::{OrderError, promise, sql};
use crate::args;
use crate::db::Op;
use crate::kernel::ids::{ChannelId, OrderId, SkuId};
use crate::kernel::text;

/// For how long the same goods to the same receiver count as a possible duplicate.
const DUPLICATE_MS: i64 = 24 * 60 * 60 * 1000;
/// Largest quantity of a line, and largest amount in minor units: far above any order, far below an overflow.
const LARGEST: i64 = 1_000_000_000_000;

/// Creates the order, or changes ours until it is the same.
///
/// # Errors
/// Where ids, amounts or texts are unusable, or the database fails. What may not be changed any more is a ruling.
pub async fn put(
    op: &mut Op<'_, '_>,
    channel: ChannelId,
    order: &InboundOrder,
) -> Result<(OrderId, Ruling), OrderError> {
    check(order)?;
    match by_external(op, channel, &order.external_id).await? {
        None => create(op, channel, order).await,
        Some(ours) => Ok((ours.id, change(op, channel, &ours, order).await?)),
    }
}

fn check(order: &InboundOrder) -> Result<(), OrderError> {
    let id_fits = |id: &str| !id.trim().is_empty() && id.len() <= 200;
    if !id_fits(&order.external_id) || !order.lines.iter().all(|line| id_fits(&line.external_id)) {
        return Err(OrderError::BadExternalId {});
    }
    let mut seen = BTreeSet::new();
    for line in &order.lines {
        if !seen.insert(&line.external_id) {
            return Err(OrderError::DuplicateLine { line: line.external_id.clone() });
        }
        if !(0..=LARGEST).contains(&line.quantity) {
            return Err(OrderError::BadAmount { field: "lines.quantity" });
        }
        if !(0..=LARGEST).contains(&line.unit_price_minor) {
            return Err(OrderError::BadAmount { field: "lines.unit_price_minor" });
        }
        if line.sku.len() > 200 {
            return Err(OrderError::TooLong { field: "lines.sku" });
        }
    }
    if !(0..=LARGEST).contains(&order.total_minor) {
        return Err(OrderError::BadAmount { field: "total_minor" });
    }
    if !(0..=LARGEST).contains(&order.cash_on_delivery_minor) {
        return Err(OrderError::BadAmount { field: "cash_on_delivery_minor" });
    }
    let receiver = &order.receiver;
    let texts = [
        ("receiver.name", &receiver.name, 200),
        ("receiver.phone", &receiver.phone, 60),
        ("receiver.line1", &receiver.line1, 400),
        ("receiver.line2", &receiver.line2, 400),
        ("ship_method", &order.ship_method, 100),
        ("currency", &order.currency, 3),
        ("buyer_remark", &order.buyer_remark, 4000),
        ("seller_remark", &order.seller_remark, 4000),
    ];
    match texts.into_iter().find(|(_, text, most)| text.chars().count() > *most) {
        Some((field, ..)) => Err(OrderError::TooLong { field }),
        None => Ok(()),
    }
}

async fn create(
    op: &mut Op<'_, '_>,
    channel: ChannelId,
    order: &InboundOrder,
) -> Result<(OrderId, Ruling), OrderError> {
    let rules: Option<(ShortPolicy, i64, i64)> = op.tx.opt(sql::SELECT_CHANNEL, args![channel]).await?;
    let Some((short_policy, within_hours, review_above_minor)) = rules else {
        return Err(OrderError::NotFound { what: "channel", code: channel.to_string() });
    };
    let skus = resolve(op, &order.lines).await?;
    // Nothing below may fail for a business reason.
    let services = std::sync::Arc::clone(&op.context.services);
    let sealed = services.vault.seal_json(services.random.as_ref(), PURPOSE, &Personal::of(order))?;
    let fingerprint = fingerprint(op, order);
    let (warehouse, now) = (op.warehouse(), op.at());
    let values = args![
        warehouse,
        format!("new:{}:{}", channel, order.external_id),
        channel,
        &order.external_id,
        OrderState::Received,
        "",
        "",
        order.short_policy.unwrap_or(short_policy),
        order.placed_at.unwrap_or(now),
        now,
        now.plus_ms(within_hours * 3_600_000),
        order.paid,
        text::scanned(&order.ship_method),
        order.currency.to_ascii_uppercase(),
        order.total_minor,
        order.cash_on_delivery_minor,
        sealed,
        &fingerprint,
        order.flags.join(",")
    ];
    let (id,): (OrderId,) = op.tx.one("order", sql::INSERT_ORDER, values).await?;
    op.tx.exec(sql::SET_NUMBER, args![id, format!("O{:08}", id.0)]).await?;
    insert_lines(op, id, order.lines.iter(), &skus).await?;
    op.record("order.received", ("order", id.0), &json!({ "external_id": order.external_id }));
    let facts = facts(op, id, &skus, &fingerprint, review_above_minor).await?;
    settle(op, id, review(order, facts)).await?;
    Ok((id, Ruling::plain(Verdict::Accepted)))
}

/// After a review: held with its reason, or accepted and promised.
async fn settle(op: &mut Op<'_, '_>, id: OrderId, doubt: Option<HoldReason>) -> Result<(), OrderError> {
    if let Some(reason) = doubt {
        op.tx.exec(sql::SET_HELD, args![id, reason, ""]).await?;
        tell(op, id, "order.held", json!({ "reason": reason })).await?;
        return Ok(());
    }
    super::ops::advance(op, id, OrderState::ALL, OrderState::Accepted).await?;
    tell(op, id, "order.accepted", json!({})).await?;
    let order = lock(op, id).await?;
    promise::promise(op, &order).await?;
    Ok(())
}

async fn facts(
    op: &mut Op<'_, '_>,
    id: OrderId,
    skus: &BTreeMap<String, Option<SkuId>>,
    fingerprint: &str,
    review_above_minor: i64,
) -> Result<Facts, OrderError> {
    let (warehouse, since) = (op.warehouse(), op.at().plus_ms(-DUPLICATE_MS));
    let (same,): (i64,) = op.tx.one("count", sql::COUNT_SAME, args![warehouse, fingerprint, since, id]).await?;
    Ok(Facts { unknown_sku: skus.values().any(Option::is_none), duplicate: same > 0, review_above_minor })
}

fn fingerprint(op: &Op<'_, '_>, order: &InboundOrder) -> String {
    let mut goods: Vec<String> =
        order.lines.iter().map(|line| format!("{}x{}", text::scanned(&line.sku), line.quantity)).collect();
    goods.sort();
    let text = format!("{}#{}", Personal::same_receiver_text(&order.receiver), goods.join(","));
    op.context.services.vault.fingerprint(&text)
}

async fn resolve(op: &mut Op<'_, '_>, lines: &[InboundLine]) -> Result<BTreeMap<String, Option<SkuId>>, OrderError> {
    let mut skus = BTreeMap::new();
    for line in lines.iter().filter(|line| line.quantity > 0) {
        let code = text::scanned(&line.sku);
        if let Entry::Vacant(entry) = skus.entry(code) {
            let found: Option<(SkuId,)> = op.tx.opt(sql::RESOLVE_SKU, args![entry.key()]).await?;
            entry.insert(found.map(|(id,)| id));
        }
    }
    Ok(skus)
}

async fn insert_lines(
    op: &mut Op<'_, '_>,
    order: OrderId,
    lines: impl Iterator<Item = &InboundLine>,
    skus: &BTreeMap<String, Option<SkuId>>,
) -> Result<(), OrderError> {
    let warehouse = op.warehouse();
    let rows = lines.filter(|line| line.quantity > 0).map(|line| {
        let code = text::scanned(&line.sku);
        let sku = skus.get(&code).copied().flatten();
        args![warehouse, order, &line.external_id, sku, code, line.quantity, line.unit_price_minor]
    });
    op.tx.bulk_exec(sql::INSERT_LINE, rows.collect()).await?;
    Ok(())
}

/// What differs between an order of ours and what its shop says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Difference {
    more: bool,
    less: bool,
    personal: bool,
    other: bool,
    /// Less of a line than a carrier has already.
    below_shipped: bool,
}

async fn change(
    op: &mut Op<'_, '_>,
    channel: ChannelId,
    ours: &OrderRow,
    order: &InboundOrder,
) -> Result<Ruling, OrderError> {
    if ours.state == OrderState::Cancelled || ours.state == OrderState::Intercepting {
        return Ok(Ruling::refused("already_cancelled"));
    }
    let difference = compare(op, ours, order).await?;
    if difference == Difference::default() {
        return Ok(Ruling::plain(Verdict::NoChange));
    }
    let parcels: Vec<(String,)> = op.tx.all(sql::SELECT_PARCEL_STATES, args![ours.id]).await?;
    let addressed = |state: &str| ["waybill_bound", "label_printed", "in_doubt", "handed_over"].contains(&state);
    if difference.personal && parcels.iter().any(|(state,)| addressed(state)) {
        // Its label waits with the old address, or is on paper.
        return Ok(Ruling::refused("labelled"));
    }
    if difference.below_shipped {
        return Ok(Ruling::refused("partly_shipped"));
    }
    let lines_change = difference.more || difference.less;
    let mut state = ours.state;
    if lines_change && state == OrderState::Released {
        // Nothing is picked yet: it leaves its wave and starts again.
        crate::allocation::ops::free_open(op, ours.id, "changed").await?;
        state = OrderState::Accepted;
        super::ops::advance(op, ours.id, &[OrderState::Released], state).await?;
    }
    let held_late = state == OrderState::Held && !before_release(&ours.held_from);
    if (lines_change && (!state.before_release() || held_late)) || state.ended() {
        return Ok(Ruling::refused(state.code()));
    }
    // Nothing below may fail for a business reason.
    write_change(op, channel, ours, order, state, lines_change).await?;
    Ok(Ruling::plain(Verdict::Accepted))
}

fn before_release(state: &str) -> bool {
    OrderState::from_code(state).is_none_or(OrderState::before_release)
}

async fn compare(op: &mut Op<'_, '_>, ours: &OrderRow, order: &InboundOrder) -> Result<Difference, OrderError> {
    let mut difference = Difference::default();
    let lines = promise::lines(op, ours.id).await?;
    let wanted: BTreeMap<&str, &InboundLine> =
        order.lines.iter().filter(|line| line.quantity > 0).map(|line| (line.external_id.as_str(), line)).collect();
    for line in &lines {
        let now = line.quantity - line.cancelled;
        let then = wanted.get(line.external_id.as_str()).map_or(0, |line| line.quantity);
        difference.more |= then > now;
        difference.less |= then < now;
        difference.below_shipped |= then < line.shipped;
    }
    difference.more |= wanted.keys().any(|id| !lines.iter().any(|line| line.external_id == *id));
    let warehouse = op.warehouse();
    let view: super::query::ViewRow = op.tx.one("order", sql::SELECT_VIEW, args![warehouse, ours.id]).await?;
    let personal: Personal = op.context.services.vault.open_json(PURPOSE, &view.personal)?;
    let theirs = Personal::of(order);
    difference.personal = personal.receiver != theirs.receiver || view.ship_method != text::scanned(&order.ship_method);
    difference.other = (personal.buyer_remark, personal.seller_remark, personal.invoice)
        != (theirs.buyer_remark, theirs.seller_remark, theirs.invoice)
        || (view.paid, view.total_minor, view.cash_on_delivery_minor)
            != (order.paid, order.total_minor, order.cash_on_delivery_minor)
        || view.flags != order.flags.join(",");
    Ok(difference)
}

async fn write_change(
    op: &mut Op<'_, '_>,
    channel: ChannelId,
    ours: &OrderRow,
    order: &InboundOrder,
    state: OrderState,
    lines_change: bool,
) -> Result<(), OrderError> {
    let services = std::sync::Arc::clone(&op.context.services);
    let sealed = services.vault.seal_json(services.random.as_ref(), PURPOSE, &Personal::of(order))?;
    let fingerprint = fingerprint(op, order);
    let values = args![
        ours.id,
        order.paid,
        text::scanned(&order.ship_method),
        order.total_minor,
        order.cash_on_delivery_minor,
        sealed,
        &fingerprint,
        order.flags.join(",")
    ];
    op.tx.exec(sql::UPDATE_ORDER, values).await?;
    tell(op, ours.id, "order.changed", json!({ "lines": lines_change })).await?;
    let by_person = state == OrderState::Held
        && [HoldReason::Person.code(), HoldReason::Shop.code()].contains(&ours.hold_reason.as_str());
    if !state.before_release() || (state == OrderState::Held && !before_release(&ours.held_from)) {
        return Ok(());
    }
    let skus = resolve(op, &order.lines).await?;
    if lines_change {
        rewrite_lines(op, ours.id, order, &skus).await?;
    }
    if by_person {
        // Only a person, or the shop's own release, ends such a hold.
        return Ok(());
    }
    let rules: Option<(ShortPolicy, i64, i64)> = op.tx.opt(sql::SELECT_CHANNEL, args![channel]).await?;
    let facts = facts(op, ours.id, &skus, &fingerprint, rules.map_or(0, |(_, _, above)| above)).await?;
    let doubt = review(order, facts);
    // What is promised stays promised, unless its lines changed or a doubt came up.
    if lines_change || doubt.is_some() || matches!(state, OrderState::Held | OrderState::Accepted) {
        if state == OrderState::Held {
            op.tx.exec(sql::SET_UNHELD, args![ours.id, OrderState::Received]).await?;
        }
        settle(op, ours.id, doubt).await?;
    }
    Ok(())
}

/// Brings the lines to what the shop says. All promises are given back first, and made anew after.
async fn rewrite_lines(
    op: &mut Op<'_, '_>,
    id: OrderId,
    order: &InboundOrder,
    skus: &BTreeMap<String, Option<SkuId>>,
) -> Result<(), OrderError> {
    promise::give_back(op, id).await?;
    let lines = promise::lines(op, id).await?;
    for line in &lines {
        let wanted = order.lines.iter().find(|wanted| wanted.external_id == line.external_id && wanted.quantity > 0);
        match wanted {
            Some(wanted) => op.tx.exec(sql::SET_LINE_QUANTITY, args![line.id, wanted.quantity]).await?,
            None => op.tx.exec(sql::CANCEL_LINE, args![line.id]).await?,
        };
    }
    let added = order.lines.iter().filter(|wanted| !lines.iter().any(|line| line.external_id == wanted.external_id));
    insert_lines(op, id, added, skus).await
}
