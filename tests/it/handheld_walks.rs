//! The handheld beyond single orders and carts: a batch, the put wall, putting away, looking up.

use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::OrderId;
use tallyman::order::ops::CancelOrder;
use tallyman::people::rights::SetRights;

use crate::both;
use crate::support::World;
use crate::support::floor::released;
use crate::support::handheld::{Handheld, Heard};
use crate::support::wall::wall;

const TEE: &str = "6901234567892";

fn said(signal: &str, message: &str, step: &str) -> Heard {
    Heard { signal: signal.into(), message: message.into(), step: step.into() }
}

/// Pickers who may also move stock, as in a small firm.
async fn who_moves_too(world: &World) {
    use tallyman::kernel::actor::Right;
    let rights = Some(vec![Right::Read, Right::Pick, Right::StockMove]);
    world.does(SetRights { role: Role::Picker, rights }).await;
}

/// Takes a piece out of the batch's tote, of whatever lot it is; gives its slot or spare place, and what was said.
async fn piece(picker: &Handheld) -> (String, String) {
    let mut heard = picker.scan(TEE).await;
    if heard.message == "wall.which_lot" {
        for lot in ["LA-01", "LA-02", "LA-03", "LA-04", "LA-05"] {
            picker.scan(lot).await;
            heard = picker.scan(TEE).await;
            if heard.step == "wall.slot" {
                break;
            }
        }
    }
    assert_eq!(heard.step, "wall.slot", "{heard:?}");
    let page = picker.page().await;
    (page.split("slot-name\">").nth(1).unwrap().split('<').next().unwrap().to_owned(), heard.message)
}

both!(a_batch_is_picked_sorted_and_undone_by_scans, |world| {
    released(world, 3, 2).await;
    wall(world, 3).await;
    let picker = Handheld::picker(world, "011").await;
    assert_eq!(picker.scan("%GO:BATCH").await, said("ok", "", "batch.tote"));
    assert_eq!(picker.wrong("A-04").await, "floor.wrong_kind");
    assert_eq!(picker.scan("T000001").await, said("ok", "", "batch.place"));
    // One piece at A-04, five at A-05, for three orders: two lines.
    assert!(picker.page().await.contains("0</span> / 2"));
    assert_eq!(picker.wrong("A-05").await, "floor.wrong_place");
    assert_eq!(picker.scan("A-04").await, said("ok", "", "batch.item"));
    assert_eq!(picker.wrong("=1").await, "floor.item_first");
    assert_eq!(picker.wrong("LA-04").await, "floor.wrong_kind");
    assert_eq!(picker.scan(TEE).await, said("done", "", "batch.place"));
    assert_eq!(picker.scan("%UNDO!").await.message, "floor.undone");
    picker.all(&["A-04", TEE, "11", TEE]).await;
    assert_eq!(picker.wrong("=6").await, "floor.too_many");
    // A full tote in the middle, and three by the keypad.
    assert_eq!(picker.scan("%FULL").await, said("ok", "", "batch.full"));
    assert_eq!(picker.scan("%BACK").await, said("ok", "", "batch.item"));
    assert_eq!(picker.scan("=5").await, said("done", "", "batch.drop"));
    assert!(picker.page().await.contains("put wall"));
    assert_eq!(picker.scan("W1-A1").await, said("done", "floor.dropped", "menu"));
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order WHERE state = 'picked'").await, 3);

    // The wall: the only one is taken by itself.
    assert_eq!(picker.scan("%GO:WALL").await, said("ok", "", "wall.tote"));
    assert_eq!(picker.wrong(TEE).await, "floor.wrong_kind");
    picker.all(&["T000001"]).await;
    let (slot, _) = piece(&picker).await;
    assert!(slot.starts_with("W1-A"), "{slot}");
    let other = if slot == "W1-A1" { "W1-A2" } else { "W1-A1" };
    assert_eq!(picker.wrong(other).await, "wall.wrong_slot");
    assert_eq!(picker.wrong(TEE).await, "wall.slot_first");
    assert_eq!(picker.scan(&slot).await, said("ok", "", "wall.item"));
    assert_eq!(picker.scan("%UNDO!").await.message, "floor.undone");
    let mut complete = 0;
    for _ in 0..6 {
        let (slot, _) = piece(&picker).await;
        complete += i32::from(picker.all(&[&slot]).await == said("done", "wall.complete", "wall.item"));
    }
    assert_eq!(complete, 3);
    assert_eq!(picker.all(&["%BACK", "%BACK"]).await.step, "menu");
});

