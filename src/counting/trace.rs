//! Where a difference may come from: the ledger of the cell since it was last right, and differences the other way around.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::LineState;
use super::query::{self, LineDetail};
use super::{CountError, sql as counting_sql};
use crate::counting::approve::LineToDecide;
use crate::db::Tx;
use crate::kernel::Timestamp;
use crate::kernel::ids::{CountLineId, MovementId, WarehouseId};
use crate::stock::model::{Reason, StockStatus};
use crate::{args, row};

/// Most movements that are shown.
const MOST: i64 = 500;
/// How old a difference elsewhere may be, in milliseconds: half a year.
const NEAR_MS: i64 = 183 * 24 * 60 * 60 * 1000;

row! {
    /// A movement of the cell.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct TraceMove {
        /// Its id.
        pub id: MovementId,
        /// When.
        pub at: Timestamp,
        /// Who.
        pub person: String,
        /// Why.
        pub reason: Reason,
        /// Why, in a person's words.
        pub note: String,
        /// What was scanned.
        pub evidence: String,
        /// From where.
        pub from: String,
        /// To where.
        pub to: String,
        /// Pieces; below 0 where they left.
        pub change: i64,
    }
}

row! {
    /// A difference elsewhere that goes the other way.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct Opposite {
        /// The line.
        pub line_id: CountLineId,
        /// The place.
        pub place: String,
        /// The SKU.
        pub sku: String,
        /// The lot.
        pub lot: String,
        /// Status of the stock.
        pub status: StockStatus,
        /// Where it stands.
        pub state: LineState,
        /// The difference.
        pub variance: i64,
        /// When it was counted.
        pub at: Timestamp,
    }
}

/// What may explain a difference.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Trace {
    /// The line.
    pub line: LineDetail,
    /// When the cell was last counted and right, or put right; none where it never was.
    pub since: Option<Timestamp>,
    /// What moved since then, the newest first; 500 at most.
    pub movements: Vec<TraceMove>,
    /// Those of them that are of as many pieces as the difference, and go its way.
    pub suspects: Vec<MovementId>,
    /// The same SKU elsewhere, the other way around: it may lie in the wrong place or lot. The same number first.
    pub same_sku: Vec<Opposite>,
    /// Another SKU in the same place, the other way around: one may have been taken for the other.
    pub same_place: Vec<Opposite>,
}

/// What may explain a difference. Only of lines that nobody has to count any more: it says what the book has.
///
/// # Errors
/// [`CountError::NotFound`], [`CountError::WrongState`]; a failure of the database.
pub async fn trace(tx: &mut Tx<'_>, warehouse: WarehouseId, line: CountLineId) -> Result<Trace, CountError> {
    let detail = query::line(tx, warehouse, line).await?;
    if matches!(detail.line.state, LineState::Counting | LineState::Recount) {
        return Err(CountError::WrongState { state: detail.line.state });
    }
    let row: LineToDecide = tx.one("line", counting_sql::SELECT_LINE, args![warehouse, line]).await?;
    let variance = row.variance.or_else(|| detail.rounds.last().map(|round| round.variance)).unwrap_or_default();
    let values = args![warehouse, row.place, row.sku, row.lot, row.status, line];
    let (since,): (Option<i64>,) = tx.one("count", sql::LAST_GOOD, values).await?;
    let counted = detail.rounds.last().map_or(i64::MAX, |round| round.at.0);
    let values = args![warehouse, row.sku, row.lot, row.place, row.status, since.unwrap_or(0), counted, MOST];
    let movements: Vec<TraceMove> = tx.all(sql::LIST_MOVES, values).await?;
    let suspects = movements.iter().filter(|moved| variance != 0 && moved.change.abs() == variance.abs());
    let suspects = suspects.map(|moved| moved.id).collect();
    let from = detail.line.settled_at.map_or(counted, |at| at.0).saturating_sub(NEAR_MS);
    let values = args![warehouse, row.sku, line, variance, from];
    let same_sku = tx.all(sql::LIST_SAME_SKU, values).await?;
    let values = args![warehouse, row.sku, line, variance, from, row.place];
    let same_place = tx.all(sql::LIST_SAME_PLACE, values).await?;
    Ok(Trace { line: detail, since: since.map(Timestamp), movements, suspects, same_sku, same_place })
}

/// Statements about causes.
pub mod sql {
    crate::statements! {
        /// When a cell was last counted and right, or put right.
        LAST_GOOD = "SELECT MAX(settled_at) FROM count_line WHERE warehouse_id = $1 AND place_id = $2 AND sku_id = $3 AND lot_id = $4 AND status = $5
            AND state IN ('matched', 'posted') AND id < $6";
        /// What moved of a cell in a span.
        LIST_MOVES = "SELECT m.id, m.at, q.number, m.reason, m.note, m.evidence, a.code, b.code,
            CASE WHEN m.to_place_id = $4 AND m.to_status = $5 THEN m.quantity ELSE -m.quantity END
            FROM movement m JOIN person q ON q.id = m.person_id JOIN place a ON a.id = m.from_place_id JOIN place b ON b.id = m.to_place_id
            WHERE m.warehouse_id = $1 AND m.sku_id = $2 AND m.lot_id = $3 AND ((m.from_place_id = $4 AND m.from_status = $5) OR (m.to_place_id = $4 AND m.to_status = $5))
            AND m.at >= $6 AND m.at <= $7 ORDER BY m.id DESC LIMIT $8";
        /// Differences of a SKU elsewhere, the other way around.
        LIST_SAME_SKU = "SELECT l.id, p.code, s.code, COALESCE(o.number, l.lot_text), l.status, l.state, l.variance, COALESCE(l.settled_at, t.counted_at, 0) AS at
            FROM count_line l JOIN count_task t ON t.id = l.task_id JOIN place p ON p.id = l.place_id JOIN sku s ON s.id = l.sku_id LEFT JOIN lot o ON o.id = l.lot_id
            WHERE l.warehouse_id = $1 AND l.sku_id = $2 AND l.id <> $3 AND l.state IN ('confirmed', 'posted', 'rejected') AND l.variance * $4 < 0
            AND COALESCE(l.settled_at, t.counted_at, 0) >= $5 ORDER BY ABS(l.variance + $4), at DESC, l.id LIMIT 20";
        /// Differences of other SKUs in a place, the other way around.
        LIST_SAME_PLACE = "SELECT l.id, p.code, s.code, COALESCE(o.number, l.lot_text), l.status, l.state, l.variance, COALESCE(l.settled_at, t.counted_at, 0) AS at
            FROM count_line l JOIN count_task t ON t.id = l.task_id JOIN place p ON p.id = l.place_id JOIN sku s ON s.id = l.sku_id LEFT JOIN lot o ON o.id = l.lot_id
            WHERE l.warehouse_id = $1 AND l.sku_id <> $2 AND l.id <> $3 AND l.place_id = $6 AND l.state IN ('confirmed', 'posted', 'rejected') AND l.variance * $4 < 0
            AND COALESCE(l.settled_at, t.counted_at, 0) >= $5 ORDER BY ABS(l.variance + $4), at DESC, l.id LIMIT 20";
    }
}
