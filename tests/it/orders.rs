//! Orders: review, promise, wave, change, cancel.

use tallyman::kernel::ids::{ChannelId, OrderId, WarehouseId};
use tallyman::order::inbound::InboundOrder;
use tallyman::order::model::{OrderState, ShortPolicy, Verdict};
use tallyman::order::ops::{CancelOrder, PlaceOrder, ReleaseOrder, RetryShort};
use tallyman::stock::candidates::of_wave;
use tallyman::wave::WaveError;
use tallyman::wave::ops::{Choice, CloseWave, CreateWave, ReleaseWave, TakeOut};

use crate::both;
use crate::support::{World, at_once, shared};

/// 25 pieces of one SKU in 5 lots of 5, the oldest in the last place.
pub async fn five_lots(world: &World) -> ChannelId {
    world.sql("INSERT INTO zone (warehouse_id, code) VALUES (1, 'A')").await;
    world.sql("INSERT INTO sku (code, name_en, weight_grams, created_at) VALUES ('TEE-M', 'Tee', 200, 0)").await;
    world.sql("INSERT INTO sku_barcode (barcode, sku_id) VALUES ('6901234567892', (SELECT id FROM sku WHERE code = 'TEE-M'))").await;
    world
        .sql(
            "INSERT INTO place (warehouse_id, kind, code) VALUES (1, 'location', 'A-01'), (1, 'location', 'A-02'),
             (1, 'location', 'A-03'), (1, 'location', 'A-04'), (1, 'location', 'A-05')",
        )
        .await;
    world
        .sql(
            "INSERT INTO location (place_id, warehouse_id, zone_id, walk_order, check_digits)
             SELECT id, 1, (SELECT id FROM zone WHERE code = 'A'), id, '11' FROM place WHERE code LIKE 'A-0%'",
        )
        .await;
    world
        .sql(
            "INSERT INTO lot (warehouse_id, sku_id, number, received_at)
             SELECT 1, (SELECT id FROM sku WHERE code = 'TEE-M'), 'L' || code, 1000 - id FROM place WHERE code LIKE 'A-0%'",
        )
        .await;
    world
        .sql(
            "INSERT INTO stock_cell (warehouse_id, place_id, sku_id, lot_id, status, on_hand)
             SELECT 1, p.id, l.sku_id, l.id, 'good', 5 FROM place p JOIN lot l ON l.number = 'L' || p.code",
        )
        .await;
    world
        .sql(
            "INSERT INTO movement (warehouse_id, at, person_id, operation_key, reason, sku_id, lot_id, quantity, from_place_id,
             from_status, to_place_id, to_status)
             SELECT 1, 0, 1, 'scene', 'import', sku_id, lot_id, on_hand, 1, status, place_id, status FROM stock_cell",
        )
        .await;
    world.channel().await
}

pub fn order(external_id: &str, quantity: i64) -> InboundOrder {
    serde_json::from_value(serde_json::json!({
        "external_id": external_id, "total_minor": 9900,
        "receiver": { "name": format!("李雷{external_id}"), "phone": "13800000000", "country": "CN", "province": "浙江省",
            "city": "杭州市", "district": "余杭区", "line1": "文一西路969号" },
        "lines": [{ "external_id": "l1", "sku": "TEE-M", "quantity": quantity }]
    }))
    .unwrap()
}

both!(sixty_four_orders_after_twenty_five_pieces_get_exactly_twenty_five, |world| {
    let channel = five_lots(world).await;
    let db = shared(world.db.clone());
    let placed =
        at_once(
            (0..64).map(|n| {
                let (db, context) = (db.clone(), world.context());
                async move {
                    db.operate(context, PlaceOrder { channel, order: order(&n.to_string(), 1) }).await.unwrap().state
                }
            }),
        )
        .await;
    assert_eq!(placed.iter().filter(|state| **state == OrderState::Promised).count(), 25);
    assert_eq!(placed.iter().filter(|state| **state == OrderState::Short).count(), 39);
    world.check().await;

    // Four waves of all, at once: each order joins one of them, and each piece goes to one order.
    let waves = at_once((0..4).map(|_| {
        let (db, create, release) = (db.clone(), world.context(), world.context());
        async move {
            let choice = Choice { limit: Some(10), ..Choice::default() };
            let wave = match db.operate(create, CreateWave { choice, note: String::new() }).await {
                Ok(wave) => wave,
                Err(WaveError::Empty {}) => return 0,
                Err(refusal) => panic!("{refusal}"),
            };
            db.operate(release, ReleaseWave { wave: wave.wave_id }).await.unwrap().orders
        }
    }))
    .await;
    let released: i64 = waves.iter().sum();
    let rest = CreateWave { choice: Choice::default(), note: String::new() };
    let rest = match world.db.operate(world.context(), rest).await {
        Ok(wave) => world.does(ReleaseWave { wave: wave.wave_id }).await.orders,
        Err(_) => 0,
    };
    assert_eq!(released + rest, 25);
    assert_eq!(world.number("SELECT CAST(SUM(reserved) AS BIGINT) FROM stock_cell").await, 25);
});

