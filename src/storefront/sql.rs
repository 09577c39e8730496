//! Statements about channels and endpoints.

crate::statements! {
    /// A channel by its code, locked.
    LOCK_CHANNEL = lite "SELECT id, code, adapter, secrets FROM channel WHERE warehouse_id = $1 AND code = $2"
        pg "SELECT id, code, adapter, secrets FROM channel WHERE warehouse_id = $1 AND code = $2 FOR UPDATE";
    /// A channel as deliveries need it.
    SELECT_RECEIVER = "SELECT id, warehouse_id, adapter, secrets FROM channel WHERE code = $1";
    /// A channel's id by its code.
    SELECT_CHANNEL_ID = "SELECT id FROM channel WHERE warehouse_id = $1 AND code = $2";
    /// Makes a channel, or changes the one with this code.
    PUT_CHANNEL = "INSERT INTO channel (warehouse_id, code, name, adapter, secrets, short_policy, ship_within_hours, review_above_minor)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (code) DO UPDATE SET name = excluded.name, adapter = excluded.adapter,
        secrets = excluded.secrets, short_policy = excluded.short_policy, ship_within_hours = excluded.ship_within_hours,
        review_above_minor = excluded.review_above_minor RETURNING id";
    /// Whether a channel has orders.
    COUNT_ORDERS = "SELECT COUNT(*) FROM (SELECT 1 FROM customer_order WHERE channel_id = $1 LIMIT 1) found";
    /// Changes a channel's secrets.
    SET_CHANNEL_SECRETS = "UPDATE channel SET secrets = $2 WHERE id = $1";
    /// Pauses or resumes a channel.
    SET_CHANNEL_ACTIVE = "UPDATE channel SET active = $2 WHERE id = $1";
    /// Every channel.
    LIST_CHANNELS = "SELECT c.id, c.code, c.name, c.adapter, c.short_policy, c.ship_within_hours, c.review_above_minor, c.active,
        (SELECT COUNT(*) FROM inbox i WHERE i.channel_id = c.id AND i.state = 'waiting') AS waiting,
        (SELECT COUNT(*) FROM inbox i WHERE i.channel_id = c.id AND i.state = 'dead') AS dead,
        (SELECT MAX(i.received_at) FROM inbox i WHERE i.channel_id = c.id) AS last_received
        FROM channel c WHERE c.warehouse_id = $1 ORDER BY c.code";
    /// Makes an endpoint; an address that the channel has already stays what it is.
    INSERT_ENDPOINT = "INSERT INTO endpoint (channel_id, url, secrets) VALUES ($1, $2, $3) ON CONFLICT (channel_id, url) DO NOTHING RETURNING id";
    /// An endpoint by channel and address.
    SELECT_ENDPOINT_ID = "SELECT id FROM endpoint WHERE channel_id = $1 AND url = $2";
    /// An endpoint, locked.
    LOCK_ENDPOINT = lite "SELECT e.id, e.url, e.secrets, e.state FROM endpoint e JOIN channel c ON c.id = e.channel_id
        WHERE c.warehouse_id = $1 AND e.id = $2"
        pg "SELECT e.id, e.url, e.secrets, e.state FROM endpoint e JOIN channel c ON c.id = e.channel_id
        WHERE c.warehouse_id = $1 AND e.id = $2 FOR UPDATE OF e";
    /// Changes an endpoint's secrets.
    SET_ENDPOINT_SECRETS = "UPDATE endpoint SET secrets = $2 WHERE id = $1";
    /// Changes whether an endpoint is told.
    SET_ENDPOINT_STATE = "UPDATE endpoint SET state = $2, state_reason = $3, failures = 0, open_until = 0 WHERE id = $1";
    /// Every endpoint with what waits for it.
    LIST_ENDPOINTS = "SELECT e.id, c.code, e.url, e.state, e.state_reason, e.failures, e.open_until,
        (SELECT CAST(COALESCE(SUM(l.pending), 0) AS BIGINT) FROM outbox_lane l WHERE l.endpoint_id = e.id) AS pending,
        (SELECT COUNT(*) FROM outbox_lane l WHERE l.endpoint_id = e.id AND l.blocked) AS blocked
        FROM endpoint e JOIN channel c ON c.id = e.channel_id
        WHERE c.warehouse_id = $1 AND ($2 = '' OR c.code = $2) ORDER BY e.id";
}
