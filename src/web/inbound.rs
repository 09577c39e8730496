//! Deliveries of storefronts: read, verified, stored, answered. What they mean is worked out after the answer.

use std::time::Duration;

use axum::Json as AxumJson;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Path, Problem, WebError};
use crate::app::App;
use crate::kernel::hex;
use crate::storefront::StorefrontError;
use crate::storefront::adapter::{self, Headers, KEPT_HEADERS};
use crate::storefront::inbox::intake::{LARGEST, Store};
use sha2::{Digest, Sha256};

/// Longest time for a body to come in.
const LONGEST_READ: Duration = Duration::from_secs(10);
/// After how many seconds a storefront is asked to come again when there is too much at once.
const COME_AGAIN_S: &str = "5";

/// The address that deliveries go to.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(receive))
}

/// What became of a delivery.
#[derive(Debug, Serialize, ToSchema)]
pub struct Received {
    /// `stored`, `repeated` where it was stored before, or `greeted` where there was nothing to store.
    pub status: &'static str,
    /// How often it came before.
    pub repeats: i64,
}

/// Take a storefront's delivery. It is stored before the answer; a repeat is answered like the first.
#[utoipa::path(post, path = "/in/{channel}", tag = "deliveries",
    request_body(content = String, content_type = "application/json", description = "As the storefront signed it."),
    params(("channel" = String, Path, description = "The channel's code.")),
    responses((status = 200, body = Received), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 408, body = Problem), (status = 413, body = Problem),
        (status = 503, body = Problem)))]
async fn receive(
    State(app): State<App>,
    Path(code): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, WebError> {
    let Ok(_place) = app.intake.try_acquire() else { return Ok(busy()) };
    let now = app.clock.now();
    let channel = app.channels.receiving(&app.db, &app.services.vault, &code, now).await?;
    let channel = channel.ok_or_else(|| WebError::not_found("channel", &code))?;
    let body = read(&headers, body).await?;
    let headers = kept(&headers);
    let now = app.clock.now();
    if adapter::is_greeting(channel.adapter, &headers, &body) {
        return Ok(AxumJson(Received { status: "greeted", repeats: 0 }).into_response());
    }
    adapter::verify(channel.adapter, &channel.secrets, &headers, &body, now).map_err(|reason| {
        tracing::info!(channel = code, %reason, hash = hex::encode(&Sha256::digest(&body)), "delivery refused");
        WebError::new(StatusCode::UNAUTHORIZED, "inbox.signature", vec![("reason", reason.to_string())])
    })?;
    let store = Store::new(&app.services, &channel, &headers, &body, now).map_err(StorefrontError::from)?;
    let repeats = app.db.execute(store).await?;
    app.wake.inbox.notify_one();
    let status = if repeats > 0 { "repeated" } else { "stored" };
    Ok(AxumJson(Received { status, repeats }).into_response())
}

fn busy() -> Response {
    let error = WebError::new(StatusCode::SERVICE_UNAVAILABLE, "inbox.busy", Vec::new());
    let mut response = error.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(COME_AGAIN_S));
    response
}

async fn read(headers: &HeaderMap, body: Body) -> Result<axum::body::Bytes, WebError> {
    let too_large = || WebError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", Vec::new());
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > LARGEST) {
        return Err(too_large());
    }
    match tokio::time::timeout(LONGEST_READ, to_bytes(body, LARGEST)).await {
        Err(_) => Err(WebError::new(StatusCode::REQUEST_TIMEOUT, "timeout", Vec::new())),
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            let limit = std::error::Error::source(&error).is_some_and(|cause| cause.to_string().contains("limit"));
            Err(if limit { too_large() } else { WebError::bad_request("the body broke off") })
        }
    }
}

fn kept(headers: &HeaderMap) -> Headers {
    let value = |name: &&str| Some(((*name).to_owned(), headers.get(*name)?.to_str().ok()?.to_owned()));
    KEPT_HEADERS.iter().filter_map(value).collect()
}
