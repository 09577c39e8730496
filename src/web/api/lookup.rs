//! Looking up anything that can be scanned.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::lookup::query::{self, Found};
use crate::web::{Json, Path, Problem, Query, Viewer, WebError};

/// The route of looking up.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(look_up))
}

/// How a text was scanned.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LookupQuery {
    /// The symbology identifier, where the scanner says it: `]C1`, `]d2`.
    pub aim: Option<String>,
}

/// What a scanned text is: a place, a tote, a slot, a parcel, an item, a lot, an order, a waybill number; else unknown.
#[utoipa::path(get, path = "/lookup/{code}", tag = "lookup", params(("code" = String, Path), LookupQuery),
    responses((status = 200, body = Found), (status = 400, body = Problem), (status = 403, body = Problem)))]
async fn look_up(
    State(app): State<App>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(asked): Query<LookupQuery>,
) -> Result<Json<Found>, WebError> {
    viewer.require(Right::Read)?;
    let (warehouse, aim) = (viewer.warehouse, asked.aim.unwrap_or_default());
    Ok(Json(app.db.read(|tx| Box::pin(async move { query::look_up(tx, warehouse, &code, &aim).await })).await?))
}
