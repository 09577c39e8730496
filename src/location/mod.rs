//! Where stock stands: zones, locations with check digits, totes.

pub mod carts;
pub mod ops;
pub mod sql;

crate::refusals! {
    /// Why a location operation may refuse.
    pub enum LocationError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// The person lacks the right.
        Forbidden { right: &'static str } = 403 "forbidden",
        /// A code is empty, too long, or begins with the sign of outside places.
        BadCode { code: String } = 422 "location.bad_code",
        /// The code belongs to a tote, a cart or a parcel.
        CodeTaken { code: String } = 409 "location.code_taken",
        /// The location is named twice.
        Twice { code: String } = 422 "location.twice",
        /// A range runs backwards or is too long.
        BadRange {} = 422 "location.bad_range",
    }
}
