//! Steps of counting that many stories share.

use tallyman::counting::claim::{ClaimCount, CountClaimed};
use tallyman::counting::create::{CountCreated, CreateCount};
use tallyman::counting::finish::{CountFinished, FinishCount, HowToFinish};
use tallyman::counting::record::{CountRecorded, CountScan, RecordCount};
use tallyman::counting::scope::Scope;
use tallyman::db::Operation;
use tallyman::kernel::ids::{CountTaskId, PersonId};

use super::World;

/// Does something as another person.
pub async fn by<O: Operation>(world: &World, person: PersonId, operation: O) -> O::Answer
where
    O::Error: std::fmt::Debug,
{
    world.db.operate(world.as_person(person), operation).await.unwrap()
}

/// Is refused as another person.
pub async fn refused_by<O: Operation>(world: &World, person: PersonId, operation: O) -> O::Error
where
    O::Answer: std::fmt::Debug,
{
    world.db.operate(world.as_person(person), operation).await.unwrap_err()
}

/// Begins a blind count of places.
pub async fn plan(world: &World, places: &[&str]) -> CountCreated {
    let places = places.iter().map(|place| (*place).to_owned()).collect();
    world.does(create(Scope::Location { places })).await
}

/// A blind count.
pub fn create(scope: Scope) -> CreateCount {
    CreateCount { scope, note: String::new(), open: false, freeze: false }
}

/// Claims a place.
pub async fn claim(world: &World, person: PersonId, place: &str) -> CountClaimed {
    by(world, person, claiming(place)).await
}

/// The claim of a place.
pub fn claiming(place: &str) -> ClaimCount {
    ClaimCount { plan: None, place: Some(place.into()) }
}

/// So many pieces lie there.
pub fn pieces(task: CountTaskId, item: &str, pieces: i64) -> RecordCount {
    RecordCount { task, scan: CountScan { item: item.into(), pieces: Some(pieces), ..CountScan::default() } }
}

/// One scan of an item.
pub fn scan(task: CountTaskId, item: &str) -> RecordCount {
    RecordCount { task, scan: CountScan { item: item.into(), ..CountScan::default() } }
}

/// The end of a place.
pub fn finish(task: CountTaskId, nothing_else: bool) -> FinishCount {
    FinishCount { task, how: HowToFinish { nothing_else, step: None } }
}

/// Records pieces.
pub async fn record(world: &World, person: PersonId, operation: RecordCount) -> CountRecorded {
    by(world, person, operation).await
}

/// Counts a whole place: these pieces, and nothing else.
pub async fn count(world: &World, person: PersonId, place: &str, found: &[(&str, i64)]) -> CountFinished {
    let task = claim(world, person, place).await.task_id;
    for (item, quantity) in found {
        let recorded = record(world, person, pieces(task, item, *quantity)).await;
        assert!(recorded.again.is_empty(), "{recorded:?}");
    }
    let finished = by(world, person, finish(task, true)).await;
    assert!(finished.finished, "{finished:?}");
    finished
}