both!(the_oldest_lots_go_first_and_every_allocation_can_say_why, |world| {
    let channel = five_lots(world).await;
    for n in 0..7 {
        world.does(PlaceOrder { channel, order: order(&n.to_string(), 1) }).await;
    }
    let wave = world.does(CreateWave { choice: Choice::default(), note: String::new() }).await;
    let released = world.does(ReleaseWave { wave: wave.wave_id }).await;
    assert_eq!((released.orders, released.allocations), (7, 7));
    // The oldest lot lies in the last place.
    assert_eq!(
        world.number("SELECT reserved FROM stock_cell c JOIN place p ON p.id = c.place_id WHERE p.code = 'A-05'").await,
        5
    );
    assert_eq!(
        world.number("SELECT reserved FROM stock_cell c JOIN place p ON p.id = c.place_id WHERE p.code = 'A-04'").await,
        2
    );
    let sixth = tallyman::kernel::ids::AllocationId(
        world.number("SELECT id FROM allocation ORDER BY id LIMIT 1 OFFSET 5").await,
    );
    let warehouse = tallyman::kernel::ids::WarehouseId(1);
    let why = world.db.read(|tx| Box::pin(tallyman::allocation::why::why(tx, warehouse, sixth))).await.unwrap();
    assert_eq!((why.place.as_str(), why.rule.as_str(), why.demand), ("A-04", "fifo", 7));
    assert_eq!(why.candidates.len(), 5);
    assert_eq!(
        (why.candidates[0].place.as_str(), why.candidates[0].free_at_start, why.candidates[0].free_then),
        ("A-05", 5, 0)
    );
    assert!(why.candidates[1].chosen && why.candidates[1].free_then == 5);
});

both!(a_wave_of_most_of_the_catalogue_sees_the_same_cells_as_a_small_one, |world| {
    let channel = five_lots(world).await;
    // Another SKU that no order wants, and a cell without anything free.
    world.sql("INSERT INTO sku (code, name_en, created_at) VALUES ('MUG', 'Mug', 0)").await;
    world
        .sql("INSERT INTO lot (warehouse_id, sku_id, number, received_at) SELECT 1, id, 'LM', 1 FROM sku WHERE code = 'MUG'")
        .await;
    world
        .sql(
            "INSERT INTO stock_cell (warehouse_id, place_id, sku_id, lot_id, status, on_hand)
             SELECT 1, p.id, l.sku_id, l.id, 'good', 3 FROM place p JOIN lot l ON l.number = 'LM' WHERE p.code = 'A-01'",
        )
        .await;
    world
        .sql(
            "INSERT INTO movement (warehouse_id, at, person_id, operation_key, reason, sku_id, lot_id, quantity, from_place_id,
             from_status, to_place_id, to_status)
             SELECT 1, 0, 1, 'mug', 'import', sku_id, lot_id, on_hand, 1, status, place_id, status FROM stock_cell WHERE on_hand = 3",
        )
        .await;
    world
        .sql("UPDATE stock_cell SET reserved = on_hand WHERE place_id = (SELECT id FROM place WHERE code = 'A-02')")
        .await;
    world.does(PlaceOrder { channel, order: order("1", 2) }).await;
    let wave = world.does(CreateWave { choice: Choice::default(), note: String::new() }).await.wave_id;
    let seen = async |wanted: usize| {
        let read = world.db.read(|tx| Box::pin(of_wave(tx, WarehouseId(1), wave, wanted)));
        let mut cells = read.await.unwrap();
        cells.sort_by_key(|candidate| candidate.cell);
        cells
    };
    let (few, all) = (seen(1).await, seen(1_000).await);
    assert_eq!((few.len(), all.len()), (4, 5), "the other SKU's cell is read too, and left");
    let sku = few[0].sku;
    assert_eq!(all.into_iter().filter(|candidate| candidate.sku == sku).collect::<Vec<_>>(), few);
    world.sql("UPDATE stock_cell SET reserved = 0").await;
});

