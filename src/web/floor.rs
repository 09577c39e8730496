//! What the handheld's and the station's page have in common: how a scan comes in, and how it is answered.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::page::Look;
use super::problem::Complete;
use super::{WebError, assets};
use crate::db::OperationKey;
use crate::floor::model::{Signal, Source, Surface, Verdict};
use crate::floor::scan::{LONGEST_SCAN, Scan};
use crate::kernel::Timestamp;

/// A scan, as a page sends it.
#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    operation_key: String,
    version: i64,
    #[serde(default)]
    after: String,
    raw: String,
    #[serde(default)]
    aim: String,
    source: Source,
    scanned_at: i64,
}

/// What a page hears.
#[derive(Debug, Serialize)]
struct Answer {
    signal: Signal,
    message_id: Option<String>,
    message: Option<String>,
    version: i64,
    stale: bool,
    step: &'static str,
    /// Where the page stands, where it stands at a station.
    #[serde(skip_serializing_if = "Option::is_none")]
    station: Option<String>,
    html: String,
}

impl Sent {
    /// The scan, where it is one.
    pub(super) fn scan(self, surface: Surface) -> Result<(OperationKey, Scan), WebError> {
        let malformed = |field: &str| {
            let facts = vec![("reason", field.to_owned())];
            WebError::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_request", facts)
        };
        let key = OperationKey::parse(&self.operation_key).ok_or_else(|| malformed("operation_key"))?;
        if self.raw.len() > LONGEST_SCAN || self.raw.trim().is_empty() || self.raw.contains('\0') {
            return Err(malformed("raw"));
        }
        if self.aim.len() > 3 || self.after.len() > 200 || self.aim.contains('\0') || self.after.contains('\0') {
            return Err(malformed("aim"));
        }
        let scan = Scan {
            surface,
            version: self.version,
            after: self.after,
            raw: self.raw,
            aim: self.aim,
            source: self.source,
            scanned_at: Timestamp(self.scanned_at),
            station: String::new(),
            refused: None,
        };
        Ok((key, scan))
    }
}

/// The answer to a scan: what was said, and the step (its version and name) that the person is at now, drawn.
pub(super) fn answer(
    look: &Look,
    verdict: &Verdict,
    (version, step): (i64, &'static str),
    station: Option<String>,
    html: String,
) -> Result<Response, WebError> {
    let answer = Answer {
        signal: verdict.signal,
        message_id: verdict.said.as_ref().map(|said| said.id.clone()),
        message: verdict.said.as_ref().map(|said| said.sentence(&look.language)),
        version,
        stale: verdict.stale,
        step,
        station,
        html,
    };
    let body = serde_json::to_string(&answer).map_err(WebError::internal)?;
    let status = if verdict.stale { StatusCode::CONFLICT } else { StatusCode::OK };
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    let mut response = (status, headers, [("x-build", assets::build())], body).into_response();
    response.extensions_mut().insert(Complete);
    Ok(response)
}

/// JSON as it may stand within HTML.
pub(super) fn within_html(value: &serde_json::Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// Sentences for a page's script, by their ids.
pub(super) fn texts(look: &Look, ids: &[&str]) -> String {
    let texts = ids.iter().map(|id| ((*id).to_owned(), json!(look.t(id)))).collect();
    within_html(&serde_json::Value::Object(texts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_within_a_page_closes_no_tag() {
        let value = json!({ "name": "</script><b>&" });
        assert_eq!(within_html(&value), "{\"name\":\"\\u003c/script\\u003e\\u003cb\\u003e\\u0026\"}");
    }
}
