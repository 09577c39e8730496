//! Scanners and scales of stations, owned by the service, over devices that do not exist.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tallyman::kernel::actor::Role;
use tallyman::station::devices;
use tallyman::station::setup::PutStation;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::both;
use crate::printing::station;
use crate::support::World;
use crate::support::http::Client;

/// The worker that owns devices; it ends with this.
struct Owning(watch::Sender<bool>, JoinHandle<()>);

impl Owning {
    fn start(world: &World) -> Self {
        let (stop, told) = watch::channel(false);
        Owning(stop, tokio::spawn(devices::run(world.app.clone(), told)))
    }

    async fn stop(self) {
        self.0.send_replace(true);
        tokio::time::timeout(Duration::from_secs(5), self.1).await.expect("it ends").unwrap();
    }
}

async fn line() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp:{}", listener.local_addr().unwrap());
    (listener, address)
}

async fn taken(listener: &TcpListener) -> TcpStream {
    let (stream, _) =
        tokio::time::timeout(Duration::from_secs(10), listener.accept()).await.expect("it comes").unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Asks for events until there are so many, as a screen does.
async fn events(client: &Client, station: &str, after: &mut i64, wanted: usize) -> Vec<Value> {
    let mut all = Vec::new();
    for _ in 0..20 {
        let answer = client.get(&format!("/stations/{station}/events?after={after}&wait=2")).await.json();
        *after = answer["after"].as_i64().unwrap();
        all.extend(answer["events"].as_array().unwrap().iter().cloned());
        if all.len() >= wanted {
            return all;
        }
    }
    panic!("{wanted} events were wanted: {all:?}");
}

both!(a_station_hears_its_scanner_and_its_scale, |world| {
    let (scanner, scanner_address) = line().await;
    let (scale, scale_address) = line().await;
    let put = PutStation {
        scanner: scanner_address.clone(),
        scale: scale_address,
        scale_protocol: "st_gs".into(),
        ..station("PACK-1")
    };
    world.does(put).await;
    let owning = Owning::start(world);
    let packer = Client::of(world, Role::Packer).await;
    let (mut reads, mut weighs) = (taken(&scanner).await, taken(&scale).await);
    let mut after = 0;
    let here = events(&packer, "pack-1", &mut after, 2).await;
    assert!(here.iter().all(|event| event["event"] == "here"), "{here:?}");

    reads.write_all("]C10106901234567892\u{1d}10L7\r%UNDO\r".as_bytes()).await.unwrap();
    let scans = events(&packer, "PACK-1", &mut after, 2).await;
    assert_eq!((scans[0]["event"].as_str(), scans[0]["symbology"].as_str()), (Some("scan"), Some("gs1_128")));
    assert_eq!(scans[0]["elements"], serde_json::json!({ "01": "06901234567892", "10": "L7" }));
    assert_eq!(scans[1]["command"], "UNDO");

    let frames = "ST,GS,+00000.0kg\r\n".repeat(3) + "US,GS,+00000.7kg\r\n" + &"ST,GS,+00001.2kg\r\n".repeat(5);
    weighs.write_all(frames.as_bytes()).await.unwrap();
    let weights = events(&packer, "PACK-1", &mut after, 2).await;
    assert_eq!((weights[0]["event"].as_str(), weights[1]["grams"].as_i64()), (Some("empty"), Some(1_200)));

    // Whoever asks again from where they were gets the same again.
    let again = packer.get("/stations/PACK-1/events?after=0").await.json();
    assert_eq!(again["events"].as_array().unwrap().len(), 6);
    assert!(packer.get("/stations/PACK-1/events").await.json()["events"].as_array().unwrap().is_empty());
    assert_eq!(packer.get("/stations/PACK-9/events").await.status.as_u16(), 404);

    // Pulled out: said, and back by itself.
    drop(reads);
    let gone = events(&packer, "PACK-1", &mut after, 1).await;
    assert_eq!((gone[0]["event"].as_str(), gone[0]["role"].as_str()), (Some("gone"), Some("scanner")));
    let mut back = taken(&scanner).await;
    back.write_all(b"BACK\n").await.unwrap();
    let scans = events(&packer, "PACK-1", &mut after, 2).await;
    assert_eq!(scans[1]["text"], "BACK");
    let states = packer.get("/stations/PACK-1/devices").await.json();
    assert_eq!(
        (states["devices"][0]["role"].as_str(), states["devices"][0]["fault"].as_str()),
        (Some("scanner"), Some(""))
    );

    // A scanner that is taken off the station is let go of.
    world.does(station("PACK-1")).await;
    let mut ended = [0; 1];
    let read =
        tokio::time::timeout(Duration::from_secs(10), tokio::io::AsyncReadExt::read(&mut back, &mut ended)).await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "{read:?}");
    owning.stop().await;
});

both!(twenty_scanners_at_once_lose_and_merge_nothing, |world| {
    const SCANNERS: usize = 20;
    const SCANS: usize = 40;
    let mut lines = Vec::new();
    for number in 0..SCANNERS {
        let (listener, address) = line().await;
        world.does(PutStation { scanner: address, ..station(&format!("S-{number}")) }).await;
        lines.push(listener);
    }
    let owning = Owning::start(world);
    let mut typing = Vec::new();
    for (number, listener) in lines.into_iter().enumerate() {
        let mut stream = taken(&listener).await;
        typing.push(tokio::spawn(async move {
            for scan in 0..SCANS {
                // In two pieces, as a slow line brings them.
                stream.write_all(format!("S{number:02}-").as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(10)).await;
                stream.write_all(format!("{scan:03}\r\n").as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
            (listener, stream)
        }));
    }
    let mut kept = Vec::new();
    for task in typing {
        kept.push(task.await.unwrap());
    }
    let client = Client::of(world, Role::Packer).await;
    let mut sequences = BTreeMap::new();
    for number in 0..SCANNERS {
        let mut after = 0;
        let all = events(&client, &format!("S-{number}"), &mut after, SCANS + 1).await;
        let texts: Vec<&str> = all.iter().filter_map(|event| event["text"].as_str()).collect();
        let wanted: Vec<String> = (0..SCANS).map(|scan| format!("S{number:02}-{scan:03}")).collect();
        assert_eq!(texts, wanted, "every scan of station {number}, in order");
        for event in all {
            sequences.insert(event["sequence"].as_i64().unwrap(), ());
        }
    }
    assert_eq!(sequences.len(), SCANNERS * (SCANS + 1), "every event has a number of its own");
    drop(kept);
    owning.stop().await;
});

both!(devices_are_shown_to_those_who_set_them_up, |world| {
    let manager = Client::of(world, Role::Manager).await;
    assert!(manager.get("/devices").await.json().is_array());
    assert_eq!(Client::of(world, Role::Picker).await.get("/devices").await.status.as_u16(), 403);
    let nowhere = PutStation { scanner: "serial:/dev/serial/by-id/nothing".into(), ..station("PACK-1") };
    world.does(nowhere).await;
    let owning = Owning::start(world);
    let mut after = 0;
    let gone = events(&manager, "PACK-1", &mut after, 1).await;
    assert_eq!(gone[0]["fault"], "not_found");
    let states = manager.get("/stations/PACK-1/devices").await.json();
    assert!(states["devices"][0]["sentence"].as_str().unwrap().contains("未找到设备"), "{states}");
    owning.stop().await;
});
