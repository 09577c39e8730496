//! A run: one walk of one person, over one order or over all orders on a cart, a tote each, sorted while walking.
//!
//! Each position of a cart holds one task with its own tote, so that confirming, shorts, skips and undo are those of tasks. What
//! a run adds is the walk over all of them together, and that they stay one person's.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{LEASE_MS, TaskState};
use super::task::{ClaimTask, free_tote, require};
use super::{PickError, sql};
use crate::db::{DbError, Done, Op, Operation, Tx};
use crate::kernel::actor::Right;
use crate::kernel::ids::{
    AllocationId, LotId, OrderId, PersonId, PickTaskId, PlaceId, RunId, SkuId, WarehouseId, WaveId,
};
use crate::kernel::text::scanned;
use crate::location::ops::place;
use crate::order::model::OrderState;
use crate::stock::model::PlaceKind;
use crate::{args, row};

crate::codes! {
    /// Where a run stands.
    pub enum RunState {
        /// Totes are put on the cart.
        Loading = "loading",
        /// Its person walks.
        Walking = "walking",
        /// Its totes were put down.
        Done = "done",
    }
}

row! {
    /// A run.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct Run {
        /// Its id.
        pub id: RunId,
        /// Where it stands.
        pub state: RunState,
        /// Its cart.
        pub cart_id: Option<PlaceId>,
        /// The cart's code.
        pub cart: Option<String>,
        /// How many totes it takes: one, where it has no cart.
        pub positions: i64,
    }
}

row! {
    /// A position with its order.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct Slot {
        /// The position, from 1.
        pub position: i64,
        /// The order's task.
        pub task: PickTaskId,
        /// The order.
        pub order_id: OrderId,
        /// Its number.
        pub order: String,
        /// Where it stands.
        pub order_state: OrderState,
        /// Where the task stands.
        pub state: TaskState,
        /// Who has the task.
        pub person: Option<PersonId>,
        /// The tote.
        pub tote_id: Option<PlaceId>,
        /// The tote's code.
        pub tote: Option<String>,
        /// Lines still to be picked.
        pub lines_open: i64,
    }
}

row! {
    /// A line of the walk.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub struct RunLine {
        /// The allocation.
        pub allocation_id: AllocationId,
        /// Its task.
        pub task_id: PickTaskId,
        /// The position on the cart.
        pub position: i64,
        /// The place to go to.
        pub place: String,
        /// Its check digits.
        pub check_digits: String,
        /// The SKU.
        pub sku_id: SkuId,
        /// The SKU's code.
        pub sku: String,
        /// Its English name.
        pub name_en: String,
        /// Its Chinese name.
        pub name_zh: String,
        /// The lot.
        pub lot_id: LotId,
        /// The lot's number.
        pub lot: String,
        /// Pieces still to be picked.
        pub quantity: i64,
        /// The tote of the position.
        pub tote: Option<String>,
        /// The order.
        pub order: String,
    }
}

/// A run with all that its walk needs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RunView {
    /// The run.
    pub run: Run,
    /// Its positions.
    pub slots: Vec<Slot>,
    /// Its open lines, in walking order.
    pub lines: Vec<RunLine>,
    /// How many lines it has had, open or not.
    pub lines_total: i64,
}

/// The live run of a person.
///
/// # Errors
/// A failure of the database.
pub async fn live(tx: &mut Tx<'_>, warehouse: WarehouseId, person: PersonId) -> Result<Option<Run>, DbError> {
    tx.opt(sql::SELECT_LIVE_RUN, args![warehouse, person]).await
}

/// The open lines of a run that are still its person's.
///
/// # Errors
/// A failure of the database.
pub async fn lines(tx: &mut Tx<'_>, run: RunId, person: PersonId) -> Result<Vec<RunLine>, DbError> {
    tx.all(sql::SELECT_RUN_LINES, args![run, person]).await
}

/// The positions of a run.
///
/// # Errors
/// A failure of the database.
pub async fn slots(tx: &mut Tx<'_>, run: RunId) -> Result<Vec<Slot>, DbError> {
    tx.all(sql::SELECT_SLOTS, args![run]).await
}

/// A run with all that its walk needs.
///
/// # Errors
/// A failure of the database.
pub async fn view(tx: &mut Tx<'_>, run: Run, person: PersonId) -> Result<RunView, DbError> {
    let slots = slots(tx, run.id).await?;
    let lines = lines(tx, run.id, person).await?;
    let (lines_total,): (i64,) = tx.one("lines", sql::COUNT_RUN_LINES, args![run.id]).await?;
    Ok(RunView { run, slots, lines, lines_total })
}

