//! A layout over a label's fields: one sheet a page.

use super::canvas::{Align, Canvas, Style, pitch};
use super::fields::Fields;
use super::file::{Across, Code, Element, Fit, Layout, Pages, Place, Text, What};
use super::table::{Rows, Shelf};
use super::template::Scope;
use crate::barcode::{self, Symbol};
use crate::error::{LabelError, Symbology};
use crate::gs1;
use crate::raster::Bitmap;
use crate::sheet::{Ink, Rect, Sheet};
use crate::text::fonts::Fonts;
use crate::units::{Media, MediaKind, PrinterProfile, SizeDots};
use crate::words::Language;
use std::collections::BTreeMap;

/// More pages than a person prints on purpose; it bounds what one label can cost.
const MOST_PAGES: usize = 500;
/// The longest strip of a roll, in micrometres.
const LONGEST_ROLL_UM: u32 = 2_000_000;

/// What every page of one label is drawn with.
pub(crate) struct Composer<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) media: &'a Media,
    pub(crate) profile: &'a PrinterProfile,
    pub(crate) fonts: &'a Fonts,
    pub(crate) pictures: &'a BTreeMap<String, Bitmap>,
    pub(crate) language: Language,
}

impl Composer<'_> {
    /// All pages.
    ///
    /// # Errors
    /// A [`LabelError`] that names the first field that can't be drawn as its rule asks.
    pub(crate) fn sheets(&self, fields: &Fields) -> Result<Vec<Sheet>, LabelError> {
        let Some(list) = self.layout.each else { return self.pages(fields, None) };
        let rows = fields.rows(list);
        let mut sheets = Vec::new();
        if rows.len() > MOST_PAGES {
            return Err(too_many_pages(list));
        }
        for row in &rows {
            sheets.extend(self.pages(fields, Some(row))?);
        }
        Ok(sheets)
    }

    fn pages(&self, fields: &Fields, row: Option<&Fields>) -> Result<Vec<Sheet>, LabelError> {
        let table = self.layout.elements.iter().find_map(|element| match &element.what {
            What::Table(table) => Some((element, table)),
            _ => None,
        });
        let scope = Scope { language: self.language, fields, row, page: 1, pages: 1, row_number: 1 };
        let mut height_um = self.media.height_um;
        let mut shelves = vec![Shelf::default()];
        let mut rows = None;
        if let Some((element, table)) = table {
            let probe = Canvas::new(
                (self.media.width_um, height_um.max(10_000), self.layout.margin_um),
                self.profile,
                self.fonts,
            )?;
            let place = self.rect(&element.place, height_um, &probe);
            let measured = Rows::measure(&probe, table, &scope, place.width)?;
            if self.media.kind == MediaKind::Continuous {
                height_um = self.roll_height(&element.place, &measured, &probe)?;
                shelves = vec![measured.whole()];
            } else {
                shelves = measured.shelve(table.list, place.height)?;
            }
            rows = Some(measured);
        }
        if shelves.len() > MOST_PAGES {
            return Err(too_many_pages(table.map_or("label", |(_, table)| table.list)));
        }
        let pages = shelves.len();
        let mut sheets = Vec::with_capacity(pages);
        for (shelf, page) in shelves.iter().zip(1..) {
            let scope = Scope { page, pages, ..scope };
            let canvas =
                Canvas::new((self.media.width_um, height_um, self.layout.margin_um), self.profile, self.fonts)?;
            let mut page = Page { composer: self, canvas, height_um, scope };
            for element in &self.layout.elements {
                if page.stands(element) {
                    page.element(element, rows.as_ref().map(|rows| (rows, shelf)))?;
                }
            }
            sheets.push(page.canvas.finish()?);
        }
        Ok(sheets)
    }

    /// On a roll the page is as long as the rows, and what stands above and below them.
    fn roll_height(&self, place: &Place, rows: &Rows<'_>, canvas: &Canvas) -> Result<u32, LabelError> {
        let above = u32::try_from(place.y.max(0)).unwrap_or(0);
        let below = if place.height > 0 { 0 } else { place.height.unsigned_abs() };
        let rows_um = u64::from(rows.height()) * 1_000_000 / u64::from(self.profile.dots_per_m.max(1)) + 500;
        let height = u64::from(above) + u64::from(below) + rows_um + 1_000;
        u32::try_from(height).ok().filter(|height| *height <= LONGEST_ROLL_UM).ok_or_else(|| LabelError::Overflow {
            field: rows.list(),
            needed: SizeDots { width: 0, height: rows.height() },
            available: SizeDots { width: 0, height: canvas.dots(LONGEST_ROLL_UM) },
        })
    }

    /// A place in dots. Both edges are rounded, so that places that touch in the file touch on paper.
    fn rect(&self, place: &Place, height_um: u32, canvas: &Canvas) -> Rect {
        let edge = |from: i32, size: i64| {
            let from = i64::from(from);
            (if from < 0 { size + from } else { from }).clamp(0, size)
        };
        let end = |start: i64, length: i32, size: i64| {
            let length = i64::from(length);
            (if length > 0 { start + length } else { size + length }).clamp(start, size)
        };
        let (width, height) = (i64::from(self.media.width_um), i64::from(height_um));
        let (left, top) = (edge(place.x, width), edge(place.y, height));
        let (right, bottom) = (end(left, place.width, width), end(top, place.height, height));
        let [left, top, right, bottom] =
            [left, top, right, bottom].map(|um| canvas.dots(u32::try_from(um).unwrap_or(0)));
        // A dot that rounding put into the margin is taken back.
        let printable = canvas.printable();
        let low = |edge: u32, first: u32| if edge + 1 == first { first } else { edge };
        let high = |edge: u32, end: u32| if edge == end + 1 { end } else { edge };
        let (left, top) = (low(left, printable.x), low(top, printable.y));
        let (right, bottom) = (high(right, printable.right()), high(bottom, printable.bottom()));
        Rect { x: left, y: top, width: right.saturating_sub(left), height: bottom.saturating_sub(top) }
    }
}

