//! Carriers and what shops call them.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{ShippingError, sql};
use crate::args;
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::CarrierId;

pub(super) fn require(op: &Op<'_, '_>, right: Right) -> Result<(), ShippingError> {
    if op.may(right) { Ok(()) } else { Err(ShippingError::Forbidden { right: right.code() }) }
}

fn named(field: &'static str, text: &str) -> Result<String, ShippingError> {
    let text = text.trim();
    if (1..=60).contains(&text.chars().count()) { Ok(text.to_owned()) } else { Err(ShippingError::BadName { field }) }
}

/// Where a buyer follows a parcel; empty where the carrier has no such page.
#[must_use]
pub fn tracking_link(template: &str, number: &str) -> String {
    template.replace("{number}", number)
}

/// Makes a carrier, or changes the one with this code.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutCarrier {
    /// Its code.
    pub code: String,
    /// Its name in English; one name is enough.
    #[serde(default)]
    pub name_en: String,
    /// Its name in Chinese.
    #[serde(default)]
    pub name_zh: String,
    /// Where a buyer follows a parcel, with `{number}` for the waybill number.
    #[serde(default)]
    pub tracking_url: String,
    /// Whether orders without a ship method go with it. Only one carrier is the default.
    #[serde(default)]
    pub is_default: bool,
}

/// A carrier that was put.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CarrierPut {
    /// Its id.
    pub carrier_id: CarrierId,
}

impl Operation for PutCarrier {
    const KIND: &'static str = "carrier.put";
    type Answer = CarrierPut;
    type Error = ShippingError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<CarrierPut, ShippingError> {
        require(op, Right::ShippingSetup)?;
        let code = named("code", &self.code)?;
        named("name", if self.name_en.trim().is_empty() { &self.name_zh } else { &self.name_en })?;
        let url = self.tracking_url.trim();
        let web = url.starts_with("https://") || url.starts_with("http://");
        if !(url.is_empty() || web && url.contains("{number}")) {
            return Err(ShippingError::BadTrackingUrl { url: url.to_owned() });
        }
        // Nothing below may fail for a business reason.
        if self.is_default {
            op.tx.exec(sql::CLEAR_DEFAULT, args![&code]).await?;
        }
        let values = args![&code, self.name_en.trim(), self.name_zh.trim(), url, self.is_default];
        let (carrier_id,): (CarrierId,) = op.tx.one("carrier", sql::PUT_CARRIER, values).await?;
        op.record("carrier.put", ("carrier", carrier_id.0), &json!({ "code": code, "default": self.is_default }));
        Ok(CarrierPut { carrier_id })
    }
}

/// A carrier by its code.
pub(super) async fn carrier(op: &mut Op<'_, '_>, code: &str) -> Result<(CarrierId, String), ShippingError> {
    let code = code.trim();
    let found = op.tx.opt(sql::SELECT_CARRIER, args![code]).await?;
    found.ok_or_else(|| ShippingError::NotFound { what: "carrier", code: code.to_owned() })
}

/// Says which carrier a shop's ship method means. Orders that come in from now on follow it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutShipMethod {
    /// What the shop calls it.
    pub code: String,
    /// The carrier's code.
    pub carrier: String,
}

impl Operation for PutShipMethod {
    const KIND: &'static str = "ship_method.put";
    type Answer = CarrierPut;
    type Error = ShippingError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<CarrierPut, ShippingError> {
        require(op, Right::ShippingSetup)?;
        let code = named("code", &self.code)?;
        let (carrier_id, _) = carrier(op, &self.carrier).await?;
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::PUT_SHIP_METHOD, args![&code, carrier_id]).await?;
        op.record("ship_method.put", ("carrier", carrier_id.0), &json!({ "code": code }));
        Ok(CarrierPut { carrier_id })
    }
}

/// Forgets a ship method.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RemoveShipMethod {
    /// What the shop calls it.
    pub code: String,
}

/// A ship method that is gone.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShipMethodRemoved {
    /// What the shop called it.
    pub code: String,
}

impl Operation for RemoveShipMethod {
    const KIND: &'static str = "ship_method.remove";
    type Answer = ShipMethodRemoved;
    type Error = ShippingError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<ShipMethodRemoved, ShippingError> {
        require(op, Right::ShippingSetup)?;
        let code = self.code.trim().to_owned();
        if op.tx.exec(sql::REMOVE_SHIP_METHOD, args![&code]).await? != 1 {
            return Err(ShippingError::NotFound { what: "ship method", code });
        }
        op.record("ship_method.removed", ("ship_method", 0), &json!({ "code": code }));
        Ok(ShipMethodRemoved { code })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracking_link_names_the_number() {
        assert_eq!(tracking_link("https://t.example/?no={number}", "SF1"), "https://t.example/?no=SF1");
        assert_eq!(tracking_link("", "SF1"), "");
    }
}
