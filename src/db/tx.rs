//! A running transaction on either database. Not generic, so it works in closures and traits and hides the driver.

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, SqlSafeStr, Sqlite};

use super::value::FromRow;
use super::{Bulk, DbError, Row, Sql, Value, Values};

/// Most values of one bulk statement; SQLite takes 32,766 and PostgreSQL 65,535.
const BULK_VALUES: usize = 6_000;

/// A running transaction.
pub enum Tx<'a> {
    /// On SQLite.
    Lite(&'a mut SqliteConnection),
    /// On PostgreSQL.
    Pg(&'a mut PgConnection),
}

macro_rules! bind {
    ($database:ty, $text:expr, $values:expr) => {{
        let mut query = sqlx::query::<$database>($text);
        for value in $values {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Bool(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}

impl Tx<'_> {
    /// Runs a statement; says how many rows it touched.
    ///
    /// # Errors
    /// What the database says, by kind.
    pub async fn exec(&mut self, sql: Sql, values: Values) -> Result<u64, DbError> {
        storable(&values)?;
        Ok(match self {
            Tx::Lite(connection) => bind!(Sqlite, sql.lite, values).execute(&mut **connection).await?.rows_affected(),
            Tx::Pg(connection) => bind!(Postgres, sql.pg, values).execute(&mut **connection).await?.rows_affected(),
        })
    }

    /// Runs a statement that must touch exactly one row.
    ///
    /// # Errors
    /// [`DbError::Missing`] with `what` where it touched none or several.
    pub async fn exec_one(&mut self, what: &'static str, sql: Sql, values: Values) -> Result<(), DbError> {
        if self.exec(sql, values).await? == 1 { Ok(()) } else { Err(DbError::Missing(what)) }
    }

    /// Runs statements each of which must touch exactly one row; says whether each did. Where one didn't, the
    /// transaction has to be given up: others may have been run already.
    ///
    /// On SQLite all go to the driver's thread in one trip, because the trips cost more than the statements. Only the
    /// sum of touched rows is known there, so a statement that can touch several rows must not be among them.
    ///
    /// # Errors
    /// What the database says, by kind.
    pub async fn exec_each_one(&mut self, steps: Vec<(Sql, Values)>) -> Result<bool, DbError> {
        match self {
            Tx::Lite(connection) => {
                let count = u64::try_from(steps.len()).unwrap_or(u64::MAX);
                let (text, values) = joined(steps);
                storable(&values)?;
                let text = AssertSqlSafe(text).into_sql_str();
                Ok(bind!(Sqlite, text, values).execute(&mut **connection).await?.rows_affected() == count)
            }
            Tx::Pg(_) => {
                for (sql, values) in steps {
                    if self.exec(sql, values).await? != 1 {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }

    /// Every row of an answer.
    ///
    /// # Errors
    /// What the database says, or a value of another form.
    pub async fn all<T: FromRow>(&mut self, sql: Sql, values: Values) -> Result<Vec<T>, DbError> {
        self.rows(sql, values).await?.iter().map(T::from_row).collect()
    }

    /// The first row of an answer, if any.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub async fn opt<T: FromRow>(&mut self, sql: Sql, values: Values) -> Result<Option<T>, DbError> {
        self.rows(sql, values).await?.first().map(T::from_row).transpose()
    }

    /// The first row of an answer, which must be there.
    ///
    /// # Errors
    /// [`DbError::Missing`] with `what` where there is none.
    pub async fn one<T: FromRow>(&mut self, what: &'static str, sql: Sql, values: Values) -> Result<T, DbError> {
        self.opt(sql, values).await?.ok_or(DbError::Missing(what))
    }

    /// Runs a bulk statement over `rows`, in pieces; gives every returned row (none without RETURNING).
    ///
    /// # Errors
    /// As [`Self::all`].
    pub async fn bulk<T: FromRow>(&mut self, bulk: Bulk, rows: Vec<Values>) -> Result<Vec<T>, DbError> {
        let mut out = Vec::new();
        for (text, values) in pieces(bulk, rows, matches!(self, Tx::Lite(_))) {
            for row in self.rows_of(text, values).await? {
                out.push(T::from_row(&row)?);
            }
        }
        Ok(out)
    }

    /// Runs a bulk statement over `rows`, in pieces; says how many rows it touched.
    ///
    /// # Errors
    /// What the database says, by kind.
    pub async fn bulk_exec(&mut self, bulk: Bulk, rows: Vec<Values>) -> Result<u64, DbError> {
        let mut touched = 0;
        for (text, values) in pieces(bulk, rows, matches!(self, Tx::Lite(_))) {
            storable(&values)?;
            let text = AssertSqlSafe(text).into_sql_str();
            touched += match self {
                Tx::Lite(connection) => bind!(Sqlite, text, values).execute(&mut **connection).await?.rows_affected(),
                Tx::Pg(connection) => bind!(Postgres, text, values).execute(&mut **connection).await?.rows_affected(),
            };
        }
        Ok(touched)
    }

    async fn rows(&mut self, sql: Sql, values: Values) -> Result<Vec<Row>, DbError> {
        storable(&values)?;
        Ok(match self {
            Tx::Lite(connection) => {
                let rows = bind!(Sqlite, sql.lite, values).fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Lite).collect()
            }
            Tx::Pg(connection) => {
                let rows = bind!(Postgres, sql.pg, values).fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Pg).collect()
            }
        })
    }

    async fn rows_of(&mut self, text: String, values: Values) -> Result<Vec<Row>, DbError> {
        storable(&values)?;
        // The text is made of constants and placeholders only (`Bulk::text`).
        let text = AssertSqlSafe(text).into_sql_str();
        Ok(match self {
            Tx::Lite(connection) => {
                let rows = bind!(Sqlite, text, values).fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Lite).collect()
            }
            Tx::Pg(connection) => {
                let rows = bind!(Postgres, text, values).fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Pg).collect()
            }
        })
    }
}

/// PostgreSQL takes no text with a zero character, and SQLite cuts it short in places: so neither gets one.
fn storable(values: &Values) -> Result<(), DbError> {
    let zero = |value: &Value| matches!(value, Value::Text(Some(text)) if text.as_bytes().contains(&0));
    if values.iter().any(zero) { Err(DbError::ZeroCharacter) } else { Ok(()) }
}

/// Several statements as one text, with the placeholders of each behind those of the ones before.
fn joined(steps: Vec<(Sql, Values)>) -> (String, Values) {
    let (mut text, mut all) = (String::new(), Values::new());
    for (sql, values) in steps {
        let before = all.len();
        let mut parts = sql.lite.split('$');
        text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = part.split_at(digits);
            let number: usize = number.parse().unwrap_or(0);
            text.push_str(&format!("${}{rest}", before + number));
        }
        text.push_str(";\n");
        all.extend(values);
    }
    (text, all)
}

/// The statements of a bulk, one after the other, so that the values of one are gone before the next is made.
fn pieces(bulk: Bulk, rows: Vec<Values>, lite: bool) -> impl Iterator<Item = (String, Values)> + Send {
    let most = (BULK_VALUES / bulk.row.len().max(1)).max(1);
    let full_text = if rows.len() >= most { bulk.text(most, lite) } else { String::new() };
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || {
        let piece: Vec<Values> = rows.by_ref().take(most).collect();
        let text = match piece.len() {
            0 => return None,
            count if count == most => full_text.clone(),
            count => bulk.text(count, lite),
        };
        Some((text, piece.into_iter().flatten().collect()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    #[test]
    fn joined_statements_keep_their_own_values() {
        let steps = vec![
            (Sql::both("UPDATE a SET x = $2 WHERE id = $1"), args![1_i64, 2_i64]),
            (Sql::both("INSERT INTO b VALUES ($1, $1, $12)"), (0..12).map(Value::from).collect()),
        ];
        let (text, values) = joined(steps);
        assert_eq!(text, "UPDATE a SET x = $2 WHERE id = $1;\nINSERT INTO b VALUES ($3, $3, $14);\n");
        assert_eq!(values.len(), 14);
    }
}
