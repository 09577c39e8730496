//! Six people at once with batches, a wall and parcels, while orders are held, cancelled and let go on: whatever they do, and
//! in whatever order, the books agree after it, no piece lies in a slot of another order, and one person can finish all of it.

use std::sync::Arc;

use tallyman::db::{Context, Db, DbError, Operation, Sql};
use tallyman::kernel::actor::Actor;
use tallyman::kernel::ids::{BatchId, CellId, OrderId, PersonId, PlaceId, WarehouseId};
use tallyman::kernel::random::{Random, SeededRandom};
use tallyman::location::ops::{AddTotes, Place};
use tallyman::order::model::OrderState;
use tallyman::order::ops::{CancelOrder, HoldOrder, ReleaseOrder};
use tallyman::packing::single::StartPackingByItem;
use tallyman::packing::start::{StartIncomplete, StartPacking};
use tallyman::packing::verify::{PieceBack, PieceScan, UndoPiece, VerifyPiece};
use tallyman::picking::batch::claim::{ClaimBatch, ReleaseBatch, TakeBatchTote};
use tallyman::picking::batch::confirm::ConfirmBatchPick;
use tallyman::picking::batch::short::{ReportBatchShort, SkipBatchLine};
use tallyman::picking::batch::undo::UndoBatchPick;
use tallyman::picking::batch::{BatchLine, view};
use tallyman::picking::confirm::PickProof;
use tallyman::picking::goods::{GoodsRow, goods};
use tallyman::picking::model::{LEASE_MS, ShortReason};
use tallyman::picking::putback::PutBack;
use tallyman::refusal::Refusal;
use tallyman::stock::model::PlaceKind;
use tallyman::wall::sort::{ConfirmSort, Piece, SortItem};
use tallyman::wall::spare::{ConfirmSpare, SparePiece};
use tallyman::wall::undo::{SortedBack, UndoSort};

use crate::both;
use crate::support::bench::{person, released_of_lots};
use crate::support::wall::wall;
use crate::support::{World, at_once, shared};

const PEOPLE: u64 = 6;
const ORDERS: i64 = 8;
const ITEMS: [&str; 3] = ["TEE-M", "MUG-1", "MUG-2"];
const LOTS: [Option<&str>; 5] = [None, Some("LA-05"), Some("LA-04"), Some("LA-03"), Some("M1")];

/// Somebody with things to do, and dice.
struct Worker {
    db: Arc<Db>,
    context: Context,
    random: SeededRandom,
    steps: usize,
    parcels: Vec<PlaceId>,
    line: Option<(BatchId, BatchLine)>,
    done: usize,
    /// The last refusal.
    refused: String,
}

