//! Vendure, by a plugin that posts Standard Webhooks: `order.placed` with the order, `order.state` with each transition.
//!
//! Several transitions of one order can share one second, so they count in the order in which they come.

use serde_json::Value;

use super::json;
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
        "order.placed" => order(data, at),
        "order.state" => state(data, at),
        other => Ok(Told::Nothing { reason: format!("`{other:.60}` is no type that we act on") }),
    }
}

/// States in which the shop changes an order that was placed.
const CHANGING: [&str; 2] = ["Modifying", "ArrangingAdditionalPayment"];

fn state(data: &Value, at: Timestamp) -> Result<Told, String> {
    let external_id = json::need_id(data, "orderId")?;
    let to = json::text(data, "to").ok_or("`to` is missing")?;
    let from = json::text_or_empty(data, "from");
    let at = json::moment(data, "updatedAt")?.unwrap_or(at);
    let (changes, changed) = (CHANGING.contains(&to.as_str()), CHANGING.contains(&from.as_str()));
    Ok(match to.as_str() {
        "Cancelled" => Told::Cancel { external_id, reason: "cancelled in the shop".to_owned() },
        _ if changes => Told::Hold { external_id, held: true, at, reason: format!("{to} in the shop") },
        _ if changed => Told::Hold { external_id, held: false, at, reason: String::new() },
        _ => Told::Nothing { reason: format!("`{to:.60}` changes nothing in the warehouse") },
    })
}

fn order(data: &Value, at: Timestamp) -> Result<Told, String> {
    let lines = json::list(data, "lines")?;
    let order = InboundOrder {
        external_id: json::need_id(data, "orderId")?,
        version: 0,
        placed_at: json::moment(data, "orderPlacedAt")?.or(Some(at)),
        receiver: receiver(data.get("shippingAddress").unwrap_or(&Value::Null)),
        lines: lines.iter().map(line).collect::<Result<_, _>>()?,
        ship_method: data
            .get("ship")
            .and_then(|ship| ship.get(0))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        // An order is placed once its payment is authorised.
        paid: true,
        currency: json::text(data, "currency").ok_or("`currency` is missing")?,
        total_minor: json::quantity(data, "totalWithTax")?,
        cash_on_delivery_minor: 0,
        buyer_remark: String::new(),
        seller_remark: String::new(),
        flags: Vec::new(),
        invoice: None,
        short_policy: None,
    };
    Ok(Told::Order(Box::new(OrderTold { order, changed_at: at, standing: Standing::Unsaid })))
}

fn line(line: &Value) -> Result<InboundLine, String> {
    Ok(InboundLine {
        external_id: json::need_id(line, "id")?,
        sku: json::text(line, "sku").ok_or("`sku` of a line is missing")?,
        quantity: json::quantity(line, "qty")?,
        unit_price_minor: 0,
    })
}

fn receiver(given: &Value) -> Receiver {
    let text = |name| json::text_or_empty(given, name);
    Receiver {
        name: text("fullName"),
        phone: text("phoneNumber"),
        country: text("countryCode").to_ascii_uppercase(),
        province: text("province"),
        city: text("city"),
        district: String::new(),
        line1: text("streetLine1"),
        line2: text("streetLine2"),
        postal_code: text("postalCode"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn transitions_have_their_meaning_and_cart_noise_has_none() {
        let told = |from: &str, to: &str| {
            let data = json!({ "orderId": 4, "from": from, "to": to, "updatedAt": "2026-11-21T21:29:48.000Z" });
            understand(&json!({ "type": "order.state", "timestamp": "2026-11-21T21:29:48.699Z", "data": data }))
                .unwrap()
        };
        let id = "4".to_owned();
        let at = Timestamp::parse_rfc3339("2026-11-21T21:29:48Z").unwrap();
        assert_eq!(
            told("PaymentSettled", "Cancelled"),
            Told::Cancel { external_id: id.clone(), reason: "cancelled in the shop".into() }
        );
        let held = Told::Hold { external_id: id.clone(), held: true, at, reason: "Modifying in the shop".into() };
        assert_eq!(told("PaymentSettled", "Modifying"), held);
        let released = Told::Hold { external_id: id, held: false, at, reason: String::new() };
        assert_eq!(told("Modifying", "PaymentSettled"), released);
        for (from, to) in
            [("Created", "AddingItems"), ("AddingItems", "ArrangingPayment"), ("PaymentSettled", "Shipped")]
        {
            assert!(matches!(told(from, to), Told::Nothing { .. }), "{to}");
        }
    }
}
