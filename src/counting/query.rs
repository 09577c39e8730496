//! What screens show of counts. What a counter sees has no book in it; and what differs is told only once it is decided whether
//! it has to be counted again.

use serde::Serialize;
use utoipa::ToSchema;

use super::claim::AskedLine;
use super::model::{CountKind, CountTaskState, LineState, PlanState};
use super::{CountError, sql as counting_sql};
use crate::db::{DbError, Op, Operation, Tx};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{CountLineId, CountPlanId, CountTaskId, PersonId, WarehouseId};
use crate::stock::model::StockStatus;
use crate::{args, row};

row! {
    /// A count in a list.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct PlanView {
        /// Its id.
        pub id: CountPlanId,
        /// Its number.
        pub number: String,
        /// Why its places are counted.
        pub kind: CountKind,
        /// Where it stands.
        pub state: PlanState,
        /// What people should know.
        pub note: String,
        /// Whether counters don't see the book.
        pub blind: bool,
        /// Whether nothing is picked at a place while it is counted.
        pub freeze: bool,
        /// Who began it.
        pub person: String,
        /// When.
        pub created_at: Timestamp,
        /// When it ended.
        pub ended_at: Option<Timestamp>,
        /// Its places.
        pub places: i64,
        /// Places that still wait for a counter.
        pub open: i64,
        /// Places where somebody counts.
        pub counting: i64,
        /// Differences that wait for a decision.
        pub waiting: i64,
        /// Differences that were posted.
        pub posted: i64,
    }
}

/// Counts, the newest first; of a state, where one is given.
///
/// # Errors
/// A failure of the database.
pub async fn plans(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    state: Option<PlanState>,
    (before, limit): (i64, i64),
) -> Result<Vec<PlanView>, DbError> {
    let state = state.map_or("", PlanState::code);
    tx.all(sql::LIST_PLANS, args![warehouse, state, before, 0_i64, limit.clamp(1, 1000)]).await
}

/// One count.
///
/// # Errors
/// [`CountError::NotFound`]; a failure of the database.
pub async fn plan(tx: &mut Tx<'_>, warehouse: WarehouseId, plan: CountPlanId) -> Result<PlanView, CountError> {
    let found = tx.opt(sql::LIST_PLANS, args![warehouse, "", 0_i64, plan, 1_i64]).await?;
    found.ok_or_else(|| CountError::NotFound { what: "count", code: plan.to_string() })
}

row! {
    /// A place of a count.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct TaskView {
        /// Its id.
        pub id: CountTaskId,
        /// The count.
        pub plan_id: CountPlanId,
        /// The count's number.
        pub plan: String,
        /// Why it is counted.
        pub kind: CountKind,
        /// The place.
        pub place: String,
        /// Its zone.
        pub zone: String,
        /// Where it stands.
        pub state: CountTaskState,
        /// The round.
        pub round: i64,
        /// Who counts it.
        pub person: Option<String>,
        /// Until when it is theirs.
        pub lease_until: Option<Timestamp>,
        /// When its last round ended.
        pub counted_at: Option<Timestamp>,
    }
}

/// The places of a count along the walk, behind the given one.
///
/// # Errors
/// A failure of the database.
pub async fn tasks(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    plan: CountPlanId,
    (after, limit): (i64, i64),
) -> Result<Vec<TaskView>, DbError> {
    tx.all(sql::LIST_TASKS, args![warehouse, plan, after, limit.clamp(1, 1000)]).await
}

/// The places that a person could count now, along the walk.
///
/// # Errors
/// A failure of the database.
pub async fn waiting(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    person: PersonId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<TaskView>, DbError> {
    tx.all(sql::LIST_WAITING, args![warehouse, person, now, limit.clamp(1, 1000)]).await
}

/// The place that a person counts: what a screen draws after a reload, on whatever device.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MyCount {
    /// The task.
    pub task: TaskView,
    /// Whether all that lies there is counted, or only the lines.
    pub whole: bool,
    /// The number of the next command.
    pub step: i64,
    /// What is to be counted, and what was. Never what the book says: that is in the answer to a claim, where a count isn't blind.
    pub lines: Vec<AskedLine>,
    /// Codes that nobody knew, with pieces.
    pub unknown: Vec<UnknownView>,
}

