//! The home page: how the warehouse stands, without a script and without personal data.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::WebError;
use crate::app::App;
use crate::kernel::ids::WarehouseId;
use crate::messages::{Language, say};
use crate::report::{Standing, standing};
use crate::station::faults;

/// The page's style sheet.
const STYLE: &str = include_str!("static/style.css");

/// The page, in the reader's language.
pub(super) async fn page(State(app): State<App>, headers: HeaderMap) -> Result<Response, WebError> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = Language::accepted(accepted.unwrap_or_default());
    let now = app.clock.now();
    let standing = app.db.read(|tx| Box::pin(standing(tx, WarehouseId(1), now))).await?;
    let html = render(language, app.db.kind(), &standing);
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_LANGUAGE, language.code()),
        (header::VARY, "accept-language"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, html).into_response())
}

/// The style sheet.
pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

/// A text as it may stand in HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(character),
        }
    }
    out
}

fn render(language: Language, database: &str, standing: &Standing) -> String {
    let word = |code: &str| escaped(&say(language, code, &[]));
    let facts = [("version", env!("CARGO_PKG_VERSION").to_owned()), ("database", database.to_owned())];
    let about = escaped(&say(language, "home.about", &facts));
    let orders = rows(language, "state.order", standing.orders.iter().map(|(state, count)| (state.code(), *count)));
    let waves = rows(language, "state.wave", standing.waves.iter().map(|(state, count)| (state.code(), *count)));
    let backlog = rows(
        language,
        "home.backlog",
        [
            ("at_risk", standing.at_risk),
            ("pick_tasks", standing.pick_tasks),
            ("inbox_waiting", standing.inbox_waiting),
            ("inbox_dead", standing.inbox_dead),
            ("outbox_pending", standing.outbox_pending),
            ("outbox_dead", standing.outbox_dead),
        ]
        .into_iter(),
    );
    let jobs = rows(language, "state.job", standing.print_jobs.iter().map(|(state, count)| (state.code(), *count)));
    let faults = fault_list(language, standing);
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Tallyman</title><link rel=\"stylesheet\" href=\"/style.css\"></head><body><header><h1>{}</h1><p>{about}</p></header>\
         <main><section><h2>{}</h2>{orders}</section><section><h2>{}</h2>{waves}</section><section><h2>{}</h2>{backlog}</section>\
         <section><h2>{}</h2>{jobs}{faults}</section></main>\
         <footer><a href=\"/api/v1/openapi.json\">{}</a> <a href=\"/healthz\">{}</a> <a href=\"/readyz\">{}</a> \
         <a href=\"/metrics\">{}</a></footer></body></html>",
        language.code(),
        word("home.title"),
        word("home.orders"),
        word("home.waves"),
        word("home.backlog"),
        word("home.printing"),
        word("home.api"),
        word("home.alive"),
        word("home.ready"),
        word("home.metrics"),
    )
}

/// A table of counts; what counts nothing is left pale.
fn rows<'a>(language: Language, group: &str, counts: impl Iterator<Item = (&'a str, i64)>) -> String {
    let mut out = String::from("<table>");
    for (code, count) in counts {
        let name = escaped(&say(language, &format!("{group}.{code}"), &[]));
        let class = if count == 0 { " class=\"none\"" } else { "" };
        // Writing to a text can't fail.
        let _ = write!(out, "<tr{class}><th scope=\"row\">{name}</th><td>{count}</td></tr>");
    }
    out.push_str("</table>");
    out
}

fn fault_list(language: Language, standing: &Standing) -> String {
    if standing.faults.is_empty() {
        return format!("<p>{}</p>", escaped(&say(language, "home.no_faults", &[])));
    }
    let mut out = String::from("<ul class=\"faults\">");
    for printer in &standing.faults {
        let sentence = escaped(&faults::sentence(&printer.fault, language));
        let _ = write!(out, "<li><strong>{}</strong> {sentence}</li>", escaped(&printer.code));
    }
    out.push_str("</ul>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::model::OrderState;
    use crate::station::model::JobState;
    use crate::wave::WaveState;

    #[test]
    fn every_state_has_a_name_in_both_languages() {
        let codes = OrderState::ALL.iter().map(|state| format!("state.order.{state}"));
        let codes = codes.chain(WaveState::ALL.iter().map(|state| format!("state.wave.{state}")));
        let codes = codes.chain(JobState::ALL.iter().map(|state| format!("state.job.{state}")));
        for code in codes {
            for language in [Language::En, Language::ZhCn] {
                assert_ne!(say(language, &code, &[]), code);
            }
        }
    }

    #[test]
    fn the_page_is_in_the_readers_language_and_escapes_what_it_shows() {
        let page = render(
            Language::ZhCn,
            "<sqlite>",
            &Standing { orders: vec![(OrderState::Held, 3)], ..Standing::default() },
        );
        assert!(page.contains("lang=\"zh-CN\"") && page.contains("挂起") && page.contains("&lt;sqlite&gt;"));
        assert!(!page.contains("<script") && !page.contains("style=\""));
    }
}
