//! Counts at the desk: begin them, see how they go, decide about differences, learn from them.

use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::counting::approve::{Approval, ApproveLine, LineDecided, RejectLine};
use crate::counting::create::{CountCreated, CreateCount};
use crate::counting::finish::{CancelCount, RecountLine};
use crate::counting::model::{LineState, PlanState};
use crate::counting::query::{
    self, CountLineView, LineDetail, LinesPart, PlanView, ResolveUnknown, TaskView, UnknownView,
};
use crate::counting::results::{Results, Span, results};
use crate::counting::rules::{self, Cause, Classified, ClassifySkus, CountRules, PutCauses, PutLotCosts, PutRules};
use crate::counting::scope::{self, Asked, Forecast, Scope};
use crate::counting::trace::{Trace, trace};
use crate::db::Done;
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{CountLineId, CountPlanId};
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of counts at the desk.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_plans, create))
        .routes(routes!(show_forecast))
        .routes(routes!(show_plan))
        .routes(routes!(list_places))
        .routes(routes!(cancel))
        .routes(routes!(list_lines))
        .routes(routes!(show_line))
        .routes(routes!(show_trace))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(recount))
        .routes(routes!(list_unknown))
        .routes(routes!(resolve_unknown))
        .routes(routes!(show_results))
        .routes(routes!(show_rules, put_rules))
        .routes(routes!(list_causes, put_causes))
        .routes(routes!(put_costs))
        .routes(routes!(classify))
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhyBody {
    /// In a person's words.
    pub reason: String,
}

/// Refuses where somebody may neither plan counts, nor decide, nor audit.
fn may_see(viewer: &Viewer) -> Result<(), WebError> {
    if viewer.actor.may(Right::CountApprove) || viewer.actor.may(Right::Audit) {
        return Ok(());
    }
    viewer.require(Right::CountManage)
}

/// Which counts a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlansQuery {
    /// In this state.
    pub state: Option<PlanState>,
    /// Older than this count.
    pub before: Option<CountPlanId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Counts, the newest first.
#[utoipa::path(get, path = "/counts", tag = "counts", params(PlansQuery),
    responses((status = 200, body = Vec<PlanView>), (status = 400, body = Problem), (status = 403, body = Problem)))]
async fn list_plans(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<PlansQuery>,
) -> Result<Json<Vec<PlanView>>, WebError> {
    may_see(&viewer)?;
    let warehouse = viewer.warehouse;
    let page = (asked.before.map_or(0, |plan| plan.0), asked.limit.unwrap_or(100));
    let read = app.db.read(|tx| Box::pin(query::plans(tx, warehouse, asked.state, page)));
    Ok(Json(read.await?))
}

/// Begin a count: its places wait for counters from now on.
#[utoipa::path(post, path = "/counts", tag = "counts", request_body = CreateCount,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = CountCreated), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<CreateCount>,
) -> Result<Json<CountCreated>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// What a count would cost, before it is begun. Changes nothing.
#[utoipa::path(post, path = "/counts/forecast", tag = "counts", request_body = Scope,
    responses((status = 200, body = Forecast), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn show_forecast(
    State(app): State<App>,
    viewer: Viewer,
    Json(wanted): Json<Scope>,
) -> Result<Json<Forecast>, WebError> {
    viewer.require(Right::CountManage)?;
    let asked = Asked { warehouse: viewer.warehouse, at: app.clock.now(), seed: 0 };
    let read = app.db.read(|tx| Box::pin(async move { scope::forecast(tx, asked, &wanted).await }));
    Ok(Json(read.await?))
}

/// One count.
#[utoipa::path(get, path = "/counts/{plan}", tag = "counts", params(("plan" = i64, Path)),
    responses((status = 200, body = PlanView), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn show_plan(
    State(app): State<App>,
    viewer: Viewer,
    Path(plan): Path<CountPlanId>,
) -> Result<Json<PlanView>, WebError> {
    may_see(&viewer)?;
    let warehouse = viewer.warehouse;
    let read = app.db.read(|tx| Box::pin(query::plan(tx, warehouse, plan)));
    Ok(Json(read.await?))
}

/// A page behind a row.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Behind {
    /// Behind this one.
    pub after: Option<i64>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// The places of a count, and who is where.
#[utoipa::path(get, path = "/counts/{plan}/places", tag = "counts", params(("plan" = i64, Path), Behind),
    responses((status = 200, body = Vec<TaskView>), (status = 400, body = Problem), (status = 403, body = Problem)))]
