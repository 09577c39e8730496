//! A schema of its own in somebody's PostgreSQL: a warehouse that is thrown away touches nothing that is there.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::DbError;

/// A schema for a while.
#[derive(Debug)]
pub struct Scratch {
    /// The database with this schema chosen: give it to [`super::Db::open`].
    pub url: String,
    database: String,
    name: String,
}

impl Scratch {
    /// Makes a schema; `name` is of lower-case letters, digits and underscores, and new.
    ///
    /// # Errors
    /// Where the database can't be reached, or refuses.
    pub async fn make(url: &str, name: &str) -> Result<Self, DbError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !(1..=60).contains(&name.len()) || !name.bytes().all(fits) {
            return Err(DbError::Form(name.to_owned()));
        }
        let joint = if url.contains('?') { '&' } else { '?' };
        let chosen = format!("{url}{joint}options=-csearch_path%3D{name}");
        let scratch = Self { url: chosen, database: url.to_owned(), name: name.to_owned() };
        scratch.run(format!("CREATE SCHEMA {name}")).await?;
        Ok(scratch)
    }

    /// Drops the schema with all that is in it.
    ///
    /// # Errors
    /// Where the database can't be reached, or refuses.
    pub async fn remove(self) -> Result<(), DbError> {
        self.run(format!("DROP SCHEMA {} CASCADE", self.name)).await
    }

    async fn run(&self, text: String) -> Result<(), DbError> {
        let mut connection = PgConnection::connect(&self.database).await?;
        // The text holds nothing but a name that was looked at.
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }
}
