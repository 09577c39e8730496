//! The outbox at work: one task for each endpoint, so that one that hangs holds up nobody else, and many messages of one
//! endpoint at once, each of another order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::courier::{Courier, Letter};
use super::lane::{Claim, Claimed, Finish, Head};
use super::sql;
use crate::app::App;
use crate::args;
use crate::db::{Command, DbError, OperationKey, Tx};
use crate::kernel::actor::Actor;
use crate::kernel::ids::{EndpointId, WarehouseId};
use crate::storefront::model::Outcome;
use crate::storefront::{secrets, signature};

/// How often the outbox is looked at without a bell: retries come due, and other instances ring none here.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Shortest time between two looks, so that a busy floor's bells don't become a load.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(20);
/// Most messages on their way to one endpoint.
const IN_FLIGHT: i64 = 32;
/// How long a task waits after a failure of the database.
const PAUSE: Duration = Duration::from_secs(1);

/// Sends what is due to one endpoint, one message of each order; gives how many.
///
/// # Errors
/// A failure of the database. What was sent and not written down is sent again under the same id, once its lease is over.
pub async fn deliver_due(app: &App, courier: &Courier, endpoint: EndpointId) -> Result<usize, DbError> {
    let claimed = app.db.execute(Claim { endpoint, most: IN_FLIGHT, at: app.clock.now() }).await?;
    let Claimed { url, secrets: sealed, probe, heads } = claimed;
    if heads.is_empty() {
        return Ok(0);
    }
    let opened = secrets::open(&app.services.vault, secrets::ENDPOINT, &sealed);
    let opened = opened.as_ref().map_err(|error| Outcome::Refused { error: error.to_string() });
    let flights = heads.into_iter().map(|head| {
        let (url, opened) = (url.as_str(), &opened);
        async move {
            let start = app.clock.now();
            let outcome = match opened {
                Ok(secrets) => carry(app, courier, url, secrets, &head).await,
                Err(refused) => refused.clone(),
            };
            let took_ms = app.clock.now().ms_since(start).max(0);
            finish(app, endpoint, head, probe, outcome, took_ms).await
        }
    });
    let ends = join_all(flights).await;
    let count = ends.len();
    ends.into_iter().collect::<Result<(), DbError>>()?;
    Ok(count)
}

/// Signs a message for this attempt and carries it.
pub async fn carry(app: &App, courier: &Courier, url: &str, secrets: &[String], head: &Head) -> Outcome {
    let at = app.clock.now();
    let signature = signature::sign_standard(secrets, &head.id, at, head.body.as_bytes());
    courier.carry(Letter { url, id: &head.id, at, signature: &signature, body: &head.body }).await
}

async fn finish(
    app: &App,
    endpoint: EndpointId,
    head: Head,
    probe: bool,
    outcome: Outcome,
    took_ms: i64,
) -> Result<(), DbError> {
    let mut bytes = [0_u8; 8];
    app.services.random.fill(&mut bytes).map_err(|error| DbError::Form(error.to_string()))?;
    let context = app.context(WarehouseId(1), Actor::system(), OperationKey::internal(&["outbox", &head.id]));
    let random = u64::from_le_bytes(bytes);
    app.db.execute(Finish { context, endpoint, head, probe, outcome, took_ms, random }).await
}

/// Endpoints that have something to send now.
///
/// # Errors
/// A failure of the database.
pub async fn busy(app: &App) -> Result<Vec<EndpointId>, DbError> {
    let now = app.clock.now();
    let busy: Vec<(EndpointId,)> =
        app.db.read(|tx| Box::pin(async move { tx.all(sql::SELECT_BUSY, args![now]).await })).await?;
    Ok(busy.into_iter().map(|(endpoint,)| endpoint).collect())
}

/// An embedded database has one process: what is leased when it starts has no worker any more.
struct ForgetLeases;

impl Command for ForgetLeases {
    type Out = u64;
    type Error = DbError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<u64, DbError> {
        tx.exec(sql::FORGET_LEASES, args![]).await
    }
}

/// Tells all endpoints until `shutdown` turns true, then ends the attempts that are under way.
pub async fn run(app: App, courier: Arc<Courier>, mut shutdown: watch::Receiver<bool>) {
    if app.db.kind() == "sqlite"
        && let Err(error) = app.db.execute(ForgetLeases).await
    {
        tracing::error!(%error, "leases of the outbox");
    }
    let mut endpoints: BTreeMap<EndpointId, Arc<Notify>> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    while !*shutdown.borrow() {
        match busy(&app).await {
            Ok(busy) => {
                for endpoint in busy {
                    let bell = endpoints.entry(endpoint).or_insert_with(|| {
                        let bell = Arc::new(Notify::new());
                        let task =
                            serve(app.clone(), Arc::clone(&courier), endpoint, Arc::clone(&bell), shutdown.clone());
                        tasks.spawn(task);
                        bell
                    });
                    bell.notify_one();
                }
            }
            Err(error) => tracing::error!(%error, "outbox"),
        }
        tokio::select! {
            _ = shutdown.changed() => break,
            () = tokio::time::sleep(LOOK_AT_MOST_EVERY) => {}
        }
        tokio::select! {
            _ = shutdown.changed() => break,
            () = app.wake.outbox.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "outbox task");
        }
    }
}

/// One endpoint's task: works when its bell rings.
async fn serve(
    app: App,
    courier: Arc<Courier>,
    endpoint: EndpointId,
    bell: Arc<Notify>,
    mut shutdown: watch::Receiver<bool>,
) {
    while !*shutdown.borrow() {
        let pause = match deliver_due(&app, &courier, endpoint).await {
            Ok(0) => None,
            Ok(_) => continue,
            Err(error) => {
                tracing::error!(%error, endpoint = endpoint.0, "outbox of an endpoint");
                Some(PAUSE)
            }
        };
        match pause {
            None => tokio::select! { _ = shutdown.changed() => break, () = bell.notified() => {} },
            Some(pause) => tokio::select! { _ = shutdown.changed() => break, () = tokio::time::sleep(pause) => {} },
        }
    }
}
