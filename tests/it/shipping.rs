//! Carriers, manifests and the hand-over.

use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::{ManifestId, OrderId, WarehouseId};
use tallyman::order::ops::{CancelOrder, HoldOrder, ReleaseOrder};
use tallyman::refusal::Refusal;
use tallyman::shipping::carriers::{PutCarrier, PutShipMethod, RemoveShipMethod};
use tallyman::shipping::handover::HandOver;
use tallyman::shipping::manifest::{CancelManifest, OpenManifest};
use tallyman::shipping::scan::{ScanOut, TakeOff};
use tallyman::shipping::{ShippingError, query};

use crate::both;
use crate::support::dock::{carriers, packed};
use crate::support::http::Client;
use crate::support::{World, at_once, shared};

/// Labelled parcels, and an open manifest for their carrier.
async fn dock(world: &World, orders: i64, quantity: i64) -> ManifestId {
    packed(world, orders, quantity).await;
    world.sql("UPDATE parcel SET state = 'label_printed'").await;
    world.sql("UPDATE waybill SET state = 'printed'").await;
    open(world).await
}

async fn open(world: &World) -> ManifestId {
    world.does(OpenManifest { carrier: "SF".into() }).await.manifest_id
}

fn scan(manifest: ManifestId, number: &str) -> ScanOut {
    ScanOut { manifest, scan: number.into() }
}

fn hand_over(manifest: ManifestId) -> HandOver {
    HandOver { manifest, taken_by: "王师傅".into(), signature: None }
}

both!(a_manifest_goes_to_the_carrier_with_all_that_follows, |world| {
    let manifest = dock(world, 3, 2).await;
    for (n, number) in ["SF1", " sf2\r", "SF3"].iter().enumerate() {
        let scanned = world.does(scan(manifest, number)).await;
        assert_eq!((scanned.count, scanned.expected_mark.as_str()), (i64::try_from(n).unwrap() + 1, ""));
    }
    let handed = world.does(hand_over(manifest)).await;
    assert_eq!((handed.number.as_str(), handed.parcels, handed.pieces), ("M00000001", 3, 6));
    assert_eq!((handed.orders_shipped, handed.orders_waiting), (3, 0));
    assert_eq!(
        world.number("SELECT COUNT(*) FROM parcel WHERE state = 'handed_over' AND handed_over_at IS NOT NULL").await,
        3
    );
    assert_eq!(world.number("SELECT COUNT(*) FROM waybill WHERE state = 'handed_over'").await, 3);
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order WHERE state = 'shipped'").await, 3);
    assert_eq!(world.number("SELECT COUNT(*) FROM wave_order WHERE state = 'done'").await, 3);
    assert_eq!(world.number("SELECT CAST(SUM(shipped) AS BIGINT) FROM order_line").await, 6);
    assert_eq!(
        world
            .number("SELECT CAST(SUM(quantity) AS BIGINT) FROM movement WHERE reason = 'ship' AND to_place_id = 2")
            .await,
        6
    );
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'parcel.shipped'").await, 3);
    let told = world.text("SELECT data FROM event WHERE kind = 'parcel.shipped' ORDER BY id LIMIT 1").await;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (told["parcel"]["waybill_number"].as_str(), told["parcel"]["carrier"].as_str()),
        (Some("SF1"), Some("SF"))
    );
    assert_eq!(told["parcel"]["tracking_url"], "https://sf.example/?no=SF1");
    assert_eq!(told["parcel"]["lines"], serde_json::json!([{ "external_id": "l1", "sku": "TEE-M", "quantity": 2 }]));

    let refusal = world.refused(hand_over(manifest)).await;
    assert!(matches!(refusal, ShippingError::ManifestClosed { .. }));
    let another = open(world).await;
    assert!(matches!(world.refused(scan(another, "SF1")).await, ShippingError::HandedOver { .. }));
});

both!(the_same_hand_over_sent_twice_is_one, |world| {
    let manifest = dock(world, 1, 1).await;
    let key = world.keyed("scan-1");
    let first = world.db.operate(key.clone(), scan(manifest, "SF1")).await.unwrap();
    assert_eq!(world.db.operate(key, scan(manifest, "SF1")).await.unwrap(), first);
    let key = world.keyed("hand-over-1");
    let first = world.db.operate(key.clone(), hand_over(manifest)).await.unwrap();
    assert_eq!(world.db.operate(key, hand_over(manifest)).await.unwrap(), first);
    assert_eq!(world.number("SELECT COUNT(*) FROM movement WHERE reason = 'ship'").await, 1);
});

