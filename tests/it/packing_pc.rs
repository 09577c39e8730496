//! Stations whose devices hang on a packing PC: what is printed there, what is scanned there, and networks that break.

use std::time::Duration;

use serde_json::Value;
use tallyman::kernel::actor::Role;
use tallyman::kernel::clock::Stopwatch;
use tallyman::kernel::ids::{PlaceId, PrintJobId, WarehouseId};
use tallyman::station::model::{JobState, PrinterTransport};
use tallyman::station::ops::SettleDoubt;
use tallyman::station::query::{self, JobView};
use tallyman::station::setup::{PutPrinter, PutStation};
use tallyman_drivers::fake::{FakePrinter, Mode};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::both;
use crate::printing::{printer, station};
use crate::support::World;
use crate::support::dock::{QueueLabel, packed};
use crate::support::http::Client;
use crate::support::packing_pc::{Network, Pc, Service, until};

struct Floor {
    client: Client,
    token: String,
    folder: tempfile::TempDir,
    service: Service,
    network: Network,
    parcels: Vec<PlaceId>,
    printer: FakePrinter,
}

impl Floor {
    fn pc(&self) -> Pc {
        Pc::start(self.network.address, self.folder.path(), &self.token, None)
    }
}

/// A service, and a station PACK-1 whose printer Z1 hangs on its packing PC.
async fn floor(world: &World, orders: i64, scanner: &str) -> Floor {
    let printer_there = FakePrinter::start(0, None).await.unwrap();
    let parcels = packed(world, orders, 1).await;
    world.does(PutStation { agent: true, scanner: scanner.into(), ..station("PACK-1") }).await;
    let put = PutPrinter { address: printer_there.address().to_string(), station: "pack-1".into(), ..printer("Z1") };
    world.does(put).await;
    drop(Client::named(world, Role::Station, "PC1").await);
    let service = Service::start(world).await;
    let network = Network::to(service.address).await;
    Floor {
        client: Client::named_at(&service.app, world, Role::Manager, "manager").await,
        token: "tm_PC1".into(),
        folder: tempfile::tempdir().unwrap(),
        service,
        network,
        parcels,
        printer: printer_there,
    }
}

async fn job(world: &World, job: PrintJobId) -> JobView {
    world.db.read(|tx| Box::pin(query::job(tx, WarehouseId(1), job))).await.unwrap()
}

async fn comes_to(world: &World, label: PrintJobId, state: JobState) {
    until(&format!("{label:?} is {state}"), async || job(world, label).await.state == state).await;
}

/// Queues a label as the API does.
async fn label(world: &World, floor: &Floor, parcel: usize) -> PrintJobId {
    {
        let label = world.does(QueueLabel(floor.parcels[parcel])).await;
        floor.service.app.wake.print.notify_one();
        label
    }
}

async fn sentence(floor: &Floor) -> String {
    let printers = floor.client.get("/printers").await.json();
    printers[0]["sentence"].as_str().unwrap().to_owned()
}

both!(a_packing_pc_prints_what_the_service_gives_it, |world| {
    let floor = floor(world, 3, "").await;
    let first = label(world, &floor, 0).await;
    // Nobody is there: the label waits, and the printer says why.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(job(world, first).await.state, JobState::Queued);
    assert!(sentence(&floor).await.contains("打包台电脑未连接"), "{}", sentence(&floor).await);

    let pc = floor.pc();
    comes_to(world, first, JobState::Printed).await;
    let view = job(world, first).await;
    assert_eq!((view.evidence.as_str(), view.attempts, floor.printer.printed()), ("idle_after", 1, 1));
    assert_eq!(sentence(&floor).await, "");
    assert!(pc.has_told("Here { station: \"PACK-1\"") && pc.has_told("idle_after"), "{:?}", pc.told());

    // Out of paper there is a sentence here, and the label comes once there is paper.
    floor.printer.set_mode(Mode::PaperOut).await.unwrap();
    let second = label(world, &floor, 1).await;
    until("the fault is known", async || sentence(&floor).await.contains("标签用完")).await;
    assert_eq!(job(world, second).await.state, JobState::Queued);
    floor.printer.set_mode(Mode::Ready).await.unwrap();
    comes_to(world, second, JobState::Printed).await;

    // What breaks in the middle is in doubt, as at a printer of the service.
    floor.printer.set_mode(Mode::Resets { after_bytes: 1_000 }).await.unwrap();
    let third = label(world, &floor, 2).await;
    comes_to(world, third, JobState::InDoubt).await;
    floor.printer.set_mode(Mode::Ready).await.unwrap();
    let no = SettleDoubt { job: third, came_out: false, evidence: "torn".into() };
    let anew = world.does(no).await.new_job_id.unwrap();
    comes_to(world, anew, JobState::Printed).await;
    assert_eq!(floor.printer.printed(), 3);
    pc.stop().await.unwrap();
    until("it is gone", async || floor.service.app.agents.here(station_id(world).await).is_none()).await;
});

