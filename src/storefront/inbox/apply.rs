//! Applying a delivery: what the storefront says is compared with what it said before, turned into commands, and each
//! command gets its verdict. Effect, verdict, mirror, message and the end of the delivery are one transaction.

use serde_json::json;

use super::sql;
use crate::db::{Command as Write, Context, DbError, Op, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{ChannelId, InboxId, OrderId};
use crate::order::OrderError;
use crate::order::inbound::{Command, InboundOrder};
use crate::order::model::{OrderState, Ruling, Verdict};
use crate::order::ops::{apply_command, by_external};
use crate::storefront::model::{InboxState, OrderTold, Standing, Told};
use crate::storefront::outbox::tell::tell_verdict;
use crate::{args, row};

/// The purpose under which the mirror of an order is sealed.
const PURPOSE: &str = "channel-order";

row! {
    /// An order as its storefront last told it.
    #[derive(Debug, Clone)]
    pub struct Mirror {
        /// Our order; `None` where the storefront spoke of it before it told it.
        pub order_id: Option<OrderId>,
        /// The order, sealed.
        pub canonical: Option<Vec<u8>>,
        /// Its version; 0 for none.
        pub version: i64,
        /// When it changed to this.
        pub changed_at: Timestamp,
        /// Whether the storefront holds it.
        pub held: bool,
        /// Since when it says so.
        pub held_at: Timestamp,
        /// Whether the storefront has cancelled it.
        pub cancelled: bool,
    }
}

impl Mirror {
    /// Whether a telling is older than what is known.
    fn is_newer_than(&self, told: &OrderTold) -> bool {
        if self.version > 0 && told.order.version > 0 {
            self.version > told.order.version
        } else {
            self.changed_at > told.changed_at
        }
    }
}

/// Applies what a delivery says.
pub struct Apply {
    /// Who and when.
    pub context: Context,
    /// The delivery.
    pub id: InboxId,
    /// Its channel.
    pub channel: ChannelId,
    /// What the storefront calls it.
    pub dedupe_key: String,
    /// How often this content was applied before.
    pub again: i64,
    /// What it says.
    pub told: Told,
}

impl Write for Apply {
    /// Whether it was applied here; not where another worker has it.
    type Out = bool;
    type Error = OrderError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool, OrderError> {
        let taken: Option<(i64,)> = tx.opt(sql::TAKE, args![self.id]).await?;
        if taken.is_none() {
            return Ok(false);
        }
        let external_id = self.told.external_id();
        // Made where it isn't there yet, so that a cancel and its order wait for each other.
        let mirror: Mirror = tx.one("mirror", sql::LOCK_MIRROR, args![self.channel, external_id]).await?;
        let op = Op { tx, context: &self.context };
        let mut work = Work { op, delivery: self, external_id, mirror, verdicts: 0, state: InboxState::Done, note: "" };
        match &self.told {
            Told::Order(told) => work.order(told).await?,
            Told::Cancel { reason, .. } => work.cancel(reason).await?,
            Told::CancelLines { lines, reason, .. } => work.cancel_lines(lines, reason).await?,
            Told::Hold { held, at, reason, .. } => work.hold(*held, *at, reason).await?,
            Told::Nothing { .. } => work.state = InboxState::Ignored,
        }
        let Work { op, state, note, .. } = work;
        let at = op.at();
        op.tx.exec(sql::SETTLE, args![self.id, state, note, at]).await?;
        Ok(true)
    }
}

/// A delivery at work.
struct Work<'w, 'o, 't> {
    op: Op<'o, 't>,
    delivery: &'w Apply,
    external_id: &'w str,
    mirror: Mirror,
    verdicts: usize,
    state: InboxState,
    note: &'static str,
}

