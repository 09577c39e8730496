//! The papers, and closing the parcel: only with every piece and every paper in it, or with a person's reason.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{INVOICE, PACKING_SLIP, named, papers_of};
use super::parcel::{ParcelRow, PieceRow, by_sku, mine, pieces, reason, require};
use super::verify::pack;
use super::{PackError, pool, sql};
use crate::db::{DbError, Op, Operation};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{PersonId, PlaceId};
use crate::order::model::OrderState;
use crate::order::ops::{OrderRow, advance, tell};
use crate::stock::eligible::{Facts, eligible};
use crate::stock::model::{LotStatus, StockStatus};
use crate::{args, shipping};

/// Ticks a paper of a parcel's checklist, or takes the tick away.
#[derive(Debug, Serialize)]
pub struct TickPaper {
    /// Which parcel.
    pub parcel: PlaceId,
    /// Which paper.
    pub paper: String,
    /// Whether it is inside.
    pub enclosed: bool,
}

/// A paper that was ticked, or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaperTicked {
    /// Which.
    pub paper: String,
    /// Whether it is inside.
    pub enclosed: bool,
    /// Papers that are still missing.
    pub missing: Vec<String>,
}

impl Operation for TickPaper {
    const KIND: &'static str = "packing.paper";
    type Answer = PaperTicked;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PaperTicked, PackError> {
        require(op, Right::Pack)?;
        let (_, parcel) = mine(op, self.parcel).await?;
        let paper = self.paper.trim();
        let (by, at): (Option<PersonId>, Option<Timestamp>) =
            if self.enclosed { (Some(op.person()), Some(op.at())) } else { (None, None) };
        if op.tx.exec(sql::TICK_PAPER, args![parcel.id, paper, by, at]).await? != 1 {
            return Err(PackError::NotFound { what: "paper", code: paper.to_owned() });
        }
        // Nothing below may fail for a business reason.
        let data = json!({ "paper": paper, "enclosed": self.enclosed });
        op.record("paper.ticked", ("parcel", parcel.id.0), &data);
        let papers: Vec<(String, bool)> = op.tx.all(sql::SELECT_PAPERS, args![parcel.id]).await?;
        let missing = papers.into_iter().filter(|(_, ticked)| !ticked).map(|(paper, _)| paper).collect();
        Ok(PaperTicked { paper: paper.to_owned(), enclosed: self.enclosed, missing })
    }
}

/// Closes a parcel.
#[derive(Debug, Serialize)]
pub struct SealParcel {
    /// Which.
    pub parcel: PlaceId,
    /// How.
    pub how: HowToSeal,
}

/// How a parcel is closed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HowToSeal {
    /// Whether the pieces that are left go into another parcel.
    pub next_parcel: bool,
    /// Why it is closed although pieces or papers were not checked: they count as inside then. Needs the right
    /// `force_pass`.
    pub forced_reason: Option<String>,
}

/// A parcel that is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ParcelSealed {
    /// The parcel.
    pub parcel_id: PlaceId,
    /// Its number.
    pub parcel: String,
    /// Pieces in it.
    pub pieces: i64,
    /// What its goods weigh, in grams; 0 where some weight is unknown.
    pub expected_grams: i64,
    /// Pieces of the order that are left for the next parcel.
    pub order_left: i64,
    /// Whether the whole order is packed now.
    pub order_packed: bool,
}

impl Operation for SealParcel {
    const KIND: &'static str = "packing.seal";
    type Answer = ParcelSealed;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<ParcelSealed, PackError> {
        require(op, Right::Pack)?;
        let forced = self.forced(op)?;
        let (order, parcel) = mine(op, self.parcel).await?;
        let left = pieces(op, order.id).await?;
        let stays = self.how.next_parcel;
        if !stays && !left.is_empty() && forced.is_none() {
            let items = named(&by_sku(&left));
            return Err(PackError::PiecesMissing { parcel: parcel.number, items });
        }
        if let (Some(why), false) = (&forced, stays) {
            force_in(op, &parcel, &left, why).await?;
        }
        let (goods, unknown, count): (i64, i64, i64) = op.tx.one("weight", sql::SUM_WEIGHT, args![parcel.id]).await?;
        if count == 0 {
            return Err(PackError::EmptyParcel { parcel: parcel.number });
        }
        let unneeded = check_papers(op, &parcel, forced.is_some()).await?;
        sound(op, &parcel).await?;
        // Nothing below may fail for a business reason.
        let (person, at) = (op.person(), op.at());
        for paper in unneeded {
            op.tx.exec(sql::DELETE_PAPER, args![parcel.id, paper]).await?;
        }
        op.tx.exec(sql::TICK_ALL, args![parcel.id, person, at]).await?;
        let expected_grams = if unknown > 0 { 0 } else { goods };
        let why = forced.unwrap_or_default();
        op.tx.exec(sql::SET_SEALED, args![parcel.id, at, expected_grams, &why]).await?;
        pool::hold(op, &parcel).await?;
        let data = json!({ "pieces": count, "expected_grams": expected_grams, "forced": why });
        op.record("parcel.sealed", ("parcel", parcel.id.0), &data);
        let order_packed = settle(op, &order).await?;
        let order_left = if stays { left.iter().map(|piece| piece.quantity).sum() } else { 0 };
        let parcel_id = parcel.id;
        Ok(ParcelSealed { parcel_id, parcel: parcel.number, pieces: count, expected_grams, order_left, order_packed })
    }
}

