//! The line of a device that does not exist: on the network, on a pseudo-terminal, or within the process. It can be pulled
//! out and plugged in.

use super::machine::bound;
use crate::transport::{Address, Connect, ErrorKind, Line as Speed, Pending, Stream, Tcp, Transport, TransportError};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{io, net::Ipv4Addr};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Bytes on their way within the process.
const PIPE: usize = 64 * 1024;
/// Connections that wait while one is served.
const BACKLOG: u32 = 4;
/// How long a device waits for somebody who listens.
const NOBODY: Duration = Duration::from_secs(3);

/// Where a device that does not exist can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At a port of this machine; a free one for 0.
    Network(u16),
    /// At a pseudo-terminal, behind a link of this name, as a serial adapter has one by its id.
    #[cfg(unix)]
    Terminal(PathBuf),
    /// By this process alone.
    Process,
}

/// Bytes for whoever listens, and whether they were taken.
type Outgoing = (Vec<u8>, oneshot::Sender<bool>);

/// The device's end.
#[derive(Debug)]
pub(super) struct Line {
    way: Way,
    out: mpsc::Sender<Outgoing>,
    heard: Mutex<mpsc::Receiver<Vec<u8>>>,
    plugged: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// How to reach it.
#[derive(Debug, Clone)]
enum Way {
    Network(SocketAddr),
    #[cfg(unix)]
    Terminal(PathBuf),
    Process(Process),
}

impl Line {
    pub(super) async fn at(place: Place) -> io::Result<Self> {
        let (plugged, is_plugged) = watch::channel(true);
        let (out, outgoing) = mpsc::channel(16);
        let (hears, heard) = mpsc::channel(256);
        let mut end = End { outgoing, hears, plugged: is_plugged.clone() };
        let (way, task) = match place {
            Place::Network(port) => {
                let listener = bound((Ipv4Addr::LOCALHOST, port).into())?.listen(BACKLOG)?;
                let way = Way::Network(listener.local_addr()?);
                (way, tokio::spawn(async move { end.on_network(listener).await }))
            }
            #[cfg(unix)]
            Place::Terminal(link) => {
                let first = terminal::open(&link)?;
                let way = Way::Terminal(link.clone());
                (way, tokio::spawn(async move { end.on_terminal(&link, first).await }))
            }
            Place::Process => {
                let (to, mut opened) = mpsc::channel(1);
                let way = Way::Process(Process { to, plugged: is_plugged });
                (way, tokio::spawn(async move { end.in_process(&mut opened).await }))
            }
        };
        Ok(Self { way, out, heard: Mutex::new(heard), plugged, task })
    }

    /// As settings name it; `None` within the process, where no settings reach.
    pub(super) fn address(&self) -> Option<Address> {
        match &self.way {
            Way::Network(address) => Some(Address::Tcp(*address)),
            #[cfg(unix)]
            Way::Terminal(link) => Some(Address::Serial(link.display().to_string(), Speed::default())),
            Way::Process(_) => None,
        }
    }

    /// The way to it.
    pub(super) fn connect(&self) -> Arc<dyn Connect> {
        match &self.way {
            Way::Network(address) => Arc::new(Tcp::new(*address)),
            #[cfg(unix)]
            Way::Terminal(link) => {
                Arc::new(crate::transport::Serial { path: link.display().to_string(), line: Speed::default() })
            }
            Way::Process(process) => Arc::new(process.clone()),
        }
    }

    /// Hands bytes to whoever listens; says whether somebody took them.
    pub(super) async fn send(&self, bytes: &[u8]) -> bool {
        let (done, taken) = oneshot::channel();
        if self.out.send((bytes.to_vec(), done)).await.is_err() {
            return false;
        }
        matches!(timeout(NOBODY, taken).await, Ok(Ok(true)))
    }

    /// What came next, within a time.
    pub(super) async fn hear(&self, limit: Duration) -> Option<Vec<u8>> {
        timeout(limit, self.heard.lock().await.recv()).await.ok().flatten()
    }

    pub(super) fn plug(&self, plugged: bool) {
        self.plugged.send_replace(plugged);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
        #[cfg(unix)]
        if let Way::Terminal(link) = &self.way {
            // It may be pulled out, and then it is gone already.
            drop(std::fs::remove_file(link));
        }
    }
}

/// What the task of a line holds.
struct End {
    outgoing: mpsc::Receiver<Outgoing>,
    hears: mpsc::Sender<Vec<u8>>,
    plugged: watch::Receiver<bool>,
}

/// Why one connection is over.
#[derive(PartialEq)]
enum Over {
    Gone,
    Pulled,
}

impl End {
    /// Waits until it is plugged in.
    async fn plugged_in(&mut self) {
        // An error means that the device is gone, and its task ends with it.
        drop(self.plugged.wait_for(|plugged| *plugged).await);
    }

