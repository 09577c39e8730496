//! The storefront: posts signed orders, and listens at an address of its own, where it checks every signature by itself
//! as a shop's developer would, from the published text of Standard Webhooks.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Client;
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::Notify;

use super::goods::Wanted;
use crate::kernel::clock::{Clock, SystemClock};
use crate::kernel::random::{SystemRandom, uuid_v7};

/// What the shop was told of one order.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    /// Kind and sequence number of each message, in the order in which they came, repeats left out.
    pub(super) messages: Vec<(String, i64)>,
    /// What the last message about a parcel said of it.
    pub(super) parcels: Vec<Value>,
}

#[derive(Default)]
struct Ears {
    orders: BTreeMap<String, Heard>,
    ids: BTreeMap<String, u64>,
    bad_signatures: u64,
    unreadable: u64,
}

/// What the shop counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Messages with a good signature, each once.
    pub(super) messages: u64,
    /// Messages that came more than once.
    pub(super) repeats: u64,
    /// Messages whose signature was wrong.
    pub(super) bad_signatures: u64,
    /// Messages that make no sense.
    pub(super) unreadable: u64,
}

/// The storefront.
#[derive(Clone)]
pub(super) struct Shop {
    client: Client,
    /// Where its orders go to.
    inbox: String,
    channel_secret: String,
    ears: Arc<Mutex<Ears>>,
    /// Rings with every message.
    pub(super) rang: Arc<Notify>,
}

/// The ear of the shop before it knows its secrets.
pub(super) struct Ear {
    listener: tokio::net::TcpListener,
    /// Where it listens.
    pub(super) url: String,
}

impl Ear {
    pub(super) async fn open() -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let url = format!("http://{}/tallyman", listener.local_addr()?);
        Ok(Self { listener, url })
    }
}

impl Shop {
    /// Opens the shop.
    pub(super) fn open(
        ear: Ear,
        client: &Client,
        inbox: String,
        channel_secret: String,
        endpoint_secret: &str,
    ) -> anyhow::Result<Self> {
        let shop =
            Self { client: client.clone(), inbox, channel_secret, ears: Arc::default(), rang: Arc::new(Notify::new()) };
        let key = key(endpoint_secret)?;
        let router = Router::new().route("/tallyman", post(hear)).with_state((shop.clone(), Arc::new(key)));
        tokio::spawn(async move {
            if let Err(error) = axum::serve(ear.listener, router).await {
                tracing::error!(%error, "the demo's shop ended");
            }
        });
        Ok(shop)
    }

    /// Posts an order; gives the status and the answer.
    pub(super) async fn post(&self, order: &Wanted, id: &str) -> anyhow::Result<(u16, Value)> {
        self.deliver(order, id, &self.channel_secret).await
    }

    /// Posts an order that somebody else signed.
    pub(super) async fn forge(&self, order: &Wanted) -> anyhow::Result<u16> {
        let secret = format!("whsec_{}", STANDARD.encode([9_u8; 32]));
        Ok(self.deliver(order, "msg_forged", &secret).await?.0)
    }

    async fn deliver(&self, order: &Wanted, id: &str, secret: &str) -> anyhow::Result<(u16, Value)> {
        let (body, seconds) = (order.body.to_string(), SystemClock.now().unix_seconds());
        let signature = STANDARD.encode(digest(&key(secret)?, id, seconds, body.as_bytes()));
        let request = self
            .client
            .post(&self.inbox)
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", format!("v1,{signature}"))
            .header("content-type", "application/json")
            .body(body);
        let response = request.send().await.context("the shop's order")?;
        let status = response.status().as_u16();
        Ok((status, response.json().await?))
    }

    /// An id for a new delivery.
    pub(super) fn new_id() -> anyhow::Result<String> {
        Ok(format!("msg_{}", uuid_v7(&SystemRandom, SystemClock.now())?.simple()))
    }

    /// What was heard of an order.
    pub(super) fn heard(&self, external_id: &str) -> Heard {
        self.ears.lock().unwrap_or_else(PoisonError::into_inner).orders.get(external_id).cloned().unwrap_or_default()
    }

    pub(super) fn counts(&self) -> Counts {
        let ears = self.ears.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Counts {
            messages: count(ears.ids.len()),
            repeats: ears.ids.values().map(|times| times - 1).sum(),
            bad_signatures: ears.bad_signatures,
            unreadable: ears.unreadable,
        }
    }

    fn note(&self, id: &str, body: &[u8]) -> bool {
        let mut ears = self.ears.lock().unwrap_or_else(PoisonError::into_inner);
        let times = ears.ids.entry(id.to_owned()).or_default();
        *times += 1;
        if *times > 1 {
            return true;
        }
        let told: Option<(String, String, i64, Value)> =
            serde_json::from_slice::<Value>(body).ok().and_then(|message| {
                let data = message.get("data")?.clone();
                let order = data.get("order")?.get("external_id")?.as_str()?.to_owned();
                Some((message.get("type")?.as_str()?.to_owned(), order, data.get("seq")?.as_i64()?, data))
            });
        let Some((kind, order, seq, data)) = told else {
            ears.unreadable += 1;
            return false;
        };
        let heard = ears.orders.entry(order).or_default();
        heard.parcels.extend(data.get("parcel").cloned());
        heard.messages.push((kind, seq));
        true
    }
}

async fn hear(State((shop, key)): State<(Shop, Arc<Vec<u8>>)>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(id) = trusted(&headers, &key, &body) else {
        shop.ears.lock().unwrap_or_else(PoisonError::into_inner).bad_signatures += 1;
        return StatusCode::UNAUTHORIZED;
    };
    let understood = shop.note(&id, &body);
    shop.rang.notify_waiters();
    if understood { StatusCode::NO_CONTENT } else { StatusCode::BAD_REQUEST }
}

/// The id of a message whose signature is ours and fresh.
fn trusted(headers: &HeaderMap, key: &[u8], body: &[u8]) -> Option<String> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let (id, seconds) = (header("webhook-id")?, header("webhook-timestamp")?.parse::<i64>().ok()?);
    let fresh = (SystemClock.now().unix_seconds() - seconds).abs() <= 300;
    let expected = format!("v1,{}", STANDARD.encode(digest(key, id, seconds, body)));
    let signed = header("webhook-signature")?.split(' ').any(|signature| signature == expected);
    (fresh && signed).then(|| id.to_owned())
}

fn key(secret: &str) -> anyhow::Result<Vec<u8>> {
    let encoded = secret.strip_prefix("whsec_").context("a secret without whsec_")?;
    STANDARD.decode(encoded).context("a secret that is no base64")
}

fn digest(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}
