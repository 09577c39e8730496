//! Statements of batches.

crate::statements! {
    /// The batch that a person walks, locked.
    SELECT_OWN = lite "SELECT b.id, b.wave_id, b.person_id, b.state, b.lease_until, b.tote_place_id, p.code FROM pick_batch b
        LEFT JOIN place p ON p.id = b.tote_place_id WHERE b.warehouse_id = $1 AND b.person_id = $2 AND b.state <> 'done'"
        pg "SELECT b.id, b.wave_id, b.person_id, b.state, b.lease_until, b.tote_place_id, p.code FROM pick_batch b
        LEFT JOIN place p ON p.id = b.tote_place_id WHERE b.warehouse_id = $1 AND b.person_id = $2 AND b.state <> 'done' FOR UPDATE OF b";
    /// A batch, locked.
    SELECT_BATCH = lite "SELECT b.id, b.wave_id, b.person_id, b.state, b.lease_until, b.tote_place_id, p.code FROM pick_batch b
        LEFT JOIN place p ON p.id = b.tote_place_id WHERE b.warehouse_id = $1 AND b.id = $2"
        pg "SELECT b.id, b.wave_id, b.person_id, b.state, b.lease_until, b.tote_place_id, p.code FROM pick_batch b
        LEFT JOIN place p ON p.id = b.tote_place_id WHERE b.warehouse_id = $1 AND b.id = $2 FOR UPDATE OF b";
    /// The batch that a person walks, to show it.
    READ_MINE = "SELECT b.id, p.code, b.lease_until FROM pick_batch b LEFT JOIN place p ON p.id = b.tote_place_id
        WHERE b.warehouse_id = $1 AND b.person_id = $2 AND b.state <> 'done' AND b.lease_until > $3";
    /// The wave of the most urgent task that may be claimed and has no tote of its own.
    SELECT_NEXT_WAVE = "SELECT t.wave_id FROM pick_task t JOIN customer_order o ON o.id = t.order_id AND o.state IN ('released', 'picking')
        WHERE t.warehouse_id = $1 AND (t.state = 'open' OR (t.state = 'claimed' AND COALESCE(t.lease_until, (SELECT b.lease_until FROM pick_batch b WHERE b.id = t.batch_id)) <= $2))
        AND t.tote_place_id IS NULL ORDER BY t.priority DESC, t.first_walk_order, t.id LIMIT 1";
    /// A new batch; no row where the person has one.
    INSERT_BATCH = "INSERT INTO pick_batch (warehouse_id, wave_id, person_id, state, lease_until, started_at) VALUES ($1, $2, $3, 'walking', $4, $5)
        ON CONFLICT DO NOTHING RETURNING id";
    /// Claims tasks of a wave for a batch: those that a claim would give out one after the other.
    CLAIM_TASKS = lite "UPDATE pick_task SET state = 'claimed', person_id = $2, lease_until = NULL, batch_id = $4 WHERE id IN
        (SELECT t.id FROM pick_task t JOIN customer_order o ON o.id = t.order_id AND o.state IN ('released', 'picking')
            WHERE t.warehouse_id = $1 AND (t.state = 'open' OR (t.state = 'claimed' AND COALESCE(t.lease_until, (SELECT b.lease_until FROM pick_batch b WHERE b.id = t.batch_id)) <= $3))
            AND t.wave_id = $5 AND t.tote_place_id IS NULL ORDER BY t.priority DESC, t.first_walk_order, t.id LIMIT $6)
        RETURNING id, order_id"
        pg "UPDATE pick_task SET state = 'claimed', person_id = $2, lease_until = NULL, batch_id = $4 WHERE id IN
        (SELECT t.id FROM pick_task t JOIN customer_order o ON o.id = t.order_id AND o.state IN ('released', 'picking')
            WHERE t.warehouse_id = $1 AND (t.state = 'open' OR (t.state = 'claimed' AND COALESCE(t.lease_until, (SELECT b.lease_until FROM pick_batch b WHERE b.id = t.batch_id)) <= $3))
            AND t.wave_id = $5 AND t.tote_place_id IS NULL ORDER BY t.priority DESC, t.first_walk_order, t.id LIMIT $6 FOR UPDATE OF t SKIP LOCKED)
        RETURNING id, order_id";
    /// How many orders a batch has, and how many of them want more than one piece.
    COUNT_ORDERS = "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN w.pieces > 1 THEN 1 ELSE 0 END), 0) AS BIGINT) FROM (
            SELECT t.order_id, SUM(a.quantity - a.short - a.taken_out) AS pieces FROM pick_task t JOIN allocation a ON a.task_id = t.id
            WHERE t.batch_id = $1 GROUP BY t.order_id) w";
    /// The open lines of a batch, skipped ones last, the others along the walk.
    SELECT_LINES = "SELECT a.cell_id, p.code, loc.check_digits, s.code, s.name_en, s.name_zh, l.number,
            CAST(SUM(a.quantity - a.picked - a.short - a.taken_out) AS BIGINT), COUNT(DISTINCT t.order_id)
        FROM pick_task t JOIN customer_order o ON o.id = t.order_id AND o.state IN ('released', 'picking')
        JOIN allocation a ON a.task_id = t.id AND a.state = 'open' JOIN place p ON p.id = a.place_id JOIN location loc ON loc.place_id = a.place_id
        JOIN sku s ON s.id = a.sku_id JOIN lot l ON l.id = a.lot_id WHERE t.batch_id = $1 AND t.state = 'claimed'
        GROUP BY a.cell_id, a.walk_order, p.code, loc.check_digits, s.code, s.name_en, s.name_zh, l.number
        ORDER BY MAX(a.skips), a.walk_order, a.cell_id LIMIT $2";
    /// What each order has in a line, the first to ship first; locked.
    SELECT_SHARES = lite "SELECT a.id, a.order_line_id, a.task_id, a.sku_id, s.code, a.lot_id, l.number, l.supplier_lot, l.status, l.expires_at, a.place_id, p.code,
            loc.check_digits, a.quantity - a.picked - a.short - a.taken_out, a.picked - a.packed, o.id, o.number, o.state, loc.frozen
        FROM pick_task t JOIN customer_order o ON o.id = t.order_id JOIN allocation a ON a.task_id = t.id AND a.cell_id = $2
        JOIN sku s ON s.id = a.sku_id JOIN lot l ON l.id = a.lot_id JOIN place p ON p.id = a.place_id JOIN location loc ON loc.place_id = a.place_id
        WHERE t.batch_id = $1 ORDER BY o.ship_by, o.id, a.id"
        pg "SELECT a.id, a.order_line_id, a.task_id, a.sku_id, s.code, a.lot_id, l.number, l.supplier_lot, l.status, l.expires_at, a.place_id, p.code,
            loc.check_digits, a.quantity - a.picked - a.short - a.taken_out, a.picked - a.packed, o.id, o.number, o.state, loc.frozen
        FROM pick_task t JOIN customer_order o ON o.id = t.order_id JOIN allocation a ON a.task_id = t.id AND a.cell_id = $2
        JOIN sku s ON s.id = a.sku_id JOIN lot l ON l.id = a.lot_id JOIN place p ON p.id = a.place_id JOIN location loc ON loc.place_id = a.place_id
        WHERE t.batch_id = $1 ORDER BY o.ship_by, o.id, a.id FOR UPDATE OF t, a";
    /// Fewer open lines of a task.
    CLOSE_LINES = "UPDATE pick_task SET lines_open = lines_open - $2 WHERE id = $1";
    /// Tasks of a batch with nothing left to pick.
    SELECT_FINISHED = "SELECT id, order_id FROM pick_task WHERE batch_id = $1 AND state = 'claimed' AND lines_open = 0 ORDER BY order_id, id";
    /// A line goes to the end.
    SKIP = "UPDATE allocation SET skips = skips + 1 WHERE cell_id = $2 AND state = 'open'
        AND task_id IN (SELECT id FROM pick_task WHERE batch_id = $1 AND state = 'claimed')";
    /// The tote of a batch.
    SET_TOTE = "UPDATE pick_batch SET tote_place_id = $2 WHERE id = $1";
    /// The tote may hold goods of many orders from now on.
    PUT_BATCH_TOTE = "INSERT INTO batch_tote (place_id, batch_id, after_movement_id)
        VALUES ($1, $2, (SELECT COALESCE(MAX(id), 0) FROM movement))
        ON CONFLICT (place_id) DO UPDATE SET batch_id = excluded.batch_id, after_movement_id = excluded.after_movement_id";
    /// A batch stays its person's.
    KEEP = "UPDATE pick_batch SET lease_until = $2 WHERE id = $1";
    /// A batch is walked again, by its person. Its tote is still its own only if nobody has taken it since.
    REOPEN = "UPDATE pick_batch SET state = 'walking', done_at = NULL, lease_until = $2,
        tote_place_id = (SELECT b.place_id FROM batch_tote b WHERE b.place_id = pick_batch.tote_place_id AND b.batch_id = pick_batch.id) WHERE id = $1";
    /// A task is picked again, within its batch.
    REOPEN_TASK = "UPDATE pick_task SET state = 'claimed', person_id = $2, lease_until = NULL, lines_open = lines_open + $3 WHERE id = $1";
    /// Gives a batch's tasks to anybody.
    UNCLAIM = "UPDATE pick_task SET state = 'open', person_id = NULL, lease_until = NULL, batch_id = NULL WHERE batch_id = $1 AND state = 'claimed'";
    /// A batch is over.
    END = "UPDATE pick_batch SET state = 'done', done_at = $2 WHERE id = $1";
    /// The batches of somebody who leaves.
    END_ALL_OF = "UPDATE pick_batch SET state = 'done', done_at = $2 WHERE person_id = $1 AND state <> 'done'";
}
