//! People, tokens and the journal over the API.

use serde_json::{Value, json};
use tallyman::kernel::actor::Role;

use crate::both;
use crate::support::floor::released;
use crate::support::http::Client;

both!(a_token_is_shown_once_and_ends_at_once, |world| {
    let admin = Client::of(world, Role::Administrator).await;
    let lead = Client::of(world, Role::ShiftLead).await;
    let wanted = json!({ "person": "shift_lead", "name": "手持机 1" });
    let made = admin.send("POST", "/tokens", "t1", wanted.clone()).await.json();
    let secret = made["secret"].as_str().unwrap().to_owned();
    let again = admin.send("POST", "/tokens", "t1", wanted.clone()).await.json();
    assert_eq!((&again["token_id"], &again["secret"]), (&made["token_id"], &Value::Null));
    let other = json!({ "person": "shift_lead", "name": "手持机 2" });
    assert_eq!(admin.send("POST", "/tokens", "t1", other).await.refusal(), (422, "key.reused".into()));
    assert_eq!(lead.send("POST", "/tokens", "t2", wanted).await.refusal(), (403, "forbidden".into()));
    let nobody = json!({ "person": "nobody", "name": "x" });
    assert_eq!(admin.send("POST", "/tokens", "t3", nobody).await.refusal(), (404, "not_found".into()));
    let unnamed = json!({ "person": "shift_lead", "name": " " });
    assert_eq!(admin.send("POST", "/tokens", "t4", unnamed).await.refusal(), (422, "people.token_name_missing".into()));

    let device = admin.with_secret(&secret);
    assert_eq!(device.get("/me").await.json()["number"], "shift_lead");
    let path = format!("/tokens/{}/revoke", made["token_id"]);
    assert_eq!(admin.send("POST", &path, "r1", Value::Null).await.json()["ended"], true);
    let refused = device.get("/me").await;
    assert_eq!(refused.refusal(), (401, "unauthorized".into()));
    assert_eq!(refused.headers["www-authenticate"], "Bearer");
    assert_eq!(admin.send("POST", &path, "r2", Value::Null).await.json()["ended"], false);
    assert_eq!(admin.send("POST", "/tokens/99/revoke", "r3", Value::Null).await.refusal(), (404, "not_found".into()));
    let listed = admin.get("/tokens").await;
    assert!(!listed.text.contains(&secret) && !listed.text.contains("hash"), "{}", listed.text);
    assert_eq!(lead.get("/tokens").await.refusal(), (403, "forbidden".into()));
    let stored = world.text("SELECT answer FROM operation WHERE kind = 'token.make'").await;
    assert!(!stored.contains(&secret), "{stored}");
});

both!(who_leaves_ends_at_once_and_their_work_goes_to_others, |world| {
    released(world, 1, 1).await;
    let admin = Client::of(world, Role::Administrator).await;
    let picker = Client::of(world, Role::Picker).await;
    let task = picker.send("POST", "/picking/claim", "p1", json!({})).await.json();
    let id = picker.get("/me").await.json()["person_id"].as_i64().unwrap();
    let me = admin.get("/me").await.json()["person_id"].as_i64().unwrap();
    let send = |what: &'static str, person: i64, key: &'static str| {
        let admin = &admin;
        async move { admin.send("POST", &format!("/people/{person}/{what}"), key, Value::Null).await }
    };
    assert_eq!(send("deactivate", me, "d1").await.refusal(), (409, "people.not_this_one".into()));
    assert_eq!(send("deactivate", 1, "d2").await.refusal(), (409, "people.not_this_one".into()));
    assert_eq!(send("deactivate", 99, "d3").await.refusal(), (404, "not_found".into()));
    assert_eq!(send("deactivate", id, "d4").await.status.as_u16(), 200);
    assert_eq!(picker.get("/me").await.refusal(), (401, "unauthorized".into()));
    let next = admin.send("POST", "/picking/claim", "p2", json!({})).await.json();
    assert_eq!(next["task_id"], task["task_id"]);
    // Back again, but the old token stays dead.
    assert_eq!(send("activate", id, "d5").await.status.as_u16(), 200);
    assert_eq!(picker.get("/me").await.refusal(), (401, "unauthorized".into()));
    let people = admin.get("/people?limit=10").await.json();
    let found = people.as_array().unwrap().iter().find(|person| person["id"] == id).unwrap();
    assert_eq!((&found["active"], &found["roles"]), (&json!(true), &json!(["picker"])));
});

both!(roles_change_what_somebody_may_do_from_the_next_request_on, |world| {
    let admin = Client::of(world, Role::Administrator).await;
    let picker = Client::of(world, Role::Picker).await;
    let id = picker.get("/me").await.json()["person_id"].as_i64().unwrap();
    assert_eq!(picker.get("/events").await.refusal(), (403, "forbidden".into()));
    let set = |roles: Value, key: &'static str| {
        let admin = &admin;
        async move { admin.send("PUT", &format!("/people/{id}/roles"), key, json!({ "roles": roles })).await }
    };
    assert_eq!(set(json!([]), "s1").await.refusal(), (422, "people.incomplete".into()));
    assert_eq!(set(json!(["auditor", "auditor"]), "s2").await.status.as_u16(), 200);
    // On PostgreSQL the journal stops below the oldest transaction that runs anywhere on the server.
    let mut kinds: Vec<String> = Vec::new();
    let mut after = 0;
    for _ in 0..1000 {
        let events = picker.get(&format!("/events?limit=2&after={after}")).await.json();
        let events = events.as_array().unwrap();
        assert!(events.len() <= 2);
        after = events.last().map_or(after, |event| event["id"].as_i64().unwrap());
        kinds.extend(events.iter().map(|event| event["kind"].as_str().unwrap().to_owned()));
        if kinds.iter().any(|kind| kind == "person.roles_set") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(kinds, ["person.added", "person.added", "person.roles_set"]);
    let long = json!({ "number": "9".repeat(4000), "name": "x", "language": "en", "roles": ["picker"] });
    assert_eq!(admin.send("POST", "/people", "a1", long).await.refusal(), (422, "people.too_long".into()));
    let same = json!({ "number": "picker", "name": "x", "language": "en", "roles": ["picker"] });
    let taken = admin.send("POST", "/people", "a2", same).await;
    assert_eq!(
        (taken.refusal().1, &taken.json()["detail"]),
        ("people.number_taken".into(), &json!("工号 picker 已被使用。"))
    );
});
