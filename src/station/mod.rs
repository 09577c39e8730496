//! Stations, their printers, and the print queue.
//!
//! A label is printed once. A job is retried by itself only while no byte of it has left; after that the printer's
//! evidence, a scan of the label or a person decides, and until then the job is in doubt. Nothing is rendered or sent
//! inside a transaction.

pub mod agent;
pub mod attempt;
pub mod choose;
pub mod content;
pub mod devices;
mod error;
pub mod faults;
pub mod label;
pub mod layouts;
pub mod model;
pub mod ops;
pub mod papers;
pub mod place_labels;
pub mod port;
pub mod preview;
pub mod query;
pub mod queue;
pub mod send;
pub mod setup;
pub mod sql;

pub use error::StationError;
