//! What goes wrong on a walk, each with a way on: a full tote, a line for later or from another place, missing pieces, a mistake.

use std::fmt::Display;

use super::code::Code;
use super::model::{Heard, PickAt, Picking, State, UNDO_MS, Undoable};
use super::pick::{Walk, settle};
use super::{FloorError, elsewhere, refused, wrong_kind};
use crate::db::{Op, Operation as _};
use crate::picking::model::ShortReason;
use crate::picking::run::{self, Run};
use crate::picking::short::{ReportShort, SkipLine};
use crate::picking::task::TakeTote;
use crate::picking::undo::UndoPick;
use crate::stock::model::PlaceKind;

impl Walk<'_> {
    pub(super) async fn full(&self, op: &mut Op<'_, '_>, state: &mut State, code: &Code) -> Result<Heard, FloorError> {
        let Code::Place { kind: PlaceKind::Tote, code, .. } = code else { return Err(wrong_kind(code, "kind.tote")) };
        TakeTote { task: self.line.task_id, tote: code.clone() }.run(op).await?;
        state.undo = None;
        self.resume(state);
        Ok(Heard::ok().saying("floor.new_tote", &[("tote", code)]))
    }

    /// The whole line goes to another place, so nothing of it may be in hand.
    pub(super) fn ask_elsewhere(&self, state: &mut State) -> Result<Heard, FloorError> {
        if state.pick.counted > 0 && state.pick.at != PickAt::Put {
            return Err(refused("floor.put_back_first", &[("count", &state.pick.counted)]));
        }
        state.pick.counted = 0;
        state.pick.at = PickAt::Other;
        Ok(Heard::ok())
    }

    pub(super) async fn elsewhere(
        &self,
        op: &mut Op<'_, '_>,
        state: &mut State,
        code: &Code,
    ) -> Result<Heard, FloorError> {
        let place = elsewhere::take(op, self.line, code).await?;
        // Whoever scanned the other place stands there.
        let (place_code, run) = (place.clone(), state.pick.run);
        state.pick = Picking { run, place: place.clone(), place_code, ..Picking::default() };
        settle(op, state, self.run).await?;
        Ok(Heard::info("floor.elsewhere", &[("item", &self.line.sku), ("place", &place)]))
    }

    pub(super) async fn skip(&self, op: &mut Op<'_, '_>, state: &mut State) -> Result<Heard, FloorError> {
        if state.pick.counted > 0 && state.pick.at != PickAt::Put {
            return Err(refused("floor.put_back_first", &[("count", &state.pick.counted)]));
        }
        SkipLine { task: self.line.task_id, allocation: self.line.allocation_id }.run(op).await?;
        // Also away from the place, or the same line would be the nearest.
        state.pick = Picking { run: state.pick.run, ..Picking::default() };
        settle(op, state, self.run).await?;
        Ok(Heard::info("floor.skipped", &[("place", &self.line.place)]))
    }

    /// The pieces that weren't found go to another place or are owed; those in hand are confirmed.
    pub(super) async fn short(
        &self,
        op: &mut Op<'_, '_>,
        state: &mut State,
        reason: ShortReason,
    ) -> Result<Heard, FloorError> {
        let line = self.line;
        let in_hand = state.pick.counted;
        let missing = line.quantity - in_hand;
        let report = ReportShort { task: line.task_id, allocation: line.allocation_id, missing, reason };
        let changed = report.run(op).await?;
        state.pick.counted = in_hand;
        settle(op, state, self.run).await?;
        if in_hand > 0 && self.run.positions == 1 {
            let person = op.person();
            let lines = run::lines(op.tx, self.run.id, person).await?;
            if let Some(rest) = lines.iter().find(|rest| rest.allocation_id == line.allocation_id) {
                let walk = Walk { run: self.run, line: rest, group: 1 };
                walk.confirm(op, state, rest.tote.clone().unwrap_or_default()).await?;
            }
        } else if in_hand > 0 {
            state.pick.at = PickAt::Put;
        }
        let facts: &[(&str, &dyn Display)] =
            &[("missing", &missing), ("item", &line.sku), ("elsewhere", &changed.reallocated)];
        Ok(match changed.reallocated {
            0 => Heard::info("floor.short_owed", facts),
            _ => Heard::info("floor.short_elsewhere", facts),
        })
    }

    pub(super) fn ask_undo(&self, op: &Op<'_, '_>, state: &mut State) -> Result<Heard, FloorError> {
        if state.pick.counted > 0 && state.pick.at == PickAt::Item {
            state.pick.counted = 0;
            return Ok(Heard::info("floor.count_again", &[("item", &self.line.sku)]));
        }
        undoable(state, op.at())?;
        state.pick.at = PickAt::Undo;
        Ok(Heard::ok())
    }
}

/// What can still be taken back.
fn undoable(state: &State, now: crate::kernel::Timestamp) -> Result<Undoable, FloorError> {
    let fresh = state.undo.clone().filter(|undo| now.ms_since(undo.at) < UNDO_MS);
    fresh.ok_or_else(|| refused("floor.nothing_to_undo", &[]))
}

pub(super) async fn undo_now(op: &mut Op<'_, '_>, state: &mut State, run: &Run) -> Result<Heard, FloorError> {
    let undo = undoable(state, op.at())?;
    UndoPick { task: undo.task, allocation: undo.allocation, quantity: undo.quantity }.run(op).await?;
    state.undo = None;
    state.pick = Picking { line: Some(undo.allocation), ..Picking::default() };
    settle(op, state, run).await?;
    Ok(Heard::info("floor.undone", &[("count", &undo.quantity), ("item", &undo.sku)]))
}