both!(a_batch_short_is_the_services_to_spread_and_a_spare_piece_has_a_place, |world| {
    released(world, 2, 4).await;
    wall(world, 3).await;
    let picker = Handheld::picker(world, "011").await;
    picker.all(&["%GO:BATCH", "T000001", "A-04", TEE, "=2"]).await;
    // One of three is missing: two in hand are confirmed, one comes from elsewhere.
    assert_eq!(picker.scan("%SHORT").await.step, "batch.short");
    assert_eq!(picker.scan("%SHORT:MISSING").await.message, "floor.short_elsewhere");
    for _ in 0..3 {
        let page = picker.page().await;
        let Some(place) = page.split("data-f=\"place\">").nth(1).and_then(|rest| rest.split('<').next()) else { break };
        let place = place.to_owned();
        let wanted: String = page.split("data-f=\"of\">of ").nth(1).unwrap().split('<').next().unwrap().to_owned();
        picker.all(&[&place, TEE]).await;
        if wanted != "1" {
            picker.all(&[&format!("={wanted}")]).await;
        }
    }
    assert_eq!(picker.scan("A-01").await, said("done", "floor.dropped", "menu"));
    let order = OrderId(world.number("SELECT MIN(id) FROM customer_order").await);
    world.does(CancelOrder { order, reason: "changed mind".into() }).await;
    picker.all(&["%GO:WALL", "T000001"]).await;
    let mut spares = 0;
    for _ in 0..8 {
        let (slot, message) = piece(&picker).await;
        spares += i32::from(message == "wall.spare");
        picker.all(&[&slot]).await;
    }
    assert_eq!(spares, 4, "the cancelled order's pieces");
});

both!(goods_are_put_away_where_it_is_proposed_and_moved_where_one_wants, |world| {
    crate::orders::five_lots(world).await;
    who_moves_too(world).await;
    world.sql("INSERT INTO place (warehouse_id, kind, code) VALUES (1, 'location', 'B-01')").await;
    world
        .sql(
            "INSERT INTO location (place_id, warehouse_id, zone_id, walk_order, check_digits)
             SELECT id, 1, (SELECT id FROM zone WHERE code = 'A'), 99, '42' FROM place WHERE code = 'B-01'",
        )
        .await;
    let mover = Handheld::picker(world, "011").await;
    assert_eq!(mover.scan("%GO:STOW").await, said("ok", "", "stow.from"));
    assert_eq!(mover.wrong(TEE).await, "floor.wrong_kind");
    assert_eq!(mover.scan("A-05").await, said("ok", "", "stow.item"));
    assert_eq!(mover.wrong("A-04").await, "floor.wrong_kind");
    assert_eq!(mover.all(&[TEE, TEE]).await, said("ok", "", "stow.to"));
    assert!(mover.page().await.contains("<p class=\"place\">B-01</p>"), "an empty place of its zone is proposed");
    assert_eq!(mover.wrong("A-05").await, "putaway.same_place");
    // Beside another lot: asked once.
    assert_eq!(mover.scan("A-04").await, said("info", "putaway.other_lot", "stow.to"));
    assert_eq!(mover.scan("%BACK").await, said("ok", "", "stow.to"));
    assert_eq!(mover.scan("B-01").await, said("done", "floor.put_away", "stow.item"));
    assert_eq!(mover.all(&[TEE, "=3", "A-04", "%OK"]).await, said("done", "floor.put_away", "stow.from"));
    let at = "SELECT CAST(SUM(c.on_hand) AS BIGINT) FROM stock_cell c JOIN place p ON p.id = c.place_id WHERE p.code = 'B-01'";
    assert_eq!(world.number(at).await, 2);
    assert_eq!(mover.wrong("nowhere").await, "floor.unknown_code");
    let other = Handheld::picker(world, "012").await;
    world.does(SetRights { role: Role::Picker, rights: None }).await;
    other.client.app().tokens.forget();
    assert_eq!(other.wrong("%GO:STOW").await, "forbidden");
});

both!(anything_scanned_is_looked_up, |world| {
    released(world, 1, 2).await;
    let picker = Handheld::picker(world, "011").await;
    assert_eq!(picker.scan(TEE).await, said("ok", "", "look"));
    let page = picker.page().await;
    assert!(page.contains("TEE-M") && page.contains("2 reserved") && page.contains("A-05"), "{page}");
    assert_eq!(picker.scan("A-01").await.step, "look");
    assert_eq!(picker.scan("T000001").await.step, "look");
    assert!(picker.page().await.contains("Nothing is here."));
    assert_eq!(picker.wrong("whatever").await, "floor.unknown_here");
    assert_eq!(picker.all(&["%BACK", "%GO:DAY", "%BACK"]).await.step, "menu");
    assert_eq!(picker.scan("%HELP").await, said("info", "floor.help_called", "menu"));
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'help.called'").await, 1);
});
