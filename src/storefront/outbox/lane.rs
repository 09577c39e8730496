//! Lanes: the messages about one order to one endpoint. The first pending message of a lane is sent; how it ended decides
//! when the lane is due again.

use serde_json::{Value, json};

use super::sql;
use crate::db::{Command, Context, DbError, Op, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::EndpointId;
use crate::storefront::model::{
    BREAKER_FAILURES, BREAKER_MS, Decision, EndpointState, MessageState, Outcome, decide, troubled,
};
use crate::{args, row};

/// How long a lane is kept from others while its message is sent, in milliseconds: longer than any attempt.
pub const LEASE_MS: i64 = 60_000;

row! {
    /// The first pending message of a lane.
    #[derive(Debug, Clone)]
    pub struct Head {
        /// Its id.
        pub id: String,
        /// The lane.
        pub order_key: String,
        /// What kind of event it tells.
        pub kind: String,
        /// What it says.
        pub body: String,
        /// Tries that were spent on it.
        pub tries: i64,
    }
}

impl Head {
    /// Whether nothing may follow before a person decides, should it die: the shop waits for what became of a cancel.
    #[must_use]
    pub fn must_arrive(&self) -> bool {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let command = body.pointer("/data/command").and_then(Value::as_str).unwrap_or_default();
        self.kind == "order.verdict" && command.starts_with("cancel")
    }
}

/// Messages that are to be sent now.
#[derive(Debug, Default)]
pub struct Claimed {
    /// Where to.
    pub url: String,
    /// The secrets, sealed.
    pub secrets: Vec<u8>,
    /// Whether this is a probe of an endpoint in trouble.
    pub probe: bool,
    /// The messages, one of each lane.
    pub heads: Vec<Head>,
}

/// Takes lanes of an endpoint that are due.
pub struct Claim {
    /// Which endpoint.
    pub endpoint: EndpointId,
    /// Most lanes.
    pub most: i64,
    /// Now.
    pub at: Timestamp,
}

impl Command for Claim {
    type Out = Claimed;
    type Error = DbError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Claimed, DbError> {
        let Self { endpoint, at, .. } = *self;
        let found: Option<(String, Vec<u8>, i64)> = tx.opt(sql::SELECT_ACTIVE, args![endpoint, at]).await?;
        let Some((url, secrets, failures)) = found else { return Ok(Claimed::default()) };
        let probe = failures >= BREAKER_FAILURES;
        if probe && tx.exec(sql::RESERVE_PROBE, args![endpoint, at.plus_ms(BREAKER_MS), at]).await? == 0 {
            return Ok(Claimed::default());
        }
        let most = if probe { 1 } else { self.most };
        let values = args![endpoint, at, at.plus_ms(LEASE_MS), most];
        let lanes: Vec<(String,)> = tx.all(sql::CLAIM_LANES, values).await?;
        let mut heads = Vec::with_capacity(lanes.len());
        for (order_key,) in lanes {
            let head: Option<Head> = tx.opt(sql::SELECT_HEAD, args![endpoint, &order_key]).await?;
            heads.extend(head);
        }
        Ok(Claimed { url, secrets, probe, heads })
    }
}

/// Writes down how an attempt ended, and what follows.
pub struct Finish {
    /// Who and when.
    pub context: Context,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// The message.
    pub head: Head,
    /// Whether it was a probe.
    pub probe: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// Any number, for the jitter.
    pub random: u64,
}

impl Command for Finish {
    type Out = ();
    type Error = DbError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        let mut op = Op { tx, context: &self.context };
        let id = self.head.id.as_str();
        let (tries, state): (i64, MessageState) = op.tx.one("message", sql::LOCK_MESSAGE, args![id]).await?;
        self.record(&mut op).await?;
        let decision = decide(&self.outcome, tries, self.probe, self.random);
        let open = state == MessageState::Pending;
        let at = op.at();
        // Pieces fewer in the lane, when it is due again, and whether it stays shut.
        let (fewer, next_at, blocks) = match &decision {
            // A person has decided about it meanwhile.
            _ if !open => (0, at, false),
            Decision::Done => {
                op.tx.exec(sql::END_MESSAGE, args![id, MessageState::Done, tries + 1, at]).await?;
                (1, at, false)
            }
            Decision::Dead => {
                op.tx.exec(sql::END_MESSAGE, args![id, MessageState::Dead, tries + 1, at]).await?;
                let blocks = self.head.must_arrive();
                op.record("outbox.dead", ("endpoint", self.endpoint.0), &json!({ "message": id, "blocks": blocks }));
                (1, at, blocks)
            }
            Decision::Later { after_ms, spent } => {
                op.tx.exec(sql::SET_TRIES, args![id, tries + i64::from(*spent)]).await?;
                (0, at.plus_ms(*after_ms), false)
            }
            Decision::Pause(_) | Decision::Disable(_) => (0, at, false),
        };
        let values = args![self.endpoint, &self.head.order_key, fewer, next_at, blocks];
        op.tx.exec(sql::FREE_LANE, values).await?;
        self.endpoint(&mut op, &decision).await
    }
}

impl Finish {
    async fn record(&self, op: &mut Op<'_, '_>) -> Result<(), DbError> {
        let (status, head, error) = match &self.outcome {
            Outcome::Answered { status, head, .. } => (Some(i64::from(*status)), head.as_str(), ""),
            Outcome::Failed { error } | Outcome::Refused { error } => (None, "", error.as_str()),
        };
        let at = op.at();
        op.tx.exec(sql::INSERT_ATTEMPT, args![&self.head.id, at, status, self.took_ms, head, error]).await.map(drop)
    }

    /// What the attempt says about the endpoint as a whole.
    async fn endpoint(&self, op: &mut Op<'_, '_>, decision: &Decision) -> Result<(), DbError> {
        let (endpoint, at) = (self.endpoint, op.at());
        let stop = match decision {
            Decision::Pause(reason) => Some((EndpointState::Paused, reason)),
            Decision::Disable(reason) => Some((EndpointState::Disabled, reason)),
            _ => None,
        };
        if let Some((state, reason)) = stop {
            if op.tx.exec(sql::STOP_ENDPOINT, args![endpoint, state, reason]).await? == 1 {
                let data = json!({ "to": state, "reason": reason });
                op.record("endpoint.state", ("endpoint", endpoint.0), &data);
                tracing::warn!(endpoint = endpoint.0, %state, reason, "an endpoint is told nothing until a person decides");
            }
            return Ok(());
        }
        if troubled(&self.outcome) {
            let values = args![endpoint, BREAKER_FAILURES, at.plus_ms(BREAKER_MS)];
            let (failures,): (i64,) = op.tx.one("endpoint", sql::IN_TROUBLE, values).await?;
            if failures == BREAKER_FAILURES {
                op.record("endpoint.in_trouble", ("endpoint", endpoint.0), &json!({ "failures": failures }));
            }
        } else if op.tx.exec(sql::WELL_AGAIN, args![endpoint]).await? == 1 {
            // What waited because of the trouble need not wait any longer.
            op.tx.exec(sql::HURRY_LANES, args![endpoint, at]).await?;
        }
        Ok(())
    }
}
