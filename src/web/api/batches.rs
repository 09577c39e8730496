//! Batches: one walk over many orders of a wave, sorted afterwards on a put wall.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::picking::{Short, ToteScan, Undo};
use crate::app::App;
use crate::db::Done;
use crate::kernel::actor::Right;
use crate::kernel::ids::{BatchId, CellId};
use crate::picking::batch::claim::{BatchClaimed, BatchToteTaken, ClaimBatch, ReleaseBatch, TakeBatchTote};
use crate::picking::batch::confirm::ConfirmBatchPick;
use crate::picking::batch::short::{ReportBatchShort, SkipBatchLine};
use crate::picking::batch::undo::UndoBatchPick;
use crate::picking::batch::{self, BatchChanged, BatchView};
use crate::picking::confirm::PickProof;
use crate::web::{Caller, Json, Path, Problem, Viewer, WebError};

/// The routes of batches.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(claim_batch, show_batch))
        .routes(routes!(take_batch_tote))
        .routes(routes!(release_batch))
        .routes(routes!(confirm_batch_line))
        .routes(routes!(short_batch_line))
        .routes(routes!(skip_batch_line))
        .routes(routes!(undo_batch_line))
}

/// Ask for a batch of orders of one wave. Who has one gets it again.
#[utoipa::path(post, path = "/picking/batches", tag = "picking", request_body = ClaimBatch,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = BatchClaimed), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn claim_batch(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<ClaimBatch>,
) -> Result<Json<BatchClaimed>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// One's own batch: its tote, and its lines along the walk.
#[utoipa::path(get, path = "/picking/batches", tag = "picking",
    responses((status = 200, body = BatchView), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn show_batch(State(app): State<App>, viewer: Viewer) -> Result<Json<BatchView>, WebError> {
    viewer.require(Right::Pick)?;
    let (warehouse, person, now) = (viewer.warehouse, viewer.actor.person, app.clock.now());
    Ok(Json(app.db.read(|tx| Box::pin(batch::view(tx, warehouse, person, now))).await?))
}

/// Take an empty tote for a batch; or the next, where the first is full: what lies in the first stays in it.
#[utoipa::path(post, path = "/picking/batches/{batch}/tote", tag = "picking", request_body = ToteScan,
    params(("batch" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = BatchToteTaken), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn take_batch_tote(
    State(app): State<App>,
    caller: Caller,
    Path(batch): Path<BatchId>,
    Json(ToteScan { tote }): Json<ToteScan>,
) -> Result<Json<BatchToteTaken>, WebError> {
    Ok(Json(app.operate(caller.context, TakeBatchTote { batch, tote }).await?))
}

/// Give a batch back: its orders go to others, its tote stays with what is in it.
#[utoipa::path(post, path = "/picking/batches/{batch}/release", tag = "picking",
    params(("batch" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Done), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn release_batch(
    State(app): State<App>,
    caller: Caller,
    Path(batch): Path<BatchId>,
) -> Result<Json<Done>, WebError> {
    Ok(Json(app.operate(caller.context, ReleaseBatch { batch }).await?))
}

/// Confirm that pieces of a line lie in the tote. They are given to the orders by their ship-by time.
#[utoipa::path(post, path = "/picking/batches/{batch}/lines/{cell}/confirm", tag = "picking", request_body = PickProof,
    params(("batch" = i64, Path), ("cell" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = BatchChanged), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn confirm_batch_line(
    State(app): State<App>,
    caller: Caller,
    Path((batch, cell)): Path<(BatchId, CellId)>,
    Json(proof): Json<PickProof>,
) -> Result<Json<BatchChanged>, WebError> {
    Ok(Json(app.operate(caller.context, ConfirmBatchPick { batch, cell, proof }).await?))
}

/// Report that pieces of a line aren't there, or are damaged. The orders with the latest promise lose first.
#[utoipa::path(post, path = "/picking/batches/{batch}/lines/{cell}/short", tag = "picking", request_body = Short,
    params(("batch" = i64, Path), ("cell" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = BatchChanged), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn short_batch_line(
    State(app): State<App>,
    caller: Caller,
    Path((batch, cell)): Path<(BatchId, CellId)>,
    Json(Short { missing, reason }): Json<Short>,
) -> Result<Json<BatchChanged>, WebError> {
    Ok(Json(app.operate(caller.context, ReportBatchShort { batch, cell, missing, reason }).await?))
}

/// Leave a line for the end of the walk.
#[utoipa::path(post, path = "/picking/batches/{batch}/lines/{cell}/skip", tag = "picking",
    params(("batch" = i64, Path), ("cell" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = BatchChanged), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn skip_batch_line(
    State(app): State<App>,
    caller: Caller,
    Path((batch, cell)): Path<(BatchId, CellId)>,
) -> Result<Json<BatchChanged>, WebError> {
    Ok(Json(app.operate(caller.context, SkipBatchLine { batch, cell }).await?))
}

/// Put picked pieces of a line back to their place, those of the latest promise first; the line is open again.
#[utoipa::path(post, path = "/picking/batches/{batch}/lines/{cell}/undo", tag = "picking", request_body = Undo,
    params(("batch" = i64, Path), ("cell" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = BatchChanged), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn undo_batch_line(
    State(app): State<App>,
    caller: Caller,
    Path((batch, cell)): Path<(BatchId, CellId)>,
    Json(Undo { quantity }): Json<Undo>,
) -> Result<Json<BatchChanged>, WebError> {
    Ok(Json(app.operate(caller.context, UndoBatchPick { batch, cell, quantity }).await?))
}
