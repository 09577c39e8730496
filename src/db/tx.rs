//! A running transaction on either database. Not generic, so it works in closures and traits and hides the driver.
//!
//! Trips cost more than statements: to SQLite's thread, and to PostgreSQL's process. So what nobody waits for
//! ([`Tx::later`]) stays here until the next statement goes out, or until the transaction ends, and travels with it.

use futures_util::TryStreamExt;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Arguments as _, AssertSqlSafe, Either, Executor, PgConnection, Postgres, SqlSafeStr, SqlStr, Sqlite};

use super::value::FromRow;
use super::{Bulk, Cast, DbError, Row, Sql, Value, Values};

/// Most values of one bulk statement; SQLite takes 32,766. PostgreSQL gets a list a column, and could take more.
const BULK_VALUES: usize = 6_000;
/// Most rows of one bulk statement on PostgreSQL.
const BULK_ROWS: usize = 5_000;

/// A running transaction.
pub struct Tx<'a> {
    on: On<'a>,
    /// The writer's savepoints; they go out in front of the first statement. Only on SQLite.
    before: Vec<&'static str>,
    waiting: Vec<Step>,
}

enum On<'a> {
    Lite(&'a mut SqliteConnection),
    Pg(&'a mut PgConnection),
}

/// A statement that waits, and what the one row is that it must touch.
struct Step {
    what: &'static str,
    sql: Sql,
    values: Values,
}

/// What is done with each row of an answer; the number says of which statement of the trip it is.
type OnRow<'f> = &'f mut (dyn FnMut(usize, &Row) -> Result<(), DbError> + Send);

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

impl<'a> Tx<'a> {
    /// On SQLite.
    pub(super) fn lite(connection: &'a mut SqliteConnection) -> Self {
        Self { on: On::Lite(connection), before: Vec::new(), waiting: Vec::new() }
    }

    /// On SQLite, with statements that go out in front of the first one.
    pub(super) fn lite_after(connection: &'a mut SqliteConnection, before: Vec<&'static str>) -> Self {
        Self { on: On::Lite(connection), before, waiting: Vec::new() }
    }

    /// On PostgreSQL.
    pub(super) fn pg(connection: &'a mut PgConnection) -> Self {
        Self { on: On::Pg(connection), before: Vec::new(), waiting: Vec::new() }
    }

    /// What should have gone out in front of the first statement and did not, because there was none, or the database
    /// refused it.
    pub(super) fn left_before(self) -> Vec<&'static str> {
        self.before
    }

    /// Runs a statement; says how many rows it touched.
    ///
    /// # Errors
    /// What the database says, by kind.
    pub async fn exec(&mut self, sql: Sql, values: Values) -> Result<u64, DbError> {
        self.trip(vec![(self.text(sql), values)], &mut |_, _| Ok(())).await
    }

    /// Runs a statement that must touch exactly one row.
    ///
    /// # Errors
    /// [`DbError::Missing`] with `what` where it touched none or several.
    pub async fn exec_one(&mut self, what: &'static str, sql: Sql, values: Values) -> Result<(), DbError> {
        if self.exec(sql, values).await? == 1 { Ok(()) } else { Err(DbError::Missing(what)) }
    }

    /// Runs a statement that must touch exactly one row some time before the next answer of the database, or before
    /// the commit. Its failure shows there, as [`DbError::Missing`] with `what`, or as what the database says.
    ///
    /// What waits together is one statement on PostgreSQL. So each must be about a row of its own, and none may read
    /// what another writes. It has no RETURNING.
    pub fn later(&mut self, what: &'static str, sql: Sql, values: Values) {
        self.waiting.push(Step { what, sql, values });
    }

    /// Runs what waits.
    ///
    /// # Errors
    /// As of what [`Self::later`] was given.
    pub async fn flush(&mut self) -> Result<(), DbError> {
        if self.waiting.is_empty() { Ok(()) } else { self.trip(Vec::new(), &mut |_, _| Ok(())).await.map(drop) }
    }

    /// Every row of an answer.
    ///
    /// # Errors
    /// What the database says, or a value of another form.
    pub async fn all<T: FromRow>(&mut self, sql: Sql, values: Values) -> Result<Vec<T>, DbError> {
        let mut out = Vec::new();
        let mut keep = |_, row: &Row| {
            out.push(T::from_row(row)?);
            Ok(())
        };
        self.trip(vec![(self.text(sql), values)], &mut keep).await?;
        Ok(out)
    }

    /// The first row of an answer, if any.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub async fn opt<T: FromRow>(&mut self, sql: Sql, values: Values) -> Result<Option<T>, DbError> {
        let mut out = None;
        let mut keep = |_, row: &Row| {
            if out.is_none() {
                out = Some(T::from_row(row)?);
            }
            Ok(())
        };
        self.trip(vec![(self.text(sql), values)], &mut keep).await?;
        Ok(out)
    }

    /// The first row of one answer, if any, and then every row of another.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub async fn opt_and_all<T: FromRow, U: FromRow>(
        &mut self,
        first: (Sql, Values),
        second: (Sql, Values),
    ) -> Result<(Option<T>, Vec<U>), DbError> {
        let (mut one, mut all) = (None, Vec::new());
        let mut keep = |statement, row: &Row| {
            if statement == 1 {
                all.push(U::from_row(row)?);
            } else if one.is_none() {
                one = Some(T::from_row(row)?);
            }
            Ok(())
        };
        let statements = vec![(self.text(first.0), first.1), (self.text(second.0), second.1)];
        self.trip(statements, &mut keep).await?;
        Ok((one, all))
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
        let mut keep = |_, row: &Row| {
            out.push(T::from_row(row)?);
            Ok(())
        };
        self.pieces(bulk, rows, &mut keep).await?;
        Ok(out)
    }

    /// Runs a bulk statement over `rows`, in pieces; says how many rows it touched.
    ///
    /// # Errors
    /// What the database says, by kind.
    pub async fn bulk_exec(&mut self, bulk: Bulk, rows: Vec<Values>) -> Result<u64, DbError> {
        self.pieces(bulk, rows, &mut |_, _| Ok(())).await
    }

    /// A bulk piece by piece, so that the values of one are gone before the next is made.
    async fn pieces(&mut self, bulk: Bulk, rows: Vec<Values>, on_row: OnRow<'_>) -> Result<u64, DbError> {
        let mut touched = 0;
        let mut rows = rows.into_iter();
        // Alone: the placeholders of a bulk have no numbers, so nothing with values may stand before them.
        if !self.before.is_empty() || !self.waiting.is_empty() {
            self.trip(Vec::new(), &mut |_, _| Ok(())).await?;
        }
        if let On::Pg(connection) = &mut self.on {
            return pg_pieces(connection, bulk, rows, on_row).await;
        }
        let most = (BULK_VALUES / bulk.row.len().max(1)).max(1);
        let full = if rows.len() >= most { bulk.text(most) } else { String::new() };
        loop {
            let piece: Vec<Values> = rows.by_ref().take(most).collect();
            let text = match piece.len() {
                0 => return Ok(touched),
                count if count == most => full.clone(),
                count => bulk.text(count),
            };
            let values = piece.into_iter().flatten().collect();
            touched += self.trip(vec![(AssertSqlSafe(text).into_sql_str(), values)], on_row).await?;
        }
    }

    const fn text(&self, sql: Sql) -> SqlStr {
        SqlStr::from_static(match self.on {
            On::Lite(_) => sql.lite,
            On::Pg(_) => sql.pg,
        })
    }

    /// Runs what waits and then `statements`; says how many rows the last of them touched.
    async fn trip(&mut self, statements: Vec<(SqlStr, Values)>, on_row: OnRow<'_>) -> Result<u64, DbError> {
        let waiting = std::mem::take(&mut self.waiting);
        for values in waiting.iter().map(|step| &step.values).chain(statements.iter().map(|(_, values)| values)) {
            storable(values)?;
        }
        match &mut self.on {
            On::Lite(connection) => lite_trip(connection, &mut self.before, waiting, statements, on_row).await,
            On::Pg(connection) => {
                pg_waiting(connection, waiting).await?;
                let mut touched = 0;
                for (number, (text, values)) in statements.into_iter().enumerate() {
                    touched = pg_one(connection, number, text, values, on_row).await?;
                }
                Ok(touched)
            }
        }
    }
}

