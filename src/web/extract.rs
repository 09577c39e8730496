//! Extractors that answer a problem where a request can't be read.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::problem::WebError;

/// A JSON body, in or out.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(WebError))]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// The parts of the path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(WebError))]
pub struct Path<T>(pub T);

/// The query string.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(WebError))]
pub struct Query<T>(pub T);

impl From<JsonRejection> for WebError {
    fn from(rejection: JsonRejection) -> Self {
        let (status, text) = (rejection.status(), rejection.body_text());
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(status, "too_large", Vec::new()),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::new(status, "unsupported_media_type", vec![("reason", text)]),
            _ => Self::new(status, "bad_request", vec![("reason", text)]),
        }
    }
}

impl From<PathRejection> for WebError {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), "bad_request", vec![("reason", rejection.body_text())])
    }
}

impl From<QueryRejection> for WebError {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), "bad_request", vec![("reason", rejection.body_text())])
    }
}
