//! Why a label can't be drawn. Each variant names the field, so that the screen can say which text to change.

use crate::gs1::Gs1Error;
use crate::units::SizeDots;

/// A field of a label, as `receiver.address` or `waybill_number`.
pub type Field = &'static str;

/// A kind of barcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbology {
    /// Code 128.
    Code128,
    /// GS1-128: a Code 128 that begins with FNC1 and holds GS1 element strings.
    Gs1_128,
    /// EAN-13, alone or with an add-on of 2 or 5 digits.
    Ean13,
    /// EAN-8.
    Ean8,
    /// UPC-A.
    UpcA,
    /// ITF-14.
    Itf14,
    /// Code 39.
    Code39,
    /// Code 93.
    Code93,
    /// Codabar.
    Codabar,
    /// QR code.
    Qr,
    /// Data Matrix (ECC 200).
    DataMatrix,
    /// Data Matrix that begins with FNC1 and holds GS1 element strings.
    Gs1DataMatrix,
    /// PDF417.
    Pdf417,
}

impl Symbology {
    /// All of them.
    pub const ALL: [Symbology; 13] = [
        Symbology::Code128,
        Symbology::Gs1_128,
        Symbology::Ean13,
        Symbology::Ean8,
        Symbology::UpcA,
        Symbology::Itf14,
        Symbology::Code39,
        Symbology::Code93,
        Symbology::Codabar,
        Symbology::Qr,
        Symbology::DataMatrix,
        Symbology::Gs1DataMatrix,
        Symbology::Pdf417,
    ];

    /// Its name in layout files.
    pub fn code(self) -> &'static str {
        match self {
            Symbology::Code128 => "code128",
            Symbology::Gs1_128 => "gs1_128",
            Symbology::Ean13 => "ean13",
            Symbology::Ean8 => "ean8",
            Symbology::UpcA => "upc_a",
            Symbology::Itf14 => "itf14",
            Symbology::Code39 => "code39",
            Symbology::Code93 => "code93",
            Symbology::Codabar => "codabar",
            Symbology::Qr => "qr",
            Symbology::DataMatrix => "data_matrix",
            Symbology::Gs1DataMatrix => "gs1_data_matrix",
            Symbology::Pdf417 => "pdf417",
        }
    }

    /// Its name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Symbology::Code128 => "Code 128",
            Symbology::Gs1_128 => "GS1-128",
            Symbology::Ean13 => "EAN-13",
            Symbology::Ean8 => "EAN-8",
            Symbology::UpcA => "UPC-A",
            Symbology::Itf14 => "ITF-14",
            Symbology::Code39 => "Code 39",
            Symbology::Code93 => "Code 93",
            Symbology::Codabar => "Codabar",
            Symbology::Qr => "QR code",
            Symbology::DataMatrix => "Data Matrix",
            Symbology::Gs1DataMatrix => "GS1 Data Matrix",
            Symbology::Pdf417 => "PDF417",
        }
    }
}

impl std::fmt::Display for Symbology {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a label can't be laid out or encoded. Nothing is ever cut or left out in silence instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Too much text for its place, even at the smallest size its rule allows.
    #[error("{field} needs {} x {} dots and has {} x {}", needed.width, needed.height, available.width, available.height)]
    Overflow {
        /// The field.
        field: Field,
        /// What it would take.
        needed: SizeDots,
        /// What there is.
        available: SizeDots,
    },
    /// The symbol does not fit at its smallest module.
    #[error("the barcode of {field} has {modules} modules, too many for {available_dots} dots")]
    BarcodeTooWide {
        /// The field.
        field: Field,
        /// Width of the symbol with its quiet zones.
        modules: u32,
        /// Width of the place.
        available_dots: u32,
    },
    /// Something was drawn into the white that a scanner needs.
    #[error("{by} stands in the quiet zone of {field}")]
    QuietZoneEntered {
        /// The field of the barcode.
        field: Field,
        /// What stands there.
        by: Field,
    },
    /// The label fonts have no picture of this character.
    #[error("{field} holds {character:?} (U+{:04X}), which the label fonts lack", u32::from(*character))]
    MissingGlyph {
        /// The field.
        field: Field,
        /// The character.
        character: char,
    },
    /// The data does not suit the symbol or the field.
    #[error("{field} can't be a {symbology}: {reason}")]
    BadData {
        /// The field.
        field: Field,
        /// The kind of barcode.
        symbology: Symbology,
        /// What is wrong, in a few words.
        reason: &'static str,
    },
    /// The data is no GS1 element string.
    #[error("{field} can't be a {symbology}: {error}")]
    NotGs1 {
        /// The field.
        field: Field,
        /// The kind of barcode.
        symbology: Symbology,
        /// What is wrong.
        error: Gs1Error,
    },
    /// The printer can't do it.
    #[error("{field} needs {needs}, which this printer lacks")]
    NotOnThisPrinter {
        /// The field.
        field: Field,
        /// What is needed.
        needs: &'static str,
    },
    /// More rows or pages than a label can have.
    #[error("{field} has more than {most} {what}")]
    TooMuch {
        /// The field.
        field: Field,
        /// How many there can be.
        most: usize,
        /// `rows` or `pages`.
        what: &'static str,
    },
    /// There is no layout of this kind for the stock.
    #[error("there is no layout of {kind} for {stock} mm; there are layouts for {known}")]
    NoLayout {
        /// The kind of label.
        kind: &'static str,
        /// Width and height of the stock in millimetres.
        stock: String,
        /// The stocks that have one.
        known: String,
    },
    /// A layout asks for a picture that was not loaded.
    #[error("the picture {name:?} was not loaded")]
    NoPicture {
        /// Its name in the layout.
        name: String,
    },
    /// So much black overheats the head and wastes ribbon: it is a mistake of polarity or of design.
    #[error("{per_mille} of 1000 dots are black")]
    TooBlack {
        /// Black dots in 1000.
        per_mille: u32,
    },
    /// A library that writes files refused.
    #[error("{format} could not be written: {reason}")]
    Encoding {
        /// `PNG` or `PDF`.
        format: &'static str,
        /// The library's words.
        reason: String,
    },
}
