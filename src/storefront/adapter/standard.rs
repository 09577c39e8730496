//! Our own format over Standard Webhooks: `{"type", "timestamp", "data"}`. Unknown fields are passed over.

use serde_json::Value;

use super::{json, money};
use crate::kernel::Timestamp;
use crate::order::inbound::{InboundLine, InboundOrder, Receiver};
use crate::storefront::model::{OrderTold, Standing, Told};

/// What a body says.
///
/// # Errors
/// A sentence that says what can't be understood.
pub fn understand(body: &Value) -> Result<Told, String> {
    let kind = json::text(body, "type").ok_or("`type` is missing")?;
    let at = json::moment(body, "timestamp")?.ok_or("`timestamp` is missing")?;
    let data = body.get("data").filter(|data| data.is_object()).ok_or("`data` is not an object")?;
    match kind.as_str() {
        "order.placed" | "order.changed" => order(data, at),
        "order.cancel_requested" => cancel(data),
        "order.held" | "order.hold_released" => Ok(Told::Hold {
            external_id: json::need_id(data, "external_id")?,
            held: kind == "order.held",
            at,
            reason: reason(data),
        }),
        other => Ok(Told::Nothing { reason: format!("`{other:.60}` is no type that we act on") }),
    }
}

fn reason(data: &Value) -> String {
    json::text_or_empty(data, "reason").chars().take(400).collect()
}

fn cancel(data: &Value) -> Result<Told, String> {
    let external_id = json::need_id(data, "external_id")?;
    let reason = reason(data);
    let lines = match data.get("lines") {
        None | Some(Value::Null) => return Ok(Told::Cancel { external_id, reason }),
        Some(_) => json::list(data, "lines")?,
    };
    let lines = lines
        .iter()
        .map(|line| Ok((json::need_id(line, "external_id")?, json::quantity(line, "quantity")?)))
        .collect::<Result<_, String>>()?;
    Ok(Told::CancelLines { external_id, lines, reason })
}

fn order(data: &Value, at: Timestamp) -> Result<Told, String> {
    let currency = json::text(data, "currency").unwrap_or_else(|| "CNY".to_owned());
    let lines: Vec<InboundLine> =
        json::list(data, "lines")?.iter().map(|given| line(given, &currency)).collect::<Result<_, _>>()?;
    let sum = || {
        lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.quantity.saturating_mul(line.unit_price_minor)))
    };
    let total_minor = match json::decimal(data, "total") {
        Some(total) => money::minor(&total, &currency)?,
        None => sum(),
    };
    let order = InboundOrder {
        external_id: json::need_id(data, "external_id")?,
        version: data.get("version").and_then(Value::as_i64).unwrap_or_default().max(0),
        placed_at: json::moment(data, "placed_at")?,
        receiver: receiver(data.get("receiver").unwrap_or(&Value::Null)),
        ship_method: json::text_or_empty(data, "ship_method"),
        paid: data.get("paid").and_then(Value::as_bool).unwrap_or(true),
        total_minor,
        cash_on_delivery_minor: money::minor_or_zero(json::decimal(data, "cash_on_delivery"), &currency)?,
        buyer_remark: json::text_or_empty(data, "buyer_remark"),
        seller_remark: json::text_or_empty(data, "seller_remark"),
        flags: data.get("flags").and_then(Value::as_array).map(|flags| texts(flags)).unwrap_or_default(),
        invoice: data.get("invoice").filter(|invoice| !invoice.is_null()).cloned(),
        short_policy: None,
        lines,
        currency,
    };
    Ok(Told::Order(Box::new(OrderTold { order, changed_at: at, standing: Standing::Unsaid })))
}

