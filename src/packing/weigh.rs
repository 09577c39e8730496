//! The scale, and what follows from it in the same step where nothing hinders: waybill number and label.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{HEAVIEST_GRAMS, ParcelState, WeightBounds};
use super::parcel::{ParcelRow, going, lock, off_manifest, reason, require, station};
use super::reopen::retire_number;
use super::{PackError, pool, sql};
use crate::args;
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{CarrierId, PlaceId, PrintJobId, StationId};
use crate::kernel::text::scanned;
use crate::order::ops::OrderRow;
use crate::refusal::Refusal;
use crate::station::ops::queue_shipping_label;

/// Weighs a closed parcel. Where the weight is right it gets its waybill number and its label at once.
#[derive(Debug, Serialize)]
pub struct WeighParcel {
    /// Which.
    pub parcel: PlaceId,
    /// What the scale said.
    pub weight: Weight,
}

/// A weight.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// In grams.
    pub weight_grams: i64,
    /// The station's code, whose printer prints the label; the parcel's where it isn't said.
    #[serde(default)]
    pub station: Option<String>,
    /// Why the weight is right although it is not what was expected. Needs the right `force_pass`.
    #[serde(default)]
    pub accepted_reason: Option<String>,
}

/// What keeps a parcel from its label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hindrance {
    /// As a refusal's code: `packing.pool_empty`.
    pub code: String,
    /// What the sentence names.
    pub facts: BTreeMap<String, String>,
}

/// Where a parcel stands on its way to the label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ParcelOnItsWay {
    /// The parcel.
    pub parcel_id: PlaceId,
    /// Its number.
    pub parcel: String,
    /// Where it stands.
    pub state: ParcelState,
    /// Between which weights it is right; none where some weight is unknown.
    pub bounds: Option<WeightBounds>,
    /// Its waybill number.
    pub waybill: Option<String>,
    /// The job that prints its label.
    pub print_job_id: Option<PrintJobId>,
    /// What keeps it from its label, although its weight is right. Ask for the label again when that is mended.
    pub hindrance: Option<Hindrance>,
}

impl Operation for WeighParcel {
    const KIND: &'static str = "packing.weigh";
    type Answer = ParcelOnItsWay;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<ParcelOnItsWay, PackError> {
        require(op, Right::Pack)?;
        let grams = self.weight.weight_grams;
        if !(1..=HEAVIEST_GRAMS).contains(&grams) {
            return Err(PackError::BadWeight { weight_grams: grams });
        }
        let accepted = self.accepted(op)?;
        let station = station(op, self.weight.station.as_deref()).await?;
        let (order, mut parcel) = lock(op, self.parcel).await?;
        going(&order)?;
        if !parcel.state.weighable() {
            return Err(parcel.wrong_state());
        }
        // Nothing below may fail for a business reason.
        let bounds = WeightBounds::of(parcel.expected_grams);
        let right = bounds.is_none_or(|bounds| bounds.hold(grams));
        parcel.state = if right || accepted.is_some() { ParcelState::Weighed } else { ParcelState::WeightHold };
        parcel.station = station.or(parcel.station);
        op.tx.exec(sql::SET_WEIGHT, args![parcel.id, parcel.state, grams, station]).await?;
        let data = json!({ "weight_grams": grams, "expected_grams": parcel.expected_grams, "accepted": accepted });
        let kind = if parcel.state == ParcelState::Weighed { "parcel.weighed" } else { "parcel.weight_held" };
        op.record(kind, ("parcel", parcel.id.0), &data);
        if parcel.state == ParcelState::WeightHold {
            return Ok(on_its_way(&parcel, bounds));
        }
        let station = parcel.station;
        go_on(op, &order, parcel, station).await
    }
}

impl WeighParcel {
    fn accepted<'a>(&'a self, op: &Op<'_, '_>) -> Result<Option<&'a str>, PackError> {
        let Some(text) = &self.weight.accepted_reason else { return Ok(None) };
        require(op, Right::ForcePass)?;
        reason(text).map(Some)
    }
}

fn on_its_way(parcel: &ParcelRow, bounds: Option<WeightBounds>) -> ParcelOnItsWay {
    ParcelOnItsWay {
        parcel_id: parcel.id,
        parcel: parcel.number.clone(),
        state: parcel.state,
        bounds,
        waybill: None,
        print_job_id: None,
        hindrance: None,
    }
}

