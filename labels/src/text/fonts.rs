//! The fonts in the program: Noto Sans CJK SC, and Noto Sans for the Latin, Greek and Cyrillic that it lacks.
//!
//! Both are cut (see `labels/fonts`) and embedded, so that no font need be installed. Parsed once, on first use.

use serde::{Deserialize, Serialize};
use std::sync::OnceLock;
use swash::FontRef;
use swash::{Charmap, GlyphMetrics};

/// Regular or bold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// For addresses and remarks.
    Regular,
    /// For what is read from afar.
    Bold,
}

/// Units of the em in every font here; a test holds the fonts to it.
pub(crate) const UNITS_PER_EM: u32 = 1_000;

/// One of the embedded fonts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Face {
    CjkRegular,
    CjkBold,
    LatinRegular,
    LatinBold,
}

impl Face {
    /// The bytes of the font file.
    pub(crate) fn bytes(self) -> &'static [u8] {
        match self {
            Face::CjkRegular => include_bytes!("../../fonts/NotoSansCJKsc-Regular-cut.otf"),
            Face::CjkBold => include_bytes!("../../fonts/NotoSansCJKsc-Bold-cut.otf"),
            Face::LatinRegular => include_bytes!("../../fonts/NotoSans-Regular-cut.ttf"),
            Face::LatinBold => include_bytes!("../../fonts/NotoSans-Bold-cut.ttf"),
        }
    }

    fn loaded(self) -> Option<&'static Loaded> {
        static FACES: [OnceLock<Option<Loaded>>; 4] = [const { OnceLock::new() }; 4];
        let [cjk_regular, cjk_bold, latin_regular, latin_bold] = &FACES;
        let slot = match self {
            Face::CjkRegular => cjk_regular,
            Face::CjkBold => cjk_bold,
            Face::LatinRegular => latin_regular,
            Face::LatinBold => latin_bold,
        };
        slot.get_or_init(|| {
            let font = FontRef::from_index(self.bytes(), 0)?;
            Some(Loaded { font, characters: font.charmap(), widths: font.glyph_metrics(&[]) })
        })
        .as_ref()
    }

    /// The font as the rasteriser wants it.
    pub(crate) fn font(self) -> Option<FontRef<'static>> {
        self.loaded().map(|loaded| loaded.font)
    }

    /// The glyph of a character; `None` where the font has none.
    fn glyph(self, c: char) -> Option<u16> {
        self.loaded().map(|loaded| loaded.characters.map(c)).filter(|glyph| *glyph != 0)
    }

    /// How far a glyph moves the pen, in units of the em.
    fn advance(self, glyph: u16) -> u32 {
        let advance = self.loaded().map_or(0.0, |loaded| loaded.widths.advance_width(glyph));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from a u16 table")]
        let units = advance as u32;
        units
    }
}

struct Loaded {
    font: FontRef<'static>,
    characters: Charmap<'static>,
    widths: GlyphMetrics<'static>,
}

impl Weight {
    fn faces(self) -> (Face, Face) {
        match self {
            Weight::Regular => (Face::CjkRegular, Face::LatinRegular),
            Weight::Bold => (Face::CjkBold, Face::LatinBold),
        }
    }
}

/// Whether a font of this weight has a picture of the character.
pub(crate) fn draws(c: char, weight: Weight) -> bool {
    let (cjk, latin) = weight.faces();
    cjk.glyph(c).or_else(|| latin.glyph(c)).is_some()
}

/// A character as it will be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glyph {
    pub(crate) character: char,
    pub(crate) face: Face,
    pub(crate) id: u16,
    /// Units of the em.
    pub(crate) advance: u32,
}

