//! Proves that the books agree: every balance is rebuilt from movements and compared, every sum from its parts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::{DbError, Tx};

/// Something that doesn't agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Which rule is broken.
    pub rule: String,
    /// Id of the row that is wrong (0 where it is missing).
    pub id: i64,
    /// What stands there.
    pub found: i64,
    /// What should stand there.
    pub expected: i64,
}

/// What a verification saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Movements that were added up.
    pub movements: i64,
    /// Cells that were compared.
    pub cells: i64,
    /// What doesn't agree; empty where all does.
    pub findings: Vec<Finding>,
}

/// Most findings of one rule that are listed.
const MOST: i64 = 100;

/// Rebuilds and compares everything.
///
/// # Errors
/// A failure of the database.
pub async fn verify(tx: &mut Tx<'_>) -> Result<Report, DbError> {
    let (movements,): (i64,) = tx.one("count", sql::COUNT_MOVEMENTS, vec![]).await?;
    let (cells,): (i64,) = tx.one("count", sql::COUNT_CELLS, vec![]).await?;
    let rules = [
        ("a cell's balance is the sum of its movements", sql::BALANCES),
        ("no cell reserves more than it has", sql::OVER_RESERVED),
        ("a location's reservations are the sum of its open allocations", sql::RESERVATIONS),
        ("stock in totes, slots and parcels is reserved whole", sql::CONTAINERS),
        ("a SKU's promises are the sum of its order lines", sql::PROMISES),
        ("a line's allocation is the sum of its allocations", sql::LINES),
        ("what is packed of an allocation is what its parcels hold", sql::PACKED),
        ("a closed wave has nothing open", sql::CLOSED_WAVES),
        ("a parcel holds one live waybill number at most", sql::WAYBILLS),
        ("what lies in a slot is for the slot's order", sql::SLOTS),
        ("every pick, sort, pack and put away has evidence", sql::EVIDENCE),
        ("an allocation's lot, place and SKU are those of its cell and line", sql::ALLOCATED_OF),
        ("an allocation's wave, order and candidates are those of its task and line", sql::ALLOCATED_FOR),
        ("a cell's SKU is that of its lot", sql::CELL_SKUS),
        ("a movement's SKU is that of its lot, and it is between places of its warehouse", sql::MOVED),
        ("what a person did was done by a person of the warehouse", sql::PERSONS),
    ];
    let mut findings = Vec::new();
    for (rule, statement) in rules {
        let wrong: Vec<(i64, i64, i64)> = tx.all(statement, crate::args![MOST]).await?;
        findings.extend(wrong.into_iter().map(|(id, found, expected)| Finding {
            rule: rule.to_owned(),
            id,
            found,
            expected,
        }));
    }
    Ok(Report { movements, cells, findings })
}