fn texts(values: &[Value]) -> Vec<String> {
    values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn line(line: &Value, currency: &str) -> Result<InboundLine, String> {
    Ok(InboundLine {
        external_id: json::need_id(line, "external_id")?,
        sku: json::text(line, "sku").ok_or("`sku` of a line is missing")?,
        quantity: json::quantity(line, "quantity")?,
        unit_price_minor: money::minor_or_zero(json::decimal(line, "unit_price"), currency)?,
    })
}

fn receiver(given: &Value) -> Receiver {
    let text = |name| json::text_or_empty(given, name);
    Receiver {
        name: text("name"),
        phone: text("phone"),
        country: text("country").to_ascii_uppercase(),
        province: text("province"),
        city: text("city"),
        district: text("district"),
        line1: text("line1"),
        line2: text("line2"),
        postal_code: text("postal_code"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn placed() -> Value {
        json!({ "type": "order.placed", "timestamp": "2026-11-21T10:00:00Z", "new_field": 1, "data": {
            "external_id": 1001, "version": 3, "placed_at": "2026-11-21T09:58:00Z",
            "receiver": { "name": "李雷", "phone": "13800000000", "country": "cn", "province": "浙江省", "city": "杭州市",
                "line1": "文一西路969号", "floor": 3 },
            "lines": [{ "external_id": "l1", "sku": "TEE-M", "quantity": 2, "unit_price": "99.00", "color": "red" }],
            "ship_method": "standard", "paid": true, "cash_on_delivery": null, "flags": ["gift"], "invoice": null } })
    }

    #[test]
    fn a_placed_order_is_read_whole() {
        let Told::Order(told) = understand(&placed()).unwrap() else { panic!() };
        let order = &told.order;
        assert_eq!((order.external_id.as_str(), order.version, order.total_minor), ("1001", 3, 19_800));
        assert_eq!((order.receiver.country.as_str(), order.flags.len(), order.invoice.is_none()), ("CN", 1, true));
        assert_eq!(told.changed_at.rfc3339(), "2026-11-21T10:00:00.000Z");
    }

    #[test]
    fn what_is_missing_is_named() {
        let cases: &[(&str, Value, &str)] = &[
            ("/type", Value::Null, "type"),
            ("/timestamp", json!("soon"), "timestamp"),
            ("/data", json!([]), "data"),
            ("/data/external_id", json!(""), "external_id"),
            ("/data/lines", json!({}), "lines"),
            ("/data/lines/0/quantity", json!(1.5), "quantity"),
            ("/data/lines/0/unit_price", json!("free"), "amount"),
            ("/data/lines/0/sku", json!(7), "sku"),
            ("/data/placed_at", json!("yesterday"), "placed_at"),
        ];
        for (place, value, named) in cases {
            let mut body = placed();
            *body.pointer_mut(place).unwrap() = value.clone();
            let error = understand(&body).unwrap_err();
            assert!(error.contains(named), "{place}: {error}");
        }
    }

    #[test]
    fn wishes_are_read() {
        let body = |kind: &str, data: Value| json!({ "type": kind, "timestamp": "2026-11-21T10:00:00Z", "data": data });
        let id = "7".to_owned();
        let told = |kind, data| understand(&body(kind, data)).unwrap();
        assert_eq!(
            told("order.cancel_requested", json!({ "external_id": 7, "reason": "changed mind" })),
            Told::Cancel { external_id: id.clone(), reason: "changed mind".into() }
        );
        assert_eq!(
            told(
                "order.cancel_requested",
                json!({ "external_id": "7", "lines": [{ "external_id": "l1", "quantity": 1 }] })
            ),
            Told::CancelLines { external_id: id.clone(), lines: vec![("l1".into(), 1)], reason: String::new() }
        );
        let at = Timestamp::parse_rfc3339("2026-11-21T10:00:00Z").unwrap();
        assert_eq!(
            told("order.hold_released", json!({ "external_id": "7" })),
            Told::Hold { external_id: id, held: false, at, reason: String::new() }
        );
        assert!(matches!(told("return.announced", json!({})), Told::Nothing { .. }));
    }
}
