//! Why this lot: the candidates that an allocation saw, what earlier ones had left, and the rule.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AllocationError, sql};
use crate::db::Tx;
use crate::kernel::Timestamp;
use crate::kernel::ids::{AllocationId, CandidatesId, CellId, LotId, PlaceId, SkuId, WarehouseId, WaveId};
use crate::stock::candidates::Candidate;
use crate::stock::eligible::Ineligible;
use crate::{args, row};

/// A candidate as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Seen {
    cell: CellId,
    place: PlaceId,
    lot: LotId,
    received_at: Timestamp,
    expires_at: Option<Timestamp>,
    free: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why_not: Option<Ineligible>,
}

impl Seen {
    fn of(candidate: &Candidate, why_not: Option<Ineligible>) -> Self {
        Self {
            cell: candidate.cell,
            place: candidate.place,
            lot: candidate.lot,
            received_at: candidate.received_at,
            expires_at: candidate.expires_at,
            free: candidate.free,
            why_not,
        }
    }
}

/// The first `most` candidates and `most_refused` refused cells, as JSON lists to be kept.
#[must_use]
pub fn seen(
    good: &[Candidate],
    refused: &[(Candidate, Ineligible)],
    most: usize,
    most_refused: usize,
) -> (String, String) {
    let good: Vec<Seen> = good.iter().take(most).map(|candidate| Seen::of(candidate, None)).collect();
    let refused: Vec<Seen> =
        refused.iter().take(most_refused).map(|(candidate, why)| Seen::of(candidate, Some(*why))).collect();
    let text = |list: &[Seen]| serde_json::to_string(list).unwrap_or_else(|_| "[]".to_owned());
    (text(&good), text(&refused))
}

row! {
    /// An allocation with its run.
    #[derive(Debug, Clone)]
    pub struct WhyRow {
        /// The allocation.
        pub id: AllocationId,
        /// The SKU.
        pub sku: SkuId,
        /// Its code.
        pub sku_code: String,
        /// The lot that was chosen.
        pub lot: LotId,
        /// Its number.
        pub lot_number: String,
        /// The cell that was chosen.
        pub cell: CellId,
        /// The code of its place.
        pub place_code: String,
        /// Pieces.
        pub quantity: i64,
        /// The rule that chose.
        pub rule: String,
        /// What a person said.
        pub reason: String,
        /// The run.
        pub candidates_id: CandidatesId,
        /// The allocation that this one replaces.
        pub replaces: Option<AllocationId>,
        /// When the run was.
        pub at: Timestamp,
        /// The run's rule.
        pub run_rule: String,
        /// Pieces that the run wanted.
        pub demand: i64,
        /// What it saw.
        pub candidates: String,
        /// What it could not use.
        pub refused: String,
    }
}

/// One candidate, as a person sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CandidateView {
    /// The cell.
    pub cell_id: CellId,
    /// The code of its place.
    pub place: String,
    /// The number of its lot.
    pub lot: String,
    /// When the lot came in.
    pub received_at: Timestamp,
    /// From when it is expired.
    pub expires_at: Option<Timestamp>,
    /// Free when the run began.
    pub free_at_start: i64,
    /// Free when it was this allocation's turn.
    pub free_then: i64,
    /// Whether this allocation chose it.
    pub chosen: bool,
    /// Why it could not be used; `null` where it could.
    pub why_not: Option<Ineligible>,
}

/// Why an allocation chose its cell.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Why {
    /// The allocation.
    pub allocation_id: AllocationId,
    /// The SKU.
    pub sku: String,
    /// The lot that was chosen.
    pub lot: String,
    /// The place that was chosen.
    pub place: String,
    /// Pieces.
    pub quantity: i64,
    /// `fifo`, `fefo`, or `override` where a person chose.
    pub rule: String,
    /// What the person said.
    pub reason: String,
    /// The allocation whose place this one took.
    pub replaces: Option<AllocationId>,
    /// When the run was.
    pub at: Timestamp,
    /// Pieces that the whole run wanted of the SKU.
    pub demand: i64,
    /// The candidates in the order of choice, then the refused.
    pub candidates: Vec<CandidateView>,
}

/// Tells why an allocation chose its cell.
///
/// # Errors
/// [`AllocationError::NotFound`], or a failure of the database.
pub async fn why(tx: &mut Tx<'_>, warehouse: WarehouseId, id: AllocationId) -> Result<Why, AllocationError> {
    let found: Option<WhyRow> = tx.opt(sql::SELECT_WHY, args![warehouse, id]).await?;
    let row = found.ok_or_else(|| AllocationError::NotFound { what: "allocation", code: id.to_string() })?;
    let (wave,): (WaveId,) = tx.one("allocation", sql::SELECT_WAVE, args![id]).await?;
    let taken: Vec<(CellId, i64)> = tx.all(sql::SELECT_TAKEN_BEFORE, args![wave, row.candidates_id, id]).await?;
    let taken: HashMap<CellId, i64> = taken.into_iter().collect();
    let names: Vec<(CellId, String, String)> = tx.all(sql::SELECT_CELL_NAMES, args![warehouse, row.sku]).await?;
    let names: HashMap<CellId, (String, String)> =
        names.into_iter().map(|(cell, place, lot)| (cell, (place, lot))).collect();
    let list = |text: &str| serde_json::from_str::<Vec<Seen>>(text).unwrap_or_default();
    let view = |seen: Seen| {
        let (place, lot) = names.get(&seen.cell).cloned().unwrap_or_default();
        CandidateView {
            cell_id: seen.cell,
            place,
            lot,
            received_at: seen.received_at,
            expires_at: seen.expires_at,
            free_at_start: seen.free,
            free_then: seen.free - taken.get(&seen.cell).copied().unwrap_or(0),
            chosen: seen.cell == row.cell,
            why_not: seen.why_not,
        }
    };
    let candidates = list(&row.candidates).into_iter().chain(list(&row.refused)).map(view).collect();
    Ok(Why {
        allocation_id: row.id,
        sku: row.sku_code,
        lot: row.lot_number,
        place: row.place_code,
        quantity: row.quantity,
        rule: row.rule,
        reason: row.reason,
        replaces: row.replaces,
        at: row.at,
        demand: row.demand,
        candidates,
    })
}

row! {
    /// An allocation in a list.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct AllocationView {
        /// Its id.
        pub id: AllocationId,
        /// The order line.
        pub order_line_id: crate::kernel::ids::OrderLineId,
        /// The SKU.
        pub sku: String,
        /// The lot.
        pub lot: String,
        /// The place.
        pub place: String,
        /// Pieces given.
        pub quantity: i64,
        /// Pieces picked.
        pub picked: i64,
        /// Pieces that weren't there.
        pub short: i64,
        /// Pieces taken out.
        pub taken_out: i64,
        /// Pieces in parcels.
        pub packed: i64,
        /// The rule that chose.
        pub rule: String,
    }
}

/// The allocations of an order.
///
/// # Errors
/// A failure of the database.
pub async fn of_order(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    order: crate::kernel::ids::OrderId,
) -> Result<Vec<AllocationView>, AllocationError> {
    Ok(tx.all(sql::LIST_OF_ORDER, args![warehouse, order]).await?)
}
