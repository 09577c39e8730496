//! Allocating a wave in bulk: read once, decide in memory, write in bulk. And freeing what an order has.

use std::collections::{BTreeMap, HashMap};

use serde_json::json;

use super::plan::{Free, OrderWants, Plan, Take, Want, plan};
use super::sql;
use crate::db::{DbError, Op, Values};
use crate::kernel::Timestamp;
use crate::kernel::ids::{
    AllocationId, CandidatesId, CellId, LotId, OrderId, OrderLineId, PickTaskId, PlaceId, SkuId, WaveId,
};
use crate::order::model::ShortPolicy;
use crate::stock::candidates::{Candidate, Rotation, of_wave, sort_out};
use crate::stock::eligible::Ineligible;
use crate::{args, picking, row};

/// Candidates behind the last one used that are kept, so that one can see what came next.
const KEPT_BEHIND: usize = 5;
/// Refused cells that are kept for each SKU.
const KEPT_REFUSED: usize = 20;

row! {
    /// A line that a wave wants to serve.
    #[derive(Debug, Clone)]
    pub struct WantRow {
        /// The order.
        pub order: OrderId,
        /// Whether it takes a part.
        pub short_policy: ShortPolicy,
        /// Higher goes first.
        pub priority: i64,
        /// Until when it must ship.
        pub ship_by: Timestamp,
        /// The line.
        pub line: OrderLineId,
        /// Its SKU.
        pub sku: SkuId,
        /// Pieces promised.
        pub promised: i64,
        /// Whether the SKU's lots expire.
        pub expires: bool,
    }
}

row! {
    /// An allocation, locked.
    #[derive(Debug, Clone)]
    pub struct AllocationRow {
        /// Its id.
        pub id: AllocationId,
        /// The wave.
        pub wave: WaveId,
        /// The pick task.
        pub task: PickTaskId,
        /// The order.
        pub order: OrderId,
        /// The order line.
        pub line: OrderLineId,
        /// The SKU.
        pub sku: SkuId,
        /// The lot.
        pub lot: LotId,
        /// The cell.
        pub cell: CellId,
        /// The place.
        pub place: PlaceId,
        /// Pieces given.
        pub quantity: i64,
        /// Pieces picked.
        pub picked: i64,
        /// Pieces that weren't there.
        pub short: i64,
        /// Pieces taken out.
        pub taken_out: i64,
        /// Picked pieces that are in a parcel.
        pub packed: i64,
        /// `open` or `done`.
        pub state: String,
    }
}

impl AllocationRow {
    /// Pieces that are still to be picked.
    #[must_use]
    pub const fn open(&self) -> i64 {
        self.quantity - self.picked - self.short - self.taken_out
    }
}

/// What a release gave out.
#[derive(Clone, Debug, Default)]
pub struct Allocated {
    /// Orders that got stock.
    pub orders: Vec<OrderId>,
    /// Order lines that were served.
    pub lines: usize,
    /// Allocations that were made.
    pub allocations: usize,
    /// Orders that got nothing.
    pub unserved: Vec<OrderId>,
    /// Pieces that were promised and aren't there.
    pub missing: i64,
}

struct Supply {
    rotation: Rotation,
    demand: i64,
    good: Vec<Candidate>,
    refused: Vec<(Candidate, Ineligible)>,
}

/// Gives the promised orders of a wave their cells. The orders must have been moved to `released` just before.
///
/// # Errors
/// [`DbError::Contended`] where another transaction took a cell meanwhile; the whole is then run again.
pub async fn allocate_wave(op: &mut Op<'_, '_>, wave: WaveId) -> Result<Allocated, DbError> {
    let (warehouse, now) = (op.warehouse(), op.at());
    // The orders are ours, so that what they want can't change any more.
    let rows: Vec<WantRow> = op.tx.all(sql::SELECT_WANTS, args![wave]).await?;
    let skus = take_promises(op, &rows).await?;
    let candidates = of_wave(op.tx, warehouse, wave, skus).await?;
    let supplies = supplies(&rows, candidates, now);
    let orders = wants(&rows);
    let free = supplies
        .iter()
        .map(|(sku, supply)| {
            let free = supply.good.iter().map(|candidate| Free { cell: candidate.cell, quantity: candidate.free });
            (*sku, free.collect())
        })
        .collect();
    let plan = plan(&orders, &free);
    // Nothing below may fail for a business reason.
    write(op, wave, &rows, &orders, &supplies, &plan).await
}

/// What the lines want is promised at SKU level no more: they get cells, or nothing. From here on nobody else promises
/// or allocates these SKUs, until the end of the transaction; SKU after SKU, so that everybody locks in the same order.
/// Gives the number of SKUs.
async fn take_promises(op: &mut Op<'_, '_>, rows: &[WantRow]) -> Result<usize, DbError> {
    let mut demand: BTreeMap<SkuId, i64> = BTreeMap::new();
    for row in rows {
        *demand.entry(row.sku).or_default() += row.promised;
    }
    let (warehouse, skus) = (op.warehouse(), demand.len());
    let lower = demand.into_iter().map(|(sku, pieces)| args![warehouse, sku, pieces]).collect();
    op.tx.bulk_exec(sql::LOWER_PROMISES, lower).await?;
    Ok(skus)
}

