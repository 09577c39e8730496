//! PDF for office printers and for the screen: vector bars, and text that can be searched.
//!
//! `printpdf` writes the file; the fonts are cut here first, since without its text layout it would embed them whole
//! (16 MB). Bars stand on the dot grid of the sheet and each is drawn a little narrower at both sides: a fill that
//! touches the next pixel makes it black too, and then nothing decodes. Bytes may differ from one save to the next
//! in one process (printpdf counts its fonts): compare pictures, not bytes.

use crate::error::LabelError;
use crate::sheet::{Ink, Item, Rect, Sheet, TextRun};
use crate::text::fonts::{Face, UNITS_PER_EM};
use allsorts::binary::read::ReadScope;
use allsorts::font_data::FontData;
use allsorts::subset::{CmapTarget, SubsetProfile, subset};
use printpdf::{
    Color, FontId, Greyscale, LinePoint, Op, PaintMode, ParsedFont, PdfDocument, PdfFontHandle, PdfPage,
    PdfSaveOptions, Point, Polygon, PolygonRing, Pt, TextItem, WindingOrder,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a fill is narrower at each side, in thousandths of a dot: 20 to 50 are exact in every renderer tried.
const INSET: u64 = 30;

/// A sheet as a PDF of one page, exactly as large as the label.
pub fn encode(sheet: &Sheet) -> Result<Vec<u8>, LabelError> {
    encode_pages(std::slice::from_ref(sheet))
}

/// Sheets as the pages of one PDF, each exactly as large as its sheet.
pub fn encode_pages(sheets: &[Sheet]) -> Result<Vec<u8>, LabelError> {
    let mut document = PdfDocument::new("label");
    let fonts = embed_fonts(sheets, &mut document)?;
    for sheet in sheets {
        let page = Page { sheet, fonts: &fonts };
        let points = |dots: u32| page.points(u64::from(dots) * 1_000).into();
        document.pages.push(PdfPage::new(points(sheet.width), points(sheet.height), page.ops()));
    }
    let mut warnings = Vec::new();
    Ok(document.save(&PdfSaveOptions::default(), &mut warnings))
}

struct Page<'a> {
    sheet: &'a Sheet,
    fonts: &'a BTreeMap<Face, FontId>,
}

