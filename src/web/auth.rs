//! Who calls: a bearer token, or the cookie of a session; and for commands the operation key.
//!
//! A browser sends its cookie with whatever page asks it to, so a change by cookie must come from a page of ours: the browser
//! says so (`Sec-Fetch-Site`), or its `Origin` is the address that was asked.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use super::cookie;
use super::problem::WebError;
use crate::app::App;
use crate::db::{Context, OperationKey};
use crate::kernel::actor::{Actor, Right};
use crate::kernel::ids::WarehouseId;
use crate::messages::Language;
use crate::people::sessions::Session;

/// Somebody who looks at something.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Their warehouse.
    pub warehouse: WarehouseId,
    /// Who they are and what they may do.
    pub actor: Actor,
    /// Their name.
    pub name: String,
    /// Their language.
    pub language: Language,
    /// Their session; none where a token speaks.
    pub session: Option<Session>,
}

impl Viewer {
    /// Refuses where the right is missing.
    ///
    /// # Errors
    /// 403.
    pub fn require(&self, right: Right) -> Result<(), WebError> {
        if self.actor.may(right) { Ok(()) } else { Err(WebError::forbidden(right.code())) }
    }
}

/// Somebody who changes something: with an `Idempotency-Key`.
#[derive(Clone)]
pub struct Caller {
    /// The context of the operation that they ask for.
    pub context: Context,
}

fn unauthorized() -> WebError {
    WebError::new(StatusCode::UNAUTHORIZED, "unauthorized", Vec::new())
}

/// The secret that a request shows, and whether a browser sent it by itself.
fn secret(headers: &HeaderMap) -> Option<(&str, bool)> {
    let Some(header) = headers.get(header::AUTHORIZATION) else {
        return cookie::session(headers).map(|secret| (secret, true));
    };
    let (scheme, secret) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| (secret.trim(), false))
}

/// Whether a page of ours asks, and nobody who uses it: for a part of itself, or for its stream.
fn asks_by_itself(headers: &HeaderMap) -> bool {
    let stream = headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes() == b"text/event-stream");
    stream || headers.contains_key("x-part")
}

/// Whether a request that changes something comes from a page of ours.
#[must_use]
pub fn from_our_page(headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = said("sec-fetch-site") {
        return site == "same-origin";
    }
    let origin = said("origin").and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    origin.is_some() && origin == said("host")
}

impl FromRequestParts<App> for Viewer {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, WebError> {
        let (secret, by_cookie) = secret(&parts.headers).ok_or_else(unauthorized)?;
        if by_cookie && !parts.method.is_safe() && !from_our_page(&parts.headers) {
            return Err(WebError::new(StatusCode::FORBIDDEN, "foreign_page", Vec::new()));
        }
        let now = app.clock.now();
        let holder = app.tokens.holder(&app.db, secret, now).await?.ok_or_else(unauthorized)?;
        // A cookie is no token, and a token no cookie.
        if holder.session.is_some() != by_cookie {
            return Err(unauthorized());
        }
        // A screen that refreshes itself is nobody at work: a session left open ends all the same.
        let by_itself = parts.method.is_safe() && asks_by_itself(&parts.headers);
        if let Some(session) = holder.session.as_ref().filter(|_| !by_itself) {
            app.tokens.touch(&app.db, secret, session, now).await?;
        }
        let crate::people::tokens::Holder { warehouse, actor, name, language, session, .. } = holder;
        let viewer = Self { warehouse, actor, name, language, session };
        super::observe::person(&viewer.actor);
        // Who only counts reads nothing else: the lists say what is in stock.
        if !viewer.actor.may(Right::Count) {
            viewer.require(Right::Read)?;
        }
        Ok(viewer)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, WebError> {
        let viewer = Viewer::from_request_parts(parts, app).await?;
        let mut sent = parts.headers.get_all("idempotency-key").iter();
        let key = match (sent.next(), sent.next()) {
            (Some(only), None) => only.to_str().ok().and_then(OperationKey::parse),
            _ => None,
        };
        let key = key.ok_or_else(|| WebError::new(StatusCode::BAD_REQUEST, "key.missing", Vec::new()))?;
        Ok(Self { context: app.context(viewer.warehouse, viewer.actor, key) })
    }
}

impl crate::refusal::Refusal for crate::db::DbError {
    fn code(&self) -> &'static str {
        crate::refusal::database_code(self).1
    }
    fn status(&self) -> u16 {
        crate::refusal::database_code(self).0
    }
    fn facts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
    fn database(&self) -> Option<&crate::db::DbError> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_a_page_of_ours_changes_something_by_cookie() {
        assert!(from_our_page(&headers(&[("sec-fetch-site", "same-origin")])));
        assert!(from_our_page(&headers(&[("origin", "https://tallyman.lan:8443"), ("host", "tallyman.lan:8443")])));
        for foreign in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://evil.example"), ("host", "tallyman.lan")],
            &[("origin", "null"), ("host", "null")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://a"), ("host", "a")],
            &[("host", "a")],
            &[],
        ] {
            assert!(!from_our_page(&headers(foreign)), "{foreign:?}");
        }
    }
}
