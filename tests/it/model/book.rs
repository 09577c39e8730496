//! The warehouse as a few lists in memory: simple enough to be seen to be right.

use std::collections::BTreeMap;

use tallyman::order::model::{OrderState, ShortPolicy};

pub const PLACES: [&str; 3] = ["A-01", "A-02", "A-03"];
pub const SKUS: [&str; 2] = ["TEE", "MUG"];

#[derive(Clone, Debug)]
pub struct Line {
    pub sku: usize,
    pub quantity: i64,
    pub promised: i64,
    pub allocated: i64,
    pub shipped: i64,
    pub cancelled: i64,
}

impl Line {
    fn missing(&self) -> i64 {
        self.quantity - self.cancelled - self.promised - self.allocated
    }
}

#[derive(Clone, Debug)]
pub struct Order {
    pub state: OrderState,
    pub held_from: Option<OrderState>,
    pub policy: ShortPolicy,
    pub lines: Vec<Line>,
    pub wave: Option<usize>,
    /// Whether a pick task of it is open or in hand.
    pub task: bool,
}

#[derive(Clone, Debug)]
pub struct Alloc {
    pub order: usize,
    pub line: usize,
    pub lot: usize,
    pub place: String,
    pub quantity: i64,
    pub picked: i64,
    pub short: i64,
    pub out: i64,
    pub packed: i64,
    pub totes: BTreeMap<String, i64>,
}

impl Alloc {
    pub fn open(&self) -> i64 {
        self.quantity - self.picked - self.short - self.out
    }
}

#[derive(Clone, Debug)]
pub struct Parcel {
    pub id: i64,
    pub number: String,
    pub order: usize,
    pub state: &'static str,
    pub lines: BTreeMap<usize, i64>,
    pub waybill: String,
    pub on_manifest: bool,
}

/// What the warehouse should look like. Orders, lots and waves are numbered from 0 here and from 1 there.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// By place, lot and status: on hand and reserved.
    pub cells: BTreeMap<(String, usize, &'static str), (i64, i64)>,
    /// The SKU of each lot; a later lot came in later.
    pub lots: Vec<usize>,
    pub orders: Vec<Order>,
    pub allocs: Vec<Alloc>,
    pub parcels: Vec<Parcel>,
    /// Whether each wave may still be released.
    pub waves: Vec<bool>,
}

impl Book {
    pub fn give(&mut self, place: &str, lot: usize, status: &'static str, on_hand: i64, reserved: i64) {
        let cell = self.cells.entry((place.to_owned(), lot, status)).or_default();
        cell.0 += on_hand;
        cell.1 += reserved;
        assert!(0 <= cell.1 && cell.1 <= cell.0, "{place} {lot} {status}: {cell:?}");
    }

    pub fn free_in(&self, place: &str, lot: usize) -> i64 {
        self.cells.get(&(place.to_owned(), lot, "good")).map_or(0, |(on_hand, reserved)| on_hand - reserved)
    }

    /// Free good stock of a SKU on the shelves, in the order in which it must be used.
    pub fn candidates(&self, sku: usize) -> Vec<(String, usize, i64)> {
        let mut found: Vec<(String, usize, i64)> = self
            .cells
            .iter()
            .filter(|((place, lot, status), (on_hand, reserved))| {
                place.starts_with("A-") && self.lots[*lot] == sku && *status == "good" && on_hand > reserved
            })
            .map(|((place, lot, _), (on_hand, reserved))| (place.clone(), *lot, on_hand - reserved))
            .collect();
        found.sort_by_key(|(place, lot, _)| (*lot, place.clone()));
        found
    }

    pub fn promised(&self, sku: usize) -> i64 {
        self.orders.iter().flat_map(|order| &order.lines).filter(|line| line.sku == sku).map(|line| line.promised).sum()
    }

    fn promisable(&self, sku: usize) -> i64 {
        let free: i64 = self.candidates(sku).iter().map(|(_, _, free)| free).sum();
        (free - self.promised(sku)).max(0)
    }

