-- Counting: plans, places with a lease, what each person counted, and what became of it.

-- What a piece of a lot cost, where it is known.
CREATE TABLE lot_cost (
  lot_id {{int}} PRIMARY KEY REFERENCES lot (id),
  unit_cost_minor {{int}} NOT NULL CONSTRAINT lot_cost_cost CHECK (unit_cost_minor >= 0)
) {{strict}};

-- One row a warehouse: how counting is done there.
CREATE TABLE count_setting (
  warehouse_id {{int}} PRIMARY KEY REFERENCES warehouse (id),
  -- Differences above this value, in minor units, need the right to approve large ones.
  approve_limit_minor {{int}} NOT NULL DEFAULT 100000 CONSTRAINT count_setting_limit CHECK (approve_limit_minor >= 0),
  -- Days of the week with work, Monday is 1.
  working_days TEXT NOT NULL DEFAULT '1,2,3,4,5,6',
  -- A place that nobody touched for so many days is counted after its next pick; 0 for never.
  rest_days {{int}} NOT NULL DEFAULT 0 CONSTRAINT count_setting_rest CHECK (rest_days >= 0),
  -- Whether a place that a pick emptied is looked at.
  check_emptied {{bool}} NOT NULL DEFAULT FALSE,
  seconds_per_place {{int}} NOT NULL DEFAULT 40,
  seconds_per_line {{int}} NOT NULL DEFAULT 30,
  -- Movements up to this one were looked at.
  last_movement_id {{int}} NOT NULL DEFAULT 0
) {{strict}};

-- Tolerance and pace by class; the class '' is for all others. NULL is no limit of that kind, all that are set must hold.
CREATE TABLE count_rule (
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  class TEXT NOT NULL CONSTRAINT count_rule_class CHECK (class IN ('', 'A', 'B', 'C')),
  counts_a_year {{int}} NOT NULL CONSTRAINT count_rule_pace CHECK (counts_a_year BETWEEN 0 AND 366),
  tolerance_units {{int}},
  -- Of the book, in hundredths of a per cent.
  tolerance_points {{int}},
  tolerance_value_minor {{int}},
  PRIMARY KEY (warehouse_id, class)
) {{strict}};

CREATE TABLE sku_class (
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  sku_id {{int}} NOT NULL REFERENCES sku (id),
  class TEXT NOT NULL CONSTRAINT sku_class_class CHECK (class IN ('A', 'B', 'C')),
  PRIMARY KEY (warehouse_id, sku_id)
) {{strict}};

-- Why stock differed.
CREATE TABLE count_cause (
  code TEXT PRIMARY KEY,
  name_en TEXT NOT NULL,
  name_zh TEXT NOT NULL,
  active {{bool}} NOT NULL DEFAULT TRUE
) {{strict}};

CREATE TABLE count_plan (
  id {{pk}},
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  number TEXT NOT NULL,
  kind TEXT NOT NULL CONSTRAINT count_plan_kind CHECK (kind IN ('full', 'cycle', 'location', 'sku', 'lot', 'category', 'sample', 'spot', 'moved',
    'short_pick', 'emptied', 'requested', 'rested')),
  -- What was asked for, JSON.
  scope TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  blind {{bool}} NOT NULL,
  -- Whether nothing is picked from a place while it is counted.
  freeze_places {{bool}} NOT NULL,
  state TEXT NOT NULL CONSTRAINT count_plan_state CHECK (state IN ('open', 'closed', 'cancelled')),
  person_id {{int}} NOT NULL,
  created_at {{int}} NOT NULL,
  ended_at {{int}},
  CONSTRAINT count_plan_number UNIQUE (warehouse_id, number)
) {{strict}};
CREATE INDEX count_plan_state_idx ON count_plan (warehouse_id, state);

-- A place of a plan: one person counts it at a time, in rounds.
CREATE TABLE count_task (
  id {{pk}},
  warehouse_id {{int}} NOT NULL,
  plan_id {{int}} NOT NULL REFERENCES count_plan (id),
  place_id {{int}} NOT NULL REFERENCES place (id),
  state TEXT NOT NULL CONSTRAINT count_task_state CHECK (state IN ('open', 'counting', 'deciding', 'closed', 'cancelled')),
  -- Whether all that lies there is counted, or only what `count_item` names.
  whole {{bool}} NOT NULL,
  round {{int}} NOT NULL DEFAULT 1,
  person_id {{int}},
  lease_until {{int}},
  -- Who must not count it: the picker who missed something there.
  not_person_id {{int}},
  -- Why it is to be counted once more when it is done, and by whom not; empty where it isn't.
  after_kind TEXT NOT NULL DEFAULT '',
  after_not_person_id {{int}},
  -- Commands of this round; a late one is known by it.
  step {{int}} NOT NULL DEFAULT 0,
  counted_at {{int}},
  ended_at {{int}}
) {{strict}};
-- A place is in one running count at most, so that no difference is found twice.
CREATE UNIQUE INDEX count_task_place ON count_task (place_id) WHERE state IN ('open', 'counting', 'deciding');
CREATE INDEX count_task_plan ON count_task (plan_id);
CREATE INDEX count_task_next ON count_task (warehouse_id, state) WHERE state IN ('open', 'counting', 'deciding');

