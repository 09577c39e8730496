//! Devices of the warehouse floor: transport, protocol and profile are three separate things.
//!
//! - [`transport`] moves bytes and knows nothing of what they mean. Here: TCP. Serial ports (`transport/serial.rs`, on
//!   `serialport`) and USB (`transport/usb.rs`, on `rusb`) sit beside it, each with one thread that owns the device
//!   behind the same two traits, because those crates block.
//! - [`printer`] knows what the bytes mean: a folder member per language (ZPL here; TSPL, EPL2, CPCL and ESC/POS beside
//!   it) and one session that prints a job and says honestly how it ended. [`scanner`] and [`scale`] turn bytes into scans
//!   and weights.
//! - [`printer::PrinterProfile`] says what one model can do, and how long to wait for it.
//! - [`fake`] holds devices that fail on purpose; the tests of the service use only these.
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
