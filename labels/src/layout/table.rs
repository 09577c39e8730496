//! A table that flows over pages: its rows are measured once, shelved into pages, and drawn where they landed.

use super::canvas::{Align, Canvas, Style, pitch};
use super::compose::draw_code;
use super::file::{Cell, Table};
use super::template::Scope;
use crate::error::{Field, LabelError};
use crate::sheet::{Ink, Rect};
use crate::text::fonts::Weight;
use crate::units::SizeDots;

/// More rows than a paper has; it bounds what one label can cost.
const MOST_ROWS: usize = 5_000;

/// One row, measured.
struct Row {
    height: u32,
    /// The text of each cell.
    cells: Vec<String>,
}

/// All rows of a table, measured for one width.
pub(super) struct Rows<'a> {
    table: &'a Table,
    /// From the left of the table, and the width, of each column.
    columns: Vec<(u32, u32)>,
    head: Row,
    rows: Vec<Row>,
    pad: u32,
    rule: u32,
}

/// The rows of one page: from the first up to, and without, the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shelf {
    first: usize,
    end: usize,
}

impl<'a> Rows<'a> {
    pub(super) fn measure(
        canvas: &Canvas,
        table: &'a Table,
        scope: &Scope<'_>,
        width: u32,
    ) -> Result<Self, LabelError> {
        let columns = columns(canvas, table, width)?;
        let fields = scope.fields.rows(table.list);
        if fields.len() > MOST_ROWS {
            return Err(LabelError::TooMuch { field: table.list, most: MOST_ROWS, what: "rows" });
        }
        let (pad, rule) = (canvas.dots(table.pad_um), canvas.dots(table.rule_um).max(1));
        let heads = table.columns.iter().map(|column| column.head.fill(scope)).collect();
        let mut all = Rows { table, columns, head: Row { height: 0, cells: heads }, rows: Vec::new(), pad, rule };
        all.head.height = all.head_height(canvas)?;
        for (row, row_number) in fields.iter().zip(1..) {
            let scope = Scope { row: Some(row), row_number, ..*scope };
            let cells: Vec<String> = table.columns.iter().map(|column| filled(&column.cell, &scope)).collect();
            let height = all.row_height(canvas, &cells)?;
            all.rows.push(Row { height, cells });
        }
        Ok(all)
    }

    pub(super) fn list(&self) -> Field {
        self.table.list
    }

    /// All rows on one page.
    pub(super) fn whole(&self) -> Shelf {
        Shelf { first: 0, end: self.rows.len() }
    }

    /// Height of the head and all rows.
    pub(super) fn height(&self) -> u32 {
        self.rows.iter().fold(self.head.height, |sum, row| sum.saturating_add(row.height))
    }

    /// Shares the rows out to pages, each with the head again; one page where there are none.
    pub(super) fn shelve(&self, list: Field, height: u32) -> Result<Vec<Shelf>, LabelError> {
        let room = height.saturating_sub(self.head.height);
        let mut shelves = Vec::new();
        let (mut first, mut used) = (0, 0_u32);
        for (place, row) in self.rows.iter().enumerate() {
            if row.height > room {
                let needed = SizeDots { width: 0, height: row.height };
                return Err(LabelError::Overflow {
                    field: list,
                    needed,
                    available: SizeDots { width: 0, height: room },
                });
            }
            if used + row.height > room {
                shelves.push(Shelf { first, end: place });
                (first, used) = (place, 0);
            }
            used += row.height;
        }
        shelves.push(Shelf { first, end: self.rows.len() });
        Ok(shelves)
    }

    fn head_height(&self, canvas: &Canvas) -> Result<u32, LabelError> {
        let size = canvas.dots(self.table.head_um);
        let mut height = 0;
        for (text, (_, width)) in self.head.cells.iter().zip(&self.columns) {
            let lines = canvas.lines_of(self.table.list, text, Weight::Bold, size, width.saturating_sub(self.pad))?;
            height = height.max(pitch(size) * lines);
        }
        Ok(if height == 0 { self.rule } else { height + self.pad + self.rule * 2 })
    }

