//! Devices that an account without rights finds, and may not use.

use super::machine::{READY, acm_scanner, enumerated, keyboard_scanner, machine, next, pos_scanner, wait, zebra};
use super::printers::{Paper, label, usb, zpl};
use super::scanners::owned_scanner;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tallyman_drivers::discover::{self, Role};
use tallyman_drivers::owner::Told;
use tallyman_drivers::printer::{PrintOutcome, PrinterState, print, status};
use tallyman_drivers::scanner::How;
use tallyman_drivers::transport::{Address, ErrorKind, UsbKind};
use usb_without_hardware::gadget::Nobody;

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
    let serial = format!("serial:{}", port.display());
    let device = serial.parse::<Address>().unwrap().device(UsbKind::Hid);
    let refused = device.connect(Duration::from_secs(3)).await.err().expect("it may not be opened");
    assert_eq!(refused.kind, ErrorKind::NotPermitted);
    let found = discover::devices();
    let file = Address::File("/dev/usb/lp0".into());
    let outcome = print(file.device(UsbKind::Printer).as_ref(), &zpl(), &label(100), &mut |_| {}).await;
    assert!(
        matches!(&outcome, PrintOutcome::FailedBeforeFirstByte { error } if error.kind == ErrorKind::NotPermitted),
        "{outcome:?}"
    );
    drop(nobody);
    let printers = [format!("usb:0a5f:0166/{}", printer.serial), file.to_string()];
    for (role, address) in printers.map(|address| (Role::Printer, address)).into_iter().chain([(Role::Serial, serial)])
    {
        let told = found.iter().find(|found| (found.role, found.address.to_string()) == (role, address.clone()));
        let told = told.unwrap_or_else(|| panic!("{address} is not in {found:?}"));
        assert_eq!(told.trouble.as_ref().map(|trouble| trouble.kind), Some(ErrorKind::NotPermitted), "{address}");
        // Who it is, the kernel tells everybody.
        assert!(role == Role::Serial || told.name == "Zebra ZTC ZD421-203dpi", "{told:?}");
    }
    // With the right on it, it is used.
    assert!(matches!(status(&usb(&printer), &zpl()).await, Ok(PrinterState::Ready(_))));
}

/// The kernel tells of a device before the system's rules have given the right on it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scanner_that_may_be_used_a_moment_later_is_used_then() {
    let Some(_one) = machine() else { return };
    let mut scanners = [(pos_scanner(), "0c2e:0b81", How::Pos), (keyboard_scanner(), "05e0:1200", How::Keyboard)];
    for (scanner, ids, how) in &mut scanners {
        scanner.plug();
        enumerated(scanner);
        let nobody = Nobody::new();
        let (mut events, task) = owned_scanner(&format!("usb:{ids}/{}", scanner.serial), how.clone());
        let told = next(&mut events).await;
        assert!(matches!(&told, Told::Gone(error) if error.kind == ErrorKind::NotPermitted), "{ids}: {told:?}");
        // Said once, however often it is tried.
        let again = tokio::time::timeout(Duration::from_millis(1_500), events.recv()).await;
        assert!(again.is_err(), "{ids}: {again:?}");
        drop(nobody);
        let since = Instant::now();
        assert_eq!(next(&mut events).await, Told::Here, "{ids}");
        assert!(since.elapsed() < Duration::from_secs(2), "{ids}: after {:?}", since.elapsed());
        task.abort();
    }
}