/// Statements of the verification: each gives id, found, expected of what is wrong.
pub mod sql {
    crate::statements! {
        /// Movements.
        COUNT_MOVEMENTS = "SELECT COUNT(*) FROM movement";
        /// Cells.
        COUNT_CELLS = "SELECT COUNT(*) FROM stock_cell";
        /// Cells that are not the sum of their movements.
        BALANCES = "SELECT COALESCE(c.id, 0), COALESCE(c.on_hand, 0), COALESCE(m.total, 0) FROM stock_cell c FULL JOIN (
            SELECT place_id, lot_id, status, CAST(SUM(quantity) AS BIGINT) AS total FROM (
                SELECT to_place_id AS place_id, lot_id, to_status AS status, quantity FROM movement
                UNION ALL SELECT from_place_id, lot_id, from_status, -quantity FROM movement) ends
            JOIN place p ON p.id = ends.place_id AND p.kind IN ('location', 'tote', 'cart', 'slot', 'parcel')
            GROUP BY place_id, lot_id, status) m
            ON m.place_id = c.place_id AND m.lot_id = c.lot_id AND m.status = c.status
            WHERE COALESCE(c.on_hand, 0) <> COALESCE(m.total, 0) LIMIT $1";
        /// Cells that reserve more than they have.
        OVER_RESERVED = "SELECT id, reserved, on_hand FROM stock_cell WHERE reserved < 0 OR reserved > on_hand LIMIT $1";
        /// Locations whose reservation is not what open allocations want.
        RESERVATIONS = "SELECT c.id, c.reserved, COALESCE(a.open, 0) FROM stock_cell c JOIN place p ON p.id = c.place_id AND p.kind = 'location'
            LEFT JOIN (SELECT cell_id, CAST(SUM(quantity - picked - short - taken_out) AS BIGINT) AS open FROM allocation
                WHERE state = 'open' GROUP BY cell_id) a ON a.cell_id = c.id
            WHERE c.reserved <> COALESCE(a.open, 0) LIMIT $1";
        /// Containers with free stock.
        CONTAINERS = "SELECT c.id, c.reserved, c.on_hand FROM stock_cell c JOIN place p ON p.id = c.place_id
            WHERE p.kind IN ('tote', 'cart', 'slot', 'parcel') AND c.on_hand <> c.reserved LIMIT $1";
        /// SKUs whose promise is not what their lines say.
        PROMISES = "SELECT s.sku_id, s.promised, COALESCE(l.promised, 0) FROM sku_promise s
            LEFT JOIN (SELECT warehouse_id, sku_id, CAST(SUM(promised) AS BIGINT) AS promised FROM order_line WHERE promised > 0
                GROUP BY warehouse_id, sku_id) l ON l.warehouse_id = s.warehouse_id AND l.sku_id = s.sku_id
            WHERE s.promised <> COALESCE(l.promised, 0) LIMIT $1";
        /// Lines whose allocation is not what their allocations say.
        LINES = "SELECT l.id, l.allocated, COALESCE(a.given, 0) FROM order_line l
            LEFT JOIN (SELECT order_line_id, CAST(SUM(quantity - short - taken_out) AS BIGINT) AS given FROM allocation GROUP BY order_line_id) a
            ON a.order_line_id = l.id WHERE l.allocated <> COALESCE(a.given, 0) LIMIT $1";
        /// Allocations whose packed pieces are not in parcels.
        PACKED = "SELECT a.id, a.packed, COALESCE(p.quantity, 0) FROM allocation a
            LEFT JOIN (SELECT allocation_id, CAST(SUM(quantity) AS BIGINT) AS quantity FROM parcel_line GROUP BY allocation_id) p
            ON p.allocation_id = a.id WHERE a.packed <> COALESCE(p.quantity, 0) LIMIT $1";
        /// Closed waves with something open.
        CLOSED_WAVES = "SELECT a.wave_id, CAST(SUM(a.quantity - a.picked - a.short - a.taken_out) AS BIGINT), CAST(0 AS BIGINT) FROM allocation a
            JOIN wave w ON w.id = a.wave_id AND w.state = 'closed' GROUP BY a.wave_id
            HAVING SUM(a.quantity - a.picked - a.short - a.taken_out) <> 0 LIMIT $1";
        /// Parcels with several live numbers.
        WAYBILLS = "SELECT parcel_id, COUNT(*), CAST(1 AS BIGINT) FROM waybill WHERE parcel_id IS NOT NULL
            AND state IN ('held', 'bound', 'printed', 'handed_over', 'intercepting') GROUP BY parcel_id HAVING COUNT(*) > 1 LIMIT $1";
        /// Allocations that name another lot, place or SKU than their cell or line does.
        ALLOCATED_OF = "SELECT a.id, a.lot_id, COALESCE(c.lot_id, 0) FROM allocation a LEFT JOIN stock_cell c ON c.id = a.cell_id
            LEFT JOIN order_line l ON l.id = a.order_line_id WHERE c.id IS NULL OR l.id IS NULL OR a.lot_id <> c.lot_id OR a.place_id <> c.place_id OR a.sku_id <> c.sku_id
            OR a.sku_id <> l.sku_id OR a.warehouse_id <> c.warehouse_id LIMIT $1";
        /// Allocations that name another wave or order than their task or line does.
        ALLOCATED_FOR = "SELECT a.id, a.order_id, COALESCE(o.id, 0) FROM allocation a LEFT JOIN pick_task t ON t.id = a.task_id
            LEFT JOIN wave w ON w.id = a.wave_id LEFT JOIN allocation_candidates k ON k.id = a.candidates_id
            LEFT JOIN order_line l ON l.id = a.order_line_id LEFT JOIN customer_order o ON o.id = l.order_id
            WHERE o.id IS NULL OR t.id IS NULL OR w.id IS NULL OR k.id IS NULL OR k.sku_id <> a.sku_id OR a.wave_id <> t.wave_id OR a.order_id <> t.order_id OR a.order_id <> l.order_id LIMIT $1";
        /// Cells that name another SKU than their lot does.
        CELL_SKUS = "SELECT c.id, c.sku_id, l.sku_id FROM stock_cell c JOIN lot l ON l.id = c.lot_id
            WHERE c.sku_id <> l.sku_id OR c.warehouse_id <> l.warehouse_id LIMIT $1";
        /// Movements that name another SKU than their lot does, or places that aren't there.
        MOVED = "SELECT m.id, m.sku_id, l.sku_id FROM movement m JOIN lot l ON l.id = m.lot_id
            LEFT JOIN place f ON f.id = m.from_place_id AND f.warehouse_id = m.warehouse_id
            LEFT JOIN place t ON t.id = m.to_place_id AND t.warehouse_id = m.warehouse_id
            WHERE m.sku_id <> l.sku_id OR f.id IS NULL OR t.id IS NULL LIMIT $1";
        /// Operations, events and movements of persons who aren't there.
        PERSONS = "SELECT x.person_id, COUNT(*), CAST(0 AS BIGINT) FROM (SELECT person_id FROM operation
            UNION ALL SELECT person_id FROM event UNION ALL SELECT person_id FROM movement) x
            WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.id = x.person_id) GROUP BY x.person_id LIMIT $1";
        /// Slots with goods that are for nobody, or for another order than theirs.
        SLOTS = "SELECT g.place_id, g.order_id, COALESCE(s.order_id, 0) FROM (SELECT e.place_id, a.order_id FROM (
                SELECT m.to_place_id AS place_id, m.allocation_id, m.quantity FROM wall_slot w JOIN movement m ON m.to_place_id = w.place_id AND m.reason IN ('sort', 'unpack')
                UNION ALL SELECT m.from_place_id, m.allocation_id, -m.quantity FROM movement m JOIN wall_slot w ON w.place_id = m.from_place_id) e
            JOIN allocation a ON a.id = e.allocation_id GROUP BY e.place_id, a.order_id HAVING SUM(e.quantity) <> 0) g
            JOIN wall_slot s ON s.place_id = g.place_id WHERE s.order_id IS NULL OR s.order_id <> g.order_id LIMIT $1";
        /// Picks, sorts, packs and put aways that nobody scanned or forced.
        EVIDENCE = "SELECT id, CAST(0 AS BIGINT), CAST(1 AS BIGINT) FROM movement WHERE reason IN ('pick', 'sort', 'pack', 'put_away') AND evidence = '' LIMIT $1";
    }
}
