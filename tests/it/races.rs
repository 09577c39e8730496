//! Sixty-four people after twenty-five pieces in five lots: at every step exactly twenty-five get through, none twice,
//! and the others are told why.

use tallyman::kernel::actor::Actor;
use tallyman::kernel::ids::{ManifestId, PersonId};
use tallyman::location::ops::AddTotes;
use tallyman::order::model::OrderState;
use tallyman::order::ops::PlaceOrder;
use tallyman::packing::PackError;
use tallyman::packing::start::StartPacking;
use tallyman::picking::PickError;
use tallyman::picking::task::{ClaimTask, TakeTote};
use tallyman::shipping::ShippingError;
use tallyman::shipping::handover::HandOver;
use tallyman::shipping::manifest::OpenManifest;
use tallyman::shipping::scan::ScanOut;
use tallyman::station::queue::Worked;
use tallyman::wave::ops::{Choice, CreateWave, ReleaseWave};

use crate::both;
use crate::orders::{five_lots, order};
use crate::printing::{Script, printer, work};
use crate::support::bench::piece;
use crate::support::dock::{carriers, numbers, seal, tick, weight};
use crate::support::floor::confirm;
use crate::support::{World, at_once, shared};

const PEOPLE: i64 = 64;

/// Sixty-four people, with ids that follow each other; gives the first.
async fn people(world: &World) -> i64 {
    for n in 0..PEOPLE {
        crate::support::bench::person(world, &format!("W{n:02}")).await;
    }
    world.number("SELECT MIN(id) FROM person WHERE number LIKE 'W%'").await
}

fn context(world: &World, first: i64, n: i64) -> tallyman::db::Context {
    let actor = Actor { person: PersonId(first + n), ..Actor::system() };
    tallyman::db::Context { actor, ..world.context() }
}

async fn ordered(world: &World) {
    let channel = five_lots(world).await;
    let db = shared(world.db.clone());
    let states =
        at_once(
            (0..PEOPLE).map(|n| {
                let (db, context) = (db.clone(), world.context());
                async move {
                    db.operate(context, PlaceOrder { channel, order: order(&n.to_string(), 1) }).await.unwrap().state
                }
            }),
        )
        .await;
    assert_eq!(states.iter().filter(|state| **state == OrderState::Promised).count(), 25);
    assert_eq!(states.iter().filter(|state| **state == OrderState::Short).count(), 39);
}

async fn waved(world: &World, waves: i64, each: i64) -> i64 {
    let mut made = Vec::new();
    for _ in 0..waves {
        let choice = Choice { limit: Some(each), ..Choice::default() };
        made.push(world.does(CreateWave { choice, note: String::new() }).await.wave_id);
    }
    let db = shared(world.db.clone());
    let released = at_once(made.into_iter().map(|wave| {
        let (db, context) = (db.clone(), world.context());
        async move { db.operate(context, ReleaseWave { wave }).await.unwrap().orders }
    }))
    .await;
    released.iter().sum()
}

/// Everybody claims tasks, takes a tote and picks until nothing is left. Gives the pieces.
async fn picked(world: &World, first: i64) -> i64 {
    world.does(AddTotes { prefix: "T".into(), first: 1, last: 200 }).await;
    let world_db = shared(world.db.clone());
    let done = at_once((0..PEOPLE).map(|n| {
        let db = world_db.clone();
        let contexts: Vec<_> = (0..12).map(|_| context(world, first, n)).collect();
        async move {
            let mut pieces = 0;
            let mut contexts = contexts.into_iter();
            let mut next = move || contexts.next().unwrap();
            for round in 0..3 {
                let task = match db.operate(next(), ClaimTask { wave: None }).await {
                    Ok(task) => task,
                    Err(PickError::NothingToDo {}) => break,
                    Err(other) => panic!("{other}"),
                };
                let tote = format!("T{:06}", n * 3 + round + 1);
                db.operate(next(), TakeTote { task: task.task_id, tote: tote.clone() }).await.unwrap();
                for line in &task.lines {
                    pieces += db.operate(next(), confirm(task.task_id, line, &tote, 1)).await.unwrap().picked;
                }
            }
            pieces
        }
    }))
    .await;
    done.iter().sum()
}

/// Everybody packs whatever tote they find, several at the same one. Gives the parcels that are closed and weighed.
async fn packed(world: &World, first: i64) -> i64 {
    carriers(world).await;
    numbers(world, 25).await;
    let mut totes = Vec::new();
    for n in 1..=200 {
        let sql = format!(
            "SELECT COUNT(*) FROM stock_cell c JOIN place p ON p.id = c.place_id AND p.code = 'T{n:06}' WHERE c.on_hand > 0"
        );
        if world.number(sql.leak()).await > 0 {
            totes.push(format!("T{n:06}"));
        }
    }
    assert_eq!(totes.len(), 25);
    let db = shared(world.db.clone());
    let done = at_once((0..PEOPLE).map(|n| {
        let (db, index) = (db.clone(), usize::try_from(n).unwrap() % 25);
        let start = StartPacking { tote: totes[index].clone(), station: None, take_over: false };
        let contexts: Vec<_> = (0..5).map(|_| context(world, first, n)).collect();
        async move {
            let mut contexts = contexts.into_iter();
            let mut next = move || contexts.next().unwrap();
            let parcel = match db.operate(next(), start).await {
                Ok(started) => started.parcel_id,
                Err(PackError::OtherPacker { .. } | PackError::EmptyTote { .. } | PackError::OrderStopped { .. }) => {
                    return 0;
                }
                Err(other) => panic!("{other}"),
            };
            db.operate(next(), piece(parcel, "TEE-M")).await.unwrap();
            db.operate(next(), tick(parcel, "packing_slip")).await.unwrap();
            db.operate(next(), seal(parcel)).await.unwrap();
            let way = db.operate(next(), weight(parcel, 250)).await.unwrap();
            i64::from(way.waybill.is_some() && way.print_job_id.is_some())
        }
    }))
    .await;
    done.iter().sum()
}

