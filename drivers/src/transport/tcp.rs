//! A device on the network, such as a label printer on port 9100.
//!
//! Such a printer serves one connection at a time, so a connection lives as long as one job and is never kept: a socket
//! left open locks everybody else out.

use super::{Connect, ErrorKind, Pending, Transport, TransportError, Written};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// The kernel gives up on bytes that the device does not confirm for this long; without it, a closed socket may go on
/// trying for a quarter of an hour, and a printer prints a label that a person has long replaced.
#[cfg(target_os = "linux")]
const UNCONFIRMED_LIMIT: Duration = Duration::from_secs(10);

/// How long a drain waits for the reactor to notice what has arrived.
const ARRIVED: Duration = Duration::from_millis(1);

/// A drain ends here, so that a device that never stops talking can't hold it.
const DRAIN_BYTES: usize = 64 * 1024;

/// A device at a network address. There is no name to resolve: that belongs to the settings, not to each job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tcp {
    address: SocketAddr,
}

impl Tcp {
    /// The device at `address`; label printers listen on port 9100.
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    async fn open(self, limit: Duration) -> Result<Stream<TcpStream>, TransportError> {
        let socket = if self.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_keepalive(true)?;
        socket.set_nodelay(true)?;
        let Ok(connected) = timeout(limit, socket.connect(self.address)).await else {
            return Err(TransportError::new(ErrorKind::TimedOut));
        };
        let stream = connected?;
        #[cfg(target_os = "linux")]
        socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(UNCONFIRMED_LIMIT))?;
        Ok(Stream(stream))
    }
}

impl Connect for Tcp {
    fn connect(&self, limit: Duration) -> Pending<'_, Result<Box<dyn Transport>, TransportError>> {
        Box::pin(async move { Ok(Box::new(self.open(limit).await?) as Box<dyn Transport>) })
    }

    fn address(&self) -> String {
        self.address.to_string()
    }
}

/// A stream of bytes as a way to a device.
pub(crate) struct Stream<S>(pub(crate) S);

/// What such a stream can do.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Duplex for S {}

impl<S: Duplex> Stream<S> {
    async fn read_some(&mut self, into: &mut [u8]) -> Result<usize, TransportError> {
        match self.0.read(into).await? {
            0 => Err(TransportError::new(ErrorKind::Closed)),
            read => Ok(read),
        }
    }
}

impl<S: Duplex> Transport for Stream<S> {
    fn write<'a>(&'a mut self, bytes: &'a [u8], limit: Duration) -> Pending<'a, Written> {
        Box::pin(async move {
            let mut handed_over = 0;
            // `TcpStream::write` gives nothing away when it is dropped, so the offset is right after a timeout as well.
            let all = async {
                while let Some(rest) = bytes.get(handed_over..).filter(|rest| !rest.is_empty()) {
                    match self.0.write(rest).await? {
                        0 => return Err(TransportError::new(ErrorKind::Closed)),
                        taken => handed_over += taken,
                    }
                }
                Ok(())
            };
            let ended = timeout(limit, all).await.unwrap_or_else(|_| Err(TransportError::new(ErrorKind::TimedOut)));
            Written { handed_over, ended }
        })
    }

    fn read<'a>(&'a mut self, into: &'a mut [u8], limit: Duration) -> Pending<'a, Result<usize, TransportError>> {
        Box::pin(async move {
            timeout(limit, self.read_some(into)).await.unwrap_or_else(|_| Err(TransportError::new(ErrorKind::TimedOut)))
        })
    }

