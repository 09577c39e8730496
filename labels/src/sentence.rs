//! Errors that can be told in other languages than English: each has a code and the facts that its sentence names.
//!
//! This crate speaks English by `Display`; who speaks others has a catalogue of sentences by code.

/// An error with a code and facts.
pub trait Sentence: std::error::Error {
    /// Its code, as `label.missing_glyph`.
    fn code(&self) -> &'static str;
    /// The facts that its sentence names.
    fn facts(&self) -> Vec<(&'static str, String)>;
}

/// Declares errors, each with its code and its English sentence. `CODES` lists codes and the names of their facts.
macro_rules! sentences {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$vmeta:meta])* $variant:ident { $($(#[$fmeta:meta])* $field:ident : $type:ty),* $(,)? } = $code:literal $words:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
        pub enum $name {
            $($(#[$vmeta])* #[error($words)] $variant {
                $(#[doc = concat!("The ", stringify!($field), ".")] $(#[$fmeta])* $field: $type),*
            }),+
        }

        impl $name {
            /// Codes and the names of their facts.
            pub const CODES: &'static [(&'static str, &'static [&'static str])] = &[$(($code, &[$(stringify!($field)),*])),+];
        }

        impl $crate::sentence::Sentence for $name {
            fn code(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $code),+ }
            }
            fn facts(&self) -> Vec<(&'static str, String)> {
                match self { $(Self::$variant { $($field),* } => vec![$((stringify!($field), $field.to_string())),*]),+ }
            }
        }
    };
}
pub(crate) use sentences;

/// A list as a sentence names it: `a, b, c`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List(pub Vec<String>);

impl<T: AsRef<str>> FromIterator<T> for List {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        List(items.into_iter().map(|item| item.as_ref().to_owned()).collect())
    }
}

impl std::fmt::Display for List {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

/// A text in quotation marks: blanks and control characters are seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted(pub String);

impl std::fmt::Display for Quoted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
