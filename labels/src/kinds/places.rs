//! Labels on places: locations, totes, carts, put walls.

use super::Added;
use crate::words::Language;
use serde::{Deserialize, Serialize};

/// A place in the shelves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LocationLabel {
    /// Language of the captions.
    pub language: Language,
    /// The location, exact, as `A-12-3-4`.
    pub location: String,
    /// What a scanner reads.
    pub barcode: String,
    /// What a person types or speaks in place of a scan.
    pub check_digits: String,
    /// Name of the zone.
    pub zone: String,
    /// Where the shelf is, seen from the label: `up`, `down`, `left`, `right`; nothing for right here.
    pub arrow: String,
}

impl LocationLabel {
    pub(super) fn added(&self) -> Added {
        Ok(Vec::new())
    }
}

/// A tote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToteLabel {
    /// Language of the captions.
    pub language: Language,
    /// What a person reads and a scanner reads, as `T000123`.
    pub number: String,
    /// Whose it is, or what it is for.
    pub note: String,
}

impl ToteLabel {
    pub(super) fn added(&self) -> Added {
        Ok(Vec::new())
    }
}

/// A cart with a label for each of its positions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cart {
    /// Language of the captions.
    pub language: Language,
    /// The cart, as `C07`.
    pub number: String,
    /// Its positions from left to right and top to bottom, as `A1`.
    pub positions: Vec<String>,
}

impl Cart {
    pub(super) fn added(&self) -> Added {
        let slots = self
            .positions
            .iter()
            .map(|position| serde_json::json!({ "position": position, "code": format!("{}-{position}", self.number) }));
        Ok(vec![("slots", slots.collect::<Vec<_>>().into())])
    }
}

/// A slot of a put wall.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PutWallSlot {
    /// Language of the captions.
    pub language: Language,
    /// The wall, as `W1`.
    pub wall: String,
    /// The slot as people call it, as `12`.
    pub slot: String,
    /// What a scanner reads.
    pub code: String,
}

impl PutWallSlot {
    pub(super) fn added(&self) -> Added {
        Ok(Vec::new())
    }
}
