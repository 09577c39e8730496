//! Statements of stock cells and the ledger.

crate::statements! {
    /// Takes free stock from a cell; no row where it has less.
    TAKE_FREE = "UPDATE stock_cell SET on_hand = on_hand - $5
        WHERE warehouse_id = $1 AND place_id = $2 AND lot_id = $3 AND status = $4 AND on_hand - reserved >= $5";
    /// Takes reserved stock from a cell, with its reservation; no row where less is reserved.
    TAKE_RESERVED = "UPDATE stock_cell SET on_hand = on_hand - $5, reserved = reserved - $5
        WHERE warehouse_id = $1 AND place_id = $2 AND lot_id = $3 AND status = $4 AND reserved >= $5";
    /// Gives stock to a cell, which is made where it isn't there yet. $6 is reserved with it (the same quantity, or 0).
    GIVE = "INSERT INTO stock_cell (warehouse_id, place_id, sku_id, lot_id, status, on_hand, reserved)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (warehouse_id, place_id, lot_id, status)
        DO UPDATE SET on_hand = stock_cell.on_hand + excluded.on_hand, reserved = stock_cell.reserved + excluded.reserved";
    /// Writes a line of the ledger.
    INSERT_MOVEMENT = "INSERT INTO movement (warehouse_id, at, person_id, operation_key, reason, note, evidence, sku_id, lot_id,
        quantity, from_place_id, from_status, to_place_id, to_status, order_id, allocation_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    /// Free stock of a cell by its key.
    SELECT_FREE = "SELECT on_hand - reserved FROM stock_cell
        WHERE warehouse_id = $1 AND place_id = $2 AND lot_id = $3 AND status = $4";
    /// An outside place.
    SELECT_OUTSIDE = "SELECT id FROM place WHERE warehouse_id = $1 AND kind = $2";
    /// A place's code.
    SELECT_PLACE_CODE = "SELECT code FROM place WHERE id = $1";
}
