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
    SELECT_TOKEN = "SELECT p.id, p.warehouse_id, p.number, p.name, p.language, t.expires_at FROM token t JOIN person p ON p.id = t.person_id
        WHERE t.hash = $1 AND t.revoked_at IS NULL AND p.active";
    /// Who sits behind a cookie.
    SELECT_SESSION = "SELECT s.id, p.id, p.warehouse_id, p.number, p.name, p.language, p.theme, p.hand, s.way, s.station, s.seen_at, s.expires_at
        FROM session s JOIN person p ON p.id = s.person_id WHERE s.hash = $1 AND s.ended_at IS NULL AND p.active";
    /// A person's roles, with their rights where the firm changed them.
    SELECT_ROLES = "SELECT r.role, c.rights FROM person_role r JOIN person p ON p.id = r.person_id
        LEFT JOIN role_rights c ON c.warehouse_id = p.warehouse_id AND c.role = r.role WHERE r.person_id = $1 ORDER BY r.role";
    /// Roles whose rights the firm changed.
    SELECT_CHANGED_ROLES = "SELECT role, rights FROM role_rights WHERE warehouse_id = $1 ORDER BY role";
    /// Changes what a role may do.
    PUT_RIGHTS = "INSERT INTO role_rights (warehouse_id, role, rights) VALUES ($1, $2, $3)
        ON CONFLICT (warehouse_id, role) DO UPDATE SET rights = excluded.rights";
    /// Gives a role back what the program gives it.
    DELETE_RIGHTS = "DELETE FROM role_rights WHERE warehouse_id = $1 AND role = $2";
    /// All that an attempt to log in must know, by number.
    SELECT_LOGIN_BY_NUMBER = "SELECT id, warehouse_id, number, active, password_hash, pin_hash, blocked_until FROM person WHERE number = $1 AND id <> 1 ORDER BY id LIMIT 1";
    /// The same, by badge.
    SELECT_LOGIN_BY_BADGE = "SELECT id, warehouse_id, number, active, password_hash, pin_hash, blocked_until FROM person WHERE badge_hash = $1 AND id <> 1";
    /// Counts an attempt before it is looked at, so that many at once count too.
    COUNT_ATTEMPT = "UPDATE person SET failed_attempts = failed_attempts + 1 WHERE id = $1 AND blocked_until <= $2 RETURNING failed_attempts";
    /// No attempt is looked at before this moment.
    BLOCK = "UPDATE person SET blocked_until = $2 WHERE id = $1 AND blocked_until < $2";
    /// An attempt was right.
    FORGIVE = "UPDATE person SET failed_attempts = 0, blocked_until = 0 WHERE id = $1 AND failed_attempts > 0";
    /// A new session.
    INSERT_SESSION = "INSERT INTO session (person_id, hash, way, device, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $5, $6) RETURNING id";
    /// Somebody is still there.
    TOUCH_SESSION = "UPDATE session SET seen_at = $2 WHERE id = $1 AND seen_at < $2";
    /// The browser stands at a station.
    SET_SESSION_STATION = "UPDATE session SET station = $2 WHERE id = $1 AND ended_at IS NULL";
    /// Ends a session.
    END_SESSION = "UPDATE session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    /// Ends a session by its cookie.
    END_SESSION_BY_HASH = "UPDATE session SET ended_at = $2 WHERE hash = $1 AND ended_at IS NULL RETURNING person_id, id";
    /// Ends all sessions of a person.
    END_SESSIONS_OF = "UPDATE session SET ended_at = $2 WHERE person_id = $1 AND ended_at IS NULL";
    /// Whose a session is.
    SELECT_SESSION_PERSON = "SELECT p.id FROM session s JOIN person p ON p.id = s.person_id WHERE p.warehouse_id = $1 AND s.id = $2";
    /// Sessions that are open.
    LIST_SESSIONS = "SELECT s.id, p.number, s.way, s.device, s.station, s.created_at, s.seen_at, s.expires_at
        FROM session s JOIN person p ON p.id = s.person_id WHERE p.warehouse_id = $1 AND s.ended_at IS NULL AND s.expires_at > $2 ORDER BY s.seen_at DESC, s.id LIMIT 1000";
    /// A new password.
    SET_PASSWORD = "UPDATE person SET password_hash = $2 WHERE id = $1";
    /// A new PIN.
    SET_PIN = "UPDATE person SET pin_hash = $2 WHERE id = $1";
    /// A new badge; the old one is worth nothing any more.
    SET_BADGE = "UPDATE person SET badge_hash = $2 WHERE id = $1";
    /// Nothing lets the person in any more.
    CLEAR_CREDENTIALS = "UPDATE person SET password_hash = '', pin_hash = '', badge_hash = '' WHERE id = $1";
    /// What a person knows, to be compared.
    SELECT_PASSWORD = "SELECT password_hash, blocked_until FROM person WHERE id = $1";
    /// What a person knows, with their number.
    SELECT_SECRETS = "SELECT number, password_hash, pin_hash FROM person WHERE warehouse_id = $1 AND id = $2";
    /// How a person's screens look.
    SET_PREFERENCES = "UPDATE person SET language = $2, theme = $3, hand = $4 WHERE id = $1";
    /// Every token, without its secret.
    LIST_TOKENS = "SELECT t.id, t.name, p.number, t.created_at, t.expires_at, t.revoked_at
        FROM token t JOIN person p ON p.id = t.person_id WHERE p.warehouse_id = $1 ORDER BY t.id";
}