fn too_many_pages(field: crate::Field) -> LabelError {
    LabelError::TooMuch { field, most: MOST_PAGES, what: "pages" }
}

struct Page<'a> {
    composer: &'a Composer<'a>,
    canvas: Canvas,
    height_um: u32,
    scope: Scope<'a>,
}

impl Page<'_> {
    fn says(&self, field: crate::Field) -> bool {
        let in_row = self.composer.layout.each.and_then(|list| field.strip_prefix(list)?.strip_prefix('.'));
        match (in_row, self.scope.row) {
            (Some(path), Some(row)) => row.says(path),
            _ => self.scope.fields.says(field),
        }
    }

    fn stands(&self, element: &Element) -> bool {
        let on_page = match element.pages {
            Pages::Every => true,
            Pages::First => self.scope.page == 1,
            Pages::Following => self.scope.page > 1,
            Pages::Last => self.scope.page == self.scope.pages,
        };
        let all = element.when.iter().all(|field| self.says(field));
        let any = element.any.is_empty() || element.any.iter().any(|field| self.says(field));
        on_page && all && any && !element.unless.iter().any(|field| self.says(field))
    }

    fn element(&mut self, element: &Element, rows: Option<(&Rows<'_>, &Shelf)>) -> Result<(), LabelError> {
        let place = self.composer.rect(&element.place, self.height_um, &self.canvas);
        match &element.what {
            What::Text(text) => self.text(text, place),
            What::Code(code) => draw_code(&mut self.canvas, code, &code.template.fill(&self.scope), place),
            What::Chips { list, size_um } => {
                let size = self.canvas.dots(*size_um);
                self.canvas.chips(list, &self.scope.fields.texts(list), place, size)
            }
            What::Frame { line_um } => {
                let line = self.canvas.dots(*line_um).max(1);
                self.canvas.frame("frame", place, line);
                Ok(())
            }
            What::Fill => {
                // A rule thinner than a dot would vanish on a coarse printer.
                let rect = Rect { width: place.width.max(1), height: place.height.max(1), ..place };
                self.canvas.fill("fill", rect);
                Ok(())
            }
            What::Picture { name } => {
                let Some(picture) = self.composer.pictures.get(name) else {
                    return Err(LabelError::NoPicture { name: name.clone() });
                };
                self.canvas.picture("picture", picture, place);
                Ok(())
            }
            What::Arrow { template } => {
                self.canvas.arrow(template.field(), &template.fill(&self.scope), place);
                Ok(())
            }
            What::Ruler => {
                self.canvas.ruler(place);
                Ok(())
            }
            What::Stripes => {
                self.canvas.stripes(place);
                Ok(())
            }
            What::Table(_) => match rows {
                Some((rows, shelf)) => rows.draw(&mut self.canvas, shelf, place),
                None => Ok(()),
            },
        }
    }

    fn text(&mut self, text: &Text, place: Rect) -> Result<(), LabelError> {
        let filled = text.template.fill(&self.scope);
        let field = text.template.field();
        if filled.trim().is_empty() {
            return Ok(());
        }
        let style = Style {
            weight: text.weight,
            size: self.canvas.dots(text.size_um),
            smallest: text.smallest_um.map(|um| self.canvas.dots(um)),
            align: text.across.into(),
            ink: text.ink,
        };
        let mut inner = place;
        if text.ink == Ink::White {
            self.canvas.fill(field, place);
            inner = place.inset(place.width.min(style.size / 4) / 2, place.height.min(style.size / 5) / 2);
        }
        match text.fit {
            Fit::Exact => {
                let smallest = Some(style.size);
                self.canvas.line(field, &filled, inner, Style { smallest, ..style }).map(|_| ())
            }
            Fit::Shrink => self.canvas.line(field, &filled, inner, style).map(|_| ()),
            Fit::Wrap => self.canvas.paragraph(field, &filled, inner, style).map(|_| ()),
            Fit::Ellipsis => self.canvas.note(field, &filled, inner, style),
        }
    }
}

