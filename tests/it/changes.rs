//! What people and shops want of an order while the floor works on it.

use tallyman::db::Operation;
use tallyman::kernel::ids::{OrderId, PlaceId};
use tallyman::order::inbound::InboundOrder;
use tallyman::order::model::{OrderState, Ruling, ShortPolicy, Verdict};
use tallyman::order::ops::{CancelOrder, HoldOrder, PlaceOrder, ReleaseOrder, RetryShort};
use tallyman::picking::PickError;
use tallyman::picking::undo::UndoPick;
use tallyman::shipping::handover::HandOver;
use tallyman::shipping::manifest::OpenManifest;
use tallyman::shipping::scan::ScanOut;
use tallyman::wave::ops::{Choice, CloseWave, CreateWave, ReleaseWave, TakeOut};

use crate::both;
use crate::orders::{five_lots, order};
use crate::support::dock::{carriers, numbers, sealed, weigh};
use crate::support::floor::{claimed, confirm, order_id, pick_all, released};
use crate::support::{World, at_once};

/// An order of 30 pieces that takes a part, of which the 25 that are there are with the carrier.
async fn partly_shipped(world: &World) -> (tallyman::kernel::ids::ChannelId, OrderId) {
    let channel = five_lots(world).await;
    let placed = world.does(PlaceOrder { channel, order: part(30) }).await;
    assert_eq!(placed.state, OrderState::Promised);
    world.does(tallyman::location::ops::AddTotes { prefix: "T".into(), first: 1, last: 2 }).await;
    let wave = world.does(CreateWave { choice: Choice::default(), note: String::new() }).await.wave_id;
    world.does(ReleaseWave { wave }).await;
    pick_all(world, "T000001").await;
    carriers(world).await;
    numbers(world, 1).await;
    let parcel: PlaceId = sealed(world, "T000001", 25).await;
    weigh(world, parcel, 200 * 25 + 50).await;
    world.sql("UPDATE parcel SET state = 'label_printed'").await;
    world.sql("UPDATE waybill SET state = 'printed'").await;
    let manifest = world.does(OpenManifest { carrier: "SF".into() }).await.manifest_id;
    world.does(ScanOut { manifest, scan: "SF1".into() }).await;
    let handed = world.does(HandOver { manifest, taken_by: "王师傅".into(), signature: None }).await;
    assert_eq!((handed.pieces, handed.orders_shipped, handed.orders_waiting), (25, 0, 1));
    (channel, placed.order_id)
}

fn part(quantity: i64) -> InboundOrder {
    InboundOrder { short_policy: Some(ShortPolicy::Part), ..order("1", quantity) }
}

/// Quantity, shipped and cancelled pieces of the order's lines, by the shop's id.
async fn lines(world: &World) -> String {
    let rows = "SELECT external_id || ':' || quantity || '/' || shipped || '/' || cancelled || ' ' AS line FROM order_line ORDER BY external_id";
    let text = match world.db.kind() {
        "sqlite" => format!("SELECT group_concat(line, '') FROM ({rows})"),
        _ => format!("SELECT string_agg(line, '') FROM ({rows}) l"),
    };
    world.text(text.leak()).await.trim().to_owned()
}

both!(less_than_is_shipped_can_not_be_wished_for, |world| {
    let (channel, id) = partly_shipped(world).await;
    assert_eq!(lines(world).await, "l1:30/25/0");
    let refused = Ruling::refused("partly_shipped");
    assert_eq!(world.does(PlaceOrder { channel, order: part(24) }).await.ruling, refused);
    let mut other = part(5);
    other.lines[0].external_id = "l2".into();
    assert_eq!(world.does(PlaceOrder { channel, order: other }).await.ruling, refused);
    assert_eq!(world.does(CancelOrder { order: id, reason: "no".into() }).await.ruling, refused);
    assert_eq!(lines(world).await, "l1:30/25/0");
    assert_eq!(world.text("SELECT state FROM customer_order").await, "short");
});

