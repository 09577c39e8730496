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
}
