//! The floors: the same rows, as durable, by the bare database.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, PgPool, Postgres, Sqlite, SqliteConnection};
use tallyman::db::{Sql, Value};
use tokio::sync::{mpsc, oneshot};

use crate::{Target, micros};

/// Most transactions of one commit on SQLite, as in the service.
const GROUP: usize = 64;

/// The statements of one transaction.
pub type Job = Vec<(Sql, Vec<Value>)>;

macro_rules! bind {
    ($database:ty, $text:expr, $values:expr) => {{
        let mut query = sqlx::query::<$database>($text);
        for value in $values {
            query = match value.clone() {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Bool(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}

async fn lite(target: &Target) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(target.url.trim_start_matches("sqlite:"))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .statement_cache_capacity(512)
        .pragma("cache_size", "-32768");
    SqliteConnection::connect_with(&options).await.unwrap()
}

async fn pool(target: &Target, connections: u32) -> PgPool {
    let options: PgConnectOptions = target.url.parse().unwrap();
    let options = options.statement_cache_capacity(512).options([("work_mem", "32MB"), ("jit", "off")]);
    let pool = PgPoolOptions::new().max_connections(connections).min_connections(connections);
    pool.connect_with(options).await.unwrap()
}

/// Runs the jobs with as many clients at once; gives transactions a second.
pub async fn transactions(target: &Target, jobs: Vec<Job>, clients: usize) -> f64 {
    let count = jobs.len();
    let jobs = Arc::new(jobs);
    let next = Arc::new(AtomicUsize::new(0));
    let sender = if target.kind == "sqlite" {
        let (sender, waiting) = mpsc::channel(4096);
        tokio::spawn(write(lite(target).await, Arc::clone(&jobs), waiting));
        Ok(sender)
    } else {
        Err(pool(target, u32::try_from(clients.min(16)).unwrap()).await)
    };
    let start = micros();
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let (jobs, next, sender) = (Arc::clone(&jobs), Arc::clone(&next), sender.clone());
            tokio::spawn(async move {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(at) else { return };
                    match &sender {
                        Ok(sender) => {
                            let (done, answer) = oneshot::channel();
                            sender.send((at, done)).await.unwrap();
                            answer.await.unwrap();
                        }
                        Err(pool) => one(pool, job).await,
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    count as f64 * 1e6 / (micros() - start) as f64
}

async fn one(pool: &PgPool, job: &Job) {
    let mut transaction = pool.begin().await.unwrap();
    for (sql, values) in job {
        bind!(Postgres, sql.pg, values).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// One writer that commits what waits together.
async fn write(
    mut connection: SqliteConnection,
    jobs: Arc<Vec<Job>>,
    mut waiting: mpsc::Receiver<(usize, oneshot::Sender<()>)>,
) {
    let mut group = Vec::new();
    while waiting.recv_many(&mut group, GROUP).await > 0 {
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
        let mut done = 0;
        while done < group.len() {
            for (sql, values) in &jobs[group[done].0] {
                bind!(Sqlite, sql.lite, values).execute(&mut connection).await.unwrap();
            }
            done += 1;
            while group.len() < GROUP {
                match waiting.try_recv() {
                    Ok(more) => group.push(more),
                    Err(_) => break,
                }
            }
        }
        sqlx::raw_sql("COMMIT").execute(&mut connection).await.unwrap();
        for (_, answer) in group.drain(..) {
            answer.send(()).unwrap();
        }
    }
}

/// Runs statements in one transaction; gives milliseconds.
pub async fn statements(target: &Target, before: &[&'static str], timed: &[&'static str]) -> f64 {
    if target.kind == "sqlite" {
        let mut connection = lite(target).await;
        for text in before {
            sqlx::raw_sql(*text).execute(&mut connection).await.unwrap();
        }
        let start = micros();
        let mut transaction = connection.begin().await.unwrap();
        for text in timed {
            sqlx::raw_sql(*text).execute(&mut *transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
        return (micros() - start) as f64 / 1000.0;
    }
    let pool = pool(target, 1).await;
    for text in before {
        sqlx::raw_sql(*text).execute(&pool).await.unwrap();
    }
    let start = micros();
    let mut transaction = pool.begin().await.unwrap();
    for text in timed {
        sqlx::raw_sql(*text).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
    (micros() - start) as f64 / 1000.0
}

/// First in, first out for a whole wave as one set-based transaction, with all the rows that the service writes but
/// the candidates' lists.
pub async fn wave(target: &Target, orders: i64) -> f64 {
    let before = [
        "INSERT INTO wave (id, warehouse_id, number, state, created_at) VALUES (1, 1, 'W1', 'planned', 0)",
        "INSERT INTO wave_order (wave_id, order_id, state) SELECT 1, id, 'in' FROM customer_order",
    ];
    let timed = [
        "UPDATE customer_order SET state = 'released' WHERE id IN (SELECT order_id FROM wave_order WHERE wave_id = 1)",
        "INSERT INTO allocation_candidates (id, warehouse_id, wave_id, sku_id, at, rule, demand, candidates)
            SELECT sku_id, 1, 1, sku_id, 0, 'fifo', promised, '[]' FROM sku_promise WHERE promised > 0",
        "INSERT INTO pick_task (id, warehouse_id, wave_id, order_id, state, ship_by, first_walk_order, lines_open)
            SELECT id, 1, 1, id, 'open', ship_by, 0, 3 FROM customer_order WHERE state = 'released'",
        "INSERT INTO allocation (warehouse_id, wave_id, task_id, order_id, order_line_id, sku_id, lot_id, cell_id, place_id,
            walk_order, quantity, state, rule, candidates_id)
            SELECT 1, 1, d.order_id, d.order_id, d.id, d.sku_id, s.lot_id, s.id, s.place_id, s.walk_order,
                (CASE WHEN d.till < s.till THEN d.till ELSE s.till END) - (CASE WHEN d.since > s.since THEN d.since ELSE s.since END),
                'open', 'fifo', d.sku_id
            FROM (SELECT id, order_id, sku_id, CAST(SUM(promised) OVER w AS BIGINT) - promised AS since, CAST(SUM(promised) OVER w AS BIGINT) AS till
                FROM order_line WHERE promised > 0 WINDOW w AS (PARTITION BY sku_id ORDER BY order_id, id)) d
            JOIN (SELECT c.id, c.sku_id, c.lot_id, c.place_id, p.walk_order, CAST(SUM(c.on_hand - c.reserved) OVER w AS BIGINT) - (c.on_hand - c.reserved) AS since,
                    CAST(SUM(c.on_hand - c.reserved) OVER w AS BIGINT) AS till
                FROM stock_cell c JOIN lot l ON l.id = c.lot_id AND l.status = 'good' JOIN location p ON p.place_id = c.place_id AND p.pickable
                WHERE c.status = 'good' AND c.on_hand > c.reserved WINDOW w AS (PARTITION BY c.sku_id ORDER BY l.received_at, c.lot_id)) s
            ON s.sku_id = d.sku_id AND s.since < d.till AND d.since < s.till",
        "UPDATE stock_cell SET reserved = stock_cell.reserved + a.quantity FROM (SELECT cell_id, CAST(SUM(quantity) AS BIGINT) AS quantity
            FROM allocation GROUP BY cell_id) a WHERE a.cell_id = stock_cell.id",
        "UPDATE order_line SET allocated = promised, promised = 0 WHERE promised > 0",
        "UPDATE sku_promise SET promised = 0",
        "INSERT INTO event (warehouse_id, at, person_id, kind, subject_kind, subject_id, operation_key, data)
            SELECT 1, 0, 1, 'order.released', 'order', id, 'floor', '{}' FROM customer_order WHERE state = 'released'",
        "UPDATE wave SET state = 'released' WHERE id = 1",
    ];
    let took = statements(target, &before, &timed).await;
    let world = target.open().await;
    let lines: Vec<(i64,)> = world.read("SELECT COUNT(*) FROM allocation", vec![]).await;
    assert_eq!(lines, [(orders * crate::scene::LINES,)]);
    took
}
