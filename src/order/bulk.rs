//! Many orders at once, from a file: all or none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::inbound::InboundOrder;
use super::model::{OrderState, Verdict};
use super::ops::{lock, require};
use super::{OrderError, put};
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::ChannelId;

/// Brings orders in, all or none; one that may not be changed any more refuses them all.
#[derive(Debug, Serialize)]
pub struct PlaceOrders {
    /// The channel they belong to.
    pub channel: ChannelId,
    /// The orders.
    pub orders: Vec<InboundOrder>,
}

/// Orders that came in, by where they stand now.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct OrdersPlaced {
    /// They have their stock.
    pub promised: i64,
    /// They wait for stock.
    pub short: i64,
    /// They wait for a person.
    pub held: i64,
    /// They were here before, and are as they were.
    pub unchanged: i64,
}

impl Operation for PlaceOrders {
    const KIND: &'static str = "order.place_many";
    type Answer = OrdersPlaced;
    type Error = OrderError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<OrdersPlaced, OrderError> {
        require(op, Right::OrderWrite)?;
        let mut placed = OrdersPlaced::default();
        for order in &self.orders {
            let (id, ruling) = put::put(op, self.channel, order).await?;
            match ruling.verdict {
                Verdict::NoChange => placed.unchanged += 1,
                Verdict::Refused => {
                    let (order, reason) = (order.external_id.clone(), ruling.reason);
                    return Err(OrderError::NotChangeable { order, reason });
                }
                _ => {}
            }
            match lock(op, id).await?.state {
                OrderState::Promised => placed.promised += 1,
                OrderState::Short => placed.short += 1,
                OrderState::Held => placed.held += 1,
                _ => {}
            }
        }
        Ok(placed)
    }
}
