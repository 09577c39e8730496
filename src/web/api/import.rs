//! Files: the catalogue, locations, opening stock and orders as CSV.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::import::{self, ImportError, Imported, What};
use crate::kernel::actor::Right;
use crate::kernel::ids::ChannelId;
use crate::order::query;
use crate::setup;
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// Largest file, in bytes.
const LARGEST_FILE: usize = 64 * 1024 * 1024;

/// The routes of files.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(bring_in, example)).layer(DefaultBodyLimit::max(LARGEST_FILE))
}

/// How a file is taken.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Only look at it.
    pub dry_run: bool,
    /// Code of the channel that orders belong to; `api` where it isn't said.
    pub channel: Option<String>,
}

const fn right(what: What) -> Right {
    match what {
        What::Skus | What::Locations => Right::CatalogWrite,
        What::Stock => Right::StockMove,
        What::Orders => Right::OrderWrite,
    }
}

/// Take a CSV file, whole or not at all. Its mistakes are in `errors`, by row and column.
#[utoipa::path(post, path = "/import/{what}", tag = "import", request_body(content = String, content_type = "text/csv"),
    params(("what" = What, Path), ImportQuery, ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Imported), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn bring_in(
    State(app): State<App>,
    caller: Caller,
    Path(what): Path<What>,
    Query(ImportQuery { dry_run, channel }): Query<ImportQuery>,
    body: Bytes,
) -> Result<Json<Imported>, WebError> {
    let (warehouse, right) = (caller.context.warehouse, right(what));
    if !caller.context.actor.may(right) {
        return Err(WebError::forbidden(right.code()));
    }
    let channel = match what {
        What::Orders => {
            let code = channel.unwrap_or_else(|| "api".to_owned());
            app.db.read(|tx| Box::pin(async move { query::channel(tx, warehouse, &code).await })).await?
        }
        _ => ChannelId(0),
    };
    let zone = app.db.read(|tx| Box::pin(setup::time_zone(tx, warehouse))).await?;
    let parsed = tokio::task::spawn_blocking(move || import::parse(what, &body, &zone, &mut |_, _| {}));
    let parsed = parsed.await.map_err(WebError::internal)??;
    match import::write(&app, caller.context, channel, parsed, dry_run).await {
        Ok(imported) => Ok(Json(imported)),
        Err(ImportError::Rows(errors)) => Err(errors.into()),
        Err(other) => Err(other.refusal().map_or_else(|| WebError::internal("import"), WebError::refused)),
    }
}

/// An example of a file, with every column.
#[utoipa::path(get, path = "/import/{what}", tag = "import", params(("what" = What, Path)),
    responses((status = 200, content_type = "text/csv", body = String), (status = 400, body = Problem),
        (status = 401, body = Problem)))]
async fn example(viewer: Viewer, Path(what): Path<What>) -> Result<Response, WebError> {
    viewer.require(Right::Read)?;
    let name = format!("attachment; filename=\"{what}.csv\"");
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, import::template(what)).into_response())
}
