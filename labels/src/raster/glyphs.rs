//! Pictures of glyphs, kept because a label repeats its characters: 50 us for a label instead of more than 1 ms.

use crate::text::fonts::Face;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use swash::scale::{Render, ScaleContext, Source, StrikeWith};

/// What the kept pictures may take, in bytes.
const BOUND: usize = 8 << 20;
/// Coverage from which a dot is black, of 255. The goldens depend on it.
const BLACK_FROM: u8 = 128;

/// A glyph in whole dots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mask {
    /// From the pen to the left column.
    pub(super) left: i32,
    /// From the baseline up to the top row.
    pub(super) top: i32,
    /// Bytes a row; 0 for a space.
    pub(super) stride: usize,
    /// Rows of bits, leftmost dot in the high bit.
    pub(super) bits: Vec<u8>,
}

struct Kept {
    mask: Mask,
    last_used: u64,
}

/// The pictures drawn so far, least recently used first out.
pub(super) struct Glyphs {
    scaler: ScaleContext,
    kept: HashMap<(Face, u16, u32), Kept>,
    bytes: usize,
    bound: usize,
    uses: u64,
}

impl Glyphs {
    fn new(bound: usize) -> Self {
        Glyphs { scaler: ScaleContext::new(), kept: HashMap::new(), bytes: 0, bound, uses: 0 }
    }

    /// The picture of a glyph at a size in dots.
    pub(super) fn mask(&mut self, face: Face, glyph: u16, size: u32) -> &Mask {
        self.uses += 1;
        let uses = self.uses;
        let key = (face, glyph, size);
        if !self.kept.contains_key(&key) {
            let mask = render(&mut self.scaler, face, glyph, size).unwrap_or_default();
            if self.bytes + cost(&mask) > self.bound {
                self.drop_oldest();
            }
            self.bytes += cost(&mask);
            self.kept.insert(key, Kept { mask, last_used: uses });
        }
        let kept = self.kept.entry(key).or_insert_with(|| Kept { mask: Mask::default(), last_used: uses });
        kept.last_used = uses;
        &kept.mask
    }

    /// Drops the older half: one sort in thousands of glyphs, instead of a list to mend at every use.
    fn drop_oldest(&mut self) {
        let mut ages: Vec<u64> = self.kept.values().map(|kept| kept.last_used).collect();
        let half = ages.len() / 2;
        let oldest_kept = if ages.is_empty() { 0 } else { *ages.select_nth_unstable(half).1 };
        self.kept.retain(|_, kept| kept.last_used > oldest_kept);
        self.bytes = self.kept.values().map(|kept| cost(&kept.mask)).sum();
    }
}

/// Bytes of a kept picture, its entry in the table included.
fn cost(mask: &Mask) -> usize {
    mask.bits.len() + 96
}

/// Draws one glyph; `None` for one without an outline, as a space.
fn render(scaler: &mut ScaleContext, face: Face, glyph: u16, size: u32) -> Option<Mask> {
    let size = u16::try_from(size).ok()?;
    // Hinting is off for every size: it would thicken strokes at some sizes and not at others.
    let mut scaler = scaler.builder(face.font()).size(f32::from(size)).hint(false).build();
    let image = Render::new(&[Source::Outline, Source::Bitmap(StrikeWith::BestFit)]).render(&mut scaler, glyph)?;
    let width = usize::try_from(image.placement.width).ok().filter(|width| *width > 0)?;
    let mut bits = Vec::new();
    for row in image.data.chunks_exact(width) {
        bits.extend(row.chunks(8).map(|dots| {
            let bit = |(place, coverage): (usize, &u8)| if *coverage >= BLACK_FROM { 0x80_u8 >> place } else { 0 };
            dots.iter().enumerate().map(bit).fold(0, std::ops::BitOr::bitor)
        }));
    }
    Some(Mask { left: image.placement.left, top: image.placement.top, stride: width.div_ceil(8), bits })
}

/// Lends the pictures that the whole program shares.
pub(super) fn with_shared<T>(use_them: impl FnOnce(&mut Glyphs) -> T) -> T {
    static SHARED: LazyLock<Mutex<Glyphs>> = LazyLock::new(|| Mutex::new(Glyphs::new(BOUND)));
    // A panic elsewhere can't leave a half-drawn glyph here: each is whole before it is kept.
    use_them(&mut SHARED.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fonts::{Fonts, Weight};

    #[test]
    fn kept_pictures_stay_within_their_bound_and_come_out_the_same() {
        let mut small = Glyphs::new(20_000);
        let mut large = Glyphs::new(BOUND);
        let text: String = ('一'..='丧').chain('a'..='z').collect();
        for size in [17, 24, 48] {
            for glyph in Fonts::default().glyphs(&text, Weight::Regular) {
                let wanted = large.mask(glyph.face, glyph.id, size).clone();
                assert_eq!(*small.mask(glyph.face, glyph.id, size), wanted);
                assert!(small.bytes <= small.bound);
                assert_eq!(small.bytes, small.kept.values().map(|kept| cost(&kept.mask)).sum::<usize>());
            }
        }
    }

    #[test]
    fn a_space_draws_nothing_and_a_letter_something() {
        let mut kept = Glyphs::new(BOUND);
        let [space, letter] = Fonts::default().glyphs(" 国", Weight::Bold)[..] else { panic!("two glyphs") };
        assert!(kept.mask(space.face, space.id, 32).bits.iter().all(|byte| *byte == 0));
        let letter = kept.mask(letter.face, letter.id, 32);
        assert!(letter.bits.iter().any(|byte| *byte != 0));
        assert!((24..=32).contains(&letter.top), "{}", letter.top);
    }
}
