//! Statements about places.

crate::statements! {
    /// New zones.
    INSERT_ZONES = bulk "INSERT INTO zone (warehouse_id, code) VALUES" [Int, Text] "ON CONFLICT (warehouse_id, code) DO NOTHING";
    /// Zones by code.
    SELECT_ZONES = "SELECT code, id FROM zone WHERE warehouse_id = $1";
    /// New places; known ones stay.
    INSERT_PLACES = bulk "INSERT INTO place (warehouse_id, kind, code) VALUES" [Int, Text, Text] "ON CONFLICT (warehouse_id, code) DO NOTHING";
    /// Places by code.
    PLACES_BY_CODE = bulk "SELECT p.code, p.id, p.kind FROM (VALUES" [Int, Text] ") AS v JOIN place p ON p.warehouse_id = v.column1 AND p.code = v.column2";
    /// New and changed locations.
    UPSERT_LOCATIONS = bulk "INSERT INTO location (place_id, warehouse_id, zone_id, aisle, position, walk_order, check_digits, pickable) VALUES"
        [Int, Int, Int, Text, Int, Int, Text, Bool]
        "ON CONFLICT (place_id) DO UPDATE SET zone_id = excluded.zone_id, aisle = excluded.aisle, position = excluded.position,
        walk_order = excluded.walk_order, check_digits = excluded.check_digits, pickable = excluded.pickable, active = TRUE";
    /// New carts, and other numbers of positions.
    UPSERT_CARTS = bulk "INSERT INTO cart (place_id, positions) VALUES" [Int, Int] "ON CONFLICT (place_id) DO UPDATE SET positions = excluded.positions";
    /// A place by code.
    SELECT_PLACE = "SELECT id, kind, code FROM place WHERE warehouse_id = $1 AND code = $2";
    /// A place by its id.
    SELECT_PLACE_BY_ID = "SELECT id, kind, code FROM place WHERE id = $1";
    /// A page of locations along the walk.
    LIST = "SELECT p.id, p.code, z.code, l.aisle, l.position, l.walk_order, l.check_digits, l.pickable, l.active
        FROM location l JOIN place p ON p.id = l.place_id JOIN zone z ON z.id = l.zone_id
        WHERE l.warehouse_id = $1 AND (l.walk_order > $2 OR (l.walk_order = $2 AND p.id > $3)) ORDER BY l.walk_order, p.id LIMIT $4";
    /// Whether orders are picked from a location.
    SET_PICKABLE = "UPDATE location SET pickable = $2, active = $3 WHERE place_id = $1";
}
