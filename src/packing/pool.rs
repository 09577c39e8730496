//! The pool of a carrier's waybill numbers: imported whole or not at all, given out lowest first, each to one parcel.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{ParcelState, WaybillState};
use super::parcel::{ParcelRow, lock, off_manifest, reason, require};
use super::reopen::{NumberBack, retire_number};
use super::{PackError, sql};
use crate::db::{DbError, Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{CarrierId, PlaceId, WaybillId};
use crate::kernel::text::scanned;
use crate::order::ops::OrderRow;
use crate::{args, row};

/// Most numbers of one import.
pub const MOST_NUMBERS: i64 = 100_000;
/// Numbers that a refusal names; it says how many there are in all.
const NAMED: usize = 10;
/// With fewer free numbers than this a pool is low.
pub const LOW: i64 = 100;

row! {
    /// A number, with its parcel, locked.
    #[derive(Debug, Clone)]
    pub struct NumberRow {
        /// Its id.
        pub id: WaybillId,
        /// Its text.
        pub number: String,
        /// Where it stands.
        pub state: WaybillState,
        /// Whose it is.
        pub carrier: CarrierId,
        /// The parcel that has it, or had it.
        pub parcel: Option<PlaceId>,
    }
}

row! {
    /// The live number of a parcel, locked.
    #[derive(Debug, Clone)]
    pub struct LiveRow {
        /// Its id.
        pub id: WaybillId,
        /// Its text.
        pub number: String,
        /// Where it stands.
        pub state: WaybillState,
        /// Whose it is.
        pub carrier: CarrierId,
    }
}

/// Keeps a number for a closed parcel, where its carrier has one. An empty pool hinders only the label.
pub(super) async fn hold(op: &mut Op<'_, '_>, parcel: &ParcelRow) -> Result<(), DbError> {
    let (carrier,): (Option<CarrierId>,) = op.tx.one("parcel", sql::FIX_CARRIER, args![parcel.id]).await?;
    if let Some(carrier) = carrier {
        let _: Option<(WaybillId, String)> = op.tx.opt(sql::HOLD_NUMBER, args![carrier, parcel.id]).await?;
    }
    Ok(())
}

/// Gives a parcel its number: the one it has, the one that is kept for it, or the lowest free one.
pub(super) async fn bind(
    op: &mut Op<'_, '_>,
    order: &OrderRow,
    parcel: &ParcelRow,
) -> Result<(WaybillId, String), PackError> {
    let (carrier,): (Option<CarrierId>,) = op.tx.one("parcel", sql::FIX_CARRIER, args![parcel.id]).await?;
    let carrier = carrier.ok_or_else(|| PackError::NoCarrier { order: order.number.clone() })?;
    let live: Option<LiveRow> = op.tx.opt(sql::SELECT_LIVE, args![parcel.id]).await?;
    if let Some(live) = live.filter(|live| live.state != WaybillState::Held) {
        return Ok((live.id, live.number));
    }
    let mut bound = op.tx.opt(sql::BIND_NUMBER, args![parcel.id, carrier]).await?;
    if bound.is_none() {
        let held: Option<(WaybillId, String)> = op.tx.opt(sql::HOLD_NUMBER, args![carrier, parcel.id]).await?;
        if held.is_none() {
            let (carrier,): (String,) = op.tx.one("carrier", sql::SELECT_CARRIER_CODE, args![carrier]).await?;
            return Err(PackError::PoolEmpty { carrier });
        }
        bound = op.tx.opt(sql::BIND_NUMBER, args![parcel.id, carrier]).await?;
    }
    bound.ok_or(PackError::Db(DbError::Contended))
}

/// Whether a label with this number may be on paper.
pub(super) async fn maybe_on_paper(op: &mut Op<'_, '_>, number: WaybillId) -> Result<bool, DbError> {
    let (count,): (i64,) = op.tx.one("labels", sql::COUNT_MAYBE_OUT, args![number]).await?;
    Ok(count > 0)
}

/// Brings numbers into a carrier's pool: all of them, or none.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportWaybills {
    /// The carrier's code.
    pub carrier: String,
    /// Numbers one by one.
    #[serde(default)]
    pub numbers: Vec<String>,
    /// Or a range of them.
    #[serde(default)]
    pub range: Option<WaybillRange>,
}

/// A range of waybill numbers: `SF` from 1 to 3 with width 6 is SF000001, SF000002, SF000003.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaybillRange {
    /// What they begin with.
    #[serde(default)]
    pub prefix: String,
    /// The first number.
    pub first: i64,
    /// The last number.
    pub last: i64,
    /// Digits, with leading zeros; as many as the number has where it is 0.
    #[serde(default)]
    pub width: u8,
}

/// Numbers that are in the pool now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaybillsImported {
    /// How many came in.
    pub imported: i64,
    /// The carrier's code.
    pub carrier: String,
}

