//! Making, releasing, thinning out and closing waves.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{WaveError, WaveState, sql};
use crate::allocation::ops::{Allocated, allocate_wave, free_open};
use crate::allocation::sql::RELEASE_ORDERS;
use crate::db::{Op, Operation};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{OrderId, WaveId};
use crate::order::model::OrderState;
use crate::order::{self, promise};
use crate::{args, row};

/// Most orders of one wave.
pub const MOST_ORDERS: i64 = 100_000;

row! {
    /// A wave, locked.
    #[derive(Debug, Clone)]
    pub struct WaveRow {
        /// Its id.
        pub id: WaveId,
        /// Its number.
        pub number: String,
        /// Where it stands.
        pub state: WaveState,
    }
}

fn require(op: &Op<'_, '_>) -> Result<(), WaveError> {
    let right = Right::WaveManage;
    if op.may(right) { Ok(()) } else { Err(WaveError::Forbidden { right: right.code() }) }
}

async fn lock(op: &mut Op<'_, '_>, wave: WaveId) -> Result<WaveRow, WaveError> {
    let warehouse = op.warehouse();
    let found: Option<WaveRow> = op.tx.opt(sql::SELECT_LOCKED, args![warehouse, wave]).await?;
    found.ok_or_else(|| WaveError::NotFound { what: "wave", code: wave.to_string() })
}

fn wrong_state(wave: WaveRow) -> WaveError {
    WaveError::WrongState { wave: wave.number, state: wave.state }
}

/// Which orders join a wave.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Choice {
    /// Exactly these; all of them must be promised and free.
    pub orders: Vec<OrderId>,
    /// Else: of this channel.
    pub channel: Option<String>,
    /// Else: for this carrier.
    pub carrier: Option<String>,
    /// Else: to be shipped by then.
    pub ship_by: Option<Timestamp>,
    /// Else: of at least this priority.
    pub least_priority: Option<i64>,
    /// Most orders; the most urgent join.
    pub limit: Option<i64>,
}

/// Makes a wave of promised orders.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWave {
    /// Which orders join.
    #[serde(default)]
    pub choice: Choice,
    /// What it is for.
    #[serde(default)]
    pub note: String,
}

/// A wave that was made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WaveCreated {
    /// Its id.
    pub wave_id: WaveId,
    /// Its number.
    pub number: String,
    /// Orders that joined.
    pub orders: i64,
}

impl Operation for CreateWave {
    const KIND: &'static str = "wave.create";
    type Answer = WaveCreated;
    type Error = WaveError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<WaveCreated, WaveError> {
        require(op)?;
        let (warehouse, at) = (op.warehouse(), op.at());
        let temporary = format!("new:{}", op.context.key.as_str());
        let (wave_id,): (WaveId,) =
            op.tx.one("wave", sql::INSERT_WAVE, args![warehouse, temporary, self.note.trim(), at]).await?;
        let number = format!("W{:08}", wave_id.0);
        let orders = self.join(op, wave_id).await?;
        if orders == 0 {
            return Err(WaveError::Empty {});
        }
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SET_NUMBER, args![wave_id, &number]).await?;
        op.record("wave.created", ("wave", wave_id.0), &json!({ "orders": orders }));
        Ok(WaveCreated { wave_id, number, orders })
    }
}

impl CreateWave {
    async fn join(&self, op: &mut Op<'_, '_>, wave: WaveId) -> Result<i64, WaveError> {
        let warehouse = op.warehouse();
        if self.choice.orders.is_empty() {
            let choice = &self.choice;
            let values = args![
                wave,
                warehouse,
                choice.channel.as_deref().unwrap_or_default(),
                choice.carrier.as_deref().unwrap_or_default(),
                choice.ship_by.unwrap_or_default(),
                choice.least_priority.unwrap_or(i64::MIN),
                choice.limit.unwrap_or(MOST_ORDERS).clamp(1, MOST_ORDERS)
            ];
            return Ok(i64::try_from(op.tx.exec(sql::JOIN_BY_FILTER, values).await?).unwrap_or(i64::MAX));
        }
        let mut joined = 0;
        for order in &self.choice.orders {
            if op.tx.exec(sql::JOIN_ONE, args![wave, warehouse, *order]).await? != 1 {
                return Err(WaveError::OrderNotFree { order: order.to_string() });
            }
            joined += 1;
        }
        Ok(joined)
    }
}

/// Releases a wave: its orders get their cells, and their pick tasks come to the floor.
#[derive(Debug, Serialize)]
pub struct ReleaseWave {
    /// Which.
    pub wave: WaveId,
}

