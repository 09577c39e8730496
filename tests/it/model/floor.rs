//! Does each command in the warehouse and in the book, and compares the two.

use std::collections::BTreeMap;

use tallyman::catalog::ops::{PutSkus, SkuInput};
use tallyman::db::Operation;
use tallyman::kernel::ids::{AllocationId, ChannelId, ManifestId, OrderId, PickTaskId, PlaceId, PrinterId, WaveId};
use tallyman::location::ops::{AddTotes, LocationInput, PutLocations};
use tallyman::order::inbound::{InboundLine, InboundOrder};
use tallyman::order::model::{OrderState, ShortPolicy, Verdict};
use tallyman::order::ops::{CancelOrder, HoldOrder, PlaceOrder, ReleaseOrder, RetryShort};
use tallyman::packing::start::StartPacking;
use tallyman::packing::verify::{PieceScan, VerifyPiece};
use tallyman::picking::confirm::{ConfirmPick, PickProof};
use tallyman::picking::model::ShortReason;
use tallyman::picking::putback::PutBack;
use tallyman::picking::short::{ReportShort, Substitute};
use tallyman::picking::task::{ClaimTask, TakeTote, TaskClaimed};
use tallyman::picking::undo::UndoPick;
use tallyman::shipping::handover::HandOver;
use tallyman::shipping::manifest::{CancelManifest, OpenManifest};
use tallyman::shipping::scan::ScanOut;
use tallyman::station::queue::Worked;
use tallyman::stock::ops::{AdjustStock, MoveStock, Receipt, ReceiveStock};
use tallyman::wave::ops::{Choice, CreateWave, ReleaseWave, TakeOut};

use super::Command;
use super::book::{Book, Line, Order, PLACES, Parcel, SKUS};
use crate::printing::{Script, printer, work};
use crate::support::World;
use crate::support::dock::{carriers, numbers, seal, tick, weight};

/// A task in the picker's hands: its id, its order, its tote.
struct InHand {
    task: PickTaskId,
    order: usize,
    tote: String,
}

pub struct Floor<'w> {
    pub world: &'w World,
    pub book: Book,
    channel: ChannelId,
    printer: PrinterId,
    manifest: ManifestId,
    in_hand: Option<InHand>,
    repeat: bool,
}

fn nth<T>(list: &[T], index: usize) -> Option<&T> {
    if list.is_empty() { None } else { list.get(index % list.len()) }
}

impl<'w> Floor<'w> {
    pub async fn open(world: &'w World) -> Self {
        let location = |code: &str, walk_order| LocationInput {
            code: code.into(),
            zone: "A".into(),
            walk_order,
            ..LocationInput::default()
        };
        let locations = PLACES.iter().zip(1..).map(|(code, walk_order)| location(code, walk_order)).collect();
        world.does(PutLocations { locations }).await;
        let sku = |code: &str| SkuInput { code: code.into(), name_en: code.into(), ..SkuInput::default() };
        world.does(PutSkus { skus: SKUS.map(sku).to_vec() }).await;
        world.does(AddTotes { prefix: "T".into(), first: 1, last: 200 }).await;
        let channel = world.channel().await;
        carriers(world).await;
        numbers(world, 200).await;
        let printer = world.does(printer("Z1")).await.printer_id;
        let manifest = world.does(OpenManifest { carrier: "SF".into() }).await.manifest_id;
        let mut floor = Self { world, book: Book::default(), channel, printer, manifest, in_hand: None, repeat: false };
        for (sku, place) in [(0, 2), (1, 0), (0, 1), (1, 1)] {
            floor.receive(sku, place, 8).await;
        }
        floor
    }

    /// Does an operation, now and then twice under one key: then both answers are the same.
    async fn does<O: Operation>(&self, make: impl Fn() -> O) -> Result<O::Answer, O::Error> {
        let context = self.world.context();
        let answer = self.world.db.operate(context.clone(), make()).await?;
        if self.repeat {
            let again = self.world.db.operate(context, make()).await?;
            let text = |answer: &O::Answer| serde_json::to_string(answer).unwrap();
            assert_eq!(text(&answer), text(&again));
        }
        Ok(answer)
    }

