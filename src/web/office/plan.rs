//! The floor plan: one square a place, row by row as the aisles are, six levels of heat, readable without colour.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::Frame;
use crate::app::App;
use crate::report::board::{Spot, floor_plan};
use crate::web::page::html;
use crate::web::{Query, Reader, WebError};

/// The side of a square, in units of the drawing.
const SIDE: usize = 30;
/// Squares in a row of the drawing.
const ACROSS: usize = 36;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    by: String,
}

/// A square of the plan.
struct Square {
    x: usize,
    y: usize,
    level: usize,
    code: String,
    value: i64,
}

/// An aisle's name on the plan.
struct Aisle {
    y: usize,
    name: String,
}

#[derive(Template)]
#[template(path = "office/plan.html")]
struct PlanPage {
    frame: Frame,
    by_visits: bool,
    squares: Vec<Square>,
    aisles: Vec<Aisle>,
    width: usize,
    height: usize,
    most: i64,
}

/// A level of heat from 0 (nothing) to 5, in steps of a fifth of the most.
fn level(value: i64, most: i64) -> usize {
    if value <= 0 || most <= 0 {
        return 0;
    }
    usize::try_from((value * 5 + most - 1) / most).unwrap_or(5).clamp(1, 5)
}

/// Places as squares: each zone and aisle begins a row of its own.
fn laid_out(spots: &[Spot], value: impl Fn(&Spot) -> i64) -> (Vec<Square>, Vec<Aisle>, usize) {
    let most = spots.iter().map(&value).max().unwrap_or(0);
    let (mut squares, mut aisles) = (Vec::with_capacity(spots.len()), Vec::new());
    let (mut x, mut y, mut last) = (0, 0, None);
    for spot in spots {
        let aisle = (&spot.zone, &spot.aisle);
        if last != Some(aisle) {
            y += if last.is_some() { SIDE * 2 } else { SIDE };
            x = 0;
            last = Some(aisle);
            aisles.push(Aisle { y: y - 8, name: format!("{} {}", spot.zone, spot.aisle) });
        } else if x == ACROSS * SIDE {
            (x, y) = (0, y + SIDE);
        }
        let value = value(spot);
        squares.push(Square { x, y, level: level(value, most), code: spot.code.clone(), value });
        x += SIDE;
    }
    (squares, aisles, y + SIDE)
}

pub(super) async fn show(
    State(app): State<App>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let warehouse = reader.viewer.warehouse;
    let spots = app.db.read(|tx| Box::pin(floor_plan(tx, warehouse))).await?;
    let by_visits = asked.by == "visits";
    let value = |spot: &Spot| if by_visits { spot.visits } else { spot.pieces };
    let (squares, aisles, height) = laid_out(&spots, value);
    let most = spots.iter().map(value).max().unwrap_or(0);
    let frame = Frame::of(&reader, "/plan");
    html(&PlanPage { frame, by_visits, squares, aisles, width: ACROSS * SIDE, height, most })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heat_has_six_levels() {
        assert_eq!([0, 1, 20, 21, 60, 99, 100].map(|value| level(value, 100)), [0, 1, 1, 2, 3, 5, 5]);
        assert_eq!((level(3, 0), level(-1, 5)), (0, 0));
    }

    #[test]
    fn each_aisle_begins_a_row_and_long_ones_go_on_in_the_next() {
        let spot = |aisle: &str, pieces: i64| Spot {
            code: "x".into(),
            zone: "Z".into(),
            aisle: aisle.into(),
            position: 0,
            pieces,
            visits: 0,
        };
        let mut spots: Vec<Spot> = (0..40).map(|n| spot("A", n)).collect();
        spots.push(spot("B", 5));
        let (squares, aisles, height) = laid_out(&spots, |spot| spot.pieces);
        assert_eq!((squares[0].y, squares[36].x, squares[36].y, squares[40].y), (30, 0, 60, 120));
        assert_eq!((aisles.len(), height), (2, 150));
    }
}
