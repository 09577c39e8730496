-- The catalogue, places, lots, stock cells and the ledger.

CREATE TABLE sku (
  id {{pk}},
  code TEXT NOT NULL UNIQUE,
  name_en TEXT NOT NULL DEFAULT '',
  name_zh TEXT NOT NULL DEFAULT '',
  category TEXT NOT NULL DEFAULT '',
  weight_grams {{int}} NOT NULL DEFAULT 0 CONSTRAINT sku_weight CHECK (weight_grams >= 0),
  length_mm {{int}} NOT NULL DEFAULT 0 CONSTRAINT sku_length CHECK (length_mm >= 0),
  width_mm {{int}} NOT NULL DEFAULT 0 CONSTRAINT sku_width CHECK (width_mm >= 0),
  height_mm {{int}} NOT NULL DEFAULT 0 CONSTRAINT sku_height CHECK (height_mm >= 0),
  fragile {{bool}} NOT NULL DEFAULT FALSE,
  packing_note TEXT NOT NULL DEFAULT '',
  -- Papers that must be inside the parcel: a JSON list of names.
  papers TEXT NOT NULL DEFAULT '[]',
  -- Whether lots of this SKU expire: then first expired, first out.
  expires {{bool}} NOT NULL DEFAULT FALSE,
  active {{bool}} NOT NULL DEFAULT TRUE,
  created_at {{int}} NOT NULL,
  CONSTRAINT sku_name CHECK (name_en <> '' OR name_zh <> ''),
  -- What begins with % is a command card, a badge or a station.
  CONSTRAINT sku_no_card CHECK (substr(code, 1, 1) <> '%')
) {{strict}};

CREATE TABLE sku_barcode (
  barcode TEXT PRIMARY KEY CONSTRAINT sku_barcode_no_card CHECK (substr(barcode, 1, 1) <> '%'),
  sku_id {{int}} NOT NULL REFERENCES sku (id),
  unit_factor {{int}} NOT NULL DEFAULT 1 CONSTRAINT sku_barcode_factor CHECK (unit_factor >= 1)
) {{strict}};
CREATE INDEX sku_barcode_sku ON sku_barcode (sku_id);

CREATE TABLE zone (
  id {{pk}},
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  code TEXT NOT NULL,
  name TEXT NOT NULL DEFAULT '',
  CONSTRAINT zone_code UNIQUE (warehouse_id, code)
) {{strict}};

-- Everything that stock can be in, come from or go to. Outside places hold no cells: their balance is the ledger's.
CREATE TABLE place (
  id {{pk}},
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  kind TEXT NOT NULL CONSTRAINT place_kind CHECK (kind IN ('location', 'tote', 'cart', 'slot', 'parcel', 'supplier', 'customer', 'loss', 'gain')),
  code TEXT NOT NULL,
  CONSTRAINT place_code UNIQUE (warehouse_id, code),
  CONSTRAINT place_no_card CHECK (substr(code, 1, 1) <> '%')
) {{strict}};

CREATE TABLE location (
  place_id {{int}} PRIMARY KEY REFERENCES place (id),
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  zone_id {{int}} NOT NULL REFERENCES zone (id),
  aisle TEXT NOT NULL DEFAULT '',
  position {{int}} NOT NULL DEFAULT 0,
  walk_order {{int}} NOT NULL DEFAULT 0,
  check_digits TEXT NOT NULL,
  -- Whether orders may be picked from here.
  pickable {{bool}} NOT NULL DEFAULT TRUE,
  active {{bool}} NOT NULL DEFAULT TRUE,
  -- Whether nothing is picked here while it is counted.
  frozen {{bool}} NOT NULL DEFAULT FALSE
) {{strict}};
CREATE INDEX location_walk ON location (warehouse_id, walk_order);

CREATE TABLE lot (
  id {{pk}},
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  sku_id {{int}} NOT NULL REFERENCES sku (id),
  number TEXT NOT NULL,
  supplier_lot TEXT NOT NULL DEFAULT '',
  received_at {{int}} NOT NULL,
  produced_at {{int}},
  -- From this moment on the lot is expired.
  expires_at {{int}},
  -- A whole lot can be frozen or quarantined at once, whatever its cells say.
  status TEXT NOT NULL DEFAULT 'good' CONSTRAINT lot_status CHECK (status IN ('good', 'quarantine', 'frozen')),
  CONSTRAINT lot_number UNIQUE (warehouse_id, sku_id, number)
) {{strict}};

