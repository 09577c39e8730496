-- Waybill numbers, parcels, stations, printers, print jobs, manifests.

CREATE TABLE waybill (
  id {{pk}},
  carrier_id {{int}} NOT NULL REFERENCES carrier (id),
  -- A number belongs to one parcel, ever.
  number TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CONSTRAINT waybill_state CHECK (state IN ('free', 'held', 'bound', 'printed', 'handed_over', 'recycled', 'void', 'intercepting')),
  parcel_id {{int}},
  CONSTRAINT waybill_parcel CHECK ((state IN ('free', 'recycled')) = (parcel_id IS NULL) OR state = 'void')
) {{strict}};
CREATE INDEX waybill_free ON waybill (carrier_id, id) WHERE state IN ('free', 'recycled');
CREATE INDEX waybill_of_parcel ON waybill (parcel_id) WHERE parcel_id IS NOT NULL;
-- A parcel holds one live number at most.
CREATE UNIQUE INDEX waybill_live ON waybill (parcel_id) WHERE state IN ('held', 'bound', 'printed', 'handed_over', 'intercepting');

CREATE TABLE printer (
  id {{pk}},
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  -- tcp: host:port. serial: a port and its line. usb: vendor:product/serial. file: a device file. folder: a directory.
  transport TEXT NOT NULL CONSTRAINT printer_transport CHECK (transport IN ('tcp', 'serial', 'usb', 'file', 'folder')),
  address TEXT NOT NULL,
  language TEXT NOT NULL CONSTRAINT printer_language CHECK (language IN ('zpl', 'tspl', 'epl2', 'cpcl', 'esc_pos', 'pdf')),
  dots_per_m {{int}} NOT NULL DEFAULT 8000,
  -- What is in it: millimetres, as 100x150.
  stock TEXT NOT NULL DEFAULT '100x150',
  -- How pictures are sent, and who draws codes.
  compression TEXT NOT NULL DEFAULT 'acs' CONSTRAINT printer_compression CHECK (compression IN ('none', 'acs', 'z64')),
  drawing TEXT NOT NULL DEFAULT 'picture' CONSTRAINT printer_drawing CHECK (drawing IN ('picture', 'mixed')),
  turned {{bool}} NOT NULL DEFAULT FALSE,
  cutter {{bool}} NOT NULL DEFAULT FALSE,
  active {{bool}} NOT NULL DEFAULT TRUE,
  -- What holds the queue up now: a fault's code; empty where nothing does.
  fault TEXT NOT NULL DEFAULT '',
  fault_at {{int}},
  CONSTRAINT printer_code UNIQUE (warehouse_id, code)
) {{strict}};

CREATE TABLE station (
  id {{pk}},
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  label_printer_id {{int}} REFERENCES printer (id),
  -- Its devices: where, and how they talk; empty for none.
  scanner TEXT NOT NULL DEFAULT '',
  scanner_how TEXT NOT NULL DEFAULT '' CONSTRAINT station_scanner CHECK (scanner_how IN ('', 'serial', 'ssi', 'keyboard', 'pos')),
  scale TEXT NOT NULL DEFAULT '',
  scale_protocol TEXT NOT NULL DEFAULT '',
  -- Whether its devices hang on a packing PC of its own, when that was here last, and the version of its program.
  agent {{bool}} NOT NULL DEFAULT FALSE,
  agent_seen_at {{int}} NOT NULL DEFAULT 0,
  agent_version TEXT NOT NULL DEFAULT '',
  CONSTRAINT station_code UNIQUE (warehouse_id, code)
) {{strict}};
-- Where it hangs: on that station's packing PC, else on the machine of the service.
ALTER TABLE printer ADD COLUMN station_id {{int}} REFERENCES station (id);

-- Which printer a station uses for a kind of label or paper.
CREATE TABLE station_printer (
  station_id {{int}} NOT NULL REFERENCES station (id),
  kind TEXT NOT NULL,
  printer_id {{int}} NOT NULL REFERENCES printer (id),
  PRIMARY KEY (station_id, kind)
) {{strict}};

CREATE TABLE parcel (
  place_id {{int}} PRIMARY KEY REFERENCES place (id),
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  order_id {{int}} NOT NULL REFERENCES customer_order (id),
  number TEXT NOT NULL,
  station_id {{int}} REFERENCES station (id),
  -- Who packs it.
  packer_id {{int}} REFERENCES person (id),
  state TEXT NOT NULL CONSTRAINT parcel_state CHECK (state IN ('open', 'verifying', 'sealed', 'weighed', 'weight_hold', 'waybill_bound',
    'label_printed', 'in_doubt', 'handed_over', 'void')),
  carrier_id {{int}} REFERENCES carrier (id),
  expected_grams {{int}} NOT NULL DEFAULT 0,
  weight_grams {{int}},
  forced_reason TEXT NOT NULL DEFAULT '',
  created_at {{int}} NOT NULL,
  sealed_at {{int}},
  handed_over_at {{int}},
  CONSTRAINT parcel_number UNIQUE (warehouse_id, number)
) {{strict}};
CREATE INDEX parcel_order ON parcel (order_id);
CREATE INDEX parcel_by_state ON parcel (warehouse_id, state);