    /// Promises an order what it lacks, as its policy wants it.
    pub fn promise(&mut self, id: usize) {
        let mut left: Vec<i64> = (0..SKUS.len()).map(|sku| self.promisable(sku)).collect();
        let order = &self.orders[id];
        let mut grants = vec![0; order.lines.len()];
        let mut by_sku: Vec<usize> = (0..order.lines.len()).collect();
        by_sku.sort_by_key(|line| (order.lines[*line].sku, *line));
        for line in by_sku {
            let wanted = &order.lines[line];
            grants[line] = wanted.missing().min(left[wanted.sku]);
            left[wanted.sku] -= grants[line];
        }
        let wanted: i64 = order.lines.iter().map(Line::missing).sum();
        let granted: i64 = grants.iter().sum();
        let held: i64 = order.lines.iter().map(|line| line.promised).sum();
        if granted != wanted && !(order.policy == ShortPolicy::Part && granted + held > 0) {
            if order.policy == ShortPolicy::Cancel {
                self.cancel(id);
            } else {
                self.orders[id].state = OrderState::Short;
            }
            return;
        }
        let order = &mut self.orders[id];
        for (line, granted) in order.lines.iter_mut().zip(grants) {
            line.promised += granted;
        }
        order.state = OrderState::Promised;
    }

    /// Pieces that are picked and not shipped.
    pub fn in_hand(&self, id: usize) -> i64 {
        let picked: i64 = self.allocs.iter().filter(|alloc| alloc.order == id).map(|alloc| alloc.picked).sum();
        picked - self.orders[id].lines.iter().map(|line| line.shipped).sum::<i64>()
    }

    /// Gives back what is open of an order, and takes it out of its wave.
    fn free_open(&mut self, id: usize) {
        for index in 0..self.allocs.len() {
            let open = self.allocs[index].open();
            if self.allocs[index].order != id || open == 0 {
                continue;
            }
            let (place, lot, line) =
                (self.allocs[index].place.clone(), self.allocs[index].lot, self.allocs[index].line);
            self.allocs[index].out += open;
            self.give(&place, lot, "good", 0, -open);
            self.orders[id].lines[line].allocated -= open;
        }
        self.orders[id].wave = None;
        self.orders[id].task = false;
    }

    fn any_parcel(&self, id: usize, states: &[&str]) -> bool {
        self.parcels.iter().any(|parcel| parcel.order == id && states.contains(&parcel.state))
    }

    pub fn cancel(&mut self, id: usize) {
        let ended =
            matches!(self.orders[id].state, OrderState::Cancelled | OrderState::Intercepting | OrderState::Shipped);
        if ended || self.any_parcel(id, &["handed_over"]) {
            return;
        }
        self.free_open(id);
        let labelled = self.any_parcel(id, &["label_printed"]);
        let order = &mut self.orders[id];
        for line in &mut order.lines {
            line.promised = 0;
            line.cancelled = line.quantity - line.allocated;
        }
        order.state = if labelled { OrderState::Intercepting } else { OrderState::Cancelled };
    }

    pub fn hold(&mut self, id: usize) {
        let order = &mut self.orders[id];
        use OrderState as S;
        if !matches!(order.state, S::Shipped | S::Cancelled | S::Intercepting | S::Held) {
            order.held_from = Some(order.state);
            order.state = S::Held;
        }
    }

    pub fn unhold(&mut self, id: usize) {
        let order = &mut self.orders[id];
        if order.state != OrderState::Held {
            return;
        }
        let Some(was) = order.held_from.take() else { return };
        self.orders[id].state = was;
        if matches!(was, OrderState::Accepted | OrderState::Short) {
            self.promise(id);
        }
    }

    /// Every promised order without a wave joins a new one; says how many.
    pub fn wave(&mut self) -> usize {
        let wave = self.waves.len();
        let mut joined = 0;
        for order in &mut self.orders {
            if order.state == OrderState::Promised && order.wave.is_none() {
                order.wave = Some(wave);
                joined += 1;
            }
        }
        if joined > 0 {
            self.waves.push(true);
        }
        joined
    }

    /// Releases a wave: order by order, oldest lot first.
    pub fn release(&mut self, wave: usize) {
        let mut served = 0;
        let members: Vec<usize> = (0..self.orders.len()).filter(|id| self.orders[*id].wave == Some(wave)).collect();
        let wanted: Vec<(usize, Vec<(usize, i64)>)> = members
            .iter()
            .filter(|id| self.orders[**id].state == OrderState::Promised)
            .map(|id| {
                let lines = self.orders[*id].lines.iter().enumerate();
                (*id, lines.filter(|(_, line)| line.promised > 0).map(|(n, line)| (n, line.promised)).collect())
            })
            .collect();
        for id in members {
            if self.orders[id].state != OrderState::Promised {
                self.orders[id].wave = None;
            }
        }
        for (id, wants) in wanted {
            let mut left: Vec<i64> =
                (0..SKUS.len()).map(|sku| self.candidates(sku).iter().map(|(_, _, free)| free).sum()).collect();
            let any = wants.iter().any(|(line, _)| left[self.orders[id].lines[*line].sku] > 0);
            let mut missing = 0;
            for (line, quantity) in &wants {
                let sku = self.orders[id].lines[*line].sku;
                missing += (quantity - left[sku]).max(0);
                left[sku] = (left[sku] - quantity).max(0);
            }
            for (line, _) in &wants {
                self.orders[id].lines[*line].promised = 0;
            }
            if missing > 0 && !(self.orders[id].policy == ShortPolicy::Part && any) {
                self.orders[id].state = OrderState::Short;
                self.orders[id].wave = None;
                continue;
            }
            for (line, quantity) in wants {
                self.allocate(id, line, quantity);
            }
            (self.orders[id].state, self.orders[id].task) = (OrderState::Released, true);
            served += 1;
        }
        if served > 0 {
            self.waves[wave] = false;
        }
    }

