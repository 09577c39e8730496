//! A scanned tote, or a slot of a put wall, becomes a parcel, or goes on with the one that was begun.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{INVOICE, PACKING_SLIP, papers_of};
use super::parcel::{self, ParcelRow, packable, pieces, reason, require, station};
use super::{PackError, sql};
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{OrderId, PlaceId, StationId};
use crate::kernel::text::scanned;
use crate::location::ops::{Place, place};
use crate::order::ops::OrderRow;
use crate::order::personal::{self, Personal};
use crate::picking::goods::{self, last, of_batch};
use crate::picking::sql as picking_sql;
use crate::stock::model::PlaceKind;
use crate::{args, order};

/// Begins to pack what is in a tote, or in a complete slot of a put wall.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartPacking {
    /// The tote or the slot, scanned.
    pub tote: String,
    /// The station's code, where one packs at a station.
    #[serde(default)]
    pub station: Option<String>,
    /// Whether to go on with a parcel that somebody else has begun.
    #[serde(default)]
    pub take_over: bool,
}

/// A parcel to be filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackingStarted {
    /// The parcel.
    pub parcel_id: PlaceId,
    /// Its number.
    pub parcel: String,
    /// Its order's number.
    pub order: String,
    /// Whether it was begun before.
    pub resumed: bool,
}

impl Operation for StartPacking {
    const KIND: &'static str = "packing.start";
    type Answer = PackingStarted;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PackingStarted, PackError> {
        require(op, Right::Pack)?;
        let station = station(op, self.station.as_deref()).await?;
        let from = tote(op, &self.tote).await?;
        let order = owner(op, &from).await?;
        let order = order::ops::lock(op, order).await?;
        packable(&order)?;
        present(op, &order, &from).await?;
        complete(op, &order, &from).await?;
        Start { order, from, station, take_over: self.take_over }.go(op).await
    }
}

/// Begins to pack a slot that isn't complete: what is missing is lost, or comes later.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartIncomplete {
    /// The slot, scanned.
    pub slot: String,
    /// Why it isn't waited for.
    pub reason: String,
    /// The station's code, where one packs at a station.
    #[serde(default)]
    pub station: Option<String>,
    /// Whether to go on with a parcel that somebody else has begun.
    #[serde(default)]
    pub take_over: bool,
}

impl Operation for StartIncomplete {
    const KIND: &'static str = "packing.start_incomplete";
    type Answer = PackingStarted;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PackingStarted, PackError> {
        require(op, Right::Pack)?;
        let why = reason(&self.reason)?;
        let station = station(op, self.station.as_deref()).await?;
        let from = tote(op, &self.slot).await?;
        let order = owner(op, &from).await?;
        let order = order::ops::lock(op, order).await?;
        packable(&order)?;
        present(op, &order, &from).await?;
        op.record("parcel.begun_incomplete", ("order", order.id.0), &json!({ "slot": from.code, "reason": why }));
        Start { order, from, station, take_over: self.take_over }.go(op).await
    }
}

/// What a parcel is begun with: an order that is locked and may be packed.
pub(super) struct Start {
    pub(super) order: OrderRow,
    pub(super) from: Place,
    pub(super) station: Option<StationId>,
    pub(super) take_over: bool,
}

impl Start {
    /// Begins the order's parcel, or goes on with the one that is open.
    pub(super) async fn go(&self, op: &mut Op<'_, '_>) -> Result<PackingStarted, PackError> {
        let open: Option<(PlaceId,)> = op.tx.opt(sql::SELECT_OPEN, args![self.order.id]).await?;
        match open {
            Some((open,)) => self.resume(op, open).await,
            None => begin(op, &self.order, &self.from, self.station).await,
        }
    }

    async fn resume(&self, op: &mut Op<'_, '_>, open: PlaceId) -> Result<PackingStarted, PackError> {
        let row: ParcelRow = op.tx.one("parcel", sql::LOCK_PARCEL, args![open]).await?;
        if !self.take_over {
            parcel::own(op, &row)?;
        }
        // Nothing below may fail for a business reason.
        let person = op.person();
        op.tx.exec(sql::SET_PACKER, args![open, person, self.station]).await?;
        if row.packer.is_some_and(|packer| packer != person) {
            let data = json!({ "from": row.packer_number });
            op.record("parcel.taken_over", ("parcel", open.0), &data);
        }
        Ok(PackingStarted { parcel_id: open, parcel: row.number, order: self.order.number.clone(), resumed: true })
    }
}

/// A scanned tote, or a slot of a put wall.
pub(super) async fn tote(op: &mut Op<'_, '_>, text: &str) -> Result<Place, PackError> {
    let warehouse = op.warehouse();
    let holds = |found: &Place| matches!(found.kind, PlaceKind::Tote | PlaceKind::Slot);
    let found = place(op.tx, warehouse, text).await?.filter(holds);
    found.ok_or_else(|| PackError::NotATote { scanned: scanned(text) })
}

