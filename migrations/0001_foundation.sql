-- Warehouses, people, and the journal of operations and events.
-- Tokens: {{pk}} {{int}} {{bool}} {{bytes}} {{strict}}; blocks: --@sqlite, --@pg, --@end.

-- One row, made on the first start. The fingerprint tells whether a key file is the one of this database.
CREATE TABLE installation (
  id {{int}} PRIMARY KEY CONSTRAINT installation_one CHECK (id = 1),
  key_fingerprint TEXT NOT NULL,
  first_started_at {{int}} NOT NULL
) {{strict}};

CREATE TABLE warehouse (
  id {{pk}},
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  time_zone TEXT NOT NULL
) {{strict}};

CREATE TABLE person (
  id {{pk}},
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  number TEXT NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL DEFAULT 'en' CONSTRAINT person_language CHECK (language IN ('en', 'zh-CN')),
  active {{bool}} NOT NULL DEFAULT TRUE,
  created_at {{int}} NOT NULL,
  -- Argon2id of what they know, SHA-256 of what their badge says; empty where they have none.
  password_hash TEXT NOT NULL DEFAULT '',
  pin_hash TEXT NOT NULL DEFAULT '',
  badge_hash TEXT NOT NULL DEFAULT '',
  -- Attempts to log in since the last that was right, and until when no other is looked at.
  failed_attempts {{int}} NOT NULL DEFAULT 0,
  blocked_until {{int}} NOT NULL DEFAULT 0,
  -- How their screens look: the theme (empty for the screen's own), and the hand that holds the handheld.
  theme TEXT NOT NULL DEFAULT '' CONSTRAINT person_theme CHECK (theme IN ('', 'dark', 'light')),
  hand TEXT NOT NULL DEFAULT 'right' CONSTRAINT person_hand CHECK (hand IN ('right', 'left')),
  CONSTRAINT person_number UNIQUE (warehouse_id, number)
) {{strict}};
CREATE UNIQUE INDEX person_badge ON person (badge_hash) WHERE badge_hash <> '';

CREATE TABLE person_role (
  person_id {{int}} NOT NULL REFERENCES person (id),
  role TEXT NOT NULL,
  PRIMARY KEY (person_id, role)
) {{strict}};

-- What a role may do, where the firm changed it: a JSON list of rights. Other roles have what the program gives them.
CREATE TABLE role_rights (
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  role TEXT NOT NULL,
  rights TEXT NOT NULL,
  PRIMARY KEY (warehouse_id, role)
) {{strict}};

-- Somebody at a screen: only the SHA-256 of the cookie is kept.
CREATE TABLE session (
  id {{pk}},
  person_id {{int}} NOT NULL REFERENCES person (id),
  hash TEXT NOT NULL UNIQUE,
  way TEXT NOT NULL CONSTRAINT session_way CHECK (way IN ('badge', 'password')),
  -- What the browser calls itself.
  device TEXT NOT NULL,
  -- The station that the browser stands at; empty for none.
  station TEXT NOT NULL DEFAULT '',
  created_at {{int}} NOT NULL,
  seen_at {{int}} NOT NULL,
  expires_at {{int}} NOT NULL,
  ended_at {{int}}
) {{strict}};
CREATE INDEX session_person ON session (person_id) WHERE ended_at IS NULL;

-- An API token: only its SHA-256 is kept.
CREATE TABLE token (
  id {{pk}},
  person_id {{int}} NOT NULL REFERENCES person (id),
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  created_at {{int}} NOT NULL,
  expires_at {{int}},
  revoked_at {{int}}
) {{strict}};

-- Tables that every scan writes to refer only to the rows that they are about. A reference to a warehouse or a person would
-- lock that one row for everybody at once; and what a row repeats of its parents is proved by `tallyman verify` instead.
CREATE TABLE operation (
  key TEXT PRIMARY KEY,
  warehouse_id {{int}} NOT NULL,
  kind TEXT NOT NULL,
  input_hash TEXT NOT NULL,
  answer TEXT NOT NULL,
  person_id {{int}} NOT NULL,
  at {{int}} NOT NULL
) {{strict}};

CREATE TABLE event (
  id {{pk}},
  warehouse_id {{int}} NOT NULL,
  at {{int}} NOT NULL,
  person_id {{int}} NOT NULL,
  kind TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject_id {{int}} NOT NULL,
  operation_key TEXT NOT NULL,
  data TEXT NOT NULL
--@pg
  , transaction_id BIGINT NOT NULL DEFAULT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)
--@end
) {{strict}};
-- What needs somebody is found without reading the whole day.
CREATE INDEX event_exception ON event (warehouse_id, id) WHERE kind IN ('help.called', 'pick.short', 'parcel.weight_held', 'login.failed', 'count.requested');
CREATE INDEX event_subject ON event (warehouse_id, subject_kind, subject_id, id);

--@sqlite
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
--@pg
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION append_only();
--@end

INSERT INTO warehouse (id, code, name, time_zone) VALUES (1, 'MAIN', 'Main warehouse', 'Asia/Shanghai');
-- Person 1 is the program itself.
INSERT INTO person (id, warehouse_id, number, name, created_at) VALUES (1, 1, 'SYSTEM', 'Tallyman', 0);
--@pg
SELECT setval(pg_get_serial_sequence('warehouse', 'id'), 1);
SELECT setval(pg_get_serial_sequence('person', 'id'), 1);
--@end