/// The place that a person counts.
///
/// # Errors
/// [`CountError::NothingToDo`]; a failure of the database.
pub async fn mine(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    person: PersonId,
    now: Timestamp,
) -> Result<MyCount, CountError> {
    let own: Option<(CountTaskId,)> = tx.opt(counting_sql::SELECT_OWN, args![warehouse, person, now]).await?;
    let (task,) = own.ok_or(CountError::NothingToDo {})?;
    let (whole, step): (bool, i64) = tx.one("task", sql::SELECT_STEP, args![task]).await?;
    let view: TaskView = tx.one("task", sql::SELECT_TASK, args![warehouse, task]).await?;
    let rows: Vec<(String, String, StockStatus, Option<i64>)> =
        tx.all(sql::LIST_ASKED, args![task, view.round]).await?;
    let line = |(sku, lot, status, counted)| AskedLine { sku, lot, status, counted, expected: None };
    let unknown = tx.all(sql::LIST_UNKNOWN, args![warehouse, task, true, 100_i64]).await?;
    Ok(MyCount {
        whole: whole && view.round == 1,
        task: view,
        step,
        lines: rows.into_iter().map(line).collect(),
        unknown,
    })
}

row! {
    /// A line of a count, as who decides sees it.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct CountLineView {
        /// Its id.
        pub id: CountLineId,
        /// The count's number.
        pub plan: String,
        /// The place.
        pub place: String,
        /// Its zone.
        pub zone: String,
        /// The SKU.
        pub sku: String,
        /// English name.
        pub name_en: String,
        /// Chinese name.
        pub name_zh: String,
        /// The lot, or what was read as such.
        pub lot: String,
        /// Whether the lot is known.
        pub lot_known: bool,
        /// Status of the stock.
        pub status: StockStatus,
        /// Where it stands.
        pub state: LineState,
        /// The book at the deciding scan; none before it is decided.
        pub book: Option<i64>,
        /// The difference; none before it is decided.
        pub variance: Option<i64>,
        /// What a piece cost, in minor units.
        pub unit_cost_minor: Option<i64>,
        /// Code of the cause.
        pub cause: String,
        /// What else was said.
        pub note: String,
        /// Who decided.
        pub decided_by: Option<String>,
        /// When.
        pub settled_at: Option<Timestamp>,
    }
}

row! {
    /// What one person found of a line.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct RoundView {
        /// The round.
        pub round: i64,
        /// Who.
        pub person: String,
        /// Pieces.
        pub counted: i64,
        /// The book at that scan.
        pub book: i64,
        /// Counted minus book.
        pub variance: i64,
        /// When.
        pub at: Timestamp,
    }
}

/// A line with all that was found of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LineDetail {
    /// The line.
    #[serde(flatten)]
    pub line: CountLineView,
    /// By round; none while it still has to be counted.
    pub rounds: Vec<RoundView>,
}

/// Which lines a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinesPart {
    /// Of this count.
    pub plan: Option<CountPlanId>,
    /// In this state.
    pub state: Option<LineState>,
    /// Behind this line.
    pub after: i64,
    /// Most rows.
    pub limit: i64,
}

/// Lines of counts.
///
/// # Errors
/// A failure of the database.
pub async fn lines(tx: &mut Tx<'_>, warehouse: WarehouseId, part: LinesPart) -> Result<Vec<CountLineView>, DbError> {
    let state = part.state.map_or("", LineState::code);
    let plan = part.plan.map_or(0, |plan| plan.0);
    tx.all(sql::LIST_LINES, args![warehouse, plan, state, part.after, 0_i64, part.limit.clamp(1, 1000)]).await
}

/// One line, with its rounds.
///
/// # Errors
/// [`CountError::NotFound`]; a failure of the database.
pub async fn line(tx: &mut Tx<'_>, warehouse: WarehouseId, line: CountLineId) -> Result<LineDetail, CountError> {
    let found: Option<CountLineView> = tx.opt(sql::LIST_LINES, args![warehouse, 0_i64, "", 0_i64, line, 1_i64]).await?;
    let found = found.ok_or_else(|| CountError::NotFound { what: "count line", code: line.to_string() })?;
    // Whoever looks may be the next to count it.
    let rounds = match found.state {
        LineState::Counting | LineState::Recount => Vec::new(),
        _ => tx.all(sql::LIST_ROUNDS, args![line]).await?,
    };
    Ok(LineDetail { line: found, rounds })
}

