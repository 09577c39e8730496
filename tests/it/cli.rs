//! The command line, by the built program.

use serde_json::Value;

use crate::support::program::{Served, client, run, tallyman};
use crate::support::{Backend, TestDatabase};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn me(url: &str, token: &str) -> u16 {
    client().get(format!("{url}/api/v1/me")).bearer_auth(token).send().await.unwrap().status().as_u16()
}

#[test]
fn config_shows_what_is_in_effect_and_where_it_came_from() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tallyman.toml"), "max_connections = 9\n").unwrap();
    let mut command = tallyman(folder.path(), &["config", "--log-level", "warn"]);
    let ran = run(command.env("TALLYMAN_DATABASE_URL", "postgres://me:geheim@db/tallyman"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    for line in [
        "# from: flag --log-level\nlog_level = \"warn\"",
        "# from: file tallyman.toml\nmax_connections = 9",
        "# from: environment TALLYMAN_DATABASE_URL\n# database_url = \"postgres://me:***@db/tallyman\"",
        "# from: default\nkey_file = \"tallyman-data/tallyman.key\"",
    ] {
        assert!(ran.out.contains(line), "{line}\n---\n{}", ran.out);
    }
    assert!(!ran.out.contains("geheim"));
    assert!(!folder.path().join("tallyman-data").exists(), "looking makes nothing");
}

#[test]
fn a_bad_setting_ends_the_program_with_its_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(tallyman(folder.path(), &["serve"]).env("TALLYMAN_LISTEN", "eighty"));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("listen = `eighty` (from environment TALLYMAN_LISTEN)"), "{}", ran.err);
    std::fs::write(folder.path().join("tallyman.toml"), "port = 80\n").unwrap();
    let ran = run(&mut tallyman(folder.path(), &["verify"]));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no setting `port`"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_ends_in_order_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(&mut tallyman(folder.path(), &["token", "add", "ADMIN"]));
    assert_eq!(made.code, 0, "{}", made.err);
    for signal in ["TERM", "INT"] {
        let mut served = Served::start(&mut tallyman(folder.path(), &["serve"]));
        assert_eq!(me(&served.url, made.out.trim()).await, 200);
        served.signal(signal);
        assert_eq!(served.child.wait().unwrap().code(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_made_listed_and_revoked_while_the_service_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let unknown = run(&mut tallyman(at, &["token", "add", "007"]));
    assert_eq!(unknown.code, 1);
    assert!(unknown.err.contains("There is no person 007"), "{}", unknown.err);
    let arguments = ["token", "add", "007", "--role", "picker,packer", "--label", "handheld", "--days", "3"];
    let made = run(&mut tallyman(at, &arguments));
    assert_eq!(made.code, 0, "{}", made.err);
    let token = made.out.trim().to_owned();
    let served = Served::start(&mut tallyman(at, &["serve"]));
    assert_eq!(me(&served.url, &token).await, 200);
    let busy = run(tallyman(at, &["token", "list"]).env("LC_ALL", "zh_CN.UTF-8"));
    assert_eq!(busy.code, 1);
    assert!(busy.err.contains("tallyman.db 已被另一个进程打开"), "{}", busy.err);
    drop(served);
    let listed = json(&run(&mut tallyman(at, &["token", "list", "--json"])).out);
    let row = listed.as_array().unwrap().iter().find(|row| row["person"] == "007").unwrap().clone();
    assert_eq!((row["label"].as_str(), row["expires_at"].is_string()), (Some("handheld"), true));
    let id = row["id"].to_string();
    assert_eq!(run(&mut tallyman(at, &["token", "revoke", &id])).code, 0);
    assert_eq!(run(&mut tallyman(at, &["token", "revoke", &id])).code, 1, "it is ended already");
    let served = Served::start(&mut tallyman(at, &["serve"]));
    assert_eq!(me(&served.url, &token).await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_a_token_is_made_while_the_service_runs() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::new(Backend::Postgres).await);
    let url = database.url.clone();
    let with = |arguments: &[&str]| {
        let mut command = tallyman(folder.path(), arguments);
        command.env("TALLYMAN_DATABASE_URL", &url);
        command
    };
    let served = Served::start(&mut with(&["serve"]));
    let made = run(&mut with(&["token", "add", "S1", "--role", "shop"]));
    assert_eq!(me(&served.url, made.out.trim()).await, 200);
    drop(served);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_tells_what_disagrees_by_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let missing = run(&mut tallyman(folder.path(), &["verify"]));
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("There is no database"), "{}", missing.err);
    assert_eq!(run(&mut tallyman(folder.path(), &["token", "list"])).code, 0);
    let clean = run(&mut tallyman(folder.path(), &["verify", "--json"]));
    assert_eq!((clean.code, json(&clean.out)["findings"].as_array().unwrap().len()), (0, 0));
    bend(&folder.path().join("tallyman-data/tallyman.db")).await;
    let bent = run(&mut tallyman(folder.path(), &["verify", "--json"]));
    assert_eq!((bent.code, json(&bent.out)["findings"].as_array().unwrap().len()), (1, 1));
    assert_eq!(json(&bent.out)["findings"][0]["found"], 5);
    let said = run(&mut tallyman(folder.path(), &["verify"]));
    assert!(said.out.contains("is 5, should be 0") && said.out.contains("1 findings"), "{}", said.out);
}

/// A cell that no movement brought about, written behind the program's back.
async fn bend(file: &std::path::Path) {
    use sqlx::Connection;
    let url = format!("sqlite:{}", file.display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let text = "INSERT INTO sku (code, name_en, created_at) VALUES ('A', 'A', 0);
        INSERT INTO place (warehouse_id, kind, code) VALUES (1, 'location', 'A-1');
        INSERT INTO lot (warehouse_id, sku_id, number, received_at) VALUES (1, 1, 'L', 0);
        INSERT INTO stock_cell (warehouse_id, place_id, sku_id, lot_id, status, on_hand)
        SELECT 1, (SELECT id FROM place WHERE code = 'A-1'), 1, 1, 'good', 5";
    sqlx::raw_sql(text).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[test]
fn every_command_has_its_help() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["serve", "demo", "import", "token", "verify", "config"] {
        let ran = run(&mut tallyman(folder.path(), &[command, "--help"]));
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("--database-url") && ran.out.contains("Usage:"), "{}", ran.out);
    }
    assert_eq!(run(&mut tallyman(folder.path(), &["fly"])).code, 2);
}

#[test]
fn labels_are_drawn_and_layouts_checked_without_a_warehouse() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let kinds = run(&mut tallyman(folder.path(), &["label", "kinds"]));
    assert!(kinds.out.lines().count() == 16 && kinds.out.contains("100x150"), "{}", kinds.out);
    let sample = run(&mut tallyman(folder.path(), &["label", "sample", "cart"]));
    std::fs::write(folder.path().join("cart.json"), &sample.out).unwrap();
    let out = at("cart.png");
    let drawn =
        run(&mut tallyman(folder.path(), &["label", "preview", "cart", "--data", &at("cart.json"), "--out", &out]));
    assert_eq!(drawn.code, 0, "{}", drawn.err);
    assert!(std::fs::read(folder.path().join("cart-4.png")).unwrap().starts_with(b"\x89PNG"));
    let layout = run(&mut tallyman(folder.path(), &["label", "layout", "cart"]));
    let layouts = folder.path().join("layouts");
    std::fs::create_dir(&layouts).unwrap();
    let own = layout.out.replace("100x50", "90x45").replace("at = [2, 26, -2, 22.4]", "at = [2, 26, -2, 17]");
    std::fs::write(layouts.join("cart.toml"), &own).unwrap();
    let checked = run(&mut tallyman(folder.path(), &["label", "check", &at("layouts/cart.toml")]));
    assert_eq!((checked.code, checked.out.contains("90x45")), (0, true), "{}{}", checked.out, checked.err);
    let stock = ["label", "preview", "cart", "--stock", "90x45", "--out", &at("own.pdf")];
    assert_eq!(run(&mut tallyman(folder.path(), &stock)).code, 1, "the program has no such layout");
    let mut own_layouts = tallyman(folder.path(), &stock);
    let drawn = run(own_layouts.env("TALLYMAN_LABEL_FOLDER", &layouts));
    assert_eq!(drawn.code, 0, "{}", drawn.err);
    std::fs::write(layouts.join("broken.toml"), own.replace("{number}", "{nummer}")).unwrap();
    let checked = run(&mut tallyman(folder.path(), &["label", "check", &at("layouts/broken.toml")]));
    assert_eq!(checked.code, 1);
    assert!(checked.err.contains("broken.toml:9: there is no field \"nummer\""), "{}", checked.err);
    let mut in_chinese = tallyman(folder.path(), &["label", "check", &at("layouts/broken.toml")]);
    let checked = run(in_chinese.env("LC_ALL", "zh_CN.UTF-8"));
    assert!(checked.err.contains("broken.toml:9: 没有字段 \"nummer\""), "{}", checked.err);
    let refused = run(tallyman(folder.path(), &["serve"]).env("TALLYMAN_LABEL_FOLDER", &layouts));
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("broken.toml") && refused.err.contains("line 9"), "{}", refused.err);
    assert!(!folder.path().join("tallyman-data").exists(), "nothing was made");
}
