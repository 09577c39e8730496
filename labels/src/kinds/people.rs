//! What people carry and what they try a printer with.

use super::Added;
use crate::words::Language;
use serde::{Deserialize, Serialize};

/// A person's badge. Its code is a random token that can be revoked, never the person's number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Badge {
    /// Language of the captions.
    pub language: Language,
    /// The firm.
    pub firm: String,
    /// The person.
    pub name: String,
    /// What the person does.
    pub role: String,
    /// `%B` and 20 digits.
    pub token: String,
}

impl Badge {
    pub(super) fn added(&self) -> Added {
        Ok(Vec::new())
    }
}

/// One command card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CommandCard {
    /// What a scanner reads: the reserved prefix and a word, as `%UNDO`.
    pub code: String,
    /// A sign in place of a picture, one or two characters of the label fonts.
    pub sign: String,
    /// The command in Chinese.
    pub zh: String,
    /// The command in English.
    pub en: String,
}

/// Command cards: a sheet of them, or a card each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CommandCards {
    /// Language of the captions.
    pub language: Language,
    /// The cards in their order.
    pub cards: Vec<CommandCard>,
}

impl CommandCards {
    pub(super) fn added(&self) -> Added {
        Ok(Vec::new())
    }
}

/// One of everything that labels are made of, to judge a printer by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TestPage {
    /// Language of the captions.
    pub language: Language,
    /// The printer's name.
    pub printer: String,
    /// Its language, density and head in words.
    pub profile: String,
    /// Already formatted.
    pub printed_at: String,
    /// What is drawn in each size of text.
    pub text: String,
}

impl TestPage {
    pub(super) fn added(&self) -> Added {
        Ok(Vec::new())
    }
}
