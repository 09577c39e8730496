//! Picking a batch with a handheld: one walk over many orders into one tote, that the put wall or the packer parts again.

use super::code::{Code, Command};
use super::model::{Batching, Heard, PickAt, Screen, State, UNDO_MS};
use super::scan::Scan;
use super::{FloorError, refused};
use crate::db::{Op, Operation as _};
use crate::kernel::text::scanned;
use crate::picking::batch::claim::{ClaimBatch, ReleaseBatch, TakeBatchTote};
use crate::picking::batch::confirm::ConfirmBatchPick;
use crate::picking::batch::short::{ReportBatchShort, SkipBatchLine};
use crate::picking::batch::undo::UndoBatchPick;
use crate::picking::batch::{BatchChanged, BatchLine, lines};
use crate::picking::confirm::PickProof;
use crate::picking::model::ShortReason;
use crate::stock::model::PlaceKind;

/// Most orders of a batch that begins at a handheld.
const ORDERS: i64 = 30;

/// Begins a batch, or goes on with the one that one has.
pub(super) async fn begin(op: &mut Op<'_, '_>, state: &mut State) -> Result<Heard, FloorError> {
    let claimed = ClaimBatch { wave: None, orders_at_most: ORDERS }.run(op).await?;
    state.screen = Screen::Batch;
    let known = state.batch.batch == Some(claimed.batch_id);
    if !known {
        state.batch = Batching { batch: Some(claimed.batch_id), single: claimed.one_piece_each, ..Batching::default() };
    }
    state.batch.tote = claimed.tote.unwrap_or_default();
    settle(state, claimed.lines.first());
    Ok(Heard::ok())
}

/// Where the picker is, by the line that is to be picked.
fn settle(state: &mut State, line: Option<&BatchLine>) {
    let batch = &mut state.batch;
    let Some(line) = line else {
        batch.at = PickAt::Drop;
        batch.cell = None;
        return;
    };
    if batch.tote.is_empty() {
        batch.at = PickAt::Load;
        return;
    }
    if batch.cell != Some(line.cell_id) {
        batch.cell = Some(line.cell_id);
        batch.counted = 0;
        batch.verified = false;
    }
    batch.at = if batch.place_code == line.place { PickAt::Item } else { PickAt::Place };
}

/// Does what a batch does with a code.
pub(super) async fn scan(
    op: &mut Op<'_, '_>,
    state: &mut State,
    code: &Code,
    scan: &Scan,
) -> Result<Heard, FloorError> {
    let Some(id) = state.batch.batch else {
        *state = State::default();
        return Ok(Heard::ok());
    };
    if state.batch.at == PickAt::Drop {
        return put_down(op, state, code).await;
    }
    if matches!(code, Code::Command(Command::GiveBack)) {
        ReleaseBatch { batch: id }.run(op).await?;
        *state = State::default();
        return Ok(Heard::info("floor.given_back", &[]));
    }
    // Who has it gets it again, with its lease prolonged.
    let claimed = ClaimBatch { wave: None, orders_at_most: ORDERS }.run(op).await?;
    if claimed.batch_id != id {
        return Err(refused("floor.moved_on", &[]));
    }
    if matches!(state.batch.at, PickAt::Load | PickAt::Full) {
        return tote(op, state, code).await;
    }
    let line = claimed.lines.iter().find(|line| Some(line.cell_id) == state.batch.cell);
    let Some(line) = line else {
        settle(state, claimed.lines.first());
        return Ok(Heard::info("floor.line_gone", &[]));
    };
    match code {
        Code::Command(command) => self::command(op, state, line, *command).await,
        _ if state.batch.at == PickAt::Place => place(state, line, code, scan),
        _ => item(op, state, line, code, scan).await,
    }
}

async fn tote(op: &mut Op<'_, '_>, state: &mut State, code: &Code) -> Result<Heard, FloorError> {
    let Some(batch) = state.batch.batch else { return Ok(Heard::ok()) };
    match code {
        Code::Place { kind: PlaceKind::Tote, code, .. } => {
            let taken = TakeBatchTote { batch, tote: code.clone() }.run(op).await?;
            state.batch.tote = taken.tote;
            settle(state, taken.next.as_ref());
            Ok(Heard::ok())
        }
        Code::Command(Command::Back) if state.batch.at == PickAt::Full => {
            let next = lines(op.tx, batch, 1).await?;
            settle(state, next.first());
            Ok(Heard::ok())
        }
        Code::Command(Command::Back) => {
            state.screen = Screen::Menu;
            Ok(Heard::ok())
        }
        other => Err(super::wrong_kind(other, "kind.tote")),
    }
}

