//! Printers, scanners and scales on USB, by the product's own drivers over a real libusb.
//!
//! Needs umockdev's preload library (`LD_PRELOAD`), which `tests/run` brings; without it the tests say so and end, unless
//! `USB_REQUIRED` is set. One test at a time: they share the one machine that they pretend.

#![allow(clippy::await_holding_lock, reason = "the lock is for one test at a time")]
#![allow(clippy::disallowed_methods, reason = "they measure how long devices take")]

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tallyman_drivers::discover::{self, Role};
use tallyman_drivers::owner::{self, Told, Weighing};
use tallyman_drivers::printer::{Doubt, Evidence, Language, PrintOutcome, PrinterProfile, PrinterState, print, status};
use tallyman_drivers::scale::{Protocol, Settled, hid};
use tallyman_drivers::scanner::{Event, How, Symbology, keyboard, pos, way};
use tallyman_drivers::transport::{Address, ErrorKind, Usb, UsbKind};
use tokio::sync::mpsc;
use usb_without_hardware::models::{hid_device, printer};
use usb_without_hardware::{Dev, State, Testbed, preloaded};

const READY: &[u8] =
    b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02001,0,0,0,1,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n";
const PAPER_OUT: &[u8] =
    b"\x02030,1,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02001,0,0,0,1,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n";

fn bed() -> Option<MutexGuard<'static, Testbed>> {
    static BED: OnceLock<Option<Mutex<Testbed>>> = OnceLock::new();
    let bed = BED.get_or_init(|| preloaded().then(|| Mutex::new(Testbed::new()))).as_ref();
    let required = std::env::var_os("USB_REQUIRED").is_some();
    assert!(bed.is_some() || !required, "umockdev's preload library is required and missing");
    if bed.is_none() {
        println!("USB is not tested: umockdev's preload library is missing");
    }
    bed.map(|bed| bed.lock().unwrap_or_else(PoisonError::into_inner))
}

const ZEBRA: &str = "MFG:Zebra;CMD:ZPL;MDL:ZTC ZD421;CLS:PRINTER;";

fn usb(text: &str) -> Usb {
    Usb { identity: text.parse().unwrap(), kind: UsbKind::Printer }
}

fn label(bytes: usize) -> Vec<u8> {
    let mut label = b"^XA^FD".to_vec();
    label.resize(bytes - 6, b'7');
    label.extend(b"^FS^XZ");
    label
}

