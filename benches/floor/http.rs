//! A small HTTP client and a driver that counts answers; it takes as little of the processor as it can.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::micros;

/// The whole of one request.
pub type Request = Vec<u8>;

/// Writes a request.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Request {
    let mut text = format!(
        "{method} {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Serves the whole service on a port of its own.
pub async fn serve(app: tallyman::app::App) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, tallyman::web::router::router(app)).await.unwrap() });
    address
}

/// What a run gave.
pub struct Outcome {
    /// Answers a second.
    pub per_second: f64,
    /// Milliseconds that half of the answers took at most.
    pub p50_ms: f64,
    /// Milliseconds that 99 of 100 answers took at most.
    pub p99_ms: f64,
}

/// Each client sends its requests one after the other over one connection, all clients at once. With `rate`, requests
/// begin at fixed moments (so many a second for all clients together), and latency counts from the moment that a
/// request was due. Every answer must be 2xx.
pub async fn drive(address: SocketAddr, clients: Vec<Vec<Request>>, rate: Option<f64>) -> Outcome {
    let count = clients.len();
    let mut connections = Vec::new();
    for requests in clients {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        connections.push((stream, requests));
    }
    let start = micros();
    let tasks: Vec<_> = connections
        .into_iter()
        .enumerate()
        .map(|(client, (mut stream, requests))| {
            tokio::spawn(async move {
                let mut took = Vec::with_capacity(requests.len());
                let mut buffer = Vec::with_capacity(16 * 1024);
                for (n, request) in requests.into_iter().enumerate() {
                    let due = rate.map(|rate| start + ((n * count + client) as f64 * 1e6 / rate) as u64);
                    if let Some(due) = due {
                        let now = micros();
                        if due > now {
                            tokio::time::sleep(std::time::Duration::from_micros(due - now)).await;
                        }
                    }
                    let begun = due.unwrap_or_else(micros);
                    stream.write_all(&request).await.unwrap();
                    let status = answer(&mut stream, &mut buffer).await;
                    assert!((200..300).contains(&status), "{status}: {}", String::from_utf8_lossy(&buffer));
                    took.push(micros().saturating_sub(begun));
                }
                took
            })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    let elapsed = micros() - start;
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
    Outcome { per_second: took.len() as f64 * 1e6 / elapsed as f64, p50_ms: at(0.5), p99_ms: at(0.99) }
}

/// Takes the first requests of each client apart, to warm up with: every connection to the database plans its statements
/// once.
pub fn first_of_each(clients: &mut [Vec<Request>], count: usize) -> Vec<Vec<Request>> {
    clients.iter_mut().map(|requests| requests.drain(..count.min(requests.len())).collect()).collect()
}

/// Reads one answer into `buffer`; gives its status.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> u16 {
    buffer.clear();
    let mut whole = None;
    loop {
        assert!(stream.read_buf(buffer).await.unwrap() > 0, "the service closed the connection");
        if whole.is_none() {
            whole = buffer.windows(4).position(|window| window == b"\r\n\r\n").map(|end| {
                let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
                let length = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
                end + 4 + length.map_or(0, |length| length.trim().parse::<usize>().unwrap())
            });
        }
        if whole.is_some_and(|whole| buffer.len() >= whole) {
            return std::str::from_utf8(&buffer[9..12]).unwrap().parse().unwrap();
        }
    }
}
