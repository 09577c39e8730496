//! Placing texts, blocks and bars on a sheet. Each text has a rule for what happens when it is too long.

use crate::barcode::{LinearSymbol, MatrixSymbol};
use crate::error::{Field, LabelError, Need};
use crate::sheet::{Bars, Ink, Item, Matrix, Rect, Sheet, TextRun};
use crate::text::fonts::{Fonts, Weight};
use crate::text::lines::Breakable;
use crate::text::{clean, is_wide};
use crate::units::{PrinterProfile, SizeDots, dots};

/// The smallest Latin letters that read well on thermal paper, 6 pt, and the smallest Chinese characters.
const SMALLEST_LATIN_UM: u32 = 2_100;
const SMALLEST_WIDE_UM: u32 = 2_500;
/// The smallest module of our own codes.
const SMALLEST_MODULE_UM: u32 = 250;

/// Where a line stands in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

impl Align {
    /// How far from the left something stands that leaves this much room.
    fn shift(self, room: u32) -> u32 {
        match self {
            Align::Left => 0,
            Align::Centre => room / 2,
            Align::Right => room,
        }
    }
}

/// How a text looks; the size is what it has where there is room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) weight: Weight,
    pub(crate) size: u32,
    /// How small it may become; what still reads well where it is `None`.
    pub(crate) smallest: Option<u32>,
    pub(crate) align: Align,
    pub(crate) ink: Ink,
}

impl Style {
    pub(crate) fn regular(size: u32) -> Self {
        Style { weight: Weight::Regular, size, smallest: None, align: Align::Left, ink: Ink::Black }
    }

    pub(crate) fn bold(size: u32) -> Self {
        Style { weight: Weight::Bold, ..Style::regular(size) }
    }

    pub(crate) fn align(self, align: Align) -> Self {
        Style { align, ..self }
    }
}

/// A sheet being drawn.
pub(crate) struct Canvas {
    pub(super) sheet: Sheet,
}

impl Canvas {
    pub(crate) fn new(
        (width_um, height_um, margin_um): (u32, u32, u32),
        profile: &PrinterProfile,
        fonts: &Fonts,
    ) -> Result<Self, LabelError> {
        let width = dots(width_um, profile.dots_per_m);
        let height = dots(height_um, profile.dots_per_m);
        // Twice the longest label and the widest head there are: what follows need not fear large numbers.
        if width > profile.width_dots || width > 10_000 || height > 20_000 {
            return Err(LabelError::NotOnThisPrinter { field: "label", needs: Need::WiderHeadOrShorterLabel });
        }
        let dots_per_m = profile.dots_per_m;
        let margin = dots(margin_um, dots_per_m);
        let (items, truncated, fonts) = (vec![], vec![], fonts.clone());
        Ok(Canvas { sheet: Sheet { width, height, dots_per_m, margin, items, fonts, truncated } })
    }

    /// The part that may be drawn on.
    pub(crate) fn printable(&self) -> Rect {
        self.sheet.printable()
    }

    /// Micrometres to the dots of this sheet.
    pub(crate) fn dots(&self, um: u32) -> u32 {
        dots(um, self.sheet.dots_per_m)
    }

    /// The finished sheet, if nothing stands where it must not.
    pub(crate) fn finish(self) -> Result<Sheet, LabelError> {
        self.sheet.check()?;
        Ok(self.sheet)
    }

    /// A black block, or a rule.
    pub(crate) fn fill(&mut self, field: Field, rect: Rect) {
        if rect.width > 0 && rect.height > 0 {
            self.sheet.items.push(Item::Fill { field, rect });
        }
    }

    /// Four rules along the inner edge of a rectangle.
    pub(crate) fn frame(&mut self, field: Field, rect: Rect, line: u32) {
        let mut inner = rect;
        for edge in [inner.take_top(line), inner.take_bottom(line), inner.take_left(line), inner.take_right(line)] {
            self.fill(field, edge);
        }
    }

    /// How small this text may become.
    fn smallest(&self, text: &str, style: Style) -> u32 {
        let readable = self.dots(if text.chars().any(is_wide) { SMALLEST_WIDE_UM } else { SMALLEST_LATIN_UM });
        style.smallest.unwrap_or(readable).min(style.size)
    }

