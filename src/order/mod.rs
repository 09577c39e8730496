//! Customers' orders: how they come in, are reviewed, promised, changed and cancelled.

pub mod inbound;
pub mod model;
