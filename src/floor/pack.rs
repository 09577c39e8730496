//! Packing at a station: tote, pieces, papers, scale, label, and the scan of the label that proves it.
//!
//! The parcel's own state decides where the packer is. The last piece closes the parcel where no paper is missing, a right weight
//! brings the number and the label; nothing is pressed in between.

use super::code::{Code, Command};
use super::model::{Heard, PackAt, Packing, Screen, Signal, State};
use super::scan::Scan;
use super::{FloorError, refused, sql, wrong_kind};
use crate::args;
use crate::db::{Op, Operation as _};
use crate::kernel::ids::{PlaceId, PrintJobId, StationId};
use crate::kernel::text::scanned;
use crate::packing::PackError;
use crate::packing::aside::{AsidePiece, SetAside};
use crate::packing::model::{PACKING_SLIP, ParcelState};
use crate::packing::reopen::{Back, ReopenParcel};
use crate::packing::seal::{HowToSeal, SealParcel, TickPaper};
use crate::packing::single::StartPackingByItem;
use crate::packing::start::StartPacking;
use crate::packing::verify::{PieceBack, PieceScan, UndoPiece, VerifyPiece};
use crate::packing::weigh::{LabelParcel, ParcelOnItsWay, WeighParcel, Weight};
use crate::picking::model::ShortReason;
use crate::station::model::JobState;
use crate::station::ops::{MoveJob, ProveByScan, ReprintLabel, SettleDoubt};
use crate::stock::model::PlaceKind;

/// Reasons that a packer chooses from, by the texts that name them; the English words go into the record.
pub const PASS_REASONS: &[&str] = &["pack.why_packaging", "pack.why_catalogue", "pack.why_counted"];
/// Why a parcel is closed unchecked.
pub const FORCE_REASONS: &[&str] = &["pack.why_unreadable", "pack.why_lead"];
/// Why a label is printed again.
pub const REPRINT_REASONS: &[&str] = &["pack.why_spoilt", "pack.why_lost"];

/// Why a piece was set aside, as the record has it.
const DAMAGED_AT_PACKING: &str = "damaged at packing";

/// A reason by its place in a list, as the record has it.
fn reason(list: &[&str], index: &str) -> Result<String, FloorError> {
    let chosen = index.parse::<usize>().ok().and_then(|index| list.get(index));
    let id = chosen.ok_or_else(|| refused("floor.not_here", &[]))?;
    Ok(crate::messages::fill(crate::messages::Language::En, id, &[]))
}

/// Does what packing does with a code.
pub(super) async fn scan(
    op: &mut Op<'_, '_>,
    state: &mut State,
    code: &Code,
    scan: &Scan,
) -> Result<Heard, FloorError> {
    state.screen = Screen::Pack;
    if scan.station.is_empty() {
        return Err(refused("pack.no_station", &[]));
    }
    if matches!(code, Code::Command(Command::Back)) {
        state.pack = Packing { parcel: state.pack.parcel.filter(|_| asks(state.pack.at)), ..Packing::default() };
        settle(op, state).await?;
        return Ok(Heard::ok());
    }
    let Some(parcel) = state.pack.parcel else { return start(op, state, code, scan).await };
    let bench = Bench { parcel, station: &scan.station };
    match state.pack.at {
        PackAt::Tote | PackAt::TakeOver => start(op, state, code, scan).await,
        PackAt::Verify => bench.verify(op, state, code, scan).await,
        PackAt::Force => match code {
            Code::Choice(what, index) if what == "FORCE" => {
                let forced_reason = Some(reason(FORCE_REASONS, index)?);
                bench.seal(op, state, HowToSeal { next_parcel: false, forced_reason }).await
            }
            _ => Err(refused("floor.not_here", &[])),
        },
        PackAt::Aside => bench.aside(op, state, code, scan).await,
        PackAt::Weigh | PackAt::Hold | PackAt::Pass => bench.weigh(op, state, code).await,
        PackAt::Label | PackAt::Reprint => bench.label(op, state, code).await,
    }
}

/// Whether a step is a question about the parcel, that one can step back from to the parcel.
const fn asks(at: PackAt) -> bool {
    matches!(at, PackAt::Force | PackAt::Aside | PackAt::Pass | PackAt::Reprint)
}