/// Everything in one trip to the driver's thread.
async fn lite_trip(
    connection: &mut SqliteConnection,
    before: &mut Vec<&'static str>,
    waiting: Vec<Step>,
    statements: Vec<(SqlStr, Values)>,
    on_row: OnRow<'_>,
) -> Result<u64, DbError> {
    let going = std::mem::take(before);
    let whats: Vec<&'static str> = waiting.iter().map(|step| step.what).collect();
    let first = going.len() + whats.len();
    let (text, values) = joined(&going, waiting, statements);
    let mut answers = connection.fetch_many(bind!(Sqlite, text, values));
    let (mut at, mut touched, mut failed) = (0_usize, 0, None);
    loop {
        match answers.try_next().await {
            Ok(None) => break,
            Ok(Some(Either::Left(done))) => {
                touched = done.rows_affected();
                let waited = at.checked_sub(going.len()).and_then(|step| whats.get(step));
                if let (Some(what), true) = (waited, touched != 1) {
                    failed.get_or_insert(DbError::Missing(what));
                }
                at += 1;
            }
            Ok(Some(Either::Right(row))) => {
                if failed.is_none() {
                    failed = on_row(at - first.min(at), &Row::Lite(row)).err();
                }
            }
            Err(error) => {
                before.extend(going.get(at..).unwrap_or_default());
                return Err(failed.unwrap_or_else(|| error.into()));
            }
        }
    }
    failed.map_or(Ok(touched), Err)
}

