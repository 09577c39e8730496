//! The verification of the books finds what is wrong: each of its rules is broken once by hand.

use tallyman::stock::verify::verify;

use crate::both;
use crate::support::floor::{pick_all, released};
use crate::support::world::Raw;
use crate::support::{Backend, World};

/// What the verification finds, by rule.
async fn found(world: &World) -> Vec<String> {
    let report = world.db.read(|tx| Box::pin(async move { verify(tx).await })).await.unwrap();
    report.findings.into_iter().map(|finding| finding.rule).collect()
}

/// Breaks something, sees that it is found by this rule, and mends it.
async fn breaks(world: &World, rule: &str, wrong: &'static str, right: &'static str) {
    assert_eq!(found(world).await, Vec::<String>::new(), "before {wrong}");
    world.sql(wrong).await;
    let rules = found(world).await;
    assert!(rules.iter().any(|found| found == rule), "{wrong}\nfound {rules:?}, not {rule:?}");
    world.sql(right).await;
}

/// Another SKU with a lot, a place, a person's worth of ids that belong to nothing else.
async fn strangers(world: &World) {
    world.sql("INSERT INTO sku (id, code, name_en, created_at) VALUES (900, 'MUG', 'Mug', 0)").await;
    world.sql("INSERT INTO lot (id, warehouse_id, sku_id, number, received_at) VALUES (900, 1, 900, 'M1', 0)").await;
}

both!(sums_that_do_not_agree_are_found, |world| {
    released(world, 2, 3).await;
    pick_all(world, "T000001").await;
    breaks(
        world,
        "a cell's balance is the sum of its movements",
        "UPDATE stock_cell SET on_hand = on_hand + 1 WHERE id = (SELECT MIN(id) FROM stock_cell)",
        "UPDATE stock_cell SET on_hand = on_hand - 1 WHERE id = (SELECT MIN(id) FROM stock_cell)",
    )
    .await;
    breaks(
        world,
        "a location's reservations are the sum of its open allocations",
        "UPDATE stock_cell SET reserved = reserved - 1 WHERE id = (SELECT MIN(cell_id) FROM allocation WHERE state = 'open')",
        "UPDATE stock_cell SET reserved = reserved + 1 WHERE id = (SELECT MIN(cell_id) FROM allocation WHERE state = 'open')",
    )
    .await;
    breaks(
        world,
        "stock in totes, slots and parcels is reserved whole",
        "UPDATE stock_cell SET reserved = reserved - 1 WHERE place_id IN (SELECT id FROM place WHERE kind = 'tote') AND on_hand > 0",
        "UPDATE stock_cell SET reserved = reserved + 1 WHERE place_id IN (SELECT id FROM place WHERE kind = 'tote') AND on_hand > 0",
    )
    .await;
    breaks(
        world,
        "a SKU's promises are the sum of its order lines",
        "UPDATE sku_promise SET promised = promised + 1",
        "UPDATE sku_promise SET promised = promised - 1",
    )
    .await;
    breaks(
        world,
        "a line's allocation is the sum of its allocations",
        "UPDATE order_line SET allocated = allocated - 1",
        "UPDATE order_line SET allocated = allocated + 1",
    )
    .await;
    breaks(
        world,
        "what is packed of an allocation is what its parcels hold",
        "UPDATE allocation SET packed = 1 WHERE picked > 0",
        "UPDATE allocation SET packed = 0",
    )
    .await;
    breaks(
        world,
        "a closed wave has nothing open",
        "UPDATE wave SET state = 'closed'",
        "UPDATE wave SET state = 'picking'",
    )
    .await;
});

both!(rows_that_name_the_wrong_parent_are_found, |world| {
    released(world, 2, 3).await;
    pick_all(world, "T000001").await;
    strangers(world).await;
    let of = "an allocation's lot, place and SKU are those of its cell and line";
    for (wrong, right) in [
        ("UPDATE allocation SET lot_id = lot_id + 1000", "UPDATE allocation SET lot_id = lot_id - 1000"),
        ("UPDATE allocation SET place_id = place_id + 1000", "UPDATE allocation SET place_id = place_id - 1000"),
        ("UPDATE allocation SET cell_id = cell_id + 1000", "UPDATE allocation SET cell_id = cell_id - 1000"),
        (
            "UPDATE allocation SET order_line_id = order_line_id + 1000",
            "UPDATE allocation SET order_line_id = order_line_id - 1000",
        ),
        ("UPDATE allocation SET warehouse_id = 2", "UPDATE allocation SET warehouse_id = 1"),
    ] {
        breaks(world, of, wrong, right).await;
    }
    let by = "an allocation's wave, order and candidates are those of its task and line";
    for (wrong, right) in [
        ("UPDATE allocation SET wave_id = wave_id + 1000", "UPDATE allocation SET wave_id = wave_id - 1000"),
        ("UPDATE allocation SET task_id = task_id + 1000", "UPDATE allocation SET task_id = task_id - 1000"),
        ("UPDATE allocation SET order_id = order_id + 1000", "UPDATE allocation SET order_id = order_id - 1000"),
        (
            "UPDATE allocation SET candidates_id = candidates_id + 1000",
            "UPDATE allocation SET candidates_id = candidates_id - 1000",
        ),
        ("UPDATE pick_task SET order_id = order_id + 1000", "UPDATE pick_task SET order_id = order_id - 1000"),
    ] {
        breaks(world, by, wrong, right).await;
    }
    breaks(
        world,
        "a cell's SKU is that of its lot",
        "UPDATE stock_cell SET sku_id = 900 WHERE id = (SELECT MAX(id) FROM stock_cell)",
        "UPDATE stock_cell SET sku_id = (SELECT sku_id FROM lot WHERE lot.id = stock_cell.lot_id)",
    )
    .await;
});

async fn what_can_not_be_mended(backend: Backend) {
    let world = World::open(backend).await;
    released(&world, 1, 1).await;
    strangers(&world).await;
    assert_eq!(found(&world).await, Vec::<String>::new());
    // The ledger and the journal take no change: what is wrong in them stays, and goes on being said.
    world
        .sql(
            "INSERT INTO movement (warehouse_id, at, person_id, operation_key, reason, sku_id, lot_id, quantity, from_place_id, from_status,
                to_place_id, to_status) VALUES (1, 0, 1, 'k', 'pick', (SELECT MIN(id) FROM sku), 900, 1, 77777, 'good', 88888, 'good')",
        )
        .await;
    world
        .sql(
            "INSERT INTO event (warehouse_id, at, person_id, kind, subject_kind, subject_id, operation_key, data)
             VALUES (1, 0, 4711, 'k', 'order', 1, 'k', '{}')",
        )
        .await;
    assert_eq!(
        found(&world).await,
        [
            "every pick, sort, pack and put away has evidence",
            "a movement's SKU is that of its lot, and it is between places of its warehouse",
            "what a person did was done by a person of the warehouse",
        ]
    );
    for text in
        ["UPDATE movement SET quantity = 2", "DELETE FROM movement", "UPDATE event SET data = ''", "DELETE FROM event"]
    {
        let refused = world.db.operate(world.context(), Raw(text)).await;
        assert!(refused.is_err(), "{text}");
    }
    world.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_mended_is_found_on_sqlite() {
    what_can_not_be_mended(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_mended_is_found_on_postgres() {
    what_can_not_be_mended(Backend::Postgres).await;
}
