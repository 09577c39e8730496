//! Every kind on every stock and density: it can be laid out, nothing is cut, and pictures can be looked at.

use std::path::Path;
use tallyman_labels::{Item, Kind, Layouts, Media, PrinterProfile, check_layout, png};

const PROFILES: [(&str, u32, u32); 3] = [("203", 8_000, 1_700), ("300", 11_811, 2_600), ("600", 23_622, 5_200)];

/// A printer wide enough for sheets.
pub fn wide(dots_per_m: u32, width_dots: u32) -> PrinterProfile {
    PrinterProfile { dots_per_m, width_dots, ..PrinterProfile::DPI_203 }
}

#[test]
fn every_layout_in_the_program_is_sound() {
    for kind in Kind::ALL {
        for (name, text) in kind.layout_files() {
            let head = check_layout(text).unwrap_or_else(|faults| {
                let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                panic!("{name}: {}", faults.join("\n"))
            });
            assert_eq!(head.kind, *kind, "{name}");
        }
    }
}

#[test]
fn every_sample_can_be_laid_out_on_every_stock_and_density() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kinds");
    std::fs::create_dir_all(&folder).unwrap();
    let layouts = Layouts::default();
    let mut wrong = Vec::new();
    for kind in Kind::ALL {
        for stock in layouts.stocks(*kind) {
            for (dpi, dots_per_m, width_dots) in PROFILES {
                let media = Media::named(&stock).unwrap();
                match layouts.lay_out(&kind.sample().unwrap(), &media, &wide(dots_per_m, width_dots)) {
                    Ok(sheets) => {
                        for (sheet, page) in sheets.iter().zip(1..) {
                            let name = format!("{}-{stock}-{dpi}-{page}.png", kind.name());
                            std::fs::write(folder.join(name), png::encode(sheet).unwrap()).unwrap();
                        }
                    }
                    Err(error) => wrong.push(format!("{} {stock} {dpi}: {error}", kind.name())),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn items_stand_where_their_conditions_hold() {
    let layout = "kind = \"tote\"\nstocks = [\"60x40\"]\n\
        [[item]]\nat = [2, 2, -2, 5]\ntext = \"all\"\nwhen = [\"number\", \"note\"]\n\
        [[item]]\nat = [2, 8, -2, 5]\ntext = \"any\"\nany = [\"number\", \"note\"]\n\
        [[item]]\nat = [2, 14, -2, 5]\ntext = \"none\"\nunless = [\"number\", \"note\"]\n\
        [[item]]\nat = [2, 20, -2, 5]\ntext = \"one\"\nwhen = \"number\"\nunless = \"note\"\n";
    let layouts = Layouts::default().with_layout(layout).unwrap();
    let texts = |number: &str, note: &str| {
        let label = serde_json::json!({ "number": number, "note": note }).to_string();
        let label = Kind::Tote.read(&label).unwrap();
        let sheets = layouts.lay_out(&label, &Media::named("60x40").unwrap(), &wide(8_000, 1_000)).unwrap();
        let texts = sheets[0].items.iter().map(|item| match item {
            Item::Text(run) => run.text.clone(),
            other => panic!("{other:?}"),
        });
        texts.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(texts("1", "x"), "all any");
    assert_eq!(texts("1", " "), "any one");
    assert_eq!(texts("", "x"), "any");
    assert_eq!(texts("", ""), "none");
}