    /// Serves one connection.
    async fn serve(&mut self, stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin)) -> Over {
        let mut piece = [0; 4_096];
        let mut plugged = self.plugged.clone();
        loop {
            tokio::select! {
                () = pulled(&mut plugged) => return Over::Pulled,
                read = stream.read(&mut piece) => match read {
                    Ok(0) | Err(_) => return Over::Gone,
                    // Nobody listens to what the host says, and then it is lost, as it is at a real device.
                    Ok(read) => drop(self.hears.try_send(piece.get(..read).unwrap_or_default().to_vec())),
                },
                Some((bytes, done)) = self.outgoing.recv() => {
                    let sent = stream.write_all(&bytes).await.is_ok() && stream.flush().await.is_ok();
                    // Whoever sent it may not wait any more.
                    let _ = done.send(sent);
                }
            }
        }
    }

    async fn on_network(&mut self, listener: TcpListener) {
        if let Err(error) = self.listen(listener).await {
            tracing::error!(%error, "the port of a device that does not exist");
        }
    }

    async fn listen(&mut self, mut listener: TcpListener) -> io::Result<()> {
        let address = listener.local_addr()?;
        let mut plugged = self.plugged.clone();
        loop {
            tokio::select! {
                () = pulled(&mut plugged) => {}
                accepted = listener.accept() => {
                    let mut stream = accepted?.0;
                    stream.set_nodelay(true)?;
                    self.serve(&mut stream).await;
                    reset(&stream);
                }
            }
            if *self.plugged.borrow() {
                continue;
            }
            drop(listener);
            // A port that is bound and does not listen refuses, and nobody else gets it.
            let holder = bound(address)?;
            self.plugged_in().await;
            listener = holder.listen(BACKLOG)?;
        }
    }

    #[cfg(unix)]
    async fn on_terminal(&mut self, link: &std::path::Path, first: terminal::Far) {
        let mut far = Some(first);
        loop {
            self.plugged_in().await;
            let mut open = match far.take().map_or_else(|| terminal::open(link), Ok) {
                Ok(open) => open,
                Err(error) => {
                    tracing::error!(%error, "a pseudo-terminal");
                    return;
                }
            };
            while self.serve(&mut open).await == Over::Gone {
                // The host has closed it and may open it again.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            drop(std::fs::remove_file(link));
        }
    }

    async fn in_process(&mut self, opened: &mut mpsc::Receiver<DuplexStream>) {
        while let Some(mut stream) = opened.recv().await {
            self.serve(&mut stream).await;
        }
    }
}

/// Waits until it is pulled out.
async fn pulled(plugged: &mut watch::Receiver<bool>) {
    // An error means that the device is gone, which is the same.
    drop(plugged.wait_for(|plugged| !*plugged).await);
}

/// What is pulled out does not take leave.
fn reset(stream: &TcpStream) {
    drop(stream.set_zero_linger());
}

/// A way within the process.
#[derive(Debug, Clone)]
struct Process {
    to: mpsc::Sender<DuplexStream>,
    plugged: watch::Receiver<bool>,
}

impl Connect for Process {
    fn connect(&self, limit: Duration) -> Pending<'_, Result<Box<dyn Transport>, TransportError>> {
        Box::pin(async move {
            if !*self.plugged.borrow() {
                return Err(TransportError::new(ErrorKind::NotFound));
            }
            let (near, far) = duplex(PIPE);
            match timeout(limit, self.to.send(far)).await {
                Ok(Ok(())) => Ok(Box::new(Stream(near)) as Box<dyn Transport>),
                Ok(Err(_)) => Err(TransportError::new(ErrorKind::NotFound)),
                Err(_) => Err(TransportError::new(ErrorKind::TimedOut)),
            }
        })
    }

    fn address(&self) -> String {
        "within the process".to_owned()
    }
}

#[cfg(unix)]
mod terminal {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
    use std::ffi::OsStr;
    use std::fs::File;
    use std::io;
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::Path;
    use tokio::io::{Join, join};
    use tokio::net::unix::pipe::{Receiver, Sender};

    /// The far end of a pseudo-terminal.
    pub(super) type Far = Join<Receiver, Sender>;

    /// Makes one, with a link to the end that a host opens.
    pub(super) fn open(link: &Path) -> io::Result<Far> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        fcntl_setfl(&master, fcntl_getfl(&master)? | OFlags::NONBLOCK)?;
        // Before the host has set the line up, nothing may be echoed to the device.
        let mut settings = tcgetattr(&master)?;
        settings.make_raw();
        tcsetattr(&master, OptionalActions::Now, &settings)?;
        let near = ptsname(&master, Vec::new())?;
        match std::fs::remove_file(link) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        std::os::unix::fs::symlink(OsStr::from_bytes(near.as_bytes()), link)?;
        let master = File::from(master);
        // It is no pipe, and read and written as one.
        Ok(join(Receiver::from_file_unchecked(master.try_clone()?)?, Sender::from_file_unchecked(master)?))
    }
}
