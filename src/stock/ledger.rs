//! The only code that changes what is on hand: each change is a movement from somewhere to somewhere, written in the
//! same transaction as the cells it moves between.

use std::collections::BTreeMap;

use super::error::StockError;
use super::model::{PlaceKind, Reason, StockStatus};
use super::sql;
use crate::args;
use crate::db::{Bulk, DbError, Op, Sql, Tx, Values};
use crate::kernel::ids::{AllocationId, LotId, OrderId, PlaceId, SkuId, WarehouseId};

/// How stock stands at one end of a movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// In a cell, free.
    Free,
    /// In a cell, reserved for an order; the reservation goes with the stock.
    Reserved,
    /// At an outside place, which has no cells.
    Outside,
}

/// One end of a movement.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// The place.
    pub place: PlaceId,
    /// The status of the stock there.
    pub status: StockStatus,
    /// How it stands there.
    pub holding: Holding,
}

impl End {
    /// Free stock of a status at an inside place.
    #[must_use]
    pub const fn free(place: PlaceId, status: StockStatus) -> Self {
        Self { place, status, holding: Holding::Free }
    }

    /// Good stock that is reserved for an order, at an inside place.
    #[must_use]
    pub const fn reserved(place: PlaceId) -> Self {
        Self { place, status: StockStatus::Good, holding: Holding::Reserved }
    }

    /// An outside place.
    #[must_use]
    pub const fn outside(place: PlaceId, status: StockStatus) -> Self {
        Self { place, status, holding: Holding::Outside }
    }
}

/// A movement to be posted.
#[derive(Clone, Debug)]
pub struct Transfer<'a> {
    /// What moves.
    pub sku: SkuId,
    /// Of which lot.
    pub lot: LotId,
    /// How many pieces; above 0.
    pub quantity: i64,
    /// From where.
    pub from: End,
    /// To where.
    pub to: End,
    /// Why.
    pub reason: Reason,
    /// Why, in a person's words.
    pub note: &'a str,
    /// What was scanned, or `forced: why`.
    pub evidence: &'a str,
    /// For which order.
    pub order: Option<OrderId>,
    /// For which allocation.
    pub allocation: Option<AllocationId>,
}

/// Posts a movement: takes from one cell, gives to the other, writes the ledger.
///
/// # Errors
/// [`StockError::NotEnough`] where the first cell holds less than asked; the transaction has to be given up then.
pub async fn post(op: &mut Op<'_, '_>, transfer: &Transfer<'_>) -> Result<(), StockError> {
    positive(transfer)?;
    if let Some((sql, values)) = take(op, transfer) {
        if op.tx.exec(sql, values).await? != 1 {
            return Err(refusal(op, transfer).await?);
        }
    } else {
        // What waits may give to the same cell.
        op.tx.flush().await?;
    }
    give_later(op, transfer);
    Ok(())
}

/// Posts a movement of reserved stock with the next statement of the transaction. A reservation is never more than what
/// is there, so that nothing can be short but by a fault of ours.
///
/// # Errors
/// [`StockError::BadQuantity`]; a fault shows later, as [`DbError::Missing`].
pub fn post_later(op: &mut Op<'_, '_>, transfer: &Transfer<'_>) -> Result<(), StockError> {
    positive(transfer)?;
    if let Some((sql, values)) = take(op, transfer) {
        op.tx.later("stock that is reserved", sql, values);
    }
    give_later(op, transfer);
    Ok(())
}

fn positive(transfer: &Transfer<'_>) -> Result<(), StockError> {
    if transfer.quantity > 0 { Ok(()) } else { Err(StockError::BadQuantity { quantity: transfer.quantity }) }
}

fn give_later(op: &mut Op<'_, '_>, transfer: &Transfer<'_>) {
    if let Some((sql, values)) = give(op, transfer) {
        op.tx.later("a cell", sql, values);
    }
    let values = movement(op, transfer);
    op.tx.later("a movement", sql::INSERT_MOVEMENT, values);
}

fn movement(op: &Op<'_, '_>, transfer: &Transfer<'_>) -> Values {
    let context = op.context;
    args![
        context.warehouse,
        context.at,
        context.actor.person,
        context.key.as_str(),
        transfer.reason,
        transfer.note,
        transfer.evidence,
        transfer.sku,
        transfer.lot,
        transfer.quantity,
        transfer.from.place,
        transfer.from.status,
        transfer.to.place,
        transfer.to.status,
        transfer.order,
        transfer.allocation
    ]
}