/// What a release gave out.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WaveReleased {
    /// Where the wave stands now: `released`, or `held` where nothing was there.
    pub state: WaveState,
    /// Orders that go to the floor.
    pub orders: i64,
    /// Their lines.
    pub lines: i64,
    /// Allocations that were made.
    pub allocations: i64,
    /// Orders that were left out, because their stock is gone; they wait for stock again.
    pub left_out: Vec<OrderId>,
    /// Pieces that were promised and aren't there.
    pub missing: i64,
}

impl Operation for ReleaseWave {
    const KIND: &'static str = "wave.release";
    type Answer = WaveReleased;
    type Error = WaveError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<WaveReleased, WaveError> {
        require(op)?;
        let wave = lock(op, self.wave).await?;
        if !matches!(wave.state, WaveState::Planned | WaveState::Ready | WaveState::Held) {
            return Err(wrong_state(wave));
        }
        // Nothing below may fail for a business reason.
        op.tx.exec(RELEASE_ORDERS, args![wave.id]).await?;
        op.tx.exec(sql::DROP_UNPROMISED, args![wave.id]).await?;
        let allocated = allocate_wave(op, wave.id).await?;
        let state = if allocated.orders.is_empty() { WaveState::Held } else { WaveState::Released };
        let at = op.at();
        match state {
            WaveState::Held => op.tx.exec(sql::SET_HELD, args![wave.id]).await?,
            _ => op.tx.exec(sql::SET_RELEASED, args![wave.id, at]).await?,
        };
        report(op, &wave, state, &allocated).await?;
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        Ok(WaveReleased {
            state,
            orders: count(allocated.orders.len()),
            lines: count(allocated.lines),
            allocations: count(allocated.allocations),
            left_out: allocated.unserved,
            missing: allocated.missing,
        })
    }
}

async fn report(op: &mut Op<'_, '_>, wave: &WaveRow, state: WaveState, allocated: &Allocated) -> Result<(), WaveError> {
    let data = json!({
        "orders": allocated.orders.len(), "allocations": allocated.allocations,
        "left_out": allocated.unserved.len(), "missing": allocated.missing
    });
    let kind = if state == WaveState::Held { "wave.held" } else { "wave.released" };
    op.record(kind, ("wave", wave.id.0), &data);
    let data = json!({ "wave": wave.number });
    let released = allocated.orders.iter().map(|order| (*order, "order.released", data.clone()));
    let short = allocated.unserved.iter().map(|order| (*order, "order.short", data.clone()));
    order::ops::tell_many(op, &released.chain(short).collect::<Vec<_>>()).await?;
    Ok(())
}

/// Takes an order out of a running wave, without touching the rest.
#[derive(Debug, Serialize)]
pub struct TakeOut {
    /// From which wave.
    pub wave: WaveId,
    /// Which order.
    pub order: OrderId,
    /// Why.
    pub reason: String,
}

/// What became of an order that was taken out.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TakenOut {
    /// Where the order stands now: promised again, short, or held where something of it was picked.
    pub state: OrderState,
    /// Pieces whose reservation was given back.
    pub freed: i64,
    /// Pieces that lie in a tote.
    pub picked: i64,
}

impl Operation for TakeOut {
    const KIND: &'static str = "wave.take_out";
    type Answer = TakenOut;
    type Error = WaveError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<TakenOut, WaveError> {
        require(op)?;
        if self.reason.trim().is_empty() {
            return Err(WaveError::ReasonMissing {});
        }
        // The order first: everybody locks orders before what belongs to them.
        let order = order::ops::lock(op, self.order).await.map_err(from_order)?;
        let wave = lock(op, self.wave).await?;
        if matches!(wave.state, WaveState::Closed | WaveState::Cancelled) {
            return Err(wrong_state(wave));
        }
        let member: Option<(String,)> = op.tx.opt(sql::SELECT_MEMBER, args![wave.id, order.id]).await?;
        if member.is_none_or(|(state,)| state != "in") {
            return Err(WaveError::NotInWave { wave: wave.number, order: order.number });
        }
        // Nothing below may fail for a business reason.
        let freed = free_open(op, order.id, self.reason.trim()).await?;
        let data = json!({ "wave": wave.number, "reason": self.reason.trim(), "picked": freed.picked });
        op.record("order.taken_out", ("order", order.id.0), &data);
        self.go_back(op, &order, freed.picked).await?;
        let state = order::ops::lock(op, self.order).await.map_err(from_order)?.state;
        Ok(TakenOut { state, freed: freed.freed, picked: freed.picked })
    }
}

