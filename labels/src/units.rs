//! Lengths: whole micrometres where a label is described, whole dots where it is drawn.

use serde::{Deserialize, Serialize};

/// Micrometres to dots, to the nearest. `dots_per_m` is an integer because a "300 dpi" head has 11,811 or 12,000.
pub fn dots(um: u32, dots_per_m: u32) -> u32 {
    let exact = (u64::from(um) * u64::from(dots_per_m) + 500_000) / 1_000_000;
    u32::try_from(exact).unwrap_or(u32::MAX)
}

/// A size in dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeDots {
    /// Across.
    pub width: u32,
    /// Down.
    pub height: u32,
}

/// How the printer finds the next label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A gap between labels.
    Gap,
    /// A black mark on the back.
    Mark,
    /// A roll without ends.
    Continuous,
}

/// The stock in the printer; lengths in micrometres.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Width of one label.
    pub width_um: u32,
    /// Height of one label, along the feed.
    pub height_um: u32,
    /// Between two labels.
    pub gap_um: u32,
    /// How the next label is found.
    pub kind: MediaKind,
}

impl Media {
    /// The stock of most carriers' shipping labels, 100 x 150 mm.
    pub const SHIPPING_100X150: Media =
        Media { width_um: 100_000, height_um: 150_000, gap_um: 2_000, kind: MediaKind::Gap };
    /// The narrow stock of Chinese e-waybills, 76 x 130 mm.
    pub const SHIPPING_76X130: Media =
        Media { width_um: 76_000, height_um: 130_000, gap_um: 2_000, kind: MediaKind::Gap };
}

impl Media {
    /// The stock of a name: millimetres as `100x150`, a roll as `80xroll`, or `A4`, `A5`, `A6`.
    pub fn named(name: &str) -> Option<Media> {
        let name = match name {
            "A4" => "210x297",
            "A5" => "148x210",
            "A6" => "105x148",
            other => other,
        };
        let (width, height) = name.split_once('x')?;
        let mm = |text: &str| text.parse::<u32>().ok().filter(|mm| (10..=1_000).contains(mm));
        let width_um = mm(width)? * 1_000;
        if height == "roll" {
            return Some(Media { width_um, height_um: 0, gap_um: 0, kind: MediaKind::Continuous });
        }
        Some(Media { width_um, height_um: mm(height)? * 1_000, gap_um: 2_000, kind: MediaKind::Gap })
    }

    /// Its name in whole millimetres, as `100x150` or `80xroll`.
    pub fn name(&self) -> String {
        let height = match self.kind {
            MediaKind::Continuous => "roll".to_owned(),
            MediaKind::Gap | MediaKind::Mark => (self.height_um / 1_000).to_string(),
        };
        format!("{}x{height}", self.width_um / 1_000)
    }

    /// Whether a page made for another stock can be printed on this one. A millimetre is let pass: stock is sold by
    /// rounded sizes.
    pub fn holds(&self, page: &Media) -> bool {
        let roll = |media: &Media| media.kind == MediaKind::Continuous;
        let high = roll(self) || self.height_um + 1_000 >= page.height_um;
        roll(self) == roll(page) && self.width_um + 1_000 >= page.width_um && high
    }
}

/// How a picture travels to the printer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Plain hex.
    None,
    /// Hex with run lengths: a tenth of the bytes, and every ZPL printer reads it.
    Acs,
    /// Zlib and base64, half of that again; some printers that are not Zebra's refuse it. Only in ZPL.
    Z64,
}

/// Who draws the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DrawMode {
    /// We draw all of it and send one picture: the preview is the print.
    Picture,
    /// Barcodes as commands of the printer, everything else as small pictures at their places: fewer bytes for a slow
    /// line. Only in ZPL; elsewhere it is as [`DrawMode::Picture`].
    Mixed,
}

/// What a printer is told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrinterLanguage {
    /// Zebra and many others.
    Zpl,
    /// TSC and most Chinese label printers.
    Tspl,
    /// Older Zebra (Eltron).
    Epl2,
    /// Mobile printers.
    Cpcl,
    /// Receipt printers.
    EscPos,
}