fn place(state: &mut State, line: &BatchLine, code: &Code, scan: &Scan) -> Result<Heard, FloorError> {
    let text = scanned(&scan.raw);
    let typed = matches!(code, Code::Quantity(number) if format!("{number:02}") == line.check_digits);
    let here = matches!(code, Code::Place { kind: PlaceKind::Location, code, .. } if *code == line.place);
    if here || typed || text == line.check_digits {
        state.batch.place = if typed { line.check_digits.clone() } else { text };
        state.batch.place_code.clone_from(&line.place);
        settle(state, Some(line));
        return Ok(Heard::ok());
    }
    match code {
        Code::Place { kind: PlaceKind::Location, code, .. } => {
            Err(refused("floor.wrong_place", &[("scanned", code), ("place", &line.place)]))
        }
        Code::Quantity(_) => Err(refused("floor.wrong_digits", &[("place", &line.place)])),
        other => Err(super::wrong_kind(other, "kind.location")),
    }
}

async fn item(
    op: &mut Op<'_, '_>,
    state: &mut State,
    line: &BatchLine,
    code: &Code,
    scan: &Scan,
) -> Result<Heard, FloorError> {
    let counted = match code {
        Code::Item(item) if item.code == line.sku => {
            state.batch.item = scan.raw.clone();
            state.batch.factor = item.factor;
            state.batch.counted.saturating_add(item.factor)
        }
        Code::Item(item) => {
            let facts: &[(&'static str, &dyn std::fmt::Display)] =
                &[("scanned", &item.code), ("item", &line.sku), ("place", &line.place)];
            return Err(refused("floor.wrong_item", facts));
        }
        Code::Quantity(number) if state.batch.verified => *number,
        Code::Quantity(_) => return Err(refused("floor.item_first", &[("item", &line.sku)])),
        Code::Place { code, .. } if *code == line.place => return Ok(Heard::ok()),
        other => return Err(super::wrong_kind(other, "kind.item")),
    };
    if !(0..=line.quantity).contains(&counted) {
        let facts: &[(&'static str, &dyn std::fmt::Display)] =
            &[("picked", &state.batch.counted), ("wanted", &line.quantity)];
        return Err(refused("floor.too_many", facts));
    }
    state.batch.verified = true;
    state.batch.counted = counted;
    if counted < line.quantity { Ok(Heard::ok()) } else { confirm(op, state, line).await }
}

async fn confirm(op: &mut Op<'_, '_>, state: &mut State, line: &BatchLine) -> Result<Heard, FloorError> {
    let batch = &state.batch;
    let Some(id) = batch.batch else { return Ok(Heard::ok()) };
    let whole = batch.factor > 0 && batch.counted % batch.factor == 0;
    let (item, quantity) =
        if whole { (batch.item.clone(), batch.counted / batch.factor) } else { (line.sku.clone(), batch.counted) };
    let proof = PickProof {
        location: batch.place.clone(),
        item,
        lot: None,
        quantity,
        tote: batch.tote.clone(),
        forced_reason: None,
    };
    let changed = ConfirmBatchPick { batch: id, cell: line.cell_id, proof }.run(op).await?;
    state.batch.undo = Some((line.cell_id, changed.pieces, line.sku.clone(), op.at()));
    state.batch.counted = 0;
    state.batch.verified = false;
    settle(state, changed.next.as_ref());
    Ok(Heard::done())
}

async fn command(
    op: &mut Op<'_, '_>,
    state: &mut State,
    line: &BatchLine,
    command: Command,
) -> Result<Heard, FloorError> {
    let Some(batch) = state.batch.batch else { return Ok(Heard::ok()) };
    match command {
        Command::Ok => Ok(Heard::ok()),
        Command::Back if state.batch.at == PickAt::Short => {
            settle(state, Some(line));
            Ok(Heard::ok())
        }
        Command::Back => {
            state.screen = Screen::Menu;
            Ok(Heard::ok())
        }
        Command::Short => {
            state.batch.at = PickAt::Short;
            Ok(Heard::ok())
        }
        Command::Missing => short(op, state, line, ShortReason::Missing).await,
        Command::Damaged => short(op, state, line, ShortReason::Damaged).await,
        Command::Full => {
            state.batch.at = PickAt::Full;
            Ok(Heard::ok())
        }
        Command::Skip if state.batch.counted > 0 => {
            Err(refused("floor.put_back_first", &[("count", &state.batch.counted)]))
        }
        Command::Skip => {
            let changed = SkipBatchLine { batch, cell: line.cell_id }.run(op).await?;
            settle(state, changed.next.as_ref());
            Ok(Heard::info("floor.skipped", &[("place", &line.place)]))
        }
        Command::Undo if state.batch.counted > 0 => {
            state.batch.counted = 0;
            Ok(Heard::info("floor.count_again", &[("item", &line.sku)]))
        }
        Command::Undo | Command::UndoNow => {
            let undo = state.batch.undo.clone().filter(|(.., at)| op.at().ms_since(*at) < UNDO_MS);
            let (cell, quantity, sku, _) = undo.ok_or_else(|| refused("floor.nothing_to_undo", &[]))?;
            let changed = UndoBatchPick { batch, cell, quantity }.run(op).await?;
            state.batch.undo = None;
            settle(state, changed.next.as_ref());
            Ok(Heard::info("floor.undone", &[("count", &quantity), ("item", &sku)]))
        }
        _ => Err(refused("floor.not_here", &[])),
    }
}

async fn short(
    op: &mut Op<'_, '_>,
    state: &mut State,
    line: &BatchLine,
    reason: ShortReason,
) -> Result<Heard, FloorError> {
    let Some(batch) = state.batch.batch else { return Ok(Heard::ok()) };
    let (in_hand, missing) = (state.batch.counted, line.quantity - state.batch.counted);
    let changed: BatchChanged = ReportBatchShort { batch, cell: line.cell_id, missing, reason }.run(op).await?;
    if in_hand > 0 {
        let rest = BatchLine { quantity: in_hand, ..line.clone() };
        confirm(op, state, &rest).await?;
    } else {
        settle(state, changed.next.as_ref());
    }
    let facts: &[(&str, &dyn std::fmt::Display)] =
        &[("missing", &missing), ("item", &line.sku), ("elsewhere", &changed.pieces)];
    Ok(Heard::info(if changed.pieces > 0 { "floor.short_elsewhere" } else { "floor.short_owed" }, facts))
}

/// All is picked: the tote goes to the put wall, or to packing where its orders are of one piece.
async fn put_down(op: &mut Op<'_, '_>, state: &mut State, code: &Code) -> Result<Heard, FloorError> {
    let at = match code {
        Code::Place { kind: PlaceKind::Location | PlaceKind::Slot, code, .. } => code.clone(),
        Code::Station(code) => code.clone(),
        Code::Command(Command::Undo | Command::UndoNow) => {
            let (Some(batch), Some((cell, quantity, sku, at))) = (state.batch.batch, state.batch.undo.clone()) else {
                return Err(refused("floor.nothing_to_undo", &[]));
            };
            if op.at().ms_since(at) >= UNDO_MS {
                return Err(refused("floor.nothing_to_undo", &[]));
            }
            let changed = UndoBatchPick { batch, cell, quantity }.run(op).await?;
            state.batch.undo = None;
            settle(state, changed.next.as_ref());
            return Ok(Heard::info("floor.undone", &[("count", &quantity), ("item", &sku)]));
        }
        Code::Command(Command::Ok) => return Ok(Heard::ok()),
        other => return Err(super::wrong_kind(other, "kind.drop_place")),
    };
    if let Some(batch) = state.batch.batch {
        let data = serde_json::json!({ "at": at, "tote": state.batch.tote });
        op.record("pick_batch.dropped", ("pick_batch", batch.0), &data);
    }
    *state = State::default();
    Ok(Heard::done().saying("floor.dropped", &[("place", &at)]))
}
