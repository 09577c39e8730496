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
        /// Nobody changes the program itself, or ends or changes their own account.
        NotThisOne {} = 409 "people.not_this_one",
        /// A text is too long.
        TooLong { field: &'static str } = 422 "people.too_long",
        /// A token without a name.
        TokenNameMissing {} = 422 "people.token_name_missing",
        /// A person without a number or name.
        Incomplete {} = 422 "people.incomplete",
    }
}
