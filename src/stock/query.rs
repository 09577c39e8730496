//! Looking at stock and the ledger.

use serde::Serialize;
use utoipa::ToSchema;

use super::error::StockError;
use super::model::{LotStatus, PlaceKind, StockStatus};
use super::sql;
use crate::db::Tx;
use crate::kernel::Timestamp;
use crate::kernel::ids::{CellId, MovementId, OrderId, PlaceId, SkuId, WarehouseId};
use crate::{args, row};

row! {
    /// A stock cell as a list shows it.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct CellView {
        /// Its id.
        pub id: CellId,
        /// The SKU.
        pub sku: String,
        /// The place.
        pub place: String,
        /// What the place is.
        pub place_kind: PlaceKind,
        /// The lot.
        pub lot: String,
        /// What the cell may be used for.
        pub status: StockStatus,
        /// What the whole lot may be used for.
        pub lot_status: LotStatus,
        /// When the lot came in.
        pub received_at: Timestamp,
        /// From when it is expired.
        pub expires_at: Option<Timestamp>,
        /// Pieces there.
        pub on_hand: i64,
        /// Pieces of them that are reserved.
        pub reserved: i64,
    }
}

row! {
    /// A line of the ledger as a list shows it.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct MovementView {
        /// Its id; grows.
        pub id: MovementId,
        /// When.
        pub at: Timestamp,
        /// Who: the person's number.
        pub person: String,
        /// Why.
        pub reason: String,
        /// Why, in a person's words.
        pub note: String,
        /// What was scanned.
        pub evidence: String,
        /// The SKU.
        pub sku: String,
        /// The lot.
        pub lot: String,
        /// Pieces.
        pub quantity: i64,
        /// From where.
        pub from: String,
        /// Its status there.
        pub from_status: String,
        /// To where.
        pub to: String,
        /// Its status there.
        pub to_status: String,
        /// For which order.
        pub order_id: Option<OrderId>,
    }
}

/// Which part of stock or ledger is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Part {
    /// Only this SKU.
    pub sku: Option<SkuId>,
    /// Only this place.
    pub place: Option<PlaceId>,
    /// Behind this row.
    pub after: i64,
    /// Most rows.
    pub limit: i64,
}

/// A page of cells.
///
/// # Errors
/// A failure of the database.
pub async fn cells(tx: &mut Tx<'_>, warehouse: WarehouseId, part: Part) -> Result<Vec<CellView>, StockError> {
    let (sku, place) = (part.sku.map_or(0, |id| id.0), part.place.map_or(0, |id| id.0));
    Ok(tx.all(sql::LIST_CELLS, args![warehouse, sku, place, part.after, part.limit.clamp(1, 10_000)]).await?)
}

/// A page of the ledger.
///
/// # Errors
/// A failure of the database.
pub async fn movements(tx: &mut Tx<'_>, warehouse: WarehouseId, part: Part) -> Result<Vec<MovementView>, StockError> {
    let (sku, place) = (part.sku.map_or(0, |id| id.0), part.place.map_or(0, |id| id.0));
    Ok(tx.all(sql::LIST_MOVEMENTS, args![warehouse, sku, place, part.after, part.limit.clamp(1, 10_000)]).await?)
}
