//! What people, shops and workers do with orders.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::inbound::{Command, InboundOrder};
use super::model::{OrderState, Ruling, ShortPolicy};
use super::{OrderError, cancel, hold, promise, put, sql};
use crate::db::journal::sql::INSERT_EVENTS;
use crate::db::{DbError, Op, Operation};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{ChannelId, OrderId};
use crate::storefront::outbox::tell::{tell_order, tell_orders};
use crate::{args, row};

row! {
    /// An order's row, locked for the rest of the transaction.
    #[derive(Debug, Clone)]
    pub struct OrderRow {
        /// Its id.
        pub id: OrderId,
        /// Its number.
        pub number: String,
        /// Where it stands.
        pub state: OrderState,
        /// Why it is held; empty where it isn't.
        pub hold_reason: String,
        /// Where it was before it was held; empty where it isn't.
        pub held_from: String,
        /// What happens where stock is short.
        pub short_policy: ShortPolicy,
        /// How many things the shop was told of it.
        pub version: i64,
    }
}

/// Reads and locks an order.
///
/// # Errors
/// [`OrderError::NotFound`] where there is none.
pub async fn lock(op: &mut Op<'_, '_>, order: OrderId) -> Result<OrderRow, OrderError> {
    let warehouse = op.warehouse();
    let found = op.tx.opt(sql::SELECT_LOCKED, args![warehouse, order]).await?;
    found.ok_or_else(|| OrderError::NotFound { what: "order", code: order.to_string() })
}

/// Moves an order on, if it is in one of the states `from`; says whether it was.
///
/// # Errors
/// A failure of the database.
pub async fn advance(
    op: &mut Op<'_, '_>,
    order: OrderId,
    from: &[OrderState],
    to: OrderState,
) -> Result<bool, DbError> {
    let mut states = String::from(",");
    for state in from {
        states.push_str(state.code());
        states.push(',');
    }
    Ok(op.tx.exec(sql::ADVANCE, args![order, to, states]).await? == 1)
}

/// Records what happened to an order, and tells its shop.
///
/// # Errors
/// A failure of the database.
pub async fn tell(op: &mut Op<'_, '_>, order: OrderId, kind: &str, data: serde_json::Value) -> Result<(), DbError> {
    tell_order(op, order, kind, &data).await?;
    op.record(kind, ("order", order.0), &data);
    Ok(())
}

/// The same for many orders at once; each order once.
///
/// # Errors
/// A failure of the database.
pub async fn tell_many(op: &mut Op<'_, '_>, events: &[(OrderId, &str, serde_json::Value)]) -> Result<(), DbError> {
    let context = op.context;
    let rows = events.iter().map(|(order, kind, data)| {
        let key = context.key.as_str();
        args![context.warehouse, context.at, context.actor.person, *kind, "order", *order, key, data.to_string()]
    });
    op.tx.bulk_exec(INSERT_EVENTS, rows.collect()).await?;
    tell_orders(op, events).await
}

/// Does what a storefront wants of us. The same command again finds its work done and rules `no_change`.
///
/// # Errors
/// Where the command itself is unusable (no ids, negative amounts), or the database fails. A command that may not be
/// done is no error but a ruling.
pub async fn apply_command(op: &mut Op<'_, '_>, channel: ChannelId, command: &Command) -> Result<Ruling, OrderError> {
    match command {
        Command::Put { order } => put::put(op, channel, order).await.map(|(_, ruling)| ruling),
        Command::Cancel { external_id, reason } => match by_external(op, channel, external_id).await? {
            Some(order) => cancel::cancel(op, &order, reason).await,
            None => Ok(Ruling::refused("unknown_order")),
        },
        Command::Hold { external_id, reason } => match by_external(op, channel, external_id).await? {
            Some(order) => hold::hold(op, &order, super::model::HoldReason::Shop, reason).await,
            None => Ok(Ruling::refused("unknown_order")),
        },
        Command::ReleaseHold { external_id } => match by_external(op, channel, external_id).await? {
            Some(order) => hold::release_by_shop(op, &order).await,
            None => Ok(Ruling::refused("unknown_order")),
        },
    }
}

/// Reads and locks an order by its shop's id.
///
/// # Errors
/// A failure of the database.
pub async fn by_external(
    op: &mut Op<'_, '_>,
    channel: ChannelId,
    external_id: &str,
) -> Result<Option<OrderRow>, DbError> {
    op.tx.opt(sql::SELECT_BY_EXTERNAL, args![channel, external_id]).await
}

/// Refuses where the person lacks the right.
pub(super) fn require(op: &Op<'_, '_>, right: Right) -> Result<(), OrderError> {
    if op.may(right) { Ok(()) } else { Err(OrderError::Forbidden { right: right.code() }) }
}

/// Brings an order in by API or file: creates it, or changes ours until it is the same.
#[derive(Debug, Serialize)]
pub struct PlaceOrder {
    /// The channel it belongs to.
    pub channel: ChannelId,
    /// The order.
    pub order: InboundOrder,
}

/// What became of an order that came in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OrderPlaced {
    /// Its id here.
    pub order_id: OrderId,
    /// Its number here.
    pub number: String,
    /// Where it stands now.
    pub state: OrderState,
    /// What became of the request.
    pub ruling: Ruling,
}

impl Operation for PlaceOrder {
    const KIND: &'static str = "order.place";
    type Answer = OrderPlaced;
    type Error = OrderError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<OrderPlaced, OrderError> {
        require(op, Right::OrderWrite)?;
        let (order_id, ruling) = put::put(op, self.channel, &self.order).await?;
        let order = lock(op, order_id).await?;
        Ok(OrderPlaced { order_id, number: order.number, state: order.state, ruling })
    }
}