impl From<Across> for Align {
    fn from(across: Across) -> Self {
        match across {
            Across::Left => Align::Left,
            Across::Centre => Align::Centre,
            Across::Right => Align::Right,
        }
    }
}

/// The symbology that suits a number by itself: a trade item number where its length and check digit say so.
fn suiting(data: &str) -> Symbology {
    let digits = data.bytes().all(|b| b.is_ascii_digit());
    let checked = digits && gs1::has_check_digit(data);
    match data.len() {
        13 if checked => Symbology::Ean13,
        12 if checked => Symbology::UpcA,
        8 if checked => Symbology::Ean8,
        14 if checked => Symbology::Itf14,
        // An EAN-13 and its add-on.
        16 | 19 if data.as_bytes().get(13) == Some(&b' ') => Symbology::Ean13,
        _ => Symbology::Code128,
    }
}

/// A code in its place, with its line for people under it.
pub(super) fn draw_code(canvas: &mut Canvas, code: &Code, data: &str, place: Rect) -> Result<(), LabelError> {
    let field = code.template.field();
    let data = data.trim();
    if data.is_empty() {
        return Ok(());
    }
    let symbol = barcode::encode(code.symbology.unwrap_or_else(|| suiting(data)), field, data)?;
    let mut rest = place;
    let human = canvas.dots(code.human_um);
    let below = if human > 0 { rest.take_bottom(pitch(human)) } else { Rect { height: 0, ..rest } };
    let align = code.across.into();
    let drawn = match &symbol {
        Symbol::Linear(symbol) => {
            let module = canvas.module_dots(field, symbol.modules(), rest.width, (code.module_um, code.smallest_um))?;
            let lowest = canvas.dots(3_000);
            if rest.height < lowest {
                return Err(LabelError::Overflow {
                    field,
                    needed: SizeDots { width: rest.width, height: lowest },
                    available: SizeDots { width: rest.width, height: rest.height },
                });
            }
            canvas.bars(field, symbol.clone(), rest, module, align)
        }
        Symbol::Matrix(symbol) => {
            let looks = (code.module_um, code.smallest_um);
            let across = canvas.module_dots(field, symbol.width_modules(), rest.width, looks)?;
            let down = canvas.module_dots(field, symbol.height_modules(), rest.height, looks)?;
            canvas.matrix(field, symbol.clone(), rest, across.min(down), align)
        }
    };
    if human > 0 {
        let text = symbol.for_people();
        let place = if align == Align::Centre { below } else { Rect { x: drawn.x, width: drawn.width, ..below } };
        let style = Style { weight: code.human_weight, ..Style::regular(human).align(Align::Centre) };
        canvas.line(field, &text, place, style)?;
    }
    Ok(())
}