both!(several_people_hand_the_same_manifest_over_and_it_goes_once, |world| {
    let manifest = dock(world, 5, 1).await;
    for n in 1..=5 {
        world.does(scan(manifest, &format!("SF{n}"))).await;
    }
    let db = shared(world.db.clone());
    let done = at_once((0..6).map(|_| {
        let (db, context) = (db.clone(), world.context());
        async move { db.operate(context, hand_over(manifest)).await.is_ok() }
    }))
    .await;
    assert_eq!(done.iter().filter(|done| **done).count(), 1);
    assert_eq!(world.number("SELECT CAST(SUM(quantity) AS BIGINT) FROM movement WHERE reason = 'ship'").await, 5);
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'parcel.shipped'").await, 5);
});

both!(many_scanners_put_each_of_twenty_parcels_on_one_manifest, |world| {
    let first = dock(world, 20, 1).await;
    let second = open(world).await;
    let db = shared(world.db.clone());
    let scans = (0..60).map(|n| {
        let (db, context) = (db.clone(), world.context());
        let manifest = if n % 2 == 0 { first } else { second };
        async move { db.operate(context, scan(manifest, &format!("SF{}", n % 20 + 1))).await.is_ok() }
    });
    let done = at_once(scans).await;
    assert_eq!(done.iter().filter(|done| **done).count(), 20);
    assert_eq!(world.number("SELECT COUNT(*) FROM manifest_parcel").await, 20);
    let handed = at_once([first, second].map(|manifest| {
        let (db, context) = (db.clone(), world.context());
        async move { db.operate(context, hand_over(manifest)).await.map_or(0, |handed| handed.parcels) }
    }))
    .await;
    assert_eq!(handed.iter().sum::<i64>(), 20);
    assert_eq!(world.number("SELECT CAST(SUM(shipped) AS BIGINT) FROM order_line").await, 20);
});

both!(a_cancellation_and_a_hand_over_at_once_end_in_one_of_two_ways, |world| {
    let manifest = dock(world, 1, 1).await;
    world.does(scan(manifest, "SF1")).await;
    let (db, context) = (world.db.clone(), world.context());
    let handing = tokio::spawn(async move { db.operate(context, hand_over(manifest)).await.is_ok() });
    let cancel = CancelOrder { order: OrderId(1), reason: "changed their mind".into() };
    let cancelled = world.does(cancel).await;
    let gone = handing.await.unwrap();
    let expected = if gone { ("shipped", "handed_over") } else { ("intercepting", "label_printed") };
    assert_eq!(cancelled.state.code(), expected.0);
    assert_eq!(world.text("SELECT state FROM parcel").await, expected.1);
});

