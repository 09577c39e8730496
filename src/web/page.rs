//! What all pages share: who looks, in which language, theme and time zone; and how a page goes out.

use std::borrow::Borrow;
use std::fmt::Display;

use askama::Template;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::tz::TimeZone;

use super::{Viewer, WebError, assets};
use crate::app::App;
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::messages::{self, Language};
use crate::people::sessions::{Hand, Theme};

/// How a page speaks and looks; every template has one.
#[derive(Clone, Debug)]
pub struct Look {
    /// The reader's language.
    pub language: Language,
    /// `dark` or `light`.
    pub theme: &'static str,
    /// `right` or `left`.
    pub hand: &'static str,
    zone: TimeZone,
}

impl Look {
    /// Of somebody who isn't logged in.
    #[must_use]
    pub fn of_stranger(headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let language = Language::accepted(accepted.unwrap_or_default());
        Self { language, theme: Theme::Light.code(), hand: Hand::Right.code(), zone: TimeZone::UTC }
    }

    /// A look without a reader, for tests.
    #[cfg(test)]
    #[must_use]
    pub fn plain(language: Language) -> Self {
        Self { language, theme: Theme::Light.code(), hand: Hand::Right.code(), zone: TimeZone::UTC }
    }

    /// The language, as HTML names it.
    #[must_use]
    pub fn lang(&self) -> &'static str {
        self.language.code()
    }

    /// What tells this build from another.
    #[must_use]
    pub fn build(&self) -> &'static str {
        assets::build()
    }

    /// Where a file of ours is.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::path(name)
    }

    /// A text of the catalogue.
    #[must_use]
    pub fn t(&self, code: &str) -> String {
        messages::fill(self.language, code, &[])
    }

    /// A text with one fact.
    #[must_use]
    pub fn t1(&self, code: &str, name: &str, value: impl Display) -> String {
        messages::fill(self.language, code, &[(name, &value.to_string())])
    }

    /// A text with two facts.
    #[must_use]
    pub fn t2(&self, code: &str, first: &str, one: impl Display, second: &str, two: impl Display) -> String {
        messages::fill(self.language, code, &[(first, &one.to_string()), (second, &two.to_string())])
    }

    /// The name of a state or another code: `group.code`.
    #[must_use]
    pub fn name(&self, group: &str, code: impl Display) -> String {
        messages::fill(self.language, &format!("{group}.{code}"), &[])
    }

    /// A text that counts: `code.one` for one in English, else `code`, with `{count}`.
    #[must_use]
    pub fn count(&self, code: &str, count: impl Whole) -> String {
        let count = count.whole();
        let one = self.language == Language::En && count == 1;
        let code = if one { format!("{code}.one") } else { code.to_owned() };
        messages::fill(self.language, &code, &[("count", &grouped(count))])
    }

    /// A number as people read it: `12,345`.
    #[must_use]
    pub fn number(&self, number: impl Whole) -> String {
        grouped(number.whole())
    }

    /// A weight in kilograms: `1.250 kg`.
    #[must_use]
    pub fn weight(&self, grams: impl Whole) -> String {
        let grams = grams.whole();
        let sign = if grams < 0 { "-" } else { "" };
        let grams = grams.unsigned_abs();
        format!("{sign}{}.{:03} kg", grams / 1000, grams % 1000)
    }

    /// Day and minute in the warehouse's time zone.
    #[must_use]
    pub fn moment(&self, at: impl Borrow<Timestamp>) -> String {
        self.shown(*at.borrow(), "%-d %b %Y, %H:%M", "%Y年%-m月%-d日 %H:%M")
    }

    /// The minute of a day.
    #[must_use]
    pub fn minute(&self, at: impl Borrow<Timestamp>) -> String {
        self.shown(*at.borrow(), "%H:%M", "%H:%M")
    }

    /// A day.
    #[must_use]
    pub fn day(&self, at: impl Borrow<Timestamp>) -> String {
        self.shown(*at.borrow(), "%-d %b %Y", "%Y年%-m月%-d日")
    }

    /// When the day of a moment began.
    #[must_use]
    pub fn day_began(&self, at: Timestamp) -> Timestamp {
        let began = jiff::Timestamp::from_millisecond(at.0)
            .and_then(|at| at.to_zoned(self.zone.clone()).start_of_day())
            .map(|day| day.timestamp().as_millisecond());
        began.map_or(at, Timestamp)
    }

    fn shown(&self, at: Timestamp, english: &str, chinese: &str) -> String {
        let Ok(at) = jiff::Timestamp::from_millisecond(at.0) else { return String::new() };
        let format = if self.language == Language::En { english } else { chinese };
        at.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    /// What holds a device up, in a sentence.
    #[must_use]
    pub fn fault(&self, code: &str) -> String {
        crate::station::faults::sentence(code, self.language)
    }

    /// The name of a paper: the program's own in the reader's language, others as they are.
    #[must_use]
    pub fn paper(&self, paper: &str) -> String {
        match paper {
            "packing_slip" | "invoice" => self.name("paper", paper),
            own => own.to_owned(),
        }
    }

    /// The name of a SKU in the reader's language; the other one where it has only that.
    #[must_use]
    pub fn either<'a>(&self, english: &'a str, chinese: &'a str) -> &'a str {
        let (first, second) = if self.language == Language::En { (english, chinese) } else { (chinese, english) };
        if first.is_empty() { second } else { first }
    }
}

