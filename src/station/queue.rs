//! The print queues at work: one task a printer, strictly in order, one attempt at a time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::agent::wire::Attempt;
use super::attempt::{Claim, Claimed, Finish, Outcome, Overdue, PrinterRow};
use super::content::Content;
use super::model::pause_ms;
use super::{StationError, sql};
use crate::app::App;
use crate::args;
use crate::db::{BoxFuture, Context, DbError, OperationKey};
use crate::kernel::actor::Actor;
use crate::kernel::ids::{PrintJobId, PrinterId, StationId, WarehouseId};

/// How often the queues are looked at without a bell: other instances ring none here.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Shortest time between two looks, so that a busy floor's bells don't become a load.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(20);

/// Renders a label and brings it to its printer. Outside of every transaction.
pub trait Port: Send + Sync + 'static {
    /// Prints one content, and says how it ended. Must end by itself before the lease of an attempt does.
    fn print<'a>(&'a self, printer: &'a PrinterRow, attempt: Attempt, content: &'a Content) -> BoxFuture<'a, Outcome>;
}

/// What a look at one queue did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worked {
    /// Nothing waits, or another worker is at it.
    Idle,
    /// A job was settled one way or another; perhaps the next one waits.
    OneDone,
    /// The printer can't print now; the job waits.
    HeldUp,
}

fn context(app: &App, warehouse: WarehouseId, parts: &[&str]) -> Context {
    app.context(warehouse, Actor::system(), OperationKey::internal(parts))
}

/// Takes the first job of a printer's queue and brings it to its end.
///
/// # Errors
/// A failure of the database. The job is in doubt then, once its lease is over.
pub async fn work_one(app: &App, port: &dyn Port, printer: PrinterId) -> Result<Worked, StationError> {
    let claim = Claim { context: context(app, WarehouseId(1), &["print", &printer.to_string()]), printer };
    let Some(claimed) = app.db.execute(claim).await? else { return Ok(Worked::Idle) };
    let Claimed { job, attempt, printer, payload } = claimed;
    let outcome = match Content::open(&app.services.vault, &payload) {
        Ok(content) => port.print(&printer, Attempt { job, attempt }, &content).await,
        Err(error) => Outcome::Unprintable { error: error.to_string() },
    };
    let worked = if matches!(outcome, Outcome::Held { .. }) { Worked::HeldUp } else { Worked::OneDone };
    finish(app, &printer, job, attempt, outcome).await?;
    Ok(worked)
}

/// Writes down how an attempt ended. Tries for a while where the database fails, because a label that is known to be
/// on paper would else be in doubt.
async fn finish(
    app: &App,
    printer: &PrinterRow,
    job: PrintJobId,
    attempt: i64,
    outcome: Outcome,
) -> Result<(), StationError> {
    let mut failures = 0;
    loop {
        let context = context(app, printer.warehouse, &["print", &job.to_string(), &attempt.to_string()]);
        let error = match app.db.execute(Finish { context, job, attempt, outcome: outcome.clone(), at: None }).await {
            Ok(()) => return Ok(()),
            Err(error) if failures < 4 => error,
            Err(error) => return Err(error),
        };
        tracing::warn!(%error, job = job.0, "the end of a print job is not written down yet");
        tokio::time::sleep(Duration::from_millis(pause_ms(failures))).await;
        failures += 1;
    }
}

/// Calls jobs in doubt whose worker is gone, and labels that nobody scanned in time. Gives how many. `starting` where
/// this process has just begun: nobody else writes an embedded database, so what is under way there has no worker.
///
/// # Errors
/// A failure of the database.
pub async fn doubt_overdue(app: &App, starting: bool) -> Result<i64, StationError> {
    let alone = starting && app.db.kind() == "sqlite";
    let values = Overdue::values(app.clock.now(), alone);
    let read = app
        .db
        .read(|tx| Box::pin(async move { tx.opt::<(PrintJobId, WarehouseId)>(sql::SELECT_OVERDUE, values).await }));
    if read.await.map_err(|error: DbError| StationError::Db(error))?.is_none() {
        return Ok(0);
    }
    let at = app.clock.now().0.to_string();
    app.db.execute(Overdue { context: context(app, WarehouseId(1), &["overdue", &at]), alone }).await
}

/// Works off all print queues until `shutdown` turns true, then ends the attempts that are under way.
pub async fn run(app: App, port: Arc<dyn Port>, mut shutdown: watch::Receiver<bool>) {
    let mut printers: BTreeMap<PrinterId, Arc<Notify>> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    let mut starting = true;
    while !*shutdown.borrow() {
        match look(&app, starting).await {
            Ok(busy) => {
                starting = false;
                for printer in busy {
                    let bell = printers.entry(printer).or_insert_with(|| {
                        let bell = Arc::new(Notify::new());
                        tasks.spawn(serve(
                            app.clone(),
                            Arc::clone(&port),
                            printer,
                            Arc::clone(&bell),
                            shutdown.clone(),
                        ));
                        bell
                    });
                    bell.notify_one();
                }
            }
            Err(error) => tracing::error!(%error, "print queues"),
        }
        tokio::select! {
            _ = shutdown.changed() => break,
            () = tokio::time::sleep(LOOK_AT_MOST_EVERY) => {}
        }
        tokio::select! {
            _ = shutdown.changed() => break,
            () = app.wake.print.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "print task");
        }
    }
}

/// Printers that have work. One on a packing PC has none here while that isn't connected to this process.
async fn look(app: &App, starting: bool) -> Result<Vec<PrinterId>, StationError> {
    let doubted = doubt_overdue(app, starting).await?;
    if doubted > 0 {
        tracing::warn!(jobs = doubted, "print jobs are in doubt; a scan or a person has to settle them");
    }
    let busy: Vec<(PrinterId, Option<StationId>)> = app
        .db
        .read(|tx| Box::pin(async move { tx.all(sql::SELECT_BUSY_PRINTERS, args![]).await }))
        .await
        .map_err(|error: DbError| StationError::Db(error))?;
    let here = |station: &Option<StationId>| station.is_none_or(|station| app.agents.here(station).is_some());
    Ok(busy.into_iter().filter(|(_, station)| here(station)).map(|(printer, _)| printer).collect())
}

/// One printer's task: works when its bell rings; leaves a printer that is held up alone for a while.
async fn serve(
    app: App,
    port: Arc<dyn Port>,
    printer: PrinterId,
    bell: Arc<Notify>,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut failures = 0_u32;
    while !*shutdown.borrow() {
        let pause = match work_one(&app, port.as_ref(), printer).await {
            Ok(Worked::OneDone) => {
                failures = 0;
                continue;
            }
            Ok(Worked::Idle) => None,
            Ok(Worked::HeldUp) => Some(pause_ms(failures)),
            Err(error) => {
                tracing::error!(%error, printer = printer.0, "print queue");
                Some(pause_ms(failures))
            }
        };
        let Some(pause) = pause else {
            tokio::select! { _ = shutdown.changed() => break, () = bell.notified() => {} }
            continue;
        };
        failures = failures.saturating_add(1);
        tokio::select! {
            _ = shutdown.changed() => break,
            () = tokio::time::sleep(Duration::from_millis(pause)) => {}
        }
    }
}
