//! The small warehouse that stories happen in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tallyman::app::App;
use tallyman::db::{Context, Db, Op, Operation, OperationKey, Services};
use tallyman::kernel::Timestamp;
use tallyman::kernel::actor::{Actor, Role};
use tallyman::kernel::clock::SetClock;
use tallyman::kernel::ids::{ChannelId, PersonId, WarehouseId};
use tallyman::kernel::random::SeededRandom;
use tallyman::kernel::vault::Vault;

use super::{Backend, TestDatabase, invariants};

/// 2026-11-21T10:00:00Z.
pub const START: Timestamp = Timestamp(1_795_255_200_000);

pub struct World {
    pub db: Db,
    pub app: App,
    pub clock: Arc<SetClock>,
    pub services: Arc<Services>,
    database: TestDatabase,
    keys: AtomicU64,
}

impl World {
    pub async fn open(backend: Backend) -> Self {
        let database = TestDatabase::new(backend).await;
        let db = database.open().await;
        let clock = Arc::new(SetClock::at(START));
        let services = Arc::new(Services {
            vault: Vault::new(&[7; 32]),
            random: Arc::new(SeededRandom::new(START.0.unsigned_abs())),
            layouts: tallyman_labels::Layouts::default(),
        });
        let app = App::new(db.clone(), Arc::clone(&services), clock.clone());
        Self { db, app, clock, services, database, keys: AtomicU64::new(0) }
    }

    /// Where the database is.
    #[allow(dead_code)]
    pub fn url(&self) -> &str {
        &self.database.url
    }

    /// A context of the system itself with a fresh key.
    pub fn context(&self) -> Context {
        self.context_of(Actor::system(), &format!("test-{}", self.keys.fetch_add(1, Ordering::SeqCst)))
    }

    /// A context with a key of one's own.
    pub fn keyed(&self, key: &str) -> Context {
        self.context_of(Actor::system(), key)
    }

    /// A context of the system's person, but with a role's rights only.
    #[allow(dead_code)]
    pub fn as_role(&self, role: Role) -> Context {
        let context = self.context();
        Context { actor: Actor::new(PersonId(1), "TEST", &[role]), ..context }
    }

    /// A context of another person.
    #[allow(dead_code)]
    pub fn as_person(&self, person: PersonId) -> Context {
        let context = self.context();
        Context { actor: Actor { person, ..Actor::system() }, ..context }
    }

    fn context_of(&self, actor: Actor, key: &str) -> Context {
        let key = OperationKey::parse(key).unwrap();
        let at = tallyman::kernel::Clock::now(self.clock.as_ref());
        Context { warehouse: WarehouseId(1), actor, key, at, services: Arc::clone(&self.services) }
    }

    /// Does an operation that must work.
    pub async fn does<O: Operation>(&self, operation: O) -> O::Answer
    where
        O::Error: std::fmt::Debug,
    {
        self.db.operate(self.context(), operation).await.unwrap()
    }

    /// Does an operation that must be refused.
    pub async fn refused<O: Operation>(&self, operation: O) -> O::Error
    where
        O::Answer: std::fmt::Debug,
    {
        match self.db.operate(self.context(), operation).await {
            Ok(answer) => panic!("not refused: {answer:?}"),
            Err(refusal) => refusal,
        }
    }

    /// Runs statements that set a scene.
    pub async fn sql(&self, text: &'static str) {
        self.does(Raw(text)).await;
    }

    /// One number out of the database.
    pub async fn number(&self, text: &'static str) -> i64 {
        let sql = tallyman::db::Sql::both(text);
        let read = self.db.read(|tx| Box::pin(async move { tx.one::<(i64,)>("number", sql, vec![]).await })).await;
        read.unwrap().0
    }

    /// One text out of the database.
    pub async fn text(&self, text: &'static str) -> String {
        let sql = tallyman::db::Sql::both(text);
        let read = self.db.read(|tx| Box::pin(async move { tx.one::<(String,)>("text", sql, vec![]).await })).await;
        read.unwrap().0
    }

    /// A channel that orders come in by.
    pub async fn channel(&self) -> ChannelId {
        self.sql(
            "INSERT INTO channel (warehouse_id, code, name, adapter, secrets, short_policy)
             VALUES (1, 'shop', 'Shop', 'api', CAST('' AS {bytes}), 'wait')",
        )
        .await;
        ChannelId(self.number("SELECT id FROM channel WHERE code = 'shop'").await)
    }

    /// What every test ends with: the promises hold.
    pub async fn check(&self) {
        let findings = self.db.read(|tx| Box::pin(async move { invariants::findings(tx).await })).await.unwrap();
        assert!(findings.is_empty(), "{findings:#?}");
    }

    pub async fn check_and_drop(self) {
        self.check().await;
        self.drop().await;
    }

    /// The end of a test that broke the books on purpose.
    pub async fn drop(self) {
        let Self { db, app, database, .. } = self;
        drop(app);
        db.close().await;
        database.drop().await;
    }
}

/// Statements, as an operation, so that they run where writes run. `{bytes}` is the type of bytes.
#[derive(serde::Serialize)]
pub struct Raw(pub &'static str);

impl Operation for Raw {
    const KIND: &'static str = "test.raw";
    type Answer = ();
    type Error = tallyman::db::DbError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<(), tallyman::db::DbError> {
        let lite = self.0.replace("{bytes}", "BLOB");
        let pg = self.0.replace("{bytes}", "BYTEA");
        // Leaked on purpose: statements are constants, and a test makes a handful.
        let sql = tallyman::db::Sql { lite: lite.leak(), pg: pg.leak() };
        op.tx.exec(sql, vec![]).await.map(drop)
    }
}