/// How many tasks wait for a picker.
///
/// # Errors
/// A failure of the database.
pub async fn waiting(tx: &mut Tx<'_>, warehouse: WarehouseId, now: crate::kernel::Timestamp) -> Result<i64, DbError> {
    let (count,): (i64,) = tx.one("tasks", sql::COUNT_OPEN_TASKS, args![warehouse, now]).await?;
    Ok(count)
}

/// Keeps all tasks of a run for a while longer: its person is at work.
///
/// # Errors
/// A failure of the database.
pub async fn keep(op: &mut Op<'_, '_>, run: RunId) -> Result<(), DbError> {
    let (person, at) = (op.person(), op.at());
    op.tx.exec(sql::KEEP_RUN, args![run, person, at.plus_ms(LEASE_MS), at]).await.map(|_| ())
}

/// A live run of one's own, locked.
async fn mine(op: &mut Op<'_, '_>, run: RunId) -> Result<Run, PickError> {
    let (warehouse, person) = (op.warehouse(), op.person());
    let found: Option<Run> = op.tx.opt(sql::SELECT_RUN, args![warehouse, person, run]).await?;
    found.ok_or(PickError::NoRun {})
}

/// Begins a run, with a cart or for one order. Who has one of that kind gets it again; who walks a batch finishes that first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRun {
    /// The cart, scanned; none to pick one order.
    #[serde(default)]
    pub cart: Option<String>,
}

/// A run in its person's hands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunStarted {
    /// The run.
    pub run_id: RunId,
    /// Where it stands.
    pub state: RunState,
    /// How many totes it takes.
    pub positions: i64,
    /// Positions that have a tote.
    pub loaded: i64,
}

impl Operation for StartRun {
    const KIND: &'static str = "picking.run";
    type Answer = RunStarted;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<RunStarted, PickError> {
        require(op, Right::Pick)?;
        let (warehouse, person, at) = (op.warehouse(), op.person(), op.at());
        let cart = match &self.cart {
            Some(cart) => Some(cart_of(op, cart).await?),
            None => None,
        };
        if let Some(run) = live(op.tx, warehouse, person).await? {
            if run.cart_id != cart.as_ref().map(|(id, _)| *id) {
                return Err(PickError::OtherRun {});
            }
            keep(op, run.id).await?;
            let loaded = i64::try_from(slots(op.tx, run.id).await?.len()).unwrap_or(i64::MAX);
            return Ok(RunStarted { run_id: run.id, state: run.state, positions: run.positions, loaded });
        }
        if super::batch::walks(op.tx, warehouse, person, at).await? {
            return Err(PickError::OtherRun {});
        }
        let values = args![warehouse, person, cart.as_ref().map(|(id, _)| *id), RunState::Loading, at];
        let made: Option<(RunId,)> = op.tx.opt(sql::INSERT_RUN, values).await?;
        let Some((run_id,)) = made else { return Err(PickError::OtherRun {}) };
        // Nothing below may fail for a business reason.
        let data = json!({ "cart": self.cart });
        op.record("pick_run.started", ("pick_run", run_id.0), &data);
        let run = mine(op, run_id).await?;
        Ok(RunStarted { run_id, state: run.state, positions: run.positions, loaded: 0 })
    }
}

/// A scanned cart that nobody else walks with.
async fn cart_of(op: &mut Op<'_, '_>, text: &str) -> Result<(PlaceId, String), PickError> {
    let warehouse = op.warehouse();
    let found = place(op.tx, warehouse, text).await?.filter(|found| found.kind == PlaceKind::Cart);
    let found = found.ok_or_else(|| PickError::NotACart { scanned: scanned(text) })?;
    let taken: Option<(RunId, String)> = op.tx.opt(sql::SELECT_CART_RUN, args![found.id]).await?;
    match taken {
        Some((_, person)) if person != op.context.actor.number => {
            Err(PickError::CartInUse { cart: found.code, person })
        }
        _ => Ok((found.id, found.code)),
    }
}

/// Puts an empty tote on the next position; the service gives it an order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadTote {
    /// The run.
    pub run: RunId,
    /// The tote, scanned.
    pub tote: String,
    /// Only orders of this wave.
    #[serde(default)]
    pub wave: Option<WaveId>,
}

