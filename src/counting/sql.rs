//! Statements of planning, counting and deciding.

crate::statements! {
    /// A new plan; its number follows from its id.
    INSERT_PLAN = "INSERT INTO count_plan (warehouse_id, number, kind, scope, note, blind, freeze_places, state, person_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9) RETURNING id";
    /// Gives a plan its number.
    SET_NUMBER = "UPDATE count_plan SET number = $2 WHERE id = $1";
    /// New places of a plan; those that are being counted already stay out.
    INSERT_TASKS = bulk "INSERT INTO count_task (warehouse_id, plan_id, place_id, state, whole, not_person_id) VALUES" [Int, Int, Int, Text, Bool, Int]
        "ON CONFLICT (place_id) WHERE state IN ('open', 'counting', 'deciding') DO NOTHING RETURNING id, place_id";
    /// What is asked for in places that aren't counted whole.
    INSERT_ITEMS = bulk "INSERT INTO count_item (task_id, sku_id, lot_id) VALUES" [Int, Int, Int] "ON CONFLICT (task_id, sku_id, lot_id) DO NOTHING";
    /// A plan.
    SELECT_PLAN = lite "SELECT id, number, kind, blind, freeze_places, state FROM count_plan WHERE warehouse_id = $1 AND id = $2"
        pg "SELECT id, number, kind, blind, freeze_places, state FROM count_plan WHERE warehouse_id = $1 AND id = $2 FOR UPDATE";
    /// Ends a plan whose places are all done.
    CLOSE_PLAN = "UPDATE count_plan SET state = 'closed', ended_at = $2 WHERE id = $1 AND state = 'open'
        AND NOT EXISTS (SELECT 1 FROM count_task t WHERE t.plan_id = count_plan.id AND t.state IN ('open', 'counting', 'deciding'))";
    /// Gives a plan up.
    CANCEL_PLAN = "UPDATE count_plan SET state = 'cancelled', ended_at = $2 WHERE id = $1 AND state = 'open'";
    /// Lines of a plan that is given up, without what is posted or settled.
    CANCEL_LINES = "UPDATE count_line SET state = 'cancelled', settled_at = $2 WHERE task_id IN (SELECT id FROM count_task WHERE plan_id = $1)
        AND state IN ('counting', 'recount', 'accepted', 'confirmed', 'undecided')";
    /// Locks the running places of a plan.
    LOCK_TASKS = lite "SELECT id, place_id FROM count_task WHERE plan_id = $1 AND state IN ('open', 'counting', 'deciding') ORDER BY id"
        pg "SELECT id, place_id FROM count_task WHERE plan_id = $1 AND state IN ('open', 'counting', 'deciding') ORDER BY id FOR UPDATE";
    /// Places of a plan that is given up.
    CANCEL_TASKS = "UPDATE count_task SET state = 'cancelled', ended_at = $2, person_id = NULL, lease_until = NULL
        WHERE plan_id = $1 AND state IN ('open', 'counting', 'deciding')";
    /// Nothing is picked at these places.
    SET_FROZEN = "UPDATE location SET frozen = $2 WHERE place_id = $1";

    /// The place that somebody counts already.
    SELECT_OWN = "SELECT id FROM count_task WHERE warehouse_id = $1 AND person_id = $2 AND state = 'counting' AND lease_until > $3 ORDER BY id LIMIT 1";
    /// The next place for somebody who hasn't counted it yet, or not since its book was corrected, along the walk; of a plan where $4 isn't 0, at a place where $5 isn't 0.
    SELECT_NEXT = lite "SELECT t.id FROM count_task t JOIN location l ON l.place_id = t.place_id WHERE t.warehouse_id = $1
        AND (t.state = 'open' OR (t.state = 'counting' AND (t.lease_until <= $3 OR t.person_id = $2))) AND ($4 = 0 OR t.plan_id = $4) AND ($5 = 0 OR t.place_id = $5)
        AND (t.not_person_id IS NULL OR t.not_person_id <> $2)
        AND NOT EXISTS (SELECT 1 FROM count_line c JOIN count_entry e ON e.line_id = c.id WHERE c.task_id = t.id AND c.state = 'recount' AND e.round < t.round AND e.person_id = $2
            AND e.corrections = COALESCE((SELECT k.corrections FROM stock_cell k WHERE k.warehouse_id = c.warehouse_id AND k.place_id = c.place_id AND k.lot_id = c.lot_id AND k.status = c.status), 0))
        ORDER BY l.walk_order, t.id LIMIT 1"
        pg "SELECT t.id FROM count_task t JOIN location l ON l.place_id = t.place_id WHERE t.warehouse_id = $1
        AND (t.state = 'open' OR (t.state = 'counting' AND (t.lease_until <= $3 OR t.person_id = $2))) AND ($4 = 0 OR t.plan_id = $4) AND ($5 = 0 OR t.place_id = $5)
        AND (t.not_person_id IS NULL OR t.not_person_id <> $2)
        AND NOT EXISTS (SELECT 1 FROM count_line c JOIN count_entry e ON e.line_id = c.id WHERE c.task_id = t.id AND c.state = 'recount' AND e.round < t.round AND e.person_id = $2
            AND e.corrections = COALESCE((SELECT k.corrections FROM stock_cell k WHERE k.warehouse_id = c.warehouse_id AND k.place_id = c.place_id AND k.lot_id = c.lot_id AND k.status = c.status), 0))
        ORDER BY l.walk_order, t.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED";
    /// The running count of a place.
    SELECT_AT = "SELECT t.id, t.state, COALESCE(q.number, ''), COALESCE(t.lease_until, 0) FROM count_task t LEFT JOIN person q ON q.id = t.person_id
        WHERE t.warehouse_id = $1 AND t.place_id = $2 AND t.state IN ('open', 'counting', 'deciding')";
    /// A place of a plan, locked.
    SELECT_TASK = lite "SELECT t.id, t.plan_id, n.number, n.blind, n.freeze_places, t.place_id, p.code, t.state, t.whole, t.round, t.person_id, t.lease_until, t.not_person_id, t.step
        FROM count_task t JOIN count_plan n ON n.id = t.plan_id JOIN place p ON p.id = t.place_id WHERE t.warehouse_id = $1 AND t.id = $2"
        pg "SELECT t.id, t.plan_id, n.number, n.blind, n.freeze_places, t.place_id, p.code, t.state, t.whole, t.round, t.person_id, t.lease_until, t.not_person_id, t.step
        FROM count_task t JOIN count_plan n ON n.id = t.plan_id JOIN place p ON p.id = t.place_id WHERE t.warehouse_id = $1 AND t.id = $2 FOR UPDATE OF t";
    /// Somebody counts it from now on.
    TAKE_TASK = "UPDATE count_task SET state = 'counting', person_id = $2, lease_until = $3, step = $4 WHERE id = $1";
    /// The person is at work.
    TOUCH_TASK = "UPDATE count_task SET lease_until = $2, step = step + 1 WHERE id = $1";
    /// Gives it back.
    UNTAKE_TASK = "UPDATE count_task SET state = 'open', person_id = NULL, lease_until = NULL, step = 0 WHERE id = $1";
    /// A round is over.
    NEXT_STATE = "UPDATE count_task SET state = $2, round = $3, person_id = NULL, lease_until = NULL, step = 0, counted_at = $4, ended_at = $5 WHERE id = $1";
    /// What one counted of a round that they didn't finish.
    FORGET_ENTRIES = "DELETE FROM count_entry WHERE round = $2 AND line_id IN (SELECT id FROM count_line WHERE task_id = $1)";
    /// Lines of a first round that nobody finished.
    FORGET_LINES = "DELETE FROM count_line WHERE task_id = $1 AND state = 'counting'
        AND NOT EXISTS (SELECT 1 FROM count_entry e WHERE e.line_id = count_line.id)";
    /// Unknown goods of a round that nobody finished.
    FORGET_UNKNOWN = "DELETE FROM count_unknown WHERE task_id = $1 AND person_id = $2 AND resolved_at IS NULL";
    /// What the book has at a place, as lines to be counted; of what is asked for, where it isn't counted whole.
    OPEN_LINES = "INSERT INTO count_line (warehouse_id, task_id, place_id, sku_id, lot_id, status, state, opened_changes)
        SELECT c.warehouse_id, $2, c.place_id, c.sku_id, c.lot_id, c.status, 'counting', c.changes FROM stock_cell c
        WHERE c.warehouse_id = $1 AND c.place_id = $3 AND c.on_hand > 0 AND ($4 OR EXISTS (SELECT 1 FROM count_item i
            WHERE i.task_id = $2 AND i.sku_id = c.sku_id AND i.lot_id IN (0, c.lot_id)))
        ON CONFLICT DO NOTHING";
    /// Lines to be counted again begin with the cell as it is now.
    REOPEN_LINES = "UPDATE count_line SET opened_changes = COALESCE((SELECT c.changes FROM stock_cell c WHERE c.warehouse_id = count_line.warehouse_id
        AND c.place_id = count_line.place_id AND c.lot_id = count_line.lot_id AND c.status = count_line.status), 0) WHERE task_id = $1 AND state = 'recount'";
    /// What the cells of lines to be counted have seen by this command.
    SEE_LINES = "UPDATE count_line SET seen_changes = COALESCE((SELECT c.changes FROM stock_cell c WHERE c.warehouse_id = count_line.warehouse_id
        AND c.place_id = count_line.place_id AND c.lot_id = count_line.lot_id AND c.status = count_line.status), 0) WHERE task_id = $1 AND state IN ('counting', 'recount')";
    /// The lines of a place, with what was counted of them in a round.
    SELECT_LINES = "SELECT l.id, l.sku_id, s.code, l.lot_id, COALESCE(o.number, l.lot_text), l.status, l.state, l.opened_changes, l.seen_changes, e.counted, e.book, e.changes, e.corrections, e.sealed
        FROM count_line l JOIN sku s ON s.id = l.sku_id LEFT JOIN lot o ON o.id = l.lot_id LEFT JOIN count_entry e ON e.line_id = l.id AND e.round = $2
        WHERE l.task_id = $1 ORDER BY s.code, l.id";
    /// A cell, locked, and made where it isn't there.
    LOCK_CELL = "INSERT INTO stock_cell (warehouse_id, place_id, sku_id, lot_id, status, on_hand, reserved, changes) VALUES ($1, $2, $3, $4, $5, 0, 0, 0)
        ON CONFLICT (warehouse_id, place_id, lot_id, status) DO UPDATE SET on_hand = stock_cell.on_hand
        RETURNING id, on_hand, reserved, changes, corrections";
    /// A new line.
    INSERT_LINE = "INSERT INTO count_line (warehouse_id, task_id, place_id, sku_id, lot_id, lot_text, status, state, opened_changes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'counting', $8) RETURNING id";
    /// What was counted of a line.
    PUT_ENTRY = "INSERT INTO count_entry (line_id, round, person_id, counted, book, changes, corrections, sealed, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (line_id, round) DO UPDATE SET person_id = excluded.person_id, counted = excluded.counted, book = excluded.book, changes = excluded.changes,
        corrections = excluded.corrections, sealed = excluded.sealed, at = excluded.at";
    /// A line is counted to its end.
    SEAL_ENTRY = "UPDATE count_entry SET sealed = TRUE, at = $3 WHERE line_id = $1 AND round = $2";
    /// A line is begun anew.
    DELETE_ENTRY = "DELETE FROM count_entry WHERE line_id = $1 AND round = $2";
    /// How often a cell has changed, for what comes next of a line.
    SET_OPENED = "UPDATE count_line SET opened_changes = $2 WHERE id = $1";
    /// Cells with something in them that no line is about.
    SELECT_UNSEEN = "SELECT c.sku_id, s.code, c.lot_id, c.status, c.changes FROM stock_cell c JOIN sku s ON s.id = c.sku_id
        WHERE c.warehouse_id = $1 AND c.place_id = $2 AND c.on_hand > 0 AND NOT EXISTS (SELECT 1 FROM count_line l
            WHERE l.task_id = $3 AND l.lot_id = c.lot_id AND l.status = c.status) ORDER BY c.id";
    /// What the book has of a SKU at a place.
    SELECT_BOOKED = "SELECT c.lot_id, l.number FROM stock_cell c JOIN lot l ON l.id = c.lot_id
        WHERE c.warehouse_id = $1 AND c.place_id = $2 AND c.sku_id = $3 AND c.on_hand > 0 GROUP BY c.lot_id, l.number ORDER BY c.lot_id";
    /// Lots of a SKU by number or by the supplier's number; all where it is empty.
    SELECT_LOTS = "SELECT id, number FROM lot WHERE warehouse_id = $1 AND sku_id = $2 AND ($3 = '' OR number = $3 OR UPPER(supplier_lot) = $3) ORDER BY id LIMIT 2";
    /// Goods that nobody knows.
    INSERT_UNKNOWN = "INSERT INTO count_unknown (warehouse_id, task_id, place_id, code, quantity, person_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// What all found of a line, the first first.
    SELECT_FOUND = "SELECT e.round, e.person_id, e.counted, e.book, e.corrections FROM count_entry e WHERE e.line_id = $1 AND e.sealed ORDER BY e.round";
    /// Tolerance and cost of a line.
    SELECT_LIMITS = "SELECT r.tolerance_units, r.tolerance_points, r.tolerance_value_minor,
        (SELECT k.unit_cost_minor FROM lot_cost k WHERE k.lot_id = $3) AS unit_cost
        FROM count_rule r WHERE r.warehouse_id = $1 AND r.class IN ('', COALESCE((SELECT c.class FROM sku_class c WHERE c.warehouse_id = $1 AND c.sku_id = $2), ''))
        ORDER BY r.class DESC LIMIT 1";
    /// A line was decided, or goes on.
    SET_LINE = "UPDATE count_line SET state = $2, book = $3, variance = $4, corrections = $5, unit_cost_minor = $6, settled_at = $7,
        first_variance = COALESCE(first_variance, $8) WHERE id = $1";
    /// A line of a warehouse.
    SELECT_LINE = "SELECT l.id, l.task_id, l.place_id, p.code, l.sku_id, s.code, l.lot_id, l.status, l.state, l.book, l.variance, l.corrections, l.unit_cost_minor
        FROM count_line l JOIN place p ON p.id = l.place_id JOIN sku s ON s.id = l.sku_id WHERE l.warehouse_id = $1 AND l.id = $2";
    /// What was decided about a line.
    DECIDE_LINE = "UPDATE count_line SET state = $2, cause = $3, note = $4, decided_by = $5, settled_at = $6 WHERE id = $1";
    /// A line is counted again.
    RECOUNT_LINE = "UPDATE count_line SET state = 'recount', variance = NULL, book = NULL, corrections = NULL WHERE id = $1";
    /// A place is counted again: some of its lines.
    RECOUNT_TASK = "UPDATE count_task SET state = 'open', round = round + 1, person_id = NULL, lease_until = NULL, step = 0 WHERE id = $1 AND state IN ('deciding', 'open')";
    /// The lot of goods whose lot nobody knew.
    SET_LOT = "UPDATE count_line SET lot_id = $2 WHERE id = $1 AND lot_id IS NULL";
    /// Lines of a place that aren't settled.
    COUNT_UNSETTLED = "SELECT COUNT(*) FROM count_line WHERE task_id = $1 AND state IN ('counting', 'recount', 'accepted', 'confirmed', 'undecided')";
    /// A place of which all is decided.
    CLOSE_TASK = "UPDATE count_task SET state = 'closed', ended_at = $2 WHERE id = $1 AND state = 'deciding'";
    /// A place was counted whole.
    PUT_PLACE_COUNTED = "INSERT INTO place_counted (place_id, warehouse_id, at, changes) VALUES ($1, $2, $3,
            COALESCE((SELECT CAST(SUM(c.changes) AS BIGINT) FROM stock_cell c WHERE c.warehouse_id = $2 AND c.place_id = $1), 0))
        ON CONFLICT (place_id) DO UPDATE SET at = excluded.at, changes = excluded.changes";
    /// A cause of differences that is in use.
    SELECT_CAUSE = "SELECT code FROM count_cause WHERE code = $1 AND active";
    /// Up to which value differences are approved with the ordinary right.
    SELECT_LIMIT = "SELECT approve_limit_minor FROM count_setting WHERE warehouse_id = $1";
}
