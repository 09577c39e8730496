//! Devices that do not exist, and fail on purpose. They speak through real sockets, so a test goes the whole way.

mod desk;
mod intake;
mod machine;
mod picture;
mod printer;

pub use printer::{FakePrinter, Mode};
