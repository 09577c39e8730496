//! Statements of putting away.

crate::statements! {
    /// Whether a location is in use; locked, so that two lots never come into it at once.
    LOCK_TARGET = lite "SELECT l.active FROM place p JOIN location l ON l.place_id = p.id WHERE p.id = $1"
        pg "SELECT l.active FROM place p JOIN location l ON l.place_id = p.id WHERE p.id = $1 FOR NO KEY UPDATE OF p";
    /// What lies at a place of a SKU, sound stock first.
    SELECT_AT = "SELECT c.lot_id, l.number, l.supplier_lot, c.status, c.on_hand - c.reserved FROM stock_cell c JOIN lot l ON l.id = c.lot_id
        WHERE c.warehouse_id = $1 AND c.place_id = $2 AND c.sku_id = $3 AND c.on_hand > 0
        ORDER BY CASE c.status WHEN 'good' THEN 0 ELSE 1 END, l.received_at, l.id, c.id";
    /// Another lot of a SKU at a place.
    SELECT_OTHER_LOT = "SELECT l.number FROM stock_cell c JOIN lot l ON l.id = c.lot_id
        WHERE c.warehouse_id = $1 AND c.place_id = $2 AND c.sku_id = $3 AND c.lot_id <> $4 AND c.on_hand > 0 ORDER BY l.id LIMIT 1";
    /// What lies free at a place, and is to be put away.
    LIST_FREE_AT = "SELECT s.id, s.code, s.name_en, s.name_zh, c.lot_id, l.number, c.status, l.status, l.expires_at, c.on_hand - c.reserved
        FROM stock_cell c JOIN sku s ON s.id = c.sku_id JOIN lot l ON l.id = c.lot_id
        WHERE c.warehouse_id = $1 AND c.place_id = $2 AND c.on_hand > c.reserved AND ($3 = 0 OR c.sku_id = $3) ORDER BY s.code, l.received_at, l.id, c.id LIMIT 50";
    /// What lies reserved in a tote or slot, of some lots.
    LIST_HELD_AT = "SELECT s.id, s.code, s.name_en, s.name_zh, c.lot_id, l.number, c.status, l.status, l.expires_at, c.on_hand
        FROM stock_cell c JOIN sku s ON s.id = c.sku_id JOIN lot l ON l.id = c.lot_id
        WHERE c.warehouse_id = $1 AND c.place_id = $2 AND c.on_hand > 0 AND ($3 = 0 OR c.sku_id = $3) ORDER BY s.code, l.received_at, l.id, c.id LIMIT 50";
    /// Places where the same lot lies and no other of its SKU, the nearest on the walk first.
    LIST_SAME_LOT = "SELECT p.code, z.code, l.walk_order FROM stock_cell c JOIN location l ON l.place_id = c.place_id AND l.pickable AND l.active
        JOIN place p ON p.id = l.place_id JOIN zone z ON z.id = l.zone_id
        WHERE c.lot_id = $2 AND c.warehouse_id = $1 AND c.on_hand > 0 AND c.place_id <> $3
        AND NOT EXISTS (SELECT 1 FROM stock_cell o WHERE o.warehouse_id = $1 AND o.place_id = c.place_id AND o.sku_id = c.sku_id AND o.lot_id <> c.lot_id AND o.on_hand > 0)
        GROUP BY p.id, p.code, z.code, l.walk_order ORDER BY l.walk_order, p.id LIMIT 3";
    /// Empty places, the nearest on the walk first: of the zones where a SKU lies, or of all where it is 0.
    LIST_EMPTY = "SELECT p.code, z.code, l.walk_order FROM location l JOIN place p ON p.id = l.place_id JOIN zone z ON z.id = l.zone_id
        WHERE l.warehouse_id = $1 AND l.pickable AND l.active AND l.place_id <> $2
        AND ($3 = 0 OR l.zone_id IN (SELECT h.zone_id FROM stock_cell c JOIN location h ON h.place_id = c.place_id AND h.pickable
            WHERE c.warehouse_id = $1 AND c.sku_id = $3 AND c.on_hand > 0))
        AND NOT EXISTS (SELECT 1 FROM stock_cell c WHERE c.warehouse_id = $1 AND c.place_id = l.place_id AND c.on_hand > 0)
        ORDER BY l.walk_order, p.id LIMIT 3";
}
