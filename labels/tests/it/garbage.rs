//! Layout files and label data from a fuzzer: errors that say something, never a panic, never more than there is room
//! for.

use proptest::prelude::*;
use serde_json::Value;
use tallyman_labels::{Kind, Layouts, Media, PrinterProfile, check_layout, pdf, png};

fn profile() -> PrinterProfile {
    PrinterProfile { width_dots: 1_700, ..PrinterProfile::DPI_203 }
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.to_vec())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ -~]{0,30}",
        3 => "[一-龥]{0,30}",
        2 => "[0-9]{0,30}",
        1 => any::<String>(),
        1 => Just("长".repeat(4_000)),
        1 => Just("(01)".to_owned()),
        1 => Just("{receiver.name}\u{0}\u{1b}^XA~".to_owned()),
    ]
}

/// The places of all values in a JSON tree.
fn places(value: &Value, at: String, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| places(value, format!("{at}/{name}"), all)),
        Value::Array(list) => list.iter().enumerate().for_each(|(i, value)| places(value, format!("{at}/{i}"), all)),
        _ => {}
    }
    all.push(at);
}

#[derive(Clone, Debug)]
enum Change {
    Text(String),
    Gone,
    Number(i64),
    Many(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => text().prop_map(Change::Text),
        1 => Just(Change::Gone),
        1 => any::<i64>().prop_map(Change::Number),
        1 => prop::sample::select(vec![0_usize, 1, 40, 200, 6_000]).prop_map(Change::Many),
    ]
}

fn changed(mut json: Value, at: &str, change: Change) -> Value {
    let Some(place) = json.pointer_mut(at) else { return json };
    match (change, &mut *place) {
        (Change::Many(count), Value::Array(list)) => {
            let first = list.first().cloned().unwrap_or_default();
            *list = vec![first; count];
        }
        (Change::Text(text), place) => *place = Value::String(text),
        (Change::Number(number), place) => *place = number.into(),
        (Change::Gone | Change::Many(_), place) => *place = Value::Null,
    }
    json
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_data_gives_sheets_or_a_reason(
        kind in kind(), at in any::<prop::sample::Index>(), change in change(), stock in any::<prop::sample::Index>(),
    ) {
        let json: Value = serde_json::from_str(kind.sample_json()).unwrap();
        let mut all = Vec::new();
        places(&json, String::new(), &mut all);
        let json = changed(json, &all[at.index(all.len())], change);
        let layouts = Layouts::default();
        let stocks = layouts.stocks(kind);
        let media = Media::named(&stocks[stock.index(stocks.len())]).unwrap();
        match kind.read(&json.to_string()) {
            Err(error) => prop_assert!(!error.to_string().is_empty()),
            Ok(label) => match layouts.lay_out(&label, &media, &profile()) {
                Err(error) => prop_assert!(!error.to_string().is_empty()),
                Ok(sheets) => {
                    for sheet in sheets.iter().take(2) {
                        png::encode(sheet).unwrap();
                        pdf::encode(sheet).unwrap();
                    }
                }
            },
        }
    }

    #[test]
    fn any_change_of_a_layout_file_gives_sheets_or_faults_with_lines(
        kind in kind(), which in any::<prop::sample::Index>(), line in any::<prop::sample::Index>(),
        other in prop_oneof![
            Just("at = [0, 0, 0, 0]".to_owned()), Just("at = [1e9, -1e300, nan, inf]".to_owned()),
            Just("at = [-5, -5, 900, 900]".to_owned()), Just("size = 0".to_owned()), Just("size = 900".to_owned()),
            Just("size = -3".to_owned()), Just("module = 0".to_owned()), Just("module = 100".to_owned()),
            Just("smallest = 0".to_owned()), Just("human = 200".to_owned()), Just("margin = 400".to_owned()),
            Just("each = \"lines\"".to_owned()), Just("table = \"lines\"".to_owned()), Just("width = 999".to_owned()),
            Just("text = \"{nothing}\"".to_owned()), Just("[[item]]".to_owned()), Just("= = =".to_owned()),
            Just("stocks = [\"10x10\", \"1000x1000\", \"50xroll\"]".to_owned()), "[ -~]{0,40}",
        ],
        insert in any::<bool>(),
    ) {
        let (_, text) = which.get(kind.layout_files());
        let mut lines: Vec<&str> = text.lines().collect();
        let at = line.index(lines.len());
        if insert { lines.insert(at, &other) } else { lines[at] = &other }
        let text = lines.join("\n");
        match check_layout(&text) {
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                for fault in faults {
                    prop_assert!(fault.line >= 1 && fault.line <= lines.len() + 1 && !fault.reason.to_string().is_empty(), "{fault}");
                }
            }
            Ok(head) => {
                let layouts = Layouts::default().with_layout(&text).unwrap();
                for stock in &head.stocks {
                    let media = Media::named(stock).unwrap();
                    if let Ok(sheets) = layouts.lay_out(&head.kind.sample().unwrap(), &media, &profile()) {
                        png::encode(&sheets[0]).unwrap();
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_too_much_is_refused_and_not_tried() {
    let huge = "x".repeat(300_000);
    assert!(check_layout(&huge).unwrap_err()[0].reason.to_string().contains("longer"));
    let many =
        format!("kind = \"tote\"\nstocks = [\"100x50\"]\n{}", "[[item]]\nat = [1,1,1,1]\nfill = true\n".repeat(500));
    assert!(check_layout(&many).unwrap_err()[0].reason.to_string().contains("more than 400 items"));
    let mut json: Value = serde_json::from_str(Kind::Manifest.sample_json()).unwrap();
    let line = json["lines"][0].clone();
    json["lines"] = vec![line; 5_001].into();
    let label = Kind::Manifest.read(&json.to_string()).unwrap();
    let refused = Layouts::default().lay_out(&label, &Media::named("A4").unwrap(), &profile()).unwrap_err();
    assert_eq!(refused.to_string(), "lines has more than 5000 rows");
}
