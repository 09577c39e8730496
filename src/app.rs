//! The running program's shared parts, in one place that is cheap to clone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::{Notify, Semaphore};

use crate::db::{Context, Db, Operation, OperationKey, Services};
use crate::kernel::actor::Actor;
use crate::kernel::clock::SharedClock;
use crate::kernel::ids::WarehouseId;
use crate::people::tokens::TokenCache;
use crate::station::agent::Agents;
use crate::station::devices::StationDevices;
use crate::storefront::channels::ChannelCache;

/// Most deliveries that are taken in at once; more are asked to come again.
const INTAKE: usize = 1_024;

/// What every handler and worker shares.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`].
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Vault and randomness.
    pub services: Arc<Services>,
    /// The time.
    pub clock: SharedClock,
    /// Tokens that were looked up a moment ago.
    pub tokens: TokenCache,
    /// Channels that were looked up a moment ago.
    pub channels: ChannelCache,
    /// Room for deliveries that are being taken in.
    pub intake: Semaphore,
    /// What scanners and scales of stations said lately.
    pub devices: StationDevices,
    /// Packing PCs that are connected to this process.
    pub agents: Arc<Agents>,
    /// The certificate of our own authority, as PEM, where there is one: handhelds install it.
    pub authority: OnceLock<String>,
    /// Which workers run.
    pub workers: Workers,
    /// Wakes the workers when there is something to do at once.
    pub wake: Wake,
}

/// One bell for each worker.
#[derive(Clone, Default)]
pub struct Wake {
    /// A delivery came in.
    pub inbox: Arc<Notify>,
    /// A message is to be told.
    pub outbox: Arc<Notify>,
    /// A print job is queued.
    pub print: Arc<Notify>,
}

/// The background workers of this process, and whether they still run.
#[derive(Clone, Default)]
pub struct Workers(Arc<Mutex<BTreeMap<&'static str, bool>>>);

impl Workers {
    /// Says that a worker runs, for as long as the answer lives: the worker holds it until it ends, in whatever way.
    #[must_use]
    pub fn started(&self, name: &'static str) -> Running {
        self.set(name, true);
        Running { name, workers: self.clone() }
    }

    /// Workers that were started and have ended.
    #[must_use]
    pub fn ended(&self) -> Vec<&'static str> {
        let workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        workers.iter().filter(|(_, runs)| !**runs).map(|(name, _)| *name).collect()
    }

    fn set(&self, name: &'static str, runs: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, runs);
    }
}

/// A worker's sign of life.
pub struct Running {
    name: &'static str,
    workers: Workers,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.workers.set(self.name, false);
    }
}

impl std::ops::Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(db: Db, services: Arc<Services>, clock: SharedClock) -> Self {
        let started = clock.now().0;
        Self(Arc::new(Parts {
            db,
            services,
            clock,
            tokens: TokenCache::default(),
            channels: ChannelCache::default(),
            intake: Semaphore::new(INTAKE),
            devices: StationDevices::starting_at(started),
            agents: Arc::default(),
            authority: OnceLock::new(),
            workers: Workers::default(),
            wake: Wake::default(),
        }))
    }

    /// The context of an operation that starts now.
    #[must_use]
    pub fn context(&self, warehouse: WarehouseId, actor: Actor, key: OperationKey) -> Context {
        Context { warehouse, actor, key, at: self.clock.now(), services: Arc::clone(&self.services) }
    }

    /// Runs an operation, then rings the workers that may have got work by it.
    ///
    /// # Errors
    /// The operation's refusal.
    pub async fn operate<O: Operation>(&self, context: Context, operation: O) -> Result<O::Answer, O::Error> {
        let answer = self.db.operate(context, operation).await?;
        self.wake.outbox.notify_one();
        self.wake.print.notify_one();
        Ok(answer)
    }
}
