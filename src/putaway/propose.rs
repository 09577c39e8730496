//! Where goods could go: to their own lot, to an empty place near their SKU, else to any empty place. Never two lots of one
//! SKU in one place.

use serde::Serialize;
use utoipa::ToSchema;

use super::ops::or_any;
use super::{PutAwayError, sql};
use crate::catalog::scan;
use crate::db::{DbError, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{LotId, SkuId, WarehouseId};
use crate::kernel::text::scanned;
use crate::location::ops::{Place, place};
use crate::order::model::OrderState;
use crate::picking::goods::{GoodsRow, goods};
use crate::stock::model::{LotStatus, PlaceKind, StockStatus};
use crate::{args, row};

/// Most places that are proposed for one lot.
const MOST: usize = 3;

crate::codes! {
    /// Why a place is proposed.
    pub enum ProposedFor {
        /// The same lot lies there, and no other of its SKU.
        SameLot = "same_lot",
        /// It is empty, in a zone where the SKU lies.
        SameZone = "same_zone",
        /// It is empty.
        Empty = "empty",
    }
}

/// A place where goods could go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Proposal {
    /// Its code.
    pub place: String,
    /// Its zone.
    pub zone: String,
    /// Its place on the walk.
    pub walk_order: i64,
    /// Why.
    pub why: ProposedFor,
}

row! {
    /// Stock that is to be put away.
    #[derive(Debug, Clone)]
    pub struct WaitingRow {
        /// The SKU.
        pub sku_id: SkuId,
        /// Its code.
        pub sku: String,
        /// Its English name.
        pub name_en: String,
        /// Its Chinese name.
        pub name_zh: String,
        /// The lot.
        pub lot_id: LotId,
        /// Its number.
        pub lot: String,
        /// What the stock may be used for.
        pub status: StockStatus,
        /// What the lot may be used for.
        pub lot_status: LotStatus,
        /// From when it is expired.
        pub expires_at: Option<Timestamp>,
        /// Pieces.
        pub quantity: i64,
    }
}

/// Stock that is to be put away, and where it could go.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ToPutAway {
    /// The SKU.
    pub sku: String,
    /// Its English name.
    pub name_en: String,
    /// Its Chinese name.
    pub name_zh: String,
    /// The lot.
    pub lot: String,
    /// What the stock may be used for.
    pub status: StockStatus,
    /// What the lot may be used for.
    pub lot_status: LotStatus,
    /// From when it is expired.
    pub expires_at: Option<Timestamp>,
    /// Pieces.
    pub quantity: i64,
    /// Where they could go, the best first; three at most.
    pub proposals: Vec<Proposal>,
}

/// What lies at a location, or in a tote or slot of a cancelled order, and where it could go.
///
/// # Errors
/// [`PutAwayError::UnknownPlace`], [`PutAwayError::NotALocation`], [`PutAwayError::UnknownItem`]; a failure of the database.
pub async fn proposals(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    from: &str,
    item: Option<&str>,
) -> Result<Vec<ToPutAway>, PutAwayError> {
    let found = place(tx, warehouse, from).await?;
    let found = found.ok_or_else(|| PutAwayError::UnknownPlace { scanned: scanned(from) })?;
    let (mut sku, mut lot) = (None, None);
    if let Some(item) = item.filter(|item| !item.trim().is_empty()) {
        let seen = scan::item(tx, item).await?;
        let seen = seen.ok_or_else(|| PutAwayError::UnknownItem { scanned: scanned(item) })?;
        (sku, lot) = (Some(seen.item.sku), seen.lot);
    }
    let values = args![warehouse, found.id, or_any(sku)];
    let mut waiting: Vec<WaitingRow> = match found.kind {
        PlaceKind::Location => tx.all(sql::LIST_FREE_AT, values).await?,
        PlaceKind::Tote | PlaceKind::Slot => {
            let rows: Vec<WaitingRow> = tx.all(sql::LIST_HELD_AT, values).await?;
            of_cancelled(rows, &goods(tx, warehouse, &found).await?)
        }
        _ => return Err(PutAwayError::NotALocation { scanned: found.code }),
    };
    waiting.retain(|row| lot.as_ref().is_none_or(|lot| row.lot == *lot));
    let mut out = Vec::with_capacity(waiting.len());
    for row in waiting {
        let proposals = for_lot(tx, warehouse, &found, &row).await?;
        let WaitingRow { sku, name_en, name_zh, lot, status, lot_status, expires_at, quantity, .. } = row;
        out.push(ToPutAway { sku, name_en, name_zh, lot, status, lot_status, expires_at, quantity, proposals });
    }
    Ok(out)
}

/// Of what a container holds, only the pieces of orders that were given up.
fn of_cancelled(rows: Vec<WaitingRow>, goods: &[GoodsRow]) -> Vec<WaitingRow> {
    let given_up = |state| matches!(state, OrderState::Cancelled | OrderState::Intercepting);
    let pieces =
        |lot| goods.iter().filter(|row| row.lot == lot && given_up(row.order_state)).map(|row| row.quantity).sum();
    let rows = rows.into_iter().map(|row| WaitingRow { quantity: pieces(row.lot_id), ..row });
    rows.filter(|row| row.quantity > 0).collect()
}

async fn for_lot(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    from: &Place,
    row: &WaitingRow,
) -> Result<Vec<Proposal>, DbError> {
    let mut out: Vec<Proposal> = Vec::new();
    let same: Vec<(String, String, i64)> = tx.all(sql::LIST_SAME_LOT, args![warehouse, row.lot_id, from.id]).await?;
    add(&mut out, same, ProposedFor::SameLot);
    for (sku, why) in [(row.sku_id.0, ProposedFor::SameZone), (0, ProposedFor::Empty)] {
        if out.len() < MOST {
            let empty = tx.all(sql::LIST_EMPTY, args![warehouse, from.id, sku]).await?;
            add(&mut out, empty, why);
        }
    }
    Ok(out)
}

fn add(out: &mut Vec<Proposal>, found: Vec<(String, String, i64)>, why: ProposedFor) {
    for (place, zone, walk_order) in found {
        if out.len() < MOST && !out.iter().any(|proposal| proposal.place == place) {
            out.push(Proposal { place, zone, walk_order, why });
        }
    }
}
