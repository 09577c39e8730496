//! Statements about messages, their lanes and attempts.

crate::statements! {
    /// The endpoints that are told.
    SELECT_ENDPOINTS = "SELECT id, channel_id FROM endpoint WHERE state <> 'disabled' ORDER BY id";
    /// One more thing that the shop is told of an order; no row where nobody is told.
    NEXT_VERSION = "UPDATE customer_order SET version = version + 1 WHERE id = $1 AND EXISTS (SELECT 1 FROM endpoint e
        WHERE e.channel_id = customer_order.channel_id AND e.state <> 'disabled') RETURNING id, channel_id, external_id, version";
    /// The same by the shop's id.
    NEXT_VERSION_BY_EXTERNAL = "UPDATE customer_order SET version = version + 1 WHERE channel_id = $1 AND external_id = $2 RETURNING id, version";
    /// The same for many orders.
    NEXT_VERSIONS = bulk "WITH told (id) AS (VALUES" [Int] ") UPDATE customer_order SET version = version + 1
        WHERE id IN (SELECT id FROM told) AND channel_id IN (SELECT channel_id FROM endpoint WHERE state <> 'disabled')
        RETURNING id, channel_id, external_id, version";
    /// One more message in a lane each; gives its place.
    NEXT_SEQS = bulk "INSERT INTO outbox_lane (endpoint_id, order_key, last_seq, pending, next_at) VALUES" [Int, Text, Int, Int, Int]
        "ON CONFLICT (endpoint_id, order_key) DO UPDATE SET last_seq = outbox_lane.last_seq + 1, pending = outbox_lane.pending + 1,
        next_at = CASE WHEN outbox_lane.pending = 0 THEN excluded.next_at ELSE outbox_lane.next_at END
        RETURNING endpoint_id, order_key, last_seq";
    /// The code of a SKU.
    SELECT_SKU_CODE = "SELECT code FROM sku WHERE id = $1";
    /// New messages.
    INSERT_MESSAGES = bulk "INSERT INTO outbox_message (id, warehouse_id, endpoint_id, order_key, seq, type, body, state, created_at) VALUES"
        [Text, Int, Int, Text, Int, Text, Text, Text, Int] "";
    /// Endpoints that have something to send now.
    SELECT_BUSY = "SELECT e.id FROM endpoint e WHERE e.state = 'active' AND e.open_until <= $1 AND EXISTS (SELECT 1 FROM outbox_lane l
        WHERE l.endpoint_id = e.id AND l.pending > 0 AND NOT l.blocked AND l.next_at <= $1 AND l.leased_until <= $1)";
    /// An endpoint that may be sent to.
    SELECT_ACTIVE = "SELECT url, secrets, failures FROM endpoint WHERE id = $1 AND state = 'active' AND open_until <= $2";
    /// Keeps everybody else from probing an endpoint that is in trouble.
    RESERVE_PROBE = "UPDATE endpoint SET open_until = $2 WHERE id = $1 AND open_until <= $3";
    /// Takes lanes that are due.
    CLAIM_LANES = lite "UPDATE outbox_lane SET leased_until = $3 WHERE endpoint_id = $1 AND order_key IN (SELECT l.order_key FROM outbox_lane l
        WHERE l.endpoint_id = $1 AND l.pending > 0 AND NOT l.blocked AND l.next_at <= $2 AND l.leased_until <= $2
        ORDER BY l.next_at LIMIT $4) RETURNING order_key"
        pg "UPDATE outbox_lane SET leased_until = $3 WHERE endpoint_id = $1 AND order_key IN (SELECT l.order_key FROM outbox_lane l
        WHERE l.endpoint_id = $1 AND l.pending > 0 AND NOT l.blocked AND l.next_at <= $2 AND l.leased_until <= $2
        ORDER BY l.next_at LIMIT $4 FOR UPDATE SKIP LOCKED) RETURNING order_key";
    /// The first pending message of a lane.
    SELECT_HEAD = "SELECT id, order_key, type, body, tries FROM outbox_message
        WHERE endpoint_id = $1 AND order_key = $2 AND state = 'pending' ORDER BY seq LIMIT 1";
    /// A message, locked.
    LOCK_MESSAGE = lite "SELECT tries, state FROM outbox_message WHERE id = $1"
        pg "SELECT tries, state FROM outbox_message WHERE id = $1 FOR UPDATE";
    /// Writes an attempt down.
    INSERT_ATTEMPT = "INSERT INTO outbox_attempt (message_id, n, at, status, ms, response_head, error)
        VALUES ($1, (SELECT COALESCE(MAX(n), 0) + 1 FROM outbox_attempt WHERE message_id = $1), $2, $3, $4, $5, $6)";
    /// Ends a message.
    END_MESSAGE = "UPDATE outbox_message SET state = $2, tries = $3, done_at = $4 WHERE id = $1";
    /// Counts a try.
    SET_TRIES = "UPDATE outbox_message SET tries = $2 WHERE id = $1";
    /// Frees a lane: $3 messages fewer wait, the next is due at $4; $5 blocks it.
    FREE_LANE = "UPDATE outbox_lane SET leased_until = 0, pending = pending - $3, next_at = $4, blocked = (blocked OR $5)
        WHERE endpoint_id = $1 AND order_key = $2";
    /// An endpoint answered well.
    WELL_AGAIN = "UPDATE endpoint SET failures = 0, open_until = 0 WHERE id = $1 AND failures > 0";
    /// What waited because of trouble is due now.
    HURRY_LANES = "UPDATE outbox_lane SET next_at = $2 WHERE endpoint_id = $1 AND pending > 0 AND next_at > $2";
    /// An endpoint failed; opens its breaker where that was once too often.
    IN_TROUBLE = "UPDATE endpoint SET failures = failures + 1, open_until = CASE WHEN failures + 1 >= $2 THEN $3 ELSE open_until END
        WHERE id = $1 RETURNING failures";
    /// An endpoint is told nothing for now.
    STOP_ENDPOINT = "UPDATE endpoint SET state = $2, state_reason = $3 WHERE id = $1 AND state = 'active'";
    /// Leases of a process that is gone: an embedded database has one process only.
    FORGET_LEASES = "UPDATE outbox_lane SET leased_until = 0 WHERE leased_until > 0";
    /// A message of a warehouse, locked.
    LOCK_OF_WAREHOUSE = lite "SELECT endpoint_id, order_key, state FROM outbox_message WHERE warehouse_id = $1 AND id = $2"
        pg "SELECT endpoint_id, order_key, state FROM outbox_message WHERE warehouse_id = $1 AND id = $2 FOR UPDATE";
    /// Sends a message again.
    REVIVE = "UPDATE outbox_message SET state = 'pending', tries = 0, done_at = NULL WHERE id = $1 AND state <> 'pending'";
    /// Sends the messages of an endpoint again that were made in a span of time; of a state where $5 names one.
    REVIVE_SPAN = "UPDATE outbox_message SET state = 'pending', tries = 0, done_at = NULL WHERE warehouse_id = $1 AND endpoint_id = $2
        AND created_at >= $3 AND created_at <= $4 AND state <> 'pending' AND ($5 = '' OR state = $5)";
    /// Locks the lanes of an endpoint, or one of them, so that what is counted next is all there is.
    LOCK_LANES = lite "SELECT order_key FROM outbox_lane WHERE endpoint_id = $1 AND ($2 = '' OR order_key = $2) LIMIT 1"
        pg "SELECT order_key FROM outbox_lane WHERE endpoint_id = $1 AND ($2 = '' OR order_key = $2) ORDER BY order_key FOR UPDATE";
    /// Counts what waits in the lanes of an endpoint anew, and makes them due. A lane stays blocked as long as a verdict of it is dead.
    RECOUNT_LANES = "UPDATE outbox_lane SET blocked = (blocked AND EXISTS (SELECT 1 FROM outbox_message d WHERE d.endpoint_id = outbox_lane.endpoint_id
        AND d.order_key = outbox_lane.order_key AND d.state = 'dead' AND d.type = 'order.verdict')), next_at = $2, pending = (SELECT COUNT(*) FROM outbox_message m
        WHERE m.endpoint_id = outbox_lane.endpoint_id AND m.order_key = outbox_lane.order_key AND m.state = 'pending')
        WHERE endpoint_id = $1 AND ($3 = '' OR order_key = $3)";
    /// Messages, the newest first.
    LIST = "SELECT m.id, m.endpoint_id, m.order_key, m.seq, m.type, m.state, m.tries, m.created_at, m.done_at,
        (SELECT a.status FROM outbox_attempt a WHERE a.message_id = m.id ORDER BY a.n DESC LIMIT 1) AS last_status,
        COALESCE((SELECT a.error FROM outbox_attempt a WHERE a.message_id = m.id ORDER BY a.n DESC LIMIT 1), '') AS last_error
        FROM outbox_message m WHERE m.warehouse_id = $1 AND ($2 = '' OR m.state = $2) AND ($3 = 0 OR m.endpoint_id = $3)
        AND ($4 = '' OR m.order_key = $4) AND ($5 = '' OR m.id < $5) ORDER BY m.id DESC LIMIT $6";
    /// One message.
    SELECT_ONE = "SELECT m.id, m.endpoint_id, m.order_key, m.seq, m.type, m.state, m.tries, m.created_at, m.done_at,
        (SELECT a.status FROM outbox_attempt a WHERE a.message_id = m.id ORDER BY a.n DESC LIMIT 1) AS last_status,
        COALESCE((SELECT a.error FROM outbox_attempt a WHERE a.message_id = m.id ORDER BY a.n DESC LIMIT 1), '') AS last_error
        FROM outbox_message m WHERE m.warehouse_id = $1 AND m.id = $2";
    /// What a message says.
    SELECT_BODY = "SELECT body FROM outbox_message WHERE id = $1";
    /// The attempts of a message.
    LIST_ATTEMPTS = "SELECT n, at, status, ms, response_head, error FROM outbox_attempt WHERE message_id = $1 ORDER BY n";
}