    /// One line in the middle of its place, smaller if it must be and never shortened. Returns its width.
    pub(crate) fn line(&mut self, field: Field, text: &str, place: Rect, style: Style) -> Result<u32, LabelError> {
        let text = clean(&self.sheet.fonts, field, text, style.weight)?.replace('\n', " ");
        if text.is_empty() {
            return Ok(0);
        }
        let size = self.fitting(field, &text, place, style)?;
        let width = self.sheet.fonts.width(&text, style.weight, size);
        let room = place.width.saturating_sub(width);
        let x = place.x + style.align.shift(room);
        // Chinese characters and capitals both have their middle 0.38 em above the baseline.
        let baseline = place.y + place.height / 2 + size * 38 / 100;
        self.run(field, text, Style { size, ..style }, x, baseline, width);
        Ok(width)
    }

    /// The largest size up to the wanted one at which a line fits its place.
    fn fitting(&self, field: Field, text: &str, place: Rect, style: Style) -> Result<u32, LabelError> {
        let smallest = self.smallest(text, style);
        let wanted = style.size.min(place.height);
        let at_wanted = self.sheet.fonts.width(text, style.weight, wanted);
        let size = if at_wanted <= place.width {
            wanted
        } else {
            // Widths go by the size; one dot less for what rounding up takes.
            let scaled = u64::from(wanted) * u64::from(place.width) / u64::from(at_wanted.max(1));
            let scaled = u32::try_from(scaled).unwrap_or(0);
            if self.sheet.fonts.width(text, style.weight, scaled) <= place.width {
                scaled
            } else {
                scaled.saturating_sub(1)
            }
        };
        if size < smallest.max(1) {
            let needed = SizeDots { width: self.sheet.fonts.width(text, style.weight, smallest), height: smallest };
            return Err(LabelError::Overflow { field, needed, available: available(place) });
        }
        Ok(size)
    }

    /// Lines from the top of the place: wrapped, then smaller, then refused. Returns the height used.
    pub(crate) fn paragraph(&mut self, field: Field, text: &str, place: Rect, style: Style) -> Result<u32, LabelError> {
        let text = clean(&self.sheet.fonts, field, text, style.weight)?;
        if text.is_empty() {
            return Ok(0);
        }
        let breakable = Breakable::new(&self.sheet.fonts, &text, style.weight);
        let smallest = self.smallest(&text, style);
        let mut size = style.size;
        loop {
            let lines = breakable.lines(size, place.width);
            let narrow = lines.iter().all(|line| self.sheet.fonts.width(line, style.weight, size) <= place.width);
            let height = pitch(size) * u32::try_from(lines.len()).unwrap_or(u32::MAX / 1_000);
            if narrow && height <= place.height {
                self.lines(field, lines, place, Style { size, ..style });
                return Ok(height);
            }
            if size <= smallest {
                let needed = SizeDots { width: place.width, height };
                return Err(LabelError::Overflow { field, needed, available: available(place) });
            }
            size = (size * 15 / 16).max(smallest);
        }
    }

    /// Lines from the top of the place: wrapped, then smaller; what is left over becomes `…` and the sheet says so.
    pub(crate) fn note(&mut self, field: Field, text: &str, place: Rect, style: Style) -> Result<(), LabelError> {
        let text = clean(&self.sheet.fonts, field, text, style.weight)?;
        let breakable = Breakable::new(&self.sheet.fonts, &text, style.weight);
        let smallest = self.smallest(&text, style);
        let mut size = style.size;
        let rows = |size: u32| usize::try_from(place.height / pitch(size)).unwrap_or(0);
        let mut lines = breakable.lines(size, place.width);
        while lines.len() > rows(size) && size > smallest {
            size = (size * 15 / 16).max(smallest);
            lines = breakable.lines(size, place.width);
        }
        let room = rows(size);
        if lines.len() > room {
            lines.truncate(room);
            let Some(last) = lines.last_mut() else {
                let needed = SizeDots { width: place.width, height: pitch(size) };
                return Err(LabelError::Overflow { field, needed, available: available(place) });
            };
            while !last.is_empty() && self.sheet.fonts.width(&format!("{last}…"), style.weight, size) > place.width {
                last.pop();
            }
            last.push('…');
            self.sheet.truncated.push(field);
        }
        self.lines(field, lines, place, Style { size, ..style });
        Ok(())
    }

