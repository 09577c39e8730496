//! Scanners: from what comes over the wire to a scan. A scanner never decides what a code means.
//!
//! One codec per way of talking: [`serial`] (plain text with a prefix and a suffix), [`ssi`] (Zebra's packets),
//! [`keyboard`] (USB keyboards) and [`pos`] (USB HID point of sale). Codecs are pure: they are given bytes and the time
//! of their arrival, and give events.

mod aim;
pub mod keyboard;
pub mod pos;
pub mod serial;
pub mod ssi;
mod way;

pub use aim::Symbology;
pub use way::{How, way};

use serde::{Deserialize, Serialize};
use std::time::Duration;
use tallyman_labels::gs1::{ElementString, Gs1Error, SEPARATOR};

/// What a command card or a badge begins with.
pub const COMMAND: char = '%';

/// How the text of a scan came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8, of which ASCII is a part.
    Utf8,
    /// GB18030: the bytes were no UTF-8.
    Gb18030,
}

/// One code that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// What the code says, without the identifier of its symbology.
    pub text: String,
    /// What kind of code it was, where the scanner says so.
    pub symbology: Option<Symbology>,
    /// How the text came.
    pub encoding: Encoding,
}

/// The GS1 elements of a scan.
pub type Elements = Result<ElementString, Gs1Error>;

impl Scan {
    /// Reads what a scanner gave for one code; `None` where it is no text, or nothing.
    pub(crate) fn read(bytes: &[u8], symbology: Option<Symbology>) -> Option<Scan> {
        let (text, encoding) = match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), Encoding::Utf8),
            Err(_) => {
                let (text, wrong) = encoding_rs::GB18030.decode_without_bom_handling(bytes);
                if wrong {
                    return None;
                }
                (text.into_owned(), Encoding::Gb18030)
            }
        };
        let (named, text) = aim::split(&text);
        let text = text.to_owned();
        (!text.is_empty()).then_some(Scan { text, symbology: named.or(symbology), encoding })
    }

    /// The elements, where the symbology is one of GS1's or the text holds their separator; `None` for plain text.
    pub fn elements(&self) -> Option<Elements> {
        let named = self.symbology.is_some_and(Symbology::is_gs1);
        (named || self.text.contains(SEPARATOR)).then(|| ElementString::parse_raw(&self.text))
    }

    /// The word of a command card, as `UNDO`; `None` for everything else.
    pub fn command(&self) -> Option<&str> {
        let word = self.text.strip_prefix(COMMAND)?;
        (!word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(word)
    }
}

/// What a codec makes of what came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A code.
    Scan(Scan),
    /// More came than a code can have, without an end. All of it was dropped: a part is never delivered.
    TooLong,
    /// A code whose bytes are no text.
    NotText,
    /// The scanner waits for these bytes.
    Answer(Vec<u8>),
}

/// Turns a scanner's bytes into events. Pure; no bytes make it panic, and what it keeps is bounded.
pub trait Codec: Send {
    /// Takes the next bytes, however they were cut. `at` is when they came, from any beginning.
    fn feed(&mut self, bytes: &[u8], at: Duration) -> Vec<Event>;

    /// It is `at` now, and nothing came: ends what ends by silence, drops what will not go on.
    fn idle(&mut self, at: Duration) -> Vec<Event>;

    /// How long a silence has to be to mean something; `None` where it never does.
    fn silence(&self) -> Option<Duration>;
}

/// A scan as an event, or why there is none.
fn event(bytes: &[u8], symbology: Option<Symbology>) -> Option<Event> {
    match Scan::read(bytes, symbology) {
        Some(scan) => Some(Event::Scan(scan)),
        None if std::str::from_utf8(bytes).is_ok() => None,
        None => Some(Event::NotText),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A scan of plain text.
    pub(crate) fn plain(text: &str) -> Event {
        Event::Scan(Scan { text: text.to_owned(), symbology: None, encoding: Encoding::Utf8 })
    }

    fn read(text: &str) -> Scan {
        Scan::read(text.as_bytes(), None).unwrap()
    }

    #[test]
    fn the_identifier_of_the_symbology_is_no_part_of_the_text() {
        let scan = read("]E06901234567892");
        assert_eq!((scan.text.as_str(), scan.symbology), ("6901234567892", Some(Symbology::Ean)));
        assert_eq!(read("]X?no identifier").text, "]X?no identifier");
        assert_eq!(Scan::read(b"]C0", None), None);
        assert_eq!(Scan::read(b"", None), None);
    }

    #[test]
    fn gs1_elements_are_read_where_the_symbology_or_a_separator_says_so() {
        let elements = read("]C10106901234567892\u{1d}10L7").elements().unwrap().unwrap();
        assert_eq!((elements.value("01"), elements.value("10")), (Some("06901234567892"), Some("L7")));
        assert!(read("0106901234567892").elements().is_none(), "it may be plain digits");
        assert!(read("0106901234567892\u{1d}10L7").elements().unwrap().is_ok());
        assert!(read("]d20106901234567893").elements().unwrap().is_err(), "a wrong check digit is told");
        assert!(read("]C00106901234567892").elements().is_none());
    }

    #[test]
    fn chinese_comes_as_utf_8_or_as_gb18030_and_says_which() {
        assert_eq!(read("同心书店").encoding, Encoding::Utf8);
        let scan = Scan::read(b"\xd6\xd0\xce\xc4", None).unwrap();
        assert_eq!((scan.text.as_str(), scan.encoding), ("中文", Encoding::Gb18030));
        assert_eq!(event(b"\xff\xff\xff", None), Some(Event::NotText));
    }

    #[test]
    fn command_cards_are_told_from_badges_and_codes() {
        assert_eq!(read("%UNDO").command(), Some("UNDO"));
        for other in ["%B48201937562048193756", "%", "UNDO", "%undo", "%UNDO 1"] {
            assert_eq!(read(other).command(), None, "{other}");
        }
    }
}
