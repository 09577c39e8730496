//! Scanners and scales that do not exist, owned as real ones are: over the network, over a pseudo-terminal, and within the
//! process. Whatever they do wrong, no code is lost or merged that was sent whole, and no swinging weight counts.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;
use tallyman_drivers::fake::{FakeScale, FakeScanner, Place, ScaleMode, ScannerMode, Talks};
use tallyman_drivers::owner::{self, Told, Weighing};
use tallyman_drivers::scale::{Protocol, Reading, Settled};
use tallyman_drivers::scanner::serial::{Framing, SerialCodec};
use tallyman_drivers::scanner::ssi::SsiCodec;
use tallyman_drivers::scanner::{Event, Symbology};
use tallyman_drivers::transport::Connect;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

fn places(folder: &tempfile::TempDir) -> [Place; 3] {
    [Place::Network(0), Place::Terminal(folder.path().join("by-id")), Place::Process]
}

fn own(device: Arc<dyn Connect>, talks: &Talks) -> (mpsc::Receiver<Told<Event>>, JoinHandle<()>) {
    let (into, told) = mpsc::channel(64);
    let codec: owner::CodecOf = match talks {
        Talks::Plain { .. } => Box::new(|| Box::new(SerialCodec::new(Framing::default()))),
        Talks::Ssi => Box::new(|| Box::<SsiCodec>::default()),
    };
    (told, tokio::spawn(owner::scanner(device, codec, into)))
}

async fn next<T>(told: &mut mpsc::Receiver<Told<T>>) -> Told<T> {
    timeout(Duration::from_secs(5), told.recv()).await.expect("it says something").expect("it goes on")
}

async fn code(told: &mut mpsc::Receiver<Told<Event>>) -> String {
    match next(told).await {
        Told::Event(Event::Scan(scan)) => scan.text,
        other => panic!("{other:?}"),
    }
}

async fn here<T: PartialEq>(told: &mut mpsc::Receiver<Told<T>>) {
    while next(told).await != Told::Here {}
}

