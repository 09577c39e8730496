//! The ledger: every change of stock, from somewhere to somewhere.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::mpsc;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::db::Tx;
use crate::kernel::actor::Right;
use crate::kernel::ids::{MovementId, WarehouseId};
use crate::stock::StockError;
use crate::stock::query::{self, MovementView, Part};
use crate::web::{Json, Problem, Query, Viewer, WebError};

/// Lines of one page of an export.
const PAGE: i64 = 1000;
/// How long an export waits for a client that takes nothing, before it gives its snapshot back.
const PATIENCE: Duration = Duration::from_secs(30);

/// The routes of movements.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_movements)).routes(routes!(ledger_csv))
}

/// Which movements a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MovementsQuery {
    /// Of this SKU: its code, or any of its barcodes.
    pub sku: Option<String>,
    /// From or to this place: its code.
    pub place: Option<String>,
    /// Behind this movement.
    pub after: Option<MovementId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Movements, the oldest first.
#[utoipa::path(get, path = "/movements", tag = "movements", params(MovementsQuery),
    responses((status = 200, body = Vec<MovementView>), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn list_movements(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<MovementsQuery>,
) -> Result<Json<Vec<MovementView>>, WebError> {
    viewer.require(Right::Audit)?;
    let warehouse = viewer.warehouse;
    let MovementsQuery { sku, place, after, limit } = asked;
    let page = (after.map_or(0, |movement| movement.0), limit.unwrap_or(100));
    let read = app.db.read(|tx| {
        Box::pin(async move {
            let part = Part::find(tx, warehouse, (sku.as_deref(), place.as_deref()), page).await?;
            query::movements(tx, warehouse, part).await
        })
    });
    Ok(Json(read.await?))
}

/// The whole ledger as CSV, all of it as it stood at one moment.
#[utoipa::path(get, path = "/movements.csv", tag = "movements",
    responses((status = 200, content_type = "text/csv", body = String), (status = 403, body = Problem)))]
async fn ledger_csv(State(app): State<App>, viewer: Viewer) -> Result<Response, WebError> {
    viewer.require(Right::Audit)?;
    let warehouse = viewer.warehouse;
    // Two pages ahead of the client and no more, so that a long ledger takes little memory.
    let (pages, taken) = mpsc::channel::<Result<Vec<u8>, std::io::Error>>(2);
    tokio::spawn(async move {
        let sender = pages.clone();
        let export = app.db.read(|tx| Box::pin(async move { export(tx, warehouse, &sender).await })).await;
        if let Err(error) = export {
            tracing::warn!(%error, "an export of the ledger ended early");
            // Breaks the answer off, so that nobody takes half a ledger for the whole.
            drop(pages.try_send(Err(std::io::Error::other("the export broke off"))));
        }
    });
    let body = stream::unfold(taken, |mut taken| async move { taken.recv().await.map(|page| (page, taken)) });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"movements.csv\""),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// Sends the ledger page by page out of one snapshot.
async fn export(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    pages: &mpsc::Sender<Result<Vec<u8>, std::io::Error>>,
) -> Result<(), StockError> {
    let mut part = Part { limit: PAGE, ..Part::default() };
    let mut head = true;
    loop {
        let movements = query::movements(tx, warehouse, part).await?;
        let last = movements.last().map(|movement| movement.id.0);
        let page =
            query::movements_csv(&movements, head).map_err(|error| crate::db::DbError::Form(error.to_string()))?;
        if !page.is_empty() && !matches!(tokio::time::timeout(PATIENCE, pages.send(Ok(page))).await, Ok(Ok(()))) {
            return Err(crate::db::DbError::Closed.into());
        }
        match last {
            Some(last) => part.after = last,
            None => return Ok(()),
        }
        head = false;
    }
}
