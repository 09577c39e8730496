//! Telling shops, inside the transaction of what happened: one message for each endpoint of the order's channel.
//!
//! Where a channel has no endpoint this costs one statement. What goes out is chosen field by field, so that nothing
//! personal can slip through.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::sql;
use crate::args;
use crate::db::{DbError, Op};
use crate::kernel::ids::{ChannelId, EndpointId, OrderId, SkuId};
use crate::kernel::random::uuid_v7;

/// The fields that a shop gets to know, by kind of event. What isn't listed stays in the house.
const PUBLIC: &[(&str, &[&str])] = &[
    ("order.cancelled", &["reason"]),
    ("order.changed", &[]),
    ("order.held", &["reason"]),
    ("order.intercepting", &["reason"]),
    ("order.packed", &[]),
    ("order.ship_by_changed", &["ship_by"]),
    ("order.short", &["missing", "policy", "ships_now"]),
    ("order.verdict", &["command", "verdict", "reason", "in_reply_to"]),
    ("parcel.shipped", &["parcel"]),
];

fn public(kind: &str, data: &Value) -> Map<String, Value> {
    let names = PUBLIC.iter().find(|(known, _)| *known == kind).map_or(&[][..], |(_, names)| names);
    names.iter().filter_map(|name| Some(((*name).to_owned(), data.get(*name)?.clone()))).collect()
}

/// Something that the shop of an order is told.
struct Told<'a> {
    channel: ChannelId,
    external_id: String,
    /// The order and its version; `None` where there is no such order.
    order: Option<(OrderId, i64)>,
    kind: &'a str,
    fields: Map<String, Value>,
}

type Versioned = (OrderId, ChannelId, String, i64);

/// Tells the shop of an order.
///
/// # Errors
/// A failure of the database.
pub async fn tell_order(op: &mut Op<'_, '_>, order: OrderId, kind: &str, data: &Value) -> Result<(), DbError> {
    let versioned: Option<Versioned> = op.tx.opt(sql::NEXT_VERSION, args![order]).await?;
    let Some((order, channel, external_id, version)) = versioned else { return Ok(()) };
    let fields = public(kind, data);
    write(op, vec![Told { channel, external_id, order: Some((order, version)), kind, fields }]).await
}

/// Tells the shops of many orders; each order once.
///
/// # Errors
/// A failure of the database.
pub async fn tell_orders(op: &mut Op<'_, '_>, events: &[(OrderId, &str, Value)]) -> Result<(), DbError> {
    if events.is_empty() || endpoints(op).await?.is_empty() {
        return Ok(());
    }
    let by_order: BTreeMap<OrderId, (&str, &Value)> =
        events.iter().map(|(order, kind, data)| (*order, (*kind, data))).collect();
    let ids = by_order.keys().map(|order| args![*order]).collect();
    let versioned: Vec<Versioned> = op.tx.bulk(sql::NEXT_VERSIONS, ids).await?;
    let told = versioned.into_iter().filter_map(|(order, channel, external_id, version)| {
        let (kind, data) = by_order.get(&order)?;
        Some(Told { channel, external_id, order: Some((order, version)), kind, fields: public(kind, data) })
    });
    write(op, told.collect()).await
}

/// Tells a storefront what became of its command, whether we have its order or not.
///
/// # Errors
/// A failure of the database.
pub async fn tell_verdict(
    op: &mut Op<'_, '_>,
    channel: ChannelId,
    external_id: &str,
    data: Value,
) -> Result<(), DbError> {
    if !endpoints(op).await?.iter().any(|(_, told)| *told == channel) {
        return Ok(());
    }
    let order = op.tx.opt(sql::NEXT_VERSION_BY_EXTERNAL, args![channel, external_id]).await?;
    let (kind, external_id) = ("order.verdict", external_id.to_owned());
    let fields = public(kind, &data);
    write(op, vec![Told { channel, external_id, order, kind, fields }]).await
}

async fn endpoints(op: &mut Op<'_, '_>) -> Result<Vec<(EndpointId, ChannelId)>, DbError> {
    op.tx.all(sql::SELECT_ENDPOINTS, args![]).await
}

/// A message as it is sent.
#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: String,
    data: Map<String, Value>,
}

fn body(told: &Told<'_>, seq: i64, timestamp: String) -> Result<String, DbError> {
    let order = match told.order {
        Some((id, version)) => json!({ "id": id.to_string(), "external_id": told.external_id, "version": version }),
        None => json!({ "id": null, "external_id": told.external_id, "version": null }),
    };
    let mut data = told.fields.clone();
    data.insert("order".to_owned(), order);
    data.insert("seq".to_owned(), seq.into());
    text(told.kind, timestamp, data)
}

fn text(kind: &str, timestamp: String, data: Map<String, Value>) -> Result<String, DbError> {
    serde_json::to_string(&Message { kind, timestamp, data }).map_err(|error| DbError::Form(error.to_string()))
}