    fn lines(&mut self, field: Field, lines: Vec<String>, place: Rect, style: Style) {
        let mut rest = place;
        for line in lines {
            let band = rest.take_top(pitch(style.size));
            // An em box (0.88 above, 0.12 below) in the middle of the pitch.
            let baseline = band.y + style.size * 98 / 100;
            let width = self.sheet.fonts.width(&line, style.weight, style.size);
            if width > 0 {
                let x = place.x + style.align.shift(place.width.saturating_sub(width));
                self.run(field, line, style, x, baseline, width);
            }
        }
    }

    fn run(&mut self, field: Field, text: String, style: Style, x: u32, baseline: u32, width: u32) {
        let (above, below) = (style.size * 88 / 100, style.size * 22 / 100);
        let rect = Rect { x, y: baseline.saturating_sub(above), width, height: above + below };
        let Style { weight, size, ink, .. } = style;
        self.sheet.items.push(Item::Text(TextRun { field, text, weight, size, baseline, ink, rect }));
    }

    /// How many lines a text takes at a size.
    pub(crate) fn lines_of(
        &self,
        field: Field,
        text: &str,
        weight: Weight,
        size: u32,
        width: u32,
    ) -> Result<u32, LabelError> {
        let text = clean(&self.sheet.fonts, field, text, weight)?;
        if text.is_empty() {
            return Ok(0);
        }
        let lines = Breakable::new(&self.sheet.fonts, &text, weight).lines(size, width);
        Ok(u32::try_from(lines.len()).unwrap_or(u32::MAX))
    }

    /// The dots a module gets: the widest up to the wanted one that fits, and never less than a scanner reads.
    pub(crate) fn module_dots(
        &self,
        field: Field,
        modules: u32,
        room: u32,
        (wanted_um, smallest_um): (u32, Option<u32>),
    ) -> Result<u32, LabelError> {
        let smallest = u64::from(smallest_um.unwrap_or(SMALLEST_MODULE_UM)) * u64::from(self.sheet.dots_per_m);
        let smallest = u32::try_from(smallest.div_ceil(1_000_000)).unwrap_or(u32::MAX).max(2);
        let module = self.dots(wanted_um).max(smallest).min(room / modules.max(1));
        if module < smallest {
            return Err(LabelError::BarcodeTooWide { field, modules, available_dots: room });
        }
        Ok(module)
    }

    /// Bars as high as their place; the quiet zones are part of the symbol. Returns its rectangle.
    pub(crate) fn bars(
        &mut self,
        field: Field,
        symbol: LinearSymbol,
        place: Rect,
        module_dots: u32,
        align: Align,
    ) -> Rect {
        let width = symbol.modules() * module_dots;
        let rect = Rect { x: place.x + align.shift(place.width.saturating_sub(width)), width, ..place };
        let first_bar = rect.x + symbol.quiet_left * module_dots;
        self.sheet.items.push(Item::Bars(Bars { field, symbol, module_dots, first_bar, rect }));
        rect
    }

    /// A two-dimensional code in the middle of the height of its place. Returns its rectangle.
    pub(crate) fn matrix(
        &mut self,
        field: Field,
        symbol: MatrixSymbol,
        place: Rect,
        module_dots: u32,
        align: Align,
    ) -> Rect {
        let (width, height) = (symbol.width_modules() * module_dots, symbol.height_modules() * module_dots);
        let x = place.x + align.shift(place.width.saturating_sub(width));
        let rect = Rect { x, y: place.y + place.height.saturating_sub(height) / 2, width, height };
        self.sheet.items.push(Item::Matrix(Matrix { field, symbol, module_dots, rect }));
        rect
    }
}

/// From one baseline to the next.
pub(crate) fn pitch(size: u32) -> u32 {
    (size * 6).div_ceil(5)
}

fn available(place: Rect) -> SizeDots {
    SizeDots { width: place.width, height: place.height }
}
