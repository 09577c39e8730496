//! Statements of the floor's screens.

crate::statements! {
    /// Where a person is, locked.
    SELECT_STATE = lite "SELECT version, last_key, data FROM floor_state WHERE person_id = $1 AND surface = $2"
        pg "SELECT version, last_key, data FROM floor_state WHERE person_id = $1 AND surface = $2 FOR UPDATE";
    /// Where a person is, to draw it.
    READ_STATE = "SELECT version, last_key, data FROM floor_state WHERE person_id = $1 AND surface = $2";
    /// Where a person is from now on.
    PUT_STATE = "INSERT INTO floor_state (person_id, surface, warehouse_id, version, last_key, data, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (person_id, surface) DO UPDATE SET version = excluded.version, last_key = excluded.last_key, data = excluded.data, at = excluded.at";
    /// What was scanned, and what came of it.
    INSERT_SCAN = "INSERT INTO floor_scan (warehouse_id, at, person_id, operation_key, surface, step, raw, source, scanned_at, signal, message)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// What a scanned text may be: a place, a waybill number, a SKU or its barcode, a lot. Best first.
    CLASSIFY = "SELECT CAST(1 AS BIGINT), p.kind, p.id, p.code, CAST(1 AS BIGINT) FROM place p WHERE p.warehouse_id = $1 AND p.code = $2
        UNION ALL SELECT 2, 'waybill', w.id, w.number, CAST(1 AS BIGINT) FROM waybill w WHERE w.number = $2
        UNION ALL SELECT 3, 'sku', b.sku_id, s.code, b.unit_factor FROM sku_barcode b JOIN sku s ON s.id = b.sku_id WHERE b.barcode IN ($2, $3)
        UNION ALL SELECT 4, 'sku', s.id, s.code, CAST(1 AS BIGINT) FROM sku s WHERE s.code = $2
        UNION ALL SELECT 5, 'lot', l.id, l.number, CAST(1 AS BIGINT) FROM lot l WHERE l.warehouse_id = $1 AND l.number = $2
        UNION ALL SELECT 6, 'order', o.id, o.number, CAST(1 AS BIGINT) FROM customer_order o WHERE o.warehouse_id = $1 AND o.number = $2
        ORDER BY 1 LIMIT 2";
    /// A lot of a SKU by its number.
    SELECT_LOT = "SELECT id, number FROM lot WHERE warehouse_id = $1 AND sku_id = $2 AND (number = $3 OR supplier_lot = $3) ORDER BY id LIMIT 1";
    /// The number of a lot.
    SELECT_LOT_NUMBER = "SELECT number FROM lot WHERE id = $1";
    /// How many lots of a SKU lie at a place and may be picked.
    COUNT_LOTS_AT = "SELECT COUNT(*) FROM stock_cell c JOIN place p ON p.id = c.place_id WHERE c.warehouse_id = $1 AND p.code = $2 AND p.warehouse_id = $1
        AND c.sku_id = $3 AND c.on_hand > 0 AND c.status = 'good'";
    /// The barcodes of what a walk collects.
    SELECT_BARCODES = "SELECT b.sku_id, b.barcode, b.unit_factor FROM sku_barcode b WHERE b.sku_id IN (SELECT a.sku_id FROM pick_run_slot s
        JOIN allocation a ON a.task_id = s.task_id AND a.state = 'open' WHERE s.run_id = $1) ORDER BY b.barcode LIMIT 5000";
    /// The barcodes of what a batch collects, with their SKUs' codes.
    SELECT_BATCH_BARCODES = "SELECT b.sku_id, b.barcode, b.unit_factor, s.code FROM sku_barcode b JOIN sku s ON s.id = b.sku_id WHERE b.sku_id IN
        (SELECT a.sku_id FROM pick_task t JOIN allocation a ON a.task_id = t.id AND a.state = 'open' WHERE t.batch_id = $1) ORDER BY b.barcode LIMIT 5000";
    /// How many lines a batch has had.
    COUNT_BATCH_LINES = "SELECT COUNT(DISTINCT a.cell_id) FROM pick_task t JOIN allocation a ON a.task_id = t.id AND a.taken_out < a.quantity WHERE t.batch_id = $1";
    /// How a parcel stands, and its live number.
    SELECT_PARCEL = "SELECT p.state, p.number, COALESCE(w.number, ''), COALESCE(p.weight_grams, 0) FROM parcel p
        LEFT JOIN waybill w ON w.parcel_id = p.place_id AND w.state IN ('held', 'bound', 'printed', 'handed_over', 'intercepting')
        WHERE p.warehouse_id = $1 AND p.place_id = $2";
    /// Papers of a parcel, by name.
    SELECT_PAPERS = "SELECT paper, enclosed_at IS NOT NULL FROM parcel_paper WHERE parcel_id = $1 ORDER BY paper";
    /// The last label of a parcel.
    SELECT_LABEL_JOB = "SELECT id, state FROM print_job WHERE parcel_id = $1 AND kind = 'shipping_label' AND state <> 'cancelled' ORDER BY id DESC LIMIT 1";
    /// What somebody has done since a moment.
    COUNT_SCANS = "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN signal = 'wrong' THEN 1 ELSE 0 END), 0) AS BIGINT) FROM floor_scan WHERE warehouse_id = $1 AND person_id = $2 AND at >= $3";
    /// Lines and pieces that somebody has picked since a moment.
    COUNT_PICKED = "SELECT COUNT(DISTINCT allocation_id), CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM movement
        WHERE warehouse_id = $1 AND person_id = $2 AND reason = 'pick' AND at >= $3";
}
