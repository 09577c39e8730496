//! Why a label can't be drawn. Each variant names the field, so that the screen can say which text to change.

use crate::gs1::Gs1Error;
use crate::sentence::{Sentence, sentences};
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

sentences! {
    /// Why data does not suit a symbol or a field.
    #[derive(Copy)]
    pub enum Reason {
        /// Nothing.
        Empty {} = "label.empty" "it is empty",
        /// Not ASCII.
        NotAscii {} = "label.not_ascii" "only ASCII characters can be encoded",
        /// A control character, or not ASCII.
        NotPrintable {} = "label.not_printable" "only printable ASCII characters can be encoded",
        /// A blank, or not ASCII.
        SpaceOrNotAscii {} = "label.space_or_not_ascii" "it holds a space or a character that is not ASCII",
        /// Too long.
        TooLong { most: usize } = "label.too_long" "it is longer than {most} characters",
        /// Too short or too long.
        Length { least: usize, most: usize } = "label.length" "it must have {least} to {most} characters",
        /// A character that the symbology lacks.
        Capitals {} = "label.capitals" "only capitals, digits, space and - . $ / + % can be encoded",
        /// A wrong check digit.
        CheckDigit {} = "label.check_digit" "its check digit is wrong",
        /// The wrong number of digits.
        Digits { count: usize } = "label.digits" "it must be {count} digits",
        /// No EAN-13.
        Ean13Digits {} = "label.ean13_digits" "it must be 13 digits, and 2 or 5 more after a space",
        /// No add-on.
        AddOn {} = "label.add_on" "an add-on has 2 or 5 digits",
        /// No Codabar.
        CodabarForm {} = "label.codabar_form" "it must begin and end with A, B, C or D, with digits and - $ : / . + between",
        /// Larger than the largest symbol.
        NoRoom {} = "label.no_room" "it does not fit into a symbol",
        /// No GTIN.
        GtinDigits {} = "label.gtin_digits" "a GTIN has 8, 12, 13 or 14 digits",
        /// No date.
        DateForm {} = "label.date_form" "a date is written as 2027-12-31",
        /// Not in the calendar.
        NoSuchDay {} = "label.no_such_day" "there is no such day",
    }
}

/// What a printer lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The sheet is wider than the head.
    WiderHead,
    /// A turned label is longer than the head is wide.
    WiderHeadOrShorterLabel,
    /// The sheet was laid out for another one.
    SameDensity,
    /// Too coarse for anything to read well.
    FinerHead,
}

impl std::fmt::Display for Need {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Need::WiderHead => "a wider head",
            Need::WiderHeadOrShorterLabel => "a wider head or a shorter label",
            Need::SameDensity => "the density it was laid out for",
            Need::FinerHead => "at least 180 dots an inch",
        })
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
        /// What is wrong.
        reason: Reason,
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
        needs: Need,
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

impl Sentence for LabelError {
    fn code(&self) -> &'static str {
        match self {
            LabelError::Overflow { .. } => "label.overflow",
            LabelError::BarcodeTooWide { .. } => "label.barcode_too_wide",
            LabelError::QuietZoneEntered { .. } => "label.quiet_zone",
            LabelError::MissingGlyph { .. } => "label.missing_glyph",
            LabelError::BadData { reason, .. } => reason.code(),
            LabelError::NotGs1 { error, .. } => error.code(),
            LabelError::NotOnThisPrinter { needs, .. } => match needs {
                Need::WiderHead => "label.wider_head",
                Need::WiderHeadOrShorterLabel => "label.wider_head_or_shorter",
                Need::SameDensity => "label.same_density",
                Need::FinerHead => "label.finer_head",
            },
            LabelError::TooMuch { .. } => "label.too_much",
            LabelError::NoLayout { .. } => "label.no_layout",
            LabelError::NoPicture { .. } => "label.no_picture",
            LabelError::TooBlack { .. } => "label.too_black",
            LabelError::Encoding { .. } => "label.encoding",
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let size = |size: &SizeDots| format!("{} x {}", size.width, size.height);
        match self {
            LabelError::Overflow { field, needed, available } => {
                vec![("field", (*field).to_owned()), ("needed", size(needed)), ("available", size(available))]
            }
            LabelError::BarcodeTooWide { field, modules, available_dots } => vec![
                ("field", (*field).to_owned()),
                ("modules", modules.to_string()),
                ("available", available_dots.to_string()),
            ],
            LabelError::QuietZoneEntered { field, by } => {
                vec![("field", (*field).to_owned()), ("by", (*by).to_owned())]
            }
            LabelError::MissingGlyph { field, character } => {
                let character = format!("{character} (U+{:04X})", u32::from(*character));
                vec![("field", (*field).to_owned()), ("character", character)]
            }
            LabelError::BadData { field, symbology, reason } => {
                let place = [("field", (*field).to_owned()), ("symbology", symbology.to_string())];
                place.into_iter().chain(reason.facts()).collect()
            }
            LabelError::NotGs1 { field, symbology, error } => {
                let place = [("field", (*field).to_owned()), ("symbology", symbology.to_string())];
                place.into_iter().chain(error.facts()).collect()
            }
            LabelError::NotOnThisPrinter { field, .. } => vec![("field", (*field).to_owned())],
            LabelError::TooMuch { field, most, .. } => {
                vec![("field", (*field).to_owned()), ("most", most.to_string())]
            }
            LabelError::NoLayout { kind, stock, known } => {
                vec![("kind", (*kind).to_owned()), ("stock", stock.clone()), ("known", known.clone())]
            }
            LabelError::NoPicture { name } => vec![("name", name.clone())],
            LabelError::TooBlack { per_mille } => vec![("per_mille", per_mille.to_string())],
            LabelError::Encoding { format, reason } => {
                vec![("format", (*format).to_owned()), ("why", reason.clone())]
            }
        }
    }
}

impl LabelError {
    /// The codes of all of them, and the names of their facts.
    pub fn codes() -> Vec<(&'static str, Vec<&'static str>)> {
        let own: [(&str, &[&str]); 13] = [
            ("label.overflow", &["field", "needed", "available"]),
            ("label.barcode_too_wide", &["field", "modules", "available"]),
            ("label.quiet_zone", &["field", "by"]),
            ("label.missing_glyph", &["field", "character"]),
            ("label.wider_head", &["field"]),
            ("label.wider_head_or_shorter", &["field"]),
            ("label.same_density", &["field"]),
            ("label.finer_head", &["field"]),
            ("label.too_much", &["field", "most"]),
            ("label.no_layout", &["kind", "stock", "known"]),
            ("label.no_picture", &["name"]),
            ("label.too_black", &["per_mille"]),
            ("label.encoding", &["format", "why"]),
        ];
        let inside = Reason::CODES.iter().chain(Gs1Error::CODES);
        let inside = inside.map(|(code, facts)| (*code, [&["field", "symbology"], *facts].concat()));
        own.into_iter().map(|(code, facts)| (code, facts.to_vec())).chain(inside).collect()
    }
}
