//! Keeps the house as it is meant to be: sizes, arrows between folders, and nothing left lying about.

use std::fs;
use std::path::{Path, PathBuf};

const LONGEST_FILE: usize = 600;

/// Files that are longer, with a reason in their heads. This list may only shrink.
const LONGER: &[&str] = &[];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut waiting = vec![root().join(folder)];
    while let Some(path) = waiting.pop() {
        for entry in fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap_or(Path::new("")).display().to_string();
                out.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    out.sort();
    out
}

fn all() -> Vec<(String, String)> {
    let folders = ["src", "drivers/src", "labels/src", "tests", "benches"].iter();
    folders.filter(|folder| root().join(folder).is_dir()).flat_map(|folder| sources(folder)).collect()
}

#[test]
fn no_file_is_longer_than_one_can_read() {
    for (name, text) in all() {
        let lines = text.lines().count();
        let listed = LONGER.contains(&name.as_str());
        assert!(lines <= LONGEST_FILE || listed, "{name} has {lines} lines");
        assert!(lines > LONGEST_FILE || !listed, "{name} is short enough by now: take it off the list");
    }
}

#[test]
fn arrows_between_folders_point_one_way() {
    for (name, text) in sources("src") {
        let uses = |word: &str| {
            text.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| line.contains(word))
        };
        if name.starts_with("src/kernel/") {
            for other in ["db", "order", "stock", "wave", "picking", "packing", "web", "app", "storefront"] {
                assert!(!uses(&format!("crate::{other}::")), "{name} uses {other}");
            }
        }
        if name.ends_with("/model.rs") || name.ends_with("/plan.rs") || name.ends_with("/review.rs") {
            assert!(!uses("crate::db") && !uses("sqlx"), "{name} is pure and knows no database");
        }
        if !name.starts_with("src/db/") {
            assert!(!uses("sqlx::"), "{name} goes around the database layer");
        }
        let outside = ["src/web/", "src/demo/", "src/main.rs", "src/serve.rs"];
        if !outside.iter().any(|folder| name.starts_with(folder)) {
            assert!(!uses("axum::") && !uses("crate::web"), "{name} knows HTTP");
        }
    }
    for (name, text) in sources("drivers/src").into_iter().chain(sources("labels/src")) {
        for other in ["axum", "sqlx", "tallyman::"] {
            assert!(!text.contains(other), "{name} knows {other}");
        }
    }
}

#[test]
fn statements_stand_in_their_places_and_are_all_listed() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for (name, text) in sources("src") {
        if text.contains("statements! {") && !name.starts_with("src/db/statement") {
            let module =
                name.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
            assert!(lib.contains(&module), "{name}: its statements are not in ALL_STATEMENTS");
        }
    }
}

/// The document names a form by its type alone: of two with one name it would show one, and be wrong about the other.
#[test]
fn no_two_forms_of_the_api_share_a_name() {
    let mut seen = std::collections::BTreeMap::new();
    for (file, text) in sources("src") {
        let mut shown = false;
        for line in text.lines().map(str::trim_start) {
            shown |= line.starts_with("crate::codes!") || (line.starts_with("#[derive(") && line.contains("ToSchema"));
            let declared = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "));
            let Some(declared) = declared else { continue };
            let name: String = declared.chars().take_while(|letter| letter.is_alphanumeric()).collect();
            if std::mem::take(&mut shown)
                && let Some(other) = seen.insert(name.clone(), file.clone())
            {
                panic!("{name} stands in {other} and in {file}");
            }
        }
    }
    assert!(seen.len() > 100, "{}", seen.len());
}

#[test]
fn nothing_is_left_lying_about() {
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["dbg", "!("].concat(), ["todo", "!("].concat()];
    for (name, text) in all() {
        for mark in &marks {
            assert!(!text.contains(mark.as_str()), "{name} has {mark}");
        }
    }
}

#[test]
fn migrations_use_known_tokens_only() {
    for entry in fs::read_dir(root().join("migrations")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for part in text.split("{{").skip(1) {
            let token = part.split("}}").next().unwrap();
            assert!(["pk", "int", "bool", "bytes", "strict"].contains(&token), "{}: {token}", path.display());
        }
    }
}
