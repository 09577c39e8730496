//! Labels to try things with: the sample of every kind, and the shipping labels in `tests/golden/*.json`.

use serde::Deserialize;
use std::path::{Path, PathBuf};
use tallyman_labels::{Label, Layouts, Media, PrinterProfile, Sheet, ShippingLabel};

/// One label, and its stock if it is not the usual one.
#[derive(Deserialize)]
pub struct Sample {
    pub label: ShippingLabel,
    #[serde(default)]
    media: Option<String>,
}

impl Sample {
    pub fn media(&self) -> Media {
        Media::named(self.media.as_deref().unwrap_or("100x150")).unwrap()
    }

    pub fn sheet(&self, profile: &PrinterProfile) -> Sheet {
        shipping(&self.label, &self.media(), profile).unwrap()
    }
}

/// Lays a shipping label out with the layouts in the program.
pub fn shipping(
    label: &ShippingLabel,
    media: &Media,
    profile: &PrinterProfile,
) -> Result<Sheet, tallyman_labels::LabelError> {
    let mut sheets = Layouts::default().lay_out(&Label::Shipping(label.clone()), media, profile)?;
    assert_eq!(sheets.len(), 1);
    Ok(sheets.remove(0))
}

pub const NAMES: [&str; 5] = ["zh-cn", "zh-tw", "en", "long-address", "narrow"];

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

pub fn sample(name: &str) -> Sample {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}