/// A position that has a tote and an order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ToteLoaded {
    /// The position.
    pub position: i64,
    /// The tote's code.
    pub tote: String,
    /// The order's task.
    pub task: PickTaskId,
    /// Whether the run has no position left.
    pub full: bool,
}

impl Operation for LoadTote {
    const KIND: &'static str = "picking.load";
    type Answer = ToteLoaded;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<ToteLoaded, PickError> {
        require(op, Right::Pick)?;
        let run = mine(op, self.run).await?;
        let slots = slots(op.tx, run.id).await?;
        let position = i64::try_from(slots.len()).unwrap_or(i64::MAX) + 1;
        if position > run.positions || run.state != RunState::Loading {
            return Err(PickError::CartFull { positions: run.positions });
        }
        let (tote, code) = free_tote(op, &self.tote, PickTaskId(0)).await?;
        let (warehouse, person, at) = (op.warehouse(), op.person(), op.at());
        let lease_until = at.plus_ms(LEASE_MS);
        // A task that one has already, from before, comes first.
        let own: Option<(PickTaskId,)> = op.tx.opt(sql::SELECT_MINE, args![warehouse, person, at]).await?;
        let own = own.map(|(task,)| task).filter(|task| !slots.iter().any(|slot| slot.task == *task));
        let task = match own {
            Some(task) => task,
            None => ClaimTask { wave: self.wave }.claim(op, lease_until).await?,
        };
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SET_TOTE, args![task, tote]).await?;
        op.tx.exec(sql::INSERT_SLOT, args![run.id, position, task]).await?;
        keep(op, run.id).await?;
        let full = position == run.positions;
        if full {
            op.tx.exec(sql::SET_RUN_STATE, args![run.id, RunState::Walking]).await?;
        }
        op.record("pick_task.tote_taken", ("pick_task", task.0), &json!({ "tote": code, "position": position }));
        Ok(ToteLoaded { position, tote: code, task, full })
    }
}

/// Ends the loading: the walk begins with the totes that are on the cart.
#[derive(Debug, Serialize)]
pub struct BeginWalk {
    /// The run.
    pub run: RunId,
}

impl Operation for BeginWalk {
    const KIND: &'static str = "picking.walk";
    type Answer = Done;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Done, PickError> {
        require(op, Right::Pick)?;
        let run = mine(op, self.run).await?;
        if slots(op.tx, run.id).await?.is_empty() {
            return Err(PickError::CartEmpty {});
        }
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SET_RUN_STATE, args![run.id, RunState::Walking]).await?;
        Ok(Done {})
    }
}

/// Ends a run whose lines are all done: its totes were put down.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishRun {
    /// The run.
    pub run: RunId,
    /// Where the totes were put down, scanned: a place or a station.
    pub at: String,
}

impl Operation for FinishRun {
    const KIND: &'static str = "picking.drop";
    type Answer = Done;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Done, PickError> {
        require(op, Right::Pick)?;
        let run = mine(op, self.run).await?;
        let person = op.person();
        let open = lines(op.tx, run.id, person).await?.len();
        if open > 0 {
            return Err(PickError::LinesOpen { lines: i64::try_from(open).unwrap_or(i64::MAX) });
        }
        // Nothing below may fail for a business reason.
        let at = op.at();
        let dropped_at: String = scanned(&self.at).chars().take(60).collect();
        op.tx.exec(sql::FINISH_RUN, args![run.id, at, &dropped_at]).await?;
        let slots = slots(op.tx, run.id).await?;
        let totes: Vec<&str> = slots.iter().filter_map(|slot| slot.tote.as_deref()).collect();
        op.record("pick_run.dropped", ("pick_run", run.id.0), &json!({ "at": dropped_at, "totes": totes }));
        Ok(Done {})
    }
}

/// Gives a run back: its tasks go to others, its totes stay with them.
#[derive(Debug, Serialize)]
pub struct GiveBackRun {
    /// The run.
    pub run: RunId,
}

impl Operation for GiveBackRun {
    const KIND: &'static str = "picking.give_back";
    type Answer = Done;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Done, PickError> {
        require(op, Right::Pick)?;
        let run = mine(op, self.run).await?;
        // Nothing below may fail for a business reason.
        let (person, at) = (op.person(), op.at());
        op.tx.exec(sql::UNCLAIM_RUN, args![run.id, person]).await?;
        op.tx.exec(sql::FINISH_RUN, args![run.id, at, ""]).await?;
        op.record("pick_run.given_back", ("pick_run", run.id.0), &json!({}));
        Ok(Done {})
    }
}
