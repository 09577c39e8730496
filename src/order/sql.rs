//! Statements about orders.

crate::statements! {
    /// A channel's rules for orders.
    SELECT_CHANNEL = "SELECT short_policy, ship_within_hours, review_above_minor FROM channel WHERE id = $1";
    /// An active channel by its code.
    SELECT_CHANNEL_ID = "SELECT id FROM channel WHERE warehouse_id = $1 AND code = $2 AND active";
    /// An order of a channel by the shop's id, locked.
    SELECT_BY_EXTERNAL = lite "SELECT id, number, state, hold_reason, held_from, short_policy, version FROM customer_order
        WHERE channel_id = $1 AND external_id = $2"
        pg "SELECT id, number, state, hold_reason, held_from, short_policy, version FROM customer_order
        WHERE channel_id = $1 AND external_id = $2 FOR UPDATE";
    /// An order by id, locked.
    SELECT_LOCKED = lite "SELECT id, number, state, hold_reason, held_from, short_policy, version FROM customer_order
        WHERE warehouse_id = $1 AND id = $2"
        pg "SELECT id, number, state, hold_reason, held_from, short_policy, version FROM customer_order
        WHERE warehouse_id = $1 AND id = $2 FOR UPDATE";
    /// An order's id by its number.
    SELECT_ID_BY_NUMBER = "SELECT id FROM customer_order WHERE warehouse_id = $1 AND number = $2";
    /// A new order; its number follows from its id.
    INSERT_ORDER = "INSERT INTO customer_order (warehouse_id, number, channel_id, external_id, state, hold_reason, held_from, short_policy,
        placed_at, received_at, ship_by, paid, ship_method, carrier_id, currency, total_minor, cash_on_delivery_minor,
        personal, receiver_fingerprint, flags)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
        COALESCE((SELECT carrier_id FROM ship_method WHERE code = $13), (SELECT id FROM carrier WHERE code = $13),
            (SELECT MIN(id) FROM carrier WHERE is_default)), $14, $15, $16, $17, $18, $19)
        RETURNING id";
    /// Gives an order its number.
    SET_NUMBER = "UPDATE customer_order SET number = $2 WHERE id = $1";
    /// Changes what a shop may change of an order.
    UPDATE_ORDER = "UPDATE customer_order SET paid = $2, ship_method = $3, carrier_id = COALESCE((SELECT carrier_id FROM ship_method WHERE code = $3),
        (SELECT id FROM carrier WHERE code = $3), carrier_id), total_minor = $4, cash_on_delivery_minor = $5,
        personal = $6, receiver_fingerprint = $7, flags = $8 WHERE id = $1";
    /// Moves an order on, if it is in one of the states $3 (`,a,b,`).
    ADVANCE = "UPDATE customer_order SET state = $2 WHERE id = $1 AND $3 LIKE '%,' || state || ',%'";
    /// Holds an order.
    SET_HELD = "UPDATE customer_order SET held_from = CASE WHEN state = 'held' THEN held_from ELSE state END, state = 'held',
        hold_reason = $2, hold_note = $3 WHERE id = $1";
    /// Where a held order goes on when its hold ends, if it was held in one of the states $3 (`,a,b,`).
    SET_HELD_FROM = "UPDATE customer_order SET held_from = $2 WHERE id = $1 AND state = 'held' AND $3 LIKE '%,' || held_from || ',%'";
    /// Ends a hold.
    SET_UNHELD = "UPDATE customer_order SET state = $2, hold_reason = '', hold_note = '', held_from = '' WHERE id = $1 AND state = 'held'";
    /// A new promise of when it ships.
    SET_SHIP_BY = "UPDATE customer_order SET ship_by = $2 WHERE id = $1";
    /// Orders with the same receiver and goods since $3, but this one.
    COUNT_SAME = "SELECT COUNT(*) FROM customer_order WHERE warehouse_id = $1 AND receiver_fingerprint = $2 AND received_at >= $3
        AND id <> $4 AND state <> 'cancelled'";
    /// A SKU by its code, or by a barcode of single pieces.
    RESOLVE_SKU = "SELECT id FROM sku WHERE code = $1 AND active
        UNION ALL SELECT sku_id FROM sku_barcode WHERE barcode = $1 AND unit_factor = 1 LIMIT 1";
    /// A new line.
    INSERT_LINE = bulk "INSERT INTO order_line (warehouse_id, order_id, external_id, sku_id, sku_code, quantity, unit_price_minor) VALUES"
        [Int, Int, Text, Int, Text, Int, Int] "";
    /// The lines of an order, by SKU.
    SELECT_LINES = "SELECT id, external_id, sku_id, sku_code, quantity, promised, allocated, shipped, cancelled
        FROM order_line WHERE order_id = $1 ORDER BY sku_id NULLS FIRST, id";
    /// Changes a line's quantity; what isn't wanted any more is not promised any more.
    SET_LINE_QUANTITY = "UPDATE order_line SET quantity = $2, cancelled = 0 WHERE id = $1";
    /// Gives a line the SKU that the catalogue knows by now.
    SET_LINE_SKU = "UPDATE order_line SET sku_id = $2 WHERE id = $1 AND sku_id IS NULL";
    /// Cancels what isn't allocated of an order's lines.
    CANCEL_LINES = "UPDATE order_line SET cancelled = quantity - allocated, promised = 0 WHERE order_id = $1";
    /// Cancels one line, of which nothing is allocated.
    CANCEL_LINE = "UPDATE order_line SET cancelled = quantity, promised = 0 WHERE id = $1 AND allocated = 0";
    /// Sets what is promised to a line.
    SET_PROMISED = "UPDATE order_line SET promised = $2 WHERE id = $1";
    /// Locks a SKU's promises, and reads them.
    LOCK_PROMISE = "INSERT INTO sku_promise (warehouse_id, sku_id, promised) VALUES ($1, $2, 0)
        ON CONFLICT (warehouse_id, sku_id) DO UPDATE SET promised = sku_promise.promised RETURNING promised";
    /// Changes what is promised of a SKU.
    ADD_PROMISED = "UPDATE sku_promise SET promised = promised + $3 WHERE warehouse_id = $1 AND sku_id = $2";
    /// Parcels of an order that is cancelled, locked: their state, and whether a label with a living number is on paper, or may be.
    LOCK_PARCELS = lite "SELECT p.state, EXISTS (SELECT 1 FROM print_job j JOIN waybill w ON w.id = j.waybill_id AND w.state <> 'void'
            WHERE j.parcel_id = p.place_id AND j.state IN ('sending', 'sent', 'in_doubt', 'printed'))
        FROM parcel p WHERE p.order_id = $1 AND p.state <> 'void' ORDER BY p.place_id"
        pg "SELECT p.state, EXISTS (SELECT 1 FROM print_job j JOIN waybill w ON w.id = j.waybill_id AND w.state <> 'void'
            WHERE j.parcel_id = p.place_id AND j.state IN ('sending', 'sent', 'in_doubt', 'printed'))
        FROM parcel p WHERE p.order_id = $1 AND p.state <> 'void' ORDER BY p.place_id FOR UPDATE OF p";
    /// Parcels of an order by state.
    SELECT_PARCEL_STATES = "SELECT state FROM parcel WHERE order_id = $1 AND state <> 'void'";
    /// Orders that wait for stock, the first promised first.
    SELECT_SHORT = "SELECT id FROM customer_order WHERE warehouse_id = $1 AND state = 'short' AND id > $2 ORDER BY id LIMIT $3";
    /// An order as a screen shows it.
    SELECT_VIEW = "SELECT o.id, o.number, o.state, o.external_id, c.code, o.hold_reason, o.hold_note, o.short_policy, o.priority,
        o.placed_at, o.received_at, o.ship_by, o.paid, o.ship_method, o.currency, o.total_minor, o.cash_on_delivery_minor, o.flags,
        o.version, o.personal
        FROM customer_order o JOIN channel c ON c.id = o.channel_id WHERE o.warehouse_id = $1 AND o.id = $2";
    /// A page of orders.
    LIST = "SELECT o.id, o.number, o.state, o.external_id, c.code, o.hold_reason, o.ship_by, o.received_at
        FROM customer_order o JOIN channel c ON c.id = o.channel_id
        WHERE o.warehouse_id = $1 AND ($2 = '' OR o.state = $2) AND ($3 = '' OR c.code = $3) AND ($4 = '' OR o.external_id = $4)
        AND ($5 = 0 OR o.ship_by <= $5) AND o.id > $6 ORDER BY o.id LIMIT $7";
}
