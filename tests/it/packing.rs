//! Packing: from a tote to a label, each refusal told apart, and every way back.

use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::{OrderId, PlaceId, WarehouseId};
use tallyman::order::model::OrderState;
use tallyman::order::ops::{CancelOrder, HoldOrder, ReleaseOrder, RetryShort};
use tallyman::packing::aside::{AsidePiece, SetAside};
use tallyman::packing::model::ParcelState;
use tallyman::packing::query::{self, ParcelView};
use tallyman::packing::start::StartPacking;
use tallyman::packing::verify::{PieceBack, PieceScan, UndoPiece, VerifyPiece};
use tallyman::packing::{PackError, seal::TickPaper};
use tallyman::picking::model::ShortReason;
use tallyman::picking::task::{ClaimTask, TakeTote};
use tallyman::stock::eligible::Ineligible;
use tallyman::stock::model::LotStatus;
use tallyman::stock::ops::SetLotStatus;

use crate::both;
use crate::printing::{Script, printer, work};
use crate::support::bench::{
    TOTE, closed, fill, force, on_the_bench, person, piece, released_mix, released_of_lots, split, tick_all,
};
use crate::support::dock::{begun, seal, tick, weigh, weight};
use crate::support::floor::{claimed, confirm, pick_all};
use crate::support::handheld::Handheld;
use crate::support::{World, at_once, shared};

pub fn start(tote: &str) -> StartPacking {
    StartPacking { tote: tote.into(), station: None, take_over: false }
}

async fn view(world: &World, parcel: PlaceId) -> ParcelView {
    let services = std::sync::Arc::clone(&world.services);
    let read =
        world.db.read(|tx| Box::pin(async move { query::parcel(tx, &services.vault, WarehouseId(1), parcel).await }));
    read.await.unwrap()
}

