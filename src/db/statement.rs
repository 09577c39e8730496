//! Statements: constants, each in one text that both databases understand, or in two where the dialects part.

/// A statement.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    /// The text for SQLite.
    pub lite: &'static str,
    /// The text for PostgreSQL.
    pub pg: &'static str,
}

impl Sql {
    /// One text for both.
    #[must_use]
    pub const fn both(text: &'static str) -> Self {
        Self { lite: text, pg: text }
    }
}

/// How a placeholder of a [`Bulk`] row is written.
#[derive(Clone, Copy, Debug)]
pub enum Cast {
    /// A BIGINT.
    Int,
    /// A TEXT.
    Text,
    /// A BOOLEAN.
    Bool,
    /// Bytes.
    Bytes,
}

/// A statement over many rows: `head`, then `(..), (..)`, then `tail`. The rows are cut into pieces that both
/// databases take.
#[derive(Clone, Copy, Debug)]
pub struct Bulk {
    /// Up to and with `VALUES`.
    pub head: &'static str,
    /// What each row holds.
    pub row: &'static [Cast],
    /// After the rows.
    pub tail: &'static str,
}

impl Bulk {
    /// The text for `rows` rows. Types are named on every placeholder's first row, because PostgreSQL can't guess them
    /// where the rows are no direct insert. SQLite gets placeholders without numbers: it looks numbered ones up by
    /// their names, one after the other, which takes seconds for thousands.
    #[must_use]
    pub fn text(&self, rows: usize, lite: bool) -> String {
        let mut text = String::with_capacity(self.head.len() + self.tail.len() + rows * self.row.len() * 8);
        text.push_str(self.head);
        let mut number = 0_usize;
        for row in 0..rows {
            text.push_str(if row == 0 { " (" } else { ",(" });
            for (column, cast) in self.row.iter().enumerate() {
                number += 1;
                if column > 0 {
                    text.push(',');
                }
                let placeholder = if lite { "?".to_owned() } else { format!("${number}") };
                match cast {
                    Cast::Int if row == 0 => text.push_str(&format!("CAST({placeholder} AS BIGINT)")),
                    Cast::Text if row == 0 => text.push_str(&format!("CAST({placeholder} AS TEXT)")),
                    _ => text.push_str(&placeholder),
                }
            }
            text.push(')');
        }
        text.push(' ');
        text.push_str(self.tail);
        text
    }
}

/// Declares the statements of a module, and `STATEMENTS`, the list that a test prepares on both databases.
///
/// A statement is `NAME = "text";`, or `NAME = lite "text" pg "text";` where the dialects part, or
/// `NAME = bulk "head" [Int, Text] "tail";` over many rows.
#[macro_export]
macro_rules! statements {
    ($($body:tt)*) => { $crate::statements_inner! { [] $($body)* } };
}

#[doc(hidden)]
#[macro_export]
macro_rules! statements_inner {
    ([$($done:ident $kind:ident)*]) => {
        /// Every statement of this module, by name.
        pub const STATEMENTS: &[(&str, &str, $crate::db::Registered)] =
            &[$((module_path!(), stringify!($done), $crate::db::Registered::$kind($done))),*];
    };
    ([$($done:tt)*] $(#[$meta:meta])* $name:ident = bulk $head:literal [$($cast:ident),+ $(,)?] $tail:literal; $($rest:tt)*) => {
        $(#[$meta])*
        pub const $name: $crate::db::Bulk =
            $crate::db::Bulk { head: $head, row: &[$($crate::db::Cast::$cast),+], tail: $tail };
        $crate::statements_inner! { [$($done)* $name Many] $($rest)* }
    };
    ([$($done:tt)*] $(#[$meta:meta])* $name:ident = lite $lite:literal pg $pg:literal; $($rest:tt)*) => {
        $(#[$meta])*
        pub const $name: $crate::db::Sql = $crate::db::Sql { lite: $lite, pg: $pg };
        $crate::statements_inner! { [$($done)* $name One] $($rest)* }
    };
    ([$($done:tt)*] $(#[$meta:meta])* $name:ident = $text:literal; $($rest:tt)*) => {
        $(#[$meta])*
        pub const $name: $crate::db::Sql = $crate::db::Sql::both($text);
        $crate::statements_inner! { [$($done)* $name One] $($rest)* }
    };
}

/// A registry entry.
#[derive(Clone, Copy, Debug)]
pub enum Registered {
    /// An ordinary statement.
    One(Sql),
    /// A statement over many rows.
    Many(Bulk),
}