async fn list_places(
    State(app): State<App>,
    viewer: Viewer,
    Path(plan): Path<CountPlanId>,
    Query(asked): Query<Behind>,
) -> Result<Json<Vec<TaskView>>, WebError> {
    may_see(&viewer)?;
    let warehouse = viewer.warehouse;
    let page = (asked.after.unwrap_or(0), asked.limit.unwrap_or(100));
    let read = app.db.read(|tx| Box::pin(query::tasks(tx, warehouse, plan, page)));
    Ok(Json(read.await?))
}

/// Give a count up. What was posted stays, what was only counted counts no more.
#[utoipa::path(post, path = "/counts/{plan}/cancel", tag = "counts", request_body = WhyBody,
    params(("plan" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Done), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(plan): Path<CountPlanId>,
    Json(WhyBody { reason }): Json<WhyBody>,
) -> Result<Json<Done>, WebError> {
    Ok(Json(app.operate(caller.context, CancelCount { plan, reason }).await?))
}

/// Which lines a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LinesQuery {
    /// Of this count.
    pub plan: Option<CountPlanId>,
    /// In this state: `confirmed` and `undecided` wait for a decision.
    pub state: Option<LineState>,
    /// Behind this line.
    pub after: Option<i64>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Lines of counts. Lines that somebody still has to count say nothing of book and difference.
#[utoipa::path(get, path = "/count-lines", tag = "counts", params(LinesQuery),
    responses((status = 200, body = Vec<CountLineView>), (status = 400, body = Problem), (status = 403, body = Problem)))]
async fn list_lines(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<LinesQuery>,
) -> Result<Json<Vec<CountLineView>>, WebError> {
    may_see(&viewer)?;
    let warehouse = viewer.warehouse;
    let LinesQuery { plan, state, after, limit } = asked;
    let part = LinesPart { plan, state, after: after.unwrap_or(0), limit: limit.unwrap_or(100) };
    let read = app.db.read(|tx| Box::pin(query::lines(tx, warehouse, part)));
    Ok(Json(read.await?))
}

