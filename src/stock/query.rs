//! Looking at stock and the ledger.

use serde::Serialize;
use utoipa::ToSchema;

use super::error::StockError;
use super::model::{LotStatus, PlaceKind, StockStatus};
use super::sql;
use crate::catalog;
use crate::db::Tx;
use crate::kernel::Timestamp;
use crate::kernel::ids::{CellId, MovementId, OrderId, PlaceId, SkuId, WarehouseId};
use crate::location::ops::place;
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

impl Part {
    /// What belongs to a SKU (code or barcode) and a place (code), where they are given: rows behind `page.0`, at most
    /// `page.1`.
    ///
    /// # Errors
    /// [`StockError::NotFound`], or a failure of the database.
    pub async fn find(
        tx: &mut Tx<'_>,
        warehouse: WarehouseId,
        named: (Option<&str>, Option<&str>),
        page: (i64, i64),
    ) -> Result<Self, StockError> {
        let mut part = Self { sku: None, place: None, after: page.0, limit: page.1 };
        if let Some(code) = named.0 {
            let found = catalog::ops::resolve(tx, code).await?;
            let found = found.ok_or_else(|| StockError::NotFound { what: "SKU", code: code.to_owned() })?;
            part.sku = Some(found.sku);
        }
        if let Some(code) = named.1 {
            let found = place(tx, warehouse, code).await?;
            let found = found.ok_or_else(|| StockError::NotFound { what: "place", code: code.to_owned() })?;
            part.place = Some(found.id);
        }
        Ok(part)
    }
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

/// The first line of the ledger as CSV.
pub const CSV_HEAD: [&str; 14] = [
    "id",
    "at",
    "person",
    "reason",
    "note",
    "evidence",
    "sku",
    "lot",
    "quantity",
    "from",
    "from_status",
    "to",
    "to_status",
    "order_id",
];

/// Lines of the ledger as CSV, with its first line where `head` is wanted.
///
/// # Errors
/// Where the writer fails.
pub fn movements_csv(movements: &[MovementView], head: bool) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if head {
        writer.write_record(CSV_HEAD)?;
    }
    for movement in movements {
        let (id, at) = (movement.id.to_string(), movement.at.rfc3339());
        let quantity = movement.quantity.to_string();
        let order = movement.order_id.map_or_else(String::new, |order| order.to_string());
        let fields: [&str; 14] = [
            &id,
            &at,
            &movement.person,
            &movement.reason,
            &movement.note,
            &movement.evidence,
            &movement.sku,
            &movement.lot,
            &quantity,
            &movement.from,
            &movement.from_status,
            &movement.to,
            &movement.to_status,
            &order,
        ];
        writer.write_record(fields)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
