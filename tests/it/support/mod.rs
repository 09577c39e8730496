//! A warehouse for a test: a database of its own, a clock that stands still, people with roles.

pub mod bench;
pub mod counting;
pub mod crew;
pub mod dock;
pub mod floor;
pub mod handheld;
pub mod http;
pub mod invariants;
pub mod packing_pc;
pub mod program;
pub mod shops;
pub mod wall;
pub mod world;

use std::sync::Arc;

use tallyman::db::{Db, Settings};

pub use world::World;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// Declares a story test for both databases: `both!(name, |world| { ... });`.
#[macro_export]
macro_rules! both {
    ($(#[$meta:meta])* $name:ident, |$world:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn story($world: &$crate::support::World) $body

            async fn run(backend: $crate::support::Backend) {
                let world = $crate::support::World::open(backend).await;
                story(&world).await;
                world.check_and_drop().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() { run($crate::support::Backend::Sqlite).await; }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() { run($crate::support::Backend::Postgres).await; }
        }
    };
}

/// A database for one test, dropped after it.
pub struct TestDatabase {
    pub url: String,
    pub backend: Backend,
    _folder: Option<tempfile::TempDir>,
}

/// Where the PostgreSQL server for tests is; `tests/run` starts one.
pub fn server_url() -> String {
    std::env::var("TALLYMAN_TEST_PG").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:54329/postgres".to_owned())
}

async fn admin(sql: String) {
    use sqlx::Connection;
    let connection = sqlx::PgConnection::connect(&server_url()).await;
    let mut connection = connection.unwrap_or_else(|error| {
        panic!("no PostgreSQL for tests at {}: {error}. Run tests/run, or set TALLYMAN_TEST_PG", server_url())
    });
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

impl TestDatabase {
    pub async fn new(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite:{}", folder.path().join("tallyman.db").display());
                Self { url, backend, _folder: Some(folder) }
            }
            Backend::Postgres => {
                let name = format!("tm_{}", uuid::Uuid::from_u128(fresh()).simple());
                admin(format!("CREATE DATABASE {name}")).await;
                let (server, _) = server_url().rsplit_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
                Self { url: format!("{server}/{name}"), backend, _folder: None }
            }
        }
    }

    pub async fn open(&self) -> Db {
        Db::open(&Settings { max_connections: 12, ..Settings::new(&self.url) }).await.unwrap()
    }

    pub async fn drop(self) {
        if self.backend == Backend::Postgres {
            let name = self.url.rsplit('/').next().unwrap().to_owned();
            admin(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        }
    }
}

/// A number that no other test of this or another run has.
fn fresh() -> u128 {
    let mut bytes = [0_u8; 16];
    tallyman::kernel::random::Random::fill(&tallyman::kernel::random::SystemRandom, &mut bytes).unwrap();
    u128::from_le_bytes(bytes)
}

/// Runs `count` futures at once and gives their results in order.
pub async fn at_once<T: Send + 'static, F: std::future::Future<Output = T> + Send + 'static>(
    futures: impl IntoIterator<Item = F>,
) -> Vec<T> {
    let handles: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    let mut results = Vec::with_capacity(handles.len());
    for handle in handles {
        results.push(handle.await.unwrap());
    }
    results
}

/// A shared copy, to be moved into a task.
pub fn shared<T>(value: T) -> Arc<T> {
    Arc::new(value)
}