row! {
    /// Goods that nobody knew.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct UnknownView {
        /// Its id.
        pub id: i64,
        /// What was scanned.
        pub code: String,
        /// Pieces.
        pub quantity: i64,
        /// Where.
        pub place: String,
        /// Who found it.
        pub person: String,
        /// When.
        pub at: Timestamp,
        /// What became of it; empty where that is open.
        pub resolution: String,
    }
}

/// Goods that nobody knew, the newest first; only open ones, or all.
///
/// # Errors
/// A failure of the database.
pub async fn unknown(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    open: bool,
    limit: i64,
) -> Result<Vec<UnknownView>, DbError> {
    tx.all(sql::LIST_UNKNOWN, args![warehouse, 0_i64, open, limit.clamp(1, 1000)]).await
}

/// Says what became of goods that nobody knew.
#[derive(Clone, Debug, Serialize)]
pub struct ResolveUnknown {
    /// Which.
    pub id: i64,
    /// What became of them.
    pub resolution: String,
}

impl Operation for ResolveUnknown {
    const KIND: &'static str = "counting.resolve_unknown";
    type Answer = crate::db::Done;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<crate::db::Done, CountError> {
        super::require(op, Right::CountManage)?;
        let resolution = self.resolution.trim();
        if resolution.is_empty() || resolution.len() > 500 {
            return Err(CountError::ReasonMissing {});
        }
        let (warehouse, at) = (op.warehouse(), op.at());
        if op.tx.exec(sql::RESOLVE_UNKNOWN, args![warehouse, self.id, at, resolution]).await? != 1 {
            return Err(CountError::NotFound { what: "unknown goods", code: self.id.to_string() });
        }
        let data = serde_json::json!({ "id": self.id, "resolution": resolution });
        op.record("count.unknown_resolved", ("warehouse", warehouse.0), &data);
        Ok(crate::db::Done {})
    }
}