impl Worker {
    fn dice(&self, sides: usize) -> usize {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes).unwrap();
        usize::try_from(u64::from_le_bytes(bytes) % u64::try_from(sides).unwrap()).unwrap()
    }

    fn item(&self) -> String {
        ITEMS[self.dice(ITEMS.len())].to_owned()
    }

    fn lot(&self) -> Option<String> {
        LOTS[self.dice(LOTS.len())].map(str::to_owned)
    }

    fn tote(&self) -> String {
        format!("T{:06}", self.dice(6) + 1)
    }

    fn slot(&self) -> String {
        format!("W1-A{}", self.dice(4) + 1)
    }

    fn order(&self) -> OrderId {
        OrderId(i64::try_from(self.dice(8)).unwrap() + 1)
    }

    /// Does an operation; it may be refused, but nothing may break.
    async fn does<O: Operation>(&mut self, operation: O) -> Option<O::Answer>
    where
        O::Error: Refusal,
    {
        self.steps += 1;
        let key = format!("{}-{}", self.context.actor.number, self.steps);
        let context = Context { key: tallyman::db::OperationKey::parse(&key).unwrap(), ..self.context.clone() };
        match self.db.operate(context, operation).await {
            Ok(answer) => {
                self.done += 1;
                Some(answer)
            }
            Err(refusal) => {
                let broken = refusal.database().filter(|error| !matches!(error, tallyman::db::DbError::Contended));
                assert!(broken.is_none(), "{}: {refusal}", O::KIND);
                self.refused = format!("{}: {refusal}", O::KIND);
                None
            }
        }
    }

    async fn pick(&mut self) {
        let (person, now) = (self.context.actor.person, self.context.at);
        let seen = self.db.read(|tx| Box::pin(view(tx, WarehouseId(1), person, now))).await.ok();
        let Some(batch) = seen else {
            let orders_at_most = i64::try_from(self.dice(3)).unwrap() + 1;
            self.does(ClaimBatch { wave: None, orders_at_most }).await;
            return;
        };
        let id = batch.batch_id;
        let Some(tote) = batch.tote.filter(|_| self.dice(12) > 0) else {
            let tote = self.tote();
            self.does(TakeBatchTote { batch: id, tote }).await;
            return;
        };
        let Some(line) = batch.lines.first().cloned() else { return };
        self.line = Some((id, line.clone()));
        let cell = line.cell_id;
        match self.dice(12) {
            0 => drop(self.does(SkipBatchLine { batch: id, cell }).await),
            1 => {
                let short = ReportBatchShort { batch: id, cell, missing: 1, reason: ShortReason::Damaged };
                self.does(short).await;
            }
            2 => {
                self.does(ReleaseBatch { batch: id }).await;
            }
            _ => {
                let quantity = i64::try_from(self.dice(3)).unwrap() + 1;
                let (location, item) = (line.place, line.sku);
                let proof = PickProof { location, item, quantity, tote, ..PickProof::default() };
                self.does(ConfirmBatchPick { batch: id, cell, proof }).await;
            }
        }
    }

    async fn undo_pick(&mut self) {
        let Some((batch, cell)) = self.line.as_ref().map(|(batch, line)| (*batch, line.cell_id)) else { return };
        let cell = if self.dice(5) == 0 { CellId(1) } else { cell };
        self.does(UndoBatchPick { batch, cell, quantity: 1 }).await;
    }

    async fn sort(&mut self) {
        let piece = Piece { tote: self.tote(), item: self.item(), lot: self.lot() };
        let wall = || "W1".to_owned();
        let Some(asked) = self.does(SortItem { wall: wall(), piece: piece.clone() }).await else { return };
        let Some(slot) = asked.slot else {
            let Piece { tote, item, lot } = piece;
            let spare = SparePiece { tote, item, lot, location: "A-01".into(), quantity: None };
            self.does(ConfirmSpare { wall: wall(), spare }).await;
            return;
        };
        let slot = if self.dice(8) == 0 { self.slot() } else { slot.slot };
        self.does(ConfirmSort { wall: wall(), piece, slot, quantity: None }).await;
    }

    async fn undo_sort(&mut self) {
        let tote = (self.dice(3) == 0).then(|| self.tote());
        let back = SortedBack { slot: self.slot(), item: self.item(), lot: self.lot(), quantity: None, tote };
        self.does(UndoSort { wall: "W1".into(), back }).await;
    }

    async fn begin(&mut self) {
        let started = match self.dice(4) {
            0 => self.does(StartPacking { tote: self.tote(), station: None, take_over: true }).await,
            1 => {
                let (tote, item, lot) = (self.tote(), self.item(), self.lot());
                self.does(StartPackingByItem { tote, item, lot, station: None }).await
            }
            2 => {
                let (slot, reason) = (self.slot(), "lost".to_owned());
                self.does(StartIncomplete { slot, reason, station: None, take_over: true }).await
            }
            _ => self.does(StartPacking { tote: self.slot(), station: None, take_over: true }).await,
        };
        self.parcels.extend(started.map(|started| started.parcel_id));
    }

    async fn pack(&mut self) {
        let Some(parcel) = self.parcels.last().copied() else { return self.begin().await };
        if self.dice(5) == 0 {
            let tote = (self.dice(2) == 0).then(|| self.slot());
            let back = PieceBack { item: self.item(), tote, ..PieceBack::default() };
            self.does(UndoPiece { parcel, back }).await;
            return;
        }
        let scan = PieceScan { item: self.item(), ..PieceScan::default() };
        self.does(VerifyPiece { parcel, scan }).await;
    }

    async fn decide(&mut self) {
        let order = self.order();
        match self.dice(9) {
            0 => drop(self.does(CancelOrder { order, reason: "changed mind".into() }).await),
            1..=2 => drop(self.does(HoldOrder { order, reason: "address".into() }).await),
            _ => drop(self.does(ReleaseOrder { order }).await),
        }
    }

    async fn put_back(&mut self) {
        let tote = if self.dice(2) == 0 { self.tote() } else { self.slot() };
        let (item, lot) = (self.item(), self.lot());
        self.does(PutBack { tote, location: "A-02".into(), item, quantity: 1, lot }).await;
    }

    async fn step(&mut self) {
        match self.dice(20) {
            0..=6 => self.pick().await,
            7 => self.undo_pick().await,
            8..=12 => self.sort().await,
            13 => self.undo_sort().await,
            14 => self.begin().await,
            15..=17 => self.pack().await,
            18 => self.decide().await,
            _ => self.put_back().await,
        }
    }
}