    fn row_height(&self, canvas: &Canvas, cells: &[String]) -> Result<u32, LabelError> {
        let mut height = 0;
        for ((column, text), (_, width)) in self.table.columns.iter().zip(cells).zip(&self.columns) {
            height = height.max(match &column.cell {
                Cell::Text { template, weight, size_um, .. } => {
                    let size = canvas.dots(*size_um);
                    pitch(size)
                        * canvas.lines_of(template.field(), text, *weight, size, width.saturating_sub(self.pad))?
                }
                Cell::Code { height_um, .. } if !text.trim().is_empty() => canvas.dots(*height_um),
                Cell::Code { .. } => 0,
                Cell::Tick { side_um } => canvas.dots(*side_um),
            });
        }
        Ok(height + self.pad + self.rule)
    }

    /// Draws the head and the rows of one page.
    pub(super) fn draw(&self, canvas: &mut Canvas, shelf: &Shelf, place: Rect) -> Result<(), LabelError> {
        let mut rest = place;
        let mut band = rest.take_top(self.head.height);
        let under = band.take_bottom(self.rule * 2);
        for ((column, text), (x, width)) in self.table.columns.iter().zip(&self.head.cells).zip(&self.columns) {
            let cell = Rect { x: place.x + x, width: width.saturating_sub(self.pad), ..band };
            let align = if let Cell::Text { across, .. } = &column.cell { (*across).into() } else { Align::Left };
            let style = Style::bold(canvas.dots(self.table.head_um)).align(align);
            canvas.paragraph(self.table.list, text, cell, style)?;
        }
        canvas.fill(self.table.list, Rect { height: under.height.min(self.rule * 2), ..under });
        for row in self.rows.get(shelf.first..shelf.end).unwrap_or_default() {
            let mut band = rest.take_top(row.height);
            let rule = band.take_bottom(self.rule);
            let half = self.pad / 2;
            band.take_top(half);
            band.take_bottom(self.pad - half);
            self.row(canvas, row, band, place.x)?;
            canvas.fill(self.table.list, rule);
        }
        Ok(())
    }

    fn row(&self, canvas: &mut Canvas, row: &Row, band: Rect, left: u32) -> Result<(), LabelError> {
        for ((column, text), (x, width)) in self.table.columns.iter().zip(&row.cells).zip(&self.columns) {
            let place = Rect { x: left + x, width: width.saturating_sub(self.pad), ..band };
            match &column.cell {
                Cell::Text { template, weight, across, size_um } => {
                    let size = canvas.dots(*size_um);
                    let align = Align::from(*across);
                    let style = Style { weight: *weight, size, smallest: Some(size), align, ink: Ink::Black };
                    canvas.paragraph(template.field(), text, place, style)?;
                }
                Cell::Code { code, .. } => draw_code(canvas, code, text, place)?,
                Cell::Tick { side_um } => {
                    let side = canvas.dots(*side_um).min(place.width).min(place.height);
                    let box_ = Rect { width: side, height: side, ..place };
                    canvas.frame(self.table.list, box_, self.rule.max(2));
                }
            }
        }
        Ok(())
    }
}

fn filled(cell: &Cell, scope: &Scope<'_>) -> String {
    match cell {
        Cell::Text { template, .. } => template.fill(scope),
        Cell::Code { code, .. } => code.template.fill(scope),
        Cell::Tick { .. } => String::new(),
    }
}

/// Where each column begins, and how wide it is: as the file says, and an equal share of the rest for those without.
fn columns(canvas: &Canvas, table: &Table, width: u32) -> Result<Vec<(u32, u32)>, LabelError> {
    let given: u32 = table.columns.iter().map(|column| canvas.dots(column.width_um)).sum();
    let open = u32::try_from(table.columns.iter().filter(|column| column.width_um == 0).count()).unwrap_or(u32::MAX);
    let share = width.saturating_sub(given).checked_div(open).unwrap_or(0);
    let least = canvas.dots(5_000);
    if given > width || (open > 0 && share < least) {
        let needed = SizeDots { width: given + least * open, height: 0 };
        return Err(LabelError::Overflow { field: table.list, needed, available: SizeDots { width, height: 0 } });
    }
    let mut x = 0;
    let columns = table.columns.iter().map(|column| {
        let width = if column.width_um == 0 { share } else { canvas.dots(column.width_um) };
        let start = x;
        x += width;
        (start, width)
    });
    Ok(columns.collect())
}