/// The order whose goods lie in a tote or slot. Where there are goods of many, they have to be sorted, or are packed piece
/// by piece.
async fn owner(op: &mut Op<'_, '_>, tote: &Place) -> Result<OrderId, PackError> {
    let warehouse = op.warehouse();
    let empty = || PackError::EmptyTote { tote: tote.code.clone() };
    let none = crate::kernel::ids::PickTaskId(0);
    let (goods, _): (i64, i64) =
        op.tx.one("tote", picking_sql::SELECT_TOTE_USE, args![warehouse, tote.id, none]).await?;
    if goods == 0 {
        return Err(empty());
    }
    if tote.kind == PlaceKind::Tote && of_batch(op.tx, tote.id).await?.is_none() {
        return last(op.tx, warehouse, tote.id).await?.ok_or_else(empty);
    }
    let orders = orders_in(op, tote).await?;
    match orders.as_slice() {
        [] => Err(empty()),
        [(order, _)] => Ok(*order),
        many => Err(sort_first(tote, many)),
    }
}

/// The orders whose goods lie in a tote or slot, with the pieces that each wants in all; the first to ship first.
pub(super) async fn orders_in(op: &mut Op<'_, '_>, tote: &Place) -> Result<Vec<(OrderId, i64)>, PackError> {
    let warehouse = op.warehouse();
    let mut orders: Vec<(OrderId, i64)> = Vec::new();
    for row in goods::goods(op.tx, warehouse, tote).await? {
        if !orders.iter().any(|(order, _)| *order == row.order) {
            let (pieces,): (i64,) = op.tx.one("order", sql::SELECT_ORDER_PIECES, args![row.order]).await?;
            orders.push((row.order, pieces));
        }
    }
    Ok(orders)
}

/// Why a tote of many orders can't be packed as a whole.
pub(super) fn sort_first(tote: &Place, orders: &[(OrderId, i64)]) -> PackError {
    let (tote, count) = (tote.code.clone(), i64::try_from(orders.len()).unwrap_or(i64::MAX));
    if orders.iter().all(|(_, pieces)| *pieces == 1) {
        PackError::ScanItem { tote, orders: count }
    } else {
        PackError::SortFirst { tote, orders: count }
    }
}

/// Looked at again under the lock: another packer may have emptied it a moment ago.
async fn present(op: &mut Op<'_, '_>, order: &OrderRow, from: &Place) -> Result<(), PackError> {
    let there = pieces(op, order.id).await?.iter().any(|piece| piece.tote == from.id);
    if there { Ok(()) } else { Err(PackError::EmptyTote { tote: from.code.clone() }) }
}

/// Whether everything of an order lies in its slot.
async fn complete(op: &mut Op<'_, '_>, order: &OrderRow, from: &Place) -> Result<(), PackError> {
    if from.kind != PlaceKind::Slot {
        return Ok(());
    }
    let filling = crate::wall::slot::filling(op, from.id, order.id).await?;
    if filling.complete() {
        return Ok(());
    }
    Err(PackError::SlotNotComplete { slot: from.code.clone(), pieces: filling.pieces, of: filling.of })
}

async fn begin(
    op: &mut Op<'_, '_>,
    order: &OrderRow,
    tote: &Place,
    station: Option<StationId>,
) -> Result<PackingStarted, PackError> {
    let papers = papers(op, order.id).await?;
    // Nothing below may fail for a business reason.
    let (warehouse, person, at) = (op.warehouse(), op.person(), op.at());
    let (before,): (i64,) = op.tx.one("parcels", sql::COUNT_PARCELS, args![order.id]).await?;
    let number = format!("P{:08}-{}", order.id.0, before + 1);
    let (parcel_id,): (PlaceId,) = op.tx.one("place", sql::INSERT_PLACE, args![warehouse, &number]).await?;
    let values = args![parcel_id, warehouse, order.id, &number, station, person, at];
    op.tx.exec(sql::INSERT_PARCEL, values).await?;
    let rows = papers.iter().map(|paper| args![parcel_id, paper]).collect();
    op.tx.bulk_exec(sql::INSERT_PAPERS, rows).await?;
    let data = json!({ "order": order.number, "tote": tote.code });
    op.record("parcel.begun", ("parcel", parcel_id.0), &data);
    Ok(PackingStarted { parcel_id, parcel: number, order: order.number.clone(), resumed: false })
}

/// What must be in the parcel besides the goods: a packing slip, the papers of the SKUs, and the invoice once an order.
async fn papers(op: &mut Op<'_, '_>, order: OrderId) -> Result<Vec<String>, PackError> {
    let mut papers = vec![PACKING_SLIP.to_owned()];
    let (sealed,): (Vec<u8>,) = op.tx.one("order", sql::SELECT_PERSONAL, args![order]).await?;
    let personal: Personal = op.context.services.vault.open_json(personal::PURPOSE, &sealed)?;
    if personal.invoice.is_some_and(|invoice| !invoice.is_null()) {
        let (elsewhere,): (i64,) = op.tx.one("papers", sql::COUNT_PAPER, args![order, INVOICE]).await?;
        if elsewhere == 0 {
            papers.push(INVOICE.to_owned());
        }
    }
    let lists: Vec<(String,)> = op.tx.all(sql::SELECT_SKU_PAPERS, args![order]).await?;
    papers.extend(lists.iter().flat_map(|(list,)| papers_of(list)));
    papers.sort();
    papers.dedup();
    Ok(papers)
}
