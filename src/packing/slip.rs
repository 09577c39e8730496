//! The packing slip: what lies in a parcel, printed for the buyer.

use serde::Serialize;
use tallyman_labels::{Label, PackingLine, PackingSlip, Party};

use super::model::PACKING_SLIP;
use super::parcel::{ParcelRow, lock, require};
use super::{PackError, sql};
use crate::args;
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{PlaceId, PrintJobId, StationId};
use crate::order::personal::{self, Personal};
use crate::station::model::JobKind;
use crate::station::papers::{NewPaper, PapersQueued, heading, queue};
use crate::station::{StationError, label, port};

/// Prints a parcel's packing slip; again, where somebody asks again.
#[derive(Debug, Serialize)]
pub struct PrintPackingSlip {
    /// Which parcel's.
    pub parcel: PlaceId,
    /// Where it is asked for; where the parcel is packed, if it isn't said.
    pub station: Option<StationId>,
}

impl Operation for PrintPackingSlip {
    const KIND: &'static str = "packing.slip";
    type Answer = PapersQueued;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PapersQueued, PackError> {
        require(op, Right::Pack)?;
        let (_, parcel) = lock(op, self.parcel).await?;
        let print_job_ids = print(op, self.parcel, self.station.or(parcel.station)).await?;
        Ok(PapersQueued { print_job_ids })
    }
}

async fn print(
    op: &mut Op<'_, '_>,
    parcel: PlaceId,
    station: Option<StationId>,
) -> Result<Vec<PrintJobId>, StationError> {
    let slip = Label::PackingSlip(slip(op, parcel, station).await?);
    let new = NewPaper::of(op, slip, Some(parcel), station);
    queue(op, new, 1).await
}

/// Prints it by itself once the last piece is in the parcel, where the station has a printer for packing slips, and it
/// was not asked for before. Nothing about paper keeps a piece from its parcel.
pub(super) async fn by_itself(op: &mut Op<'_, '_>, parcel: &ParcelRow) -> Result<(), PackError> {
    let wanted: Option<(StationId,)> =
        op.tx.opt(sql::SELECT_SLIP_WANTED, args![parcel.id, parcel.station, JobKind::PackingSlip]).await?;
    if wanted.is_none() {
        return Ok(());
    }
    match print(op, parcel.id, parcel.station).await {
        Err(StationError::Db(error)) => Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, parcel = parcel.number, "a packing slip is not printed by itself");
            Ok(())
        }
        Ok(_) => Ok(()),
    }
}

async fn slip(op: &mut Op<'_, '_>, parcel: PlaceId, station: Option<StationId>) -> Result<PackingSlip, StationError> {
    let row = label::read(op, parcel, station).await?;
    let contents = label::contents(op, parcel).await?;
    let papers: Vec<(String,)> = op.tx.all(sql::LIST_PAPER_NAMES, args![parcel]).await?;
    let (shop, printed_at) = heading(op).await?;
    let services = &op.context.services;
    let personal: Personal = services.vault.open_json(personal::PURPOSE, &row.personal)?;
    let receiver = &personal.receiver;
    let lines = contents.iter().map(|content| PackingLine {
        sku: content.sku.clone(),
        name: content.name(&services.layouts).to_owned(),
        quantity: content.quantity.to_string(),
        gift: false,
    });
    Ok(PackingSlip {
        language: port::language(receiver),
        shop,
        order_number: row.order,
        parcel_number: row.parcel,
        printed_at,
        receiver: Party {
            name: receiver.name.clone(),
            phone: crate::kernel::text::masked_phone(&receiver.phone),
            lines: port::address(receiver),
        },
        lines: lines.collect(),
        papers: papers.into_iter().map(|(paper,)| paper).filter(|paper| paper != PACKING_SLIP).collect(),
        remark: personal.buyer_remark,
        total: contents.iter().map(|content| content.quantity).sum::<i64>().to_string(),
    })
}