both!(each_reason_why_a_parcel_may_not_go_is_told_apart, |world| {
    let manifest = dock(world, 4, 1).await;
    let refused = |number: &'static str| world.refused(scan(manifest, number));
    assert!(matches!(refused("6901234567892").await, ShippingError::UnknownNumber { .. }));
    world
        .sql("INSERT INTO waybill (carrier_id, number, state) SELECT id, 'SF90', 'free' FROM carrier WHERE code = 'SF'")
        .await;
    world
        .sql("INSERT INTO waybill (carrier_id, number, state) SELECT id, 'SF91', 'void' FROM carrier WHERE code = 'SF'")
        .await;
    assert!(matches!(refused("SF90").await, ShippingError::UnknownNumber { .. }));
    assert!(matches!(refused("SF91").await, ShippingError::DeadNumber { .. }));

    let other = world.does(OpenManifest { carrier: "YTO".into() }).await.manifest_id;
    let wrong = world.refused(scan(other, "SF1")).await;
    assert!(
        matches!(wrong, ShippingError::WrongCarrier { carrier, expected, .. } if carrier == "SF" && expected == "YTO")
    );

    world.does(scan(manifest, "SF1")).await;
    assert!(matches!(refused("SF1").await, ShippingError::AlreadyScanned { .. }));
    let second = open(world).await;
    assert!(matches!(world.refused(scan(second, "SF1")).await, ShippingError::OnOtherManifest { .. }));

    let order = |n: i64| OrderId(n);
    world.does(HoldOrder { order: order(2), reason: "address".into() }).await;
    assert!(matches!(refused("SF2").await, ShippingError::OrderHeld { .. }));
    world.does(ReleaseOrder { order: order(2) }).await;
    world.does(scan(manifest, "SF2")).await;

    world.does(CancelOrder { order: order(3), reason: "changed their mind".into() }).await;
    let cancelled = refused("SF3").await;
    assert!(matches!(&cancelled, ShippingError::OrderCancelled { state, .. } if state.code() == "intercepting"));

    world.sql("UPDATE parcel SET state = 'waybill_bound' WHERE number = 'P00000004-1'").await;
    assert!(matches!(refused("SF4").await, ShippingError::NotReady { state, .. } if state == "waybill_bound"));
    world.sql("UPDATE parcel SET state = 'label_printed' WHERE number = 'P00000004-1'").await;
    world.sql("UPDATE lot SET status = 'frozen'").await;
    assert!(matches!(refused("SF4").await, ShippingError::Ineligible { .. }));
    world.sql("UPDATE lot SET status = 'good', expires_at = 1").await;
    assert!(matches!(refused("SF4").await, ShippingError::Ineligible { .. }));
    world.sql("UPDATE lot SET expires_at = NULL").await;
    world.does(scan(manifest, "SF4")).await;

    let picker = world.db.operate(world.as_role(Role::Picker), scan(manifest, "SF4")).await.unwrap_err();
    assert_eq!(picker.code(), "forbidden");
    assert!(matches!(world.refused(scan(ManifestId(99), "SF4")).await, ShippingError::NotFound { .. }));
});

both!(the_signature_of_who_took_the_parcels_is_kept_sealed_and_shown_to_who_ships, |world| {
    let manifest = dock(world, 2, 1).await;
    let (packer, picker) = (Client::of(world, Role::Packer).await, Client::of(world, Role::Picker).await);
    let path = format!("/manifests/{}/signature", manifest.0);
    world.does(scan(manifest, "SF1")).await;
    for bad in ["", "L1 2", "M1 2\"/><script>", "M1 2 C3 4 5 6 7 8"] {
        let signed = HandOver { manifest, taken_by: "王师傅".into(), signature: Some(bad.into()) };
        assert!(matches!(world.refused(signed).await, ShippingError::BadSignature {}), "{bad}");
    }
    assert_eq!(packer.get(&path).await.refusal(), (404, "not_found".into()));
    let signed = HandOver { manifest, taken_by: "王师傅".into(), signature: Some("M10 20L30 40".into()) };
    world.does(signed).await;
    let shown = packer.get(&path).await;
    assert_eq!(shown.headers["content-type"], "image/svg+xml");
    assert!(shown.text.starts_with("<svg ") && shown.text.contains("d=\"M10 20L30 40\""), "{}", shown.text);
    assert_eq!(picker.get(&path).await.refusal().0, 403);
    assert_eq!(packer.get(&format!("/manifests/{}", manifest.0)).await.json()["signature"], "svg");
    // As text in one database, as hex in the other.
    let open = "SELECT COUNT(*) FROM manifest WHERE CAST(signature AS TEXT) LIKE '%M10%' OR CAST(signature AS TEXT) LIKE '%4d3130%'";
    assert_eq!(world.number(open).await, 0);
});

both!(what_went_wrong_since_the_scan_stops_the_hand_over, |world| {
    let manifest = dock(world, 2, 1).await;
    assert!(matches!(world.refused(hand_over(manifest)).await, ShippingError::Empty { .. }));
    world.does(scan(manifest, "SF1")).await;
    world.does(scan(manifest, "SF2")).await;
    let nobody = HandOver { manifest, taken_by: " ".into(), signature: None };
    assert!(matches!(world.refused(nobody).await, ShippingError::TakenByMissing {}));
    world.sql("UPDATE lot SET status = 'quarantine'").await;
    assert!(matches!(world.refused(hand_over(manifest)).await, ShippingError::Ineligible { .. }));
    world.sql("UPDATE lot SET status = 'good'").await;
    world
        .sql("UPDATE parcel_line SET quantity = 2 WHERE parcel_id = (SELECT place_id FROM parcel WHERE number = 'P00000002-1')")
        .await;
    assert!(
        matches!(world.refused(hand_over(manifest)).await, ShippingError::ContentDiffers { number } if number == "SF2")
    );
    world.sql("UPDATE parcel_line SET quantity = 1").await;
    world.does(CancelOrder { order: OrderId(2), reason: "changed their mind".into() }).await;
    assert!(matches!(world.refused(hand_over(manifest)).await, ShippingError::OrderCancelled { .. }));
    assert_eq!(world.does(TakeOff { manifest, scan: "SF2".into() }).await.count, 1);
    assert!(matches!(
        world.refused(TakeOff { manifest, scan: "SF2".into() }).await,
        ShippingError::NotOnManifest { .. }
    ));
    assert_eq!(world.does(hand_over(manifest)).await.parcels, 1);
});

