-- Carriers, storefront channels, customers' orders.

CREATE TABLE carrier (
  id {{pk}},
  code TEXT NOT NULL UNIQUE,
  name_en TEXT NOT NULL DEFAULT '',
  name_zh TEXT NOT NULL DEFAULT '',
  -- Where a buyer follows the parcel; {number} stands for the waybill number.
  tracking_url TEXT NOT NULL DEFAULT '',
  is_default {{bool}} NOT NULL DEFAULT FALSE,
  CONSTRAINT carrier_name CHECK (name_en <> '' OR name_zh <> '')
) {{strict}};

-- Which carrier a shop's ship method means; the carrier's own code needs no row.
CREATE TABLE ship_method (
  code TEXT PRIMARY KEY,
  carrier_id {{int}} NOT NULL REFERENCES carrier (id)
) {{strict}};

-- A connected storefront.
CREATE TABLE channel (
  id {{pk}},
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  adapter TEXT NOT NULL CONSTRAINT channel_adapter CHECK (adapter IN ('standard', 'woocommerce', 'medusa', 'vendure', 'api')),
  -- Sealed JSON list of the secrets that are valid now (two while one is being changed).
  secrets {{bytes}} NOT NULL,
  short_policy TEXT NOT NULL DEFAULT 'wait' CONSTRAINT channel_short_policy CHECK (short_policy IN ('part', 'wait', 'cancel')),
  -- Hours from acceptance to the promised ship-by time.
  ship_within_hours {{int}} NOT NULL DEFAULT 24 CONSTRAINT channel_ship_within CHECK (ship_within_hours > 0),
  -- Orders above this value are held for review, in minor units of their currency; 0 for never.
  review_above_minor {{int}} NOT NULL DEFAULT 0,
  -- Deliveries of a channel that isn't active are kept, and applied once it is active again.
  active {{bool}} NOT NULL DEFAULT TRUE
) {{strict}};
-- Orders that come in by the API or by file, where nothing else is said.
INSERT INTO channel (warehouse_id, code, name, adapter, secrets) VALUES (1, 'api', 'API and files', 'api', CAST('' AS {{bytes}}));

CREATE TABLE customer_order (
  id {{pk}},
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  number TEXT NOT NULL,
  channel_id {{int}} NOT NULL REFERENCES channel (id),
  external_id TEXT NOT NULL,
  state TEXT NOT NULL CONSTRAINT customer_order_state CHECK (state IN ('received', 'held', 'accepted', 'promised', 'short',
    'released', 'picking', 'picked', 'packed', 'shipped', 'delivered', 'cancelled', 'intercepting')),
  hold_reason TEXT NOT NULL DEFAULT '',
  hold_note TEXT NOT NULL DEFAULT '',
  -- The state to go back to when a hold is released.
  held_from TEXT NOT NULL DEFAULT '',
  short_policy TEXT NOT NULL CONSTRAINT customer_order_short_policy CHECK (short_policy IN ('part', 'wait', 'cancel')),
  priority {{int}} NOT NULL DEFAULT 0,
  placed_at {{int}} NOT NULL,
  received_at {{int}} NOT NULL,
  ship_by {{int}} NOT NULL,
  paid {{bool}} NOT NULL DEFAULT TRUE,
  ship_method TEXT NOT NULL DEFAULT '',
  carrier_id {{int}} REFERENCES carrier (id),
  currency TEXT NOT NULL DEFAULT 'CNY',
  total_minor {{int}} NOT NULL DEFAULT 0,
  cash_on_delivery_minor {{int}} NOT NULL DEFAULT 0,
  -- Sealed: receiver, invoice, remarks.
  personal {{bytes}} NOT NULL,
  -- Keyed fingerprint of receiver and lines, to find duplicates without opening anything.
  receiver_fingerprint TEXT NOT NULL,
  flags TEXT NOT NULL DEFAULT '',
  -- Grows by one with every event that the shop is told of.
  version {{int}} NOT NULL DEFAULT 1,
  CONSTRAINT customer_order_number UNIQUE (warehouse_id, number),
  CONSTRAINT customer_order_external UNIQUE (channel_id, external_id)
) {{strict}};
CREATE INDEX customer_order_state_idx ON customer_order (warehouse_id, state, ship_by);
CREATE INDEX customer_order_receiver ON customer_order (warehouse_id, receiver_fingerprint, received_at);

CREATE TABLE order_line (
  id {{pk}},
  warehouse_id {{int}} NOT NULL,
  order_id {{int}} NOT NULL REFERENCES customer_order (id),
  external_id TEXT NOT NULL,
  -- NULL where the catalogue doesn't know the shop's code; then the order is held.
  sku_id {{int}} REFERENCES sku (id),
  sku_code TEXT NOT NULL,
  quantity {{int}} NOT NULL CONSTRAINT order_line_quantity CHECK (quantity > 0),
  -- Held for this line at SKU level, not yet allocated.
  promised {{int}} NOT NULL DEFAULT 0,
  -- Given to this line in named cells (open, picked or packed).
  allocated {{int}} NOT NULL DEFAULT 0,
  shipped {{int}} NOT NULL DEFAULT 0,
  cancelled {{int}} NOT NULL DEFAULT 0,
  unit_price_minor {{int}} NOT NULL DEFAULT 0,
  CONSTRAINT order_line_external UNIQUE (order_id, external_id),
  CONSTRAINT order_line_parts CHECK (promised >= 0 AND allocated >= 0 AND cancelled >= 0 AND shipped >= 0
    AND promised + allocated + cancelled <= quantity AND shipped <= allocated)
) {{strict}};
--@pg
ALTER TABLE customer_order SET (fillfactor = 85);
ALTER TABLE order_line SET (fillfactor = 75);
--@end
