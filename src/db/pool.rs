//! Opening a database, running commands on it, reading from it.

use std::fs::{File, TryLockError};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Postgres, SqlSafeStr, Sqlite, SqlitePool,
    Transaction,
};

use super::job::{job, on_postgres};
use super::migrations::{Dialect, migrator};
use super::writer::Writer;
use super::{BoxFuture, DbError, Registered, Tx};

/// Longest time to reach PostgreSQL.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// A write: one transaction. It must touch nothing but the transaction, because it shares a writer and may be run
/// again.
pub trait Command: Send + Sync + 'static {
    /// What it answers.
    type Out: Send + 'static;
    /// Why it may refuse; its changes are then undone.
    type Error: From<DbError> + AsDbError + Send + 'static;
    /// Does the work.
    fn run<'a>(&'a self, tx: &'a mut Tx<'_>) -> impl Future<Output = Result<Self::Out, Self::Error>> + Send + 'a;
}

/// Lets the layer see a database failure inside a domain's error, to run the transaction again where that helps.
pub trait AsDbError {
    /// The database failure inside, if that is what it is.
    fn as_db(&self) -> Option<&DbError>;
}

impl AsDbError for DbError {
    fn as_db(&self) -> Option<&DbError> {
        Some(self)
    }
}

/// Where the database is and how much it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `sqlite:PATH` or `postgres://...`.
    pub url: String,
    /// Most connections to PostgreSQL.
    pub max_connections: u32,
}

impl Settings {
    /// The settings for a URL, with the usual limits.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), max_connections: 16 }
    }
}

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Inner,
}

#[derive(Clone)]
enum Inner {
    Lite { writer: Writer, readers: SqlitePool, lock: Arc<File> },
    Pg(PgPool),
}

impl std::fmt::Debug for Db {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.kind())
    }
}

impl Db {
    /// Opens the database and brings its tables up to date.
    ///
    /// # Errors
    /// Where it can't be reached, is open elsewhere, or its tables can't be changed.
    pub async fn open(settings: &Settings) -> Result<Self, DbError> {
        if let Some(path) = settings.url.strip_prefix("sqlite:") {
            Self::open_lite(Path::new(path.trim_start_matches("//"))).await
        } else {
            Self::open_pg(settings).await
        }
    }

    async fn open_lite(path: &Path) -> Result<Self, DbError> {
        let lock = lock_beside(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true)
            .statement_cache_capacity(512)
            // Rows of a large answer come in lots of this size from the driver's thread.
            .row_buffer_size(1_024)
            .pragma("trusted_schema", "OFF")
            .pragma("cache_size", "-32768")
            .disable_statement_logging();
        let mut connection = SqliteConnection::connect_with(&options).await?;
        migrator(Dialect::Lite).run_direct(None, &mut connection, false).await?;
        let readers = SqlitePoolOptions::new().max_connections(4).connect_with(options.read_only(true)).await?;
        Ok(Self { inner: Inner::Lite { writer: Writer::start(connection), readers, lock: Arc::new(lock) } })
    }

    async fn open_pg(settings: &Settings) -> Result<Self, DbError> {
        let options: PgConnectOptions = settings.url.parse()?;
        let options = options
            .application_name("tallyman")
            .statement_cache_capacity(512)
            .options([
                // Plans are made once for each connection: to plan what a scan must know takes longer than to find it.
                ("plan_cache_mode", "force_generic_plan"),
                // A wave's joins fit into this; and compiling them takes longer than running them.
                ("work_mem", "32MB"),
                ("jit", "off"),
                ("lock_timeout", "10s"),
                ("statement_timeout", "120s"),
                ("idle_in_transaction_session_timeout", "60s"),
            ])
            .disable_statement_logging();
        // One connection by itself first: a pool would try for half a minute, and not say why it can't.
        let connecting = tokio::time::timeout(LONGEST_CONNECT, PgConnection::connect_with(&options)).await;
        let timed_out = |_| sqlx::Error::Io(std::io::Error::from(std::io::ErrorKind::TimedOut));
        let mut connection = connecting.map_err(timed_out)??;
        migrator(Dialect::Pg).run_direct(None, &mut connection, false).await?;
        connection.close().await?;
        let pool = PgPoolOptions::new().max_connections(settings.max_connections).connect_with(options).await?;
        Ok(Self { inner: Inner::Pg(pool) })
    }

