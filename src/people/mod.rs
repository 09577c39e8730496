//! People, their roles, and the tokens that programs and devices act with.

pub mod ops;
pub mod sql;
pub mod tokens;

crate::refusals! {
    /// Why something about people may be refused.
    pub enum PeopleError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// The person lacks the right.
        Forbidden { right: &'static str } = 403 "forbidden",
        /// The number is taken.
        NumberTaken { number: String } = 409 "people.number_taken",
        /// A person without a number or name.
        Incomplete {} = 422 "people.incomplete",
    }
}
