//! The transaction layer: what one command does wrong is its own affair, and what was not stored was not answered.

use std::time::Duration;

use tallyman::args;
use tallyman::db::{Bulk, Cast, DbError, Op, Operation, Sql, Tx};

use crate::both;
use crate::support::{Backend, World};

const INSERT: Sql = Sql::both("INSERT INTO probe (id, parent) VALUES ($1, $2)");
const UPDATE: Sql = Sql::both("UPDATE probe SET parent = $2 WHERE id = $1");
const MANY: Bulk = Bulk { head: "INSERT INTO probe (id, parent) VALUES", row: &[Cast::Int, Cast::Int], tail: "" };

/// What a command of these tests does, one after the other.
#[derive(Clone, Debug, serde::Serialize)]
enum Step {
    /// Keeps the writer busy, so that those behind it share its commit.
    Wait(u64),
    /// Stores a row.
    Insert(i64),
    /// Stores a row with the next statement.
    Later(i64),
    /// Touches a row that isn't there, with the next statement.
    LaterNone,
    /// Stores rows in bulk.
    Bulk(i64, i64),
    /// Reads; finds so many rows.
    Count(i64),
    /// Stores a row whose parent isn't there, which only the commit finds out.
    Orphan(i64),
    /// Refuses.
    Refuse,
    /// Falls over.
    Panic,
}

#[derive(Clone, Debug, serde::Serialize)]
struct Probe(Vec<Step>);

impl Operation for Probe {
    const KIND: &'static str = "test.probe";
    type Answer = ();
    type Error = DbError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<(), DbError> {
        for step in &self.0 {
            step.run(op.tx).await?;
        }
        Ok(())
    }
}

impl Step {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        let nobody = None::<i64>;
        match *self {
            Self::Wait(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Self::Insert(id) => tx.exec_one("a row", INSERT, args![id, nobody]).await?,
            Self::Later(id) => tx.later("a row", INSERT, args![id, nobody]),
            Self::LaterNone => tx.later("a row that is there", UPDATE, args![-1_i64, nobody]),
            Self::Bulk(from, to) => {
                let rows = (from..to).map(|id| args![id, nobody]).collect();
                assert_eq!(tx.bulk_exec(MANY, rows).await?, u64::try_from(to - from).unwrap());
            }
            Self::Count(wanted) => {
                let (count,): (i64,) = tx.one("count", Sql::both("SELECT COUNT(*) FROM probe"), vec![]).await?;
                assert_eq!(count, wanted);
            }
            Self::Orphan(id) => tx.exec_one("a row", INSERT, args![id, 999_999_i64]).await?,
            Self::Refuse => return Err(DbError::Contended),
            Self::Panic => panic!("on purpose"),
        }
        Ok(())
    }
}

async fn table(world: &World) {
    world
        .sql("CREATE TABLE probe (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES probe (id) DEFERRABLE INITIALLY DEFERRED)")
        .await;
    world.does(Probe(vec![Step::Insert(1)])).await;
}