    /// `sqlite` or `postgres`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.inner {
            Inner::Lite { .. } => "sqlite",
            Inner::Pg(_) => "postgres",
        }
    }

    /// Runs a command; its changes are durable when this answers.
    ///
    /// # Errors
    /// The command's own refusal, or a failure of the database; nothing of it is stored then.
    pub async fn execute<C: Command>(&self, command: C) -> Result<C::Out, C::Error> {
        match &self.inner {
            Inner::Lite { writer, .. } => writer.run(command).await,
            Inner::Pg(pool) => {
                // A task of its own: a dropped request can't leave a command half way.
                let (job, answer) = job(command);
                tokio::spawn(on_postgres(pool.clone(), job));
                answer.await.unwrap_or_else(|_| Err(DbError::Closed.into()))
            }
        }
    }

    /// Reads from one consistent snapshot.
    ///
    /// # Errors
    /// What `read` gives, or a failure of the database.
    pub async fn read<T, E, F>(&self, read: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: for<'a, 'b> FnOnce(&'a mut Tx<'b>) -> BoxFuture<'a, Result<T, E>>,
    {
        let mut snapshot = self.snapshot().await?;
        read(&mut snapshot.tx()).await
    }

    async fn snapshot(&self) -> Result<Snapshot, DbError> {
        Ok(match &self.inner {
            Inner::Lite { readers, .. } => Snapshot::Lite(readers.begin().await?),
            Inner::Pg(pool) => Snapshot::Pg(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?),
        })
    }

    /// Ends the connections in order; commands that were sent before are done first. Other clones find the database
    /// closed from then on, and the file may be opened again.
    pub async fn close(self) {
        match self.inner {
            Inner::Lite { writer, readers, lock } => {
                readers.close().await;
                writer.close().await;
                if let Err(error) = lock.unlock() {
                    tracing::warn!(%error, "the lock beside the database file");
                }
            }
            Inner::Pg(pool) => pool.close().await,
        }
    }
}

/// A transaction that only reads.
enum Snapshot {
    Lite(Transaction<'static, Sqlite>),
    Pg(Transaction<'static, Postgres>),
}

impl Snapshot {
    fn tx(&mut self) -> Tx<'_> {
        match self {
            Self::Lite(transaction) => Tx::lite(transaction),
            Self::Pg(transaction) => Tx::pg(transaction),
        }
    }
}

/// Holds a lock file beside the database, so that two processes never write the same file.
fn lock_beside(path: &Path) -> Result<File, DbError> {
    let lock_path = PathBuf::from(format!("{}.lock", path.display()));
    let refuse = |error: std::io::Error| DbError::File(format!("{}: {error}", lock_path.display()));
    let file = File::options().create(true).truncate(false).write(true).open(&lock_path).map_err(refuse)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DbError::Locked(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(refuse(error)),
    }
}

impl Db {
    /// Prepares a statement without running it; used to prove that every statement fits the tables.
    ///
    /// # Errors
    /// What the database says about the text.
    pub async fn prepare(&self, statement: &Registered) -> Result<(), DbError> {
        use sqlx::Executor as _;
        let text = |lite: bool| match statement {
            Registered::One(sql) if lite => sql.lite.to_owned(),
            Registered::One(sql) => sql.pg.to_owned(),
            Registered::Many(bulk) if lite => bulk.text(2),
            Registered::Many(bulk) => bulk.pg_text(),
        };
        match &self.inner {
            Inner::Lite { readers, .. } => {
                let text = AssertSqlSafe(text(true)).into_sql_str();
                readers.acquire().await?.prepare(text).await?;
            }
            Inner::Pg(pool) => {
                let text = AssertSqlSafe(text(false)).into_sql_str();
                pool.acquire().await?.prepare(text).await?;
            }
        }
        Ok(())
    }
}