/// The glyphs of a cleaned text. A word that the CJK font can't draw whole is drawn whole by the other, so that no
/// word mixes two designs.
pub(crate) fn glyphs(text: &str, weight: Weight) -> Vec<Glyph> {
    let (cjk, latin) = weight.faces();
    let mut glyphs = Vec::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| c == ' ' || super::is_wide(c)) {
        let whole_in = |face: Face| word.chars().all(|c| face.glyph(c).is_some());
        let first = if !whole_in(cjk) && whole_in(latin) { latin } else { cjk };
        for character in word.chars() {
            let found = [first, cjk, latin].into_iter().find_map(|face| Some((face, face.glyph(character)?)));
            // A line end in a text of one line.
            let found = found.or_else(|| Some((cjk, cjk.glyph(' ')?)));
            if let Some((face, id)) = found {
                glyphs.push(Glyph { character, face, id, advance: face.advance(id) });
            }
        }
    }
    glyphs
}

/// Units of the em to dots, up to the next whole dot.
pub(crate) fn units_to_dots(units: u32, size: u32) -> u32 {
    let dots = (u64::from(units) * u64::from(size)).div_ceil(u64::from(UNITS_PER_EM));
    u32::try_from(dots).unwrap_or(u32::MAX)
}

/// Width of one line in dots.
pub(crate) fn width(text: &str, weight: Weight, size: u32) -> u32 {
    units_to_dots(glyphs(text, weight).iter().map(|glyph| glyph.advance).sum(), size)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Face; 4] = [Face::CjkRegular, Face::CjkBold, Face::LatinRegular, Face::LatinBold];

    #[test]
    fn every_embedded_font_loads_and_has_a_thousand_units() {
        for face in ALL {
            let font = face.font().unwrap();
            assert_eq!(u32::from(font.metrics(&[]).units_per_em), UNITS_PER_EM, "{face:?}");
        }
    }

    #[test]
    fn both_weights_draw_the_scripts_of_the_house() {
        let samples = [
            "AZaz09 !~ÀÿŁłŐőŞşŽž ñ ß Ø",
            "东莞市虎门镇臺灣省臺北市信義區㙍㵘㛃𠮷",
            "あいうアイウー日本",
            "서울특별시한글뷁",
            "Москва Ελλάδα Việt Nam",
            "，。、；：？！（）《》「」『』【】—…·％℃￥€£※→①㈱",
        ];
        for weight in [Weight::Regular, Weight::Bold] {
            for c in samples.iter().flat_map(|sample| sample.chars()) {
                assert!(draws(c, weight), "{c} in {weight:?}");
            }
        }
    }

    #[test]
    fn every_ideograph_of_the_chinese_code_pages_is_drawn() {
        let codes = (0x81_u8..=0xfe).flat_map(|lead| (0x40_u8..=0xfe).map(move |trail| [lead, trail]));
        let mut missing = String::new();
        for (bytes, page) in codes.flat_map(|bytes| [(bytes, encoding_rs::GBK), (bytes, encoding_rs::BIG5)]) {
            let text = page.decode_without_bom_handling_and_without_replacement(&bytes).unwrap_or_default();
            // Both pages are decoded with the later extensions of browsers; those beyond the first plane are left out.
            let named =
                |c: &char| matches!(c, '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fa5}' | '\u{ff01}'..='\u{ff5e}');
            missing.extend(text.chars().filter(named).filter(|c| !draws(*c, Weight::Bold)));
        }
        assert_eq!(missing, "");
    }

    #[test]
    fn a_word_is_drawn_by_one_font() {
        let faces = |text| glyphs(text, Weight::Regular).iter().map(|glyph| glyph.face).collect::<Vec<_>>();
        assert_eq!(faces("Łódź"), [Face::LatinRegular; 4]);
        assert_eq!(faces("Lodz"), [Face::CjkRegular; 4]);
        assert_eq!(faces("在Ł中"), [Face::CjkRegular, Face::LatinRegular, Face::CjkRegular]);
    }

    #[test]
    fn a_chinese_character_is_as_wide_as_its_size() {
        assert_eq!(width("收件人", Weight::Regular, 32), 96);
        assert_eq!(width("", Weight::Bold, 32), 0);
    }
}