impl Work<'_, '_, '_> {
    async fn order(&mut self, told: &OrderTold) -> Result<(), OrderError> {
        if self.mirror.is_newer_than(told) {
            return self.older("put").await;
        }
        if let Standing::Cancelled(reason) = &told.standing {
            self.remember(told)?;
            return self.cancel(reason).await;
        }
        if self.mirror.cancelled && self.mirror.order_id.is_none() {
            self.verdict("put", Ruling::refused("already_cancelled")).await?;
            return Ok(());
        }
        let was_held = self.mirror.held;
        let first = self.mirror.order_id.is_none();
        self.remember(told)?;
        let put = Command::Put { order: Box::new(told.order.clone()) };
        let ruling = apply_command(&mut self.op, self.delivery.channel, &put).await?;
        self.verdict("put", ruling).await?;
        let ours = by_external(&mut self.op, self.delivery.channel, self.external_id).await?;
        self.mirror.order_id = ours.as_ref().map(|order| order.id);
        let hold = |reason: &str| Command::Hold { external_id: self.external_id.to_owned(), reason: reason.to_owned() };
        let next = match &told.standing {
            Standing::Held(reason) => {
                self.mirror.held = true;
                let works = ours.is_some_and(|order| order.state != OrderState::Held);
                works.then(|| hold(reason))
            }
            Standing::Open => {
                self.mirror.held = false;
                was_held.then(|| Command::ReleaseHold { external_id: self.external_id.to_owned() })
            }
            // It asked for the hold before it told the order.
            Standing::Unsaid if first && was_held => Some(hold("held before it came in")),
            Standing::Unsaid | Standing::Cancelled(_) => None,
        };
        if let Some(command) = next {
            self.command(&command).await?;
        }
        self.keep().await
    }

    /// An older telling is recorded, and changes nothing.
    async fn older(&mut self, command: &str) -> Result<(), OrderError> {
        (self.state, self.note) = (InboxState::Ignored, "older than what the storefront said before");
        let ruling = Ruling { verdict: Verdict::NoChange, reason: "older".to_owned() };
        self.verdict(command, ruling).await
    }

    /// Without an order to cancel, what is left is a tombstone: the order is refused when it comes.
    async fn cancel(&mut self, reason: &str) -> Result<(), OrderError> {
        let known = by_external(&mut self.op, self.delivery.channel, self.external_id).await?;
        if known.is_some() {
            let external_id = self.external_id.to_owned();
            self.command(&Command::Cancel { external_id, reason: reason.to_owned() }).await?;
        } else {
            let verdict = if self.mirror.cancelled { Verdict::NoChange } else { Verdict::Accepted };
            self.verdict("cancel", Ruling { verdict, reason: "before_order".to_owned() }).await?;
        }
        self.mirror.order_id = known.map(|order| order.id);
        self.mirror.cancelled = true;
        self.keep().await
    }

    /// The order as it was told, with less of some lines.
    async fn cancel_lines(&mut self, less: &[(String, i64)], reason: &str) -> Result<(), OrderError> {
        let Some(sealed) = &self.mirror.canonical else {
            return self.verdict("cancel_lines", Ruling::refused("unknown_order")).await;
        };
        let mut order: InboundOrder = self.op.context.services.vault.open_json(PURPOSE, sealed)?;
        for (line, pieces) in less {
            let Some(line) = order.lines.iter_mut().find(|known| known.external_id == *line) else {
                return self.verdict("cancel_lines", Ruling::refused("unknown_line")).await;
            };
            line.quantity = (line.quantity - pieces).max(0);
        }
        if order.lines.iter().all(|line| line.quantity == 0) {
            return self.cancel(reason).await;
        }
        let put = Command::Put { order: Box::new(order.clone()) };
        let ruling = apply_command(&mut self.op, self.delivery.channel, &put).await?;
        if ruling.verdict != Verdict::Refused {
            self.mirror.canonical = Some(self.seal(&order)?);
        }
        self.verdict("cancel_lines", ruling).await?;
        self.keep().await
    }

    async fn hold(&mut self, held: bool, at: Timestamp, reason: &str) -> Result<(), OrderError> {
        if self.mirror.held_at > at {
            return self.older(if held { "hold" } else { "release_hold" }).await;
        }
        (self.mirror.held, self.mirror.held_at) = (held, at);
        let external_id = self.external_id.to_owned();
        let known = by_external(&mut self.op, self.delivery.channel, self.external_id).await?;
        let command = if held {
            Command::Hold { external_id, reason: reason.to_owned() }
        } else {
            Command::ReleaseHold { external_id }
        };
        if known.is_some() {
            self.command(&command).await?;
        } else {
            let ruling = Ruling { verdict: Verdict::Accepted, reason: "before_order".to_owned() };
            self.verdict(command.name(), ruling).await?;
        }
        self.keep().await
    }

    /// Does a command and says what became of it. A hold that can't end yet is a verdict, no failure.
    async fn command(&mut self, command: &Command) -> Result<(), OrderError> {
        let ruling = match apply_command(&mut self.op, self.delivery.channel, command).await {
            Err(OrderError::StillHeld { reason, .. }) => Ruling::refused(&format!("held_{reason}")),
            other => other?,
        };
        self.verdict(command.name(), ruling).await
    }

    /// Each command of a delivery has one verdict. Content that came again and changes nothing gets none.
    async fn verdict(&mut self, command: &str, ruling: Ruling) -> Result<(), OrderError> {
        let Apply { channel, dedupe_key, again, .. } = self.delivery;
        if *again > 0 && ruling.verdict == Verdict::NoChange {
            return Ok(());
        }
        let again = if *again > 0 { format!("#{again}") } else { String::new() };
        let part = if self.verdicts > 0 { format!("/{}", self.verdicts) } else { String::new() };
        self.verdicts += 1;
        let (key, at) = (format!("{dedupe_key}{again}{part}"), self.op.at());
        let values = args![*channel, self.external_id, key, command, ruling.verdict, &ruling.reason, at];
        if self.op.tx.exec(sql::INSERT_VERDICT, values).await? == 1 {
            let data = json!({
                "command": command, "verdict": ruling.verdict, "reason": ruling.reason, "in_reply_to": dedupe_key,
            });
            tell_verdict(&mut self.op, *channel, self.external_id, data).await?;
        }
        Ok(())
    }

    fn seal(&self, order: &InboundOrder) -> Result<Vec<u8>, OrderError> {
        let services = &self.op.context.services;
        Ok(services.vault.seal_json(services.random.as_ref(), PURPOSE, order)?)
    }

    fn remember(&mut self, told: &OrderTold) -> Result<(), OrderError> {
        self.mirror.canonical = Some(self.seal(&told.order)?);
        self.mirror.version = told.order.version;
        self.mirror.changed_at = told.changed_at;
        Ok(())
    }

    async fn keep(&mut self) -> Result<(), OrderError> {
        let Mirror { order_id, canonical, version, changed_at, held, held_at, cancelled } = self.mirror.clone();
        let channel = self.delivery.channel;
        let values =
            args![channel, self.external_id, order_id, canonical, version, changed_at, held, held_at, cancelled];
        self.op.tx.exec(sql::PUT_MIRROR, values).await?;
        Ok(())
    }
}

/// Ends a delivery that has nothing to apply.
pub struct Settle {
    /// The delivery.
    pub id: InboxId,
    /// How it ends.
    pub state: InboxState,
    /// Why.
    pub error: String,
    /// Now.
    pub at: Timestamp,
}

impl Write for Settle {
    type Out = ();
    type Error = DbError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        tx.exec(sql::SETTLE, args![self.id, self.state, &self.error, self.at]).await.map(drop)
    }
}

/// Counts a failed attempt; the last one makes the delivery dead.
pub struct Failed {
    /// The delivery.
    pub id: InboxId,
    /// What went wrong.
    pub error: String,
    /// When it is tried again.
    pub next_at: Timestamp,
    /// At how many attempts it is dead.
    pub most: i64,
}

impl Write for Failed {
    type Out = ();
    type Error = DbError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        tx.exec(sql::FAILED, args![self.id, &self.error, self.next_at, self.most]).await.map(drop)
    }
}
