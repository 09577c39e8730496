//! A sheet as a 1-bit picture. Every encoder that sends a picture sends this one, so the preview is the print.

mod glyphs;

use crate::error::LabelError;
use crate::sheet::{Bars, Ink, Item, Rect, Sheet, TextRun};
use crate::text::fonts::{Fonts, UNITS_PER_EM};
use glyphs::Glyphs;

/// Rows of whole bytes; the leftmost dot is the high bit, black is 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitmap {
    /// Dots across.
    pub width: u32,
    /// Dots down.
    pub height: u32,
    /// Bytes a row; the spare bits of the last are white.
    pub stride: usize,
    /// `stride` times `height` bytes.
    pub bytes: Vec<u8>,
}

impl Bitmap {
    /// An all white picture.
    pub fn new(width: u32, height: u32) -> Self {
        let stride = index(width.div_ceil(8));
        Bitmap { width, height, stride, bytes: vec![0; stride * index(height)] }
    }

    /// A picture whose dots are asked for one by one.
    pub fn from_dots(width: u32, height: u32, black: impl Fn(u32, u32) -> bool) -> Self {
        let mut bitmap = Bitmap::new(width, height);
        for y in 0..height {
            for x in (0..width).filter(|x| black(*x, y)) {
                if let Some(byte) = bitmap.row_mut(y).and_then(|row| row.get_mut(index(x / 8))) {
                    *byte |= 0x80 >> (x % 8);
                }
            }
        }
        bitmap
    }