both!(the_rest_of_a_partly_shipped_order_may_change, |world| {
    let (channel, _) = partly_shipped(world).await;
    // Less of what is still to come; then more, of two SKUs.
    let less = world.does(PlaceOrder { channel, order: part(27) }).await;
    assert_eq!((less.ruling.verdict, less.state), (Verdict::Accepted, OrderState::Short));
    assert_eq!(lines(world).await, "l1:27/25/0");
    world.sql("INSERT INTO sku (code, name_en, created_at) VALUES ('MUG', 'Mug', 0)").await;
    let mut more = part(28);
    more.lines.push(tallyman::order::inbound::InboundLine {
        external_id: "l2".into(),
        sku: "MUG".into(),
        quantity: 1,
        unit_price_minor: 0,
    });
    let changed = world.does(PlaceOrder { channel, order: more.clone() }).await;
    assert_eq!((changed.ruling.verdict, changed.state), (Verdict::Accepted, OrderState::Short));
    assert_eq!(lines(world).await, "l1:28/25/0 l2:1/0/0");
    // Goods come in: what is missing is promised, no more.
    world.sql("UPDATE stock_cell SET on_hand = on_hand + 9 WHERE id = (SELECT MIN(id) FROM stock_cell)").await;
    world
        .sql(
            "INSERT INTO movement (warehouse_id, at, person_id, operation_key, reason, sku_id, lot_id, quantity, from_place_id, from_status,
             to_place_id, to_status) SELECT 1, 0, 1, 'scene', 'import', sku_id, lot_id, 9, 1, status, place_id, status FROM stock_cell
             WHERE id = (SELECT MIN(id) FROM stock_cell)",
        )
        .await;
    world.does(RetryShort { after: OrderId(0), limit: 10 }).await;
    assert_eq!(world.text("SELECT state FROM customer_order").await, "promised");
    assert_eq!(
        world.number("SELECT promised FROM sku_promise WHERE sku_id = (SELECT id FROM sku WHERE code = 'TEE-M')").await,
        3
    );
    // The rest isn't wanted any more: the order is shipped, and nothing stays promised.
    let done = world.does(PlaceOrder { channel, order: part(25) }).await;
    assert_eq!((done.ruling.verdict, done.state), (Verdict::Accepted, OrderState::Shipped));
    assert_eq!(world.number("SELECT CAST(SUM(promised) AS BIGINT) FROM sku_promise").await, 0);
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'order.shipped'").await, 1);
    assert_eq!(world.does(PlaceOrder { channel, order: part(26) }).await.ruling, Ruling::refused("shipped"));
});

both!(a_hold_and_the_last_scan_at_once_lose_nothing, |world| {
    released(world, 12, 2).await;
    for n in 0..12 {
        let task = claimed(world, &format!("T{:06}", n + 1)).await;
        let order =
            OrderId(world.number(format!("SELECT order_id FROM pick_task WHERE id = {}", task.task_id).leak()).await);
        let tote = format!("T{:06}", n + 1);
        let (last, before) = task.lines.split_last().unwrap();
        for line in before {
            world.does(confirm(task.task_id, line, &tote, line.quantity)).await;
        }
        let pick = confirm(task.task_id, last, &tote, last.quantity);
        let (picked, hold) = beside(world, pick, HoldOrder { order, reason: "ask the buyer".into() }).await;
        let picked = picked.is_ok();
        assert_eq!(hold.unwrap().ruling.verdict, Verdict::Accepted);
        assert_eq!(state(world, order).await, "held");
        world.does(ReleaseOrder { order }).await;
        assert_eq!(state(world, order).await, if picked { "picked" } else { "picking" });
        if !picked {
            world.does(confirm(task.task_id, last, &tote, last.quantity)).await;
        }
        // The same with the way back.
        let undo = UndoPick { task: task.task_id, allocation: last.allocation_id, quantity: 1 };
        let (undone, hold) = beside(world, undo, HoldOrder { order, reason: "ask again".into() }).await;
        let undone = undone.is_ok();
        assert_eq!(hold.unwrap().ruling.verdict, Verdict::Accepted);
        world.does(ReleaseOrder { order }).await;
        assert_eq!(state(world, order).await, if undone { "picking" } else { "picked" });
        if undone {
            world.does(confirm(task.task_id, last, &tote, 1)).await;
        }
        assert_eq!(state(world, order).await, "picked");
    }
});

