//! Papers with rows: they flow over pages, and stand on label stock, rolls and sheets alike.

use super::Added;
use super::shipping::Party;
use crate::words::{Language, word};
use serde::{Deserialize, Serialize};

/// A row of a packing slip.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PackingLine {
    /// The SKU, exact.
    pub sku: String,
    /// What it is.
    pub name: String,
    /// Already formatted with its unit.
    pub quantity: String,
    /// Given for free.
    pub gift: bool,
}

/// What lies in a parcel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PackingSlip {
    /// Language of the captions.
    pub language: Language,
    /// The shop's name, as the buyer knows it.
    pub shop: String,
    /// As people say it.
    pub order_number: String,
    /// As people say it.
    pub parcel_number: String,
    /// Already formatted.
    pub printed_at: String,
    /// Who gets it.
    pub receiver: Party,
    /// What lies in the parcel.
    pub lines: Vec<PackingLine>,
    /// Papers to enclose.
    pub papers: Vec<String>,
    /// What the buyer wrote.
    pub remark: String,
    /// All pieces, already formatted.
    pub total: String,
}

impl PackingSlip {
    pub(super) fn added(&self) -> Added {
        let gift = word(self.language, "gift").unwrap_or_default();
        let rows = self.lines.iter().map(|line| {
            let name = if line.gift { format!("[{gift}] {}", line.name) } else { line.name.clone() };
            serde_json::json!({ "sku": line.sku, "name": name, "quantity": line.quantity, "gift": line.gift })
        });
        Ok(vec![("lines", rows.collect::<Vec<_>>().into()), ("papers_line", self.papers.join("，").into())])
    }
}

/// A seller or buyer as an invoice names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InvoiceParty {
    /// The firm or person.
    pub name: String,
    /// Tax number; may be empty.
    pub tax_number: String,
    /// The address, one line each.
    pub lines: Vec<String>,
    /// Bank and account; may be empty.
    pub bank: String,
}

/// A row of an invoice; numbers are formatted already.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InvoiceLine {
    /// The SKU, exact.
    pub sku: String,
    /// What it is.
    pub name: String,
    /// How many.
    pub quantity: String,
    /// Price of one.
    pub price: String,
    /// Sum of the row.
    pub amount: String,
}

/// A sum with its caption.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sum {
    /// Goods, postage, tax, total.
    pub caption: String,
    /// Already formatted with its currency.
    pub amount: String,
}

/// What was sold, with prices. The tax invoice itself comes from the tax system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Invoice {
    /// Language of the captions.
    pub language: Language,
    /// Who sells.
    pub seller: InvoiceParty,
    /// Who buys.
    pub buyer: InvoiceParty,
    /// The invoice's number, exact.
    pub number: String,
    /// As people say it.
    pub order_number: String,
    /// Already formatted.
    pub date: String,
    /// What was sold.
    pub lines: Vec<InvoiceLine>,
    /// From goods to total; the last is the largest on paper.
    pub sums: Vec<Sum>,
    /// Anything to say below.
    pub note: String,
}

impl Invoice {
    pub(super) fn added(&self) -> Added {
        let total = self.sums.last().cloned().unwrap_or_default();
        let others = self.sums.split_last().map(|(_, others)| others).unwrap_or_default();
        let captions: Vec<&str> = others.iter().map(|sum| sum.caption.as_str()).collect();
        let amounts: Vec<&str> = others.iter().map(|sum| sum.amount.as_str()).collect();
        Ok(vec![
            ("sum_captions", captions.into()),
            ("sum_amounts", amounts.into()),
            ("total_caption", total.caption.into()),
            ("total_amount", total.amount.into()),
        ])
    }
}

/// A row of a pick list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PickLine {
    /// Where.
    pub location: String,
    /// The SKU, exact.
    pub sku: String,
    /// What it is.
    pub name: String,
    /// Which lot, where it matters.
    pub lot: String,
    /// Already formatted with its unit.
    pub quantity: String,
    /// The tote it goes to.
    pub tote: String,
}

/// What to fetch, in walking order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PickList {
    /// Language of the captions.
    pub language: Language,
    /// The wave or task, exact: it is printed as a code.
    pub number: String,
    /// Who picks; may be empty.
    pub picker: String,
    /// Already formatted.
    pub printed_at: String,
    /// In walking order.
    pub lines: Vec<PickLine>,
}

impl PickList {
    pub(super) fn added(&self) -> Added {
        Ok(Vec::new())
    }
}

/// A row of a count sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CountLine {
    /// Where; printed as a code too.
    pub location: String,
    /// The SKU; empty where the counter is to find out.
    pub sku: String,
    /// What it is.
    pub name: String,
    /// Which lot, where it matters.
    pub lot: String,
    /// What the books say. Not printed where the count is blind.
    pub expected: String,
}

/// What to count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CountSheet {
    /// Language of the captions.
    pub language: Language,
    /// The sheet's number, exact: it is printed as a code.
    pub number: String,
    /// Which part of the house.
    pub zone: String,
    /// Already formatted.
    pub printed_at: String,
    /// A blind count does not show what the books say: it would be copied.
    pub blind: bool,
    /// In walking order.
    pub lines: Vec<CountLine>,
}

impl CountSheet {
    pub(super) fn added(&self) -> Added {
        let rows = self.lines.iter().map(|line| {
            let expected = if self.blind { "" } else { line.expected.as_str() };
            serde_json::json!({
                "location": line.location, "sku": line.sku, "name": line.name, "lot": line.lot, "expected": expected,
            })
        });
        // Taken out here, so that no layout can show it.
        let caption = if self.blind { "" } else { word(self.language, "expected").unwrap_or_default() };
        Ok(vec![("lines", rows.collect::<Vec<_>>().into()), ("expected_caption", caption.into())])
    }
}

/// A parcel on a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ManifestLine {
    /// The waybill number, exact.
    pub waybill_number: String,
    /// As people say it.
    pub parcel_number: String,
    /// As people say it.
    pub order_number: String,
    /// Already formatted with its unit.
    pub weight: String,
}

/// The parcels handed to a carrier, signed by both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Manifest {
    /// Language of the captions.
    pub language: Language,
    /// The manifest's number, exact: it is printed as a code.
    pub number: String,
    /// Name of the carrier.
    pub carrier: String,
    /// Name of the warehouse.
    pub warehouse: String,
    /// Already formatted.
    pub printed_at: String,
    /// The parcels in the order they were scanned.
    pub lines: Vec<ManifestLine>,
    /// How many, already formatted.
    pub parcels: String,
    /// All together, already formatted with its unit.
    pub total_weight: String,
}

impl Manifest {
    pub(super) fn added(&self) -> Added {
        Ok(Vec::new())
    }
}
