//! The words everything else is made of: ids, quantities, time, text, secrets. No I/O, no database, no HTTP.

pub mod actor;
pub mod clock;
pub mod code;
pub mod hex;
pub mod ids;
pub mod money;
pub mod random;
pub mod text;
pub mod vault;

pub use clock::{Clock, Timestamp};
pub use code::Scalar;
