//! Devices that do not exist, and fail on purpose. They speak through real sockets, so a test goes the whole way.

mod desk;
mod intake;
mod machine;
mod zpl_printer;

pub use zpl_printer::{FakeZplPrinter, Mode};
