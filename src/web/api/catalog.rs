//! The catalogue: SKUs, and what a scanned code means.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::catalog::CatalogError;
use crate::catalog::ops::{self, Barcode, PutSkus, SkuView, SkusPut};
use crate::kernel::actor::Right;
use crate::kernel::ids::SkuId;
use crate::location::ops::place;
use crate::stock::model::PlaceKind;
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of the catalogue.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_skus, put_skus)).routes(routes!(one_sku)).routes(routes!(resolve))
}

/// Which SKUs a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SkusQuery {
    /// Behind this SKU.
    pub after: Option<SkuId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// SKUs, by id.
#[utoipa::path(get, path = "/skus", tag = "catalog", params(SkusQuery),
    responses((status = 200, body = Vec<SkuView>), (status = 400, body = Problem), (status = 401, body = Problem)))]
async fn list_skus(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<SkusQuery>,
) -> Result<Json<Vec<SkuView>>, WebError> {
    viewer.require(Right::Read)?;
    let (after, limit) = (asked.after.unwrap_or(SkuId(0)), asked.limit.unwrap_or(100));
    Ok(Json(app.db.read(|tx| Box::pin(ops::list(tx, after, limit))).await?))
}

/// Make SKUs, or change those with these codes; all or none.
#[utoipa::path(put, path = "/skus", tag = "catalog", request_body = PutSkus,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = SkusPut), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn put_skus(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<PutSkus>,
) -> Result<Json<SkusPut>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// A SKU with its barcodes.
#[derive(Debug, Serialize, ToSchema)]
pub struct SkuDetail {
    /// The SKU.
    #[serde(flatten)]
    pub sku: SkuView,
    /// Its barcodes.
    pub barcodes: Vec<Barcode>,
}

/// One SKU with its barcodes.
#[utoipa::path(get, path = "/skus/{code}", tag = "catalog", params(("code" = String, Path)),
    responses((status = 200, body = SkuDetail), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn one_sku(
    State(app): State<App>,
    viewer: Viewer,
    Path(code): Path<String>,
) -> Result<Json<SkuDetail>, WebError> {
    viewer.require(Right::Read)?;
    let (sku, barcodes) = app.db.read(|tx| Box::pin(async move { ops::sku_view(tx, &code).await })).await?;
    Ok(Json(SkuDetail { sku, barcodes }))
}

/// A scanned text.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ScanQuery {
    /// The text, as scanned.
    pub scan: String,
}

/// What a scan means. One of the two is there, or both where a place and a SKU share a code.
#[derive(Debug, Serialize, ToSchema)]
pub struct Meaning {
    /// A SKU.
    pub sku: Option<ScannedSku>,
    /// A place.
    pub place: Option<ScannedPlace>,
}

/// A SKU that was scanned.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScannedSku {
    /// Its id.
    pub id: SkuId,
    /// Its code.
    pub code: String,
    /// Pieces that the scan stands for.
    pub unit_factor: i64,
}

/// A place that was scanned.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScannedPlace {
    /// Its code.
    pub code: String,
    /// What it is.
    pub kind: PlaceKind,
}

/// What a scanned text means: a SKU by its code or any of its barcodes, or a place.
#[utoipa::path(get, path = "/resolve", tag = "catalog", params(ScanQuery),
    responses((status = 200, body = Meaning), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
async fn resolve(
    State(app): State<App>,
    viewer: Viewer,
    Query(ScanQuery { scan }): Query<ScanQuery>,
) -> Result<Json<Meaning>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    let text = scan.clone();
    let read = app.db.read(|tx| {
        Box::pin(
            async move { Ok::<_, CatalogError>((ops::resolve(tx, &text).await?, place(tx, warehouse, &text).await?)) },
        )
    });
    let (sku, place) = read.await?;
    if sku.is_none() && place.is_none() {
        return Err(WebError::not_found("code", &scan));
    }
    let sku = sku.map(|found| ScannedSku { id: found.sku, code: found.code, unit_factor: found.unit_factor });
    Ok(Json(Meaning { sku, place: place.map(|found| ScannedPlace { code: found.code, kind: found.kind }) }))
}
