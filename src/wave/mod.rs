//! Waves: orders that are released to the floor together, and closed when every piece is accounted for.

pub mod ops;
pub mod query;
pub mod sql;

crate::codes! {
    /// Where a wave stands.
    pub enum WaveState {
        /// Chosen, not released.
        Planned = "planned",
        /// Could be released at once.
        Ready = "ready",
        /// Could not be released: nothing of it is in stock.
        Held = "held",
        /// On the floor.
        Released = "released",
        /// Somebody picks it.
        Picking = "picking",
        /// Every piece is accounted for.
        Closed = "closed",
        /// Given up before release.
        Cancelled = "cancelled",
    }
}

impl WaveState {
    /// Whether it is on the floor.
    #[must_use]
    pub const fn running(self) -> bool {
        matches!(self, Self::Released | Self::Picking)
    }
}

crate::refusals! {
    /// Why a wave operation may refuse.
    pub enum WaveError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// The person lacks the right.
        Forbidden { right: &'static str } = 403 "forbidden",
        /// The wave's state doesn't allow this.
        WrongState { wave: String, state: WaveState } = 409 "wave.wrong_state",
        /// No order fits the choice.
        Empty {} = 409 "wave.empty",
        /// An order can't join: it isn't promised, or is in another wave.
        OrderNotFree { order: String } = 409 "wave.order_not_free",
        /// The order isn't in this wave.
        NotInWave { wave: String, order: String } = 409 "wave.not_in_wave",
        /// Something is still to be picked.
        StillOpen { wave: String, pieces: i64 } = 409 "wave.still_open",
        /// A line doesn't add up: allocated is not picked + short + taken out.
        Unbalanced { wave: String, lines: i64 } = 500 "wave.unbalanced",
        /// A take-out needs a reason.
        ReasonMissing {} = 422 "wave.reason_missing",
        /// An order could not be taken out.
        Order { cause: String } = 409 "wave.order",
    }
}
