//! Labels of every kind: what there is, and how one would look.

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tallyman_labels::Kind;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::station::preview::{Asked, draw};
use crate::web::{Json, Problem, Viewer, WebError};

/// Says how many pages the label has.
const PAGES: HeaderName = HeaderName::from_static("tallyman-pages");
/// Names the fields that were shortened, with commas.
const TRUNCATED: HeaderName = HeaderName::from_static("tallyman-truncated");

/// The routes of labels.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(kinds)).routes(routes!(preview))
}

/// A kind of label.
#[derive(Debug, Serialize, ToSchema)]
pub struct LabelKind {
    /// Its name.
    pub kind: String,
    /// The stocks it has layouts for, in millimetres.
    pub stocks: Vec<String>,
    /// What its data looks like.
    pub sample: Value,
}

/// The kinds of labels, with a sample of each.
#[utoipa::path(get, path = "/labels/kinds", tag = "printing",
    responses((status = 200, body = Vec<LabelKind>), (status = 401, body = Problem)))]
async fn kinds(State(app): State<App>, viewer: Viewer) -> Result<Json<Vec<LabelKind>>, WebError> {
    viewer.require(Right::Read)?;
    let kinds = Kind::ALL.iter().map(|kind| LabelKind {
        kind: kind.name().to_owned(),
        stocks: app.services.layouts.stocks(*kind),
        sample: serde_json::from_str(kind.sample_json()).unwrap_or_default(),
    });
    Ok(Json(kinds.collect()))
}

fn first_density() -> i64 {
    203
}

fn picture() -> String {
    "png".to_owned()
}

fn first_page() -> i64 {
    1
}

/// A label to be shown.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// The kind, as `location`.
    pub kind: String,
    /// What it says; the kind's sample where it isn't given.
    #[serde(default)]
    pub data: Option<Value>,
    /// The stock in millimetres, as `100x50`; the first one of the kind where it isn't said.
    #[serde(default)]
    pub stock: Option<String>,
    /// Dots an inch: 203, 300 or 600.
    #[serde(default = "first_density")]
    pub dpi: i64,
    /// png, svg, pdf, or a printer's language: zpl, tspl, epl, cpcl, escpos.
    #[serde(default = "picture")]
    pub format: String,
    /// Which page, from 1, where the format has one file a page.
    #[serde(default = "first_page")]
    pub page: i64,
}

/// Show a label as a picture, a PDF, or the bytes of a printer's language. Nothing is printed or kept.
#[utoipa::path(post, path = "/labels/preview", tag = "printing", request_body = PreviewRequest,
    responses((status = 200, content((Vec<u8> = "image/png"), (Vec<u8> = "image/svg+xml"), (Vec<u8> = "application/pdf"),
            (Vec<u8> = "application/octet-stream"))), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn preview(
    State(app): State<App>,
    viewer: Viewer,
    Json(asked): Json<PreviewRequest>,
) -> Result<Response, WebError> {
    viewer.require(Right::Read)?;
    let PreviewRequest { kind, data, stock, dpi, format, page } = asked;
    let layouts = app.services.layouts.clone();
    let asked = Asked { kind, data, stock, dpi, format, page: Some(page) };
    // Drawing takes milliseconds, and a long paper more.
    let drawn = tokio::task::spawn_blocking(move || draw(&layouts, &asked)).await.map_err(WebError::internal)??;
    let head = [
        (header::CONTENT_TYPE, drawn.format.media_type().to_owned()),
        (PAGES, drawn.pages.to_string()),
        (TRUNCATED, drawn.truncated.join(",")),
    ];
    Ok((head, drawn.files.concat()).into_response())
}
