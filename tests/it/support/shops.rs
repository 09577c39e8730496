//! Storefronts: one that delivers, and one that is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tallyman::kernel::Timestamp;
use tallyman::kernel::clock::Clock;
use tallyman::kernel::ids::EndpointId;
use tallyman::order::model::ShortPolicy;
use tallyman::storefront::channels::PutChannel;
use tallyman::storefront::endpoints::PutEndpoint;
use tallyman::storefront::inbox::worker::work_off;
use tallyman::storefront::model::Adapter;
use tallyman::storefront::outbox::worker::{busy, deliver_due};
use tallyman::storefront::outbox::{Courier, Settings};
use tallyman::storefront::signature::{sign_standard, sign_woocommerce};
use tokio::sync::Notify;
use tower::Service;

use super::World;
use super::http::Answer;

/// A secret of 24 bytes.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// Another one.
pub const OTHER_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Headers of a delivery.
pub type Headers = Vec<(String, String)>;

/// A channel that a storefront of a kind delivers to.
pub async fn connect(world: &World, code: &str, adapter: Adapter, secret: &str) {
    world
        .does(PutChannel {
            code: code.into(),
            name: code.into(),
            adapter,
            short_policy: ShortPolicy::Wait,
            ship_within_hours: 24,
            review_above_minor: 0,
            secret: Some(secret.into()),
            made_secret: String::new(),
        })
        .await;
    world.app.channels.forget();
}

