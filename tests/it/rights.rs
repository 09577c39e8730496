//! Every route by every role, in one table that changes only on purpose; and what no session opens.

use serde_json::json;
use tallyman::kernel::actor::Role;
use tallyman::people::login::{Attempt, log_in};

use crate::api_document::{body, document, operations};
use crate::both;
use crate::support::World;
use crate::support::http::Client;

/// Pages of people, beside the API.
const PAGES: &[&str] = &[
    "/",
    "/board/part",
    "/orders",
    "/orders/1",
    "/waves",
    "/waves/1",
    "/stock",
    "/movements",
    "/locations",
    "/plan",
    "/parcels",
    "/manifests",
    "/people",
    "/people/2",
    "/sessions",
    "/roles",
    "/devices",
    "/print-jobs",
    "/inbox",
    "/outbox",
    "/imports",
    "/settings",
    "/device/check",
    "/pda",
    "/station",
    "/station/part",
];

/// Whether a request is refused for want of a right.
async fn forbidden(client: &Client, method: &str, path: &str, body: &[u8], key: &str) -> bool {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    let answer = client.raw(method, path, &headers, body.to_vec()).await;
    assert_ne!(answer.status.as_u16(), 401, "{method} {path}");
    assert!(answer.status.as_u16() < 500, "{method} {path}: {}", answer.text);
    answer.status.as_u16() == 403 && answer.json()["code"] == "forbidden"
}

async fn table(world: &World) -> String {
    let document = document();
    let mut clients = Vec::new();
    for role in Role::ALL {
        clients.push(Client::of(world, *role).await);
    }
    let mut routes: Vec<(String, String, Vec<u8>)> = operations(&document)
        .into_iter()
        // A stream without end, and what would end the askers themselves.
        .filter(|(_, path, _)| !path.ends_with("/agent"))
        .map(|(method, path, operation)| {
            // Of nobody who asks here.
            let path = match path.ends_with("/revoke") || path.ends_with("/deactivate") || path.ends_with("/end") {
                true => path.replace("/1/", "/9999/").replace("/0/", "/9999/"),
                false => path,
            };
            (method, path, body(&document, &operation).to_string().into_bytes())
        })
        .collect();
    routes.extend(PAGES.iter().map(|page| ("GET".to_owned(), (*page).to_owned(), Vec::new())));
    // What changes rights comes last.
    routes.sort_by_key(|(method, path, _)| (path.contains("/roles"), method.clone(), path.clone()));
    let mut out = String::from("# May this role ask for it? ");
    out.push_str(&Role::ALL.iter().map(|role| role.code()).collect::<Vec<_>>().join(", "));
    out.push('\n');
    for (number, (method, path, body)) in routes.iter().enumerate() {
        let mut marks = String::new();
        for (role, client) in clients.iter().enumerate() {
            let key = format!("rights-{number}-{role}");
            marks.push(if forbidden(client, method, path, body, &key).await { '-' } else { 'x' });
        }
        out.push_str(&format!("{marks} {method} {path}\n"));
    }
    out
}

both!(every_route_is_open_to_the_roles_that_need_it, |world| {
    let table = table(world).await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/rights.txt");
    if std::env::var_os("TALLYMAN_BLESS").is_some() {
        std::fs::write(file, &table).unwrap();
    }
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    assert_eq!(table, kept, "run with TALLYMAN_BLESS=1 where this is meant");
});

both!(no_session_opens_nothing, |world| {
    let admin = Client::of(world, Role::Administrator).await;
    let document = document();
    let person = admin.get("/me").await.json()["person_id"].as_i64().unwrap();
    let body_of = json!({ "password": "correct horse" });
    let other = Client::of(world, Role::Manager).await;
    let manager = other.get("/me").await.json()["person_id"].as_i64().unwrap();
    admin.send("PUT", &format!("/people/{manager}/password"), "p", body_of).await;
    let attempt = Attempt::Password { number: "manager".into(), password: "correct horse".into() };
    let opened = log_in(admin.app(), attempt, "a test").await.unwrap();
    let live = format!("tallyman={}", opened.secret);
    // Revoked: its person has left. Expired: twelve hours later. Unknown, another kind of secret, another warehouse's person.
    let cookies = ["tallyman=ts_nobody".to_owned(), "tallyman=tm_administrator".to_owned(), "other=1".to_owned()];
    for cookie in &cookies {
        for (method, path, operation) in operations(&document) {
            if path.ends_with("/agent") {
                continue;
            }
            let headers = [
                ("cookie", cookie.as_str()),
                ("content-type", "application/json"),
                ("idempotency-key", "k"),
                ("sec-fetch-site", "same-origin"),
            ];
            let body = body(&document, &operation).to_string().into_bytes();
            let answer = admin.raw(&method, &path, &headers, body).await;
            assert_eq!(answer.status.as_u16(), 401, "{method} {path} {cookie}: {}", answer.text);
        }
        for page in PAGES {
            let shown = admin.raw("GET", page, &[("cookie", cookie), ("accept", "text/html")], Vec::new()).await;
            assert_eq!(shown.status.as_u16(), 303, "{page}");
            let part = admin.raw("GET", page, &[("cookie", cookie), ("x-part", "1")], Vec::new()).await;
            assert_eq!(part.status.as_u16(), 401, "{page}");
        }
        for path in ["/pda/scan", "/station/scan"] {
            let headers =
                [("cookie", cookie.as_str()), ("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
            let answer = admin.raw("POST", path, &headers, b"{}".to_vec()).await;
            assert_eq!(answer.status.as_u16(), 401, "{path}");
        }
    }
    let see = |cookie: String| {
        let admin = &admin;
        async move { admin.raw("GET", "/api/v1/orders", &[("cookie", &cookie)], Vec::new()).await.status.as_u16() }
    };
    assert_eq!(see(live.clone()).await, 200);
    // Nobody of another warehouse sees this one's things.
    world.sql("INSERT INTO warehouse (code, name, time_zone) VALUES ('OTHER', 'Other', 'UTC')").await;
    world
        .sql(
            "UPDATE person SET warehouse_id = (SELECT id FROM warehouse WHERE code = 'OTHER') WHERE number = 'manager'",
        )
        .await;
    admin.app().tokens.forget();
    let foreign = admin.raw("GET", "/api/v1/orders/1", &[("cookie", &live)], Vec::new()).await;
    assert_eq!(foreign.status.as_u16(), 404);
    let people = admin.get("/people?limit=100").await.text;
    assert!(!people.contains("\"manager\""), "{people}");
    let touched = admin.send("PUT", &format!("/people/{manager}/pin"), "f", json!({ "pin": "2580" })).await;
    assert_eq!(touched.refusal(), (404, "not_found".into()));
    world.clock.advance_ms(12 * 60 * 60 * 1000);
    assert_eq!(see(live).await, 401);
    assert!(person > 1);
});