/// Statements of lists.
pub mod sql {
    crate::statements! {
        /// Counts.
        LIST_PLANS = "SELECT n.id, n.number, n.kind, n.state, n.note, n.blind, n.freeze_places, q.number, n.created_at, n.ended_at,
            (SELECT COUNT(*) FROM count_task t WHERE t.plan_id = n.id) AS places,
            (SELECT COUNT(*) FROM count_task t WHERE t.plan_id = n.id AND t.state = 'open') AS open,
            (SELECT COUNT(*) FROM count_task t WHERE t.plan_id = n.id AND t.state = 'counting') AS counting,
            (SELECT COUNT(*) FROM count_task t JOIN count_line l ON l.task_id = t.id WHERE t.plan_id = n.id AND l.state IN ('confirmed', 'undecided')) AS waiting,
            (SELECT COUNT(*) FROM count_task t JOIN count_line l ON l.task_id = t.id WHERE t.plan_id = n.id AND l.state = 'posted') AS posted
            FROM count_plan n JOIN person q ON q.id = n.person_id
            WHERE n.warehouse_id = $1 AND ($2 = '' OR n.state = $2) AND ($3 = 0 OR n.id < $3) AND ($4 = 0 OR n.id = $4) ORDER BY n.id DESC LIMIT $5";
        /// Places of a count.
        LIST_TASKS = "SELECT t.id, t.plan_id, n.number, n.kind, p.code, z.code, t.state, t.round, q.number, t.lease_until, t.counted_at
            FROM count_task t JOIN count_plan n ON n.id = t.plan_id JOIN place p ON p.id = t.place_id JOIN location l ON l.place_id = p.id JOIN zone z ON z.id = l.zone_id
            LEFT JOIN person q ON q.id = t.person_id WHERE t.warehouse_id = $1 AND t.plan_id = $2 AND t.id > $3 ORDER BY t.id LIMIT $4";
        /// One place of a count.
        SELECT_TASK = "SELECT t.id, t.plan_id, n.number, n.kind, p.code, z.code, t.state, t.round, q.number, t.lease_until, t.counted_at
            FROM count_task t JOIN count_plan n ON n.id = t.plan_id JOIN place p ON p.id = t.place_id JOIN location l ON l.place_id = p.id JOIN zone z ON z.id = l.zone_id
            LEFT JOIN person q ON q.id = t.person_id WHERE t.warehouse_id = $1 AND t.id = $2";
        /// Places that somebody could count.
        LIST_WAITING = "SELECT t.id, t.plan_id, n.number, n.kind, p.code, z.code, t.state, t.round, q.number, t.lease_until, t.counted_at
            FROM count_task t JOIN count_plan n ON n.id = t.plan_id JOIN place p ON p.id = t.place_id JOIN location l ON l.place_id = p.id JOIN zone z ON z.id = l.zone_id
            LEFT JOIN person q ON q.id = t.person_id WHERE t.warehouse_id = $1 AND (t.state = 'open' OR (t.state = 'counting' AND (t.lease_until <= $3 OR t.person_id = $2)))
            AND (t.not_person_id IS NULL OR t.not_person_id <> $2)
            AND NOT EXISTS (SELECT 1 FROM count_line c JOIN count_entry e ON e.line_id = c.id WHERE c.task_id = t.id AND c.state = 'recount' AND e.round < t.round AND e.person_id = $2
            AND e.corrections = COALESCE((SELECT k.corrections FROM stock_cell k WHERE k.warehouse_id = c.warehouse_id AND k.place_id = c.place_id AND k.lot_id = c.lot_id AND k.status = c.status), 0))
            ORDER BY l.walk_order, t.id LIMIT $4";
        /// How far a place is.
        SELECT_STEP = "SELECT whole, step FROM count_task WHERE id = $1";
        /// What is to be counted in a round, and what was.
        LIST_ASKED = "SELECT s.code, COALESCE(o.number, l.lot_text), l.status, e.counted FROM count_line l JOIN sku s ON s.id = l.sku_id LEFT JOIN lot o ON o.id = l.lot_id
            LEFT JOIN count_entry e ON e.line_id = l.id AND e.round = $2 WHERE l.task_id = $1 AND l.state IN ('counting', 'recount') ORDER BY s.code, l.id";
        /// Lines.
        LIST_LINES = "SELECT l.id, n.number, p.code, z.code, s.code, s.name_en, s.name_zh, COALESCE(o.number, l.lot_text), (l.lot_id IS NOT NULL), l.status, l.state,
            l.book, l.variance, l.unit_cost_minor, l.cause, l.note, q.number, l.settled_at
            FROM count_line l JOIN count_task t ON t.id = l.task_id JOIN count_plan n ON n.id = t.plan_id JOIN place p ON p.id = l.place_id
            JOIN location c ON c.place_id = p.id JOIN zone z ON z.id = c.zone_id JOIN sku s ON s.id = l.sku_id LEFT JOIN lot o ON o.id = l.lot_id
            LEFT JOIN person q ON q.id = l.decided_by
            WHERE l.warehouse_id = $1 AND ($2 = 0 OR t.plan_id = $2) AND ($3 = '' OR l.state = $3) AND l.id > $4 AND ($5 = 0 OR l.id = $5) ORDER BY l.id LIMIT $6";
        /// What was found of a line.
        LIST_ROUNDS = "SELECT e.round, q.number, e.counted, e.book, e.counted - e.book, e.at FROM count_entry e JOIN person q ON q.id = e.person_id
            WHERE e.line_id = $1 AND e.sealed ORDER BY e.round";
        /// Goods that nobody knew.
        LIST_UNKNOWN = "SELECT u.id, u.code, u.quantity, p.code, q.number, u.at, u.resolution FROM count_unknown u JOIN place p ON p.id = u.place_id JOIN person q ON q.id = u.person_id
            WHERE u.warehouse_id = $1 AND ($2 = 0 OR u.task_id = $2) AND (NOT $3 OR u.resolved_at IS NULL) ORDER BY u.id DESC LIMIT $4";
        /// What became of goods that nobody knew.
        RESOLVE_UNKNOWN = "UPDATE count_unknown SET resolved_at = $3, resolution = $4 WHERE warehouse_id = $1 AND id = $2 AND resolved_at IS NULL";
    }
}
