//! Channels and endpoints: the storefronts that are connected, and where they are told.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::kernel::ids::{ChannelId, EndpointId};
use crate::order::model::ShortPolicy;
use crate::storefront::channels::{PutChannel, RotateChannelSecret, SetChannelActive, Switched};
use crate::storefront::endpoints::{PutEndpoint, RotateEndpointSecret, SetEndpointState};
use crate::storefront::model::{Adapter, EndpointState};
use crate::storefront::outbox::replay::{SendTest, TestSent};
use crate::storefront::query::{self, ChannelView, EndpointView};
use crate::storefront::secrets::made_for;
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of channels and endpoints.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_channels, put_channel))
        .routes(routes!(rotate_channel_secret))
        .routes(routes!(pause_channel))
        .routes(routes!(resume_channel))
        .routes(routes!(list_endpoints, put_endpoint))
        .routes(routes!(rotate_endpoint_secret))
        .routes(routes!(pause_endpoint))
        .routes(routes!(resume_endpoint))
        .routes(routes!(disable_endpoint))
        .routes(routes!(test_endpoint))
}

/// Every channel, with what waits in its inbox.
#[utoipa::path(get, path = "/channels", tag = "storefronts",
    responses((status = 200, body = Vec<ChannelView>), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn list_channels(State(app): State<App>, viewer: Viewer) -> Result<Json<Vec<ChannelView>>, WebError> {
    viewer.require(Right::StorefrontManage)?;
    let warehouse = viewer.warehouse;
    Ok(Json(app.db.read(|tx| Box::pin(query::channels(tx, warehouse))).await?))
}

/// A channel as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Its code, as it stands in the address that deliveries go to: lower-case letters, digits, dashes.
    pub code: String,
    /// Its name.
    pub name: String,
    /// How its storefront speaks.
    pub adapter: Adapter,
    /// What happens to orders where stock is short.
    #[serde(default = "wait")]
    pub short_policy: ShortPolicy,
    /// Hours from acceptance to the promised ship-by time.
    #[serde(default = "one_day")]
    pub ship_within_hours: i64,
    /// Orders above this value are held, in minor units; 0 for never.
    #[serde(default)]
    pub review_above_minor: i64,
    /// The storefront's secret; it replaces all that were valid. Where it is left out, the valid ones stay, or one is
    /// made and shown once.
    #[serde(default)]
    pub secret: Option<String>,
}

const fn wait() -> ShortPolicy {
    ShortPolicy::Wait
}

const fn one_day() -> i64 {
    24
}

/// A channel that was put.
#[derive(Debug, Serialize, ToSchema)]
pub struct PutChannelAnswer {
    /// Its id.
    pub channel_id: ChannelId,
    /// Where its deliveries go to, on this service.
    pub path: String,
    /// The secret that was made; shown only now.
    pub secret: Option<String>,
}

/// Make a channel, or change the one with this code.
#[utoipa::path(put, path = "/channels", tag = "storefronts", request_body = Channel,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PutChannelAnswer), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn put_channel(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<Channel>,
) -> Result<Json<PutChannelAnswer>, WebError> {
    let made_secret = made_for(&caller.context, "channel");
    let Channel { code, name, adapter, short_policy, ship_within_hours, review_above_minor, secret } = input;
    let path = format!("/in/{}", code.trim());
    let secret_made = made_secret.clone();
    let put =
        PutChannel { code, name, adapter, short_policy, ship_within_hours, review_above_minor, secret, made_secret };
    let answer = app.operate(caller.context, put).await?;
    app.channels.forget();
    let secret = answer.secret_made.then_some(secret_made);
    Ok(Json(PutChannelAnswer { channel_id: answer.channel_id, path, secret }))
}

/// A new secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSecret {
    /// The new secret; where it is left out, one is made and shown once.
    #[serde(default)]
    pub secret: Option<String>,
    /// Whether the one before stays valid beside it.
    #[serde(default = "yes")]
    pub keep_old: bool,
}

const fn yes() -> bool {
    true
}

/// Secrets that were changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewSecretAnswer {
    /// The secret that was made; shown only now.
    pub secret: Option<String>,
    /// How many secrets are valid now.
    pub valid: i64,
}

