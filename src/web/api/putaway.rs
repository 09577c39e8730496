//! Putting away: where goods could go, and that they went there.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::putaway::ops::{PutAway, PutAwayDone};
use crate::putaway::propose::{self, ToPutAway};
use crate::web::{Caller, Json, Problem, Query, Viewer, WebError};

/// The routes of putting away.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_proposals)).routes(routes!(put_away))
}

/// What is to be put away.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProposalsQuery {
    /// Where it lies: a location, or a tote or slot of a cancelled order.
    pub from: String,
    /// Only this item: any barcode, its SKU code, or a GS1 element string.
    #[serde(default)]
    pub item: Option<String>,
}

/// What lies at a place, and for each lot up to three places where it could go, with the reason.
#[utoipa::path(get, path = "/putaway/proposals", tag = "putaway", params(ProposalsQuery),
    responses((status = 200, body = Vec<ToPutAway>), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem)))]
async fn list_proposals(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<ProposalsQuery>,
) -> Result<Json<Vec<ToPutAway>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    let ProposalsQuery { from, item } = asked;
    let read =
        app.db.read(|tx| Box::pin(async move { propose::proposals(tx, warehouse, &from, item.as_deref()).await }));
    Ok(Json(read.await?))
}

/// Put pieces away, confirmed by scans. A place with another lot of the SKU needs a reason.
#[utoipa::path(post, path = "/putaway", tag = "putaway", request_body = PutAway,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PutAwayDone), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn put_away(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<PutAway>,
) -> Result<Json<PutAwayDone>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}
