//! The demo, by the built program: a whole wave over the network, on both databases.

use std::path::Path;

use serde_json::Value;

use crate::support::program::{Served, run, tallyman};
use crate::support::{Backend, TestDatabase};

fn wave(folder: &Path, more: &[&str]) -> Value {
    let arguments = [&["demo", "--once", "--json", "--log-level", "warn"], more].concat();
    let ran = run(tallyman(folder, &arguments).env("TMPDIR", folder));
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out))
}

fn adds_up(report: &Value, database: &str) {
    let number = |name: &str| report[name].as_i64().unwrap_or_else(|| panic!("{name}: {report}"));
    assert_eq!((report["database"].as_str(), report["verify"].as_str()), (Some(database), Some("ok")));
    assert_eq!((number("orders"), number("labels_printed"), number("short")), (50, 50, 1), "{report}");
    assert_eq!(number("shipped") + number("shipped_in_part"), 50, "{report}");
    assert_eq!(number("pieces_shipped") + number("short"), number("pieces"), "{report}");
    assert!(number("wrong_scans_refused") > 5 && number("webhooks_delivered") >= 150, "{report}");
    assert!(report["seconds"].as_f64() > Some(0.0) && report["wrong"].as_array().unwrap().is_empty(), "{report}");
}

#[test]
fn a_wave_adds_up_on_sqlite_and_its_labels_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    adds_up(&wave(folder.path(), &["--labels", "labels"]), "sqlite");
    let names: Vec<String> = std::fs::read_dir(folder.path().join("labels"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for kind in [".zpl", ".png"] {
        assert_eq!(names.iter().filter(|name| name.ends_with(kind)).count(), 50, "{kind}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing but the labels is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wave_adds_up_on_postgres_beside_what_is_there() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::new(Backend::Postgres).await);
    database.open().await.close().await;
    adds_up(&wave(folder.path(), &["--database-url", &database.url]), "postgres");
    let db = database.open().await;
    let schemas = "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE 'tallyman_demo%'";
    let counts: Vec<i64> = db
        .read(|tx| {
            Box::pin(async move {
                let mut counts = Vec::new();
                for text in [schemas, "SELECT COUNT(*) FROM sku"] {
                    counts.push(tx.one::<(i64,)>("count", tallyman::db::Sql::both(text), vec![]).await?.0);
                }
                Ok::<_, tallyman::db::DbError>(counts)
            })
        })
        .await
        .unwrap();
    assert_eq!(counts, [0, 0], "the demo's schema is gone, and nothing of it is in the others' tables");
    db.close().await;
    database.drop().await;
}

#[test]
fn a_demo_that_goes_on_ends_by_a_signal_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["demo", "--log-level", "warn"];
    let mut served = Served::start(tallyman(folder.path(), &arguments).env("TMPDIR", folder.path()));
    served.signal("INT");
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_demo_never_works_on_a_file_that_somebody_names() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(&mut tallyman(folder.path(), &["demo", "--once", "--database-url", "sqlite:mine.db"]));
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("Leave --database-url out"), "{}", ran.err);
    assert!(!folder.path().join("mine.db").exists());
}

#[test]
fn whoever_watches_can_break_the_devices_and_reads_what_the_service_says() {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::process::Stdio;
    let folder = tempfile::tempdir().unwrap();
    let mut child = tallyman(folder.path(), &["demo", "--log-level", "warn"])
        .env("TMPDIR", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut types, out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let served = Served { child, url: String::new() };
    let mut lines = BufReader::new(out).lines().map(Result::unwrap);
    lines.find(|line| line.starts_with("50 orders")).expect("a wave");
    // What the service says is indented, line by line: the printer, the scanner, the scale.
    let mut ask = |typed: &str, most: usize| {
        writeln!(types, "{typed}").unwrap();
        let told = lines.by_ref().take(200).filter(|line| line.starts_with("    "));
        told.take(most).collect::<Vec<_>>().join("\n")
    };
    // A fault is known once a label is tried.
    let open =
        (0..10).map(|_| ask("printer head_open", 3)).find(|told| told.contains("The print head is open: close it."));
    assert!(open.is_some(), "the service says nothing of the head");
    for (typed, answer) in [
        ("printer ready", "LABEL-1"),
        ("weigh 1250", "1250 g  weight 1250 g"),
        ("scan ]E06901234567892", "scan 6901234567892"),
        ("scale over", "trouble over"),
        ("scanner pull", "The device refuses the connection"),
        ("scanner plug", "scanner    here"),
    ] {
        let told = ask(typed, 3);
        assert!(told.contains(answer), "{typed}: {told}");
    }
    assert!(ask("nonsense", 6).contains("weigh GRAMS"));
    served.signal("INT");
}
