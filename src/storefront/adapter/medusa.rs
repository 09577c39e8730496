//! Medusa v2, by a subscriber that posts Standard Webhooks. `data` is the order as it was read, or only its id.
//!
//! `version` grows with edits but not with a change of address, so `updated_at` says which telling is newer.

use serde_json::Value;

use super::woocommerce::full_name;
use super::{json, money};
use crate::kernel::Timestamp;
use crate::order::inbound::{InboundLine, InboundOrder, Receiver};
use crate::storefront::model::{OrderTold, Standing, Told};

/// The order that an event's data is about.
pub fn order_id(data: &Value) -> Option<String> {
    json::id(data, "order_id").or_else(|| json::id(data, "id"))
}

/// What a body says.
///
/// # Errors
/// A sentence that says what can't be understood.
pub fn understand(body: &Value) -> Result<Told, String> {
    let kind = json::text(body, "type").ok_or("`type` is missing")?;
    let at = json::moment(body, "timestamp")?.ok_or("`timestamp` is missing")?;
    let data = body.get("data").filter(|data| data.is_object()).ok_or("`data` is not an object")?;
    match kind.as_str() {
        "order.placed" => order(data, at),
        "order.canceled" => {
            let external_id = order_id(data).ok_or("`id` of the order is missing")?;
            Ok(Told::Cancel { external_id, reason: "canceled in the shop".to_owned() })
        }
        "order.updated" | "order.completed" | "order-edit.confirmed" if data.get("items").is_some() => order(data, at),
        other => Ok(Told::Nothing { reason: format!("`{other:.60}` without an order is nothing that we act on") }),
    }
}

fn order(data: &Value, at: Timestamp) -> Result<Told, String> {
    let currency = json::text(data, "currency_code").ok_or("`currency_code` is missing")?.to_ascii_uppercase();
    let lines = json::list(data, "items")?;
    let canceled = json::text_or_empty(data, "status") == "canceled";
    let order = InboundOrder {
        external_id: order_id(data).ok_or("`id` of the order is missing")?,
        version: 0,
        placed_at: json::moment(data, "created_at")?,
        receiver: receiver(data.get("shipping_address").unwrap_or(&Value::Null)),
        lines: lines.iter().map(|given| line(given, &currency)).collect::<Result<_, _>>()?,
        ship_method: data
            .get("shipping_methods")
            .and_then(|methods| methods.get(0))
            .map(|method| json::text_or_empty(method, "name"))
            .unwrap_or_default(),
        paid: true,
        total_minor: money::minor_or_zero(json::decimal(data, "total"), &currency)?,
        cash_on_delivery_minor: 0,
        buyer_remark: String::new(),
        seller_remark: String::new(),
        flags: Vec::new(),
        invoice: None,
        short_policy: None,
        currency,
    };
    let changed_at = json::moment(data, "updated_at")?.unwrap_or(at);
    let standing = if canceled { Standing::Cancelled("canceled in the shop".to_owned()) } else { Standing::Open };
    Ok(Told::Order(Box::new(OrderTold { order, changed_at, standing })))
}

fn line(line: &Value, currency: &str) -> Result<InboundLine, String> {
    let exact = line.get("raw_unit_price").and_then(|raw| json::decimal(raw, "value"));
    let price = exact.or_else(|| json::decimal(line, "unit_price"));
    Ok(InboundLine {
        external_id: json::need_id(line, "id")?,
        sku: json::first_text(line, &["variant_sku", "variant_barcode", "title"]).chars().take(60).collect(),
        quantity: json::quantity(line, "quantity")?,
        unit_price_minor: money::minor_or_zero(price, currency)?,
    })
}

fn receiver(given: &Value) -> Receiver {
    let text = |name| json::text_or_empty(given, name);
    Receiver {
        name: full_name(&text("first_name"), &text("last_name")),
        phone: text("phone"),
        country: text("country_code").to_ascii_uppercase(),
        province: text("province"),
        city: text("city"),
        district: String::new(),
        line1: text("address_1"),
        line2: text("address_2"),
        postal_code: text("postal_code"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: &str, data: &Value) -> Value {
        json!({ "type": kind, "timestamp": "2026-11-21T21:36:39.131Z", "data": data })
    }

    #[test]
    fn amounts_are_taken_from_their_exact_form() {
        let item = json!({ "id": "i", "variant_sku": "A", "quantity": 1, "unit_price": 0.1, "raw_unit_price": { "value": "0.1" } });
        let data = json!({ "id": "o", "currency_code": "cny", "total": 309.5, "items": [item] });
        let Told::Order(told) = understand(&event("order.placed", &data)).unwrap() else { panic!() };
        assert_eq!((told.order.total_minor, told.order.lines[0].unit_price_minor), (30_950, 10));
    }

    #[test]
    fn events_without_an_order_are_left_alone() {
        for kind in ["order.updated", "order.fulfillment_created", "shipment.created", "delivery.created"] {
            let told = understand(&event(kind, &json!({ "id": "x", "order_id": "o" }))).unwrap();
            assert!(matches!(told, Told::Nothing { .. }), "{kind}");
        }
        let told = understand(&event("order.canceled", &json!({ "id": "o" }))).unwrap();
        assert_eq!(told, Told::Cancel { external_id: "o".into(), reason: "canceled in the shop".into() });
    }
}
