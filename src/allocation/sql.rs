//! Statements of allocation.

crate::statements! {
    /// What a wave's orders want, in the order in which they are served.
    SELECT_WANTS = "SELECT o.id, o.short_policy, o.priority, o.ship_by, ol.id, ol.sku_id, ol.promised, s.expires
        FROM wave_order wo JOIN customer_order o ON o.id = wo.order_id
        JOIN order_line ol ON ol.order_id = o.id AND ol.promised > 0 JOIN sku s ON s.id = ol.sku_id
        WHERE wo.wave_id = $1 AND wo.state = 'in' AND o.state = 'released'
        ORDER BY o.priority DESC, o.ship_by, o.id, ol.id";
    /// Takes a wave's promised orders into work, and locks them.
    RELEASE_ORDERS = "UPDATE customer_order SET state = 'released'
        WHERE state = 'promised' AND id IN (SELECT order_id FROM wave_order WHERE wave_id = $1 AND state = 'in')";
    /// What a run saw for a SKU.
    INSERT_CANDIDATES = bulk "INSERT INTO allocation_candidates (warehouse_id, wave_id, sku_id, at, rule, demand, candidates, refused) VALUES"
        [Int, Int, Int, Int, Text, Int, Text, Text] "RETURNING id, sku_id";
    /// New pick tasks.
    INSERT_TASKS = bulk "INSERT INTO pick_task (warehouse_id, wave_id, order_id, state, priority, ship_by, first_walk_order, lines_open) VALUES"
        [Int, Int, Int, Text, Int, Int, Int, Int] "RETURNING id, order_id";
    /// New allocations.
    INSERT_ALLOCATIONS = bulk "INSERT INTO allocation (warehouse_id, wave_id, task_id, order_id, order_line_id, sku_id, lot_id, cell_id,
        place_id, walk_order, quantity, state, rule, reason, candidates_id, replaces_id) VALUES"
        [Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Text, Text, Text, Int, Int] "";
    /// Reserves cells; a cell that has less free than planned isn't touched.
    RESERVE = bulk "UPDATE stock_cell SET reserved = stock_cell.reserved + v.column2 FROM (VALUES" [Int, Int]
        ") AS v WHERE stock_cell.id = v.column1 AND stock_cell.on_hand - stock_cell.reserved >= v.column2";
    /// Gives a reservation back.
    UNRESERVE = "UPDATE stock_cell SET reserved = reserved - $2 WHERE id = $1 AND reserved >= $2";
    /// What was promised to lines is allocated, as far as it is there.
    ALLOCATE_LINES = bulk "UPDATE order_line SET allocated = order_line.allocated + v.column2, promised = 0 FROM (VALUES" [Int, Int]
        ") AS v WHERE order_line.id = v.column1";
    /// Lowers SKU promises.
    LOWER_PROMISES = bulk "UPDATE sku_promise SET promised = sku_promise.promised - v.column3 FROM (VALUES" [Int, Int, Int]
        ") AS v WHERE sku_promise.warehouse_id = v.column1 AND sku_promise.sku_id = v.column2";
    /// Orders that got nothing wait for stock again.
    UNSERVE_ORDERS = bulk "UPDATE customer_order SET state = 'short' FROM (VALUES" [Int] ") AS v WHERE customer_order.id = v.column1";
    /// Takes orders out of a wave.
    TAKE_OUT_ORDERS = bulk "UPDATE wave_order SET state = 'taken_out', reason = v.column3 FROM (VALUES" [Int, Int, Text]
        ") AS v WHERE wave_order.wave_id = v.column1 AND wave_order.order_id = v.column2 AND wave_order.state = 'in'";
    /// The allocations of an order, locked.
    SELECT_OF_ORDER = lite "SELECT id, wave_id, task_id, order_id, order_line_id, sku_id, lot_id, cell_id, place_id, quantity, picked, short, taken_out, packed, state
        FROM allocation WHERE order_line_id IN (SELECT id FROM order_line WHERE order_id = $1) ORDER BY id"
        pg "SELECT id, wave_id, task_id, order_id, order_line_id, sku_id, lot_id, cell_id, place_id, quantity, picked, short, taken_out, packed, state
        FROM allocation WHERE order_line_id IN (SELECT id FROM order_line WHERE order_id = $1) ORDER BY id FOR UPDATE";
    /// One allocation, locked.
    SELECT_ONE = lite "SELECT id, wave_id, task_id, order_id, order_line_id, sku_id, lot_id, cell_id, place_id, quantity, picked, short, taken_out, packed, state
        FROM allocation WHERE id = $1"
        pg "SELECT id, wave_id, task_id, order_id, order_line_id, sku_id, lot_id, cell_id, place_id, quantity, picked, short, taken_out, packed, state
        FROM allocation WHERE id = $1 FOR UPDATE";
    /// Ends what is open of an allocation.
    TAKE_OUT = "UPDATE allocation SET taken_out = taken_out + $2, state = 'done' WHERE id = $1 AND state = 'open'";
    /// An order line has less allocated.
    LOWER_LINE = "UPDATE order_line SET allocated = allocated - $2 WHERE id = $1";
    /// Pieces of a cancelled order's line are back on the shelf.
    PUT_BACK_LINE = "UPDATE order_line SET allocated = allocated - $2, cancelled = cancelled + $2 WHERE id = $1";
    /// An order line has more allocated.
    RAISE_LINE = "UPDATE order_line SET allocated = allocated + $2 WHERE id = $1";
    /// Ends an order's unfinished pick tasks.
    CANCEL_TASKS = "UPDATE pick_task SET state = 'cancelled', lines_open = 0 WHERE order_id = $1 AND state IN ('open', 'claimed')";
    /// Locks an order's pick tasks.
    LOCK_TASKS = lite "SELECT id FROM pick_task WHERE order_id = $1" pg "SELECT id FROM pick_task WHERE order_id = $1 ORDER BY id FOR UPDATE";
    /// Takes one order out of its wave.
    TAKE_OUT_ORDER = "UPDATE wave_order SET state = 'taken_out', reason = $2 WHERE order_id = $1 AND state = 'in'";
    /// More lines in a pick task.
    ADD_TASK_LINES = "UPDATE pick_task SET lines_open = lines_open + $2 WHERE id = $1";
    /// What `why` shows of an allocation.
    SELECT_WHY = "SELECT a.id, a.sku_id, s.code, a.lot_id, l.number, a.cell_id, p.code, a.quantity, a.rule, a.reason, a.candidates_id, a.replaces_id,
        c.at, c.rule, c.demand, c.candidates, c.refused
        FROM allocation a JOIN allocation_candidates c ON c.id = a.candidates_id JOIN sku s ON s.id = a.sku_id
        JOIN lot l ON l.id = a.lot_id JOIN place p ON p.id = a.place_id WHERE a.warehouse_id = $1 AND a.id = $2";
    /// What earlier allocations of the same run took of each cell.
    SELECT_TAKEN_BEFORE = "SELECT a.cell_id, CAST(SUM(a.quantity) AS BIGINT) FROM pick_task t JOIN allocation a ON a.task_id = t.id
        WHERE t.wave_id = $1 AND a.candidates_id = $2 AND a.id < $3 GROUP BY a.cell_id";
    /// The wave of an allocation.
    SELECT_WAVE = "SELECT wave_id FROM allocation WHERE id = $1";
    /// The allocations of an order, for a screen.
    LIST_OF_ORDER = "SELECT a.id, a.order_line_id, s.code, l.number, p.code, a.quantity, a.picked, a.short, a.taken_out, a.packed, a.rule
        FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id JOIN sku s ON s.id = a.sku_id JOIN lot l ON l.id = a.lot_id
        JOIN place p ON p.id = a.place_id WHERE ol.warehouse_id = $1 AND ol.order_id = $2 ORDER BY a.id";
    /// The rotation rule of a SKU.
    SELECT_EXPIRES = "SELECT expires FROM sku WHERE id = $1";
    /// Codes of places and numbers of lots, for the cells of a run.
    SELECT_CELL_NAMES = "SELECT c.id, p.code, l.number FROM stock_cell c JOIN place p ON p.id = c.place_id JOIN lot l ON l.id = c.lot_id
        WHERE c.warehouse_id = $1 AND c.sku_id = $2";
}
