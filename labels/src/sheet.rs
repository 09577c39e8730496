//! A laid-out label: items in drawing order, each in whole dots.

use crate::barcode::{LinearSymbol, MatrixSymbol};
use crate::error::{Field, LabelError};
use crate::raster::Bitmap;
use crate::text::fonts::{Fonts, Weight};

/// A rectangle in dots; `x` and `y` from the top left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// From the left edge.
    pub x: u32,
    /// From the top edge.
    pub y: u32,
    /// Across.
    pub width: u32,
    /// Down.
    pub height: u32,
}

impl Rect {
    /// The first column to the right of it.
    pub fn right(&self) -> u32 {
        self.x.saturating_add(self.width)
    }

    /// The first row below it.
    pub fn bottom(&self) -> u32 {
        self.y.saturating_add(self.height)
    }

    /// Smaller by `across` at left and right, and by `down` at top and bottom.
    pub fn inset(&self, across: u32, down: u32) -> Rect {
        Rect {
            x: self.x + across.min(self.width / 2),
            y: self.y + down.min(self.height / 2),
            width: self.width.saturating_sub(across * 2),
            height: self.height.saturating_sub(down * 2),
        }
    }

    /// Cuts a band of `height` off the top; less, if less is left.
    pub fn take_top(&mut self, height: u32) -> Rect {
        let height = height.min(self.height);
        let band = Rect { height, ..*self };
        self.y += height;
        self.height -= height;
        band
    }

    /// Cuts a band off the bottom.
    pub fn take_bottom(&mut self, height: u32) -> Rect {
        let height = height.min(self.height);
        self.height -= height;
        Rect { y: self.y + self.height, height, ..*self }
    }

    /// Cuts a column off the left.
    pub fn take_left(&mut self, width: u32) -> Rect {
        let width = width.min(self.width);
        let column = Rect { width, ..*self };
        self.x += width;
        self.width -= width;
        column
    }

    /// Cuts a column off the right.
    pub fn take_right(&mut self, width: u32) -> Rect {
        let width = width.min(self.width);
        self.width -= width;
        Rect { x: self.x + self.width, width, ..*self }
    }

    /// Whether the two share a dot.
    pub fn meets(&self, other: &Rect) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    /// Whether all of `other` lies in it.
    pub fn holds(&self, other: &Rect) -> bool {
        self.x <= other.x && self.y <= other.y && other.right() <= self.right() && other.bottom() <= self.bottom()
    }
}

/// The colour of a text: labels know black and white only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// On white paper.
    Black,
    /// On a filled block.
    White,
}

/// One line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRun {
    /// Whose text it is.
    pub field: Field,
    /// Every character has a glyph.
    pub text: String,
    /// Regular or bold.
    pub weight: Weight,
    /// Size of the em, in dots.
    pub size: u32,
    /// The row that letters stand on.
    pub baseline: u32,
    /// Black or white.
    pub ink: Ink,
    /// The line with its ascent and descent.
    pub rect: Rect,
}

/// A linear barcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bars {
    /// Whose code it is.
    pub field: Field,
    /// The symbol.
    pub symbol: LinearSymbol,
    /// Dots a module.
    pub module_dots: u32,
    /// Where the first bar begins.
    pub first_bar: u32,
    /// The symbol with its quiet zones. Nothing else may stand in it.
    pub rect: Rect,
}

impl Bars {
    /// The black bars, from left to right.
    pub fn black(&self) -> impl Iterator<Item = Rect> + '_ {
        let mut x = self.first_bar;
        self.symbol.widths.iter().enumerate().filter_map(move |(place, width)| {
            let width = u32::from(*width) * self.module_dots;
            let bar = Rect { x, y: self.rect.y, width, height: self.rect.height };
            x += width;
            (place % 2 == 0).then_some(bar)
        })
    }
}

/// A two-dimensional barcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// Whose code it is.
    pub field: Field,
    /// The symbol.
    pub symbol: MatrixSymbol,
    /// Dots a module, across and down.
    pub module_dots: u32,
    /// The symbol with its quiet zone. Nothing else may stand in it.
    pub rect: Rect,
}

impl Matrix {
    /// Black runs of modules, row by row: rectangles that do not overlap.
    pub fn black(&self) -> impl Iterator<Item = Rect> + '_ {
        let (symbol, module) = (&self.symbol, self.module_dots);
        let (left, top) = (self.rect.x + symbol.quiet * module, self.rect.y + symbol.quiet * module);
        let height = symbol.row_modules * module;
        let rows = symbol.modules.chunks(usize::try_from(symbol.columns.max(1)).unwrap_or(usize::MAX));
        rows.zip(0_u32..).flat_map(move |(row, down)| {
            let mut x = left;
            row.chunk_by(|a, b| a == b).filter_map(move |run| {
                let width = u32::try_from(run.len()).unwrap_or(0) * module;
                let rect = Rect { x, y: top + down * height, width, height };
                x += width;
                run.first().is_some_and(|black| *black).then_some(rect)
            })
        })
    }
}

