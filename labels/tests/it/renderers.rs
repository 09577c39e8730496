//! Independent renderers: what we send to printers is drawn by programs that we did not write, and must be our own
//! picture dot for dot. `tests/renderers.py` does the judging; `tests/renderers/` holds two of the programs.
//!
//! They are looked for in `TALLYMAN_RENDERERS`, a folder with `debug/render-labelize`, `debug/render-zpl` and, in `node_modules`,
//! `zpl-renderer-js`; poppler, mupdf and ghostscript in `PATH`. Where a judge is missing the test says so and ends,
//! unless `TALLYMAN_JUDGES_REQUIRED` is set.

use crate::decoding::{SCRIPTS, worded};
use crate::judges::{judge_with, python, works};
use crate::kinds::wide;
use crate::samples::{NAMES, sample};
use std::path::{Path, PathBuf};
use tallyman_labels::{
    Bars, Compression, DrawMode, Fonts, Item, Kind, Layouts, Media, PrinterLanguage, PrinterProfile, Rect,
    ResidentFont, Sheet, barcode, pdf, png, printer_bytes, svg,
};

const DENSITIES: [(&str, PrinterProfile); 3] =
    [("203", PrinterProfile::DPI_203), ("300", PrinterProfile::DPI_300), ("600", PrinterProfile::DPI_600)];

/// The forms of what is written for every label of every kind.
const FORMS: [&str; 4] = ["acs.zpl", "tspl", "epl", "cpcl"];
/// And for some labels.
const MORE_FORMS: [&str; 6] = ["hex.zpl", "z64.zpl", "mixed.zpl", "resident.zpl", "turned.zpl", "turned.tspl"];

/// A printer that is told in a form.
fn told_in(form: &str, profile: &PrinterProfile) -> PrinterProfile {
    let mut profile = PrinterProfile { compression: Compression::Acs, mode: DrawMode::Picture, ..profile.clone() };
    for word in form.split('.') {
        match word {
            "zpl" => profile.language = PrinterLanguage::Zpl,
            "tspl" => profile.language = PrinterLanguage::Tspl,
            "epl" => profile.language = PrinterLanguage::Epl2,
            "cpcl" => profile.language = PrinterLanguage::Cpcl,
            "hex" => profile.compression = Compression::None,
            "acs" => profile.compression = Compression::Acs,
            "z64" => profile.compression = Compression::Z64,
            "mixed" => profile.mode = DrawMode::Mixed,
            "resident" => {
                profile.mode = DrawMode::Mixed;
                profile.resident_fonts = ResidentFont::ZPL_203.to_vec();
            }
            "turned" => profile.turned = true,
            other => panic!("{other}"),
        }
    }
    profile
}

/// The folder of the renderers, or the first judge that is not here.
fn renderers() -> Result<PathBuf, String> {
    if !works(&python(), &["-c", "import zxingcpp, PIL"]) {
        return Err(format!("{} with zxing-cpp and Pillow", python().display()));
    }
    for (name, version) in [
        ("zbarimg", "--version"),
        ("pdftoppm", "-v"),
        ("mutool", "-v"),
        ("gs", "--version"),
        ("rsvg-convert", "--version"),
        ("node", "--version"),
    ] {
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
fn write(folder: &Path, name: &str, sheet: &Sheet, media: &Media, profile: &PrinterProfile, forms: &[&str]) {
    let write = |ending: &str, bytes: &[u8]| std::fs::write(folder.join(format!("{name}.{ending}")), bytes).unwrap();
    write("png", &png::encode(sheet).unwrap());
    write("pdf", &pdf::encode(sheet).unwrap());
    write("svg", &svg::encode(sheet));
    for form in forms {
        write(form, &printer_bytes(sheet, media, &told_in(form, profile)).unwrap());
    }
    let matrices = sheet.items.iter().filter_map(|item| match item {
        Item::Matrix(matrix) => {
            let rect = matrix.rect;
            Some([rect.x, rect.y, rect.right(), rect.bottom()])
        }
        _ => None,
    });
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
        "matrices": matrices.collect::<Vec<_>>(), "forms": forms,
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
        let forms = [&FORMS[..], &MORE_FORMS[..]].concat();
        // One label is enough where it is large: drawing takes long there.
        for name in NAMES.into_iter().filter(|name| *dpi == "203" || *name == "zh-cn") {
            let sample = sample(name);
            write(&folder, &format!("{name}-{dpi}"), &sample.sheet(profile), &sample.media(), profile, &forms);
        }
        write(&folder, &format!("barcodes-{dpi}"), &barcodes(profile), &Media::SHIPPING_100X150, profile, &forms);
    }
    let script = Path::new("renderers.py");
    judge_with(script, &[folder.as_path(), renderers.as_path()]);
    let _ = std::fs::remove_dir_all(&folder);
    let all = std::env::var_os("TALLYMAN_RENDER_ALL").is_some();
    for kind in Kind::ALL {
        std::fs::create_dir_all(&folder).unwrap();
        every_label(*kind, &folder, all);
        println!("{}:", kind.name());
        judge_with(script, &[folder.as_path(), renderers.as_path()]);
        // A folder of all kinds would be gigabytes.
        let _ = std::fs::remove_dir_all(&folder);
    }
}

/// The first page of a kind on every stock: in every script at 203 dpi, and in one at the others; with `all` in every
/// script at all of them.
fn every_label(kind: Kind, folder: &Path, all: bool) {
    let layouts = Layouts::default();
    for (dpi, profile) in &DENSITIES {
        for (script, words) in SCRIPTS {
            let mut json = serde_json::from_str(kind.sample_json()).unwrap();
            worded(&mut json, "", words);
            let label = kind.read(&json.to_string()).unwrap();
            for stock in layouts.stocks(kind) {
                let media = Media::named(&stock).unwrap();
                let finer_than_needed = *dpi == "600" && media.width_um > 120_000;
                if !(all || *dpi == "203" || script == "zh-CN" && !finer_than_needed) {
                    continue;
                }
                let profile = wide(profile.dots_per_m, profile.dots_per_m / 4);
                let sheet = layouts.lay_out(&label, &media, &profile).unwrap().remove(0);
                write(folder, &format!("{}-{stock}-{script}-{dpi}", kind.name()), &sheet, &media, &profile, &FORMS);
            }
        }
    }
}
