//! What the kernel's own gadgets can't do: devices that stop at any byte, are pulled out there, say nothing of themselves,
//! or have no serial number.

use super::machine::{READY, ZEBRA, here, known, machine, next, wait};
use super::printers::{label, zpl};
use super::scanners::{owned_scanner, scan};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tallyman_drivers::discover::{self, Found, Role};
use tallyman_drivers::owner::Told;
use tallyman_drivers::printer::{Doubt, Evidence, PrintOutcome, PrinterProfile, print};
use tallyman_drivers::scanner::{How, Symbology, pos};
use tallyman_drivers::transport::{Address, ErrorKind, Usb, UsbKind};
use usb_without_hardware::models::{hid_device, printer};
use usb_without_hardware::usbip::Plugged;
use usb_without_hardware::{Model, State};

/// A printer that the kernel's own driver has taken hold of, and its device file.
fn plug(model: Model) -> (Plugged, PathBuf) {
    let serial = model.strings[2].clone();
    let plugged = Plugged::new(model);
    known(&serial);
    let file = wait("its file", || files_of(&serial).into_iter().next());
    (plugged, file)
}

fn files_of(serial: &str) -> Vec<PathBuf> {
    let classes = std::fs::read_dir("/sys/class/usbmisc").into_iter().flatten().filter_map(Result::ok);
    let ours = classes.filter(|entry| {
        std::fs::read_to_string(entry.path().join("device/../serial")).is_ok_and(|found| found.trim() == serial)
    });
    let files = ours.map(|entry| Path::new("/dev/usb").join(entry.file_name()));
    files.filter(|file| file.exists()).collect()
}

