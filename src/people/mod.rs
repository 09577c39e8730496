//! People, their roles, how they log in, and the tokens that programs and devices act with.

pub mod credentials;
pub mod login;
pub mod ops;
pub mod rights;
pub mod secrets;
pub mod sessions;
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
        /// No such person, badge, password or PIN; which of them isn't said.
        WrongLogin {} = 401 "people.wrong_login",
        /// Too many attempts failed.
        Blocked { seconds: i64 } = 429 "people.blocked",
        /// The badge is right, and the person's rights ask for the PIN too.
        PinNeeded {} = 401 "people.pin_needed",
        /// The person's rights ask for a PIN, and they have none.
        NoPin {} = 403 "people.no_pin",
        /// The password is too short, too long, or says who it belongs to.
        BadPassword { least: usize } = 422 "people.bad_password",
        /// The PIN isn't four to eight digits, or too easy.
        BadPin {} = 422 "people.bad_pin",
        /// The old password is another one.
        WrongPassword {} = 409 "people.wrong_password",
        /// What an administrator may do is never changed.
        RoleFixed { role: crate::kernel::actor::Role } = 409 "people.role_fixed",
        /// A token without a name.
        TokenNameMissing {} = 422 "people.token_name_missing",
        /// A person without a number or name.
        Incomplete {} = 422 "people.incomplete",
    }
}
