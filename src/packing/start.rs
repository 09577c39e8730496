//! A scanned tote becomes a parcel, or goes on with the one that was begun.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{INVOICE, PACKING_SLIP, papers_of};
use super::parcel::{self, ParcelRow, packable, pieces, require, station};
use super::{PackError, sql};
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{OrderId, PlaceId, StationId};
use crate::kernel::text::scanned;
use crate::location::ops::{Place, place};
use crate::order::model::OrderState;
use crate::order::ops::OrderRow;
use crate::order::personal::{self, Personal};
use crate::picking::sql as picking_sql;
use crate::stock::model::PlaceKind;
use crate::{args, order};

/// Begins to pack what is in a tote.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartPacking {
    /// The tote, scanned.
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
        let tote = tote(op, &self.tote).await?;
        let order = owner(op, &tote).await?.ok_or_else(|| PackError::EmptyTote { tote: tote.code.clone() })?;
        let order = order::ops::lock(op, order).await?;
        packable(&order)?;
        // Looked at again under the lock: another packer may have emptied it a moment ago.
        if !pieces(op, order.id).await?.iter().any(|piece| piece.tote == tote.id) {
            return Err(PackError::EmptyTote { tote: tote.code });
        }
        let open: Option<(PlaceId,)> = op.tx.opt(sql::SELECT_OPEN, args![order.id]).await?;
        match open {
            Some((open,)) => self.resume(op, &order, open, station).await,
            None => begin(op, &order, &tote, station).await,
        }
    }
}

impl StartPacking {
    async fn resume(
        &self,
        op: &mut Op<'_, '_>,
        order: &OrderRow,
        open: PlaceId,
        station: Option<StationId>,
    ) -> Result<PackingStarted, PackError> {
        let row: ParcelRow = op.tx.one("parcel", sql::LOCK_PARCEL, args![open]).await?;
        if !self.take_over {
            parcel::own(op, &row)?;
        }
        // Nothing below may fail for a business reason.
        let person = op.person();
        op.tx.exec(sql::SET_PACKER, args![open, person, station]).await?;
        if row.packer.is_some_and(|packer| packer != person) {
            let data = json!({ "from": row.packer_number });
            op.record("parcel.taken_over", ("parcel", open.0), &data);
        }
        Ok(PackingStarted { parcel_id: open, parcel: row.number, order: order.number.clone(), resumed: true })
    }
}

/// A scanned tote.
pub(super) async fn tote(op: &mut Op<'_, '_>, text: &str) -> Result<Place, PackError> {
    let warehouse = op.warehouse();
    let found = place(op.tx, warehouse, text).await?.filter(|found| found.kind == PlaceKind::Tote);
    found.ok_or_else(|| PackError::NotATote { scanned: scanned(text) })
}

/// Whose goods lie in a tote; nobody's where it is empty.
pub(super) async fn owner(op: &mut Op<'_, '_>, tote: &Place) -> Result<Option<OrderId>, PackError> {
    let warehouse = op.warehouse();
    let none = crate::kernel::ids::PickTaskId(0);
    let (goods, _): (i64, i64) =
        op.tx.one("tote", picking_sql::SELECT_TOTE_USE, args![warehouse, tote.id, none]).await?;
    if goods == 0 {
        return Ok(None);
    }
    let order: Option<(OrderId, String, OrderState)> =
        op.tx.opt(picking_sql::SELECT_TOTE_ORDER, args![warehouse, tote.id]).await?;
    Ok(order.map(|(order, ..)| order))
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
