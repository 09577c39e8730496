-- Waves, allocations, pick tasks.

CREATE TABLE wave (
  id {{pk}},
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  number TEXT NOT NULL,
  state TEXT NOT NULL CONSTRAINT wave_state CHECK (state IN ('planned', 'ready', 'held', 'released', 'picking', 'closed', 'cancelled')),
  note TEXT NOT NULL DEFAULT '',
  created_at {{int}} NOT NULL,
  released_at {{int}},
  closed_at {{int}},
  CONSTRAINT wave_number UNIQUE (warehouse_id, number)
) {{strict}};
CREATE INDEX wave_by_state ON wave (warehouse_id, state);

CREATE TABLE wave_order (
  wave_id {{int}} NOT NULL REFERENCES wave (id),
  order_id {{int}} NOT NULL REFERENCES customer_order (id),
  state TEXT NOT NULL CONSTRAINT wave_order_state CHECK (state IN ('in', 'taken_out', 'done')),
  reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (wave_id, order_id)
) {{strict}};
-- An order is in one running wave at most.
CREATE UNIQUE INDEX wave_order_running ON wave_order (order_id) WHERE state = 'in';

-- One walk of one person over many orders of a wave: a line for each SKU at a place, sorted afterwards on a put wall, or packed
-- piece by piece where the orders are of one piece.
CREATE TABLE pick_batch (
  id {{pk}},
  warehouse_id {{int}} NOT NULL,
  wave_id {{int}} NOT NULL,
  person_id {{int}} NOT NULL REFERENCES person (id),
  state TEXT NOT NULL CONSTRAINT pick_batch_state CHECK (state IN ('walking', 'done')),
  -- Until when the walk, and every task in it, is this person's.
  lease_until {{int}} NOT NULL,
  -- The tote that goods go into now.
  tote_place_id {{int}} REFERENCES place (id),
  started_at {{int}} NOT NULL,
  done_at {{int}}
) {{strict}};
CREATE UNIQUE INDEX pick_batch_person ON pick_batch (person_id) WHERE state <> 'done';
CREATE INDEX pick_batch_tote ON pick_batch (tote_place_id) WHERE state <> 'done';

-- Totes that a batch took: goods of many orders may lie in them. A row goes when somebody takes the tote for one order.
CREATE TABLE batch_tote (
  place_id {{int}} PRIMARY KEY REFERENCES place (id),
  batch_id {{int}} NOT NULL REFERENCES pick_batch (id),
  -- All that lies in it came by movements behind this one: it was empty then.
  after_movement_id {{int}} NOT NULL
) {{strict}};

CREATE TABLE pick_task (
  id {{pk}},
  warehouse_id {{int}} NOT NULL,
  wave_id {{int}} NOT NULL,
  order_id {{int}} NOT NULL,
  state TEXT NOT NULL CONSTRAINT pick_task_state CHECK (state IN ('open', 'claimed', 'done', 'cancelled')),
  person_id {{int}} REFERENCES person (id),
  -- Until when it is theirs; a claimed task without it has the lease of its batch.
  lease_until {{int}},
  -- The batch that it is or was picked in.
  batch_id {{int}} REFERENCES pick_batch (id),
  -- The tote that goods go into now.
  tote_place_id {{int}} REFERENCES place (id),
  priority {{int}} NOT NULL DEFAULT 0,
  ship_by {{int}} NOT NULL,
  first_walk_order {{int}} NOT NULL,
  -- Allocations of the task that are still to be picked.
  lines_open {{int}} NOT NULL CONSTRAINT pick_task_lines CHECK (lines_open >= 0)
) {{strict}};
CREATE INDEX pick_task_next ON pick_task (warehouse_id, priority, first_walk_order, id) WHERE state IN ('open', 'claimed');
CREATE INDEX pick_task_order ON pick_task (order_id);
CREATE INDEX pick_task_wave ON pick_task (wave_id);
CREATE INDEX pick_task_batch ON pick_task (batch_id) WHERE batch_id IS NOT NULL;

-- A cart has positions, and each takes a tote.
CREATE TABLE cart (
  place_id {{int}} PRIMARY KEY REFERENCES place (id),
  positions {{int}} NOT NULL CONSTRAINT cart_positions CHECK (positions BETWEEN 1 AND 60)
) {{strict}};