/// Posts many movements with a handful of statements: takes all of it from the first cells, then gives it to the
/// others, so what arrives by one of them can't leave by another.
///
/// # Errors
/// [`StockError::NotEnough`] for the first cell that holds less than is taken from it in all; the transaction has to
/// be given up then.
pub async fn post_many(op: &mut Op<'_, '_>, transfers: &[Transfer<'_>]) -> Result<(), StockError> {
    if let Some(bad) = transfers.iter().find(|transfer| transfer.quantity <= 0) {
        return Err(StockError::BadQuantity { quantity: bad.quantity });
    }
    for (holding, statement) in [(Holding::Free, sql::TAKE_FREE_MANY), (Holding::Reserved, sql::TAKE_RESERVED_MANY)] {
        take_many(op, transfers, holding, statement).await?;
    }
    // Nothing below may fail for a business reason.
    let warehouse = op.warehouse();
    let mut given: BTreeMap<(PlaceId, LotId, StockStatus), (SkuId, i64, i64)> = BTreeMap::new();
    for transfer in transfers.iter().filter(|transfer| transfer.to.holding != Holding::Outside) {
        let end = transfer.to;
        let reserved = if end.holding == Holding::Reserved { transfer.quantity } else { 0 };
        let sum = given.entry((end.place, transfer.lot, end.status)).or_insert((transfer.sku, 0, 0));
        sum.1 += transfer.quantity;
        sum.2 += reserved;
    }
    let given = given.into_iter().map(|((place, lot, status), (sku, on_hand, reserved))| {
        args![warehouse, place, sku, lot, status, on_hand, reserved]
    });
    op.tx.bulk_exec(sql::GIVE_MANY, given.collect()).await?;
    let movements = transfers.iter().map(|transfer| movement(op, transfer)).collect();
    op.tx.bulk_exec(sql::INSERT_MOVEMENTS, movements).await?;
    Ok(())
}

async fn take_many(
    op: &mut Op<'_, '_>,
    transfers: &[Transfer<'_>],
    holding: Holding,
    statement: Bulk,
) -> Result<(), StockError> {
    let mut taken: BTreeMap<(PlaceId, LotId, StockStatus), i64> = BTreeMap::new();
    for transfer in transfers.iter().filter(|transfer| transfer.from.holding == holding) {
        *taken.entry((transfer.from.place, transfer.lot, transfer.from.status)).or_default() += transfer.quantity;
    }
    let warehouse = op.warehouse();
    let rows = taken.iter().map(|((place, lot, status), quantity)| args![warehouse, *place, *lot, *status, *quantity]);
    let touched = op.tx.bulk_exec(statement, rows.collect()).await?;
    if usize::try_from(touched).ok() == Some(taken.len()) {
        return Ok(());
    }
    // One of them had less. A cell that was taken from already may look short too; its place is as good a hint.
    let mut refusal = StockError::NotEnough { place: String::new(), wanted: 0, free: 0 };
    for ((place, lot, status), wanted) in taken {
        let free: Option<(i64,)> = op.tx.opt(sql::SELECT_FREE, args![warehouse, place, lot, status]).await?;
        let free = free.map_or(0, |(free,)| free);
        if free < wanted {
            refusal = StockError::NotEnough { place: place_code(op.tx, place).await?, wanted, free };
            break;
        }
    }
    Err(refusal)
}

fn take(op: &Op<'_, '_>, transfer: &Transfer<'_>) -> Option<(Sql, Values)> {
    let end = transfer.from;
    let statement = match end.holding {
        Holding::Outside => return None,
        Holding::Free => sql::TAKE_FREE,
        Holding::Reserved => sql::TAKE_RESERVED,
    };
    Some((statement, args![op.warehouse(), end.place, transfer.lot, end.status, transfer.quantity]))
}

fn give(op: &Op<'_, '_>, transfer: &Transfer<'_>) -> Option<(Sql, Values)> {
    let end = transfer.to;
    let reserved = match end.holding {
        Holding::Outside => return None,
        Holding::Free => 0,
        Holding::Reserved => transfer.quantity,
    };
    let warehouse = op.warehouse();
    Some((sql::GIVE, args![warehouse, end.place, transfer.sku, transfer.lot, end.status, transfer.quantity, reserved]))
}

/// Why a movement could not be posted.
async fn refusal(op: &mut Op<'_, '_>, transfer: &Transfer<'_>) -> Result<StockError, DbError> {
    let (end, wanted, warehouse) = (transfer.from, transfer.quantity, op.warehouse());
    let statement = match end.holding {
        Holding::Reserved => sql::SELECT_RESERVED,
        Holding::Free | Holding::Outside => sql::SELECT_FREE,
    };
    let there: Option<(i64,)> = op.tx.opt(statement, args![warehouse, end.place, transfer.lot, end.status]).await?;
    let free = there.map_or(0, |(free,)| free);
    if end.holding == Holding::Outside || free >= wanted {
        return Err(DbError::Missing("what a movement belongs to"));
    }
    Ok(StockError::NotEnough { place: place_code(op.tx, end.place).await?, wanted, free })
}

/// Notes that the book of a cell was corrected while nothing moved, so that what was counted before it isn't compared with
/// what is counted after. Comes after the correction is posted.
///
/// # Errors
/// A failure of the database.
pub async fn corrected(op: &mut Op<'_, '_>, place: PlaceId, lot: LotId, status: StockStatus) -> Result<(), DbError> {
    let warehouse = op.warehouse();
    op.tx.exec_one("a cell", sql::CORRECT, args![warehouse, place, lot, status]).await
}

/// The outside place of a kind (supplier, customer, loss, gain).
///
/// # Errors
/// A failure of the database.
pub async fn outside(tx: &mut Tx<'_>, warehouse: WarehouseId, kind: PlaceKind) -> Result<PlaceId, DbError> {
    let (place,): (PlaceId,) = tx.one("outside place", sql::SELECT_OUTSIDE, args![warehouse, kind]).await?;
    Ok(place)
}

/// The code of a place, for a message.
///
/// # Errors
/// A failure of the database.
pub async fn place_code(tx: &mut Tx<'_>, place: PlaceId) -> Result<String, DbError> {
    let (code,): (String,) = tx.one("place", sql::SELECT_PLACE_CODE, args![place]).await?;
    Ok(code)
}
