//! One task owns one device: it opens it, listens, notices that it is gone, and looks for it again until it is back.

use crate::scale::{self, Reading, Settled, Settler};
use crate::scanner::{self, Event};
use crate::transport::{Connect, ErrorKind, Pending, Transport, TransportError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

/// How long opening may take.
const OPEN: Duration = Duration::from_secs(3);
/// Pauses before a lost device is looked for again, the last one for ever: back within two seconds of replugging, and
/// nothing to do in between.
const AGAIN: [u64; 5] = [100, 200, 400, 800, 1_000];
/// How long an answer to a scanner may take.
const ANSWER: Duration = Duration::from_millis(500);
/// How long a scale may say nothing before it counts as silent.
const SILENT: Duration = Duration::from_secs(3);

/// What an owner tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told<T> {
    /// The device is there and listens.
    Here,
    /// The device can't be used; told once for each reason.
    Gone(TransportError),
    /// What came from it.
    Event(T),
}

/// What a scale tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weighing {
    /// A reading that differs from the one before: for a display.
    Reading(Reading),
    /// What counts.
    Settled(Settled),
    /// Nothing came for some seconds: it is switched off, or set to another line.
    Silent,
}

/// Owns a scanner until nobody listens any more. `codec` makes a reader for each connection.
pub async fn scanner(device: Arc<dyn Connect>, codec: CodecOf, events: mpsc::Sender<Told<Event>>) {
    own(device, ScannerWork { codec, events: events.clone() }, events).await;
}

/// Makes a reader for what a scanner sends.
pub type CodecOf = Box<dyn Fn() -> Box<dyn scanner::Codec> + Send + Sync>;

/// Owns a scale until nobody listens any more.
pub async fn scale(device: Arc<dyn Connect>, protocol: scale::Protocol, events: mpsc::Sender<Told<Weighing>>) {
    own(device, ScaleWork { protocol, events: events.clone() }, events).await;
}

/// Time for measuring silence and pauses; nothing depends on the hour.
#[expect(clippy::disallowed_methods, reason = "only durations are measured with it")]
fn now() -> Instant {
    Instant::now()
}

/// What is done with a device while it is there.
trait Work: Send {
    /// Works until the device is lost, and says why.
    fn work<'a>(&'a mut self, way: &'a mut dyn Transport) -> Pending<'a, TransportError>;
}

/// Nobody listens any more.
fn unwanted() -> TransportError {
    TransportError { kind: ErrorKind::Closed, detail: String::new() }
}

struct ScannerWork {
    codec: CodecOf,
    events: mpsc::Sender<Told<Event>>,
}

impl ScannerWork {
    async fn until_lost(&mut self, way: &mut dyn Transport) -> Result<(), TransportError> {
        let mut codec = (self.codec)();
        let start = now();
        let mut piece = [0; 4_096];
        loop {
            let limit = codec.silence().unwrap_or(Duration::from_secs(1));
            let read = tokio::select! {
                read = way.read(&mut piece, limit) => read,
                () = self.events.closed() => return Err(unwanted()),
            };
            let found = match read {
                Ok(read) => codec.feed(piece.get(..read).unwrap_or_default(), start.elapsed()),
                Err(error) if error.kind == ErrorKind::TimedOut => codec.idle(start.elapsed()),
                Err(error) => return Err(error),
            };
            for event in found {
                match event {
                    Event::Answer(bytes) => way.write(&bytes, ANSWER).await.ended?,
                    event => self.events.send(Told::Event(event)).await.map_err(|_| unwanted())?,
                }
            }
        }
    }
}

impl Work for ScannerWork {
    fn work<'a>(&'a mut self, way: &'a mut dyn Transport) -> Pending<'a, TransportError> {
        Box::pin(async move { self.until_lost(way).await.err().unwrap_or_else(unwanted) })
    }
}

struct ScaleWork {
    protocol: scale::Protocol,
    events: mpsc::Sender<Told<Weighing>>,
}