/// A whole number, however a template holds it.
pub trait Whole {
    /// Its value.
    fn whole(self) -> i64;
}

impl Whole for i64 {
    fn whole(self) -> i64 {
        self
    }
}

impl Whole for i32 {
    fn whole(self) -> i64 {
        self.into()
    }
}

impl Whole for usize {
    fn whole(self) -> i64 {
        i64::try_from(self).unwrap_or(i64::MAX)
    }
}

impl<T: Whole + Copy> Whole for &T {
    fn whole(self) -> i64 {
        (*self).whole()
    }
}

fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Somebody who looks at a page; a browser without a session is sent to the login.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Who.
    pub viewer: Viewer,
    /// How the page speaks and looks.
    pub look: Look,
}

impl Reader {
    /// Whether the person may do something.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        self.viewer.actor.may(right)
    }

    /// The look of a screen whose own theme this is.
    #[must_use]
    pub fn look_of(&self, own: Theme) -> Look {
        let mut look = self.look.clone();
        look.theme = match self.viewer.session.as_ref().map(|session| session.theme) {
            Some(theme @ (Theme::Dark | Theme::Light)) => theme.code(),
            _ => own.code(),
        };
        look
    }
}

impl FromRequestParts<App> for Reader {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let viewer = match Viewer::from_request_parts(parts, app).await {
            Ok(viewer) => viewer,
            Err(error) if error.status() == StatusCode::UNAUTHORIZED && wants_page(&parts.headers) => {
                return Err(Redirect::to(&login_address(parts)).into_response());
            }
            Err(error) => return Err(error.into_response()),
        };
        viewer.require(Right::Read).map_err(IntoResponse::into_response)?;
        let zone = app.db.read(|tx| Box::pin(crate::report::time_zone(tx, viewer.warehouse))).await;
        let zone = zone.map_err(|error| WebError::from(error).into_response())?;
        let zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
        let hand = viewer.session.as_ref().map_or(Hand::Right, |session| session.hand);
        let look = Look { language: viewer.language, theme: Theme::Light.code(), hand: hand.code(), zone };
        Ok(Self { viewer, look })
    }
}

/// Whether a browser asks for a page, and not a script of it for a part.
#[must_use]
pub fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.contains("text/html") && !headers.contains_key("x-part")
}

/// The login page, that leads back to what was asked for.
fn login_address(parts: &Parts) -> String {
    let asked = parts.uri.path_and_query().map_or("/", |asked| asked.as_str());
    if asked == "/" { "/login".to_owned() } else { format!("/login?next={}", escaped(asked)) }
}

/// A text as a value of a query string.
pub(super) fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a text can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A page on its way out: never kept by anybody.
///
/// # Errors
/// Where a template can't be filled, which is a fault of the program.
pub fn html(template: &impl Template) -> Result<Response, WebError> {
    let text = template.render().map_err(WebError::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "accept-language, cookie"),
    ];
    Ok((headers, [("x-build", assets::build())], Body::from(text)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(language: Language) -> Look {
        Look { language, theme: "dark", hand: "left", zone: TimeZone::get("Asia/Shanghai").unwrap() }
    }

    #[test]
    fn numbers_weights_and_moments_are_written_as_people_read_them() {
        let (en, zh) = (look(Language::En), look(Language::ZhCn));
        assert_eq!([en.number(0), en.number(999), en.number(-1_234_567)], ["0", "999", "-1,234,567"]);
        assert_eq!([en.weight(1250), en.weight(-40), en.weight(0)], ["1.250 kg", "-0.040 kg", "0.000 kg"]);
        let at = Timestamp(1_795_795_500_000);
        assert_eq!([en.moment(at), zh.moment(at)], ["28 Nov 2026, 00:05", "2026年11月28日 00:05"]);
        assert_eq!([en.either("Mug", "杯"), zh.either("Mug", ""), zh.either("Mug", "杯")], ["Mug", "Mug", "杯"]);
    }

    #[test]
    fn one_is_counted_differently_in_english() {
        let (en, zh) = (look(Language::En), look(Language::ZhCn));
        assert_eq!(
            [en.count("pda.orders_wait", 1), en.count("pda.orders_wait", 2)],
            ["1 order waits", "2 orders wait"]
        );
        assert_eq!(
            [zh.count("pda.orders_wait", 1), zh.count("pda.orders_wait", 1200)],
            ["1 个订单待拣", "1,200 个订单待拣"]
        );
    }

    #[test]
    fn an_address_survives_the_way_through_the_login() {
        assert_eq!(escaped("/orders?state=held&q=杯"), "/orders%3Fstate%3Dheld%26q%3D%E6%9D%AF");
    }
}
