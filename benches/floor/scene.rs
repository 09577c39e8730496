//! A large warehouse, written straight into fresh tables.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::Connection;
use tallyman::app::App;
use tallyman::args;
use tallyman::db::{Bulk, Cast, Context, Db, DbError, Op, Operation, OperationKey, Services, Settings, Sql, Values};
use tallyman::kernel::actor::Actor;
use tallyman::kernel::clock::SystemClock;
use tallyman::kernel::ids::WarehouseId;
use tallyman::kernel::random::SystemRandom;
use tallyman::kernel::vault::Vault;

/// Lots of each SKU; with a cell each.
pub const LOTS: i64 = 5;
/// Pieces of each cell.
pub const PIECES: i64 = 20;
/// Lines of each order.
pub const LINES: i64 = 3;

/// A fresh database.
pub struct Target {
    pub kind: &'static str,
    pub url: String,
    folder: Option<std::path::PathBuf>,
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

fn server() -> String {
    std::env::var("TALLYMAN_TEST_PG").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:54329/postgres".to_owned())
}

/// Whether the databases of a kind can be reached.
pub async fn reachable(kind: &str) -> bool {
    kind == "sqlite" || sqlx::PgConnection::connect(&server()).await.is_ok()
}

async fn admin(sql: String) {
    let mut connection = sqlx::PgConnection::connect(&server()).await.expect("PostgreSQL: set TALLYMAN_TEST_PG");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}

impl Target {
    pub async fn fresh(kind: &str) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("tallyman_bench_{}_{number}", std::process::id());
        if kind == "sqlite" {
            let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
            std::fs::create_dir_all(&folder).unwrap();
            return Self {
                kind: "sqlite",
                url: format!("sqlite:{}", folder.join("t.db").display()),
                folder: Some(folder),
            };
        }
        admin(format!("CREATE DATABASE {name}")).await;
        let server = server();
        let (host, _) = server.rsplit_once('/').unwrap();
        Self { kind: "postgres", url: format!("{host}/{name}"), folder: None }
    }

    /// One that is there.
    pub fn of(kind: &'static str, url: &str) -> Self {
        Self { kind, url: url.to_owned(), folder: None }
    }

    pub async fn open(&self) -> World {
        let settings = Settings { max_connections: 16, ..Settings::new(&self.url) };
        let db = Db::open(&settings).await.unwrap();
        let services = Arc::new(Services {
            vault: Vault::new(&[9; 32]),
            random: Arc::new(SystemRandom),
            layouts: tallyman_labels::Layouts::default(),
        });
        // Keys of this opening of the database, which another process may have open before or after.
        let keys = AtomicU64::new(u64::from(std::process::id()) << 32);
        World { app: App::new(db, services, Arc::new(SystemClock)), keys }
    }

    pub async fn drop(self) {
        match self.folder {
            Some(folder) => drop(std::fs::remove_dir_all(folder)),
            None => {
                let name = self.url.rsplit('/').next().unwrap();
                admin(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            }
        }
    }
}

/// An open database with the service's parts.
pub struct World {
    pub app: App,
    keys: AtomicU64,
}

impl World {
    /// Lets another process have the database.
    pub async fn close(self) {
        self.app.db.clone().close().await;
    }

    pub async fn does<O: Operation>(&self, operation: O) -> O::Answer
    where
        O::Error: std::fmt::Debug,
    {
        let key = format!("bench-{}", self.keys.fetch_add(1, Ordering::SeqCst));
        let key = OperationKey::parse(&key).unwrap();
        let context: Context = self.app.context(WarehouseId(1), Actor::system(), key);
        self.app.db.operate(context, operation).await.unwrap()
    }

    /// Rows into a table.
    pub async fn rows(&self, head: &'static str, row: &'static [Cast], rows: impl Iterator<Item = Values>) {
        let mut rows = rows.peekable();
        while rows.peek().is_some() {
            let piece: Vec<Values> = rows.by_ref().take(20_000).collect();
            self.does(Fill { bulk: Bulk { head, row, tail: "" }, rows: std::sync::Mutex::new(piece) }).await;
        }
    }

    /// One statement.
    pub async fn run(&self, sql: Sql, values: Values) {
        self.does(Run(sql, values)).await;
    }

    /// Rows out of the database.
    pub async fn read<T: tallyman::db::value::FromRow + Send + 'static>(
        &self,
        text: &'static str,
        values: Values,
    ) -> Vec<T> {
        let read = self.app.db.read(|tx| Box::pin(async move { tx.all::<T>(Sql::both(text), values).await })).await;
        read.map_err(|error: DbError| error).unwrap()
    }

