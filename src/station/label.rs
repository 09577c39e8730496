//! What a shipping label says: gathered inside the transaction that queues it, laid out and printed later.

use serde::{Deserialize, Serialize};

use super::{StationError, sql};
use crate::db::Op;
use crate::kernel::Timestamp;
use crate::kernel::ids::{PlaceId, StationId, WaybillId};
use crate::kernel::vault::Vault;
use crate::order::inbound::Receiver;
use crate::order::model::OrderState;
use crate::order::personal::{self, Personal};
use crate::{args, row};

row! {
    /// What the tables know about a label.
    #[derive(Debug, Clone)]
    pub struct LabelRow {
        /// The parcel's number.
        pub parcel: String,
        /// Where the parcel stands.
        pub parcel_state: String,
        /// Its weight, once it was weighed.
        pub weight_grams: Option<i64>,
        /// When the parcel was begun.
        pub created_at: Timestamp,
        /// The order's number.
        pub order: String,
        /// Where the order stands.
        pub order_state: OrderState,
        /// Sealed personal data of the order.
        pub personal: Vec<u8>,
        /// ISO 4217.
        pub currency: String,
        /// To be collected, in minor units.
        pub cash_on_delivery_minor: i64,
        /// The warehouse's name.
        pub warehouse: String,
        /// The warehouse's time zone.
        pub time_zone: String,
        /// The live waybill number, if there is one.
        pub waybill_id: Option<WaybillId>,
        /// Its text.
        pub waybill: Option<String>,
        /// The carrier's code.
        pub carrier_code: Option<String>,
        /// The carrier's name in English.
        pub carrier_en: Option<String>,
        /// The carrier's name in Chinese.
        pub carrier_zh: Option<String>,
        /// The station's code; empty for none.
        pub station: String,
        /// Which parcel of the order this is, from 1.
        pub parcel_index: i64,
        /// How many parcels the order has so far.
        pub parcel_count: i64,
    }
}

/// What a shipping label says, in warehouse words. Personal data: sealed wherever it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelData {
    /// The waybill number.
    pub waybill: String,
    /// The carrier's code.
    pub carrier_code: String,
    /// The carrier's name, in Chinese where it has one.
    pub carrier_name: String,
    /// Where the parcel goes.
    pub receiver: Receiver,
    /// Who sends it.
    pub sender: String,
    /// The order's number.
    pub order: String,
    /// The parcel's number.
    pub parcel: String,
    /// Which parcel of the order this is, from 1.
    pub parcel_index: i64,
    /// How many parcels the order has so far.
    pub parcel_count: i64,
    /// Its weight, once it was weighed.
    pub weight_grams: Option<i64>,
    /// ISO 4217.
    pub currency: String,
    /// To be collected, in minor units; 0 for nothing.
    pub cash_on_delivery_minor: i64,
    /// What the buyer wrote.
    pub remark: String,
    /// When it was asked for, in the warehouse's own time: `2026-11-21 18:00`.
    pub printed_at: String,
    /// The station's code; empty for none.
    pub station: String,
    /// 0 for the first copy, then R1, R2.
    pub copy: i64,
    /// What lies in the parcel.
    #[serde(default)]
    pub contents: Vec<ContentRow>,
}

row! {
    /// A SKU in a parcel.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ContentRow {
        /// Its code.
        pub sku: String,
        /// Its name in Chinese; may be empty.
        pub name_zh: String,
        /// Its name in English; may be empty.
        pub name_en: String,
        /// Whether it breaks easily.
        pub fragile: bool,
        /// Pieces.
        pub quantity: i64,
    }
}

/// Reads what lies in a parcel.
///
/// # Errors
/// A failure of the database.
pub async fn contents(op: &mut Op<'_, '_>, parcel: PlaceId) -> Result<Vec<ContentRow>, StationError> {
    Ok(op.tx.all(sql::SELECT_CONTENTS, args![parcel]).await?)
}

/// Reads what a parcel's label says, and locks the parcel.
///
/// # Errors
/// [`StationError::NotFound`] where there is no such parcel.
pub async fn read(op: &mut Op<'_, '_>, parcel: PlaceId, station: Option<StationId>) -> Result<LabelRow, StationError> {
    let found = op.tx.opt(sql::SELECT_LABEL, args![op.context.warehouse, parcel, station]).await?;
    found.ok_or_else(|| StationError::NotFound { what: "parcel", code: parcel.to_string() })
}

impl LabelRow {
    /// Makes the label of a copy. `at` is the moment it is asked for.
    ///
    /// # Errors
    /// [`StationError::NoWaybill`], and [`StationError::Sealed`] where the key file is another one.
    pub fn label(
        &self,
        contents: Vec<ContentRow>,
        vault: &Vault,
        at: Timestamp,
        copy: i64,
    ) -> Result<LabelData, StationError> {
        let Some(waybill) = self.waybill.clone() else {
            return Err(StationError::NoWaybill { parcel: self.parcel.clone() });
        };
        let personal: Personal = vault.open_json(personal::PURPOSE, &self.personal)?;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let chinese = text(&self.carrier_zh);
        Ok(LabelData {
            waybill,
            carrier_code: text(&self.carrier_code),
            carrier_name: if chinese.is_empty() { text(&self.carrier_en) } else { chinese },
            receiver: personal.receiver,
            sender: self.warehouse.clone(),
            order: self.order.clone(),
            parcel: self.parcel.clone(),
            parcel_index: self.parcel_index,
            parcel_count: self.parcel_count,
            weight_grams: self.weight_grams,
            currency: self.currency.clone(),
            cash_on_delivery_minor: self.cash_on_delivery_minor,
            remark: personal.buyer_remark,
            printed_at: local_minute(at, &self.time_zone),
            station: self.station.clone(),
            copy,
            contents,
        })
    }
}

/// A moment on the wall clock of a time zone, to the minute; in UTC where the zone is unknown.
pub(super) fn local_minute(at: Timestamp, time_zone: &str) -> String {
    let zone = jiff::tz::TimeZone::get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::from_millisecond(at.0)
        .map_or_else(|_| String::new(), |moment| moment.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_on_a_label_is_the_warehouses_own() {
        let moment = Timestamp::parse_rfc3339("2026-11-21T10:00:59Z").unwrap();
        assert_eq!(local_minute(moment, "Asia/Shanghai"), "2026-11-21 18:00");
        assert_eq!(local_minute(moment, "Nowhere/Land"), "2026-11-21 10:00");
    }
}
