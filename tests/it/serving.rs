//! Starting and stopping the service.

use std::path::Path;
use std::time::Duration;

use tallyman::config::Settings;
use tallyman::serve::{self, Running};
use tallyman::setup::StartError;

use crate::support::program::client;
use crate::support::{Backend, TestDatabase, at_once};

/// Settings of a service on a free port with everything in `folder`.
fn settings(folder: &Path, database: Option<&TestDatabase>) -> Settings {
    let mut settings = Settings::of_folder(folder);
    settings.listen = "127.0.0.1:0".parse().unwrap();
    if let Some(database) = database {
        settings.database_url.clone_from(&database.url);
    }
    settings
}

async fn me(running: &Running, token: &str) -> u16 {
    let url = format!("http://{}/api/v1/me", running.address);
    client().get(url).bearer_auth(token).send().await.unwrap().status().as_u16()
}

async fn refused(settings: &Settings) -> StartError {
    match serve::start(settings).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

async fn starts_twice(backend: Backend) {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::new(backend).await);
    let settings = settings(folder.path(), Some(&database));
    let running = serve::start(&settings).await.unwrap();
    let token = running.administrator.clone().expect("made on the first start").token;
    assert_eq!(me(&running, &token).await, 200);
    assert_eq!(me(&running, "tm_wrong").await, 401);
    assert!(running.stop().await);
    let running = serve::start(&settings).await.unwrap();
    assert!(running.administrator.is_none(), "only the first start makes one");
    assert_eq!(me(&running, &token).await, 200);
    assert!(running.stop().await);
    key_is_asked_for(&settings).await;
    database.drop().await;
}

/// Without its key file, and with another, the database isn't served.
async fn key_is_asked_for(settings: &Settings) {
    let key = std::fs::read(&settings.key_file).unwrap();
    std::fs::remove_file(&settings.key_file).unwrap();
    assert!(matches!(refused(settings).await, StartError::KeyMissing { .. }));
    assert!(!settings.key_file.exists(), "no new key is made");
    std::fs::write(&settings.key_file, [9; 32]).unwrap();
    assert!(matches!(refused(settings).await, StartError::KeyWrong { .. }));
    std::fs::write(&settings.key_file, [9; 33]).unwrap();
    assert!(matches!(refused(settings).await, StartError::KeyForm { .. }));
    std::fs::write(&settings.key_file, key).unwrap();
    assert!(serve::start(settings).await.unwrap().stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_first_start_makes_an_administrator_and_a_key_on_sqlite() {
    starts_twice(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_first_start_makes_an_administrator_and_a_key_on_postgres() {
    starts_twice(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_start_at_once_make_one_administrator() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::new(Backend::Postgres).await);
    let settings = settings(folder.path(), Some(&database));
    let starts = (0..4).map(|_| {
        let settings = settings.clone();
        async move { serve::start(&settings).await }
    });
    let running: Vec<Running> = at_once(starts).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(running.iter().filter(|running| running.administrator.is_some()).count(), 1);
    at_once(running.into_iter().map(Running::stop)).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_file_is_served_by_one_process_only() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), None);
    let running = serve::start(&settings).await.unwrap();
    let error = refused(&settings).await;
    assert!(matches!(&error, StartError::Locked { file } if file.ends_with("tallyman.db")), "{error}");
    assert!(running.stop().await);
    assert!(serve::start(&settings).await.unwrap().stop().await, "free again after the stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_port_is_named_and_no_database_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = settings(&folder.path().join("data"), None);
    settings.listen = taken.local_addr().unwrap();
    let error = refused(&settings).await;
    assert!(matches!(&error, StartError::PortTaken { address } if *address == settings.listen.to_string()));
    assert!(!settings.data_folder.exists());
    settings.listen = "192.0.2.1:80".parse().unwrap();
    assert!(matches!(refused(&settings).await, StartError::Listen { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_does_not_answer_is_named_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut settings = settings(folder.path(), None);
    settings.database_url = format!("postgres://tallyman:geheim@{closed}/tallyman");
    let error = refused(&settings).await;
    assert!(matches!(&error, StartError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("refused") && !error.to_string().contains("geheim"), "{error}");
    assert!(!settings.key_file.exists(), "a key is made for a database only");
    settings.database_url = format!("sqlite:{}/no.db", settings.key_file.display());
    std::fs::write(&settings.key_file, [1; 32]).unwrap();
    assert!(matches!(refused(&settings).await, StartError::File { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_ends_at_once_where_nothing_is_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let running = serve::start(&settings(folder.path(), None)).await.unwrap();
    let client = client();
    let url = format!("http://{}/api/v1/openapi.json", running.address);
    assert!(client.get(&url).send().await.unwrap().status().is_success());
    // The client's connection is still open, and says nothing.
    let stopped = tokio::time::timeout(Duration::from_secs(5), running.stop()).await;
    assert!(stopped.expect("an idle connection holds nothing up"));
    assert!(client.get(&url).send().await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_name_the_warehouse_and_leave_alone_what_they_do_not_say() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path(), None);
    settings.warehouse_name = Some("东仓".to_owned());
    assert!(serve::start(&settings).await.unwrap().stop().await);
    settings.warehouse_name = None;
    settings.time_zone = Some("Europe/Berlin".to_owned());
    let running = serve::start(&settings).await.unwrap();
    let name = tallyman::db::Sql::both("SELECT name, time_zone FROM warehouse");
    let read = running.app.db.read(|tx| Box::pin(async move { tx.one::<(String, String)>("w", name, vec![]).await }));
    let read: Result<_, tallyman::db::DbError> = read.await;
    assert_eq!(read.unwrap(), ("东仓".to_owned(), "Europe/Berlin".to_owned()));
    assert!(running.stop().await);
}
