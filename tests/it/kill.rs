//! The plug is pulled at random moments while everybody works, of the service and of a packing PC, and the network between
//! them breaks: what was answered is there, nothing is there twice, and the work goes on.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tallyman::db::{Db, DbError, Sql};
use tallyman::kernel::clock::{Clock, SystemClock};
use tallyman::stock::verify::verify;
use tallyman::storefront::signature::{sign_standard, standard_secret};
use tallyman_drivers::fake::FakePrinter;

use crate::support::crew::{Acked, Crew, dock, lead, packer, picker, rest};
use crate::support::packing_pc::Network;
use crate::support::program::{Served, tallyman};
use crate::support::shops::Shop;
use crate::support::{Backend, TestDatabase, invariants};

/// How often the plug is pulled on each database. `tests/run` asks for more.
fn rounds() -> u64 {
    std::env::var("TALLYMAN_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

const TOKEN: &str = "tm_crew";

async fn read<T: tallyman::db::value::FromRow + Send + 'static>(db: &Db, text: &'static str) -> Vec<T> {
    let read: Result<Vec<T>, DbError> =
        db.read(|tx| Box::pin(async move { tx.all(Sql::both(text), vec![]).await })).await;
    read.unwrap()
}

/// Stock, totes, people, a carrier with numbers, two stations with a printer each, a shop.
async fn set_up(crew: &Crew, printer: &FakePrinter, there: &FakePrinter, secret: &str, shop: &Shop) {
    let skus: Vec<Value> =
        (0..20).map(|n| json!({ "code": format!("SKU{n}"), "name_en": format!("Article {n}") })).collect();
    crew.must("PUT", "/skus", json!({ "skus": skus })).await;
    let places: Vec<Value> =
        (0..20).map(|n| json!({ "code": format!("A-{n:02}"), "zone": "A", "walk_order": n })).collect();
    crew.must("PUT", "/locations", json!({ "locations": places })).await;
    let receipts: Vec<Value> = (0..20)
        .flat_map(|n| [(n, "L1"), ((n + 1) % 20, "L2")].map(|(place, lot)| {
            json!({ "sku": format!("SKU{n}"), "location": format!("A-{place:02}"), "quantity": 100_000, "lot": lot, "received_at": 1 })
        }))
        .collect();
    crew.must("POST", "/stock/receive", json!({ "receipts": receipts })).await;
    crew.must("POST", "/totes", json!({ "prefix": "T", "first": 1, "last": 60 })).await;
    crew.must("PUT", "/carriers", json!({ "code": "SF", "name_zh": "顺丰", "is_default": true })).await;
    crew.must(
        "POST",
        "/waybills/import",
        json!({ "carrier": "SF", "range": { "prefix": "SF", "first": 1, "last": 50_000, "width": 8 } }),
    )
    .await;
    let z1 = json!({ "code": "Z1", "name": "Zebra", "transport": "tcp", "address": printer.address().to_string(), "language": "zpl" });
    crew.must("PUT", "/printers", z1).await;
    crew.must("PUT", "/stations", json!({ "code": "S1", "name": "Station 1", "label_printer": "Z1" })).await;
    // A second one, whose printer hangs on a packing PC of its own.
    crew.must("PUT", "/stations", json!({ "code": "S2", "name": "Station 2", "agent": true })).await;
    let z2 = json!({ "code": "Z2", "name": "Zebra", "transport": "tcp", "address": there.address().to_string(), "language": "zpl", "station": "S2" });
    crew.must("PUT", "/printers", z2).await;
    crew.must("PUT", "/stations", json!({ "code": "S2", "name": "Station 2", "agent": true, "label_printer": "Z2" }))
        .await;
    crew.must("PUT", "/channels", json!({ "code": "shop", "name": "Shop", "adapter": "standard", "secret": secret }))
        .await;
    crew.must("PUT", "/endpoints", json!({ "channel": "shop", "url": shop.url, "secret": secret })).await;
}

fn order(n: u64, from: &str) -> Value {
    let line =
        |k: u64| json!({ "external_id": format!("l{k}"), "sku": format!("SKU{}", (n + k) % 20), "quantity": k + 1 });
    let id = format!("{from}-{n}");
    // Everybody is somebody else: the same goods to the same receiver would be held as a doubt.
    let receiver = json!({ "name": format!("李雷{id}"), "phone": "13800000000", "country": "CN", "city": "杭州市", "line1": format!("文一西路{n}号") });
    json!({ "external_id": id, "receiver": receiver, "lines": [line(0), line(1)] })
}

/// Waits until the floor isn't far behind: however often the plug is pulled, all of it must be done in the end.
async fn room(crew: &Crew) {
    while crew.get("/orders?state=promised&limit=12").await.as_array().unwrap().len() == 12
        || crew.get("/parcels?state=waybill_bound&limit=50").await.as_array().unwrap().len() == 50
    {
        rest().await;
    }
}

/// Orders by API, one after the other.
async fn api_orders(crew: Arc<Crew>) -> u64 {
    let mut n = 0;
    while !crew.closing.load(Ordering::SeqCst) {
        room(&crew).await;
        crew.must("POST", "/orders", order(n, "api")).await;
        n += 1;
    }
    n
}

/// Orders by webhook; each is sent twice.
async fn web_orders(crew: Arc<Crew>, secret: String) -> u64 {
    let mut n = 0;
    while !crew.closing.load(Ordering::SeqCst) {
        room(&crew).await;
        let body =
            json!({ "type": "order.placed", "timestamp": "2026-11-21T10:00:00Z", "data": order(n, "web") }).to_string();
        let id = format!("msg_{n}");
        for _ in 0..2 {
            let headers = || {
                let now = SystemClock.now();
                let signed = sign_standard(std::slice::from_ref(&secret), &id, now, body.as_bytes());
                vec![
                    ("webhook-id", id.clone()),
                    ("webhook-timestamp", now.unix_seconds().to_string()),
                    ("webhook-signature", signed),
                ]
            };
            assert_eq!(crew.deliver("/in/shop", headers, &body).await, 200);
        }
        n += 1;
    }
    n
}

/// Orders that their buyers think better of, sooner or later.
async fn cancelled_orders(crew: Arc<Crew>) {
    let mut n = 0;
    while !crew.closing.load(Ordering::SeqCst) {
        room(&crew).await;
        let placed = crew.must("POST", "/orders", order(n, "cancel")).await;
        tokio::time::sleep(Duration::from_millis(crew.random.below(60))).await;
        crew.command("POST", &format!("/orders/{}/cancel", placed["order_id"]), json!({ "reason": "changed mind" }))
            .await;
        n += 1;
        // Now and then, because what was picked of them stays in its tote.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Stock that goes to and fro.
async fn mover(crew: Arc<Crew>) {
    let mut n = 0_u64;
    while !crew.closing.load(Ordering::SeqCst) {
        let (sku, forth) = (n % 20, (n / 20).is_multiple_of(2));
        let (a, b) = (format!("A-{sku:02}"), format!("A-{:02}", (sku + 5) % 20));
        let (from, to) = if forth { (a, b) } else { (b, a) };
        let body = json!({ "sku": format!("SKU{sku}"), "lot": "L1", "from": from, "to": to, "quantity": 1 });
        crew.command("POST", "/stock/move", body).await;
        n += 1;
    }
}

fn service(folder: &Path, url: &str) -> Command {
    let mut command = tallyman(folder, &["serve", "--data-folder", "data", "--database-url", url]);
    command.env("TALLYMAN_LOG_LEVEL", "warn").env("TALLYMAN_OUTBOX_ALLOW_PRIVATE_HOSTS", "127.0.0.1");
    command
}

/// The program of station S2, in a process of its own. Dropping it kills it.
struct PackingPc(std::process::Child);

impl PackingPc {
    fn start(folder: &Path, service: SocketAddr) -> Self {
        let server = format!("http://{service}");
        let mut command = tallyman(folder, &["station", "--server", &server, "--token", TOKEN, "--station", "S2"]);
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for PackingPc {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn address(served: &Served) -> SocketAddr {
    served.url.strip_prefix("http://").unwrap().trim_end_matches('/').parse().unwrap()
}

async fn pulled(backend: Backend) {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::new(backend).await);
    crew_token(folder.path(), &database).await;
    let printer = FakePrinter::start(0, None).await.unwrap();
    let there = FakePrinter::start(0, None).await.unwrap();
    let secret = standard_secret(&[7; 32]);
    let mut served = Served::start(&mut service(folder.path(), &database.url));
    let crew = Crew::new(&served.url, TOKEN, 42);
    let shop = Shop::open().await;
    set_up(&crew, &printer, &there, &secret, &shop).await;
    let network = Network::to(address(&served)).await;
    let mut pc = PackingPc::start(folder.path(), network.address);
    let placed = [tokio::spawn(api_orders(crew.clone())), tokio::spawn(web_orders(crew.clone(), secret))];
    let besides = [tokio::spawn(mover(crew.clone())), tokio::spawn(cancelled_orders(crew.clone()))];
    let totes = |from: u64| (from..from + 30).map(|n| format!("T{n:06}")).collect();
    let working = [
        tokio::spawn(lead(crew.clone())),
        tokio::spawn(picker(crew.clone(), totes(1))),
        tokio::spawn(packer(crew.clone(), "S1")),
        tokio::spawn(packer(crew.clone(), "S2")),
        tokio::spawn(dock(crew.clone())),
    ];
    for _ in 0..rounds() {
        tokio::time::sleep(Duration::from_millis(50 + crew.random.below(400))).await;
        match crew.random.below(4) {
            0 => {
                drop(pc);
                pc = PackingPc::start(folder.path(), network.address);
                continue;
            }
            1 => {
                network.cut();
                tokio::time::sleep(Duration::from_millis(crew.random.below(100))).await;
                network.mend();
            }
            _ => {}
        }
        served.signal("KILL");
        drop(served);
        served = Served::start(&mut service(folder.path(), &database.url));
        crew.moved_to(&served.url);
        network.leads_to(address(&served));
    }
    crew.closing.store(true, Ordering::SeqCst);
    let mut orders = 0;
    for placed in placed {
        orders += placed.await.unwrap();
    }
    for work in besides {
        work.await.unwrap();
    }
    all_shipped(&crew).await;
    crew.done.store(true, Ordering::SeqCst);
    for worker in working {
        worker.await.unwrap();
    }
    same_answers(&crew).await;
    heard(&crew, &shop).await;
    served.signal("TERM");
    assert!(served.child.wait().unwrap().success());
    drop(served);
    drop(pc);
    check(&database, &crew, orders, [&printer, &there]).await;
    database.drop().await;
}

/// Waits until no order waits for anybody.
async fn all_shipped(crew: &Crew) {
    let start = SystemClock.now();
    for state in ["received", "accepted", "promised", "released", "picking", "picked", "packed", "held", "short"] {
        while !crew.get(&format!("/orders?state={state}&limit=1")).await.as_array().unwrap().is_empty() {
            let waited = SystemClock.now().ms_since(start);
            // On PostgreSQL a label that was being sent is another instance's for a while; then it is in doubt.
            assert!(waited < 600_000, "orders stay {state}: {}", crew.get("/print-jobs?limit=5").await);
            rest().await;
        }
    }
}

/// A command that was answered is answered the same again.
async fn same_answers(crew: &Crew) {
    let acked = crew.acked.lock().unwrap().clone();
    // What a packer is shown is read anew each time.
    let repeatable: Vec<_> = acked.into_iter().filter(|acked| !acked.path.ends_with("/packing/start")).collect();
    let step = (repeatable.len() / 300).max(1);
    for acked in repeatable.iter().step_by(step) {
        let again = crew.once(acked.method, &acked.path, &acked.key, &acked.body).await.unwrap();
        assert_eq!(again, (200, acked.answer.clone()), "{} {}", acked.method, acked.path);
    }
}

/// The shop heard everything about each of its orders, in order and without a gap.
async fn heard(crew: &Crew, shop: &Shop) {
    while !crew.get("/outbox?state=pending&limit=1").await.as_array().unwrap().is_empty() {
        rest().await;
    }
    let by_order = shop.by_order();
    let orders = crew.get("/orders?channel=shop&limit=1000").await;
    for order in orders.as_array().unwrap() {
        let heard = &by_order[order["external_id"].as_str().unwrap()];
        let whole: Vec<i64> = (1..=i64::try_from(heard.len()).unwrap()).collect();
        assert_eq!(heard, &whole, "{order}");
    }
    let shipped: BTreeSet<String> =
        shop.taken().into_iter().filter(|got| got.kind() == "parcel.shipped").map(|got| got.order()).collect();
    assert!(shipped.len() >= orders.as_array().unwrap().len(), "each shipped parcel was told");
}

async fn check(database: &TestDatabase, crew: &Crew, orders: u64, printers: [&FakePrinter; 2]) {
    let db = database.open().await;
    let findings = db.read(|tx| Box::pin(async move { invariants::findings(tx).await })).await.unwrap();
    assert!(findings.is_empty(), "{findings:#?}");
    let report = db.read(|tx| Box::pin(async move { verify(tx).await })).await.unwrap();
    assert!(report.findings.is_empty(), "{:#?}", report.findings);

    let stored: BTreeSet<String> = read(&db, "SELECT key FROM operation").await.into_iter().map(|(key,)| key).collect();
    let acked = crew.acked.lock().unwrap().clone();
    assert!(acked.iter().all(|acked| stored.contains(&acked.key)), "an answered command is gone");
    let moves: BTreeSet<&str> =
        acked.iter().filter(|acked| acked.path.ends_with("/stock/move")).map(|acked| acked.key.as_str()).collect();
    let posted: Vec<(String, i64)> =
        read(&db, "SELECT operation_key, COUNT(*) FROM movement WHERE reason = 'move' GROUP BY operation_key").await;
    assert!(posted.iter().all(|(_, count)| *count == 1), "a move was posted twice");
    assert!(posted.len() >= moves.len());

    kept_orders(&db, &acked, orders).await;
    let shorts = acked.iter().filter(|acked| acked.path.ends_with("/short")).count();
    let told: Vec<(i64,)> = read(&db, "SELECT COUNT(*) FROM event WHERE kind = 'pick.short'").await;
    assert!(told[0].0 >= i64::try_from(shorts).unwrap());
    let blocked: Vec<(i64,)> =
        read(&db, "SELECT CAST(COALESCE(SUM(on_hand), 0) AS BIGINT) FROM stock_cell WHERE status <> 'good'").await;
    assert_eq!(blocked[0], told[0], "each missing piece is blocked once");

    // The same label came out once; a second copy bears its mark, so it is another picture.
    let labels: Vec<Vec<u8>> = printers.iter().flat_map(|printer| printer.labels()).collect();
    let different: BTreeSet<&Vec<u8>> = labels.iter().collect();
    assert_eq!(different.len(), labels.len(), "a label was printed twice");
    // What is called printed without a person's word is there. Waybill numbers are never in two labels but as copies.
    let proved: Vec<(i64,)> = read(
        &db,
        "SELECT COUNT(*) FROM print_job WHERE state = 'printed' AND evidence NOT LIKE 'person%' AND evidence <> 'scan'",
    )
    .await;
    assert!(i64::try_from(labels.len()).unwrap() >= proved[0].0, "a label that was called printed never came out");
    assert!(printers.iter().all(|printer| printer.printed() > 0), "both stations print");
    db.close().await;
}

/// Each order is there once, and shipped, unless its buyer was told that it is cancelled.
async fn kept_orders(db: &Db, acked: &[Acked], orders: u64) {
    let counts: Vec<(i64,)> =
        read(db, "SELECT COUNT(*) FROM customer_order WHERE state = 'shipped' AND external_id NOT LIKE 'cancel-%'")
            .await;
    assert_eq!(counts[0].0, i64::try_from(orders).unwrap(), "each order once, and shipped");
    let ended: BTreeSet<i64> = read(db, "SELECT id FROM customer_order WHERE state IN ('cancelled', 'intercepting')")
        .await
        .into_iter()
        .map(|(id,)| id)
        .collect();
    let cancels: Vec<_> = acked
        .iter()
        .filter(|acked| acked.path.ends_with("/cancel") && acked.path.starts_with("/api/v1/orders/"))
        .collect();
    for cancel in &cancels {
        let id: i64 = cancel.path.split('/').nth(4).unwrap().parse().unwrap();
        let refused = cancel.answer["ruling"]["verdict"] == "refused";
        assert_eq!(ended.contains(&id), !refused, "{} {}", cancel.path, cancel.answer);
    }
    assert!(!cancels.is_empty());
    let sums = "SELECT CAST(SUM(l.quantity - l.cancelled) AS BIGINT), CAST(SUM(l.shipped) AS BIGINT)
        FROM order_line l JOIN customer_order o ON o.id = l.order_id AND o.state = 'shipped'";
    let pieces: Vec<(i64, i64)> = read(db, sums).await;
    let gone: Vec<(i64,)> = read(db, "SELECT CAST(SUM(quantity) AS BIGINT) FROM movement WHERE reason = 'ship'").await;
    assert_eq!(pieces, [(gone[0].0, gone[0].0)]);
}

/// A person who may do everything, with a token, made before the service starts.
async fn crew_token(folder: &Path, database: &TestDatabase) {
    let mut first = Served::start(&mut service(folder, &database.url));
    first.signal("TERM");
    assert!(first.child.wait().unwrap().success());
    drop(first);
    let db = database.open().await;
    let person = "INSERT INTO token (person_id, name, hash, created_at) SELECT MAX(id), 'crew', $1, 0 FROM person";
    let hash = tallyman::people::tokens::hash_of(TOKEN);
    db.execute(Insert(Sql::both(person), hash)).await.unwrap();
    db.close().await;
}

struct Insert(Sql, String);

impl tallyman::db::Command for Insert {
    type Out = ();
    type Error = DbError;
    async fn run(&self, tx: &mut tallyman::db::Tx<'_>) -> Result<(), DbError> {
        tx.exec(self.0, tallyman::args![&self.1]).await.map(drop)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_the_plug_on_sqlite() {
    pulled(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_the_plug_on_postgres() {
    pulled(Backend::Postgres).await;
}
