//! What the machine is given, and how it is waited for.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tallyman_drivers::owner::{Told, Weighing};
use tallyman_drivers::scale::Settled;
use tallyman_drivers::scanner::pos;
use tokio::sync::mpsc;
use usb_without_hardware::gadget::{self, Function, Gadget};
use usb_without_hardware::usbip;

pub(super) const ZEBRA: &str = "MFG:Zebra;CMD:ZPL;MDL:ZTC ZD421-203dpi;CLS:PRINTER;";
pub(super) const READY: &[u8] =
    b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02001,0,0,0,1,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n";
pub(super) const PAPER_OUT: &[u8] =
    b"\x02030,1,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02001,0,0,0,1,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n";
/// A boot keyboard.
pub(super) const KEYBOARD: &[u8] = &[
    0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95,
    0x08, 0x81, 0x02, 0x95, 0x01, 0x75, 0x08, 0x81, 0x03, 0x95, 0x06, 0x75, 0x08, 0x15, 0x00, 0x26, 0xff, 0x00, 0x05,
    0x07, 0x19, 0x00, 0x29, 0xff, 0x81, 0x00, 0xc0,
];
/// A scale: report 3 of status, unit, exponent, and 16 bits of weight.
pub(super) const SCALE: &[u8] = &[
    0x05, 0x8d, 0x09, 0x20, 0xa1, 0x01, 0x85, 0x03, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x05, 0x09, 0x40,
    0x81, 0x02, 0xc0,
];

/// Whether there is such a machine; one test at a time.
pub(super) fn machine() -> Option<std::sync::MutexGuard<'static, ()>> {
    static ONE: Mutex<()> = Mutex::new(());
    let here = gadget::available() && usbip::available();
    assert!(
        here || std::env::var_os("VM_REQUIRED").is_none(),
        "a kernel with gadgets and vhci_hcd is required and missing"
    );
    if !here {
        println!("the kernel's own USB is not tested: this kernel has no gadgets or no vhci_hcd");
        return None;
    }
    Some(ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

pub(super) fn zebra() -> Gadget {
    Gadget::new((0x0a5f, 0x0166), "Zebra Technologies", "ZTC ZD421", Function::Printer(ZEBRA))
}

pub(super) fn pos_scanner() -> Gadget {
    Gadget::new((0x0c2e, 0x0b81), "Honeywell", "1950g", Function::Hid(0, 0, 64, pos::DESCRIPTOR))
}

pub(super) fn keyboard_scanner() -> Gadget {
    Gadget::new((0x05e0, 0x1200), "Symbol", "LS2208", Function::Hid(1, 1, 8, KEYBOARD))
}

pub(super) fn scale() -> Gadget {
    Gadget::new((0x0922, 0x8003), "Dymo", "S250", Function::Hid(0, 0, 6, SCALE))
}

pub(super) fn acm_scanner() -> Gadget {
    Gadget::new((0x05f9, 0x4204), "Datalogic", "Gryphon", Function::Acm)
}

/// Waits for what takes the kernel a moment.
pub(super) fn wait<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(since.elapsed() < Duration::from_secs(10), "{what}: not within 10 s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(super) fn enumerated(gadget: &Gadget) {
    known(&gadget.serial);
}

/// Waits until the kernel knows the device with this serial number.
pub(super) fn known(serial: &str) {
    wait("the kernel knows the device", || {
        let devices = std::fs::read_dir("/sys/bus/usb/devices").unwrap().filter_map(Result::ok);
        let serials = devices.filter_map(|device| std::fs::read_to_string(device.path().join("serial")).ok());
        serials.map(|found| found.trim().to_owned()).find(|found| found == serial)
    });
    // Its drivers take hold of it.
    std::thread::sleep(Duration::from_millis(300));
}

pub(super) async fn next<T>(events: &mut mpsc::Receiver<Told<T>>) -> Told<T> {
    tokio::time::timeout(Duration::from_secs(10), events.recv()).await.expect("it says something").expect("it goes on")
}

/// What is said, once all that is there for the first time has been said.
pub(super) async fn here<T: std::fmt::Debug>(events: &mut mpsc::Receiver<Told<T>>) {
    loop {
        match next(events).await {
            Told::Here => return,
            Told::Gone(error) => println!("not yet: {error}"),
            other => panic!("{other:?}"),
        }
    }
}

pub(super) async fn settled(events: &mut mpsc::Receiver<Told<Weighing>>, wanted: usize) -> Vec<Settled> {
    let mut settled = Vec::new();
    while settled.len() < wanted {
        if let Told::Event(Weighing::Settled(one)) = next(events).await {
            settled.push(one);
        }
    }
    settled
}

pub(super) fn raw(file: &Path, baud: u32) -> Box<dyn serialport::SerialPort> {
    serialport::new(file.to_string_lossy(), baud).timeout(Duration::from_secs(3)).open().unwrap()
}
