//! The ways back: a closed parcel opened again, or given up. Its number goes back to the pool where certainly no label is
//! on paper; where one is, the packer destroys it and the number is void.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{ParcelState, WaybillState};
use super::parcel::{ParcelRow, given_up, going, lock, off_manifest, reason, require};
use super::seal::unsettle;
use super::verify::{lines, unpack};
use super::{PackError, pool, sql};
use crate::args;
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::PlaceId;
use crate::order::model::OrderState;
use crate::station::ops::withdraw_labels;

/// Why a parcel goes back, and what became of its label.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Back {
    /// Why.
    pub reason: String,
    /// Whether the person has destroyed the label, or made sure that there is none. Its number is void then.
    pub label_destroyed: bool,
    /// The tote that the goods go into, where a parcel is given up; the ones that they came out of where it isn't said.
    pub tote: Option<String>,
}

/// Opens a closed parcel again.
#[derive(Debug, Serialize)]
pub struct ReopenParcel {
    /// Which.
    pub parcel: PlaceId,
    /// Why, and the label.
    pub back: Back,
}

/// A parcel that went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ParcelBack {
    /// The parcel.
    pub parcel_id: PlaceId,
    /// Its number.
    pub parcel: String,
    /// Where it stands now.
    pub state: ParcelState,
    /// What became of its waybill number; none where it had none.
    pub waybill: Option<NumberBack>,
    /// Pieces in it that have to be put back on the shelf, because the order will not be shipped.
    pub to_put_back: i64,
}

/// What became of a waybill number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NumberBack {
    /// The number.
    pub number: String,
    /// `free` or `recycled`: back in the pool. `void`: never to be used again.
    pub state: WaybillState,
}

impl Operation for ReopenParcel {
    const KIND: &'static str = "packing.reopen";
    type Answer = ParcelBack;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<ParcelBack, PackError> {
        require(op, Right::Pack)?;
        let why = reason(&self.back.reason)?;
        let (order, parcel) = lock(op, self.parcel).await?;
        going(&order)?;
        if !parcel.state.closed_here() {
            return Err(parcel.wrong_state());
        }
        off_manifest(op, &parcel).await?;
        let open: Option<(PlaceId,)> = op.tx.opt(sql::SELECT_OPEN, args![order.id]).await?;
        if let Some((open,)) = open {
            let open = crate::stock::ledger::place_code(op.tx, open).await?;
            return Err(PackError::OtherOpen { parcel: parcel.number, open });
        }
        let waybill = retire_number(op, &parcel, self.back.label_destroyed, why).await?;
        // Nothing below may fail for a business reason.
        let person = op.person();
        op.tx.exec(sql::SET_REOPENED, args![parcel.id, person]).await?;
        unsettle(op, &order).await?;
        op.record("parcel.reopened", ("parcel", parcel.id.0), &json!({ "reason": why }));
        let (parcel_id, state) = (parcel.id, ParcelState::Verifying);
        Ok(ParcelBack { parcel_id, parcel: parcel.number, state, waybill, to_put_back: 0 })
    }
}

/// Gives a parcel up. Goods of a running order go back into a tote; those of a cancelled one stay inside until they are
/// put back on the shelf.
#[derive(Debug, Serialize)]
pub struct VoidParcel {
    /// Which.
    pub parcel: PlaceId,
    /// Why, and the label.
    pub back: Back,
}

impl Operation for VoidParcel {
    const KIND: &'static str = "packing.void";
    type Answer = ParcelBack;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<ParcelBack, PackError> {
        require(op, Right::Pack)?;
        let why = reason(&self.back.reason)?;
        let (order, parcel) = lock(op, self.parcel).await?;
        if !given_up(&order) {
            going(&order)?;
        }
        if matches!(parcel.state, ParcelState::HandedOver | ParcelState::Void) {
            return Err(parcel.wrong_state());
        }
        off_manifest(op, &parcel).await?;
        let waybill = retire_number(op, &parcel, self.back.label_destroyed, why).await?;
        let lines = lines(op, parcel.id).await?;
        let mut to_put_back = 0;
        if given_up(&order) {
            to_put_back = lines.iter().map(|line| line.quantity).sum();
        } else {
            unpack(op, &parcel, &lines, self.back.tote.as_deref()).await?;
        }
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SET_STATE, args![parcel.id, ParcelState::Void]).await?;
        if !given_up(&order) && order.state == OrderState::Packed {
            unsettle(op, &order).await?;
        }
        let data = json!({ "reason": why, "to_put_back": to_put_back });
        op.record("parcel.voided", ("parcel", parcel.id.0), &data);
        let (parcel_id, state) = (parcel.id, ParcelState::Void);
        Ok(ParcelBack { parcel_id, parcel: parcel.number, state, waybill, to_put_back })
    }
}

/// Takes a parcel's number away from it, and its waiting labels back.
///
/// # Errors
/// [`PackError::LabelOut`] where a label may be on paper and nobody says that it was destroyed.
pub(super) async fn retire_number(
    op: &mut Op<'_, '_>,
    parcel: &ParcelRow,
    label_destroyed: bool,
    why: &str,
) -> Result<Option<NumberBack>, PackError> {
    let live: Option<pool::LiveRow> = op.tx.opt(sql::SELECT_LIVE, args![parcel.id]).await?;
    let Some(live) = live else { return Ok(None) };
    let state = if live.state == WaybillState::Held {
        op.tx.exec(sql::FREE_NUMBER, args![live.id, WaybillState::Free]).await?;
        WaybillState::Free
    } else if pool::maybe_on_paper(op, live.id).await? {
        if !label_destroyed {
            return Err(PackError::LabelOut { parcel: parcel.number.clone() });
        }
        // Void first: a label with a void number is none that could still go out.
        op.tx.exec(sql::VOID_NUMBER, args![live.id]).await?;
        withdraw_labels(op, parcel.id, why).await?;
        WaybillState::Void
    } else {
        withdraw_labels(op, parcel.id, why).await?;
        op.tx.exec(sql::FREE_NUMBER, args![live.id, WaybillState::Recycled]).await?;
        WaybillState::Recycled
    };
    let data = json!({ "number": live.number, "state": state, "reason": why });
    op.record("waybill.given_back", ("parcel", parcel.id.0), &data);
    Ok(Some(NumberBack { number: live.number, state }))
}
