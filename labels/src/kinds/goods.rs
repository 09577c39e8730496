//! Labels on goods.

use super::{Added, numbers};
use crate::words::Language;
use serde::{Deserialize, Serialize};

/// A product's own code. Numbers with the length and check digit of a trade item are printed as such (EAN-13, EAN-8,
/// UPC-A, ITF-14), everything else as Code 128.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SkuLabel {
    /// Language of the captions.
    pub language: Language,
    /// What it is.
    pub name: String,
    /// The SKU, exact.
    pub sku: String,
    /// What a scanner reads; an ISBN-10 becomes its ISBN-13.
    pub barcode: String,
    /// Add-on of a book or magazine: 2 or 5 digits.
    pub addon: Option<String>,
    /// Already formatted with its currency.
    pub price: Option<String>,
}

impl SkuLabel {
    pub(super) fn added(&self) -> Added {
        let bare: String = self.barcode.chars().filter(|c| *c != '-' && *c != ' ').collect();
        let isbn = numbers::isbn13(&bare);
        let number = isbn.clone().unwrap_or_else(|| self.barcode.trim().to_owned());
        let code = match &self.addon {
            Some(addon) if !addon.trim().is_empty() => format!("{number} {}", addon.trim()),
            _ => number,
        };
        let isbn = isbn.map(|isbn| format!("ISBN {}", crate::gs1::isbn_hyphenated(&isbn))).unwrap_or_default();
        Ok(vec![("code", code.into()), ("isbn", isbn.into())])
    }
}

/// A lot of goods: for people in full, for scanners as GS1 elements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LotLabel {
    /// Language of the captions.
    pub language: Language,
    /// What it is.
    pub name: String,
    /// The SKU, exact.
    pub sku: String,
    /// 8 to 14 digits; goods without one carry their lot's number in the house.
    pub gtin: Option<String>,
    /// The lot, exact.
    pub lot: String,
    /// The lot's number in the house, for goods without a GTIN.
    pub lot_number: String,
    /// `2026-03-14`.
    pub received_on: String,
    /// `2027-12-31`.
    pub expires_on: Option<String>,
    /// Already formatted with its unit.
    pub quantity: String,
}

impl LotLabel {
    pub(super) fn added(&self) -> Added {
        let expiry = self.expires_on.as_deref().filter(|date| !date.trim().is_empty());
        let date = expiry.map(|date| numbers::date("expires_on", date)).transpose()?;
        let gtin = self.gtin.as_deref().filter(|gtin| !gtin.trim().is_empty());
        let Some(gtin) = gtin else {
            let element = format!("(91){}", self.lot_number);
            return Ok(vec![
                ("element", element.clone().into()),
                ("first_element", element.into()),
                ("second_element", "".into()),
            ]);
        };
        let gtin = numbers::gtin14("gtin", gtin)?;
        let date = date.map(|date| format!("(17){date}")).unwrap_or_default();
        // In two symbols each names the goods: a lot by itself means nothing.
        let (first, second) = (format!("(01){gtin}{date}"), format!("(01){gtin}(10){}", self.lot));
        let element = format!("{first}(10){}", self.lot);
        Ok(vec![("element", element.into()), ("first_element", first.into()), ("second_element", second.into())])
    }
}