/// Give a channel a new secret; the one before stays valid until the next change.
#[utoipa::path(post, path = "/channels/{channel}/secret", tag = "storefronts", request_body = NewSecret,
    params(("channel" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = NewSecretAnswer), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn rotate_channel_secret(
    State(app): State<App>,
    caller: Caller,
    Path(channel): Path<String>,
    Json(NewSecret { secret, keep_old }): Json<NewSecret>,
) -> Result<Json<NewSecretAnswer>, WebError> {
    let made_secret = made_for(&caller.context, "channel");
    let rotate = RotateChannelSecret { channel, secret, made_secret: made_secret.clone(), keep_old };
    let answer = app.operate(caller.context, rotate).await?;
    app.channels.forget();
    Ok(Json(NewSecretAnswer { secret: answer.secret_made.then_some(made_secret), valid: answer.valid }))
}

async fn switch_channel(app: App, caller: Caller, channel: String, active: bool) -> Result<Json<Switched>, WebError> {
    let answer = app.operate(caller.context, SetChannelActive { channel, active }).await?;
    app.wake.inbox.notify_one();
    Ok(Json(answer))
}

/// Pause a channel: deliveries are kept, and applied once it goes on.
#[utoipa::path(post, path = "/channels/{channel}/pause", tag = "storefronts",
    params(("channel" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Switched), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn pause_channel(
    State(app): State<App>,
    caller: Caller,
    Path(channel): Path<String>,
) -> Result<Json<Switched>, WebError> {
    switch_channel(app, caller, channel, false).await
}

/// Let a channel go on.
#[utoipa::path(post, path = "/channels/{channel}/resume", tag = "storefronts",
    params(("channel" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Switched), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn resume_channel(
    State(app): State<App>,
    caller: Caller,
    Path(channel): Path<String>,
) -> Result<Json<Switched>, WebError> {
    switch_channel(app, caller, channel, true).await
}

/// Which endpoints a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EndpointsQuery {
    /// Of the channel with this code.
    pub channel: Option<String>,
}

/// Every endpoint, with what waits for it.
#[utoipa::path(get, path = "/endpoints", tag = "storefronts", params(EndpointsQuery),
    responses((status = 200, body = Vec<EndpointView>), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
async fn list_endpoints(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<EndpointsQuery>,
) -> Result<Json<Vec<EndpointView>>, WebError> {
    viewer.require(Right::StorefrontManage)?;
    let warehouse = viewer.warehouse;
    let read =
        app.db.read(|tx| Box::pin(async move { query::endpoints(tx, warehouse, asked.channel.as_deref()).await }));
    Ok(Json(read.await?))
}

/// An endpoint as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The channel's code.
    pub channel: String,
    /// Where messages go; https, unless an administrator has listed the host.
    pub url: String,
    /// The secret that messages are signed with; where it is left out, one is made and shown once.
    #[serde(default)]
    pub secret: Option<String>,
}

/// An endpoint that was put.
#[derive(Debug, Serialize, ToSchema)]
pub struct PutEndpointAnswer {
    /// Its id.
    pub endpoint_id: EndpointId,
    /// Whether it is new.
    pub created: bool,
    /// The secret that was made; shown only now.
    pub secret: Option<String>,
}

/// Have a channel's storefront told at an address.
#[utoipa::path(put, path = "/endpoints", tag = "storefronts", request_body = Endpoint,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PutEndpointAnswer), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn put_endpoint(
    State(app): State<App>,
    caller: Caller,
    Json(Endpoint { channel, url, secret }): Json<Endpoint>,
) -> Result<Json<PutEndpointAnswer>, WebError> {
    let made_secret = made_for(&caller.context, "endpoint");
    let put = PutEndpoint { channel, url, secret, made_secret: made_secret.clone() };
    let answer = app.operate(caller.context, put).await?;
    let secret = answer.secret_made.then_some(made_secret);
    Ok(Json(PutEndpointAnswer { endpoint_id: answer.endpoint_id, created: answer.created, secret }))
}

/// Give an endpoint a new secret; with the old one kept, messages carry both signatures.
#[utoipa::path(post, path = "/endpoints/{endpoint}/secret", tag = "storefronts", request_body = NewSecret,
    params(("endpoint" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = NewSecretAnswer), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn rotate_endpoint_secret(
    State(app): State<App>,
    caller: Caller,
    Path(endpoint): Path<EndpointId>,
    Json(NewSecret { secret, keep_old }): Json<NewSecret>,
) -> Result<Json<NewSecretAnswer>, WebError> {
    let made_secret = made_for(&caller.context, "endpoint");
    let rotate = RotateEndpointSecret { endpoint, secret, made_secret: made_secret.clone(), keep_old };
    let answer = app.operate(caller.context, rotate).await?;
    Ok(Json(NewSecretAnswer { secret: answer.secret_made.then_some(made_secret), valid: answer.valid }))
}

async fn switch_endpoint(
    app: App,
    caller: Caller,
    endpoint: EndpointId,
    state: EndpointState,
) -> Result<Json<Switched>, WebError> {
    let reason = if state == EndpointState::Active { "" } else { "a person decided so" };
    let set = SetEndpointState { endpoint, state, reason: reason.to_owned() };
    Ok(Json(app.operate(caller.context, set).await?))
}

/// Pause an endpoint: its messages are kept.
#[utoipa::path(post, path = "/endpoints/{endpoint}/pause", tag = "storefronts",
    params(("endpoint" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Switched), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn pause_endpoint(
    State(app): State<App>,
    caller: Caller,
    Path(endpoint): Path<EndpointId>,
) -> Result<Json<Switched>, WebError> {
    switch_endpoint(app, caller, endpoint, EndpointState::Paused).await
}

/// Let an endpoint go on; what waits is sent at once.
#[utoipa::path(post, path = "/endpoints/{endpoint}/resume", tag = "storefronts",
    params(("endpoint" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Switched), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn resume_endpoint(
    State(app): State<App>,
    caller: Caller,
    Path(endpoint): Path<EndpointId>,
) -> Result<Json<Switched>, WebError> {
    switch_endpoint(app, caller, endpoint, EndpointState::Active).await
}

/// Switch an endpoint off: nothing more is written for it.
#[utoipa::path(post, path = "/endpoints/{endpoint}/disable", tag = "storefronts",
    params(("endpoint" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Switched), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn disable_endpoint(
    State(app): State<App>,
    caller: Caller,
    Path(endpoint): Path<EndpointId>,
) -> Result<Json<Switched>, WebError> {
    switch_endpoint(app, caller, endpoint, EndpointState::Disabled).await
}

/// Send an endpoint a signed event that means nothing.
#[utoipa::path(post, path = "/endpoints/{endpoint}/test", tag = "storefronts",
    params(("endpoint" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = TestSent), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn test_endpoint(
    State(app): State<App>,
    caller: Caller,
    Path(endpoint): Path<EndpointId>,
) -> Result<Json<TestSent>, WebError> {
    Ok(Json(app.operate(caller.context, SendTest { endpoint }).await?))
}
