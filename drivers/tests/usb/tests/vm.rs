//! Printers, scanners and scales by the product's own drivers over a real kernel: USB devices that the kernel itself
//! pretends, and an FTDI adapter of the machine. `vm/run` starts it in a small machine of its own; elsewhere the tests say so
//! and end, unless `VM_REQUIRED` is set. One test at a time.

#![allow(clippy::await_holding_lock, reason = "the lock is for one test at a time")]
#![allow(clippy::disallowed_methods, reason = "they measure how long devices take")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tallyman_drivers::discover::{self, Role};
use tallyman_drivers::owner::{self, Told, Weighing};
use tallyman_drivers::printer::{Doubt, Evidence, Language, PrintOutcome, PrinterProfile, PrinterState, print, status};
use tallyman_drivers::scale::{Protocol, Settled, hid};
use tallyman_drivers::scanner::{Event, How, Symbology, keyboard, pos, way};
use tallyman_drivers::transport::{Address, ErrorKind, Usb, UsbKind};
use tokio::sync::mpsc;
use usb_without_hardware::gadget::{Function, Gadget, Nobody, available, open_printer, set_port_status};

const ZEBRA: &str = "MFG:Zebra;CMD:ZPL;MDL:ZTC ZD421-203dpi;CLS:PRINTER;";
const READY: &[u8] =
    b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02001,0,0,0,1,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n";
const PAPER_OUT: &[u8] =
    b"\x02030,1,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02001,0,0,0,1,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n";
/// A boot keyboard.
const KEYBOARD: &[u8] = &[
    0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95,
    0x08, 0x81, 0x02, 0x95, 0x01, 0x75, 0x08, 0x81, 0x03, 0x95, 0x06, 0x75, 0x08, 0x15, 0x00, 0x26, 0xff, 0x00, 0x05,
    0x07, 0x19, 0x00, 0x29, 0xff, 0x81, 0x00, 0xc0,
];
/// A scale: report 3 of status, unit, exponent, and 16 bits of weight.
const SCALE: &[u8] = &[
    0x05, 0x8d, 0x09, 0x20, 0xa1, 0x01, 0x85, 0x03, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x05, 0x09, 0x40,
    0x81, 0x02, 0xc0,
];

