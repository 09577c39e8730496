//! The dock: parcels scanned onto manifests over HTTP by 16 people, then all handed over.

use serde_json::json;
use tallyman::args;
use tallyman::db::{Cast, Sql, journal};
use tallyman::kernel::ids::ManifestId;
use tallyman::people::tokens::hash_of;
use tallyman::shipping;
use tallyman::shipping::carriers::PutCarrier;
use tallyman::shipping::handover::HandOver;
use tallyman::shipping::manifest::OpenManifest;
use tallyman::wave::ops::{Choice, CreateWave, ReleaseWave};

use crate::bare::{self, Job};
use crate::http;
use crate::report::{Figure, Report};
use crate::scene::World;
use crate::{Asked, Target, micros};

const SKUS: i64 = 2_000;
const DOORS: i64 = 16;
const SECRET: &str = "tm_bench_dock";

/// Orders of three lines, picked and packed by statements: a parcel with a printed label each.
const PACKED: [&str; 9] = [
    "UPDATE stock_cell SET on_hand = on_hand - reserved, reserved = 0",
    "UPDATE allocation SET picked = quantity, packed = quantity, state = 'done'",
    "UPDATE pick_task SET state = 'done', lines_open = 0",
    "INSERT INTO place (id, warehouse_id, kind, code) SELECT 20000000 + id, 1, 'parcel', 'P' || id FROM customer_order",
    "INSERT INTO parcel (place_id, warehouse_id, order_id, number, state, carrier_id, weight_grams, created_at, sealed_at)
        SELECT 20000000 + id, 1, id, 'P' || id, 'label_printed', (SELECT id FROM carrier WHERE code = 'SF'), 300, 0, 0 FROM customer_order",
    "INSERT INTO waybill (carrier_id, number, state, parcel_id)
        SELECT carrier_id, 'SF' || order_id, 'printed', place_id FROM parcel",
    "INSERT INTO parcel_line (parcel_id, allocation_id, order_line_id, sku_id, lot_id, quantity)
        SELECT 20000000 + order_id, id, order_line_id, sku_id, lot_id, quantity FROM allocation",
    "INSERT INTO stock_cell (warehouse_id, place_id, sku_id, lot_id, status, on_hand, reserved)
        SELECT 1, parcel_id, sku_id, lot_id, 'good', SUM(quantity), SUM(quantity) FROM parcel_line GROUP BY parcel_id, sku_id, lot_id",
    "UPDATE customer_order SET state = 'packed'",
];

async fn scene(target: &Target, parcels: i64) -> World {
    use Cast::{Int, Text};
    let world = target.open().await;
    world.stock(SKUS).await;
    world.orders(parcels, SKUS).await;
    let wave = world.does(CreateWave { choice: Choice::default(), note: String::new() }).await.wave_id;
    world.does(ReleaseWave { wave }).await;
    let tracking_url = "https://sf.example/{number}".to_owned();
    let (code, name) = ("SF".to_owned(), "SF".to_owned());
    world.does(PutCarrier { code, name_en: name, name_zh: String::new(), tracking_url, is_default: true }).await;
    for text in PACKED {
        world.run(Sql::both(text), vec![]).await;
    }
    world
        .rows(
            "INSERT INTO person (id, warehouse_id, number, name, created_at) VALUES",
            &[Int, Int, Text, Text, Int],
            std::iter::once(args![100_i64, 1_i64, "DOCK", "Dock", 0_i64]),
        )
        .await;
    world
        .rows(
            "INSERT INTO person_role (person_id, role) VALUES",
            &[Int, Text],
            std::iter::once(args![100_i64, "packer"]),
        )
        .await;
    world
        .rows(
            "INSERT INTO token (person_id, name, hash, created_at) VALUES",
            &[Int, Text, Text, Int],
            std::iter::once(args![100_i64, "bench", hash_of(SECRET), 0_i64]),
        )
        .await;
    world.counters().await;
    world
}

async fn manifests(world: &World) -> Vec<ManifestId> {
    let mut manifests = Vec::new();
    for _ in 0..DOORS {
        manifests.push(world.does(OpenManifest { carrier: "SF".into() }).await.manifest_id);
    }
    manifests
}

