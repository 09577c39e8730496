//! Looking up: anything that can be scanned, what it is, where it stands, and what comes next. Nothing is changed here.

pub mod query;
pub mod sql;