impl TakeOut {
    /// Untouched orders are promised again; one that lies in a tote waits for a person to decide.
    async fn go_back(&self, op: &mut Op<'_, '_>, order: &order::ops::OrderRow, picked: i64) -> Result<(), WaveError> {
        let floor = [OrderState::Released, OrderState::Picking];
        // A held order has no task any more either: its hold ends where it has something to do.
        let then = if picked > 0 { OrderState::Picked } else { OrderState::Accepted };
        op.tx.exec(order::sql::SET_HELD_FROM, args![order.id, then, ",released,picking,"]).await?;
        if picked > 0 {
            if order::ops::advance(op, order.id, &floor, OrderState::Picked).await? {
                let reason = order::model::HoldReason::Person;
                let order = order::ops::lock(op, order.id).await.map_err(from_order)?;
                order::hold::hold(op, &order, reason, self.reason.trim()).await.map_err(from_order)?;
            }
        } else if order::ops::advance(op, order.id, &floor, OrderState::Accepted).await? {
            let order = order::ops::lock(op, order.id).await.map_err(from_order)?;
            promise::promise(op, &order).await.map_err(from_order)?;
        }
        Ok(())
    }
}

fn from_order(error: order::OrderError) -> WaveError {
    match error {
        order::OrderError::Db(error) => WaveError::Db(error),
        order::OrderError::NotFound { what, code } => WaveError::NotFound { what, code },
        other => WaveError::Order { cause: other.to_string() },
    }
}

/// Closes a wave whose every piece is accounted for.
#[derive(Debug, Serialize)]
pub struct CloseWave {
    /// Which.
    pub wave: WaveId,
}

/// How a wave ended: allocated = picked + short + taken out.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WaveClosed {
    /// Pieces allocated.
    pub allocated: i64,
    /// Pieces picked.
    pub picked: i64,
    /// Pieces that weren't there.
    pub short: i64,
    /// Pieces taken out.
    pub taken_out: i64,
}

impl Operation for CloseWave {
    const KIND: &'static str = "wave.close";
    type Answer = WaveClosed;
    type Error = WaveError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<WaveClosed, WaveError> {
        require(op)?;
        let wave = lock(op, self.wave).await?;
        if !wave.state.running() {
            return Err(wrong_state(wave));
        }
        let (allocated, picked, short, taken_out): (i64, i64, i64, i64) =
            op.tx.one("sums", sql::SELECT_SUMS, args![wave.id]).await?;
        let open = allocated - picked - short - taken_out;
        if open != 0 {
            return Err(WaveError::StillOpen { wave: wave.number, pieces: open });
        }
        let (lines,): (i64,) = op.tx.one("lines", sql::COUNT_UNBALANCED, args![wave.id]).await?;
        if lines != 0 {
            return Err(WaveError::Unbalanced { wave: wave.number, lines });
        }
        // Nothing below may fail for a business reason.
        let at = op.at();
        op.tx.exec(sql::SET_CLOSED, args![wave.id, at]).await?;
        op.tx.exec(sql::FINISH_MEMBERS, args![wave.id]).await?;
        let closed = WaveClosed { allocated, picked, short, taken_out };
        let data = serde_json::to_value(&closed).unwrap_or_default();
        op.record("wave.closed", ("wave", wave.id.0), &data);
        Ok(closed)
    }
}

/// Gives a wave up before its release; its orders stay promised.
#[derive(Debug, Serialize)]
pub struct CancelWave {
    /// Which.
    pub wave: WaveId,
}

/// A wave that was given up.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WaveCancelled {
    /// Orders that are free again.
    pub orders: i64,
}

impl Operation for CancelWave {
    const KIND: &'static str = "wave.cancel";
    type Answer = WaveCancelled;
    type Error = WaveError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<WaveCancelled, WaveError> {
        require(op)?;
        let wave = lock(op, self.wave).await?;
        if !matches!(wave.state, WaveState::Planned | WaveState::Ready | WaveState::Held) {
            return Err(wrong_state(wave));
        }
        // Nothing below may fail for a business reason.
        let at = op.at();
        op.tx.exec(sql::SET_CANCELLED, args![wave.id, at]).await?;
        let orders = op.tx.exec(sql::RELEASE_MEMBERS, args![wave.id, "wave cancelled"]).await?;
        op.record("wave.cancelled", ("wave", wave.id.0), &json!({ "orders": orders }));
        Ok(WaveCancelled { orders: i64::try_from(orders).unwrap_or(i64::MAX) })
    }
}
