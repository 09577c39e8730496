//! Counters, pickers, receivers and movers at once over the same places. What really lies there is known here; after the count is
//! decided, the book says the same of every cell, whatever came in between.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tallyman::catalog::ops::{PutSkus, SkuInput};
use tallyman::counting::approve::{Approval, ApproveLine};
use tallyman::counting::claim::{ClaimCount, ReleaseCount};
use tallyman::counting::create::CreateCount;
use tallyman::counting::finish::{CancelCount, FinishCount, HowToFinish, RecountLine};
use tallyman::counting::model::{LineState, PlanState};
use tallyman::counting::query::{self, LinesPart, lines, plan, plans, tasks};
use tallyman::counting::record::{CountScan, RecordCount};
use tallyman::counting::scope::Scope;
use tallyman::db::{Context, Db, Operation, OperationKey};
use tallyman::kernel::ids::{ChannelId, CountPlanId, CountTaskId, OrderId, WarehouseId};
use tallyman::kernel::random::SeededRandom;
use tallyman::location::ops::{AddTotes, LocationInput, PutLocations};
use tallyman::order::ops::{CancelOrder, PlaceOrder};
use tallyman::picking::confirm::{ConfirmPick, PickProof};
use tallyman::picking::model::ShortReason;
use tallyman::picking::short::ReportShort;
use tallyman::picking::task::{ClaimTask, TakeTote};
use tallyman::refusal::Refusal;
use tallyman::stock::model::StockStatus;
use tallyman::stock::ops::{MoveStock, Receipt, ReceiveStock};
use tallyman::wave::ops::{Choice, CreateWave, ReleaseWave};
use tokio::sync::Mutex;

use crate::support::bench::person;
use crate::support::{Backend, World};

const PLACES: [&str; 6] = ["P-1", "P-2", "P-3", "P-4", "P-5", "P-6"];
const SKUS: [&str; 3] = ["CUP", "MUG", "TEE"];
/// No more comes to a heap of so many pieces.
const FULL: i64 = 12;
const MAIN: WarehouseId = WarehouseId(1);

/// A heap of pieces of one lot, and how many of them nobody who counts has touched yet.
#[derive(Clone, Copy, Debug, Default)]
struct Heap {
    pieces: i64,
    uncounted: i64,
}

/// What lies at a place, by SKU and lot. One pair of hands is at it at a time, for a single grip and its scan.
type Shelf = BTreeMap<(String, String), Heap>;

/// What all share.
struct Hall {
    shelves: BTreeMap<&'static str, Mutex<Shelf>>,
    counted: AtomicBool,
    channel: ChannelId,
}

/// Somebody at work.
struct Worker {
    db: Db,
    context: Context,
    random: SeededRandom,
    hall: Arc<Hall>,
    steps: u64,
    done: u64,
}

fn receipt(sku: &str, lot: &str, location: &str, quantity: i64) -> Receipt {
    Receipt {
        sku: sku.into(),
        location: location.into(),
        quantity,
        lot: lot.into(),
        supplier_lot: String::new(),
        received_at: None,
        expires_at: None,
        status: None,
    }
}

impl Worker {
    async fn new(world: &World, hall: &Arc<Hall>, name: &str, seed: u64) -> Self {
        let context = world.as_person(person(world, name).await);
        let random = SeededRandom::new(seed);
        Self { db: world.db.clone(), context, random, hall: Arc::clone(hall), steps: 0, done: 0 }
    }

    fn dice(&self, sides: u64) -> u64 {
        self.random.below(sides)
    }

    fn one_of<T: Copy>(&self, all: &[T]) -> T {
        all[usize::try_from(self.dice(all.len() as u64)).unwrap()]
    }

    fn pieces(&self, most: u64) -> i64 {
        i64::try_from(self.dice(most)).unwrap() + 1
    }

