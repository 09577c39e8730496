//! Putting away and moving with a handheld: where it lies, what it is, how many, where it goes. The screen proposes where.

use super::code::{Code, Command};
use super::model::{Heard, Screen, State, Stowing};
use super::{FloorError, refused};
use crate::db::{Op, Operation as _};
use crate::putaway::PutAwayError;
use crate::putaway::ops::PutAway;
use crate::stock::model::PlaceKind;

/// Begins to put something away, or to move it.
pub(super) fn begin(op: &Op<'_, '_>, state: &mut State) -> Result<Heard, FloorError> {
    if !op.may(crate::kernel::actor::Right::StockMove) {
        return Err(refused("forbidden", &[("right", &"stock_move")]));
    }
    state.screen = Screen::Stow;
    state.stow = Stowing::default();
    Ok(Heard::ok())
}

/// Does what putting away does with a code.
pub(super) async fn scan(op: &mut Op<'_, '_>, state: &mut State, code: &Code) -> Result<Heard, FloorError> {
    let stow = &mut state.stow;
    match code {
        Code::Command(Command::Back) => {
            match (stow.from.is_empty(), stow.item.is_empty(), stow.other_lot.is_empty()) {
                (true, ..) => state.screen = Screen::Menu,
                (false, true, _) => *stow = Stowing::default(),
                (false, false, true) => *stow = Stowing { from: stow.from.clone(), ..Stowing::default() },
                (false, false, false) => stow.other_lot.clear(),
            }
            Ok(Heard::ok())
        }
        // Beside another lot, for a reason that is asked once.
        Code::Command(Command::Ok) if !stow.other_lot.is_empty() => {
            let to = stow.other_lot.clone();
            put(op, stow, &to, Some("allowed at the place".to_owned())).await
        }
        Code::Command(Command::Ok) => Ok(Heard::ok()),
        Code::Command(_) | Code::Choice(..) => Err(refused("floor.not_here", &[])),
        Code::Place { kind: PlaceKind::Location | PlaceKind::Tote | PlaceKind::Slot, code, .. }
            if stow.from.is_empty() =>
        {
            stow.from.clone_from(code);
            Ok(Heard::ok())
        }
        _ if stow.from.is_empty() => Err(super::wrong_kind(code, "kind.location")),
        Code::Item(item) if stow.item.is_empty() || item.code == stow.sku => {
            if stow.item.is_empty() {
                *stow = Stowing { from: stow.from.clone(), ..Stowing::default() };
            }
            stow.item = item.code.clone();
            stow.sku.clone_from(&item.code);
            stow.lot = item.lot.clone().or_else(|| stow.lot.clone());
            stow.counted = stow.counted.saturating_add(item.factor);
            Ok(Heard::ok())
        }
        Code::Lot { number, .. } => {
            stow.lot = Some(number.clone());
            Ok(Heard::ok())
        }
        Code::Quantity(number) if !stow.item.is_empty() && *number > 0 => {
            stow.counted = *number;
            Ok(Heard::ok())
        }
        Code::Place { kind: PlaceKind::Location, code, .. } if !stow.item.is_empty() => {
            put(op, stow, &code.clone(), None).await
        }
        Code::Item(item) => Err(refused("floor.item_in_hand", &[("scanned", &item.code), ("item", &stow.sku)])),
        other if stow.item.is_empty() => Err(super::wrong_kind(other, "kind.item")),
        other => Err(super::wrong_kind(other, "kind.location")),
    }
}

async fn put(op: &mut Op<'_, '_>, stow: &mut Stowing, to: &str, reason: Option<String>) -> Result<Heard, FloorError> {
    let put = PutAway {
        from: stow.from.clone(),
        item: stow.item.clone(),
        lot: stow.lot.clone(),
        quantity: stow.counted,
        to: to.to_owned(),
        status: None,
        reason,
    };
    match put.run(op).await {
        Ok(done) => {
            *stow =
                Stowing { from: if done.left > 0 { stow.from.clone() } else { String::new() }, ..Stowing::default() };
            let facts: &[(&str, &dyn std::fmt::Display)] =
                &[("count", &done.quantity), ("item", &done.sku), ("place", &done.place)];
            Ok(Heard::done().saying("floor.put_away", facts))
        }
        // Nothing was written yet: it is a question.
        Err(PutAwayError::OtherLot { place, sku, lot }) => {
            stow.other_lot.clone_from(&place);
            let facts: &[(&str, &dyn std::fmt::Display)] = &[("place", &place), ("sku", &sku), ("lot", &lot)];
            Ok(Heard::info("putaway.other_lot", facts))
        }
        Err(refusal) => Err(refusal.into()),
    }
}
