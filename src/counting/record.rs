//! Counting by scan: each scan adds what its barcode stands for, or says how many there are.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::claim::{CellRow, LineRow, TaskRow, cell, in_turn, lines, mine};
use super::model::LEASE_MS;
use super::{CountError, require, sql};
use crate::args;
use crate::catalog::ops::Resolved;
use crate::catalog::scan;
use crate::db::{DbError, Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{CountLineId, CountTaskId, LotId};
use crate::kernel::text::scanned;
use crate::stock::model::StockStatus;
use crate::stock::ops::LARGEST;

/// Longest code of goods that nobody knows, and longest lot.
const LONGEST: usize = 100;

/// In place of a number of changes: the line was begun and has to be begun anew, so that "nothing else" doesn't speak of it.
pub(super) const BEGUN: i64 = -1;
/// Where nobody read a lot, and several could be.
const NO_LOT: &str = "?";

/// Counts an item at a place that is one's own.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CountScan {
    /// Any barcode of the item, its SKU code, or a GS1 element string.
    pub item: String,
    /// The lot's number, or the supplier's; needed where several lots of the item lie there.
    pub lot: Option<String>,
    /// Status of the goods; sound where it isn't said. It must be said where the book has only others here.
    pub status: Option<StockStatus>,
    /// Scans of the item, one where it isn't said: each adds the pieces that its barcode stands for.
    pub scans: Option<i64>,
    /// Instead of scans: all the pieces that lie there.
    pub pieces: Option<i64>,
    /// The number of the command in its round; one that comes late is refused.
    pub step: Option<i64>,
}

/// Counts an item.
#[derive(Clone, Debug, Serialize)]
pub struct RecordCount {
    /// The task.
    pub task: CountTaskId,
    /// What was scanned.
    pub scan: CountScan,
}

/// What was counted so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CountRecorded {
    /// The number of the next command.
    pub step: i64,
    /// The SKU; none where nobody knows the code: it is noted with the place.
    pub sku: Option<String>,
    /// The lot; empty where it isn't known.
    pub lot: String,
    /// Pieces of it that this counter has counted in this round.
    pub counted: i64,
    /// What has to be counted anew from its first piece, because something of it was moved meanwhile.
    pub again: Vec<String>,
}

/// Which line a scan is about.
struct Target {
    line: Option<LineRow>,
    lot: Option<LotId>,
    lot_number: String,
    status: StockStatus,
}

impl Operation for RecordCount {
    const KIND: &'static str = "counting.record";
    type Answer = CountRecorded;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<CountRecorded, CountError> {
        require(op, Right::Count)?;
        let task = mine(op, self.task).await?;
        in_turn(&task, self.scan.step)?;
        let quantity = self.quantity()?;
        let found = scan::item(op.tx, &self.scan.item).await?;
        let Some(found) = found else { return self.unknown(op, &task, quantity).await };
        let lot = scan::lot_of(&found, self.scan.lot.as_deref());
        let lines = lines(op, &task).await?;
        let target = self.target(op, &task, &lines, &found.item, lot.as_deref()).await?;
        let pieces = match self.scan.pieces {
            Some(pieces) => pieces,
            None => quantity.saturating_mul(found.item.unit_factor),
        };
        let before = target.line.as_ref().and_then(|line| line.counted).unwrap_or_default();
        let whole = if self.scan.pieces.is_some() { pieces } else { before.saturating_add(pieces) };
        if whole > LARGEST {
            return Err(CountError::BadQuantity { quantity: whole });
        }
        // Nothing below may fail for a business reason.
        let id = match &target.line {
            Some(line) => line.id,
            None => insert(op, &task, &found.item, &target).await?,
        };
        let mut again = seal_others(op, &task, &lines, id).await?;
        let (counted, anew) = self.count(op, &task, &found.item, id, &target, pieces).await?;
        if anew {
            again.push(found.item.code.clone());
        }
        touch(op, &task).await?;
        let lot = target.lot_number;
        Ok(CountRecorded { step: task.step + 1, sku: Some(found.item.code), lot, counted, again })
    }
}

/// The person is at work, and looks at what is there from now on.
pub(super) async fn touch(op: &mut Op<'_, '_>, task: &TaskRow) -> Result<(), DbError> {
    op.tx.exec(sql::SEE_LINES, args![task.id]).await?;
    let lease_until = op.at().plus_ms(LEASE_MS);
    op.tx.exec(sql::TOUCH_TASK, args![task.id, lease_until]).await.map(drop)
}

