//! Devices of the warehouse floor: transport, protocol and profile are three separate things.
//!
//! - [`transport`] moves bytes and knows nothing of what they mean: TCP; serial ports (on `serialport`), USB (on `rusb`)
//!   and device files, each with one thread that owns the device behind the same two traits, because those block.
//! - [`printer`] knows what the bytes mean: a member per language and one session that prints a job and says honestly how it ended. [`scanner`] and [`scale`] turn bytes into scans
//!   and weights.
//! - [`printer::PrinterProfile`] says what one model can do, and how long to wait for it.
//! - [`owner`] is the task that owns a scanner or a scale; [`discover`] finds what hangs on the machine.
//! - [`fake`] holds devices that do not exist and fail on purpose; the tests of the service use only these.
//!
//! This crate knows nothing of the web, of databases or of the warehouse. It reads no clock and draws no random number.

pub mod discover;
pub mod fake;
pub mod owner;
pub mod printer;
pub mod scale;
pub mod scanner;
mod sentence;
pub mod transport;

pub use sentence::Sentence;