both!(an_order_that_is_taken_out_frees_its_stock_and_the_wave_still_closes, |world| {
    let channel = five_lots(world).await;
    let first = world.does(PlaceOrder { channel, order: order("1", 3) }).await.order_id;
    world.does(PlaceOrder { channel, order: order("2", 2) }).await;
    let wave = world.does(CreateWave { choice: Choice::default(), note: String::new() }).await.wave_id;
    world.does(ReleaseWave { wave }).await;
    world.refused(CloseWave { wave }).await;
    let out = world.does(TakeOut { wave, order: first, reason: "customer called".into() }).await;
    assert_eq!((out.state, out.freed, out.picked), (OrderState::Promised, 3, 0));
    world.refused(TakeOut { wave, order: first, reason: "again".into() }).await;
    let second = OrderId(world.number("SELECT id FROM customer_order WHERE external_id = '2'").await);
    let decided = world.does(CancelOrder { order: second, reason: "changed mind".into() }).await;
    assert_eq!((decided.state, decided.ruling.verdict), (OrderState::Cancelled, Verdict::Accepted));
    let closed = world.does(CloseWave { wave }).await;
    assert_eq!((closed.allocated, closed.taken_out), (5, 5));
});

both!(a_short_order_waits_until_stock_is_free_again, |world| {
    let channel = five_lots(world).await;
    let large = world.does(PlaceOrder { channel, order: order("large", 20) }).await;
    let waiting = world.does(PlaceOrder { channel, order: order("waiting", 6) }).await;
    assert_eq!((large.state, waiting.state), (OrderState::Promised, OrderState::Short));
    world.does(CancelOrder { order: large.order_id, reason: "changed mind".into() }).await;
    let retried = world.does(RetryShort { after: OrderId(0), limit: 100 }).await;
    assert_eq!(retried.promised, 1);
});

both!(the_same_order_again_changes_nothing_and_a_changed_one_is_changed, |world| {
    let channel = five_lots(world).await;
    let first = world.does(PlaceOrder { channel, order: order("1", 2) }).await;
    let again = world.does(PlaceOrder { channel, order: order("1", 2) }).await;
    assert_eq!((again.order_id, again.ruling.verdict), (first.order_id, Verdict::NoChange));
    let more = world.does(PlaceOrder { channel, order: order("1", 9) }).await;
    assert_eq!(
        (more.order_id, more.ruling.verdict, more.state),
        (first.order_id, Verdict::Accepted, OrderState::Promised)
    );
    assert_eq!(world.number("SELECT promised FROM sku_promise").await, 9);
    let wave = world.does(CreateWave { choice: Choice::default(), note: String::new() }).await.wave_id;
    world.does(ReleaseWave { wave }).await;
    let less = world.does(PlaceOrder { channel, order: order("1", 1) }).await;
    assert_eq!((less.ruling.verdict, less.state), (Verdict::Accepted, OrderState::Promised));
});

both!(doubtful_orders_are_held_and_a_person_decides, |world| {
    let channel = five_lots(world).await;
    let mut nameless = order("1", 1);
    nameless.receiver.name.clear();
    let held = world.does(PlaceOrder { channel, order: nameless }).await;
    assert_eq!(held.state, OrderState::Held);
    assert_eq!(world.does(ReleaseOrder { order: held.order_id }).await.state, OrderState::Promised);

    world.does(PlaceOrder { channel, order: order("2", 1) }).await;
    let mut twin = order("3", 1);
    twin.receiver = order("2", 1).receiver;
    let twin = world.does(PlaceOrder { channel, order: twin }).await;
    assert_eq!(twin.state, OrderState::Held);
    assert_eq!(world.text("SELECT hold_reason FROM customer_order WHERE external_id = '3'").await, "duplicate");

    let mut unknown = order("4", 1);
    unknown.lines[0].sku = "NO-SUCH".into();
    let unknown = world.does(PlaceOrder { channel, order: unknown }).await;
    assert_eq!(unknown.state, OrderState::Held);
    world.refused(ReleaseOrder { order: unknown.order_id }).await;
    world.sql("INSERT INTO sku (code, name_en, created_at) VALUES ('NO-SUCH', 'New', 0)").await;
    assert_eq!(world.does(ReleaseOrder { order: unknown.order_id }).await.state, OrderState::Short);
});

