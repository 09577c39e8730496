//! What people do with deliveries: have a dead one applied again. And what time does with them.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::sql;
use crate::args;
use crate::db::{Command, DbError, Op, Operation, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::InboxId;
use crate::storefront::StorefrontError;
use crate::storefront::channels::require;
use crate::storefront::model::InboxState;

/// Has a dead delivery applied again: its cause was mended.
#[derive(Debug, Serialize)]
pub struct ReplayDelivery {
    /// Which.
    pub delivery: InboxId,
}

/// A delivery that waits again.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeliveryReplayed {
    /// Where it stands now.
    pub state: InboxState,
}

impl Operation for ReplayDelivery {
    const KIND: &'static str = "inbox.replay";
    type Answer = DeliveryReplayed;
    type Error = StorefrontError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<DeliveryReplayed, StorefrontError> {
        require(op)?;
        let (warehouse, at) = (op.warehouse(), op.at());
        let found: Option<(InboxId, InboxState, bool)> = op.tx.opt(sql::LOCK, args![warehouse, self.delivery]).await?;
        let delivery = self.delivery.to_string();
        let Some((_, state, kept)) = found else {
            return Err(StorefrontError::NotFound { what: "delivery", code: delivery });
        };
        if state != InboxState::Dead {
            return Err(StorefrontError::NotDead { delivery, state: state.to_string() });
        }
        if !kept {
            return Err(StorefrontError::BodyRemoved { delivery });
        }
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::REVIVE, args![self.delivery, at]).await?;
        op.record("inbox.replayed", ("delivery", self.delivery.0), &json!({}));
        Ok(DeliveryReplayed { state: InboxState::Waiting })
    }
}

/// Removes headers and bodies that came before a moment; at most a thousand at once.
pub struct RemoveBodies {
    /// The moment.
    pub before: Timestamp,
}

impl Command for RemoveBodies {
    /// How many.
    type Out = u64;
    type Error = DbError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<u64, DbError> {
        tx.exec(sql::REMOVE_BODIES, args![self.before]).await
    }
}
