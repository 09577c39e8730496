//! Secrets that speak for a person: API tokens, shown once, and cookies of sessions. 32 random bytes; only their SHA-256 is
//! kept.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::sessions::{Hand, Session, TOUCH_MS, Theme, Touch, Way};
use super::{PeopleError, rights, sql};
use crate::db::{Command, Db, DbError, Op, Operation, Tx};
use crate::kernel::actor::{Actor, Right};
use crate::kernel::ids::{PersonId, SessionId, TokenId, WarehouseId};
use crate::kernel::random::{Random, RandomError};
use crate::kernel::{Timestamp, hex};
use crate::messages::Language;
use crate::{args, row};

/// How long a looked-up token is trusted without asking again. A token that is revoked through this process ends at
/// once; one revoked through another instance of the service ends after this time.
const TRUST_MS: i64 = 2_000;
/// Most tokens that are remembered.
const REMEMBERED: usize = 10_000;

/// A secret as its owner holds it: `tm_` and 43 characters.
///
/// # Errors
/// Where there is no randomness.
pub fn new_secret(random: &dyn Random) -> Result<String, RandomError> {
    let mut bytes = [0_u8; 32];
    random.fill(&mut bytes)?;
    Ok(format!("tm_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What a cookie holds: `ts_` and 43 characters.
///
/// # Errors
/// Where there is no randomness.
pub fn new_session_secret(random: &dyn Random) -> Result<String, RandomError> {
    let mut bytes = [0_u8; 32];
    random.fill(&mut bytes)?;
    Ok(format!("{SESSION_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What every cookie's secret begins with.
pub const SESSION_PREFIX: &str = "ts_";

/// What is stored of a secret.
#[must_use]
pub fn hash_of(secret: &str) -> String {
    hex::encode(&Sha256::digest(secret.as_bytes()))
}

/// Who a token or a cookie speaks for.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The warehouse.
    pub warehouse: WarehouseId,
    /// The person with their rights.
    pub actor: Actor,
    /// Their name.
    pub name: String,
    /// Their language.
    pub language: Language,
    /// The session; none where a token speaks.
    pub session: Option<Session>,
    expires_at: Option<Timestamp>,
}

impl Holder {
    /// Whether it still speaks at a moment.
    fn lives(&self, now: Timestamp) -> bool {
        let awake = |session: &Session| now.ms_since(session.seen_at) < session.way.idle_ms();
        self.expires_at.is_none_or(|expires_at| expires_at > now) && self.session.as_ref().is_none_or(awake)
    }
}

row! {
    /// A token as a list shows it.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct TokenRow {
        /// Its id.
        pub id: TokenId,
        /// What it is for.
        pub name: String,
        /// Whose it is.
        pub person_number: String,
        /// When it was made.
        pub created_at: Timestamp,
        /// Until when it works.
        pub expires_at: Option<Timestamp>,
        /// Since when it doesn't work any more.
        pub revoked_at: Option<Timestamp>,
    }
}

/// Makes a token for a person; the secret is made before, and not stored.
pub struct AddToken {
    /// The warehouse of the person.
    pub warehouse: WarehouseId,
    /// Number of the person.
    pub person_number: String,
    /// What the token is for.
    pub name: String,
    /// SHA-256 of the secret.
    pub hash: String,
    /// Now.
    pub at: Timestamp,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
}

impl Command for AddToken {
    type Out = TokenId;
    type Error = PeopleError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<TokenId, PeopleError> {
        let person = super::ops::person_by_number(tx, self.warehouse, &self.person_number).await?;
        let Some(person) = person else {
            return Err(PeopleError::NotFound { what: "person", code: self.person_number.clone() });
        };
        let values = args![person, &self.name, &self.hash, self.at, self.expires_at];
        let (id,): (TokenId,) = tx.one("token", sql::INSERT_TOKEN, values).await?;
        Ok(id)
    }
}

/// Ends a token.
pub struct RevokeToken {
    /// Which.
    pub id: TokenId,
    /// Now.
    pub at: Timestamp,
}

impl Command for RevokeToken {
    type Out = bool;
    type Error = DbError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool, DbError> {
        Ok(tx.exec(sql::REVOKE_TOKEN, args![self.id, self.at]).await? == 1)
    }
}

/// Makes a token for a person, by somebody who may.
#[derive(Debug, Serialize)]
pub struct MakeToken {
    /// Number of the person.
    pub person: String,
    /// What the token is for.
    pub name: String,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
    /// SHA-256 of the secret, which is made anew for every request and never stored.
    #[serde(skip)]
    pub hash: String,
}

/// A token that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenMade {
    /// Its id.
    pub token_id: TokenId,
    /// What is stored of its secret: a repeated request sees by it that its own secret isn't the token's.
    pub hash: String,
}

impl Operation for MakeToken {
    const KIND: &'static str = "token.make";
    type Answer = TokenMade;
    type Error = PeopleError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<TokenMade, PeopleError> {
        require(op)?;
        let name = self.name.trim();
        if name.is_empty() {
            return Err(PeopleError::TokenNameMissing {});
        }
        if super::ops::too_long(&("name", name, 200)) {
            return Err(PeopleError::TooLong { field: "name" });
        }
        let (warehouse, at) = (op.warehouse(), op.at());
        let person = super::ops::person_by_number(op.tx, warehouse, &self.person).await?;
        let Some(person) = person else {
            return Err(PeopleError::NotFound { what: "person", code: self.person.clone() });
        };
        // Nothing below may fail for a business reason.
        let values = args![person, name, &self.hash, at, self.expires_at];
        let (token_id,): (TokenId,) = op.tx.one("token", sql::INSERT_TOKEN, values).await?;
        let data = serde_json::json!({ "token": token_id, "name": name });
        op.record("token.made", ("person", person.0), &data);
        Ok(TokenMade { token_id, hash: self.hash.clone() })
    }
}

/// Ends a token, by somebody who may.
#[derive(Debug, Serialize)]
pub struct EndToken {
    /// Which.
    pub token: TokenId,
}

/// Whether a token had to be ended.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TokenEnded {
    /// False where it had ended before.
    pub ended: bool,
}

impl Operation for EndToken {
    const KIND: &'static str = "token.end";
    type Answer = TokenEnded;
    type Error = PeopleError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<TokenEnded, PeopleError> {
        require(op)?;
        let (warehouse, at) = (op.warehouse(), op.at());
        let found: Option<(String,)> = op.tx.opt(sql::SELECT_TOKEN_NAME, args![warehouse, self.token]).await?;
        let Some((name,)) = found else {
            return Err(PeopleError::NotFound { what: "token", code: self.token.to_string() });
        };
        // Nothing below may fail for a business reason.
        let ended = op.tx.exec(sql::REVOKE_TOKEN, args![self.token, at]).await? == 1;
        op.record("token.ended", ("token", self.token.0), &serde_json::json!({ "name": name }));
        Ok(TokenEnded { ended })
    }
}

fn require(op: &Op<'_, '_>) -> Result<(), PeopleError> {
    let right = Right::PeopleManage;
    if op.may(right) { Ok(()) } else { Err(PeopleError::Forbidden { right: right.code() }) }
}

/// Every token of a warehouse, without its secret.
///
/// # Errors
/// A failure of the database.
pub async fn list(tx: &mut Tx<'_>, warehouse: WarehouseId) -> Result<Vec<TokenRow>, DbError> {
    tx.all(sql::LIST_TOKENS, args![warehouse]).await
}

/// Tokens that were looked up a moment ago.
#[derive(Default)]
pub struct TokenCache {
    remembered: Mutex<Remembered>,
}

#[derive(Default)]
struct Remembered {
    holders: HashMap<String, (Timestamp, Holder)>,
    /// Grows whenever all is forgotten, so that nobody remembers what they had read before.
    forgotten: u64,
}

impl TokenCache {
    /// Who a secret speaks for; `None` where it is unknown, revoked or expired.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn holder(&self, db: &Db, secret: &str, now: Timestamp) -> Result<Option<Holder>, DbError> {
        let hash = hash_of(secret);
        let remembered = self.remembered(&hash, now);
        let holder = match remembered {
            Some(holder) => Some(holder),
            None => self.look_up(db, hash, secret.starts_with(SESSION_PREFIX), now).await?,
        };
        Ok(holder.filter(|holder| holder.lives(now)))
    }

    /// Writes down, at most once a minute, that the owner of a session is still there.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn touch(&self, db: &Db, secret: &str, session: &Session, now: Timestamp) -> Result<(), DbError> {
        if now.ms_since(session.seen_at) < TOUCH_MS {
            return Ok(());
        }
        if let Some((_, holder)) = self.lock().holders.get_mut(&hash_of(secret))
            && let Some(session) = &mut holder.session
        {
            session.seen_at = now;
        }
        db.execute(Touch { session: session.id, at: now }).await.map(|_| ())
    }

    /// Forgets everything: the next use of each token asks the database.
    pub fn forget(&self) {
        let mut remembered = self.lock();
        remembered.holders.clear();
        remembered.forgotten += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered(&self, hash: &str, now: Timestamp) -> Option<Holder> {
        let remembered = self.lock();
        let (at, holder) = remembered.holders.get(hash)?;
        (now.ms_since(*at) < TRUST_MS && now >= *at).then(|| holder.clone())
    }

    async fn look_up(
        &self,
        db: &Db,
        hash: String,
        is_session: bool,
        now: Timestamp,
    ) -> Result<Option<Holder>, DbError> {
        let wanted = hash.clone();
        let before = self.lock().forgotten;
        let read = db.read(|tx| {
            Box::pin(async move {
                if is_session { read_session(tx, &wanted).await } else { read_holder(tx, &wanted).await }
            })
        });
        let found = read.await?;
        if let Some(holder) = &found {
            let mut remembered = self.lock();
            if remembered.holders.len() >= REMEMBERED {
                remembered.holders.clear();
            }
            if remembered.forgotten == before {
                remembered.holders.insert(hash, (now, holder.clone()));
            }
        }
        Ok(found)
    }
}

async fn read_holder(tx: &mut Tx<'_>, hash: &str) -> Result<Option<Holder>, DbError> {
    let found: Option<(PersonId, WarehouseId, String, String, Language, Option<Timestamp>)> =
        tx.opt(sql::SELECT_TOKEN, args![hash]).await?;
    let Some((person, warehouse, number, name, language, expires_at)) = found else { return Ok(None) };
    let rights = rights::of_person(tx, person).await?.into_iter().collect();
    Ok(Some(Holder { warehouse, actor: Actor { person, number, rights }, name, language, session: None, expires_at }))
}

row! {
    /// A session with its person.
    #[derive(Debug)]
    pub struct SessionRow {
        /// Its id.
        pub id: SessionId,
        /// Whose.
        pub person: PersonId,
        /// Where.
        pub warehouse: WarehouseId,
        /// Their number.
        pub number: String,
        /// Their name.
        pub name: String,
        /// Their language.
        pub language: Language,
        /// Their theme.
        pub theme: Theme,
        /// Their hand.
        pub hand: Hand,
        /// How it began.
        pub way: Way,
        /// Where the browser stands.
        pub station: String,
        /// When its owner was last seen.
        pub seen_at: Timestamp,
        /// When it ends by itself.
        pub expires_at: Timestamp,
    }
}

async fn read_session(tx: &mut Tx<'_>, hash: &str) -> Result<Option<Holder>, DbError> {
    let found: Option<SessionRow> = tx.opt(sql::SELECT_SESSION, args![hash]).await?;
    let Some(row) = found else { return Ok(None) };
    let rights = rights::of_person(tx, row.person).await?.into_iter().collect();
    let SessionRow { id, way, theme, hand, station, seen_at, .. } = row;
    Ok(Some(Holder {
        warehouse: row.warehouse,
        actor: Actor { person: row.person, number: row.number, rights },
        name: row.name,
        language: row.language,
        session: Some(Session { id, way, theme, hand, station, seen_at }),
        expires_at: Some(row.expires_at),
    }))
}
