//! Requests to the whole service, without a socket.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use futures_util::StreamExt as _;
use serde_json::Value;
use tallyman::app::App;
use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::WarehouseId;
use tallyman::messages::Language;
use tallyman::people::ops::AddPerson;
use tallyman::people::tokens::{AddToken, hash_of};
use tower::Service;

use super::World;

/// Somebody with a token.
pub struct Client {
    router: axum::Router,
    app: App,
    secret: String,
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Status and code of a refusal.
    pub fn refusal(&self) -> (u16, String) {
        let kind = self.headers.get("content-type").and_then(|kind| kind.to_str().ok());
        assert_eq!(kind, Some("application/problem+json"), "{}", self.text);
        (self.status.as_u16(), self.json()["code"].as_str().unwrap_or_default().to_owned())
    }
}

impl Client {
    /// A person of their own with a role.
    pub async fn of(world: &World, role: Role) -> Self {
        Self::named(world, role, role.code()).await
    }

    /// The same service, asked with another token.
    pub fn with_secret(&self, secret: &str) -> Self {
        Self { router: self.router.clone(), app: self.app.clone(), secret: secret.to_owned() }
    }

    /// The shared parts of the service that it asks.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// A person of that number with a role.
    pub async fn named(world: &World, role: Role, number: &str) -> Self {
        Self::named_at(&world.app, world, role, number).await
    }

    /// A person of that number with a role, at another service of the same warehouse.
    pub async fn named_at(app: &App, world: &World, role: Role, number: &str) -> Self {
        let number = number.to_owned();
        let person =
            AddPerson { number: number.clone(), name: number.clone(), language: Language::En, roles: vec![role] };
        world.does(person).await;
        let secret = format!("tm_{number}");
        let token = AddToken {
            warehouse: WarehouseId(1),
            person_number: number,
            name: "test".into(),
            hash: hash_of(&secret),
            at: super::world::START,
            expires_at: None,
        };
        world.db.execute(token).await.unwrap();
        Self { router: tallyman::web::router::router(app.clone()), app: app.clone(), secret }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", Value::Null).await
    }

    /// A command with its key.
    pub async fn send(&self, method: &str, path: &str, key: &str, body: Value) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", self.secret))
            .header("accept-language", "zh-CN");
        if !key.is_empty() {
            request = request.header("idempotency-key", key);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = request.header("content-type", "application/json").body(body).unwrap();
        self.call(request).await
    }

    /// Any request at all, with this client's token unless `headers` say something else or hold a cookie.
    pub async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| ["authorization", "cookie"].contains(name)) {
            request = request.header("authorization", format!("Bearer {}", self.secret));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.call(request.body(Body::from(body)).unwrap()).await
    }

    /// What a stream says until it has said `enough`, at most ten seconds long; then the connection is gone.
    pub async fn hears(&self, path: &str, headers: &[(&str, &str)], enough: &str) -> String {
        let mut request = Request::builder().uri(path).header("authorization", format!("Bearer {}", self.secret));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().call(request.body(Body::empty()).unwrap()).await.unwrap();
        let (mut stream, mut heard) = (response.into_body().into_data_stream(), String::new());
        let listening = async {
            while let Some(bytes) = stream.next().await {
                heard.push_str(&String::from_utf8_lossy(&bytes.unwrap()));
                if heard.contains(enough) {
                    return;
                }
            }
        };
        // Broken off or not, the caller looks at what was heard.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(10), listening).await;
        heard
    }

    /// A file with its key.
    pub async fn post_csv(&self, path: &str, key: &str, text: String) -> Answer {
        let mut headers = vec![("content-type", "text/csv"), ("accept-language", "zh-CN")];
        if !key.is_empty() {
            headers.push(("idempotency-key", key));
        }
        self.raw("POST", &format!("/api/v1{path}"), &headers, text.into_bytes()).await
    }

    async fn call(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().call(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 26).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }
}
