//! Logging in: by badge, PIN and password; what ends a session, and who is slowed.

use serde_json::{Value, json};
use tallyman::kernel::actor::Role;
use tallyman::people::PeopleError;
use tallyman::people::login::{Attempt, log_in};
use tallyman::people::secrets::{badge_hash, hash};
use tallyman::people::sessions::Way;
use tallyman::refusal::Refusal as _;

use crate::both;
use crate::support::http::Client;

/// The id of a client's person.
async fn id(client: &Client) -> i64 {
    client.get("/me").await.json()["person_id"].as_i64().unwrap()
}

fn by_badge(code: &str, pin: &str) -> Attempt {
    Attempt::Badge { code: code.to_owned(), pin: pin.to_owned() }
}

fn by_password(number: &str, password: &str) -> Attempt {
    Attempt::Password { number: number.to_owned(), password: password.to_owned() }
}

/// The code of what an attempt was refused with; `in` where it wasn't.
async fn tried(client: &Client, attempt: Attempt) -> String {
    match log_in(client.app(), attempt, "a test").await {
        Ok(_) => "in".to_owned(),
        Err(error) => error.code().to_owned(),
    }
}

/// A browser with the session of an attempt.
async fn browser(client: &Client, attempt: Attempt) -> Browser {
    let opened = log_in(client.app(), attempt, "a test").await.unwrap();
    Browser { client: client.with_secret("none"), cookie: format!("a=b; tallyman={}", opened.secret) }
}

struct Browser {
    client: Client,
    cookie: String,
}

impl Browser {
    async fn get(&self, path: &str) -> u16 {
        self.client.raw("GET", path, &[("cookie", &self.cookie)], Vec::new()).await.status.as_u16()
    }

