//! Statements of picking.

crate::statements! {
    /// The task that a person has; one whose order is stopped is put aside.
    SELECT_MINE = "SELECT t.id FROM pick_task t JOIN customer_order o ON o.id = t.order_id AND o.state IN ('released', 'picking')
        WHERE t.warehouse_id = $1 AND t.person_id = $2 AND t.state = 'claimed' AND t.lease_until > $3 ORDER BY t.id LIMIT 1";
    /// Claims the next task: the most urgent, then the nearest on the walk. A task of a batch has the batch's lease; with another
    /// picker it leaves the batch.
    CLAIM = lite "UPDATE pick_task SET state = 'claimed', person_id = $2, lease_until = $4, batch_id = NULL WHERE id =
        (SELECT t.id FROM pick_task t JOIN customer_order o ON o.id = t.order_id AND o.state IN ('released', 'picking')
            WHERE t.warehouse_id = $1 AND (t.state = 'open' OR (t.state = 'claimed' AND COALESCE(t.lease_until, (SELECT b.lease_until FROM pick_batch b WHERE b.id = t.batch_id)) <= $3)) AND ($5 = 0 OR t.wave_id = $5)
            ORDER BY t.priority DESC, t.first_walk_order, t.id LIMIT 1)
        RETURNING id, order_id, wave_id"
        pg "UPDATE pick_task SET state = 'claimed', person_id = $2, lease_until = $4, batch_id = NULL WHERE id =
        (SELECT t.id FROM pick_task t JOIN customer_order o ON o.id = t.order_id AND o.state IN ('released', 'picking')
            WHERE t.warehouse_id = $1 AND (t.state = 'open' OR (t.state = 'claimed' AND COALESCE(t.lease_until, (SELECT b.lease_until FROM pick_batch b WHERE b.id = t.batch_id)) <= $3)) AND ($5 = 0 OR t.wave_id = $5)
            ORDER BY t.priority DESC, t.first_walk_order, t.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED)
        RETURNING id, order_id, wave_id";
    /// A wave, kept from being closed.
    LOCK_WAVE = lite "SELECT number, state FROM wave WHERE id = $1" pg "SELECT number, state FROM wave WHERE id = $1 FOR SHARE";
    /// The first claim of a wave.
    WAVE_PICKING = "UPDATE wave SET state = 'picking' WHERE id = $1 AND state = 'released'";
    /// A task, locked.
    SELECT_TASK = lite "SELECT t.id, t.wave_id, t.order_id, o.number, o.state, t.state, t.person_id, t.lease_until, t.tote_place_id, t.lines_open
        FROM pick_task t JOIN customer_order o ON o.id = t.order_id WHERE t.warehouse_id = $1 AND t.id = $2"
        pg "SELECT t.id, t.wave_id, t.order_id, o.number, o.state, t.state, t.person_id, t.lease_until, t.tote_place_id, t.lines_open
        FROM pick_task t JOIN customer_order o ON o.id = t.order_id WHERE t.warehouse_id = $1 AND t.id = $2 FOR UPDATE OF t";
    /// Gives a task back.
    UNCLAIM = "UPDATE pick_task SET state = 'open', person_id = NULL, lease_until = NULL, batch_id = NULL WHERE id = $1";
    /// Gives back all tasks of a person.
    UNCLAIM_ALL_OF = "UPDATE pick_task SET state = 'open', person_id = NULL, lease_until = NULL, batch_id = NULL WHERE person_id = $1 AND state = 'claimed'";
    /// The tote of a task.
    SET_TOTE = "UPDATE pick_task SET tote_place_id = $2 WHERE id = $1";
    /// Locks a tote, so that two tasks never take it at once.
    LOCK_TOTE = lite "SELECT id FROM place WHERE id = $1" pg "SELECT id FROM place WHERE id = $1 FOR NO KEY UPDATE";
    /// What a tote holds, and how many other unfinished tasks, and batches, use it.
    SELECT_TOTE_USE = "SELECT (SELECT COUNT(*) FROM stock_cell WHERE warehouse_id = $1 AND place_id = $2 AND on_hand > 0),
        (SELECT COUNT(*) FROM pick_task WHERE warehouse_id = $1 AND tote_place_id = $2 AND id <> $3 AND state IN ('open', 'claimed'))
        + (SELECT COUNT(*) FROM pick_batch b WHERE b.tote_place_id = $2 AND b.state <> 'done'
            AND EXISTS (SELECT 1 FROM pick_task t WHERE t.batch_id = b.id AND t.state = 'claimed'))";
    /// A tote that somebody takes for one order holds goods of many no more.
    DELETE_BATCH_TOTE = "DELETE FROM batch_tote WHERE place_id = $1";
    /// All that a confirmation must know, in one row; the task is locked.
    SELECT_CONFIRM = lite "SELECT a.id, a.order_line_id, a.sku_id, s.code, a.lot_id, l.number, a.place_id, p.code, loc.check_digits,
        a.quantity - a.picked - a.short - a.taken_out, a.state, t.person_id, t.state, t.lease_until, t.tote_place_id, tp.code, t.lines_open,
        o.id, o.number, o.state, l.status, l.expires_at, b.sku_id, b.unit_factor, bs.code, loc.frozen
        FROM pick_task t JOIN allocation a ON a.task_id = t.id AND a.id = $3 JOIN customer_order o ON o.id = t.order_id
        JOIN sku s ON s.id = a.sku_id JOIN lot l ON l.id = a.lot_id JOIN place p ON p.id = a.place_id JOIN location loc ON loc.place_id = p.id
        LEFT JOIN place tp ON tp.id = t.tote_place_id LEFT JOIN sku_barcode b ON b.barcode IN ($4, $5) LEFT JOIN sku bs ON bs.id = b.sku_id
        WHERE t.warehouse_id = $1 AND t.id = $2 ORDER BY CASE WHEN b.barcode = $4 THEN 0 ELSE 1 END LIMIT 1"
        pg "SELECT a.id, a.order_line_id, a.sku_id, s.code, a.lot_id, l.number, a.place_id, p.code, loc.check_digits,
        a.quantity - a.picked - a.short - a.taken_out, a.state, t.person_id, t.state, t.lease_until, t.tote_place_id, tp.code, t.lines_open,
        o.id, o.number, o.state, l.status, l.expires_at, b.sku_id, b.unit_factor, bs.code, loc.frozen
        FROM pick_task t JOIN allocation a ON a.task_id = t.id AND a.id = $3 JOIN customer_order o ON o.id = t.order_id
        JOIN sku s ON s.id = a.sku_id JOIN lot l ON l.id = a.lot_id JOIN place p ON p.id = a.place_id JOIN location loc ON loc.place_id = p.id
        LEFT JOIN place tp ON tp.id = t.tote_place_id LEFT JOIN sku_barcode b ON b.barcode IN ($4, $5) LEFT JOIN sku bs ON bs.id = b.sku_id
        WHERE t.warehouse_id = $1 AND t.id = $2 ORDER BY CASE WHEN b.barcode = $4 THEN 0 ELSE 1 END LIMIT 1 FOR UPDATE OF t, a";
    /// Pieces were picked; done where nothing is open.
    ADD_PICKED = "UPDATE allocation SET picked = picked + $2, state = CASE WHEN picked + $2 + short + taken_out = quantity THEN 'done' ELSE 'open' END
        WHERE id = $1 AND picked + $2 + short + taken_out <= quantity";
    /// Picked pieces went back; something is open again.
    SUB_PICKED = "UPDATE allocation SET picked = picked - $2, state = 'open' WHERE id = $1 AND picked - packed >= $2";
    /// Picked pieces were put back for good.
    PICKED_TO_TAKEN_OUT = "UPDATE allocation SET picked = picked - $2, taken_out = taken_out + $2 WHERE id = $1 AND picked - packed >= $2";
    /// Pieces were not there.
    ADD_SHORT = "UPDATE allocation SET short = short + $2, state = CASE WHEN picked + short + $2 + taken_out = quantity THEN 'done' ELSE 'open' END
        WHERE id = $1 AND picked + short + $2 + taken_out <= quantity";
    /// In which totes the picked pieces of an allocation lie, the given one first.
    SELECT_PICKED_INTO = "SELECT e.place_id, CAST(SUM(e.quantity) AS BIGINT) FROM (
            SELECT to_place_id AS place_id, quantity FROM movement WHERE allocation_id = $1
            UNION ALL SELECT from_place_id, -quantity FROM movement WHERE allocation_id = $1) e
        JOIN place p ON p.id = e.place_id AND p.kind = 'tote' GROUP BY e.place_id HAVING SUM(e.quantity) > 0
        ORDER BY CASE WHEN e.place_id = $2 THEN 0 ELSE 1 END, e.place_id DESC";
    /// The picker's scan keeps the task, and counts its open lines.
    TOUCH_TASK = "UPDATE pick_task SET lease_until = $2, lines_open = lines_open - $3 WHERE id = $1";
    /// A task is finished.
    FINISH_TASK = "UPDATE pick_task SET state = 'done', lines_open = 0, lease_until = NULL WHERE id = $1";
    /// A task that has nothing left is finished.
    FINISH_EMPTY_TASK = "UPDATE pick_task SET state = 'done', lease_until = NULL WHERE id = $1 AND lines_open = 0 AND state IN ('open', 'claimed')";
    /// Locks the orders that pieces of a cell are reserved for.
    LOCK_ORDERS_OF_CELL = lite "SELECT id FROM customer_order WHERE id IN (SELECT t.order_id FROM pick_task t JOIN allocation a ON a.task_id = t.id WHERE t.state IN ('open', 'claimed') AND a.cell_id = $1 AND a.state = 'open') ORDER BY id"
        pg "SELECT id FROM customer_order WHERE id IN (SELECT t.order_id FROM pick_task t JOIN allocation a ON a.task_id = t.id WHERE t.state IN ('open', 'claimed') AND a.cell_id = $1 AND a.state = 'open') ORDER BY id FOR UPDATE";
    /// Locks the tasks that pick reserved pieces of a cell.
    LOCK_TASKS_OF_CELL = lite "SELECT id FROM pick_task WHERE id IN (SELECT t.id FROM pick_task t JOIN allocation a ON a.task_id = t.id WHERE t.state IN ('open', 'claimed') AND a.cell_id = $1 AND a.state = 'open') ORDER BY id"
        pg "SELECT id FROM pick_task WHERE id IN (SELECT t.id FROM pick_task t JOIN allocation a ON a.task_id = t.id WHERE t.state IN ('open', 'claimed') AND a.cell_id = $1 AND a.state = 'open') ORDER BY id FOR UPDATE";
    /// Open allocations of a cell, locked, the latest promise first.
    SELECT_OPEN_OF_CELL = lite "SELECT a.id, a.wave_id, a.task_id, a.order_id, a.order_line_id, a.sku_id, a.lot_id, a.cell_id, a.place_id, a.quantity, a.picked, a.short, a.taken_out, a.packed, a.state
        FROM pick_task t JOIN allocation a ON a.task_id = t.id WHERE t.state IN ('open', 'claimed') AND a.cell_id = $1 AND a.state = 'open' ORDER BY t.priority, t.ship_by DESC, a.id DESC"
        pg "SELECT a.id, a.wave_id, a.task_id, a.order_id, a.order_line_id, a.sku_id, a.lot_id, a.cell_id, a.place_id, a.quantity, a.picked, a.short, a.taken_out, a.packed, a.state
        FROM pick_task t JOIN allocation a ON a.task_id = t.id WHERE t.state IN ('open', 'claimed') AND a.cell_id = $1 AND a.state = 'open' ORDER BY t.priority, t.ship_by DESC, a.id DESC FOR UPDATE OF a";
    /// Reopens a finished task for its picker.
    REOPEN_TASK = "UPDATE pick_task SET state = 'claimed', lease_until = $2, lines_open = lines_open + $3, batch_id = NULL WHERE id = $1";
    /// The next lines of a task: skipped ones last, the others along the walk.
    SELECT_LINES = "SELECT a.id, p.code, loc.check_digits, s.code, s.name_en, s.name_zh, l.number, a.quantity - a.picked - a.short - a.taken_out
        FROM allocation a JOIN place p ON p.id = a.place_id JOIN location loc ON loc.place_id = a.place_id JOIN sku s ON s.id = a.sku_id
        JOIN lot l ON l.id = a.lot_id WHERE a.task_id = $1 AND a.state = 'open' ORDER BY a.skips, a.walk_order, a.id LIMIT $2";
    /// The line goes to the end.
    SKIP = "UPDATE allocation SET skips = skips + 1 WHERE id = $1 AND task_id = $2 AND state = 'open'";
    /// What an order has in hand: picked, and not shipped.
    SUM_PICKED = "SELECT CAST(COALESCE(SUM(a.picked), 0) AS BIGINT) - (SELECT CAST(COALESCE(SUM(s.shipped), 0) AS BIGINT) FROM order_line s WHERE s.order_id = $1)
        FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id WHERE ol.order_id = $1";
    /// Unfinished tasks of an order, and what it has in hand: picked, and not shipped.
    SELECT_PROGRESS = "SELECT (SELECT COUNT(*) FROM pick_task t WHERE t.order_id = $1 AND t.state IN ('open', 'claimed')),
        (SELECT CAST(COALESCE(SUM(a.picked), 0) AS BIGINT) FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id WHERE ol.order_id = $1)
        - (SELECT CAST(COALESCE(SUM(s.shipped), 0) AS BIGINT) FROM order_line s WHERE s.order_id = $1)";
    /// An order with nothing in hand leaves its wave.
    LEAVE_WAVE = "UPDATE wave_order SET state = 'done', reason = $2 WHERE order_id = $1 AND state = 'in'";
    /// A cell by its key, with what decides whether it may be used, locked.
    SELECT_CELL = lite "SELECT c.id, c.lot_id, l.number, c.on_hand - c.reserved, c.status, l.status, l.expires_at, loc.walk_order, l.received_at, loc.frozen
        FROM stock_cell c JOIN lot l ON l.id = c.lot_id JOIN location loc ON loc.place_id = c.place_id
        WHERE c.warehouse_id = $1 AND c.place_id = $2 AND c.sku_id = $3 AND c.on_hand > c.reserved AND c.status = 'good' AND ($4 = '' OR l.number = $4)
        ORDER BY l.received_at, l.id LIMIT 1"
        pg "SELECT c.id, c.lot_id, l.number, c.on_hand - c.reserved, c.status, l.status, l.expires_at, loc.walk_order, l.received_at, loc.frozen
        FROM stock_cell c JOIN lot l ON l.id = c.lot_id JOIN location loc ON loc.place_id = c.place_id
        WHERE c.warehouse_id = $1 AND c.place_id = $2 AND c.sku_id = $3 AND c.on_hand > c.reserved AND c.status = 'good' AND ($4 = '' OR l.number = $4)
        ORDER BY l.received_at, l.id LIMIT 1 FOR UPDATE OF c";
    /// Pieces of an order's SKU that lie in a tote or parcel, by allocation: what came in less what left.
    SELECT_HELD = "SELECT a.id, a.order_line_id, a.lot_id, l.number, l.supplier_lot, m.quantity FROM (
            SELECT allocation_id, CAST(SUM(quantity) AS BIGINT) AS quantity FROM (
                SELECT v.allocation_id, v.quantity FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id AND a.sku_id = $2
                    JOIN movement v ON v.allocation_id = a.id AND v.to_place_id = $3 WHERE ol.order_id = $1
                UNION ALL SELECT v.allocation_id, -v.quantity FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id AND a.sku_id = $2
                    JOIN movement v ON v.allocation_id = a.id AND v.from_place_id = $3 WHERE ol.order_id = $1) ends
            GROUP BY allocation_id) m
        JOIN allocation a ON a.id = m.allocation_id JOIN lot l ON l.id = a.lot_id WHERE m.quantity > 0 ORDER BY a.id";
    /// Whose goods a tote holds: the last that came into it. Of a batch's tote it knows one of many.
    SELECT_TOTE_ORDER = "SELECT o.id, o.number, o.state FROM customer_order o WHERE o.id =
        (SELECT m.order_id FROM movement m WHERE m.warehouse_id = $1 AND m.to_place_id = $2 AND m.reason IN ('pick', 'unpack', 'sort_undo') ORDER BY m.id DESC LIMIT 1)";
    /// Behind which movement a batch's tote was filled.
    SELECT_BATCH_TOTE = "SELECT after_movement_id FROM batch_tote WHERE place_id = $1";
    /// What lies in a batch's tote, by allocation: what came in behind a movement, less what left.
    SELECT_GOODS_BEHIND = "SELECT o.id, o.number, o.state, a.id, a.order_line_id, a.sku_id, s.code, a.lot_id, l.number, l.supplier_lot, o.ship_by, m.quantity
        FROM (SELECT allocation_id, CAST(SUM(quantity) AS BIGINT) AS quantity FROM (
            SELECT d.allocation_id, d.quantity FROM movement d
                WHERE d.to_place_id = $1 AND d.id > $2 AND d.reason IN ('pick', 'unpack', 'sort_undo')
            UNION ALL SELECT v.allocation_id, -v.quantity FROM (SELECT DISTINCT d.allocation_id FROM movement d
                WHERE d.to_place_id = $1 AND d.id > $2 AND d.reason IN ('pick', 'unpack', 'sort_undo')) w
                JOIN movement v ON v.allocation_id = w.allocation_id AND v.from_place_id = $1 AND v.id > $2) ends GROUP BY allocation_id) m
        JOIN allocation a ON a.id = m.allocation_id JOIN customer_order o ON o.id = a.order_id JOIN sku s ON s.id = a.sku_id JOIN lot l ON l.id = a.lot_id
        WHERE m.quantity > 0 ORDER BY o.ship_by, o.id, a.id";
    /// What lies in a tote or slot of an order, by allocation.
    SELECT_GOODS_OF = "SELECT o.id, o.number, o.state, a.id, a.order_line_id, a.sku_id, s.code, a.lot_id, l.number, l.supplier_lot, o.ship_by, m.quantity
        FROM (SELECT allocation_id, CAST(SUM(quantity) AS BIGINT) AS quantity FROM (
            SELECT v.allocation_id, v.quantity FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id
                JOIN movement v ON v.allocation_id = a.id AND v.to_place_id = $1 WHERE ol.order_id = $2
            UNION ALL SELECT v.allocation_id, -v.quantity FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id
                JOIN movement v ON v.allocation_id = a.id AND v.from_place_id = $1 WHERE ol.order_id = $2) ends GROUP BY allocation_id) m
        JOIN allocation a ON a.id = m.allocation_id JOIN customer_order o ON o.id = a.order_id JOIN sku s ON s.id = a.sku_id JOIN lot l ON l.id = a.lot_id
        WHERE m.quantity > 0 ORDER BY o.ship_by, o.id, a.id";
    /// What is in a tote.
    LIST_TOTE = "SELECT s.code, s.name_en, s.name_zh, l.number, c.on_hand FROM stock_cell c JOIN sku s ON s.id = c.sku_id JOIN lot l ON l.id = c.lot_id
        WHERE c.warehouse_id = $1 AND c.place_id = $2 AND c.on_hand > 0 ORDER BY s.code, l.number";
    /// Tasks of a wave.
    LIST_TASKS = "SELECT t.id, o.number, t.state, q.number, t.lines_open, p.code FROM pick_task t JOIN customer_order o ON o.id = t.order_id
        LEFT JOIN person q ON q.id = t.person_id LEFT JOIN place p ON p.id = t.tote_place_id
        WHERE t.warehouse_id = $1 AND t.wave_id = $2 AND t.id > $3 ORDER BY t.id LIMIT $4";
    /// A person's walk that isn't done.
    SELECT_LIVE_RUN = "SELECT r.id, r.state, r.cart_place_id, p.code, COALESCE(c.positions, 1) FROM pick_run r LEFT JOIN place p ON p.id = r.cart_place_id
        LEFT JOIN cart c ON c.place_id = r.cart_place_id WHERE r.warehouse_id = $1 AND r.person_id = $2 AND r.state <> 'done'";
    /// A walk, locked.
    SELECT_RUN = lite "SELECT r.id, r.state, r.cart_place_id, p.code, COALESCE(c.positions, 1) FROM pick_run r LEFT JOIN place p ON p.id = r.cart_place_id
        LEFT JOIN cart c ON c.place_id = r.cart_place_id WHERE r.warehouse_id = $1 AND r.person_id = $2 AND r.id = $3 AND r.state <> 'done'"
        pg "SELECT r.id, r.state, r.cart_place_id, p.code, COALESCE(c.positions, 1) FROM pick_run r LEFT JOIN place p ON p.id = r.cart_place_id
        LEFT JOIN cart c ON c.place_id = r.cart_place_id WHERE r.warehouse_id = $1 AND r.person_id = $2 AND r.id = $3 AND r.state <> 'done' FOR NO KEY UPDATE OF r";
    /// Who walks with a cart.
    SELECT_CART_RUN = "SELECT r.id, p.number FROM pick_run r JOIN person p ON p.id = r.person_id WHERE r.cart_place_id = $1 AND r.state <> 'done'";
    /// A new walk; no row where the person or the cart has one.
    INSERT_RUN = "INSERT INTO pick_run (warehouse_id, person_id, cart_place_id, state, started_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id";
    /// The positions of a walk.
    SELECT_SLOTS = "SELECT s.position, s.task_id, t.order_id, o.number, o.state, t.state, t.person_id, t.tote_place_id, p.code, t.lines_open
        FROM pick_run_slot s JOIN pick_task t ON t.id = s.task_id JOIN customer_order o ON o.id = t.order_id LEFT JOIN place p ON p.id = t.tote_place_id
        WHERE s.run_id = $1 ORDER BY s.position";
    /// A task joins a walk.
    INSERT_SLOT = "INSERT INTO pick_run_slot (run_id, position, task_id) VALUES ($1, $2, $3)";
    /// A walk begins, or ends.
    SET_RUN_STATE = "UPDATE pick_run SET state = $2 WHERE id = $1";
    /// A walk is over.
    FINISH_RUN = "UPDATE pick_run SET state = 'done', done_at = $2, dropped_at = $3 WHERE id = $1 AND state <> 'done'";
    /// The walks of somebody who leaves.
    FINISH_RUNS_OF = "UPDATE pick_run SET state = 'done', done_at = $2 WHERE person_id = $1 AND state <> 'done'";
    /// Keeps all tasks of a walk, also those whose lease ran out and that nobody has taken.
    KEEP_RUN = "UPDATE pick_task SET lease_until = $3, state = 'claimed', person_id = $2 WHERE id IN (SELECT task_id FROM pick_run_slot WHERE run_id = $1)
        AND ((state = 'claimed' AND (person_id = $2 OR lease_until <= $4)) OR state = 'open')";
    /// Gives back all tasks of a walk.
    UNCLAIM_RUN = "UPDATE pick_task SET state = 'open', person_id = NULL, lease_until = NULL WHERE state = 'claimed' AND person_id = $2
        AND id IN (SELECT task_id FROM pick_run_slot WHERE run_id = $1)";
    /// The open lines of a walk that are still its person's, skipped ones last, the others along the walk.
    SELECT_RUN_LINES = "SELECT a.id, a.task_id, s.position, p.code, loc.check_digits, k.id, k.code, k.name_en, k.name_zh, a.lot_id, l.number,
            a.quantity - a.picked - a.short - a.taken_out, tp.code, o.number
        FROM pick_run_slot s JOIN pick_task t ON t.id = s.task_id AND t.state = 'claimed' AND t.person_id = $2
        JOIN customer_order o ON o.id = t.order_id AND o.state IN ('released', 'picking')
        JOIN allocation a ON a.task_id = t.id AND a.state = 'open' JOIN place p ON p.id = a.place_id JOIN location loc ON loc.place_id = a.place_id
        JOIN sku k ON k.id = a.sku_id JOIN lot l ON l.id = a.lot_id LEFT JOIN place tp ON tp.id = t.tote_place_id
        WHERE s.run_id = $1 ORDER BY a.skips, a.walk_order, a.place_id, a.sku_id, a.lot_id, s.position, a.id LIMIT 2000";
    /// How many lines a walk has had.
    COUNT_RUN_LINES = "SELECT COUNT(*) FROM pick_run_slot s JOIN allocation a ON a.task_id = s.task_id AND a.taken_out < a.quantity WHERE s.run_id = $1";
    /// How much there is to pick.
    COUNT_OPEN_TASKS = "SELECT COUNT(*) FROM pick_task t JOIN customer_order o ON o.id = t.order_id AND o.state IN ('released', 'picking')
        WHERE t.warehouse_id = $1 AND (t.state = 'open' OR (t.state = 'claimed' AND COALESCE(t.lease_until, (SELECT b.lease_until FROM pick_batch b WHERE b.id = t.batch_id)) <= $2))";
}
