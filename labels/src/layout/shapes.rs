//! What is drawn from rectangles and dots: blocks with words, pictures, arrows, rulers.

use super::canvas::{Align, Canvas, Style};
use crate::error::{Field, LabelError};
use crate::raster::Bitmap;
use crate::sheet::{Ink, Item, Picture, Rect};
use crate::text::{clean, fonts::Weight};
use crate::units::SizeDots;

impl Canvas {
    /// White words on a black block that fills its place.
    fn chip(&mut self, field: Field, text: &str, place: Rect, size: u32) -> Result<(), LabelError> {
        let style = Style { ink: Ink::White, ..Style::bold(size).align(Align::Centre) };
        self.fill(field, place);
        let (across, down) = (place.width.min(size / 4) / 2, place.height.min(size / 5) / 2);
        self.line(field, text, place.inset(across, down), style).map(|_| ())
    }

    /// Width of a bold line with the air that a chip has at its sides.
    fn chip_width(&self, field: Field, text: &str, size: u32) -> Result<u32, LabelError> {
        let text = clean(&self.sheet.fonts, field, text, Weight::Bold)?;
        Ok(self.sheet.fonts.width(&text, Weight::Bold, size).saturating_add(size * 3 / 4))
    }

    /// Reversed blocks from the right, in up to three rows, smaller where more rows are needed.
    pub(crate) fn chips(
        &mut self,
        field: Field,
        texts: &[String],
        place: Rect,
        most_size: u32,
    ) -> Result<(), LabelError> {
        if texts.is_empty() {
            return Ok(());
        }
        let gap = (most_size / 4).max(2);
        for rows in 1..=3 {
            let height = place.height.saturating_sub(gap * (rows - 1)) / rows;
            let size = (height * 2 / 3).min(most_size);
            let height = height.min(size * 3 / 2);
            let mut widths = Vec::new();
            for text in texts {
                widths.push(self.chip_width(field, text, size)?);
            }
            let Some(lines) = in_rows(&widths, gap, place.width, rows) else { continue };
            let used_rows = u32::try_from(lines.len()).unwrap_or(rows);
            let total = height * used_rows + gap * (used_rows - 1);
            let mut rest = place;
            rest.take_top(place.height.saturating_sub(total) / 2);
            let mut texts = texts.iter();
            for line in lines {
                let mut row = rest.take_top(height);
                row.take_left(place.width.saturating_sub(row_width(&line, gap)));
                for (width, text) in line.iter().zip(texts.by_ref()) {
                    let chip = row.take_left(*width);
                    row.take_left(gap);
                    self.chip(field, text, chip, size)?;
                }
                rest.take_top(gap);
            }
            return Ok(());
        }
        let needed = SizeDots { width: place.width.saturating_add(1), height: place.height };
        let available = SizeDots { width: place.width, height: place.height };
        Err(LabelError::Overflow { field, needed, available })
    }

    /// A picture as large as its place allows, in its own proportions, by the nearest dot.
    pub(crate) fn picture(&mut self, field: Field, picture: &Bitmap, place: Rect) {
        let (across, down) = (u64::from(picture.width.max(1)), u64::from(picture.height.max(1)));
        let by_width = u64::from(place.width) * down <= u64::from(place.height) * across;
        let (width, height) = if by_width {
            (u64::from(place.width), u64::from(place.width) * down / across)
        } else {
            (u64::from(place.height) * across / down, u64::from(place.height))
        };
        let small = |dots: u64| u32::try_from(dots).unwrap_or(u32::MAX);
        let (width, height) = (small(width), small(height));
        let rect =
            Rect { x: place.x + (place.width - width) / 2, y: place.y + (place.height - height) / 2, width, height };
        let bitmap = Bitmap::from_dots(width, height, |x, y| {
            let from = |at: u32, size: u32, whole: u64| small(u64::from(at) * whole / u64::from(size.max(1)));
            picture.black(from(x, width, across), from(y, height, down))
        });
        self.sheet.items.push(Item::Picture(Picture { field, bitmap, rect }));
    }

    /// A triangle that points `up`, `down`, `left` or `right`; nothing for another word.
    pub(crate) fn arrow(&mut self, field: Field, direction: &str, place: Rect) {
        let side = place.width.min(place.height);
        let half = side / 2;
        // For each dot: how far along the arrow from its tip, and how far from its middle line.
        let inside = |along: u32, aside: u32| aside.abs_diff(half) * 2 <= along;
        let bitmap = Bitmap::from_dots(side, side, |x, y| match direction.trim() {
            "up" => inside(y, x),
            "down" => inside(side - 1 - y, x),
            "left" => inside(x, y),
            "right" => inside(side - 1 - x, y),
            _ => false,
        });
        let rect = Rect {
            x: place.x + (place.width - side) / 2,
            y: place.y + (place.height - side) / 2,
            width: side,
            height: side,
        };
        if ["up", "down", "left", "right"].contains(&direction.trim()) {
            self.sheet.items.push(Item::Picture(Picture { field, bitmap, rect }));
        }
    }

