//! WooCommerce (REST v3 payloads). A delivery carries the order as it was when the delivery was made, whatever its topic
//! says: an `order.created` may say `cancelled`. Changes come merged, and moments have whole seconds.

use serde_json::Value;

use super::{Headers, header, json, money};
use crate::kernel::Timestamp;
use crate::order::inbound::{InboundLine, InboundOrder, Receiver};
use crate::storefront::model::{OrderTold, Standing, Told};

/// The greeting that WooCommerce sends when a webhook is saved: form-encoded `webhook_id=N`, unsigned.
pub fn is_greeting(headers: &Headers, body: &[u8]) -> bool {
    let form =
        header(headers, "content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let number = body.strip_prefix(b"webhook_id=").filter(|number| (1..=20).contains(&number.len()));
    form && header(headers, "x-wc-webhook-signature").is_none()
        && number.is_some_and(|number| number.iter().all(u8::is_ascii_digit))
}

/// What a body says.
///
/// # Errors
/// A sentence that says what can't be understood.
pub fn understand(topic: &str, body: &Value) -> Result<Told, String> {
    match topic {
        "order.created" | "order.updated" | "order.restored" => order(body),
        "order.deleted" => {
            Ok(Told::Cancel { external_id: json::need_id(body, "id")?, reason: "deleted in the shop".to_owned() })
        }
        other => Ok(Told::Nothing { reason: format!("`{other:.60}` is no topic that we act on") }),
    }
}

/// What a status means for the warehouse: whether the order is wanted, and whether it is known to be unpaid.
fn meaning(status: &str) -> Option<(Standing, bool)> {
    Some(match status {
        // Drafts of a cart that is not ordered yet.
        "checkout-draft" | "auto-draft" | "draft" => return None,
        "pending" | "failed" => (Standing::Open, true),
        "on-hold" => (Standing::Held("on-hold in the shop".to_owned()), true),
        "cancelled" | "refunded" | "trash" => (Standing::Cancelled(format!("{status} in the shop")), false),
        // Completed says nothing about shipping: cash-on-delivery orders can be born completed.
        _ => (Standing::Open, false),
    })
}

const KNOWN: [&str; 8] = ["pending", "failed", "on-hold", "cancelled", "refunded", "trash", "processing", "completed"];

fn gmt(body: &Value, name: &str) -> Result<Option<Timestamp>, String> {
    let Some(text) = json::text(body, name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let moment = Timestamp::parse_rfc3339(&format!("{text}Z")).or_else(|| Timestamp::parse_rfc3339(&text));
    moment.map(Some).ok_or_else(|| format!("`{name}` is not a moment: {text:.60}"))
}

fn order(body: &Value) -> Result<Told, String> {
    let status = json::text(body, "status").ok_or("`status` is missing")?;
    let Some((standing, unpaid)) = meaning(&status) else {
        return Ok(Told::Nothing { reason: format!("a draft (`{status}`) is no order yet") });
    };
    let currency = json::text(body, "currency").ok_or("`currency` is missing")?;
    let total_minor = money::minor_or_zero(json::decimal(body, "total"), &currency)?;
    let collected = json::text_or_empty(body, "payment_method") == "cod" && gmt(body, "date_paid_gmt")?.is_none();
    let flags = if KNOWN.contains(&status.as_str()) { Vec::new() } else { vec![format!("status:{status:.60}")] };
    let lines = json::list(body, "line_items")?;
    let order = InboundOrder {
        external_id: json::need_id(body, "id")?,
        version: 0,
        placed_at: gmt(body, "date_created_gmt")?,
        receiver: receiver(body),
        lines: lines.iter().map(|given| line(given, &currency)).collect::<Result<_, _>>()?,
        ship_method: ship_method(body),
        paid: !unpaid && !collected,
        total_minor,
        cash_on_delivery_minor: if collected { total_minor } else { 0 },
        buyer_remark: json::text_or_empty(body, "customer_note"),
        seller_remark: String::new(),
        flags,
        invoice: None,
        short_policy: None,
        currency,
    };
    let changed_at = gmt(body, "date_modified_gmt")?.or(order.placed_at).ok_or("`date_modified_gmt` is missing")?;
    Ok(Told::Order(Box::new(OrderTold { order, changed_at, standing })))
}

fn line(line: &Value, currency: &str) -> Result<InboundLine, String> {
    let sku = json::text_or_empty(line, "sku");
    Ok(InboundLine {
        external_id: json::need_id(line, "id")?,
        // A product without a SKU is held and shown by its name, never refused.
        sku: if sku.trim().is_empty() { json::text_or_empty(line, "name").chars().take(60).collect() } else { sku },
        quantity: json::quantity(line, "quantity")?,
        unit_price_minor: money::minor_or_zero(json::decimal(line, "price"), currency)?,
    })
}

fn ship_method(body: &Value) -> String {
    let first = body.get("shipping_lines").and_then(|lines| lines.get(0)).unwrap_or(&Value::Null);
    json::first_text(first, &["method_id", "method_title"]).chars().take(100).collect()
}

/// The shipping address; the billing address where the shop asked for one only.
fn receiver(body: &Value) -> Receiver {
    let nothing = Value::Null;
    let (shipping, billing) = (body.get("shipping").unwrap_or(&nothing), body.get("billing").unwrap_or(&nothing));
    let given = if json::text_or_empty(shipping, "address_1").trim().is_empty() { billing } else { shipping };
    let text = |name| json::text_or_empty(given, name);
    let country = text("country").to_ascii_uppercase();
    let phone = json::first_text(given, &["phone"]);
    Receiver {
        name: full_name(&text("first_name"), &text("last_name")),
        phone: if phone.is_empty() { json::text_or_empty(billing, "phone") } else { phone },
        province: text("state"),
        city: text("city"),
        district: String::new(),
        line1: text("address_1"),
        line2: text("address_2"),
        postal_code: text("postcode"),
        country,
    }
}

/// A whole name: Chinese ones family name first and without a blank.
pub(super) fn full_name(first: &str, last: &str) -> String {
    let (first, last) = (first.trim(), last.trim());
    let chinese = |text: &str| text.chars().all(|character| ('\u{3400}'..='\u{9fff}').contains(&character));
    if !first.is_empty() && !last.is_empty() && chinese(first) && chinese(last) {
        return format!("{last}{first}");
    }
    format!("{first} {last}").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body(status: &str) -> Value {
        json!({ "id": 12, "status": status, "currency": "CNY", "total": "198.00", "payment_method": "bacs",
            "date_created_gmt": "2026-11-21T21:44:44", "date_modified_gmt": "2026-11-21T21:44:45", "date_paid_gmt": null,
            "billing": { "first_name": "雷", "last_name": "李", "address_1": "文一西路969号", "city": "杭州市", "phone": "13800000000" },
            "shipping": { "first_name": "", "address_1": "" },
            "line_items": [{ "id": 1, "name": "Tee", "quantity": 2, "price": 99, "sku": "TEE-M" }] })
    }

    fn told(body: &Value) -> OrderTold {
        match understand("order.updated", body).unwrap() {
            Told::Order(told) => *told,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_status_has_its_meaning() {
        for (status, standing, paid) in [
            ("processing", Standing::Open, true),
            ("completed", Standing::Open, true),
            ("pending", Standing::Open, false),
            ("failed", Standing::Open, false),
            ("on-hold", Standing::Held("on-hold in the shop".into()), false),
            ("cancelled", Standing::Cancelled("cancelled in the shop".into()), true),
            ("refunded", Standing::Cancelled("refunded in the shop".into()), true),
            ("wc-custom", Standing::Open, true),
        ] {
            let told = told(&body(status));
            assert_eq!((told.standing, told.order.paid), (standing, paid), "{status}");
            assert_eq!(told.order.flags.is_empty(), status != "wc-custom", "{status}");
        }
        assert!(matches!(understand("order.created", &body("checkout-draft")), Ok(Told::Nothing { .. })));
        assert!(matches!(understand("product.updated", &json!({})), Ok(Told::Nothing { .. })));
        assert!(matches!(understand("order.deleted", &json!({ "id": 12 })), Ok(Told::Cancel { .. })));
    }

    #[test]
    fn cash_on_delivery_is_collected_unless_it_was_paid() {
        let mut body = body("processing");
        body["payment_method"] = json!("cod");
        let order = told(&body).order;
        assert_eq!((order.paid, order.cash_on_delivery_minor), (false, 19_800));
        body["date_paid_gmt"] = json!("2026-11-21T21:44:46");
        let order = told(&body).order;
        assert_eq!((order.paid, order.cash_on_delivery_minor), (true, 0));
    }

    #[test]
    fn the_billing_address_stands_in_for_a_missing_one() {
        let order = told(&body("processing")).order;
        assert_eq!((order.receiver.name.as_str(), order.receiver.phone.as_str()), ("李雷", "13800000000"));
        assert_eq!(full_name("Lei", "Li"), "Lei Li");
    }

    #[test]
    fn only_a_form_with_a_number_is_a_greeting() {
        let headers = |kind: &str| Headers::from([("content-type".to_owned(), kind.to_owned())]);
        let form = headers("application/x-www-form-urlencoded");
        assert!(is_greeting(&form, b"webhook_id=1"));
        assert!(!is_greeting(&form, b"webhook_id="));
        assert!(!is_greeting(&form, b"webhook_id=1&order=2"));
        assert!(!is_greeting(&headers("application/json"), b"webhook_id=1"));
    }
}
