//! What a person at the machine is told: the program itself, run there.

use super::machine::{READY, acm_scanner, enumerated, keyboard_scanner, machine, pos_scanner, scale, wait, zebra};
use super::printers::Paper;
use super::scanners::give;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tallyman_drivers::discover::{self, Role};
use tallyman_drivers::scale::hid;
use tallyman_drivers::scanner::pos;

/// The program with these arguments.
fn tallyman(arguments: &[&str]) -> Command {
    let program = Path::new("/test/tallyman");
    assert!(program.exists(), "the program itself is not in the machine");
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C.UTF-8");
    command
}

/// What it says, where all is well.
fn told(command: &mut Command) -> String {
    let told = command.output().unwrap();
    assert!(told.status.success(), "{command:?}: {}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8(told.stdout).unwrap()
}

#[test]
fn the_program_lists_a_printer_two_scanners_and_a_scale() {
    let Some(_one) = machine() else { return };
    let mut devices = [zebra(), pos_scanner(), keyboard_scanner(), acm_scanner(), scale()];
    for device in &mut devices {
        device.plug();
        enumerated(device);
    }
    let found = discover::devices();
    let text = told(&mut tallyman(&["devices"]));
    println!("$ tallyman devices\n{text}");
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
    // The library says the same, each by what it is.
    for (role, name) in [
        (Role::Printer, "Zebra ZTC ZD421-203dpi"),
        (Role::Scanner, "Honeywell 1950g"),
        (Role::KeyboardOrScanner, "Symbol LS2208"),
        (Role::Serial, "Datalogic Gryphon"),
        (Role::Scale, "Dymo S250"),
    ] {
        assert!(found.iter().any(|found| found.role == role && found.name == name), "{name} is not in {found:?}");
    }
    assert!(found.iter().all(|found| found.trouble.is_none()), "{found:?}");
}

#[test]
fn an_account_without_rights_is_told_what_to_do() {
    let Some(_one) = machine() else { return };
    let mut devices = [zebra(), pos_scanner(), keyboard_scanner(), scale(), acm_scanner()];
    for device in &mut devices {
        device.plug();
        enumerated(device);
    }
    let text = told(tallyman(&["devices"]).uid(65_534).gid(65_534));
    println!("$ tallyman devices   # as nobody\n{text}");
    for name in ["Zebra ZTC ZD421-203dpi", "Honeywell 1950g", "Symbol LS2208", "Dymo S250", "Datalogic Gryphon"] {
        let mut lines = text.lines().skip_while(|line| !line.contains(name));
        assert!(lines.next().is_some(), "{name} is missing");
        assert!(lines.next().is_some_and(|hint| hint.contains("tallyman udev-rules")), "{name}: no hint");
    }
}

#[test]
fn watching_tells_what_is_plugged_in_and_pulled_out() {
    let Some(_one) = machine() else { return };
    let mut watching = tallyman(&["devices", "watch", "--seconds", "60"]).stdout(Stdio::piped()).spawn().unwrap();
    let (into, lines) = mpsc::channel();
    let output = BufReader::new(watching.stdout.take().unwrap());
    std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| into.send(line)));
    let until = |wanted: &str| {
        let since = Instant::now();
        while let Ok(line) = lines.recv_timeout(Duration::from_secs(10).saturating_sub(since.elapsed())) {
            println!("{line}");
            if line == wanted {
                return since.elapsed();
            }
        }
        panic!("{wanted:?} was not said");
    };
    for mut device in [zebra(), scale()] {
        let line = match device.serial.as_str() {
            serial if device.is_printer() => format!("Printer  Zebra ZTC ZD421-203dpi  usb:0a5f:0166/{serial}  zpl"),
            serial => format!("Scale  Dymo S250  usb:0922:8003/{serial}"),
        };
        for _ in 0..2 {
            device.plug();
            until(&format!("+ {line}"));
            device.pull();
            until(&format!("- {line}"));
        }
    }
    watching.kill().unwrap();
    watching.wait().unwrap();
}

#[test]
fn each_device_is_tried_by_the_program() {
    let Some(_one) = machine() else { return };
    let mut printer = zebra();
    let paper = Paper::behind(&printer.plug(), READY, usize::MAX);
    enumerated(&printer);
    for address in [format!("usb:0a5f:0166/{}", printer.serial), "file:/dev/usb/lp0".to_owned()] {
        wait("the kernel's driver is back", || Path::new("/dev/usb/lp0").exists().then_some(()));
        paper.got.lock().unwrap().clear();
        let text = told(&mut tallyman(&["devices", "test", "printer", &address]));
        println!("$ tallyman devices test printer {address}\n{text}");
        let page = String::from_utf8(paper.without_questions()).unwrap();
        assert!(page.starts_with("^XA") && page.trim_end().ends_with("^XZ"), "{address}: {} bytes", page.len());
    }
    drop(paper);

    let mut scanner = pos_scanner();
    let file = scanner.plug();
    enumerated(&scanner);
    let scans = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        give(&file, pos::reports(*b"]d2", "010690123456789210L7\u{1d}2142"));
    });
    let text = told(&mut tallyman(&["devices", "test", "scanner", &format!("usb:0c2e:0b81/{}", scanner.serial)]));
    println!("$ tallyman devices test scanner ...\n{text}");
    assert!(text.contains("010690123456789210L7\\u{1d}2142  Gs1DataMatrix"), "{text}");
    assert!(text.contains("(01)06901234567892(10)L7(21)42"), "{text}");
    scans.join().unwrap();

    let mut scale = scale();
    let file = scale.plug();
    enumerated(&scale);
    let weighs = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        let reports = [0, 0, 0, 1_250, 1_250, 1_250].map(|grams| hid::report(grams, true).to_vec());
        give(&file, reports);
    });
    let address = format!("usb:0922:8003/{}", scale.serial);
    let text = told(&mut tallyman(&["devices", "test", "scale", &address, "--protocol", "hid"]));
    println!("$ tallyman devices test scale ...\n{text}");
    assert!(text.contains("1250 g"), "{text}");
    weighs.join().unwrap();
}
