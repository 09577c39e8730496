//! Manifests and the hand-over.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::kernel::ids::{ManifestId, StationId};
use crate::messages::Language;
use crate::shipping::ManifestState;
use crate::shipping::handover::{HandOver, HandedOver};
use crate::shipping::list::PrintManifest;
use crate::shipping::manifest::{CancelManifest, ManifestCancelled, ManifestOpened, OpenManifest};
use crate::shipping::query::{self, ManifestFilter, ManifestSummary, ManifestView};
use crate::shipping::scan::{ScanOut, ScannedOut, TakeOff, TakenOff};
use crate::station::papers::PapersQueued;
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of manifests.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_manifests, open))
        .routes(routes!(one_manifest))
        .routes(routes!(manifest_csv))
        .routes(routes!(signature))
        .routes(routes!(print))
        .routes(routes!(scan_out))
        .routes(routes!(take_off))
        .routes(routes!(hand_over))
        .routes(routes!(cancel))
}

/// Which manifests a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ManifestsQuery {
    /// In this state.
    pub state: Option<ManifestState>,
    /// Of the carrier with this code.
    pub carrier: Option<String>,
    /// Older than this manifest.
    pub before: Option<ManifestId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Manifests, the newest first.
#[utoipa::path(get, path = "/manifests", tag = "manifests", params(ManifestsQuery),
    responses((status = 200, body = Vec<ManifestSummary>), (status = 400, body = Problem), (status = 401, body = Problem)))]
async fn list_manifests(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<ManifestsQuery>,
) -> Result<Json<Vec<ManifestSummary>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    let ManifestsQuery { state, carrier, before, limit } = asked;
    let filter = ManifestFilter { state, carrier, before, limit: limit.unwrap_or(100) };
    Ok(Json(app.db.read(|tx| Box::pin(async move { query::manifests(tx, warehouse, &filter).await })).await?))
}

/// Open a manifest for a carrier.
#[utoipa::path(post, path = "/manifests", tag = "manifests", request_body = OpenManifest,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ManifestOpened), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn open(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<OpenManifest>,
) -> Result<Json<ManifestOpened>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

async fn read(app: &App, viewer: &Viewer, manifest: ManifestId) -> Result<ManifestView, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    Ok(app.db.read(|tx| Box::pin(query::manifest(tx, warehouse, manifest))).await?)
}

/// A manifest with its parcels, count and weight.
#[utoipa::path(get, path = "/manifests/{manifest}", tag = "manifests", params(("manifest" = i64, Path)),
    responses((status = 200, body = ManifestView), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn one_manifest(
    State(app): State<App>,
    viewer: Viewer,
    Path(manifest): Path<ManifestId>,
) -> Result<Json<ManifestView>, WebError> {
    Ok(Json(read(&app, &viewer, manifest).await?))
}

/// Where a list is printed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintAt {
    /// The station whose printer for manifests is used.
    #[serde(default)]
    pub station: Option<StationId>,
    /// The code of a printer, where it shall be that one.
    #[serde(default)]
    pub printer: Option<String>,
}

/// Print the list of a manifest, to be signed.
#[utoipa::path(post, path = "/manifests/{manifest}/print", tag = "manifests", request_body = PrintAt,
    params(("manifest" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PapersQueued), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn print(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path(manifest): Path<ManifestId>,
    Json(PrintAt { station, printer }): Json<PrintAt>,
) -> Result<Json<PapersQueued>, WebError> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = Language::accepted(accepted.unwrap_or_default()).code().to_owned();
    Ok(Json(app.operate(caller.context, PrintManifest { manifest, station, printer, language }).await?))
}

/// The list of a manifest as CSV, to be printed and signed.
#[utoipa::path(get, path = "/manifests/{manifest}/list.csv", tag = "manifests", params(("manifest" = i64, Path)),
    responses((status = 200, content_type = "text/csv", body = String), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
async fn manifest_csv(
    State(app): State<App>,
    viewer: Viewer,
    Path(manifest): Path<ManifestId>,
) -> Result<Response, WebError> {
    let view = read(&app, &viewer, manifest).await?;
    let csv = view.csv().map_err(|error| {
        tracing::error!(%error, "manifest as CSV");
        WebError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", Vec::new())
    })?;
    let name = format!("attachment; filename=\"{}.csv\"", view.manifest.number);
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, csv).into_response())
}

/// The signature of who took the parcels.
#[utoipa::path(get, path = "/manifests/{manifest}/signature", tag = "manifests", params(("manifest" = i64, Path)),
    responses((status = 200, content_type = "image/svg+xml", body = String), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn signature(
    State(app): State<App>,
    viewer: Viewer,
    Path(manifest): Path<ManifestId>,
) -> Result<Response, WebError> {
    viewer.require(Right::Ship)?;
    let (warehouse, services) = (viewer.warehouse, Arc::clone(&app.services));
    let read = app.db.read(|tx| {
        let services = Arc::clone(&services);
        Box::pin(async move { query::signature(tx, &services.vault, warehouse, manifest).await })
    });
    let svg = read.await?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}

/// A scanned parcel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParcelScan {
    /// The waybill number, as scanned.
    pub scan: String,
}

/// Scan a parcel onto a manifest.
#[utoipa::path(post, path = "/manifests/{manifest}/parcels", tag = "manifests", request_body = ParcelScan,
    params(("manifest" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ScannedOut), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn scan_out(
    State(app): State<App>,
    caller: Caller,
    Path(manifest): Path<ManifestId>,
    Json(ParcelScan { scan }): Json<ParcelScan>,
) -> Result<Json<ScannedOut>, WebError> {
    Ok(Json(app.operate(caller.context, ScanOut { manifest, scan }).await?))
}

/// Take a parcel off an open manifest.
#[utoipa::path(post, path = "/manifests/{manifest}/take-off", tag = "manifests", request_body = ParcelScan,
    params(("manifest" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = TakenOff), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn take_off(
    State(app): State<App>,
    caller: Caller,
    Path(manifest): Path<ManifestId>,
    Json(ParcelScan { scan }): Json<ParcelScan>,
) -> Result<Json<TakenOff>, WebError> {
    Ok(Json(app.operate(caller.context, TakeOff { manifest, scan }).await?))
}

/// Who takes the parcels.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// Who takes them for the carrier, as they sign.
    pub taken_by: String,
    /// Their signature on glass: the data of an SVG path of moves and lines, in a box of 1000 x 300.
    #[serde(default)]
    pub signature: Option<String>,
}

/// Hand a manifest's parcels to the carrier.
#[utoipa::path(post, path = "/manifests/{manifest}/hand-over", tag = "manifests", request_body = Taken,
    params(("manifest" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = HandedOver), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn hand_over(
    State(app): State<App>,
    caller: Caller,
    Path(manifest): Path<ManifestId>,
    Json(Taken { taken_by, signature }): Json<Taken>,
) -> Result<Json<HandedOver>, WebError> {
    Ok(Json(app.operate(caller.context, HandOver { manifest, taken_by, signature }).await?))
}

/// Give an open manifest up; its parcels are free again.
#[utoipa::path(post, path = "/manifests/{manifest}/cancel", tag = "manifests",
    params(("manifest" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ManifestCancelled), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(manifest): Path<ManifestId>,
) -> Result<Json<ManifestCancelled>, WebError> {
    Ok(Json(app.operate(caller.context, CancelManifest { manifest }).await?))
}
