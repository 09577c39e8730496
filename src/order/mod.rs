//! Customers' orders: how they come in, are reviewed, promised, changed and cancelled.

pub mod bulk;
pub mod cancel;
mod error;
pub mod hold;
pub mod inbound;
pub mod model;
pub mod ops;
pub mod personal;
pub mod promise;
pub mod put;
pub mod query;
pub mod review;
pub mod sql;

pub use error::OrderError;