    fn drain(&mut self) -> Pending<'_, Result<Vec<u8>, TransportError>> {
        Box::pin(async move {
            let mut arrived = Vec::new();
            let mut piece = [0; 1024];
            while arrived.len() < DRAIN_BYTES {
                let Ok(read) = timeout(ARRIVED, self.read_some(&mut piece)).await else { break };
                arrived.extend_from_slice(piece.get(..read?).unwrap_or_default());
            }
            Ok(arrived)
        })
    }

    fn shutdown(mut self: Box<Self>, limit: Duration) -> Pending<'static, ()> {
        Box::pin(async move {
            // A socket closed with unread bytes in it sends a reset, and a reset may destroy a label that the printer
            // has received and not read. So: end our side, then read what still comes until the device ends its own.
            let ending = async {
                self.0.shutdown().await?;
                let mut piece = [0; 1024];
                while self.read_some(&mut piece).await.is_ok() {}
                Ok::<(), TransportError>(())
            };
            if !matches!(timeout(limit, ending).await, Ok(Ok(()))) {
                tracing::debug!("the device did not close its side");
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    const LONG: Duration = Duration::from_secs(5);
    const SHORT: Duration = Duration::from_millis(50);

    async fn pair() -> (Box<dyn Transport>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = Tcp::new(listener.local_addr().unwrap());
        let (ours, theirs) = tokio::join!(tcp.connect(LONG), listener.accept());
        (ours.unwrap(), theirs.unwrap().0)
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_refuses() {
        let holder = TcpSocket::new_v4().unwrap();
        holder.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = Tcp::new(holder.local_addr().unwrap()).connect(LONG).await.err().unwrap();
        assert_eq!(error.kind, ErrorKind::Refused);
    }

    #[tokio::test]
    async fn bytes_go_both_ways() {
        let (mut ours, mut theirs) = pair().await;
        assert_eq!(ours.write(b"question", LONG).await, Written { handed_over: 8, ended: Ok(()) });
        let mut buffer = [0; 8];
        theirs.read_exact(&mut buffer).await.unwrap();
        theirs.write_all(&buffer).await.unwrap();
        let mut answer = [0; 16];
        assert_eq!(ours.read(&mut answer, LONG).await, Ok(8));
        assert_eq!(&answer[..8], b"question");
    }

    #[tokio::test]
    async fn a_device_that_says_nothing_times_out_and_one_that_leaves_is_closed() {
        let (mut ours, theirs) = pair().await;
        assert_eq!(ours.read(&mut [0; 4], SHORT).await.unwrap_err().kind, ErrorKind::TimedOut);
        assert_eq!(ours.drain().await, Ok(Vec::new()));
        drop(theirs);
        assert_eq!(ours.read(&mut [0; 4], LONG).await.unwrap_err().kind, ErrorKind::Closed);
        assert_eq!(ours.drain().await.unwrap_err().kind, ErrorKind::Closed);
    }

    #[tokio::test]
    async fn a_device_that_stops_reading_leaves_an_offset_between_start_and_end() {
        let (mut ours, theirs) = pair().await;
        let much = vec![b'x'; 64 * 1024 * 1024];
        let written = ours.write(&much, SHORT).await;
        assert_eq!(written.ended.unwrap_err().kind, ErrorKind::TimedOut);
        assert!(written.handed_over > 0 && written.handed_over < much.len());
        drop(theirs);
    }

    #[tokio::test]
    async fn a_reset_is_told_apart_from_a_close() {
        let (mut ours, theirs) = pair().await;
        theirs.set_zero_linger().unwrap();
        drop(theirs);
        assert_eq!(ours.read(&mut [0; 4], LONG).await.unwrap_err().kind, ErrorKind::Reset);
    }

    #[tokio::test]
    async fn closing_with_an_unread_answer_still_delivers_everything() {
        let (mut ours, mut theirs) = pair().await;
        theirs.write_all(b"an answer nobody reads").await.unwrap();
        assert_eq!(ours.write(b"^XA^XZ", LONG).await.ended, Ok(()));
        let closing = tokio::spawn(ours.shutdown(LONG));
        let mut got = Vec::new();
        theirs.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, b"^XA^XZ");
        drop(theirs);
        closing.await.unwrap();
    }
}
