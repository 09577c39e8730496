//! A printer of the printer class, by libusb and by the kernel's own driver.

use super::machine::{PAPER_OUT, READY, ZEBRA, enumerated, machine, zebra};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tallyman_drivers::discover;
use tallyman_drivers::printer::{Doubt, Evidence, Language, PrintOutcome, PrinterProfile, PrinterState, print, status};
use tallyman_drivers::transport::{Address, ErrorKind, Usb, UsbKind};
use usb_without_hardware::gadget::{Gadget, open_printer, set_port_status};

/// The far end of a printer: keeps what comes, and answers each question for the status.
pub(super) struct Paper {
    pub(super) got: Arc<Mutex<Vec<u8>>>,
    ends: Arc<AtomicBool>,
    pub(super) file: File,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Paper {
    /// Reads as long as it lives, so many bytes at most.
    pub(super) fn behind(file: &Path, answer: &'static [u8], most: usize) -> Self {
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

    pub(super) fn without_questions(&self) -> Vec<u8> {
        String::from_utf8(self.got.lock().unwrap().clone()).unwrap().replace("~HS", "").into_bytes()
    }
}

impl Drop for Paper {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap();
    }
}

pub(super) fn label(bytes: usize) -> Vec<u8> {
    let mut label = b"^XA^FD".to_vec();
    label.resize(bytes - 6, b'7');
    label.extend(b"^FS^XZ");
    label
}

pub(super) fn usb(gadget: &Gadget) -> Usb {
    Usb { identity: format!("0a5f:0166/{}", gadget.serial).parse().unwrap(), kind: UsbKind::Printer }
}

pub(super) fn zpl() -> PrinterProfile {
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
/// label a scripted printer is pulled out.
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
