//! API tokens: 32 random bytes, shown once; only their SHA-256 is kept.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::{PeopleError, sql};
use crate::db::{Command, Db, DbError, Tx};
use crate::kernel::actor::{Actor, Role};
use crate::kernel::ids::{PersonId, TokenId, WarehouseId};
use crate::kernel::random::{Random, RandomError};
use crate::kernel::{Timestamp, hex};
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

/// What is stored of a secret.
#[must_use]
pub fn hash_of(secret: &str) -> String {
    hex::encode(&Sha256::digest(secret.as_bytes()))
}

/// Who a token speaks for.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The warehouse.
    pub warehouse: WarehouseId,
    /// The person with their rights.
    pub actor: Actor,
    expires_at: Option<Timestamp>,
}

row! {
    /// A token as a list shows it.
    #[derive(Debug, Clone)]
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

/// Tokens that were looked up a moment ago.
#[derive(Default)]
pub struct TokenCache {
    holders: Mutex<HashMap<String, (Timestamp, Holder)>>,
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
            None => self.look_up(db, hash, now).await?,
        };
        Ok(holder.filter(|holder| holder.expires_at.is_none_or(|expires_at| expires_at > now)))
    }

    /// Forgets everything: the next use of each token asks the database.
    pub fn forget(&self) {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn remembered(&self, hash: &str, now: Timestamp) -> Option<Holder> {
        let holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, holder) = holders.get(hash)?;
        (now.ms_since(*at) < TRUST_MS && now >= *at).then(|| holder.clone())
    }

    async fn look_up(&self, db: &Db, hash: String, now: Timestamp) -> Result<Option<Holder>, DbError> {
        let wanted = hash.clone();
        let found = db.read(|tx| Box::pin(async move { read_holder(tx, &wanted).await })).await?;
        if let Some(holder) = &found {
            let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
            if holders.len() >= REMEMBERED {
                holders.clear();
            }
            holders.insert(hash, (now, holder.clone()));
        }
        Ok(found)
    }
}

async fn read_holder(tx: &mut Tx<'_>, hash: &str) -> Result<Option<Holder>, DbError> {
    let found: Option<(PersonId, WarehouseId, String, Option<Timestamp>)> =
        tx.opt(sql::SELECT_TOKEN, args![hash]).await?;
    let Some((person, warehouse, number, expires_at)) = found else { return Ok(None) };
    let roles: Vec<(Role,)> = tx.all(sql::SELECT_ROLES, args![person]).await?;
    let roles: Vec<Role> = roles.into_iter().map(|(role,)| role).collect();
    Ok(Some(Holder { warehouse, actor: Actor::new(person, &number, &roles), expires_at }))
}