CREATE TABLE stock_cell (
  id {{pk}},
  warehouse_id {{int}} NOT NULL,
  place_id {{int}} NOT NULL REFERENCES place (id),
  sku_id {{int}} NOT NULL,
  lot_id {{int}} NOT NULL REFERENCES lot (id),
  status TEXT NOT NULL CONSTRAINT stock_cell_status CHECK (status IN ('good', 'damaged', 'quarantine', 'frozen')),
  on_hand {{int}} NOT NULL,
  reserved {{int}} NOT NULL DEFAULT 0,
  -- Grows with each change of what is on hand, so that a counter notices what moved in between.
  changes {{int}} NOT NULL DEFAULT 1,
  -- Grows where the book alone changed and nothing moved: what was counted before compares with it no more.
  corrections {{int}} NOT NULL DEFAULT 0,
  CONSTRAINT stock_cell_balance CHECK (0 <= reserved AND reserved <= on_hand),
  CONSTRAINT stock_cell_key UNIQUE (warehouse_id, place_id, lot_id, status)
) {{strict}};
-- Emptied cells stay and are many. What is reserved is not in the index, so that a reservation touches the cell alone.
CREATE INDEX stock_cell_filled ON stock_cell (warehouse_id, sku_id) WHERE on_hand > 0;
CREATE INDEX stock_cell_lot ON stock_cell (lot_id);

-- What is promised to orders and not yet allocated, per SKU. Its row is the lock that promises and allocations share.
CREATE TABLE sku_promise (
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  sku_id {{int}} NOT NULL REFERENCES sku (id),
  promised {{int}} NOT NULL DEFAULT 0 CONSTRAINT sku_promise_promised CHECK (promised >= 0),
  PRIMARY KEY (warehouse_id, sku_id)
) {{strict}};
--@pg
-- Room in each page, so that rows that change in place need no new index entries.
ALTER TABLE stock_cell SET (fillfactor = 75);
ALTER TABLE sku_promise SET (fillfactor = 75);
--@end

-- The ledger: every change of stock goes from somewhere to somewhere.
CREATE TABLE movement (
  id {{pk}},
  warehouse_id {{int}} NOT NULL,
  at {{int}} NOT NULL,
  person_id {{int}} NOT NULL,
  operation_key TEXT NOT NULL,
  reason TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  -- What was scanned, or `forced: why`; empty where no scan is due.
  evidence TEXT NOT NULL DEFAULT '',
  sku_id {{int}} NOT NULL,
  lot_id {{int}} NOT NULL REFERENCES lot (id),
  quantity {{int}} NOT NULL CONSTRAINT movement_quantity CHECK (quantity > 0),
  from_place_id {{int}} NOT NULL,
  from_status TEXT NOT NULL,
  to_place_id {{int}} NOT NULL,
  to_status TEXT NOT NULL,
  order_id {{int}},
  allocation_id {{int}},
  CONSTRAINT movement_moves CHECK (from_place_id <> to_place_id OR from_status <> to_status)
) {{strict}};
CREATE INDEX movement_sku ON movement (warehouse_id, sku_id, id);
CREATE INDEX movement_allocation ON movement (allocation_id) WHERE allocation_id IS NOT NULL;
-- Whose goods a tote holds: the last that came into it.
CREATE INDEX movement_into_tote ON movement (to_place_id, id) WHERE reason IN ('pick', 'unpack', 'sort_undo');

--@sqlite
CREATE TRIGGER movement_no_update BEFORE UPDATE ON movement BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER movement_no_delete BEFORE DELETE ON movement BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
--@pg
CREATE TRIGGER movement_append_only BEFORE UPDATE OR DELETE ON movement FOR EACH ROW EXECUTE FUNCTION append_only();
--@end

INSERT INTO place (id, warehouse_id, kind, code) VALUES
  (1, 1, 'supplier', '@SUPPLIER'), (2, 1, 'customer', '@CUSTOMER'), (3, 1, 'loss', '@LOSS'), (4, 1, 'gain', '@GAIN');
--@pg
SELECT setval(pg_get_serial_sequence('place', 'id'), 4);
--@end