/// Several statements as one text, with the placeholders of each behind those of the ones before.
fn joined(before: &[&'static str], waiting: Vec<Step>, mut statements: Vec<(SqlStr, Values)>) -> (SqlStr, Values) {
    if before.is_empty() && waiting.is_empty() && statements.len() == 1 {
        return statements.remove(0);
    }
    let (mut text, mut all) = (String::new(), Values::new());
    for statement in before {
        text.push_str(statement);
        text.push_str(";\n");
    }
    for step in waiting {
        renumbered(&mut text, step.sql.lite, all.len());
        text.push_str(";\n");
        all.extend(step.values);
    }
    for (statement, values) in statements {
        renumbered(&mut text, statement.as_str(), all.len());
        text.push_str(";\n");
        all.extend(values);
    }
    (AssertSqlSafe(text).into_sql_str(), all)
}

/// Writes a statement with its placeholders `$1` made to `$1 + by`.
fn renumbered(out: &mut String, statement: &str, by: usize) {
    let mut parts = statement.split('$');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let number: usize = number.parse().unwrap_or(0);
        out.push_str(&format!("${}{rest}", by + number));
    }
}

/// What waits, as one statement.
async fn pg_waiting(connection: &mut PgConnection, mut waiting: Vec<Step>) -> Result<(), DbError> {
    if waiting.len() < 2 {
        let Some(step) = waiting.pop() else { return Ok(()) };
        let touched = pg_one(connection, 0, SqlStr::from_static(step.sql.pg), step.values, &mut |_, _| Ok(())).await?;
        return if touched == 1 { Ok(()) } else { Err(DbError::Missing(step.what)) };
    }
    let whats: Vec<&'static str> = waiting.iter().map(|step| step.what).collect();
    let (mut text, mut counts, mut all) = (String::from("WITH "), String::new(), Values::new());
    for (number, step) in waiting.into_iter().enumerate() {
        let comma = if number == 0 { "" } else { ", " };
        text.push_str(&format!("{comma}step{number} AS ("));
        renumbered(&mut text, step.sql.pg, all.len());
        text.push_str(" RETURNING 1)");
        counts.push_str(&format!("{comma}(SELECT COUNT(*) FROM step{number})"));
        all.extend(step.values);
    }
    text.push_str(&format!(" SELECT ARRAY[{counts}]"));
    let text = AssertSqlSafe(text).into_sql_str();
    let row = bind!(Postgres, text, all).fetch_one(&mut *connection).await?;
    let touched: Vec<i64> = sqlx::Row::try_get(&row, 0)?;
    let wrong = whats.iter().zip(touched).find(|(_, touched)| *touched != 1);
    wrong.map_or(Ok(()), |(what, _)| Err(DbError::Missing(what)))
}