/// Number and label of a weighed parcel. What hinders is told; the weight stays.
async fn go_on(
    op: &mut Op<'_, '_>,
    order: &OrderRow,
    parcel: ParcelRow,
    station: Option<StationId>,
) -> Result<ParcelOnItsWay, PackError> {
    let mut way = on_its_way(&parcel, WeightBounds::of(parcel.expected_grams));
    match label(op, order, &parcel, station, &mut way).await {
        Ok(()) => Ok(way),
        Err(PackError::Db(error)) => Err(error.into()),
        Err(PackError::Sealed {}) => Err(PackError::Sealed {}),
        Err(hindrance) => {
            let facts = hindrance.facts().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            way.hindrance = Some(Hindrance { code: hindrance.code().to_owned(), facts });
            Ok(way)
        }
    }
}

async fn label(
    op: &mut Op<'_, '_>,
    order: &OrderRow,
    parcel: &ParcelRow,
    station: Option<StationId>,
    way: &mut ParcelOnItsWay,
) -> Result<(), PackError> {
    let (waybill_id, number) = pool::bind(op, order, parcel).await?;
    if parcel.state == ParcelState::Weighed {
        op.tx.exec(sql::SET_STATE, args![parcel.id, ParcelState::WaybillBound]).await?;
        let data = json!({ "waybill_id": waybill_id, "waybill": number });
        op.record("waybill.bound", ("parcel", parcel.id.0), &data);
        way.state = ParcelState::WaybillBound;
    }
    way.waybill = Some(number);
    way.print_job_id = Some(queue_shipping_label(op, parcel.id, station).await?);
    Ok(())
}

/// Asks for the label of a weighed parcel, where something hindered it before.
#[derive(Debug, Serialize)]
pub struct LabelParcel {
    /// Which.
    pub parcel: PlaceId,
    /// The station's code, whose printer prints the label; the parcel's where it isn't said.
    pub station: Option<String>,
}

impl Operation for LabelParcel {
    const KIND: &'static str = "packing.label";
    type Answer = ParcelOnItsWay;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<ParcelOnItsWay, PackError> {
        require(op, Right::Pack)?;
        let station = station(op, self.station.as_deref()).await?;
        let (order, parcel) = lock(op, self.parcel).await?;
        going(&order)?;
        if !matches!(parcel.state, ParcelState::Weighed | ParcelState::WaybillBound) {
            return Err(parcel.wrong_state());
        }
        let mut way = on_its_way(&parcel, WeightBounds::of(parcel.expected_grams));
        label(op, &order, &parcel, station.or(parcel.station), &mut way).await?;
        Ok(way)
    }
}

/// Sends a parcel with another carrier. Its number goes back; a label that is out is refused.
#[derive(Debug, Serialize)]
pub struct ChangeCarrier {
    /// Which parcel.
    pub parcel: PlaceId,
    /// How.
    pub to: OtherCarrier,
}

/// Another carrier for a parcel.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherCarrier {
    /// The carrier's code.
    pub carrier: String,
    /// Why.
    pub reason: String,
}

impl Operation for ChangeCarrier {
    const KIND: &'static str = "packing.carrier";
    type Answer = ParcelOnItsWay;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<ParcelOnItsWay, PackError> {
        require(op, Right::Pack)?;
        let why = reason(&self.to.reason)?;
        let code = scanned(&self.to.carrier);
        let found: Option<(CarrierId, String)> = op.tx.opt(sql::SELECT_CARRIER, args![&code]).await?;
        let (carrier, code) = found.ok_or(PackError::NotFound { what: "carrier", code })?;
        let (order, mut parcel) = lock(op, self.parcel).await?;
        going(&order)?;
        if matches!(parcel.state, ParcelState::HandedOver | ParcelState::Void) {
            return Err(parcel.wrong_state());
        }
        off_manifest(op, &parcel).await?;
        if parcel.carrier == Some(carrier) {
            return Ok(on_its_way(&parcel, WeightBounds::of(parcel.expected_grams)));
        }
        retire_number(op, &parcel, false, why).await?;
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SET_CARRIER, args![parcel.id, carrier]).await?;
        let data = json!({ "from": parcel.carrier, "to": code, "reason": why });
        op.record("parcel.carrier_changed", ("parcel", parcel.id.0), &data);
        parcel.carrier = Some(carrier);
        if !matches!(parcel.state, ParcelState::WaybillBound | ParcelState::Weighed) {
            return Ok(on_its_way(&parcel, WeightBounds::of(parcel.expected_grams)));
        }
        parcel.state = ParcelState::Weighed;
        op.tx.exec(sql::SET_STATE, args![parcel.id, ParcelState::Weighed]).await?;
        let station = parcel.station;
        go_on(op, &order, parcel, station).await
    }
}
