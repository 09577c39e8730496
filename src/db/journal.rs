//! Operations: commands with a client-made key, that change things at most once.
//!
//! The key is stored with the answer in the operation's own transaction. A second run of the same key fails at that
//! insert (or earlier, at a check, because the work is done already), is undone, and gets the stored answer. So the
//! usual case costs one statement, and no lock is held. Refusals store nothing: nothing has happened.

use std::future::Future;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::{AsDbError, Command, Db, DbError, Tx};
use crate::kernel::actor::{Actor, Right};
use crate::kernel::clock::Stopwatch;
use crate::kernel::ids::{EventId, PersonId, WarehouseId};
use crate::kernel::random::SharedRandom;
use crate::kernel::vault::Vault;
use crate::kernel::{Timestamp, hex};
use crate::{args, row};

/// A key that a client makes up for one command and repeats when it repeats the command.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OperationKey(String);

impl OperationKey {
    /// 1 to 200 visible ASCII characters; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// A key of the program's own making, from parts that name the work (a delivery, a job).
    #[must_use]
    pub fn internal(parts: &[&str]) -> Self {
        let hash = Sha256::digest(parts.join("\u{1f}").as_bytes());
        Self(format!("internal:{}", hex::encode(&hash)))
    }

    /// The key's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What operations need besides their input; the same for the whole program.
pub struct Services {
    /// Seals personal data.
    pub vault: Vault,
    /// Nonces and ids.
    pub random: SharedRandom,
    /// Label layouts: the firm's own, and those in the program.
    pub layouts: tallyman_labels::Layouts,
}

/// Who does an operation, where, when, and under which key.
#[derive(Clone)]
pub struct Context {
    /// The warehouse.
    pub warehouse: WarehouseId,
    /// The person, with what they may do.
    pub actor: Actor,
    /// The operation key.
    pub key: OperationKey,
    /// The moment.
    pub at: Timestamp,
    /// What the program offers to all operations.
    pub services: Arc<Services>,
}

/// An operation on the warehouse. Its fields are its input; they are hashed, never stored.
pub trait Operation: Serialize + Send + Sync + 'static {
    /// Its name in the journal, for example `picking.confirm`.
    const KIND: &'static str;
    /// What it answers; stored, so it must hold no personal data.
    type Answer: Serialize + DeserializeOwned + Send + 'static;
    /// Why it may refuse.
    type Error: From<DbError> + AsDbError + Send + 'static;

    /// Does the work, in this order: ordered checks, each with a named refusal; then the changes, none of which may
    /// fail for a business reason.
    fn run<'a>(&'a self, op: &'a mut Op<'_, '_>)
    -> impl Future<Output = Result<Self::Answer, Self::Error>> + Send + 'a;
}

/// The answer of an operation that is done, with nothing more to say.
#[derive(Clone, Debug, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Done {}

/// A running operation: its transaction and its context.
pub struct Op<'o, 't> {
    /// The transaction.
    pub tx: &'o mut Tx<'t>,
    /// Who, where, when.
    pub context: &'o Context,
}

impl Op<'_, '_> {
    /// The moment of the operation.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.context.at
    }

    /// The warehouse of the operation.
    #[must_use]
    pub fn warehouse(&self) -> WarehouseId {
        self.context.warehouse
    }

    /// The person who does it.
    #[must_use]
    pub fn person(&self) -> PersonId {
        self.context.actor.person
    }

    /// Whether the person may do this.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        self.context.actor.may(right)
    }

    /// Writes an event: something that has happened, named in the past (`wave.released`), about one subject
    /// (`wave`, its id), with what a reader needs to know. No personal data. It goes out with the next statement.
    pub fn record(&mut self, kind: &str, subject: (&'static str, i64), data: &serde_json::Value) {
        let context = self.context;
        let values = args![
            context.warehouse,
            context.at,
            context.actor.person,
            kind,
            subject.0,
            subject.1,
            context.key.as_str(),
            data.to_string()
        ];
        self.tx.later("event", sql::INSERT_EVENT, values);
    }
}

impl Db {
    /// Runs an operation at most once for its key.
    ///
    /// # Errors
    /// The operation's refusal; [`DbError::KeyReused`] where the key came with another input before;
    /// [`DbError::KeyBusy`] where the first use isn't finished.
    pub async fn operate<O: Operation>(&self, context: Context, operation: O) -> Result<O::Answer, O::Error> {
        let watch = Stopwatch::start();
        let answer = self.operate_once(context, operation).await;
        let outcome = match &answer {
            Ok(_) => "done",
            Err(error) if error.as_db().is_none() => "refused",
            Err(_) => "failed",
        };
        metrics::counter!("tallyman_operations_total", "kind" => O::KIND, "outcome" => outcome).increment(1);
        metrics::histogram!("tallyman_operation_seconds", "kind" => O::KIND).record(watch.elapsed().as_secs_f64());
        answer
    }

