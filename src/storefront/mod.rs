//! Everything between shops and us: what they deliver (inbox), what we tell them (outbox), and how each of them speaks
//! (adapters).
//!
//! A delivery is stored before it is answered and applied after; it takes effect once. What we tell is written in the
//! transaction of what happened, and delivered at least once, in order for each order, under an id that never changes.

pub mod adapter;
pub mod channels;
pub mod endpoints;
mod error;
pub mod inbox;
pub mod model;
pub mod outbox;
pub mod query;
pub mod secrets;
pub mod signature;
pub mod sql;

pub use error::StorefrontError;