/// Everybody scans every parcel onto one of four manifests and hands over what is on it. Gives the parcels that left.
async fn shipped(world: &World, first: i64) -> i64 {
    let mut manifests: Vec<ManifestId> = Vec::new();
    for _ in 0..4 {
        manifests.push(world.does(OpenManifest { carrier: "SF".into() }).await.manifest_id);
    }
    let db = shared(world.db.clone());
    let handed = at_once((0..PEOPLE).map(|n| {
        let (db, manifest) = (db.clone(), manifests[usize::try_from(n).unwrap() % 4]);
        let contexts: Vec<_> = (0..3).map(|_| context(world, first, n)).collect();
        async move {
            let mut contexts = contexts.into_iter();
            let mut next = move || contexts.next().unwrap();
            for number in [n % 25, (n + 7) % 25] {
                match db.operate(next(), ScanOut { manifest, scan: format!("SF{}", number + 1) }).await {
                    Ok(_)
                    | Err(
                        ShippingError::AlreadyScanned { .. }
                        | ShippingError::OnOtherManifest { .. }
                        | ShippingError::HandedOver { .. }
                        | ShippingError::ManifestClosed { .. },
                    ) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            match db.operate(next(), HandOver { manifest, taken_by: "王师傅".into(), signature: None }).await {
                Ok(handed) => handed.parcels,
                Err(ShippingError::Empty { .. } | ShippingError::ManifestClosed { .. }) => 0,
                Err(other) => panic!("{other}"),
            }
        }
    }))
    .await;
    let mut left: i64 = handed.iter().sum();
    // What came too late for its manifest goes with a last one.
    manifests.push(world.does(OpenManifest { carrier: "SF".into() }).await.manifest_id);
    for number in 1..=25 {
        let scan = ScanOut { manifest: manifests[4], scan: format!("SF{number}") };
        let scanned = world.db.operate(world.context(), scan).await;
        let gone = |refusal: &ShippingError| {
            matches!(refusal, ShippingError::HandedOver { .. } | ShippingError::OnOtherManifest { .. })
        };
        assert!(scanned.as_ref().err().is_none_or(gone), "{scanned:?}");
    }
    for manifest in manifests {
        let rest =
            world.db.operate(world.context(), HandOver { manifest, taken_by: "王师傅".into(), signature: None }).await;
        left += rest.map_or(0, |handed| handed.parcels);
    }
    left
}

both!(exactly_twenty_five_pieces_go_from_promise_to_the_van, |world| {
    let first = people(world).await;
    ordered(world).await;
    world.check().await;
    assert_eq!(waved(world, 7, 4).await, 25);
    world.check().await;
    let places = world.number("SELECT COUNT(DISTINCT place_id) FROM allocation").await;
    assert_eq!((places, world.number("SELECT CAST(SUM(quantity) AS BIGINT) FROM allocation").await), (5, 25));
    assert_eq!(picked(world, first).await, 25);
    world.check().await;
    let printer = world.does(printer("Z1")).await.printer_id;
    assert_eq!(packed(world, first).await, 25);
    world.check().await;
    while work(world, &Script::default(), printer).await != Worked::Idle {}
    assert_eq!(shipped(world, first).await, 25);
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order WHERE state = 'shipped'").await, 25);
    assert_eq!(world.number("SELECT CAST(SUM(quantity) AS BIGINT) FROM movement WHERE reason = 'ship'").await, 25);
    assert_eq!(world.number("SELECT COUNT(*) FROM (SELECT allocation_id FROM movement WHERE reason = 'ship' GROUP BY allocation_id) a").await, 25);
});

both!(waves_released_at_once_take_the_oldest_lots_first, |world| {
    let channel = five_lots(world).await;
    for n in 0..12 {
        world.does(PlaceOrder { channel, order: order(&n.to_string(), 1) }).await;
    }
    assert_eq!(waved(world, 6, 2).await, 12);
    for (place, reserved) in [("A-05", 5), ("A-04", 5), ("A-03", 2), ("A-02", 0), ("A-01", 0)] {
        let sql =
            format!("SELECT c.reserved FROM stock_cell c JOIN place p ON p.id = c.place_id WHERE p.code = '{place}'");
        assert_eq!(world.number(sql.leak()).await, reserved, "{place}");
    }
});