impl ScaleWork {
    async fn until_lost(&mut self, way: &mut dyn Transport) -> Result<(), TransportError> {
        let mut codec = self.protocol.codec();
        let mut settler = Settler::default();
        let start = now();
        let (mut last_heard, mut silent, mut shown) = (start, false, None);
        let mut piece = [0; 1_024];
        let question = self.protocol.question();
        loop {
            let asked = now();
            way.write(question, ANSWER).await.ended?;
            let limit = if question.is_empty() { SILENT } else { scale::Protocol::ASK_EVERY };
            let read = tokio::select! {
                read = way.read(&mut piece, limit) => read,
                () = self.events.closed() => return Err(unwanted()),
            };
            let read = match read {
                Ok(read) => read,
                Err(error) if error.kind == ErrorKind::TimedOut => 0,
                Err(error) => return Err(error),
            };
            let mut told = Vec::new();
            for reading in codec.feed(piece.get(..read).unwrap_or_default()) {
                (last_heard, silent) = (now(), false);
                if shown.replace(reading) != Some(reading) {
                    told.push(Weighing::Reading(reading));
                }
                told.extend(settler.take(reading, start.elapsed()).map(Weighing::Settled));
            }
            if last_heard.elapsed() >= SILENT && !silent {
                silent = true;
                told.push(Weighing::Silent);
            }
            for event in told {
                self.events.send(Told::Event(event)).await.map_err(|_| unwanted())?;
            }
            if !question.is_empty() {
                sleep(scale::Protocol::ASK_EVERY.saturating_sub(asked.elapsed())).await;
            }
        }
    }
}

impl Work for ScaleWork {
    fn work<'a>(&'a mut self, way: &'a mut dyn Transport) -> Pending<'a, TransportError> {
        Box::pin(async move { self.until_lost(way).await.err().unwrap_or_else(unwanted) })
    }
}

