//! Statements about waves.

crate::statements! {
    /// A new wave; its number follows from its id.
    INSERT_WAVE = "INSERT INTO wave (warehouse_id, number, state, note, created_at) VALUES ($1, $2, 'planned', $3, $4) RETURNING id";
    /// Gives a wave its number.
    SET_NUMBER = "UPDATE wave SET number = $2 WHERE id = $1";
    /// Promised orders that fit a choice join a wave, the most urgent first; not one that another wave takes just now.
    JOIN_BY_FILTER = "INSERT INTO wave_order (wave_id, order_id, state)
        SELECT CAST($1 AS BIGINT), o.id, 'in' FROM customer_order o JOIN channel c ON c.id = o.channel_id
        LEFT JOIN carrier k ON k.id = o.carrier_id
        WHERE o.warehouse_id = $2 AND o.state = 'promised' AND ($3 = '' OR c.code = $3) AND ($4 = '' OR k.code = $4)
        AND ($5 = 0 OR o.ship_by <= $5) AND o.priority >= $6
        AND NOT EXISTS (SELECT 1 FROM wave_order w WHERE w.order_id = o.id AND w.state = 'in')
        ORDER BY o.priority DESC, o.ship_by, o.id LIMIT $7
        ON CONFLICT (order_id) WHERE state = 'in' DO NOTHING";
    /// One order joins a wave, if it is promised and free.
    JOIN_ONE = "INSERT INTO wave_order (wave_id, order_id, state)
        SELECT CAST($1 AS BIGINT), o.id, 'in' FROM customer_order o WHERE o.warehouse_id = $2 AND o.id = $3 AND o.state = 'promised'
        AND NOT EXISTS (SELECT 1 FROM wave_order w WHERE w.order_id = o.id AND w.state = 'in')
        ON CONFLICT (order_id) WHERE state = 'in' DO NOTHING";
    /// A wave, locked.
    SELECT_LOCKED = lite "SELECT id, number, state FROM wave WHERE warehouse_id = $1 AND id = $2"
        pg "SELECT id, number, state FROM wave WHERE warehouse_id = $1 AND id = $2 FOR UPDATE";
    /// Moves a wave on.
    SET_RELEASED = "UPDATE wave SET state = 'released', released_at = $2 WHERE id = $1";
    /// Nothing of a wave is in stock.
    SET_HELD = "UPDATE wave SET state = 'held' WHERE id = $1";
    /// Closes a wave.
    SET_CLOSED = "UPDATE wave SET state = 'closed', closed_at = $2 WHERE id = $1";
    /// Gives a wave up.
    SET_CANCELLED = "UPDATE wave SET state = 'cancelled', closed_at = $2 WHERE id = $1";
    /// All its orders leave.
    RELEASE_MEMBERS = "UPDATE wave_order SET state = 'taken_out', reason = $2 WHERE wave_id = $1 AND state = 'in'";
    /// Orders that are no longer promised leave before a release.
    DROP_UNPROMISED = "UPDATE wave_order SET state = 'taken_out', reason = 'not promised any more' WHERE wave_id = $1 AND state = 'in'
        AND order_id NOT IN (SELECT wo.order_id FROM wave_order wo JOIN customer_order o ON o.id = wo.order_id
            WHERE wo.wave_id = $1 AND o.state = 'released')";
    /// Its orders are done.
    FINISH_MEMBERS = "UPDATE wave_order SET state = 'done' WHERE wave_id = $1 AND state = 'in'";
    /// One order of a wave.
    SELECT_MEMBER = "SELECT state FROM wave_order WHERE wave_id = $1 AND order_id = $2";
    /// What a wave allocated, and what became of it.
    SELECT_SUMS = "SELECT CAST(COALESCE(SUM(a.quantity), 0) AS BIGINT), CAST(COALESCE(SUM(a.picked), 0) AS BIGINT),
        CAST(COALESCE(SUM(a.short), 0) AS BIGINT), CAST(COALESCE(SUM(a.taken_out), 0) AS BIGINT)
        FROM pick_task t JOIN allocation a ON a.task_id = t.id WHERE t.wave_id = $1";
    /// Lines of a wave that don't add up.
    COUNT_UNBALANCED = "SELECT COUNT(*) FROM (SELECT a.order_line_id FROM pick_task t JOIN allocation a ON a.task_id = t.id WHERE t.wave_id = $1
        GROUP BY a.order_line_id HAVING SUM(a.quantity) <> SUM(a.picked) + SUM(a.short) + SUM(a.taken_out)) unbalanced";
    /// A wave for a screen.
    SELECT_VIEW = "SELECT w.id, w.number, w.state, w.note, w.created_at, w.released_at, w.closed_at FROM wave w
        WHERE w.warehouse_id = $1 AND w.id = $2";
    /// Waves, the newest first.
    LIST = "SELECT w.id, w.number, w.state, w.note, w.created_at, w.released_at, w.closed_at FROM wave w
        WHERE w.warehouse_id = $1 AND ($2 = '' OR w.state = $2) AND ($3 = 0 OR w.id < $3) ORDER BY w.id DESC LIMIT $4";
    /// A wave's orders.
    LIST_ORDERS = "SELECT wo.order_id, o.number, o.state, wo.state, wo.reason FROM wave_order wo
        JOIN customer_order o ON o.id = wo.order_id WHERE wo.wave_id = $1 AND wo.order_id > $2 ORDER BY wo.order_id LIMIT $3";
    /// A wave's orders by state in the wave.
    COUNT_MEMBERS = "SELECT state, COUNT(*) FROM wave_order WHERE wave_id = $1 GROUP BY state ORDER BY state";
}