    async fn put_language(&self, more: &[(&str, &str)]) -> (u16, String) {
        let mut headers = vec![
            ("cookie", self.cookie.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", "language"),
            ("host", "tallyman.lan"),
        ];
        headers.extend_from_slice(more);
        let answer =
            self.client.raw("PUT", "/api/v1/me/preferences", &headers, br#"{"language":"zh-CN"}"#.to_vec()).await;
        if answer.status.is_success() { (200, String::new()) } else { answer.refusal() }
    }
}

async fn badge_of(admin: &Client, person: i64, key: &str) -> String {
    let issued = admin.send("POST", &format!("/people/{person}/badge"), key, Value::Null).await.json();
    issued["code"].as_str().unwrap().to_owned()
}

both!(a_badge_lets_a_picker_in_and_a_lead_only_with_the_pin, |world| {
    let admin = Client::of(world, Role::Administrator).await;
    let picker = Client::of(world, Role::Picker).await;
    let lead = Client::of(world, Role::ShiftLead).await;
    let (picker_id, lead_id) = (id(&picker).await, id(&lead).await);

    let badge = badge_of(&admin, picker_id, "b1").await;
    assert_eq!(tried(&admin, by_badge(&badge, "")).await, "in");
    assert_eq!(tried(&admin, by_badge(&format!(" {}\r", badge.to_lowercase()), "")).await, "in");
    let repeated = admin.send("POST", &format!("/people/{picker_id}/badge"), "b1", Value::Null).await.json();
    assert_eq!(repeated["code"], Value::Null, "the code is shown once");
    let next = badge_of(&admin, picker_id, "b2").await;
    assert_eq!(tried(&admin, by_badge(&badge, "")).await, "people.wrong_login", "the old badge is worth nothing");
    assert_eq!(tried(&admin, by_badge(&next, "")).await, "in");

    let badge = badge_of(&admin, lead_id, "b3").await;
    assert_eq!(tried(&admin, by_badge(&badge, "")).await, "people.no_pin");
    let pin = |pin: &str, key: &str| {
        let (admin, path, key) = (&admin, format!("/people/{lead_id}/pin"), key.to_owned());
        let body = json!({ "pin": pin });
        async move { admin.send("PUT", &path, &key, body).await }
    };
    assert_eq!(pin("1234", "p1").await.refusal(), (422, "people.bad_pin".into()));
    assert_eq!(pin("2580", "p2").await.status.as_u16(), 200);
    assert_eq!(tried(&admin, by_badge(&badge, "")).await, "people.pin_needed");
    assert_eq!(tried(&admin, by_badge(&badge, "2581")).await, "people.wrong_login");
    assert_eq!(tried(&admin, by_badge(&badge, "2580")).await, "in");
    for wrong in ["%B00000000000000000000", "%B", "", badge.get(..21).unwrap()] {
        assert_eq!(tried(&admin, by_badge(wrong, "")).await, "people.wrong_login", "{wrong}");
    }
    let stored = world.text("SELECT badge_hash FROM person WHERE number = 'picker'").await;
    assert_eq!(stored, badge_hash(&next));
    let answers = world.text("SELECT answer FROM operation WHERE kind = 'people.badge' ORDER BY at LIMIT 1").await;
    assert!(!answers.contains("%B"), "{answers}");
});

both!(a_password_lets_in_and_guessing_is_slowed, |world| {
    let admin = Client::of(world, Role::Administrator).await;
    let manager = Client::of(world, Role::Manager).await;
    let path = format!("/people/{}/password", id(&manager).await);
    let set = |password: &str, key: &str| {
        let (admin, path, key) = (&admin, path.clone(), key.to_owned());
        let body = json!({ "password": password });
        async move { admin.send("PUT", &path, &key, body).await }
    };
    assert_eq!(tried(&admin, by_password("manager", "")).await, "people.wrong_login", "nobody has a password yet");
    world.sql("UPDATE person SET failed_attempts = 0").await;
    assert_eq!(set("short", "s1").await.refusal(), (422, "people.bad_password".into()));
    assert_eq!(manager.send("PUT", &path, "s2", json!({ "password": "long enough" })).await.refusal().0, 403);
    assert_eq!(set("仓库 two 2026", "s3").await.status.as_u16(), 200);
    assert_eq!(tried(&admin, by_password(" manager ", "仓库 two 2026")).await, "in");
    assert_eq!(tried(&admin, by_password("nobody", "仓库 two 2026")).await, "people.wrong_login");
    assert_eq!(tried(&admin, by_password("SYSTEM", "")).await, "people.wrong_login");

    for _ in 0..5 {
        assert_eq!(tried(&admin, by_password("manager", "guess")).await, "people.wrong_login");
    }
    let right = by_password("manager", "仓库 two 2026");
    match log_in(admin.app(), right.clone(), "a test").await {
        Err(PeopleError::Blocked { seconds }) => assert!((1..=10).contains(&seconds), "{seconds}"),
        other => panic!("not slowed: {}", other.err().map_or_else(|| "in".to_owned(), |error| error.to_string())),
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'login.failed'").await, 6);
    world.clock.advance_ms(10_001);
    assert_eq!(tried(&admin, by_password("manager", "guess")).await, "people.wrong_login");
    world.clock.advance_ms(10_001);
    assert_eq!(tried(&admin, right.clone()).await, "people.blocked", "the next block is twice as long");
    world.clock.advance_ms(10_001);
    assert_eq!(tried(&admin, right.clone()).await, "in");
    assert_eq!(tried(&admin, right).await, "in");
    let wrong = json!({ "old": "guess", "password": "another one" });
    assert_eq!(manager.send("PUT", "/me/password", "o1", wrong).await.refusal(), (409, "people.wrong_password".into()));
    let own = json!({ "old": "仓库 two 2026", "password": "another one" });
    assert_eq!(manager.send("PUT", "/me/password", "o2", own).await.status.as_u16(), 200);
    assert_eq!(tried(&admin, by_password("manager", "another one")).await, "in");
});

both!(many_guesses_at_once_count_each, |world| {
    let admin = Client::of(world, Role::Administrator).await;
    let manager = id(&Client::of(world, Role::Manager).await).await;
    let body = json!({ "password": "correct horse" });
    assert_eq!(admin.send("PUT", &format!("/people/{manager}/password"), "s", body).await.status.as_u16(), 200);
    let app = admin.app().clone();
    let guesses = (0..24).map(|guess| {
        let app = app.clone();
        async move {
            log_in(&app, by_password("manager", &format!("guess {guess}")), "x").await.err().unwrap().code().to_owned()
        }
    });
    let refused = crate::support::at_once(guesses).await;
    let looked_at = refused.iter().filter(|code| *code == "people.wrong_login").count();
    assert!(looked_at <= 5, "{looked_at} were looked at: {refused:?}");
});

both!(a_session_ends_by_itself_by_its_owner_and_by_others, |world| {
    let admin = Client::of(world, Role::Administrator).await;
    let picker = Client::of(world, Role::Picker).await;
    let person = id(&picker).await;
    let badge = badge_of(&admin, person, "b").await;

    // Half an hour without a sign; every sign prolongs it, up to twelve hours.
    let first = browser(&admin, by_badge(&badge, "")).await;
    assert_eq!(first.get("/api/v1/me").await, 200);
    for _ in 0..3 {
        world.clock.advance_ms(29 * 60_000);
        assert_eq!(first.get("/api/v1/me").await, 200);
    }
    world.clock.advance_ms(30 * 60_000);
    assert_eq!(first.get("/api/v1/me").await, 401);
    // A screen that draws itself anew is no sign of anybody; nor is its stream.
    let left = browser(&admin, by_badge(&badge, "")).await;
    world.clock.advance_ms(29 * 60_000);
    for by_itself in [("x-part", "1"), ("accept", "text/event-stream")] {
        let headers = [("cookie", left.cookie.as_str()), by_itself];
        assert_eq!(left.client.raw("GET", "/api/v1/me", &headers, Vec::new()).await.status.as_u16(), 200);
    }
    world.clock.advance_ms(60_000);
    assert_eq!(left.get("/api/v1/me").await, 401);
    let long = browser(&admin, by_badge(&badge, "")).await;
    for _ in 0..26 {
        world.clock.advance_ms(29 * 60_000);
        long.get("/api/v1/me").await;
    }
    assert_eq!(long.get("/api/v1/me").await, 401, "twelve hours are over");

    // Its owner.
    let second = browser(&admin, by_badge(&badge, "")).await;
    let headers = [("cookie", second.cookie.as_str()), ("sec-fetch-site", "same-origin")];
    let out = second.client.raw("POST", "/logout", &headers, Vec::new()).await;
    assert_eq!((out.status.as_u16(), out.headers["location"].to_str().unwrap()), (303, "/login"));
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(second.get("/api/v1/me").await, 401);

    // Whoever manages people: one session, or all of a leaver's.
    let (third, fourth) = (browser(&admin, by_badge(&badge, "")).await, browser(&admin, by_badge(&badge, "")).await);
    let sessions = admin.get("/sessions").await.json();
    let newest = sessions.as_array().unwrap().iter().map(|session| session["id"].as_i64().unwrap()).max().unwrap();
    assert_eq!(picker.send("POST", &format!("/sessions/{newest}/end"), "e1", Value::Null).await.refusal().0, 403);
    let ended = admin.send("POST", &format!("/sessions/{newest}/end"), "e2", Value::Null).await;
    assert_eq!(ended.json()["ended"], true);
    assert_eq!((third.get("/api/v1/me").await, fourth.get("/api/v1/me").await), (200, 401));
    admin.send("POST", &format!("/people/{person}/deactivate"), "d", Value::Null).await;
    assert_eq!(third.get("/api/v1/me").await, 401);
    assert_eq!(tried(&admin, by_badge(&badge, "")).await, "people.wrong_login");
    admin.send("POST", &format!("/people/{person}/activate"), "a", Value::Null).await;
    assert_eq!(tried(&admin, by_badge(&badge, "")).await, "people.wrong_login", "the old badge stays dead");
});

both!(a_cookie_changes_something_for_our_own_pages_only, |world| {
    let admin = Client::of(world, Role::Administrator).await;
    let picker = Client::of(world, Role::Picker).await;
    let badge = badge_of(&admin, id(&picker).await, "b").await;
    let browser = browser(&admin, by_badge(&badge, "")).await;
    let foreign = (403, "foreign_page".to_owned());
    assert_eq!(browser.put_language(&[("sec-fetch-site", "cross-site")]).await, foreign);
    assert_eq!(browser.put_language(&[("origin", "https://evil.example")]).await, foreign);
    assert_eq!(browser.put_language(&[]).await, foreign);
    assert_eq!(browser.put_language(&[("origin", "http://tallyman.lan")]).await.0, 200);
    assert_eq!(browser.put_language(&[("sec-fetch-site", "same-origin")]).await.0, 200);
    assert_eq!(world.text("SELECT language FROM person WHERE number = 'picker'").await, "zh-CN");
    // A token in a cookie, and a cookie's secret as a token, open nothing.
    let secret = browser.cookie.rsplit('=').next().unwrap().to_owned();
    assert_eq!(admin.with_secret(&secret).get("/me").await.refusal().0, 401);
    let token = [("cookie", "tallyman=tm_picker")];
    assert_eq!(admin.raw("GET", "/api/v1/me", &token, Vec::new()).await.status.as_u16(), 401);
});

both!(what_a_role_may_do_can_be_changed_but_not_the_administrators, |world| {
    let admin = Client::of(world, Role::Administrator).await;
    let picker = Client::of(world, Role::Picker).await;
    let set = |role: &str, body: Value, key: &str| {
        let (admin, path, key) = (&admin, format!("/roles/{role}/rights"), key.to_owned());
        let method = if body.is_null() { "DELETE" } else { "PUT" };
        async move { admin.send(method, &path, &key, body).await }
    };
    assert_eq!(picker.get("/events").await.refusal().0, 403);
    let rights = json!({ "rights": ["read", "pick", "audit"] });
    assert_eq!(set("picker", rights.clone(), "r1").await.status.as_u16(), 200);
    assert_eq!(picker.get("/events").await.status.as_u16(), 200);
    let listed = admin.get("/roles").await.json();
    let found = listed.as_array().unwrap().iter().find(|role| role["role"] == "picker").unwrap().clone();
    assert_eq!(found, json!({ "role": "picker", "rights": ["read", "pick", "audit"], "changed": true }));
    assert_eq!(set("administrator", rights.clone(), "r2").await.refusal(), (409, "people.role_fixed".into()));
    assert_eq!(set("nobody", rights, "r3").await.status.as_u16(), 400);
    assert_eq!(set("picker", Value::Null, "r4").await.status.as_u16(), 200);
    assert_eq!(picker.get("/events").await.refusal().0, 403);
});

both!(the_login_page_speaks_both_languages_and_leads_to_ones_work, |world| {
    let admin = Client::of(world, Role::Administrator).await;
    let picker = Client::of(world, Role::Picker).await;
    let badge = badge_of(&admin, id(&picker).await, "b").await;
    let page = |language: &'static str| {
        let admin = &admin;
        async move { admin.raw("GET", "/login?next=/pda", &[("accept-language", language)], Vec::new()).await }
    };
    assert!(page("en").await.text.contains("Scan your badge"));
    assert!(page("zh-CN").await.text.contains("请扫描工牌"));
    let post = |fields: String| {
        let admin = &admin;
        async move {
            let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
            admin.raw("POST", "/login", &headers, fields.into_bytes()).await
        }
    };
    let code = badge.replace('%', "%25");
    for fields in [format!("badge={code}"), format!("number={code}&password=")] {
        let entered = post(fields).await;
        assert_eq!((entered.status.as_u16(), entered.headers["location"].to_str().unwrap()), (303, "/pda"));
        let cookie = entered.headers["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
    }
    let elsewhere = post(format!("badge={code}&next=//evil.example")).await;
    assert_eq!(elsewhere.headers["location"].to_str().unwrap(), "/pda");
    let wrong = post("number=picker&password=x<script>".to_owned()).await;
    assert_eq!(wrong.status.as_u16(), 401);
    assert!(
        wrong.text.contains("role=\"alert\"")
            && !wrong.text.contains("<script>")
            && !wrong.headers.contains_key("set-cookie")
    );
    let foreign = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    let refused = admin.raw("POST", "/login", &foreign, format!("badge={code}").into_bytes()).await;
    assert_eq!(refused.refusal(), (403, "foreign_page".into()));
    // The hash of a secret is never what the secret is.
    let hashed = hash("x".to_owned(), &tallyman::kernel::random::SystemRandom).await.unwrap();
    assert!(hashed.starts_with("$argon2id$") && Way::Badge.idle_ms() < Way::Password.idle_ms());
});
