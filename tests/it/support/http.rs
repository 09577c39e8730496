//! Requests to the whole service, without a socket.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::Value;
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
    secret: String,
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Client {
    /// A person of their own with a role.
    pub async fn of(world: &World, role: Role) -> Self {
        let number = role.code().to_owned();
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
        Self { router: tallyman::web::router::router(world.app.clone()), secret }
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
        let response = self.router.clone().call(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
        Answer { status, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }
}