/// Posts raw bytes to a channel.
pub async fn post(world: &World, code: &str, headers: &Headers, body: impl Into<Body>) -> Answer {
    let mut request = Request::builder().method("POST").uri(format!("/in/{code}"));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let mut router = tallyman::web::router::router(world.app.clone());
    let response = router.call(request.body(body.into()).unwrap()).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
    Answer { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

/// The headers of a body that is signed by Standard Webhooks.
pub fn signed(secret: &str, id: &str, at: Timestamp, body: &[u8]) -> Headers {
    vec![
        ("content-type".into(), "application/json".into()),
        ("webhook-id".into(), id.into()),
        ("webhook-timestamp".into(), at.unix_seconds().to_string()),
        ("webhook-signature".into(), sign_standard(&[secret.to_owned()], id, at, body)),
    ]
}

/// The headers of a body as WooCommerce signs it.
pub fn woo_signed(secret: &str, topic: &str, body: &[u8]) -> Headers {
    vec![
        ("content-type".into(), "application/json".into()),
        ("x-wc-webhook-topic".into(), topic.into()),
        ("x-wc-webhook-delivery-id".into(), "always the same".into()),
        ("x-wc-webhook-signature".into(), sign_woocommerce(secret, body)),
    ]
}

/// Delivers an event in our own format to the channel `web`, and has it applied.
pub async fn tells(world: &World, id: &str, kind: &str, data: Value) -> Answer {
    tells_at(world, id, kind, Clock::now(world.clock.as_ref()), data).await
}

/// The same, with a moment of its own inside.
pub async fn tells_at(world: &World, id: &str, kind: &str, at: Timestamp, data: Value) -> Answer {
    let body = serde_json::json!({ "type": kind, "timestamp": at.rfc3339(), "data": data }).to_string();
    let headers = signed(SECRET, id, Clock::now(world.clock.as_ref()), body.as_bytes());
    let answer = post(world, "web", &headers, body).await;
    work_off(&world.app).await.unwrap();
    answer
}

/// The data of an order in our own format.
pub fn order_data(external_id: &str, version: i64, quantity: i64) -> Value {
    serde_json::json!({
        "external_id": external_id, "version": version,
        "receiver": { "name": format!("李雷{external_id}"), "phone": "13800000000", "country": "CN", "province": "浙江省",
            "city": "杭州市", "line1": "文一西路969号" },
        "lines": [{ "external_id": "l1", "sku": "TEE-M", "quantity": quantity, "unit_price": "99.00" }]
    })
}

/// A message as a shop got it.
#[derive(Clone, Debug)]
pub struct Got {
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub body: String,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    pub fn seq(&self) -> i64 {
        self.json()["data"]["seq"].as_i64().unwrap()
    }

    pub fn order(&self) -> String {
        self.json()["data"]["order"]["external_id"].as_str().unwrap_or_default().to_owned()
    }
}

/// How a shop answers.
#[derive(Clone, Debug)]
pub enum Manner {
    Answers(u16, Vec<(&'static str, String)>),
    /// Until it is woken.
    Hangs,
    /// A gigabyte that never ends, a piece at a time.
    Floods,
}

struct Inner {
    manner: Mutex<Manner>,
    got: Mutex<Vec<Got>>,
    taken: Mutex<Vec<Got>>,
    wake: Notify,
}

/// A shop that listens on a port of this machine.
#[derive(Clone)]
pub struct Shop {
    inner: Arc<Inner>,
    pub url: String,
}

impl Shop {
    pub async fn open() -> Self {
        let inner = Inner {
            manner: Mutex::new(Manner::Answers(204, vec![])),
            got: Mutex::default(),
            taken: Mutex::default(),
            wake: Notify::new(),
        };
        let inner = Arc::new(inner);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?x=1", listener.local_addr().unwrap());
        let router = axum::Router::new().route("/hook", axum::routing::post(hear)).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, url }
    }

    pub fn answers(&self, status: u16) {
        self.becomes(Manner::Answers(status, vec![]));
    }

    pub fn becomes(&self, manner: Manner) {
        *self.inner.manner.lock().unwrap() = manner;
        self.inner.wake.notify_waiters();
    }

    /// Everything that came.
    pub fn got(&self) -> Vec<Got> {
        self.inner.got.lock().unwrap().clone()
    }

    /// What it answered well.
    pub fn taken(&self) -> Vec<Got> {
        self.inner.taken.lock().unwrap().clone()
    }

    /// The sequence numbers that it took, by order, without repeats of the same id.
    pub fn by_order(&self) -> BTreeMap<String, Vec<i64>> {
        let mut seen = std::collections::BTreeSet::new();
        let mut orders: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for got in self.taken().into_iter().filter(|got| seen.insert(got.id.clone())) {
            orders.entry(got.order()).or_default().push(got.seq());
        }
        orders
    }

    /// Waits until so many messages came.
    pub async fn waits_for(&self, count: usize) {
        let waits = async {
            while self.got().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waits).await.unwrap_or_else(|_| panic!("{:?}", self.got()));
    }
}

async fn hear(State(shop): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let got = Got {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().unwrap(),
        signature: header("webhook-signature"),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    shop.got.lock().unwrap().push(got.clone());
    let manner = shop.manner.lock().unwrap().clone();
    match manner {
        Manner::Answers(status, extra) => {
            if (200..300).contains(&status) {
                shop.taken.lock().unwrap().push(got);
            }
            let mut response = (StatusCode::from_u16(status).unwrap(), "said\0so").into_response();
            for (name, value) in extra {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
        Manner::Hangs => {
            shop.wake.notified().await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        Manner::Floods => {
            let piece = Bytes::from(vec![b'x'; 16 * 1024]);
            let flood = futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone()));
            Response::new(Body::from_stream(flood))
        }
    }
}

/// An endpoint of the channel `web` at a shop.
pub async fn endpoint(world: &World, shop: &Shop) -> EndpointId {
    let (channel, url) = ("web".into(), shop.url.clone());
    let put = PutEndpoint { channel, url, secret: Some(SECRET.into()), made_secret: String::new() };
    world.does(put).await.endpoint_id
}

/// A courier that may reach this machine.
pub fn courier() -> Arc<Courier> {
    Arc::new(Courier::new(&Settings { allow_private_hosts: vec!["127.0.0.1".into()] }).unwrap())
}

/// Sends all that is due now, until nothing is; gives how many attempts that took.
pub async fn deliver(world: &World, courier: &Courier) -> usize {
    let mut attempts = 0;
    loop {
        let mut some = 0;
        for endpoint in busy(&world.app).await.unwrap() {
            some += deliver_due(&world.app, courier, endpoint).await.unwrap();
        }
        if some == 0 {
            return attempts;
        }
        attempts += some;
    }
}
