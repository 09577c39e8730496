//! Statements of looking up.

crate::statements! {
    /// Whether orders are picked from a location, and whether it is in use.
    SELECT_LOCATION = "SELECT pickable, active FROM location WHERE place_id = $1";
    /// Where a lot lies: by its number or the supplier's, of a SKU or of any where it is 0.
    LIST_OF_LOT = "SELECT c.id, s.code, p.code, p.kind, l.number, c.status, l.status, l.received_at, l.expires_at, c.on_hand, c.reserved
        FROM lot l JOIN stock_cell c ON c.lot_id = l.id AND c.on_hand > 0 JOIN sku s ON s.id = c.sku_id JOIN place p ON p.id = c.place_id
        WHERE l.warehouse_id = $1 AND ($2 = 0 OR l.sku_id = $2) AND (l.number = $3 OR UPPER(l.supplier_lot) = $3) ORDER BY c.id LIMIT 1000";
    /// A parcel with its order, and its number.
    SELECT_PARCEL = "SELECT p.place_id, p.number, p.state, w.number, o.id, o.number, o.state, o.ship_by FROM parcel p JOIN customer_order o ON o.id = p.order_id
        LEFT JOIN waybill w ON w.parcel_id = p.place_id AND w.state IN ('held', 'bound', 'printed', 'handed_over', 'intercepting')
        WHERE p.warehouse_id = $1 AND p.place_id = $2";
    /// The parcel that has or had a number.
    SELECT_WAYBILL = "SELECT state, parcel_id FROM waybill WHERE number = $1";
    /// An order.
    SELECT_ORDER = "SELECT id, number, state, ship_by FROM customer_order WHERE warehouse_id = $1 AND id = $2";
    /// Pieces that an order wants in all.
    COUNT_PIECES = "SELECT CAST(COALESCE(SUM(a.quantity - a.short - a.taken_out), 0) AS BIGINT) FROM order_line ol
        JOIN allocation a ON a.order_line_id = ol.id WHERE ol.order_id = $1";
}