async fn station_id(world: &World) -> tallyman::kernel::ids::StationId {
    tallyman::kernel::ids::StationId(world.number("SELECT id FROM station").await)
}

both!(a_folder_on_a_packing_pc_gets_its_files_there, |world| {
    let floor = floor(world, 1, "").await;
    let folder = tempfile::tempdir().unwrap();
    let put = PutPrinter {
        transport: PrinterTransport::Folder,
        address: folder.path().display().to_string(),
        station: "PACK-1".into(),
        ..printer("Z1")
    };
    world.does(put).await;
    let label = label(world, &floor, 0).await;
    let _pc = floor.pc();
    comes_to(world, label, JobState::Printed).await;
    let name = format!("label-{:08}-{}.zpl", label.0, job(world, label).await.parcel);
    assert!(std::fs::read(folder.path().join(&name)).unwrap().starts_with(b"^XA"), "{name}");
});

both!(a_job_in_hand_is_finished_while_the_network_is_down, |world| {
    let floor = floor(world, 2, "").await;
    let _pc = floor.pc();
    // Read so slowly that the network is gone long before the label is out.
    floor.printer.set_mode(Mode::Slow { bytes_per_second: 8_000 }).await.unwrap();
    let slow = label(world, &floor, 0).await;
    comes_to(world, slow, JobState::Sending).await;
    until("it came to the station", async || {
        std::fs::read_dir(floor.folder.path())
            .unwrap()
            .any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with("attempt-"))
    })
    .await;
    floor.network.cut();
    until("it is printed there", async || floor.printer.printed() == 1).await;
    assert_eq!(job(world, slow).await.state, JobState::Sending, "nobody here knows yet");
    floor.network.mend();
    comes_to(world, slow, JobState::Printed).await;
    assert_eq!((floor.printer.printed(), job(world, slow).await.attempts), (1, 1));
    until("the station has forgotten it", async || {
        std::fs::read_dir(floor.folder.path())
            .unwrap()
            .all(|entry| !entry.unwrap().file_name().to_string_lossy().starts_with("attempt-"))
    })
    .await;
});

both!(a_packing_pc_that_is_killed_while_it_prints_leaves_a_doubt, |world| {
    let floor = floor(world, 1, "").await;
    let pc = floor.pc();
    floor.printer.set_mode(Mode::Slow { bytes_per_second: 2_000 }).await.unwrap();
    let slow = label(world, &floor, 0).await;
    until("bytes leave", async || {
        std::fs::read_dir(floor.folder.path()).unwrap().any(|entry| {
            let path = entry.unwrap().path();
            path.file_name().unwrap().to_string_lossy().starts_with("attempt-")
                && std::fs::read_to_string(path).is_ok_and(|text| text.contains("sending"))
        })
    })
    .await;
    drop(pc);
    let _pc = floor.pc();
    comes_to(world, slow, JobState::InDoubt).await;
    assert!(job(world, slow).await.error.contains("ended while it was sending"), "{}", job(world, slow).await.error);
    // Never again by itself.
    floor.printer.set_mode(Mode::Ready).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let view = job(world, slow).await;
    assert_eq!((view.state, view.attempts), (JobState::InDoubt, 1));
    // What the network still held may have come out: that is why nobody may say that it did not.
    assert!(floor.printer.printed() <= 1);
});

