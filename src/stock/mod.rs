//! Stock: lots, cells, and the ledger of movements that they must always agree with.

pub mod candidates;
pub mod eligible;
pub mod error;
pub mod ledger;
pub mod model;
pub mod ops;
pub mod query;
pub mod sql;
pub mod verify;

pub use error::StockError;
