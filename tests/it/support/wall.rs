//! Batches and put walls, as many stories need them.

use tallyman::kernel::ids::WarehouseId;
use tallyman::picking::batch::BatchLine;
use tallyman::picking::batch::claim::{BatchClaimed, ClaimBatch, TakeBatchTote};
use tallyman::picking::batch::confirm::ConfirmBatchPick;
use tallyman::picking::confirm::PickProof;
use tallyman::wall::make::MakeWall;
use tallyman::wall::query::{self, WallView};
use tallyman::wall::sort::{ConfirmSort, Piece, SortItem};
use tallyman::wall::undo::{SortedBack, UndoSort};

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

/// Picks all that waits into one tote, as a batch.
pub async fn picked_batch(world: &World) -> BatchClaimed {
    let batch = batch_of(world, 100).await;
    for (index, line) in batch.lines.iter().enumerate() {
        world.does(confirm(&batch, index, line.quantity)).await;
    }
    batch
}

/// A wall `W1` of one row, whose spare pieces go to A-01.
pub async fn wall(world: &World, columns: i64) {
    let made = world.does(MakeWall { code: "w1".into(), rows: 1, columns, spare: Some("A-01".into()) }).await;
    assert_eq!(made.slots.len(), usize::try_from(columns).unwrap());
}

/// A piece out of the batch's tote.
pub fn piece(item: &str) -> Piece {
    Piece { tote: BATCH_TOTE.into(), item: item.into(), lot: None }
}

/// Asks where a shirt belongs.
pub fn ask() -> SortItem {
    SortItem { wall: "W1".into(), piece: piece("TEE-M") }
}

/// Confirms that shirts lie in a slot.
pub fn put(slot: &str, quantity: i64) -> ConfirmSort {
    ConfirmSort { wall: "W1".into(), piece: piece("TEE-M"), slot: slot.into(), quantity: Some(quantity) }
}

/// Takes a shirt out of a slot again.
pub fn undo(slot: &str) -> UndoSort {
    let back = SortedBack { slot: slot.into(), item: "TEE-M".into(), ..SortedBack::default() };
    UndoSort { wall: "W1".into(), back }
}

/// The wall as its screen shows it.
pub async fn view(world: &World) -> WallView {
    let read = world.db.read(|tx| Box::pin(query::view(tx, WarehouseId(1), "W1")));
    read.await.unwrap()
}