#[expect(clippy::disallowed_methods, reason = "it measures how long a device takes")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scanners_lose_and_merge_nothing_however_they_send() {
    let folder = tempfile::tempdir().unwrap();
    for talks in [Talks::plain(), Talks::Ssi] {
        for place in places(&folder) {
            let scanner = FakeScanner::at(place.clone(), talks.clone()).await.unwrap();
            let (mut told, task) = own(scanner.connect(), &talks);
            here(&mut told).await;
            let mut wanted = Vec::new();
            for mode in
                [ScannerMode::Ready, ScannerMode::Slow, ScannerMode::Torn, ScannerMode::Noisy, ScannerMode::Deaf]
            {
                scanner.set_mode(mode);
                for n in 0..3 {
                    let code = format!("{mode:?}-{n}");
                    assert!(scanner.scan(&code).await, "{place:?} {talks:?} {code}");
                    wanted.push(code);
                }
            }
            let long = format!("]C10106901234567892\u{1d}21{}", "7".repeat(400));
            scanner.set_mode(ScannerMode::Ready);
            assert!(scanner.scan(&long).await);
            scanner.set_mode(ScannerMode::Doubles);
            assert!(scanner.scan("TWICE").await);
            wanted.extend([long[3..].to_owned(), "TWICE".into(), "TWICE".into()]);
            let mut got = Vec::new();
            while got.len() < wanted.len() {
                got.push(code(&mut told).await);
            }
            assert_eq!(got, wanted, "{place:?} {talks:?}");
            task.abort();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scanner_that_dies_in_a_code_leaves_nothing_behind_and_is_soon_back() {
    let folder = tempfile::tempdir().unwrap();
    for talks in [Talks::plain(), Talks::Ssi] {
        for place in places(&folder) {
            let scanner = FakeScanner::at(place.clone(), talks.clone()).await.unwrap();
            let (mut told, task) = own(scanner.connect(), &talks);
            here(&mut told).await;
            scanner.set_mode(ScannerMode::Dies { after_bytes: 5 });
            assert!(!scanner.scan("HALF-OF-THIS").await);
            assert!(matches!(next(&mut told).await, Told::Gone(_)), "{place:?}");
            scanner.set_mode(ScannerMode::Ready);
            let plugged = now();
            scanner.plug();
            here(&mut told).await;
            assert!(plugged.elapsed() < Duration::from_secs(2), "{place:?}: {:?}", plugged.elapsed());
            assert!(scanner.scan("]E04006381333931").await, "{place:?} {talks:?}");
            assert_eq!(code(&mut told).await, "4006381333931", "{place:?} {talks:?}");
            task.abort();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_symbology_comes_through_both_ways_of_talking() {
    for talks in [Talks::plain(), Talks::Ssi] {
        let scanner = FakeScanner::at(Place::Process, talks.clone()).await.unwrap();
        let (mut told, task) = own(scanner.connect(), &talks);
        here(&mut told).await;
        assert!(scanner.scan("]d20106901234567892").await);
        let Told::Event(Event::Scan(scan)) = next(&mut told).await else { panic!("no scan") };
        assert_eq!(scan.symbology, Some(Symbology::Gs1DataMatrix));
        task.abort();
    }
}

async fn settled(told: &mut mpsc::Receiver<Told<Weighing>>) -> Settled {
    loop {
        if let Told::Event(Weighing::Settled(settled)) = next(told).await {
            return settled;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scales_of_every_protocol_weigh_each_parcel_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = tokio::task::JoinSet::new();
    for protocol in Protocol::ALL.into_iter().filter(|protocol| *protocol != Protocol::Hid) {
        let terminal = Place::Terminal(folder.path().join(protocol.code()));
        for place in [Place::Network(0), terminal, Place::Process] {
            all.spawn(weighs_each_parcel_once(place, protocol));
        }
    }
    while let Some(ended) = all.join_next().await {
        ended.unwrap();
    }
}

async fn weighs_each_parcel_once(place: Place, protocol: Protocol) {
    let scale = FakeScale::at(place.clone(), protocol).await.unwrap();
    let (into, mut told) = mpsc::channel(64);
    let task = tokio::spawn(owner::scale(scale.connect(), protocol, into));
    here(&mut told).await;
    assert_eq!(settled(&mut told).await, Settled::Empty, "{place:?} {protocol:?}");
    for grams in [1_250, 40, 15_000] {
        scale.lay_on(grams);
        assert_eq!(settled(&mut told).await, Settled::Weight(grams * 1_000), "{place:?} {protocol:?}");
        scale.lay_on(0);
        assert_eq!(settled(&mut told).await, Settled::Empty, "{place:?} {protocol:?}");
    }
    task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_scale_does_wrong_is_no_weight() {
    for protocol in [Protocol::MtSics, Protocol::StGs, Protocol::Toledo] {
        let scale = FakeScale::at(Place::Network(0), protocol).await.unwrap();
        let (into, mut told) = mpsc::channel(64);
        let task = tokio::spawn(owner::scale(scale.connect(), protocol, into));
        here(&mut told).await;
        assert_eq!(settled(&mut told).await, Settled::Empty);
        for mode in [ScaleMode::NeverStill, ScaleMode::Lying, ScaleMode::Torn] {
            scale.set_mode(mode);
            scale.lay_on(700);
            let none = timeout(Duration::from_millis(700), settled(&mut told)).await;
            assert!(!matches!(none, Ok(Settled::Weight(_))), "{protocol:?} {mode:?}: {none:?}");
            scale.set_mode(ScaleMode::Ready);
            assert_eq!(settled(&mut told).await, Settled::Weight(700_000), "{protocol:?} after {mode:?}");
            scale.lay_on(0);
            assert_eq!(settled(&mut told).await, Settled::Empty);
        }
        scale.set_mode(ScaleMode::Over);
        assert_eq!(settled(&mut told).await, Settled::Trouble(Reading::Over), "{protocol:?}");
        scale.set_mode(ScaleMode::Under);
        assert_eq!(settled(&mut told).await, Settled::Trouble(Reading::Under), "{protocol:?}");
        scale.set_mode(ScaleMode::Silent);
        while next(&mut told).await != Told::Event(Weighing::Silent) {}
        scale.set_mode(ScaleMode::Noisy);
        scale.lay_on(2_000);
        scale.pull();
        while !matches!(next(&mut told).await, Told::Gone(_)) {}
        scale.plug();
        here(&mut told).await;
        task.abort();
    }
}
