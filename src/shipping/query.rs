//! Looking at carriers and manifests.

use serde::Serialize;
use utoipa::ToSchema;

use super::handover::SIGNATURE;
use super::{ManifestState, ShippingError, sql};
use crate::db::{DbError, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{CarrierId, ManifestId, PlaceId, WarehouseId};
use crate::kernel::vault::Vault;
use crate::{args, row};

row! {
    /// A carrier.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct CarrierView {
        /// Its id.
        pub id: CarrierId,
        /// Its code.
        pub code: String,
        /// Its name in English.
        pub name_en: String,
        /// Its name in Chinese.
        pub name_zh: String,
        /// Where a buyer follows a parcel.
        pub tracking_url: String,
        /// Whether orders without a ship method go with it.
        pub is_default: bool,
        /// Waybill numbers that are free.
        pub free_numbers: i64,
    }
}

row! {
    /// What a shop's ship method means.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct ShipMethodView {
        /// What the shop calls it.
        pub code: String,
        /// The carrier's code.
        pub carrier: String,
    }
}

row! {
    /// A manifest.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct ManifestSummary {
        /// Its id.
        pub id: ManifestId,
        /// Its number.
        pub number: String,
        /// Where it stands.
        pub state: ManifestState,
        /// The carrier's code.
        pub carrier: String,
        /// The carrier's name in English.
        pub carrier_en: String,
        /// The carrier's name in Chinese.
        pub carrier_zh: String,
        /// When it was opened.
        pub created_at: Timestamp,
        /// When it was handed over.
        pub handed_over_at: Option<Timestamp>,
        /// Who took the parcels.
        pub taken_by: String,
        /// Parcels.
        pub count: i64,
        /// Their weight, as far as they were weighed.
        pub weight_grams: i64,
        /// In which form there is a signature of who took them: `svg`; empty where nobody signed on glass.
        pub signature: String,
    }
}

row! {
    /// A parcel on a manifest.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct ManifestParcel {
        /// The parcel.
        pub parcel_id: PlaceId,
        /// Its number.
        pub parcel: String,
        /// Its waybill number.
        pub waybill: String,
        /// Its order's number.
        pub order: String,
        /// Its weight, once it was weighed.
        pub weight_grams: Option<i64>,
        /// When it was scanned.
        pub scanned_at: Timestamp,
        /// Who scanned it: their number.
        pub scanned_by: String,
    }
}

/// A manifest as it is printed and signed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ManifestView {
    /// Its head.
    #[serde(flatten)]
    pub manifest: ManifestSummary,
    /// Its parcels, in the order of their scans.
    pub parcels: Vec<ManifestParcel>,
}

/// Which manifests a list shows.
#[derive(Clone, Debug, Default)]
pub struct ManifestFilter {
    /// In this state.
    pub state: Option<ManifestState>,
    /// Of this carrier.
    pub carrier: Option<String>,
    /// Older than this manifest.
    pub before: Option<ManifestId>,
    /// Most rows.
    pub limit: i64,
}

/// Every carrier, by code.
///
/// # Errors
/// A failure of the database.
pub async fn carriers(tx: &mut Tx<'_>) -> Result<Vec<CarrierView>, DbError> {
    tx.all(sql::LIST_CARRIERS, args![]).await
}

/// Every ship method, by code.
///
/// # Errors
/// A failure of the database.
pub async fn ship_methods(tx: &mut Tx<'_>) -> Result<Vec<ShipMethodView>, DbError> {
    tx.all(sql::LIST_SHIP_METHODS, args![]).await
}

/// Manifests, the newest first.
///
/// # Errors
/// A failure of the database.
pub async fn manifests(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    filter: &ManifestFilter,
) -> Result<Vec<ManifestSummary>, DbError> {
    let values = args![
        warehouse,
        0_i64,
        filter.state.map_or("", ManifestState::code),
        filter.carrier.as_deref().unwrap_or_default(),
        filter.before.map_or(0, |id| id.0),
        filter.limit.clamp(1, 1000)
    ];
    tx.all(sql::SELECT_VIEW, values).await
}

/// A manifest with its parcels.
///
/// # Errors
/// [`ShippingError::NotFound`].
pub async fn manifest(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    manifest: ManifestId,
) -> Result<ManifestView, ShippingError> {
    let head: Option<ManifestSummary> =
        tx.opt(sql::SELECT_VIEW, args![warehouse, manifest, "", "", 0_i64, 1_i64]).await?;
    let head = head.ok_or_else(|| ShippingError::NotFound { what: "manifest", code: manifest.to_string() })?;
    let parcels = tx.all(sql::LIST_PARCELS, args![manifest]).await?;
    Ok(ManifestView { manifest: head, parcels })
}

/// The signature of who took a manifest's parcels, as an SVG.
///
/// # Errors
/// [`ShippingError::NotFound`] where nobody signed on glass; where the vault can't open it; a failure of the database.
pub async fn signature(
    tx: &mut Tx<'_>,
    vault: &Vault,
    warehouse: WarehouseId,
    manifest: ManifestId,
) -> Result<String, ShippingError> {
    let found: Option<(Option<Vec<u8>>,)> = tx.opt(sql::SELECT_SIGNATURE, args![warehouse, manifest]).await?;
    let sealed = found.and_then(|(sealed,)| sealed);
    let sealed = sealed.ok_or_else(|| ShippingError::NotFound { what: "signature", code: manifest.to_string() })?;
    let opened = vault.open(SIGNATURE, &sealed).map_err(|error| DbError::Form(error.to_string()))?;
    let path = String::from_utf8(opened).map_err(|error| DbError::Form(error.to_string()))?;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1000 300\" width=\"1000\" height=\"300\">\
         <rect width=\"1000\" height=\"300\" fill=\"#fff\"/>\
         <path d=\"{path}\" fill=\"none\" stroke=\"#000\" stroke-width=\"4\"/></svg>"
    ))
}

impl ManifestView {
    /// The list as CSV, with a head line and a last line of the sums.
    ///
    /// # Errors
    /// Where a line can't be written.
    pub fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["waybill", "parcel", "order", "weight_grams", "scanned_at", "scanned_by"])?;
        for parcel in &self.parcels {
            let weight = parcel.weight_grams.map_or_else(String::new, |grams| grams.to_string());
            let scanned_at = parcel.scanned_at.rfc3339();
            let fields = [&parcel.waybill, &parcel.parcel, &parcel.order, &weight, &scanned_at, &parcel.scanned_by];
            writer.write_record(fields)?;
        }
        let (count, weight) = (self.manifest.count.to_string(), self.manifest.weight_grams.to_string());
        writer.write_record([&self.manifest.number, &count, "", &weight, "", &self.manifest.taken_by])?;
        writer.into_inner().map_err(|error| error.into_error().into())
    }
}
