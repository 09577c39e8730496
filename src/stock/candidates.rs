//! The free cells of a SKU as promise and allocation see them, in the order in which they must be used.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::eligible::{Facts, Ineligible, eligible};
use super::model::{LotStatus, StockStatus};
use crate::db::{DbError, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{CellId, LotId, PlaceId, SkuId, WarehouseId, WaveId};
use crate::{args, row};

/// From so many SKUs on it is asked whether a wave wants most of the catalogue.
const MANY_SKUS: usize = 1_000;
/// A wave that wants one SKU in so many reads all cells.
const LARGE_SHARE: i64 = 4;

crate::codes! {
    /// The rule that put the candidates in order.
    pub enum Rotation {
        /// First in, first out, by receipt.
        Fifo = "fifo",
        /// First expired, first out; then by receipt.
        Fefo = "fefo",
    }
}

impl Rotation {
    /// The rule of a SKU.
    #[must_use]
    pub const fn of(expires: bool) -> Self {
        if expires { Self::Fefo } else { Self::Fifo }
    }
}

row! {
    /// A cell with something free in it.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
    pub struct Candidate {
        /// The SKU.
        pub sku: SkuId,
        /// The cell.
        pub cell: CellId,
        /// Its place.
        pub place: PlaceId,
        /// Its lot.
        pub lot: LotId,
        /// When the lot came in.
        pub received_at: Timestamp,
        /// From when it is expired.
        pub expires_at: Option<Timestamp>,
        /// Pieces that are free.
        pub free: i64,
        /// Where the place lies on the walk.
        pub walk_order: i64,
        /// Status of the cell.
        pub status: StockStatus,
        /// Status of the lot.
        pub lot_status: LotStatus,
        /// Whether orders may be picked from the place.
        pub pickable: bool,
    }
}

impl Candidate {
    /// Whether it may serve an order now.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, now: Timestamp) -> Result<(), Ineligible> {
        eligible(Facts { status: self.status, lot_status: self.lot_status, expires_at: self.expires_at }, now)?;
        if self.pickable { Ok(()) } else { Err(Ineligible::NotPickable) }
    }

    /// Which of two comes first.
    #[must_use]
    pub fn order(&self, other: &Self, rotation: Rotation) -> Ordering {
        let expiry = |candidate: &Self| candidate.expires_at.map_or(i64::MAX, |moment| moment.0);
        let by_expiry = match rotation {
            Rotation::Fefo => expiry(self).cmp(&expiry(other)),
            Rotation::Fifo => Ordering::Equal,
        };
        by_expiry
            .then(self.received_at.cmp(&other.received_at))
            .then(self.lot.cmp(&other.lot))
            .then(self.walk_order.cmp(&other.walk_order))
            .then(self.cell.cmp(&other.cell))
    }
}

/// Parts candidates into those that may serve an order, in order of use, and those that may not, with the reason.
#[must_use]
pub fn sort_out(
    candidates: Vec<Candidate>,
    rotation: Rotation,
    now: Timestamp,
) -> (Vec<Candidate>, Vec<(Candidate, Ineligible)>) {
    let mut good = Vec::with_capacity(candidates.len());
    let mut refused = Vec::new();
    for candidate in candidates {
        match candidate.check(now) {
            Ok(()) => good.push(candidate),
            Err(why) => refused.push((candidate, why)),
        }
    }
    good.sort_by(|a, b| a.order(b, rotation));
    (good, refused)
}

/// The free cells of one SKU.
///
/// # Errors
/// A failure of the database.
pub async fn of_sku(tx: &mut Tx<'_>, warehouse: WarehouseId, sku: SkuId) -> Result<Vec<Candidate>, DbError> {
    tx.all(sql::OF_SKU, args![warehouse, sku]).await
}

/// The free cells of every SKU that a wave's orders want, and of others too where it wants most of the catalogue:
/// reading all cells once is then a third of the work of looking each SKU up.
///
/// # Errors
/// A failure of the database.
pub async fn of_wave(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    wave: WaveId,
    wanted: usize,
) -> Result<Vec<Candidate>, DbError> {
    if wanted >= MANY_SKUS {
        let (catalogue,): (i64,) = tx.one("count of SKUs", sql::COUNT_SKUS, args![]).await?;
        if i64::try_from(wanted).unwrap_or(i64::MAX).saturating_mul(LARGE_SHARE) >= catalogue {
            return tx.all(sql::ALL_FREE, args![warehouse]).await;
        }
    }
    tx.all(sql::OF_WAVE, args![warehouse, wave]).await
}

