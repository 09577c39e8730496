//! Labels against the pictures and bytes that were looked at and found good. `BLESS=1` writes them anew.

use crate::samples::{NAMES, folder, sample};
use std::path::Path;
use tallyman_labels::{Kind, Layouts, Media, PrinterProfile, png, printer_bytes};

/// Compares with the stored file, or stores it.
fn hold(file: &str, bytes: &[u8]) {
    let path = folder().join(file);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, bytes).unwrap();
        return;
    }
    let stored = std::fs::read(&path).unwrap_or_default();
    assert!(
        stored == bytes,
        "{file} differs from the stored one; look at it, then BLESS=1 cargo test -p tallyman-labels"
    );
}

#[test]
fn every_label_is_the_stored_picture_and_the_stored_zpl() {
    for name in NAMES {
        let sheet = sample(name).sheet(&PrinterProfile::DPI_203);
        hold(&format!("{name}.png"), &png::encode(&sheet).unwrap());
        hold(
            &format!("{name}.zpl"),
            &printer_bytes(&sheet, &Media::SHIPPING_100X150, &PrinterProfile::DPI_203).unwrap(),
        );
    }
}

#[test]
fn a_label_at_300_dpi_is_the_stored_picture() {
    let sheet = sample("zh-cn").sheet(&PrinterProfile::DPI_300);
    hold("zh-cn-300.png", &png::encode(&sheet).unwrap());
}

/// The stock of the picture of each kind in the documentation.
fn shown(kind: Kind) -> &'static str {
    match kind {
        Kind::Shipping | Kind::Logistic | Kind::TestPage => "100x150",
        Kind::PackingSlip | Kind::Invoice | Kind::PickList | Kind::CountSheet | Kind::Manifest => "A5",
        Kind::Location | Kind::Lot | Kind::Tote | Kind::Cart => "100x50",
        Kind::Sku => "60x40",
        Kind::PutWallSlot => "70x40",
        Kind::Badge | Kind::CommandCards => "86x54",
    }
}

#[test]
fn the_pictures_of_the_documentation_are_what_is_printed() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/labels.md")).unwrap();
    for kind in Kind::ALL {
        let profile = PrinterProfile { width_dots: 1_200, ..PrinterProfile::DPI_203 };
        let media = Media::named(shown(*kind)).unwrap();
        let sheets = Layouts::default().lay_out(&kind.sample().unwrap(), &media, &profile).unwrap();
        let name = format!("../../../docs/labels/{}.png", kind.name());
        hold(&name, &png::encode(&sheets[0]).unwrap());
        assert!(page.contains(&format!("labels/{}.png", kind.name())), "docs/labels.md does not show {}", kind.name());
    }
}