/// Where the packer is, by how the parcel stands.
async fn settle(op: &mut Op<'_, '_>, state: &mut State) -> Result<(), FloorError> {
    let warehouse = op.warehouse();
    let Some(parcel) = state.pack.parcel else { return Ok(()) };
    let found: Option<(ParcelState, String, String, i64)> =
        op.tx.opt(sql::SELECT_PARCEL, args![warehouse, parcel]).await?;
    state.pack.at = match found.map(|(state, ..)| state) {
        Some(ParcelState::Open | ParcelState::Verifying) => PackAt::Verify,
        Some(ParcelState::Sealed | ParcelState::Weighed) => PackAt::Weigh,
        Some(ParcelState::WeightHold) => PackAt::Hold,
        Some(ParcelState::WaybillBound | ParcelState::LabelPrinted | ParcelState::InDoubt) => PackAt::Label,
        Some(ParcelState::HandedOver | ParcelState::Void) | None => {
            state.pack = Packing::default();
            PackAt::Tote
        }
    };
    Ok(())
}

/// A tote becomes a parcel, or goes on with the one that was begun.
async fn start(op: &mut Op<'_, '_>, state: &mut State, code: &Code, scan: &Scan) -> Result<Heard, FloorError> {
    let (tote, take_over) = match code {
        Code::Place { kind: PlaceKind::Slot | PlaceKind::Tote, code, .. } => (code.clone(), false),
        Code::Command(Command::TakeOver | Command::Ok) if state.pack.at == PackAt::TakeOver => {
            (state.pack.tote.clone(), true)
        }
        // Of many orders of one piece, the item finds the order.
        Code::Item(item) if !state.pack.tote.is_empty() => {
            let begin = StartPackingByItem {
                tote: state.pack.tote.clone(),
                item: item.barcode.clone(),
                lot: item.lot.clone(),
                station: Some(scan.station.clone()),
            };
            let started = begin.run(op).await?;
            let tote = state.pack.tote.clone();
            state.pack = Packing { parcel: Some(started.parcel_id), tote, ..Packing::default() };
            settle(op, state).await?;
            let bench = Bench { parcel: started.parcel_id, station: &scan.station };
            return bench.verify(op, state, code, scan).await;
        }
        Code::Place { kind: PlaceKind::Parcel, id, .. } => {
            state.pack = Packing { parcel: Some(*id), ..Packing::default() };
            settle(op, state).await?;
            return Ok(Heard::ok());
        }
        // Also the label of the station itself, where the browser stands from then on.
        Code::Command(Command::Ok) => return Ok(Heard::ok()),
        other => return Err(wrong_kind(other, "kind.tote")),
    };
    let begin = StartPacking { tote: tote.clone(), station: Some(scan.station.clone()), take_over };
    match begin.run(op).await {
        Ok(started) => {
            state.pack = Packing { parcel: Some(started.parcel_id), ..Packing::default() };
            settle(op, state).await?;
            Ok(Heard::ok())
        }
        // Nothing was written yet: it is a question, not an error.
        Err(PackError::ScanItem { tote, orders }) => {
            let facts: &[(&str, &dyn std::fmt::Display)] = &[("tote", &tote), ("orders", &orders)];
            let heard = Heard::info("packing.scan_item", facts);
            state.pack = Packing { tote, ..Packing::default() };
            Ok(heard)
        }
        Err(PackError::OtherPacker { parcel, person }) => {
            state.pack = Packing { at: PackAt::TakeOver, tote, ..Packing::default() };
            Ok(Heard::info("packing.other_packer", &[("parcel", &parcel), ("person", &person)]))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// A parcel on a station's bench.
struct Bench<'a> {
    parcel: PlaceId,
    station: &'a str,
}

impl Bench<'_> {
    async fn verify(
        &self,
        op: &mut Op<'_, '_>,
        state: &mut State,
        code: &Code,
        scan: &Scan,
    ) -> Result<Heard, FloorError> {
        let parcel = self.parcel;
        match code {
            Code::Item(item) => {
                let (item, lot) = (item.scanned(&scan.raw), item.lot.clone());
                let piece = PieceScan { item, lot, ..PieceScan::default() };
                self.piece(op, state, piece).await
            }
            Code::Quantity(number) => {
                let more = number - state.pack.verified;
                if state.pack.item.is_empty() || more < 1 {
                    return Err(refused("pack.item_first", &[]));
                }
                let item = state.pack.item.clone();
                self.piece(op, state, PieceScan { item, quantity: Some(more), ..PieceScan::default() }).await
            }
            Code::Choice(what, index) if what == "PAPER" => self.paper(op, state, index).await,
            // The slip has the parcel's and the order's number on it: scanning it ticks it.
            Code::Place { kind: PlaceKind::Parcel, id, .. } if *id == parcel => {
                self.tick(op, state, PACKING_SLIP, true).await
            }
            Code::Command(Command::Undo | Command::UndoNow) => {
                let item = state.pack.item.clone();
                if item.is_empty() {
                    return Err(refused("floor.nothing_to_undo", &[]));
                }
                let back = PieceBack { item, quantity: Some(1), ..PieceBack::default() };
                let out = UndoPiece { parcel, back }.run(op).await?;
                state.pack.item.clear();
                state.pack.verified = 0;
                settle(op, state).await?;
                Ok(Heard::info("pack.taken_out", &[("count", &out.quantity), ("item", &out.sku)]))
            }
            Code::Command(Command::Split) => {
                self.seal(op, state, HowToSeal { next_parcel: true, forced_reason: None }).await
            }
            Code::Command(Command::Pass) => {
                state.pack.at = PackAt::Force;
                Ok(Heard::ok())
            }
            Code::Command(Command::Aside) => {
                state.pack.at = PackAt::Aside;
                state.pack.aside = None;
                Ok(Heard::ok())
            }
            Code::Command(Command::Ok) => Ok(Heard::ok()),
            Code::Unknown(text) => Err(refused("packing.unknown_item", &[("scanned", text)])),
            other => Err(wrong_kind(other, "kind.item")),
        }
    }

    async fn piece(&self, op: &mut Op<'_, '_>, state: &mut State, scan: PieceScan) -> Result<Heard, FloorError> {
        let item = scan.item.clone();
        let done = VerifyPiece { parcel: self.parcel, scan }.run(op).await?;
        state.pack.item = item;
        state.pack.verified = done.verified;
        if done.order_left == 0 {
            return self.close_if_whole(op, state).await;
        }
        settle(op, state).await?;
        Ok(if done.left == 0 { Heard::done() } else { Heard::ok() })
    }

    /// A damaged piece: the piece is scanned, and then where it is put. The order gets another, or ships without it.
    async fn aside(
        &self,
        op: &mut Op<'_, '_>,
        state: &mut State,
        code: &Code,
        scan: &Scan,
    ) -> Result<Heard, FloorError> {
        match (code, state.pack.aside.clone()) {
            (Code::Item(item), None) => {
                state.pack.aside = Some((item.scanned(&scan.raw), item.lot.clone()));
                Ok(Heard::ok())
            }
            (Code::Place { kind: PlaceKind::Location, code, .. }, Some((item, lot))) => {
                let why = ShortReason::Damaged;
                let (reason, location) = (DAMAGED_AT_PACKING.to_owned(), code.clone());
                let piece = AsidePiece { item, quantity: None, lot, location, why, reason };
                let put = SetAside { parcel: self.parcel, piece }.run(op).await?;
                state.pack = Packing { parcel: Some(self.parcel), ..Packing::default() };
                settle(op, state).await?;
                let facts: &[(&str, &dyn std::fmt::Display)] = &[("item", &put.sku), ("place", code)];
                let said = if put.parcel_void { "pack.aside_all" } else { "pack.aside_one" };
                Ok(Heard::info(said, facts))
            }
            (other, None) => Err(wrong_kind(other, "kind.item")),
            (other, Some(_)) => Err(wrong_kind(other, "kind.location")),
        }
    }

    async fn paper(&self, op: &mut Op<'_, '_>, state: &mut State, index: &str) -> Result<Heard, FloorError> {
        let papers: Vec<(String, bool)> = op.tx.all(sql::SELECT_PAPERS, args![self.parcel]).await?;
        let found = index.parse::<usize>().ok().and_then(|index| papers.get(index));
        let (paper, enclosed) = found.ok_or_else(|| refused("floor.not_here", &[]))?;
        self.tick(op, state, paper, !enclosed).await
    }

    async fn tick(
        &self,
        op: &mut Op<'_, '_>,
        state: &mut State,
        paper: &str,
        enclosed: bool,
    ) -> Result<Heard, FloorError> {
        TickPaper { parcel: self.parcel, paper: paper.to_owned(), enclosed }.run(op).await?;
        if enclosed { self.close_if_whole(op, state).await } else { Ok(Heard::ok()) }
    }

    /// Closes the parcel where every piece and paper is inside.
    async fn close_if_whole(&self, op: &mut Op<'_, '_>, state: &mut State) -> Result<Heard, FloorError> {
        match (SealParcel { parcel: self.parcel, how: HowToSeal::default() }).run(op).await {
            Ok(_) => {
                settle(op, state).await?;
                Ok(Heard::done())
            }
            // Not whole yet: the checks come before all writes.
            Err(PackError::PapersMissing { .. } | PackError::PiecesMissing { .. } | PackError::EmptyParcel { .. }) => {
                settle(op, state).await?;
                Ok(Heard::ok())
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    async fn seal(&self, op: &mut Op<'_, '_>, state: &mut State, how: HowToSeal) -> Result<Heard, FloorError> {
        SealParcel { parcel: self.parcel, how }.run(op).await?;
        settle(op, state).await?;
        Ok(Heard::done())
    }

    async fn weigh(&self, op: &mut Op<'_, '_>, state: &mut State, code: &Code) -> Result<Heard, FloorError> {
        match code {
            Code::Quantity(grams) => self.put_on(op, state, *grams, None).await,
            Code::Choice(what, grams) if what == "GRAMS" => {
                let grams = grams.parse().map_err(|_| refused("floor.not_here", &[]))?;
                self.put_on(op, state, grams, None).await
            }
            Code::Choice(what, index) if what == "PASS" && state.pack.at == PackAt::Pass => {
                let reason = reason(PASS_REASONS, index)?;
                let (_, _, _, grams) = self.row(op).await?;
                self.put_on(op, state, grams, Some(reason)).await
            }
            Code::Command(Command::Pass) if state.pack.at == PackAt::Hold => {
                state.pack.at = PackAt::Pass;
                Ok(Heard::ok())
            }
            Code::Command(Command::Ok) => {
                let (parcel, ..) = self.row(op).await?;
                if parcel != ParcelState::Weighed {
                    return Ok(Heard::ok());
                }
                let label = LabelParcel { parcel: self.parcel, station: Some(self.station.to_owned()) };
                let way = label.run(op).await?;
                self.on_its_way(op, state, &way).await
            }
            Code::Command(Command::Reopen) => self.reopen(op, state).await,
            Code::Command(_) | Code::Choice(..) => Err(refused("floor.not_here", &[])),
            other => Err(refused("pack.scale_first", &[("kind", &other.kind())])),
        }
    }

    async fn row(&self, op: &mut Op<'_, '_>) -> Result<(ParcelState, String, String, i64), FloorError> {
        let warehouse = op.warehouse();
        Ok(op.tx.one("parcel", sql::SELECT_PARCEL, args![warehouse, self.parcel]).await?)
    }

    async fn put_on(
        &self,
        op: &mut Op<'_, '_>,
        state: &mut State,
        weight_grams: i64,
        accepted_reason: Option<String>,
    ) -> Result<Heard, FloorError> {
        let weight = Weight { weight_grams, station: Some(self.station.to_owned()), accepted_reason };
        let way = WeighParcel { parcel: self.parcel, weight }.run(op).await?;
        if way.state == ParcelState::WeightHold {
            settle(op, state).await?;
            let (least, most) = way.bounds.map_or((0, 0), |bounds| (bounds.least_grams, bounds.most_grams));
            let facts: &[(&str, &dyn std::fmt::Display)] =
                &[("weight", &weight_grams), ("least", &least), ("most", &most)];
            return Ok(Heard { signal: Signal::Wrong, ..Heard::info("pack.weight_off", facts) });
        }
        self.on_its_way(op, state, &way).await
    }

    /// The label is on its way, or something hinders it: that is said, and the weight stays.
    async fn on_its_way(
        &self,
        op: &mut Op<'_, '_>,
        state: &mut State,
        way: &ParcelOnItsWay,
    ) -> Result<Heard, FloorError> {
        settle(op, state).await?;
        let Some(hindrance) = &way.hindrance else { return Ok(Heard::done()) };
        let facts: Vec<(&str, &dyn std::fmt::Display)> =
            hindrance.facts.iter().map(|(name, value)| (name.as_str(), value as &dyn std::fmt::Display)).collect();
        Ok(Heard { signal: Signal::Wrong, ..Heard::info(&hindrance.code, &facts) })
    }

    async fn reopen(&self, op: &mut Op<'_, '_>, state: &mut State) -> Result<Heard, FloorError> {
        let back = Back { reason: "counted again".to_owned(), ..Back::default() };
        ReopenParcel { parcel: self.parcel, back }.run(op).await?;
        state.pack = Packing { parcel: Some(self.parcel), ..Packing::default() };
        settle(op, state).await?;
        Ok(Heard::info("pack.reopened", &[]))
    }

    async fn job(&self, op: &mut Op<'_, '_>) -> Result<PrintJobId, FloorError> {
        let found: Option<(PrintJobId, JobState)> = op.tx.opt(sql::SELECT_LABEL_JOB, args![self.parcel]).await?;
        found.map(|(job, _)| job).ok_or_else(|| refused("floor.not_here", &[]))
    }

    async fn label(&self, op: &mut Op<'_, '_>, state: &mut State, code: &Code) -> Result<Heard, FloorError> {
        match code {
            Code::Waybill(number) => {
                let (_, parcel, expected, _) = self.row(op).await?;
                if *number != expected {
                    return Err(refused("pack.wrong_label", &[("scanned", number), ("waybill", &expected)]));
                }
                ProveByScan { scan: number.clone() }.run(op).await?;
                // The next piece of the same tote, where its orders are of one piece.
                state.pack = Packing { tote: state.pack.tote.clone(), ..Packing::default() };
                Ok(Heard::done().saying("pack.parcel_done", &[("parcel", &parcel)]))
            }
            Code::Command(Command::CameOut) => self.settle_doubt(op, state, true).await,
            Code::Command(Command::NotOut) => self.settle_doubt(op, state, false).await,
            Code::Choice(what, printer) if what == "PRINTER" => {
                let job = self.job(op).await?;
                MoveJob { job, printer: printer.clone() }.run(op).await?;
                Ok(Heard::info("pack.printed_at", &[("printer", printer)]))
            }
            Code::Command(Command::Print) => {
                state.pack.at = PackAt::Reprint;
                Ok(Heard::ok())
            }
            Code::Choice(what, index) if what == "REPRINT" => {
                let warehouse = op.warehouse();
                let values = args![warehouse, scanned(self.station)];
                let station: Option<(StationId,)> = op.tx.opt(crate::station::sql::SELECT_STATION_ID, values).await?;
                let station = station.map(|(station,)| station);
                let reason = reason(REPRINT_REASONS, index)?;
                ReprintLabel { parcel: self.parcel, reason, station }.run(op).await?;
                settle(op, state).await?;
                Ok(Heard::info("pack.reprinting", &[]))
            }
            Code::Command(Command::Reopen) => self.reopen(op, state).await,
            Code::Command(Command::Ok) => Ok(Heard::ok()),
            Code::Command(_) | Code::Choice(..) => Err(refused("floor.not_here", &[])),
            other => {
                let (_, _, expected, _) = self.row(op).await?;
                Err(refused("pack.label_first", &[("kind", &other.kind()), ("waybill", &expected)]))
            }
        }
    }

    async fn settle_doubt(&self, op: &mut Op<'_, '_>, state: &mut State, came_out: bool) -> Result<Heard, FloorError> {
        let job = self.job(op).await?;
        SettleDoubt { job, came_out, evidence: "seen at the station".to_owned() }.run(op).await?;
        settle(op, state).await?;
        Ok(Heard::ok())
    }
}
