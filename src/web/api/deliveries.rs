//! What storefronts delivered (inbox) and what they were told (outbox), with replay.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{EndpointId, InboxId};
use crate::storefront::inbox::replay::{DeliveryReplayed, ReplayDelivery};
use crate::storefront::model::{InboxState, MessageState};
use crate::storefront::outbox::replay::{ReplayMessage, ReplaySpan, Replayed, SkipMessage, Skipped};
use crate::storefront::query::{
    self, DeliveryDetail, DeliveryFilter, DeliveryView, MessageDetail, MessageFilter, MessageView,
};
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of inbox and outbox.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_deliveries))
        .routes(routes!(one_delivery))
        .routes(routes!(replay_delivery))
        .routes(routes!(list_messages))
        .routes(routes!(replay_span))
        .routes(routes!(one_message))
        .routes(routes!(replay_message))
        .routes(routes!(skip_message))
}

/// Which deliveries a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveriesQuery {
    /// In this state.
    #[param(inline)]
    pub state: Option<InboxState>,
    /// Of the channel with this code.
    pub channel: Option<String>,
    /// About the order with this id of the shop.
    pub external_order_id: Option<String>,
    /// Older than this one.
    #[param(value_type = Option<i64>)]
    pub before: Option<InboxId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Deliveries, the newest first.
#[utoipa::path(get, path = "/inbox", tag = "deliveries", params(DeliveriesQuery),
    responses((status = 200, body = Vec<DeliveryView>), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
async fn list_deliveries(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<DeliveriesQuery>,
) -> Result<Json<Vec<DeliveryView>>, WebError> {
    viewer.require(Right::StorefrontManage)?;
    let warehouse = viewer.warehouse;
    let DeliveriesQuery { state, channel, external_order_id, before, limit } = asked;
    let filter = DeliveryFilter { state, channel, external_order_id, before, limit };
    let read = app.db.read(|tx| Box::pin(async move { query::deliveries(tx, warehouse, &filter).await }));
    Ok(Json(read.await?))
}

/// How much of a delivery is shown.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// With headers and body, which hold personal data.
    pub content: bool,
}

/// One delivery, with the verdicts on it.
#[utoipa::path(get, path = "/inbox/{delivery}", tag = "deliveries", params(("delivery" = i64, Path), DeliveryQuery),
    responses((status = 200, body = DeliveryDetail), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn one_delivery(
    State(app): State<App>,
    viewer: Viewer,
    Path(delivery): Path<InboxId>,
    Query(DeliveryQuery { content }): Query<DeliveryQuery>,
) -> Result<Json<DeliveryDetail>, WebError> {
    viewer.require(Right::StorefrontManage)?;
    if content {
        viewer.require(Right::ReadPersonal)?;
        tracing::info!(person = viewer.actor.number, delivery = delivery.0, "personal data was looked at");
    }
    let (warehouse, services) = (viewer.warehouse, Arc::clone(&app.services));
    let read = app
        .db
        .read(|tx| Box::pin(async move { query::delivery(tx, &services.vault, warehouse, delivery, content).await }));
    Ok(Json(read.await?))
}

/// Have a dead delivery applied again.
#[utoipa::path(post, path = "/inbox/{delivery}/replay", tag = "deliveries",
    params(("delivery" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DeliveryReplayed), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn replay_delivery(
    State(app): State<App>,
    caller: Caller,
    Path(delivery): Path<InboxId>,
) -> Result<Json<DeliveryReplayed>, WebError> {
    let answer = app.operate(caller.context, ReplayDelivery { delivery }).await?;
    app.wake.inbox.notify_one();
    Ok(Json(answer))
}

/// Which messages a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// In this state.
    #[param(inline)]
    pub state: Option<MessageState>,
    /// To this endpoint.
    #[param(value_type = Option<i64>)]
    pub endpoint: Option<EndpointId>,
    /// About the order with this id of the shop.
    pub external_order_id: Option<String>,
    /// Older than the message with this id.
    pub before: Option<String>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Messages, the newest first.
#[utoipa::path(get, path = "/outbox", tag = "deliveries", params(MessagesQuery),
    responses((status = 200, body = Vec<MessageView>), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
async fn list_messages(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<MessagesQuery>,
) -> Result<Json<Vec<MessageView>>, WebError> {
    viewer.require(Right::StorefrontManage)?;
    let warehouse = viewer.warehouse;
    let MessagesQuery { state, endpoint, external_order_id, before, limit } = asked;
    let filter = MessageFilter { state, endpoint, order_key: external_order_id, before, limit };
    let read = app.db.read(|tx| Box::pin(async move { query::messages(tx, warehouse, &filter).await }));
    Ok(Json(read.await?))
}

/// One message with its attempts.
#[utoipa::path(get, path = "/outbox/{message}", tag = "deliveries", params(("message" = String, Path)),
    responses((status = 200, body = MessageDetail), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn one_message(
    State(app): State<App>,
    viewer: Viewer,
    Path(message): Path<String>,
) -> Result<Json<MessageDetail>, WebError> {
    viewer.require(Right::StorefrontManage)?;
    let warehouse = viewer.warehouse;
    let read = app.db.read(|tx| Box::pin(async move { query::message(tx, warehouse, &message).await }));
    Ok(Json(read.await?))
}

/// Send a message again, before what waits behind it.
#[utoipa::path(post, path = "/outbox/{message}/replay", tag = "deliveries",
    params(("message" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Replayed), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn replay_message(
    State(app): State<App>,
    caller: Caller,
    Path(message): Path<String>,
) -> Result<Json<Replayed>, WebError> {
    Ok(Json(app.operate(caller.context, ReplayMessage { message }).await?))
}

/// Leave a message out, so that what waits behind it goes on.
#[utoipa::path(post, path = "/outbox/{message}/skip", tag = "deliveries",
    params(("message" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Skipped), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn skip_message(
    State(app): State<App>,
    caller: Caller,
    Path(message): Path<String>,
) -> Result<Json<Skipped>, WebError> {
    Ok(Json(app.operate(caller.context, SkipMessage { message }).await?))
}

/// Which messages are sent again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// To which endpoint.
    pub endpoint: EndpointId,
    /// Made at this moment or after.
    pub since: Timestamp,
    /// Made at this moment or before; to the present where it isn't said.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Only those in this state.
    #[serde(default)]
    pub state: Option<MessageState>,
}

/// Send everything again that an endpoint was told in a span of time, in order.
#[utoipa::path(post, path = "/outbox/replay", tag = "deliveries", request_body = Span,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Replayed), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn replay_span(
    State(app): State<App>,
    caller: Caller,
    Json(Span { endpoint, since, until, state }): Json<Span>,
) -> Result<Json<Replayed>, WebError> {
    Ok(Json(app.operate(caller.context, ReplaySpan { endpoint, since, until, state }).await?))
}