both!(the_same_key_gives_the_same_answer_and_another_content_is_refused, |world| {
    let channel = five_lots(world).await;
    let db = shared(world.db.clone());
    let answers = at_once((0..16).map(|_| {
        let (db, context) = (db.clone(), world.keyed("one-key"));
        async move { db.operate(context, PlaceOrder { channel, order: order("1", 1) }).await }
    }))
    .await;
    let ids: Vec<i64> =
        answers.iter().filter_map(|answer| answer.as_ref().ok()).map(|placed| placed.order_id.0).collect();
    assert!(!ids.is_empty() && ids.iter().all(|id| *id == ids[0]));
    assert_eq!(ids.len(), 16, "{answers:?}");
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order").await, 1);
    let other = world.db.operate(world.keyed("one-key"), PlaceOrder { channel, order: order("2", 1) }).await;
    assert!(matches!(other, Err(tallyman::order::OrderError::Db(tallyman::db::DbError::KeyReused))), "{other:?}");
});

both!(personal_data_is_unreadable_in_the_database, |world| {
    let channel = five_lots(world).await;
    world.does(PlaceOrder { channel, order: order("1", 1) }).await;
    for table in ["SELECT data FROM event", "SELECT answer FROM operation"] {
        assert!(!world.text(table).await.contains("李雷"));
    }
    assert!(world.number("SELECT CAST(LENGTH(personal) AS BIGINT) FROM customer_order").await > 100);
});

both!(each_short_policy_does_what_it_says, |world| {
    let channel = five_lots(world).await;
    let with = |id: &str, policy: ShortPolicy| InboundOrder { short_policy: Some(policy), ..order(id, 30) };
    let wait = world.does(PlaceOrder { channel, order: with("wait", ShortPolicy::Wait) }).await;
    let cancel = world.does(PlaceOrder { channel, order: with("cancel", ShortPolicy::Cancel) }).await;
    let part = world.does(PlaceOrder { channel, order: with("part", ShortPolicy::Part) }).await;
    assert_eq!(
        (wait.state, cancel.state, part.state),
        (OrderState::Short, OrderState::Cancelled, OrderState::Promised)
    );
    // Only the one that takes a part holds something: all that there is.
    assert_eq!(world.number("SELECT promised FROM sku_promise").await, 25);
    assert_eq!(world.number("SELECT CAST(SUM(cancelled) AS BIGINT) FROM order_line").await, 30);
    let wave = world.does(CreateWave { choice: Choice::default(), note: String::new() }).await.wave_id;
    let released = world.does(ReleaseWave { wave }).await;
    assert_eq!((released.orders, released.lines), (1, 1));
    assert_eq!(world.number("SELECT CAST(SUM(reserved) AS BIGINT) FROM stock_cell").await, 25);
    // A part that can't begin waits like the others.
    let late = world.does(PlaceOrder { channel, order: with("late", ShortPolicy::Part) }).await;
    assert_eq!(late.state, OrderState::Short);
});

both!(the_first_to_expire_goes_first_and_the_expired_never, |world| {
    let channel = five_lots(world).await;
    world.sql("UPDATE sku SET expires = TRUE").await;
    // The lots came in from A-05 (first) to A-01 (last). A-02 expires first, A-05 is expired already, A-03 never expires.
    for (place, expires) in
        [("A-01", "1795255300000"), ("A-02", "1795255200001"), ("A-04", "1795255250000"), ("A-05", "1795255200000")]
    {
        world.sql(format!("UPDATE lot SET expires_at = {expires} WHERE number = 'L{place}'").leak()).await;
    }
    world.does(PlaceOrder { channel, order: order("1", 18) }).await;
    assert_eq!(world.number("SELECT promised FROM sku_promise").await, 18);
    let wave = world.does(CreateWave { choice: Choice::default(), note: String::new() }).await.wave_id;
    world.does(ReleaseWave { wave }).await;
    let reserved = |place: &str| {
        let text =
            format!("SELECT c.reserved FROM stock_cell c JOIN place p ON p.id = c.place_id WHERE p.code = '{place}'");
        async move { world.number(text.leak()).await }
    };
    let mut taken = Vec::new();
    for place in ["A-02", "A-04", "A-01", "A-03", "A-05"] {
        taken.push(reserved(place).await);
    }
    assert_eq!(taken, [5, 5, 5, 3, 0]);
    assert_eq!(world.number("SELECT COUNT(*) FROM allocation WHERE rule = 'fefo'").await, 4);
    // More than what is good can't be promised.
    let rest = world.does(PlaceOrder { channel, order: order("2", 3) }).await;
    assert_eq!(rest.state, OrderState::Short);
});
