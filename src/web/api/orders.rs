//! Customers' orders: brought in, looked at, decided about.

use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::events::EventView;
use crate::allocation::why::{self, AllocationView, Why};
use crate::app::App;
use crate::db::{OperationKey, journal};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{AllocationId, OrderId};
use crate::kernel::random::uuid_v7;
use crate::order::inbound::InboundOrder;
use crate::order::model::OrderState;
use crate::order::ops::{
    CancelOrder, ChangeShipBy, Decided, HoldOrder, OrderPlaced, PlaceOrder, ReadPersonal, ReleaseOrder, RetryShort,
    ShortRetried,
};
use crate::order::query::{self, Filter, OrderSummary, OrderView};
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of orders.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_orders, place))
        .routes(routes!(retry_short))
        .routes(routes!(one_order))
        .routes(routes!(allocations))
        .routes(routes!(history))
        .routes(routes!(hold))
        .routes(routes!(release))
        .routes(routes!(cancel))
        .routes(routes!(ship_by))
        .routes(routes!(why_this))
}

/// Which orders a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrdersQuery {
    /// In this state.
    pub state: Option<OrderState>,
    /// Of the channel with this code.
    pub channel: Option<String>,
    /// With this id of the shop.
    pub external_id: Option<String>,
    /// To be shipped by then.
    pub ship_by: Option<Timestamp>,
    /// Behind this order.
    pub after: Option<OrderId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Orders, the oldest first.
#[utoipa::path(get, path = "/orders", tag = "orders", params(OrdersQuery),
    responses((status = 200, body = Vec<OrderSummary>), (status = 400, body = Problem), (status = 401, body = Problem)))]
async fn list_orders(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<OrdersQuery>,
) -> Result<Json<Vec<OrderSummary>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    let OrdersQuery { state, channel, external_id, ship_by, after, limit } = asked;
    let filter = Filter { state, channel, external_id, ship_by, after, limit: limit.unwrap_or(100) };
    Ok(Json(app.db.read(|tx| Box::pin(async move { query::list(tx, warehouse, &filter).await })).await?))
}

/// Where an order comes in by.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlaceQuery {
    /// Code of the channel; `api` where it isn't said.
    pub channel: Option<String>,
}

/// Bring an order in: creates it, or changes ours until it is the same.
#[utoipa::path(post, path = "/orders", tag = "orders", request_body = InboundOrder,
    params(PlaceQuery, ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = OrderPlaced), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn place(
    State(app): State<App>,
    caller: Caller,
    Query(PlaceQuery { channel }): Query<PlaceQuery>,
    Json(order): Json<InboundOrder>,
) -> Result<Json<OrderPlaced>, WebError> {
    let warehouse = caller.context.warehouse;
    let code = channel.unwrap_or_else(|| "api".to_owned());
    let channel = app.db.read(|tx| Box::pin(async move { query::channel(tx, warehouse, &code).await })).await?;
    Ok(Json(app.operate(caller.context, PlaceOrder { channel, order }).await?))
}

/// Where to go on.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// Behind this order; with the first, where not given.
    pub after: Option<OrderId>,
    /// Most orders to look at, 100 where not given, 1000 at most.
    pub limit: Option<i64>,
}

/// Try again to promise orders that wait for stock, the oldest first.
#[utoipa::path(post, path = "/orders/retry-short", tag = "orders", request_body = Retry,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ShortRetried), (status = 403, body = Problem)))]
async fn retry_short(
    State(app): State<App>,
    caller: Caller,
    Json(Retry { after, limit }): Json<Retry>,
) -> Result<Json<ShortRetried>, WebError> {
    let retry = RetryShort { after: after.unwrap_or(OrderId(0)), limit: limit.unwrap_or(100) };
    Ok(Json(app.operate(caller.context, retry).await?))
}

/// How an order is shown.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OneQuery {
    /// With name, phone and address as they are. Needs the right `read_personal`; each look is written down.
    pub unmasked: Option<bool>,
}

