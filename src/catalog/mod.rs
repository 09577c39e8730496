//! The catalogue: SKUs, their barcodes, what packing them needs.

pub mod ops;
pub mod scan;
pub mod sql;

crate::refusals! {
    /// Why a catalogue operation may refuse.
    pub enum CatalogError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// The person lacks the right.
        Forbidden { right: &'static str } = 403 "forbidden",
        /// A SKU needs a code and a name.
        Incomplete { sku: String } = 422 "catalog.incomplete",
        /// A weight or size is negative or out of range.
        BadMeasure { sku: String, field: &'static str } = 422 "catalog.bad_measure",
        /// A barcode is empty or too long, or its unit factor isn't positive.
        BadBarcode { sku: String, barcode: String } = 422 "catalog.bad_barcode",
        /// A code begins with %, as command cards and badges do.
        CardCode { code: String } = 422 "catalog.card_code",
        /// The SKU is named twice.
        SkuTwice { sku: String } = 422 "catalog.sku_twice",
        /// The barcode is named twice.
        BarcodeTwice { barcode: String, sku: String } = 422 "catalog.barcode_twice",
        /// The barcode belongs to another SKU.
        BarcodeTaken { barcode: String, sku: String } = 409 "catalog.barcode_taken",
    }
}
