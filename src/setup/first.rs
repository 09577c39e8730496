//! What a first start makes: an administrator with a password and a token, and the channel for orders by API and file.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{StartError, sql};
use crate::app::App;
use crate::args;
use crate::db::{DbError, Op, Operation, OperationKey};
use crate::kernel::actor::{Actor, Role};
use crate::kernel::ids::{PersonId, WarehouseId};
use crate::messages::Language;
use crate::people;
use crate::people::secrets;
use crate::people::tokens::{hash_of, new_secret};

/// The administrator's number.
pub const NUMBER: &str = "ADMIN";

/// The administrator that was made.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// Their number.
    pub number: &'static str,
    /// Their password; only its hash is stored.
    pub password: String,
    /// Their token; it is stored nowhere.
    pub token: String,
}

/// Makes what a first start makes; `None` where another instance was faster.
///
/// # Errors
/// Where there is no randomness, or the database fails.
pub(super) async fn start(app: &App, fingerprint: &str) -> Result<Option<Administrator>, StartError> {
    let random = app.services.random.as_ref();
    let no_randomness = |error: &dyn std::fmt::Display| StartError::Random { why: error.to_string() };
    let token = new_secret(random).map_err(|error| no_randomness(&error))?;
    let password = secrets::new_password(random).map_err(|error| no_randomness(&error))?;
    let password_hash = secrets::hash(password.clone(), random).await.map_err(|error| no_randomness(&error))?;
    let context = app.context(WarehouseId(1), Actor::system(), OperationKey::internal(&["first start"]));
    let first = FirstStart { fingerprint: fingerprint.to_owned(), token_hash: hash_of(&token), password_hash };
    match app.db.operate(context, first).await {
        Ok(_) => Ok(Some(Administrator { number: NUMBER, password, token })),
        Err(DbError::KeyReused | DbError::KeyBusy | DbError::Duplicate) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[derive(Serialize)]
struct FirstStart {
    fingerprint: String,
    token_hash: String,
    password_hash: String,
}

#[derive(Serialize, Deserialize)]
struct FirstStarted {
    person_id: PersonId,
}

impl Operation for FirstStart {
    const KIND: &'static str = "setup.first_start";
    type Answer = FirstStarted;
    type Error = DbError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<FirstStarted, DbError> {
        let (warehouse, at) = (op.warehouse(), op.at());
        op.tx.exec(sql::INSERT_INSTALLATION, args![&self.fingerprint, at]).await?;
        let values = args![warehouse, NUMBER, "Administrator", Language::En, at];
        let (person_id,): (PersonId,) = op.tx.one("administrator", people::sql::INSERT_PERSON, values).await?;
        op.tx.exec(people::sql::SET_PASSWORD, args![person_id, &self.password_hash]).await?;
        op.tx.exec(people::sql::INSERT_ROLE, args![person_id, Role::Administrator]).await?;
        let expires_at: Option<crate::kernel::Timestamp> = None;
        let values = args![person_id, "first start", &self.token_hash, at, expires_at];
        op.tx.exec(people::sql::INSERT_TOKEN, values).await?;
        op.record("installation.started", ("person", person_id.0), &json!({ "number": NUMBER }));
        Ok(FirstStarted { person_id })
    }
}