both!(an_order_waits_for_its_other_parcel_and_for_what_is_missing, |world| {
    let manifest = dock(world, 2, 2).await;
    // The first order has a second parcel that isn't here yet; of the second order a piece is missing.
    world.sql("INSERT INTO place (warehouse_id, kind, code) VALUES (1, 'parcel', 'P1B')").await;
    world
        .sql(
            "INSERT INTO parcel (place_id, warehouse_id, order_id, number, state, created_at)
             SELECT id, 1, 1, 'P1B', 'open', 0 FROM place WHERE code = 'P1B'",
        )
        .await;
    world.sql("UPDATE order_line SET quantity = quantity + 1 WHERE order_id = 2").await;
    world.does(scan(manifest, "SF1")).await;
    world.does(scan(manifest, "SF2")).await;
    let handed = world.does(hand_over(manifest)).await;
    assert_eq!((handed.orders_shipped, handed.orders_waiting), (0, 1));
    assert_eq!(world.text("SELECT state FROM customer_order WHERE id = 1").await, "packed");
    assert_eq!(world.text("SELECT state FROM customer_order WHERE id = 2").await, "short");
    assert_eq!(world.text("SELECT state FROM wave_order WHERE order_id = 2").await, "done");
});

both!(a_cancelled_manifest_frees_its_parcels, |world| {
    let manifest = dock(world, 2, 1).await;
    world.does(scan(manifest, "SF1")).await;
    assert_eq!(world.does(CancelManifest { manifest }).await.parcels, 1);
    assert!(matches!(world.refused(CancelManifest { manifest }).await, ShippingError::ManifestClosed { .. }));
    assert!(matches!(world.refused(scan(manifest, "SF1")).await, ShippingError::ManifestClosed { .. }));
    let second = open(world).await;
    world.does(scan(second, "SF1")).await;
    world.does(hand_over(second)).await;
    assert!(matches!(world.refused(CancelManifest { manifest: second }).await, ShippingError::ManifestClosed { .. }));
});

both!(the_list_of_a_manifest_can_be_signed, |world| {
    let manifest = dock(world, 2, 1).await;
    world.does(scan(manifest, "SF2")).await;
    world.clock.advance_ms(1000);
    world.does(scan(manifest, "SF1")).await;
    world.does(hand_over(manifest)).await;
    let view = world.db.read(|tx| Box::pin(query::manifest(tx, WarehouseId(1), manifest))).await.unwrap();
    assert_eq!((view.manifest.count, view.manifest.weight_grams), (2, 500));
    assert_eq!(view.parcels.iter().map(|parcel| parcel.waybill.as_str()).collect::<Vec<_>>(), ["SF2", "SF1"]);
    let csv = String::from_utf8(view.csv().unwrap()).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[1], "SF2,P00000002-1,O00000002,250,2026-11-21T10:00:00.000Z,SYSTEM");
    assert_eq!(lines[3], "M00000001,2,,500,,王师傅");
});

