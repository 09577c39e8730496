//! Errors as RFC 9457 problems: a stable code for programs, a sentence for people.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::page;
use crate::import::{Errors, RowError, RowProblem};
use crate::messages::{self, Language};
use crate::refusal::Refusal;

/// A problem as it is sent (`application/problem+json`).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem: `urn:tallyman:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status phrase.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A stable code, for example `picking.wrong_item`.
    pub code: String,
    /// What happened and what to do, in the caller's language.
    pub detail: String,
    /// The facts of the sentence, for programs.
    pub facts: std::collections::BTreeMap<String, String>,
    /// What is wrong with a file, cell by cell: the first hundred. Only where a file was refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<RowProblem>,
}

/// An error on its way out: code, status and facts. The sentence is made where the caller's language is known.
#[derive(Clone, Debug)]
pub struct WebError {
    status: StatusCode,
    code: String,
    facts: Vec<(&'static str, String)>,
    errors: Vec<RowError>,
}

impl WebError {
    /// An error of a status and code.
    #[must_use]
    pub fn new(status: StatusCode, code: &str, facts: Vec<(&'static str, String)>) -> Self {
        Self { status, code: code.to_owned(), facts, errors: Vec::new() }
    }

    /// A request that can't be read.
    #[must_use]
    pub fn bad_request(reason: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", vec![("reason", reason.to_owned())])
    }

    /// Nothing of that name.
    #[must_use]
    pub fn not_found(what: &str, code: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", vec![("what", what.to_owned()), ("code", code.to_owned())])
    }

    /// Something went wrong here; it is logged, and not shown.
    #[must_use]
    pub fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", Vec::new())
    }

    /// A missing right.
    #[must_use]
    pub fn forbidden(right: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", vec![("right", right.to_owned())])
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The error as a page of its own.
    fn page(&self, look: page::Look) -> Response {
        let sentence = messages::say(look.language, &self.code, &self.facts);
        let page = ErrorPage { look, sentence, status: self.status.as_u16(), code: self.code.clone() };
        let mut response = page::html(&page).unwrap_or_else(|_| self.status.into_response());
        *response.status_mut() = self.status;
        response
    }

    fn problem(&self, language: Language) -> Problem {
        Problem {
            kind: format!("urn:tallyman:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or_default().to_owned(),
            status: self.status.as_u16(),
            code: self.code.clone(),
            detail: messages::say(language, &self.code, &self.facts),
            facts: self.facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            errors: self.errors.iter().map(|error| error.shown(language)).collect(),
        }
    }
}

impl<E: Refusal> From<E> for WebError {
    fn from(refusal: E) -> Self {
        Self::refused(&refusal)
    }
}

impl From<Errors> for WebError {
    fn from(errors: Errors) -> Self {
        let facts = vec![("count", errors.count.to_string())];
        Self { errors: errors.list, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "import.refused", facts) }
    }
}

impl WebError {
    /// What an operation refused.
    #[must_use]
    pub fn refused(refusal: &dyn Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::error!(error = %refusal, cause = ?refusal.database(), "operation failed");
        }
        Self::new(status, refusal.code(), refusal.facts())
    }
}

#[derive(askama::Template)]
#[template(path = "error.html")]
struct ErrorPage {
    look: page::Look,
    sentence: String,
    status: u16,
    code: String,
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every error response its problem body, in the language of the request; errors that axum and the layers make
/// by themselves too.
pub async fn render(request: Request, next: Next) -> Response {
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = Language::accepted(accepted.unwrap_or_default());
    let path = request.uri().path().to_owned();
    let in_browser = page::wants_page(request.headers()) && !path.starts_with("/api/") && !path.starts_with("/in/");
    let look = page::Look::of_stranger(request.headers());
    let response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // What says by itself what is wrong: a problem from further inside, or a page.
    let complete =
        kind == PROBLEM_JSON || kind.starts_with("text/html") || response.extensions().get::<Complete>().is_some();
    let error = match response.extensions().get::<WebError>() {
        Some(error) => error.clone(),
        None if complete => return response,
        None => foreign(status, &path),
    };
    metrics::counter!("tallyman_refusals_total", "code" => error.code.clone()).increment(1);
    if in_browser {
        return error.page(look);
    }
    let body = serde_json::to_vec(&error.problem(language)).unwrap_or_default();
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    parts.headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.code()));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

/// Marks a response of an error's status that is an answer by itself.
#[derive(Clone, Copy, Debug)]
pub struct Complete;

/// The media type of problems.
pub const PROBLEM_JSON: &str = "application/problem+json";

fn foreign(status: StatusCode, path: &str) -> WebError {
    match status {
        StatusCode::NOT_FOUND => WebError::not_found("address", path),
        StatusCode::METHOD_NOT_ALLOWED => WebError::new(status, "method_not_allowed", Vec::new()),
        StatusCode::PAYLOAD_TOO_LARGE => WebError::new(status, "too_large", Vec::new()),
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => WebError::new(status, "timeout", Vec::new()),
        _ if status.is_client_error() => {
            let reason = status.canonical_reason().unwrap_or_default().to_owned();
            WebError::new(status, "bad_request", vec![("reason", reason)])
        }
        _ => WebError::new(status, "internal", Vec::new()),
    }
}
