//! The promises that hold at every commit, checked by statements of the tests' own.

use tallyman::db::{DbError, Sql, Tx};

/// What is wrong; nothing, where nothing is.
pub async fn findings(tx: &mut Tx<'_>) -> Result<Vec<String>, DbError> {
    let checks: &[(&str, Sql)] = &[
        ("a cell reserves more than it has", Sql::both("SELECT id, on_hand, reserved FROM stock_cell WHERE reserved < 0 OR reserved > on_hand")),
        ("a cell is not the sum of its movements", Sql::both(BALANCE)),
        ("a location's reservation is not the sum of its open allocations", Sql::both(
            "SELECT c.id, c.reserved, CAST(COALESCE((SELECT SUM(a.quantity - a.picked - a.short - a.taken_out) FROM allocation a
                WHERE a.cell_id = c.id), 0) AS BIGINT) AS open
             FROM stock_cell c JOIN place p ON p.id = c.place_id AND p.kind = 'location'
             WHERE c.reserved <> COALESCE((SELECT SUM(a.quantity - a.picked - a.short - a.taken_out) FROM allocation a WHERE a.cell_id = c.id), 0)")),
        ("stock in a container is not reserved", Sql::both(
            "SELECT c.id, c.on_hand, c.reserved FROM stock_cell c JOIN place p ON p.id = c.place_id
             WHERE p.kind IN ('tote', 'cart', 'slot', 'parcel') AND c.on_hand <> c.reserved")),
        ("a SKU's promises are not the sum of its lines", Sql::both(
            "SELECT s.sku_id, s.promised, CAST(COALESCE((SELECT SUM(l.promised) FROM order_line l WHERE l.sku_id = s.sku_id), 0) AS BIGINT) AS lines
             FROM sku_promise s
             WHERE s.promised <> COALESCE((SELECT SUM(l.promised) FROM order_line l WHERE l.sku_id = s.sku_id), 0)")),
        ("a line's allocation is not the sum of its allocations", Sql::both(
            "SELECT l.id, l.allocated, CAST(COALESCE((SELECT SUM(a.quantity - a.short - a.taken_out) FROM allocation a
                WHERE a.order_line_id = l.id), 0) AS BIGINT) AS given FROM order_line l
             WHERE l.allocated <> COALESCE((SELECT SUM(a.quantity - a.short - a.taken_out) FROM allocation a WHERE a.order_line_id = l.id), 0)")),
        ("an allocation's state is wrong", Sql::both(
            "SELECT id, quantity, picked FROM allocation WHERE (state = 'open') <> (quantity > picked + short + taken_out)")),
    ];
    let mut out = Vec::new();
    for (what, sql) in checks {
        for (a, b, c) in tx.all::<(i64, i64, i64)>(*sql, vec![]).await? {
            out.push(format!("{what}: {a} {b} {c}"));
        }
    }
    // The product's own verification knows more rules, and must see what these see.
    for finding in tallyman::stock::verify::verify(tx).await?.findings {
        out.push(format!("{finding:?}"));
    }
    Ok(out)
}

const BALANCE: &str = "SELECT COALESCE(c.id, 0) AS id, COALESCE(c.on_hand, 0) AS on_hand, COALESCE(m.sum, 0) AS moved
    FROM stock_cell c FULL JOIN (
        SELECT place_id, lot_id, status, CAST(SUM(quantity) AS BIGINT) AS sum FROM (
            SELECT to_place_id AS place_id, lot_id, to_status AS status, quantity FROM movement
            UNION ALL SELECT from_place_id, lot_id, from_status, -quantity FROM movement) ends
        JOIN place p ON p.id = ends.place_id AND p.kind IN ('location', 'tote', 'cart', 'slot', 'parcel')
        GROUP BY place_id, lot_id, status) m
    ON m.place_id = c.place_id AND m.lot_id = c.lot_id AND m.status = c.status
    WHERE COALESCE(c.on_hand, 0) <> COALESCE(m.sum, 0)";
