//! A batch, the wall, a slot, put away and look-ups over the API, as handhelds and a wall's screen use them.

use serde_json::{Value, json};
use tallyman::kernel::actor::Role;

use crate::both;
use crate::support::dock::carriers;
use crate::support::floor::released;
use crate::support::http::{Answer, Client};

fn refused(answer: &Answer) -> (u16, String) {
    answer.refusal()
}

both!(a_batch_goes_over_the_wall_into_parcels_by_the_api, |world| {
    released(world, 2, 2).await;
    carriers(world).await;
    let manager = Client::of(world, Role::Manager).await;
    let picker = Client::of(world, Role::Picker).await;
    let packer = Client::of(world, Role::Packer).await;
    let made =
        manager.send("PUT", "/walls", "m1", json!({ "code": "W1", "rows": 1, "columns": 2, "spare": "A-01" })).await;
    assert_eq!(made.json()["slots"], json!(["W1-A1", "W1-A2"]));
    assert_eq!(refused(&picker.get("/picking/batches").await), (404, "picking.nothing_to_do".into()));
    let none = picker.send("POST", "/picking/batches", "b0", json!({ "orders_at_most": 0 })).await;
    assert_eq!(refused(&none), (422, "picking.bad_batch".into()));
    let batch = picker.send("POST", "/picking/batches", "b1", json!({ "orders_at_most": 9 })).await.json();
    assert_eq!((&batch["orders"], &batch["one_piece_each"]), (&json!(2), &json!(false)));
    let path = format!("/picking/batches/{}", batch["batch_id"]);
    picker.send("POST", &format!("{path}/tote"), "b2", json!({ "tote": "T000001" })).await.json();
    let line = &picker.get("/picking/batches").await.json()["lines"][0];
    let line_path = format!("{path}/lines/{}", line["cell_id"]);
    let scans =
        |quantity: i64| json!({ "location": line["place"], "item": "TEE-M", "quantity": quantity, "tote": "T000001" });
    let skipped = picker.send("POST", &format!("{line_path}/skip"), "b3", Value::Null).await.json();
    assert_eq!(skipped["left"], 4);
    picker.send("POST", &format!("{line_path}/confirm"), "b4", scans(1)).await.json();
    let undone = picker.send("POST", &format!("{line_path}/undo"), "b5", json!({ "quantity": 1 })).await.json();
    assert_eq!(undone["left"], 4);
    let short =
        picker.send("POST", &format!("{line_path}/short"), "b6", json!({ "missing": 9, "reason": "missing" })).await;
    assert_eq!(refused(&short), (422, "picking.too_many".into()));
    let done = picker.send("POST", &format!("{line_path}/confirm"), "b7", scans(4)).await;
    assert_eq!(done.json()["batch_done"], true, "{}", done.text);
    assert_eq!(refused(&picker.send("POST", &format!("{path}/release"), "b8", Value::Null).await).0, 409);
    assert_eq!(
        packer.get("/picking/batch-totes").await.json()[0],
        json!({ "tote": "T000001", "batch_id": batch["batch_id"], "pieces": 4, "skus": 1 })
    );

    let tote = json!({ "tote": "T000001", "item": "TEE-M" });
    assert_eq!(
        refused(&packer.send("POST", "/packing/start", "p0", json!({ "tote": "T000001" })).await),
        (409, "packing.sort_first".into())
    );
    let asked = packer.send("POST", "/walls/w1/sort", "s1", tote.clone()).await.json();
    assert_eq!(asked["slot"]["slot"], "W1-A1");
    let mut scan = tote.clone();
    scan["slot"] = json!("W1-A2");
    let wrong = packer.send("POST", "/walls/W1/confirm", "s2", scan.clone()).await;
    assert_eq!(refused(&wrong), (422, "wall.wrong_slot".into()));
    assert!(wrong.json()["detail"].as_str().unwrap().contains("W1-A1"));
    scan["slot"] = json!("W1-A1");
    let put = packer.send("POST", "/walls/W1/confirm", "s3", scan.clone()).await;
    assert_eq!((put.status.as_u16(), &put.json()["complete"]), (200, &json!(false)), "{}", put.text);
    assert_eq!(packer.send("POST", "/walls/W1/confirm", "s3", scan.clone()).await.json(), put.json());
    packer.send("POST", "/walls/W1/undo", "s4", json!({ "slot": "W1-A1", "item": "TEE-M" })).await.json();
    packer.send("POST", "/walls/W1/sort", "s5", tote.clone()).await.json();
    scan["quantity"] = json!(2);
    assert_eq!(packer.send("POST", "/walls/W1/confirm", "s6", scan).await.json()["complete"], true);
    let spare = json!({ "tote": "T000001", "item": "TEE-M", "location": "A-01" });
    assert_eq!(refused(&packer.send("POST", "/walls/W1/spare", "s7", spare).await), (409, "wall.still_wanted".into()));
    let view = packer.get("/walls/W1").await.json();
    assert_eq!(
        (&view["slots"][0]["state"], &view["slots"][0]["filling"]),
        (&json!("complete"), &json!({ "pieces": 2, "of": 2 }))
    );
    assert_eq!(packer.get("/walls").await.json()[0]["taken"], 1);
    let parcel = packer.send("POST", "/packing/start", "p1", json!({ "tote": "W1-A1" })).await;
    assert_eq!(parcel.json()["totes"], json!([{ "tote": "W1-A1", "pieces": 2 }]), "{}", parcel.text);
    let early =
        packer.send("POST", "/packing/start-incomplete", "p2", json!({ "slot": "W1-A2", "reason": "lost" })).await;
    assert_eq!(refused(&early), (409, "packing.empty_tote".into()));
    // The rest is one order's: it needs no wall.
    let alone =
        packer.send("POST", "/packing/start-by-item", "p3", json!({ "tote": "T000001", "item": "TEE-M" })).await;
    assert_eq!(alone.json()["order"], "O00000002", "{}", alone.text);
});