pub async fn run(kind: &str, asked: &Asked, report: &mut Report) {
    let parcels = if asked.quick { 800 } else { 4_000 };
    let target = Target::fresh(kind).await;
    let world = scene(&target, parcels).await;
    let manifests = manifests(&world).await;
    let mut requests: Vec<Vec<http::Request>> = (0..DOORS).map(|_| Vec::new()).collect();
    let bearer = format!("Bearer {SECRET}");
    for n in 1..=parcels {
        let door = usize::try_from(n % DOORS).unwrap();
        let path = format!("/api/v1/manifests/{}/parcels", manifests[door]);
        let key = format!("out-{n}");
        let body = json!({ "scan": format!("SF{n}") }).to_string();
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
        requests[door].push(http::request("POST", &path, &headers, body.as_bytes()));
    }
    let address = http::serve(world.app.clone()).await;
    let scans = http::drive(address, requests, None).await;
    let start = micros();
    for manifest in manifests {
        world.does(HandOver { manifest, taken_by: "Driver".into(), signature: None }).await;
    }
    let hand_over = (micros() - start) as f64 / 1000.0;
    let shipped: Vec<(i64,)> = world.read("SELECT COUNT(*) FROM customer_order WHERE state = 'shipped'", vec![]).await;
    assert_eq!(shipped, [(parcels,)]);
    target.drop().await;
    let (scan_floor, hand_over_floor) = floor(kind, parcels).await;
    report.add(&Figure {
        database: kind,
        work: format!("scan a parcel out over HTTP, {DOORS} clients"),
        unit: "1/s",
        service: scans.per_second,
        floor: scan_floor,
        more_is_better: true,
        note: format!("p50 {:.1} ms, p99 {:.1} ms", scans.p50_ms, scans.p99_ms),
        more: json!({ "p50_ms": scans.p50_ms, "p99_ms": scans.p99_ms }),
    });
    report.add(&Figure {
        database: kind,
        work: format!("hand over {parcels} parcels on {DOORS} manifests"),
        unit: "ms",
        service: hand_over,
        floor: hand_over_floor,
        more_is_better: false,
        note: String::new(),
        more: json!({ "parcels": parcels }),
    });
}

async fn floor(kind: &str, parcels: i64) -> (f64, f64) {
    let target = Target::fresh(kind).await;
    let world = scene(&target, parcels).await;
    let manifests = manifests(&world).await;
    drop(world);
    let job = |n: i64| -> Job {
        let (key, manifest) = (format!("out-{n}"), manifests[usize::try_from(n % DOORS).unwrap()]);
        let data = json!({ "manifest": "M00000001", "waybill": format!("SF{n}") }).to_string();
        let answer = json!({ "parcel_id": 20_000_000 + n, "parcel": format!("P{n}"), "order": format!("O{n:08}"),
            "count": 100, "weight_grams": 30_000 })
        .to_string();
        vec![
            (shipping::sql::INSERT_PARCEL, args![manifest, 20_000_000 + n, 0_i64, 100_i64]),
            (
                journal::sql::INSERT_EVENT,
                args![1_i64, 0_i64, 100_i64, "parcel.scanned_out", "parcel", 20_000_000 + n, key.as_str(), data],
            ),
            (
                journal::sql::INSERT_OPERATION,
                args![key.as_str(), 1_i64, "manifest.scan_out", "0".repeat(64), answer, 100_i64, 0_i64],
            ),
        ]
    };
    let scans = bare::transactions(&target, (1..=parcels).map(job).collect(), usize::try_from(DOORS).unwrap()).await;
    let hand_over = bare::statements(&target, &[], &[
        "INSERT INTO movement (warehouse_id, at, person_id, operation_key, reason, note, evidence, sku_id, lot_id, quantity, from_place_id,
            from_status, to_place_id, to_status, order_id, allocation_id)
            SELECT 1, 0, 1, 'floor', 'ship', 'M00000001', w.number, l.sku_id, l.lot_id, l.quantity, l.parcel_id, 'good', 2, 'good', p.order_id, l.allocation_id
            FROM manifest_parcel m JOIN parcel p ON p.place_id = m.parcel_id JOIN parcel_line l ON l.parcel_id = m.parcel_id
            JOIN waybill w ON w.parcel_id = m.parcel_id",
        "UPDATE stock_cell SET on_hand = 0, reserved = 0 WHERE place_id IN (SELECT parcel_id FROM manifest_parcel)",
        "UPDATE parcel SET state = 'handed_over', handed_over_at = 0 WHERE place_id IN (SELECT parcel_id FROM manifest_parcel)",
        "UPDATE waybill SET state = 'handed_over' WHERE parcel_id IN (SELECT parcel_id FROM manifest_parcel)",
        "UPDATE order_line SET shipped = allocated",
        "UPDATE customer_order SET state = 'shipped'",
        "UPDATE wave_order SET state = 'done'",
        "UPDATE manifest SET state = 'handed_over', handed_over_at = 0, taken_by = 'Driver'",
        "INSERT INTO event (warehouse_id, at, person_id, kind, subject_kind, subject_id, operation_key, data)
            SELECT 1, 0, 1, 'parcel.shipped', 'order', p.order_id, 'floor', w.number || l.sku_code || l.external_id
            FROM manifest_parcel m JOIN parcel p ON p.place_id = m.parcel_id JOIN waybill w ON w.parcel_id = m.parcel_id
            JOIN order_line l ON l.order_id = p.order_id AND l.external_id = 'l0'",
        "INSERT INTO event (warehouse_id, at, person_id, kind, subject_kind, subject_id, operation_key, data)
            SELECT 1, 0, 1, 'order.shipped', 'order', id, 'floor', '{}' FROM customer_order",
    ]).await;
    target.drop().await;
    (scans, hand_over)
}
