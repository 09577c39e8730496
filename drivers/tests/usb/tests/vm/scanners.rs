//! Scanners and a scale of the HID class.

use super::machine::{enumerated, here, keyboard_scanner, machine, next, pos_scanner, scale, settled};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use tallyman_drivers::owner::{self, Told};
use tallyman_drivers::scale::{Protocol, Settled, hid};
use tallyman_drivers::scanner::{Event, How, Symbology, keyboard, pos, way};
use tallyman_drivers::transport::{Address, ErrorKind, UsbKind};
use tokio::sync::mpsc;

pub(super) async fn scan(events: &mut mpsc::Receiver<Told<Event>>) -> (String, Option<Symbology>) {
    match next(events).await {
        Told::Event(Event::Scan(scan)) => (scan.text, scan.symbology),
        other => panic!("{other:?}"),
    }
}

pub(super) fn give(file: &Path, reports: impl IntoIterator<Item = Vec<u8>>) {
    let mut file = std::fs::OpenOptions::new().write(true).open(file).unwrap();
    for report in reports {
        file.write_all(&report).unwrap();
    }
}

pub(super) fn owned_scanner(address: &str, how: How) -> (mpsc::Receiver<Told<Event>>, tokio::task::JoinHandle<()>) {
    let (device, codec) = way(&address.parse().unwrap(), how);
    let (into, events) = mpsc::channel(64);
    (events, tokio::spawn(owner::scanner(device, codec, into)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_point_of_sale_scanner_is_back_within_two_seconds_of_replugging() {
    let Some(_one) = machine() else { return };
    let mut scanner = pos_scanner();
    let mut file = scanner.plug();
    enumerated(&scanner);
    let (mut events, task) = owned_scanner(&format!("usb:0c2e:0b81/{}", scanner.serial), How::Pos);
    for round in 0..3 {
        here(&mut events).await;
        // The kernel ends each full report with an empty packet.
        let code = format!("01069012345678921726123110L{round}\u{1d}21{}", "7".repeat(60));
        give(&file, pos::reports(*b"]d2", &code));
        assert_eq!(scan(&mut events).await, (code, Some(Symbology::Gs1DataMatrix)));
        // Pulled out while it is read.
        scanner.pull();
        assert!(matches!(next(&mut events).await, Told::Gone(error) if error.kind == ErrorKind::Unplugged));
        let plugged = Instant::now();
        file = scanner.plug();
        if round < 2 {
            continue;
        }
        here(&mut events).await;
        assert!(plugged.elapsed() < Duration::from_secs(2), "back after {:?}", plugged.elapsed());
        println!("a scanner was back {:?} after it was plugged in", plugged.elapsed());
    }
    task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyboard_scanner_and_a_hid_scale_are_read_pulled_out_and_back() {
    let Some(_one) = machine() else { return };
    let mut scanner = keyboard_scanner();
    let mut file = scanner.plug();
    enumerated(&scanner);
    let (mut events, task) = owned_scanner(&format!("usb:05e0:1200/{}", scanner.serial), How::Keyboard);
    for round in 0..2 {
        let code = format!("(01)Ab-{round}\u{1d}%");
        let since = Instant::now();
        here(&mut events).await;
        assert!(round == 0 || since.elapsed() < Duration::from_secs(2), "back after {:?}", since.elapsed());
        let typed = keyboard::typed(&format!("{code}\rHALF"));
        give(&file, typed.into_iter().map(|report| report.to_vec()));
        // Half a code goes with its scanner.
        assert_eq!(scan(&mut events).await.0, code);
        scanner.pull();
        assert!(matches!(next(&mut events).await, Told::Gone(error) if error.kind == ErrorKind::Unplugged));
        file = scanner.plug();
    }
    task.abort();

    let mut scale = scale();
    let file = scale.plug();
    enumerated(&scale);
    let address: Address = format!("usb:0922:8003/{}", scale.serial).parse().unwrap();
    let (into, mut events) = mpsc::channel(64);
    let task = tokio::spawn(owner::scale(address.device(UsbKind::Hid), Protocol::Hid, into));
    here(&mut events).await;
    let reports = [(0, true), (0, true), (0, true), (700, false), (1_250, true), (1_250, true), (1_250, true)];
    give(&file, reports.map(|(grams, stable)| hid::report(grams, stable).to_vec()));
    assert_eq!(settled(&mut events, 2).await, [Settled::Empty, Settled::Weight(1_250_000)]);
    scale.pull();
    let gone = loop {
        if let Told::Gone(error) = next(&mut events).await {
            break error;
        }
    };
    assert_eq!(gone.kind, ErrorKind::Unplugged);
    let since = Instant::now();
    let file = scale.plug();
    here(&mut events).await;
    assert!(since.elapsed() < Duration::from_secs(2), "back after {:?}", since.elapsed());
    give(&file, [(0, true); 3].map(|(grams, stable)| hid::report(grams, stable).to_vec()));
    assert_eq!(settled(&mut events, 1).await, [Settled::Empty]);
    task.abort();
}
