//! How soon a scan is there: `cargo bench -p tallyman-drivers --bench scans`. Twenty scanners at twenty scans a second over
//! pseudo-terminals, beside a bare read of one such line in the same run. Prints; never fails a build.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::float_arithmetic,
    reason = "a bench stops at the first fault"
)]

#[cfg(unix)]
mod on_unix {
    use serialport::{SerialPort as _, TTYPort};
    use std::io::{Read as _, Write as _};
    use std::sync::mpsc as blocking;
    use std::time::{Duration, Instant};
    use tallyman_drivers::owner::{self, Told};
    use tallyman_drivers::scanner::{Event, How, way};
    use tallyman_drivers::transport::Address;
    use tokio::sync::mpsc;

    const SCANNERS: usize = 20;
    const SCANS: u32 = 100;
    const EVERY: Duration = Duration::from_millis(50);

    #[expect(clippy::disallowed_methods, reason = "a bench measures the clock on the wall")]
    fn now() -> Instant {
        Instant::now()
    }

    fn told(what: &str, mut took: Vec<Duration>) -> Duration {
        took.sort_unstable();
        let at = |part: usize| took[(took.len() * part / 100).min(took.len() - 1)];
        println!("{what:<44} p50 {:>6} us  p99 {:>6} us  of {}", at(50).as_micros(), at(99).as_micros(), took.len());
        at(99)
    }

    /// The time from the last byte of a line to its being read, without anything of ours.
    fn floor() -> Duration {
        let (mut far, mut near) = TTYPort::pair().unwrap();
        near.set_timeout(Duration::from_secs(5)).unwrap();
        let (into, sent) = blocking::channel::<Instant>();
        let reading = std::thread::spawn(move || {
            let mut took = Vec::new();
            let mut line = [0; 14];
            while near.read_exact(&mut line).is_ok() {
                let read = now();
                match sent.recv() {
                    Ok(sent) => took.push(read - sent),
                    Err(_) => break,
                }
                if took.len() == 200 {
                    break;
                }
            }
            took
        });
        for _ in 0..200 {
            far.write_all(b"6901234567892\r").unwrap();
            into.send(now()).unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
        told("floor: one bare line, read by itself", reading.join().unwrap())
    }

    pub fn run() {
        let floor = floor();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let took = runtime.block_on(async {
            let mut tasks = Vec::new();
            for scanner in 0..SCANNERS {
                let (mut far, near) = TTYPort::pair().unwrap();
                let address = Address::Serial(near.name().unwrap(), Default::default());
                drop(near);
                let (device, codec) = way(&address, How::named("serial").unwrap());
                let (into, mut events) = mpsc::channel(64);
                let owner = tokio::spawn(owner::scanner(device, codec, into));
                assert_eq!(events.recv().await, Some(Told::Here));
                let (sent, mut times) = mpsc::unbounded_channel();
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(u64::try_from(scanner).unwrap() * 2));
                    for scan in 0..SCANS {
                        far.write_all(format!("S{scanner:02}-{scan:09}\r").as_bytes()).unwrap();
                        sent.send(now()).unwrap();
                        std::thread::sleep(EVERY);
                    }
                    std::thread::sleep(Duration::from_secs(1));
                });
                tasks.push(tokio::spawn(async move {
                    let mut took = Vec::new();
                    while u32::try_from(took.len()).unwrap() < SCANS {
                        match events.recv().await {
                            Some(Told::Event(Event::Scan(scan))) => {
                                let read = now();
                                assert_eq!(
                                    scan.text,
                                    format!("S{scanner:02}-{:09}", took.len()),
                                    "none lost or merged"
                                );
                                took.push(read - times.recv().await.unwrap());
                            }
                            other => panic!("{other:?}"),
                        }
                    }
                    owner.abort();
                    took
                }));
            }
            let mut took = Vec::new();
            for task in tasks {
                took.extend(task.await.unwrap());
            }
            took
        });
        let ours = told("20 scanners at 20 scans a second, owned", took);
        println!("p99 over the floor's: {:.1}", ours.as_secs_f64() / floor.as_secs_f64().max(1e-9));
        println!("asked: under 20000 us at the 99th percentile, of the devices' part and the service's together");
    }
}

fn main() {
    #[cfg(unix)]
    on_unix::run();
}
