//! Steps on the floor that many stories share.

use tallyman::kernel::ids::{ChannelId, OrderId, PickTaskId, WaveId};
use tallyman::location::ops::AddTotes;
use tallyman::order::ops::PlaceOrder;
use tallyman::picking::confirm::{ConfirmPick, PickConfirmed, PickProof};
use tallyman::picking::model::PickLine;
use tallyman::picking::task::{ClaimTask, TakeTote, TaskClaimed};
use tallyman::wave::ops::{Choice, CreateWave, ReleaseWave};

use super::World;
use crate::orders::{five_lots, order};

/// Orders of the five-lot scene, each of `quantity` pieces, in a released wave, and twenty totes.
pub async fn released(world: &World, orders: i64, quantity: i64) -> (ChannelId, WaveId) {
    let channel = five_lots(world).await;
    world.does(AddTotes { prefix: "T".into(), first: 1, last: 20 }).await;
    for n in 0..orders {
        world.does(PlaceOrder { channel, order: order(&n.to_string(), quantity) }).await;
    }
    let wave = world.does(CreateWave { choice: Choice::default(), note: String::new() }).await.wave_id;
    assert_eq!(world.does(ReleaseWave { wave }).await.orders, orders);
    (channel, wave)
}

/// Claims a task and takes a tote for it.
pub async fn claimed(world: &World, tote: &str) -> TaskClaimed {
    let task = world.does(ClaimTask { wave: None }).await;
    world.does(TakeTote { task: task.task_id, tote: tote.into() }).await;
    task
}

/// The right scans for a line.
pub fn proof(line: &PickLine, tote: &str, quantity: i64) -> PickProof {
    PickProof {
        location: line.place.clone(),
        item: "6901234567892".into(),
        quantity,
        tote: tote.into(),
        ..PickProof::default()
    }
}

/// A confirmation with the right scans.
pub fn confirm(task: PickTaskId, line: &PickLine, tote: &str, quantity: i64) -> ConfirmPick {
    ConfirmPick { task, allocation: line.allocation_id, proof: proof(line, tote, quantity) }
}

/// Picks a whole task into a tote.
pub async fn pick_all(world: &World, tote: &str) -> PickConfirmed {
    let task = claimed(world, tote).await;
    let mut last = None;
    for line in &task.lines {
        let mut confirmation = confirm(task.task_id, line, tote, line.quantity);
        confirmation.proof.item.clone_from(&line.sku);
        last = Some(world.does(confirmation).await);
    }
    last.unwrap()
}

/// The order with an external id.
pub async fn order_id(world: &World) -> OrderId {
    OrderId(world.number("SELECT MIN(id) FROM customer_order").await)
}
