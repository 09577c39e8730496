//! What one wave really did, and whether it is what was ordered. Every number is counted where it happened: by the shop,
//! the printer, the people, the ledger.

use std::collections::BTreeSet;

use serde::Serialize;

/// One wave from orders to hand-over.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// `sqlite` or `postgres`.
    pub database: String,
    /// SKUs of the catalogue.
    pub skus: i64,
    /// Orders that the shop placed.
    pub orders: i64,
    /// Their lines.
    pub lines: i64,
    /// Pieces that were ordered.
    pub pieces: i64,
    /// Pieces that were picked.
    pub picked: i64,
    /// Orders that the carrier took whole.
    pub shipped: i64,
    /// Orders of which the carrier took what was there.
    pub shipped_in_part: i64,
    /// Pieces in those parcels, as the shop was told.
    pub pieces_shipped: i64,
    /// Pieces that weren't there.
    pub short: i64,
    /// Wrong scans, every one of which was refused.
    pub wrong_scans_refused: i64,
    /// Labels that came out of the printer.
    pub labels_printed: i64,
    /// Messages that the shop got and whose signature it found right, each once.
    pub webhooks_delivered: i64,
    /// `ok`, or how many findings there are.
    pub verify: String,
    /// What is wrong; empty where nothing is.
    pub wrong: Vec<String>,
    /// From the first order to the last message.
    pub seconds: Seconds,
}

/// Seconds with three decimals, kept as milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seconds(pub i64);

impl Serialize for Seconds {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        text.parse::<f64>().unwrap_or_default().serialize(serializer)
    }
}

impl Report {
    /// Notes what isn't as it should be.
    pub(super) fn compare(&mut self, what: &str, found: i64, expected: i64) {
        if found != expected {
            self.wrong.push(format!("{what}: {found}, expected {expected}"));
        }
    }

    /// Notes labels that came out twice.
    pub(super) fn labels(&mut self, labels: &[Vec<u8>]) {
        self.labels_printed = i64::try_from(labels.len()).unwrap_or(i64::MAX);
        let distinct: BTreeSet<&Vec<u8>> = labels.iter().collect();
        self.compare("different labels", i64::try_from(distinct.len()).unwrap_or(i64::MAX), self.labels_printed);
    }
}
