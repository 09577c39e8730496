//! What storefronts deliver: stored at once under a key that a repeat meets again, applied after, once, in order for
//! each order.

pub mod apply;
pub mod intake;
pub mod replay;
pub mod sql;
pub mod worker;

pub use worker::run;