    /// Whether the dot is black; white outside.
    pub fn black(&self, x: u32, y: u32) -> bool {
        let byte = self.row(y).and_then(|row| row.get(index(x / 8)));
        x < self.width && byte.is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0)
    }

    /// Black dots in 1000.
    pub fn black_per_mille(&self) -> u32 {
        let (words, rest) = self.bytes.as_chunks::<8>();
        let words: u64 = words.iter().map(|word| u64::from(u64::from_ne_bytes(*word).count_ones())).sum();
        let black = words + rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>();
        let dots = u64::from(self.width) * u64::from(self.height);
        u32::try_from((black * 1_000).checked_div(dots).unwrap_or(0)).unwrap_or(u32::MAX)
    }

    /// Black runs of its rows as rectangles one dot high, moved to where the picture stands.
    pub(crate) fn black_runs(&self, place: &Rect) -> Vec<Rect> {
        let mut runs = Vec::new();
        for y in 0..self.height {
            let mut x = 0;
            while x < self.width {
                let start = x;
                while self.black(x, y) {
                    x += 1;
                }
                if x > start {
                    runs.push(Rect { x: place.x + start, y: place.y + y, width: x - start, height: 1 });
                }
                x += 1;
            }
        }
        runs
    }

    /// The smallest rectangle that holds all black dots; `None` where there is none.
    pub(crate) fn black_bounds(&self) -> Option<Rect> {
        let (mut left, mut top, mut right, mut bottom) = (self.width, self.height, 0, 0);
        for run in self.black_runs(&Rect { x: 0, y: 0, width: 0, height: 0 }) {
            (left, top) = (left.min(run.x), top.min(run.y));
            (right, bottom) = (right.max(run.right()), bottom.max(run.bottom()));
        }
        (right > left).then(|| Rect { x: left, y: top, width: right - left, height: bottom - top })
    }

    /// A part of it.
    pub(crate) fn cut(&self, x: u32, y: u32, width: u32, height: u32) -> Bitmap {
        Bitmap::from_dots(width, height, |across, down| self.black(x + across, y + down))
    }

    fn row(&self, y: u32) -> Option<&[u8]> {
        let start = index(y).checked_mul(self.stride)?;
        self.bytes.get(start..start.checked_add(self.stride)?)
    }

    fn row_mut(&mut self, y: u32) -> Option<&mut [u8]> {
        let start = index(y).checked_mul(self.stride)?;
        self.bytes.get_mut(start..start.checked_add(self.stride)?)
    }

    /// Blackens a rectangle; what lies outside is left out.
    fn fill(&mut self, rect: &Rect) {
        let right = rect.right().min(self.width);
        if rect.x >= right {
            return;
        }
        let (first, last) = (index(rect.x / 8), index((right - 1) / 8));
        let (head, tail) = (0xff_u8 >> (rect.x % 8), 0xff_u8 << (7 - (right - 1) % 8));
        for y in rect.y..rect.bottom().min(self.height) {
            let Some(bytes) = self.row_mut(y).and_then(|row| row.get_mut(first..=last)) else { return };
            match bytes {
                [one] => *one |= head & tail,
                [start, middle @ .., end] => {
                    *start |= head;
                    middle.fill(0xff);
                    *end |= tail;
                }
                [] => {}
            }
        }
    }

    /// Draws a glyph with its top left at a place that may lie outside.
    fn stamp(&mut self, mask: &glyphs::Mask, x: i64, y: i64, ink: Ink) {
        if mask.stride == 0 {
            return;
        }
        for (row_y, bits) in (y..).zip(mask.bits.chunks_exact(mask.stride)) {
            let Some(row) = u32::try_from(row_y).ok().and_then(|y| self.row_mut(y)) else { continue };
            let shift = u32::try_from(x.rem_euclid(8)).unwrap_or(0);
            for (byte_x, byte) in (x.div_euclid(8)..).zip(bits) {
                let [high, low] = (u16::from(*byte) << (8 - shift)).to_be_bytes();
                for (at, part) in [(byte_x, high), (byte_x + 1, low)] {
                    if let Some(dots) = usize::try_from(at).ok().and_then(|at| row.get_mut(at)) {
                        match ink {
                            Ink::Black => *dots |= part,
                            Ink::White => *dots &= !part,
                        }
                    }
                }
            }
        }
    }

    /// Adds the black dots of a picture; what lies outside is left out.
    fn lay(&mut self, picture: &Bitmap, rect: &Rect) {
        let mask = glyphs::Mask { left: 0, top: 0, stride: picture.stride, bits: picture.bytes.clone() };
        self.stamp(&mask, i64::from(rect.x), i64::from(rect.y), Ink::Black);
    }

    fn bars(&mut self, bars: &Bars) {
        for bar in bars.black() {
            self.fill(&bar);
        }
    }

    fn text(&mut self, run: &TextRun, fonts: &Fonts, glyphs: &mut Glyphs) {
        let mut pen = 0_u64;
        for glyph in fonts.glyphs(&run.text, run.weight) {
            let mask = glyphs.mask(glyph.face, glyph.id, run.size);
            // Rounded at each glyph from the exact sum: errors do not add up along a line.
            let units = u64::from(UNITS_PER_EM);
            let x = i64::from(run.rect.x) + i64::try_from((pen + units / 2) / units).unwrap_or(i64::MAX / 2);
            self.stamp(mask, x + i64::from(mask.left), i64::from(run.baseline) - i64::from(mask.top), run.ink);
            pen += u64::from(glyph.advance) * u64::from(run.size);
        }
    }
}