    /// Does an operation, sometimes twice with the same key; it may be refused, but nothing may break.
    async fn does<O: Operation>(&mut self, make: impl Fn() -> O) -> Option<O::Answer>
    where
        O::Error: Refusal,
    {
        self.steps += 1;
        let key = format!("{}-{}", self.context.actor.person, self.steps);
        let context = Context { key: OperationKey::parse(&key).unwrap(), ..self.context.clone() };
        for attempt in 0.. {
            match self.db.operate(context.clone(), make()).await {
                Ok(answer) => {
                    self.done += 1;
                    if self.dice(4) == 0 {
                        let again = self.db.operate(context, make()).await;
                        let again = serde_json::to_value(again.unwrap_or_else(|error| panic!("{}: {error}", O::KIND)));
                        assert_eq!(again.unwrap(), serde_json::to_value(&answer).unwrap(), "{}", O::KIND);
                    }
                    return Some(answer);
                }
                Err(refusal) => {
                    let contended =
                        refusal.database().is_some_and(|error| matches!(error, tallyman::db::DbError::Contended));
                    assert!(refusal.database().is_none() || contended, "{}: {refusal}", O::KIND);
                    if !contended || attempt > 20 {
                        return None;
                    }
                    tokio::task::yield_now().await;
                }
            }
        }
        None
    }

    /// Walks tasks; takes what really is there, and says so where it isn't.
    async fn pick(&mut self) {
        let Some(task) = self.does(|| ClaimTask { wave: None }).await else { return };
        let tote = format!("T{:06}", self.dice(400) + 1);
        if self.does(|| TakeTote { task: task.task_id, tote: tote.clone() }).await.is_none() {
            return;
        }
        for line in &task.lines {
            let hall = Arc::clone(&self.hall);
            let Some(place) = PLACES.iter().find(|place| **place == line.place) else { continue };
            let mut shelf = hall.shelves[place].lock().await;
            let heap = shelf.entry((line.sku.clone(), line.lot.clone())).or_default();
            let quantity = line.quantity.min(heap.pieces);
            if quantity > 0 {
                let proof = || PickProof {
                    location: line.place.clone(),
                    item: line.sku.clone(),
                    quantity,
                    tote: tote.clone(),
                    ..PickProof::default()
                };
                let (task, allocation) = (task.task_id, line.allocation_id);
                if self.does(|| ConfirmPick { task, allocation, proof: proof() }).await.is_some() {
                    self.take(heap, quantity);
                }
            }
            let missing = line.quantity - quantity;
            if missing > 0 {
                let (task, allocation) = (task.task_id, line.allocation_id);
                let reason = ShortReason::Missing;
                self.does(|| ReportShort { task, allocation, missing, reason }).await;
            }
        }
    }

    /// Goods come in.
    async fn receive(&mut self) {
        let (place, sku, quantity) = (self.one_of(&PLACES), self.one_of(&SKUS), self.pieces(4));
        let lot = format!("{sku}-{}", self.pieces(2));
        let hall = Arc::clone(&self.hall);
        let mut shelf = hall.shelves[place].lock().await;
        if shelf.get(&(sku.to_owned(), lot.clone())).is_some_and(|heap| heap.pieces > FULL) {
            return;
        }
        let receipts = || vec![receipt(sku, &lot, place, quantity)];
        if self.does(|| ReceiveStock { receipts: receipts(), opening: false }).await.is_some() {
            let heap = shelf.entry((sku.to_owned(), lot.clone())).or_default();
            heap.pieces += quantity;
            heap.uncounted += if self.dice(2) == 0 { quantity } else { 0 };
        }
    }

