//! The catalogue of sentences: everything that the program says is in it, and nothing is in it that nobody says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tallyman::messages;

/// Every file below a folder with one of these endings.
fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, endings, found);
        } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
            found.push(path);
        }
    }
}

/// The texts between quotes in a file, with what stands right before each.
fn literals(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('"') {
        let rest = &text[at + 1..];
        let Some(end) = rest.find('"') else { break };
        let literal = &rest[..end];
        if !literal.is_empty() && literal.len() < 80 && !literal.contains(char::is_whitespace) {
            let before: String = text[..at].chars().rev().take(24).collect::<Vec<_>>().into_iter().rev().collect();
            found.push((before, literal.to_owned()));
        }
    }
    found
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["src", "labels/src", "drivers/src"] {
        files(Path::new(folder), &["rs", "html", "js"], &mut found);
    }
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// What takes the id of a text as its first argument.
const SAYERS: &[&str] = &[
    ".t(",
    ".t1(",
    ".t2(",
    ".count(",
    "refused(",
    "Said::new(",
    "Heard::info(",
    ".saying(",
    "say(language, ",
    "texts[",
];

#[test]
fn everything_that_is_said_is_in_the_catalogue() {
    let known: BTreeSet<&str> = messages::all().map(|(code, _)| code.as_str()).collect();
    let mut missing = Vec::new();
    for (path, text) in sources() {
        for (before, literal) in literals(&text) {
            let said = SAYERS.iter().any(|sayer| before.ends_with(sayer));
            let file = [".toml", ".ttf", ".png"].iter().any(|ending| literal.ends_with(ending));
            if said
                && !file
                && literal.contains('.')
                && !literal.contains(['$', '{'])
                && !known.contains(literal.as_str())
            {
                missing.push(format!("{}: {literal}", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "not in the catalogue: {missing:#?}");
}

#[test]
fn nothing_is_in_the_catalogue_that_nobody_says() {
    let sources = sources();
    let mut said: BTreeSet<String> = BTreeSet::new();
    let mut groups: BTreeSet<String> = BTreeSet::new();
    for (_, text) in &sources {
        for (before, literal) in literals(text) {
            if before.ends_with("name(") || before.contains("Kind::Name") || before.ends_with("Kind::Names(") {
                groups.insert(format!("{literal}."));
            }
            // `exception.{}`, `state.order.{state}`: whatever follows.
            if let Some((group, _)) = literal.split_once('{') {
                groups.insert(group.to_owned());
            }
            said.insert(literal);
        }
    }
    // Groups whose name comes from an enum, or from a list of places.
    groups.extend(["state.", "import.", "pda.ask_"].map(str::to_owned));
    groups.remove("");
    let unsaid: Vec<&String> = messages::all()
        .map(|(code, _)| code)
        .filter(|code| {
            let plain = code.strip_suffix(".one").unwrap_or(code);
            !said.contains(plain) && !groups.iter().any(|group| code.starts_with(group.as_str()))
        })
        .collect();
    assert!(unsaid.is_empty(), "nobody says: {unsaid:#?}");
}

#[test]
fn a_text_for_one_stands_beside_the_text_for_many() {
    let known: BTreeSet<&str> = messages::all().map(|(code, _)| code.as_str()).collect();
    for code in known.iter().filter_map(|code| code.strip_suffix(".one")) {
        assert!(known.contains(code), "{code}");
    }
}

#[test]
fn sentences_for_the_floor_are_few_and_short() {
    let floor: Vec<_> =
        messages::all().filter(|(code, _)| code.starts_with("floor.") || code.starts_with("pack.")).collect();
    assert!(floor.len() <= 120, "{} sentences", floor.len());
    for (code, text) in floor {
        assert!(text.en.len() <= 120 && text.zh_cn.chars().count() <= 60, "{code}: {} {}", text.en, text.zh_cn);
    }
}
