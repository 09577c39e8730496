//! Parcels: looked at, weighed, labelled, opened again, given up.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::kernel::ids::{PlaceId, WarehouseId};
use crate::messages::{self, Language};
use crate::packing::model::ParcelState;
use crate::packing::query::{self, ParcelFilter, ParcelSummary, ParcelView};
use crate::packing::reopen::{Back, ParcelBack, ReopenParcel, VoidParcel};
use crate::packing::weigh::{ChangeCarrier, LabelParcel, OtherCarrier, ParcelOnItsWay, WeighParcel, Weight};
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of parcels.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_parcels))
        .routes(routes!(one_parcel))
        .routes(routes!(weigh))
        .routes(routes!(label))
        .routes(routes!(change_carrier))
        .routes(routes!(reopen))
        .routes(routes!(void))
}

/// Which parcels a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ParcelsQuery {
    /// In this state.
    pub state: Option<ParcelState>,
    /// Of the order with this number.
    pub order: Option<String>,
    /// Older than this parcel.
    pub before: Option<PlaceId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Parcels, the newest first.
#[utoipa::path(get, path = "/parcels", tag = "parcels", params(ParcelsQuery),
    responses((status = 200, body = Vec<ParcelSummary>), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
async fn list_parcels(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<ParcelsQuery>,
) -> Result<Json<Vec<ParcelSummary>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    let ParcelsQuery { state, order, before, limit } = asked;
    let filter = ParcelFilter { state, order, before, limit: limit.unwrap_or(100) };
    Ok(Json(app.db.read(|tx| Box::pin(async move { query::parcels(tx, warehouse, &filter).await })).await?))
}

/// Reads a parcel for the packer's screen.
pub(super) async fn read(app: &App, warehouse: WarehouseId, parcel: PlaceId) -> Result<ParcelView, WebError> {
    let services = Arc::clone(&app.services);
    let view =
        app.db.read(|tx| Box::pin(async move { query::parcel(tx, &services.vault, warehouse, parcel).await })).await?;
    Ok(view)
}

/// A parcel as the packer's screen shows it: what belongs into it, papers, remarks, totes.
#[utoipa::path(get, path = "/parcels/{parcel}", tag = "parcels", params(("parcel" = i64, Path)),
    responses((status = 200, body = ParcelView), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn one_parcel(
    State(app): State<App>,
    viewer: Viewer,
    Path(parcel): Path<PlaceId>,
) -> Result<Json<ParcelView>, WebError> {
    viewer.require(Right::Read)?;
    Ok(Json(read(&app, viewer.warehouse, parcel).await?))
}

/// A parcel on its way to the label, with the sentence about what hinders it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParcelWay {
    /// Where it stands.
    #[serde(flatten)]
    pub way: ParcelOnItsWay,
    /// What hinders it and what to do, in the caller's language; empty for nothing.
    pub sentence: String,
}

impl ParcelWay {
    fn of(way: ParcelOnItsWay, headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let language = Language::accepted(accepted.unwrap_or_default());
        let sentence = way.hindrance.as_ref().map_or_else(String::new, |hindrance| {
            let facts: Vec<_> = hindrance.facts.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            messages::fill(language, &hindrance.code, &facts)
        });
        Self { way, sentence }
    }
}

/// Weigh a closed parcel. Where the weight is right it gets its waybill number and its label at once.
#[utoipa::path(post, path = "/parcels/{parcel}/weigh", tag = "parcels", request_body = Weight,
    params(("parcel" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ParcelWay), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn weigh(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path(parcel): Path<PlaceId>,
    Json(weight): Json<Weight>,
) -> Result<Json<ParcelWay>, WebError> {
    Ok(Json(ParcelWay::of(app.operate(caller.context, WeighParcel { parcel, weight }).await?, &headers)))
}

/// Where a label is to be printed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LabelAt {
    /// The station's code; the parcel's where it isn't said.
    pub station: Option<String>,
}

/// Ask for the label of a weighed parcel, where something hindered it before.
#[utoipa::path(post, path = "/parcels/{parcel}/label", tag = "parcels", request_body = LabelAt,
    params(("parcel" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ParcelWay), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn label(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path(parcel): Path<PlaceId>,
    Json(LabelAt { station }): Json<LabelAt>,
) -> Result<Json<ParcelWay>, WebError> {
    Ok(Json(ParcelWay::of(app.operate(caller.context, LabelParcel { parcel, station }).await?, &headers)))
}

/// Send a parcel with another carrier; possible while certainly no label is on paper.
#[utoipa::path(post, path = "/parcels/{parcel}/carrier", tag = "parcels", request_body = OtherCarrier,
    params(("parcel" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ParcelWay), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn change_carrier(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path(parcel): Path<PlaceId>,
    Json(to): Json<OtherCarrier>,
) -> Result<Json<ParcelWay>, WebError> {
    Ok(Json(ParcelWay::of(app.operate(caller.context, ChangeCarrier { parcel, to }).await?, &headers)))
}

/// Open a closed parcel again.
#[utoipa::path(post, path = "/parcels/{parcel}/reopen", tag = "parcels", request_body = Back,
    params(("parcel" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ParcelBack), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn reopen(
    State(app): State<App>,
    caller: Caller,
    Path(parcel): Path<PlaceId>,
    Json(back): Json<Back>,
) -> Result<Json<ParcelBack>, WebError> {
    Ok(Json(app.operate(caller.context, ReopenParcel { parcel, back }).await?))
}

/// Give a parcel up. Its goods go back into a tote, or, of a cancelled order, wait in it to be put back on the shelf.
#[utoipa::path(post, path = "/parcels/{parcel}/void", tag = "parcels", request_body = Back,
    params(("parcel" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ParcelBack), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn void(
    State(app): State<App>,
    caller: Caller,
    Path(parcel): Path<PlaceId>,
    Json(back): Json<Back>,
) -> Result<Json<ParcelBack>, WebError> {
    Ok(Json(app.operate(caller.context, VoidParcel { parcel, back }).await?))
}