-- One walk of one person: over one order, or over all orders on a cart, a tote each.
CREATE TABLE pick_run (
  id {{pk}},
  warehouse_id {{int}} NOT NULL,
  person_id {{int}} NOT NULL REFERENCES person (id),
  cart_place_id {{int}} REFERENCES place (id),
  state TEXT NOT NULL CONSTRAINT pick_run_state CHECK (state IN ('loading', 'walking', 'done')),
  started_at {{int}} NOT NULL,
  done_at {{int}},
  -- Where the totes were put down, as scanned.
  dropped_at TEXT NOT NULL DEFAULT ''
) {{strict}};
CREATE UNIQUE INDEX pick_run_person ON pick_run (person_id) WHERE state <> 'done';
CREATE UNIQUE INDEX pick_run_cart ON pick_run (cart_place_id) WHERE state <> 'done' AND cart_place_id IS NOT NULL;

CREATE TABLE pick_run_slot (
  run_id {{int}} NOT NULL REFERENCES pick_run (id),
  position {{int}} NOT NULL,
  task_id {{int}} NOT NULL REFERENCES pick_task (id),
  PRIMARY KEY (run_id, position),
  CONSTRAINT pick_run_slot_task UNIQUE (run_id, task_id)
) {{strict}};

-- What an allocation run saw for one SKU, so that each allocation can say why it chose.
CREATE TABLE allocation_candidates (
  id {{pk}},
  warehouse_id {{int}} NOT NULL,
  wave_id {{int}} NOT NULL,
  sku_id {{int}} NOT NULL,
  at {{int}} NOT NULL,
  rule TEXT NOT NULL,
  demand {{int}} NOT NULL,
  -- JSON list in the order of choice: cell, place, lot, received, expires, free.
  candidates TEXT NOT NULL,
  -- JSON list of cells that were not eligible, with the reason.
  refused TEXT NOT NULL DEFAULT '[]'
) {{strict}};

CREATE TABLE allocation (
  id {{pk}},
  warehouse_id {{int}} NOT NULL,
  wave_id {{int}} NOT NULL,
  task_id {{int}} NOT NULL,
  order_id {{int}} NOT NULL,
  order_line_id {{int}} NOT NULL,
  sku_id {{int}} NOT NULL,
  lot_id {{int}} NOT NULL,
  cell_id {{int}} NOT NULL,
  place_id {{int}} NOT NULL,
  walk_order {{int}} NOT NULL,
  quantity {{int}} NOT NULL CONSTRAINT allocation_quantity CHECK (quantity > 0),
  picked {{int}} NOT NULL DEFAULT 0,
  short {{int}} NOT NULL DEFAULT 0,
  taken_out {{int}} NOT NULL DEFAULT 0,
  -- Picked pieces that went into a parcel.
  packed {{int}} NOT NULL DEFAULT 0,
  -- open: something is still to be picked; done: nothing is.
  state TEXT NOT NULL CONSTRAINT allocation_state CHECK (state IN ('open', 'done')),
  skips {{int}} NOT NULL DEFAULT 0,
  rule TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  candidates_id {{int}} NOT NULL,
  -- The allocation whose shortage this one makes good, or whose place or lot a person exchanged for this one.
  replaces_id {{int}} REFERENCES allocation (id),
  CONSTRAINT allocation_parts CHECK (picked >= 0 AND short >= 0 AND taken_out >= 0 AND packed >= 0 AND packed <= picked
    AND picked + short + taken_out <= quantity)
) {{strict}};
CREATE INDEX allocation_task ON allocation (task_id);
CREATE INDEX allocation_line ON allocation (order_line_id);
--@pg
ALTER TABLE pick_task SET (fillfactor = 80);
ALTER TABLE allocation SET (fillfactor = 80);
--@end

-- Put walls, where the goods of batches are sorted by order.
CREATE TABLE put_wall (
  id {{pk}},
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  code TEXT NOT NULL,
  -- Where pieces go that no order wants any more; anywhere, where it isn't said.
  spare_place_id {{int}} REFERENCES place (id),
  CONSTRAINT put_wall_code UNIQUE (warehouse_id, code)
) {{strict}};

-- A slot is a place of its own; it is an order's from the order's first piece until it is empty again.
CREATE TABLE wall_slot (
  place_id {{int}} PRIMARY KEY REFERENCES place (id),
  wall_id {{int}} NOT NULL REFERENCES put_wall (id),
  row_at {{int}} NOT NULL,
  column_at {{int}} NOT NULL,
  order_id {{int}} REFERENCES customer_order (id),
  CONSTRAINT wall_slot_at UNIQUE (wall_id, row_at, column_at)
) {{strict}};
CREATE UNIQUE INDEX wall_slot_order ON wall_slot (order_id) WHERE order_id IS NOT NULL;