/// Statements of candidates.
pub mod sql {
    crate::statements! {
        /// Free cells of one SKU.
        OF_SKU = "SELECT c.sku_id, c.id, c.place_id, c.lot_id, l.received_at, l.expires_at, c.on_hand - c.reserved,
            p.walk_order, c.status, l.status, (p.pickable AND p.active AND NOT p.frozen)
            FROM stock_cell c JOIN lot l ON l.id = c.lot_id JOIN location p ON p.place_id = c.place_id
            WHERE c.warehouse_id = $1 AND c.sku_id = $2 AND c.on_hand > 0 AND c.on_hand > c.reserved";
        /// Free cells of the SKUs of a wave.
        OF_WAVE = "SELECT c.sku_id, c.id, c.place_id, c.lot_id, l.received_at, l.expires_at, c.on_hand - c.reserved,
            p.walk_order, c.status, l.status, (p.pickable AND p.active AND NOT p.frozen)
            FROM (SELECT DISTINCT ol.sku_id FROM wave_order wo JOIN order_line ol ON ol.order_id = wo.order_id
                WHERE wo.wave_id = $2 AND wo.state = 'in' AND ol.promised > 0) wanted
            JOIN stock_cell c ON c.warehouse_id = $1 AND c.sku_id = wanted.sku_id AND c.on_hand > 0 AND c.on_hand > c.reserved
            JOIN lot l ON l.id = c.lot_id JOIN location p ON p.place_id = c.place_id";
        /// Free cells of a warehouse.
        ALL_FREE = "SELECT c.sku_id, c.id, c.place_id, c.lot_id, l.received_at, l.expires_at, c.on_hand - c.reserved,
            p.walk_order, c.status, l.status, (p.pickable AND p.active AND NOT p.frozen)
            FROM stock_cell c JOIN lot l ON l.id = c.lot_id JOIN location p ON p.place_id = c.place_id
            WHERE c.warehouse_id = $1 AND c.on_hand > 0 AND c.on_hand > c.reserved";
        /// Size of the catalogue.
        COUNT_SKUS = "SELECT COUNT(*) FROM sku";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(cell: i64, received: i64, expires: Option<i64>) -> Candidate {
        Candidate {
            sku: SkuId(1),
            cell: CellId(cell),
            place: PlaceId(cell),
            lot: LotId(cell),
            received_at: Timestamp(received),
            expires_at: expires.map(Timestamp),
            free: 1,
            walk_order: 0,
            status: StockStatus::Good,
            lot_status: LotStatus::Good,
            pickable: true,
        }
    }

    fn cells(rotation: Rotation) -> Vec<i64> {
        let given = vec![
            candidate(1, 30, Some(500)),
            candidate(2, 10, None),
            candidate(3, 20, Some(300)),
            candidate(4, 5, Some(90)),
        ];
        sort_out(given, rotation, Timestamp(100)).0.iter().map(|candidate| candidate.cell.0).collect()
    }

    #[test]
    fn the_earliest_receipt_comes_first_and_the_expired_never() {
        assert_eq!(cells(Rotation::Fifo), [2, 3, 1]);
    }

    #[test]
    fn where_lots_expire_the_first_to_expire_comes_first() {
        assert_eq!(cells(Rotation::Fefo), [3, 1, 2]);
    }

    #[test]
    fn the_refused_are_told_with_their_reason() {
        let closed = Candidate { pickable: false, ..candidate(5, 1, None) };
        let frozen = Candidate { lot_status: LotStatus::Frozen, ..candidate(6, 1, None) };
        let (good, refused) = sort_out(vec![closed, frozen], Rotation::Fifo, Timestamp(0));
        assert!(good.is_empty());
        let reasons: Vec<_> = refused.iter().map(|(_, why)| *why).collect();
        assert_eq!(reasons, [Ineligible::NotPickable, Ineligible::Frozen]);
    }
}
