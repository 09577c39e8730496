//! Picking with a handheld, one order or a cart: tote, place, item, tote, and so on along the walk.
//!
//! Pieces are counted here, scan by scan; what is counted becomes stock in the tote by one confirmation a line. Whatever goes wrong
//! has a way on within two taps, and a wrong scan leaves everything as it is.

use super::amiss::undo_now;
use super::code::{Code, Command, Item};
use super::model::{Heard, PickAt, Picking, Screen, State, Undoable};
use super::scan::Scan;
use super::{FloorError, refused, sql, wrong_kind};
use crate::args;
use crate::db::{Op, Operation as _};
use crate::kernel::text::scanned;
use crate::picking::confirm::{ConfirmPick, PickProof};
use crate::picking::model::ShortReason;
use crate::picking::run::{self, BeginWalk, FinishRun, GiveBackRun, LoadTote, Run, RunLine, RunState, StartRun};

use crate::stock::model::PlaceKind;

/// Begins to pick, or goes on with the walk that one has.
pub(super) async fn begin(op: &mut Op<'_, '_>, state: &mut State, with_cart: bool) -> Result<Heard, FloorError> {
    if !op.may(crate::kernel::actor::Right::Pick) {
        return Err(refused("forbidden", &[("right", &"pick")]));
    }
    state.screen = Screen::Pick;
    match live(op).await? {
        Some(run) => {
            run::keep(op, run.id).await?;
            settle(op, state, &run).await?;
        }
        None => {
            let at = if with_cart { PickAt::Cart } else { PickAt::Load };
            state.pick = Picking { at, ..Picking::default() };
        }
    }
    Ok(Heard::ok())
}

async fn live(op: &mut Op<'_, '_>) -> Result<Option<Run>, FloorError> {
    let (warehouse, person) = (op.warehouse(), op.person());
    Ok(run::live(op.tx, warehouse, person).await?)
}

/// Does what picking does with a code.
pub(super) async fn scan(
    op: &mut Op<'_, '_>,
    state: &mut State,
    code: &Code,
    scan: &Scan,
) -> Result<Heard, FloorError> {
    let Some(run) = live(op).await? else { return start(op, state, code).await };
    run::keep(op, run.id).await?;
    if run.state == RunState::Loading {
        return load(op, state, &run, code).await;
    }
    let person = op.person();
    let lines = run::lines(op.tx, run.id, person).await?;
    let gone = state.pick.line.is_some_and(|line| !lines.iter().any(|open| open.allocation_id == line));
    if gone {
        // Taken out while the person was on the way: whatever they scanned was for it.
        settle(op, state, &run).await?;
        return Ok(Heard::info("floor.line_gone", &[]));
    }
    let Some(line) = current(&state.pick, &lines) else { return after_the_last(op, state, &run, code).await };
    let walk = Walk { run: &run, line, group: group(&lines, line) };
    match code {
        Code::Command(command) => walk.command(op, state, *command).await,
        _ => match state.pick.at {
            PickAt::Item => walk.item(op, state, code, scan).await,
            PickAt::Put => walk.put(op, state, code).await,
            PickAt::Full => walk.full(op, state, code).await,
            PickAt::Other => walk.elsewhere(op, state, code).await,
            _ => walk.place(op, state, code, scan).await,
        },
    }
}

/// The line that a picker is at: the one they were at, one at the place where they stand, or the first.
#[must_use]
pub fn current<'a>(pick: &Picking, lines: &'a [RunLine]) -> Option<&'a RunLine> {
    let same = lines.iter().find(|line| Some(line.allocation_id) == pick.line);
    same.or_else(|| lines.iter().find(|line| line.place == pick.place_code)).or_else(|| lines.first())
}

/// How many positions want the same item from the same place.
#[must_use]
pub fn group(lines: &[RunLine], line: &RunLine) -> usize {
    let same =
        |other: &&RunLine| other.place == line.place && other.sku_id == line.sku_id && other.lot_id == line.lot_id;
    lines.iter().filter(same).count()
}

