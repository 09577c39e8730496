//! Statements of put walls.

crate::statements! {
    /// A new wall, or another spare place for one that is there.
    UPSERT_WALL = "INSERT INTO put_wall (warehouse_id, code, spare_place_id) VALUES ($1, $2, $3)
        ON CONFLICT (warehouse_id, code) DO UPDATE SET spare_place_id = COALESCE(excluded.spare_place_id, put_wall.spare_place_id) RETURNING id";
    /// New slots; those that are there stay.
    INSERT_SLOTS = bulk "INSERT INTO wall_slot (place_id, wall_id, row_at, column_at) VALUES" [Int, Int, Int, Int] "ON CONFLICT (place_id) DO NOTHING";
    /// A wall by its code, with its spare place.
    SELECT_WALL = "SELECT w.id, w.code, w.spare_place_id, p.code FROM put_wall w LEFT JOIN place p ON p.id = w.spare_place_id
        WHERE w.warehouse_id = $1 AND w.code = $2";
    /// Whose slot it is.
    SELECT_BOUND = "SELECT order_id FROM wall_slot WHERE place_id = $1";
    /// A slot, locked.
    LOCK_SLOT = lite "SELECT s.place_id, p.code, s.wall_id, s.row_at, s.column_at, s.order_id FROM wall_slot s JOIN place p ON p.id = s.place_id WHERE s.place_id = $1"
        pg "SELECT s.place_id, p.code, s.wall_id, s.row_at, s.column_at, s.order_id FROM wall_slot s JOIN place p ON p.id = s.place_id WHERE s.place_id = $1 FOR UPDATE OF s";
    /// The slot of an order.
    SELECT_OF_ORDER = "SELECT s.place_id, p.code, s.wall_id, s.row_at, s.column_at, s.order_id FROM wall_slot s JOIN place p ON p.id = s.place_id WHERE s.order_id = $1";
    /// Gives an order the first free slot of a wall: one that nobody has, or that is empty and whose order needs it no more.
    BIND_FREE = lite "UPDATE wall_slot SET order_id = $2 WHERE place_id = (SELECT s.place_id FROM wall_slot s LEFT JOIN customer_order o ON o.id = s.order_id
            WHERE s.wall_id = $1 AND (o.id IS NULL OR o.state NOT IN ('released', 'picking', 'picked', 'held'))
            AND NOT EXISTS (SELECT 1 FROM stock_cell c WHERE c.warehouse_id = $3 AND c.place_id = s.place_id AND c.on_hand > 0)
            ORDER BY s.row_at, s.column_at LIMIT 1) RETURNING place_id"
        pg "UPDATE wall_slot SET order_id = $2 WHERE place_id = (SELECT s.place_id FROM wall_slot s LEFT JOIN customer_order o ON o.id = s.order_id
            WHERE s.wall_id = $1 AND (o.id IS NULL OR o.state NOT IN ('released', 'picking', 'picked', 'held'))
            AND NOT EXISTS (SELECT 1 FROM stock_cell c WHERE c.warehouse_id = $3 AND c.place_id = s.place_id AND c.on_hand > 0)
            ORDER BY s.row_at, s.column_at LIMIT 1 FOR UPDATE OF s SKIP LOCKED) RETURNING place_id";
    /// Gives a slot to an order.
    BIND = "UPDATE wall_slot SET order_id = $2 WHERE place_id = $1";
    /// The slot of an order is free again, once it is empty.
    FREE_EMPTY = "UPDATE wall_slot SET order_id = NULL WHERE order_id = $2
        AND NOT EXISTS (SELECT 1 FROM stock_cell c WHERE c.warehouse_id = $1 AND c.place_id = wall_slot.place_id AND c.on_hand > 0)";
    /// Pieces in a slot, and pieces that its order wants there: all that is picked or to be picked, and in no parcel.
    SELECT_FILLING = "SELECT (SELECT CAST(COALESCE(SUM(c.on_hand), 0) AS BIGINT) FROM stock_cell c WHERE c.warehouse_id = $1 AND c.place_id = $2),
        (SELECT CAST(COALESCE(SUM(a.quantity - a.short - a.taken_out - a.packed), 0) AS BIGINT) FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id
            WHERE ol.order_id = $3)";
    /// The tote that pieces of an allocation were sorted out of last.
    SELECT_SORTED_FROM = "SELECT p.id, p.kind, p.code FROM place p WHERE p.id = (SELECT m.from_place_id FROM movement m
        WHERE m.allocation_id = $1 AND m.to_place_id = $2 AND m.reason = 'sort' ORDER BY m.id DESC LIMIT 1)";
    /// Walls.
    LIST_WALLS = "SELECT w.code, p.code, COUNT(s.place_id), COUNT(s.order_id) FROM put_wall w LEFT JOIN place p ON p.id = w.spare_place_id
        LEFT JOIN wall_slot s ON s.wall_id = w.id WHERE w.warehouse_id = $1 GROUP BY w.id, w.code, p.code ORDER BY w.code";
    /// The slots of a wall.
    LIST_SLOTS = "SELECT p.code, s.row_at, s.column_at, s.order_id, o.number, o.state, o.ship_by,
        (SELECT CAST(COALESCE(SUM(c.on_hand), 0) AS BIGINT) FROM stock_cell c WHERE c.warehouse_id = $1 AND c.place_id = s.place_id),
        (SELECT CAST(COALESCE(SUM(a.quantity - a.short - a.taken_out - a.packed), 0) AS BIGINT) FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id
            WHERE ol.order_id = s.order_id)
        FROM wall_slot s JOIN place p ON p.id = s.place_id LEFT JOIN customer_order o ON o.id = s.order_id WHERE s.wall_id = $2 ORDER BY s.row_at, s.column_at";
    /// Totes of batches with goods in them.
    LIST_BATCH_TOTES = "SELECT p.code, b.batch_id, CAST(SUM(c.on_hand) AS BIGINT), COUNT(DISTINCT c.sku_id) FROM batch_tote b JOIN place p ON p.id = b.place_id
        JOIN stock_cell c ON c.warehouse_id = p.warehouse_id AND c.place_id = p.id AND c.on_hand > 0 WHERE p.warehouse_id = $1
        GROUP BY p.code, b.batch_id ORDER BY b.batch_id, p.code LIMIT 1000";
}
