//! Random commands against the warehouse and against a small book in memory: balances, orders and parcels are compared
//! after each.

mod book;
mod compare;
mod floor;

use std::collections::BTreeMap;
use std::sync::Mutex;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::support::{Backend, World};
use floor::Floor;

/// A command; numbers choose among what is there.
#[derive(Clone, Debug)]
pub enum Command {
    Receive { sku: usize, place: usize, quantity: i64 },
    Move { cell: usize, place: usize },
    Adjust { cell: usize, difference: i64 },
    Order { tees: i64, mugs: i64, policy: usize },
    Cancel { order: usize },
    Hold { order: usize },
    Unhold { order: usize },
    RetryShort,
    Wave,
    Release { wave: usize },
    TakeOut { order: usize },
    Claim,
    Confirm { line: usize, quantity: i64 },
    Short { line: usize, missing: i64 },
    Substitute { line: usize, place: usize },
    Undo { allocation: usize, quantity: i64 },
    Pack { order: usize, sku: usize, quantity: i64 },
    Seal { parcel: usize },
    Weigh { parcel: usize },
    Labels,
    ScanOut { parcel: usize },
    HandOver,
    PutBack { allocation: usize, place: usize },
}

fn command() -> impl Strategy<Value = Command> {
    use Command as C;
    let any = 0..64_usize;
    prop_oneof![
        5 => (0..2_usize, 0..3_usize, 3..12_i64).prop_map(|(sku, place, quantity)| C::Receive { sku, place, quantity }),
        1 => (any.clone(), 0..3_usize).prop_map(|(cell, place)| C::Move { cell, place }),
        1 => (any.clone(), -4..4_i64).prop_map(|(cell, difference)| C::Adjust { cell, difference }),
        9 => (0..4_i64, 0..3_i64, 0..8_usize).prop_map(|(tees, mugs, policy)| C::Order { tees, mugs, policy }),
        1 => any.clone().prop_map(|order| C::Cancel { order }),
        1 => any.clone().prop_map(|order| C::Hold { order }),
        3 => any.clone().prop_map(|order| C::Unhold { order }),
        2 => Just(C::RetryShort),
        5 => Just(C::Wave),
        6 => any.clone().prop_map(|wave| C::Release { wave }),
        1 => any.clone().prop_map(|order| C::TakeOut { order }),
        4 => Just(C::Claim),
        25 => (any.clone(), 0..4_i64).prop_map(|(line, quantity)| C::Confirm { line, quantity }),
        2 => (any.clone(), 1..3_i64).prop_map(|(line, missing)| C::Short { line, missing }),
        3 => (any.clone(), 0..3_usize).prop_map(|(line, place)| C::Substitute { line, place }),
        3 => (any.clone(), 1..3_i64).prop_map(|(allocation, quantity)| C::Undo { allocation, quantity }),
        16 => (any.clone(), 0..4_usize, 0..3_i64).prop_map(|(order, sku, quantity)| C::Pack { order, sku, quantity }),
        8 => any.clone().prop_map(|parcel| C::Seal { parcel }),
        6 => any.clone().prop_map(|parcel| C::Weigh { parcel }),
        4 => Just(C::Labels),
        8 => any.clone().prop_map(|parcel| C::ScanOut { parcel }),
        3 => Just(C::HandOver),
        2 => (any, 0..3_usize).prop_map(|(allocation, place)| C::PutBack { allocation, place }),
    ]
}

/// Plays the commands; gives how often each thing happened.
async fn play(backend: Backend, commands: Vec<(Command, bool)>) -> Vec<(String, i64)> {
    let world = World::open(backend).await;
    let mut floor = Floor::open(&world).await;
    for (command, repeat) in commands {
        floor.play(&command, repeat).await;
        floor.compare(&command).await;
    }
    let report = world.db.read(|tx| Box::pin(tallyman::stock::verify::verify(tx))).await.unwrap();
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    let happened = floor.rows("SELECT kind, COUNT(*) FROM event GROUP BY kind").await;
    world.check_and_drop().await;
    happened
}

/// What must have happened in some of the cases, or they tell nothing.
const MUST_HAPPEN: [&str; 16] = [
    "order.cancelled",
    "order.held",
    "order.hold_released",
    "order.packed",
    "order.promised",
    "order.put_back",
    "order.shipped",
    "order.short",
    "order.taken_out",
    "parcel.scanned_out",
    "pick.confirmed",
    "pick.short",
    "pick.substituted",
    "pick.undone",
    "stock.adjusted",
    "stock.moved",
];

/// `TALLYMAN_MODEL_CASES` and `TALLYMAN_MODEL_SEED` make it look further.
fn run(backend: Backend, cases: u32) {
    let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let cases = setting("TALLYMAN_MODEL_CASES").unwrap_or(cases);
    let seed = [u8::try_from(setting("TALLYMAN_MODEL_SEED").unwrap_or(7) % 256).unwrap(); 32];
    let config = Config { cases, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let commands = prop::collection::vec((command(), prop::bool::weighted(0.1)), 120..240);
    let seen: Mutex<BTreeMap<String, i64>> = Mutex::default();
    let outcome = runner.run(&commands, |commands| {
        let played = runtime.block_on(async { tokio::spawn(play(backend, commands)).await });
        let happened = played.map_err(|error| {
            let panic = error.into_panic();
            let text = panic.downcast_ref::<String>().cloned();
            TestCaseError::fail(
                text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default(),
            )
        })?;
        for (kind, count) in happened {
            *seen.lock().unwrap().entry(kind).or_default() += count;
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let seen = seen.into_inner().unwrap();
    for kind in MUST_HAPPEN {
        assert!(seen.contains_key(kind), "no {kind} in {cases} cases: {seen:#?}");
    }
}

#[test]
fn the_warehouse_does_what_the_book_says_on_sqlite() {
    run(Backend::Sqlite, 10);
}

#[test]
fn the_warehouse_does_what_the_book_says_on_postgres() {
    run(Backend::Postgres, 6);
}
