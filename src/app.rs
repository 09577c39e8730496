//! The running program's shared parts, in one place that is cheap to clone.

use std::sync::Arc;

use tokio::sync::{Notify, Semaphore};

use crate::db::{Context, Db, Operation, OperationKey, Services};
use crate::kernel::actor::Actor;
use crate::kernel::clock::SharedClock;
use crate::kernel::ids::WarehouseId;
use crate::people::tokens::TokenCache;
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
        Self(Arc::new(Parts {
            db,
            services,
            clock,
            tokens: TokenCache::default(),
            channels: ChannelCache::default(),
            intake: Semaphore::new(INTAKE),
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
