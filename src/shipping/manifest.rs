//! Manifests: opened for one carrier, filled by scans, handed over or given up.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::carriers::{carrier, require};
use super::{ManifestState, ShippingError, sql};
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{CarrierId, ManifestId};
use crate::{args, row};

row! {
    /// A manifest, locked.
    #[derive(Debug, Clone)]
    pub struct ManifestRow {
        /// Its id.
        pub id: ManifestId,
        /// Its number.
        pub number: String,
        /// Where it stands.
        pub state: ManifestState,
        /// Whose parcels are on it.
        pub carrier: CarrierId,
        /// The carrier's code.
        pub carrier_code: String,
        /// Where a buyer follows a parcel.
        pub tracking_url: String,
    }
}

/// Locks a manifest that must be open.
pub(super) async fn lock_open(op: &mut Op<'_, '_>, manifest: ManifestId) -> Result<ManifestRow, ShippingError> {
    let warehouse = op.warehouse();
    let found: Option<ManifestRow> = op.tx.opt(sql::SELECT_MANIFEST, args![warehouse, manifest]).await?;
    let row = found.ok_or_else(|| ShippingError::NotFound { what: "manifest", code: manifest.to_string() })?;
    if row.state == ManifestState::Open {
        Ok(row)
    } else {
        Err(ShippingError::ManifestClosed { manifest: row.number, state: row.state })
    }
}

/// Opens a manifest for a carrier.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenManifest {
    /// The carrier's code.
    pub carrier: String,
}

/// A manifest that was opened.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ManifestOpened {
    /// Its id.
    pub manifest_id: ManifestId,
    /// Its number.
    pub number: String,
}

impl Operation for OpenManifest {
    const KIND: &'static str = "manifest.open";
    type Answer = ManifestOpened;
    type Error = ShippingError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<ManifestOpened, ShippingError> {
        require(op, Right::Ship)?;
        let (carrier_id, code) = carrier(op, &self.carrier).await?;
        // Nothing below may fail for a business reason.
        let (warehouse, at) = (op.warehouse(), op.at());
        let temporary = format!("new:{}", op.context.key.as_str());
        let values = args![warehouse, temporary, carrier_id, at];
        let (manifest_id,): (ManifestId,) = op.tx.one("manifest", sql::INSERT_MANIFEST, values).await?;
        let number = format!("M{:08}", manifest_id.0);
        op.tx.exec(sql::SET_NUMBER, args![manifest_id, &number]).await?;
        op.record("manifest.opened", ("manifest", manifest_id.0), &json!({ "carrier": code }));
        Ok(ManifestOpened { manifest_id, number })
    }
}

/// Gives an open manifest up. Its parcels are free for another one.
#[derive(Debug, Serialize)]
pub struct CancelManifest {
    /// Which.
    pub manifest: ManifestId,
}

/// A manifest that was given up.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ManifestCancelled {
    /// Its number.
    pub number: String,
    /// Parcels that are free again.
    pub parcels: i64,
}

impl Operation for CancelManifest {
    const KIND: &'static str = "manifest.cancel";
    type Answer = ManifestCancelled;
    type Error = ShippingError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<ManifestCancelled, ShippingError> {
        require(op, Right::Ship)?;
        let manifest = lock_open(op, self.manifest).await?;
        // Nothing below may fail for a business reason.
        let parcels = i64::try_from(op.tx.exec(sql::DELETE_PARCELS, args![manifest.id]).await?).unwrap_or(i64::MAX);
        op.tx.exec_one("manifest", sql::SET_CANCELLED, args![manifest.id]).await?;
        op.record("manifest.cancelled", ("manifest", manifest.id.0), &json!({ "parcels": parcels }));
        Ok(ManifestCancelled { number: manifest.number, parcels })
    }
}
