//! Whose goods lie in a tote or a slot. The ledger knows it piece by piece: a movement names the allocation it was for.

use super::sql;
use crate::db::{DbError, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{AllocationId, LotId, OrderId, OrderLineId, PlaceId, SkuId, WarehouseId};
use crate::location::ops::Place;
use crate::order::model::OrderState;
use crate::stock::model::PlaceKind;
use crate::{args, row};

row! {
    /// Pieces that lie in a container for one allocation.
    #[derive(Debug, Clone)]
    pub struct GoodsRow {
        /// The order.
        pub order: OrderId,
        /// Its number.
        pub order_number: String,
        /// Where it stands.
        pub order_state: OrderState,
        /// The allocation.
        pub allocation: AllocationId,
        /// Its order line.
        pub line: OrderLineId,
        /// The SKU.
        pub sku: SkuId,
        /// Its code.
        pub sku_code: String,
        /// The lot.
        pub lot: LotId,
        /// Its number.
        pub lot_number: String,
        /// The supplier's number of it.
        pub supplier_lot: String,
        /// Until when the order must ship.
        pub ship_by: Timestamp,
        /// Pieces.
        pub quantity: i64,
    }
}

impl GoodsRow {
    /// Whether a lot's number, or the supplier's number of it, is the scanned one.
    #[must_use]
    pub fn of_lot(&self, scanned: &str) -> bool {
        self.lot_number == scanned || crate::kernel::text::scanned(&self.supplier_lot) == scanned
    }
}

/// Whether a tote was a batch's, so that goods of many orders may lie in it; and behind which movement they came.
///
/// # Errors
/// A failure of the database.
pub async fn of_batch(tx: &mut Tx<'_>, tote: PlaceId) -> Result<Option<i64>, DbError> {
    let found: Option<(i64,)> = tx.opt(sql::SELECT_BATCH_TOTE, args![tote]).await?;
    Ok(found.map(|(behind,)| behind))
}

/// What lies in a tote or a slot, by order: the first to ship first.
///
/// # Errors
/// A failure of the database.
pub async fn goods(tx: &mut Tx<'_>, warehouse: WarehouseId, place: &Place) -> Result<Vec<GoodsRow>, DbError> {
    let order: Option<OrderId> = match place.kind {
        PlaceKind::Slot => tx
            .opt(crate::wall::sql::SELECT_BOUND, args![place.id])
            .await?
            .and_then(|(order,): (Option<OrderId>,)| order),
        _ => match of_batch(tx, place.id).await? {
            Some(behind) => return tx.all(sql::SELECT_GOODS_BEHIND, args![place.id, behind]).await,
            None => last(tx, warehouse, place.id).await?,
        },
    };
    match order {
        Some(order) => tx.all(sql::SELECT_GOODS_OF, args![place.id, order]).await,
        None => Ok(Vec::new()),
    }
}

/// The order whose goods came into a tote last.
///
/// # Errors
/// A failure of the database.
pub async fn last(tx: &mut Tx<'_>, warehouse: WarehouseId, tote: PlaceId) -> Result<Option<OrderId>, DbError> {
    let found: Option<(OrderId, String, OrderState)> = tx.opt(sql::SELECT_TOTE_ORDER, args![warehouse, tote]).await?;
    Ok(found.map(|(order, ..)| order))
}

/// Of goods of one SKU, those of the scanned lot.
///
/// # Errors
/// The lots that lie there, where several do and none was scanned, or the scanned one is none of them.
pub fn of_lot(rows: &[GoodsRow], lot: Option<&str>) -> Result<Vec<GoodsRow>, WrongLot> {
    let numbers = |rows: &[GoodsRow]| {
        let mut lots: Vec<String> = rows.iter().map(|row| row.lot_number.clone()).collect();
        lots.sort_unstable();
        lots.dedup();
        lots
    };
    let fitting: Vec<GoodsRow> = match lot {
        Some(lot) => rows.iter().filter(|row| row.of_lot(lot)).cloned().collect(),
        None => rows.to_vec(),
    };
    let lots = numbers(&fitting);
    match (lot, lots.len()) {
        (_, 1) => Ok(fitting),
        (Some(scanned), 0) => Err(WrongLot { scanned: Some(scanned.to_owned()), lots: numbers(rows).join(", ") }),
        _ => Err(WrongLot { scanned: None, lots: lots.join(", ") }),
    }
}

/// Of which lots goods are, where the scanned one is none of them, or none was scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongLot {
    /// What was scanned.
    pub scanned: Option<String>,
    /// The lots that lie there.
    pub lots: String,
}
