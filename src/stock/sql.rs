//! Statements of stock cells and the ledger.

crate::statements! {
    /// Takes free stock from a cell; no row where it has less.
    TAKE_FREE = "UPDATE stock_cell SET on_hand = on_hand - $5, changes = changes + 1
        WHERE warehouse_id = $1 AND place_id = $2 AND lot_id = $3 AND status = $4 AND on_hand - reserved >= $5";
    /// Takes reserved stock from a cell, with its reservation; no row where less is reserved.
    TAKE_RESERVED = "UPDATE stock_cell SET on_hand = on_hand - $5, reserved = reserved - $5, changes = changes + 1
        WHERE warehouse_id = $1 AND place_id = $2 AND lot_id = $3 AND status = $4 AND reserved >= $5";
    /// Gives stock to a cell, which is made where it isn't there yet. $6 is reserved with it (the same quantity, or 0).
    GIVE = "INSERT INTO stock_cell (warehouse_id, place_id, sku_id, lot_id, status, on_hand, reserved)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (warehouse_id, place_id, lot_id, status)
        DO UPDATE SET on_hand = stock_cell.on_hand + excluded.on_hand, reserved = stock_cell.reserved + excluded.reserved, changes = stock_cell.changes + 1";
    /// Writes a line of the ledger.
    INSERT_MOVEMENT = "INSERT INTO movement (warehouse_id, at, person_id, operation_key, reason, note, evidence, sku_id, lot_id,
        quantity, from_place_id, from_status, to_place_id, to_status, order_id, allocation_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    /// Takes free stock from many cells, each named once; a cell that has less isn't touched.
    TAKE_FREE_MANY = bulk "UPDATE stock_cell SET on_hand = stock_cell.on_hand - v.column5, changes = stock_cell.changes + 1 FROM (VALUES" [Int, Int, Int, Text, Int]
        ") AS v WHERE stock_cell.warehouse_id = v.column1 AND stock_cell.place_id = v.column2 AND stock_cell.lot_id = v.column3
        AND stock_cell.status = v.column4 AND stock_cell.on_hand - stock_cell.reserved >= v.column5";
    /// Takes reserved stock from many cells, each named once; a cell that has less isn't touched.
    TAKE_RESERVED_MANY = bulk "UPDATE stock_cell SET on_hand = stock_cell.on_hand - v.column5, reserved = stock_cell.reserved - v.column5, changes = stock_cell.changes + 1
        FROM (VALUES" [Int, Int, Int, Text, Int]
        ") AS v WHERE stock_cell.warehouse_id = v.column1 AND stock_cell.place_id = v.column2 AND stock_cell.lot_id = v.column3
        AND stock_cell.status = v.column4 AND stock_cell.reserved >= v.column5";
    /// Gives stock to many cells, each named once.
    GIVE_MANY = bulk "INSERT INTO stock_cell (warehouse_id, place_id, sku_id, lot_id, status, on_hand, reserved) VALUES"
        [Int, Int, Int, Int, Text, Int, Int] "ON CONFLICT (warehouse_id, place_id, lot_id, status)
        DO UPDATE SET on_hand = stock_cell.on_hand + excluded.on_hand, reserved = stock_cell.reserved + excluded.reserved, changes = stock_cell.changes + 1";
    /// Writes many lines of the ledger.
    INSERT_MOVEMENTS = bulk "INSERT INTO movement (warehouse_id, at, person_id, operation_key, reason, note, evidence, sku_id, lot_id,
        quantity, from_place_id, from_status, to_place_id, to_status, order_id, allocation_id) VALUES"
        [Int, Int, Int, Text, Text, Text, Text, Int, Int, Int, Int, Text, Int, Text, Int, Int] "";
    /// The book of a cell was corrected, and nothing moved.
    CORRECT = "UPDATE stock_cell SET corrections = corrections + 1 WHERE warehouse_id = $1 AND place_id = $2 AND lot_id = $3 AND status = $4";
    /// Free stock of a cell by its key.
    SELECT_FREE = "SELECT on_hand - reserved FROM stock_cell
        WHERE warehouse_id = $1 AND place_id = $2 AND lot_id = $3 AND status = $4";
    /// Reserved stock of a cell by its key.
    SELECT_RESERVED = "SELECT reserved FROM stock_cell WHERE warehouse_id = $1 AND place_id = $2 AND lot_id = $3 AND status = $4";
    /// An outside place.
    SELECT_OUTSIDE = "SELECT id FROM place WHERE warehouse_id = $1 AND kind = $2";
    /// A place's code.
    SELECT_PLACE_CODE = "SELECT code FROM place WHERE id = $1";
    /// A lot by number.
    SELECT_LOT = "SELECT id FROM lot WHERE warehouse_id = $1 AND sku_id = $2 AND number = $3";
    /// New lots; known ones stay.
    INSERT_LOTS = bulk "INSERT INTO lot (warehouse_id, sku_id, number, supplier_lot, received_at, expires_at) VALUES"
        [Int, Int, Text, Text, Int, Int] "ON CONFLICT (warehouse_id, sku_id, number) DO NOTHING";
    /// Lots by number.
    LOTS_BY_NUMBER = bulk "SELECT l.id, l.sku_id, l.number, l.received_at, l.expires_at FROM (VALUES" [Int, Int, Text]
        ") AS v JOIN lot l ON l.warehouse_id = v.column1 AND l.sku_id = v.column2 AND l.number = v.column3";
    /// What a lot may be used for.
    SET_LOT_STATUS = "UPDATE lot SET status = $2 WHERE id = $1";
    /// Pieces of a lot that are ours.
    SUM_OF_LOT = "SELECT CAST(COALESCE(SUM(on_hand), 0) AS BIGINT) FROM stock_cell WHERE lot_id = $1";
    /// Stock of a SKU, a place, or all: $2 and $3 are 0 for any.
    LIST_CELLS = "SELECT c.id, s.code, p.code, p.kind, l.number, c.status, l.status, l.received_at, l.expires_at, c.on_hand, c.reserved
        FROM stock_cell c JOIN sku s ON s.id = c.sku_id JOIN place p ON p.id = c.place_id JOIN lot l ON l.id = c.lot_id
        WHERE c.warehouse_id = $1 AND c.on_hand > 0 AND ($2 = 0 OR c.sku_id = $2) AND ($3 = 0 OR c.place_id = $3) AND c.id > $4
        ORDER BY c.id LIMIT $5";
    /// The ledger: of a SKU, of a place, or all.
    LIST_MOVEMENTS = "SELECT m.id, m.at, q.number, m.reason, m.note, m.evidence, s.code, l.number, m.quantity, a.code, m.from_status, b.code, m.to_status, m.order_id
        FROM movement m JOIN person q ON q.id = m.person_id JOIN sku s ON s.id = m.sku_id JOIN lot l ON l.id = m.lot_id
        JOIN place a ON a.id = m.from_place_id JOIN place b ON b.id = m.to_place_id
        WHERE m.warehouse_id = $1 AND ($2 = 0 OR m.sku_id = $2) AND ($3 = 0 OR m.from_place_id = $3 OR m.to_place_id = $3) AND m.id > $4
        ORDER BY m.id LIMIT $5";
}
