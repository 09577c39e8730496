//! Compares the warehouse with the book.

use tallyman::db::Sql;
use tallyman::order::model::OrderState;

use super::Command;
use super::floor::Floor;

impl Floor<'_> {
    /// The warehouse is what the book says.
    pub async fn compare(&self, command: &Command) {
        const CELLS: &str = "SELECT p.code, l.number, c.status, c.on_hand, c.reserved FROM stock_cell c
            JOIN place p ON p.id = c.place_id JOIN lot l ON l.id = c.lot_id WHERE c.on_hand > 0";
        let mut cells: Vec<(String, String, String, i64, i64)> = self.rows(CELLS).await;
        let kept = self.book.cells.iter().filter(|(_, (on_hand, _))| *on_hand > 0);
        let mut expected: Vec<_> = kept
            .map(|((place, lot, status), (on_hand, reserved))| {
                (place.clone(), format!("L{lot}"), (*status).to_owned(), *on_hand, *reserved)
            })
            .collect();
        cells.sort();
        expected.sort();
        assert_eq!(cells, expected, "stock after {command:?}");

        const LINES: &str = "SELECT o.id, o.state, o.held_from, l.promised, l.allocated, l.shipped, l.cancelled
            FROM customer_order o JOIN order_line l ON l.order_id = o.id ORDER BY o.id, l.id";
        let lines: Vec<(i64, String, String, i64, i64, i64, i64)> = self.rows(LINES).await;
        let orders = self.book.orders.iter().zip(1..);
        let expected: Vec<_> = orders
            .flat_map(|(order, id)| {
                let from = order.held_from.filter(|_| order.state == OrderState::Held).map_or("", OrderState::code);
                let state = (id, order.state.code().to_owned(), from.to_owned());
                order.lines.iter().map(move |line| {
                    let (id, state, from) = state.clone();
                    (id, state, from, line.promised, line.allocated, line.shipped, line.cancelled)
                })
            })
            .collect();
        assert_eq!(without_old_holds(lines), expected, "orders after {command:?}");

        const ALLOCATIONS: &str =
            "SELECT order_id, quantity, picked, short, taken_out, packed FROM allocation ORDER BY id";
        let allocations: Vec<(i64, i64, i64, i64, i64, i64)> = self.rows(ALLOCATIONS).await;
        let of = |order: usize| i64::try_from(order).unwrap() + 1;
        let each = self.book.allocs.iter();
        let expected: Vec<_> = each.map(|a| (of(a.order), a.quantity, a.picked, a.short, a.out, a.packed)).collect();
        assert_eq!(allocations, expected, "allocations after {command:?}");

        let parcels: Vec<(String, String)> = self.rows("SELECT number, state FROM parcel ORDER BY place_id").await;
        let each = self.book.parcels.iter();
        let expected: Vec<_> = each.map(|parcel| (parcel.number.clone(), parcel.state.to_owned())).collect();
        assert_eq!(parcels, expected, "parcels after {command:?}");
    }

    pub async fn rows<T: tallyman::db::value::FromRow + Send + 'static>(&self, text: &'static str) -> Vec<T> {
        let sql = Sql::both(text);
        let read = self.world.db.read(|tx| Box::pin(async move { tx.all::<T>(sql, vec![]).await })).await;
        read.unwrap()
    }
}

type LineRow = (i64, String, String, i64, i64, i64, i64);

/// Where an order isn't held, what it was held from says nothing.
fn without_old_holds(lines: Vec<LineRow>) -> Vec<LineRow> {
    let mend = |(id, state, from, a, b, c, d): LineRow| {
        let from = if state == "held" { from } else { String::new() };
        (id, state, from, a, b, c, d)
    };
    lines.into_iter().map(mend).collect()
}
