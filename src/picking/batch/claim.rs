//! Getting a batch, giving it back, and the tote that goes with it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{BatchLine, BatchRow, any, end, keep, lines, mine, sql};
use crate::args;
use crate::db::{DbError, Done, Op, Operation};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{BatchId, OrderId, PickTaskId, WaveId};
use crate::location::ops::place;
use crate::order::model::OrderState;
use crate::order::ops::advance;
use crate::picking::model::LEASE_MS;
use crate::picking::task::{free_tote, require};
use crate::picking::{PickError, run, sql as picking_sql};

/// Most orders of a batch.
pub const MOST_ORDERS: i64 = 100;

/// Asks for a batch: up to `orders_at_most` orders of one wave, the most urgent first. Who has one gets it again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimBatch {
    /// Only of this wave; of the most urgent task's, where not given.
    #[serde(default)]
    pub wave: Option<WaveId>,
    /// Most orders: 1 to 100.
    pub orders_at_most: i64,
}

/// A batch in a picker's hands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BatchClaimed {
    /// The batch.
    pub batch_id: BatchId,
    /// Its wave.
    pub wave_id: WaveId,
    /// The tote that goods go into, once it is scanned.
    pub tote: Option<String>,
    /// Until when the batch is yours; every scan prolongs it.
    pub lease_until: Timestamp,
    /// Its orders.
    pub orders: i64,
    /// Whether each of them is of one piece: the tote goes straight to packing then, else to the put wall.
    pub one_piece_each: bool,
    /// What is to be picked, in walking order.
    pub lines: Vec<BatchLine>,
}

impl Operation for ClaimBatch {
    const KIND: &'static str = "picking.batch";
    type Answer = BatchClaimed;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<BatchClaimed, PickError> {
        require(op, Right::Pick)?;
        if !(1..=MOST_ORDERS).contains(&self.orders_at_most) {
            return Err(PickError::BadBatch { orders: self.orders_at_most, most: MOST_ORDERS });
        }
        let (warehouse, person) = (op.warehouse(), op.person());
        if run::live(op.tx, warehouse, person).await?.is_some() {
            return Err(PickError::OtherRun {});
        }
        let own: Option<BatchRow> = op.tx.opt(sql::SELECT_OWN, args![warehouse, person]).await?;
        if let Some(own) = own {
            if !lines(op.tx, own.id, 1).await?.is_empty() {
                keep(op, own.id).await?;
                return claimed(op, own.id).await;
            }
            // Others took its tasks when its lease had run out, or its orders are stopped.
            end(op, own.id).await?;
        }
        let batch = self.claim(op).await?;
        claimed(op, batch).await
    }
}

impl ClaimBatch {
    async fn claim(&self, op: &mut Op<'_, '_>) -> Result<BatchId, PickError> {
        let (warehouse, person, now) = (op.warehouse(), op.person(), op.at());
        let wave = match self.wave {
            Some(wave) => wave,
            None => {
                let next: Option<(WaveId,)> = op.tx.opt(sql::SELECT_NEXT_WAVE, args![warehouse, now]).await?;
                next.ok_or(PickError::NothingToDo {})?.0
            }
        };
        let values = args![warehouse, wave, person, now.plus_ms(LEASE_MS), now];
        let made: Option<(BatchId,)> = op.tx.opt(sql::INSERT_BATCH, values).await?;
        // The same person asks twice at once: the other answer is this one's too.
        let Some((batch,)) = made else { return Err(DbError::Contended.into()) };
        let values = args![warehouse, person, now, batch, wave, self.orders_at_most];
        let mut tasks: Vec<(PickTaskId, OrderId)> = op.tx.all(sql::CLAIM_TASKS, values).await?;
        if tasks.is_empty() {
            return Err(PickError::NothingToDo {});
        }
        // Nothing below may fail for a business reason.
        tasks.sort_by_key(|(_, order)| *order);
        for (task, order) in &tasks {
            advance(op, *order, &[OrderState::Released], OrderState::Picking).await?;
            op.record("pick_task.claimed", ("pick_task", task.0), &json!({ "order": order, "batch": batch }));
        }
        op.tx.exec(picking_sql::WAVE_PICKING, args![wave]).await?;
        op.record("pick_batch.claimed", ("pick_batch", batch.0), &json!({ "wave": wave, "orders": tasks.len() }));
        Ok(batch)
    }
}

async fn claimed(op: &mut Op<'_, '_>, batch: BatchId) -> Result<BatchClaimed, PickError> {
    let row = any(op, batch).await?;
    let (orders, of_many): (i64, i64) = op.tx.one("batch", sql::COUNT_ORDERS, args![batch]).await?;
    let lines = lines(op.tx, batch, 2000).await?;
    Ok(BatchClaimed {
        batch_id: batch,
        wave_id: row.wave,
        tote: row.tote_code,
        lease_until: row.lease_until,
        orders,
        one_piece_each: of_many == 0,
        lines,
    })
}

/// Takes an empty tote for a batch; or, where the first is full, the next.
#[derive(Debug, Serialize)]
pub struct TakeBatchTote {
    /// For which batch.
    pub batch: BatchId,
    /// The tote, scanned.
    pub tote: String,
}

/// A tote that a batch's goods go into from now on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BatchToteTaken {
    /// Its code.
    pub tote: String,
    /// The next line.
    pub next: Option<BatchLine>,
}

impl Operation for TakeBatchTote {
    const KIND: &'static str = "picking.batch_tote";
    type Answer = BatchToteTaken;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<BatchToteTaken, PickError> {
        require(op, Right::Pick)?;
        let batch = mine(op, self.batch).await?;
        let warehouse = op.warehouse();
        let same = place(op.tx, warehouse, &self.tote).await?.filter(|found| Some(found.id) == batch.tote);
        let code = match same {
            Some(same) => same.code,
            None => {
                let (tote, code) = free_tote(op, &self.tote, PickTaskId(0)).await?;
                // Nothing below may fail for a business reason.
                op.tx.exec(sql::SET_TOTE, args![batch.id, tote]).await?;
                op.tx.exec(sql::PUT_BATCH_TOTE, args![tote, batch.id]).await?;
                op.record("pick_batch.tote_taken", ("pick_batch", batch.id.0), &json!({ "tote": code }));
                code
            }
        };
        keep(op, batch.id).await?;
        let next = lines(op.tx, batch.id, 1).await?.into_iter().next();
        Ok(BatchToteTaken { tote: code, next })
    }
}

/// Gives a batch back: its orders go to others, its tote stays with what is in it.
#[derive(Debug, Serialize)]
pub struct ReleaseBatch {
    /// Which.
    pub batch: BatchId,
}

impl Operation for ReleaseBatch {
    const KIND: &'static str = "picking.batch_release";
    type Answer = Done;
    type Error = PickError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Done, PickError> {
        require(op, Right::Pick)?;
        let row = any(op, self.batch).await?;
        let own = row.person == op.person() || op.may(Right::WaveManage);
        if row.state == super::BatchState::Done || !own {
            return Err(PickError::BatchNotYours { batch: self.batch.0 });
        }
        // Nothing below may fail for a business reason.
        end(op, self.batch).await?;
        op.record("pick_batch.released", ("pick_batch", self.batch.0), &json!({}));
        Ok(Done {})
    }
}
