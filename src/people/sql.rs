//! Statements about people and tokens.

crate::statements! {
    /// A person by number.
    SELECT_PERSON = "SELECT id FROM person WHERE warehouse_id = $1 AND number = $2";
    /// A new person.
    INSERT_PERSON = "INSERT INTO person (warehouse_id, number, name, language, created_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (warehouse_id, number) DO NOTHING RETURNING id";
    /// Gives a person a role.
    INSERT_ROLE = "INSERT INTO person_role (person_id, role) VALUES ($1, $2) ON CONFLICT (person_id, role) DO NOTHING";
    /// A new token.
    INSERT_TOKEN = "INSERT INTO token (person_id, name, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5) RETURNING id";
    /// Ends the tokens of a name.
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