/// A place that holds goods, with what lies in it.
async fn holding(world: &World, kind: PlaceKind) -> Vec<(Place, Vec<GoodsRow>)> {
    const FILLED: &str = "SELECT p.id, p.kind, p.code FROM place p WHERE p.kind IN ('tote', 'slot')
        AND EXISTS (SELECT 1 FROM stock_cell c WHERE c.place_id = p.id AND c.on_hand > 0) ORDER BY p.id";
    let read = world.db.read(|tx| {
        Box::pin(async move {
            let mut out = Vec::new();
            for place in tx.all::<Place>(Sql::both(FILLED), vec![]).await? {
                if place.kind == kind {
                    let rows = goods(tx, WarehouseId(1), &place).await?;
                    assert!(!rows.is_empty(), "nobody's goods lie in {}", place.code);
                    out.push((place, rows));
                }
            }
            Ok::<_, DbError>(out)
        })
    });
    read.await.unwrap()
}

impl Worker {
    /// Picks all that can be claimed, into a tote that nobody has used.
    async fn pick_rest(&mut self, round: i64) {
        let Some(batch) = self.does(ClaimBatch { wave: None, orders_at_most: 100 }).await else { return };
        let (id, tote) = (batch.batch_id, format!("T{:06}", 100 + round));
        self.must(TakeBatchTote { batch: id, tote: tote.clone() }).await;
        for line in batch.lines {
            let (location, item, quantity) = (line.place, line.sku, line.quantity);
            let proof = PickProof { location, item, quantity, tote: tote.clone(), ..PickProof::default() };
            self.must(ConfirmBatchPick { batch: id, cell: line.cell_id, proof }).await;
        }
    }

    /// Sorts all that has or gets a slot; what no order wants goes to the spare place.
    async fn sort_rest(&mut self, world: &World) {
        for (place, rows) in holding(world, PlaceKind::Tote).await {
            for row in rows {
                let (tote, item, lot) = (place.code.clone(), row.sku_code, Some(row.lot_number));
                let piece = Piece { tote: tote.clone(), item: item.clone(), lot: lot.clone() };
                let Some(asked) = self.does(SortItem { wall: "W1".into(), piece: piece.clone() }).await else {
                    continue;
                };
                if let Some(slot) = asked.slot {
                    let (wall, slot) = ("W1".into(), slot.slot);
                    self.must(ConfirmSort { wall, piece, slot, quantity: None }).await;
                } else {
                    let spare = SparePiece { tote, item, lot, location: "A-01".into(), quantity: None };
                    self.must(ConfirmSpare { wall: "W1".into(), spare }).await;
                }
            }
        }
    }

    /// Packs the slots that are complete, and puts back what was cancelled.
    async fn empty_slots(&mut self, world: &World) {
        for (slot, rows) in holding(world, PlaceKind::Slot).await {
            let code = slot.code;
            if matches!(rows[0].order_state, OrderState::Cancelled | OrderState::Intercepting) {
                for row in rows {
                    let (tote, item, quantity, lot) = (code.clone(), row.sku_code, row.quantity, Some(row.lot_number));
                    self.must(PutBack { tote, location: "A-02".into(), item, quantity, lot }).await;
                }
                continue;
            }
            let start = StartPacking { tote: code.clone(), station: None, take_over: true };
            let Some(started) = self.does(start).await else { continue };
            for row in rows {
                let (tote, lot, quantity) = (Some(code.clone()), Some(row.lot_number), Some(row.quantity));
                let scan = PieceScan { item: row.sku_code, quantity, lot, tote, forced_reason: None };
                self.must(VerifyPiece { parcel: started.parcel_id, scan }).await;
            }
        }
    }

