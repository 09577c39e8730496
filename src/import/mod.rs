//! Tables from CSV files: the catalogue, locations, opening stock, orders. A file is taken whole or not at all, and
//! everything that is wrong with it is named by row and column.

mod csv;
mod decode;
mod errors;
mod locations;
mod orders;
mod skus;
mod stock;
mod table;
mod template;
mod write;

use std::collections::HashMap;

use jiff::tz::TimeZone;

use crate::catalog::ops::SkuInput;
use crate::db::{DbError, Tx};
use crate::kernel::ids::WarehouseId;
use crate::location::ops::LocationInput;
use crate::order::inbound::InboundOrder;
use crate::stock::ops::Receipt;

pub use errors::{Errors, LISTED, RowError, RowProblem};
pub use template::template;
pub use write::{ImportError, Imported, write};

/// Most rows of a file.
pub const MOST_ROWS: u64 = 500_000;
/// Most orders of a file: each is reviewed and promised by itself, in one transaction.
pub const MOST_ORDERS: usize = 10_000;

crate::codes! {
    /// What a file holds.
    pub enum What {
        /// SKUs with their barcodes.
        Skus = "skus",
        /// Locations.
        Locations = "locations",
        /// Opening stock by lot.
        Stock = "stock",
        /// Customers' orders, a row for each line.
        Orders = "orders",
    }
}

/// What was in a file.
#[derive(Debug)]
pub enum Records {
    /// SKUs.
    Skus(Vec<SkuInput>),
    /// Locations.
    Locations(Vec<LocationInput>),
    /// Opening stock.
    Stock(Vec<Receipt>),
    /// Orders.
    Orders(Vec<InboundOrder>),
}

/// A file that was read.
#[derive(Debug)]
pub struct Parsed {
    /// What was in it.
    pub records: Records,
    /// The row of each record; none for orders.
    rows: Vec<u64>,
    /// Rows below the header.
    pub row_count: u64,
    /// How the file was written.
    pub encoding: &'static str,
}

/// Reads a file. `progress` is told how many bytes of the text are behind, and how many there are.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(
    what: What,
    bytes: &[u8],
    zone: &TimeZone,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Parsed, Errors> {
    let (text, encoding) = decode::decode(bytes)
        .map_err(|error| Errors::file("import.encoding", vec![("line", error.line.to_string())]))?;
    let (separator, start) = csv::separator(&text);
    let text = text.get(start..).unwrap_or_default();
    // The row with `sep=` is a row of the file too.
    let before = u64::from(start > 0);
    let quote = |error: csv::BadQuote| Errors::file("import.quote", vec![("row", (error.row + before).to_string())]);
    let mut lines = csv::Rows::new(text, separator);
    let Some((number, cells)) = lines.next().map_err(quote)? else {
        return Err(Errors::file("import.empty", vec![]));
    };
    let mut errors = Errors::default();
    let header = table::Header::read(columns(what), number + before, &cells, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut reader = Reader::new(what);
    let mut row_count = 0;
    while let Some((number, cells)) = lines.next().map_err(quote)? {
        row_count += 1;
        if row_count > MOST_ROWS {
            return Err(Errors::file("import.too_many_rows", vec![("most", MOST_ROWS.to_string())]));
        }
        let mut row = table::Row { number: number + before, header: &header, cells: &cells, errors: &mut errors };
        row.check_width();
        reader.read(&mut row, zone);
        if row_count % 512 == 0 {
            progress(lines.position(), text.len());
        }
    }
    reader.finish(row_count, encoding, errors)
}

const fn columns(what: What) -> &'static [table::Column] {
    match what {
        What::Skus => skus::COLUMNS,
        What::Locations => locations::COLUMNS,
        What::Stock => stock::COLUMNS,
        What::Orders => orders::COLUMNS,
    }
}

/// The records so far, with what later rows are compared with.
enum Reading {
    Skus(Vec<SkuInput>, skus::Seen),
    Locations(Vec<LocationInput>, HashMap<String, u64>),
    Stock(Vec<Receipt>, stock::Lots),
    Orders(Vec<InboundOrder>, orders::Seen),
}

struct Reader {
    reading: Reading,
    rows: Vec<u64>,
}

impl Reader {
    fn new(what: What) -> Self {
        let reading = match what {
            What::Skus => Reading::Skus(Vec::new(), skus::Seen::default()),
            What::Locations => Reading::Locations(Vec::new(), HashMap::new()),
            What::Stock => Reading::Stock(Vec::new(), stock::Lots::new()),
            What::Orders => Reading::Orders(Vec::new(), orders::Seen::default()),
        };
        Self { reading, rows: Vec::new() }
    }

    fn read(&mut self, row: &mut table::Row<'_, '_>, zone: &TimeZone) {
        self.rows.push(row.number);
        match &mut self.reading {
            Reading::Skus(list, seen) => list.push(skus::read(row, seen)),
            Reading::Locations(list, seen) => list.push(locations::read(row, seen)),
            Reading::Stock(list, lots) => list.push(stock::read(row, zone, lots)),
            Reading::Orders(list, seen) => orders::read(row, zone, seen, list),
        }
    }

    fn finish(self, row_count: u64, encoding: &'static str, errors: Errors) -> Result<Parsed, Errors> {
        let records = match self.reading {
            Reading::Skus(list, _) => Records::Skus(list),
            Reading::Locations(list, _) => Records::Locations(list),
            Reading::Stock(list, _) => Records::Stock(list),
            Reading::Orders(list, _) if list.len() > MOST_ORDERS => {
                return Err(Errors::file("import.too_many_orders", vec![("most", MOST_ORDERS.to_string())]));
            }
            Reading::Orders(list, _) => Records::Orders(list),
        };
        if row_count == 0 {
            return Err(Errors::file("import.empty", vec![]));
        }
        if errors.is_empty() { Ok(Parsed { records, rows: self.rows, row_count, encoding }) } else { Err(errors) }
    }
}

/// Compares what was read with what the database has.
///
/// # Errors
/// A failure of the database. What is wrong is in the answer.
pub async fn check(tx: &mut Tx<'_>, warehouse: WarehouseId, parsed: &Parsed) -> Result<Errors, DbError> {
    let mut errors = Errors::default();
    let rows = &parsed.rows;
    match &parsed.records {
        Records::Skus(skus) => skus::check(tx, skus, rows, &mut errors).await?,
        Records::Locations(list) => locations::check(tx, warehouse, list, rows, &mut errors).await?,
        Records::Stock(receipts) => stock::check(tx, warehouse, receipts, rows, &mut errors).await?,
        // What an order lacks is no mistake of the file: the order is held for a person.
        Records::Orders(_) => {}
    }
    Ok(errors)
}

#[cfg(test)]
mod tests;
