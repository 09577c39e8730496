//! Which font draws which character.
//!
//! The program carries Noto Sans CJK SC, and Noto Sans for the Latin, Greek and Cyrillic that it lacks. Both are cut
//! (see `labels/fonts`) and embedded, so that no font need be installed. A firm can add its own: for characters that
//! these lack, or before them.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
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

/// Advances are counted in these units of the em, whatever the font's own are.
pub(crate) const UNITS_PER_EM: u32 = 1_000;

/// A loaded font; it lives as long as the program.
#[derive(Clone, Copy)]
pub(crate) struct Face(&'static Loaded);

struct Loaded {
    number: u32,
    name: String,
    bytes: &'static [u8],
    index: u32,
    font: FontRef<'static>,
    characters: Charmap<'static>,
    widths: GlyphMetrics<'static>,
    units_per_em: u32,
}

impl Face {
    fn load(name: &str, bytes: &'static [u8], index: u32) -> Option<Face> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let font = FontRef::from_index(bytes, usize::try_from(index).ok()?)?;
        let units_per_em = u32::from(font.metrics(&[]).units_per_em);
        // Without an outline there is nothing to draw, and without a map of characters nothing to find.
        if units_per_em == 0 || font.charmap().map(' ') == 0 && font.charmap().map('A') == 0 && !maps_anything(&font) {
            return None;
        }
        let loaded = Loaded {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            name: name.to_owned(),
            bytes,
            index,
            font,
            characters: font.charmap(),
            widths: font.glyph_metrics(&[]),
            units_per_em,
        };
        Some(Face(Box::leak(Box::new(loaded))))
    }

    /// The bytes of the font file.
    pub(crate) fn bytes(self) -> &'static [u8] {
        self.0.bytes
    }

    /// Which font of a collection it is.
    pub(crate) fn index(self) -> u32 {
        self.0.index
    }

    /// The font as the rasteriser wants it.
    pub(crate) fn font(self) -> FontRef<'static> {
        self.0.font
    }

    /// The glyph of a character; `None` where the font has none.
    fn glyph(self, c: char) -> Option<u16> {
        Some(self.0.characters.map(c)).filter(|glyph| *glyph != 0)
    }

    /// How far a glyph moves the pen, in units of the em.
    fn advance(self, glyph: u16) -> u32 {
        let advance = self.0.widths.advance_width(glyph);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from a u16 table")]
        let units = advance as u32;
        if self.0.units_per_em == UNITS_PER_EM { units } else { units * UNITS_PER_EM / self.0.units_per_em }
    }
}

fn maps_anything(font: &FontRef<'_>) -> bool {
    let mut any = false;
    font.charmap().enumerate(|_, glyph| any |= glyph != 0);
    any
}

impl PartialEq for Face {
    fn eq(&self, other: &Face) -> bool {
        self.0.number == other.0.number
    }
}

impl Eq for Face {}

impl PartialOrd for Face {
    fn partial_cmp(&self, other: &Face) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Face {
    fn cmp(&self, other: &Face) -> std::cmp::Ordering {
        self.0.number.cmp(&other.0.number)
    }
}

impl std::hash::Hash for Face {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.number.hash(state);
    }
}

impl std::fmt::Debug for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.name)
    }
}

/// A font that a firm adds.
#[derive(Clone, Debug)]
pub struct AddedFont {
    /// How it is called in messages; a file's name.
    pub name: String,
    /// The font file: OpenType, TrueType, or a collection of them.
    pub bytes: Vec<u8>,
    /// Which font of a collection; 0 for a single one.
    pub index: u32,
    /// For which texts; both where it is `None`.
    pub weight: Option<Weight>,
    /// Asked before the fonts in the program, and not after them.
    pub first: bool,
}

/// The file of an [`AddedFont`] can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is no font that can be used: it must be OpenType or TrueType with outlines and a map of characters")]
pub struct FontError {
    /// Its name.
    pub name: String,
}

/// The fonts a label is drawn with, in the order they are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fonts(Arc<Faces>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Faces {
    regular: Vec<Face>,
    bold: Vec<Face>,
}

impl Default for Fonts {
    fn default() -> Self {
        static BUILT_IN: LazyLock<Fonts> = LazyLock::new(|| {
            let load = |name, bytes| Face::load(name, bytes, 0);
            let regular = [
                load("Noto Sans CJK SC", include_bytes!("../../fonts/NotoSansCJKsc-Regular-cut.otf")),
                load("Noto Sans", include_bytes!("../../fonts/NotoSans-Regular-cut.ttf")),
            ];
            let bold = [
                load("Noto Sans CJK SC Bold", include_bytes!("../../fonts/NotoSansCJKsc-Bold-cut.otf")),
                load("Noto Sans Bold", include_bytes!("../../fonts/NotoSans-Bold-cut.ttf")),
            ];
            let list = |faces: [Option<Face>; 2]| faces.into_iter().flatten().collect();
            Fonts(Arc::new(Faces { regular: list(regular), bold: list(bold) }))
        });
        BUILT_IN.clone()
    }
}

