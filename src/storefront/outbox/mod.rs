//! What we tell shops: written in the transaction of what happened, delivered after, strictly in order for each order,
//! at least once, under an id that never changes.

pub mod address;
pub mod courier;
pub mod lane;
pub mod replay;
pub mod sql;
pub mod tell;
pub mod worker;

pub use courier::{Courier, CourierError, Settings};
pub use worker::run;
