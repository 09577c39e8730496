//! Text: which font draws which character, how wide a line is, and where a line may end.

pub(crate) mod fonts;
pub(crate) mod lines;

use crate::error::{Field, LabelError};
use fonts::{Fonts, Weight};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// The text as it can be drawn, or the first character that can't. Called for every field before anything is drawn.
///
/// Line ends stay (a paragraph breaks there; one line shows a space), tabs become spaces, marks that have no picture
/// of their own go, and a letter with its accent apart becomes one character: there is no shaping here.
pub(crate) fn clean(fonts: &Fonts, field: Field, text: &str, weight: Weight) -> Result<String, LabelError> {
    let composed: Cow<'_, str> =
        if text.chars().any(needs_composing) { Cow::Owned(text.nfc().collect()) } else { Cow::Borrowed(text) };
    let mut cleaned = String::with_capacity(composed.len());
    for c in composed.chars().filter(|c| !is_invisible(*c)) {
        let c = match c {
            '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' => ' ',
            '\u{2028}' | '\u{2029}' => '\n',
            '\u{2011}' => '-',
            c => c,
        };
        if c != '\n' && !fonts.draws(c, weight) {
            return Err(LabelError::MissingGlyph { field, character: c });
        }
        cleaned.push(c);
    }
    Ok(cleaned.trim().to_owned())
}

/// Accents on their own and Hangul letters that make up a syllable. Only then is a text composed: composing also
/// replaces compatibility ideographs, and with them the form of somebody's name.
fn needs_composing(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1100}'..='\u{11ff}' | '\u{3099}' | '\u{309a}')
}

/// Directions, joiners and the like, which shops' forms carry along unseen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\r' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Whether it belongs to the scripts that are drawn in a square.
pub(crate) fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x11ff | 0x2e80..=0x9fff | 0xac00..=0xd7ff | 0xf900..=0xfaff | 0xff01..=0xff60
        | 0x2_0000..=0x3_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> Result<String, LabelError> {
        clean(&Fonts::default(), "remark", text, Weight::Regular)
    }

    #[test]
    fn what_cannot_be_seen_is_left_out_and_accents_are_joined() {
        assert_eq!(cleaned(" 张\u{200b}三\t丰\u{feff} ").unwrap(), "张三 丰");
        assert_eq!(cleaned("Cafe\u{301}").unwrap(), "Café");
        assert_eq!(cleaned("line\r\nline").unwrap(), "line\nline");
        assert_eq!(cleaned("\u{1112}\u{1161}\u{11ab}").unwrap(), "한");
    }

    #[test]
    fn compatibility_ideographs_keep_their_form() {
        assert_eq!(cleaned("神").unwrap(), "神");
    }

    #[test]
    fn every_character_of_the_code_pages_is_drawn_or_refused_by_name() {
        let fonts = Fonts::default();
        let (mut drawn, mut refused) = (0, 0);
        let codes = (0x81_u8..=0xfe).flat_map(|lead| (0x40_u8..=0xfe).map(move |trail| [lead, trail]));
        for (bytes, page) in codes.flat_map(|bytes| [(bytes, encoding_rs::GBK), (bytes, encoding_rs::BIG5)]) {
            let text = page.decode_without_bom_handling_and_without_replacement(&bytes).unwrap_or_default();
            for c in text.chars() {
                match clean(&fonts, "remark", &c.to_string(), Weight::Bold) {
                    Ok(text) => {
                        assert!(fonts.glyphs(&text, Weight::Bold).iter().all(|glyph| glyph.id != 0), "{c:?}");
                        drawn += 1;
                    }
                    Err(error) => {
                        assert_eq!(error, LabelError::MissingGlyph { field: "remark", character: c });
                        // Private use, radicals, phonetic signs, and browsers' later additions to Big5.
                        let ordinary =
                            matches!(u32::from(c), 0x20..=0x24f | 0x3000..=0x9fff | 0xf900..=0xfaff | 0xff01..=0xff5e);
                        assert!(!ordinary, "{c:?} is refused");
                        refused += 1;
                    }
                }
            }
        }
        assert!(drawn > 38_000, "{drawn} drawn, {refused} refused");
    }

    #[test]
    fn a_character_without_a_picture_is_named() {
        for (text, character) in [("请打 📞", '📞'), ("ئۇيغۇر", 'ئ'), ("a\u{1}b", '\u{1}'), ("x\u{301}", '\u{301}')]
        {
            assert_eq!(cleaned(text), Err(LabelError::MissingGlyph { field: "remark", character }), "{text}");
        }
    }
}