both!(carriers_and_ship_methods_are_kept, |world| {
    carriers(world).await;
    let carrier = |code: &str, url: &str| PutCarrier {
        code: code.into(),
        name_en: String::new(),
        name_zh: "中通".into(),
        tracking_url: url.into(),
        is_default: true,
    };
    assert!(matches!(world.refused(carrier(" ", "")).await, ShippingError::BadName { .. }));
    for url in ["ftp://x/{number}", "https://x.example/"] {
        assert!(matches!(world.refused(carrier("ZTO", url)).await, ShippingError::BadTrackingUrl { .. }));
    }
    let first = world.does(carrier("ZTO", "")).await.carrier_id;
    assert_eq!(world.does(carrier("ZTO", "https://zto.example/{number}")).await.carrier_id, first);
    assert_eq!(world.text("SELECT code FROM carrier WHERE is_default").await, "ZTO");
    let method = |carrier: &str| PutShipMethod { code: "express".into(), carrier: carrier.into() };
    assert!(matches!(world.refused(method("NONE")).await, ShippingError::NotFound { .. }));
    world.does(method("SF")).await;
    world.does(method("YTO")).await;
    let methods = world.db.read(|tx| Box::pin(query::ship_methods(tx))).await.unwrap();
    assert_eq!((methods.len(), methods[0].carrier.as_str()), (1, "YTO"));
    world.does(RemoveShipMethod { code: "express".into() }).await;
    assert!(matches!(world.refused(RemoveShipMethod { code: "express".into() }).await, ShippingError::NotFound { .. }));
    let packer = world.db.operate(world.as_role(Role::Packer), method("SF")).await.unwrap_err();
    assert_eq!(packer.code(), "forbidden");
});

both!(the_dock_works_over_the_api, |world| {
    use crate::support::http::Client;
    use serde_json::json;

    dock(world, 2, 1).await;
    let packer = Client::of(world, Role::Packer).await;
    let opened = packer.send("POST", "/manifests", "k1", json!({ "carrier": "SF" })).await;
    let manifest = opened.json()["manifest_id"].as_i64().unwrap();
    assert_eq!(manifest, 2);
    let path = |rest: &str| format!("/manifests/{manifest}{rest}");
    let scan = |key: &'static str, scan: &'static str| {
        packer.send("POST", "/manifests/2/parcels", key, json!({ "scan": scan }))
    };
    assert_eq!(scan("k2", "SF1").await.json()["count"], 1);
    assert_eq!(scan("k2", "SF1").await.json()["count"], 1, "the same key again is the same scan");
    let reused = scan("k2", "SF2").await;
    assert_eq!((reused.status.as_u16(), reused.json()["code"].as_str()), (422, Some("key.reused")));
    let twice = scan("k3", "SF1").await;
    assert_eq!((twice.status.as_u16(), twice.json()["code"].as_str()), (409, Some("shipping.already_scanned")));
    assert_eq!(twice.json()["detail"], "包裹 SF1 已在交接单 M00000002 上，请扫描下一个。");
    assert_eq!(scan("k4", "SF2").await.json()["count"], 2);
    let off = packer.send("POST", &path("/take-off"), "k5", json!({ "scan": "SF2" })).await;
    assert_eq!(off.json()["count"], 1);
    let handed = packer.send("POST", &path("/hand-over"), "k6", json!({ "taken_by": "王师傅" })).await;
    assert_eq!(handed.json()["parcels"], 1);
    let view = packer.get(&path("")).await.json();
    assert_eq!((view["state"].as_str(), view["count"].as_i64()), (Some("handed_over"), Some(1)));
    assert!(packer.get(&path("/list.csv")).await.text.contains("SF1,P00000001-1,O00000001,250"));
    assert_eq!(packer.get("/manifests?state=open&carrier=SF").await.json().as_array().unwrap().len(), 1);
    assert_eq!(packer.send("POST", "/manifests/1/cancel", "k7", json!(null)).await.json()["parcels"], 0);
    assert_eq!(packer.get("/manifests/99").await.status.as_u16(), 404);

    let carriers = packer.get("/carriers").await.json();
    assert_eq!((carriers[0]["code"].as_str(), carriers[0]["free_numbers"].as_i64()), (Some("SF"), Some(0)));
    let forbidden = packer.send("PUT", "/ship-methods", "k8", json!({ "code": "x", "carrier": "SF" })).await;
    assert_eq!(forbidden.status.as_u16(), 403);
    let manager = Client::of(world, Role::Manager).await;
    let method = json!({ "code": "express post", "carrier": "YTO" });
    assert_eq!(manager.send("PUT", "/ship-methods", "k9", method).await.status.as_u16(), 200);
    assert_eq!(manager.get("/ship-methods").await.json()[0]["carrier"], "YTO");
    let gone = manager.send("DELETE", "/ship-methods/express%20post", "k10", json!(null)).await;
    assert_eq!(gone.json()["code"], "express post");
});
