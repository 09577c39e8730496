//! Values that go into a statement, and rows that come out. With `tx.rs` the only place that knows two drivers.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::DbError;
use crate::kernel::Scalar;
use crate::kernel::code::Raw;

/// One value bound to a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// BIGINT.
    Int(Option<i64>),
    /// TEXT.
    Text(Option<String>),
    /// BOOLEAN.
    Bool(bool),
    /// BLOB, BYTEA.
    Bytes(Option<Vec<u8>>),
}

impl Value {
    /// As one of a list of numbers.
    pub(super) fn into_int(self) -> Result<Option<i64>, DbError> {
        if let Self::Int(value) = self { Ok(value) } else { Err(self.unfit()) }
    }

    /// As one of a list of texts.
    pub(super) fn into_text(self) -> Result<Option<String>, DbError> {
        if let Self::Text(value) = self { Ok(value) } else { Err(self.unfit()) }
    }

    /// As one of a list of truths.
    pub(super) fn into_bool(self) -> Result<bool, DbError> {
        if let Self::Bool(value) = self { Ok(value) } else { Err(self.unfit()) }
    }

    /// As one of a list of bytes.
    pub(super) fn into_bytes(self) -> Result<Option<Vec<u8>>, DbError> {
        if let Self::Bytes(value) = self { Ok(value) } else { Err(self.unfit()) }
    }

    fn unfit(&self) -> DbError {
        DbError::Form(format!("a column of another type in a bulk: {self:?}"))
    }
}

/// The values of one statement, in the order of its placeholders.
pub type Values = Vec<Value>;

macro_rules! from {
    ($($type:ty => |$name:ident| $value:expr),+ $(,)?) => { $(
        impl From<$type> for Value { fn from($name: $type) -> Self { $value } }
    )+ };
}

from! {
    i64 => |v| Self::Int(Some(v)),
    Option<i64> => |v| Self::Int(v),
    &str => |v| Self::Text(Some(v.to_owned())),
    String => |v| Self::Text(Some(v)),
    &String => |v| Self::Text(Some(v.clone())),
    Option<String> => |v| Self::Text(v),
    Option<&str> => |v| Self::Text(v.map(str::to_owned)),
    bool => |v| Self::Bool(v),
    Vec<u8> => |v| Self::Bytes(Some(v)),
    &[u8] => |v| Self::Bytes(Some(v.to_vec())),
    Option<Vec<u8>> => |v| Self::Bytes(v),
}

impl<T: Scalar> From<T> for Value {
    fn from(value: T) -> Self {
        match value.to_raw() {
            Raw::Int(number) => Self::Int(Some(number)),
            Raw::Text(text) => Self::Text(Some(text.into_owned())),
        }
    }
}

impl<T: Scalar> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        match value {
            Some(value) => Self::from(value),
            None if T::IS_INT => Self::Int(None),
            None => Self::Text(None),
        }
    }
}

/// The values of one statement: `args![order_id, quantity]`.
#[macro_export]
macro_rules! args { ($($value:expr),* $(,)?) => { vec![$($crate::db::Value::from($value)),*] } }

/// A row of either database.
pub enum Row {
    /// From SQLite.
    Lite(SqliteRow),
    /// From PostgreSQL.
    Pg(PgRow),
}

/// A type that one column can be read as.
pub trait Column: Sized + Send {
    /// Reads column `index`.
    ///
    /// # Errors
    /// Where the column has another type, or a value this program doesn't know.
    fn read(row: &Row, index: usize) -> Result<Self, DbError>;
}

macro_rules! columns {
    ($($type:ty),+ $(,)?) => { $(
        impl Column for $type {
            fn read(row: &Row, index: usize) -> Result<Self, DbError> {
                Ok(match row { Row::Lite(row) => row.try_get(index)?, Row::Pg(row) => row.try_get(index)? })
            }
        }
    )+ };
}

columns!(i64, bool, String, Vec<u8>, Option<i64>, Option<bool>, Option<String>, Option<Vec<u8>>);

fn scalar<T: Scalar>(raw: Raw) -> Result<T, DbError> {
    let shown = format!("{raw:?}");
    T::from_raw(raw).ok_or(DbError::Form(shown))
}

impl<T: Scalar> Column for T {
    fn read(row: &Row, index: usize) -> Result<Self, DbError> {
        if T::IS_INT {
            scalar(Raw::Int(i64::read(row, index)?))
        } else {
            scalar(Raw::Text(String::read(row, index)?.into()))
        }
    }
}

impl<T: Scalar> Column for Option<T> {
    fn read(row: &Row, index: usize) -> Result<Self, DbError> {
        if T::IS_INT {
            Option::<i64>::read(row, index)?.map(|value| scalar(Raw::Int(value))).transpose()
        } else {
            Option::<String>::read(row, index)?.map(|value| scalar(Raw::Text(value.into()))).transpose()
        }
    }
}

/// A type that a whole row can be read as: a tuple, or a struct made with [`crate::row!`].
pub trait FromRow: Sized + Send {
    /// Reads the row by position.
    ///
    /// # Errors
    /// As [`Column::read`].
    fn from_row(row: &Row) -> Result<Self, DbError>;
}

macro_rules! tuples {
    ($($($name:ident $index:tt),+;)+) => { $(
        impl<$($name: Column),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row) -> Result<Self, DbError> { Ok(($($name::read(row, $index)?,)+)) }
        }
    )+ };
}

tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
}

/// A struct whose fields are read from the columns in the order they are declared.
#[macro_export]
macro_rules! row {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$fmeta:meta])* pub $field:ident : $type:ty),+ $(,)? }) => {
        $(#[$meta])*
        pub struct $name { $($(#[$fmeta])* pub $field: $type),+ }

        impl $crate::db::value::FromRow for $name {
            fn from_row(row: &$crate::db::Row) -> Result<Self, $crate::db::DbError> {
                let mut columns = 0_usize..;
                let mut next = || columns.next().unwrap_or_default();
                $(let $field = <$type as $crate::db::Column>::read(row, next())?;)+
                Ok(Self { $($field),+ })
            }
        }
    };
}
