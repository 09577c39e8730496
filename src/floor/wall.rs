//! The put wall with a handheld: a batch's tote, a piece, the slot that the screen shows as large as it can, and so on.

use super::code::{Code, Command};
use super::model::{Heard, Screen, Sorting, State};
use super::scan::Scan;
use super::{FloorError, refused};
use crate::db::{Op, Operation as _};
use crate::kernel::text::scanned;
use crate::stock::model::PlaceKind;
use crate::wall::query::walls;
use crate::wall::sort::{ConfirmSort, Piece, SortItem};
use crate::wall::spare::{ConfirmSpare, SparePiece};
use crate::wall::undo::{SortedBack, UndoSort};

/// Begins to sort: at the only wall by itself.
pub(super) async fn begin(op: &mut Op<'_, '_>, state: &mut State) -> Result<Heard, FloorError> {
    let warehouse = op.warehouse();
    let all = walls(op.tx, warehouse).await?;
    state.screen = Screen::Wall;
    let only = match all.as_slice() {
        [only] => only.wall.clone(),
        _ => String::new(),
    };
    state.sort = Sorting { wall: only, ..Sorting::default() };
    Ok(Heard::ok())
}

/// Does what the wall does with a code.
pub(super) async fn scan(
    op: &mut Op<'_, '_>,
    state: &mut State,
    code: &Code,
    scan: &Scan,
) -> Result<Heard, FloorError> {
    let sort = &mut state.sort;
    match code {
        Code::Choice(what, wall) if what == "WALL" => {
            *sort = Sorting { wall: scanned(wall), ..Sorting::default() };
            Ok(Heard::ok())
        }
        Code::Command(Command::Back) => {
            if !sort.item.is_empty() {
                forget(sort);
            } else if !sort.tote.is_empty() {
                sort.tote.clear();
            } else {
                state.screen = Screen::Menu;
            }
            Ok(Heard::ok())
        }
        Code::Command(Command::Ok) => Ok(Heard::ok()),
        Code::Command(Command::Undo | Command::UndoNow) => undo(op, sort).await,
        Code::Command(_) | Code::Choice(..) => Err(refused("floor.not_here", &[])),
        _ if sort.wall.is_empty() => Err(super::wrong_kind(code, "kind.wall")),
        Code::Place { kind: PlaceKind::Tote, code, .. } if sort.item.is_empty() => {
            sort.tote.clone_from(code);
            Ok(Heard::ok())
        }
        _ if sort.tote.is_empty() => Err(super::wrong_kind(code, "kind.tote")),
        _ if sort.item.is_empty() => item(op, sort, code, scan).await,
        _ => slot(op, sort, code).await,
    }
}

/// Forgets the piece in hand.
fn forget(sort: &mut Sorting) {
    sort.item.clear();
    sort.lot = None;
    sort.slot.clear();
    sort.spare = false;
}

async fn item(op: &mut Op<'_, '_>, sort: &mut Sorting, code: &Code, scan: &Scan) -> Result<Heard, FloorError> {
    // Where several lots of an item lie in the tote, the lot's label comes first.
    if let Code::Lot { number, .. } = code {
        sort.lot = Some(number.clone());
        return Ok(Heard::info("wall.lot_then_item", &[("lot", number)]));
    }
    let Code::Item(found) = code else { return Err(super::wrong_kind(code, "kind.item")) };
    let lot = found.lot.clone().or_else(|| sort.lot.clone());
    let piece = Piece { tote: sort.tote.clone(), item: scan.raw.clone(), lot: lot.clone() };
    let proposed = SortItem { wall: sort.wall.clone(), piece }.run(op).await?;
    sort.item = scan.raw.clone();
    sort.lot = lot;
    sort.sku = proposed.sku;
    sort.spare = proposed.slot.is_none();
    sort.slot = match &proposed.slot {
        Some(slot) => slot.slot.clone(),
        None => proposed.spare.unwrap_or_default(),
    };
    Ok(if sort.spare { Heard::info("wall.spare", &[("item", &sort.sku)]) } else { Heard::ok() })
}

async fn slot(op: &mut Op<'_, '_>, sort: &mut Sorting, code: &Code) -> Result<Heard, FloorError> {
    match code {
        Code::Place { kind: PlaceKind::Slot, code, .. } if !sort.spare => {
            let piece = Piece { tote: sort.tote.clone(), item: sort.item.clone(), lot: sort.lot.clone() };
            let put = ConfirmSort { wall: sort.wall.clone(), piece, slot: code.clone(), quantity: None };
            let done = put.run(op).await?;
            sort.undo = Some((done.slot.clone(), sort.item.clone(), sort.lot.clone(), op.at()));
            forget(sort);
            Ok(match done.complete {
                true => Heard::done().saying("wall.complete", &[("slot", &done.slot)]),
                false => Heard::ok(),
            })
        }
        Code::Place { kind: PlaceKind::Location, code, .. } if sort.spare => {
            let spare = SparePiece {
                tote: sort.tote.clone(),
                item: sort.item.clone(),
                lot: sort.lot.clone(),
                location: code.clone(),
                quantity: None,
            };
            ConfirmSpare { wall: sort.wall.clone(), spare }.run(op).await?;
            forget(sort);
            Ok(Heard::ok())
        }
        // Another piece before this one lies in its slot.
        Code::Item(item) => Err(refused("wall.slot_first", &[("item", &item.code), ("slot", &sort.slot)])),
        other => Err(super::wrong_kind(other, if sort.spare { "kind.location" } else { "kind.slot" })),
    }
}

async fn undo(op: &mut Op<'_, '_>, sort: &mut Sorting) -> Result<Heard, FloorError> {
    let fresh = sort.undo.clone().filter(|(.., at)| op.at().ms_since(*at) < super::model::UNDO_MS);
    let (slot, item, lot, _) = fresh.ok_or_else(|| refused("floor.nothing_to_undo", &[]))?;
    let back = SortedBack { slot, item, lot, quantity: Some(1), tote: None };
    let done = UndoSort { wall: sort.wall.clone(), back }.run(op).await?;
    sort.undo = None;
    forget(sort);
    Ok(Heard::info("floor.undone", &[("count", &done.quantity), ("item", &done.sku)]))
}