    /// Does an operation that must work.
    async fn must<O: Operation>(&mut self, operation: O) -> O::Answer
    where
        O::Error: Refusal,
    {
        let answer = self.does(operation).await;
        answer.unwrap_or_else(|| panic!("{}", self.refused))
    }

    /// Whatever happened before, one person can bring all of it to an end.
    async fn finish(&mut self, world: &World) {
        for order in 1..=ORDERS {
            self.does(ReleaseOrder { order: OrderId(order) }).await;
        }
        world.clock.advance_ms(LEASE_MS + 1);
        self.context.at = tallyman::kernel::Clock::now(world.clock.as_ref());
        for round in 0..12 {
            self.pick_rest(round).await;
            for _ in 0..3 {
                self.sort_rest(world).await;
            }
            self.empty_slots(world).await;
        }
        assert!(holding(world, PlaceKind::Tote).await.is_empty() && holding(world, PlaceKind::Slot).await.is_empty());
    }
}

/// `TALLYMAN_STORM_STEPS` and `TALLYMAN_STORM_SEED` make it look further.
fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

async fn storm(world: &World) {
    let (steps, seed) = (setting("TALLYMAN_STORM_STEPS", 90), setting("TALLYMAN_STORM_SEED", 41));
    released_of_lots(world, ORDERS, &[("M1", 20)]).await;
    world.does(AddTotes { prefix: "T".into(), first: 100, last: 120 }).await;
    wall(world, 4).await;
    let db = shared(world.db.clone());
    let mut workers = Vec::new();
    for n in 0..PEOPLE {
        let number = format!("S{n}");
        let person: PersonId = person(world, &number).await;
        let actor = Actor { person, number, ..Actor::system() };
        let context = Context { actor, ..world.context() };
        let (db, random) = (db.clone(), SeededRandom::new(seed * 100 + n));
        workers.push(Worker {
            db,
            context,
            random,
            steps: 0,
            parcels: Vec::new(),
            line: None,
            done: 0,
            refused: String::new(),
        });
    }
    let done = at_once(workers.into_iter().map(|mut worker| async move {
        for _ in 0..steps {
            worker.step().await;
        }
        worker
    }))
    .await;
    assert!(done.iter().map(|worker| worker.done).sum::<usize>() > 60);
    world.check().await;
    strange(world).await;
    let mut workers = done;
    workers.pop().unwrap().finish(world).await;
    world.check().await;
    strange(world).await;
    for kind in ["pick.confirmed", "piece.sorted", "piece.verified"] {
        let count = format!("SELECT COUNT(*) FROM event WHERE kind = '{kind}'");
        assert!(world.number(count.leak()).await > 0, "no {kind}");
    }
}

/// What must never be, beside what the books say.
async fn strange(world: &World) {
    // What lies in a slot is its order's, by the movements that brought it there.
    const STRANGE: &str = "SELECT COUNT(*) FROM (SELECT a.order_id, e.place_id, SUM(e.quantity) AS pieces FROM (
            SELECT allocation_id, to_place_id AS place_id, quantity FROM movement UNION ALL SELECT allocation_id, from_place_id, -quantity FROM movement) e
        JOIN allocation a ON a.id = e.allocation_id GROUP BY a.order_id, e.place_id HAVING SUM(e.quantity) <> 0) g
        JOIN wall_slot s ON s.place_id = g.place_id WHERE s.order_id IS NULL OR s.order_id <> g.order_id OR g.pieces < 0";
    assert_eq!(world.number(STRANGE).await, 0);
    const LEASELESS: &str =
        "SELECT COUNT(*) FROM pick_task t WHERE t.state = 'claimed' AND t.lease_until IS NULL AND NOT EXISTS
        (SELECT 1 FROM pick_batch b WHERE b.id = t.batch_id AND b.state = 'walking' AND b.person_id = t.person_id)";
    assert_eq!(world.number(LEASELESS).await, 0);
}

both!(whatever_six_people_do_at_once_the_books_agree, |world| {
    storm(world).await;
});