both!(a_damaged_piece_is_set_aside_at_the_station_and_the_rest_is_packed, |world| {
    on_the_bench(world).await;
    world.does(crate::printing::station("PACK-1")).await;
    let packer = Handheld::packer(world, "021").await;
    packer.page().await;
    packer.all(&["%WPACK-1", TOTE, "MUG-1"]).await;
    assert_eq!(packer.scan("%ASIDE").await.step, "pack.aside");
    assert_eq!(packer.wrong("A-04").await, "floor.wrong_kind");
    assert_eq!(packer.scan("%BACK").await.step, "pack.verify", "back without having done anything");
    packer.all(&["%ASIDE", "MUG-1"]).await;
    assert!(packer.page().await.contains("Scan the place that you put it to"));
    assert_eq!(packer.wrong("MUG-1").await, "floor.wrong_kind");
    assert_eq!(packer.wrong("A-99").await, "floor.unknown_code", "a place that isn't there");
    let put = packer.scan("A-04").await;
    assert_eq!(
        (put.signal.as_str(), put.message.as_str(), put.step.as_str()),
        ("info", "pack.aside_one", "pack.verify")
    );
    assert_eq!(world.number("SELECT CAST(SUM(on_hand) AS BIGINT) FROM stock_cell WHERE status = 'damaged'").await, 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'piece.set_aside'").await, 1);
    // The same scan again is no second piece: nothing is asked any more.
    assert_eq!(packer.wrong("A-04").await, "floor.wrong_kind");
    assert_eq!(packer.wrong("MUG-1").await, "packing.too_many", "one mug is in, one is set aside");
    assert_eq!(packer.all(&["TEE-M", "TEE-M", "TEE-M"]).await.step, "pack.verify", "papers are missing");
    world.check().await;
});

both!(a_tote_becomes_a_labelled_parcel, |world| {
    on_the_bench(world).await;
    let printer = world.does(printer("Z1")).await.printer_id;
    let started = world.does(start(" t000001\r")).await;
    assert_eq!((started.parcel.as_str(), started.order.as_str(), started.resumed), ("P00000001-1", "O00000001", false));
    let parcel = started.parcel_id;

    let screen = view(world, parcel).await;
    assert_eq!((screen.buyer_remark.as_str(), screen.seller_remark.as_str()), ("少放辣", "送贴纸"));
    assert_eq!((screen.flags.as_slice(), screen.state), (["gift".to_owned()].as_slice(), ParcelState::Open));
    let papers: Vec<_> = screen.papers.iter().map(|paper| (paper.paper.as_str(), paper.enclosed)).collect();
    assert_eq!(papers, [("invoice", false), ("packing_slip", false), ("保修卡", false)]);
    let mug = &screen.lines[0];
    assert_eq!((mug.sku.as_str(), mug.fragile, mug.packing_note.as_str()), ("MUG", true, "this side up"));
    assert_eq!((mug.expected, mug.verified, mug.left), (2, 0, 2));
    assert_eq!(mug.barcodes.iter().map(|code| code.unit_factor).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((screen.totes[0].tote.as_str(), screen.totes[0].pieces), (TOTE, 5));

    let box_of_two = world.does(piece(parcel, "mug-2")).await;
    assert_eq!((box_of_two.quantity, box_of_two.verified, box_of_two.left, box_of_two.order_left), (2, 2, 0, 3));
    world.check().await;
    for item in ["TEE-M", "6901234567892", "06901234567892"] {
        world.does(piece(parcel, item.trim_start_matches('0'))).await;
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM movement WHERE reason = 'pack' AND evidence LIKE 'scan:%'").await, 4);
    let ticked = world.does(tick(parcel, "invoice")).await;
    assert_eq!(ticked.missing, ["packing_slip", "保修卡"]);
    world.does(tick(parcel, "packing_slip")).await;
    world.does(tick(parcel, "保修卡")).await;
    let sealed = world.does(seal(parcel)).await;
    assert_eq!((sealed.pieces, sealed.expected_grams, sealed.order_packed), (5, 1200, true));
    assert_eq!(world.text("SELECT state FROM customer_order").await, "packed");
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'order.packed'").await, 1);
    assert_eq!(world.text("SELECT state FROM waybill WHERE number = 'SF1'").await, "held");

    let way = weigh(world, parcel, 1310).await;
    assert_eq!((way.state, way.waybill.as_deref()), (ParcelState::WaybillBound, Some("SF1")));
    assert!(way.print_job_id.is_some() && way.hindrance.is_none());
    work(world, &Script::default(), printer).await;
    let screen = view(world, parcel).await;
    assert_eq!((screen.state, screen.weight_grams), (ParcelState::LabelPrinted, Some(1310)));
    assert_eq!((screen.lines[1].verified, screen.lines[1].left, screen.totes.len()), (3, 0, 0));
    assert_eq!(world.number("SELECT COUNT(*) FROM operation WHERE answer LIKE '%少放辣%'").await, 0);

    // The tote is empty, and free for the next task.
    assert!(matches!(world.refused(start(TOTE)).await, PackError::EmptyTote { .. }));
});

both!(a_tote_is_free_again_once_it_is_empty, |world| {
    released_mix(world, 2).await;
    pick_all(world, TOTE).await;
    let task = world.does(ClaimTask { wave: None }).await.task_id;
    let take = || TakeTote { task, tote: TOTE.into() };
    world.refused(take()).await;
    let parcel = begun(world, TOTE).await;
    fill(world, parcel).await;
    world.does(take()).await;
    // A piece can't go back into it now; it needs another tote.
    let back = |tote: Option<&str>| UndoPiece {
        parcel,
        back: PieceBack { item: "MUG-1".into(), tote: tote.map(str::to_owned), ..PieceBack::default() },
    };
    assert!(matches!(world.refused(back(None)).await, PackError::ToteInUse { .. }));
    assert!(matches!(world.refused(back(Some("A-01"))).await, PackError::NotATote { .. }));
    assert_eq!(world.does(back(Some("T000009"))).await.left, 1);
});

both!(what_may_not_be_packed_is_told_before_it_is_touched, |world| {
    let order = released_mix(world, 1).await;
    let task = claimed(world, TOTE).await;
    let refused = |tote: &'static str| world.refused(start(tote));
    assert!(matches!(refused("A-01").await, PackError::NotATote { .. }));
    assert!(matches!(refused("T999999").await, PackError::NotATote { .. }));
    assert!(matches!(refused(TOTE).await, PackError::EmptyTote { .. }));
    let line = task.lines.iter().find(|line| line.sku == "TEE-M").unwrap();
    world.does(confirm(task.task_id, line, TOTE, 3)).await;
    assert!(matches!(refused(TOTE).await, PackError::StillPicking { .. }));
    let mug = task.lines.iter().find(|line| line.sku == "MUG").unwrap();
    let mut confirmation = confirm(task.task_id, mug, TOTE, 2);
    confirmation.proof.item = "MUG-1".into();
    world.does(confirmation).await;
    world.does(HoldOrder { order, reason: "address".into() }).await;
    assert!(matches!(refused(TOTE).await, PackError::OrderHeld { reason, .. } if reason == "person"));
    world.does(ReleaseOrder { order }).await;
    let station = StartPacking { station: Some("S9".into()), ..start(TOTE) };
    assert!(matches!(world.refused(station).await, PackError::NotFound { what: "station", .. }));
    let picker = world.db.operate(world.as_role(Role::Picker), start(TOTE)).await.unwrap_err();
    assert!(matches!(picker, PackError::Forbidden { right: "pack" }));
    world.does(CancelOrder { order, reason: "changed mind".into() }).await;
    assert!(matches!(refused(TOTE).await, PackError::OrderStopped { state: OrderState::Cancelled, .. }));
});

both!(each_wrong_piece_has_its_own_words, |world| {
    on_the_bench(world).await;
    world.sql("INSERT INTO sku (code, name_en, created_at) VALUES ('CAP', 'Cap', 0)").await;
    let parcel = begun(world, TOTE).await;
    let scan = |change: fn(&mut PieceScan)| {
        let mut scan = PieceScan { item: "TEE-M".into(), ..PieceScan::default() };
        change(&mut scan);
        VerifyPiece { parcel, scan }
    };
    assert!(matches!(world.refused(scan(|s| s.item = "4711".into())).await, PackError::UnknownItem { .. }));
    assert!(matches!(world.refused(scan(|s| s.item = "CAP".into())).await, PackError::WrongItem { .. }));
    assert!(matches!(world.refused(scan(|s| s.quantity = Some(0))).await, PackError::BadQuantity { .. }));
    let many = world.refused(scan(|s| s.quantity = Some(4))).await;
    assert!(matches!(many, PackError::TooMany { quantity: 4, left: 3, .. }));
    let lot = world.refused(scan(|s| s.lot = Some("LA-01".into()))).await;
    assert!(matches!(lot, PackError::WrongLot { expected, .. } if expected == "LA-05"));
    let tote = world.refused(scan(|s| s.tote = Some("T000002".into()))).await;
    assert!(matches!(tote, PackError::OtherTote { expected, .. } if expected == TOTE));
    world.does(scan(|s| (s.lot, s.tote, s.quantity) = (Some("la-05".into()), Some(TOTE.into()), Some(3)))).await;
    assert!(matches!(world.refused(scan(|_| {})).await, PackError::TooMany { left: 0, .. }));
    let nowhere = VerifyPiece { parcel: PlaceId(1), ..scan(|_| {}) };
    assert!(matches!(world.refused(nowhere).await, PackError::NotFound { .. }));
});

both!(a_lot_that_went_bad_between_shelf_and_box_is_not_packed, |world| {
    on_the_bench(world).await;
    let parcel = begun(world, TOTE).await;
    world.does(piece(parcel, "MUG-1")).await;
    world.clock.advance_ms(86_400_000);
    let expired = world.refused(piece(parcel, "MUG-1")).await;
    assert!(matches!(expired, PackError::Ineligible { why: Ineligible::Expired, ref lot, .. } if lot == "M1"));
    world.does(piece(parcel, "TEE-M")).await;
    let freeze = |status| SetLotStatus { sku: "TEE-M".into(), lot: "LA-05".into(), status, reason: "recall".into() };
    world.does(freeze(LotStatus::Frozen)).await;
    assert!(matches!(
        world.refused(piece(parcel, "TEE-M")).await,
        PackError::Ineligible { why: Ineligible::Frozen, .. }
    ));
    // Neither by force nor by closing the box quickly.
    let forced = world.refused(force(parcel, "hurry")).await;
    assert!(matches!(forced, PackError::Ineligible { .. }));
    world.does(freeze(LotStatus::Good)).await;
    tick_all(world, parcel).await;
    let inside = world.refused(split(parcel)).await;
    assert!(matches!(inside, PackError::Ineligible { why: Ineligible::Expired, .. }));
});

both!(where_two_lots_lie_together_the_bad_one_is_kept_out_by_its_number, |world| {
    released_of_lots(world, 1, &[("M1", 1), ("M2", 9)]).await;
    pick_all(world, TOTE).await;
    let parcel = begun(world, TOTE).await;
    let freeze =
        SetLotStatus { sku: "MUG".into(), lot: "M1".into(), status: LotStatus::Quarantine, reason: "smell".into() };
    world.does(freeze).await;
    // Nobody knows which of the two is in the packer's hand.
    let unknown = world.refused(piece(parcel, "MUG-1")).await;
    assert!(matches!(unknown, PackError::Ineligible { lot, .. } if lot == "M1"));
    let scan = |lot: &str| VerifyPiece {
        parcel,
        scan: PieceScan { item: "MUG-1".into(), lot: Some(lot.into()), ..PieceScan::default() },
    };
    assert!(matches!(world.refused(scan("M1")).await, PackError::Ineligible { .. }));
    assert_eq!(world.does(scan("M2")).await.verified, 1);
    assert!(matches!(world.refused(scan("M2")).await, PackError::WrongLot { expected, .. } if expected == "M1"));
});

both!(a_piece_goes_back_the_way_it_came, |world| {
    on_the_bench(world).await;
    let parcel = begun(world, TOTE).await;
    fill(world, parcel).await;
    let back = |item: &str, quantity| UndoPiece {
        parcel,
        back: PieceBack { item: item.into(), quantity: Some(quantity), ..PieceBack::default() },
    };
    assert!(matches!(world.refused(back("TEE-M", 4)).await, PackError::NotInParcel { packed: 3, .. }));
    assert!(matches!(world.refused(back("TEE-M", -1)).await, PackError::BadQuantity { .. }));
    assert!(matches!(world.refused(back("NONE", 1)).await, PackError::UnknownItem { .. }));
    let out = world.does(back("MUG-2", 1)).await;
    assert_eq!((out.quantity, out.verified, out.left, out.order_left), (2, 0, 2, 2));
    world.check().await;
    world.does(back("TEE-M", 3)).await;
    assert_eq!(view(world, parcel).await.state, ParcelState::Open);
    assert!(matches!(world.refused(split(parcel)).await, PackError::EmptyParcel { .. }));
    fill(world, parcel).await;
});

both!(what_is_missing_is_named_and_only_a_reason_closes_the_box_without_it, |world| {
    on_the_bench(world).await;
    let parcel = begun(world, TOTE).await;
    world.does(piece(parcel, "MUG-1")).await;
    let missing = world.refused(seal(parcel)).await;
    assert!(matches!(missing, PackError::PiecesMissing { items, .. } if items == "TEE-M × 3, MUG × 1"
        || items == "MUG × 1, TEE-M × 3"));
    fill_rest(world, parcel).await;
    world.does(tick(parcel, "invoice")).await;
    let missing = world.refused(seal(parcel)).await;
    assert!(matches!(missing, PackError::PapersMissing { papers, .. } if papers == "packing_slip, 保修卡"));
    assert!(matches!(world.refused(tick(parcel, "love letter")).await, PackError::NotFound { what: "paper", .. }));
    world.does(TickPaper { parcel, paper: "invoice".into(), enclosed: false }).await;
    assert!(matches!(world.refused(force(parcel, " ")).await, PackError::ReasonMissing {}));
    let packer = world.db.operate(world.as_role(Role::Packer), force(parcel, "no slips")).await.unwrap_err();
    assert!(matches!(packer, PackError::Forbidden { right: "force_pass" }));
    let sealed = world.does(force(parcel, "the slip printer is out of order")).await;
    assert_eq!((sealed.pieces, sealed.order_packed), (5, true));
    assert_eq!(view(world, parcel).await.forced_reason, "the slip printer is out of order");
    assert!(matches!(world.refused(seal(parcel)).await, PackError::OrderStopped { .. }));
});

async fn fill_rest(world: &World, parcel: PlaceId) {
    world.does(piece(parcel, "MUG-1")).await;
    let scan = PieceScan { item: "TEE-M".into(), quantity: Some(3), ..PieceScan::default() };
    world.does(VerifyPiece { parcel, scan }).await;
}

both!(pieces_without_a_scan_need_a_right_and_leave_a_trace, |world| {
    on_the_bench(world).await;
    let parcel = begun(world, TOTE).await;
    let forced = |reason: &str| VerifyPiece {
        parcel,
        scan: PieceScan { item: "MUG".into(), forced_reason: Some(reason.into()), ..PieceScan::default() },
    };
    let packer = world.db.operate(world.as_role(Role::Packer), forced("torn barcode")).await.unwrap_err();
    assert!(matches!(packer, PackError::Forbidden { right: "force_pass" }));
    assert!(matches!(world.refused(forced("")).await, PackError::ReasonMissing {}));
    let lead = world.as_role(Role::ShiftLead);
    world.db.operate(lead, forced("torn barcode")).await.unwrap();
    world.does(force(parcel, "counted by two people")).await;
    let evidence = "SELECT CAST(SUM(quantity) AS BIGINT) FROM movement WHERE reason = 'pack' AND evidence = ";
    assert_eq!(world.number(format!("{evidence}'forced: torn barcode'").leak()).await, 1);
    assert_eq!(world.number(format!("{evidence}'forced: counted by two people'").leak()).await, 4);
});

both!(one_order_leaves_in_two_parcels, |world| {
    on_the_bench(world).await;
    let first = begun(world, TOTE).await;
    world.does(piece(first, "MUG-2")).await;
    world.does(tick(first, "packing_slip")).await;
    let missing = world.refused(split(first)).await;
    assert!(matches!(missing, PackError::PapersMissing { papers, .. } if papers == "invoice, 保修卡"));
    world.does(tick(first, "invoice")).await;
    world.does(tick(first, "保修卡")).await;
    let sealed = world.does(split(first)).await;
    assert_eq!((sealed.pieces, sealed.order_left, sealed.order_packed), (2, 3, false));
    assert_eq!(weigh(world, first, 650).await.waybill.as_deref(), Some("SF1"));
    assert_eq!(world.text("SELECT state FROM customer_order").await, "picked");

    let started = world.does(start(TOTE)).await;
    assert_eq!((started.parcel.as_str(), started.resumed), ("P00000001-2", false));
    // Neither the invoice nor the mugs' card is asked for twice.
    let papers = view(world, started.parcel_id).await.papers;
    assert_eq!(papers.iter().map(|paper| paper.paper.as_str()).collect::<Vec<_>>(), ["packing_slip"]);
    let scan = PieceScan { item: "TEE-M".into(), quantity: Some(3), ..PieceScan::default() };
    world.does(VerifyPiece { parcel: started.parcel_id, scan }).await;
    world.does(tick(started.parcel_id, "packing_slip")).await;
    assert!(world.does(seal(started.parcel_id)).await.order_packed);
    assert_eq!(weigh(world, started.parcel_id, 650).await.waybill.as_deref(), Some("SF2"));
});

both!(two_packers_never_fill_one_order_behind_each_others_back, |world| {
    on_the_bench(world).await;
    let (li, han) = (person(world, "LI").await, person(world, "HAN").await);
    let db = shared(world.db.clone());
    let both = at_once([li, han].map(|who| {
        let (db, context) = (db.clone(), world.as_person(who));
        async move { (who, db.operate(context, start(TOTE)).await) }
    }))
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = both.into_iter().partition(|(_, result)| result.is_ok());
    assert_eq!((won.len(), lost.len()), (1, 1));
    let refusal = lost[0].1.as_ref().unwrap_err();
    let (winner, loser) = (won[0].0, lost[0].0);
    let name = if winner == li { "LI" } else { "HAN" };
    assert!(matches!(refusal, PackError::OtherPacker { person, .. } if person == name), "{refusal}");
    let parcel = won[0].1.as_ref().unwrap().parcel_id;
    let other = world.db.operate(world.as_person(loser), piece(parcel, "MUG-1")).await.unwrap_err();
    assert!(matches!(other, PackError::OtherPacker { .. }));
    let take_over = StartPacking { take_over: true, ..start(TOTE) };
    let taken = world.db.operate(world.as_person(loser), take_over).await.unwrap();
    assert_eq!((taken.parcel_id, taken.resumed), (parcel, true));
    let first = world.db.operate(world.as_person(winner), piece(parcel, "MUG-1")).await.unwrap_err();
    assert!(matches!(first, PackError::OtherPacker { .. }));
    assert!(world.db.operate(world.as_person(loser), start(TOTE)).await.unwrap().resumed);
    assert_eq!(world.number("SELECT COUNT(*) FROM parcel").await, 1);
});

both!(the_same_command_sent_twice_is_done_once, |world| {
    on_the_bench(world).await;
    let once = |key: &'static str| world.keyed(key);
    let first = world.db.operate(once("start"), start(TOTE)).await.unwrap();
    assert_eq!(world.db.operate(once("start"), start(TOTE)).await.unwrap(), first);
    let parcel = first.parcel_id;
    let db = shared(world.db.clone());
    let answers = at_once((0..8).map(|_| {
        let (db, context) = (db.clone(), once("piece"));
        async move { db.operate(context, piece(parcel, "MUG-2")).await.unwrap() }
    }))
    .await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    fill_tees(world, parcel).await;
    tick_all(world, parcel).await;
    let sealed = world.db.operate(once("seal"), seal(parcel)).await.unwrap();
    assert_eq!(world.db.operate(once("seal"), seal(parcel)).await.unwrap(), sealed);
    let weighed = world.db.operate(once("weigh"), weight(parcel, 1300)).await.unwrap();
    assert_eq!(world.db.operate(once("weigh"), weight(parcel, 1300)).await.unwrap(), weighed);
    assert_eq!(world.number("SELECT COUNT(*) FROM waybill WHERE state = 'bound'").await, 1);
    assert_eq!(world.number("SELECT CAST(SUM(quantity) AS BIGINT) FROM movement WHERE reason = 'pack'").await, 5);
});

async fn fill_tees(world: &World, parcel: PlaceId) {
    let scan = PieceScan { item: "TEE-M".into(), quantity: Some(3), ..PieceScan::default() };
    world.does(VerifyPiece { parcel, scan }).await;
}

both!(sixty_four_scans_of_five_pieces_pack_five, |world| {
    on_the_bench(world).await;
    let parcel = begun(world, TOTE).await;
    let db = shared(world.db.clone());
    let results = at_once((0..64).map(|n| {
        let (db, context) = (db.clone(), world.context());
        let item = if n % 2 == 0 { "TEE-M" } else { "MUG-1" };
        async move { db.operate(context, piece(parcel, item)).await }
    }))
    .await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 5);
    for refusal in results.iter().filter_map(|result| result.as_ref().err()) {
        assert!(matches!(refusal, PackError::TooMany { left: 0, .. }), "{refusal}");
    }
});

both!(a_parcel_that_is_closed_stays_closed, |world| {
    let parcel = closed(world).await;
    assert!(matches!(world.refused(piece(parcel, "MUG-1")).await, PackError::OrderStopped { .. }));
    assert!(matches!(world.refused(tick(parcel, "invoice")).await, PackError::OrderStopped { .. }));
    let view = view(world, parcel).await;
    assert_eq!((view.state, view.bounds.unwrap().least_grams), (ParcelState::Sealed, 1164));
});

both!(a_broken_piece_is_set_aside_and_the_rest_goes_without_it, |world| {
    released_of_lots(world, 1, &[("M1", 1), ("M2", 9)]).await;
    pick_all(world, TOTE).await;
    let parcel = begun(world, TOTE).await;
    let aside = |item: &str, lot: Option<&str>, quantity, reason: &str| SetAside {
        parcel,
        piece: AsidePiece {
            item: item.into(),
            quantity: Some(quantity),
            lot: lot.map(str::to_owned),
            location: "A-05".into(),
            why: ShortReason::Damaged,
            reason: reason.into(),
        },
    };
    assert!(matches!(world.refused(aside("MUG-1", Some("M1"), 1, "")).await, PackError::ReasonMissing {}));
    let which = world.refused(aside("MUG-1", None, 1, "cracked")).await;
    assert!(matches!(which, PackError::WhichLot { lots, .. } if lots == "M1, M2"));
    let many = world.refused(aside("MUG-1", Some("M1"), 2, "cracked")).await;
    assert!(matches!(many, PackError::TooMany { left: 1, .. }));
    let set = world.does(aside("MUG-1", Some("M1"), 1, "cracked")).await;
    assert_eq!((set.quantity, set.order_left, set.parcel_void), (1, 4, false));
    world.check().await;
    assert_eq!(world.text("SELECT CAST(on_hand AS TEXT) FROM stock_cell WHERE status = 'damaged'").await, "1");
    fill_rest(world, parcel).await;
    tick_all(world, parcel).await;
    assert!(world.does(seal(parcel)).await.order_packed);
    assert_eq!(world.number("SELECT CAST(SUM(quantity - allocated - cancelled) AS BIGINT) FROM order_line").await, 1);
});

both!(an_order_of_which_nothing_is_left_waits_for_stock_again, |world| {
    on_the_bench(world).await;
    let parcel = begun(world, TOTE).await;
    let aside = |item: &str, quantity| SetAside {
        parcel,
        piece: AsidePiece {
            item: item.into(),
            quantity: Some(quantity),
            lot: None,
            location: "A-05".into(),
            why: ShortReason::Missing,
            reason: "wet".into(),
        },
    };
    assert!(!world.does(aside("MUG-2", 1)).await.parcel_void);
    assert!(world.does(aside("TEE-M", 3)).await.parcel_void);
    assert_eq!(world.text("SELECT state FROM customer_order").await, "short");
    assert_eq!(world.text("SELECT state FROM parcel").await, "void");
    assert!(matches!(world.refused(start(TOTE)).await, PackError::EmptyTote { .. }));
    let retried = RetryShort { after: OrderId(0), limit: 10 };
    assert_eq!(world.does(retried).await.promised, 1);
});

both!(the_bench_works_over_the_api, |world| {
    use crate::support::http::Client;
    use serde_json::json;

    on_the_bench(world).await;
    let printer = world.does(printer("Z1")).await.printer_id;
    let packer = Client::of(world, Role::Packer).await;
    let waiting = packer.get("/packing/waiting").await.json();
    assert_eq!((&waiting[0]["tote"], &waiting[0]["pieces"]), (&json!(TOTE), &json!(5)));
    let screen = packer.send("POST", "/packing/start", "k1", json!({ "tote": TOTE })).await;
    assert_eq!(screen.status.as_u16(), 200, "{}", screen.text);
    let screen = screen.json();
    assert_eq!((&screen["buyer_remark"], &screen["lines"][0]["left"]), (&json!("少放辣"), &json!(2)));
    let parcel = screen["parcel_id"].as_i64().unwrap();
    let path = |rest: &str| format!("/packing/{parcel}{rest}");
    let wrong = packer.send("POST", &path("/pieces"), "k2", json!({ "item": "4711" })).await;
    assert_eq!((wrong.status.as_u16(), wrong.json()["code"].as_str()), (422, Some("packing.unknown_item")));
    assert_eq!(wrong.json()["detail"], "未知条码 4711，请扫描商品条码或输入商品编码。");
    let piece = packer.send("POST", &path("/pieces"), "k3", json!({ "item": "MUG-2", "tote": TOTE })).await.json();
    assert_eq!((&piece["verified"], &piece["order_left"]), (&json!(2), &json!(3)));
    let out = packer.send("POST", &path("/take-out"), "k4", json!({ "item": "MUG-1" })).await.json();
    assert_eq!((&out["verified"], &out["left"]), (&json!(1), &json!(1)));
    packer.send("POST", &path("/pieces"), "k5", json!({ "item": "MUG-1" })).await;
    packer.send("POST", &path("/pieces"), "k6", json!({ "item": "TEE-M", "quantity": 3 })).await;
    let open = packer.send("POST", &path("/close"), "k7", json!({})).await;
    assert_eq!(open.json()["facts"]["papers"], "invoice, packing_slip, 保修卡");
    for (n, paper) in ["invoice", "packing_slip", "保修卡"].iter().enumerate() {
        let tick = json!({ "paper": paper, "enclosed": true });
        assert_eq!(packer.send("POST", &path("/papers"), &format!("p{n}"), tick).await.status.as_u16(), 200);
    }
    let forced = packer.send("POST", &path("/close"), "k8", json!({ "forced_reason": "late" })).await;
    assert_eq!((forced.status.as_u16(), forced.json()["code"].as_str()), (403, Some("forbidden")));
    assert_eq!(packer.send("POST", &path("/close"), "k9", json!({})).await.json()["order_packed"], true);
    let aside = json!({ "item": "MUG-1", "location": "A-01", "why": "damaged", "reason": "cracked" });
    assert_eq!(packer.send("POST", &path("/set-aside"), "k10", aside).await.status.as_u16(), 409);

    let path = |rest: &str| format!("/parcels/{parcel}{rest}");
    let held = packer.send("POST", &path("/weigh"), "w1", json!({ "weight_grams": 700 })).await.json();
    assert_eq!((&held["state"], &held["bounds"]["least_grams"]), (&json!("weight_hold"), &json!(1164)));
    let way = packer.send("POST", &path("/weigh"), "w2", json!({ "weight_grams": 1300 })).await.json();
    assert_eq!((&way["waybill"], &way["sentence"], &way["hindrance"]), (&json!("SF1"), &json!(""), &json!(null)));
    let yto = json!({ "carrier": "YTO", "reason": "strike" });
    let moved = packer.send("POST", &path("/carrier"), "w3", yto).await.json();
    assert_eq!(moved["hindrance"]["code"], "packing.pool_empty");
    assert_eq!(moved["sentence"], "YTO 的运单号已用完。请保留包裹并导入新单号，或更换承运商。");
    let manager = Client::of(world, Role::Manager).await;
    let import = json!({ "carrier": "YTO", "range": { "prefix": "YT", "first": 1, "last": 5, "width": 10 } });
    assert_eq!(manager.send("POST", "/waybills/import", "i1", import.clone()).await.json()["imported"], 5);
    let known = manager.send("POST", "/waybills/import", "i2", import).await;
    assert_eq!((known.status.as_u16(), known.json()["code"].as_str()), (409, Some("waybill.known")));
    assert_eq!(packer.send("POST", &path("/label"), "w4", json!({})).await.json()["waybill"], "YT0000000001");
    work(world, &Script::default(), printer).await;
    assert_eq!(packer.get(&path("")).await.json()["state"], "label_printed");
    let pools = packer.get("/waybills/pools").await.json();
    assert_eq!((&pools[1]["carrier"], &pools[1]["free"], &pools[1]["low"]), (&json!("YTO"), &json!(4), &json!(true)));
    let listed = packer.get("/waybills?carrier=YTO&state=printed").await.json();
    assert_eq!((&listed[0]["number"], &listed[0]["parcel"]), (&json!("YT0000000001"), &json!("P00000001-1")));
    let void = json!({ "number": "YT0000000005", "reason": "torn" });
    assert_eq!(manager.send("POST", "/waybills/void", "i3", void.clone()).await.json()["state"], "void");
    assert_eq!(manager.send("POST", "/waybills/recycle", "i4", void).await.json()["state"], "recycled");
    let out = packer.send("POST", &path("/reopen"), "w5", json!({ "reason": "forgot a card" })).await;
    assert_eq!(out.json()["code"], "packing.label_out");
    let void = json!({ "reason": "forgot a card", "label_destroyed": true });
    let gone = packer.send("POST", &path("/void"), "w6", void).await.json();
    assert_eq!((&gone["state"], &gone["waybill"]["state"]), (&json!("void"), &json!("void")));
    let listed = packer.get("/parcels?state=void&order=O00000001").await.json();
    assert_eq!(listed[0]["parcel_id"], parcel);
    assert_eq!(packer.get("/parcels/1").await.status.as_u16(), 404);
});
