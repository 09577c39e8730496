//! Labels on parcels, cartons and pallets.

use super::{Added, numbers};
use crate::barcode;
use crate::error::{LabelError, Reason, Symbology};
use crate::gs1::ElementString;
use crate::words::{Language, word};
use serde::{Deserialize, Serialize};

/// A person and a place. Masked before, where the carrier accepts it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Party {
    /// Who.
    pub name: String,
    /// As it is dialled or masked; may be empty.
    pub phone: String,
    /// The address in the order of its country; never translated.
    pub lines: Vec<String>,
}

/// What a sorter reads from two metres (routing code, waybill), what a courier reads at the door (receiver, cash on
/// delivery, remark), and a part that the packer's house keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShippingLabel {
    /// Language of the captions.
    pub language: Language,
    /// Name of the carrier, and of its product if wanted.
    pub carrier: String,
    /// The carrier's sorting code (三段码). Without one the carrier's name is the largest.
    pub routing_code: Option<String>,
    /// Where the carrier gathers parcels of one direction (集包地).
    pub hub: Option<String>,
    /// ASCII; exact.
    pub waybill_number: String,
    /// As people say it, `O00000001`.
    pub order_number: String,
    /// As people say it, `P00000001`.
    pub parcel_number: String,
    /// From 1.
    pub parcel_index: u32,
    /// Parcels of this order.
    pub parcel_count: u32,
    /// Who gets it.
    pub receiver: Party,
    /// Who sent it.
    pub sender: Party,
    /// Cash on delivery, already formatted with its currency.
    pub cod: Option<String>,
    /// For the courier; may be shortened.
    pub remark: Option<String>,
    /// What is in the order, one text a line; may be shortened.
    pub contents: Vec<String>,
    /// Already formatted with its unit.
    pub weight: Option<String>,
    /// Breaks easily; said in the language of the captions.
    pub fragile: bool,
    /// Further short words that must be seen: keep upright, insured.
    pub flags: Vec<String>,
    /// 1 for the first reprint.
    pub reprint: Option<u32>,
    /// Date and time, already formatted.
    pub printed_at: String,
    /// Where it was printed.
    pub station: String,
}

impl ShippingLabel {
    pub(super) fn added(&self) -> Added {
        if self.waybill_number.bytes().any(|b| !b.is_ascii_graphic()) {
            return Err(LabelError::BadData {
                field: "waybill_number",
                symbology: Symbology::Code128,
                reason: Reason::SpaceOrNotAscii {},
            });
        }
        let caption = word(self.language, "reprint").unwrap_or_default();
        let mark = self.reprint.map(|copy| format!("{caption} R{copy}"));
        let fragile = word(self.language, "fragile").filter(|_| self.fragile);
        let flags = self.flags.iter().map(String::as_str);
        let marks: Vec<&str> = mark.as_deref().into_iter().chain(fragile).chain(flags).collect();
        Ok(vec![
            ("parcel_of", format!("{}/{}", self.parcel_index, self.parcel_count).into()),
            ("reprint_mark", mark.clone().unwrap_or_default().into()),
            ("marks", marks.into()),
            ("contents_line", self.contents.join("，").into()),
        ])
    }
}

/// A carton or pallet that is a unit of its own for everyone it passes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogisticLabel {
    /// Language of the captions.
    pub language: Language,
    /// Who sent it.
    pub sender: Party,
    /// Who gets it.
    pub receiver: Party,
    /// 18 digits with their check digit.
    pub sscc: String,
    /// GTIN of what is in it, 8 to 14 digits, where all of it is the same.
    pub gtin: Option<String>,
    /// How many of them; needed with a GTIN.
    pub count: Option<u32>,
    /// Their lot.
    pub lot: Option<String>,
    /// Their best before date, `2027-12-31`.
    pub best_before: Option<String>,
    /// What is in it, in words.
    pub content: String,
    /// As people say it.
    pub order_number: String,
    /// Name of the carrier.
    pub carrier: String,
    /// Already formatted with its unit.
    pub weight: String,
}

impl LogisticLabel {
    pub(super) fn added(&self) -> Added {
        let sscc = format!("(00){}", self.sscc);
        let mut content = String::new();
        if let Some(gtin) = &self.gtin {
            content = format!("(02){}(37){}", numbers::gtin14("gtin", gtin)?, self.count.unwrap_or(1));
            if let Some(date) = &self.best_before {
                content.push_str(&format!("(15){}", numbers::date("best_before", date)?));
            }
            if let Some(lot) = &self.lot {
                content.push_str(&format!("(10){lot}"));
            }
        }
        // Two symbols, one label: what one needs may stand in the other.
        ElementString::parse_bracketed(&format!("{sscc}{content}")).map_err(|error| LabelError::NotGs1 {
            field: "sscc",
            symbology: Symbology::Gs1_128,
            error,
        })?;
        Ok(vec![
            ("sscc_spaced", barcode::grouped(&self.sscc).into()),
            ("sscc_element", sscc.into()),
            ("content_element", content.into()),
        ])
    }
}
