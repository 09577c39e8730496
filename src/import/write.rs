//! Writing what was read: one operation, one transaction.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Errors, Parsed, Records};
use crate::app::App;
use crate::catalog::CatalogError;
use crate::catalog::ops::PutSkus;
use crate::db::{Context, DbError};
use crate::kernel::ids::ChannelId;
use crate::location::LocationError;
use crate::location::ops::PutLocations;
use crate::order::OrderError;
use crate::order::bulk::PlaceOrders;
use crate::refusal::Refusal;
use crate::stock::error::StockError;
use crate::stock::ops::ReceiveStock;

/// Why an import was refused.
#[derive(Debug)]
pub enum ImportError {
    /// The file has mistakes.
    Rows(Errors),
    /// The catalogue refused.
    Catalog(CatalogError),
    /// The locations refused.
    Location(LocationError),
    /// The stock refused.
    Stock(StockError),
    /// The orders refused.
    Order(OrderError),
    /// The database failed.
    Db(DbError),
}

impl ImportError {
    /// The refusal inside; `None` where the file has mistakes.
    #[must_use]
    pub fn refusal(&self) -> Option<&dyn Refusal> {
        Some(match self {
            Self::Rows(_) => return None,
            Self::Catalog(error) => error,
            Self::Location(error) => error,
            Self::Stock(error) => error,
            Self::Order(error) => error,
            Self::Db(error) => error,
        })
    }
}

macro_rules! from {
    ($($variant:ident($error:ty)),+) => { $(
        impl From<$error> for ImportError { fn from(error: $error) -> Self { Self::$variant(error) } }
    )+ };
}
from!(Catalog(CatalogError), Location(LocationError), Stock(StockError), Order(OrderError), Db(DbError));

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    /// Rows below the header.
    pub rows: u64,
    /// How the file was written: UTF-8, UTF-16LE, UTF-16BE or GB18030.
    pub encoding: String,
    /// Whether it was only looked at.
    pub dry_run: bool,
    /// SKUs, locations, receipts or orders.
    pub records: u64,
    /// Barcodes that came with the SKUs.
    pub barcodes: i64,
    /// Pieces that came into stock.
    pub pieces: i64,
    /// Orders that have their stock now.
    pub promised: i64,
    /// Orders that wait for stock.
    pub short: i64,
    /// Orders that wait for a person.
    pub held: i64,
}

/// Checks what was read against the database and, unless it is a dry run, writes it: all or nothing.
///
/// # Errors
/// [`ImportError`]; nothing is written then.
pub async fn write(
    app: &App,
    context: Context,
    channel: ChannelId,
    parsed: Parsed,
    dry_run: bool,
) -> Result<Imported, ImportError> {
    let warehouse = context.warehouse;
    let read = app.db.read(|tx| {
        Box::pin(async move {
            let errors = super::check(tx, warehouse, &parsed).await?;
            Ok::<_, DbError>((errors, parsed))
        })
    });
    let (errors, parsed) = read.await?;
    if !errors.is_empty() {
        return Err(ImportError::Rows(errors));
    }
    let Parsed { records, row_count, encoding, .. } = parsed;
    let mut imported = Imported { rows: row_count, encoding: encoding.to_owned(), dry_run, ..Imported::default() };
    imported.records = match &records {
        Records::Skus(list) => list.len() as u64,
        Records::Locations(list) => list.len() as u64,
        Records::Stock(list) => list.len() as u64,
        Records::Orders(list) => list.len() as u64,
    };
    if dry_run {
        return Ok(imported);
    }
    match records {
        Records::Skus(skus) => imported.barcodes = app.operate(context, PutSkus { skus }).await?.barcodes,
        Records::Locations(locations) => {
            app.operate(context, PutLocations { locations }).await?;
        }
        Records::Stock(receipts) => {
            imported.pieces = app.operate(context, ReceiveStock { receipts, opening: true }).await?.pieces;
        }
        Records::Orders(orders) => {
            let placed = app.operate(context, PlaceOrders { channel, orders }).await?;
            (imported.promised, imported.short, imported.held) = (placed.promised, placed.short, placed.held);
        }
    }
    Ok(imported)
}
