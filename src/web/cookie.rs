//! The two cookies: who sits at the browser, and the language of a browser where nobody is logged in.
//!
//! The session's cookie is out of reach of scripts, and never sent by another site's page. Over TLS its name makes the browser
//! refuse one that was set by somebody in between.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::messages::Language;
use crate::people::sessions::LONGEST_MS;

/// The session's cookie over TLS.
const SECURE: &str = "__Host-tallyman";
/// The session's cookie where there is no TLS.
const PLAIN: &str = "tallyman";

/// A cookie of a request.
fn named<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// The secret of a request's session.
#[must_use]
pub fn session(headers: &HeaderMap) -> Option<&str> {
    named(headers, SECURE).or_else(|| named(headers, PLAIN)).filter(|secret| !secret.is_empty())
}

/// Sets the session's cookie; an empty secret takes it away.
#[must_use]
pub fn set_session(secret: &str, tls: bool) -> Option<HeaderValue> {
    let seconds = if secret.is_empty() { 0 } else { LONGEST_MS / 1000 };
    let (name, secure) = if tls { (SECURE, "; Secure") } else { (PLAIN, "") };
    let cookie = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&cookie).ok()
}

/// The language of a browser where nobody is logged in.
const LANGUAGE: &str = "tallyman_language";

/// The language that a browser asked for on the login page.
#[must_use]
pub fn language(headers: &HeaderMap) -> Option<Language> {
    named(headers, LANGUAGE).and_then(Language::from_code)
}

/// Keeps the language of a browser for a year.
#[must_use]
pub fn set_language(language: Language) -> HeaderValue {
    HeaderValue::from_static(match language {
        Language::En => "tallyman_language=en; Path=/; SameSite=Strict; Max-Age=31536000",
        Language::ZhCn => "tallyman_language=zh-CN; Path=/; SameSite=Strict; Max-Age=31536000",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_found_among_other_cookies() {
        let headers = |line: &str| HeaderMap::from_iter([(header::COOKIE, line.parse().unwrap())]);
        assert_eq!(session(&headers("a=1; tallyman=ts_x; b=2")), Some("ts_x"));
        assert_eq!(session(&headers("tallyman=ts_old; __Host-tallyman=ts_new")), Some("ts_new"));
        assert_eq!(session(&headers("nottallyman=ts_x; tallyman=")), None);
        assert_eq!(session(&HeaderMap::new()), None);
    }

    #[test]
    fn the_cookie_is_safe_and_over_tls_safer() {
        let plain = set_session("ts_x", false).unwrap();
        assert_eq!(plain, "tallyman=ts_x; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200");
        let secure = set_session("", true).unwrap();
        assert_eq!(secure, "__Host-tallyman=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure");
    }
}
