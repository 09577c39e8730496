//! Looking at an attempt to log in: by badge, with a PIN where the rights are strong, or by number and password.
//!
//! Whoever guesses is slowed: an attempt counts before it is looked at, and from the fifth on each failure makes the next one
//! wait twice as long. What was wrong isn't said.

use super::secrets::{self, BADGE_PREFIX};
use super::sessions::{BeginSession, Way};
use super::tokens::{hash_of, new_session_secret};
use super::{PeopleError, rights, sql};
use crate::app::App;
use crate::db::{Command, DbError, Op, Operation, OperationKey, Tx};
use crate::kernel::Timestamp;
use crate::kernel::actor::Actor;
use crate::kernel::ids::{PersonId, WarehouseId};
use crate::kernel::text::scanned;
use crate::{args, row};

/// Failures that cost nothing.
const FREE_FAILURES: i64 = 5;
/// How long the first block lasts; each further failure doubles it.
const FIRST_BLOCK_MS: i64 = 10_000;
/// The longest block.
const LONGEST_BLOCK_MS: i64 = 15 * 60 * 1000;

/// What somebody shows and knows.
#[derive(Clone)]
pub enum Attempt {
    /// A scanned badge, and the PIN where it was typed.
    Badge {
        /// What the badge says.
        code: String,
        /// The PIN; empty where none was typed.
        pin: String,
    },
    /// A number and a password.
    Password {
        /// The person's number.
        number: String,
        /// Their password.
        password: String,
    },
}

/// A session that was opened.
pub struct Opened {
    /// The cookie's secret; it is stored nowhere.
    pub secret: String,
    /// Who logged in.
    pub actor: Actor,
}

row! {
    /// What is known of whom an attempt names.
    #[derive(Debug, Clone)]
    pub struct Known {
        /// Who.
        pub id: PersonId,
        /// Where.
        pub warehouse: WarehouseId,
        /// Their number.
        pub number: String,
        /// Whether they work here.
        pub active: bool,
        /// Argon2id of their password; empty where they have none.
        pub password_hash: String,
        /// Argon2id of their PIN; empty where they have none.
        pub pin_hash: String,
        /// Until when no attempt is looked at.
        pub blocked_until: Timestamp,
    }
}

/// Looks at an attempt, and opens a session where it is right.
///
/// # Errors
/// [`PeopleError::WrongLogin`], [`PeopleError::Blocked`], [`PeopleError::PinNeeded`], [`PeopleError::NoPin`]; a failure of
/// the database.
pub async fn log_in(app: &App, attempt: Attempt, device: &str) -> Result<Opened, PeopleError> {
    let (way, known, secret) = match &attempt {
        Attempt::Badge { code, pin } => (Way::Badge, by_badge(app, code).await?, pin.clone()),
        Attempt::Password { number, password } => (Way::Password, by_number(app, number).await?, password.clone()),
    };
    let Some((person, actor)) = known.filter(|(person, _)| person.active) else {
        // The same work as for somebody who is known.
        if way == Way::Password {
            secrets::verify(secret, String::new()).await.map_err(|error| failed(&error))?;
        }
        tracing::warn!(way = way.code(), "somebody unknown tried to log in");
        return Err(PeopleError::WrongLogin {});
    };
    let now = app.clock.now();
    refuse_blocked(person.blocked_until, now)?;
    if way == Way::Badge {
        if !actor.is_strong() {
            return open(app, &person, actor, way, device).await;
        }
        if person.pin_hash.is_empty() {
            return Err(PeopleError::NoPin {});
        }
        if secret.is_empty() {
            return Err(PeopleError::PinNeeded {});
        }
    }
    let attempts = app.db.execute(CountAttempt { person: person.id, at: now }).await?;
    let Some(attempts) = attempts else {
        return Err(PeopleError::Blocked { seconds: FIRST_BLOCK_MS / 1000 });
    };
    let hash = if way == Way::Badge { &person.pin_hash } else { &person.password_hash };
    if secrets::verify(secret, hash.clone()).await.map_err(|error| failed(&error))? {
        return open(app, &person, actor, way, device).await;
    }
    tracing::warn!(number = person.number, way = way.code(), attempts, "a login failed");
    let context = app.context(person.warehouse, Actor::system(), key(app, "login failed")?);
    app.db.operate(context, NoteFailure { person: person.id, way, attempts, device: device.to_owned() }).await?;
    Err(PeopleError::WrongLogin {})
}

/// Whether a password is this person's; guessing is slowed as at the door.
///
/// # Errors
/// [`PeopleError::Blocked`]; a failure of the database.
pub async fn prove(app: &App, person: PersonId, password: String) -> Result<bool, PeopleError> {
    let now = app.clock.now();
    let known: Option<(String, Timestamp)> =
        app.db.read(|tx| Box::pin(async move { tx.opt(sql::SELECT_PASSWORD, args![person]).await })).await?;
    let Some((hash, until)) = known else { return Ok(false) };
    refuse_blocked(until, now)?;
    if app.db.execute(CountAttempt { person, at: now }).await?.is_none() {
        return Err(PeopleError::Blocked { seconds: FIRST_BLOCK_MS / 1000 });
    }
    let right = secrets::verify(password, hash).await.map_err(|error| failed(&error))?;
    if right {
        app.db.execute(Forgive { person }).await?;
    }
    Ok(right)
}

