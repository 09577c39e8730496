//! What can go wrong with the database, by kind; a constraint's name is never looked at.

use sqlx::error::ErrorKind;

/// A failure of the database layer.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A row with this key is there already.
    #[error("a row with this key exists already")]
    Duplicate,
    /// A check or a reference would be broken: a rule that the operation should have refused before.
    #[error("the database refused a broken rule: {0}")]
    Constraint(String),
    /// A text has a zero character, which no text in the database may have.
    #[error("a text has a zero character")]
    ZeroCharacter,
    /// The row that was asked for is not there.
    #[error("no such row: {0}")]
    Missing(&'static str),
    /// The operation key was used with another content.
    #[error("the operation key was used for another command")]
    KeyReused,
    /// The same operation key is being worked on right now, or its commit failed: ask again.
    #[error("a command with the same operation key is not finished")]
    KeyBusy,
    /// The commit failed; nothing of the command is stored.
    #[error("the commit failed: {0}")]
    Commit(String),
    /// Another transaction took what this one had counted on; it is run again where that can help.
    #[error("another command was faster; ask again")]
    Contended,
    /// The command panicked; nothing of it is stored.
    #[error("the command panicked")]
    Panicked,
    /// The writer has stopped: the program is ending.
    #[error("the database is closed")]
    Closed,
    /// A value in the database has a form that this program doesn't know.
    #[error("unreadable value in the database: {0}")]
    Form(String),
    /// The database file is open in another process.
    #[error("{0} is open in another process")]
    Locked(String),
    /// The database file, or the lock file beside it, can't be opened.
    #[error("{0}")]
    File(String),
    /// Anything else the driver says.
    #[error("database: {0}")]
    Driver(#[source] sqlx::Error),
    /// The tables could not be made or changed.
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(database) = &error else { return Self::Driver(error) };
        match database.kind() {
            ErrorKind::UniqueViolation => Self::Duplicate,
            ErrorKind::CheckViolation | ErrorKind::ForeignKeyViolation | ErrorKind::NotNullViolation => {
                Self::Constraint(database.message().to_owned())
            }
            _ => Self::Driver(error),
        }
    }
}

impl DbError {
    /// Whether PostgreSQL asks for the transaction to be run again (serialisation failure, deadlock, a lock that took too long).
    #[must_use]
    pub fn wants_rerun(&self) -> bool {
        match self {
            Self::Contended => true,
            Self::Driver(sqlx::Error::Database(error)) => {
                matches!(error.code().as_deref(), Some("40001" | "40P01" | "55P03"))
            }
            _ => false,
        }
    }
}