    pub async fn play(&mut self, command: &Command, repeat: bool) {
        self.repeat = repeat;
        self.world.clock.advance_ms(1_000);
        match *command {
            Command::Receive { sku, place, quantity } => self.receive(sku, place, quantity).await,
            Command::Move { cell, place } => self.move_stock(cell, PLACES[place]).await,
            Command::Adjust { cell, difference } => self.adjust(cell, difference).await,
            Command::Order { tees, mugs, policy } => {
                let policy = [ShortPolicy::Part, ShortPolicy::Wait, ShortPolicy::Cancel][(policy + 1) / 4];
                self.order(tees, mugs, policy).await;
            }
            Command::Cancel { order } => self.cancel(order).await,
            Command::Hold { order } => self.hold(order).await,
            Command::Unhold { order } => self.unhold(order).await,
            Command::RetryShort => self.retry_short().await,
            Command::Wave => self.wave().await,
            Command::Release { wave } => self.release(wave).await,
            Command::TakeOut { order } => self.take_out(order).await,
            Command::Claim => self.claim().await,
            Command::Confirm { line, quantity } => self.confirm(line, quantity).await,
            Command::Short { line, missing } => self.short(line, missing).await,
            Command::Substitute { line, place } => self.substitute(line, PLACES[place]).await,
            Command::Undo { allocation, quantity } => self.undo(allocation, quantity).await,
            Command::Pack { order, sku, quantity } => self.pack(order, sku, quantity).await,
            Command::Seal { parcel } => self.seal(parcel).await,
            Command::Weigh { parcel } => self.weigh(parcel).await,
            Command::Labels => self.labels().await,
            Command::ScanOut { parcel } => self.scan_out(parcel).await,
            Command::HandOver => self.hand_over().await,
            Command::PutBack { allocation, place } => self.put_back(allocation, PLACES[place]).await,
        }
    }

    async fn receive(&mut self, sku: usize, place: usize, quantity: i64) {
        let lot = self.book.lots.len();
        let receipt = || Receipt {
            sku: SKUS[sku].into(),
            location: PLACES[place].into(),
            quantity,
            lot: format!("L{lot}"),
            supplier_lot: String::new(),
            received_at: None,
            expires_at: None,
            status: None,
        };
        self.does(|| ReceiveStock { receipts: vec![receipt()], opening: false }).await.unwrap();
        self.book.lots.push(sku);
        self.book.give(PLACES[place], lot, "good", quantity, 0);
    }

    /// A good cell on a shelf: place and lot.
    fn cell(&self, index: usize) -> Option<(String, usize)> {
        let keys: Vec<(String, usize)> = self
            .book
            .cells
            .iter()
            .filter(|((place, _, status), (on_hand, _))| place.starts_with("A-") && *status == "good" && *on_hand > 0)
            .map(|((place, lot, _), _)| (place.clone(), *lot))
            .collect();
        nth(&keys, index).cloned()
    }

    async fn move_stock(&mut self, cell: usize, to: &str) {
        let Some((from, lot)) = self.cell(cell) else { return };
        let quantity = self.book.free_in(&from, lot);
        let moved = self
            .does(|| MoveStock {
                sku: SKUS[self.book.lots[lot]].into(),
                lot: format!("L{lot}"),
                from: from.clone(),
                to: to.into(),
                quantity,
                status: None,
            })
            .await;
        assert_eq!(moved.is_ok(), quantity > 0 && from != to);
        if moved.is_ok() {
            self.book.give(&from, lot, "good", -quantity, 0);
            self.book.give(to, lot, "good", quantity, 0);
        }
    }

    async fn adjust(&mut self, cell: usize, difference: i64) {
        let Some((place, lot)) = self.cell(cell) else { return };
        let adjusted = self
            .does(|| AdjustStock {
                sku: SKUS[self.book.lots[lot]].into(),
                lot: format!("L{lot}"),
                location: place.clone(),
                difference,
                status: None,
                reason: "counted".into(),
            })
            .await;
        assert_eq!(adjusted.is_ok(), difference != 0 && self.book.free_in(&place, lot) + difference.min(0) >= 0);
        if adjusted.is_ok() {
            self.book.give(&place, lot, "good", difference, 0);
        }
    }

