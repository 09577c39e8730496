//! Independent judges: zxing-cpp and zbar decode, poppler renders, qpdf checks. `tests/judges.py` does the judging.
//!
//! Python with zxing-cpp, Pillow, pdf417decoder and pylibdmtx is looked for in `TALLYMAN_TOOLS` (the `bin` of a venv), then in `PATH`. Where a
//! judge is missing the test says so and ends, unless `TALLYMAN_JUDGES_REQUIRED` is set.

use crate::samples::{NAMES, sample};
use std::path::{Path, PathBuf};
use std::process::Command;
use tallyman_labels::{Bars, Fonts, Item, Kind, Layouts, Media, PrinterProfile, Rect, Sheet, barcode, pdf, png};

const COMMANDS: [(&str, &str); 4] =
    [("zbarimg", "--version"), ("pdftoppm", "-v"), ("pdftotext", "-v"), ("qpdf", "--version")];

/// Runs a script of the judges over a folder, and fails with what it says.
pub fn judge(script: &str, folder: &Path) {
    judge_with(Path::new(script), &[folder]);
}

/// Runs a script of the judges with some paths, and fails with what it says.
pub fn judge_with(script: &Path, paths: &[&Path]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    let judged = Command::new(python()).arg(script).args(paths).output().unwrap();
    let words = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{words}{}", String::from_utf8_lossy(&judged.stderr));
    println!("{words}");
}

/// Whether the judges are here: where one is missing it says so, unless they are required.
pub fn judges_here() -> Option<()> {
    let Some(judge) = first_missing() else { return Some(()) };
    assert!(std::env::var_os("TALLYMAN_JUDGES_REQUIRED").is_none(), "this judge is required and missing: {judge}");
    println!("labels are not judged: {judge} is missing");
    None
}

pub fn python() -> PathBuf {
    std::env::var_os("TALLYMAN_TOOLS").map_or("python3".into(), |bin| Path::new(&bin).join("python"))
}

pub fn works(program: &Path, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// The first judge that is not here.
fn first_missing() -> Option<String> {
    if !works(&python(), &["-c", "import zxingcpp, PIL, pdf417decoder, pylibdmtx.pylibdmtx"]) {
        return Some(format!("{} with zxing-cpp, Pillow, pdf417decoder and pylibdmtx", python().display()));
    }
    COMMANDS.iter().find(|(name, version)| !works(Path::new(name), &[version])).map(|(name, _)| (*name).to_owned())
}

fn facts(sheet: &Sheet, waybill_number: Option<&str>) -> serde_json::Value {
    let mut texts = Vec::new();
    let mut bars = Vec::new();
    for item in &sheet.items {
        match item {
            Item::Text(run) => texts.push(run.text.as_str()),
            Item::Bars(symbol) => {
                let Rect { x, y, .. } = symbol.rect;
                bars.push([x, y, symbol.rect.right(), symbol.rect.bottom()]);
            }
            Item::Matrix(matrix) => {
                let Rect { x, y, .. } = matrix.rect;
                bars.push([x, y, matrix.rect.right(), matrix.rect.bottom()]);
            }
            Item::Picture(_) | Item::Fill { .. } => {}
        }
    }
    serde_json::json!({
        "waybill_number": waybill_number, "dots_per_m": sheet.dots_per_m, "texts": texts, "bars": bars,
    })
}

/// A sheet with nothing but an EAN-13.
fn product_code(digits: &str) -> Sheet {
    let symbol = barcode::ean13("barcode", digits).unwrap();
    let rect = Rect { x: 20, y: 20, width: symbol.modules() * 3, height: 150 };
    let first_bar = rect.x + symbol.quiet_left * 3;
    let bars = Bars { field: "barcode", symbol, module_dots: 3, first_bar, rect };
    Sheet {
        width: 400,
        height: 200,
        dots_per_m: 8_000,
        margin: 12,
        items: vec![Item::Bars(bars)],
        fonts: Fonts::default(),
        truncated: vec![],
    }
}

#[test]
fn what_we_write_is_read_by_what_we_did_not_write() {
    let Some(()) = judges_here() else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judged-labels");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for (name, profile) in NAMES.iter().flat_map(|name| {
        [("203", PrinterProfile::DPI_203), ("300", PrinterProfile::DPI_300)].map(|(dpi, it)| ((name, dpi), it))
    }) {
        let (name, dpi) = name;
        let sample = sample(name);
        let sheet = sample.sheet(&profile);
        let write = |ending: &str, bytes: &[u8]| {
            std::fs::write(folder.join(format!("{name}-{dpi}.{ending}")), bytes).unwrap();
        };
        write("png", &png::encode(&sheet).unwrap());
        let pdf = pdf::encode(&sheet).unwrap();
        // What is longest here is mostly outlines: 150 different characters.
        let most = if *name == "long-address" { 60_000 } else { 40_000 };
        assert!(pdf.len() < most, "{name}: {} bytes of PDF", pdf.len());
        write("pdf", &pdf);
        write("json", facts(&sheet, Some(&sample.label.waybill_number)).to_string().as_bytes());
    }
    for kind in Kind::ALL {
        for stock in Layouts::default().stocks(*kind) {
            let profile = PrinterProfile { width_dots: 1_700, ..PrinterProfile::DPI_203 };
            let label = kind.sample().unwrap();
            let sheets = Layouts::default().lay_out(&label, &Media::named(&stock).unwrap(), &profile).unwrap();
            let write = |ending: &str, bytes: &[u8]| {
                std::fs::write(folder.join(format!("{}-{stock}.{ending}", kind.name())), bytes).unwrap();
            };
            write("png", &png::encode(&sheets[0]).unwrap());
            write("pdf", &pdf::encode(&sheets[0]).unwrap());
            write("json", facts(&sheets[0], None).to_string().as_bytes());
        }
    }
    for digits in ["6901234567892", "9787302423287", "4006381333931"] {
        std::fs::write(folder.join(format!("ean13-{digits}.png")), png::encode(&product_code(digits)).unwrap())
            .unwrap();
    }
    judge("judges.py", &folder);
}