    /// Goods go from one place to another, as far as they are there.
    async fn shift(&mut self) {
        let (from, to) = (self.one_of(&PLACES), self.one_of(&PLACES));
        if from == to {
            return;
        }
        let hall = Arc::clone(&self.hall);
        // In one order, so that no two wait for each other.
        let (mut first, mut second) =
            (hall.shelves[from.min(to)].lock().await, hall.shelves[from.max(to)].lock().await);
        let (source, target) = if from < to { (&mut first, &mut second) } else { (&mut second, &mut first) };
        let keys: Vec<_> = source.iter().filter(|(_, heap)| heap.pieces > 0).map(|(key, _)| key.clone()).collect();
        if keys.is_empty() {
            return;
        }
        let key = keys[usize::try_from(self.dice(keys.len() as u64)).unwrap()].clone();
        let quantity = self.pieces(3).min(source[&key].pieces);
        if target.get(&key).is_some_and(|heap| heap.pieces > FULL) {
            return;
        }
        let moved = || MoveStock {
            sku: key.0.clone(),
            lot: key.1.clone(),
            from: from.into(),
            to: to.into(),
            quantity,
            status: None,
        };
        if self.does(moved).await.is_some() {
            self.take(source.get_mut(&key).unwrap(), quantity);
            target.entry(key.clone()).or_default().pieces += quantity;
        }
    }

    /// Pieces leave a heap: of those that were counted already, or of the others. Whoever counts can't see it.
    fn take(&self, heap: &mut Heap, quantity: i64) {
        let counted = heap.pieces - heap.uncounted;
        let (least, most) = ((quantity - counted).max(0), quantity.min(heap.uncounted));
        heap.uncounted -= least + i64::try_from(self.dice((most - least + 1).unsigned_abs())).unwrap();
        heap.pieces -= quantity;
    }

    /// New orders and waves; some orders are cancelled.
    async fn lead(&mut self) {
        match self.dice(4) {
            0 => {
                let order = OrderId(self.pieces(60));
                self.does(|| CancelOrder { order, reason: "storm".into() }).await;
            }
            1 => {
                let made = self.does(|| CreateWave { choice: Choice::default(), note: String::new() }).await;
                if let Some(wave) = made.map(|made| made.wave_id) {
                    self.does(|| ReleaseWave { wave }).await;
                }
            }
            _ => {
                let sku = self.one_of(&SKUS);
                let external_id = format!("o-{}-{}", self.context.actor.person, self.steps);
                let mut order = crate::orders::order(&external_id, self.pieces(4));
                order.lines[0].sku = sku.into();
                let channel = self.hall.channel;
                self.does(|| PlaceOrder { channel, order: order.clone() }).await;
            }
        }
    }

    /// Counts a place, whatever happens to it meanwhile. `error` is what this person may add by mistake.
    async fn count(&mut self, error: i64) {
        let Some(claimed) = self.does(ClaimCount::default).await else { return };
        let task = claimed.task_id;
        if self.dice(15) == 0 {
            self.does(|| ReleaseCount { task }).await;
            return;
        }
        let hall = Arc::clone(&self.hall);
        let Some(place) = PLACES.iter().find(|place| **place == claimed.place) else { return };
        for _ in 0..60 {
            let there: Vec<(String, String)> = hall.shelves[place].lock().await.keys().cloned().collect();
            for key in &there {
                self.count_heap(task, place, key, error).await;
            }
            // Whoever looks around, and finds nothing else.
            let shelf = hall.shelves[place].lock().await;
            let unseen = shelf.iter().any(|(key, heap)| heap.pieces > 0 && !there.contains(key));
            if unseen {
                continue;
            }
            let how = || HowToFinish { nothing_else: true, step: None };
            match self.does(|| FinishCount { task, how: how() }).await {
                Some(done) if !done.finished => {}
                _ => return,
            }
        }
        panic!("{place} is never counted");
    }

