//! Packing: a tote becomes parcels. Every piece is proved by a scan, or by a person with a right and a reason; the
//! parcel is weighed, gets a waybill number of its own and its label.
//!
//! The order is locked first in every step, so that a cancellation comes before a step or after it, never in between.

pub mod aside;
mod error;
pub mod model;
pub mod parcel;
pub mod pool;
pub mod query;
pub mod reopen;
pub mod seal;
pub mod single;
pub mod slip;
pub mod sql;
pub mod start;
pub mod verify;
pub mod weigh;

pub use error::PackError;
