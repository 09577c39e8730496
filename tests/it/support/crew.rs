//! People with devices who work through HTTP and repeat what was not answered, with the same key, as a device does.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tallyman::kernel::random::SeededRandom;

use super::program::client;

/// A command that was answered.
#[derive(Clone, Debug)]
pub struct Acked {
    pub key: String,
    pub method: &'static str,
    pub path: String,
    pub body: Value,
    pub answer: Value,
}

/// What all of them share.
pub struct Crew {
    url: Mutex<String>,
    client: reqwest::Client,
    token: String,
    pub acked: Mutex<Vec<Acked>>,
    keys: AtomicU64,
    /// No new orders, no more moves.
    pub closing: AtomicBool,
    /// Everything is done.
    pub done: AtomicBool,
    pub random: SeededRandom,
}

/// An answer: status and JSON.
pub type Answered = (u16, Value);

impl Crew {
    pub fn new(url: &str, token: &str, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            url: Mutex::new(url.to_owned()),
            client: client(),
            token: token.to_owned(),
            acked: Mutex::default(),
            keys: AtomicU64::new(0),
            closing: AtomicBool::new(false),
            done: AtomicBool::new(false),
            random: SeededRandom::new(seed),
        })
    }

    /// Where the service is now.
    pub fn moved_to(&self, url: &str) {
        url.clone_into(&mut self.url.lock().unwrap());
    }

    /// A look at something.
    pub async fn get(&self, path: &str) -> Value {
        loop {
            match self.once("GET", &format!("/api/v1{path}"), "", &Value::Null).await {
                Some((200, value)) => return value,
                Some((status, value)) => panic!("GET {path}: {status} {value}"),
                None => rest().await,
            }
        }
    }

    /// A command with a key of its own, sent until it is answered.
    pub async fn command(&self, method: &'static str, path: &str, body: Value) -> Answered {
        let key = format!("crew-{}", self.keys.fetch_add(1, Ordering::SeqCst));
        let path = format!("/api/v1{path}");
        loop {
            match self.once(method, &path, &key, &body).await {
                Some((200, answer)) => {
                    let acked = Acked { key, method, path, body, answer: answer.clone() };
                    self.acked.lock().unwrap().push(acked);
                    return (200, answer);
                }
                Some((409, answer)) if ["key.busy", "database.contended"].contains(&code(&answer).as_str()) => {
                    rest().await;
                }
                Some((status, answer)) => {
                    assert!(status < 500, "{method} {path}: {status} {answer}");
                    return (status, answer);
                }
                None => rest().await,
            }
        }
    }

    /// A command that must work.
    pub async fn must(&self, method: &'static str, path: &str, body: Value) -> Value {
        let (status, answer) = self.command(method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// One try; `None` where the service is gone or going.
    pub async fn once(&self, method: &str, path: &str, key: &str, body: &Value) -> Option<Answered> {
        let url = format!("{}{path}", self.url.lock().unwrap());
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, url).bearer_auth(&self.token).timeout(Duration::from_secs(20));
        if !key.is_empty() {
            request = request.header("idempotency-key", key);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        if status == 503 {
            return None;
        }
        Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// A signed delivery, sent until it is answered.
    pub async fn deliver(&self, path: &str, headers: impl Fn() -> Vec<(&'static str, String)>, body: &str) -> u16 {
        loop {
            let url = format!("{}{path}", self.url.lock().unwrap());
            let mut request = self.client.post(url).body(body.to_owned()).timeout(Duration::from_secs(20));
            for (name, value) in headers() {
                request = request.header(name, value);
            }
            match request.send().await {
                Ok(response) if response.status().as_u16() < 500 => return response.status().as_u16(),
                _ => rest().await,
            }
        }
    }

    fn over(&self) -> bool {
        self.done.load(Ordering::SeqCst)
    }
}

/// A problem's code.
pub fn code(answer: &Value) -> String {
    answer["code"].as_str().unwrap_or_default().to_owned()
}

/// A short wait before one asks again.
pub async fn rest() {
    tokio::time::sleep(Duration::from_millis(15)).await;
}

/// Makes waves of what is promised, and releases them.
pub async fn lead(crew: Arc<Crew>) {
    while !crew.over() {
        let (status, wave) = crew.command("POST", "/waves", json!({ "choice": { "limit": 10 } })).await;
        if status == 200 {
            crew.must("POST", &format!("/waves/{}/release", wave["wave_id"]), Value::Null).await;
        } else {
            rest().await;
        }
    }
}

/// Walks one task after the other.
pub async fn picker(crew: Arc<Crew>, totes: Vec<String>) {
    let mut totes = totes.into_iter().cycle();
    while !crew.over() {
        let (status, task) = crew.command("POST", "/picking/claim", json!({})).await;
        if status != 200 {
            rest().await;
            continue;
        }
        let task_path = format!("/picking/tasks/{}", task["task_id"]);
        let tote = loop {
            let tote = task["tote"].as_str().map_or_else(|| totes.next().unwrap(), str::to_owned);
            let (status, answer) = crew.command("POST", &format!("{task_path}/tote"), json!({ "tote": tote })).await;
            match (status, code(&answer).as_str()) {
                (200, _) => break Some(tote),
                // Its goods are not packed yet.
                (409, "picking.tote_in_use") => rest().await,
                (409, _) => break None,
                _ => panic!("{status} {answer}"),
            }
            if crew.over() {
                return;
            }
        };
        let Some(tote) = tote else { continue };
        for line in task["lines"].as_array().unwrap() {
            let line_path = format!("{task_path}/lines/{}", line["allocation_id"]);
            let mut quantity = line["quantity"].as_i64().unwrap();
            if crew.random.below(12) == 0 {
                // One isn't there. What takes its place is a line of the same task, which is claimed again.
                let reason = if crew.random.below(2) == 0 { "missing" } else { "damaged" };
                crew.command("POST", &format!("{line_path}/short"), json!({ "missing": 1, "reason": reason })).await;
                quantity -= 1;
            }
            if quantity > 0 {
                let body =
                    json!({ "location": line["place"], "item": line["sku"], "quantity": quantity, "tote": tote });
                crew.command("POST", &format!("{line_path}/confirm"), body).await;
            }
        }
    }
}

/// Packs the totes that wait.
pub async fn packer(crew: Arc<Crew>, station: &'static str) {
    while !crew.over() {
        let waiting = crew.get("/packing/waiting").await;
        let Some(tote) = waiting.as_array().unwrap().first().map(|tote| tote["tote"].clone()) else {
            rest().await;
            continue;
        };
        let (status, parcel) =
            crew.command("POST", "/packing/start", json!({ "tote": tote, "station": station })).await;
        if status != 200 {
            rest().await;
            continue;
        }
        let id = &parcel["parcel_id"];
        for line in parcel["lines"].as_array().unwrap() {
            let left = line["left"].as_i64().unwrap();
            if left > 0 {
                let body = json!({ "item": line["sku"], "quantity": left });
                crew.command("POST", &format!("/packing/{id}/pieces"), body).await;
            }
        }
        for paper in parcel["papers"].as_array().unwrap() {
            let body = json!({ "paper": paper["paper"], "enclosed": true });
            crew.command("POST", &format!("/packing/{id}/papers"), body).await;
        }
        crew.command("POST", &format!("/packing/{id}/close"), json!({})).await;
        crew.command("POST", &format!("/parcels/{id}/weigh"), json!({ "weight_grams": 100, "station": station })).await;
    }
}

/// Hands over what has its label, and settles what is in doubt.
pub async fn dock(crew: Arc<Crew>) {
    while !crew.over() {
        for job in crew.get("/print-jobs?state=open").await.as_array().unwrap() {
            if job["state"] == "in_doubt" || job["state"] == "sent" {
                let came_out = crew.random.below(2) == 0;
                let body = json!({ "came_out": came_out, "evidence": "looked" });
                crew.command("POST", &format!("/print-jobs/{}/settle", job["id"]), body).await;
            }
        }
        let parcels = crew.get("/parcels?state=label_printed").await;
        let parcels = parcels.as_array().unwrap();
        if parcels.is_empty() {
            rest().await;
            continue;
        }
        let manifest = crew.must("POST", "/manifests", json!({ "carrier": "SF" })).await;
        let path = format!("/manifests/{}", manifest["manifest_id"]);
        for parcel in parcels {
            crew.command("POST", &format!("{path}/parcels"), json!({ "scan": parcel["waybill"] })).await;
        }
        let (status, _) = crew.command("POST", &format!("{path}/hand-over"), json!({ "taken_by": "Driver" })).await;
        if status != 200 {
            crew.command("POST", &format!("{path}/cancel"), Value::Null).await;
        }
    }
}
