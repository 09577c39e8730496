//! Words of the storefront side: what a storefront told, what a message's attempt came to, and what follows from it.

use serde::{Deserialize, Serialize};

use crate::kernel::Timestamp;
use crate::order::inbound::InboundOrder;

crate::codes! {
    /// How a channel's storefront speaks.
    pub enum Adapter {
        /// Our own format over Standard Webhooks.
        Standard = "standard",
        /// WooCommerce's own webhooks.
        Woocommerce = "woocommerce",
        /// Medusa, by a subscriber that posts Standard Webhooks.
        Medusa = "medusa",
        /// Vendure, by a plugin that posts Standard Webhooks.
        Vendure = "vendure",
        /// No deliveries: orders come by API and files.
        Api = "api",
    }
}

crate::codes! {
    /// What became of a delivery.
    pub enum InboxState {
        /// Stored, not applied yet.
        Waiting = "waiting",
        /// Applied.
        Done = "done",
        /// Nothing to do: another topic, or older than what is known.
        Ignored = "ignored",
        /// Can't be applied; a person has to look.
        Dead = "dead",
    }
}

crate::codes! {
    /// Whether an endpoint is told.
    pub enum EndpointState {
        /// Messages are sent.
        Active = "active",
        /// Messages are kept until it is resumed.
        Paused = "paused",
        /// It is told nothing.
        Disabled = "disabled",
    }
}

crate::codes! {
    /// What became of a message.
    pub enum MessageState {
        /// Waits for its turn, or for another try.
        Pending = "pending",
        /// The shop took it.
        Done = "done",
        /// Given up; a person can have it sent again.
        Dead = "dead",
        /// Left out by a person.
        Skipped = "skipped",
    }
}

/// What a delivery says, in our words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The whole order as it is now.
    Order(Box<OrderTold>),
    /// It is not wanted any more.
    Cancel {
        /// The storefront's id.
        external_id: String,
        /// Why, in the shop's words.
        reason: String,
    },
    /// Less of some lines is wanted.
    CancelLines {
        /// The storefront's id.
        external_id: String,
        /// Line ids with the pieces that are not wanted any more.
        lines: Vec<(String, i64)>,
        /// Why, in the shop's words.
        reason: String,
    },
    /// Work on it is to stop, or to go on.
    Hold {
        /// The storefront's id.
        external_id: String,
        /// Whether it is held from now on.
        held: bool,
        /// When the shop decided so.
        at: Timestamp,
        /// Why, in the shop's words.
        reason: String,
    },
    /// Nothing that concerns the warehouse.
    Nothing {
        /// Why.
        reason: String,
    },
}

/// The whole order as a storefront tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderTold {
    /// The order; its version is 0 where the storefront has none.
    pub order: InboundOrder,
    /// When it changed to this.
    pub changed_at: Timestamp,
    /// Whether it is wanted.
    pub standing: Standing,
}

/// Whether an order is wanted, as its storefront says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Yes.
    Open,
    /// Later; the reason in the shop's words.
    Held(String),
    /// No; the reason in the shop's words.
    Cancelled(String),
    /// This format doesn't say; holds come as messages of their own.
    Unsaid,
}

impl Told {
    /// The storefront's id of the order it is about; empty for none.
    #[must_use]
    pub fn external_id(&self) -> &str {
        match self {
            Self::Order(told) => &told.order.external_id,
            Self::Cancel { external_id, .. }
            | Self::CancelLines { external_id, .. }
            | Self::Hold { external_id, .. } => external_id,
            Self::Nothing { .. } => "",
        }
    }
}

/// Attempts at a delivery before it is dead.
pub const INBOX_ATTEMPTS: i64 = 8;

/// How long a delivery waits after its `attempts`-th failure, in milliseconds: 1 s, doubled each time.
#[must_use]
pub const fn inbox_pause_ms(attempts: i64) -> i64 {
    let doublings = if attempts < 1 { 0 } else { attempts - 1 };
    1000 << (if doublings > 8 { 8 } else { doublings })
}

/// How long a lane waits after a message's failures, in milliseconds; about three days together.
const BACKOFF_MS: [i64; 10] =
    [5_000, 30_000, 120_000, 600_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 72_000_000, 86_400_000];
/// Longest wait that a shop may ask for.
const LONGEST_WISH_MS: i64 = 3_600_000;
/// Tries of a message that the shop says it doesn't want.
const REJECTED_TRIES: i64 = 3;
/// Failures in a row that open the breaker of an endpoint.
pub const BREAKER_FAILURES: i64 = 5;
/// For how long an open breaker waits before one message probes.
pub const BREAKER_MS: i64 = 30_000;

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The shop answered.
    Answered {
        /// HTTP status.
        status: u16,
        /// The beginning of what it said.
        head: String,
        /// How long it asked us to wait.
        retry_after_ms: Option<i64>,
    },
    /// No answer: connection, time, or a broken answer.
    Failed {
        /// What went wrong.
        error: String,
    },
    /// We may not send to this address.
    Refused {
        /// Why.
        error: String,
    },
}

