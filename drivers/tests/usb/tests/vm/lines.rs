//! Serial lines over USB: CDC-ACM, and an FTDI adapter.

use super::machine::{acm_scanner, here, machine, next, raw, settled, wait};
use super::scanners::{owned_scanner, scan};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tallyman_drivers::owner::{self, Told};
use tallyman_drivers::scale::{Protocol, Settled};
use tallyman_drivers::scanner::How;
use tallyman_drivers::transport::{Address, ErrorKind, UsbKind};
use tokio::sync::mpsc;

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

/// The kernel takes about a kilobyte for a device that does not listen, and keeps the closed port for up to half a minute to
/// give it away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_closed_port_was_given_still_arrives_and_until_then_it_is_refused_in_time() {
    let Some(_one) = machine() else { return };
    let mut device = acm_scanner();
    let far = device.plug();
    let port = wait("the port", || Some(PathBuf::from("/dev/ttyACM0")).filter(|port| port.exists()));
    let near = format!("serial:{}", port.display()).parse::<Address>().unwrap().device(UsbKind::Printer);
    let mut way = wait_async(|| near.connect(Duration::from_secs(3))).await;
    let label = vec![b'7'; 1_000];
    let written = way.write(&label, Duration::from_secs(3)).await;
    assert_eq!((written.handed_over, written.ended), (label.len(), Ok(())));
    way.shutdown(Duration::from_millis(300)).await;
    let since = Instant::now();
    let refused = near.connect(Duration::from_secs(1)).await.err().expect("the port is held");
    println!("a port whose device is deaf: {refused}");
    assert!(matches!(refused.kind, ErrorKind::Busy | ErrorKind::TimedOut), "{refused:?}");
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    let mut got = vec![0; label.len()];
    raw(&far, 9_600).read_exact(&mut got).unwrap();
    assert!(got == label);
    let since = Instant::now();
    drop(wait_async(|| near.connect(Duration::from_secs(3))).await);
    assert!(since.elapsed() < Duration::from_secs(5), "free again after {:?}", since.elapsed());
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
