//! Slots: whose they are, and how full.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{WallError, sql};
use crate::db::{DbError, Op, Tx};
use crate::kernel::actor::Right;
use crate::kernel::ids::{OrderId, PlaceId, WallId, WarehouseId};
use crate::kernel::text::scanned;
use crate::location::ops::{Place, place};
use crate::order::model::OrderState;
use crate::stock::model::PlaceKind;
use crate::{args, row};

row! {
    /// A wall.
    #[derive(Debug, Clone)]
    pub struct WallRow {
        /// Its id.
        pub id: WallId,
        /// Its code.
        pub code: String,
        /// Where its spare pieces go.
        pub spare: Option<PlaceId>,
        /// That place's code.
        pub spare_code: Option<String>,
    }
}

row! {
    /// A slot.
    #[derive(Debug, Clone)]
    pub struct SlotRow {
        /// Its place.
        pub id: PlaceId,
        /// Its code.
        pub code: String,
        /// Its wall.
        pub wall: WallId,
        /// Its row, from the top.
        pub row: i64,
        /// Its column, from the left.
        pub column: i64,
        /// Whose it is.
        pub order: Option<OrderId>,
    }
}

/// How full a slot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Filling {
    /// Pieces in it.
    pub pieces: i64,
    /// Pieces that belong into it.
    pub of: i64,
}

impl Filling {
    /// Whether nothing is missing.
    #[must_use]
    pub const fn complete(self) -> bool {
        self.pieces > 0 && self.pieces >= self.of
    }
}

/// Whether a person may work at a wall: pickers and packers may.
pub(super) fn require(op: &Op<'_, '_>) -> Result<(), WallError> {
    let may = op.may(Right::Pick) || op.may(Right::Pack);
    if may { Ok(()) } else { Err(WallError::Forbidden { right: Right::Pick.code() }) }
}

/// Whether an order's goods are sorted now.
#[must_use]
pub const fn sortable(state: OrderState) -> bool {
    matches!(state, OrderState::Released | OrderState::Picking | OrderState::Picked)
}

/// A wall by its code.
///
/// # Errors
/// [`WallError::NotFound`]; a failure of the database.
pub async fn wall(tx: &mut Tx<'_>, warehouse: WarehouseId, text: &str) -> Result<WallRow, WallError> {
    let code = scanned(text);
    let found: Option<WallRow> = tx.opt(sql::SELECT_WALL, args![warehouse, &code]).await?;
    found.ok_or(WallError::NotFound { what: "wall", code })
}

/// A scanned tote.
pub(super) async fn tote(op: &mut Op<'_, '_>, text: &str) -> Result<Place, WallError> {
    let warehouse = op.warehouse();
    let found = place(op.tx, warehouse, text).await?.filter(|found| found.kind == PlaceKind::Tote);
    found.ok_or_else(|| WallError::NotATote { scanned: scanned(text) })
}

/// A scanned slot of a wall.
pub(super) async fn slot(op: &mut Op<'_, '_>, wall: &WallRow, text: &str) -> Result<SlotRow, WallError> {
    let warehouse = op.warehouse();
    let refusal = || WallError::NotASlot { scanned: scanned(text), wall: wall.code.clone() };
    let found = place(op.tx, warehouse, text).await?.filter(|found| found.kind == PlaceKind::Slot);
    let found = found.ok_or_else(refusal)?;
    let row: (Option<OrderId>,) = op.tx.one("slot", sql::SELECT_BOUND, args![found.id]).await?;
    if let Some(order) = row.0 {
        // Everybody locks orders before what belongs to them.
        crate::order::ops::lock(op, order).await?;
    }
    let locked = lock(op, found.id).await?;
    if locked.order != row.0 {
        return Err(DbError::Contended.into());
    }
    if locked.wall == wall.id { Ok(locked) } else { Err(refusal()) }
}

/// A slot, locked. Its order has to be locked before.
///
/// # Errors
/// A failure of the database.
pub async fn lock(op: &mut Op<'_, '_>, slot: PlaceId) -> Result<SlotRow, DbError> {
    op.tx.one("slot", sql::LOCK_SLOT, args![slot]).await
}

/// How full a slot of an order is.
///
/// # Errors
/// A failure of the database.
pub async fn filling(op: &mut Op<'_, '_>, slot: PlaceId, order: OrderId) -> Result<Filling, DbError> {
    let warehouse = op.warehouse();
    let (pieces, of): (i64, i64) = op.tx.one("slot", sql::SELECT_FILLING, args![warehouse, slot, order]).await?;
    Ok(Filling { pieces, of })
}

/// The slot of a locked order is free again, if it is empty.
///
/// # Errors
/// A failure of the database.
pub async fn free_empty(op: &mut Op<'_, '_>, order: OrderId) -> Result<(), DbError> {
    let warehouse = op.warehouse();
    op.tx.exec(sql::FREE_EMPTY, args![warehouse, order]).await.map(drop)
}

/// Gives a slot to a locked order, if nobody has it and the order has no other; says whether it is the order's now.
///
/// # Errors
/// A failure of the database.
pub async fn take(op: &mut Op<'_, '_>, slot: PlaceId, order: OrderId) -> Result<bool, DbError> {
    let row = lock(op, slot).await?;
    if row.order == Some(order) {
        return Ok(true);
    }
    let other: Option<SlotRow> = op.tx.opt(sql::SELECT_OF_ORDER, args![order]).await?;
    if row.order.is_some() || other.is_some() {
        return Ok(false);
    }
    op.tx.exec(sql::BIND, args![slot, order]).await?;
    Ok(true)
}