impl Page<'_> {
    fn ops(&self) -> Vec<Op> {
        let mut ops = vec![self.colour(Ink::Black)];
        let mut ink = Ink::Black;
        for item in &self.sheet.items {
            let wanted = if let Item::Text(run) = item { run.ink } else { Ink::Black };
            if wanted != ink {
                ops.push(self.colour(wanted));
                ink = wanted;
            }
            match item {
                Item::Fill { rect, .. } => ops.push(self.fill(&[*rect])),
                Item::Bars(bars) => ops.push(self.fill(&bars.black().collect::<Vec<_>>())),
                Item::Matrix(matrix) => ops.push(self.fill(&matrix.black().collect::<Vec<_>>())),
                Item::Picture(picture) => ops.push(self.fill(&picture.bitmap.black_runs(&picture.rect))),
                Item::Text(run) => self.text(run, &mut ops),
            }
        }
        ops
    }

    /// Thousandths of a dot to points of 1/72 inch.
    fn points(&self, thousandths: u64) -> Pt {
        // 72 / 0.0254 points a metre; in millionths of a point.
        let millionths = u128::from(thousandths) * 720_000_000 / (254 * u128::from(self.sheet.dots_per_m.max(1)));
        #[expect(
            clippy::float_arithmetic,
            clippy::cast_possible_truncation,
            reason = "PDF counts in fractions of a point, and printpdf in f32"
        )]
        let points = (millionths as f64 / 1_000_000.0) as f32;
        Pt(points)
    }

    /// A place in thousandths of a dot from the top left; PDF counts from the bottom.
    fn point(&self, x: u64, y: u64) -> Point {
        let from_bottom = (u64::from(self.sheet.height) * 1_000).saturating_sub(y);
        Point { x: self.points(x), y: self.points(from_bottom) }
    }

    fn colour(&self, ink: Ink) -> Op {
        let percent = if ink == Ink::White { 1.0 } else { 0.0 };
        Op::SetFillColor { col: Color::Greyscale(Greyscale { percent, icc_profile: None }) }
    }

    fn fill(&self, rects: &[Rect]) -> Op {
        let rings = rects.iter().map(|rect| {
            let [left, right, top, bottom] =
                [rect.x, rect.right(), rect.y, rect.bottom()].map(|dots| u64::from(dots) * 1_000);
            let (left, right, top, bottom) = (left + INSET, right - INSET, top + INSET, bottom - INSET);
            let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
            let points = corners.map(|(x, y)| LinePoint { p: self.point(x, y), bezier: false });
            PolygonRing { points: points.to_vec() }
        });
        let polygon = Polygon { rings: rings.collect(), mode: PaintMode::Fill, winding_order: WindingOrder::NonZero };
        Op::DrawPolygon { polygon }
    }

    /// One text section for each stretch of one font.
    fn text(&self, run: &TextRun, ops: &mut Vec<Op>) {
        let glyphs = self.sheet.fonts.glyphs(&run.text, run.weight);
        let mut pen = u64::from(run.rect.x) * 1_000;
        for stretch in glyphs.chunk_by(|a, b| a.face == b.face) {
            let font = stretch.first().and_then(|glyph| self.fonts.get(&glyph.face));
            if let Some(font) = font {
                let size = self.points(u64::from(run.size) * 1_000);
                let pos = self.point(pen, u64::from(run.baseline) * 1_000);
                let text: String = stretch.iter().map(|glyph| glyph.character).collect();
                ops.push(Op::StartTextSection);
                ops.push(Op::SetFont { font: PdfFontHandle::External(font.clone()), size });
                ops.push(Op::SetTextCursor { pos });
                ops.push(Op::ShowText { items: vec![TextItem::Text(text)] });
                ops.push(Op::EndTextSection);
            }
            let units: u64 = stretch.iter().map(|glyph| u64::from(glyph.advance)).sum();
            pen += units * u64::from(run.size) * 1_000 / u64::from(UNITS_PER_EM);
        }
    }
}

/// Cuts each font to the glyphs of these sheets and adds it to the document.
fn embed_fonts(sheets: &[Sheet], document: &mut PdfDocument) -> Result<BTreeMap<Face, FontId>, LabelError> {
    let mut used: BTreeMap<Face, BTreeSet<u16>> = BTreeMap::new();
    for sheet in sheets {
        for item in &sheet.items {
            let Item::Text(run) = item else { continue };
            for glyph in sheet.fonts.glyphs(&run.text, run.weight) {
                // `.notdef` is part of every font.
                used.entry(glyph.face).or_insert_with(|| BTreeSet::from([0])).insert(glyph.id);
            }
        }
    }
    let mut embedded = BTreeMap::new();
    for (face, glyphs) in used {
        let glyphs: Vec<u16> = glyphs.into_iter().collect();
        let cut = cut(face, &glyphs).map_err(|reason| LabelError::Encoding { format: "PDF", reason })?;
        let mut warnings = Vec::new();
        let parsed = ParsedFont::from_bytes(&cut, 0, &mut warnings).ok_or_else(|| LabelError::Encoding {
            format: "PDF",
            reason: format!("a cut of {face:?} could not be read back"),
        })?;
        embedded.insert(face, document.add_font(&parsed));
    }
    Ok(embedded)
}

/// The font with these glyphs only, `.notdef` first, then ascending; with the character map that printpdf looks
/// characters up in.
fn cut(face: Face, glyphs: &[u16]) -> Result<Vec<u8>, String> {
    let file = ReadScope::new(face.bytes()).read::<FontData<'_>>().map_err(|error| error.to_string())?;
    let tables =
        file.table_provider(usize::try_from(face.index()).unwrap_or(usize::MAX)).map_err(|error| error.to_string())?;
    subset(&tables, glyphs, &SubsetProfile::Pdf, CmapTarget::Unicode).map_err(|error| error.to_string())
}
