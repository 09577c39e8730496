//! Ways whose calls block: two threads own one, and bytes pass through bounded channels.

use super::{ErrorKind, Pending, Transport, TransportError, Written};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc as blocking,
    },
    thread,
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

/// How long one call may block: so soon a thread notices that nobody needs it any more.
const TICK: Duration = Duration::from_millis(100);
/// Bytes asked for at once.
const PIECE: usize = 4 * 1024;
/// Pieces that wait to be read. A reader who sleeps holds the device up, and nothing is lost.
const WAITING: usize = 64;
/// How long a drain waits for what has arrived to pass through the channel.
const ARRIVED: Duration = Duration::from_millis(5);
/// A drain ends here, so that a device that never stops talking can't hold it.
const DRAIN_BYTES: usize = 64 * 1024;

/// The half that takes bytes. A call ends within its limit.
pub(super) trait Sink: Send + 'static {
    /// Hands over some of the bytes, at least one; an error where that was not possible within the limit.
    fn write_some(&mut self, bytes: &[u8], limit: Duration) -> Result<usize, TransportError>;

    /// Waits until what was handed over is where closing the way can't take it back. Called after the last byte.
    fn settle(&mut self, _limit: Duration) -> Result<(), TransportError> {
        Ok(())
    }
}

/// The half that gives bytes. A call ends within its limit.
pub(super) trait Source: Send + 'static {
    /// Waits for at least one byte. [`ErrorKind::TimedOut`] is no failure.
    fn read_some(&mut self, into: &mut [u8], limit: Duration) -> Result<usize, TransportError>;
}

struct Order {
    bytes: Vec<u8>,
    limit: Duration,
    answer: oneshot::Sender<Written>,
}

/// A way that two threads own.
pub(super) struct Threads {
    orders: blocking::Sender<Order>,
    arrived: mpsc::Receiver<Result<Vec<u8>, TransportError>>,
    /// What arrived and was not asked for yet.
    rest: Vec<u8>,
    /// How the way ended; told again at each call.
    ended: Option<TransportError>,
    closed: Arc<AtomicBool>,
    /// Closes when both threads have let go of the device.
    let_go: mpsc::Receiver<()>,
}

impl Threads {
    /// Starts the threads of a way.
    pub(super) fn start(name: &str, sink: impl Sink, source: impl Source) -> Result<Self, TransportError> {
        let closed = Arc::new(AtomicBool::new(false));
        let (orders, to_write) = blocking::channel::<Order>();
        let (into, arrived) = mpsc::channel(WAITING);
        let (holds, let_go) = mpsc::channel(1);
        let holds_too = holds.clone();
        spawn(format!("{name} out"), move || {
            write_orders(sink, &to_write);
            drop(holds_too);
        })?;
        let closed_too = Arc::clone(&closed);
        spawn(format!("{name} in"), move || {
            read_all(source, &into, &closed_too);
            drop(holds);
        })?;
        Ok(Self { orders, arrived, rest: Vec::new(), ended: None, closed, let_go })
    }