    async fn order(&mut self, tees: i64, mugs: i64, policy: ShortPolicy) {
        let id = self.book.orders.len();
        let wanted: Vec<(usize, i64)> =
            [(0, tees), (1, mugs)].into_iter().filter(|(_, quantity)| *quantity > 0).collect();
        if wanted.is_empty() {
            return;
        }
        let inbound = || -> InboundOrder {
            let mut order = crate::orders::order(&id.to_string(), 1);
            order.short_policy = Some(policy);
            order.lines = wanted
                .iter()
                .map(|(sku, quantity)| InboundLine {
                    external_id: SKUS[*sku].into(),
                    sku: SKUS[*sku].into(),
                    quantity: *quantity,
                    unit_price_minor: 0,
                })
                .collect();
            order
        };
        let placed = self.does(|| PlaceOrder { channel: self.channel, order: inbound() }).await.unwrap();
        assert_eq!(placed.order_id, OrderId(i64::try_from(id).unwrap() + 1));
        let line = |(sku, quantity)| Line { sku, quantity, promised: 0, allocated: 0, shipped: 0, cancelled: 0 };
        let lines = wanted.into_iter().map(line).collect();
        let (state, held_from, wave, task) = (OrderState::Accepted, None, None, false);
        self.book.orders.push(Order { state, held_from, policy, lines, wave, task });
        self.book.promise(id);
    }

    fn order_at(&self, index: usize) -> Option<(usize, OrderId)> {
        let id = index.checked_rem(self.book.orders.len())?;
        Some((id, OrderId(i64::try_from(id).unwrap() + 1)))
    }

    async fn cancel(&mut self, index: usize) {
        let Some((id, order)) = self.order_at(index) else { return };
        let decided = self.does(|| CancelOrder { order, reason: "changed mind".into() }).await.unwrap();
        let before = self.book.orders[id].state;
        self.book.cancel(id);
        let changed = before != self.book.orders[id].state;
        assert_eq!(changed, !matches!(decided.ruling.verdict, Verdict::Refused | Verdict::NoChange), "{decided:?}");
    }

    async fn hold(&mut self, index: usize) {
        let Some((id, order)) = self.order_at(index) else { return };
        self.does(|| HoldOrder { order, reason: "address".into() }).await.unwrap();
        self.book.hold(id);
    }

    async fn unhold(&mut self, index: usize) {
        let Some((id, order)) = self.order_at(index) else { return };
        self.does(|| ReleaseOrder { order }).await.unwrap();
        self.book.unhold(id);
    }

    async fn retry_short(&mut self) {
        self.does(|| RetryShort { after: OrderId(0), limit: 1000 }).await.unwrap();
        for id in 0..self.book.orders.len() {
            if self.book.orders[id].state == OrderState::Short {
                self.book.promise(id);
            }
        }
    }

    async fn wave(&mut self) {
        let made = self.does(|| CreateWave { choice: Choice::default(), note: String::new() }).await;
        let joined = self.book.wave();
        assert_eq!(made.is_ok(), joined > 0);
        assert!(made.is_err() || i64::try_from(joined).ok() == made.ok().map(|made| made.orders));
    }

    async fn release(&mut self, index: usize) {
        let waves = self.world.number("SELECT COUNT(*) FROM wave").await;
        // Mostly one that is still to be released.
        let waiting: Vec<usize> = (0..self.book.waves.len()).filter(|wave| self.book.waves[*wave]).collect();
        let some = if index < 8 { index.checked_rem(self.book.waves.len()) } else { nth(&waiting, index).copied() };
        let Some(wave) = some else { return self.wave().await };
        assert_eq!(waves, i64::try_from(self.book.waves.len()).unwrap());
        let ids = "SELECT id FROM wave ORDER BY id LIMIT 1 OFFSET ";
        let id = WaveId(self.world.number(format!("{ids}{wave}").leak()).await);
        let released = self.does(|| ReleaseWave { wave: id }).await;
        assert_eq!(released.is_ok(), self.book.waves[wave]);
        if released.is_ok() {
            self.book.release(wave);
        }
    }

    async fn take_out(&mut self, index: usize) {
        let Some((id, order)) = self.order_at(index) else { return };
        let Some(wave) = self.book.orders[id].wave else { return };
        let ids = "SELECT id FROM wave ORDER BY id LIMIT 1 OFFSET ";
        let wave = WaveId(self.world.number(format!("{ids}{wave}").leak()).await);
        self.does(|| TakeOut { wave, order, reason: "the customer called".into() }).await.unwrap();
        self.book.take_out(id);
    }

