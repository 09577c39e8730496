//! The stream that stations and boards listen to.

use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::WarehouseId;
use tallyman::station::devices::event::{DeviceRole, Happened, StationEvent};
use uuid::Uuid;

use crate::both;
use crate::support::World;
use crate::support::dock::station;
use crate::support::floor::released;
use crate::support::http::Client;

/// A station's scanner reads a code, so many milliseconds ago.
async fn read(world: &World, code: &str, text: &str, ago_ms: i64) {
    let now = world.app.clock.now();
    let at = tallyman::kernel::Timestamp(now.0 - ago_ms);
    let mut event = StationEvent::new(Uuid::new_v4(), at, (DeviceRole::Scanner, "scanner"), Happened::Scan);
    event.text = Some(text.to_owned());
    let id = tallyman::station::devices::station(&world.app, WarehouseId(1), code).await.unwrap().unwrap();
    world.app.devices.push(id, event);
}

/// The last event id of what was heard.
fn last_id(heard: &str) -> String {
    heard.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().expect("an id").to_owned()
}

both!(what_was_scanned_in_a_gap_is_told_once, |world| {
    world.does(station("PACK-1")).await;
    world.does(station("PACK-2")).await;
    let packer = Client::of(world, Role::Packer).await;
    read(world, "PACK-1", "BEFORE", 0).await;
    let hello = packer.hears("/live?station=PACK-1", &[], "\n\n").await;
    assert!(hello.starts_with("event: hello") && !hello.contains("BEFORE"), "{hello}");
    // Nobody listens for a moment.
    read(world, "PACK-1", "FIRST", 2_000).await;
    read(world, "PACK-2", "ELSEWHERE", 2_000).await;
    read(world, "PACK-1", "LONG AGO", 31_000).await;
    read(world, "PACK-1", "SECOND", 1_000).await;
    let again = [("last-event-id", &*last_id(&hello))];
    let heard = packer.hears("/live?station=PACK-1", &again, "SECOND").await;
    let (first, second) = (heard.find("FIRST"), heard.find("SECOND"));
    assert!(first.is_some() && first < second && heard.find("event: hello") < first, "{heard}");
    assert!(!heard.contains("BEFORE") && !heard.contains("ELSEWHERE") && !heard.contains("LONG AGO"), "{heard}");
    // Broken off between the two, the second one comes again, and only that.
    let half = packer.hears("/live?station=PACK-1", &again, "FIRST").await;
    let broken = half.split("\n\n").take(2).collect::<Vec<_>>().join("\n\n");
    let rest = packer.hears("/live?station=PACK-1", &[("last-event-id", &last_id(&broken))], "SECOND").await;
    assert!(rest.contains("SECOND") && !rest.contains("FIRST"), "{rest}");
    for garbage in ["", "x", "-1", "99999999999999999999"] {
        let heard = packer.hears("/live?station=PACK-1", &[("last-event-id", garbage)], "\n\n").await;
        assert!(heard.starts_with("event: hello"), "{garbage:?}: {heard}");
    }
});

both!(a_board_is_told_that_something_changed, |world| {
    let lead = Client::of(world, Role::ShiftLead).await;
    let later = async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        released(world, 1, 1).await
    };
    let (heard, _) = tokio::join!(lead.hears("/live", &[], "event: changed"), later);
    assert!(heard.contains("event: changed"), "{heard}");
});
