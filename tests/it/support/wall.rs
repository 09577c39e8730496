//! Batches and put walls, as many stories need them.

use tallyman::picking::batch::BatchLine;
use tallyman::picking::batch::claim::{BatchClaimed, ClaimBatch, TakeBatchTote};
use tallyman::picking::batch::confirm::ConfirmBatchPick;
use tallyman::picking::confirm::PickProof;

use super::World;

/// The tote that batches go into.
pub const BATCH_TOTE: &str = "T000001";

/// Later orders must ship earlier: an hour apart each.
pub async fn ship_by_falling(world: &World) {
    world.sql("UPDATE customer_order SET ship_by = ship_by - id * 3600000").await;
}

/// A batch with its tote.
pub async fn batch_of(world: &World, orders_at_most: i64) -> BatchClaimed {
    let batch = world.does(ClaimBatch { wave: None, orders_at_most }).await;
    world.does(TakeBatchTote { batch: batch.batch_id, tote: BATCH_TOTE.into() }).await;
    batch
}

/// The right scans for a line.
pub fn proof(line: &BatchLine, quantity: i64) -> PickProof {
    PickProof {
        location: line.place.clone(),
        item: line.sku.clone(),
        quantity,
        tote: BATCH_TOTE.into(),
        ..PickProof::default()
    }
}

/// A confirmation with the right scans.
pub fn confirm(batch: &BatchClaimed, line: usize, quantity: i64) -> ConfirmBatchPick {
    let line = &batch.lines[line];
    ConfirmBatchPick { batch: batch.batch_id, cell: line.cell_id, proof: proof(line, quantity) }
}
