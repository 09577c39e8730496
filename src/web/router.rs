//! All routes and the layers around them.

use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::{Json as AxumJson, Router, routing};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;

use super::{api, inbound, problem};
use crate::app::App;

/// Largest body of an API request, in bytes.
const LARGEST_BODY: usize = 2 * 1024 * 1024;
/// Longest time for one request.
const LONGEST_REQUEST: Duration = Duration::from_secs(30);

#[derive(OpenApi)]
#[openapi(info(title = "Tallyman", description = "The warehouse of an online shop."))]
struct Base;

/// The routes with their OpenAPI document.
fn documented() -> (Router<App>, Document) {
    OpenApiRouter::with_openapi(Base::openapi())
        .nest("/api/v1", api::routes())
        .merge(inbound::routes())
        .split_for_parts()
}

/// The OpenAPI document of the API, made from the code.
#[must_use]
pub fn openapi() -> Document {
    documented().1
}

/// The whole service.
pub fn router(app: App) -> Router {
    let (routes, document) = documented();
    let request_id = HeaderName::from_static("x-request-id");
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    routes
        .route("/api/v1/openapi.json", routing::get(move || async move { AxumJson(document) }))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, LONGEST_REQUEST))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(problem::render))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, "default-src 'self'; frame-ancestors 'none'; form-action 'self'"))
        .layer(PropagateRequestIdLayer::new(request_id.clone()))
        .layer(TraceLayer::new_for_http())
        .layer(SetRequestIdLayer::new(request_id, MakeRequestUuid))
        .with_state(app)
}
