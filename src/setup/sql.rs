//! Statements about the installation and its warehouse.

crate::statements! {
    /// What the key of this database is known by; no row before the first start.
    SELECT_INSTALLATION = "SELECT key_fingerprint FROM installation WHERE id = 1";
    /// Marks the first start.
    INSERT_INSTALLATION = "INSERT INTO installation (id, key_fingerprint, first_started_at) VALUES (1, $1, $2)";
    /// Names the warehouse and its time zone, as far as they are given.
    NAME_WAREHOUSE = "UPDATE warehouse SET name = COALESCE($2, name), time_zone = COALESCE($3, time_zone) WHERE id = $1";
    /// The warehouse's time zone.
    SELECT_TIME_ZONE = "SELECT time_zone FROM warehouse WHERE id = $1";
}
