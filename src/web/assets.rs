//! Scripts, styles and pictures of the pages, inside the program.
//!
//! Their address holds a hash of them all (`/static/HASH/name`), so that a browser keeps them for ever, and a new build is never
//! mixed with an old one.

use std::sync::LazyLock;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

use super::{Path, WebError};
use crate::app::App;
use crate::kernel::hex;

macro_rules! files {
    ($($name:literal),+ $(,)?) => { &[$(($name, include_bytes!(concat!("static/", $name)))),+] };
}

/// Every file.
pub const FILES: &[(&str, &[u8])] = files![
    "base.css",
    "check.js",
    "icon.svg",
    "login.js",
    "office.css",
    "office.js",
    "offline.html",
    "offline.js",
    "ops.js",
    "pda.css",
    "pda.js",
    "signal.js",
    "station.css",
    "station.js",
    "task.js",
    "wedge.js",
];

/// A hash over all files and the version of the program.
static BUILD: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION"));
    for (name, content) in FILES {
        hash.update(name);
        hash.update(content);
    }
    hex::encode(&hash.finalize()).chars().take(12).collect()
});

/// What tells this build's files from another's.
#[must_use]
pub fn build() -> &'static str {
    &BUILD
}

/// Where a page finds a file.
#[must_use]
pub fn path(name: &str) -> String {
    format!("/static/{}/{name}", build())
}

/// The routes of the files.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/static/{build}/{name}", get(file))
        .route("/manifest.webmanifest", get(manifest))
        .route("/sw.js", get(service_worker))
}

/// A file. One of another build is given too, as what it is now, but never kept: its page loads anew soon.
async fn file(Path((asked, name)): Path<(String, String)>) -> Result<Response, WebError> {
    let found = FILES.iter().find(|(file, _)| *file == name);
    let (name, content) = found.ok_or_else(|| WebError::not_found("file", &name))?;
    let kept = if asked == build() { "public, max-age=31536000, immutable" } else { "no-store" };
    Ok(([(header::CONTENT_TYPE, media_type(name)), (header::CACHE_CONTROL, kept)], *content).into_response())
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}

/// What makes the handheld's page an app on its home screen.
async fn manifest() -> Response {
    let manifest = serde_json::json!({
        "name": "Tallyman 理货员", "short_name": "Tallyman", "start_url": "/pda", "scope": "/", "display": "fullscreen",
        "orientation": "portrait", "background_color": "#0b0f13", "theme_color": "#0b0f13",
        "icons": [{ "src": path("icon.svg"), "sizes": "any", "type": "image/svg+xml" }],
    });
    ([(header::CONTENT_TYPE, "application/manifest+json"), (header::CACHE_CONTROL, "no-cache")], manifest.to_string())
        .into_response()
}

/// The service worker, at the root, because it serves no address above its own. It keeps the shell and the files of this
/// build, never data.
async fn service_worker() -> Response {
    let files: Vec<String> = FILES.iter().map(|(name, _)| path(name)).collect();
    let head = format!("const BUILD = {:?};\nconst FILES = {};\n", build(), serde_json::json!(files));
    let headers = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (StatusCode::OK, headers, format!("{head}{}", include_str!("static/sw.js"))).into_response()
}