/// A font in the printer, each of whose characters is as wide as the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResidentFont {
    /// What the printer calls it: a capital or a digit.
    pub name: char,
    /// Height of a character, in dots.
    pub height: u32,
    /// Width of a character without the gap behind it, in dots.
    pub width: u32,
    /// The gap behind a character, in dots.
    pub gap: u32,
}

impl ResidentFont {
    /// The fonts of fixed width that every ZPL printer of 203 dpi has. (ZPL II Programming Guide, fonts)
    pub const ZPL_203: [ResidentFont; 5] = [
        ResidentFont { name: 'A', height: 9, width: 5, gap: 1 },
        ResidentFont { name: 'B', height: 11, width: 7, gap: 2 },
        ResidentFont { name: 'D', height: 18, width: 10, gap: 2 },
        ResidentFont { name: 'F', height: 26, width: 13, gap: 3 },
        ResidentFont { name: 'G', height: 60, width: 40, gap: 8 },
    ];
}

/// What a printer model can do, as far as drawing needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrinterProfile {
    /// Density of the head: 8,000 for 203 dpi, 11,811 (or 12,000) for 300 dpi.
    pub dots_per_m: u32,
    /// Width of the head, in dots.
    pub width_dots: u32,
    /// How a picture is sent.
    pub compression: Compression,
    /// Who draws.
    pub mode: DrawMode,
    /// The language it is told in.
    pub language: PrinterLanguage,
    /// Prints turned by 180 degrees, as the label leaves the printer head first or foot first.
    pub turned: bool,
    /// Whether it cuts after a label.
    pub cutter: bool,
    /// Fonts in the printer that may draw plain ASCII text, in [`DrawMode::Mixed`] only: still fewer bytes, but letters
    /// look as the printer's maker made them. None: all text is pictures, and the preview is the print.
    #[serde(default)]
    pub resident_fonts: Vec<ResidentFont>,
}

impl PrinterProfile {
    /// A 4-inch head of 203 dpi.
    pub const DPI_203: PrinterProfile = PrinterProfile::zpl(8_000, 832);
    /// A 4-inch head of 300 dpi.
    pub const DPI_300: PrinterProfile = PrinterProfile::zpl(11_811, 1_248);
    /// A 4-inch head of 600 dpi.
    pub const DPI_600: PrinterProfile = PrinterProfile::zpl(23_622, 2_496);

    const fn zpl(dots_per_m: u32, width_dots: u32) -> PrinterProfile {
        PrinterProfile {
            dots_per_m,
            width_dots,
            compression: Compression::Acs,
            mode: DrawMode::Picture,
            language: PrinterLanguage::Zpl,
            turned: false,
            cutter: false,
            resident_fonts: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stock_has_a_name_and_holds_what_is_no_larger() {
        for name in ["100x150", "80xroll"] {
            assert_eq!(Media::named(name).unwrap().name(), name);
        }
        assert_eq!(Media::named("A5").unwrap().name(), "148x210");
        for wrong in ["", "100", "x", "9x50", "100x1001", "100xlong", "-100x50", "A3"] {
            assert_eq!(Media::named(wrong), None, "{wrong}");
        }
        let holds = |one, other| Media::named(one).unwrap().holds(&Media::named(other).unwrap());
        assert!(holds("100x150", "100x150") && holds("100x150", "76x130") && holds("80xroll", "72xroll"));
        assert!(holds("99x150", "100x150"), "a millimetre is let pass");
        assert!(!holds("98x150", "100x150") && !holds("80xroll", "70x30") && !holds("100x150", "80xroll"));
    }

    #[test]
    fn millimetres_become_the_dots_that_heads_have() {
        assert_eq!([dots(100_000, 8_000), dots(150_000, 8_000)], [800, 1200]);
        assert_eq!([dots(100_000, 11_811), dots(150_000, 11_811)], [1181, 1772]);
        assert_eq!([dots(76_000, 11_811), dots(130_000, 11_811)], [898, 1535]);
        assert_eq!([dots(100_000, 23_622), dots(150_000, 23_622)], [2362, 3543]);
        assert_eq!(dots(u32::MAX, u32::MAX), u32::MAX);
    }
}