    async fn next(&mut self) -> Result<(), TransportError> {
        if let Some(error) = &self.ended {
            return Err(error.clone());
        }
        match self.arrived.recv().await {
            Some(Ok(bytes)) => {
                self.rest.extend(bytes);
                Ok(())
            }
            Some(Err(error)) => {
                self.ended = Some(error.clone());
                Err(error)
            }
            None => Err(TransportError::new(ErrorKind::Closed)),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}

/// Opens a way by a call that blocks, within a limit.
pub(super) async fn open_within(
    limit: Duration,
    open: impl FnOnce() -> Result<Threads, TransportError> + Send + 'static,
) -> Result<Box<dyn Transport>, TransportError> {
    match timeout(limit, tokio::task::spawn_blocking(open)).await {
        Ok(Ok(opened)) => Ok(Box::new(opened?)),
        Ok(Err(error)) => Err(TransportError { kind: ErrorKind::Other, detail: error.to_string() }),
        Err(_) => Err(TransportError::new(ErrorKind::TimedOut)),
    }
}

fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> Result<(), TransportError> {
    // Ends by itself when the way is dropped; nobody has to wait for it.
    thread::Builder::new().name(name).spawn(work).map(drop).map_err(TransportError::from)
}

fn write_orders(mut sink: impl Sink, orders: &blocking::Receiver<Order>) {
    while let Ok(Order { bytes, limit, answer }) = orders.recv() {
        let mut handed_over = 0;
        let mut ended = Ok(());
        while let Some(rest) = bytes.get(handed_over..).filter(|rest| !rest.is_empty()) {
            // Whoever asked has gone: what was not sent yet must not be sent now.
            if answer.is_closed() {
                return;
            }
            match sink.write_some(rest, limit) {
                Ok(0) => ended = Err(TransportError::new(ErrorKind::TimedOut)),
                Ok(taken) => {
                    handed_over += taken;
                    continue;
                }
                Err(error) => ended = Err(error),
            }
            break;
        }
        if ended.is_ok() && handed_over > 0 {
            ended = sink.settle(limit);
        }
        // An error says that nobody waits for the answer.
        let _ = answer.send(Written { handed_over, ended });
    }
}

fn read_all(mut source: impl Source, into: &mpsc::Sender<Result<Vec<u8>, TransportError>>, closed: &AtomicBool) {
    let mut piece = vec![0; PIECE];
    let mut empty = 0_u32;
    while !closed.load(Ordering::Relaxed) {
        let read = match source.read_some(&mut piece, TICK) {
            // Some devices send an empty packet after a full one; a dead one sends nothing else.
            Ok(0) if empty < 1_000 => {
                empty += 1;
                continue;
            }
            Ok(0) => Err(TransportError::new(ErrorKind::Closed)),
            Ok(read) => Ok(piece.get(..read).unwrap_or_default().to_vec()),
            Err(error) if error.kind == ErrorKind::TimedOut => {
                empty = 0;
                continue;
            }
            Err(error) => Err(error),
        };
        empty = 0;
        let is_end = read.is_err();
        if into.blocking_send(read).is_err() || is_end {
            return;
        }
    }
}

impl Transport for Threads {
    fn write<'a>(&'a mut self, bytes: &'a [u8], limit: Duration) -> Pending<'a, Written> {
        Box::pin(async move {
            let (answer, written) = oneshot::channel();
            let order = Order { bytes: bytes.to_vec(), limit, answer };
            let gone = || Written { handed_over: 0, ended: Err(TransportError::new(ErrorKind::Closed)) };
            if self.orders.send(order).is_err() {
                return gone();
            }
            written.await.unwrap_or_else(|_| gone())
        })
    }

    fn read<'a>(&'a mut self, into: &'a mut [u8], limit: Duration) -> Pending<'a, Result<usize, TransportError>> {
        Box::pin(async move {
            if self.rest.is_empty() {
                timeout(limit, self.next()).await.unwrap_or_else(|_| Err(TransportError::new(ErrorKind::TimedOut)))?;
            }
            let count = into.len().min(self.rest.len());
            for (to, from) in into.iter_mut().zip(self.rest.drain(..count)) {
                *to = from;
            }
            Ok(count)
        })
    }

    fn drain(&mut self) -> Pending<'_, Result<Vec<u8>, TransportError>> {
        Box::pin(async move {
            while self.rest.len() < DRAIN_BYTES {
                let Ok(next) = timeout(ARRIVED, self.next()).await else { break };
                next?;
            }
            Ok(std::mem::take(&mut self.rest))
        })
    }

    /// What was handed over is with the system, which goes on sending it. Waits until the device is free: the next job
    /// may open it at once.
    fn shutdown(mut self: Box<Self>, limit: Duration) -> Pending<'static, ()> {
        Box::pin(async move {
            let (none, _) = blocking::channel();
            drop(std::mem::replace(&mut self.orders, none));
            self.closed.store(true, Ordering::Relaxed);
            // A reader that waits for room is let go of as well.
            self.arrived.close();
            let _ = timeout(limit.max(TICK * 3), self.let_go.recv()).await;
        })
    }
}