/// The lane of an order is named after the shop's own id, so that it is there before the order is.
async fn write(op: &mut Op<'_, '_>, told: Vec<Told<'_>>) -> Result<(), DbError> {
    let mut by_channel: BTreeMap<ChannelId, Vec<EndpointId>> = BTreeMap::new();
    for (endpoint, channel) in endpoints(op).await? {
        by_channel.entry(channel).or_default().push(endpoint);
    }
    let mut by_lane = BTreeMap::new();
    for told in &told {
        for endpoint in by_channel.get(&told.channel).into_iter().flatten() {
            by_lane.insert((*endpoint, told.external_id.clone()), told);
        }
    }
    let at = op.at();
    let lanes = by_lane.keys().map(|(endpoint, order)| args![*endpoint, order.as_str(), 1_i64, 1_i64, at]).collect();
    let seqs: Vec<(EndpointId, String, i64)> = op.tx.bulk(sql::NEXT_SEQS, lanes).await?;
    let mut messages = Vec::with_capacity(seqs.len());
    for (endpoint, order_key, seq) in seqs {
        let lane = (endpoint, order_key);
        let Some(told) = by_lane.get(&lane) else { continue };
        messages.push(message(op, &lane, seq, told.kind, body(told, seq, at.rfc3339())?)?);
    }
    op.tx.bulk_exec(sql::INSERT_MESSAGES, messages).await?;
    Ok(())
}

fn message(
    op: &Op<'_, '_>,
    (endpoint, order_key): &(EndpointId, String),
    seq: i64,
    kind: &str,
    body: String,
) -> Result<crate::db::Values, DbError> {
    let id = uuid_v7(op.context.services.random.as_ref(), op.at()).map_err(|error| DbError::Form(error.to_string()))?;
    let id = format!("msg_{}", id.simple());
    Ok(args![id, op.warehouse(), *endpoint, order_key, seq, kind, body, "pending", op.at()])
}

/// Tells every endpoint that what is on hand of a SKU was corrected, by so many pieces; a lane a SKU.
///
/// # Errors
/// A failure of the database.
pub async fn tell_stock(op: &mut Op<'_, '_>, sku: SkuId, difference: i64) -> Result<(), DbError> {
    let endpoints = endpoints(op).await?;
    if endpoints.is_empty() {
        return Ok(());
    }
    let (code,): (String,) = op.tx.one("SKU", sql::SELECT_SKU_CODE, args![sku]).await?;
    let (at, lane) = (op.at(), format!("@stock:{code}"));
    let lanes = endpoints.iter().map(|(endpoint, _)| args![*endpoint, &lane, 1_i64, 1_i64, at]).collect();
    let seqs: Vec<(EndpointId, String, i64)> = op.tx.bulk(sql::NEXT_SEQS, lanes).await?;
    let mut messages = Vec::with_capacity(seqs.len());
    for (endpoint, lane, seq) in seqs {
        let data = Map::from_iter([
            ("sku".to_owned(), code.clone().into()),
            ("difference".to_owned(), difference.into()),
            ("seq".to_owned(), seq.into()),
        ]);
        let body = text("stock.adjusted", at.rfc3339(), data)?;
        messages.push(message(op, &(endpoint, lane), seq, "stock.adjusted", body)?);
    }
    op.tx.bulk_exec(sql::INSERT_MESSAGES, messages).await?;
    Ok(())
}

/// The lane that test events use.
const TEST_LANE: &str = "test";

/// Tells one endpoint something that means nothing, so that its developer sees a signed message; gives its id.
///
/// # Errors
/// A failure of the database.
pub async fn tell_test(op: &mut Op<'_, '_>, endpoint: EndpointId) -> Result<String, DbError> {
    let at = op.at();
    let lanes = vec![args![endpoint, TEST_LANE, 1_i64, 1_i64, at]];
    let seqs: Vec<(EndpointId, String, i64)> = op.tx.bulk(sql::NEXT_SEQS, lanes).await?;
    let (_, _, seq) = seqs.into_iter().next().ok_or(DbError::Missing("lane"))?;
    let data = Map::from_iter([("seq".to_owned(), Value::from(seq))]);
    let body = text("test", at.rfc3339(), data)?;
    let values = message(op, &(endpoint, TEST_LANE.to_owned()), seq, "test", body)?;
    let Some(crate::db::Value::Text(Some(id))) = values.first().cloned() else {
        return Err(DbError::Missing("message"));
    };
    op.tx.bulk_exec(sql::INSERT_MESSAGES, vec![values]).await?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_fields_go_out() {
        let data = json!({ "reason": "person", "note": "李雷 called", "agreed_with": "李雷" });
        assert_eq!(public("order.held", &data), Map::from_iter([("reason".to_owned(), json!("person"))]));
        assert!(public("order.accepted", &data).is_empty());
        assert!(public("order.ship_by_changed", &data).is_empty());
    }
}
