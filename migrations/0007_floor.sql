-- What people do at handhelds and stations: the step that each is at, and every scan.

-- One row a person and surface: reload, crash or another device show the same step.
CREATE TABLE floor_state (
  person_id {{int}} NOT NULL REFERENCES person (id),
  surface TEXT NOT NULL CONSTRAINT floor_state_surface CHECK (surface IN ('pda', 'station')),
  warehouse_id {{int}} NOT NULL,
  -- Grows with each change of the step; a screen says which it has drawn.
  version {{int}} NOT NULL,
  -- The operation key of the last scan that was looked at.
  last_key TEXT NOT NULL,
  -- Where the person is in their work, JSON.
  data TEXT NOT NULL,
  at {{int}} NOT NULL,
  PRIMARY KEY (person_id, surface)
) {{strict}};

-- Every scan, also a refused one: the evidence of what was done and tried.
CREATE TABLE floor_scan (
  id {{pk}},
  warehouse_id {{int}} NOT NULL,
  at {{int}} NOT NULL,
  person_id {{int}} NOT NULL,
  operation_key TEXT NOT NULL,
  surface TEXT NOT NULL,
  step TEXT NOT NULL,
  raw TEXT NOT NULL,
  source TEXT NOT NULL,
  -- The device's own clock.
  scanned_at {{int}} NOT NULL,
  signal TEXT NOT NULL,
  message TEXT NOT NULL
) {{strict}};
CREATE INDEX floor_scan_person ON floor_scan (warehouse_id, person_id, id);

--@sqlite
CREATE TRIGGER floor_scan_no_update BEFORE UPDATE ON floor_scan BEGIN SELECT RAISE(ABORT, 'scans are append-only'); END;
CREATE TRIGGER floor_scan_no_delete BEFORE DELETE ON floor_scan BEGIN SELECT RAISE(ABORT, 'scans are append-only'); END;
--@pg
CREATE TRIGGER floor_scan_append_only BEFORE UPDATE OR DELETE ON floor_scan FOR EACH ROW EXECUTE FUNCTION append_only();
--@end
