//! Allocation: gives order lines the stock of named cells, earliest lot first, and remembers why.

pub mod ops;
pub mod plan;
pub mod reallocate;
pub mod sql;
pub mod why;

crate::refusals! {
    /// Why an allocation may be refused.
    pub enum AllocationError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// A quantity is out of range.
        BadQuantity { quantity: i64 } = 422 "stock.bad_quantity",
    }
}
