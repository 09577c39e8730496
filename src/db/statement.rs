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

/// What a column of a [`Bulk`] row holds.
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

impl Cast {
    /// PostgreSQL's name of the type.
    const fn name(self) -> &'static str {
        match self {
            Self::Int => "BIGINT",
            Self::Text => "TEXT",
            Self::Bool => "BOOLEAN",
            Self::Bytes => "BYTEA",
        }
    }
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
    /// The text for `rows` rows on SQLite. Placeholders have no numbers: SQLite looks numbered ones up by their names, one
    /// after the other, which takes seconds for thousands.
    #[must_use]
    pub fn text(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.row.len()].join(","));
        format!("{} {} {}", self.head, vec![row; rows].join(","), self.tail)
    }

    /// The text for any number of rows on PostgreSQL: a list for each column takes the place of `VALUES`.
    #[must_use]
    pub fn pg_text(&self) -> String {
        let head = self.head.trim_end().trim_end_matches("VALUES");
        let list = |(index, cast): (usize, &Cast)| format!("CAST(${} AS {}[])", index + 1, cast.name());
        let lists: Vec<String> = self.row.iter().enumerate().map(list).collect();
        let names: Vec<String> = (1..=self.row.len()).map(|number| format!("column{number}")).collect();
        format!("{head}SELECT * FROM UNNEST({}) AS u({}) {}", lists.join(", "), names.join(", "), self.tail)
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
