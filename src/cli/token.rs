//! `tallyman token`: works on the database itself, so it needs no token; with SQLite only while the service is stopped.

use clap::{Args, Subcommand};

use super::{Failure, complain, open, say};
use crate::app::App;
use crate::config::Settings;
use crate::db::{DbError, OperationKey};
use crate::kernel::actor::{Actor, Role};
use crate::kernel::ids::{TokenId, WarehouseId};
use crate::kernel::random::uuid_v7;
use crate::messages::{self, Language};
use crate::people::PeopleError;
use crate::people::ops::{AddPerson, person_by_number};
use crate::people::tokens::{AddToken, RevokeToken, TokenRow, hash_of, new_secret};
use crate::setup::StartError;
use crate::{args, people};

const WAREHOUSE: WarehouseId = WarehouseId(1);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Subcommand)]
pub(super) enum Token {
    /// Make a token for a person and print it, once; with --role the person is made too where they aren't there yet.
    Add(Add),
    /// List every token, without its secret.
    List {
        /// Print one JSON list.
        #[arg(long)]
        json: bool,
    },
    /// End a token at once.
    Revoke {
        /// Its id, as `list` shows it.
        id: i64,
    },
}

#[derive(Args)]
pub(super) struct Add {
    /// The person's number, as on the badge.
    person: String,
    /// What the token is for.
    #[arg(long, default_value = "command line")]
    label: String,
    /// Make the person where they aren't there yet: picker, packer, receiver, counter, shift_lead, manager,
    /// customer_service, auditor, administrator, shop or station. Several with commas.
    #[arg(long = "role", value_name = "ROLE", value_delimiter = ',')]
    roles: Vec<Role>,
    /// The person's name where they are made; their number where it isn't said.
    #[arg(long)]
    name: Option<String>,
    /// Days until it ends; without, it works until it is revoked.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=36_500))]
    days: Option<i64>,
}

pub(super) async fn run(settings: &Settings, token: Token, language: Language) -> Result<(), Failure> {
    let app = match open(settings, language).await {
        Ok(app) => app,
        Err(StartError::Locked { file }) => {
            return Err(Failure::Said(messages::say(language, "cli.token_locked", &[("file", file)])));
        }
        Err(error) => return Err(error.into()),
    };
    let done = match token {
        Token::Add(add) => run_add(&app, add, language).await,
        Token::List { json } => list(&app, json).await.map_err(Failure::from),
        Token::Revoke { id } => revoke(&app, TokenId(id)).await.map_err(Failure::from),
    };
    app.db.clone().close().await;
    done
}

async fn run_add(app: &App, add: Add, language: Language) -> Result<(), Failure> {
    let Add { person, label, roles, name, days } = add;
    let number = person.trim().to_owned();
    let wanted = number.clone();
    let known = app.db.read(|tx| Box::pin(async move { person_by_number(tx, WAREHOUSE, &wanted).await }));
    if known.await?.is_none() && !roles.is_empty() {
        let random = app.services.random.as_ref();
        let key = uuid_v7(random, app.clock.now()).map_err(|error| Failure::Said(error.to_string()))?;
        let key = OperationKey::internal(&["token add", &key.to_string()]);
        let context = app.context(WAREHOUSE, Actor::system(), key);
        let name = name.unwrap_or_else(|| number.clone());
        app.db.operate(context, AddPerson { number: number.clone(), name, language, roles }).await?;
    }
    let secret = new_secret(app.services.random.as_ref()).map_err(|error| Failure::Said(error.to_string()))?;
    let at = app.clock.now();
    let expires_at = days.map(|days| at.plus_ms(days.saturating_mul(DAY_MS)));
    let hash = hash_of(&secret);
    let add = AddToken { warehouse: WAREHOUSE, person_number: number, name: label, hash, at, expires_at };
    app.db.execute(add).await?;
    complain(&messages::say(language, "cli.token_once", &[]));
    say(&secret);
    Ok(())
}

async fn list(app: &App, json: bool) -> Result<(), DbError> {
    let read = app.db.read(|tx| Box::pin(async move { tx.all(people::sql::LIST_TOKENS, args![WAREHOUSE]).await }));
    let tokens: Vec<TokenRow> = read.await?;
    let moment = |at: Option<crate::kernel::Timestamp>| at.map(crate::kernel::Timestamp::rfc3339);
    if json {
        let rows: Vec<_> = tokens
            .iter()
            .map(|token| {
                serde_json::json!({ "id": token.id, "person": token.person_number, "label": token.name,
                    "created_at": token.created_at.rfc3339(), "expires_at": moment(token.expires_at),
                    "revoked_at": moment(token.revoked_at) })
            })
            .collect();
        say(&serde_json::Value::from(rows).to_string());
        return Ok(());
    }
    for token in &tokens {
        let (made, person, label) = (token.created_at.rfc3339(), &token.person_number, &token.name);
        let expires = moment(token.expires_at).map(|at| format!("  until {at}")).unwrap_or_default();
        let revoked = moment(token.revoked_at).map(|at| format!("  revoked {at}")).unwrap_or_default();
        say(&format!("{:>4}  {person:<12} {label:<20} {made}{expires}{revoked}", token.id));
    }
    Ok(())
}

async fn revoke(app: &App, id: TokenId) -> Result<(), PeopleError> {
    if app.db.execute(RevokeToken { id, at: app.clock.now() }).await? {
        Ok(())
    } else {
        Err(PeopleError::NotFound { what: "token", code: id.to_string() })
    }
}
