//! Breaking a text into lines.
//!
//! Latin words and numbers stay whole, Chinese breaks between any two characters (UAX #14), and the punctuation that
//! must not begin or end a line is held to it. A word longer than a line is broken where the line ends: addresses
//! hold such words, and nothing of them may be lost.

use super::fonts::{Fonts, Glyph, UNITS_PER_EM, Weight};
use unicode_linebreak::{BreakOpportunity, linebreaks};

/// What never begins a line, beyond UAX #14.
const NOT_FIRST: &str = "，。、；：？！）》」』】〕”’…—～％℃·,.;:?!)]}%";
/// What never ends a line.
const NOT_LAST: &str = "（《「『【〔“‘￥$#([{";

/// What may happen after a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Nothing,
    MayEnd,
    MustEnd,
}

/// A text that can be broken at any size without asking the fonts again.
pub(crate) struct Breakable {
    glyphs: Vec<(Glyph, After)>,
    fonts: Fonts,
    weight: Weight,
}

impl Breakable {
    /// Measures a cleaned text.
    pub(crate) fn new(fonts: &Fonts, text: &str, weight: Weight) -> Self {
        let mut breaks = linebreaks(text).peekable();
        let mut ends = text.char_indices().map(|(start, c)| start + c.len_utf8());
        let glyphs = fonts.glyphs(text, weight);
        let glyphs = glyphs
            .into_iter()
            .map(|glyph| {
                let end = ends.next().unwrap_or(text.len());
                let after = match breaks.next_if(|(at, _)| *at == end) {
                    Some((_, BreakOpportunity::Mandatory)) if end < text.len() => After::MustEnd,
                    Some((_, BreakOpportunity::Allowed)) if may_part(text, end) => After::MayEnd,
                    _ => After::Nothing,
                };
                (glyph, after)
            })
            .collect();
        Breakable { glyphs, fonts: fonts.clone(), weight }
    }

    /// The lines at a size, none wider than `width` dots; one character a line if it must be.
    pub(crate) fn lines(&self, size: u32, width: u32) -> Vec<String> {
        let room = u64::from(width) * u64::from(UNITS_PER_EM) / u64::from(size.max(1));
        let mut lines = Vec::new();
        let mut rest = self.glyphs.as_slice();
        while !rest.is_empty() {
            let (text, after) = self.line(rest, line_end(rest, room), size, width);
            lines.push(text);
            rest = after;
        }
        lines
    }
}

impl Breakable {
    /// The first line of `rest`, up to `end` at most. A part of a word that had to be broken may be drawn by another
    /// font than the whole, and wider: then it ends earlier.
    fn line<'a>(
        &self,
        rest: &'a [(Glyph, After)],
        end: usize,
        size: u32,
        width: u32,
    ) -> (String, &'a [(Glyph, After)]) {
        let mut end = end;
        loop {
            let (line, after) = rest.split_at(end);
            let text: String = line.iter().map(|(glyph, _)| glyph.character).collect();
            let text = text.trim().to_owned();
            if end <= 1 || self.fonts.width(&text, self.weight, size) <= width {
                return (text, after);
            }
            end -= 1;
        }
    }
}

fn may_part(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at(at);
    let last = before.trim_end().chars().next_back();
    let first = after.chars().next();
    !first.is_some_and(|c| NOT_FIRST.contains(c)) && !last.is_some_and(|c| NOT_LAST.contains(c))
}

/// How many glyphs the first line takes: at least one.
fn line_end(glyphs: &[(Glyph, After)], room: u64) -> usize {
    let mut used = 0;
    let mut last_break = None;
    for (place, (glyph, after)) in glyphs.iter().enumerate() {
        used += u64::from(glyph.advance);
        // A space hangs over the edge: it is not drawn.
        if used > room && glyph.character != ' ' && glyph.character != '\n' {
            return last_break.unwrap_or(place).max(1);
        }
        match after {
            After::MustEnd => return place + 1,
            After::MayEnd => last_break = Some(place + 1),
            After::Nothing => {}
        }
    }
    glyphs.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &str, width: u32) -> Vec<String> {
        Breakable::new(&Fonts::default(), text, Weight::Regular).lines(20, width)
    }

    #[test]
    fn chinese_breaks_anywhere_but_before_a_closing_sign() {
        assert_eq!(lines("广东省东莞市虎门镇", 80), ["广东省东", "莞市虎门", "镇"]);
        assert_eq!(lines("收货人张三，电话", 100), ["收货人张", "三，电话"]);
        assert_eq!(lines("一二三四（五）", 100), ["一二三四", "（五）"]);
    }

    #[test]
    fn latin_words_and_numbers_stay_whole() {
        assert_eq!(lines("221B Baker Street", 130), ["221B Baker", "Street"]);
        assert_eq!(lines("虎门大道1234号", 100), ["虎门大道", "1234号"]);
    }

    #[test]
    fn line_ends_are_kept_and_a_word_too_long_is_broken() {
        assert_eq!(lines("one\ntwo", 400), ["one", "two"]);
        let broken = lines("Donaudampfschifffahrtsgesellschaft", 100);
        assert!(broken.len() > 2);
        assert_eq!(broken.concat(), "Donaudampfschifffahrtsgesellschaft");
    }

    #[test]
    fn a_part_of_a_word_that_another_font_draws_is_no_wider_than_the_line() {
        // Whole, the word is Noto Sans for its first letter; its end alone is the other, wider font.
        let text = "ŁWMWMWMWMWMWMWMWMWMWMWMWM".repeat(2);
        for room in 60..200 {
            let lines = lines(&text, room);
            assert_eq!(lines.concat(), text);
            for line in lines {
                assert!(Fonts::default().width(&line, Weight::Regular, 20) <= room, "{line} in {room}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_character_is_lost(text in "[a-z 一-十，（）0-9]{0,60}", room in 40_u32..300) {
            let text = text.trim();
            let lines = lines(text, room);
            for line in &lines {
                prop_assert!(Fonts::default().width(line, Weight::Regular, 20) <= room, "{line}");
            }
            let bare = |text: &str| text.replace(' ', "");
            prop_assert_eq!(bare(&lines.concat()), bare(text));
        }
    }
}