async fn pg_one(
    connection: &mut PgConnection,
    number: usize,
    text: SqlStr,
    values: Values,
    on_row: OnRow<'_>,
) -> Result<u64, DbError> {
    pg_answer(connection.fetch_many(bind!(Postgres, text, values)), number, on_row).await
}

/// A bulk piece by piece; while the database works on one, the next is made ready beside.
async fn pg_pieces(
    connection: &mut PgConnection,
    bulk: Bulk,
    mut rows: std::vec::IntoIter<Values>,
    on_row: OnRow<'_>,
) -> Result<u64, DbError> {
    let text = bulk.pg_text();
    let mut touched = 0;
    let mut ready = next_piece(&mut rows).map(|piece| pg_lists(bulk, piece)).transpose()?;
    while let Some(lists) = ready {
        let next = next_piece(&mut rows).map(|piece| tokio::task::spawn_blocking(move || pg_lists(bulk, piece)));
        let query = sqlx::query_with::<Postgres, _>(AssertSqlSafe(text.clone()).into_sql_str(), lists);
        touched += pg_answer(connection.fetch_many(query), 0, on_row).await?;
        ready = match next {
            Some(next) => Some(next.await.map_err(|_| DbError::Closed)??),
            None => None,
        };
    }
    Ok(touched)
}

fn next_piece(rows: &mut std::vec::IntoIter<Values>) -> Option<Vec<Values>> {
    let piece: Vec<Values> = rows.take(BULK_ROWS).collect();
    (!piece.is_empty()).then_some(piece)
}

/// Rows as one list a column: the text of the statement is then the same for any number of rows, and short.
fn pg_lists(bulk: Bulk, rows: Vec<Values>) -> Result<PgArguments, DbError> {
    let mut columns: Vec<Vec<Value>> = bulk.row.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        storable(&row)?;
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    let mut lists = PgArguments::default();
    for (column, cast) in columns.into_iter().zip(bulk.row) {
        let values = column.into_iter();
        let added = match cast {
            Cast::Int => lists.add(values.map(Value::into_int).collect::<Result<Vec<_>, _>>()?),
            Cast::Text => lists.add(values.map(Value::into_text).collect::<Result<Vec<_>, _>>()?),
            Cast::Bool => lists.add(values.map(Value::into_bool).collect::<Result<Vec<_>, _>>()?),
            Cast::Bytes => lists.add(values.map(Value::into_bytes).collect::<Result<Vec<_>, _>>()?),
        };
        added.map_err(|error| DbError::from(sqlx::Error::Encode(error)))?;
    }
    Ok(lists)
}

async fn pg_answer(
    mut answers: futures_util::stream::BoxStream<
        '_,
        sqlx::Result<Either<sqlx::postgres::PgQueryResult, sqlx::postgres::PgRow>>,
    >,
    number: usize,
    on_row: OnRow<'_>,
) -> Result<u64, DbError> {
    let (mut touched, mut failed) = (0, None);
    while let Some(answer) = answers.try_next().await? {
        match answer {
            Either::Left(done) => touched += done.rows_affected(),
            Either::Right(row) if failed.is_none() => failed = on_row(number, &Row::Pg(row)).err(),
            Either::Right(_) => {}
        }
    }
    failed.map_or(Ok(touched), Err)
}

/// PostgreSQL takes no text with a zero character, and SQLite cuts it short in places: so neither gets one.
fn storable(values: &Values) -> Result<(), DbError> {
    let zero = |value: &Value| matches!(value, Value::Text(Some(text)) if text.as_bytes().contains(&0));
    if values.iter().any(zero) { Err(DbError::ZeroCharacter) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    #[test]
    fn joined_statements_keep_their_own_values() {
        let update =
            Step { what: "a", sql: Sql::both("UPDATE a SET x = $2 WHERE id = $1"), values: args![1_i64, 2_i64] };
        let insert = SqlStr::from_static("INSERT INTO b VALUES ($1, $1, $12)");
        let (text, values) = joined(&["SAVEPOINT s"], vec![update], vec![(insert, (0..12).map(Value::from).collect())]);
        let wanted = "SAVEPOINT s;\nUPDATE a SET x = $2 WHERE id = $1;\nINSERT INTO b VALUES ($3, $3, $14);\n";
        assert_eq!(text.as_str(), wanted);
        assert_eq!(values.len(), 14);
    }
}
