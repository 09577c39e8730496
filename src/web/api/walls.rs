//! Put walls: what batches brought is sorted by order, piece by piece.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::picking::putback::PutBackDone;
use crate::wall::make::{MakeWall, WallMade};
use crate::wall::query::{self, BatchTote, WallSummary, WallView};
use crate::wall::sort::{ConfirmSort, Piece, SortItem, SortProposed, Sorted};
use crate::wall::spare::{ConfirmSpare, SparePiece};
use crate::wall::undo::{SortedBack, UndoSort};
use crate::web::{Caller, Json, Path, Problem, Viewer, WebError};

/// The routes of put walls.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_walls, make_wall))
        .routes(routes!(show_wall))
        .routes(routes!(sort_item))
        .routes(routes!(confirm_sort))
        .routes(routes!(confirm_spare))
        .routes(routes!(undo_sort))
        .routes(routes!(list_batch_totes))
}

/// The put walls, and how many of their slots have an order.
#[utoipa::path(get, path = "/walls", tag = "walls",
    responses((status = 200, body = Vec<WallSummary>), (status = 403, body = Problem)))]
async fn list_walls(State(app): State<App>, viewer: Viewer) -> Result<Json<Vec<WallSummary>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    Ok(Json(app.db.read(|tx| Box::pin(query::walls(tx, warehouse))).await?))
}

/// Make a wall with its slots; one that is there gets the slots that it lacks.
#[utoipa::path(put, path = "/walls", tag = "walls", request_body = MakeWall,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = WallMade), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn make_wall(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<MakeWall>,
) -> Result<Json<WallMade>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// A wall with all its slots: open, filling, complete, or stopped.
#[utoipa::path(get, path = "/walls/{wall}", tag = "walls", params(("wall" = String, Path)),
    responses((status = 200, body = WallView), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn show_wall(
    State(app): State<App>,
    viewer: Viewer,
    Path(wall): Path<String>,
) -> Result<Json<WallView>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    Ok(Json(app.db.read(|tx| Box::pin(async move { query::view(tx, warehouse, &wall).await })).await?))
}

/// Ask where a scanned piece belongs. An order gets its slot with its first piece.
#[utoipa::path(post, path = "/walls/{wall}/sort", tag = "walls", request_body = Piece,
    params(("wall" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = SortProposed), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn sort_item(
    State(app): State<App>,
    caller: Caller,
    Path(wall): Path<String>,
    Json(piece): Json<Piece>,
) -> Result<Json<SortProposed>, WebError> {
    Ok(Json(app.operate(caller.context, SortItem { wall, piece }).await?))
}

/// A piece that lies in a slot.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PieceInSlot {
    /// The tote that it came out of, scanned.
    pub tote: String,
    /// Any barcode of the item, its SKU code, or a GS1 element string.
    pub item: String,
    /// The lot's number; needed where several lots of the item lie in the tote.
    #[serde(default)]
    pub lot: Option<String>,
    /// The slot, scanned.
    pub slot: String,
    /// Scans of the item; 1 where it isn't said.
    #[serde(default)]
    #[schema(default = 1)]
    pub quantity: Option<i64>,
}

/// Confirm that a piece lies in its slot. A wrong slot is refused, with the right one.
#[utoipa::path(post, path = "/walls/{wall}/confirm", tag = "walls", request_body = PieceInSlot,
    params(("wall" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Sorted), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn confirm_sort(
    State(app): State<App>,
    caller: Caller,
    Path(wall): Path<String>,
    Json(input): Json<PieceInSlot>,
) -> Result<Json<Sorted>, WebError> {
    let PieceInSlot { tote, item, lot, slot, quantity } = input;
    let operation = ConfirmSort { wall, piece: Piece { tote, item, lot }, slot, quantity };
    Ok(Json(app.operate(caller.context, operation).await?))
}

/// Confirm that a piece that no order wants any more lies in the spare place; it is free again.
#[utoipa::path(post, path = "/walls/{wall}/spare", tag = "walls", request_body = SparePiece,
    params(("wall" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PutBackDone), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn confirm_spare(
    State(app): State<App>,
    caller: Caller,
    Path(wall): Path<String>,
    Json(spare): Json<SparePiece>,
) -> Result<Json<PutBackDone>, WebError> {
    Ok(Json(app.operate(caller.context, ConfirmSpare { wall, spare }).await?))
}

/// Take a piece out of its slot again, back into a tote.
#[utoipa::path(post, path = "/walls/{wall}/undo", tag = "walls", request_body = SortedBack,
    params(("wall" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Sorted), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn undo_sort(
    State(app): State<App>,
    caller: Caller,
    Path(wall): Path<String>,
    Json(back): Json<SortedBack>,
) -> Result<Json<Sorted>, WebError> {
    Ok(Json(app.operate(caller.context, UndoSort { wall, back }).await?))
}

/// Totes of batches with goods in them: to be sorted, or to be packed piece by piece.
#[utoipa::path(get, path = "/picking/batch-totes", tag = "picking",
    responses((status = 200, body = Vec<BatchTote>), (status = 403, body = Problem)))]
async fn list_batch_totes(State(app): State<App>, viewer: Viewer) -> Result<Json<Vec<BatchTote>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    Ok(Json(app.db.read(|tx| Box::pin(query::batch_totes(tx, warehouse))).await?))
}
