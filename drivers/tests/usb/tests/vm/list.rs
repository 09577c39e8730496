//! What a person is told: which devices are there, and which of them may not be used.

use super::machine::{READY, acm_scanner, enumerated, keyboard_scanner, machine, pos_scanner, scale, wait, zebra};
use super::printers::{Paper, label, usb, zpl};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tallyman_drivers::discover::{self, Role};
use tallyman_drivers::printer::{PrintOutcome, PrinterState, print, status};
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
