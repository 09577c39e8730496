//! Print jobs: what waits, what is in doubt, and what people say about it.

use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::kernel::ids::{PlaceId, PrintJobId, StationId};
use crate::station::ops::{JobDecided, LabelProved, MoveJob, ProveByScan, ReprintLabel, RetryJob, SettleDoubt};
use crate::station::papers::{PapersQueued, PrintDocument, PrintPaper};
use crate::station::place_labels::PrintLocationLabels;
use crate::station::query::{self, JobFilter, JobView};
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of print jobs.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_jobs))
        .routes(routes!(one_job))
        .routes(routes!(settle))
        .routes(routes!(move_job))
        .routes(routes!(retry))
        .routes(routes!(reprint))
        .routes(routes!(prove))
        .routes(routes!(print_paper))
        .routes(routes!(print_document))
        .routes(routes!(print_location_labels))
}

/// Which jobs a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JobsQuery {
    /// In this state; `open` for those that need a person: sent, in doubt, failed.
    pub state: Option<String>,
    /// Of the printer with this code.
    pub printer: Option<String>,
    /// Of this parcel.
    pub parcel: Option<PlaceId>,
    /// Older than this job.
    pub before: Option<PrintJobId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Print jobs, the newest first.
#[utoipa::path(get, path = "/print-jobs", tag = "printing", params(JobsQuery),
    responses((status = 200, body = Vec<JobView>), (status = 400, body = Problem), (status = 401, body = Problem)))]
async fn list_jobs(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<JobsQuery>,
) -> Result<Json<Vec<JobView>>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    let JobsQuery { state, printer, parcel, before, limit } = asked;
    let filter = JobFilter { state, printer, parcel, before, limit };
    let read = app.db.read(|tx| Box::pin(async move { query::jobs(tx, warehouse, &filter).await })).await?;
    Ok(Json(read))
}

/// One print job.
#[utoipa::path(get, path = "/print-jobs/{job}", tag = "printing", params(("job" = i64, Path)),
    responses((status = 200, body = JobView), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn one_job(
    State(app): State<App>,
    viewer: Viewer,
    Path(job): Path<PrintJobId>,
) -> Result<Json<JobView>, WebError> {
    viewer.require(Right::Read)?;
    let warehouse = viewer.warehouse;
    Ok(Json(app.db.read(|tx| Box::pin(query::job(tx, warehouse, job))).await?))
}

/// What a person saw at the printer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    /// Whether the label came out. If it didn't, it is printed anew, marked R1 and so on.
    pub came_out: bool,
    /// What the person saw.
    #[serde(default)]
    pub evidence: String,
}

/// Say whether a label that is in doubt came out.
#[utoipa::path(post, path = "/print-jobs/{job}/settle", tag = "printing", request_body = Settle,
    params(("job" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = JobDecided), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn settle(
    State(app): State<App>,
    caller: Caller,
    Path(job): Path<PrintJobId>,
    Json(Settle { came_out, evidence }): Json<Settle>,
) -> Result<Json<JobDecided>, WebError> {
    Ok(Json(app.operate(caller.context, SettleDoubt { job, came_out, evidence }).await?))
}

/// Where a job is to be printed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The other printer's code.
    pub printer: String,
}

/// Move a waiting job to another printer.
#[utoipa::path(post, path = "/print-jobs/{job}/move", tag = "printing", request_body = Move,
    params(("job" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = JobDecided), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn move_job(
    State(app): State<App>,
    caller: Caller,
    Path(job): Path<PrintJobId>,
    Json(Move { printer }): Json<Move>,
) -> Result<Json<JobDecided>, WebError> {
    Ok(Json(app.operate(caller.context, MoveJob { job, printer }).await?))
}

/// Try a label again that could not be laid out.
#[utoipa::path(post, path = "/print-jobs/{job}/retry", tag = "printing",
    params(("job" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = JobDecided), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn retry(
    State(app): State<App>,
    caller: Caller,
    Path(job): Path<PrintJobId>,
) -> Result<Json<JobDecided>, WebError> {
    Ok(Json(app.operate(caller.context, RetryJob { job }).await?))
}

/// Print a label or paper of any kind but the shipping label, which comes with its parcel.
#[utoipa::path(post, path = "/labels/print", tag = "printing", request_body = PrintPaper,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PapersQueued), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn print_paper(
    State(app): State<App>,
    caller: Caller,
    Json(paper): Json<PrintPaper>,
) -> Result<Json<PapersQueued>, WebError> {
    Ok(Json(app.operate(caller.context, paper).await?))
}

/// Print a document that somebody else made, as a carrier. Its bytes pass unchanged.
#[utoipa::path(post, path = "/documents/print", tag = "printing", request_body = PrintDocument,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PapersQueued), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn print_document(
    State(app): State<App>,
    caller: Caller,
    Json(document): Json<PrintDocument>,
) -> Result<Json<PapersQueued>, WebError> {
    Ok(Json(app.operate(caller.context, document).await?))
}

/// Why a label is printed again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reprint {
    /// The parcel.
    pub parcel: PlaceId,
    /// Why.
    pub reason: String,
    /// The station whose printer is used; the first one's where it isn't said.
    #[serde(default)]
    pub station: Option<StationId>,
}

/// Print a label again, marked as a copy.
#[utoipa::path(post, path = "/labels/reprint", tag = "printing", request_body = Reprint,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = JobDecided), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn reprint(
    State(app): State<App>,
    caller: Caller,
    Json(Reprint { parcel, reason, station }): Json<Reprint>,
) -> Result<Json<JobDecided>, WebError> {
    Ok(Json(app.operate(caller.context, ReprintLabel { parcel, reason, station }).await?))
}

/// A scanned label.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// What was scanned.
    pub scan: String,
}

/// Prove by its scan that a label exists.
#[utoipa::path(post, path = "/labels/prove", tag = "printing", request_body = Scan,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = LabelProved), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn prove(
    State(app): State<App>,
    caller: Caller,
    Json(Scan { scan }): Json<Scan>,
) -> Result<Json<LabelProved>, WebError> {
    Ok(Json(app.operate(caller.context, ProveByScan { scan }).await?))
}

/// Print the labels of locations, along the walk; all or none.
#[utoipa::path(post, path = "/print-jobs/locations", tag = "printing", request_body = PrintLocationLabels,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PapersQueued), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn print_location_labels(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<PrintLocationLabels>,
) -> Result<Json<PapersQueued>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}
