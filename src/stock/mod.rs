//! Stock: lots, cells, and the ledger of movements that they must always agree with.

pub mod candidates;
pub mod eligible;
pub mod error;
pub mod ledger;
pub mod model;
pub mod sql;

pub use error::StockError;