/// Sends commands so that they wait together behind a slow one; gives what each was answered.
async fn together(world: &World, commands: &[(&str, Vec<Step>)]) -> Vec<Result<(), DbError>> {
    let send = |key: &str, steps: &[Step]| {
        let (db, context, probe) = (world.db.clone(), world.keyed(key), Probe(steps.to_vec()));
        tokio::spawn(async move { db.operate(context, probe).await })
    };
    let slow = send("slow", &[Step::Wait(150)]);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut sent = Vec::new();
    for (key, steps) in commands {
        sent.push(send(key, steps));
        // In this order.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let mut answers = Vec::new();
    for task in sent {
        answers.push(task.await.unwrap());
    }
    // Its fate is that of the commit which it shares.
    drop(slow.await.unwrap());
    answers
}

async fn rows(world: &World) -> Vec<i64> {
    let text = Sql::both("SELECT id FROM probe ORDER BY id");
    let read = world.db.read(|tx| Box::pin(async move { tx.all::<(i64,)>(text, vec![]).await }));
    read.await.unwrap().into_iter().map(|(id,)| id).collect()
}

both!(the_faults_of_one_command_do_not_touch_its_neighbours, |world| {
    table(world).await;
    let answers = together(
        world,
        &[
            ("good-1", vec![Step::Insert(11)]),
            ("first-statement", vec![Step::Insert(1)]),
            ("good-2", vec![Step::Insert(12)]),
            ("no-statement", vec![Step::Refuse]),
            ("good-3", vec![Step::Later(13), Step::Later(14)]),
            ("panic-at-once", vec![Step::Panic]),
            ("good-4", vec![Step::Bulk(20, 25)]),
            ("panic-after", vec![Step::Insert(91), Step::Later(92), Step::Panic]),
            ("refused-after", vec![Step::Insert(93), Step::Later(94), Step::Refuse]),
            ("second-statement", vec![Step::Insert(95), Step::Insert(1)]),
            ("later-duplicate", vec![Step::Insert(96), Step::Later(1)]),
            ("later-none", vec![Step::Insert(97), Step::LaterNone, Step::Later(98)]),
            ("nothing", vec![]),
            ("good-5", vec![Step::Insert(15)]),
        ],
    )
    .await;
    let good: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    let wanted = [true, false, true, false, true, false, true, false, false, false, false, false, true, true];
    assert_eq!(good, wanted, "{answers:?}");
    assert!(matches!(answers[1], Err(DbError::Duplicate)), "{:?}", answers[1]);
    assert!(matches!(answers[5], Err(DbError::Panicked)), "{:?}", answers[5]);
    assert!(matches!(answers[11], Err(DbError::Missing("a row that is there"))), "{:?}", answers[11]);
    assert_eq!(rows(world).await, [1, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24]);
    assert_eq!(world.number("SELECT COUNT(*) FROM operation WHERE kind = 'test.probe'").await, 1 + 1 + 6);
});

both!(what_waits_is_there_before_the_next_answer, |world| {
    table(world).await;
    world.does(Probe(vec![Step::Later(2), Step::Count(2), Step::Later(3), Step::Later(4), Step::Count(4)])).await;
    // More than one piece of a bulk, behind and before what waits.
    world
        .does(Probe(vec![Step::Later(5), Step::Bulk(1_000, 8_000), Step::Later(6), Step::Later(7), Step::Count(7_007)]))
        .await;
    world.does(Probe(vec![Step::Bulk(10_000, 10_001), Step::Bulk(20_000, 20_000)])).await;
    let rows = rows(world).await;
    assert_eq!((rows.len(), &rows[..8]), (7_008, &[1, 2, 3, 4, 5, 6, 7, 1_000][..]));
    let refused = world.refused(Probe(vec![Step::LaterNone, Step::Count(7_008)])).await;
    assert!(matches!(refused, DbError::Missing("a row that is there")), "{refused:?}");
    let refused = world.refused(Probe(vec![Step::Later(8), Step::Later(1), Step::Count(0)])).await;
    assert!(matches!(refused, DbError::Duplicate), "{refused:?}");
    assert_eq!(world.number("SELECT COUNT(*) FROM probe").await, 7_008);
});

/// Where the commit itself fails nothing of it is stored, whoever's fault it was; and nobody is told otherwise.
async fn failed_commit(backend: Backend) {
    let world = World::open(backend).await;
    table(&world).await;
    let commands = [
        ("before", vec![Step::Insert(11)]),
        ("refused", vec![Step::Refuse]),
        ("orphan", vec![Step::Insert(12), Step::Orphan(13)]),
        ("behind", vec![Step::Later(14)]),
    ];
    let answers = together(&world, &commands).await;
    let stored = rows(&world).await;
    if backend == Backend::Sqlite {
        // They shared one commit.
        for answer in &answers {
            assert!(matches!(answer, Err(DbError::Commit(_))), "{answers:?}");
        }
        assert_eq!(stored, [1]);
    } else {
        let good: Vec<bool> = answers.iter().map(Result::is_ok).collect();
        assert_eq!(good, [true, false, false, true], "{answers:?}");
        assert_eq!(stored, [1, 11, 14]);
    }
    // Asking again under the same key is safe, however it ended.
    for _ in 0..2 {
        for (key, steps) in [&commands[0], &commands[3]] {
            world.db.operate(world.keyed(key), Probe(steps.clone())).await.unwrap();
        }
    }
    assert_eq!(rows(&world).await, [1, 11, 14]);
    let again = world.db.operate(world.keyed("orphan"), Probe(commands[2].1.clone())).await;
    assert!(again.is_err());
    assert_eq!(rows(&world).await, [1, 11, 14]);
    world.check_and_drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_commit_stores_and_answers_nothing_on_sqlite() {
    failed_commit(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_commit_stores_and_answers_nothing_on_postgres() {
    failed_commit(Backend::Postgres).await;
}
