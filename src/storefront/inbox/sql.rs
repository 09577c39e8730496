//! Statements about deliveries, the mirror of orders, and verdicts.

crate::statements! {
    /// Stores a delivery; a repeat is counted. $9: the key is the content, so a repeat of what is done is looked at again.
    STORE = "INSERT INTO inbox (channel_id, dedupe_key, topic, external_order_id, received_at, headers, body, body_hash, state, next_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $5)
        ON CONFLICT (channel_id, dedupe_key) DO UPDATE SET repeats = inbox.repeats + 1,
        headers = CASE WHEN $9 AND inbox.state = 'done' THEN excluded.headers ELSE inbox.headers END,
        body = CASE WHEN $9 AND inbox.state = 'done' THEN excluded.body ELSE inbox.body END,
        next_at = CASE WHEN $9 AND inbox.state = 'done' THEN excluded.next_at ELSE inbox.next_at END,
        state = CASE WHEN $9 AND inbox.state = 'done' THEN 'waiting' ELSE inbox.state END
        RETURNING repeats";
    /// The first waiting delivery of each order that is due.
    SELECT_HEADS = "SELECT i.id, i.channel_id, c.warehouse_id, c.adapter, i.dedupe_key, i.repeats, i.attempts, i.headers, i.body
        FROM inbox i JOIN channel c ON c.id = i.channel_id
        WHERE i.state = 'waiting' AND i.next_at <= $1 AND c.active
        AND NOT EXISTS (SELECT 1 FROM inbox e WHERE e.state = 'waiting' AND e.channel_id = i.channel_id
            AND e.external_order_id = i.external_order_id AND e.id < i.id)
        ORDER BY i.next_at, i.id LIMIT $2";
    /// Takes a waiting delivery; no row where somebody else has it, or had it.
    TAKE = lite "SELECT attempts FROM inbox WHERE id = $1 AND state = 'waiting'"
        pg "SELECT attempts FROM inbox WHERE id = $1 AND state = 'waiting' FOR UPDATE SKIP LOCKED";
    /// Ends a delivery.
    SETTLE = "UPDATE inbox SET state = $2, error = $3, done_at = $4 WHERE id = $1 AND state = 'waiting'";
    /// Counts a failed attempt.
    FAILED = "UPDATE inbox SET attempts = attempts + 1, error = $2, next_at = $3, state = CASE WHEN attempts + 1 >= $4 THEN 'dead' ELSE state END
        WHERE id = $1 AND state = 'waiting'";
    /// The mirror of an order, locked.
    LOCK_MIRROR = "INSERT INTO channel_order (channel_id, external_id, version) VALUES ($1, $2, 0)
        ON CONFLICT (channel_id, external_id) DO UPDATE SET version = channel_order.version
        RETURNING order_id, canonical, version, changed_at, held, held_at, cancelled";
    /// Writes the mirror of an order.
    PUT_MIRROR = "INSERT INTO channel_order (channel_id, external_id, order_id, canonical, version, changed_at, held, held_at, cancelled)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (channel_id, external_id) DO UPDATE SET order_id = excluded.order_id,
        canonical = excluded.canonical, version = excluded.version, changed_at = excluded.changed_at, held = excluded.held,
        held_at = excluded.held_at, cancelled = excluded.cancelled";
    /// Writes a verdict; none where the command has one.
    INSERT_VERDICT = "INSERT INTO verdict (channel_id, external_id, command_key, command, verdict, reason, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (channel_id, command_key) DO NOTHING";
    /// Removes what was delivered, after its term.
    REMOVE_BODIES = "UPDATE inbox SET headers = NULL, body = NULL WHERE id IN (SELECT id FROM inbox
        WHERE body IS NOT NULL AND received_at < $1 AND state <> 'waiting' ORDER BY received_at LIMIT 1000)";
    /// A delivery of a warehouse, locked.
    LOCK = lite "SELECT i.id, i.state, i.body IS NOT NULL FROM inbox i JOIN channel c ON c.id = i.channel_id WHERE c.warehouse_id = $1 AND i.id = $2"
        pg "SELECT i.id, i.state, i.body IS NOT NULL FROM inbox i JOIN channel c ON c.id = i.channel_id WHERE c.warehouse_id = $1 AND i.id = $2
        FOR UPDATE OF i";
    /// Has a dead delivery applied again.
    REVIVE = "UPDATE inbox SET state = 'waiting', attempts = 0, next_at = $2, done_at = NULL WHERE id = $1 AND state = 'dead'";
    /// Deliveries, the newest first.
    LIST = "SELECT i.id, c.code, i.topic, i.external_order_id, i.received_at, i.state, i.attempts, i.repeats, i.next_at, i.done_at, i.error
        FROM inbox i JOIN channel c ON c.id = i.channel_id
        WHERE c.warehouse_id = $1 AND ($2 = '' OR i.state = $2) AND ($3 = '' OR c.code = $3) AND ($4 = '' OR i.external_order_id = $4)
        AND ($5 = 0 OR i.id < $5) ORDER BY i.id DESC LIMIT $6";
    /// One delivery.
    SELECT_ONE = "SELECT i.id, c.code, i.topic, i.external_order_id, i.received_at, i.state, i.attempts, i.repeats, i.next_at, i.done_at, i.error
        FROM inbox i JOIN channel c ON c.id = i.channel_id WHERE c.warehouse_id = $1 AND i.id = $2";
    /// The content of a delivery.
    SELECT_CONTENT = "SELECT i.dedupe_key, i.body_hash, i.headers, i.body FROM inbox i WHERE i.id = $1";
    /// The verdicts that an order of a channel got.
    LIST_VERDICTS = "SELECT v.command_key, v.command, v.verdict, v.reason, v.at FROM verdict v JOIN inbox i
        ON i.channel_id = v.channel_id AND i.external_order_id = v.external_id WHERE i.id = $1 ORDER BY v.id LIMIT 200";
}
