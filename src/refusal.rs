//! Refusals: the named reasons why an operation says no. Each has a code, an HTTP status, and the facts a person needs.
//!
//! The code is also the key of the sentence in the message catalogue, so a refusal reads well in every language.

use crate::db::DbError;

/// What every domain's error enum can tell.
pub trait Refusal: std::error::Error + Send + Sync + 'static {
    /// Its code, for example `picking.wrong_item`.
    fn code(&self) -> &'static str;
    /// The HTTP status it maps to.
    fn status(&self) -> u16;
    /// The facts that its sentence names.
    fn facts(&self) -> Vec<(&'static str, String)>;
    /// The database failure inside, if that is what it is.
    fn database(&self) -> Option<&DbError>;
}

/// Declares a domain's error enum. Every variant names its fields, its HTTP status and its code; a `Db` variant for
/// failures of the database is added. `CODES` lists codes and fields, for the test that compares them with the
/// message catalogue.
///
/// ```
/// tallyman::refusals! {
///     /// Why the light won't switch.
///     pub enum LightError {
///         /// Somebody holds the switch.
///         Held { by: String } = 409 "light.held",
///     }
/// }
/// # use tallyman::refusal::Refusal;
/// assert_eq!(LightError::Held { by: "Li".to_owned() }.code(), "light.held");
/// ```
#[macro_export]
macro_rules! refusals {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$vmeta:meta])* $variant:ident { $($(#[$fmeta:meta])* $field:ident : $type:ty),* $(,)? } = $status:literal $code:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub enum $name {
            $($(#[$vmeta])* $variant {
                $(#[doc = concat!("The ", stringify!($field), ".")] $(#[$fmeta])* $field: $type),*
            },)+
            /// The database failed.
            Db($crate::db::DbError),
        }

        impl $name {
            /// Codes and the names of their facts.
            pub const CODES: &'static [(&'static str, &'static [&'static str])] = &[$(($code, &[$(stringify!($field)),*])),+];
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$variant { $($field),* } => {
                        formatter.write_str($code)?;
                        $(write!(formatter, " {}={}", stringify!($field), $field)?;)*
                        Ok(())
                    })+
                    Self::Db(error) => write!(formatter, "{error}"),
                }
            }
        }

        impl std::error::Error for $name {}

        impl From<$crate::db::DbError> for $name {
            fn from(error: $crate::db::DbError) -> Self { Self::Db(error) }
        }

        impl $crate::db::AsDbError for $name {
            fn as_db(&self) -> Option<&$crate::db::DbError> {
                match self { Self::Db(error) => Some(error), _ => None }
            }
        }

        impl $crate::refusal::Refusal for $name {
            fn code(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $code,)+ Self::Db(error) => $crate::refusal::database_code(error).1 }
            }
            fn status(&self) -> u16 {
                match self { $(Self::$variant { .. } => $status,)+ Self::Db(error) => $crate::refusal::database_code(error).0 }
            }
            fn facts(&self) -> Vec<(&'static str, String)> {
                match self {
                    $(Self::$variant { $($field),* } => vec![$((stringify!($field), $field.to_string())),*],)+
                    Self::Db(_) => Vec::new(),
                }
            }
            fn database(&self) -> Option<&$crate::db::DbError> { $crate::db::AsDbError::as_db(self) }
        }
    };
}

/// Status and code of a database failure, as a client sees it.
#[must_use]
pub const fn database_code(error: &DbError) -> (u16, &'static str) {
    match error {
        DbError::KeyReused => (422, "key.reused"),
        DbError::KeyBusy => (409, "key.busy"),
        DbError::Contended => (409, "database.contended"),
        DbError::ZeroCharacter => (422, "database.zero_character"),
        DbError::Duplicate => (409, "database.duplicate"),
        DbError::Closed => (503, "database.closed"),
        _ => (500, "internal"),
    }
}

/// The codes of [`database_code`].
pub const DATABASE_CODES: &[(&str, &[&str])] = &[
    ("key.reused", &[]),
    ("key.busy", &[]),
    ("database.duplicate", &[]),
    ("database.closed", &[]),
    ("database.contended", &[]),
    ("database.zero_character", &[]),
    ("internal", &[]),
];