    /// Gives a line the oldest free pieces, as many as there are; says how many.
    fn allocate(&mut self, order: usize, line: usize, quantity: i64) -> i64 {
        let sku = self.orders[order].lines[line].sku;
        let mut still = quantity;
        for (place, lot, free) in self.candidates(sku) {
            let taken = still.min(free);
            if taken == 0 {
                break;
            }
            still -= taken;
            self.reserve(order, line, &place, lot, taken);
        }
        quantity - still
    }

    pub fn reserve(&mut self, order: usize, line: usize, place: &str, lot: usize, quantity: i64) {
        self.give(place, lot, "good", 0, quantity);
        self.orders[order].lines[line].allocated += quantity;
        let (place, picked, short, out, packed) = (place.to_owned(), 0, 0, 0, 0);
        self.allocs.push(Alloc {
            order,
            line,
            lot,
            place,
            quantity,
            picked,
            short,
            out,
            packed,
            totes: BTreeMap::new(),
        });
    }

    /// Takes an order out of its wave.
    pub fn take_out(&mut self, id: usize) {
        let in_hand = self.in_hand(id);
        self.free_open(id);
        let floor = |state| matches!(state, OrderState::Released | OrderState::Picking);
        let state = self.orders[id].state;
        let order = &mut self.orders[id];
        if floor(state) && in_hand > 0 {
            (order.state, order.held_from) = (OrderState::Held, Some(OrderState::Picked));
        } else if floor(state) {
            order.state = OrderState::Accepted;
            self.promise(id);
        } else if state == OrderState::Held && order.held_from.is_some_and(floor) {
            order.held_from = Some(if in_hand > 0 { OrderState::Picked } else { OrderState::Accepted });
        }
    }

    /// A task ends where nothing of the order is open any more.
    fn finish(&mut self, id: usize) {
        if self.allocs.iter().any(|alloc| alloc.order == id && alloc.open() > 0) {
            return;
        }
        self.orders[id].task = false;
        let in_hand = self.in_hand(id);
        let order = &mut self.orders[id];
        order.state = if in_hand > 0 { OrderState::Picked } else { OrderState::Short };
        if in_hand == 0 {
            order.wave = None;
        }
    }

    pub fn pick(&mut self, index: usize, quantity: i64, tote: &str) {
        let (place, lot, order) = (self.allocs[index].place.clone(), self.allocs[index].lot, self.allocs[index].order);
        self.give(&place, lot, "good", -quantity, -quantity);
        self.give(tote, lot, "good", quantity, quantity);
        self.allocs[index].picked += quantity;
        *self.allocs[index].totes.entry(tote.to_owned()).or_default() += quantity;
        self.finish(order);
    }

    pub fn unpick(&mut self, index: usize, quantity: i64) {
        let (place, lot, order) = (self.allocs[index].place.clone(), self.allocs[index].lot, self.allocs[index].order);
        let tote = self.allocs[index].totes.iter().next_back().map(|(tote, _)| tote.clone()).unwrap();
        self.give(&tote, lot, "good", -quantity, -quantity);
        self.give(&place, lot, "good", quantity, quantity);
        self.allocs[index].picked -= quantity;
        *self.allocs[index].totes.get_mut(&tote).unwrap() -= quantity;
        self.allocs[index].totes.retain(|_, left| *left > 0);
        (self.orders[order].state, self.orders[order].task) = (OrderState::Picking, true);
    }