/// What follows from an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Delivered.
    Done,
    /// Again after this time; whether a try is spent.
    Later {
        /// Milliseconds from now.
        after_ms: i64,
        /// Whether it counts as one of the message's tries.
        spent: bool,
    },
    /// Given up.
    Dead,
    /// Nothing more to this endpoint until a person resumes it; the message stays.
    Pause(String),
    /// The endpoint is gone; the message stays.
    Disable(String),
}

/// Whether an attempt says that the endpoint as a whole is in trouble.
#[must_use]
pub const fn troubled(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Answered { status, .. } => *status >= 500,
        Outcome::Failed { .. } => true,
        Outcome::Refused { .. } => false,
    }
}

/// What follows from an attempt of a message that had `tries` tries before. `probe` where the breaker was open: such an
/// attempt spends no try. `random` is any number, for the jitter.
#[must_use]
pub fn decide(outcome: &Outcome, tries: i64, probe: bool, random: u64) -> Decision {
    let retry = |wish: Option<i64>| {
        if probe && troubled(outcome) {
            return Decision::Later { after_ms: BREAKER_MS, spent: false };
        }
        let Some(backoff) = usize::try_from(tries).ok().and_then(|tries| BACKOFF_MS.get(tries)) else {
            return Decision::Dead;
        };
        let jittered = 1 + i64::try_from(random % backoff.unsigned_abs()).unwrap_or_default();
        let after_ms = wish.map_or(jittered, |wish| wish.clamp(0, LONGEST_WISH_MS));
        Decision::Later { after_ms, spent: true }
    };
    match outcome {
        Outcome::Refused { error } => Decision::Pause(error.clone()),
        Outcome::Failed { .. } => retry(None),
        Outcome::Answered { status, retry_after_ms, .. } => match status {
            200..=299 => Decision::Done,
            401 | 403 => Decision::Pause(format!("the shop answered {status}")),
            410 => Decision::Disable("the shop answered 410: this address is gone".to_owned()),
            408 | 425 | 429 | 500..=599 => retry(*retry_after_ms),
            400..=499 if tries + 1 >= REJECTED_TRIES => Decision::Dead,
            _ => retry(None),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> Outcome {
        Outcome::Answered { status, head: String::new(), retry_after_ms: None }
    }

    fn failed() -> Outcome {
        Outcome::Failed { error: "timeout".into() }
    }

    #[test]
    fn each_answer_has_what_follows_from_it() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(decide(&answered(status), 0, false, 0), Decision::Done, "{status}");
        }
        for status in [301, 302, 304, 400, 404, 408, 422, 425, 429, 500, 502, 503, 599] {
            assert!(matches!(decide(&answered(status), 0, false, 0), Decision::Later { spent: true, .. }), "{status}");
        }
        for status in [401, 403] {
            assert!(matches!(decide(&answered(status), 0, false, 0), Decision::Pause(_)), "{status}");
        }
        assert!(matches!(decide(&answered(410), 0, false, 0), Decision::Disable(_)));
        assert!(matches!(decide(&Outcome::Refused { error: "private".into() }, 0, false, 0), Decision::Pause(_)));
    }

    #[test]
    fn what_a_shop_rejects_dies_after_three_tries_and_the_rest_after_three_days() {
        assert!(matches!(decide(&answered(422), 1, false, 0), Decision::Later { .. }));
        assert_eq!(decide(&answered(422), 2, false, 0), Decision::Dead);
        assert!(matches!(decide(&failed(), 9, false, 0), Decision::Later { .. }));
        assert_eq!(decide(&failed(), 10, false, 0), Decision::Dead);
        let together: i64 = BACKOFF_MS.iter().sum();
        assert!((60..80).contains(&(together / 3_600_000)), "{together}");
    }

    #[test]
    fn a_wait_never_is_longer_than_its_step_and_never_nothing() {
        for tries in 0..10 {
            for random in [0, 1, 4_999, u64::MAX] {
                let Decision::Later { after_ms, .. } = decide(&failed(), tries, false, random) else { panic!() };
                assert!(after_ms >= 1 && after_ms <= BACKOFF_MS[usize::try_from(tries).unwrap()], "{tries} {random}");
            }
        }
    }

    #[test]
    fn a_shop_may_ask_for_at_most_an_hour() {
        for (wish, wait) in [(7_000, 7_000), (7_200_000, 3_600_000), (-5, 0)] {
            let outcome = Outcome::Answered { status: 429, head: String::new(), retry_after_ms: Some(wish) };
            assert_eq!(decide(&outcome, 0, false, 9), Decision::Later { after_ms: wait, spent: true });
        }
    }

    #[test]
    fn a_probe_spends_no_try() {
        assert_eq!(decide(&failed(), 10, true, 0), Decision::Later { after_ms: BREAKER_MS, spent: false });
        assert!(matches!(decide(&answered(429), 1, true, 0), Decision::Later { spent: true, .. }));
        assert_eq!(decide(&answered(200), 10, true, 0), Decision::Done);
    }

    #[test]
    fn a_delivery_waits_longer_each_time() {
        assert_eq!([1, 2, 3, 8].map(inbox_pause_ms), [1_000, 2_000, 4_000, 128_000]);
    }
}