/// The first scan of a walk: a cart, or the tote of a single order.
async fn start(op: &mut Op<'_, '_>, state: &mut State, code: &Code) -> Result<Heard, FloorError> {
    match code {
        Code::Command(Command::Back | Command::Ok) => {
            *state = State::default();
            Ok(Heard::ok())
        }
        Code::Place { kind: PlaceKind::Cart, code, .. } => {
            let started = StartRun { cart: Some(code.clone()) }.run(op).await?;
            state.pick = Picking { run: Some(started.run_id), at: PickAt::Load, ..Picking::default() };
            Ok(Heard::ok())
        }
        Code::Place { kind: PlaceKind::Tote, code, .. } if state.pick.at != PickAt::Cart => {
            let started = StartRun { cart: None }.run(op).await?;
            LoadTote { run: started.run_id, tote: code.clone(), wave: None }.run(op).await?;
            into_walk(op, state).await
        }
        other => Err(wrong_kind(other, if state.pick.at == PickAt::Cart { "kind.cart" } else { "kind.tote" })),
    }
}

/// Totes are put on a cart, position by position.
async fn load(op: &mut Op<'_, '_>, state: &mut State, run: &Run, code: &Code) -> Result<Heard, FloorError> {
    match code {
        Code::Place { kind: PlaceKind::Tote, code, .. } => {
            let loaded = LoadTote { run: run.id, tote: code.clone(), wave: None }.run(op).await?;
            if loaded.full { into_walk(op, state).await } else { Ok(Heard::ok()) }
        }
        Code::Command(Command::Ok) => {
            BeginWalk { run: run.id }.run(op).await?;
            into_walk(op, state).await
        }
        Code::Command(Command::Back | Command::GiveBack) => give_back(op, state, run).await,
        other => Err(wrong_kind(other, "kind.tote")),
    }
}

async fn into_walk(op: &mut Op<'_, '_>, state: &mut State) -> Result<Heard, FloorError> {
    if let Some(run) = live(op).await? {
        settle(op, state, &run).await?;
    }
    Ok(Heard::ok())
}

async fn give_back(op: &mut Op<'_, '_>, state: &mut State, run: &Run) -> Result<Heard, FloorError> {
    GiveBackRun { run: run.id }.run(op).await?;
    *state = State::default();
    Ok(Heard::info("floor.given_back", &[]))
}

/// Nothing is left to pick: the totes are put down somewhere, or the last line is taken back.
async fn after_the_last(op: &mut Op<'_, '_>, state: &mut State, run: &Run, code: &Code) -> Result<Heard, FloorError> {
    state.pick.line = None;
    state.pick.at = PickAt::Drop;
    let at = match code {
        Code::Command(Command::Undo | Command::UndoNow) => return undo_now(op, state, run).await,
        Code::Place { kind: PlaceKind::Location, code, .. } => code.clone(),
        Code::Station(station) => station.clone(),
        other => return Err(wrong_kind(other, "kind.drop_place")),
    };
    FinishRun { run: run.id, at: at.clone() }.run(op).await?;
    *state = State::default();
    Ok(Heard::done().saying("floor.dropped", &[("place", &at)]))
}

/// Chooses the line to go on with, and where within it: what was verified at the same place needn't be scanned again.
pub(super) async fn settle(op: &mut Op<'_, '_>, state: &mut State, run: &Run) -> Result<(), FloorError> {
    let person = op.person();
    let lines = run::lines(op.tx, run.id, person).await?;
    let pick = &mut state.pick;
    pick.run = Some(run.id);
    if run.state == RunState::Loading {
        pick.at = PickAt::Load;
        return Ok(());
    }
    let Some(line) = current(pick, &lines) else {
        *pick = Picking { run: Some(run.id), at: PickAt::Drop, ..Picking::default() };
        return Ok(());
    };
    if pick.line != Some(line.allocation_id) {
        pick.line = Some(line.allocation_id);
        pick.counted = 0;
    }
    if pick.place_code != line.place {
        pick.at = PickAt::Place;
        pick.verified.clear();
        pick.place.clear();
        pick.place_code.clear();
    } else if run.positions > 1 && pick.verified == verified(line) && pick.counted == 0 {
        pick.counted = line.quantity;
        pick.at = PickAt::Put;
    } else {
        pick.at = PickAt::Item;
    }
    Ok(())
}

/// What an item scan has proved at a place.
fn verified(line: &RunLine) -> String {
    format!("{}|{}", line.sku_id, line.lot_id)
}

/// A walk at one of its lines.
pub(super) struct Walk<'a> {
    pub(super) run: &'a Run,
    pub(super) line: &'a RunLine,
    pub(super) group: usize,
}