/// A person's decision about an order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Decided {
    /// Where the order stands now.
    pub state: OrderState,
    /// What became of the request.
    pub ruling: Ruling,
}

/// Cancels an order.
#[derive(Debug, Serialize)]
pub struct CancelOrder {
    /// Which.
    pub order: OrderId,
    /// Why.
    pub reason: String,
}

impl Operation for CancelOrder {
    const KIND: &'static str = "order.cancel";
    type Answer = Decided;
    type Error = OrderError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Decided, OrderError> {
        require(op, Right::OrderReview)?;
        if self.reason.trim().is_empty() {
            return Err(OrderError::ReasonMissing {});
        }
        let order = lock(op, self.order).await?;
        let ruling = cancel::cancel(op, &order, self.reason.trim()).await?;
        Ok(Decided { state: lock(op, self.order).await?.state, ruling })
    }
}

/// Stops work on an order until a person releases it.
#[derive(Debug, Serialize)]
pub struct HoldOrder {
    /// Which.
    pub order: OrderId,
    /// Why.
    pub reason: String,
}

impl Operation for HoldOrder {
    const KIND: &'static str = "order.hold";
    type Answer = Decided;
    type Error = OrderError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Decided, OrderError> {
        require(op, Right::OrderReview)?;
        if self.reason.trim().is_empty() {
            return Err(OrderError::ReasonMissing {});
        }
        let order = lock(op, self.order).await?;
        let ruling = hold::hold(op, &order, super::model::HoldReason::Person, self.reason.trim()).await?;
        Ok(Decided { state: lock(op, self.order).await?.state, ruling })
    }
}

/// Lets a held order go on: a person has looked at it.
#[derive(Debug, Serialize)]
pub struct ReleaseOrder {
    /// Which.
    pub order: OrderId,
}

impl Operation for ReleaseOrder {
    const KIND: &'static str = "order.release";
    type Answer = Decided;
    type Error = OrderError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Decided, OrderError> {
        require(op, Right::OrderReview)?;
        let order = lock(op, self.order).await?;
        let ruling = hold::release(op, &order).await?;
        Ok(Decided { state: lock(op, self.order).await?.state, ruling })
    }
}

/// Records a new promise of when an order ships, and with whom it was agreed.
#[derive(Debug, Serialize)]
pub struct ChangeShipBy {
    /// Which.
    pub order: OrderId,
    /// The new time.
    pub ship_by: Timestamp,
    /// Who agreed to it.
    pub agreed_with: String,
}

impl Operation for ChangeShipBy {
    const KIND: &'static str = "order.ship_by";
    type Answer = Decided;
    type Error = OrderError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Decided, OrderError> {
        require(op, Right::OrderReview)?;
        if self.agreed_with.trim().is_empty() {
            return Err(OrderError::ReasonMissing {});
        }
        let order = lock(op, self.order).await?;
        if order.state.ended() {
            return Err(OrderError::WrongState { order: order.number, state: order.state });
        }
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SET_SHIP_BY, args![self.order, self.ship_by]).await?;
        let data = json!({ "ship_by": self.ship_by.rfc3339(), "agreed_with": self.agreed_with.trim() });
        tell(op, self.order, "order.ship_by_changed", data).await?;
        Ok(Decided { state: order.state, ruling: Ruling::plain(super::model::Verdict::Accepted) })
    }
}

/// Writes down that a person looks at an order's personal data; comes before the look.
#[derive(Debug, Serialize)]
pub struct ReadPersonal {
    /// Whose.
    pub order: OrderId,
}

/// The look is written down.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PersonalRead {}

impl Operation for ReadPersonal {
    const KIND: &'static str = "order.read_personal";
    type Answer = PersonalRead;
    type Error = OrderError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PersonalRead, OrderError> {
        require(op, Right::ReadPersonal)?;
        let order = lock(op, self.order).await?;
        // Nothing below may fail for a business reason.
        op.record("order.personal_read", ("order", order.id.0), &json!({}));
        Ok(PersonalRead {})
    }
}

/// Tries again to promise orders that wait for stock, the oldest first; at most `limit` after `after`.
#[derive(Debug, Serialize)]
pub struct RetryShort {
    /// Start behind this order (0 for the first).
    pub after: OrderId,
    /// Most orders to look at; a thousand at most.
    pub limit: i64,
}

/// What became of orders that waited.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShortRetried {
    /// Orders that are promised now.
    pub promised: i64,
    /// The last order that was looked at; `None` at the end.
    pub last: Option<OrderId>,
}

impl Operation for RetryShort {
    const KIND: &'static str = "order.retry_short";
    type Answer = ShortRetried;
    type Error = OrderError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<ShortRetried, OrderError> {
        require(op, Right::OrderReview)?;
        let warehouse = op.warehouse();
        let limit = self.limit.clamp(1, 1000);
        let waiting: Vec<(OrderId,)> = op.tx.all(sql::SELECT_SHORT, args![warehouse, self.after, limit]).await?;
        let mut promised = 0;
        for &(id,) in &waiting {
            let order = lock(op, id).await?;
            if order.state == OrderState::Short && promise::promise(op, &order).await? == OrderState::Promised {
                promised += 1;
            }
        }
        Ok(ShortRetried { promised, last: waiting.last().map(|(id,)| *id) })
    }
}
