//! Ids of rows, a type each, so that an order's id can't be handed in where a lot's is due.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::code::{Raw, Scalar};

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl Scalar for $name {
            const IS_INT: bool = true;
            fn to_raw(&self) -> Raw { Raw::Int(self.0) }
            fn from_raw(raw: Raw) -> Option<Self> {
                match raw { Raw::Int(value) => Some(Self(value)), Raw::Text(_) => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(formatter) }
        }
    )+ };
}

ids! {
    /// A warehouse.
    WarehouseId,
    /// A person, or the system itself.
    PersonId,
    /// A zone of a warehouse.
    ZoneId,
    /// A place that holds stock: a location, a container, or one of the outside places (supplier, customer, loss, gain).
    PlaceId,
    /// An article of the catalogue.
    SkuId,
    /// One receipt of one SKU.
    LotId,
    /// SKU + lot + status at a place.
    CellId,
    /// A line of the stock ledger.
    MovementId,
    /// An event of the journal.
    EventId,
    /// A connected storefront.
    ChannelId,
    /// A customer's order.
    OrderId,
    /// A line of an order.
    OrderLineId,
    /// A wave of orders.
    WaveId,
    /// The stock that one order line was given in one cell; walked as a pick line.
    AllocationId,
    /// The candidates that an allocation run saw for one SKU.
    CandidatesId,
    /// A walk that one person does at a time.
    PickTaskId,
    /// A carrier.
    CarrierId,
    /// A number of a waybill pool.
    WaybillId,
    /// A hand-over list.
    ManifestId,
    /// A packing station.
    StationId,
    /// A printer.
    PrinterId,
    /// A print job.
    PrintJobId,
    /// An endpoint that outbox messages go to.
    EndpointId,
    /// A delivery that a storefront sent.
    InboxId,
    /// An API token.
    TokenId,
    /// Somebody's session at a screen.
    SessionId,
    /// A cart's walk with the orders on it.
    RunId,
    /// A walk over many orders that are sorted afterwards.
    BatchId,
    /// A put wall.
    WallId,
    /// A stocktake: places that are counted for one reason.
    CountPlanId,
    /// A place of a stocktake.
    CountTaskId,
    /// What is counted of one cell.
    CountLineId,
}
