//! SVG for pages of the web: one path of whole-dot rectangles, as large as the label.

use crate::sheet::{Rect, Sheet};
use std::fmt::Write as _;

/// A sheet as an SVG. It says its size in millimetres and has no `style`, which pages may forbid.
pub fn encode(sheet: &Sheet) -> Vec<u8> {
    let (width, height) = (sheet.width, sheet.height);
    let mm = |dots: u32| {
        let thousandths = u64::from(dots) * 1_000_000 / u64::from(sheet.dots_per_m.max(1));
        format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}mm\" height=\"{}mm\" viewBox=\"0 0 {width} {height}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/><path d=\"",
        mm(width),
        mm(height),
    );
    for Rect { x, y, width, height } in rectangles(sheet) {
        // A String takes everything that is written to it.
        let _ = write!(svg, "M{x} {y}h{width}v{height}h-{width}z");
    }
    svg.push_str("\"/></svg>\n");
    svg.into_bytes()
}

/// The black dots as rectangles: runs of a row, joined with equal runs of the rows below.
fn rectangles(sheet: &Sheet) -> Vec<Rect> {
    let bitmap = crate::raster::draw(sheet);
    let mut done = Vec::new();
    let mut open: Vec<Rect> = Vec::new();
    let origin = Rect { x: 0, y: 0, width: 0, height: 0 };
    let mut runs = bitmap.black_runs(&origin).into_iter().peekable();
    for y in 0..=bitmap.height {
        let mut next = Vec::new();
        let mut above = std::mem::take(&mut open).into_iter().peekable();
        while let Some(run) = runs.next_if(|run| run.y == y) {
            while let Some(ended) = above.next_if(|rect| rect.x < run.x) {
                done.push(ended);
            }
            match above.next_if(|rect| rect.x == run.x && rect.width == run.width) {
                Some(rect) => next.push(Rect { height: rect.height + 1, ..rect }),
                None => next.push(run),
            }
        }
        done.extend(above);
        open = next;
    }
    done
}