impl Operation for ImportWaybills {
    const KIND: &'static str = "waybill.import";
    type Answer = WaybillsImported;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<WaybillsImported, PackError> {
        require(op, Right::ShippingSetup)?;
        let code = scanned(&self.carrier);
        let found: Option<(CarrierId, String)> = op.tx.opt(sql::SELECT_CARRIER, args![&code]).await?;
        let (carrier_id, carrier) = found.ok_or(PackError::NotFound { what: "carrier", code })?;
        let numbers = self.numbers()?;
        let rows = numbers.iter().map(|number| args![carrier_id, number, WaybillState::Free]).collect();
        let new: Vec<(String,)> = op.tx.bulk(sql::INSERT_NUMBERS, rows).await?;
        if new.len() < numbers.len() {
            let new: BTreeSet<String> = new.into_iter().map(|(number,)| number).collect();
            let known = numbers.iter().filter(|number| !new.contains(*number)).map(String::as_str);
            let (count, numbers) = listed(known);
            return Err(PackError::Known { count, numbers });
        }
        // Nothing below may fail for a business reason.
        let imported = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
        let data = json!({ "imported": imported, "first": numbers.first(), "last": numbers.last() });
        op.record("waybill.imported", ("carrier", carrier_id.0), &data);
        Ok(WaybillsImported { imported, carrier })
    }
}

impl ImportWaybills {
    /// The numbers as they are scanned later, each once.
    fn numbers(&self) -> Result<Vec<String>, PackError> {
        let mut numbers: Vec<String> = Vec::new();
        if let Some(range) = &self.range {
            numbers = range.numbers()?;
        }
        numbers.extend(self.numbers.iter().map(|number| scanned(number)));
        let count = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
        if !(1..=MOST_NUMBERS).contains(&count) {
            return Err(PackError::BadCount { count, most: MOST_NUMBERS });
        }
        if let Some(number) = numbers.iter().find(|number| !fits(number)) {
            return Err(PackError::BadNumber { number: number.clone() });
        }
        let mut seen = BTreeSet::new();
        let (count, repeated) = listed(numbers.iter().filter(|number| !seen.insert(*number)).map(String::as_str));
        if count > 0 { Err(PackError::Repeated { count, numbers: repeated }) } else { Ok(numbers) }
    }
}

impl WaybillRange {
    fn numbers(&self) -> Result<Vec<String>, PackError> {
        let (prefix, width) = (scanned(&self.prefix), usize::from(self.width));
        let longest = self.last.to_string().len();
        if self.first < 0 || self.last < self.first || (width > 0 && longest > width) {
            return Err(PackError::BadRange {});
        }
        let count = self.last - self.first;
        if count >= MOST_NUMBERS {
            return Err(PackError::BadCount { count: count.saturating_add(1), most: MOST_NUMBERS });
        }
        Ok((self.first..=self.last).map(|number| format!("{prefix}{number:0width$}")).collect())
    }
}

/// Whether a text can be a waybill number: letters, digits and dashes, as a label's barcode and a scanner carry them.
fn fits(number: &str) -> bool {
    let character = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&number.len()) && number.bytes().all(character)
}

/// How many numbers there are, and the first of them by name.
fn listed<'a>(numbers: impl Iterator<Item = &'a str>) -> (i64, String) {
    let (mut count, mut named) = (0_i64, Vec::new());
    for number in numbers {
        count += 1;
        if named.len() < NAMED {
            named.push(number);
        }
    }
    (count, named.join(", "))
}

/// Puts a number back into the pool. Only where certainly no label with it is on paper.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecycleWaybill {
    /// The number.
    pub number: String,
    /// Why.
    pub reason: String,
}

/// Makes sure that a number is never used again. Its parcel, if it has one that is still here, needs another.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidWaybill {
    /// The number.
    pub number: String,
    /// Why.
    pub reason: String,
}

/// A number, locked behind its order and parcel.
async fn locked(op: &mut Op<'_, '_>, number: &str) -> Result<(NumberRow, Option<ParcelRow>), PackError> {
    let number = scanned(number);
    let found: Option<NumberRow> = op.tx.opt(sql::SELECT_NUMBER, args![&number]).await?;
    let seen = found.ok_or_else(|| PackError::NotFound { what: "waybill", code: number.clone() })?;
    let parcel = match seen.parcel {
        Some(parcel) => Some(lock(op, parcel).await?.1),
        None => None,
    };
    let row: NumberRow = op.tx.one("waybill", sql::LOCK_NUMBER, args![seen.id]).await?;
    // Given to a parcel, or taken from one, since it was looked up.
    if row.parcel == seen.parcel { Ok((row, parcel)) } else { Err(DbError::Contended.into()) }
}