/// Opens a device, works with it until it is lost, and looks for it again.
async fn own<T: Send>(device: Arc<dyn Connect>, mut work: impl Work, events: mpsc::Sender<Told<T>>) {
    let mut said = None;
    let mut failures = 0_usize;
    while !events.is_closed() {
        let error = match device.connect(OPEN).await {
            Ok(mut way) => {
                (said, failures) = (None, 0);
                if events.send(Told::Here).await.is_err() {
                    return;
                }
                let error = work.work(way.as_mut()).await;
                way.shutdown(OPEN).await;
                error
            }
            Err(error) => error,
        };
        if said != Some(error.kind) {
            said = Some(error.kind);
            tracing::info!(device = device.address(), %error, "a device is gone");
            if events.send(Told::Gone(error)).await.is_err() {
                return;
            }
        }
        let pause = AGAIN.get(failures).or(AGAIN.last()).copied().unwrap_or(1_000);
        failures += 1;
        // Whoever no longer listens is not kept waiting.
        let _ = timeout(Duration::from_millis(pause), events.closed()).await;
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale::{Protocol, Stability};
    use crate::scanner::serial::{Framing, SerialCodec};
    use crate::scanner::ssi::SsiCodec;
    use crate::transport::{Line, Serial};
    use serialport::SerialPort as _;
    use std::io::{Read as _, Write as _};
    use std::sync::Mutex;

    /// A pseudo-terminal that can be pulled out and put in: the path changes each time, as a link by id hides.
    #[derive(Clone)]
    struct Socket(Arc<Mutex<Option<String>>>);

    impl Connect for Socket {
        fn connect(&self, limit: Duration) -> Pending<'_, Result<Box<dyn Transport>, TransportError>> {
            let path = self.0.lock().unwrap().clone();
            Box::pin(async move {
                let path = path.ok_or(TransportError { kind: ErrorKind::NotFound, detail: String::new() })?;
                Serial { path, line: Line::default() }.connect(limit).await
            })
        }

        fn address(&self) -> String {
            "socket".into()
        }
    }

    fn plug(socket: &Socket) -> serialport::TTYPort {
        let (far, near) = serialport::TTYPort::pair().unwrap();
        *socket.0.lock().unwrap() = near.name();
        far
    }

    async fn next<T>(events: &mut mpsc::Receiver<Told<T>>) -> Told<T> {
        timeout(Duration::from_secs(5), events.recv()).await.expect("it says something").expect("it goes on")
    }

    fn text(told: Told<Event>) -> String {
        match told {
            Told::Event(Event::Scan(scan)) => scan.text,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_scanner_is_back_within_two_seconds_of_replugging() {
        let socket = Socket(Arc::default());
        let (into, mut events) = mpsc::channel(16);
        let owned = socket.clone();
        let task = tokio::spawn(async move {
            scanner(Arc::new(owned), Box::new(|| Box::new(SerialCodec::new(Framing::default()))), into).await;
        });
        assert!(matches!(next(&mut events).await, Told::Gone(error) if error.kind == ErrorKind::NotFound));
        let mut far = plug(&socket);
        for round in 0..3 {
            let plugged = now();
            assert_eq!(next(&mut events).await, Told::Here);
            assert!(plugged.elapsed() < Duration::from_secs(2));
            far.write_all(format!("A-{round}\rB").as_bytes()).unwrap();
            assert_eq!(text(next(&mut events).await), format!("A-{round}"));
            // Half a code is lost with its scanner, and does not spoil the next.
            *socket.0.lock().unwrap() = None;
            drop(far);
            assert!(matches!(next(&mut events).await, Told::Gone(error) if error.kind == ErrorKind::Unplugged));
            far = plug(&socket);
        }
        drop(events);
        timeout(Duration::from_secs(3), task).await.expect("it ends when nobody listens").unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn an_ssi_scanner_gets_its_acknowledgement() {
        let socket = Socket(Arc::default());
        let mut far = plug(&socket);
        far.set_timeout(Duration::from_secs(3)).unwrap();
        let (into, mut events) = mpsc::channel(16);
        tokio::spawn(async move { scanner(Arc::new(socket), Box::new(|| Box::<SsiCodec>::default()), into).await });
        assert_eq!(next(&mut events).await, Told::Here);
        far.write_all(&[0x06, 0xf3, 0x00, 0x00, 0x03, b'A', 0xfe, 0xc3]).unwrap();
        assert_eq!(text(next(&mut events).await), "A");
        let mut answer = [0; 6];
        far.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [4, 0xd0, 4, 0, 0xff, 0x28]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_scale_is_asked_and_its_weight_counts_once() {
        let socket = Socket(Arc::default());
        let mut far = plug(&socket);
        far.set_timeout(Duration::from_secs(3)).unwrap();
        let (into, mut events) = mpsc::channel(64);
        tokio::spawn(async move { super::scale(Arc::new(socket), Protocol::MtSics, into).await });
        assert_eq!(next(&mut events).await, Told::Here);
        let answering = std::thread::spawn(move || {
            for answer in [
                "S S 0.000 kg",
                "S S 0.000 kg",
                "S S 0.000 kg",
                "S D 0.7 kg",
                "S S 1.25 kg",
                "S S 1.25 kg",
                "S S 1.25 kg",
            ] {
                let mut question = [0; 4];
                far.read_exact(&mut question).unwrap();
                assert_eq!(&question, b"SI\r\n");
                far.write_all(format!("{answer}\r\n").as_bytes()).unwrap();
            }
            far
        });
        let mut settled = Vec::new();
        let mut readings = 0;
        while settled.len() < 2 {
            match next(&mut events).await {
                Told::Event(Weighing::Settled(one)) => settled.push(one),
                Told::Event(Weighing::Reading(Reading::Weight { stability, .. })) => {
                    readings += 1;
                    assert_ne!(stability, Stability::Unknown);
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((settled, readings), (vec![Settled::Empty, Settled::Weight(1_250_000)], 3));
        let far = answering.join().unwrap();
        assert_eq!(next(&mut events).await, Told::Event(Weighing::Silent));
        drop(far);
    }
}