    async fn operate_once<O: Operation>(&self, context: Context, operation: O) -> Result<O::Answer, O::Error> {
        let hash = input_hash::<O>(&context, &operation)?;
        let key = context.key.clone();
        let command = Journaled { context, operation, hash: hash.clone() };
        let refusal = match self.execute(command).await {
            Ok(answer) => return Ok(answer),
            Err(refusal) => refusal,
        };
        // Refused: perhaps because this very command was done before.
        match self.answer_of::<O>(&key, &hash).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(refusal),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether an operation with this key was done.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn was_done(&self, key: &OperationKey) -> Result<bool, DbError> {
        let key = key.as_str().to_owned();
        let stored: Option<Stored> =
            self.read(|tx| Box::pin(async move { tx.opt(sql::SELECT_OPERATION, args![key]).await })).await?;
        Ok(stored.is_some())
    }

    async fn answer_of<O: Operation>(&self, key: &OperationKey, hash: &str) -> Result<Option<O::Answer>, DbError> {
        let key = key.as_str().to_owned();
        let stored: Option<Stored> =
            self.read(|tx| Box::pin(async move { tx.opt(sql::SELECT_OPERATION, args![key]).await })).await?;
        let Some(stored) = stored else { return Ok(None) };
        if stored.input_hash != hash {
            return Err(DbError::KeyReused);
        }
        serde_json::from_str(&stored.answer).map(Some).map_err(|error| DbError::Form(error.to_string()))
    }
}

/// What is missing where a key is taken.
const TAKEN: &str = "a free operation key";

struct Journaled<O> {
    context: Context,
    operation: O,
    hash: String,
}

impl<O: Operation> Command for Journaled<O> {
    type Out = O::Answer;
    type Error = O::Error;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<O::Answer, O::Error> {
        let mut op = Op { tx, context: &self.context };
        let answer = self.operation.run(&mut op).await?;
        let stored = serde_json::to_string(&answer).map_err(|error| DbError::Form(error.to_string()))?;
        let context = &self.context;
        let values = args![
            context.key.as_str(),
            context.warehouse,
            O::KIND,
            &self.hash,
            stored,
            context.actor.person,
            context.at
        ];
        tx.later(TAKEN, sql::INSERT_OPERATION, values);
        match tx.flush().await {
            Ok(()) => Ok(answer),
            Err(DbError::Missing(TAKEN)) => Err(DbError::KeyBusy.into()),
            Err(error) => Err(error.into()),
        }
    }
}

row! {
    /// A stored operation.
    #[derive(Debug)]
    pub struct Stored {
        /// Hash of kind, warehouse, person and input.
        pub input_hash: String,
        /// The answer, as JSON.
        pub answer: String,
    }
}

fn input_hash<O: Operation>(context: &Context, operation: &O) -> Result<String, DbError> {
    let input = serde_json::to_vec(operation).map_err(|error| DbError::Form(error.to_string()))?;
    let mut hash = Sha256::new();
    hash.update(O::KIND.as_bytes());
    hash.update(context.warehouse.0.to_le_bytes());
    hash.update(context.actor.person.0.to_le_bytes());
    hash.update(&input);
    Ok(hex::encode(&hash.finalize()))
}

row! {
    /// An event as it is read back.
    #[derive(Debug, Clone, PartialEq)]
    pub struct EventRow {
        /// Its id; grows.
        pub id: EventId,
        /// When.
        pub at: Timestamp,
        /// Who.
        pub person_id: PersonId,
        /// What, for example `wave.released`.
        pub kind: String,
        /// On what: the kind of thing.
        pub subject_kind: String,
        /// On what: its id.
        pub subject_id: i64,
        /// Details, JSON.
        pub data: String,
    }
}

/// Reads events after `after`, oldest first, at most `limit`. On PostgreSQL it stops below the oldest running
/// transaction, because there ids are not commit order.
///
/// # Errors
/// A failure of the database.
pub async fn events_after(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    after: EventId,
    limit: i64,
) -> Result<Vec<EventRow>, DbError> {
    tx.all(sql::SELECT_EVENTS, args![warehouse, after, limit]).await
}

/// Reads the history of one subject, oldest first.
///
/// # Errors
/// A failure of the database.
pub async fn history(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    subject: (&'static str, i64),
) -> Result<Vec<EventRow>, DbError> {
    tx.all(sql::SELECT_HISTORY, args![warehouse, subject.0, subject.1]).await
}

/// The statements of the journal.
pub mod sql {
    crate::statements! {
        /// Takes a key, with the answer; no row where the key is taken.
        INSERT_OPERATION = "INSERT INTO operation (key, warehouse_id, kind, input_hash, answer, person_id, at)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key) DO NOTHING";
        /// The stored answer of a key.
        SELECT_OPERATION = "SELECT input_hash, answer FROM operation WHERE key = $1";
        /// Appends an event.
        INSERT_EVENT = "INSERT INTO event (warehouse_id, at, person_id, kind, subject_kind, subject_id, operation_key, data)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        /// Appends many events.
        INSERT_EVENTS = bulk "INSERT INTO event (warehouse_id, at, person_id, kind, subject_kind, subject_id, operation_key, data) VALUES"
            [Int, Int, Int, Text, Text, Int, Text, Text] "";
        /// Events in order.
        SELECT_EVENTS = lite "SELECT id, at, person_id, kind, subject_kind, subject_id, data FROM event
            WHERE warehouse_id = $1 AND id > $2 ORDER BY id LIMIT $3"
            pg "SELECT id, at, person_id, kind, subject_kind, subject_id, data FROM event
            WHERE warehouse_id = $1 AND id > $2 AND transaction_id < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)
            ORDER BY id LIMIT $3";
        /// The history of one subject.
        SELECT_HISTORY = "SELECT id, at, person_id, kind, subject_kind, subject_id, data FROM event
            WHERE warehouse_id = $1 AND subject_kind = $2 AND subject_id = $3 ORDER BY id LIMIT 1000";
    }
}
