//! Statements about people and tokens.

crate::statements! {
    /// A person by number.
    SELECT_PERSON = "SELECT id FROM person WHERE warehouse_id = $1 AND number = $2";
    /// A new person.
    INSERT_PERSON = "INSERT INTO person (warehouse_id, number, name, language, created_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (warehouse_id, number) DO NOTHING RETURNING id";
    /// Gives a person a role.
    INSERT_ROLE = "INSERT INTO person_role (person_id, role) VALUES ($1, $2) ON CONFLICT (person_id, role) DO NOTHING";
    /// Takes all roles from a person.
    DELETE_ROLES = "DELETE FROM person_role WHERE person_id = $1";
    /// A person by id, locked.
    SELECT_LOCKED = lite "SELECT number, active FROM person WHERE warehouse_id = $1 AND id = $2"
        pg "SELECT number, active FROM person WHERE warehouse_id = $1 AND id = $2 FOR NO KEY UPDATE";
    /// Whether a person works here.
    SET_ACTIVE = "UPDATE person SET active = $2 WHERE id = $1";
    /// Ends all tokens of a person.
    REVOKE_ALL_OF = "UPDATE token SET revoked_at = $2 WHERE person_id = $1 AND revoked_at IS NULL";
    /// A page of people.
    LIST = "SELECT p.id, p.number, p.name, p.language, p.active, p.created_at FROM person p
        WHERE p.warehouse_id = $1 AND p.id > $2 ORDER BY p.id LIMIT $3";
    /// Roles of a page of people.
    LIST_ROLES = "SELECT r.person_id, r.role FROM person_role r JOIN person p ON p.id = r.person_id
        WHERE p.warehouse_id = $1 AND p.id > $2 AND p.id <= $3 ORDER BY r.person_id, r.role";
    /// Whether a token is of this warehouse.
    SELECT_TOKEN_NAME = "SELECT t.name FROM token t JOIN person p ON p.id = t.person_id WHERE p.warehouse_id = $1 AND t.id = $2";
    /// A new token.
    INSERT_TOKEN = "INSERT INTO token (person_id, name, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5) RETURNING id";
    /// Ends a token.
    REVOKE_TOKEN = "UPDATE token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    /// Who a token speaks for.
    SELECT_TOKEN = "SELECT p.id, p.warehouse_id, p.number, t.expires_at FROM token t JOIN person p ON p.id = t.person_id
        WHERE t.hash = $1 AND t.revoked_at IS NULL AND p.active";
    /// A person's roles.
    SELECT_ROLES = "SELECT role FROM person_role WHERE person_id = $1 ORDER BY role";
    /// Every token, without its secret.
    LIST_TOKENS = "SELECT t.id, t.name, p.number, t.created_at, t.expires_at, t.revoked_at
        FROM token t JOIN person p ON p.id = t.person_id WHERE p.warehouse_id = $1 ORDER BY t.id";
}