/// One order with its lines.
#[utoipa::path(get, path = "/orders/{order}", tag = "orders", params(("order" = i64, Path), OneQuery),
    responses((status = 200, body = OrderView), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn one_order(
    State(app): State<App>,
    viewer: Viewer,
    Path(order): Path<OrderId>,
    Query(asked): Query<OneQuery>,
) -> Result<Json<OrderView>, WebError> {
    viewer.require(Right::Read)?;
    let unmasked = asked.unmasked.unwrap_or(false);
    let warehouse = viewer.warehouse;
    if unmasked {
        let look = uuid_v7(app.services.random.as_ref(), app.clock.now()).map_err(WebError::internal)?;
        let key = OperationKey::internal(&["order.personal_read", &look.to_string()]);
        app.db.operate(app.context(warehouse, viewer.actor, key), ReadPersonal { order }).await?;
    }
    let services = std::sync::Arc::clone(&app.services);
    let read = app
        .db
        .read(|tx| Box::pin(async move { query::order_view(tx, &services.vault, warehouse, order, unmasked).await }));
    Ok(Json(read.await?))
}

/// What an order's lines were given, and what became of it.
#[utoipa::path(get, path = "/orders/{order}/allocations", tag = "orders", params(("order" = i64, Path)),
    responses((status = 200, body = Vec<AllocationView>), (status = 401, body = Problem)))]
async fn allocations(
    State(app): State<App>,
    viewer: Viewer,
    Path(order): Path<OrderId>,
) -> Result<Json<Vec<AllocationView>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    Ok(Json(app.db.read(|tx| Box::pin(why::of_order(tx, warehouse, order))).await?))
}

/// Why an allocation chose its lot and place, and what else there was.
#[utoipa::path(get, path = "/allocations/{allocation}/why", tag = "orders", params(("allocation" = i64, Path)),
    responses((status = 200, body = Why), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn why_this(
    State(app): State<App>,
    viewer: Viewer,
    Path(allocation): Path<AllocationId>,
) -> Result<Json<Why>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    Ok(Json(app.db.read(|tx| Box::pin(why::why(tx, warehouse, allocation))).await?))
}

/// What happened to an order, the oldest first.
#[utoipa::path(get, path = "/orders/{order}/history", tag = "orders", params(("order" = i64, Path)),
    responses((status = 200, body = Vec<EventView>), (status = 401, body = Problem)))]
async fn history(
    State(app): State<App>,
    viewer: Viewer,
    Path(order): Path<OrderId>,
) -> Result<Json<Vec<EventView>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    let events = app.db.read(|tx| Box::pin(journal::history(tx, warehouse, ("order", order.0)))).await?;
    Ok(Json(events.into_iter().map(EventView::from).collect()))
}

/// Why something is decided.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// Why.
    pub reason: String,
}

/// Stop work on an order until a person releases it.
#[utoipa::path(post, path = "/orders/{order}/hold", tag = "orders", request_body = Because,
    params(("order" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Decided), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn hold(
    State(app): State<App>,
    caller: Caller,
    Path(order): Path<OrderId>,
    Json(Because { reason }): Json<Because>,
) -> Result<Json<Decided>, WebError> {
    Ok(Json(app.operate(caller.context, HoldOrder { order, reason }).await?))
}

/// Let a held order go on: a person has looked at it.
#[utoipa::path(post, path = "/orders/{order}/release", tag = "orders",
    params(("order" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Decided), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn release(
    State(app): State<App>,
    caller: Caller,
    Path(order): Path<OrderId>,
) -> Result<Json<Decided>, WebError> {
    Ok(Json(app.operate(caller.context, ReleaseOrder { order }).await?))
}

/// Cancel an order, or start to call its parcel back; the ruling says which, or why neither is possible.
#[utoipa::path(post, path = "/orders/{order}/cancel", tag = "orders", request_body = Because,
    params(("order" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Decided), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(order): Path<OrderId>,
    Json(Because { reason }): Json<Because>,
) -> Result<Json<Decided>, WebError> {
    Ok(Json(app.operate(caller.context, CancelOrder { order, reason }).await?))
}

/// A new promise.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShipBy {
    /// Until when it will ship.
    pub ship_by: Timestamp,
    /// Who agreed to it.
    pub agreed_with: String,
}

/// Change until when an order is promised to ship, and say with whom that was agreed.
#[utoipa::path(post, path = "/orders/{order}/ship-by", tag = "orders", request_body = NewShipBy,
    params(("order" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Decided), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn ship_by(
    State(app): State<App>,
    caller: Caller,
    Path(order): Path<OrderId>,
    Json(NewShipBy { ship_by, agreed_with }): Json<NewShipBy>,
) -> Result<Json<Decided>, WebError> {
    Ok(Json(app.operate(caller.context, ChangeShipBy { order, ship_by, agreed_with }).await?))
}