    async fn claim(&mut self) {
        let claimed = self.does(|| ClaimTask { wave: None }).await;
        let floor = |order: &Order| order.task && matches!(order.state, OrderState::Released | OrderState::Picking);
        assert_eq!(claimed.is_ok(), self.book.orders.iter().any(floor), "{:?}", claimed.err());
        let Ok(TaskClaimed { task_id: task, order, tote, lines, .. }) = claimed else { return };
        let order = order.trim_start_matches('O').parse::<usize>().unwrap() - 1;
        assert!(floor(&self.book.orders[order]));
        self.book.orders[order].state = OrderState::Picking;
        let tote = tote.unwrap_or_else(|| format!("T{task:06}", task = task.0));
        self.does(|| TakeTote { task, tote: tote.clone() }).await.unwrap();
        let mut shown: Vec<_> =
            lines.iter().map(|line| (line.place.clone(), line.lot.clone(), line.quantity)).collect();
        let open = self.book.allocs.iter().filter(|alloc| alloc.order == order && alloc.open() > 0);
        let mut expected: Vec<_> =
            open.map(|alloc| (alloc.place.clone(), format!("L{}", alloc.lot), alloc.open())).collect();
        shown.sort();
        expected.sort();
        assert_eq!(shown, expected);
        self.in_hand = Some(InHand { task, order, tote });
    }

    /// An open line of the task in hand: its place in the book, its id, and whether it may be worked on.
    async fn line(&self, index: usize) -> Option<(usize, AllocationId, bool)> {
        let hand = self.in_hand.as_ref()?;
        let open: Vec<usize> = (0..self.book.allocs.len())
            .filter(|at| self.book.allocs[*at].order == hand.order && self.book.allocs[*at].open() > 0)
            .collect();
        let at = *nth(&open, index)?;
        let order = &self.book.orders[hand.order];
        let goes = order.task && matches!(order.state, OrderState::Released | OrderState::Picking);
        Some((at, self.id_of(at).await, goes))
    }

    /// The book's allocations are in the order of the warehouse's.
    async fn id_of(&self, at: usize) -> AllocationId {
        let ids = "SELECT id FROM allocation ORDER BY id LIMIT 1 OFFSET ";
        AllocationId(self.world.number(format!("{ids}{at}").leak()).await)
    }

    async fn confirm(&mut self, index: usize, quantity: i64) {
        // With nothing in hand one asks for the next task.
        let Some((at, allocation, goes)) = self.line(index).await else { return self.claim().await };
        let hand = self.in_hand.as_ref().unwrap();
        let alloc = &self.book.allocs[at];
        let (tote, task) = (hand.tote.clone(), hand.task);
        let quantity = if quantity == 0 { alloc.open() } else { quantity };
        let proof = || PickProof {
            location: alloc.place.clone(),
            item: SKUS[self.book.lots[alloc.lot]].into(),
            lot: Some(format!("L{}", alloc.lot)),
            quantity,
            tote: tote.clone(),
            forced_reason: None,
        };
        let picked = self.does(|| ConfirmPick { task, allocation, proof: proof() }).await;
        assert_eq!(picked.is_ok(), goes && quantity <= alloc.open(), "{:?}", picked.err());
        if picked.is_ok() {
            self.book.pick(at, quantity, &tote);
        }
    }

    async fn short(&mut self, index: usize, missing: i64) {
        let Some((at, allocation, goes)) = self.line(index).await else { return };
        let task = self.in_hand.as_ref().unwrap().task;
        let reason = ShortReason::Missing;
        let reported = self.does(|| ReportShort { task, allocation, missing, reason }).await;
        assert_eq!(reported.is_ok(), goes && missing <= self.book.allocs[at].open(), "{:?}", reported.err());
        if reported.is_ok() {
            self.book.short(at, missing);
        }
    }

    async fn substitute(&mut self, index: usize, place: &str) {
        let Some((at, allocation, goes)) = self.line(index).await else { return };
        let task = self.in_hand.as_ref().unwrap().task;
        let alloc = self.book.allocs[at].clone();
        let here = self.book.candidates(self.book.lots[alloc.lot]).into_iter().find(|(there, ..)| there == place);
        let other = here.filter(|(_, lot, free)| {
            goes && (alloc.place.as_str(), alloc.lot) != (place, *lot) && *free >= alloc.open()
        });
        let substituted = self
            .does(|| Substitute {
                task,
                allocation,
                location: place.into(),
                lot: None,
                reason: "the aisle is blocked".into(),
            })
            .await;
        assert_eq!(substituted.is_ok(), other.is_some(), "{:?}", substituted.err());
        if let Some((_, lot, _)) = other {
            self.book.substitute(at, place, lot);
        }
    }