    async fn count_heap(&mut self, task: CountTaskId, place: &str, key: &(String, String), error: i64) {
        let (item, lot) = (key.0.clone(), Some(key.1.clone()));
        let hall = Arc::clone(&self.hall);
        let piecewise = self.dice(2) == 0;
        let status = Some(StockStatus::Good);
        let (mut started, mut restarts) = (false, 0);
        loop {
            let mut shelf = hall.shelves[place].lock().await;
            let heap = shelf.get_mut(key).unwrap();
            if !piecewise || heap.pieces == 0 || restarts > 2 {
                // Whoever is interrupted again and again counts by eye, and types the number.
                let mistake = if error > 0 && self.dice(8) == 0 { error } else { 0 };
                let pieces = Some(heap.pieces + mistake);
                let scan =
                    || CountScan { item: item.clone(), lot: lot.clone(), pieces, status, ..CountScan::default() };
                match self.does(|| RecordCount { task, scan: scan() }).await {
                    Some(counted) if counted.again.contains(&key.0) => continue,
                    _ => return,
                }
            }
            if !started {
                // From the first piece: what was scanned before counts no more.
                let scan = || CountScan {
                    item: item.clone(),
                    lot: lot.clone(),
                    pieces: Some(0),
                    status,
                    ..CountScan::default()
                };
                match self.does(|| RecordCount { task, scan: scan() }).await {
                    Some(begun) if begun.again.contains(&key.0) => continue,
                    Some(_) => {}
                    None => return,
                }
                heap.uncounted = heap.pieces;
                started = true;
            }
            if heap.uncounted <= 0 {
                return;
            }
            heap.uncounted -= 1;
            let scan = || CountScan { item: item.clone(), lot: lot.clone(), status, ..CountScan::default() };
            match self.does(|| RecordCount { task, scan: scan() }).await {
                Some(counted) => {
                    if counted.again.contains(&key.0) && counted.counted == 0 {
                        started = false;
                        restarts += 1;
                    }
                }
                None => return,
            }
            drop(shelf);
            tokio::task::yield_now().await;
        }
    }

    /// Decides about what was found.
    async fn decide(&mut self, plan_id: CountPlanId) {
        for state in [LineState::Confirmed, LineState::Undecided] {
            let part = LinesPart { plan: Some(plan_id), state: Some(state), after: 0, limit: 100 };
            let waiting = self.db.read(|tx| Box::pin(lines(tx, MAIN, part))).await.unwrap();
            for line in waiting {
                if state == LineState::Confirmed {
                    let approval = || Approval { cause: "unknown".into(), ..Approval::default() };
                    self.does(|| ApproveLine { line: line.id, approval: approval() }).await;
                    continue;
                }
                // The first two never err: where one of them counted, it is known which round is right.
                let detail = self.db.read(|tx| Box::pin(query::line(tx, MAIN, line.id))).await.unwrap();
                let sure = |round: &&query::RoundView| ["COUNTER-1", "COUNTER-2"].contains(&round.person.as_str());
                if let Some(round) = detail.rounds.iter().rev().find(sure).map(|round| round.round) {
                    let approval = || Approval { cause: "lost".into(), round: Some(round), ..Approval::default() };
                    self.does(|| ApproveLine { line: line.id, approval: approval() }).await;
                } else {
                    self.does(|| RecountLine { line: line.id }).await;
                }
            }
        }
    }

