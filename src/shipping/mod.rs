//! Carriers, and handing parcels over to them.
//!
//! Only what was scanned goes on a manifest, and only a whole manifest is handed over, once. From then on its stock is
//! the customer's, and the shop knows the waybill number.

pub mod carriers;
mod error;
pub mod handover;
pub mod list;
pub mod manifest;
pub mod query;
pub mod scan;
pub mod sql;

pub use error::ShippingError;

crate::codes! {
    /// Where a manifest stands.
    pub enum ManifestState {
        /// Parcels are scanned onto it.
        Open = "open",
        /// The carrier has its parcels.
        HandedOver = "handed_over",
        /// Given up; its parcels are free again.
        Cancelled = "cancelled",
    }
}
