//! Orders of one piece, picked together into one tote: the scanned item finds the order.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PackError;
use super::parcel::{packable, pieces, require, station};
use super::start::{PackingStarted, Start, orders_in, sort_first, tote};
use crate::catalog::scan;
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::OrderId;
use crate::kernel::text::scanned;
use crate::order;
use crate::picking::goods::{self, GoodsRow, goods};

/// Begins to pack the order in a tote that wants an item: of those, the one that must ship first and that nobody packs yet.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartPackingByItem {
    /// The tote, scanned.
    pub tote: String,
    /// Any barcode of the item, its SKU code, or a GS1 element string.
    pub item: String,
    /// The lot's number; needed where several lots of the item lie in the tote.
    #[serde(default)]
    pub lot: Option<String>,
    /// The station's code, where one packs at a station.
    #[serde(default)]
    pub station: Option<String>,
}

impl Operation for StartPackingByItem {
    const KIND: &'static str = "packing.start_by_item";
    type Answer = PackingStarted;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PackingStarted, PackError> {
        require(op, Right::Pack)?;
        let station = station(op, self.station.as_deref()).await?;
        let from = tote(op, &self.tote).await?;
        let found = scan::item(op.tx, &self.item).await?;
        let found = found.ok_or_else(|| PackError::UnknownItem { scanned: scanned(&self.item) })?;
        let all = orders_in(op, &from).await?;
        if all.is_empty() {
            return Err(PackError::EmptyTote { tote: from.code });
        }
        let warehouse = op.warehouse();
        let mut rows = goods(op.tx, warehouse, &from).await?;
        rows.retain(|row| row.sku == found.item.sku);
        if rows.is_empty() {
            return Err(PackError::NotInTote { sku: found.item.code, tote: from.code });
        }
        let lot = scan::lot_of(&found, self.lot.as_deref());
        let sku = found.item.code;
        let rows = goods::of_lot(&rows, lot.as_deref()).map_err(|wrong| match wrong.scanned {
            Some(scanned) => PackError::WrongLot { scanned, sku: sku.clone(), expected: wrong.lots },
            None => PackError::WhichLot { sku: sku.clone(), lots: wrong.lots },
        })?;
        // An order of several pieces can only be found by the item where it is alone in the tote.
        let single = |order: OrderId| all.len() == 1 || all.iter().any(|(id, pieces)| *id == order && *pieces == 1);
        let wanting: Vec<&GoodsRow> = rows.iter().filter(|row| single(row.order)).collect();
        if wanting.is_empty() {
            return Err(sort_first(&from, &all));
        }
        let mut refusal = None;
        for row in wanting {
            let order = order::ops::lock(op, row.order).await?;
            let start = Start { order, from: from.clone(), station, take_over: false };
            match attempt(op, start, &sku).await {
                Err(PackError::Db(error)) => return Err(error.into()),
                Err(other) => {
                    refusal.get_or_insert(other);
                }
                started => return started,
            }
        }
        Err(refusal.unwrap_or(PackError::NotInTote { sku, tote: from.code }))
    }
}

/// Begins an order's parcel, if it may be packed, its piece still lies in the tote, and nobody else packs it.
async fn attempt(op: &mut Op<'_, '_>, start: Start, sku: &str) -> Result<PackingStarted, PackError> {
    packable(&start.order)?;
    let there = |tote| pieces_of(tote, start.from.id, sku);
    if !pieces(op, start.order.id).await?.iter().any(there) {
        return Err(PackError::NotInTote { sku: sku.to_owned(), tote: start.from.code });
    }
    start.go(op).await
}

fn pieces_of(piece: &super::parcel::PieceRow, tote: crate::kernel::ids::PlaceId, sku: &str) -> bool {
    piece.tote == tote && piece.sku_code == sku
}
