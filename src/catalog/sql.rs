//! Statements about SKUs and barcodes.

crate::statements! {
    /// New and changed SKUs.
    UPSERT_SKUS = bulk "INSERT INTO sku (code, name_en, name_zh, category, weight_grams, length_mm, width_mm, height_mm, fragile,
        packing_note, papers, expires, created_at) VALUES"
        [Text, Text, Text, Text, Int, Int, Int, Int, Bool, Text, Text, Bool, Int]
        "ON CONFLICT (code) DO UPDATE SET name_en = excluded.name_en, name_zh = excluded.name_zh, category = excluded.category,
        weight_grams = excluded.weight_grams, length_mm = excluded.length_mm, width_mm = excluded.width_mm,
        height_mm = excluded.height_mm, fragile = excluded.fragile, packing_note = excluded.packing_note, papers = excluded.papers,
        expires = excluded.expires, active = TRUE RETURNING id, code";
    /// Who has these barcodes.
    BARCODE_OWNERS = bulk "SELECT b.barcode, s.code FROM (VALUES" [Text] ") AS v JOIN sku_barcode b ON b.barcode = v.column1 JOIN sku s ON s.id = b.sku_id";
    /// New barcodes, and changed factors.
    UPSERT_BARCODES = bulk "INSERT INTO sku_barcode (barcode, sku_id, unit_factor) VALUES" [Text, Int, Int]
        "ON CONFLICT (barcode) DO UPDATE SET unit_factor = excluded.unit_factor WHERE sku_barcode.sku_id = excluded.sku_id";
    /// What a scan means: a SKU's code, or a barcode with its factor. UPC-A and EAN-13 differ by a leading zero.
    RESOLVE = "SELECT id, code, 1 FROM sku WHERE code = $1
        UNION ALL SELECT s.id, s.code, b.unit_factor FROM sku_barcode b JOIN sku s ON s.id = b.sku_id WHERE b.barcode IN ($1, $2) LIMIT 1";
    /// SKUs by their codes.
    IDS_BY_CODE = bulk "SELECT s.code, s.id FROM (VALUES" [Text] ") AS v JOIN sku s ON s.code = v.column1";
    /// SKUs by their barcodes: each text with the forms that it may stand in.
    IDS_BY_BARCODE = bulk "SELECT v.column1, b.sku_id FROM (VALUES" [Text, Text] ") AS v JOIN sku_barcode b ON b.barcode = v.column2";
    /// One SKU.
    SELECT_VIEW = "SELECT id, code, name_en, name_zh, category, weight_grams, length_mm, width_mm, height_mm, fragile, packing_note, papers, expires, active
        FROM sku WHERE code = $1";
    /// A page of SKUs.
    LIST = "SELECT id, code, name_en, name_zh, category, weight_grams, length_mm, width_mm, height_mm, fragile, packing_note, papers, expires, active
        FROM sku WHERE id > $1 ORDER BY id LIMIT $2";
    /// The barcodes of a SKU.
    LIST_BARCODES = "SELECT barcode, unit_factor FROM sku_barcode WHERE sku_id = $1 ORDER BY barcode";
}
