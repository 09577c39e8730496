//! A handheld that scans over HTTP, as its script does.

use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Value, json};
use tallyman::kernel::actor::Role;
use tallyman::people::login::{Attempt, log_in};

use super::World;
use super::http::{Answer, Client};

/// Somebody's handheld.
pub struct Handheld {
    pub client: Client,
    pub admin: Client,
    page: &'static str,
    cookie: String,
    name: String,
    version: AtomicI64,
    keys: AtomicI64,
}

/// What a scan led to.
#[derive(Debug, PartialEq, Eq)]
pub struct Heard {
    pub signal: String,
    pub message: String,
    pub step: String,
}

impl Handheld {
    /// A picker of that number, logged in by badge.
    pub async fn picker(world: &World, number: &str) -> Self {
        Self::of(world, Role::Picker, number, "/pda").await
    }

    /// A packer of that number at a station's page, logged in by badge.
    pub async fn packer(world: &World, number: &str) -> Self {
        Self::of(world, Role::Packer, number, "/station").await
    }

    async fn of(world: &World, role: Role, number: &str, page: &'static str) -> Self {
        let admin = Client::named(world, Role::Administrator, &format!("ADMIN-{number}")).await;
        let client = Client::named(world, role, number).await;
        let person = client.get("/me").await.json()["person_id"].as_i64().unwrap();
        let badge =
            admin.send("POST", &format!("/people/{person}/badge"), &format!("badge-{number}"), Value::Null).await;
        let code = badge.json()["code"].as_str().unwrap().to_owned();
        let opened = log_in(client.app(), Attempt::Badge { code, pin: String::new() }, "a test").await.unwrap();
        let cookie = format!("tallyman={}", opened.secret);
        let (version, keys) = (AtomicI64::new(0), AtomicI64::new(0));
        Self { client, admin, page, cookie, name: number.to_owned(), version, keys }
    }

    /// Another device of the same person.
    pub fn another(&self) -> Self {
        Self {
            client: self.client.with_secret(""),
            admin: self.admin.with_secret(""),
            page: self.page,
            cookie: self.cookie.clone(),
            name: format!("{}-2", self.name),
            version: AtomicI64::new(0),
            keys: AtomicI64::new(0),
        }
    }

    /// A key that wasn't used yet.
    pub fn fresh_key(&self) -> String {
        format!("{}-{}", self.name, self.keys.fetch_add(1, Ordering::SeqCst))
    }

    /// The page, which also tells the version.
    pub async fn page(&self) -> String {
        let headers = [("cookie", self.cookie.as_str()), ("accept", "text/html")];
        let page = self.client.raw("GET", self.page, &headers, Vec::new()).await;
        assert_eq!(page.status.as_u16(), 200, "{}", page.text);
        let version = page.text.split("data-version=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        self.version.store(version.parse().unwrap(), Ordering::SeqCst);
        page.text
    }

    /// A scan with all that a device sends.
    pub async fn send(&self, key: &str, raw: &str, more: Value) -> Answer {
        // A second between scans: none is another label in view of the last.
        let scanned_at = 1000 * self.keys.fetch_add(1, Ordering::SeqCst);
        let mut body = json!({ "operation_key": key, "version": self.version.load(Ordering::SeqCst), "after": "", "raw": raw,
            "aim": "", "source": "wedge", "scanned_at": scanned_at });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("content-type", "application/json"),
            ("sec-fetch-site", "same-origin"),
            ("accept", "application/json"),
        ];
        let answer =
            self.client.raw("POST", &format!("{}/scan", self.page), &headers, body.to_string().into_bytes()).await;
        if let Some(version) =
            serde_json::from_str::<Value>(&answer.text).ok().and_then(|body| body["version"].as_i64())
        {
            self.version.store(version, Ordering::SeqCst);
        }
        answer
    }

    /// Scans, and waits for the answer.
    pub async fn scan(&self, raw: &str) -> Heard {
        heard(&self.send(&self.fresh_key(), raw, json!({})).await)
    }

    /// Scans codes, each of which must be right; gives the last answer.
    pub async fn all(&self, codes: &[&str]) -> Heard {
        let mut last = None;
        for code in codes {
            let heard = self.scan(code).await;
            assert!(heard.signal != "wrong", "{code}: {heard:?}");
            last = Some(heard);
        }
        last.unwrap()
    }

    /// A scan that must be wrong, and leaves the step as it is; gives the id of the sentence.
    pub async fn wrong(&self, raw: &str) -> String {
        let heard = self.scan(raw).await;
        assert_eq!(heard.signal, "wrong", "{raw}: {heard:?}");
        heard.message
    }
}

/// An answer's signal, sentence and step.
pub fn heard(answer: &Answer) -> Heard {
    let body = answer.json();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    assert!(body["signal"].is_string(), "{}", answer.text);
    Heard { signal: text("signal"), message: text("message_id"), step: text("step") }
}
