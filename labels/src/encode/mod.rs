//! Encoders: one file per language.

mod cpcl;
mod epl;
mod escpos;
pub mod pdf;
pub mod png;
pub mod svg;
mod tspl;
mod zpl;

use crate::error::{LabelError, Need};
use crate::raster::Bitmap;
use crate::sheet::Sheet;
use crate::units::{Media, PrinterLanguage, PrinterProfile};

/// More black than this is a mistake; in 1000 dots.
const MOST_BLACK: u32 = 600;

/// A sheet in the language of a printer.
///
/// # Errors
/// [`LabelError::NotOnThisPrinter`] where it was laid out for another density or a wider head, and
/// [`LabelError::TooBlack`].
pub fn printer_bytes(sheet: &Sheet, media: &Media, profile: &PrinterProfile) -> Result<Vec<u8>, LabelError> {
    let bitmap = drawn(sheet, profile)?;
    Ok(match profile.language {
        PrinterLanguage::Zpl => zpl::label(sheet, &bitmap, profile),
        PrinterLanguage::Tspl => tspl::picture(&bitmap, media, profile),
        PrinterLanguage::Epl2 => epl::picture(&bitmap, media, profile),
        PrinterLanguage::Cpcl => cpcl::picture(&bitmap),
        PrinterLanguage::EscPos => escpos::picture(&bitmap, profile),
    })
}

/// The picture of a sheet, where this printer can print it.
fn drawn(sheet: &Sheet, profile: &PrinterProfile) -> Result<Bitmap, LabelError> {
    if sheet.dots_per_m != profile.dots_per_m {
        return Err(LabelError::NotOnThisPrinter { field: "label", needs: Need::SameDensity });
    }
    if sheet.width > profile.width_dots {
        return Err(LabelError::NotOnThisPrinter { field: "label", needs: Need::WiderHead });
    }
    light_enough(crate::raster::draw(sheet))
}

fn light_enough(bitmap: Bitmap) -> Result<Bitmap, LabelError> {
    let per_mille = bitmap.black_per_mille();
    if per_mille > MOST_BLACK { Err(LabelError::TooBlack { per_mille }) } else { Ok(bitmap) }
}

/// What sheets can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A picture.
    Png,
    /// A picture of rectangles, for pages of the web.
    Svg,
    /// A document of all pages.
    Pdf,
    /// The bytes for a printer.
    Printer(PrinterLanguage),
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 8] = [
        Format::Png,
        Format::Svg,
        Format::Pdf,
        Format::Printer(PrinterLanguage::Zpl),
        Format::Printer(PrinterLanguage::Tspl),
        Format::Printer(PrinterLanguage::Epl2),
        Format::Printer(PrinterLanguage::Cpcl),
        Format::Printer(PrinterLanguage::EscPos),
    ];

    /// Its name, which is also the ending of a file's name.
    pub fn name(self) -> &'static str {
        match self {
            Format::Png => "png",
            Format::Svg => "svg",
            Format::Pdf => "pdf",
            Format::Printer(PrinterLanguage::Zpl) => "zpl",
            Format::Printer(PrinterLanguage::Tspl) => "tspl",
            Format::Printer(PrinterLanguage::Epl2) => "epl",
            Format::Printer(PrinterLanguage::Cpcl) => "cpcl",
            Format::Printer(PrinterLanguage::EscPos) => "escpos",
        }
    }

    /// The format of a name.
    pub fn named(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether each page is a file of its own.
    pub fn is_picture(self) -> bool {
        matches!(self, Format::Png | Format::Svg)
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Png => "image/png",
            Format::Svg => "image/svg+xml",
            Format::Pdf => "application/pdf",
            Format::Printer(_) => "application/octet-stream",
        }
    }
}

/// Sheets in a format: one file for all, or, for pictures, one each.
///
/// # Errors
/// What the encoder refuses.
pub fn write(
    sheets: &[Sheet],
    media: &Media,
    profile: &PrinterProfile,
    format: Format,
) -> Result<Vec<Vec<u8>>, LabelError> {
    match format {
        Format::Png => sheets.iter().map(png::encode).collect(),
        Format::Svg => Ok(sheets.iter().map(svg::encode).collect()),
        Format::Pdf => Ok(vec![pdf::encode_pages(sheets)?]),
        Format::Printer(language) => {
            let profile = PrinterProfile { language, ..profile.clone() };
            let pages: Result<Vec<Vec<u8>>, LabelError> =
                sheets.iter().map(|sheet| printer_bytes(sheet, media, &profile)).collect();
            Ok(vec![pages?.concat()])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_black_label_is_refused() {
        let black = |bytes: Vec<u8>| light_enough(Bitmap { width: 8, height: 2, stride: 1, bytes });
        assert_eq!(black(vec![0xff, 0xfe]), Err(LabelError::TooBlack { per_mille: 937 }));
        assert!(black(vec![0xff, 0x00]).is_ok());
    }
}