    /// Ticks along the top of a place: one a millimetre, longer at 5 and 10.
    pub(crate) fn ruler(&mut self, place: Rect) {
        let thickness = self.dots(150).max(1);
        for mm in 0.. {
            let x = place.x + self.dots(mm * 1_000);
            if x + thickness > place.right() {
                return;
            }
            let share = if mm % 10 == 0 {
                1
            } else if mm % 5 == 0 {
                2
            } else {
                3
            };
            let rect = Rect { x, y: place.y, width: thickness, height: place.height / share };
            self.fill("ruler", rect);
        }
    }

    /// Fields of upright lines 1, 2, 3 and 4 dots wide with as much white between: worn heads show in them.
    pub(crate) fn stripes(&mut self, place: Rect) {
        let quarter = place.width / 4;
        for width in 1..=4 {
            let left = place.x + quarter * (width - 1);
            let mut x = left;
            while x + width <= left + quarter.saturating_sub(width * 2) {
                self.fill("stripes", Rect { x, y: place.y, width, height: place.height });
                x += width * 2;
            }
        }
    }
}

/// The chips in at most `rows` rows, none wider than `room`, in their order.
fn in_rows(widths: &[u32], gap: u32, room: u32, rows: u32) -> Option<Vec<Vec<u32>>> {
    let mut lines: Vec<Vec<u32>> = vec![vec![]];
    for width in widths {
        if *width > room {
            return None;
        }
        let line = lines.last_mut()?;
        if !line.is_empty() && row_width(line, gap) + gap + width > room {
            lines.push(vec![*width]);
        } else {
            line.push(*width);
        }
    }
    (lines.len() <= usize::try_from(rows).unwrap_or(usize::MAX)).then_some(lines)
}

fn row_width(line: &[u32], gap: u32) -> u32 {
    line.iter().sum::<u32>() + gap * u32::try_from(line.len().saturating_sub(1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fonts::Fonts;
    use crate::units::PrinterProfile;

    fn canvas() -> Canvas {
        Canvas::new((50_000, 30_000, 1_000), &PrinterProfile::DPI_203, &Fonts::default()).unwrap()
    }

    fn pictures(canvas: &Canvas) -> Vec<&Picture> {
        let items = canvas.sheet.items.iter();
        items.filter_map(|item| if let Item::Picture(picture) = item { Some(picture) } else { None }).collect()
    }

    #[test]
    fn an_arrow_is_narrow_at_its_tip_and_wide_at_its_end() {
        let place = Rect { x: 20, y: 20, width: 60, height: 40 };
        for (direction, tip, end) in [
            ("up", (20, 0), (2, 39)),
            ("down", (20, 39), (2, 0)),
            ("left", (0, 20), (39, 2)),
            ("right", (39, 20), (0, 2)),
        ] {
            let mut canvas = canvas();
            canvas.arrow("arrow", direction, place);
            let picture = pictures(&canvas)[0];
            assert_eq!(picture.rect, Rect { x: 30, y: 20, width: 40, height: 40 });
            assert!(picture.bitmap.black(tip.0, tip.1) && picture.bitmap.black(end.0, end.1), "{direction}");
            let beside = if tip.0 == 20 { (2, tip.1) } else { (tip.0, 2) };
            assert!(!picture.bitmap.black(beside.0, beside.1), "{direction}");
        }
        let mut canvas = canvas();
        canvas.arrow("arrow", "sideways", place);
        assert!(pictures(&canvas).is_empty());
    }

    #[test]
    fn a_picture_keeps_its_proportions() {
        let logo = Bitmap::from_dots(4, 2, |x, y| x < 2 && y == 0);
        let mut canvas = canvas();
        canvas.picture("picture", &logo, Rect { x: 20, y: 20, width: 100, height: 100 });
        let picture = pictures(&canvas)[0];
        assert_eq!(picture.rect, Rect { x: 20, y: 45, width: 100, height: 50 });
        assert!(picture.bitmap.black(49, 24) && !picture.bitmap.black(50, 24) && !picture.bitmap.black(49, 25));
    }

    #[test]
    fn chips_take_more_rows_before_they_are_refused() {
        let texts = |count: usize| vec!["易碎 FRAGILE".to_owned(); count];
        let place = Rect { x: 20, y: 20, width: 200, height: 80 };
        for (count, fits) in [(0, true), (1, true), (3, true), (12, false)] {
            let done = canvas().chips("flags", &texts(count), place, 36);
            assert_eq!(done.is_ok(), fits, "{count}: {done:?}");
        }
    }

    #[test]
    fn a_ruler_has_a_tick_each_millimetre() {
        let mut canvas = canvas();
        canvas.ruler(Rect { x: 16, y: 16, width: 161, height: 30 });
        let ticks: Vec<u32> = canvas.sheet.items.iter().map(|item| item.place().1.x).collect();
        assert_eq!(ticks.len(), 21);
        assert_eq!(ticks[20] - ticks[0], 160, "20 mm at 8 dots a millimetre");
    }
}
