//! Printers: what a printer says about itself, in each of its languages, and how a job ends.

mod cpcl;
mod device_id;
mod epl;
mod escpos;
mod fault;
mod identify;
mod outcome;
mod profile;
mod session;
mod status;
mod tspl;
pub mod zpl;

pub use device_id::DeviceId;
pub use fault::Fault;
pub use identify::{Identity, identify};
pub use outcome::{Doubt, Evidence, PrintOutcome, Unproven};
pub use profile::{Language, Limits, PrinterProfile};
pub use session::{NotRecorded, Progress, print, status};
pub use status::{PrinterState, PrinterStatus, StatusCodec, StatusProtocol};