both!(putting_away_and_looking_up_by_the_api, |world| {
    released(world, 1, 1).await;
    world.sql("INSERT INTO place (warehouse_id, kind, code) VALUES (1, 'location', 'A-09')").await;
    world.sql("INSERT INTO location (place_id, warehouse_id, zone_id, walk_order, check_digits) SELECT p.id, 1, z.id, 9, '22' FROM place p, zone z WHERE p.code = 'A-09'").await;
    let receiver = Client::of(world, Role::Receiver).await;
    let lines = receiver.get("/putaway/proposals?from=A-01&item=TEE-M").await.json();
    assert_eq!(lines[0]["proposals"], json!([{ "place": "A-09", "zone": "A", "walk_order": 9, "why": "same_zone" }]));
    assert_eq!(refused(&receiver.get("/putaway/proposals?from=X").await), (422, "putaway.unknown_place".into()));
    assert_eq!(refused(&receiver.get("/putaway/proposals").await).0, 400);
    let mut body = json!({ "from": "A-01", "item": "TEE-M", "quantity": 2, "to": "A-02" });
    let mixed = receiver.send("POST", "/putaway", "a1", body.clone()).await;
    assert_eq!(refused(&mixed), (409, "putaway.other_lot".into()));
    body["to"] = json!("A-09");
    let done = receiver.send("POST", "/putaway", "a2", body.clone()).await;
    assert_eq!((&done.json()["place"], &done.json()["left"]), (&json!("A-09"), &json!(3)), "{}", done.text);
    assert_eq!(receiver.send("POST", "/putaway", "a2", body).await.json(), done.json());

    let place = receiver.get("/lookup/A-09").await.json();
    assert_eq!((&place["kind"], &place["stock"][0]["on_hand"]), (&json!("location"), &json!(2)));
    let label = receiver.get("/lookup/%5DC1010690123456789210LA-05").await.json();
    assert_eq!((&label["kind"], &label["stock"][0]["place"]), (&json!("item"), &json!("A-05")));
    let aimed = receiver.get("/lookup/010690123456789210LA-05?aim=%5DC1").await.json();
    assert_eq!(aimed["stock"], label["stock"]);
    assert_eq!(receiver.get("/lookup/4711").await.json()["kind"], "unknown");
});

#[test]
fn every_refusal_at_walls_and_shelves_has_a_sentence_with_its_facts() {
    let codes = tallyman::wall::WallError::CODES
        .iter()
        .chain(tallyman::putaway::PutAwayError::CODES)
        .chain(tallyman::picking::PickError::CODES)
        .chain(tallyman::packing::PackError::CODES);
    for (code, facts) in codes {
        let text = tallyman::messages::all().find(|(name, _)| name == code).unwrap_or_else(|| panic!("{code}")).1;
        for named in text.en.split('{').skip(1).map(|part| part.split('}').next().unwrap()) {
            assert!(facts.contains(&named), "{code}: {named}");
        }
    }
}
