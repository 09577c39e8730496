//! Statements of carriers, manifests and the hand-over.

crate::statements! {
    /// Makes a carrier, or changes it.
    PUT_CARRIER = "INSERT INTO carrier (code, name_en, name_zh, tracking_url, is_default) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (code) DO UPDATE SET name_en = excluded.name_en, name_zh = excluded.name_zh, tracking_url = excluded.tracking_url,
        is_default = excluded.is_default RETURNING id";
    /// Only one carrier is the default.
    CLEAR_DEFAULT = "UPDATE carrier SET is_default = FALSE WHERE is_default AND code <> $1";
    /// A carrier by its code.
    SELECT_CARRIER = "SELECT id, code FROM carrier WHERE code = $1";
    /// Every carrier, with its numbers that are free.
    LIST_CARRIERS = "SELECT c.id, c.code, c.name_en, c.name_zh, c.tracking_url, c.is_default,
        (SELECT COUNT(*) FROM waybill w WHERE w.carrier_id = c.id AND w.state IN ('free', 'recycled')) FROM carrier c ORDER BY c.code";
    /// What a shop's ship method means.
    PUT_SHIP_METHOD = "INSERT INTO ship_method (code, carrier_id) VALUES ($1, $2)
        ON CONFLICT (code) DO UPDATE SET carrier_id = excluded.carrier_id";
    /// It means nothing any more.
    REMOVE_SHIP_METHOD = "DELETE FROM ship_method WHERE code = $1";
    /// Every ship method.
    LIST_SHIP_METHODS = "SELECT m.code, c.code FROM ship_method m JOIN carrier c ON c.id = m.carrier_id ORDER BY m.code";
    /// A new manifest; its number follows from its id.
    INSERT_MANIFEST = "INSERT INTO manifest (warehouse_id, number, carrier_id, state, created_at) VALUES ($1, $2, $3, 'open', $4) RETURNING id";
    /// Gives a manifest its number.
    SET_NUMBER = "UPDATE manifest SET number = $2 WHERE id = $1";
    /// A manifest, locked.
    SELECT_MANIFEST = lite "SELECT m.id, m.number, m.state, m.carrier_id, c.code, c.tracking_url FROM manifest m JOIN carrier c ON c.id = m.carrier_id
        WHERE m.warehouse_id = $1 AND m.id = $2"
        pg "SELECT m.id, m.number, m.state, m.carrier_id, c.code, c.tracking_url FROM manifest m JOIN carrier c ON c.id = m.carrier_id
        WHERE m.warehouse_id = $1 AND m.id = $2 FOR UPDATE OF m";
    /// A waybill number, with its carrier and parcel.
    SELECT_NUMBER = "SELECT w.id, w.number, w.state, w.carrier_id, c.code, w.parcel_id, p.order_id FROM waybill w
        JOIN carrier c ON c.id = w.carrier_id LEFT JOIN parcel p ON p.place_id = w.parcel_id
        WHERE w.number = $2 AND (p.warehouse_id IS NULL OR p.warehouse_id = $1)";
    /// A parcel's state and number, locked.
    LOCK_PARCEL = lite "SELECT number, state, weight_grams FROM parcel WHERE place_id = $1"
        pg "SELECT number, state, weight_grams FROM parcel WHERE place_id = $1 FOR UPDATE";
    /// The manifest that a parcel is on.
    SELECT_MANIFEST_OF = "SELECT m.id, m.number FROM manifest_parcel mp JOIN manifest m ON m.id = mp.manifest_id WHERE mp.parcel_id = $1";
    /// Why an order is held.
    SELECT_HOLD = "SELECT hold_reason FROM customer_order WHERE id = $1";
    /// What lies in a parcel, as the rule of eligible stock sees it.
    SELECT_CONTENT = "SELECT l.number, c.status, l.status, l.expires_at FROM stock_cell c JOIN lot l ON l.id = c.lot_id
        WHERE c.warehouse_id = (SELECT p.warehouse_id FROM parcel p WHERE p.place_id = $1) AND c.place_id = $1 AND c.on_hand > 0 ORDER BY c.id";
    /// A parcel goes on a manifest.
    INSERT_PARCEL = "INSERT INTO manifest_parcel (manifest_id, parcel_id, scanned_at, scanned_by) VALUES ($1, $2, $3, $4)";
    /// How many parcels a manifest has, and their weight.
    COUNT_PARCELS = "SELECT COUNT(*), CAST(COALESCE(SUM(p.weight_grams), 0) AS BIGINT) FROM manifest_parcel mp
        JOIN parcel p ON p.place_id = mp.parcel_id WHERE mp.manifest_id = $1";
    /// A parcel leaves a manifest.
    DELETE_PARCEL = "DELETE FROM manifest_parcel WHERE manifest_id = $1 AND parcel_id = $2";
    /// All parcels leave a manifest.
    DELETE_PARCELS = "DELETE FROM manifest_parcel WHERE manifest_id = $1";
    /// Gives a manifest up.
    SET_CANCELLED = "UPDATE manifest SET state = 'cancelled' WHERE id = $1 AND state = 'open'";
    /// A manifest's parcels are the carrier's.
    SET_HANDED_OVER = "UPDATE manifest SET state = 'handed_over', handed_over_at = $2, taken_by = $3, signature = $4 WHERE id = $1 AND state = 'open'";
    /// Locks the orders of a manifest, in order.
    LOCK_ORDERS = lite "SELECT o.id, o.number, o.state, o.hold_reason FROM customer_order o WHERE o.id IN
        (SELECT p.order_id FROM manifest_parcel mp JOIN parcel p ON p.place_id = mp.parcel_id WHERE mp.manifest_id = $1) ORDER BY o.id"
        pg "SELECT o.id, o.number, o.state, o.hold_reason FROM customer_order o WHERE o.id IN
        (SELECT p.order_id FROM manifest_parcel mp JOIN parcel p ON p.place_id = mp.parcel_id WHERE mp.manifest_id = $1) ORDER BY o.id FOR UPDATE";
    /// The parcels of a manifest, locked.
    SELECT_PARCELS = lite "SELECT p.place_id, p.number, p.state, p.order_id, w.id, w.number FROM manifest_parcel mp
        JOIN parcel p ON p.place_id = mp.parcel_id JOIN waybill w ON w.parcel_id = p.place_id AND w.state = 'printed'
        WHERE mp.manifest_id = $1 ORDER BY p.place_id"
        pg "SELECT p.place_id, p.number, p.state, p.order_id, w.id, w.number FROM manifest_parcel mp
        JOIN parcel p ON p.place_id = mp.parcel_id JOIN waybill w ON w.parcel_id = p.place_id AND w.state = 'printed'
        WHERE mp.manifest_id = $1 ORDER BY p.place_id FOR UPDATE OF p, w";
    /// What was packed into a manifest's parcels.
    SELECT_LINES = "SELECT pl.parcel_id, pl.order_line_id, ol.external_id, ol.sku_code, pl.sku_id, pl.lot_id, pl.allocation_id, pl.quantity
        FROM manifest_parcel mp JOIN parcel_line pl ON pl.parcel_id = mp.parcel_id JOIN order_line ol ON ol.id = pl.order_line_id
        WHERE mp.manifest_id = $1 ORDER BY pl.parcel_id, pl.allocation_id";
    /// What lies in a manifest's parcels, locked.
    SELECT_CELLS = lite "SELECT c.place_id, c.lot_id, l.number, c.status, l.status, l.expires_at, c.on_hand, c.reserved
        FROM stock_cell c JOIN lot l ON l.id = c.lot_id
        WHERE c.on_hand > 0 AND c.warehouse_id = (SELECT m.warehouse_id FROM manifest m WHERE m.id = $1)
        AND c.place_id IN (SELECT parcel_id FROM manifest_parcel WHERE manifest_id = $1) ORDER BY c.id"
        pg "SELECT c.place_id, c.lot_id, l.number, c.status, l.status, l.expires_at, c.on_hand, c.reserved
        FROM stock_cell c JOIN lot l ON l.id = c.lot_id
        WHERE c.on_hand > 0 AND c.warehouse_id = (SELECT m.warehouse_id FROM manifest m WHERE m.id = $1)
        AND c.place_id IN (SELECT parcel_id FROM manifest_parcel WHERE manifest_id = $1) ORDER BY c.id FOR UPDATE OF c FOR SHARE OF l";
    /// A manifest's parcels are with the carrier.
    PARCELS_HANDED_OVER = "UPDATE parcel SET state = 'handed_over', handed_over_at = $2 WHERE state = 'label_printed'
        AND place_id IN (SELECT parcel_id FROM manifest_parcel WHERE manifest_id = $1)";
    /// So are their numbers.
    WAYBILLS_HANDED_OVER = "UPDATE waybill SET state = 'handed_over' WHERE state = 'printed'
        AND parcel_id IN (SELECT parcel_id FROM manifest_parcel WHERE manifest_id = $1)";
    /// Order lines have shipped what was in the parcels.
    LINES_SHIPPED = "UPDATE order_line SET shipped = order_line.shipped + a.quantity FROM (SELECT pl.order_line_id, CAST(SUM(pl.quantity) AS BIGINT) AS quantity
        FROM manifest_parcel mp JOIN parcel_line pl ON pl.parcel_id = mp.parcel_id WHERE mp.manifest_id = $1 GROUP BY pl.order_line_id) a
        WHERE order_line.id = a.order_line_id";
    /// What a manifest's orders still wait for: parcels that are still here, pieces given to them and not shipped, and pieces
    /// that nobody has given them.
    SELECT_REST = "SELECT o.id, (SELECT COUNT(*) FROM parcel p WHERE p.order_id = o.id AND p.state NOT IN ('handed_over', 'void')),
        CAST(COALESCE(SUM(l.allocated - l.shipped), 0) AS BIGINT), CAST(COALESCE(SUM(l.quantity - l.cancelled - l.allocated), 0) AS BIGINT)
        FROM customer_order o JOIN order_line l ON l.order_id = o.id
        WHERE o.id IN (SELECT p.order_id FROM manifest_parcel mp JOIN parcel p ON p.place_id = mp.parcel_id WHERE mp.manifest_id = $1)
        GROUP BY o.id ORDER BY o.id";
    /// An order is done with its wave.
    WAVE_DONE = "UPDATE wave_order SET state = 'done' WHERE order_id = $1 AND state = 'in'";
    /// A manifest for a screen.
    SELECT_VIEW = "SELECT m.id, m.number, m.state, c.code, c.name_en, c.name_zh, m.created_at, m.handed_over_at, m.taken_by,
        (SELECT COUNT(*) FROM manifest_parcel mp WHERE mp.manifest_id = m.id),
        (SELECT CAST(COALESCE(SUM(p.weight_grams), 0) AS BIGINT) FROM manifest_parcel mp JOIN parcel p ON p.place_id = mp.parcel_id WHERE mp.manifest_id = m.id),
        CASE WHEN m.signature IS NULL THEN '' ELSE 'svg' END
        FROM manifest m JOIN carrier c ON c.id = m.carrier_id
        WHERE m.warehouse_id = $1 AND ($2 = 0 OR m.id = $2) AND ($3 = '' OR m.state = $3) AND ($4 = '' OR c.code = $4) AND ($5 = 0 OR m.id < $5)
        ORDER BY m.id DESC LIMIT $6";
    /// The parcels of a manifest for its list.
    LIST_PARCELS = "SELECT p.place_id, p.number, COALESCE(w.number, ''), o.number, p.weight_grams, mp.scanned_at, e.number
        FROM manifest_parcel mp JOIN parcel p ON p.place_id = mp.parcel_id JOIN customer_order o ON o.id = p.order_id
        JOIN person e ON e.id = mp.scanned_by
        LEFT JOIN waybill w ON w.parcel_id = p.place_id AND w.state IN ('bound', 'printed', 'handed_over', 'intercepting')
        WHERE mp.manifest_id = $1 ORDER BY mp.scanned_at, p.place_id";
    /// The signature of who took a manifest's parcels, sealed.
    SELECT_SIGNATURE = "SELECT signature FROM manifest WHERE warehouse_id = $1 AND id = $2";
}