/// Answers each `~HS` of the printer while it is plugged in.
fn answers(dev: &Dev, answer: &'static [u8]) -> Arc<Mutex<bool>> {
    let (state, goes_on) = (dev.st.clone(), Arc::new(Mutex::new(true)));
    let on = goes_on.clone();
    std::thread::spawn(move || {
        let mut answered = 0;
        while *on.lock().unwrap() {
            {
                let mut state = state.lock().unwrap();
                let asked = state.out.windows(3).filter(|part| part == b"~HS").count();
                for _ in answered..asked {
                    state.inq.push_back((0x82, answer.to_vec()));
                }
                answered = asked;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    });
    goes_on
}

fn without_questions(state: &Arc<Mutex<State>>) -> Vec<u8> {
    let out = String::from_utf8(state.lock().unwrap().out.clone()).unwrap();
    out.replace("~HS", "").into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_label_is_printed_and_proved_over_usb() {
    let Some(bed) = bed() else { return };
    let dev = bed.plug(3, printer("SN1", ZEBRA));
    let goes_on = answers(&dev, READY);
    let device = usb("0a5f:0166/SN1");
    let (label, profile) = (label(100_000), PrinterProfile::of(Language::Zpl));
    assert!(matches!(status(&device, &profile).await, Ok(PrinterState::Ready(_))));
    let outcome = print(&device, &profile, &label, &mut |_| {}).await;
    assert_eq!(outcome, PrintOutcome::Printed { evidence: Evidence::IdleAfter });
    assert!(without_questions(&dev.st) == label, "every byte once, in order");
    *goes_on.lock().unwrap() = false;
    let answered = usb("0a5f:0166/SN1").device_id().unwrap();
    assert_eq!(&answered[2..], ZEBRA.as_bytes());
    assert_eq!(usb("0a5f:0166/SN1").port_status(), Ok(0x18));
    dev.unplug();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_paper_sends_nothing_and_a_printer_that_stops_reading_is_a_doubt_with_its_offset() {
    let Some(bed) = bed() else { return };
    let dev = bed.plug(4, printer("SN2", ZEBRA));
    let goes_on = answers(&dev, PAPER_OUT);
    let (device, mut profile) = (usb("0a5f:0166/SN2"), PrinterProfile::of(Language::Zpl));
    let outcome = print(&device, &profile, &label(5_000), &mut |_| {}).await;
    assert!(matches!(outcome, PrintOutcome::Blocked { .. }), "{outcome:?}");
    assert!(without_questions(&dev.st).is_empty());
    *goes_on.lock().unwrap() = false;
    profile.limits.stall = Duration::from_millis(300);
    profile.limits.answer = Duration::from_millis(50);
    let before = dev.st.lock().unwrap().out.len() + 3;
    dev.st.lock().unwrap().model.out_limit = Some(before + 6_000);
    let outcome = print(&device, &profile, &label(20_000), &mut |_| {}).await;
    let PrintOutcome::InDoubt { offset, error: Doubt::Transport { error } } = outcome else { panic!("{outcome:?}") };
    assert_eq!((offset, error.kind), (6_000, ErrorKind::TimedOut));
    assert_eq!(dev.st.lock().unwrap().out.len(), before + 6_000, "what left is what arrived");
    dev.unplug();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_pulled_out_while_it_prints_is_a_doubt_and_afterwards_it_is_not_there() {
    let Some(bed) = bed() else { return };
    let dev = bed.plug(5, printer("SN3", ZEBRA));
    let device = usb("0a5f:0166/SN3");
    let mut profile = PrinterProfile::of(Language::Zpl);
    profile.limits.answer = Duration::from_millis(50);
    dev.st.lock().unwrap().model.out_limit = Some(3 + 4_096 + 100);
    let pulled = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(400));
        dev.unplug()
    });
    let outcome = print(&device, &profile, &label(50_000), &mut |_| {}).await;
    let PrintOutcome::InDoubt { offset, error: Doubt::Transport { error } } = outcome else { panic!("{outcome:?}") };
    assert!(offset >= 4_096 && error.kind == ErrorKind::Unplugged, "{offset} {error:?}");
    pulled.join().unwrap();
    let outcome = print(&device, &profile, &label(100), &mut |_| {}).await;
    assert!(matches!(outcome, PrintOutcome::FailedBeforeFirstByte { error } if error.kind == ErrorKind::NotFound));
}

async fn next<T>(events: &mut mpsc::Receiver<Told<T>>) -> Told<T> {
    tokio::time::timeout(Duration::from_secs(5), events.recv()).await.expect("it says something").expect("it goes on")
}

async fn scan(events: &mut mpsc::Receiver<Told<Event>>) -> (String, Option<Symbology>) {
    match next(events).await {
        Told::Event(Event::Scan(scan)) => (scan.text, scan.symbology),
        other => panic!("{other:?}"),
    }
}

fn give(dev: &Dev, reports: impl IntoIterator<Item = Vec<u8>>) {
    dev.st.lock().unwrap().inq.extend(reports.into_iter().map(|report| (0x81, report)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_point_of_sale_scanner_is_read_and_is_back_within_two_seconds_of_replugging() {
    let Some(bed) = bed() else { return };
    let model = hid_device((0x0c2e, 0x0b81), (0, 0), pos::DESCRIPTOR, 64);
    let address: Address = "usb:0c2e:0b81/SN7".parse().unwrap();
    let mut dev = bed.plug(6, model.clone());
    let usual = {
        let address = address.clone();
        tokio::task::spawn_blocking(move || How::usual(&address)).await.unwrap()
    };
    assert_eq!(usual, How::Pos);
    let (device, codec) = way(&address, How::Pos);
    let (into, mut events) = mpsc::channel(16);
    let task = tokio::spawn(owner::scanner(device, codec, into));
    for round in 0..3_u8 {
        let plugged = Instant::now();
        assert_eq!(next(&mut events).await, Told::Here);
        assert!(plugged.elapsed() < Duration::from_secs(2), "back after {:?}", plugged.elapsed());
        let long = format!("01069012345678921726123110L{round}\u{1d}21{}", "7".repeat(60));
        // Some scanners send an empty packet after each full one.
        give(&dev, pos::reports(*b"]d2", &long).into_iter().flat_map(|report| [report, vec![]]));
        assert_eq!(scan(&mut events).await, (long, Some(Symbology::Gs1DataMatrix)));
        dev.unplug();
        assert!(matches!(next(&mut events).await, Told::Gone(error) if error.kind == ErrorKind::Unplugged));
        dev = bed.plug(7 + round, model.clone());
    }
    drop(events);
    tokio::time::timeout(Duration::from_secs(3), task).await.unwrap().unwrap();
    dev.unplug();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyboard_scanner_and_a_scale_are_read() {
    let Some(bed) = bed() else { return };
    let keys = [0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x75, 0x08, 0x95, 0x06, 0x81, 0x00, 0xc0];
    let dev = bed.plug(20, hid_device((0x05e0, 0x1200), (1, 1), &keys, 8));
    let (device, codec) = way(&"usb:05e0:1200/SN7".parse().unwrap(), How::Keyboard);
    let (into, mut events) = mpsc::channel(16);
    let task = tokio::spawn(owner::scanner(device, codec, into));
    assert_eq!(next(&mut events).await, Told::Here);
    give(&dev, keyboard::typed("(01)Ab-7\u{1d}%\r").into_iter().map(|report| report.to_vec()));
    assert_eq!(scan(&mut events).await.0, "(01)Ab-7\u{1d}%");
    task.abort();
    dev.unplug();

    let weights = [0x05, 0x8d, 0x09, 0x20, 0xa1, 0x01, 0xc0];
    let dev = bed.plug(21, hid_device((0x0922, 0x8003), (0, 0), &weights, 6));
    let address: Address = "usb:0922:8003/SN7".parse().unwrap();
    let (into, mut events) = mpsc::channel(16);
    let task = tokio::spawn(owner::scale(address.device(UsbKind::Hid), Protocol::Hid, into));
    assert_eq!(next(&mut events).await, Told::Here);
    let reports = [(0, true), (0, true), (0, true), (700, false), (1_250, true), (1_250, true), (1_250, true)];
    give(&dev, reports.map(|(grams, stable)| hid::report(grams, stable).to_vec()));
    let mut settled = Vec::new();
    while settled.len() < 2 {
        if let Told::Event(Weighing::Settled(one)) = next(&mut events).await {
            settled.push(one);
        }
    }
    assert_eq!(settled, [Settled::Empty, Settled::Weight(1_250_000)]);
    task.abort();
    dev.unplug();
}

#[test]
fn what_is_plugged_in_is_listed_in_plain_words() {
    let Some(bed) = bed() else { return };
    let keys = [0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0xc0];
    let devices = [
        bed.plug(30, printer("SN4", "MFG:Xprinter;CMD:XPP,TSPL2;MDL:XP-420B;")),
        bed.plug(31, hid_device((0x0c2e, 0x0b81), (0, 0), pos::DESCRIPTOR, 64)),
        bed.plug(32, hid_device((0x05e0, 0x1200), (1, 1), &keys, 8)),
        bed.plug(33, hid_device((0x0922, 0x8003), (0, 0), &[0x05, 0x8d, 0x09, 0x20, 0xa1, 0x01, 0xc0], 6)),
    ];
    let found = discover::devices();
    let told: Vec<_> = found.iter().map(|one| (one.role, one.address.to_string())).collect();
    for wanted in [
        (Role::Printer, "usb:0a5f:0166/SN4"),
        (Role::Scanner, "usb:0c2e:0b81/SN7"),
        (Role::Scale, "usb:0922:8003/SN7"),
        (Role::KeyboardOrScanner, "usb:05e0:1200/SN7"),
    ] {
        assert!(told.contains(&(wanted.0, wanted.1.to_owned())), "{wanted:?} of {told:?}");
    }
    assert_eq!((found[0].name.as_str(), found[0].language), ("Xprinter XP-420B", Some(Language::Tspl)));
    assert!(found.iter().all(|one| one.trouble.is_none()), "{found:?}");
    devices.into_iter().for_each(|device| drop(device.unplug()));
}
