//! Statements of stations, printers and print jobs.

crate::statements! {
    /// Makes a printer, or changes it. A changed printer starts without a fault.
    PUT_PRINTER = "INSERT INTO printer (warehouse_id, code, name, transport, address, language, dots_per_m, active, stock,
        compression, drawing, turned, cutter, station_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (warehouse_id, code) DO UPDATE SET name = excluded.name, transport = excluded.transport, address = excluded.address,
        language = excluded.language, dots_per_m = excluded.dots_per_m, active = excluded.active, stock = excluded.stock,
        compression = excluded.compression, drawing = excluded.drawing, turned = excluded.turned, cutter = excluded.cutter,
        station_id = excluded.station_id, fault = '', fault_at = NULL
        RETURNING id";
    /// Makes a station, or changes it.
    PUT_STATION = "INSERT INTO station (warehouse_id, code, name, label_printer_id, scanner, scanner_how, scale, scale_protocol, agent)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (warehouse_id, code) DO UPDATE SET name = excluded.name, label_printer_id = excluded.label_printer_id,
        scanner = excluded.scanner, scanner_how = excluded.scanner_how, scale = excluded.scale, scale_protocol = excluded.scale_protocol,
        agent = excluded.agent
        RETURNING id";
    /// Stations with devices on the machine of the service.
    LIST_STATION_DEVICES = "SELECT id, scanner, scanner_how, scale, scale_protocol FROM station
        WHERE NOT agent AND (scanner <> '' OR scale <> '') ORDER BY id";
    /// The devices of a station that has a packing PC.
    SELECT_AGENT_SETUP = "SELECT id, scanner, scanner_how, scale, scale_protocol FROM station WHERE agent AND id = $1";
    /// A station by its code, and whether it has a packing PC.
    SELECT_STATION_AGENT = "SELECT id, code, agent FROM station WHERE warehouse_id = $1 AND code = $2";
    /// A packing PC is here, or gone: $2 is 0 then.
    SEE_AGENT = "UPDATE station SET agent_seen_at = $2, agent_version = $3 WHERE id = $1";
    /// Printers of a station are no longer held up by its absence.
    CLEAR_AWAY = "UPDATE printer SET fault = '', fault_at = NULL WHERE station_id = $1 AND fault = $2";
    /// A printer that hangs on a station's packing PC.
    SELECT_PRINTER_AT = "SELECT id FROM printer WHERE id = $1 AND station_id = $2";
    /// A station by its code.
    SELECT_STATION_ID = "SELECT id FROM station WHERE warehouse_id = $1 AND code = $2";
    /// A printer by its code.
    SELECT_PRINTER_ID = "SELECT id, active FROM printer WHERE warehouse_id = $1 AND code = $2";
    /// Every printer.
    LIST_PRINTERS = "SELECT p.id, p.code, p.name, p.transport, p.address, p.language, p.dots_per_m, p.stock, p.compression, p.drawing, p.turned,
        p.cutter, p.active, CASE WHEN s.agent AND s.agent_seen_at < $2 THEN 'station_away' ELSE p.fault END, p.fault_at,
        (SELECT COUNT(*) FROM print_job j WHERE j.printer_id = p.id AND j.state IN ('queued', 'sending')),
        (SELECT COUNT(*) FROM print_job j WHERE j.printer_id = p.id AND j.state IN ('sent', 'in_doubt')), COALESCE(s.code, '')
        FROM printer p LEFT JOIN station s ON s.id = p.station_id WHERE p.warehouse_id = $1 ORDER BY p.code";
    /// Every station.
    LIST_STATIONS = "SELECT s.id, s.code, s.name, p.code, s.scanner, s.scanner_how, s.scale, s.scale_protocol,
        s.agent, s.agent_version, s.agent_seen_at FROM station s LEFT JOIN printer p ON p.id = s.label_printer_id
        WHERE s.warehouse_id = $1 ORDER BY s.code";
    /// The printers that may be chosen for a kind at a station, active ones only.
    LIST_CANDIDATES = "SELECT p.id, p.stock, p.language,
        EXISTS (SELECT 1 FROM station_printer sp WHERE sp.station_id = $2 AND sp.kind = $3 AND sp.printer_id = p.id),
        EXISTS (SELECT 1 FROM station s WHERE s.id = $2 AND s.label_printer_id = p.id),
        EXISTS (SELECT 1 FROM station s WHERE s.id = $2 AND s.id = p.station_id)
        FROM printer p WHERE p.warehouse_id = $1 AND p.active ORDER BY p.id";
    /// Which printers a station uses for kinds of their own.
    LIST_STATION_PRINTERS = "SELECT s.id, sp.kind, p.code FROM station_printer sp JOIN station s ON s.id = sp.station_id
        JOIN printer p ON p.id = sp.printer_id WHERE s.warehouse_id = $1 ORDER BY s.id, sp.kind";
    /// Forgets which printers a station uses.
    DELETE_STATION_PRINTERS = "DELETE FROM station_printer WHERE station_id = $1";
    /// A station uses a printer for a kind.
    INSERT_STATION_PRINTER = "INSERT INTO station_printer (station_id, kind, printer_id) VALUES ($1, $2, $3)";
    /// What a printer understands.
    SELECT_PRINTER_LANGUAGE = "SELECT language FROM printer WHERE id = $1";
    /// A warehouse's name and time zone.
    SELECT_WAREHOUSE = "SELECT name, time_zone FROM warehouse WHERE id = $1";
    /// What the labels of locations say whose codes begin with a text, along the walk.
    SELECT_LOCATION_LABELS = "SELECT p.code, l.check_digits, CASE WHEN z.name = '' THEN z.code ELSE z.name END
        FROM location l JOIN place p ON p.id = l.place_id JOIN zone z ON z.id = l.zone_id
        WHERE l.warehouse_id = $1 AND l.active AND substr(p.code, 1, length($2)) = $2 ORDER BY l.walk_order, p.id LIMIT $3";
    /// A new job of a label or paper without a waybill number.
    INSERT_PAPER = "INSERT INTO print_job (warehouse_id, printer_id, station_id, parcel_id, kind, copy, state, payload, payload_hash, person_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7, $8, $9, $10) RETURNING id";
    /// The same content once more.
    COPY_JOB = "INSERT INTO print_job (warehouse_id, printer_id, station_id, parcel_id, kind, copy, state, payload, payload_hash, reason, person_id, created_at)
        SELECT j.warehouse_id, j.printer_id, j.station_id, j.parcel_id, j.kind, j.copy + 1, 'queued', j.payload, j.payload_hash,
        'did not come out', $3, $4 FROM print_job j WHERE j.id = $1 AND j.warehouse_id = $2 RETURNING id";
    /// What a shipping label says; locks the parcel.
    SELECT_LABEL = lite "SELECT p.number, p.state, p.weight_grams, p.created_at, o.number, o.state, o.personal, o.currency, o.cash_on_delivery_minor,
        h.name, h.time_zone, w.id, w.number, c.code, c.name_en, c.name_zh, COALESCE((SELECT s.code FROM station s WHERE s.id = $3), ''),
        (SELECT COUNT(*) FROM parcel q WHERE q.order_id = p.order_id AND q.state <> 'void' AND q.place_id <= p.place_id),
        (SELECT COUNT(*) FROM parcel q WHERE q.order_id = p.order_id AND q.state <> 'void')
        FROM parcel p JOIN customer_order o ON o.id = p.order_id JOIN warehouse h ON h.id = p.warehouse_id
        LEFT JOIN waybill w ON w.parcel_id = p.place_id AND w.state IN ('bound', 'printed', 'handed_over', 'intercepting')
        LEFT JOIN carrier c ON c.id = w.carrier_id
        WHERE p.warehouse_id = $1 AND p.place_id = $2"
        pg "SELECT p.number, p.state, p.weight_grams, p.created_at, o.number, o.state, o.personal, o.currency, o.cash_on_delivery_minor,
        h.name, h.time_zone, w.id, w.number, c.code, c.name_en, c.name_zh, COALESCE((SELECT s.code FROM station s WHERE s.id = $3), ''),
        (SELECT COUNT(*) FROM parcel q WHERE q.order_id = p.order_id AND q.state <> 'void' AND q.place_id <= p.place_id),
        (SELECT COUNT(*) FROM parcel q WHERE q.order_id = p.order_id AND q.state <> 'void')
        FROM parcel p JOIN customer_order o ON o.id = p.order_id JOIN warehouse h ON h.id = p.warehouse_id
        LEFT JOIN waybill w ON w.parcel_id = p.place_id AND w.state IN ('bound', 'printed', 'handed_over', 'intercepting')
        LEFT JOIN carrier c ON c.id = w.carrier_id
        WHERE p.warehouse_id = $1 AND p.place_id = $2 FOR UPDATE OF p";
    /// What lies in a parcel.
    SELECT_CONTENTS = "SELECT s.code, s.name_zh, s.name_en, s.fragile, CAST(SUM(pl.quantity) AS BIGINT) FROM parcel_line pl
        JOIN sku s ON s.id = pl.sku_id WHERE pl.parcel_id = $1 GROUP BY s.code, s.name_zh, s.name_en, s.fragile ORDER BY s.code";
    /// Locks a parcel.
    LOCK_PARCEL = lite "SELECT state FROM parcel WHERE place_id = $1" pg "SELECT state FROM parcel WHERE place_id = $1 FOR UPDATE";
    /// The newest job of a document that was not given up.
    SELECT_DOCUMENT = "SELECT id, warehouse_id, printer_id, station_id, parcel_id, waybill_id, kind, copy, state, attempts FROM print_job
        WHERE parcel_id = $1 AND kind = 'shipping_label' AND waybill_id = $2 AND state <> 'cancelled' ORDER BY copy DESC, id DESC LIMIT 1";
    /// The highest copy of a document that was ever asked for.
    SELECT_LAST_COPY = "SELECT COALESCE(MAX(copy), 0) FROM print_job WHERE parcel_id = $1 AND kind = 'shipping_label' AND waybill_id = $2";
    /// The copy that a document begins with: 0, unless a person said that an earlier one did not come out.
    SELECT_FIRST_COPY = "SELECT COALESCE(MAX(copy) + 1, 0) FROM print_job
        WHERE parcel_id = $1 AND kind = 'shipping_label' AND waybill_id = $2 AND evidence LIKE 'not out%'";
    /// A job, locked.
    SELECT_JOB = lite "SELECT id, warehouse_id, printer_id, station_id, parcel_id, waybill_id, kind, copy, state, attempts FROM print_job
        WHERE warehouse_id = $1 AND id = $2"
        pg "SELECT id, warehouse_id, printer_id, station_id, parcel_id, waybill_id, kind, copy, state, attempts FROM print_job
        WHERE warehouse_id = $1 AND id = $2 FOR UPDATE";
    /// The parcel of a job.
    SELECT_JOB_PARCEL = "SELECT parcel_id FROM print_job WHERE warehouse_id = $1 AND id = $2";
    /// Jobs of a parcel that were not given up, locked.
    SELECT_JOBS_OF_PARCEL = lite "SELECT id, warehouse_id, printer_id, station_id, parcel_id, waybill_id, kind, copy, state, attempts FROM print_job
        WHERE parcel_id = $1 AND kind = 'shipping_label' AND state <> 'cancelled' ORDER BY id"
        pg "SELECT id, warehouse_id, printer_id, station_id, parcel_id, waybill_id, kind, copy, state, attempts FROM print_job
        WHERE parcel_id = $1 AND kind = 'shipping_label' AND state <> 'cancelled' ORDER BY id FOR UPDATE";
    /// Labels of a parcel that are on paper, or may be, and whose number is not void.
    COUNT_LABELS_OUT = "SELECT COUNT(*) FROM print_job j JOIN waybill w ON w.id = j.waybill_id
        WHERE j.parcel_id = $1 AND j.state IN ('sending', 'sent', 'in_doubt', 'printed') AND w.state <> 'void'";
    /// A new job.
    INSERT_JOB = "INSERT INTO print_job (warehouse_id, printer_id, station_id, parcel_id, kind, waybill_id, copy, state, payload, payload_hash,
        reason, person_id, created_at)
        VALUES ($1, $2, $3, $4, 'shipping_label', $5, $6, 'queued', $7, $8, $9, $10, $11) RETURNING id";
    /// A failed job gets another content and waits again.
    REQUEUE_FAILED = "UPDATE print_job SET state = 'queued', payload = $2, payload_hash = $3, error = '', settled_at = NULL
        WHERE id = $1 AND state = 'failed'";
    /// A failed job waits again.
    REQUEUE_PAPER = "UPDATE print_job SET state = 'queued', error = '', settled_at = NULL WHERE id = $1 AND state = 'failed'";
    /// Another printer.
    MOVE_JOB = "UPDATE print_job SET printer_id = $2 WHERE id = $1 AND state = 'queued'";
    /// Gives a job up. $3 is why.
    CANCEL_JOB = "UPDATE print_job SET state = 'cancelled', payload = NULL, evidence = $3, settled_at = $2 WHERE id = $1";
    /// A job is on paper.
    SET_PRINTED = "UPDATE print_job SET state = 'printed', payload = NULL, evidence = $3, error = '', settled_at = $2
        WHERE id = $1 AND state IN ('sending', 'sent', 'in_doubt')";
    /// A job's bytes have left.
    SET_SENT = "UPDATE print_job SET state = 'sent', sent_at = $2, error = '' WHERE id = $1 AND state = 'sending'";
    /// Nobody knows what became of a job.
    SET_IN_DOUBT = "UPDATE print_job SET state = 'in_doubt', error = $2 WHERE id = $1 AND state IN ('sending', 'sent')";
    /// No byte has left.
    SET_QUEUED = "UPDATE print_job SET state = 'queued', error = $2, lease_until = 0 WHERE id = $1 AND state IN ('sending', 'in_doubt')";
    /// It can't be printed as it is.
    SET_FAILED = "UPDATE print_job SET state = 'failed', error = $2, settled_at = $3 WHERE id = $1 AND state = 'sending'";
    /// Its waybill number is on paper.
    WAYBILL_PRINTED = "UPDATE waybill SET state = 'printed' WHERE id = $1 AND state = 'bound'";
    /// Its parcel has a label.
    PARCEL_PRINTED = "UPDATE parcel SET state = 'label_printed' WHERE place_id = $1 AND state IN ('waybill_bound', 'in_doubt')
        AND EXISTS (SELECT 1 FROM waybill w WHERE w.id = $2 AND w.parcel_id = parcel.place_id AND w.state IN ('bound', 'printed'))";
    /// Its parcel may have a label.
    PARCEL_IN_DOUBT = "UPDATE parcel SET state = 'in_doubt' WHERE place_id = $1 AND state = 'waybill_bound'
        AND EXISTS (SELECT 1 FROM waybill w WHERE w.id = $2 AND w.parcel_id = parcel.place_id AND w.state IN ('bound', 'printed'))";
    /// Its parcel has no label.
    PARCEL_UNPRINTED = "UPDATE parcel SET state = 'waybill_bound' WHERE place_id = $1 AND state = 'in_doubt'
        AND EXISTS (SELECT 1 FROM waybill w WHERE w.id = $2 AND w.parcel_id = parcel.place_id AND w.state IN ('bound', 'printed'))";
    /// Printers that have work, with what their queue needs to know.
    SELECT_BUSY_PRINTERS = "SELECT p.id, (SELECT s.id FROM station s WHERE s.id = p.station_id AND s.agent) FROM printer p WHERE p.active AND EXISTS
        (SELECT 1 FROM print_job j WHERE j.printer_id = p.id AND j.state = 'queued') ORDER BY p.id";
    /// A printer, locked: one attempt at a time.
    LOCK_PRINTER = lite "SELECT id, warehouse_id, code, transport, address, language, dots_per_m, stock, compression, drawing, turned, cutter, fault,
        (SELECT s.id FROM station s WHERE s.id = printer.station_id AND s.agent) FROM printer WHERE id = $1 AND active"
        pg "SELECT id, warehouse_id, code, transport, address, language, dots_per_m, stock, compression, drawing, turned, cutter, fault,
        (SELECT s.id FROM station s WHERE s.id = printer.station_id AND s.agent) FROM printer WHERE id = $1 AND active FOR UPDATE";
    /// Whether an attempt is under way on a printer.
    SELECT_SENDING = "SELECT id FROM print_job WHERE printer_id = $1 AND state = 'sending' LIMIT 1";
    /// The first job of a printer's queue, with what could forbid it.
    SELECT_NEXT = lite "SELECT j.id, j.attempts, j.copy, j.kind, j.payload, COALESCE(p.state, ''), COALESCE(o.state, ''), COALESCE(w.state, '') FROM print_job j
        LEFT JOIN parcel p ON p.place_id = j.parcel_id LEFT JOIN customer_order o ON o.id = p.order_id
        LEFT JOIN waybill w ON w.id = j.waybill_id
        WHERE j.printer_id = $1 AND j.state = 'queued' ORDER BY j.id LIMIT 1"
        pg "SELECT j.id, j.attempts, j.copy, j.kind, j.payload, COALESCE(p.state, ''), COALESCE(o.state, ''), COALESCE(w.state, '') FROM print_job j
        LEFT JOIN parcel p ON p.place_id = j.parcel_id LEFT JOIN customer_order o ON o.id = p.order_id
        LEFT JOIN waybill w ON w.id = j.waybill_id
        WHERE j.printer_id = $1 AND j.state = 'queued' ORDER BY j.id LIMIT 1 FOR UPDATE OF j";
    /// An attempt begins.
    SET_SENDING = "UPDATE print_job SET state = 'sending', attempts = attempts + 1, lease_until = $2 WHERE id = $1 AND state = 'queued'";
    /// What holds a printer up, or nothing.
    SET_FAULT = "UPDATE printer SET fault = $2, fault_at = $3 WHERE id = $1 AND fault <> $2";
    /// Attempts whose worker is gone, and jobs that nobody proved in time.
    SELECT_OVERDUE = "SELECT id, warehouse_id FROM print_job WHERE (state = 'sending' AND (lease_until <= $1 OR $2))
        OR (state = 'sent' AND sent_at <= $3) ORDER BY id";
    /// A waybill number's parcel.
    SELECT_LABEL_BY_NUMBER = "SELECT w.id, w.parcel_id, p.order_id FROM waybill w JOIN parcel p ON p.place_id = w.parcel_id
        WHERE p.warehouse_id = $1 AND w.number = $2";
    /// Jobs for a screen, the newest first. Empty and 0 stand for any; `open` for those that need a person.
    LIST_JOBS = "SELECT j.id, j.kind, j.state, j.copy, j.attempts, pr.code, COALESCE(s.code, ''), j.parcel_id, COALESCE(p.number, ''),
        COALESCE(o.number, ''), COALESCE(w.number, ''), j.evidence, j.error, j.reason, e.number, j.created_at, j.sent_at, j.settled_at
        FROM print_job j JOIN printer pr ON pr.id = j.printer_id JOIN person e ON e.id = j.person_id
        LEFT JOIN station s ON s.id = j.station_id LEFT JOIN parcel p ON p.place_id = j.parcel_id
        LEFT JOIN customer_order o ON o.id = p.order_id LEFT JOIN waybill w ON w.id = j.waybill_id
        WHERE j.warehouse_id = $1 AND ($2 = '' OR j.state = $2 OR ($2 = 'open' AND j.state IN ('sent', 'in_doubt', 'failed')))
        AND ($3 = '' OR pr.code = $3) AND ($4 = 0 OR j.parcel_id = $4) AND ($5 = 0 OR j.id < $5) AND ($6 = 0 OR j.id = $6)
        ORDER BY j.id DESC LIMIT $7";
}
