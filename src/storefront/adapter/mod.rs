//! How each kind of storefront speaks: what proves that a delivery is theirs, what makes two deliveries the same, and
//! what a delivery means in our words. One file each.
//!
//! Adapters are pure: headers and bytes in, words out. They believe nothing, and no bytes make them panic.

pub mod json;
mod medusa;
mod money;
mod standard;
mod vendure;
mod woocommerce;

use std::collections::BTreeMap;

use super::model::{Adapter, Told};
use super::signature::{SignatureError, StandardHeaders, verify_standard, verify_woocommerce};
use crate::kernel::Timestamp;

/// Headers of a delivery that mean something here, by lower-case name; the others aren't kept.
pub type Headers = BTreeMap<String, String>;

/// The names of [`Headers`].
pub const KEPT_HEADERS: &[&str] = &[
    "content-type",
    "user-agent",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "x-wc-webhook-source",
    "x-wc-webhook-topic",
    "x-wc-webhook-resource",
    "x-wc-webhook-event",
    "x-wc-webhook-signature",
    "x-wc-webhook-id",
    "x-wc-webhook-delivery-id",
];

/// What a delivery is about, as far as storing it needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// What makes a second delivery the same as this one.
    pub dedupe_key: String,
    /// What kind of thing it tells; empty where that can't be read.
    pub topic: String,
    /// The storefront's id of the order; empty where it has none, or it can't be read.
    pub external_id: String,
}

fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.get(name).map(String::as_str)
}

/// Whether a delivery is an unsigned greeting that needs an answer and nothing else.
#[must_use]
pub fn is_greeting(adapter: Adapter, headers: &Headers, body: &[u8]) -> bool {
    adapter == Adapter::Woocommerce && woocommerce::is_greeting(headers, body)
}

/// Verifies that a delivery comes from the channel's storefront.
///
/// # Errors
/// Why it isn't believed.
pub fn verify(
    adapter: Adapter,
    secrets: &[String],
    headers: &Headers,
    body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureError> {
    match adapter {
        Adapter::Woocommerce => verify_woocommerce(secrets, header(headers, "x-wc-webhook-signature"), body),
        Adapter::Standard | Adapter::Medusa | Adapter::Vendure => {
            let signed = StandardHeaders {
                id: header(headers, "webhook-id"),
                timestamp: header(headers, "webhook-timestamp"),
                signature: header(headers, "webhook-signature"),
            };
            verify_standard(secrets, signed, body, now)
        }
        Adapter::Api => Err(SignatureError::Wrong),
    }
}

/// What a delivery is about. `body_hash` is the SHA-256 of the body in hexadecimal.
#[must_use]
pub fn hint(adapter: Adapter, headers: &Headers, body: &[u8], body_hash: &str) -> Hint {
    let read = json::read(body).ok();
    let topic = match adapter {
        Adapter::Woocommerce => header(headers, "x-wc-webhook-topic").unwrap_or_default().to_owned(),
        _ => read.as_ref().and_then(|body| json::text(body, "type")).unwrap_or_default(),
    };
    let external_id = read.and_then(|body| match adapter {
        Adapter::Standard => json::id(body.get("data")?, "external_id"),
        Adapter::Woocommerce => json::id(&body, "id"),
        Adapter::Medusa => medusa::order_id(body.get("data")?),
        Adapter::Vendure => json::id(body.get("data")?, "orderId"),
        Adapter::Api => None,
    });
    let (external_id, topic) = (external_id.unwrap_or_default(), shortened(topic));
    let dedupe_key = match adapter {
        Adapter::Woocommerce => format!("{topic}:{external_id}:{body_hash}"),
        _ => header(headers, "webhook-id").map_or_else(|| body_hash.to_owned(), str::to_owned),
    };
    Hint { dedupe_key, topic, external_id }
}

fn shortened(topic: String) -> String {
    if topic.len() > 100 { topic.chars().take(100).collect() } else { topic }
}

/// Whether the dedupe key is made of the content: then a repeat may be an order that went back to what it was, and is
/// looked at once more.
#[must_use]
pub const fn key_is_content(adapter: Adapter) -> bool {
    matches!(adapter, Adapter::Woocommerce)
}

/// What a delivery says.
///
/// # Errors
/// A sentence that says what can't be understood of it.
pub fn understand(adapter: Adapter, headers: &Headers, body: &[u8]) -> Result<Told, String> {
    let body = json::read(body)?;
    match adapter {
        Adapter::Standard => standard::understand(&body),
        Adapter::Woocommerce => {
            woocommerce::understand(header(headers, "x-wc-webhook-topic").unwrap_or_default(), &body)
        }
        Adapter::Medusa => medusa::understand(&body),
        Adapter::Vendure => vendure::understand(&body),
        Adapter::Api => Err("a channel for the API takes no deliveries".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bytes_make_an_adapter_panic() {
        let random = crate::kernel::random::SeededRandom::new(7);
        let whole = br#"{"type":"order.placed","timestamp":"2026-11-21T10:00:00Z","id":1,"status":"processing","data":
            {"external_id":"1","id":"o","orderId":4,"items":[],"lines":[{"external_id":"l","sku":"A","quantity":1}]}}"#;
        for round in 0..4_000_u64 {
            let mut bytes = whole.to_vec();
            for _ in 0..random.below(6) {
                let place = usize::try_from(random.below(bytes.len() as u64)).unwrap();
                match random.below(3) {
                    0 => bytes[place] = random.below(256).to_le_bytes()[0],
                    1 => bytes.truncate(place.max(1)),
                    _ => bytes.insert(place, b'9'),
                }
            }
            for adapter in Adapter::ALL {
                let headers = Headers::from([("x-wc-webhook-topic".to_owned(), "order.updated".to_owned())]);
                let hint = hint(*adapter, &headers, &bytes, "hash");
                assert!(hint.topic.len() <= 400, "{round}");
                drop(understand(*adapter, &headers, &bytes));
            }
        }
    }

    #[test]
    fn a_woocommerce_delivery_is_known_by_its_content_and_never_by_its_delivery_id() {
        let headers = |topic: &str| {
            Headers::from([
                ("x-wc-webhook-topic".to_owned(), topic.to_owned()),
                ("x-wc-webhook-delivery-id".to_owned(), "same".to_owned()),
            ])
        };
        let key = |topic, body: &[u8], hash| hint(Adapter::Woocommerce, &headers(topic), body, hash).dedupe_key;
        let first = key("order.created", br#"{"id":12}"#, "a");
        assert_eq!(first, "order.created:12:a");
        assert_ne!(first, key("order.created", br#"{"id":13}"#, "b"));
        assert_ne!(first, key("order.updated", br#"{"id":12}"#, "a"));
    }
}