/// Two operations at once.
async fn beside<A: Operation, B: Operation>(
    world: &World,
    first: A,
    second: B,
) -> (Result<A::Answer, A::Error>, Result<B::Answer, B::Error>) {
    let (one, other) = (world.db.clone(), world.db.clone());
    let (here, there) = (world.context(), world.context());
    let first = tokio::spawn(async move { one.operate(here, first).await });
    let second = tokio::spawn(async move { other.operate(there, second).await });
    (first.await.unwrap(), second.await.unwrap())
}

async fn state(world: &World, order: OrderId) -> String {
    world.text(format!("SELECT state FROM customer_order WHERE id = {order}").leak()).await
}

both!(a_held_order_is_taken_out_of_its_wave_and_starts_again_after_its_hold, |world| {
    let (_, wave) = released(world, 1, 3).await;
    let order = order_id(world).await;
    world.does(HoldOrder { order, reason: "ask the buyer".into() }).await;
    let taken = world.does(TakeOut { wave, order, reason: "too late today".into() }).await;
    assert_eq!((taken.state, taken.freed, taken.picked), (OrderState::Held, 3, 0));
    assert_eq!(world.number("SELECT CAST(SUM(reserved) AS BIGINT) FROM stock_cell").await, 0);
    world.does(ReleaseOrder { order }).await;
    assert_eq!(state(world, order).await, "promised");
    let next = world.does(CreateWave { choice: Choice::default(), note: String::new() }).await.wave_id;
    assert_eq!(world.does(ReleaseWave { wave: next }).await.orders, 1);
    world.does(CloseWave { wave }).await;
});

both!(a_held_order_that_lies_in_a_tote_is_taken_out_and_packed_after_its_hold, |world| {
    let (_, wave) = released(world, 1, 7).await;
    let order = order_id(world).await;
    let task = claimed(world, "T000001").await;
    world.does(confirm(task.task_id, &task.lines[0], "T000001", 2)).await;
    world.does(HoldOrder { order, reason: "ask the buyer".into() }).await;
    let taken = world.does(TakeOut { wave, order, reason: "too late today".into() }).await;
    assert_eq!((taken.state, taken.freed, taken.picked), (OrderState::Held, 5, 2));
    world.does(ReleaseOrder { order }).await;
    assert_eq!(state(world, order).await, "picked");
    world.does(CloseWave { wave }).await;
});

both!(what_a_closed_wave_counted_can_not_be_undone, |world| {
    let (_, wave) = released(world, 1, 3).await;
    let task = claimed(world, "T000001").await;
    let mut left = 3;
    for line in &task.lines {
        left -= world.does(confirm(task.task_id, line, "T000001", line.quantity)).await.picked;
    }
    assert_eq!(left, 0);
    world.does(CloseWave { wave }).await;
    let undo = UndoPick { task: task.task_id, allocation: task.lines[0].allocation_id, quantity: 1 };
    assert!(matches!(world.refused(undo).await, PickError::WaveClosed { .. }));
    assert_eq!(world.number("SELECT CAST(SUM(picked) AS BIGINT) FROM allocation").await, 3);
});

both!(an_undo_and_the_closing_of_its_wave_at_once_agree, |world| {
    let (_, wave) = released(world, 1, 1).await;
    let task = claimed(world, "T000001").await;
    world.does(confirm(task.task_id, &task.lines[0], "T000001", 1)).await;
    let undo = || UndoPick { task: task.task_id, allocation: task.lines[0].allocation_id, quantity: 1 };
    let tries = at_once((0..8).map(|n| {
        let (db, context, undo) = (world.db.clone(), world.context(), undo());
        async move {
            if n % 2 == 0 {
                db.operate(context, undo).await.is_ok()
            } else {
                db.operate(context, CloseWave { wave }).await.is_ok()
            }
        }
    }))
    .await;
    let undone = tries.iter().step_by(2).filter(|done| **done).count();
    let closed = tries.iter().skip(1).step_by(2).filter(|done| **done).count();
    assert_eq!(undone + closed, 1, "{tries:?}");
    let picked = world.number("SELECT picked FROM allocation").await;
    let state = world.text("SELECT state FROM wave").await;
    assert_eq!((picked, state.as_str()), if undone == 1 { (0, "picking") } else { (1, "closed") });
});
