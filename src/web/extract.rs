//! Extractors that answer a problem where a request can't be read.

use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::WebError;

/// A JSON body, in or out.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebError> {
        if !is_json(request.headers()) {
            let reason = vec![("reason", "application/json".to_owned())];
            return Err(WebError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", reason));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => WebError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", Vec::new()),
            _ => WebError::bad_request(&rejection.body_text()),
        })?;
        if has_nul(&bytes) {
            return Err(WebError::bad_request("a text holds the character NUL"));
        }
        let axum::Json(value) = axum::Json::from_bytes(&bytes)?;
        Ok(Self(value))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Whether the body is said to be JSON: `application/json`, or a type that ends in `+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Whether a JSON text holds the character NUL, which PostgreSQL can't store: it stands there as `\u0000` only.
fn has_nul(json: &[u8]) -> bool {
    let mut rest = json;
    // A backslash makes a pair with what follows, so that `\\u0000` is no NUL.
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let Some(escape) = rest.get(at + 1..) else { return false };
        if escape.starts_with(b"u0000") {
            return true;
        }
        rest = escape.get(1..).unwrap_or_default();
    }
    false
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
        Self::bad_request(&rejection.body_text())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_character_nul_is_found_however_it_hides() {
        assert!(has_nul(br#"{"a":"\u0000"}"#));
        assert!(has_nul(br#""\\\u0000""#));
        assert!(has_nul(br#""\"\u0000""#));
        assert!(!has_nul(br#""\\u0000""#));
        assert!(!has_nul(br#""u0000 \n \u0001""#));
        assert!(!has_nul(br"\"));
    }

    #[test]
    fn a_body_must_be_said_to_be_json() {
        let said = |kind: &str| is_json(&HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]));
        assert!(said("application/json") && said("Application/JSON; charset=utf-8") && said("application/x+json"));
        assert!(!said("text/plain") && !said("application/xml") && !is_json(&HeaderMap::new()));
    }
}