impl Fonts {
    /// These fonts and one more. It stays in memory until the program ends: call it once a font, at the start.
    ///
    /// # Errors
    /// [`FontError`] where the file is no font.
    pub fn with(&self, added: AddedFont) -> Result<Fonts, FontError> {
        // Read once before anything is kept.
        if FontRef::from_index(&added.bytes, usize::try_from(added.index).unwrap_or(usize::MAX)).is_none() {
            return Err(FontError { name: added.name });
        }
        let bytes: &'static [u8] = Box::leak(added.bytes.into_boxed_slice());
        let Some(face) = Face::load(&added.name, bytes, added.index) else {
            return Err(FontError { name: added.name });
        };
        let mut faces = (*self.0).clone();
        for (weight, list) in [(Weight::Regular, &mut faces.regular), (Weight::Bold, &mut faces.bold)] {
            if added.weight.is_none_or(|wanted| wanted == weight) {
                list.insert(if added.first { 0 } else { list.len() }, face);
            }
        }
        Ok(Fonts(Arc::new(faces)))
    }

    fn faces(&self, weight: Weight) -> &[Face] {
        match weight {
            Weight::Regular => &self.0.regular,
            Weight::Bold => &self.0.bold,
        }
    }

    /// Whether a font of this weight has a picture of the character.
    pub fn draws(&self, c: char, weight: Weight) -> bool {
        self.faces(weight).iter().any(|face| face.glyph(c).is_some())
    }

    /// The glyphs of a cleaned text. A word that the first font can't draw whole is drawn whole by the first that
    /// can, so that no word mixes two designs.
    pub(crate) fn glyphs(&self, text: &str, weight: Weight) -> Vec<Glyph> {
        let faces = self.faces(weight);
        let mut glyphs = Vec::with_capacity(text.len());
        for word in text.split_inclusive(|c: char| c == ' ' || super::is_wide(c)) {
            let whole_in = |face: &&Face| word.chars().all(|c| face.glyph(c).is_some());
            let first = faces.iter().find(whole_in);
            for character in word.chars() {
                let found = first.into_iter().chain(faces).find_map(|face| Some((*face, face.glyph(character)?)));
                // A line end in a text of one line.
                let found = found.or_else(|| faces.iter().find_map(|face| Some((*face, face.glyph(' ')?))));
                if let Some((face, id)) = found {
                    glyphs.push(Glyph { character, face, id, advance: face.advance(id) });
                }
            }
        }
        glyphs
    }

    /// Width of one line in dots.
    pub(crate) fn width(&self, text: &str, weight: Weight, size: u32) -> u32 {
        units_to_dots(self.glyphs(text, weight).iter().map(|glyph| glyph.advance).sum(), size)
    }
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

/// Units of the em to dots, up to the next whole dot.
pub(crate) fn units_to_dots(units: u32, size: u32) -> u32 {
    let dots = (u64::from(units) * u64::from(size)).div_ceil(u64::from(UNITS_PER_EM));
    u32::try_from(dots).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fonts() -> Fonts {
        Fonts::default()
    }

    #[test]
    fn every_embedded_font_loads_and_has_a_thousand_units() {
        for weight in [Weight::Regular, Weight::Bold] {
            assert_eq!(fonts().faces(weight).len(), 2);
            for face in fonts().faces(weight) {
                assert_eq!(u32::from(face.font().metrics(&[]).units_per_em), UNITS_PER_EM, "{face:?}");
            }
        }
    }

    fn added(bytes: Vec<u8>, first: bool) -> AddedFont {
        AddedFont { name: "house".into(), bytes, index: 0, weight: Some(Weight::Bold), first }
    }

    #[test]
    fn a_firms_font_draws_what_the_others_lack_or_comes_first() {
        let noto = include_bytes!("../../fonts/NotoSans-Bold-cut.ttf").to_vec();
        let after = fonts().with(added(noto.clone(), false)).unwrap();
        assert_eq!(after.glyphs("A", Weight::Bold), fonts().glyphs("A", Weight::Bold));
        let before = fonts().with(added(noto, true)).unwrap();
        assert_eq!(format!("{:?}", before.glyphs("A", Weight::Bold)[0].face), "house");
        assert_eq!(before.glyphs("A", Weight::Regular), fonts().glyphs("A", Weight::Regular));
    }

    #[test]
    fn what_is_no_font_is_refused_by_its_name() {
        for bytes in [vec![], b"OTTO".to_vec(), vec![0; 4_000], b"<html>".repeat(100)] {
            let refused = fonts().with(added(bytes, false)).unwrap_err();
            assert!(refused.to_string().starts_with("house is no font"));
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
                assert!(fonts().draws(c, weight), "{c} in {weight:?}");
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
            missing.extend(text.chars().filter(named).filter(|c| !fonts().draws(*c, Weight::Bold)));
        }
        assert_eq!(missing, "");
    }

    #[test]
    fn a_word_is_drawn_by_one_font() {
        let faces = |text| {
            let glyphs = fonts().glyphs(text, Weight::Regular);
            glyphs.iter().map(|glyph| format!("{:?}", glyph.face)).collect::<Vec<_>>()
        };
        let (cjk, latin) = ("Noto Sans CJK SC", "Noto Sans");
        assert_eq!(faces("Łódź"), [latin; 4]);
        assert_eq!(faces("Lodz"), [cjk; 4]);
        assert_eq!(faces("在Ł中"), [cjk, latin, cjk]);
    }

    #[test]
    fn a_chinese_character_is_as_wide_as_its_size() {
        assert_eq!(fonts().width("收件人", Weight::Regular, 32), 96);
        assert_eq!(fonts().width("", Weight::Bold, 32), 0);
    }
}
