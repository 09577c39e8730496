//! A command on its way: run in a transaction, answered when the transaction's fate is known.
//!
//! Behind a trait object, so that what surrounds a command (writer, pool, commit, repetition) is compiled once and not for
//! every command anew.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use sqlx::PgPool;
use tokio::sync::oneshot;

use super::pool::AsDbError;
use super::{BoxFuture, Command, DbError, Tx};

/// How often a transaction is run again where PostgreSQL asks for it.
const RERUNS: u32 = 8;

/// How a run of a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ran {
    /// Its changes are to be kept.
    Keep,
    /// Its changes are to be undone.
    Undo,
    /// Its changes are to be undone; the same command may succeed in another transaction.
    UndoAndRunAgain,
}

/// A command that waits, with whoever waits for its answer.
pub(super) trait Job: Send {
    /// Runs the command.
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Ran>;
    /// Answers, once it is known whether the transaction `failed`.
    fn answer(self: Box<Self>, failed: Option<DbError>);
}

struct Waiting<C: Command> {
    command: C,
    result: Option<Result<C::Out, C::Error>>,
    sender: oneshot::Sender<Result<C::Out, C::Error>>,
}

/// What a command's answer comes by.
pub(super) type Answer<C> = oneshot::Receiver<Result<<C as Command>::Out, <C as Command>::Error>>;

/// Puts a command on its way.
pub(super) fn job<C: Command>(command: C) -> (Box<dyn Job>, Answer<C>) {
    let (sender, answer) = oneshot::channel();
    (Box::new(Waiting { command, result: None, sender }), answer)
}

impl<C: Command> Job for Waiting<C> {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            let run = AssertUnwindSafe(self.command.run(tx)).catch_unwind().await;
            let mut result = run.unwrap_or_else(|_| Err(DbError::Panicked.into()));
            if result.is_ok()
                && let Err(error) = tx.flush().await
            {
                result = Err(error.into());
            }
            let ran = match &result {
                Ok(_) => Ran::Keep,
                Err(error) if error.as_db().is_some_and(DbError::wants_rerun) => Ran::UndoAndRunAgain,
                Err(_) => Ran::Undo,
            };
            self.result = Some(result);
            ran
        })
    }

    fn answer(self: Box<Self>, failed: Option<DbError>) {
        let result = match (failed, self.result) {
            // Also a refusal means nothing then: it may rest on what another command of the same commit had done.
            (Some(error), _) => Err(error.into()),
            (None, Some(result)) => result,
            (None, None) => Err(DbError::Closed.into()),
        };
        // Nobody waits any more where the request was dropped; the command is done all the same.
        drop(self.sender.send(result));
    }
}

/// Runs a job in a PostgreSQL transaction of its own, again where the server asks for it, and answers it.
pub(super) async fn on_postgres(pool: PgPool, mut job: Box<dyn Job>) {
    let mut runs = 0;
    let failed = loop {
        let mut transaction = match pool.begin().await {
            Ok(transaction) => transaction,
            Err(error) => break Some(DbError::from(error)),
        };
        let ran = job.run(&mut Tx::pg(&mut transaction)).await;
        let ended = match ran {
            Ran::Keep => transaction.commit().await.map_err(DbError::from),
            Ran::Undo | Ran::UndoAndRunAgain => {
                if let Err(rollback) = transaction.rollback().await {
                    tracing::warn!(error = %rollback, "rollback failed; the connection is dropped");
                }
                Ok(())
            }
        };
        let again = ran == Ran::UndoAndRunAgain || ended.as_ref().is_err_and(DbError::wants_rerun);
        if !again || runs == RERUNS {
            break ended.err();
        }
        runs += 1;
        tokio::time::sleep(Duration::from_millis(2 << runs)).await;
    };
    job.answer(failed);
}