    async fn undo(&mut self, index: usize, quantity: i64) {
        let Some(hand) = &self.in_hand else { return };
        let (task, order) = (hand.task, hand.order);
        let in_totes: Vec<usize> = (0..self.book.allocs.len())
            .filter(|at| self.book.allocs[*at].order == order && self.book.allocs[*at].totes.contains_key(&hand.tote))
            .collect();
        let Some(&at) = nth(&in_totes, index) else { return };
        let alloc = &self.book.allocs[at];
        let goes = matches!(self.book.orders[order].state, OrderState::Picking | OrderState::Picked)
            && (self.book.orders[order].task || self.book.orders[order].state == OrderState::Picked)
            && !self.taken_out(task).await;
        let allocation = self.id_of(at).await;
        let undone = self.does(|| UndoPick { task, allocation, quantity }).await;
        assert_eq!(undone.is_ok(), goes && quantity <= alloc.picked - alloc.packed, "{:?}", undone.err());
        if undone.is_ok() {
            self.book.unpick(at, quantity);
        }
    }

    async fn taken_out(&self, task: PickTaskId) -> bool {
        let sql = format!("SELECT COUNT(*) FROM pick_task WHERE id = {task} AND state = 'cancelled'");
        self.world.number(sql.leak()).await > 0
    }

    async fn pack(&mut self, index: usize, sku: usize, quantity: i64) {
        let waiting: Vec<usize> = (0..self.book.orders.len()).filter(|id| !self.book.pieces(*id).is_empty()).collect();
        let Some(&order) = nth(&waiting, index) else { return };
        let tote = self.book.pieces(order)[0].1.clone();
        let start = || StartPacking { tote: tote.clone(), station: None, take_over: false };
        let started = self.does(start).await;
        assert_eq!(started.is_ok(), self.book.orders[order].state == OrderState::Picked, "{:?}", started.err());
        let Ok(started) = started else { return };
        let parcel = self.begun(order, started.parcel_id, started.parcel);
        let first = self.book.lots[self.book.allocs[self.book.pieces(order)[0].0].lot];
        let sku = if sku < 2 { sku } else { first };
        let of_sku =
            self.book.pieces(order).into_iter().filter(|(at, ..)| self.book.lots[self.book.allocs[*at].lot] == sku);
        let left: i64 = of_sku.map(|(_, _, quantity)| quantity).sum();
        let quantity = if quantity == 0 { left.max(1) } else { quantity };
        let scan = || PieceScan { item: SKUS[sku].into(), quantity: Some(quantity), ..PieceScan::default() };
        let packed = self.does(|| VerifyPiece { parcel: started.parcel_id, scan: scan() }).await;
        assert_eq!(packed.is_ok(), quantity <= left, "{:?}", packed.err());
        if packed.is_ok() {
            self.book.pack(parcel, sku, quantity);
        }
    }

    fn begun(&mut self, order: usize, id: PlaceId, number: String) -> usize {
        if let Some(at) = self.book.parcels.iter().position(|parcel| parcel.id == id.0) {
            return at;
        }
        let (lines, waybill) = (BTreeMap::new(), String::new());
        self.book.parcels.push(Parcel { id: id.0, number, order, state: "open", lines, waybill, on_manifest: false });
        self.book.parcels.len() - 1
    }

    fn parcel(&self, index: usize, states: &[&str]) -> Option<(usize, PlaceId)> {
        let fitting: Vec<usize> =
            (0..self.book.parcels.len()).filter(|at| states.contains(&self.book.parcels[*at].state)).collect();
        nth(&fitting, index).map(|at| (*at, PlaceId(self.book.parcels[*at].id)))
    }

    async fn seal(&mut self, index: usize) {
        let states = if index < 16 { &["verifying", "sealed"][..] } else { &["verifying"] };
        let Some((at, parcel)) = self.parcel(index, states) else { return };
        let order = self.book.parcels[at].order;
        let fills = self.book.parcels[at].state == "verifying" && self.book.orders[order].state == OrderState::Picked;
        let ticked = self.does(|| tick(parcel, "packing_slip")).await;
        assert_eq!(ticked.is_ok(), fills);
        let sealed = self.does(|| seal(parcel)).await;
        assert_eq!(sealed.is_ok(), fills && self.book.pieces(order).is_empty(), "{:?}", sealed.err());
        if sealed.is_ok() {
            self.book.seal(at);
        }
    }

