//! All routes and the layers around them.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Json as AxumJson, Router, routing};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;

use super::{
    WebError, api, assets, authority, document, health, inbound, live, login, metrics, observe, office, pda, problem,
    station,
};
use crate::app::App;

/// Largest body of a request where its route says nothing else, in bytes.
const LARGEST_BODY: usize = 2 * 1024 * 1024;
/// Longest time for one request.
const LONGEST_REQUEST: Duration = Duration::from_secs(30);
/// What a page of ours may load: nothing from elsewhere, no scripts of others, no frames.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

// Forms that stand in addresses only are not found by themselves.
#[derive(OpenApi)]
#[openapi(
    components(schemas(crate::import::What)),
    info(
        title = "Tallyman",
        description = "The warehouse of an online shop: orders, waves, picking, packing, labels, hand-over. Moments are \
                   milliseconds since 1970 (UTC), weights are grams, lengths millimetres, amounts minor units."
    )
)]
struct Base;

/// The routes with their OpenAPI document.
fn documented() -> (Router<App>, Document) {
    let (routes, mut document) = OpenApiRouter::with_openapi(Base::openapi())
        .nest("/api/v1", api::routes())
        .merge(inbound::routes())
        .split_for_parts();
    document::complete(&mut document);
    (routes, document)
}

/// The OpenAPI document of the API, made from the code.
#[must_use]
pub fn openapi() -> Document {
    documented().1
}

/// The whole service.
pub fn router(app: App) -> Router {
    metrics::start();
    let (routes, document) = documented();
    let request_id = HeaderName::from_static("x-request-id");
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    let service = routes
        .route("/api/v1/openapi.json", routing::get(move || async move { AxumJson(document) }))
        .merge(assets::routes())
        .merge(authority::routes())
        .merge(login::routes())
        .merge(live::routes())
        .merge(office::routes())
        .merge(pda::routes())
        .merge(station::routes())
        .route("/healthz", routing::get(health::alive))
        .route("/readyz", routing::get(health::ready))
        .route("/metrics", routing::get(metrics::show))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, LONGEST_REQUEST))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn(guard))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(problem::render))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "same-origin"))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ))
        .layer(PropagateRequestIdLayer::new(request_id.clone()))
        .layer(middleware::from_fn(observe::observe))
        .layer(SetRequestIdLayer::new(request_id, MakeRequestUuid))
        .with_state(app);
    // Around the whole: the list of methods is known outside of a route's own layers only.
    Router::new().fallback_service(service).layer(middleware::from_fn(options))
}

/// The service over TLS: it says so to its pages, and to browsers that they shall come no other way.
pub fn over_tls(router: Router) -> Router {
    let strict = HeaderValue::from_static("max-age=31536000");
    router
        .layer(axum::Extension(super::Secure(true)))
        .layer(SetResponseHeaderLayer::overriding(header::STRICT_TRANSPORT_SECURITY, strict))
}

/// Refuses addresses with the character NUL, which no text in a database may hold.
async fn guard(request: Request, next: Next) -> Response {
    let asked = request.uri().path_and_query().map_or("", |asked| asked.as_str());
    if asked.contains("%00") {
        return WebError::bad_request("the address holds the character NUL").into_response();
    }
    next.run(request).await
}

/// Answers OPTIONS with what an address takes.
async fn options(request: Request, next: Next) -> Response {
    let asked = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    if asked && response.status() == StatusCode::METHOD_NOT_ALLOWED && response.headers().contains_key(header::ALLOW) {
        *response.status_mut() = StatusCode::NO_CONTENT;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response
}