both!(what_a_station_knows_for_sure_settles_a_doubt_of_the_service, |world| {
    let floor = floor(world, 2, "").await;
    let pc = floor.pc();
    // Printed there while the network is down, and the service loses patience or is killed meanwhile.
    floor.printer.set_mode(Mode::Slow { bytes_per_second: 8_000 }).await.unwrap();
    let printed = label(world, &floor, 0).await;
    until("it came", async || !pc_attempts(&floor).is_empty()).await;
    floor.network.cut();
    world.sql("UPDATE print_job SET state = 'in_doubt' WHERE state = 'sending'").await;
    world.sql("UPDATE parcel SET state = 'in_doubt' WHERE place_id = (SELECT parcel_id FROM print_job)").await;
    until("it is printed there", async || floor.printer.printed() == 1).await;
    floor.network.mend();
    comes_to(world, printed, JobState::Printed).await;

    // Not begun there: what was in doubt waits again, and comes once.
    floor.printer.set_mode(Mode::PaperOut).await.unwrap();
    let waits = label(world, &floor, 1).await;
    until("no paper", async || sentence(&floor).await.contains("标签用完")).await;
    let attempts = job(world, waits).await.attempts;
    floor.network.cut();
    drop(pc);
    world.sql("UPDATE print_job SET state = 'in_doubt' WHERE state <> 'printed'").await;
    world.sql("UPDATE parcel SET state = 'in_doubt' WHERE state = 'waybill_bound'").await;
    let told = r#"{"state":"ended","outcome":{"ended":"held","fault":"paper_out","error":""}}"#;
    std::fs::write(floor.folder.path().join(format!("attempt-{}-{attempts}.json", waits.0)), told).unwrap();
    floor.printer.set_mode(Mode::Ready).await.unwrap();
    floor.network.mend();
    let _pc = floor.pc();
    comes_to(world, waits, JobState::Printed).await;
    assert_eq!(floor.printer.printed(), 2);
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'label.not_begun'").await, 1);
});

fn pc_attempts(floor: &Floor) -> Vec<String> {
    let names = std::fs::read_dir(floor.folder.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("attempt-")).collect()
}

async fn line() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp:{}", listener.local_addr().unwrap());
    (listener, address)
}

async fn taken(listener: &TcpListener) -> TcpStream {
    let taken = tokio::time::timeout(Duration::from_secs(10), listener.accept()).await;
    taken.expect("it comes").unwrap().0
}