fn wants(rows: &[WantRow]) -> Vec<OrderWants> {
    rows.chunk_by(|a, b| a.order == b.order)
        .filter_map(|group| {
            let first = group.first()?;
            let wants = group.iter().map(|row| Want { line: row.line, sku: row.sku, quantity: row.promised });
            Some(OrderWants {
                order: first.order,
                part: first.short_policy == ShortPolicy::Part,
                wants: wants.collect(),
            })
        })
        .collect()
}

fn supplies(rows: &[WantRow], candidates: Vec<Candidate>, now: Timestamp) -> BTreeMap<SkuId, Supply> {
    let mut demand: BTreeMap<SkuId, (bool, i64)> = BTreeMap::new();
    for row in rows {
        demand.entry(row.sku).or_insert((row.expires, 0)).1 += row.promised;
    }
    let mut by_sku: HashMap<SkuId, Vec<Candidate>> = HashMap::new();
    for candidate in candidates {
        by_sku.entry(candidate.sku).or_default().push(candidate);
    }
    demand
        .into_iter()
        .map(|(sku, (expires, demand))| {
            let rotation = Rotation::of(expires);
            let (good, refused) = sort_out(by_sku.remove(&sku).unwrap_or_default(), rotation, now);
            (sku, Supply { rotation, demand, good, refused })
        })
        .collect()
}

async fn write(
    op: &mut Op<'_, '_>,
    wave: WaveId,
    rows: &[WantRow],
    orders: &[OrderWants],
    supplies: &BTreeMap<SkuId, Supply>,
    plan: &Plan,
) -> Result<Allocated, DbError> {
    reserve(op, supplies, &plan.takes).await?;
    let runs = write_candidates(op, wave, supplies, &plan.takes).await?;
    let tasks = write_tasks(op, wave, rows, orders, supplies, &plan.takes).await?;
    write_allocations(op, wave, orders, supplies, &plan.takes, &runs, &tasks).await?;
    let served = allocate_lines(op, rows, &plan.takes).await?;
    let unserved: Vec<OrderId> =
        plan.unserved.iter().filter_map(|index| orders.get(*index)).map(|order| order.order).collect();
    op.tx.bulk_exec(sql::UNSERVE_ORDERS, unserved.iter().map(|id| args![*id]).collect()).await?;
    let out = unserved.iter().map(|id| args![wave, *id, "shortage"]).collect();
    op.tx.bulk_exec(sql::TAKE_OUT_ORDERS, out).await?;
    Ok(Allocated {
        orders: tasks.keys().copied().collect(),
        lines: served,
        allocations: plan.takes.len(),
        unserved,
        missing: plan.missing,
    })
}

fn chosen<'a>(supplies: &'a BTreeMap<SkuId, Supply>, take: &Take) -> Option<&'a Candidate> {
    supplies.get(&take.want.sku).and_then(|supply| supply.good.get(take.candidate))
}

async fn reserve(op: &mut Op<'_, '_>, supplies: &BTreeMap<SkuId, Supply>, takes: &[Take]) -> Result<(), DbError> {
    let mut by_cell: BTreeMap<CellId, i64> = BTreeMap::new();
    for take in takes {
        if let Some(candidate) = chosen(supplies, take) {
            *by_cell.entry(candidate.cell).or_default() += take.quantity;
        }
    }
    let cells = u64::try_from(by_cell.len()).unwrap_or(u64::MAX);
    let rows = by_cell.into_iter().map(|(cell, quantity)| args![cell, quantity]).collect();
    if op.tx.bulk_exec(sql::RESERVE, rows).await? == cells { Ok(()) } else { Err(DbError::Contended) }
}

async fn write_candidates(
    op: &mut Op<'_, '_>,
    wave: WaveId,
    supplies: &BTreeMap<SkuId, Supply>,
    takes: &[Take],
) -> Result<HashMap<SkuId, CandidatesId>, DbError> {
    let mut last_used: HashMap<SkuId, usize> = HashMap::new();
    for take in takes {
        let last = last_used.entry(take.want.sku).or_default();
        *last = (*last).max(take.candidate);
    }
    let (warehouse, now) = (op.warehouse(), op.at());
    let rows: Vec<Values> = supplies
        .iter()
        .filter_map(|(sku, supply)| {
            let last = last_used.get(sku)?;
            let (candidates, refused) =
                super::why::seen(&supply.good, &supply.refused, last + 1 + KEPT_BEHIND, KEPT_REFUSED);
            Some(args![warehouse, wave, *sku, now, supply.rotation, supply.demand, candidates, refused])
        })
        .collect();
    let made: Vec<(CandidatesId, SkuId)> = op.tx.bulk(sql::INSERT_CANDIDATES, rows).await?;
    Ok(made.into_iter().map(|(id, sku)| (sku, id)).collect())
}