/// A parcel that lost its number is weighed, and waits for another.
async fn without_number(op: &mut Op<'_, '_>, parcel: &ParcelRow) -> Result<(), DbError> {
    if matches!(parcel.state, ParcelState::WaybillBound | ParcelState::LabelPrinted | ParcelState::InDoubt) {
        op.tx.exec(sql::SET_STATE, args![parcel.id, ParcelState::Weighed]).await?;
    }
    Ok(())
}

impl Operation for RecycleWaybill {
    const KIND: &'static str = "waybill.recycle";
    type Answer = NumberBack;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<NumberBack, PackError> {
        require(op, Right::ShippingSetup)?;
        let why = reason(&self.reason)?;
        let (row, parcel) = locked(op, &self.number).await?;
        let wrong = || PackError::WrongNumberState { number: row.number.clone(), state: row.state };
        match (row.state, parcel) {
            (WaybillState::Held | WaybillState::Bound, Some(parcel)) => {
                let back = retire_number(op, &parcel, false, why).await?.ok_or_else(wrong)?;
                // Nothing below may fail for a business reason.
                without_number(op, &parcel).await?;
                Ok(back)
            }
            (WaybillState::Void, _) if !maybe_on_paper(op, row.id).await? => {
                // Nothing below may fail for a business reason.
                op.tx.exec(sql::FREE_NUMBER, args![row.id, WaybillState::Recycled]).await?;
                let data = json!({ "number": row.number, "reason": why });
                op.record("waybill.recycled", ("waybill", row.id.0), &data);
                Ok(NumberBack { number: row.number, state: WaybillState::Recycled })
            }
            _ => Err(wrong()),
        }
    }
}

impl Operation for VoidWaybill {
    const KIND: &'static str = "waybill.void";
    type Answer = NumberBack;
    type Error = PackError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<NumberBack, PackError> {
        require(op, Right::ShippingSetup)?;
        let why = reason(&self.reason)?;
        let (row, parcel) = locked(op, &self.number).await?;
        if matches!(row.state, WaybillState::HandedOver | WaybillState::Intercepting | WaybillState::Void) {
            return Err(PackError::WrongNumberState { number: row.number, state: row.state });
        }
        if let Some(parcel) = &parcel {
            off_manifest(op, parcel).await?;
        }
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::VOID_NUMBER, args![row.id]).await?;
        if let Some(parcel) = &parcel {
            crate::station::ops::withdraw_labels(op, parcel.id, why).await?;
            without_number(op, parcel).await?;
        }
        op.record("waybill.voided", ("waybill", row.id.0), &json!({ "number": row.number, "reason": why }));
        Ok(NumberBack { number: row.number, state: WaybillState::Void })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(prefix: &str, first: i64, last: i64, width: u8) -> ImportWaybills {
        let range = WaybillRange { prefix: prefix.into(), first, last, width };
        ImportWaybills { carrier: "SF".into(), numbers: Vec::new(), range: Some(range) }
    }

    #[test]
    fn a_range_counts_with_leading_zeros() {
        assert_eq!(range("sf", 9, 11, 4).numbers().unwrap(), ["SF0009", "SF0010", "SF0011"]);
        assert_eq!(range("", 9, 10, 0).numbers().unwrap(), ["9", "10"]);
        assert_eq!(range("A", 1, 100_000, 8).numbers().unwrap().len(), 100_000);
    }

    #[test]
    fn an_unusable_import_says_why() {
        assert!(matches!(range("A", 5, 4, 0).numbers(), Err(PackError::BadRange {})));
        assert!(matches!(range("A", -1, 4, 0).numbers(), Err(PackError::BadRange {})));
        assert!(matches!(range("A", 1, 1000, 3).numbers(), Err(PackError::BadRange {})));
        assert!(matches!(range("A", 1, 100_001, 0).numbers(), Err(PackError::BadCount { count: 100_001, .. })));
        assert!(matches!(range("A", 0, i64::MAX, 0).numbers(), Err(PackError::BadCount { .. })));
        assert!(matches!(range("号", 1, 2, 0).numbers(), Err(PackError::BadNumber { .. })));
        let list = |numbers: &[&str]| {
            let numbers = numbers.iter().map(|number| (*number).to_owned()).collect();
            ImportWaybills { carrier: "SF".into(), numbers, range: None }.numbers()
        };
        assert!(matches!(list(&[]), Err(PackError::BadCount { count: 0, .. })));
        assert!(matches!(list(&["A 1"]), Err(PackError::BadNumber { .. })));
        let repeated = list(&["A1", "A2", "a1 ", "A2", "A3"]);
        assert!(matches!(repeated, Err(PackError::Repeated { count: 2, numbers }) if numbers == "A1, A2"));
        assert_eq!(list(&[" a1\r\n"]).unwrap(), ["A1"]);
    }
}
