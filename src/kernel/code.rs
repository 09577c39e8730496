//! How the house's own types stand in a database column or a message: as one number or one short text.

use std::borrow::Cow;

/// One value as the outside world holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    /// A whole number.
    Int(i64),
    /// A short text.
    Text(Cow<'static, str>),
}

/// A type that is one number or one short text outside.
pub trait Scalar: Sized + Send {
    /// Whether the outside form is a number (else it is a text).
    const IS_INT: bool;
    /// The outside form.
    fn to_raw(&self) -> Raw;
    /// Back from the outside form; `None` where it means nothing here.
    fn from_raw(raw: Raw) -> Option<Self>;
}

/// An enum of plain names, each with the one code that table, API and log show.
///
/// ```
/// tallyman::codes! {
///     /// What a stock cell may be used for.
///     pub enum Light { /// stop
///         Red = "red", /// go
///         Green = "green" }
/// }
/// assert_eq!(Light::Red.code(), "red");
/// assert_eq!(Light::from_code("green"), Some(Light::Green));
/// ```
#[macro_export]
macro_rules! codes {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $code)] $variant),+ }

        impl $name {
            /// Every variant, in the order of its declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code that table, API and log show.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The variant of a code; `None` where there is none.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }

        // By hand, because the derive reads the variants' names where the codes come out of this macro.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($code),+]))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }

        impl $crate::kernel::Scalar for $name {
            const IS_INT: bool = false;
            fn to_raw(&self) -> $crate::kernel::code::Raw {
                $crate::kernel::code::Raw::Text(std::borrow::Cow::Borrowed(self.code()))
            }
            fn from_raw(raw: $crate::kernel::code::Raw) -> Option<Self> {
                match raw { $crate::kernel::code::Raw::Text(text) => Self::from_code(&text), $crate::kernel::code::Raw::Int(_) => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.code())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::from_code(text).ok_or_else(|| format!("`{text}` is not one of: {}", [$($code),+].join(", ")))
            }
        }
    };
}

impl Scalar for super::Timestamp {
    const IS_INT: bool = true;
    fn to_raw(&self) -> Raw {
        Raw::Int(self.0)
    }
    fn from_raw(raw: Raw) -> Option<Self> {
        match raw {
            Raw::Int(value) => Some(Self(value)),
            Raw::Text(_) => None,
        }
    }
}
