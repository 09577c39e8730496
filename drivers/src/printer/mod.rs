//! Printers: what a printer says about itself, in each of its languages, and how a job ends.

mod fault;
mod outcome;
mod profile;
mod session;
mod status;
pub mod zpl;

pub use fault::Fault;
pub use outcome::{Doubt, Evidence, PrintOutcome, Unproven};
pub use profile::{Language, Limits, PrinterProfile};
pub use session::{NotRecorded, Progress, print, status};
pub use status::{PrinterState, PrinterStatus, StatusCodec, StatusProtocol};