impl SealParcel {
    fn forced(&self, op: &Op<'_, '_>) -> Result<Option<String>, PackError> {
        let Some(text) = &self.how.forced_reason else { return Ok(None) };
        require(op, Right::ForcePass)?;
        Ok(Some(reason(text)?.to_owned()))
    }
}

/// What was not scanned goes in on a person's word.
async fn force_in(op: &mut Op<'_, '_>, parcel: &ParcelRow, left: &[PieceRow], why: &str) -> Result<(), PackError> {
    for piece in left {
        piece.eligible(op)?;
    }
    let taken: Vec<(&PieceRow, i64)> = left.iter().map(|piece| (piece, piece.quantity)).collect();
    pack(op, parcel, &taken, &format!("forced: {why}")).await?;
    if !left.is_empty() {
        let data = json!({ "items": named(&by_sku(left)), "reason": why });
        op.record("piece.forced", ("parcel", parcel.id.0), &data);
    }
    Ok(())
}

/// Every paper that this parcel needs must be ticked. Gives those on the list that it doesn't need.
async fn check_papers(op: &mut Op<'_, '_>, parcel: &ParcelRow, forced: bool) -> Result<Vec<String>, PackError> {
    let listed: Vec<(String, bool)> = op.tx.all(sql::SELECT_PAPERS, args![parcel.id]).await?;
    let inside: Vec<(String,)> = op.tx.all(sql::SELECT_PAPERS_INSIDE, args![parcel.id]).await?;
    let inside: Vec<String> = inside.iter().flat_map(|(list,)| papers_of(list)).collect();
    let needed = |paper: &String| paper == PACKING_SLIP || paper == INVOICE || inside.contains(paper);
    let open = listed.into_iter().filter(|(_, ticked)| !ticked).map(|(paper, _)| paper);
    let (missing, unneeded): (Vec<String>, Vec<String>) = open.partition(needed);
    if missing.is_empty() || forced {
        Ok(unneeded)
    } else {
        Err(PackError::PapersMissing { parcel: parcel.number.clone(), papers: missing.join(", ") })
    }
}

/// What is in the parcel may still go to a customer: hours may lie between a scan and this moment.
async fn sound(op: &mut Op<'_, '_>, parcel: &ParcelRow) -> Result<(), PackError> {
    let content: Vec<(String, StockStatus, LotStatus, Option<Timestamp>)> =
        op.tx.all(shipping::sql::SELECT_CONTENT, args![parcel.id]).await?;
    for (lot, status, lot_status, expires_at) in content {
        let facts = Facts { status, lot_status, expires_at };
        eligible(facts, op.at()).map_err(|why| PackError::Ineligible { sku: parcel.number.clone(), lot, why })?;
    }
    Ok(())
}

/// An order whose every picked piece is in a closed parcel is packed. Says whether it is.
pub(super) async fn settle(op: &mut Op<'_, '_>, order: &OrderRow) -> Result<bool, DbError> {
    let (left,): (i64,) = op.tx.one("sum", sql::SUM_LEFT, args![order.id]).await?;
    let open: Option<(PlaceId,)> = op.tx.opt(sql::SELECT_OPEN, args![order.id]).await?;
    if left > 0 || open.is_some() {
        return Ok(false);
    }
    let packed = advance(op, order.id, &[OrderState::Picked], OrderState::Packed).await?;
    if packed {
        tell(op, order.id, "order.packed", json!({})).await?;
    }
    Ok(packed)
}

/// An order of which something is in no closed parcel any more is not packed.
pub(super) async fn unsettle(op: &mut Op<'_, '_>, order: &OrderRow) -> Result<(), DbError> {
    if advance(op, order.id, &[OrderState::Packed], OrderState::Picked).await? {
        op.record("order.unpacked", ("order", order.id.0), &json!({}));
    }
    Ok(())
}