/// A 1-bit picture: a logo, a pictogram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Whose picture it is.
    pub field: Field,
    /// Its dots, as many as the rectangle has.
    pub bitmap: Bitmap,
    /// Where.
    pub rect: Rect,
}

/// One thing on a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A line of text.
    Text(TextRun),
    /// A linear barcode.
    Bars(Bars),
    /// A two-dimensional barcode.
    Matrix(Matrix),
    /// A picture.
    Picture(Picture),
    /// A black rectangle: a rule, an edge of a frame, or the ground of white words.
    Fill {
        /// Whose place it marks.
        field: Field,
        /// Where.
        rect: Rect,
    },
}

impl Item {
    /// Where it is, and whose it is.
    pub fn place(&self) -> (Field, &Rect) {
        match self {
            Item::Text(run) => (run.field, &run.rect),
            Item::Bars(bars) => (bars.field, &bars.rect),
            Item::Matrix(matrix) => (matrix.field, &matrix.rect),
            Item::Picture(picture) => (picture.field, &picture.rect),
            Item::Fill { field, rect } => (field, rect),
        }
    }
}

/// A label laid out for one density.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Dots across.
    pub width: u32,
    /// Dots down.
    pub height: u32,
    /// Density.
    pub dots_per_m: u32,
    /// White on all four sides, in dots.
    pub margin: u32,
    /// In drawing order.
    pub items: Vec<Item>,
    /// The fonts its texts were measured with.
    pub fonts: Fonts,
    /// Fields that were shortened because their rule allows it. The screen says so.
    pub truncated: Vec<Field>,
}

impl Sheet {
    /// The part that may be drawn on.
    pub fn printable(&self) -> Rect {
        Rect { x: 0, y: 0, width: self.width, height: self.height }.inset(self.margin, self.margin)
    }

    /// Nothing outside the margin, nothing in a quiet zone.
    pub(crate) fn check(&self) -> Result<(), LabelError> {
        let printable = self.printable();
        for (place, item) in self.items.iter().enumerate() {
            let (field, rect) = item.place();
            if !printable.holds(rect) {
                return Err(LabelError::Overflow {
                    field,
                    needed: crate::SizeDots { width: rect.right(), height: rect.bottom() },
                    available: crate::SizeDots { width: printable.right(), height: printable.bottom() },
                });
            }
            if !matches!(item, Item::Bars(_) | Item::Matrix(_)) {
                continue;
            }
            for (other_place, other) in self.items.iter().enumerate() {
                let (by, other_rect) = other.place();
                if other_place != place && rect.meets(other_rect) {
                    return Err(LabelError::QuietZoneEntered { field, by });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(items: Vec<Item>) -> Sheet {
        Sheet {
            width: 800,
            height: 400,
            dots_per_m: 8_000,
            margin: 12,
            items,
            fonts: Fonts::default(),
            truncated: vec![],
        }
    }

    fn bars(rect: Rect) -> Item {
        let symbol = LinearSymbol {
            symbology: crate::Symbology::Code128,
            data: String::new(),
            widths: vec![2, 1, 1],
            quiet_left: 10,
            quiet_right: 10,
        };
        Item::Bars(Bars { field: "code", symbol, module_dots: 3, first_bar: rect.x + 30, rect })
    }

    #[test]
    fn nothing_may_stand_in_a_quiet_zone() {
        let code = Rect { x: 100, y: 100, width: 300, height: 100 };
        let rule = |x| Item::Fill { field: "rule", rect: Rect { x, y: 90, width: 2, height: 120 } };
        assert_eq!(sheet(vec![bars(code), rule(98), rule(400)]).check(), Ok(()));
        let refused = Err(LabelError::QuietZoneEntered { field: "code", by: "rule" });
        assert_eq!(sheet(vec![bars(code), rule(99)]).check(), refused);
        assert_eq!(sheet(vec![rule(399), bars(code)]).check(), refused);
    }

    #[test]
    fn nothing_may_stand_in_the_margin() {
        let out = sheet(vec![Item::Fill { field: "rule", rect: Rect { x: 0, y: 20, width: 20, height: 2 } }]);
        assert!(matches!(out.check(), Err(LabelError::Overflow { field: "rule", .. })));
    }

    #[test]
    fn bands_are_cut_off_until_nothing_is_left() {
        let mut rest = Rect { x: 0, y: 0, width: 10, height: 10 };
        assert_eq!(rest.take_top(4), Rect { x: 0, y: 0, width: 10, height: 4 });
        assert_eq!(rest.take_right(3), Rect { x: 7, y: 4, width: 3, height: 6 });
        assert_eq!(rest.take_bottom(100).height, 6);
        assert_eq!(rest.height, 0);
        assert_eq!(rest.inset(50, 50).width, 0);
    }
}
