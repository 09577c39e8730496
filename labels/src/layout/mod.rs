//! Placing texts, blocks and bars on a sheet. Each text has a rule for what happens when it is too long.

use crate::barcode::LinearSymbol;
use crate::error::{Field, LabelError};
use crate::sheet::{Bars, Ink, Item, Rect, Sheet, TextRun};
use crate::text::fonts::{self, Weight};
use crate::text::lines::Breakable;
use crate::text::{clean, is_wide};
use crate::units::{Media, PrinterProfile, SizeDots, dots};

/// White on each side of every label.
const MARGIN_UM: u32 = 1_500;
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
}

/// How a text looks; the size is what it has where there is room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) weight: Weight,
    pub(crate) size: u32,
    pub(crate) align: Align,
    pub(crate) ink: Ink,
}

impl Style {
    pub(crate) fn regular(size: u32) -> Self {
        Style { weight: Weight::Regular, size, align: Align::Left, ink: Ink::Black }
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
    sheet: Sheet,
}

impl Canvas {
    pub(crate) fn new(media: &Media, profile: &PrinterProfile) -> Result<Self, LabelError> {
        let width = dots(media.width_um, profile.dots_per_m);
        let height = dots(media.height_um, profile.dots_per_m);
        // Twice the longest label and the widest head there are: what follows need not fear large numbers.
        if width > profile.width_dots || width > 10_000 || height > 20_000 {
            return Err(LabelError::NotOnThisPrinter { field: "label", needs: "a wider head or a shorter label" });
        }
        let dots_per_m = profile.dots_per_m;
        let margin = dots(MARGIN_UM, dots_per_m);
        Ok(Canvas { sheet: Sheet { width, height, dots_per_m, margin, items: vec![], truncated: vec![] } })
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
    fn smallest(&self, text: &str) -> u32 {
        self.dots(if text.chars().any(is_wide) { SMALLEST_WIDE_UM } else { SMALLEST_LATIN_UM })
    }

    /// One line in the middle of its place, smaller if it must be and never shortened. Returns its width.
    pub(crate) fn line(&mut self, field: Field, text: &str, place: Rect, style: Style) -> Result<u32, LabelError> {
        let text = clean(field, text, style.weight)?.replace('\n', " ");
        if text.is_empty() {
            return Ok(0);
        }
        let size = self.fitting(field, &text, place, style)?;
        let width = fonts::width(&text, style.weight, size);
        let room = place.width.saturating_sub(width);
        let x = place.x
            + match style.align {
                Align::Left => 0,
                Align::Centre => room / 2,
            };
        // Chinese characters and capitals both have their middle 0.38 em above the baseline.
        let baseline = place.y + place.height / 2 + size * 38 / 100;
        self.run(field, text, Style { size, ..style }, x, baseline, width);
        Ok(width)
    }

    /// The largest size up to the wanted one at which a line fits its place.
    fn fitting(&self, field: Field, text: &str, place: Rect, style: Style) -> Result<u32, LabelError> {
        let smallest = self.smallest(text).min(style.size);
        let wanted = style.size.min(place.height);
        let at_wanted = fonts::width(text, style.weight, wanted);
        let size = if at_wanted <= place.width {
            wanted
        } else {
            // Widths go by the size; one dot less for what rounding up takes.
            let scaled = u64::from(wanted) * u64::from(place.width) / u64::from(at_wanted.max(1));
            let scaled = u32::try_from(scaled).unwrap_or(0);
            if fonts::width(text, style.weight, scaled) <= place.width { scaled } else { scaled.saturating_sub(1) }
        };
        if size < smallest.max(1) {
            let needed = SizeDots { width: fonts::width(text, style.weight, smallest), height: smallest };
            return Err(LabelError::Overflow { field, needed, available: available(place) });
        }
        Ok(size)
    }

    /// Lines from the top of the place: wrapped, then smaller, then refused. Returns the height used.
    pub(crate) fn paragraph(&mut self, field: Field, text: &str, place: Rect, style: Style) -> Result<u32, LabelError> {
        let text = clean(field, text, style.weight)?;
        if text.is_empty() {
            return Ok(0);
        }
        let breakable = Breakable::new(&text, style.weight);
        let smallest = self.smallest(&text).min(style.size);
        let mut size = style.size;
        loop {
            let lines = breakable.lines(size, place.width);
            let narrow = lines.iter().all(|line| fonts::width(line, style.weight, size) <= place.width);
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
        let text = clean(field, text, style.weight)?;
        let breakable = Breakable::new(&text, style.weight);
        let smallest = self.smallest(&text);
        let mut size = style.size.max(smallest);
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
            while !last.is_empty() && fonts::width(&format!("{last}…"), style.weight, size) > place.width {
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
            let width = fonts::width(&line, style.weight, style.size);
            if width > 0 {
                self.run(field, line, style, place.x, baseline, width);
            }
        }
    }

    fn run(&mut self, field: Field, text: String, style: Style, x: u32, baseline: u32, width: u32) {
        let (above, below) = (style.size * 88 / 100, style.size * 22 / 100);
        let rect = Rect { x, y: baseline.saturating_sub(above), width, height: above + below };
        let Style { weight, size, ink, .. } = style;
        self.sheet.items.push(Item::Text(TextRun { field, text, weight, size, baseline, ink, rect }));
    }

    /// White words on a black block that fills its place.
    pub(crate) fn chip(&mut self, field: Field, text: &str, place: Rect, size: u32) -> Result<(), LabelError> {
        let style = Style { ink: Ink::White, ..Style::bold(size).align(Align::Centre) };
        self.fill(field, place);
        let (across, down) = (place.width.min(size / 4) / 2, place.height.min(size / 5) / 2);
        self.line(field, text, place.inset(across, down), style).map(|_| ())
    }

    /// Width of a bold line with the air that a chip has at its sides.
    pub(crate) fn chip_width(&self, field: Field, text: &str, size: u32) -> Result<u32, LabelError> {
        let text = clean(field, text, Weight::Bold)?;
        Ok(fonts::width(&text, Weight::Bold, size).saturating_add(size * 3 / 4))
    }

    /// The dots a module gets: the widest up to `wanted` that fits, and never less than a scanner reads.
    pub(crate) fn module_dots(
        &self,
        field: Field,
        symbol: &LinearSymbol,
        room: u32,
        wanted_um: u32,
    ) -> Result<u32, LabelError> {
        let smallest = SMALLEST_MODULE_UM * self.sheet.dots_per_m;
        let smallest = smallest.div_ceil(1_000_000).max(2);
        let modules = symbol.modules();
        let module = self.dots(wanted_um).max(smallest).min(room / modules.max(1));
        if module < smallest {
            return Err(LabelError::BarcodeTooWide { field, modules, available_dots: room });
        }
        Ok(module)
    }

    /// Bars in the middle of a place, as high as it; the quiet zones are part of the symbol. Returns its rectangle.
    pub(crate) fn bars(&mut self, field: Field, symbol: LinearSymbol, place: Rect, module_dots: u32) -> Rect {
        let width = symbol.modules() * module_dots;
        let rect = Rect { x: place.x + place.width.saturating_sub(width) / 2, width, ..place };
        let first_bar = rect.x + symbol.quiet_left * module_dots;
        self.sheet.items.push(Item::Bars(Bars { field, symbol, module_dots, first_bar, rect }));
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