-- The pieces of a parcel, by the allocation they were picked for.
CREATE TABLE parcel_line (
  parcel_id {{int}} NOT NULL REFERENCES parcel (place_id),
  allocation_id {{int}} NOT NULL REFERENCES allocation (id),
  order_line_id {{int}} NOT NULL REFERENCES order_line (id),
  sku_id {{int}} NOT NULL REFERENCES sku (id),
  lot_id {{int}} NOT NULL REFERENCES lot (id),
  quantity {{int}} NOT NULL CONSTRAINT parcel_line_quantity CHECK (quantity > 0),
  PRIMARY KEY (parcel_id, allocation_id)
) {{strict}};

-- Papers that must be inside: one row each, ticked by a person.
CREATE TABLE parcel_paper (
  parcel_id {{int}} NOT NULL REFERENCES parcel (place_id),
  paper TEXT NOT NULL,
  enclosed_by {{int}} REFERENCES person (id),
  enclosed_at {{int}},
  PRIMARY KEY (parcel_id, paper)
) {{strict}};

CREATE TABLE print_job (
  id {{pk}},
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  printer_id {{int}} NOT NULL REFERENCES printer (id),
  station_id {{int}} REFERENCES station (id),
  parcel_id {{int}} REFERENCES parcel (place_id),
  kind TEXT NOT NULL CONSTRAINT print_job_kind CHECK (kind IN ('shipping_label', 'logistic', 'packing_slip', 'invoice', 'pick_list', 'count_sheet', 'manifest', 'location', 'sku',
    'lot', 'tote', 'cart', 'put_wall_slot', 'badge', 'command_cards', 'test_page', 'document')),
  -- 0 for the first print, then R1, R2.
  copy {{int}} NOT NULL DEFAULT 0,
  state TEXT NOT NULL CONSTRAINT print_job_state CHECK (state IN ('queued', 'sending', 'sent', 'printed', 'in_doubt', 'failed', 'cancelled')),
  -- The number on the label: another number is another document.
  waybill_id {{int}} REFERENCES waybill (id),
  -- What is to be printed, sealed; NULL once printed or cancelled.
  payload {{bytes}},
  payload_hash TEXT NOT NULL,
  attempts {{int}} NOT NULL DEFAULT 0,
  evidence TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  person_id {{int}} NOT NULL REFERENCES person (id),
  created_at {{int}} NOT NULL,
  sent_at {{int}},
  settled_at {{int}},
  lease_until {{int}} NOT NULL DEFAULT 0
) {{strict}};
-- The same document again is the same job, not a second label.
CREATE UNIQUE INDEX print_job_document ON print_job (parcel_id, kind, waybill_id, copy) WHERE state <> 'cancelled';
CREATE INDEX print_job_queue ON print_job (printer_id, id) WHERE state IN ('queued', 'sending');
CREATE INDEX print_job_unsettled ON print_job (state, id) WHERE state IN ('sending', 'sent', 'in_doubt', 'failed');

CREATE TABLE manifest (
  id {{pk}},
  warehouse_id {{int}} NOT NULL REFERENCES warehouse (id),
  number TEXT NOT NULL,
  carrier_id {{int}} NOT NULL REFERENCES carrier (id),
  state TEXT NOT NULL CONSTRAINT manifest_state CHECK (state IN ('open', 'handed_over', 'cancelled')),
  created_at {{int}} NOT NULL,
  handed_over_at {{int}},
  -- Who took the parcels for the carrier, as they signed.
  taken_by TEXT NOT NULL DEFAULT '',
  -- Their signature, sealed.
  signature {{bytes}},
  CONSTRAINT manifest_number UNIQUE (warehouse_id, number)
) {{strict}};

CREATE TABLE manifest_parcel (
  manifest_id {{int}} NOT NULL REFERENCES manifest (id),
  parcel_id {{int}} NOT NULL REFERENCES parcel (place_id),
  scanned_at {{int}} NOT NULL,
  scanned_by {{int}} NOT NULL REFERENCES person (id),
  PRIMARY KEY (manifest_id, parcel_id)
) {{strict}};
CREATE UNIQUE INDEX manifest_parcel_once ON manifest_parcel (parcel_id);
