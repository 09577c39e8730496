//! The login page: a badge is scanned, or number and password are typed.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde::Deserialize;

use super::page::{Look, html};
use super::{Query, Secure, WebError, auth, cookie};
use crate::app::App;
use crate::db::OperationKey;
use crate::kernel::actor::{Actor, Right};
use crate::kernel::ids::WarehouseId;
use crate::messages::{self, Language};
use crate::people::PeopleError;
use crate::people::login::{Attempt, is_badge, log_in};
use crate::people::sessions::LogOut;
use crate::people::tokens::hash_of;
use crate::refusal::Refusal as _;

/// The routes of logging in and out.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/login", get(show).post(enter)).route("/logout", axum::routing::post(leave))
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    look: Look,
    refused: Option<String>,
    badge: String,
    number: String,
    next: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    next: String,
    lang: Option<Language>,
}

async fn show(headers: HeaderMap, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    let mut look = Look::of_stranger(&headers);
    look.language = asked.lang.or_else(|| cookie::language(&headers)).unwrap_or(look.language);
    let page = LoginPage { look, refused: None, badge: String::new(), number: String::new(), next: asked.next };
    let mut response = html(&page)?;
    if let Some(language) = asked.lang {
        response.headers_mut().append(header::SET_COOKIE, cookie::set_language(language));
    }
    Ok(response)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    badge: String,
    pin: String,
    number: String,
    password: String,
    next: String,
}

async fn enter(
    State(app): State<App>,
    Secure(tls): Secure,
    headers: HeaderMap,
    Form(said): Form<Said>,
) -> Result<Response, WebError> {
    if !auth::from_our_page(&headers) {
        return Err(WebError::new(StatusCode::FORBIDDEN, "foreign_page", Vec::new()));
    }
    let device = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // A badge without a prefix of its scanner lands in the first field.
    let badge = if is_badge(&said.number) { said.number.clone() } else { said.badge };
    let by_badge = is_badge(&badge);
    let attempt = if by_badge {
        Attempt::Badge { code: badge.clone(), pin: said.pin }
    } else {
        Attempt::Password { number: said.number.clone(), password: said.password }
    };
    match log_in(&app, attempt, device).await {
        Ok(opened) => {
            let to = if is_ours(&said.next) { said.next } else { home_of(&opened.actor, by_badge).to_owned() };
            let mut response = Redirect::to(&to).into_response();
            set_cookie(&mut response, cookie::set_session(&opened.secret, tls));
            Ok(response)
        }
        Err(PeopleError::Db(error)) => Err(error.into()),
        Err(refusal) => {
            let mut look = Look::of_stranger(&headers);
            look.language = cookie::language(&headers).unwrap_or(look.language);
            let pin_too = matches!(refusal, PeopleError::PinNeeded {});
            let refused = messages::say(look.language, refusal.code(), &refusal.facts());
            let badge = if pin_too { badge } else { String::new() };
            let refused = (!pin_too).then_some(refused);
            let page = LoginPage {
                look,
                refused,
                badge,
                number: if by_badge { String::new() } else { said.number },
                next: said.next,
            };
            let mut response = html(&page)?;
            *response.status_mut() = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::UNAUTHORIZED);
            Ok(response)
        }
    }
}

/// Whether an address leads to a page of ours.
fn is_ours(address: &str) -> bool {
    address.starts_with('/') && !address.starts_with("//") && !address.contains(['\\', '\r', '\n'])
}

/// Where somebody's work is.
fn home_of(actor: &Actor, by_badge: bool) -> &'static str {
    match by_badge {
        false if actor.may(Right::WaveManage) || actor.may(Right::Audit) || actor.may(Right::OrderWrite) => "/",
        _ if actor.may(Right::Pick) || actor.may(Right::StockMove) => "/pda",
        _ if actor.may(Right::Pack) => "/station",
        _ => "/pda",
    }
}

fn set_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// Ends the session. The task keeps its state until its lease ends.
async fn leave(State(app): State<App>, Secure(tls): Secure, headers: HeaderMap) -> Result<Response, WebError> {
    if !auth::from_our_page(&headers) {
        return Err(WebError::new(StatusCode::FORBIDDEN, "foreign_page", Vec::new()));
    }
    if let Some(secret) = cookie::session(&headers) {
        let hash = hash_of(secret);
        let context = app.context(WarehouseId(1), Actor::system(), OperationKey::internal(&["log out", &hash]));
        app.operate(context, LogOut { hash }).await?;
        app.tokens.forget();
    }
    let mut response = Redirect::to("/login").into_response();
    set_cookie(&mut response, cookie::set_session("", tls));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_nowhere_else() {
        assert!(is_ours("/pda") && is_ours("/orders?state=held"));
        for foreign in ["//evil.example", "https://evil.example", "/\\evil.example", "", "pda", "/a\r\nset-cookie: x"] {
            assert!(!is_ours(foreign), "{foreign}");
        }
    }
}
