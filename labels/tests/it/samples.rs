//! The labels in `tests/golden/*.json`.

use serde::Deserialize;
use std::path::{Path, PathBuf};
use tallyman_labels::{Media, PrinterProfile, Sheet, ShippingLabel, layout_shipping};

/// One label, and its stock if it is not the usual one.
#[derive(Deserialize)]
pub struct Sample {
    pub label: ShippingLabel,
    #[serde(default)]
    media: Option<String>,
}

impl Sample {
    pub fn media(&self) -> Media {
        match self.media.as_deref() {
            Some("76x130") => Media::SHIPPING_76X130,
            _ => Media::SHIPPING_100X150,
        }
    }

    pub fn sheet(&self, profile: &PrinterProfile) -> Sheet {
        layout_shipping(&self.label, &self.media(), profile).unwrap()
    }
}

pub const NAMES: [&str; 5] = ["zh-cn", "zh-tw", "en", "long-address", "narrow"];

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

pub fn sample(name: &str) -> Sample {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}
