//! Statements of packing and of the waybill pool.

crate::statements! {
    /// The order of a parcel.
    SELECT_ORDER_OF = "SELECT order_id FROM parcel WHERE warehouse_id = $1 AND place_id = $2";
    /// A parcel, locked.
    LOCK_PARCEL = lite "SELECT p.place_id, p.number, p.state, p.order_id, p.packer_id, (SELECT q.number FROM person q WHERE q.id = p.packer_id),
        p.station_id, p.carrier_id, p.expected_grams FROM parcel p WHERE p.place_id = $1"
        pg "SELECT p.place_id, p.number, p.state, p.order_id, p.packer_id, (SELECT q.number FROM person q WHERE q.id = p.packer_id),
        p.station_id, p.carrier_id, p.expected_grams FROM parcel p WHERE p.place_id = $1 FOR UPDATE OF p";
    /// A station by its code.
    SELECT_STATION = "SELECT id FROM station WHERE warehouse_id = $1 AND code = $2";
    /// Pieces of an order that lie in totes and slots: per allocation and place, what came in less what left; slots first.
    SELECT_PIECES = "SELECT a.id, a.order_line_id, a.sku_id, s.code, a.lot_id, l.number, l.status, l.expires_at, m.place_id, p.kind, p.code, m.quantity
        FROM (SELECT allocation_id, place_id, CAST(SUM(quantity) AS BIGINT) AS quantity FROM (
            SELECT v.allocation_id, v.to_place_id AS place_id, v.quantity FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id
                JOIN movement v ON v.allocation_id = a.id WHERE ol.order_id = $1 AND a.picked > a.packed
            UNION ALL SELECT v.allocation_id, v.from_place_id, -v.quantity FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id
                JOIN movement v ON v.allocation_id = a.id WHERE ol.order_id = $1 AND a.picked > a.packed) ends
            GROUP BY allocation_id, place_id) m
        JOIN place p ON p.id = m.place_id AND p.kind IN ('tote', 'slot') JOIN allocation a ON a.id = m.allocation_id
        JOIN sku s ON s.id = a.sku_id JOIN lot l ON l.id = a.lot_id
        WHERE m.quantity > 0 ORDER BY CASE WHEN p.kind = 'slot' THEN 0 ELSE 1 END, a.id, m.place_id";
    /// The parcel of an order that is being filled, with its packer.
    SELECT_OPEN = "SELECT place_id FROM parcel WHERE order_id = $1 AND state IN ('open', 'verifying') ORDER BY place_id LIMIT 1";
    /// Parcels that an order ever had.
    COUNT_PARCELS = "SELECT COUNT(*) FROM parcel WHERE order_id = $1";
    /// The place of a new parcel.
    INSERT_PLACE = "INSERT INTO place (warehouse_id, kind, code) VALUES ($1, 'parcel', $2) RETURNING id";
    /// A new parcel.
    INSERT_PARCEL = "INSERT INTO parcel (place_id, warehouse_id, order_id, number, station_id, packer_id, state, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, 'open', $7)";
    /// Who packs a parcel, and where.
    SET_PACKER = "UPDATE parcel SET packer_id = $2, station_id = COALESCE($3, station_id) WHERE place_id = $1";
    /// The papers of an order's SKUs that are still to be packed.
    SELECT_SKU_PAPERS = "SELECT DISTINCT s.papers FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id AND a.picked > a.packed
        JOIN sku s ON s.id = a.sku_id WHERE ol.order_id = $1 ORDER BY s.papers";
    /// The papers of one SKU.
    SELECT_PAPERS_OF_SKU = "SELECT papers FROM sku WHERE id = $1";
    /// An order's sealed personal data.
    SELECT_PERSONAL = "SELECT personal FROM customer_order WHERE id = $1";
    /// Whether a parcel of the order has a paper already.
    COUNT_PAPER = "SELECT COUNT(*) FROM parcel p JOIN parcel_paper pp ON pp.parcel_id = p.place_id AND pp.paper = $2
        WHERE p.order_id = $1 AND p.state <> 'void'";
    /// Papers for a parcel's checklist.
    INSERT_PAPERS = bulk "INSERT INTO parcel_paper (parcel_id, paper) VALUES" [Int, Text] "ON CONFLICT (parcel_id, paper) DO NOTHING";
    /// Ticks a paper, or takes the tick away.
    TICK_PAPER = "UPDATE parcel_paper SET enclosed_by = $3, enclosed_at = $4 WHERE parcel_id = $1 AND paper = $2";
    /// A parcel's papers, and whether they are ticked.
    SELECT_PAPERS = "SELECT paper, enclosed_by IS NOT NULL FROM parcel_paper WHERE parcel_id = $1 ORDER BY paper";
    /// Papers of the SKUs that are in a parcel.
    SELECT_PAPERS_INSIDE = "SELECT DISTINCT s.papers FROM parcel_line pl JOIN sku s ON s.id = pl.sku_id WHERE pl.parcel_id = $1 ORDER BY s.papers";
    /// A paper that this parcel doesn't need.
    DELETE_PAPER = "DELETE FROM parcel_paper WHERE parcel_id = $1 AND paper = $2 AND enclosed_by IS NULL";
    /// A parcel's papers that nobody ticked, ticked by force.
    TICK_ALL = "UPDATE parcel_paper SET enclosed_by = $2, enclosed_at = $3 WHERE parcel_id = $1 AND enclosed_by IS NULL";
    /// Picked pieces go into a parcel.
    ADD_PACKED = "UPDATE allocation SET packed = packed + $2 WHERE id = $1 AND packed + $2 <= picked";
    /// Picked pieces could not be packed.
    PICKED_TO_SHORT = "UPDATE allocation SET picked = picked - $2, short = short + $2 WHERE id = $1 AND picked - packed >= $2";
    /// Packed pieces come out of a parcel.
    SUB_PACKED = "UPDATE allocation SET packed = packed - $2 WHERE id = $1 AND packed >= $2";
    /// More pieces of an allocation in a parcel.
    ADD_LINE = "INSERT INTO parcel_line (parcel_id, allocation_id, order_line_id, sku_id, lot_id, quantity) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (parcel_id, allocation_id) DO UPDATE SET quantity = parcel_line.quantity + excluded.quantity";
    /// Fewer pieces of an allocation in a parcel.
    SUB_LINE = "UPDATE parcel_line SET quantity = quantity - $3 WHERE parcel_id = $1 AND allocation_id = $2 AND quantity > $3";
    /// No pieces of an allocation in a parcel.
    DELETE_LINE = "DELETE FROM parcel_line WHERE parcel_id = $1 AND allocation_id = $2 AND quantity = $3";
    /// What is in a parcel by allocation, with the tote that it came out of.
    SELECT_LINES = "SELECT pl.allocation_id, pl.sku_id, s.code, pl.lot_id, l.number, pl.quantity,
        (SELECT m.from_place_id FROM movement m WHERE m.allocation_id = pl.allocation_id AND m.to_place_id = pl.parcel_id AND m.reason = 'pack'
            ORDER BY m.id DESC LIMIT 1)
        FROM parcel_line pl JOIN sku s ON s.id = pl.sku_id JOIN lot l ON l.id = pl.lot_id WHERE pl.parcel_id = $1 ORDER BY pl.allocation_id";
    /// Pieces of a SKU in a parcel.
    SUM_IN_PARCEL = "SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM parcel_line WHERE parcel_id = $1 AND sku_id = $2";
    /// Pieces of a SKU that were picked for an order.
    SUM_PICKED_OF_SKU = "SELECT CAST(COALESCE(SUM(a.picked), 0) AS BIGINT) FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id
        WHERE ol.order_id = $1 AND a.sku_id = $2";
    /// Pieces of an order that are picked and in no parcel.
    SUM_LEFT = "SELECT CAST(COALESCE(SUM(a.picked - a.packed), 0) AS BIGINT) FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id
        WHERE ol.order_id = $1";
    /// Pieces go in or out: the state follows.
    SET_FILLING = "UPDATE parcel SET state = $2 WHERE place_id = $1 AND state IN ('open', 'verifying')";
    /// What a parcel's goods weigh, pieces whose weight nobody knows, and all pieces.
    SUM_WEIGHT = "SELECT CAST(COALESCE(SUM(pl.quantity * s.weight_grams), 0) AS BIGINT),
        CAST(COALESCE(SUM(CASE WHEN s.weight_grams = 0 THEN pl.quantity ELSE 0 END), 0) AS BIGINT),
        CAST(COALESCE(SUM(pl.quantity), 0) AS BIGINT)
        FROM parcel_line pl JOIN sku s ON s.id = pl.sku_id WHERE pl.parcel_id = $1";
    /// Closes a parcel; its carrier is the order's, where it has none of its own.
    SET_SEALED = "UPDATE parcel SET state = 'sealed', sealed_at = $2, expected_grams = $3, forced_reason = $4, weight_grams = NULL
        WHERE place_id = $1";
    /// A parcel's carrier: its own, or the order's, or the default.
    FIX_CARRIER = "UPDATE parcel SET carrier_id = COALESCE(carrier_id, (SELECT o.carrier_id FROM customer_order o WHERE o.id = parcel.order_id),
        (SELECT MIN(c.id) FROM carrier c WHERE c.is_default)) WHERE place_id = $1 RETURNING carrier_id";
    /// Another carrier.
    SET_CARRIER = "UPDATE parcel SET carrier_id = $2 WHERE place_id = $1";
    /// What a parcel weighs.
    SET_WEIGHT = "UPDATE parcel SET state = $2, weight_grams = $3, station_id = COALESCE($4, station_id) WHERE place_id = $1";
    /// Moves a parcel on or back.
    SET_STATE = "UPDATE parcel SET state = $2 WHERE place_id = $1";
    /// Opens a closed parcel again.
    SET_REOPENED = "UPDATE parcel SET state = 'verifying', packer_id = $2, weight_grams = NULL, sealed_at = NULL, forced_reason = ''
        WHERE place_id = $1";
    /// A carrier's code.
    SELECT_CARRIER_CODE = "SELECT code FROM carrier WHERE id = $1";
    /// A carrier by its code.
    SELECT_CARRIER = "SELECT id, code FROM carrier WHERE code = $1";
    /// Keeps the lowest free number of a carrier for a parcel.
    HOLD_NUMBER = lite "UPDATE waybill SET state = 'held', parcel_id = $2 WHERE id = (SELECT w.id FROM waybill w
        WHERE w.carrier_id = $1 AND w.state IN ('free', 'recycled') ORDER BY w.id LIMIT 1) RETURNING id, number"
        pg "UPDATE waybill SET state = 'held', parcel_id = $2 WHERE id = (SELECT w.id FROM waybill w
        WHERE w.carrier_id = $1 AND w.state IN ('free', 'recycled') ORDER BY w.id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, number";
    /// The number that is kept for a parcel becomes its own.
    BIND_NUMBER = "UPDATE waybill SET state = 'bound' WHERE parcel_id = $1 AND carrier_id = $2 AND state = 'held' RETURNING id, number";
    /// A parcel's live number, locked.
    SELECT_LIVE = lite "SELECT id, number, state, carrier_id FROM waybill
        WHERE parcel_id = $1 AND state IN ('held', 'bound', 'printed', 'handed_over', 'intercepting')"
        pg "SELECT id, number, state, carrier_id FROM waybill
        WHERE parcel_id = $1 AND state IN ('held', 'bound', 'printed', 'handed_over', 'intercepting') FOR UPDATE";
    /// Labels with a number that are on paper, or may be, or of which a person only says that they are not.
    COUNT_MAYBE_OUT = "SELECT COUNT(*) FROM print_job WHERE waybill_id = $1
        AND (state IN ('sending', 'sent', 'in_doubt', 'printed') OR evidence LIKE 'not out%')";
    /// Nobody has the number any more. $2 is `free` or `recycled`.
    FREE_NUMBER = "UPDATE waybill SET state = $2, parcel_id = NULL WHERE id = $1";
    /// Nobody may use the number any more.
    VOID_NUMBER = "UPDATE waybill SET state = 'void' WHERE id = $1";
    /// New numbers; known ones stay, and don't come back.
    INSERT_NUMBERS = bulk "INSERT INTO waybill (carrier_id, number, state) VALUES" [Int, Text, Text]
        "ON CONFLICT (number) DO NOTHING RETURNING number";
    /// A number, with its parcel.
    SELECT_NUMBER = "SELECT id, number, state, carrier_id, parcel_id FROM waybill WHERE number = $1";
    /// A number, locked.
    LOCK_NUMBER = lite "SELECT id, number, state, carrier_id, parcel_id FROM waybill WHERE id = $1"
        pg "SELECT id, number, state, carrier_id, parcel_id FROM waybill WHERE id = $1 FOR UPDATE";
    /// How many numbers of each carrier stand where.
    LIST_POOLS = "SELECT c.code, c.name_en, c.name_zh,
        (SELECT COUNT(*) FROM waybill w WHERE w.carrier_id = c.id AND w.state IN ('free', 'recycled')),
        (SELECT COUNT(*) FROM waybill w WHERE w.carrier_id = c.id AND w.state IN ('held', 'bound')),
        (SELECT COUNT(*) FROM waybill w WHERE w.carrier_id = c.id AND w.state IN ('printed', 'handed_over', 'intercepting')),
        (SELECT COUNT(*) FROM waybill w WHERE w.carrier_id = c.id AND w.state = 'void'),
        COALESCE((SELECT w.number FROM waybill w WHERE w.carrier_id = c.id AND w.state IN ('free', 'recycled') ORDER BY w.id LIMIT 1), '')
        FROM carrier c ORDER BY c.code";
    /// Numbers for a list. Empty stands for any.
    LIST_NUMBERS = "SELECT w.id, w.number, c.code, w.state, w.parcel_id, COALESCE(p.number, ''), COALESCE(o.number, '')
        FROM waybill w JOIN carrier c ON c.id = w.carrier_id LEFT JOIN parcel p ON p.place_id = w.parcel_id
        LEFT JOIN customer_order o ON o.id = p.order_id
        WHERE ($1 = '' OR c.code = $1) AND ($2 = '' OR w.state = $2) AND ($3 = '' OR w.number = $3) AND w.id > $4 ORDER BY w.id LIMIT $5";
    /// A parcel for a screen.
    SELECT_VIEW = "SELECT p.place_id, p.number, p.state, o.id, o.number, o.state, o.flags, o.personal, q.number, s.code, c.code, w.number,
        p.expected_grams, p.weight_grams, p.forced_reason, p.created_at, p.sealed_at, p.handed_over_at
        FROM parcel p JOIN customer_order o ON o.id = p.order_id LEFT JOIN person q ON q.id = p.packer_id
        LEFT JOIN station s ON s.id = p.station_id LEFT JOIN carrier c ON c.id = COALESCE(p.carrier_id, o.carrier_id)
        LEFT JOIN waybill w ON w.parcel_id = p.place_id AND w.state IN ('held', 'bound', 'printed', 'handed_over', 'intercepting')
        WHERE p.warehouse_id = $1 AND p.place_id = $2";
    /// What an order's parcel is to hold, by SKU: picked in all, in no parcel yet, and in this one.
    LIST_EXPECTED = "SELECT s.id, s.code, s.name_en, s.name_zh, s.fragile, s.packing_note, CAST(SUM(a.picked - a.packed) AS BIGINT),
        (SELECT CAST(COALESCE(SUM(pl.quantity), 0) AS BIGINT) FROM parcel_line pl WHERE pl.parcel_id = $2 AND pl.sku_id = s.id)
        FROM order_line ol JOIN allocation a ON a.order_line_id = ol.id JOIN sku s ON s.id = a.sku_id
        WHERE ol.order_id = $1 AND a.picked > 0
        GROUP BY s.id, s.code, s.name_en, s.name_zh, s.fragile, s.packing_note ORDER BY s.code";
    /// The barcodes of an order's SKUs.
    LIST_BARCODES = "SELECT b.sku_id, b.barcode, b.unit_factor FROM sku_barcode b
        WHERE b.sku_id IN (SELECT ol.sku_id FROM order_line ol WHERE ol.order_id = $1) ORDER BY b.sku_id, b.unit_factor, b.barcode";
    /// A parcel's papers for a screen.
    LIST_PAPERS = "SELECT pp.paper, pp.enclosed_by IS NOT NULL, q.number FROM parcel_paper pp LEFT JOIN person q ON q.id = pp.enclosed_by
        WHERE pp.parcel_id = $1 ORDER BY pp.paper";
    /// The names of the papers on a checklist.
    LIST_PAPER_NAMES = "SELECT paper FROM parcel_paper WHERE parcel_id = $1 ORDER BY paper";
    /// Whether a station prints papers of a kind by itself, and has not printed this parcel's.
    SELECT_SLIP_WANTED = "SELECT sp.station_id FROM station_printer sp WHERE sp.station_id = $2 AND sp.kind = $3
        AND NOT EXISTS (SELECT 1 FROM print_job j WHERE j.parcel_id = $1 AND j.kind = $3 AND j.state <> 'cancelled')";
    /// Parcels for a list, the newest first. Empty and 0 stand for any.
    LIST_PARCELS = "SELECT p.place_id, p.number, p.state, o.number, q.number, c.code, w.number, p.weight_grams, p.created_at
        FROM parcel p JOIN customer_order o ON o.id = p.order_id LEFT JOIN person q ON q.id = p.packer_id
        LEFT JOIN carrier c ON c.id = COALESCE(p.carrier_id, o.carrier_id)
        LEFT JOIN waybill w ON w.parcel_id = p.place_id AND w.state IN ('held', 'bound', 'printed', 'handed_over', 'intercepting')
        WHERE p.warehouse_id = $1 AND ($2 = '' OR p.state = $2) AND ($3 = '' OR o.number = $3) AND ($4 = 0 OR p.place_id < $4)
        ORDER BY p.place_id DESC LIMIT $5";
    /// Pieces that an order wants in all.
    SELECT_ORDER_PIECES = "SELECT CAST(COALESCE(SUM(a.quantity - a.short - a.taken_out), 0) AS BIGINT) FROM order_line ol
        JOIN allocation a ON a.order_line_id = ol.id WHERE ol.order_id = $1";
    /// Totes with goods of picked orders, and complete slots: what waits for a packer, the most urgent first. A batch's tote has to
    /// be sorted before, or is packed piece by piece.
    LIST_WAITING = "SELECT t.code, o.number, o.ship_by, CAST(SUM(c.on_hand) AS BIGINT),
        (SELECT q.number FROM parcel p JOIN person q ON q.id = p.packer_id WHERE p.order_id = o.id AND p.state IN ('open', 'verifying') LIMIT 1)
        FROM stock_cell c JOIN place t ON t.id = c.place_id AND t.kind IN ('tote', 'slot')
        JOIN customer_order o ON o.id = CASE WHEN t.kind = 'slot' THEN (SELECT w.order_id FROM wall_slot w WHERE w.place_id = t.id)
            ELSE (SELECT m.order_id FROM movement m
            WHERE m.to_place_id = t.id AND m.reason IN ('pick', 'unpack', 'sort_undo') ORDER BY m.id DESC LIMIT 1) END
        WHERE c.warehouse_id = $1 AND c.on_hand > 0 AND o.state = 'picked' AND NOT EXISTS (SELECT 1 FROM batch_tote b WHERE b.place_id = t.id)
        GROUP BY t.kind, t.code, o.id, o.number, o.ship_by
        HAVING t.kind = 'tote' OR SUM(c.on_hand) >= (SELECT SUM(a.quantity - a.short - a.taken_out - a.packed) FROM order_line ol
            JOIN allocation a ON a.order_line_id = ol.id WHERE ol.order_id = o.id)
        ORDER BY o.ship_by, o.id, t.code LIMIT $2";
}