impl Walk<'_> {
    async fn command(&self, op: &mut Op<'_, '_>, state: &mut State, command: Command) -> Result<Heard, FloorError> {
        match command {
            Command::Ok if state.pick.at == PickAt::Undo => undo_now(op, state, self.run).await,
            Command::Ok => Ok(Heard::ok()),
            Command::Back => {
                self.resume(state);
                Ok(Heard::ok())
            }
            Command::Short => {
                // Whoever was to put the full number and says that some are missing hasn't got it: they count anew.
                if state.pick.at == PickAt::Put {
                    state.pick.counted = 0;
                }
                state.pick.at = PickAt::Short;
                Ok(Heard::ok())
            }
            Command::Missing => self.short(op, state, ShortReason::Missing).await,
            Command::Damaged => self.short(op, state, ShortReason::Damaged).await,
            Command::Other => self.ask_elsewhere(state),
            Command::Skip => self.skip(op, state).await,
            Command::Full => {
                state.pick.at = PickAt::Full;
                Ok(Heard::ok())
            }
            Command::Undo => self.ask_undo(op, state),
            Command::UndoNow => undo_now(op, state, self.run).await,
            Command::GiveBack => give_back(op, state, self.run).await,
            _ => Err(refused("floor.not_here", &[])),
        }
    }

    /// Back from a question to where the person was.
    pub(super) fn resume(&self, state: &mut State) {
        let pick = &mut state.pick;
        pick.at = match () {
            () if pick.place_code != self.line.place => PickAt::Place,
            () if pick.counted == self.line.quantity => PickAt::Put,
            () => PickAt::Item,
        };
    }

    async fn place(
        &self,
        op: &mut Op<'_, '_>,
        state: &mut State,
        code: &Code,
        scan: &Scan,
    ) -> Result<Heard, FloorError> {
        let text = scanned(&scan.raw);
        let typed = matches!(code, Code::Quantity(number) if format!("{number:02}") == self.line.check_digits);
        let here = matches!(code, Code::Place { kind: PlaceKind::Location, code, .. } if *code == self.line.place);
        if here || typed || text == self.line.check_digits {
            state.pick.place = if typed { self.line.check_digits.clone() } else { text };
            state.pick.place_code.clone_from(&self.line.place);
            settle(op, state, self.run).await?;
            return Ok(Heard::ok());
        }
        match code {
            Code::Place { kind: PlaceKind::Location, code, .. } => {
                Err(refused("floor.wrong_place", &[("scanned", code), ("place", &self.line.place)]))
            }
            // A number that is no quantity here was meant as check digits.
            Code::Quantity(_) => Err(refused("floor.wrong_digits", &[("place", &self.line.place)])),
            other => Err(wrong_kind(other, "kind.location")),
        }
    }

    async fn item(
        &self,
        op: &mut Op<'_, '_>,
        state: &mut State,
        code: &Code,
        scan: &Scan,
    ) -> Result<Heard, FloorError> {
        let line = self.line;
        match code {
            Code::Item(item) if item.sku == line.sku_id => self.piece(op, state, item, scan).await,
            Code::Item(item) => {
                let facts: &[(&'static str, &dyn std::fmt::Display)] =
                    &[("scanned", &item.code), ("item", &line.sku), ("place", &line.place)];
                Err(refused("floor.wrong_item", facts))
            }
            Code::Lot { id, .. } if *id == line.lot_id => {
                state.pick.verified = verified(line);
                Ok(Heard::ok())
            }
            Code::Lot { number, .. } => {
                Err(refused("picking.wrong_lot", &[("scanned", number), ("expected", &line.lot)]))
            }
            Code::Quantity(number) => self.quantity(op, state, *number).await,
            // The same place again changes nothing.
            Code::Place { code, .. } if *code == line.place => Ok(Heard::ok()),
            other => Err(wrong_kind(other, "kind.item")),
        }
    }

    /// A scan of the right item: it counts, and where several lots lie here, the lot must be known.
    async fn piece(
        &self,
        op: &mut Op<'_, '_>,
        state: &mut State,
        item: &Item,
        scan: &Scan,
    ) -> Result<Heard, FloorError> {
        let line = self.line;
        let mut lot_seen = state.pick.verified == verified(line);
        if let Some(lot) = &item.lot {
            let values = args![op.context.warehouse, line.sku_id, lot];
            let found: Option<(crate::kernel::ids::LotId, String)> = op.tx.opt(sql::SELECT_LOT, values).await?;
            match found {
                Some((lot, _)) if lot == line.lot_id => lot_seen = true,
                _ => return Err(refused("picking.wrong_lot", &[("scanned", lot), ("expected", &line.lot)])),
            }
        }
        if !lot_seen {
            let values = args![op.context.warehouse, &line.place, line.sku_id];
            let (lots,): (i64,) = op.tx.one("lots", sql::COUNT_LOTS_AT, values).await?;
            if lots > 1 {
                return Ok(Heard::info("floor.scan_lot", &[("lot", &line.lot)]));
            }
        }
        let first = state.pick.counted == 0;
        let counted = if self.run.positions > 1 && self.group > 1 && first {
            line.quantity
        } else {
            state.pick.counted.saturating_add(item.factor)
        };
        if counted > line.quantity {
            return Err(refused("floor.too_many", &[("picked", &state.pick.counted), ("wanted", &line.quantity)]));
        }
        state.pick.item = item.scanned(&scan.raw);
        state.pick.factor = item.factor;
        state.pick.verified = verified(line);
        state.pick.counted = counted;
        self.counted(op, state).await
    }

    /// An absolute number from the keypad.
    async fn quantity(&self, op: &mut Op<'_, '_>, state: &mut State, number: i64) -> Result<Heard, FloorError> {
        let line = self.line;
        if state.pick.verified != verified(line) {
            return Err(refused("floor.item_first", &[("item", &line.sku)]));
        }
        if !(0..=line.quantity).contains(&number) {
            return Err(refused("floor.too_many", &[("picked", &number), ("wanted", &line.quantity)]));
        }
        state.pick.counted = number;
        self.counted(op, state).await
    }

    /// Enough: into the tote, which is scanned where there are several.
    async fn counted(&self, op: &mut Op<'_, '_>, state: &mut State) -> Result<Heard, FloorError> {
        if state.pick.counted < self.line.quantity {
            state.pick.at = PickAt::Item;
            return Ok(Heard::ok());
        }
        if self.run.positions > 1 {
            state.pick.at = PickAt::Put;
            return Ok(Heard::ok());
        }
        let tote = self.line.tote.clone().unwrap_or_default();
        self.confirm(op, state, tote).await
    }

    async fn put(&self, op: &mut Op<'_, '_>, state: &mut State, code: &Code) -> Result<Heard, FloorError> {
        let expected = self.line.tote.clone().unwrap_or_default();
        match code {
            Code::Place { kind: PlaceKind::Tote, code, .. } if *code == expected => {
                self.confirm(op, state, expected).await
            }
            Code::Place { kind: PlaceKind::Tote, code, .. } => {
                let facts: &[(&'static str, &dyn std::fmt::Display)] =
                    &[("scanned", code), ("tote", &expected), ("position", &self.line.position)];
                Err(refused("floor.wrong_tote", facts))
            }
            Code::Item(item) if item.sku == self.line.sku_id => {
                let wanted = self.line.quantity;
                Err(refused("floor.too_many", &[("picked", &wanted), ("wanted", &wanted)]))
            }
            // Fewer than were counted or assumed.
            Code::Quantity(number) => self.quantity(op, state, *number).await,
            other => Err(wrong_kind(other, "kind.tote")),
        }
    }

    /// What is counted becomes stock in the tote.
    pub(super) async fn confirm(
        &self,
        op: &mut Op<'_, '_>,
        state: &mut State,
        tote: String,
    ) -> Result<Heard, FloorError> {
        let (line, pick) = (self.line, &state.pick);
        // Packs and pieces may have been mixed: then the SKU stands for what was scanned.
        let whole = pick.factor > 0 && pick.counted % pick.factor == 0;
        let (item, quantity) =
            if whole { (pick.item.clone(), pick.counted / pick.factor) } else { (line.sku.clone(), pick.counted) };
        let proof = PickProof { location: pick.place.clone(), item, lot: None, quantity, tote, forced_reason: None };
        ConfirmPick { task: line.task_id, allocation: line.allocation_id, proof }.run(op).await?;
        state.undo = Some(Undoable {
            task: line.task_id,
            allocation: line.allocation_id,
            quantity: state.pick.counted,
            sku: line.sku.clone(),
            at: op.at(),
        });
        state.pick.counted = 0;
        settle(op, state, self.run).await?;
        Ok(Heard::done())
    }
}