    /// Pieces aren't there: they are blocked where they should be, and others are looked for.
    pub fn short(&mut self, index: usize, quantity: i64) {
        let alloc = self.allocs[index].clone();
        self.give(&alloc.place, alloc.lot, "good", -quantity, -quantity);
        self.give(&alloc.place, alloc.lot, "quarantine", quantity, 0);
        self.allocs[index].short += quantity;
        let line = &mut self.orders[alloc.order].lines[alloc.line];
        line.allocated -= quantity;
        let sku = line.sku;
        let elsewhere = quantity.min(self.promisable(sku));
        self.allocate(alloc.order, alloc.line, elsewhere);
        self.finish(alloc.order);
    }

    pub fn substitute(&mut self, index: usize, place: &str, lot: usize) {
        let alloc = self.allocs[index].clone();
        let open = alloc.open();
        self.allocs[index].out += open;
        self.give(&alloc.place, alloc.lot, "good", 0, -open);
        self.orders[alloc.order].lines[alloc.line].allocated -= open;
        self.reserve(alloc.order, alloc.line, place, lot, open);
    }

    /// Picked pieces of an order in totes: allocation, tote, pieces, in the order in which they are packed.
    pub fn pieces(&self, id: usize) -> Vec<(usize, String, i64)> {
        let of_order = self.allocs.iter().enumerate().filter(|(_, alloc)| alloc.order == id);
        of_order
            .flat_map(|(index, alloc)| alloc.totes.iter().map(move |(tote, quantity)| (index, tote.clone(), *quantity)))
            .collect()
    }

    pub fn pack(&mut self, parcel: usize, sku: usize, quantity: i64) {
        let (order, number) = (self.parcels[parcel].order, self.parcels[parcel].number.clone());
        let mut still = quantity;
        for (index, tote, here) in self.pieces(order) {
            let taken = still.min(here);
            if self.lots[self.allocs[index].lot] != sku || taken == 0 {
                continue;
            }
            still -= taken;
            let lot = self.allocs[index].lot;
            self.give(&tote, lot, "good", -taken, -taken);
            self.give(&number, lot, "good", taken, taken);
            self.allocs[index].packed += taken;
            *self.allocs[index].totes.get_mut(&tote).unwrap() -= taken;
            self.allocs[index].totes.retain(|_, left| *left > 0);
            *self.parcels[parcel].lines.entry(index).or_default() += taken;
        }
        self.parcels[parcel].state = "verifying";
    }

    pub fn seal(&mut self, parcel: usize) {
        self.parcels[parcel].state = "sealed";
        self.orders[self.parcels[parcel].order].state = OrderState::Packed;
    }

    /// What is on the manifest leaves.
    pub fn hand_over(&mut self) {
        let gone: Vec<usize> = (0..self.parcels.len()).filter(|index| self.parcels[*index].on_manifest).collect();
        for index in &gone {
            let parcel = self.parcels[*index].clone();
            for (alloc, quantity) in &parcel.lines {
                let (lot, line) = (self.allocs[*alloc].lot, self.allocs[*alloc].line);
                self.give(&parcel.number, lot, "good", -quantity, -quantity);
                self.orders[parcel.order].lines[line].shipped += quantity;
            }
            (self.parcels[*index].state, self.parcels[*index].on_manifest) = ("handed_over", false);
        }
        for index in gone {
            let order = &mut self.orders[self.parcels[index].order];
            let unshipped: i64 = order.lines.iter().map(|line| line.allocated - line.shipped).sum();
            let missing: i64 = order.lines.iter().map(|line| line.quantity - line.cancelled - line.allocated).sum();
            if unshipped == 0 && order.state == OrderState::Packed {
                order.state = if missing > 0 { OrderState::Short } else { OrderState::Shipped };
                order.wave = None;
            }
        }
    }

    /// Goods of a cancelled order are back on the shelf.
    pub fn put_back(&mut self, index: usize, tote: &str, quantity: i64, place: &str) {
        let alloc = self.allocs[index].clone();
        self.give(tote, alloc.lot, "good", -quantity, -quantity);
        self.give(place, alloc.lot, "good", quantity, 0);
        self.allocs[index].picked -= quantity;
        self.allocs[index].out += quantity;
        *self.allocs[index].totes.get_mut(tote).unwrap() -= quantity;
        self.allocs[index].totes.retain(|_, left| *left > 0);
        let line = &mut self.orders[alloc.order].lines[alloc.line];
        line.allocated -= quantity;
        line.cancelled += quantity;
        if self.orders[alloc.order].state == OrderState::Intercepting && self.in_hand(alloc.order) == 0 {
            self.orders[alloc.order].state = OrderState::Cancelled;
        }
    }
}
