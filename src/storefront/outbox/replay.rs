//! What people do with messages: send them again, leave them out, try an endpoint.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{sql, tell};
use crate::args;
use crate::db::{Op, Operation};
use crate::kernel::Timestamp;
use crate::kernel::ids::EndpointId;
use crate::storefront::StorefrontError;
use crate::storefront::channels::require;
use crate::storefront::endpoints::lock as lock_endpoint;
use crate::storefront::model::MessageState;

/// How many messages a command has sent again.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Replayed {
    /// Messages that wait again.
    pub messages: i64,
}

type Locked = (EndpointId, String, MessageState);

async fn lock(op: &mut Op<'_, '_>, message: &str) -> Result<Locked, StorefrontError> {
    let warehouse = op.warehouse();
    let found: Option<Locked> = op.tx.opt(sql::LOCK_OF_WAREHOUSE, args![warehouse, message]).await?;
    found.ok_or_else(|| StorefrontError::NotFound { what: "message", code: message.chars().take(60).collect() })
}

async fn recount(op: &mut Op<'_, '_>, endpoint: EndpointId, lane: &str) -> Result<(), StorefrontError> {
    let _locked: Vec<(String,)> = op.tx.all(sql::LOCK_LANES, args![endpoint, lane]).await?;
    let at = op.at();
    op.tx.exec(sql::RECOUNT_LANES, args![endpoint, at, lane]).await?;
    Ok(())
}

/// Sends a message again, before what waits behind it in its lane.
#[derive(Debug, Serialize)]
pub struct ReplayMessage {
    /// Which.
    pub message: String,
}

impl Operation for ReplayMessage {
    const KIND: &'static str = "outbox.replay";
    type Answer = Replayed;
    type Error = StorefrontError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Replayed, StorefrontError> {
        require(op)?;
        let (endpoint, lane, state) = lock(op, &self.message).await?;
        if state == MessageState::Pending {
            return Err(StorefrontError::StillPending { message: self.message.clone() });
        }
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::REVIVE, args![&self.message]).await?;
        recount(op, endpoint, &lane).await?;
        op.record("outbox.replayed", ("endpoint", endpoint.0), &json!({ "message": self.message }));
        Ok(Replayed { messages: 1 })
    }
}

/// Sends all messages of an endpoint again that were made in a span of time.
#[derive(Debug, Serialize)]
pub struct ReplaySpan {
    /// Which endpoint.
    pub endpoint: EndpointId,
    /// Made at this moment or after.
    pub since: Timestamp,
    /// Made at this moment or before; to the present where it isn't said.
    pub until: Option<Timestamp>,
    /// Only those in this state.
    pub state: Option<MessageState>,
}

impl Operation for ReplaySpan {
    const KIND: &'static str = "outbox.replay_span";
    type Answer = Replayed;
    type Error = StorefrontError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Replayed, StorefrontError> {
        require(op)?;
        lock_endpoint(op, self.endpoint).await?;
        // Nothing below may fail for a business reason.
        let until = self.until.unwrap_or(op.at());
        let state = self.state.map_or("", MessageState::code);
        let values = args![op.warehouse(), self.endpoint, self.since, until, state];
        let messages = i64::try_from(op.tx.exec(sql::REVIVE_SPAN, values).await?).unwrap_or(i64::MAX);
        if messages > 0 {
            recount(op, self.endpoint, "").await?;
        }
        let data = json!({ "since": self.since, "until": until, "messages": messages });
        op.record("outbox.replayed", ("endpoint", self.endpoint.0), &data);
        Ok(Replayed { messages })
    }
}

/// Leaves a message out, so that what waits behind it goes on.
#[derive(Debug, Serialize)]
pub struct SkipMessage {
    /// Which.
    pub message: String,
}

/// A message that was left out.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Skipped {
    /// Where it stands now.
    pub state: MessageState,
}

impl Operation for SkipMessage {
    const KIND: &'static str = "outbox.skip";
    type Answer = Skipped;
    type Error = StorefrontError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Skipped, StorefrontError> {
        require(op)?;
        let (endpoint, lane, state) = lock(op, &self.message).await?;
        if !matches!(state, MessageState::Pending | MessageState::Dead) {
            return Err(StorefrontError::NotOpen { message: self.message.clone(), state: state.to_string() });
        }
        // Nothing below may fail for a business reason.
        let at = op.at();
        op.tx.exec(sql::END_MESSAGE, args![&self.message, MessageState::Skipped, 0_i64, at]).await?;
        recount(op, endpoint, &lane).await?;
        op.record("outbox.skipped", ("endpoint", endpoint.0), &json!({ "message": self.message }));
        Ok(Skipped { state: MessageState::Skipped })
    }
}

/// Sends an endpoint an event that means nothing.
#[derive(Debug, Serialize)]
pub struct SendTest {
    /// Which.
    pub endpoint: EndpointId,
}

/// A test event that waits to be sent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TestSent {
    /// The message's id.
    pub message_id: String,
}

impl Operation for SendTest {
    const KIND: &'static str = "outbox.test";
    type Answer = TestSent;
    type Error = StorefrontError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<TestSent, StorefrontError> {
        require(op)?;
        lock_endpoint(op, self.endpoint).await?;
        // Nothing below may fail for a business reason.
        Ok(TestSent { message_id: tell::tell_test(op, self.endpoint).await? })
    }
}