/// Answers each question of the printer for its status until the device is pulled out.
fn answers(state: &Arc<Mutex<State>>) {
    let state = state.clone();
    std::thread::spawn(move || {
        let mut answered = 0;
        loop {
            {
                let mut state = state.lock().unwrap();
                if state.gone {
                    return;
                }
                let asked = state.out.windows(3).filter(|part| part == b"~HS").count();
                for _ in answered..asked {
                    state.inq.push_back((0x82, READY.to_vec()));
                }
                answered = asked;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
}

fn by_usb(serial: &str) -> Address {
    format!("usb:0a5f:0166/{serial}").parse().unwrap()
}

fn impatient() -> PrinterProfile {
    let mut profile = zpl();
    profile.limits.answer = Duration::from_millis(200);
    profile
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_pulled_out_in_the_middle_of_a_label_is_a_doubt_and_prints_when_it_is_back() {
    let Some(_one) = machine() else { return };
    for (serial, by_file) in [("PULL1", false), ("PULL2", true)] {
        let mut stops = printer(serial, ZEBRA);
        stops.out_limit = Some(3 + 4_096 + 100);
        let (plugged, file) = plug(stops);
        let address = if by_file { Address::File(file) } else { by_usb(serial) };
        let device = address.device(UsbKind::Printer);
        let pulled = std::thread::spawn(move || {
            wait("the label has begun", || (plugged.state.lock().unwrap().out.len() > 4_096).then_some(()));
            std::thread::sleep(Duration::from_millis(300));
            let since = Instant::now();
            plugged.pull();
            since
        });
        let outcome = print(device.as_ref(), &impatient(), &label(50_000), &mut |_| {}).await;
        let ended = Instant::now();
        let PrintOutcome::InDoubt { offset, error: Doubt::Transport { error } } = outcome else {
            panic!("{address}: {outcome:?}")
        };
        assert_eq!(error.kind, ErrorKind::Unplugged, "{address}: {error:?}");
        assert!((4_096..50_000).contains(&offset), "{address}: {offset}");
        let late = ended.saturating_duration_since(pulled.join().unwrap());
        assert!(late < Duration::from_secs(1), "{address}: noticed after {late:?}");

        let outcome = print(device.as_ref(), &impatient(), &label(100), &mut |_| {}).await;
        assert!(
            matches!(&outcome, PrintOutcome::FailedBeforeFirstByte { error } if error.kind == ErrorKind::NotFound),
            "{address}: {outcome:?}"
        );
        let since = Instant::now();
        let back = Plugged::new(printer(serial, ZEBRA));
        answers(&back.state);
        let outcome = loop {
            match print(device.as_ref(), &zpl(), &label(100), &mut |_| {}).await {
                PrintOutcome::FailedBeforeFirstByte { .. } => tokio::time::sleep(Duration::from_millis(50)).await,
                outcome => break outcome,
            }
        };
        assert_eq!(outcome, PrintOutcome::Printed { evidence: Evidence::IdleAfter }, "{address}");
        assert!(since.elapsed() < Duration::from_secs(2), "{address}: printed {:?} after", since.elapsed());
        let got = String::from_utf8(back.state.lock().unwrap().out.clone()).unwrap().replace("~HS", "");
        assert_eq!(got.as_bytes(), label(100), "{address}: nothing of the label before");
        back.pull();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_that_stops_reading_is_noticed_by_the_kernels_driver_too() {
    let Some(_one) = machine() else { return };
    let mut stops = printer("DEAF1", ZEBRA);
    stops.out_limit = Some(10_000);
    let (plugged, file) = plug(stops);
    let mut profile = impatient();
    profile.limits.stall = Duration::from_millis(700);
    let since = Instant::now();
    let outcome =
        print(Address::File(file).device(UsbKind::Printer).as_ref(), &profile, &label(400_000), &mut |_| {}).await;
    let PrintOutcome::InDoubt { offset, error: Doubt::Transport { error } } = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.kind, ErrorKind::TimedOut);
    // Less than what it took is never told, and no more than the kernel's own buffer on top.
    assert!((10_000 - 3..10_000 + 8_192).contains(&offset), "{offset}");
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    plugged.pull();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_label_reaches_a_slow_printer_before_the_kernels_file_is_closed() {
    let Some(_one) = machine() else { return };
    let mut slow = printer("SLOW1", ZEBRA);
    slow.out_limit = Some(0);
    let (plugged, file) = plug(slow);
    let device = Address::File(file).device(UsbKind::Printer);
    let state = plugged.state.clone();
    let begins = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(1_500));
        state.lock().unwrap().model.out_limit = None;
    });
    let mut way = device.connect(Duration::from_secs(3)).await.unwrap();
    let written = way.write(&label(6_000), Duration::from_secs(5)).await;
    assert_eq!((written.handed_over, written.ended), (6_000, Ok(())));
    way.shutdown(Duration::from_millis(300)).await;
    begins.join().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(plugged.state.lock().unwrap().out.len(), 6_000, "what was handed over has arrived");
    plugged.pull();
}

async fn listed() -> Vec<Found> {
    tokio::task::spawn_blocking(discover::devices).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_list_devices_takes_no_printer_away_from_whom_it_prints_for() {
    let Some(_one) = machine() else { return };
    let (plugged, file) = plug(printer("BUSY1", ZEBRA));
    let mut way = Address::File(file.clone()).device(UsbKind::Printer).connect(Duration::from_secs(3)).await.unwrap();
    let label = label(40_000);
    let (start, end) = label.split_at(20_000);
    assert_eq!(way.write(start, Duration::from_secs(5)).await.ended, Ok(()));
    let found = listed().await;
    assert_eq!(way.write(end, Duration::from_secs(5)).await.ended, Ok(()), "in the middle of a label");
    way.shutdown(Duration::from_secs(1)).await;
    assert!(plugged.state.lock().unwrap().out == label);
    let ours: Vec<_> = found.iter().filter(|found| found.role == Role::Printer).collect();
    let told: Vec<_> = ours.iter().map(|found| found.address.clone()).collect();
    assert_eq!(told, [by_usb("BUSY1"), Address::File(file)]);
    for found in ours {
        assert_eq!((found.name.as_str(), &found.trouble), ("Zebra ZTC ZD421-203dpi", &None));
    }
    plugged.pull();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_without_a_driver_is_asked_itself_and_one_that_can_not_answer_is_listed_all_the_same() {
    let Some(_one) = machine() else { return };
    let (plugged, _) = plug(printer("FREE1", ZEBRA));
    let usb = Usb { identity: "0a5f:0166/FREE1".parse().unwrap(), kind: UsbKind::Printer };
    let asked = usb.clone();
    let ask = move || asked.device_id().unwrap();
    let by_driver = tokio::task::spawn_blocking(ask.clone()).await.unwrap();
    let drivers = std::fs::read_dir("/sys/bus/usb/drivers/usblp").unwrap().filter_map(Result::ok);
    for name in drivers.map(|entry| entry.file_name()).filter(|name| name.to_string_lossy().contains(':')) {
        std::fs::write("/sys/bus/usb/drivers/usblp/unbind", name.as_encoded_bytes()).unwrap();
    }
    assert!(files_of("FREE1").is_empty());
    let by_itself = tokio::task::spawn_blocking(ask).await.unwrap();
    assert_eq!(by_driver, by_itself);
    assert_eq!(&by_itself[2..], ZEBRA.as_bytes());
    plugged.pull();

    let mut mute = printer("MUTE1", "");
    mute.ieee1284.clear();
    let (plugged, file) = plug(mute);
    let found = listed().await;
    let ours: Vec<_> = found.iter().filter(|found| found.address == by_usb("MUTE1")).collect();
    assert_eq!((ours[0].role, ours[0].name.as_str(), &ours[0].trouble), (Role::Printer, "Zebra ZD421", &None));
    assert!(file.exists() && found.iter().any(|found| found.address == Address::File(file.clone())));
    plugged.pull();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scanners_without_a_serial_number_are_told_apart_by_their_ports() {
    let Some(_one) = machine() else { return };
    let mut model = hid_device((0x1234, 0x0001), (0, 0), pos::DESCRIPTOR, 64);
    // No strings at all.
    model.device[14..17].fill(0);
    let plugged = [Plugged::new(model.clone()), Plugged::new(model.clone())];
    let mut addresses = Vec::new();
    let since = Instant::now();
    while addresses.len() < 2 {
        assert!(since.elapsed() < Duration::from_secs(10), "{addresses:?}");
        let found = listed().await.into_iter().filter(|found| found.role == Role::Scanner);
        addresses = found.map(|found| found.address.to_string()).collect();
    }
    addresses.sort();
    assert!(addresses.iter().all(|address| address.starts_with("usb:1234:0001@")), "{addresses:?}");
    for (number, address) in addresses.iter().enumerate() {
        let (mut events, task) = owned_scanner(address, How::Pos);
        here(&mut events).await;
        // An empty packet before, between and after is none of the code.
        let code = format!("{number}\u{1d}{}", "7".repeat(100));
        let reports = pos::reports(*b"]d2", &code).into_iter().flat_map(|report| [vec![], report, vec![]]);
        plugged[number].state.lock().unwrap().inq.extend(reports.map(|report| (0x81, report)));
        assert_eq!(scan(&mut events).await, (code, Some(Symbology::Gs1DataMatrix)));
        if number == 1 {
            plugged[1].pull();
            assert!(matches!(next(&mut events).await, Told::Gone(error) if error.kind == ErrorKind::Unplugged));
            let again = Instant::now();
            let back = Plugged::new(model.clone());
            here(&mut events).await;
            assert!(again.elapsed() < Duration::from_secs(2), "back after {:?}", again.elapsed());
            back.pull();
        }
        task.abort();
    }
    plugged[0].pull();
}
