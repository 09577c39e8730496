//! The inbox at work: the first waiting delivery of each order, several orders at once.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::watch;

use super::apply::{Apply, Failed, Settle};
use super::{intake, sql};
use crate::app::App;
use crate::db::{DbError, OperationKey};
use crate::kernel::actor::Actor;
use crate::kernel::ids::{ChannelId, InboxId, WarehouseId};
use crate::order::OrderError;
use crate::refusal::Refusal;
use crate::storefront::adapter::{self, Headers};
use crate::storefront::model::{Adapter, INBOX_ATTEMPTS, InboxState, Told, inbox_pause_ms};
use crate::{args, row};

/// How often the inbox is looked at without a bell: retries come due, and other instances ring none here.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Deliveries that are read at once.
const BATCH: i64 = 128;
/// Orders that are worked on at once. On an embedded database they share one commit.
const AT_ONCE: usize = 32;
/// The same on PostgreSQL, where each takes a connection.
const AT_ONCE_PG: usize = 6;
/// For how long headers and bodies are kept, in milliseconds.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// How often old ones are removed.
const REMOVE_EVERY_MS: i64 = 60 * 60 * 1000;

row! {
    /// A delivery that waits.
    #[derive(Debug, Clone)]
    pub struct Waiting {
        /// Its id.
        pub id: InboxId,
        /// Its channel.
        pub channel: ChannelId,
        /// The warehouse of the channel.
        pub warehouse: WarehouseId,
        /// How the storefront speaks.
        pub adapter: Adapter,
        /// What the storefront calls it.
        pub dedupe_key: String,
        /// How often it came again.
        pub repeats: i64,
        /// Failed attempts.
        pub attempts: i64,
        /// Its headers, sealed.
        pub headers: Option<Vec<u8>>,
        /// Its body, sealed.
        pub body: Option<Vec<u8>>,
    }
}

/// Applies all that is due; gives how many deliveries it looked at.
///
/// # Errors
/// A failure of the database while looking. A delivery's own failure is written down at it.
pub async fn work_off(app: &App) -> Result<usize, DbError> {
    let mut looked = 0;
    loop {
        let now = app.clock.now();
        let heads: Vec<Waiting> =
            app.db.read(|tx| Box::pin(async move { tx.all(sql::SELECT_HEADS, args![now, BATCH]).await })).await?;
        if heads.is_empty() {
            return Ok(looked);
        }
        looked += heads.len();
        let at_once = if app.db.kind() == "sqlite" { AT_ONCE } else { AT_ONCE_PG };
        let ends: Vec<Result<bool, DbError>> =
            stream::iter(heads).map(|waiting| work_one(app, waiting)).buffer_unordered(at_once).collect().await;
        app.wake.outbox.notify_one();
        let mut worked = false;
        for end in ends {
            worked |= end?;
        }
        if !worked {
            // Another instance is at all of them.
            return Ok(looked);
        }
    }
}

/// What a delivery says, or why that can't be told.
fn read(app: &App, waiting: &Waiting) -> Result<Told, String> {
    let (Some(headers), Some(body)) = (&waiting.headers, &waiting.body) else {
        return Err("its content was removed after its term".to_owned());
    };
    let vault = &app.services.vault;
    let headers: Headers = vault.open_json(intake::PURPOSE, headers).map_err(|error| error.to_string())?;
    let body = vault.open(intake::PURPOSE, body).map_err(|error| error.to_string())?;
    adapter::understand(waiting.adapter, &headers, &body)
}

/// Works on one delivery; says whether it was there to be worked on.
async fn work_one(app: &App, waiting: Waiting) -> Result<bool, DbError> {
    let (id, at) = (waiting.id, app.clock.now());
    let told = match read(app, &waiting) {
        Ok(Told::Nothing { reason }) => {
            app.db.execute(Settle { id, state: InboxState::Ignored, error: reason, at }).await?;
            return Ok(true);
        }
        Ok(told) => told,
        Err(error) => {
            app.db.execute(Settle { id, state: InboxState::Dead, error, at }).await?;
            return Ok(true);
        }
    };
    let key = OperationKey::internal(&["inbox", &id.to_string(), &waiting.repeats.to_string()]);
    let again = if adapter::key_is_content(waiting.adapter) { waiting.repeats } else { 0 };
    let apply = Apply {
        context: app.context(waiting.warehouse, Actor::system(), key),
        id,
        channel: waiting.channel,
        dedupe_key: waiting.dedupe_key,
        again,
        told,
    };
    match app.db.execute(apply).await {
        Ok(applied) => Ok(applied),
        Err(error) => fail(app, id, waiting.attempts, &error).await.map(|()| true),
    }
}

/// What the order's rules refuse stays refused however often it is tried; a failure of ours is tried again.
async fn fail(app: &App, id: InboxId, attempts: i64, error: &OrderError) -> Result<(), DbError> {
    let at = app.clock.now();
    let text = error.to_string();
    if error.database().is_none() && error.status() < 500 {
        return app.db.execute(Settle { id, state: InboxState::Dead, error: text, at }).await;
    }
    tracing::error!(delivery = id.0, error = text, "a delivery could not be applied");
    let next_at = at.plus_ms(inbox_pause_ms(attempts + 1));
    app.db.execute(Failed { id, error: text, next_at, most: INBOX_ATTEMPTS }).await
}

/// Works the inbox off until `shutdown` turns true. What is under way is brought to its end.
pub async fn run(app: App, mut shutdown: watch::Receiver<bool>) {
    let mut removed_at = None;
    while !*shutdown.borrow() {
        if let Err(error) = work_off(&app).await {
            tracing::error!(%error, "inbox");
        }
        let now = app.clock.now();
        if removed_at.is_none_or(|at| now.ms_since(at) >= REMOVE_EVERY_MS) {
            removed_at = Some(now);
            if let Err(error) = remove_old(&app).await {
                tracing::error!(%error, "old deliveries");
            }
        }
        tokio::select! {
            _ = shutdown.changed() => break,
            () = app.wake.inbox.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Removes headers and bodies whose term is over. Their keys and hashes stay, so that a repeat is still known.
///
/// # Errors
/// A failure of the database.
pub async fn remove_old(app: &App) -> Result<u64, DbError> {
    let before = app.clock.now().plus_ms(-KEPT_MS);
    let mut removed = 0;
    loop {
        let some = app.db.execute(super::replay::RemoveBodies { before }).await?;
        removed += some;
        if some == 0 {
            return Ok(removed);
        }
    }
}