async fn write_tasks(
    op: &mut Op<'_, '_>,
    wave: WaveId,
    rows: &[WantRow],
    orders: &[OrderWants],
    supplies: &BTreeMap<SkuId, Supply>,
    takes: &[Take],
) -> Result<BTreeMap<OrderId, PickTaskId>, DbError> {
    let rank: HashMap<OrderId, (i64, Timestamp)> =
        rows.iter().map(|row| (row.order, (row.priority, row.ship_by))).collect();
    let warehouse = op.warehouse();
    let values: Vec<Values> = takes
        .chunk_by(|a, b| a.order == b.order)
        .filter_map(|group| {
            let order = orders.get(group.first()?.order)?.order;
            let (priority, ship_by) = rank.get(&order).copied().unwrap_or_default();
            let first = group.iter().filter_map(|take| chosen(supplies, take)).map(|cell| cell.walk_order).min()?;
            let lines = i64::try_from(group.len()).unwrap_or(i64::MAX);
            Some(args![warehouse, wave, order, "open", priority, ship_by, first, lines])
        })
        .collect();
    let made: Vec<(PickTaskId, OrderId)> = op.tx.bulk(sql::INSERT_TASKS, values).await?;
    Ok(made.into_iter().map(|(task, order)| (order, task)).collect())
}

async fn write_allocations(
    op: &mut Op<'_, '_>,
    wave: WaveId,
    orders: &[OrderWants],
    supplies: &BTreeMap<SkuId, Supply>,
    takes: &[Take],
    runs: &HashMap<SkuId, CandidatesId>,
    tasks: &BTreeMap<OrderId, PickTaskId>,
) -> Result<(), DbError> {
    let warehouse = op.warehouse();
    let rows: Vec<Values> = takes
        .iter()
        .filter_map(|take| {
            let order = orders.get(take.order)?.order;
            let supply = supplies.get(&take.want.sku)?;
            let cell = supply.good.get(take.candidate)?;
            Some(args![
                warehouse,
                wave,
                tasks.get(&order).copied()?,
                order,
                take.want.line,
                take.want.sku,
                cell.lot,
                cell.cell,
                cell.place,
                cell.walk_order,
                take.quantity,
                "open",
                supply.rotation,
                "",
                runs.get(&take.want.sku).copied()?,
                None::<AllocationId>
            ])
        })
        .collect();
    debug_assert_eq!(rows.len(), takes.len());
    op.tx.bulk_exec(sql::INSERT_ALLOCATIONS, rows).await?;
    Ok(())
}

/// What was promised to the lines is theirs in cells now, or, where there was no cell, promised no more. Gives the lines
/// that got something.
async fn allocate_lines(op: &mut Op<'_, '_>, rows: &[WantRow], takes: &[Take]) -> Result<usize, DbError> {
    let mut taken: HashMap<OrderLineId, i64> = HashMap::with_capacity(rows.len());
    for take in takes {
        *taken.entry(take.want.line).or_default() += take.quantity;
    }
    let lines = rows.iter().map(|row| args![row.line, taken.get(&row.line).copied().unwrap_or_default()]);
    op.tx.bulk_exec(sql::ALLOCATE_LINES, lines.collect()).await?;
    Ok(taken.len())
}

/// What freeing an order touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// Pieces whose reservation was given back.
    pub freed: i64,
    /// Pieces that are picked and not shipped, and have to be put back or shipped.
    pub picked: i64,
}

/// Ends everything that is open of an order: reservations are given back, its tasks end, it leaves its wave.
///
/// # Errors
/// A failure of the database.
pub async fn free_open(op: &mut Op<'_, '_>, order: OrderId, reason: &str) -> Result<Freed, DbError> {
    let _locked: Vec<(PickTaskId,)> = op.tx.all(sql::LOCK_TASKS, args![order]).await?;
    let allocations: Vec<AllocationRow> = op.tx.all(sql::SELECT_OF_ORDER, args![order]).await?;
    let mut freed = Freed::default();
    let mut open: Vec<&AllocationRow> = allocations.iter().filter(|allocation| allocation.open() > 0).collect();
    open.sort_by_key(|allocation| allocation.cell);
    for allocation in open {
        let quantity = allocation.open();
        op.tx.exec_one("open allocation", sql::TAKE_OUT, args![allocation.id, quantity]).await?;
        op.tx.exec_one("reservation", sql::UNRESERVE, args![allocation.cell, quantity]).await?;
        op.tx.exec(sql::LOWER_LINE, args![allocation.line, quantity]).await?;
        freed.freed += quantity;
    }
    let (in_hand,): (i64,) = op.tx.one("picked", picking::sql::SUM_PICKED, args![order]).await?;
    freed.picked = in_hand;
    op.tx.exec(sql::CANCEL_TASKS, args![order]).await?;
    op.tx.exec(sql::TAKE_OUT_ORDER, args![order, reason]).await?;
    if freed.freed > 0 {
        let data = json!({ "reason": reason, "pieces": freed.freed });
        op.record("allocation.freed", ("order", order.0), &data);
    }
    Ok(freed)
}
