//! Looking at walls.

use serde::Serialize;
use utoipa::ToSchema;

use super::slot::{Filling, sortable, wall};
use super::{WallError, sql};
use crate::db::Tx;
use crate::kernel::Timestamp;
use crate::kernel::ids::{BatchId, OrderId, WarehouseId};
use crate::order::model::OrderState;
use crate::{args, row};

crate::codes! {
    /// How a slot stands.
    pub enum SlotState {
        /// Nobody's.
        Open = "open",
        /// An order's, and something of it is missing.
        Filling = "filling",
        /// Everything of its order lies in it: it can be packed.
        Complete = "complete",
        /// Its order is held or was given up.
        Stopped = "stopped",
    }
}

row! {
    /// A wall in a list.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct WallSummary {
        /// Its code.
        pub wall: String,
        /// Where its spare pieces go.
        pub spare: Option<String>,
        /// Its slots.
        pub slots: i64,
        /// Slots that have an order.
        pub taken: i64,
    }
}

row! {
    /// A slot as it is stored.
    #[derive(Debug, Clone)]
    pub struct SlotViewRow {
        /// Its code.
        pub slot: String,
        /// Its row.
        pub row: i64,
        /// Its column.
        pub column: i64,
        /// Whose it is.
        pub order_id: Option<OrderId>,
        /// The order's number.
        pub order: Option<String>,
        /// Where the order stands.
        pub order_state: Option<OrderState>,
        /// Until when it must ship.
        pub ship_by: Option<Timestamp>,
        /// Pieces in it.
        pub pieces: i64,
        /// Pieces that belong into it.
        pub of: i64,
    }
}

/// A slot on the wall's screen.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SlotView {
    /// Its code.
    pub slot: String,
    /// Its row, from the top.
    pub row: i64,
    /// Its column, from the left.
    pub column: i64,
    /// How it stands.
    pub state: SlotState,
    /// Whose it is.
    pub order_id: Option<OrderId>,
    /// The order's number.
    pub order: Option<String>,
    /// Where the order stands.
    pub order_state: Option<OrderState>,
    /// Until when it must ship.
    pub ship_by: Option<Timestamp>,
    /// How full it is.
    pub filling: Filling,
}

/// A wall with all its slots.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WallView {
    /// Its code.
    pub wall: String,
    /// Where its spare pieces go.
    pub spare: Option<String>,
    /// Its slots, row by row.
    pub slots: Vec<SlotView>,
}

row! {
    /// A tote of a batch with goods in it.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub struct BatchTote {
        /// Its code.
        pub tote: String,
        /// The batch.
        pub batch_id: BatchId,
        /// Pieces in it.
        pub pieces: i64,
        /// SKUs in it.
        pub skus: i64,
    }
}

fn state(row: &SlotViewRow, filling: Filling) -> SlotState {
    match row.order_state {
        // An empty slot whose order needs it no more goes to the next order.
        Some(state) if !sortable(state) && filling.pieces == 0 && state != OrderState::Held => SlotState::Open,
        None => SlotState::Open,
        Some(state) if !sortable(state) => SlotState::Stopped,
        Some(OrderState::Picked) if filling.complete() => SlotState::Complete,
        Some(_) => SlotState::Filling,
    }
}

/// The walls of a warehouse.
///
/// # Errors
/// A failure of the database.
pub async fn walls(tx: &mut Tx<'_>, warehouse: WarehouseId) -> Result<Vec<WallSummary>, WallError> {
    Ok(tx.all(sql::LIST_WALLS, args![warehouse]).await?)
}

/// A wall with all its slots.
///
/// # Errors
/// [`WallError::NotFound`]; a failure of the database.
pub async fn view(tx: &mut Tx<'_>, warehouse: WarehouseId, code: &str) -> Result<WallView, WallError> {
    let wall = wall(tx, warehouse, code).await?;
    let rows: Vec<SlotViewRow> = tx.all(sql::LIST_SLOTS, args![warehouse, wall.id]).await?;
    let slots = rows.into_iter().map(|row| {
        let filling = Filling { pieces: row.pieces, of: row.of };
        let state = state(&row, filling);
        SlotView {
            slot: row.slot,
            row: row.row,
            column: row.column,
            state,
            order_id: row.order_id,
            order: row.order,
            order_state: row.order_state,
            ship_by: row.ship_by,
            filling,
        }
    });
    Ok(WallView { wall: wall.code, spare: wall.spare_code, slots: slots.collect() })
}

/// Totes of batches that wait to be sorted, or to be packed piece by piece.
///
/// # Errors
/// A failure of the database.
pub async fn batch_totes(tx: &mut Tx<'_>, warehouse: WarehouseId) -> Result<Vec<BatchTote>, WallError> {
    Ok(tx.all(sql::LIST_BATCH_TOTES, args![warehouse]).await?)
}