/// The scans that a screen of the station gets, in their order.
async fn scans(floor: &Floor, wanted: usize) -> Vec<Value> {
    let mut found = Vec::new();
    for _ in 0..500 {
        let events = floor.client.get("/stations/PACK-1/events?after=0").await.json();
        found = events["events"].as_array().unwrap().clone();
        found.retain(|event| event["event"] == "scan");
        if found.len() >= wanted {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    found
}

both!(scans_of_a_packing_pc_come_once_and_in_order_whatever_the_network_does, |world| {
    let (scanner, address) = line().await;
    let mut floor = floor(world, 1, &address).await;
    let pc = floor.pc();
    let mut reads = taken(&scanner).await;
    reads.write_all(b"A-0\r").await.unwrap();
    assert_eq!(scans(&floor, 1).await[0]["text"], "A-0");
    // The network breaks again and again, and the program is killed once.
    for n in 1..40 {
        match n % 8 {
            3 => floor.network.cut(),
            6 => floor.network.mend(),
            _ => {}
        }
        reads.write_all(format!("A-{n}\r").as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    floor.network.cut();
    reads.write_all(b"A-40\r").await.unwrap();
    until("it is heard there", async || pc.has_told("\"A-40\"")).await;
    drop(pc);
    // Not only the packing PC ended: the service too, and it knows nothing of what it heard.
    let before = scans(&floor, 1).await;
    floor.service = Service::start(world).await;
    floor.network.leads_to(floor.service.address);
    floor.client = Client::named_at(&floor.service.app, world, Role::Administrator, "BOSS").await;
    floor.network.mend();
    let _pc = floor.pc();
    until("the last one is there", async || scans(&floor, 1).await.last().is_some_and(|scan| scan["text"] == "A-40"))
        .await;
    let after = scans(&floor, 1).await;
    // Some may be told by both: their keys say so.
    let mut keys = std::collections::BTreeMap::new();
    let mut order = Vec::new();
    for scan in before.iter().chain(&after) {
        let key = scan["key"].as_str().unwrap().to_owned();
        if keys.insert(key, ()).is_none() {
            order.push(scan["text"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(order, (0..=40).map(|n| format!("A-{n}")).collect::<Vec<_>>());
});

both!(twenty_scanners_at_one_station_lose_and_merge_nothing_on_their_way_to_the_service, |world| {
    const SCANNERS: usize = 20;
    const SCANS: usize = 40;
    let mut lines = Vec::new();
    for _ in 0..SCANNERS {
        lines.push(line().await);
    }
    let addresses: Vec<String> = lines.iter().map(|(_, address)| address.clone()).collect();
    let floor = floor(world, 1, &addresses.join("; ")).await;
    let _pc = floor.pc();
    let mut streams = Vec::new();
    for (listener, _) in &lines {
        streams.push(taken(listener).await);
    }
    let app = floor.service.app.clone();
    let (station, watch) = (station_id(world).await, Stopwatch::start());
    let heard = tokio::spawn(async move {
        let (mut after, mut heard) = (0, Vec::new());
        while heard.len() < SCANNERS * SCANS {
            for event in app.devices.after(station, after, Duration::from_secs(10)).await {
                after = event.sequence;
                if let Some(text) = event.text {
                    heard.push((text, event.device, watch.elapsed()));
                }
            }
        }
        heard
    });
    // Twenty scans a second from each, not all at the same moment.
    let writers = streams.into_iter().enumerate().map(|(scanner, mut stream)| {
        tokio::spawn(async move {
            stream.set_nodelay(true).unwrap();
            tokio::time::sleep(Duration::from_micros(2_500 * u64::try_from(scanner).unwrap())).await;
            let mut sent = Vec::new();
            let mut ticks = tokio::time::interval(Duration::from_millis(50));
            for scan in 0..SCANS {
                ticks.tick().await;
                sent.push(watch.elapsed());
                stream.write_all(format!("{scanner}-{scan}\r\n").as_bytes()).await.unwrap();
            }
            sent
        })
    });
    let writers: Vec<_> = writers.collect();
    let mut sent = Vec::new();
    for writer in writers {
        sent.push(writer.await.unwrap());
    }
    let heard = tokio::time::timeout(Duration::from_secs(30), heard).await.expect("all of them come").unwrap();
    let mut next = [0; SCANNERS];
    let mut took = Vec::new();
    for (text, device, at) in heard {
        let (scanner, scan) = text.split_once('-').unwrap();
        let (scanner, scan): (usize, usize) = (scanner.parse().unwrap(), scan.parse().unwrap());
        assert_eq!(
            (next[scanner], &addresses[scanner]),
            (scan, &device),
            "each once, in its order, and its scanner named"
        );
        next[scanner] += 1;
        took.push(at - sent[scanner][scan]);
    }
    assert_eq!(next, [SCANS; SCANNERS]);
    took.sort();
    // No bound: the machine may be busy with other stories.
    println!(
        "to the service: half within {:?}, 99 of 100 within {:?}",
        took[took.len() / 2],
        took[took.len() * 99 / 100]
    );
});

both!(weights_of_a_packing_pc_are_only_told_while_they_hold, |world| {
    let (scale, address) = line().await;
    let floor = floor(world, 1, "").await;
    let scales = PutStation { agent: true, scale: address, scale_protocol: "st_gs".into(), ..station("PACK-1") };
    world.does(scales).await;
    let pc = floor.pc();
    let mut weighs = taken(&scale).await;
    let lay_on = |kilograms: &str| {
        "ST,GS,+00000.0kg\r\n".repeat(4)
            + &format!("US,GS,+0000{kilograms}kg\r\n")
            + &format!("ST,GS,+0000{kilograms}kg\r\n").repeat(5)
    };
    weighs.write_all(lay_on("1.2").as_bytes()).await.unwrap();
    let status = async || floor.client.get("/stations/PACK-1/devices").await.json();
    until("the weight is shown", async || status().await["devices"][0]["shows_grams"] == 1_200).await;
    floor.network.cut();
    for kilograms in ["2.0", "3.0"] {
        weighs.write_all(lay_on(kilograms).as_bytes()).await.unwrap();
        until("it is weighed there", async || pc.has_told(&format!("grams: Some({}", &kilograms[..1]))).await;
    }
    floor.network.mend();
    let weights = async || {
        let events = floor.client.get("/stations/PACK-1/events?after=0").await.json();
        let events = events["events"].as_array().unwrap().clone();
        events.iter().filter_map(|event| event["grams"].as_i64()).collect::<Vec<_>>()
    };
    until("the last weight is told", async || weights().await.last() == Some(&3_000)).await;
    assert_eq!(weights().await, [1_200, 3_000], "the parcel of the other weight is long gone");
    let seen = status().await;
    assert_eq!(seen["packing_pc"]["here"], true);
    assert_eq!(seen["devices"][0]["last"]["grams"], 3_000);
    drop(pc);
    floor.network.cut();
    until("the station is away", async || status().await["devices"][0]["fault"] == "station_away").await;
    assert!(status().await["packing_pc"]["sentence"].as_str().unwrap().contains("打包台电脑未连接"));
});

both!(a_packing_pc_is_told_why_it_is_refused, |world| {
    let floor = floor(world, 1, "").await;
    let start =
        |token: &str, station| Pc::start(floor.service.address, &floor.folder.path().join(token), token, station);
    let refused = async |token: &str, station| start(token, station).result().await.unwrap_err().to_string();
    assert!(refused("tm_nobody", Some("PACK-1")).await.contains("token"), "an unknown token");
    assert!(refused("tm_manager", Some("PACK-1")).await.contains("station_host"), "no right to be one");
    assert!(refused("tm_PC1", Some("PACK-9")).await.contains("PACK-9"), "no such station");
    world.does(PutStation { agent: true, ..station("PACK-2") }).await;
    assert!(refused("tm_PC1", None).await.contains("--station"), "several stations");
    world.does(station("PACK-2")).await;

    // What can be put right on the other side is said, and tried again.
    let host = start("tm_PC1", Some("PACK-2"));
    until("it is no packing PC's", async || host.has_told("set agent to true")).await;
    drop(host);
    let first = floor.pc();
    until("it is here", async || first.has_told("Here")).await;
    let second = Pc::start(floor.service.address, &floor.folder.path().join("other"), "tm_PC1", Some("PACK-1"));
    until("the second is told", async || second.has_told("Another packing PC")).await;
    assert_eq!(second.told().iter().filter(|word| word.contains("Another packing PC")).count(), 1);

    // Versions that don't match say so, to both sides.
    let spool = "01920000-0000-7000-8000-000000000000";
    let path = format!("/api/v1/stations/PACK-1/agent?protocol=99&version=9.9.9&spool={spool}");
    let pc = floor.client.with_secret("tm_PC1");
    let answer = pc.raw("GET", &path, &[("accept-language", "en")], Vec::new()).await;
    assert_eq!(answer.refusal(), (426, "station.versions".into()));
    assert!(answer.text.contains("9.9.9 (99)") && answer.text.contains("Install the service's version"));
    // Without a WebSocket it is no connection.
    let path = path.replace("99&", "1&");
    assert_eq!(pc.raw("GET", &path, &[], Vec::new()).await.refusal().0, 409);
});

both!(a_station_that_is_no_packing_pcs_any_more_is_let_go, |world| {
    let (scanner, address) = line().await;
    let floor = floor(world, 1, &address).await;
    let pc = floor.pc();
    let mut reads = taken(&scanner).await;
    world.does(PutStation { scanner: address, ..station("PACK-1") }).await;
    until("it is told so", async || pc.has_told("set agent to true")).await;
    drop(pc);
    let read = tokio::io::AsyncReadExt::read(&mut reads, &mut [0; 1]).await;
    assert!(matches!(read, Ok(0) | Err(_)));
    // The service owns it now.
    let mut reads = taken(&scanner).await;
    reads.write_all(b"MINE\r").await.unwrap();
    assert_eq!(scans(&floor, 1).await[0]["text"], "MINE");
});