/// Whether there is such a machine; one test at a time.
fn machine() -> Option<std::sync::MutexGuard<'static, ()>> {
    static ONE: Mutex<()> = Mutex::new(());
    let here = available();
    assert!(here || std::env::var_os("VM_REQUIRED").is_none(), "a kernel with gadgets is required and missing");
    if !here {
        println!("the kernel's own USB is not tested: this kernel has no gadgets");
        return None;
    }
    Some(ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

fn zebra() -> Gadget {
    Gadget::new((0x0a5f, 0x0166), "Zebra Technologies", "ZTC ZD421", Function::Printer(ZEBRA))
}

fn pos_scanner() -> Gadget {
    Gadget::new((0x0c2e, 0x0b81), "Honeywell", "1950g", Function::Hid(0, 0, 64, pos::DESCRIPTOR))
}

fn keyboard_scanner() -> Gadget {
    Gadget::new((0x05e0, 0x1200), "Symbol", "LS2208", Function::Hid(1, 1, 8, KEYBOARD))
}

fn scale() -> Gadget {
    Gadget::new((0x0922, 0x8003), "Dymo", "S250", Function::Hid(0, 0, 6, SCALE))
}

fn acm_scanner() -> Gadget {
    Gadget::new((0x05f9, 0x4204), "Datalogic", "Gryphon", Function::Acm)
}

/// Waits for what takes the kernel a moment.
fn wait<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(since.elapsed() < Duration::from_secs(10), "{what}: not within 10 s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn enumerated(gadget: &Gadget) {
    wait("the kernel knows the device", || {
        let devices = std::fs::read_dir("/sys/bus/usb/devices").unwrap().filter_map(Result::ok);
        let serials = devices.filter_map(|device| std::fs::read_to_string(device.path().join("serial")).ok());
        serials.map(|serial| serial.trim().to_owned()).find(|serial| *serial == gadget.serial)
    });
    // Its drivers take hold of it.
    std::thread::sleep(Duration::from_millis(300));
}

/// The far end of a printer: keeps what comes, and answers each question for the status.
struct Paper {
    got: Arc<Mutex<Vec<u8>>>,
    ends: Arc<AtomicBool>,
    file: File,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Paper {
    /// Reads as long as it lives, so many bytes at most.
    fn behind(file: &Path, answer: &'static [u8], most: usize) -> Self {
        let file = open_printer(file);
        let (got, ends) = (Arc::<Mutex<Vec<u8>>>::default(), Arc::<AtomicBool>::default());
        let (mut reads, into, over) = (file.try_clone().unwrap(), got.clone(), ends.clone());
        let thread = std::thread::spawn(move || {
            let (mut piece, mut answered) = ([0; 4_096], 0);
            while !over.load(Ordering::SeqCst) {
                let so_far = into.lock().unwrap().len();
                match if so_far < most { reads.read(&mut piece) } else { Ok(0) } {
                    Ok(read) if read > 0 => {
                        let mut got = into.lock().unwrap();
                        got.extend_from_slice(&piece[..read]);
                        let asked = got.windows(3).filter(|part| part == b"~HS").count();
                        for _ in answered..asked {
                            drop(reads.write_all(answer));
                        }
                        answered = asked;
                    }
                    _ => std::thread::sleep(Duration::from_millis(2)),
                }
            }
        });
        Self { got, ends, file, thread: Some(thread) }
    }

    fn without_questions(&self) -> Vec<u8> {
        String::from_utf8(self.got.lock().unwrap().clone()).unwrap().replace("~HS", "").into_bytes()
    }
}

impl Drop for Paper {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn label(bytes: usize) -> Vec<u8> {
    let mut label = b"^XA^FD".to_vec();
    label.resize(bytes - 6, b'7');
    label.extend(b"^FS^XZ");
    label
}

fn usb(gadget: &Gadget) -> Usb {
    Usb { identity: format!("0a5f:0166/{}", gadget.serial).parse().unwrap(), kind: UsbKind::Printer }
}

fn zpl() -> PrinterProfile {
    PrinterProfile::of(Language::Zpl)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_label_is_printed_and_proved_and_the_device_says_who_it_is() {
    let Some(_one) = machine() else { return };
    let mut printer = zebra();
    let paper = Paper::behind(&printer.plug(), READY, usize::MAX);
    enumerated(&printer);
    let (device, wanted) = (usb(&printer), label(60_000));
    assert!(matches!(status(&device, &zpl()).await, Ok(PrinterState::Ready(_))));
    let outcome = print(&device, &zpl(), &wanted, &mut |_| {}).await;
    assert_eq!(outcome, PrintOutcome::Printed { evidence: Evidence::IdleAfter });
    assert!(paper.without_questions() == wanted, "every byte once, in order");
    let asked = device.clone();
    let id = tokio::task::spawn_blocking(move || asked.device_id()).await.unwrap().unwrap();
    assert_eq!(std::str::from_utf8(&id[2..]).unwrap(), ZEBRA);
    for status in [0x38, 0x18] {
        set_port_status(&paper.file, status);
        let asked = device.clone();
        assert_eq!(tokio::task::spawn_blocking(move || asked.port_status()).await.unwrap(), Ok(status));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_paper_sends_nothing_and_a_deaf_printer_is_a_doubt_in_time() {
    let Some(_one) = machine() else { return };
    let mut printer = zebra();
    {
        let paper = Paper::behind(&printer.plug(), PAPER_OUT, usize::MAX);
        enumerated(&printer);
        let outcome = print(&usb(&printer), &zpl(), &label(5_000), &mut |_| {}).await;
        assert!(matches!(outcome, PrintOutcome::Blocked { .. }), "{outcome:?}");
        assert!(paper.without_questions().is_empty());
    }
    printer.pull();
    // It stops reading; the kernel takes some kilobytes for it all the same.
    let paper = Paper::behind(&printer.plug(), READY, 10_000);
    enumerated(&printer);
    let mut profile = zpl();
    profile.limits.stall = Duration::from_millis(700);
    profile.limits.answer = Duration::from_millis(200);
    let since = Instant::now();
    let outcome = print(&usb(&printer), &profile, &label(400_000), &mut |_| {}).await;
    let PrintOutcome::InDoubt { offset, error: Doubt::Transport { error } } = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.kind, ErrorKind::TimedOut);
    assert!((10_000 - 3..400_000).contains(&offset), "{offset}");
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    println!("a printer that reads {} bytes took {offset}", paper.got.lock().unwrap().len());
}

/// Between two labels: pulled out with bytes unread, the kernel's own printer function breaks its lists. In the middle of a
/// write a serial line is pulled out below.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_that_was_pulled_out_prints_when_it_is_back() {
    let Some(_one) = machine() else { return };
    let mut printer = zebra();
    let paper = Paper::behind(&printer.plug(), READY, usize::MAX);
    enumerated(&printer);
    let device = usb(&printer);
    let printed = PrintOutcome::Printed { evidence: Evidence::IdleAfter };
    assert_eq!(print(&device, &zpl(), &label(100), &mut |_| {}).await, printed);
    drop(paper);
    printer.pull();
    let outcome = print(&device, &zpl(), &label(100), &mut |_| {}).await;
    assert!(matches!(outcome, PrintOutcome::FailedBeforeFirstByte { error } if error.kind == ErrorKind::NotFound));
    let plugged = Instant::now();
    let file = printer.plug();
    let paper = Paper::behind(&file, READY, usize::MAX);
    let back = loop {
        match print(&device, &zpl(), &label(100), &mut |_| {}).await {
            PrintOutcome::FailedBeforeFirstByte { .. } => tokio::time::sleep(Duration::from_millis(50)).await,
            outcome => break outcome,
        }
    };
    assert_eq!((back, paper.without_questions()), (printed, label(100)));
    assert!(plugged.elapsed() < Duration::from_secs(2), "printed {:?} after it was plugged in", plugged.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_kernels_own_printer_driver_is_a_way_too() {
    let Some(_one) = machine() else { return };
    let mut printer = zebra();
    let paper = Paper::behind(&printer.plug(), READY, usize::MAX);
    enumerated(&printer);
    let found = discover::devices();
    let of_kernel = found.iter().find(|found| matches!(found.address, Address::File(_)));
    let of_kernel = of_kernel.unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!((of_kernel.name.as_str(), of_kernel.language), ("Zebra ZTC ZD421-203dpi", Some(Language::Zpl)));
    let device = of_kernel.address.device(UsbKind::Printer);
    let wanted = label(20_000);
    let outcome = print(device.as_ref(), &zpl(), &wanted, &mut |_| {}).await;
    assert_eq!(outcome, PrintOutcome::Printed { evidence: Evidence::IdleAfter }, "by {}", of_kernel.address);
    assert!(paper.without_questions() == wanted);
}

async fn next<T>(events: &mut mpsc::Receiver<Told<T>>) -> Told<T> {
    tokio::time::timeout(Duration::from_secs(10), events.recv()).await.expect("it says something").expect("it goes on")
}

/// What is said, once all that is there for the first time has been said.
async fn here<T: std::fmt::Debug>(events: &mut mpsc::Receiver<Told<T>>) {
    loop {
        match next(events).await {
            Told::Here => return,
            Told::Gone(error) => println!("not yet: {error}"),
            other => panic!("{other:?}"),
        }
    }
}

async fn scan(events: &mut mpsc::Receiver<Told<Event>>) -> (String, Option<Symbology>) {
    match next(events).await {
        Told::Event(Event::Scan(scan)) => (scan.text, scan.symbology),
        other => panic!("{other:?}"),
    }
}

fn give(file: &Path, reports: impl IntoIterator<Item = Vec<u8>>) {
    let mut file = std::fs::OpenOptions::new().write(true).open(file).unwrap();
    for report in reports {
        file.write_all(&report).unwrap();
    }
}

fn owned_scanner(address: &str, how: How) -> (mpsc::Receiver<Told<Event>>, tokio::task::JoinHandle<()>) {
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
async fn a_keyboard_scanner_and_a_hid_scale_are_read() {
    let Some(_one) = machine() else { return };
    let mut scanner = keyboard_scanner();
    let file = scanner.plug();
    enumerated(&scanner);
    let (mut events, task) = owned_scanner(&format!("usb:05e0:1200/{}", scanner.serial), How::Keyboard);
    here(&mut events).await;
    give(&file, keyboard::typed("(01)Ab-7\u{1d}%\r").into_iter().map(|report| report.to_vec()));
    assert_eq!(scan(&mut events).await.0, "(01)Ab-7\u{1d}%");
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
    task.abort();
}

async fn settled(events: &mut mpsc::Receiver<Told<Weighing>>, wanted: usize) -> Vec<Settled> {
    let mut settled = Vec::new();
    while settled.len() < wanted {
        if let Told::Event(Weighing::Settled(one)) = next(events).await {
            settled.push(one);
        }
    }
    settled
}

fn raw(file: &Path, baud: u32) -> Box<dyn serialport::SerialPort> {
    serialport::new(file.to_string_lossy(), baud).timeout(Duration::from_secs(3)).open().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scanner_with_a_serial_line_over_usb_is_read_pulled_out_and_back() {
    let Some(_one) = machine() else { return };
    let mut scanner = acm_scanner();
    let far = scanner.plug();
    let port = || wait("the port", || Some(PathBuf::from("/dev/ttyACM0")).filter(|port| port.exists()));
    let address = format!("serial:{}", port().display());
    let (mut events, task) = owned_scanner(&address, How::named("serial").unwrap());
    here(&mut events).await;
    let mut writes = raw(&far, 9_600);
    writes.write_all(b"]C10106901234567892\x1d10L7\r\n]E04006381333931\r\nHALF").unwrap();
    assert_eq!(scan(&mut events).await.0, "0106901234567892\u{1d}10L7");
    assert_eq!(scan(&mut events).await.0, "4006381333931");
    drop(writes);
    scanner.pull();
    assert!(matches!(next(&mut events).await, Told::Gone(error) if error.kind == ErrorKind::Unplugged));
    let plugged = Instant::now();
    let far = scanner.plug();
    here(&mut events).await;
    assert!(plugged.elapsed() < Duration::from_secs(2), "back after {:?}", plugged.elapsed());
    raw(&far, 9_600).write_all(b"AFTER\r\n").unwrap();
    // The half of before is gone with its scanner.
    assert_eq!(scan(&mut events).await.0, "AFTER");
    task.abort();
    let _ = task.await;

    // Nobody reads at the other end: a write ends in time, and says how much was taken.
    let device = address.parse::<Address>().unwrap().device(UsbKind::Printer);
    let mut way = wait_async(|| device.connect(Duration::from_secs(3))).await;
    let (since, bytes) = (Instant::now(), vec![b'x'; 1 << 20]);
    let written = way.write(&bytes, Duration::from_secs(1)).await;
    assert_eq!(written.ended.unwrap_err().kind, ErrorKind::TimedOut);
    assert!(written.handed_over < bytes.len() && since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
    // Pulled out in the middle of a write.
    let pulled = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        scanner.pull();
    });
    let since = Instant::now();
    let written = way.write(&bytes, Duration::from_secs(20)).await;
    assert_eq!(written.ended.unwrap_err().kind, ErrorKind::Unplugged);
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    pulled.join().unwrap();
    drop(tokio::time::timeout(Duration::from_secs(3), way.shutdown(Duration::from_secs(1))).await);
}

/// Opens what somebody let go of a moment ago.
async fn wait_async<'a, T, E: std::fmt::Debug>(
    open: impl Fn() -> std::pin::Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>,
) -> T {
    for _ in 0..50 {
        if let Ok(opened) = open().await {
            return opened;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    open().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scale_behind_an_ftdi_adapter_is_read_at_its_own_speed() {
    let Some(_one) = machine() else { return };
    wait("the adapter", || Path::new("/dev/ttyUSB0").exists().then_some(()));
    let address: Address = "serial:/dev/ttyUSB0,9600 8N1".parse().unwrap();
    let (into, mut events) = mpsc::channel(64);
    let task = tokio::spawn(owner::scale(address.device(UsbKind::Hid), Protocol::StGs, into));
    here(&mut events).await;
    let weighs = std::thread::spawn(|| {
        let mut far = raw(Path::new("/dev/ttyS1"), 9_600);
        for frame in ["ST,GS,+ 0.0000kg", "US,GS,+ 0.7000kg", "ST,GS,+ 1.2500kg"] {
            for _ in 0..6 {
                far.write_all(format!("{frame}\r\n").as_bytes()).unwrap();
                std::thread::sleep(Duration::from_millis(60));
            }
        }
    });
    assert_eq!(settled(&mut events, 2).await, [Settled::Empty, Settled::Weight(1_250_000)]);
    weighs.join().unwrap();
    task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_may_not_be_used_is_found_and_says_so() {
    let Some(_one) = machine() else { return };
    let (mut printer, mut scanner) = (zebra(), acm_scanner());
    let _paper = Paper::behind(&printer.plug(), READY, usize::MAX);
    scanner.plug();
    enumerated(&printer);
    let port = wait("the port", || Some(PathBuf::from("/dev/ttyACM0")).filter(|port| port.exists()));
    let nobody = Nobody::new();
    let outcome = print(&usb(&printer), &zpl(), &label(100), &mut |_| {}).await;
    let PrintOutcome::FailedBeforeFirstByte { error } = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.kind, ErrorKind::NotPermitted);
    assert!(error.hint().en.contains("tallyman udev-rules"), "{}", error.hint().en);
    let device = format!("serial:{}", port.display()).parse::<Address>().unwrap().device(UsbKind::Hid);
    let refused = device.connect(Duration::from_secs(3)).await.err().expect("it may not be opened");
    assert_eq!(refused.kind, ErrorKind::NotPermitted);
    let found = discover::devices();
    drop(nobody);
    let troubled = found
        .iter()
        .filter(|found| found.trouble.as_ref().is_some_and(|trouble| trouble.kind == ErrorKind::NotPermitted));
    let roles: Vec<Role> = troubled.map(|found| found.role).collect();
    assert!(roles.contains(&Role::Printer) && roles.contains(&Role::Serial), "{found:?}");
    // With the right on it, it is used.
    assert!(matches!(status(&usb(&printer), &zpl()).await, Ok(PrinterState::Ready(_))));
}

#[test]
fn the_program_lists_a_printer_two_scanners_and_a_scale() {
    let Some(_one) = machine() else { return };
    let program = Path::new("/test/tallyman");
    assert!(program.exists(), "the program itself is not in the machine");
    let mut devices = [zebra(), pos_scanner(), keyboard_scanner(), acm_scanner(), scale()];
    for device in &mut devices {
        device.plug();
        enumerated(device);
    }
    let told = Command::new(program).arg("devices").env("LC_ALL", "C.UTF-8").output().unwrap();
    let text = String::from_utf8(told.stdout).unwrap();
    println!("$ tallyman devices\n{text}");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let serials: Vec<&str> = devices.iter().map(|device| device.serial.as_str()).collect();
    for wanted in [
        format!("Zebra ZTC ZD421-203dpi  usb:0a5f:0166/{}  zpl", serials[0]),
        format!("Honeywell 1950g  usb:0c2e:0b81/{}", serials[1]),
        format!("Symbol LS2208  usb:05e0:1200/{}", serials[2]),
        "Datalogic Gryphon  serial:/dev/ttyACM0".to_owned(),
        format!("Dymo S250  usb:0922:8003/{}", serials[4]),
        "file:/dev/usb/lp0".to_owned(),
    ] {
        assert!(text.contains(&wanted), "{wanted:?} is missing");
    }
}
