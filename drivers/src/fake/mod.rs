//! Devices that do not exist, and fail on purpose. They speak through real sockets, pseudo-terminals, or
//! within the process, so a test goes the whole way.

mod desk;
mod intake;
mod line;
mod machine;
mod picture;
mod printer;
mod scale;
mod scanner;

pub use line::Place;
pub use printer::{FakePrinter, Mode};
pub use scale::{FakeScale, ScaleMode};
pub use scanner::{FakeScanner, ScannerMode, Talks};
