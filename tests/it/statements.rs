//! Every statement of the program can be prepared on both databases.

use tallyman::ALL_STATEMENTS;

use crate::support::{Backend, TestDatabase};

async fn prepare_all(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let db = database.open().await;
    let mut count = 0;
    let mut wrong = Vec::new();
    for list in ALL_STATEMENTS {
        for (module, name, statement) in *list {
            count += 1;
            if let Err(error) = db.prepare(statement).await {
                wrong.push(format!("{module}::{name}: {error}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 90, "{count} statements");
    db.close().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_prepares_on_sqlite() {
    prepare_all(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_prepares_on_postgres() {
    prepare_all(Backend::Postgres).await;
}
