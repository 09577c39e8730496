//! Packing: from a scanned tote to a closed parcel.

use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::parcels::read;
use crate::app::App;
use crate::kernel::actor::Right;
use crate::kernel::ids::{PlaceId, StationId};
use crate::packing::aside::{AsidePiece, PieceSetAside, SetAside};
use crate::packing::query::{self, ParcelView, WaitingTote};
use crate::packing::seal::{HowToSeal, PaperTicked, ParcelSealed, SealParcel, TickPaper};
use crate::packing::single::StartPackingByItem;
use crate::packing::slip::PrintPackingSlip;
use crate::packing::start::{StartIncomplete, StartPacking};
use crate::packing::verify::{PieceBack, PieceScan, PieceVerified, UndoPiece, VerifyPiece};
use crate::station::papers::PapersQueued;
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of packing.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_waiting))
        .routes(routes!(start))
        .routes(routes!(start_by_item))
        .routes(routes!(start_incomplete))
        .routes(routes!(verify))
        .routes(routes!(take_out_piece))
        .routes(routes!(set_aside))
        .routes(routes!(tick))
        .routes(routes!(slip))
        .routes(routes!(seal))
}

/// How much of a list is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WaitingQuery {
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Totes that wait for a packer, the most urgent first.
#[utoipa::path(get, path = "/packing/waiting", tag = "packing", params(WaitingQuery),
    responses((status = 200, body = Vec<WaitingTote>), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
async fn list_waiting(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<WaitingQuery>,
) -> Result<Json<Vec<WaitingTote>>, WebError> {
    viewer.require(Right::Read)?;
    let (warehouse, limit) = (viewer.warehouse, asked.limit.unwrap_or(100));
    Ok(Json(app.db.read(|tx| Box::pin(query::waiting(tx, warehouse, limit))).await?))
}

/// Begin to pack what is in a tote, or go on with it. Answers all that the packer needs.
#[utoipa::path(post, path = "/packing/start", tag = "packing", request_body = StartPacking,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ParcelView), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn start(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<StartPacking>,
) -> Result<Json<ParcelView>, WebError> {
    let warehouse = caller.context.warehouse;
    let started = app.operate(caller.context, input).await?;
    Ok(Json(read(&app, warehouse, started.parcel_id).await?))
}

/// Begin to pack the order of one piece that a scanned item out of a batch's tote is for.
#[utoipa::path(post, path = "/packing/start-by-item", tag = "packing", request_body = StartPackingByItem,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ParcelView), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn start_by_item(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<StartPackingByItem>,
) -> Result<Json<ParcelView>, WebError> {
    let warehouse = caller.context.warehouse;
    let started = app.operate(caller.context, input).await?;
    Ok(Json(read(&app, warehouse, started.parcel_id).await?))
}

/// Begin to pack a slot of a put wall that isn't complete, with a reason.
#[utoipa::path(post, path = "/packing/start-incomplete", tag = "packing", request_body = StartIncomplete,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ParcelView), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn start_incomplete(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<StartIncomplete>,
) -> Result<Json<ParcelView>, WebError> {
    let warehouse = caller.context.warehouse;
    let started = app.operate(caller.context, input).await?;
    Ok(Json(read(&app, warehouse, started.parcel_id).await?))
}

/// Scan a piece into a parcel.
#[utoipa::path(post, path = "/packing/{parcel}/pieces", tag = "packing", request_body = PieceScan,
    params(("parcel" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PieceVerified), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn verify(
    State(app): State<App>,
    caller: Caller,
    Path(parcel): Path<PlaceId>,
    Json(scan): Json<PieceScan>,
) -> Result<Json<PieceVerified>, WebError> {
    Ok(Json(app.operate(caller.context, VerifyPiece { parcel, scan }).await?))
}

/// Take a piece out of a parcel again, back into a tote.
#[utoipa::path(post, path = "/packing/{parcel}/take-out", tag = "packing", request_body = PieceBack,
    params(("parcel" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PieceVerified), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn take_out_piece(
    State(app): State<App>,
    caller: Caller,
    Path(parcel): Path<PlaceId>,
    Json(back): Json<PieceBack>,
) -> Result<Json<PieceVerified>, WebError> {
    Ok(Json(app.operate(caller.context, UndoPiece { parcel, back }).await?))
}

/// Set a piece aside that can't be packed: broken, or not to be sold any more. The order gets another later.
#[utoipa::path(post, path = "/packing/{parcel}/set-aside", tag = "packing", request_body = AsidePiece,
    params(("parcel" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PieceSetAside), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn set_aside(
    State(app): State<App>,
    caller: Caller,
    Path(parcel): Path<PlaceId>,
    Json(piece): Json<AsidePiece>,
) -> Result<Json<PieceSetAside>, WebError> {
    Ok(Json(app.operate(caller.context, SetAside { parcel, piece }).await?))
}

/// A paper that is put in, or taken out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    /// Which paper of the checklist.
    pub paper: String,
    /// Whether it is inside.
    pub enclosed: bool,
}

/// Tick a paper of the checklist.
#[utoipa::path(post, path = "/packing/{parcel}/papers", tag = "packing", request_body = Tick,
    params(("parcel" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PaperTicked), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn tick(
    State(app): State<App>,
    caller: Caller,
    Path(parcel): Path<PlaceId>,
    Json(Tick { paper, enclosed }): Json<Tick>,
) -> Result<Json<PaperTicked>, WebError> {
    Ok(Json(app.operate(caller.context, TickPaper { parcel, paper, enclosed }).await?))
}

/// Where a paper is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlipAt {
    /// The station; where the parcel is packed, if it isn't said.
    #[serde(default)]
    pub station: Option<StationId>,
}

/// Print a parcel's packing slip; again, where it was printed before.
#[utoipa::path(post, path = "/packing/{parcel}/slip", tag = "packing", request_body = SlipAt,
    params(("parcel" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PapersQueued), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn slip(
    State(app): State<App>,
    caller: Caller,
    Path(parcel): Path<PlaceId>,
    Json(SlipAt { station }): Json<SlipAt>,
) -> Result<Json<PapersQueued>, WebError> {
    Ok(Json(app.operate(caller.context, PrintPackingSlip { parcel, station }).await?))
}

/// Close a parcel: with everything in it, with the rest for a next parcel, or by a person's word.
#[utoipa::path(post, path = "/packing/{parcel}/close", tag = "packing", request_body = HowToSeal,
    params(("parcel" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ParcelSealed), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn seal(
    State(app): State<App>,
    caller: Caller,
    Path(parcel): Path<PlaceId>,
    Json(how): Json<HowToSeal>,
) -> Result<Json<ParcelSealed>, WebError> {
    Ok(Json(app.operate(caller.context, SealParcel { parcel, how }).await?))
}