    async fn weigh(&mut self, index: usize) {
        let Some((at, parcel)) = self.parcel(index, &["sealed"]) else { return };
        let going = self.book.orders[self.book.parcels[at].order].state == OrderState::Packed;
        let weighed = self.does(|| weight(parcel, 500)).await;
        assert_eq!(weighed.is_ok(), going, "{:?}", weighed.err());
        if let Ok(way) = weighed {
            assert!(way.print_job_id.is_some());
            (self.book.parcels[at].state, self.book.parcels[at].waybill) = ("waybill_bound", way.waybill.unwrap());
        }
    }

    async fn labels(&mut self) {
        while work(self.world, &Script::default(), self.printer).await != Worked::Idle {}
        for parcel in &mut self.book.parcels {
            let stopped =
                matches!(self.book.orders[parcel.order].state, OrderState::Cancelled | OrderState::Intercepting);
            if parcel.state == "waybill_bound" && !stopped {
                parcel.state = "label_printed";
            }
        }
    }

    fn shippable(&self, at: usize) -> bool {
        self.book.orders[self.book.parcels[at].order].state == OrderState::Packed
    }

    async fn scan_out(&mut self, index: usize) {
        let any = ["waybill_bound", "label_printed", "handed_over"];
        let states = if index < 16 { &any[..] } else { &["label_printed"] };
        let Some((at, _)) = self.parcel(index, states) else { return };
        let parcel = &self.book.parcels[at];
        let (manifest, scan) = (self.manifest, parcel.waybill.clone());
        let scanned = self.does(|| ScanOut { manifest, scan: scan.clone() }).await;
        let goes = parcel.state == "label_printed" && !parcel.on_manifest && self.shippable(at);
        assert_eq!(scanned.is_ok(), goes, "{:?}", scanned.err());
        self.book.parcels[at].on_manifest |= goes;
    }

    async fn hand_over(&mut self) {
        let manifest = self.manifest;
        if self.book.parcels.iter().all(|parcel| !parcel.on_manifest) {
            self.scan_out(63).await;
        }
        let on: Vec<usize> = (0..self.book.parcels.len()).filter(|at| self.book.parcels[*at].on_manifest).collect();
        let goes = !on.is_empty() && on.iter().all(|at| self.shippable(*at));
        let handed = self.does(|| HandOver { manifest, taken_by: "王师傅".into(), signature: None }).await;
        assert_eq!(handed.is_ok(), goes, "{:?}", handed.err());
        if goes {
            self.book.hand_over();
        } else {
            self.does(|| CancelManifest { manifest }).await.unwrap();
            for parcel in &mut self.book.parcels {
                parcel.on_manifest = false;
            }
        }
        self.manifest = self.does(|| OpenManifest { carrier: "SF".into() }).await.unwrap().manifest_id;
    }

    async fn put_back(&mut self, index: usize, place: &str) {
        let in_totes: Vec<usize> =
            (0..self.book.allocs.len()).filter(|at| !self.book.allocs[*at].totes.is_empty()).collect();
        let Some(&at) = nth(&in_totes, index) else { return };
        let alloc = self.book.allocs[at].clone();
        let (tote, _) = alloc.totes.iter().next().unwrap();
        let back = || PutBack {
            tote: tote.clone(),
            location: place.into(),
            item: SKUS[self.book.lots[alloc.lot]].into(),
            quantity: 1,
            lot: Some(format!("L{}", alloc.lot)),
        };
        let done = self.does(back).await;
        let stopped = matches!(self.book.orders[alloc.order].state, OrderState::Cancelled | OrderState::Intercepting);
        assert_eq!(done.is_ok(), stopped, "{:?}", done.err());
        if stopped {
            // The first allocation of the lot in that tote gives its piece.
            let first = self.book.allocs.iter().position(|other| {
                other.order == alloc.order && other.lot == alloc.lot && other.totes.contains_key(tote)
            });
            self.book.put_back(first.unwrap(), tote, 1, place);
        }
    }
}
