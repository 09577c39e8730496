//! Statements that count.

crate::statements! {
    /// The newest event of a warehouse.
    SELECT_NEWEST_EVENT = "SELECT COALESCE(MAX(id), CAST(0 AS BIGINT)) FROM event WHERE warehouse_id = $1";
    /// The time zone of a warehouse.
    SELECT_TIME_ZONE = "SELECT time_zone FROM warehouse WHERE id = $1";
    /// Orders by state.
    ORDERS_BY_STATE = "SELECT state, COUNT(*) FROM customer_order WHERE warehouse_id = $1 GROUP BY state";
    /// Waves by state.
    WAVES_BY_STATE = "SELECT state, COUNT(*) FROM wave WHERE warehouse_id = $1 GROUP BY state";
    /// Print jobs that may still need somebody.
    PRINT_JOBS_BY_STATE = "SELECT state, COUNT(*) FROM print_job WHERE state IN ('sending', 'sent', 'in_doubt', 'failed') GROUP BY state
        UNION ALL SELECT 'queued', COUNT(*) FROM print_job WHERE state IN ('queued', 'sending') AND state = 'queued'";
    /// Pick tasks that are not done.
    COUNT_PICK_TASKS = "SELECT COUNT(*) FROM pick_task WHERE warehouse_id = $1 AND state IN ('open', 'claimed')";
    /// Deliveries that wait, and those that could not be worked on.
    COUNT_INBOX = "SELECT (SELECT COUNT(*) FROM inbox WHERE state = 'waiting'), (SELECT COUNT(*) FROM inbox WHERE state = 'dead')";
    /// Messages that wait, and those that were given up.
    COUNT_OUTBOX = "SELECT (SELECT COUNT(*) FROM outbox_message WHERE state = 'pending'), (SELECT COUNT(*) FROM outbox_message WHERE state = 'dead')";
    /// Orders that are still here and should ship by $2: late, or nearly.
    COUNT_AT_RISK = "SELECT COUNT(*) FROM customer_order WHERE warehouse_id = $1 AND ship_by <= $2
        AND state IN ('received', 'held', 'accepted', 'promised', 'short', 'released', 'picking', 'picked', 'packed')";
    /// Any warehouse.
    SELECT_WAREHOUSE = "SELECT MIN(id) FROM warehouse";
    /// Orders that are still here, by how near their promise is: late, within two hours, today, later.
    ORDERS_BY_PROMISE = "SELECT CASE WHEN ship_by <= $2 THEN 'late' WHEN ship_by <= $3 THEN 'soon' WHEN ship_by <= $4 THEN 'today' ELSE 'later' END, COUNT(*)
        FROM customer_order WHERE warehouse_id = $1 AND state IN ('received', 'held', 'accepted', 'promised', 'short', 'released', 'picking', 'picked', 'packed')
        GROUP BY 1";
    /// Waves that run, with their lines.
    RUNNING_WAVES = "SELECT w.id, w.number, w.state, CAST(COALESCE(SUM(a.quantity), 0) AS BIGINT), CAST(COALESCE(SUM(a.picked), 0) AS BIGINT),
            CAST(COALESCE(SUM(a.short), 0) AS BIGINT), CAST(COALESCE(SUM(a.taken_out), 0) AS BIGINT)
        FROM wave w LEFT JOIN allocation a ON a.wave_id = w.id WHERE w.warehouse_id = $1 AND w.state IN ('released', 'picking')
        GROUP BY w.id, w.number, w.state ORDER BY w.id DESC LIMIT 20";
    /// Who is at work, and at what: open walks and parcels.
    PEOPLE_AT_WORK = "SELECT p.number, p.name, 'picking', COALESCE(c.code, ''), (SELECT COUNT(*) FROM pick_run_slot s JOIN allocation a ON a.task_id = s.task_id AND a.state = 'open'
            WHERE s.run_id = r.id), r.started_at
        FROM pick_run r JOIN person p ON p.id = r.person_id LEFT JOIN place c ON c.id = r.cart_place_id WHERE r.warehouse_id = $1 AND r.state <> 'done'
        UNION ALL SELECT p.number, p.name, 'packing', q.number, CAST(0 AS BIGINT), q.created_at
        FROM parcel q JOIN person p ON p.id = q.packer_id WHERE q.warehouse_id = $1 AND q.state IN ('open', 'verifying', 'sealed', 'weight_hold') ORDER BY 6 LIMIT 50";
    /// What needs somebody: shorts, calls for help, weights that are off, failed logins.
    EXCEPTIONS = "SELECT e.id, e.at, p.number, e.kind, e.subject_kind, e.subject_id, e.data FROM event e JOIN person p ON p.id = e.person_id
        WHERE e.warehouse_id = $1 AND e.kind IN ('help.called', 'pick.short', 'parcel.weight_held', 'login.failed', 'count.requested') AND e.at >= $2
        ORDER BY e.id DESC LIMIT 15";
    /// The newest orders.
    RECENT_ORDERS = "SELECT o.id, o.number, o.state, o.external_id, c.code, o.hold_reason, o.ship_by, o.received_at,
            (SELECT CAST(COALESCE(SUM(l.quantity), 0) AS BIGINT) FROM order_line l WHERE l.order_id = o.id)
        FROM customer_order o JOIN channel c ON c.id = o.channel_id WHERE o.warehouse_id = $1 AND ($2 = '' OR o.state = $2)
        ORDER BY o.id DESC LIMIT $3";
    /// Places with how full and how often visited they are.
    FLOOR_PLAN = "SELECT p.code, z.code, l.aisle, l.position, CAST(COALESCE((SELECT SUM(c.on_hand) FROM stock_cell c WHERE c.warehouse_id = $1 AND c.place_id = p.id AND c.on_hand > 0), 0) AS BIGINT),
            COALESCE(v.visits, CAST(0 AS BIGINT)) FROM location l JOIN place p ON p.id = l.place_id JOIN zone z ON z.id = l.zone_id
        LEFT JOIN (SELECT a.place_id, COUNT(*) AS visits FROM allocation a WHERE a.warehouse_id = $1 AND a.picked > 0 GROUP BY a.place_id) v ON v.place_id = p.id
        WHERE l.warehouse_id = $1 AND l.active ORDER BY z.code, l.aisle, l.walk_order, p.id LIMIT 20000";
    /// The newest movements of a SKU or place, of all where neither is named.
    RECENT_MOVEMENTS = "SELECT m.id, m.at, p.number, m.reason, m.note, m.evidence, s.code, l.number, m.quantity, f.code, m.from_status, t.code, m.to_status, m.order_id
        FROM movement m JOIN person p ON p.id = m.person_id JOIN sku s ON s.id = m.sku_id JOIN lot l ON l.id = m.lot_id
        JOIN place f ON f.id = m.from_place_id JOIN place t ON t.id = m.to_place_id
        WHERE m.warehouse_id = $1 ORDER BY m.id DESC LIMIT $2";
}
