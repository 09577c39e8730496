//! Symbology identifiers of AIM (ISO/IEC 15424): `]`, a letter for the kind, a sign for its options.

use serde::{Deserialize, Serialize};

/// What kind of code was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Symbology {
    /// Code 128.
    Code128,
    /// GS1-128.
    Gs1_128,
    /// EAN-13, UPC-A or UPC-E, perhaps with an add-on.
    Ean,
    /// EAN-8.
    Ean8,
    /// The add-on of a book or a magazine, by itself.
    EanAddOn,
    /// Interleaved 2 of 5, of which ITF-14 is one.
    Itf,
    /// Code 39.
    Code39,
    /// Code 93.
    Code93,
    /// Codabar.
    Codabar,
    /// QR code.
    Qr,
    /// QR code of GS1 elements.
    Gs1Qr,
    /// Data Matrix.
    DataMatrix,
    /// Data Matrix of GS1 elements.
    Gs1DataMatrix,
    /// GS1 DataBar.
    DataBar,
    /// PDF417.
    Pdf417,
    /// Aztec.
    Aztec,
    /// DotCode of GS1 elements.
    Gs1DotCode,
    /// One that has an identifier, and that we have no name for.
    Other,
}

/// What an identifier begins with.
const FLAG: char = ']';

impl Symbology {
    /// The kind of an identifier's letter and sign; `None` where it is no identifier.
    pub fn of_aim(letter: char, option: char) -> Option<Symbology> {
        if !option.is_ascii_alphanumeric() {
            return None;
        }
        Some(match (letter, option) {
            ('C', '1') => Self::Gs1_128,
            ('C', _) => Self::Code128,
            ('E', '4') => Self::Ean8,
            ('E', '1' | '2') => Self::EanAddOn,
            ('E', _) => Self::Ean,
            ('I', _) => Self::Itf,
            ('A', _) => Self::Code39,
            ('G', _) => Self::Code93,
            ('F', _) => Self::Codabar,
            ('Q', '3') => Self::Gs1Qr,
            ('Q', _) => Self::Qr,
            ('d', '2') => Self::Gs1DataMatrix,
            ('d', _) => Self::DataMatrix,
            ('e', _) => Self::DataBar,
            ('L', _) => Self::Pdf417,
            ('z', _) => Self::Aztec,
            ('J', '1') => Self::Gs1DotCode,
            ('X' | 'J' | 'S' | 'M' | 'K' | 'T' | 'H' | 'R' | 'B' | 'D' | 'U' | 'N' | 'O' | 'o' | 'P', '0'..='9') => {
                Self::Other
            }
            _ => return None,
        })
    }

    /// Whether such a code holds GS1 elements.
    pub fn is_gs1(self) -> bool {
        matches!(self, Self::Gs1_128 | Self::Gs1Qr | Self::Gs1DataMatrix | Self::DataBar | Self::Gs1DotCode)
    }
}

/// Splits an identifier off.
pub(super) fn split(text: &str) -> (Option<Symbology>, &str) {
    let mut signs = text.chars();
    let (Some(FLAG), Some(letter), Some(option)) = (signs.next(), signs.next(), signs.next()) else {
        return (None, text);
    };
    match Symbology::of_aim(letter, option) {
        Some(symbology) => (Some(symbology), signs.as_str()),
        None => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_name_the_symbology() {
        for (text, wanted) in [
            ("]C0x", Symbology::Code128),
            ("]C1x", Symbology::Gs1_128),
            ("]E0x", Symbology::Ean),
            ("]E2x", Symbology::EanAddOn),
            ("]E3x", Symbology::Ean),
            ("]E4x", Symbology::Ean8),
            ("]I1x", Symbology::Itf),
            ("]A4x", Symbology::Code39),
            ("]G0x", Symbology::Code93),
            ("]F0x", Symbology::Codabar),
            ("]Q2x", Symbology::Qr),
            ("]Q3x", Symbology::Gs1Qr),
            ("]d1x", Symbology::DataMatrix),
            ("]d2x", Symbology::Gs1DataMatrix),
            ("]e0x", Symbology::DataBar),
            ("]L2x", Symbology::Pdf417),
            ("]z0x", Symbology::Aztec),
            ("]J1x", Symbology::Gs1DotCode),
            ("]X0x", Symbology::Other),
        ] {
            assert_eq!(split(text), (Some(wanted), "x"), "{text}");
        }
        for text in ["", "]", "]C", "C1x", "]?0x", "]C\u{1d}x", "]中0x", "]X?x"] {
            assert_eq!(split(text), (None, text));
        }
    }
}
