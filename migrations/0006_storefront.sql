-- What storefronts tell us and what we tell them.

CREATE TABLE inbox (
  id {{pk}},
  channel_id {{int}} NOT NULL REFERENCES channel (id),
  dedupe_key TEXT NOT NULL,
  topic TEXT NOT NULL,
  external_order_id TEXT NOT NULL,
  received_at {{int}} NOT NULL,
  -- Sealed; removed after their term. Key and hash stay, so that a repeat is still known.
  headers {{bytes}},
  body {{bytes}},
  body_hash TEXT NOT NULL,
  repeats {{int}} NOT NULL DEFAULT 0,
  state TEXT NOT NULL CONSTRAINT inbox_state CHECK (state IN ('waiting', 'done', 'ignored', 'dead')),
  attempts {{int}} NOT NULL DEFAULT 0,
  next_at {{int}} NOT NULL,
  done_at {{int}},
  -- Why it is dead or was ignored, or why the last attempt failed.
  error TEXT NOT NULL DEFAULT '',
  CONSTRAINT inbox_key UNIQUE (channel_id, dedupe_key)
) {{strict}};
CREATE INDEX inbox_due ON inbox (next_at, id) WHERE state = 'waiting';
CREATE INDEX inbox_order ON inbox (channel_id, external_order_id, id) WHERE state = 'waiting';
CREATE INDEX inbox_kept ON inbox (received_at) WHERE body IS NOT NULL;

-- The order as the storefront last told it: the mirror that differences are taken against.
CREATE TABLE channel_order (
  channel_id {{int}} NOT NULL REFERENCES channel (id),
  external_id TEXT NOT NULL,
  -- NULL for a cancel that came before its order.
  order_id {{int}} REFERENCES customer_order (id),
  -- Sealed canonical JSON.
  canonical {{bytes}},
  -- What the newest telling of the whole order carried: its version (0 for none), and the moment of the change.
  version {{int}} NOT NULL,
  changed_at {{int}} NOT NULL DEFAULT 0,
  -- Whether the storefront holds it, and since when it says so.
  held {{bool}} NOT NULL DEFAULT FALSE,
  held_at {{int}} NOT NULL DEFAULT 0,
  cancelled {{bool}} NOT NULL DEFAULT FALSE,
  PRIMARY KEY (channel_id, external_id)
) {{strict}};

-- Every storefront command gets exactly one verdict.
CREATE TABLE verdict (
  id {{pk}},
  channel_id {{int}} NOT NULL REFERENCES channel (id),
  external_id TEXT NOT NULL,
  command_key TEXT NOT NULL,
  command TEXT NOT NULL,
  verdict TEXT NOT NULL CONSTRAINT verdict_verdict CHECK (verdict IN ('accepted', 'accepted_with_rework', 'refused', 'no_change', 'intercepting')),
  reason TEXT NOT NULL DEFAULT '',
  at {{int}} NOT NULL,
  CONSTRAINT verdict_once UNIQUE (channel_id, command_key)
) {{strict}};

-- Where a channel is told what happened.
CREATE TABLE endpoint (
  id {{pk}},
  channel_id {{int}} NOT NULL REFERENCES channel (id),
  url TEXT NOT NULL,
  -- Sealed JSON list of signing secrets, the newest first.
  secrets {{bytes}} NOT NULL,
  state TEXT NOT NULL DEFAULT 'active' CONSTRAINT endpoint_state CHECK (state IN ('active', 'paused', 'disabled')),
  state_reason TEXT NOT NULL DEFAULT '',
  failures {{int}} NOT NULL DEFAULT 0,
  -- While the breaker is open nothing is sent before this moment.
  open_until {{int}} NOT NULL DEFAULT 0,
  CONSTRAINT endpoint_once UNIQUE (channel_id, url)
) {{strict}};

CREATE TABLE outbox_message (
  id TEXT PRIMARY KEY,
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  endpoint_id {{int}} NOT NULL REFERENCES endpoint (id),
  order_key TEXT NOT NULL,
  seq {{int}} NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL CONSTRAINT outbox_message_state CHECK (state IN ('pending', 'done', 'dead', 'skipped')),
  tries {{int}} NOT NULL DEFAULT 0,
  created_at {{int}} NOT NULL,
  done_at {{int}},
  CONSTRAINT outbox_message_seq UNIQUE (endpoint_id, order_key, seq)
) {{strict}};
CREATE INDEX outbox_message_pending ON outbox_message (endpoint_id, order_key, seq) WHERE state = 'pending';
CREATE INDEX outbox_message_recent ON outbox_message (warehouse_id, created_at);

-- The unit that is scheduled: the messages about one order to one endpoint, strictly in order.
CREATE TABLE outbox_lane (
  endpoint_id {{int}} NOT NULL REFERENCES endpoint (id),
  order_key TEXT NOT NULL,
  last_seq {{int}} NOT NULL,
  pending {{int}} NOT NULL,
  next_at {{int}} NOT NULL,
  leased_until {{int}} NOT NULL DEFAULT 0,
  -- A message that may not be left out is dead: nothing goes on here before a person decides.
  blocked {{bool}} NOT NULL DEFAULT FALSE,
  PRIMARY KEY (endpoint_id, order_key)
) {{strict}};
CREATE INDEX outbox_lane_due ON outbox_lane (endpoint_id, next_at) WHERE pending > 0;

CREATE TABLE outbox_attempt (
  message_id TEXT NOT NULL REFERENCES outbox_message (id),
  n {{int}} NOT NULL,
  at {{int}} NOT NULL,
  status {{int}},
  ms {{int}} NOT NULL,
  response_head TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (message_id, n)
) {{strict}};
