//! The listener: handshakes side by side, and a hint for who speaks plain HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a client may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Most handshakes at a time; more clients wait in the machine's own queue.
const AT_A_TIME: usize = 512;
/// The longest head of a plain request that is read to answer it.
const PLAIN_HEAD: usize = 4096;

/// A listener whose connections are encrypted.
pub struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Listens; needs a runtime.
    ///
    /// # Errors
    /// Where the address isn't known.
    pub fn new(listener: TcpListener, config: Arc<ServerConfig>) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(64);
        tokio::spawn(accept(listener, TlsAcceptor::from(config), sender));
        Ok(Self { ready, address })
    }
}

/// Takes connections until nobody wants them any more.
async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = sender.closed() => return,
        };
        let Ok((stream, from)) = accepted else {
            // Out of descriptors: a moment later there may be some.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        tokio::spawn(async move {
            let _permit = permit;
            if let Ok(Some(stream)) = tokio::time::timeout(HANDSHAKE, handshake(stream, acceptor)).await {
                // The service ends: the client asks again.
                drop(sender.send((stream, from)).await);
            }
        });
    }
}

async fn handshake(mut stream: TcpStream, acceptor: TlsAcceptor) -> Option<TlsStream<TcpStream>> {
    let mut first = [0_u8; 1];
    let read = stream.peek(&mut first).await.ok()?;
    // Every handshake begins with the record type 22; a method of HTTP with a letter.
    if read == 1 && first.iter().all(u8::is_ascii_uppercase) {
        tell_the_way(&mut stream).await;
        return None;
    }
    acceptor.accept(stream).await.inspect_err(|error| tracing::debug!(%error, "a handshake failed")).ok()
}

/// Sends somebody who speaks plain HTTP to the same address with HTTPS.
async fn tell_the_way(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut part = [0_u8; 1024];
    while head.len() < PLAIN_HEAD && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part).await {
            Ok(read) if read > 0 => head.extend(part.iter().take(read)),
            _ => break,
        }
    }
    let text = String::from_utf8_lossy(&head);
    let path = text.split(' ').nth(1).filter(|path| path.starts_with('/')).unwrap_or("/");
    let host = text
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("host:").map(|host| host.trim().to_owned()));
    let answer = match host {
        Some(host) => format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: https://{host}{path}\r\n"),
        None => "HTTP/1.1 400 Bad Request\r\n".to_owned(),
    };
    let answer = format!("{answer}connection: close\r\ncontent-length: 0\r\n\r\n");
    // A client that is gone needs no answer.
    drop(stream.write_all(answer.as_bytes()).await);
    drop(stream.shutdown().await);
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            // The task above ends after this only.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}