/// A picture file as dots: what is darker than the middle grey is black, what is clear is white.
///
/// # Errors
/// [`LabelError::Encoding`] where it is no PNG, or a larger one than a label has dots.
pub fn bitmap_from_png(file: &[u8]) -> Result<Bitmap, LabelError> {
    let refused = |reason: String| LabelError::Encoding { format: "PNG", reason };
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|error| refused(error.to_string()))?;
    let (width, height) = (reader.info().width, reader.info().height);
    if width == 0 || height == 0 || width > 10_000 || height > 10_000 {
        return Err(refused(format!("it has {width} x {height} dots; 10000 x 10000 is the most")));
    }
    let size = reader.output_buffer_size().ok_or_else(|| refused("it is too large".to_owned()))?;
    let mut pixels = vec![0; size];
    let info = reader.next_frame(&mut pixels).map_err(|error| refused(error.to_string()))?;
    let samples = info.color_type.samples();
    Ok(Bitmap::from_dots(width, height, |x, y| {
        let at = index(y) * info.line_size + index(x) * samples;
        let pixel = pixels.get(at..at + samples).unwrap_or_default();
        let (grey, clear) = match pixel {
            [grey] => (u32::from(*grey), false),
            [grey, alpha] => (u32::from(*grey), *alpha < 128),
            [red, green, blue] => ((u32::from(*red) * 2 + u32::from(*green) * 5 + u32::from(*blue)) / 8, false),
            [red, green, blue, alpha] => {
                ((u32::from(*red) * 2 + u32::from(*green) * 5 + u32::from(*blue)) / 8, *alpha < 128)
            }
            _ => (255, true),
        };
        !clear && grey < 128
    }))
}

/// Draws a sheet.
pub(crate) fn draw(sheet: &Sheet) -> Bitmap {
    let mut bitmap = Bitmap::new(sheet.width, sheet.height);
    glyphs::with_shared(|glyphs| {
        for item in &sheet.items {
            match item {
                Item::Fill { rect, .. } => bitmap.fill(rect),
                Item::Bars(bars) => bitmap.bars(bars),
                Item::Matrix(matrix) => matrix.black().for_each(|rect| bitmap.fill(&rect)),
                Item::Picture(picture) => bitmap.lay(&picture.bitmap, &picture.rect),
                Item::Text(run) => bitmap.text(run, &sheet.fonts, glyphs),
            }
        }
    });
    bitmap
}

fn index(dots: u32) -> usize {
    usize::try_from(dots).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_filled_rectangle_is_black_inside_and_white_outside(x in 0_u32..40, y in 0_u32..10, width in 0_u32..40, height in 0_u32..10) {
            let rect = Rect { x, y, width, height };
            let mut bitmap = Bitmap::new(37, 9);
            bitmap.fill(&rect);
            for (px, py) in (0..37).flat_map(|px| (0..9).map(move |py| (px, py))) {
                let inside = rect.holds(&Rect { x: px, y: py, width: 1, height: 1 });
                prop_assert_eq!(bitmap.black(px, py), inside, "{} {}", px, py);
            }
            prop_assert_eq!(bitmap.bytes.chunks(5).map(|row| row[4] & 0b111).sum::<u8>(), 0, "spare bits are white");
        }
    }

    #[test]
    fn a_stamp_lands_where_it_should_and_never_outside() {
        let mask = glyphs::Mask { left: 0, top: 0, stride: 2, bits: vec![0xff, 0x80, 0x80, 0x80] };
        for (x, y) in [(0, 0), (5, 1), (-3, -1), (30, 8), (100, 100), (-100, 2)] {
            let mut bitmap = Bitmap::new(40, 9);
            bitmap.stamp(&mask, x, y, Ink::Black);
            for (px, py) in (0..40_i64).flat_map(|px| (0..9_i64).map(move |py| (px, py))) {
                let wanted = matches!((px - x, py - y), (0..=8, 0) | (0 | 8, 1));
                assert_eq!(
                    bitmap.black(u32::try_from(px).unwrap(), u32::try_from(py).unwrap()),
                    wanted,
                    "{x} {y}: {px} {py}"
                );
            }
        }
    }

    #[test]
    fn white_words_clear_their_ground() {
        let mut bitmap = Bitmap::new(16, 1);
        bitmap.fill(&Rect { x: 0, y: 0, width: 16, height: 1 });
        bitmap.stamp(&glyphs::Mask { left: 0, top: 0, stride: 1, bits: vec![0xf0] }, 6, 0, Ink::White);
        assert_eq!(bitmap.bytes, [0b1111_1100, 0b0011_1111]);
        assert_eq!(bitmap.black_per_mille(), 750);
    }
}
