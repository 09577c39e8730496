//! SQLite's one writer: takes the commands that wait, gives each a savepoint, commits them together, answers after.
//!
//! Fair, free of busy timeouts, and its rate hardly depends on how long the disk takes to flush.

use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, SqlSafeStr};
use tokio::sync::{Notify, mpsc, watch};

use super::job::{Job, Ran, job};
use super::{Command, DbError, Tx};

/// Most commands of one commit.
const GROUP: usize = 64;
/// Commands that may wait before senders are held back.
const QUEUE: usize = 4096;

/// The way to the writer task.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
    closing: Arc<Notify>,
    closed: watch::Receiver<()>,
}

impl Writer {
    pub(super) fn start(connection: SqliteConnection) -> Self {
        let (jobs, waiting) = mpsc::channel(QUEUE);
        let (ended, closed) = watch::channel(());
        let closing = Arc::new(Notify::new());
        let end = Arc::clone(&closing);
        tokio::spawn(async move {
            write(connection, waiting, &end).await;
            drop(ended);
        });
        Self { jobs, closing, closed }
    }

    /// Takes no more commands, does those that wait, and closes the file.
    pub(super) async fn close(mut self) {
        self.closing.notify_one();
        // Nothing is ever sent: this ends when the task has.
        while self.closed.changed().await.is_ok() {}
    }

    pub(super) async fn run<C: Command>(&self, command: C) -> Result<C::Out, C::Error> {
        let (job, answer) = job(command);
        self.jobs.send(job).await.map_err(|_| DbError::Closed)?;
        answer.await.map_err(|_| DbError::Closed)?
    }
}

async fn write(mut connection: SqliteConnection, mut waiting: mpsc::Receiver<Box<dyn Job>>, closing: &Notify) {
    let mut queue: Vec<Box<dyn Job>> = Vec::new();
    loop {
        let received = tokio::select! {
            received = waiting.recv_many(&mut queue, GROUP) => received,
            () = closing.notified() => {
                waiting.close();
                continue;
            }
        };
        if received == 0 {
            break;
        }
        metrics::gauge!("tallyman_writer_queue").set(figure(waiting.len() + queue.len()));
        let mut done = Vec::with_capacity(queue.len());
        let commit =
            group(&mut connection, &mut waiting, &mut queue, &mut done).await.map_err(|error| error.to_string());
        if let Err(error) = &commit {
            tracing::error!(error, commands = done.len() + queue.len(), "commit failed");
            // Fails where the transaction is gone already, which is what is wanted.
            drop(sqlx::raw_sql("ROLLBACK").execute(&mut connection).await);
        }
        metrics::histogram!("tallyman_writer_group_commands").record(figure(done.len()));
        for job in done.into_iter().chain(queue.drain(..)) {
            job.answer(commit.as_ref().err().map(|error| DbError::Commit(error.clone())));
        }
    }
    // Closed, or all senders are gone: close the file in order.
    if let Err(error) = sqlx::Connection::close(connection).await {
        tracing::warn!(%error, "closing the database file");
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people; counts stay far below 2^53")]
fn figure(count: usize) -> f64 {
    count as f64
}

async fn group(
    connection: &mut SqliteConnection,
    waiting: &mut mpsc::Receiver<Box<dyn Job>>,
    queue: &mut Vec<Box<dyn Job>>,
    done: &mut Vec<Box<dyn Job>>,
) -> sqlx::Result<()> {
    // They travel with the first statement of the next command, so that they cost no trip of their own.
    let mut before = vec!["BEGIN IMMEDIATE", "SAVEPOINT command"];
    loop {
        // One by one, so that those behind a failure are still there to be answered.
        while !queue.is_empty() {
            let mut job = queue.remove(0);
            let mut tx = Tx::lite_after(connection, before);
            let ran = job.run(&mut tx).await;
            before = tx.left_before();
            done.push(job);
            if !before.is_empty() {
                // It has done nothing, or could not even begin.
                continue;
            }
            before = match ran {
                Ran::Keep => vec!["RELEASE command", "SAVEPOINT command"],
                Ran::Undo | Ran::UndoAndRunAgain => vec!["ROLLBACK TO command"],
            };
        }
        while done.len() + queue.len() < GROUP {
            match waiting.try_recv() {
                Ok(job) => queue.push(job),
                Err(_) => break,
            }
        }
        if queue.is_empty() {
            break;
        }
    }
    if before.first() == Some(&"BEGIN IMMEDIATE") {
        return Ok(());
    }
    before.extend(["RELEASE command", "COMMIT"]);
    sqlx::raw_sql(AssertSqlSafe(before.join("; ")).into_sql_str()).execute(&mut *connection).await?;
    Ok(())
}
