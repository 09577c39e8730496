//! What a print job prints: sealed while it waits, because most of it is about people.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tallyman_labels::Label;

use super::label::LabelData;
use super::model::PrinterLanguage;
use crate::db::Services;
use crate::kernel::hex;
use crate::kernel::vault::{Vault, VaultError};

/// The purpose under which a job's content is sealed.
const PURPOSE: &str = "print_job";

/// What a print job prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Content {
    /// The label with a parcel's waybill number.
    ShippingLabel(Box<LabelData>),
    /// Any other label or paper of the house.
    Paper {
        /// What it says.
        paper: Box<Label>,
    },
    /// A document that somebody else made, as a carrier: its bytes pass unchanged.
    Document {
        /// What it is written in.
        language: PrinterLanguage,
        /// In base64.
        bytes: String,
    },
}

impl Content {
    /// A document that somebody else made.
    #[must_use]
    pub fn document(language: PrinterLanguage, bytes: &[u8]) -> Self {
        Self::Document { language, bytes: STANDARD.encode(bytes) }
    }

    /// The bytes of a document.
    ///
    /// # Errors
    /// Where they are no base64.
    pub fn bytes(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
        STANDARD.decode(text.trim())
    }

    /// The sealed content and its hash (SHA-256 of the JSON, in hexadecimal).
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn seal(&self, services: &Services) -> Result<(Vec<u8>, String), VaultError> {
        let json = serde_json::to_vec(self).map_err(|error| VaultError::Form(error.to_string()))?;
        let hash = hex::encode(&Sha256::digest(&json));
        Ok((services.vault.seal(services.random.as_ref(), PURPOSE, &json)?, hash))
    }

    /// Opens a sealed content.
    ///
    /// # Errors
    /// Where the key file is another one.
    pub fn open(vault: &Vault, sealed: &[u8]) -> Result<Self, VaultError> {
        vault.open_json(PURPOSE, sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tallyman_labels::Kind;

    #[test]
    fn every_kind_of_paper_is_kept_as_it_was() {
        for kind in Kind::ALL {
            let paper = Content::Paper { paper: Box::new(kind.sample().unwrap()) };
            let json = serde_json::to_vec(&paper).unwrap();
            assert_eq!(serde_json::from_slice::<Content>(&json).unwrap(), paper, "{}", kind.name());
        }
        let Content::Document { bytes, .. } = Content::document(PrinterLanguage::Zpl, &[0, 255]) else { panic!() };
        assert_eq!(Content::bytes(&bytes).unwrap(), [0, 255]);
    }
}
