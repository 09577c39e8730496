//! What a handheld shows: read anew for each answer, so that every device shows the same step.

use super::elsewhere::Elsewhere;
use super::model::{Message, PickAt, Screen, Sorting, State, Stowing, Surface, UNDO_MS, Undoable};
use super::scan::{Standing, standing};
use super::{elsewhere, pick, sql};
use crate::args;
use crate::db::{DbError, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{PersonId, SkuId, WarehouseId};
use crate::lookup::query::{Found, look_up};
use crate::order::model::OrderState;
use crate::picking::run::{self, RunLine, RunView, Slot};
use crate::putaway::propose::{ToPutAway, proposals};
use crate::wall::query::{BatchTote, WallView, batch_totes, walls};

/// Most rows that a small screen lists.
const MOST_ROWS: usize = 30;

/// A handheld's screen.
#[derive(Debug)]
pub struct PdaView {
    /// The version of the step.
    pub version: i64,
    /// The step's name.
    pub step: &'static str,
    /// What stands on the screen.
    pub message: Option<Message>,
    /// What it is about.
    pub body: Body,
}

/// What a screen is about.
#[derive(Debug)]
pub enum Body {
    /// The list of work.
    Menu {
        /// Orders that wait for a picker.
        waiting: i64,
        /// Whether the person has a walk to go on with.
        under_way: bool,
    },
    /// Picking.
    Pick(Box<PickView>),
    /// Sorting at a put wall.
    Wall(Box<WallScreen>),
    /// Putting away, or moving.
    Stow(StowView),
    /// What was scanned, and all about it.
    Look(Box<Option<Found>>),
    /// One's own day.
    Day(DayView),
}

/// A picker's screen.
#[derive(Debug)]
pub struct PickView {
    /// Where within the line.
    pub at: PickAt,
    /// The walk; none before its first scan.
    pub view: Option<RunView>,
    /// Index of the current line in the walk.
    pub line: Option<RunLine>,
    /// The line after it, by place.
    pub next: Option<RunLine>,
    /// How many positions want the same item from here.
    pub group: usize,
    /// Pieces in hand.
    pub counted: i64,
    /// The item that was verified here.
    pub verified: bool,
    /// The place that was scanned.
    pub place_code: String,
    /// The barcodes of what is to be collected: SKU, barcode, pieces.
    pub barcodes: Vec<(SkuId, String, i64)>,
    /// What can be taken back.
    pub undo: Option<Undoable>,
    /// Positions whose order was stopped: their totes go to the office.
    pub stopped: Vec<Slot>,
    /// Whether a batch's orders are of one piece each.
    pub single: bool,
    /// From where else the line could be taken, where that is asked.
    pub elsewhere: Vec<Elsewhere>,
}

impl PickView {
    /// Lines that are done, of all.
    #[must_use]
    pub fn progress(&self) -> (i64, i64) {
        let Some(view) = &self.view else { return (0, 0) };
        let open = i64::try_from(view.lines.len()).unwrap_or(i64::MAX);
        (view.lines_total - open, view.lines_total)
    }
}

/// A sorter's screen.
#[derive(Debug)]
pub struct WallScreen {
    /// Where the sorter is.
    pub sort: Sorting,
    /// The walls, where one is to be chosen.
    pub walls: Vec<String>,
    /// The wall with its slots.
    pub view: Option<WallView>,
    /// Batch totes that wait.
    pub totes: Vec<BatchTote>,
}

/// A stower's screen.
#[derive(Debug)]
pub struct StowView {
    /// Where the stower is.
    pub stow: Stowing,
    /// What lies where the goods come from, with places that would do.
    pub lies: Vec<ToPutAway>,
}

impl StowView {
    /// Where the item in hand may go.
    #[must_use]
    pub fn proposals(&self) -> Vec<&crate::putaway::propose::Proposal> {
        let mine = self.lies.iter().filter(|lies| lies.sku == self.stow.sku);
        let mine = mine.filter(|lies| self.stow.lot.as_ref().is_none_or(|lot| *lot == lies.lot));
        mine.flat_map(|lies| &lies.proposals).take(3).collect()
    }
}

/// What somebody has done today.
#[derive(Debug)]
pub struct DayView {
    /// Lines picked.
    pub lines: i64,
    /// Pieces picked.
    pub pieces: i64,
    /// Scans.
    pub scans: i64,
    /// Scans that were wrong.
    pub wrong: i64,
}

/// Reads a handheld's screen.
///
/// # Errors
/// A failure of the database.
pub async fn pda(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    person: PersonId,
    now: Timestamp,
    day_began: Timestamp,
) -> Result<PdaView, DbError> {
    let Standing { version, state, .. } = standing(tx, person, Surface::Pda).await?;
    let body = match state.screen {
        Screen::Menu | Screen::Pack | Screen::Out => Body::Menu {
            waiting: run::waiting(tx, warehouse, now).await?,
            under_way: run::live(tx, warehouse, person).await?.is_some(),
        },
        Screen::Pick => Body::Pick(Box::new(picking(tx, warehouse, person, now, &state).await?)),
        Screen::Batch => Body::Pick(Box::new(batch_picking(tx, warehouse, person, now, &state).await?)),
        Screen::Wall => Body::Wall(Box::new(sorting(tx, warehouse, &state).await?)),
        Screen::Stow => Body::Stow(stowing(tx, warehouse, &state).await?),
        Screen::Look => Body::Look(Box::new(looked_up(tx, warehouse, &state.look).await?)),
        Screen::Day => Body::Day(day(tx, warehouse, person, day_began).await?),
    };
    Ok(PdaView { version, step: state.step(), message: state.message, body })
}

async fn picking(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    person: PersonId,
    now: Timestamp,
    state: &State,
) -> Result<PickView, DbError> {
    let pick = &state.pick;
    let mut shown = PickView {
        at: pick.at,
        view: None,
        line: None,
        next: None,
        group: 1,
        counted: pick.counted,
        verified: !pick.verified.is_empty(),
        place_code: pick.place_code.clone(),
        barcodes: Vec::new(),
        undo: state.undo.clone().filter(|undo| now.ms_since(undo.at) < UNDO_MS),
        stopped: Vec::new(),
        single: false,
        elsewhere: Vec::new(),
    };
    let Some(run) = run::live(tx, warehouse, person).await? else { return Ok(shown) };
    let view = run::view(tx, run, person).await?;
    shown.barcodes = tx.all(sql::SELECT_BARCODES, args![view.run.id]).await?;
    if let Some(line) = pick::current(pick, &view.lines) {
        shown.group = pick::group(&view.lines, line);
        let later = view.lines.iter().find(|next| next.place != line.place);
        shown.next = later.cloned();
        shown.line = Some(line.clone());
        if pick.at == PickAt::Other {
            shown.elsewhere = elsewhere::places(tx, warehouse, line, now).await?;
        }
    } else if shown.at != PickAt::Load && shown.at != PickAt::Cart {
        shown.at = PickAt::Drop;
    }
    let stopped =
        |slot: &&Slot| !matches!(slot.order_state, OrderState::Released | OrderState::Picking | OrderState::Picked);
    shown.stopped = view.slots.iter().filter(stopped).cloned().collect();
    shown.view = Some(view);
    Ok(shown)
}

/// A batch as the walk that it is: one tote, and a line for each cell.
async fn batch_picking(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    person: PersonId,
    now: Timestamp,
    state: &State,
) -> Result<PickView, DbError> {
    let batch = &state.batch;
    let found = match crate::picking::batch::view(tx, warehouse, person, now).await {
        Ok(found) => Some(found),
        Err(crate::picking::PickError::Db(error)) => return Err(error),
        Err(_) => None,
    };
    let id = batch.batch.map_or(0, |id| id.0);
    let barcodes: Vec<(SkuId, String, i64, String)> = tx.all(sql::SELECT_BATCH_BARCODES, args![id]).await?;
    let sku_of = |code: &str| barcodes.iter().find(|(.., sku)| sku == code).map_or(SkuId(0), |(sku, ..)| *sku);
    let (lines_total,): (i64,) = tx.one("lines", sql::COUNT_BATCH_LINES, args![id]).await?;
    let lines = found.map(|found| found.lines).unwrap_or_default();
    let lines: Vec<RunLine> = lines
        .into_iter()
        .map(|line| RunLine {
            allocation_id: crate::kernel::ids::AllocationId(line.cell_id.0),
            task_id: crate::kernel::ids::PickTaskId(0),
            position: 1,
            place: line.place,
            check_digits: line.check_digits,
            sku_id: sku_of(&line.sku),
            sku: line.sku,
            name_en: line.name_en,
            name_zh: line.name_zh,
            lot_id: crate::kernel::ids::LotId(0),
            lot: line.lot,
            quantity: line.quantity,
            tote: Some(batch.tote.clone()),
            order: String::new(),
        })
        .collect();
    let cell = batch.cell.map(|cell| crate::kernel::ids::AllocationId(cell.0));
    let line = lines.iter().find(|line| Some(line.allocation_id) == cell).cloned();
    let next = line.as_ref().and_then(|line| lines.iter().find(|next| next.place != line.place)).cloned();
    let run = run::Run {
        id: crate::kernel::ids::RunId(0),
        state: run::RunState::Walking,
        cart_id: None,
        cart: None,
        positions: 1,
    };
    let undo = batch.undo.clone().filter(|(.., at)| now.ms_since(*at) < UNDO_MS);
    Ok(PickView {
        at: batch.at,
        view: Some(RunView { run, slots: Vec::new(), lines, lines_total }),
        line,
        next,
        group: 1,
        counted: batch.counted,
        verified: batch.verified,
        place_code: batch.place_code.clone(),
        barcodes: barcodes.into_iter().map(|(sku, barcode, factor, _)| (sku, barcode, factor)).collect(),
        undo: undo.map(|(cell, quantity, sku, at)| Undoable {
            task: crate::kernel::ids::PickTaskId(0),
            allocation: crate::kernel::ids::AllocationId(cell.0),
            quantity,
            sku,
            at,
        }),
        stopped: Vec::new(),
        single: batch.single,
        elsewhere: Vec::new(),
    })
}

fn of_wall(error: crate::wall::WallError) -> DbError {
    match error {
        crate::wall::WallError::Db(error) => error,
        other => DbError::Form(other.to_string()),
    }
}

async fn sorting(tx: &mut Tx<'_>, warehouse: WarehouseId, state: &State) -> Result<WallScreen, DbError> {
    let sort = state.sort.clone();
    let all = walls(tx, warehouse).await.map_err(of_wall)?;
    let known = all.iter().any(|wall| wall.wall == sort.wall);
    let view =
        if known { Some(crate::wall::query::view(tx, warehouse, &sort.wall).await.map_err(of_wall)?) } else { None };
    let totes = if sort.tote.is_empty() { batch_totes(tx, warehouse).await.map_err(of_wall)? } else { Vec::new() };
    Ok(WallScreen { sort, walls: all.into_iter().map(|wall| wall.wall).collect(), view, totes })
}

async fn stowing(tx: &mut Tx<'_>, warehouse: WarehouseId, state: &State) -> Result<StowView, DbError> {
    let stow = state.stow.clone();
    if stow.from.is_empty() {
        return Ok(StowView { stow, lies: Vec::new() });
    }
    let lies = match proposals(tx, warehouse, &stow.from, None).await {
        Ok(lies) => lies,
        Err(crate::putaway::PutAwayError::Db(error)) => return Err(error),
        // Nothing that goods could be put away from any more.
        Err(_) => Vec::new(),
    };
    Ok(StowView { stow, lies })
}

async fn looked_up(tx: &mut Tx<'_>, warehouse: WarehouseId, raw: &str) -> Result<Option<Found>, DbError> {
    if raw.is_empty() {
        return Ok(None);
    }
    let mut found = look_up(tx, warehouse, raw, "").await.map_err(|error| match error {
        crate::stock::StockError::Db(error) => error,
        other => DbError::Form(other.to_string()),
    })?;
    found.stock.retain(|cell| cell.on_hand > 0);
    found.stock.truncate(MOST_ROWS);
    Ok(Some(found))
}

async fn day(tx: &mut Tx<'_>, warehouse: WarehouseId, person: PersonId, began: Timestamp) -> Result<DayView, DbError> {
    let (scans, wrong): (i64, i64) = tx.one("scans", sql::COUNT_SCANS, args![warehouse, person, began]).await?;
    let (lines, pieces): (i64, i64) = tx.one("picks", sql::COUNT_PICKED, args![warehouse, person, began]).await?;
    Ok(DayView { lines, pieces, scans, wrong })
}