/// One line, with what each round found.
#[utoipa::path(get, path = "/count-lines/{line}", tag = "counts", params(("line" = i64, Path)),
    responses((status = 200, body = LineDetail), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn show_line(
    State(app): State<App>,
    viewer: Viewer,
    Path(line): Path<CountLineId>,
) -> Result<Json<LineDetail>, WebError> {
    may_see(&viewer)?;
    let warehouse = viewer.warehouse;
    let read = app.db.read(|tx| Box::pin(query::line(tx, warehouse, line)));
    Ok(Json(read.await?))
}

/// What may explain a difference: the cell's ledger since it was last right, and differences the other way around.
#[utoipa::path(get, path = "/count-lines/{line}/trace", tag = "counts", params(("line" = i64, Path)),
    responses((status = 200, body = Trace), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn show_trace(
    State(app): State<App>,
    viewer: Viewer,
    Path(line): Path<CountLineId>,
) -> Result<Json<Trace>, WebError> {
    may_see(&viewer)?;
    let warehouse = viewer.warehouse;
    let read = app.db.read(|tx| Box::pin(trace(tx, warehouse, line)));
    Ok(Json(read.await?))
}

/// Approve a difference with its cause: it is posted. Not by who counted it.
#[utoipa::path(post, path = "/count-lines/{line}/approve", tag = "counts", request_body = Approval,
    params(("line" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = LineDecided), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn approve(
    State(app): State<App>,
    caller: Caller,
    Path(line): Path<CountLineId>,
    Json(approval): Json<Approval>,
) -> Result<Json<LineDecided>, WebError> {
    Ok(Json(app.operate(caller.context, ApproveLine { line, approval }).await?))
}

/// Don't believe a difference: the book stays.
#[utoipa::path(post, path = "/count-lines/{line}/reject", tag = "counts", request_body = WhyBody,
    params(("line" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = LineDecided), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn reject(
    State(app): State<App>,
    caller: Caller,
    Path(line): Path<CountLineId>,
    Json(WhyBody { reason }): Json<WhyBody>,
) -> Result<Json<LineDecided>, WebError> {
    Ok(Json(app.operate(caller.context, RejectLine { line, reason }).await?))
}

/// Have a line counted once more, by somebody who hasn't.
#[utoipa::path(post, path = "/count-lines/{line}/recount", tag = "counts",
    params(("line" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Done), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn recount(
    State(app): State<App>,
    caller: Caller,
    Path(line): Path<CountLineId>,
) -> Result<Json<Done>, WebError> {
    Ok(Json(app.operate(caller.context, RecountLine { line }).await?))
}

/// Which unknown goods a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UnknownQuery {
    /// Those too that somebody has dealt with.
    pub all: bool,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Goods that nobody knew, where they were found.
#[utoipa::path(get, path = "/count-unknown", tag = "counts", params(UnknownQuery),
    responses((status = 200, body = Vec<UnknownView>), (status = 400, body = Problem), (status = 403, body = Problem)))]
async fn list_unknown(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<UnknownQuery>,
) -> Result<Json<Vec<UnknownView>>, WebError> {
    may_see(&viewer)?;
    let warehouse = viewer.warehouse;
    let (open, limit) = (!asked.all, asked.limit.unwrap_or(100));
    let read = app.db.read(|tx| Box::pin(query::unknown(tx, warehouse, open, limit)));
    Ok(Json(read.await?))
}

/// Say what became of goods that nobody knew.
#[utoipa::path(post, path = "/count-unknown/{id}/resolve", tag = "counts", request_body = WhyBody,
    params(("id" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Done), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn resolve_unknown(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    Json(WhyBody { reason }): Json<WhyBody>,
) -> Result<Json<Done>, WebError> {
    Ok(Json(app.operate(caller.context, ResolveUnknown { id, resolution: reason }).await?))
}

/// Which counts are added up.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ResultsQuery {
    /// One count.
    pub plan: Option<CountPlanId>,
    /// Settled from this moment on, in milliseconds since 1970.
    pub from: Option<i64>,
    /// Settled before this moment.
    pub until: Option<i64>,
}

/// What counts have shown: accuracy by place, SKU and value, gains and losses, causes, people, zones, trend, and what was wrong
/// again and again. Shares are in hundredths of a per cent, values in minor units.
#[utoipa::path(get, path = "/count-results", tag = "counts", params(ResultsQuery),
    responses((status = 200, body = Results), (status = 400, body = Problem), (status = 403, body = Problem)))]
async fn show_results(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<ResultsQuery>,
) -> Result<Json<Results>, WebError> {
    may_see(&viewer)?;
    let warehouse = viewer.warehouse;
    let ResultsQuery { plan, from, until } = asked;
    let span = Span { plan, from: from.map(Timestamp), until: until.map(Timestamp) };
    Ok(Json(app.db.read(|tx| Box::pin(results(tx, warehouse, span))).await?))
}

/// How counting is done: tolerances, pace, limits.
#[utoipa::path(get, path = "/count-rules", tag = "counts",
    responses((status = 200, body = CountRules), (status = 403, body = Problem)))]
async fn show_rules(State(app): State<App>, viewer: Viewer) -> Result<Json<CountRules>, WebError> {
    may_see(&viewer)?;
    let warehouse = viewer.warehouse;
    Ok(Json(app.db.read(|tx| Box::pin(rules::rules(tx, warehouse))).await?))
}

/// Change how counting is done. Classes that aren't named stay.
#[utoipa::path(put, path = "/count-rules", tag = "counts", request_body = CountRules,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Done), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn put_rules(
    State(app): State<App>,
    caller: Caller,
    Json(rules): Json<CountRules>,
) -> Result<Json<Done>, WebError> {
    Ok(Json(app.operate(caller.context, PutRules { rules }).await?))
}

/// The causes that a difference can have.
#[utoipa::path(get, path = "/count-causes", tag = "counts",
    responses((status = 200, body = Vec<Cause>), (status = 403, body = Problem)))]
async fn list_causes(State(app): State<App>, viewer: Viewer) -> Result<Json<Vec<Cause>>, WebError> {
    may_see(&viewer)?;
    Ok(Json(app.db.read(|tx| Box::pin(rules::causes(tx))).await?))
}

/// Create or change causes.
#[utoipa::path(put, path = "/count-causes", tag = "counts", request_body = PutCauses,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Done), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn put_causes(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<PutCauses>,
) -> Result<Json<Done>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Say what lots cost, so that differences have a value.
#[utoipa::path(put, path = "/lot-costs", tag = "counts", request_body = PutLotCosts,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Done), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn put_costs(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<PutLotCosts>,
) -> Result<Json<Done>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Part the SKUs into classes A, B and C, by the value of their stock or by how often pickers come to them.
#[utoipa::path(post, path = "/sku-classes", tag = "counts", request_body = ClassifySkus,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Classified), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn classify(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<ClassifySkus>,
) -> Result<Json<Classified>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}