CREATE TABLE count_item (
  task_id {{int}} NOT NULL REFERENCES count_task (id),
  sku_id {{int}} NOT NULL REFERENCES sku (id),
  -- 0 for all its lots.
  lot_id {{int}} NOT NULL,
  PRIMARY KEY (task_id, sku_id, lot_id)
) {{strict}};

-- What is counted of one cell.
CREATE TABLE count_line (
  id {{pk}},
  warehouse_id {{int}} NOT NULL,
  task_id {{int}} NOT NULL REFERENCES count_task (id),
  place_id {{int}} NOT NULL,
  sku_id {{int}} NOT NULL REFERENCES sku (id),
  -- NULL where nobody knows the lot yet.
  lot_id {{int}} REFERENCES lot (id),
  -- What the counter read as the lot.
  lot_text TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL CONSTRAINT count_line_status CHECK (status IN ('good', 'damaged', 'quarantine', 'frozen')),
  state TEXT NOT NULL CONSTRAINT count_line_state CHECK (state IN ('counting', 'recount', 'matched', 'accepted', 'confirmed', 'undecided', 'rejected',
    'posted', 'cancelled')),
  -- How often the cell had changed when the counter came.
  opened_changes {{int}} NOT NULL,
  -- The same at the counter's last command: a typed number holds only where nothing moved since.
  seen_changes {{int}} NOT NULL DEFAULT 0,
  -- What was decided: book and difference at the moment of the deciding scan.
  book {{int}},
  variance {{int}},
  corrections {{int}},
  first_variance {{int}},
  unit_cost_minor {{int}},
  cause TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '',
  decided_by {{int}},
  settled_at {{int}},
  CONSTRAINT count_line_posted CHECK (state <> 'posted' OR (variance IS NOT NULL AND variance <> 0 AND settled_at IS NOT NULL))
) {{strict}};
CREATE UNIQUE INDEX count_line_cell ON count_line (task_id, sku_id, COALESCE(lot_id, 0), lot_text, status);
CREATE INDEX count_line_where ON count_line (warehouse_id, place_id, sku_id);
CREATE INDEX count_line_open ON count_line (warehouse_id, state) WHERE state IN ('confirmed', 'undecided');

-- What one person counted of a line in one round.
CREATE TABLE count_entry (
  line_id {{int}} NOT NULL REFERENCES count_line (id),
  round {{int}} NOT NULL,
  person_id {{int}} NOT NULL,
  counted {{int}} NOT NULL CONSTRAINT count_entry_counted CHECK (counted >= 0),
  -- The book of the cell in the transaction of the last scan.
  book {{int}} NOT NULL,
  -- How often the cell had changed at the first scan and at the last: both are the same, or the count begins anew.
  changes {{int}} NOT NULL,
  -- How often the book alone had been corrected by then.
  corrections {{int}} NOT NULL,
  -- Whether the person has counted the line to its end.
  sealed {{bool}} NOT NULL,
  at {{int}} NOT NULL,
  PRIMARY KEY (line_id, round)
) {{strict}};

-- Goods that the catalogue doesn't know, where they were found.
CREATE TABLE count_unknown (
  id {{pk}},
  warehouse_id {{int}} NOT NULL,
  task_id {{int}} NOT NULL REFERENCES count_task (id),
  place_id {{int}} NOT NULL,
  code TEXT NOT NULL,
  quantity {{int}} NOT NULL,
  person_id {{int}} NOT NULL,
  at {{int}} NOT NULL,
  resolved_at {{int}},
  resolution TEXT NOT NULL DEFAULT ''
) {{strict}};
CREATE INDEX count_unknown_open ON count_unknown (warehouse_id) WHERE resolved_at IS NULL;

-- When a place was counted last, and how often its cells had changed by then.
CREATE TABLE place_counted (
  place_id {{int}} PRIMARY KEY REFERENCES place (id),
  warehouse_id {{int}} NOT NULL,
  at {{int}} NOT NULL,
  changes {{int}} NOT NULL
) {{strict}};

INSERT INTO count_setting (warehouse_id) VALUES (1);
INSERT INTO count_rule (warehouse_id, class, counts_a_year, tolerance_units) VALUES (1, '', 1, 0), (1, 'A', 12, 0), (1, 'B', 4, 0), (1, 'C', 1, 0);
INSERT INTO count_cause (code, name_en, name_zh) VALUES
  ('within_tolerance', 'Within tolerance', '容差内'), ('wrong_receipt', 'Wrong at receipt', '收货数量有误'), ('wrong_pick', 'Wrong pieces picked', '拣错'),
  ('misplaced', 'Lay in another place', '放错货位'), ('not_booked', 'Moved without booking', '移动未记账'), ('wrong_unit', 'Pieces and boxes mixed up', '单位弄错'),
  ('damaged', 'Damaged or expired', '损坏或过期'), ('lost', 'Lost or stolen', '丢失或被盗'), ('label', 'Wrong label or lot', '标签或批次有误'), ('unknown', 'Cause unknown', '原因不明');
