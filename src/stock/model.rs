//! What stock is and where it can be.

crate::codes! {
    /// What a stock cell may be used for.
    pub enum StockStatus {
        /// Sound: may be promised, picked, shipped.
        Good = "good",
        /// Damaged.
        Damaged = "damaged",
        /// Waits for a decision about its quality.
        Quarantine = "quarantine",
        /// Blocked by a person.
        Frozen = "frozen",
    }
}

crate::codes! {
    /// What a whole lot may be used for, whatever its cells say.
    pub enum LotStatus {
        /// Sound.
        Good = "good",
        /// Waits for a decision about its quality.
        Quarantine = "quarantine",
        /// Blocked by a person.
        Frozen = "frozen",
    }
}

crate::codes! {
    /// What stock can be in, come from or go to.
    pub enum PlaceKind {
        /// A shelf, a bin, a floor place.
        Location = "location",
        /// A tote.
        Tote = "tote",
        /// A cart.
        Cart = "cart",
        /// A slot of a put wall.
        Slot = "slot",
        /// A parcel.
        Parcel = "parcel",
        /// Outside: where goods come from.
        Supplier = "supplier",
        /// Outside: where goods go to.
        Customer = "customer",
        /// Outside: where losses go to.
        Loss = "loss",
        /// Outside: where gains come from.
        Gain = "gain",
    }
}

impl PlaceKind {
    /// Whether stock there is ours: only then it has cells.
    #[must_use]
    pub const fn inside(self) -> bool {
        matches!(self, Self::Location | Self::Tote | Self::Cart | Self::Slot | Self::Parcel)
    }
}

crate::codes! {
    /// Why stock moved.
    pub enum Reason {
        /// Opening balance or import.
        Import = "import",
        /// Goods came in.
        Receipt = "receipt",
        /// Moved to another place.
        Move = "move",
        /// Put away to where it is picked from, by scans.
        PutAway = "put_away",
        /// Counted or found to be more or less.
        Adjustment = "adjustment",
        /// Its status changed.
        Status = "status",
        /// Picked for an order.
        Pick = "pick",
        /// A pick was undone.
        PickUndo = "pick_undo",
        /// From one tote to another.
        ToteChange = "tote_change",
        /// From a tote into a slot of a put wall.
        Sort = "sort",
        /// A sort was undone.
        SortUndo = "sort_undo",
        /// Packed into a parcel.
        Pack = "pack",
        /// A parcel was opened again.
        Unpack = "unpack",
        /// Put back on the shelf after a cancellation.
        PutBack = "put_back",
        /// Handed to the carrier.
        Ship = "ship",
    }
}
