//! One database layer over SQLite and PostgreSQL: the same tables, the same statements, the same promises.
//!
//! Statements are constants in `sql.rs` files ([`crate::statements!`]); a [`Tx`] runs them; writes are [`Command`]s,
//! because on SQLite one writer groups those that wait into one durable commit. A command touches nothing but its
//! transaction: it holds up everybody else, and PostgreSQL may have it run again.

mod error;
mod job;
pub mod journal;
mod migrations;
mod pool;
mod scratch;
mod statement;
mod tx;
pub mod value;
mod writer;

pub use error::DbError;
pub use journal::{Context, Done, Op, Operation, OperationKey, Services};
pub use pool::{AsDbError, Command, Db, Settings};
pub use scratch::Scratch;
pub use statement::{Bulk, Cast, Registered, Sql};
pub use tx::Tx;
pub use value::{Column, Row, Value, Values};

/// A future that can be sent to another thread.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;
