//! Independent renderers: what we send to printers is drawn by programs that we did not write, and must be our own
//! picture dot for dot. `tests/renderers.py` does the judging; `tests/renderers/` holds two of the programs.
//!
//! They are looked for in `TALLYMAN_RENDERERS`, a folder with `debug/render-labelize`, `debug/render-zpl` and, in `node_modules`,
//! `zpl-renderer-js`; poppler, mupdf and ghostscript in `PATH`. Where a judge is missing the test says so and ends,
//! unless `TALLYMAN_JUDGES_REQUIRED` is set.

use crate::judges::{python, works};
use crate::samples::{NAMES, sample};
use std::path::{Path, PathBuf};
use std::process::Command;
use tallyman_labels::{
    Bars, Compression, DrawMode, Fonts, Item, Media, PrinterLanguage, PrinterProfile, Rect, Sheet, barcode, pdf, png,
    printer_bytes,
};

const DENSITIES: [(&str, PrinterProfile); 3] =
    [("203", PrinterProfile::DPI_203), ("300", PrinterProfile::DPI_300), ("600", PrinterProfile::DPI_600)];

/// Name, language, compression and mode of what is written for each label.
const WAYS: [(&str, PrinterLanguage, Compression, DrawMode); 7] = [
    ("hex.zpl", PrinterLanguage::Zpl, Compression::None, DrawMode::Picture),
    ("acs.zpl", PrinterLanguage::Zpl, Compression::Acs, DrawMode::Picture),
    ("z64.zpl", PrinterLanguage::Zpl, Compression::Z64, DrawMode::Picture),
    ("mixed.zpl", PrinterLanguage::Zpl, Compression::Acs, DrawMode::Mixed),
    ("tspl", PrinterLanguage::Tspl, Compression::None, DrawMode::Picture),
    ("epl", PrinterLanguage::Epl2, Compression::None, DrawMode::Picture),
    ("cpcl", PrinterLanguage::Cpcl, Compression::None, DrawMode::Picture),
];

/// The folder of the renderers, or the first judge that is not here.
fn renderers() -> Result<PathBuf, String> {
    if !works(&python(), &["-c", "import zxingcpp, PIL"]) {
        return Err(format!("{} with zxing-cpp and Pillow", python().display()));
    }
    for (name, version) in
        [("zbarimg", "--version"), ("pdftoppm", "-v"), ("mutool", "-v"), ("gs", "--version"), ("node", "--version")]
    {
        if !works(Path::new(name), &[version]) {
            return Err(name.to_owned());
        }
    }
    let folder = PathBuf::from(std::env::var_os("TALLYMAN_RENDERERS").ok_or("the folder of TALLYMAN_RENDERERS")?);
    let files = ["debug/render-labelize", "debug/render-zpl", "node_modules/zpl-renderer-js/package.json"];
    match files.iter().find(|file| !folder.join(file).exists()) {
        Some(missing) => Err((*missing).to_owned()),
        None => Ok(folder),
    }
}

/// A sheet with barcodes that printers draw by themselves, one below the other.
fn barcodes(profile: &PrinterProfile) -> Sheet {
    let symbols = [
        barcode::code128("code", "SF1234567890123").unwrap(),
        barcode::code128("code", "Tally-man 2>1^~_9876").unwrap(),
        barcode::gs1_128("code", "(01)06901234567892(10)L-7a(21)42").unwrap(),
        barcode::ean13("code", "6901234567892").unwrap(),
        barcode::ean8("code", "96385074").unwrap(),
        barcode::upc_a("code", "036000291452").unwrap(),
    ];
    let module_dots = if profile.dots_per_m > 20_000 { 6 } else { 3 };
    let bars = (0..).zip(symbols).map(|(place, symbol)| {
        let rect = Rect {
            x: 20,
            y: 20 + place * 50 * module_dots,
            width: symbol.modules() * module_dots,
            height: 40 * module_dots,
        };
        let first_bar = rect.x + symbol.quiet_left * module_dots;
        Item::Bars(Bars { field: "code", symbol, module_dots, first_bar, rect })
    });
    let size = module_dots * 266;
    Sheet {
        width: size,
        height: size + module_dots * 50,
        dots_per_m: profile.dots_per_m,
        margin: 12,
        items: bars.collect(),
        fonts: Fonts::default(),
        truncated: vec![],
    }
}

/// All forms of a sheet, and what the judges need to know of it.
fn write(folder: &Path, name: &str, sheet: &Sheet, media: &Media, profile: &PrinterProfile) {
    let write = |ending: &str, bytes: &[u8]| std::fs::write(folder.join(format!("{name}.{ending}")), bytes).unwrap();
    write("png", &png::encode(sheet).unwrap());
    write("pdf", &pdf::encode(sheet).unwrap());
    for (ending, language, compression, mode) in WAYS {
        let profile = PrinterProfile { language, compression, mode, ..profile.clone() };
        write(ending, &printer_bytes(sheet, media, &profile).unwrap());
    }
    let bars = sheet.items.iter().filter_map(|item| match item {
        Item::Bars(bars) => {
            let rect = bars.rect;
            let name = bars.symbol.symbology.name();
            Some(serde_json::json!({ "box": [rect.x, rect.y, rect.right(), rect.bottom()], "symbology": name }))
        }
        _ => None,
    });
    let facts = serde_json::json!({
        "width": sheet.width, "height": sheet.height, "dots_per_m": sheet.dots_per_m, "bars": bars.collect::<Vec<_>>(),
    });
    write("json", facts.to_string().as_bytes());
}

#[test]
fn what_we_send_to_printers_is_drawn_the_same_by_what_we_did_not_write() {
    let renderers = match renderers() {
        Ok(folder) => folder,
        Err(judge) => {
            let required = std::env::var_os("TALLYMAN_JUDGES_REQUIRED").is_some();
            assert!(!required, "this judge is required and missing: {judge}");
            println!("printer languages are not judged: {judge} is missing");
            return;
        }
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judged-printers");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for (dpi, profile) in &DENSITIES {
        // One label is enough where it is large: drawing takes long there.
        for name in NAMES.into_iter().filter(|name| *dpi == "203" || *name == "zh-cn") {
            let sample = sample(name);
            write(&folder, &format!("{name}-{dpi}"), &sample.sheet(profile), &sample.media(), profile);
        }
        write(&folder, &format!("barcodes-{dpi}"), &barcodes(profile), &Media::SHIPPING_100X150, profile);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/renderers.py");
    let judged = Command::new(python()).arg(script).arg(&folder).arg(&renderers).output().unwrap();
    let words = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{words}{}", String::from_utf8_lossy(&judged.stderr));
    println!("{words}");
}
