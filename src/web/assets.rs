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

/// Our own files: what browsers keep from the start.
pub const FILES: &[(&str, &[u8])] = files![
    "base.css",
    "camera.js",
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
    "reader.js",
    "signal.js",
    "station.css",
    "station.js",
    "task.js",
    "wedge.js",
];

/// Large files of others, which come when they are needed first (`static/vendor/README.md`).
const LATER: &[(&str, &[u8])] = files!["vendor/LICENSES.txt", "vendor/zxing_reader.js", "vendor/zxing_reader.wasm"];

/// The worker that reads pictures of the camera, and its policy: WebAssembly is for it alone. No page may run any.
const READER: (&str, &str) =
    ("reader.js", "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; base-uri 'none'");

/// A hash over all files and the version of the program.
static BUILD: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(READER.1);
    for (name, content) in FILES.iter().chain(LATER) {
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
        .route("/static/{build}/{*name}", get(file))
        .route("/manifest.webmanifest", get(manifest))
        .route("/sw.js", get(service_worker))
}

/// A file. One of another build is given too, as what it is now, but never kept: its page loads anew soon.
async fn file(Path((asked, name)): Path<(String, String)>) -> Result<Response, WebError> {
    let found = FILES.iter().chain(LATER).find(|(file, _)| *file == name);
    let (name, content) = found.ok_or_else(|| WebError::not_found("file", &name))?;
    let kept = if asked == build() { "public, max-age=31536000, immutable" } else { "no-store" };
    let policy = (*name == READER.0).then_some([(header::CONTENT_SECURITY_POLICY, READER.1)]);
    Ok((policy, [(header::CONTENT_TYPE, media_type(name)), (header::CACHE_CONTROL, kept)], *content).into_response())
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The script names the hash of the decoder that it was made for.
    #[test]
    fn the_reader_and_its_decoder_belong_together_and_are_written_down() {
        let file = |name: &str| LATER.iter().find(|(file, _)| *file == name).unwrap().1;
        let notes = include_str!("static/vendor/README.md");
        let script = std::str::from_utf8(file("vendor/zxing_reader.js")).unwrap();
        let decoder = hex::encode(&Sha256::digest(file("vendor/zxing_reader.wasm")));
        assert!(script.contains(&decoder) && notes.contains(&decoder));
        assert!(notes.contains(&hex::encode(&Sha256::digest(script))));
    }
}
