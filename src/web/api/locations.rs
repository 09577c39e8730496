//! Locations, totes and carts.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::kernel::ids::PlaceId;
use crate::location::carts::PutCarts;
use crate::location::ops::{self, AddTotes, LocationView, PlacesPut, PutLocations};
use crate::web::{Caller, Json, Problem, Query, Viewer, WebError};

/// The routes of locations.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_locations, put_locations))
        .routes(routes!(add_totes))
        .routes(routes!(put_carts))
}

/// Which locations a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LocationsQuery {
    /// Behind this place on the walk: the `walk_order` of the last one seen.
    pub after_walk_order: Option<i64>,
    /// And behind this location there: the `id` of the last one seen.
    pub after_id: Option<PlaceId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Locations along the walk.
#[utoipa::path(get, path = "/locations", tag = "locations", params(LocationsQuery),
    responses((status = 200, body = Vec<LocationView>), (status = 400, body = Problem), (status = 401, body = Problem)))]
async fn list_locations(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<LocationsQuery>,
) -> Result<Json<Vec<LocationView>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    let after = (asked.after_walk_order.unwrap_or(i64::MIN), asked.after_id.unwrap_or(PlaceId(i64::MIN)));
    let limit = asked.limit.unwrap_or(100);
    Ok(Json(app.db.read(|tx| Box::pin(ops::list(tx, warehouse, after, limit))).await?))
}

/// Make locations, or change those with these codes; all or none.
#[utoipa::path(put, path = "/locations", tag = "locations", request_body = PutLocations,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PlacesPut), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn put_locations(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<PutLocations>,
) -> Result<Json<PlacesPut>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Make a range of totes; those that are there already stay.
#[utoipa::path(post, path = "/totes", tag = "locations", request_body = AddTotes,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PlacesPut), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn add_totes(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<AddTotes>,
) -> Result<Json<PlacesPut>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Make a range of carts, or change how many positions they have.
#[utoipa::path(put, path = "/carts", tag = "locations", request_body = PutCarts,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PlacesPut), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn put_carts(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<PutCarts>,
) -> Result<Json<PlacesPut>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}
