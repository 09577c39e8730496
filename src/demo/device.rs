//! A person's device: HTTP with a token, and an operation key for every command, repeated where the answer got lost.

use anyhow::{Context as _, anyhow, bail};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use crate::kernel::clock::{Clock, SystemClock};
use crate::kernel::random::{SystemRandom, uuid_v7};

/// How often a command is sent where no answer comes.
const SENDS: u32 = 5;

/// A device with its person's token. Cheap to clone.
#[derive(Clone)]
pub(super) struct Device {
    client: Client,
    base: String,
    token: String,
}

/// What a command led to: an answer, or a refusal with its status and code.
pub(super) enum Answer {
    Done(Value),
    Refused { status: StatusCode, code: String, detail: String, facts: Value },
}

impl Answer {
    /// The answer; a refusal is a failure.
    pub(super) fn done(self) -> anyhow::Result<Value> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Refused { status, code, detail, .. } => Err(anyhow!("refused with {status} {code}: {detail}")),
        }
    }
}

impl Device {
    pub(super) fn new(client: &Client, base: &str, token: &str) -> Self {
        Self { client: client.clone(), base: base.to_owned(), token: token.to_owned() }
    }

    /// The same machine in another person's hand.
    pub(super) fn of(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Looks at something.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.client.get(format!("{}/api/v1{path}", self.base)).bearer_auth(&self.token);
        let response = request.send().await.with_context(|| format!("GET {path}"))?;
        read(response).await?.done().with_context(|| format!("GET {path}"))
    }

    /// Does something that must work.
    pub(super) async fn does(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.tries(method.clone(), path, body).await?;
        answer.done().with_context(|| format!("{method} {path}"))
    }

    /// Posts something that must work.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.does(Method::POST, path, body).await
    }

    /// Does something that may be refused.
    pub(super) async fn tries(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.send(method, path, "application/json", body.to_string()).await
    }

    /// Brings a file in.
    pub(super) async fn import(&self, what: &str, csv: String) -> anyhow::Result<Value> {
        let path = format!("/import/{what}");
        self.send(Method::POST, &path, "text/csv", csv).await?.done().with_context(|| path)
    }

    async fn send(&self, method: Method, path: &str, kind: &str, body: String) -> anyhow::Result<Answer> {
        let key = uuid_v7(&SystemRandom, SystemClock.now())?.to_string();
        let mut sent = 0;
        loop {
            sent += 1;
            let request = self
                .client
                .request(method.clone(), format!("{}/api/v1{path}", self.base))
                .bearer_auth(&self.token)
                .header("idempotency-key", &key)
                .header("content-type", kind)
                .body(body.clone());
            match request.send().await {
                Ok(response) => return read(response).await,
                // The same key: what was done already is answered again.
                Err(_) if sent < SENDS => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
                Err(error) => return Err(error).with_context(|| format!("{method} {path}")),
            }
        }
    }
}

async fn read(response: reqwest::Response) -> anyhow::Result<Answer> {
    let status = response.status();
    let text = response.text().await?;
    let value: Value = serde_json::from_str(&text).with_context(|| format!("{status}: {text:.200}"))?;
    if status.is_success() {
        return Ok(Answer::Done(value));
    }
    if status.is_server_error() {
        bail!("the service failed: {status} {text:.300}");
    }
    let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Answer::Refused { status, code: field("code"), detail: field("detail"), facts: field_of(&value, "facts") })
}

/// A part of an answer; nothing where it isn't there.
pub(super) fn field_of(value: &Value, name: &str) -> Value {
    value.get(name).cloned().unwrap_or_default()
}

/// A number out of an answer.
pub(super) fn number(value: &Value, name: &str) -> anyhow::Result<i64> {
    value.get(name).and_then(Value::as_i64).with_context(|| format!("no number `{name}` in {value}"))
}

/// A text out of an answer.
pub(super) fn text(value: &Value, name: &str) -> anyhow::Result<String> {
    let text = value.get(name).and_then(Value::as_str);
    text.map(str::to_owned).with_context(|| format!("no text `{name}` in {value}"))
}

/// A list out of an answer.
pub(super) fn list<'v>(value: &'v Value, name: &str) -> anyhow::Result<&'v Vec<Value>> {
    value.get(name).and_then(Value::as_array).with_context(|| format!("no list `{name}` in {value}"))
}