/// An attempt was right.
struct Forgive {
    person: PersonId,
}

impl Command for Forgive {
    type Out = u64;
    type Error = DbError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<u64, DbError> {
        tx.exec(sql::FORGIVE, args![self.person]).await
    }
}

/// Whether a text is a badge's, whatever else it may be.
#[must_use]
pub fn is_badge(text: &str) -> bool {
    scanned(text).starts_with(BADGE_PREFIX)
}

fn refuse_blocked(until: Timestamp, now: Timestamp) -> Result<(), PeopleError> {
    let ms = until.ms_since(now);
    if ms > 0 { Err(PeopleError::Blocked { seconds: (ms + 999) / 1000 }) } else { Ok(()) }
}

fn failed(error: &secrets::HashError) -> PeopleError {
    PeopleError::Db(DbError::Form(error.to_string()))
}

fn key(app: &App, what: &str) -> Result<OperationKey, PeopleError> {
    let unique = crate::kernel::random::uuid_v7(app.services.random.as_ref(), app.clock.now());
    let unique = unique.map_err(|error| DbError::Form(error.to_string()))?;
    Ok(OperationKey::internal(&[what, &unique.to_string()]))
}

async fn by_badge(app: &App, code: &str) -> Result<Option<(Known, Actor)>, DbError> {
    let hash = secrets::badge_hash(code);
    app.db.read(|tx| Box::pin(async move { known(tx, sql::SELECT_LOGIN_BY_BADGE, &hash).await })).await
}

async fn by_number(app: &App, number: &str) -> Result<Option<(Known, Actor)>, DbError> {
    let number = number.trim().to_owned();
    app.db.read(|tx| Box::pin(async move { known(tx, sql::SELECT_LOGIN_BY_NUMBER, &number).await })).await
}

async fn known(tx: &mut Tx<'_>, statement: crate::db::Sql, value: &str) -> Result<Option<(Known, Actor)>, DbError> {
    let found: Option<Known> = tx.opt(statement, args![value]).await?;
    let Some(person) = found else { return Ok(None) };
    let rights = rights::of_person(tx, person.id).await?;
    let actor = Actor { person: person.id, number: person.number.clone(), rights: rights.into_iter().collect() };
    Ok(Some((person, actor)))
}

async fn open(app: &App, person: &Known, actor: Actor, way: Way, device: &str) -> Result<Opened, PeopleError> {
    let secret = new_session_secret(app.services.random.as_ref()).map_err(|error| DbError::Form(error.to_string()))?;
    let context = app.context(person.warehouse, actor.clone(), key(app, "login")?);
    let begin = BeginSession { way, device: device.to_owned(), hash: hash_of(&secret) };
    app.db.operate(context, begin).await?;
    Ok(Opened { secret, actor })
}

/// Counts an attempt before it is looked at; `None` where somebody else's failure has blocked the person meanwhile.
struct CountAttempt {
    person: PersonId,
    at: Timestamp,
}

impl Command for CountAttempt {
    type Out = Option<i64>;
    type Error = DbError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Option<i64>, DbError> {
        let counted: Option<(i64,)> = tx.opt(sql::COUNT_ATTEMPT, args![self.person, self.at]).await?;
        let Some((attempts,)) = counted else { return Ok(None) };
        if attempts >= FREE_FAILURES {
            tx.exec(sql::BLOCK, args![self.person, self.at.plus_ms(block_ms(attempts))]).await?;
        }
        Ok(Some(attempts))
    }
}

/// How long nobody is looked at after so many attempts.
fn block_ms(attempts: i64) -> i64 {
    let doublings = u32::try_from((attempts - FREE_FAILURES).clamp(0, 20)).unwrap_or(20);
    FIRST_BLOCK_MS.saturating_mul(1_i64 << doublings).min(LONGEST_BLOCK_MS)
}

/// Writes down that an attempt failed.
#[derive(serde::Serialize)]
struct NoteFailure {
    person: PersonId,
    way: Way,
    attempts: i64,
    device: String,
}

impl Operation for NoteFailure {
    const KIND: &'static str = "login.failed";
    type Answer = super::ops::PersonChanged;
    type Error = DbError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<super::ops::PersonChanged, DbError> {
        let device: String = self.device.chars().take(200).collect();
        let data = serde_json::json!({ "way": self.way, "attempts": self.attempts, "device": device });
        op.record("login.failed", ("person", self.person.0), &data);
        Ok(super::ops::PersonChanged {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_costs_more_up_to_a_quarter_of_an_hour() {
        let blocks: Vec<i64> = (5..14).map(|attempts| block_ms(attempts) / 1000).collect();
        assert_eq!(blocks, [10, 20, 40, 80, 160, 320, 640, 900, 900]);
        assert_eq!(block_ms(i64::MAX), LONGEST_BLOCK_MS);
    }

    #[test]
    fn a_badge_is_known_by_its_first_characters() {
        assert!(is_badge(" %b12345\r") && !is_badge("%OK") && !is_badge("B123"));
    }
}