    /// SKUs with their cells, a location for each ten of them.
    pub async fn stock(&self, skus: i64) {
        use Cast::{Int, Text};
        let cells = skus * LOTS;
        let locations = cells / 10;
        self.rows(
            "INSERT INTO sku (id, code, name_en, created_at) VALUES",
            &[Int, Text, Text, Int],
            (1..=skus).map(|n| args![n, format!("SKU{n:06}"), format!("Article {n}"), 0_i64]),
        )
        .await;
        self.rows(
            "INSERT INTO sku_barcode (barcode, sku_id) VALUES",
            &[Text, Int],
            (1..=skus).map(|n| args![format!("690{n:010}"), n]),
        )
        .await;
        self.rows(
            "INSERT INTO zone (id, warehouse_id, code) VALUES",
            &[Int, Int, Text],
            std::iter::once(args![1_i64, 1_i64, "A"]),
        )
        .await;
        self.rows(
            "INSERT INTO place (id, warehouse_id, kind, code) VALUES",
            &[Int, Int, Text, Text],
            (0..locations).map(|n| args![1000 + n, 1_i64, "location", format!("A-{n:06}")]),
        )
        .await;
        self.rows(
            "INSERT INTO location (place_id, warehouse_id, zone_id, walk_order, check_digits) VALUES",
            &[Int, Int, Int, Int, Text],
            (0..locations).map(|n| args![1000 + n, 1_i64, 1_i64, n, "00"]),
        )
        .await;
        self.rows(
            "INSERT INTO lot (id, warehouse_id, sku_id, number, received_at) VALUES",
            &[Int, Int, Int, Text, Int],
            (0..cells).map(|n| args![n + 1, 1_i64, n / LOTS + 1, format!("L{n}"), n % LOTS]),
        )
        .await;
        let place = |n: i64| 1000 + (n * 7919) % locations;
        self.rows(
            "INSERT INTO stock_cell (id, warehouse_id, place_id, sku_id, lot_id, status, on_hand) VALUES",
            &[Int, Int, Int, Int, Int, Text, Int],
            (0..cells).map(|n| args![n + 1, 1_i64, place(n), n / LOTS + 1, n + 1, "good", PIECES]),
        )
        .await;
        self.rows(
            "INSERT INTO movement (warehouse_id, at, person_id, operation_key, reason, sku_id, lot_id, quantity,
            from_place_id, from_status, to_place_id, to_status) VALUES",
            &[Int, Int, Int, Text, Text, Int, Int, Int, Int, Text, Int, Text],
            (0..cells).map(|n| {
                args![
                    1_i64,
                    0_i64,
                    1_i64,
                    "scene",
                    "import",
                    n / LOTS + 1,
                    n + 1,
                    PIECES,
                    1_i64,
                    "good",
                    place(n),
                    "good"
                ]
            }),
        )
        .await;
        self.counters().await;
    }

    /// Promised orders of three lines each, one piece a line, spread over all SKUs.
    pub async fn orders(&self, count: i64, skus: i64) {
        use Cast::{Bytes, Int, Text};
        let sku = |line: i64| (line * 7) % skus + 1;
        self.rows(
            "INSERT INTO channel (id, warehouse_id, code, name, adapter, secrets) VALUES",
            &[Int, Int, Text, Text, Text, Bytes],
            std::iter::once(args![900_i64, 1_i64, "bench", "Bench", "api", Vec::new()]),
        )
        .await;
        self.rows("INSERT INTO customer_order (id, warehouse_id, number, channel_id, external_id, state, short_policy, placed_at,
            received_at, ship_by, personal, receiver_fingerprint) VALUES",
            &[Int, Int, Text, Int, Text, Text, Text, Int, Int, Int, Bytes, Text],
            (1..=count).map(|n| args![n, 1_i64, format!("O{n:08}"), 900_i64, n.to_string(), "promised", "wait", n, n, n,
                vec![0_u8; 200], format!("{n:064}")])).await;
        self.rows("INSERT INTO order_line (id, warehouse_id, order_id, external_id, sku_id, sku_code, quantity, promised) VALUES",
            &[Int, Int, Int, Text, Int, Text, Int, Int],
            (0..count * LINES).map(|n| {
                let sku = sku(n);
                args![n + 1, 1_i64, n / LINES + 1, format!("l{}", n % LINES), sku, format!("SKU{sku:06}"), 1_i64, 1_i64]
            })).await;
        let promises = "INSERT INTO sku_promise (warehouse_id, sku_id, promised) SELECT 1, sku_id, SUM(promised) FROM order_line GROUP BY sku_id";
        self.run(Sql::both(promises), vec![]).await;
        self.counters().await;
    }

    /// Lets the ids go on behind the ones that were given by hand, and the planner know the tables.
    pub async fn counters(&self) {
        let counters = "SELECT setval(pg_get_serial_sequence('place', 'id'), (SELECT MAX(id) FROM place)),
            setval(pg_get_serial_sequence('customer_order', 'id'), (SELECT COALESCE(MAX(id), 1) FROM customer_order)),
            setval(pg_get_serial_sequence('order_line', 'id'), (SELECT COALESCE(MAX(id), 1) FROM order_line)),
            setval(pg_get_serial_sequence('stock_cell', 'id'), (SELECT MAX(id) FROM stock_cell)),
            setval(pg_get_serial_sequence('lot', 'id'), (SELECT MAX(id) FROM lot)),
            setval(pg_get_serial_sequence('sku', 'id'), (SELECT MAX(id) FROM sku))";
        self.run(Sql { lite: "SELECT 1", pg: counters }, vec![]).await;
        // A running PostgreSQL looks at its tables by itself; SQLite doesn't, nor does the service have it do so.
        self.run(Sql { lite: "SELECT 1", pg: "ANALYZE" }, vec![]).await;
        // What writing the scene owes the disk is not the work that is timed.
        self.run(Sql { lite: "SELECT 1", pg: "CHECKPOINT" }, vec![]).await;
    }
}

struct Fill {
    bulk: Bulk,
    rows: std::sync::Mutex<Vec<Values>>,
}

impl serde::Serialize for Fill {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl Operation for Fill {
    const KIND: &'static str = "bench.fill";
    type Answer = ();
    type Error = DbError;
    async fn run(&self, op: &mut Op<'_, '_>) -> Result<(), DbError> {
        let rows = std::mem::take(&mut *self.rows.lock().unwrap());
        op.tx.bulk_exec(self.bulk, rows).await.map(drop)
    }
}

struct Run(Sql, Values);

impl serde::Serialize for Run {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl Operation for Run {
    const KIND: &'static str = "bench.run";
    type Answer = ();
    type Error = DbError;
    async fn run(&self, op: &mut Op<'_, '_>) -> Result<(), DbError> {
        op.tx.exec(self.0, self.1.clone()).await.map(drop)
    }
}
