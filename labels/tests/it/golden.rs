//! Labels against the pictures and bytes that were looked at and found good. `BLESS=1` writes them anew.

use crate::samples::{NAMES, folder, sample};
use tallyman_labels::{PrinterProfile, png, zpl};

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
        hold(&format!("{name}.zpl"), &zpl::encode(&sheet, &PrinterProfile::DPI_203).unwrap());
    }
}

#[test]
fn a_label_at_300_dpi_is_the_stored_picture() {
    let sheet = sample("zh-cn").sheet(&PrinterProfile::DPI_300);
    hold("zh-cn-300.png", &png::encode(&sheet).unwrap());
}