    /// Pieces vanish, and nobody books it; then all is counted. No place may be half counted at that moment, so all hands are off.
    async fn steal_and_plan(&mut self) -> CountPlanId {
        let hall = Arc::clone(&self.hall);
        loop {
            let mut shelves = Vec::new();
            for place in PLACES {
                shelves.push(hall.shelves[place].lock().await);
            }
            let open = self.open().await;
            if open.is_empty() {
                for heap in shelves.iter_mut().flat_map(|shelf| shelf.values_mut()) {
                    if self.dice(4) == 0 {
                        self.take(heap, self.pieces(6).min(heap.pieces));
                    }
                }
                let made = self.does(everything).await.unwrap();
                assert_eq!((made.places, made.busy), (6, 0));
                return made.plan_id;
            }
            drop(shelves);
            for plan_id in open {
                self.decide(plan_id).await;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }

    /// Counts that go on.
    async fn open(&self) -> Vec<CountPlanId> {
        let plans = self.db.read(|tx| Box::pin(plans(tx, MAIN, Some(PlanState::Open), (0, 100)))).await.unwrap();
        plans.into_iter().map(|plan| plan.id).collect()
    }

    async fn state(&self, plan_id: CountPlanId) -> PlanState {
        self.db.read(|tx| Box::pin(plan(tx, MAIN, plan_id))).await.unwrap().state
    }
}

/// A hall whose book is wrong in places: pieces are gone, and some lie where they shouldn't.
async fn scene(world: &World, random: &SeededRandom) -> Arc<Hall> {
    let sku = |code: &str| SkuInput { code: code.into(), name_en: code.into(), ..SkuInput::default() };
    world.does(PutSkus { skus: SKUS.iter().map(|code| sku(code)).collect() }).await;
    let location = |(walk, code): (usize, &&str)| LocationInput {
        code: (**code).into(),
        zone: "P".into(),
        walk_order: i64::try_from(walk).unwrap(),
        ..LocationInput::default()
    };
    world.does(PutLocations { locations: PLACES.iter().enumerate().map(location).collect() }).await;
    world.does(AddTotes { prefix: "T".into(), first: 1, last: 400 }).await;
    let mut receipts = Vec::new();
    let mut shelves: BTreeMap<&'static str, Shelf> = PLACES.iter().map(|place| (*place, Shelf::new())).collect();
    for place in PLACES {
        for sku in SKUS {
            for lot in 1..=2 {
                let lot = format!("{sku}-{lot}");
                let book = i64::try_from(random.below(12)).unwrap();
                // One heap of four isn't what the book says, and some lie where the book has none.
                let off = if random.below(4) == 0 { i64::try_from(random.below(9)).unwrap() - 4 } else { 0 };
                if book > 0 {
                    receipts.push(receipt(sku, &lot, place, book));
                }
                let pieces = (book + off).max(0);
                shelves.get_mut(place).unwrap().insert((sku.to_owned(), lot), Heap { pieces, uncounted: 0 });
            }
        }
    }
    // Both lots are known, wherever they lie.
    for sku in SKUS {
        receipts.extend((1..=2).map(|lot| receipt(sku, &format!("{sku}-{lot}"), "P-1", 1)));
        for lot in 1..=2 {
            shelves.get_mut("P-1").unwrap().get_mut(&(sku.to_owned(), format!("{sku}-{lot}"))).unwrap().pieces += 1;
        }
    }
    world.does(ReceiveStock { receipts, opening: true }).await;
    let shelves = shelves.into_iter().map(|(place, shelf)| (place, Mutex::new(shelf))).collect();
    Arc::new(Hall { shelves, counted: AtomicBool::new(false), channel: world.channel().await })
}

fn everything() -> CreateCount {
    CreateCount { scope: Scope::Full { zones: vec![] }, note: String::new(), open: false, freeze: false }
}

async fn storm(backend: Backend, seed: u64) {
    let world = World::open(backend).await;
    let random = SeededRandom::new(seed);
    let hall = scene(&world, &random).await;
    // One is given up half way.
    let first = world.does(everything()).await.plan_id;
    let mut tasks_of = Vec::new();
    for (name, error) in [("COUNTER-1", 0), ("COUNTER-2", 0), ("COUNTER-3", 1_000), ("COUNTER-4", 2_000)] {
        let mut worker = Worker::new(&world, &hall, name, random.next()).await;
        tasks_of.push(tokio::spawn(async move {
            while !worker.hall.counted.load(Ordering::SeqCst) {
                worker.count(error).await;
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            worker.done
        }));
    }
    for (name, work) in [("PICKER-1", 0), ("PICKER-2", 0), ("RECEIVER", 1), ("MOVER", 2), ("LEAD", 3), ("MOVER-2", 2)] {
        let mut worker = Worker::new(&world, &hall, name, random.next()).await;
        tasks_of.push(tokio::spawn(async move {
            while !worker.hall.counted.load(Ordering::SeqCst) {
                match work {
                    0 => worker.pick().await,
                    1 => worker.receive().await,
                    2 => worker.shift().await,
                    _ => worker.lead().await,
                }
                tokio::time::sleep(std::time::Duration::from_millis(1 + worker.dice(6))).await;
            }
            worker.done
        }));
    }
    let mut boss = Worker::new(&world, &hall, "BOSS", random.next()).await;
    for _ in 0..20 {
        boss.decide(first).await;
        tokio::task::yield_now().await;
    }
    boss.does(|| CancelCount { plan: first, reason: "begun too early".into() }).await;
    for _ in 0..3 {
        let plan_id = boss.steal_and_plan().await;
        let mut looked = 0;
        while boss.state(plan_id).await == PlanState::Open {
            boss.decide(plan_id).await;
            looked += 1;
            if looked > 10_000 {
                let left = boss.db.read(|tx| Box::pin(tasks(tx, MAIN, plan_id, (0, 100)))).await.unwrap();
                let left: Vec<_> = left.iter().filter(|task| task.counted_at.is_none() || task.round > 1).collect();
                panic!("seed {seed}: the count never ends: {left:?}");
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }
    // What short picks called for is counted too.
    while !boss.open().await.is_empty() {
        for plan in boss.open().await {
            boss.decide(plan).await;
        }
    }
    hall.counted.store(true, Ordering::SeqCst);
    let mut done = 0;
    for task in tasks_of {
        done += task.await.unwrap();
    }
    assert!(done > 200, "{done}");
    world.check().await;
    compare(&world, &hall, seed).await;
    let posted = world.number("SELECT COUNT(*) FROM count_line WHERE state = 'posted'").await;
    assert!(posted > 5, "{posted}");
    // A line is posted by one movement of its own, and those of the allocations that it took pieces from.
    let sums = "SELECT COUNT(*) FROM count_line l WHERE l.state = 'posted' AND ABS(l.variance) <> (SELECT COALESCE(SUM(m.quantity), 0)
        FROM movement m WHERE m.reason = 'adjustment' AND m.evidence = 'count:' || CAST(l.task_id AS TEXT) || '/' || CAST(l.id AS TEXT))";
    assert_eq!(world.number(sums).await, 0);
    world.check_and_drop().await;
}

/// The book of every cell against what lies there.
async fn compare(world: &World, hall: &Hall, seed: u64) {
    let text = tallyman::db::Sql::both(
        "SELECT p.code, s.code, l.number, c.status, c.on_hand FROM stock_cell c JOIN place p ON p.id = c.place_id AND p.kind = 'location'
         JOIN lot l ON l.id = c.lot_id JOIN sku s ON s.id = c.sku_id WHERE c.on_hand > 0",
    );
    let book: Vec<(String, String, String, String, i64)> =
        world.db.read(|tx| Box::pin(async move { tx.all(text, vec![]).await })).await.unwrap();
    let mut said: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    for (place, sku, lot, status, on_hand) in book {
        assert_eq!(status, "good", "seed {seed}: {place} {sku} {lot} {on_hand}");
        said.insert((place, sku, lot), on_hand);
    }
    let mut really = BTreeMap::new();
    for (place, shelf) in &hall.shelves {
        for ((sku, lot), heap) in shelf.lock().await.iter().filter(|(_, heap)| heap.pieces > 0) {
            really.insert(((*place).to_owned(), sku.clone(), lot.clone()), heap.pieces);
        }
    }
    assert_eq!(said, really, "seed {seed}");
}

/// How many storms there are; more by `TALLYMAN_STORMS`.
fn seeds() -> std::ops::Range<u64> {
    let storms = std::env::var("TALLYMAN_STORMS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    7..7 + storms
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_book_is_right_after_a_storm_on_sqlite() {
    for seed in seeds() {
        storm(Backend::Sqlite, seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_book_is_right_after_a_storm_on_postgres() {
    for seed in seeds() {
        storm(Backend::Postgres, seed).await;
    }
}
