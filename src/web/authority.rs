//! The own authority's certificate for devices, and a page that explains how to install it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest, Sha256};

use super::page::{Look, html};
use super::{Secure, WebError, cookie};
use crate::app::App;

/// The routes of the authority; they need no session, because a device asks before it trusts anything.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/ca", get(explain)).route("/ca.crt", get(certificate))
}

#[derive(Template)]
#[template(path = "ca.html")]
struct CaPage {
    look: Look,
    /// None where there is no authority of our own.
    fingerprint: Option<String>,
    host: String,
    tls: bool,
}

/// The fingerprint of a certificate, as devices show it: SHA-256, in pairs.
fn fingerprint(pem: &str) -> Option<String> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    let pairs: Vec<String> = Sha256::digest(&der).iter().map(|byte| format!("{byte:02X}")).collect();
    Some(pairs.join(":"))
}

async fn explain(State(app): State<App>, Secure(tls): Secure, headers: HeaderMap) -> Result<Response, WebError> {
    let mut look = Look::of_stranger(&headers);
    look.language = cookie::language(&headers).unwrap_or(look.language);
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
    let fingerprint = app.authority.get().and_then(|pem| fingerprint(pem));
    html(&CaPage { look, fingerprint, host, tls })
}

async fn certificate(State(app): State<App>) -> Result<Response, WebError> {
    let pem = app.authority.get().ok_or_else(|| WebError::not_found("file", "ca.crt"))?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-x509-ca-cert"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"tallyman-ca.crt\""),
    ];
    Ok((headers, pem.clone()).into_response())
}