impl RecordCount {
    fn quantity(&self) -> Result<i64, CountError> {
        let (quantity, least) = match (self.scan.pieces, self.scan.scans) {
            (Some(pieces), None) => (pieces, 0),
            (None, scans) => (scans.unwrap_or(1), 1),
            (Some(_), Some(scans)) => return Err(CountError::BadQuantity { quantity: scans }),
        };
        if (least..=LARGEST).contains(&quantity) { Ok(quantity) } else { Err(CountError::BadQuantity { quantity }) }
    }

    /// Goods that the catalogue doesn't know are noted where they lie.
    async fn unknown(&self, op: &mut Op<'_, '_>, task: &TaskRow, quantity: i64) -> Result<CountRecorded, CountError> {
        let code = scanned(&self.scan.item);
        if code.is_empty() || code.len() > LONGEST || quantity == 0 {
            return Err(CountError::BadInput { field: "item" });
        }
        // Nothing below may fail for a business reason.
        let values = args![op.warehouse(), task.id, task.place, &code, quantity, op.person(), op.at()];
        op.tx.exec(sql::INSERT_UNKNOWN, values).await?;
        op.record("count.unknown_found", ("place", task.place.0), &json!({ "code": code, "task": task.id }));
        touch(op, task).await?;
        Ok(CountRecorded { step: task.step + 1, sku: None, lot: String::new(), counted: quantity, again: Vec::new() })
    }

    /// The line that a scan is about: of the scanned lot, or the only one.
    async fn target(
        &self,
        op: &mut Op<'_, '_>,
        task: &TaskRow,
        lines: &[LineRow],
        item: &Resolved,
        lot: Option<&str>,
    ) -> Result<Target, CountError> {
        let of_sku: Vec<&LineRow> = lines.iter().filter(|line| line.sku == item.sku).collect();
        let (lot, lot_number) = self.lot(op, task, &of_sku, item, lot).await?;
        let same = |line: &&&LineRow| line.lot == lot && (lot.is_some() || line.lot_number == lot_number);
        let of_lot: Vec<&LineRow> = of_sku.iter().filter(same).copied().collect();
        let not_asked = || CountError::NotAsked { sku: item.code.clone(), place: task.place_code.clone() };
        let status = match self.scan.status {
            Some(status) => status,
            None => {
                // Sound goods, unless the book has only others here: then it is said which these are.
                let other = of_lot.iter().find(|line| line.asked() && line.status != StockStatus::Good);
                let good = of_lot.iter().any(|line| line.asked() && line.status == StockStatus::Good);
                match other {
                    Some(line) if !good => {
                        return Err(CountError::WhichStatus { sku: item.code.clone(), status: line.status });
                    }
                    _ => StockStatus::Good,
                }
            }
        };
        if let Some(line) = of_lot.into_iter().find(|line| line.status == status) {
            let line = if line.asked() { Some(line.clone()) } else { return Err(not_asked()) };
            return Ok(Target { line, lot, lot_number, status });
        }
        // What the book has here and nobody asked for stays out; what lies here by mistake is noted.
        if let (Some(lot), true) = (lot, !task.whole || task.round > 1)
            && cell(op, task.place, (item.sku, lot, status)).await?.on_hand > 0
        {
            return Err(not_asked());
        }
        Ok(Target { line: None, lot, lot_number, status })
    }

    /// The lot: the scanned one, the only one that is here, or the only one that there is. None where nobody knows.
    async fn lot(
        &self,
        op: &mut Op<'_, '_>,
        task: &TaskRow,
        of_sku: &[&LineRow],
        item: &Resolved,
        lot: Option<&str>,
    ) -> Result<(Option<LotId>, String), CountError> {
        let warehouse = op.warehouse();
        let text = lot.unwrap_or_default();
        if text.len() > LONGEST {
            return Err(CountError::BadInput { field: "lot" });
        }
        if text.is_empty() {
            let mut here: Vec<(Option<LotId>, String)> =
                of_sku.iter().map(|line| (line.lot, line.lot_number.clone())).collect();
            if here.is_empty() {
                here = booked(op, task, item).await?.into_iter().map(|(lot, number)| (Some(lot), number)).collect();
            }
            here.sort_unstable();
            here.dedup();
            match here.as_slice() {
                [] => {}
                [(lot, number)] => return Ok((*lot, number.clone())),
                several => {
                    let lots: Vec<&str> = several.iter().map(|(_, number)| number.as_str()).collect();
                    return Err(CountError::WhichLot { sku: item.code.clone(), lots: lots.join(", ") });
                }
            }
        }
        let known: Vec<(LotId, String)> = op.tx.all(sql::SELECT_LOTS, args![warehouse, item.sku, text]).await?;
        match known.as_slice() {
            [(lot, number)] => Ok((Some(*lot), number.clone())),
            _ if text.is_empty() => Ok((None, NO_LOT.to_owned())),
            _ => Ok((None, text.to_owned())),
        }
    }

    /// Counts, in the transaction that reads the book. Gives what is counted by now, and whether it has to begin anew.
    async fn count(
        &self,
        op: &mut Op<'_, '_>,
        task: &TaskRow,
        item: &Resolved,
        id: CountLineId,
        target: &Target,
        pieces: i64,
    ) -> Result<(i64, bool), CountError> {
        let now = match target.lot {
            Some(lot) => Some(cell(op, task.place, (item.sku, lot, target.status)).await?),
            // Goods of no known lot are in no cell: the book has none of them.
            None => None,
        };
        let (book, changes, corrections) =
            now.map_or((0, 0, 0), |CellRow { on_hand, changes, corrections, .. }| (on_hand, changes, corrections));
        let before = target.line.as_ref().and_then(|line| Some((line.counted?, line.changes?)));
        let absolute = self.scan.pieces.is_some();
        let seen = match (&target.line, before) {
            // Scanned piece by piece: since the first of them. A typed number: since whoever typed it came to the item.
            (Some(_), Some((_, first))) if !absolute => first,
            (Some(line), _) if absolute => line.seen_changes,
            _ => changes,
        };
        let counted = match before {
            _ if seen != changes => {
                op.tx.exec(sql::DELETE_ENTRY, args![id, task.round]).await?;
                op.tx.exec(sql::SET_OPENED, args![id, BEGUN]).await?;
                return Ok((0, true));
            }
            Some((counted, _)) if !absolute => counted + pieces,
            _ => pieces,
        };
        let (person, at) = (op.person(), op.at());
        let values = args![id, task.round, person, counted, book, changes, corrections, absolute, at];
        op.tx.exec(sql::PUT_ENTRY, values).await?;
        Ok((counted, false))
    }
}

async fn booked(op: &mut Op<'_, '_>, task: &TaskRow, item: &Resolved) -> Result<Vec<(LotId, String)>, DbError> {
    let warehouse = op.warehouse();
    op.tx.all(sql::SELECT_BOOKED, args![warehouse, task.place, item.sku]).await
}

async fn insert(op: &mut Op<'_, '_>, task: &TaskRow, item: &Resolved, target: &Target) -> Result<CountLineId, DbError> {
    let text = if target.lot.is_some() { "" } else { target.lot_number.as_str() };
    let values = args![op.warehouse(), task.id, task.place, item.sku, target.lot, text, target.status, 0_i64];
    let (id,): (CountLineId,) = op.tx.one("line", sql::INSERT_LINE, values).await?;
    Ok(id)
}

/// Lines other than `but` that were begun and not ended are at their end. Gives those that begin anew, because something of
/// them was moved since their first scan.
pub(super) async fn seal_others(
    op: &mut Op<'_, '_>,
    task: &TaskRow,
    lines: &[LineRow],
    but: CountLineId,
) -> Result<Vec<String>, DbError> {
    let mut again = Vec::new();
    let mut open: Vec<&LineRow> =
        lines.iter().filter(|line| line.asked() && line.id != but && line.sealed == Some(false)).collect();
    open.sort_by_key(|line| line.lot);
    for line in open {
        let now = match line.lot {
            Some(lot) => cell(op, task.place, (line.sku, lot, line.status)).await?.changes,
            None => 0,
        };
        if line.changes == Some(now) {
            let at = op.at();
            op.tx.exec(sql::SEAL_ENTRY, args![line.id, task.round, at]).await?;
        } else {
            op.tx.exec(sql::DELETE_ENTRY, args![line.id, task.round]).await?;
            op.tx.exec(sql::SET_OPENED, args![line.id, BEGUN]).await?;
            again.push(line.sku_code.clone());
        }
    }
    Ok(again)
}
