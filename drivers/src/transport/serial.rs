//! A device on a serial port, or on one that USB pretends to be.

use super::blocking::{Sink, Source, Threads, open_within};
use super::{Connect, ErrorKind, Pending, Transport, TransportError};
use serde::{Deserialize, Serialize};
use serialport::SerialPort;
use std::{
    io::{self, Read as _, Write as _},
    time::Duration,
};

/// At most so much is handed over at once: a device that stops listening is noticed soon.
const PIECE: usize = 1024;

/// How a line is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Line {
    /// Signs a second, roughly, times ten.
    pub baud: u32,
    /// 7 or 8.
    pub bits: u8,
    /// None, odd or even.
    pub parity: Parity,
    /// 1 or 2.
    pub stop_bits: u8,
}

/// The bit that makes the number of ones even or odd.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parity {
    /// There is none.
    #[default]
    None,
    /// An odd number of ones.
    Odd,
    /// An even number of ones.
    Even,
}

impl Default for Line {
    /// 9600 8N1, as most devices leave the factory.
    fn default() -> Self {
        Line { baud: 9_600, bits: 8, parity: Parity::None, stop_bits: 1 }
    }
}

impl Line {
    /// The line of a text as `9600 8N1` or `9600`; `None` for anything else.
    pub fn named(text: &str) -> Option<Line> {
        let (baud, frame) = text.trim().split_once(' ').unwrap_or((text.trim(), "8N1"));
        let [bits, parity, stop] = frame.trim().as_bytes() else { return None };
        let parity = match parity.to_ascii_uppercase() {
            b'N' => Parity::None,
            b'O' => Parity::Odd,
            b'E' => Parity::Even,
            _ => return None,
        };
        let baud: u32 = baud.parse().ok()?;
        let (bits, stop_bits) = (bits.checked_sub(b'0')?, stop.checked_sub(b'0')?);
        let known = (300..=921_600).contains(&baud) && matches!(bits, 7 | 8) && matches!(stop_bits, 1 | 2);
        known.then_some(Line { baud, bits, parity, stop_bits })
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Odd => 'O',
            Parity::Even => 'E',
        };
        write!(f, "{} {}{parity}{}", self.baud, self.bits, self.stop_bits)
    }
}

/// A device on a serial port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serial {
    /// The port's path, best one that survives replugging, as `/dev/serial/by-id/...`.
    pub path: String,
    /// How the line is set.
    pub line: Line,
}

impl Serial {
    fn open(&self) -> Result<Threads, TransportError> {
        let Line { baud, bits, parity, stop_bits } = self.line;
        let port = serialport::new(&self.path, baud)
            .data_bits(if bits == 7 { serialport::DataBits::Seven } else { serialport::DataBits::Eight })
            .parity(match parity {
                Parity::None => serialport::Parity::None,
                Parity::Odd => serialport::Parity::Odd,
                Parity::Even => serialport::Parity::Even,
            })
            .stop_bits(if stop_bits == 2 { serialport::StopBits::Two } else { serialport::StopBits::One })
            .open_native()?;
        #[cfg(unix)]
        not_blocking(&port)?;
        let other = port.try_clone_native()?;
        Threads::start(&self.path, Out(port), In(other))
    }
}

#[cfg(unix)]
type Port = serialport::TTYPort;
#[cfg(windows)]
type Port = serialport::COMPort;

/// The crate opens a port so that a write to a deaf device blocks past every limit.
#[cfg(unix)]
fn not_blocking(port: &Port) -> Result<(), TransportError> {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    use std::os::fd::AsRawFd as _;

    let flags = fcntl(port.as_raw_fd(), FcntlArg::F_GETFL).map_err(io::Error::from)?;
    let flags = OFlag::from_bits_truncate(flags) | OFlag::O_NONBLOCK;
    fcntl(port.as_raw_fd(), FcntlArg::F_SETFL(flags)).map_err(io::Error::from)?;
    Ok(())
}

impl Connect for Serial {
    fn connect(&self, limit: Duration) -> Pending<'_, Result<Box<dyn Transport>, TransportError>> {
        let this = self.clone();
        Box::pin(open_within(limit, move || this.open()))
    }

    fn address(&self) -> String {
        self.path.clone()
    }
}

struct Out(Port);
struct In(Port);

impl Sink for Out {
    fn write_some(&mut self, bytes: &[u8], limit: Duration) -> Result<usize, TransportError> {
        self.0.set_timeout(limit)?;
        let piece = bytes.get(..PIECE.min(bytes.len())).unwrap_or_default();
        self.0.write(piece).map_err(lost)
    }
}

impl Source for In {
    fn read_some(&mut self, into: &mut [u8], limit: Duration) -> Result<usize, TransportError> {
        self.0.set_timeout(limit)?;
        self.0.read(into).map_err(lost)
    }
}

/// A port that was pulled out gives a broken pipe, for ever.
fn lost(error: io::Error) -> TransportError {
    match error.kind() {
        io::ErrorKind::WouldBlock => TransportError { kind: ErrorKind::TimedOut, detail: error.to_string() },
        io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected => {
            TransportError { kind: ErrorKind::Unplugged, detail: error.to_string() }
        }
        // EIO, ENXIO and ENODEV: the device is gone.
        _ if matches!(error.raw_os_error(), Some(5 | 6 | 19)) => {
            TransportError { kind: ErrorKind::Unplugged, detail: error.to_string() }
        }
        _ => error.into(),
    }
}

impl From<serialport::Error> for TransportError {
    fn from(error: serialport::Error) -> Self {
        let detail = error.to_string();
        let kind = match error.kind() {
            // A port that somebody else has open is told as one that is not there.
            serialport::ErrorKind::NoDevice if detail.contains("exclusive lock") => ErrorKind::Busy,
            serialport::ErrorKind::NoDevice => ErrorKind::NotFound,
            serialport::ErrorKind::Io(kind) => return TransportError { detail, ..io::Error::from(kind).into() },
            _ => ErrorKind::Other,
        };
        TransportError { kind, detail }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd as _;

    const LIMIT: Duration = Duration::from_secs(3);

    /// A pseudo-terminal: the far end, and how to reach the near one.
    fn pair() -> (Port, Serial) {
        let (far, near) = serialport::TTYPort::pair().unwrap();
        let path = near.name().unwrap();
        assert!(near.as_raw_fd() > 0);
        drop(near);
        (far, Serial { path, line: Line::default() })
    }

    #[test]
    fn lines_are_written_as_people_write_them() {
        assert_eq!(Line::named("9600"), Some(Line::default()));
        assert_eq!(Line::named("9600 8N1"), Some(Line::default()));
        let line = Line { baud: 2_400, bits: 7, parity: Parity::Even, stop_bits: 1 };
        assert_eq!(Line::named(" 2400 7e1 "), Some(line));
        for wrong in ["", "fast", "9600 8N", "9600 9N1", "9600 8X1", "9600 8N3", "1 8N1", "9600 8N1 x"] {
            assert_eq!(Line::named(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn bytes_pass_in_both_directions() {
        let (mut far, serial) = pair();
        let mut way = serial.connect(LIMIT).await.unwrap();
        let written = way.write(b"~HS", LIMIT).await;
        assert_eq!((written.handed_over, written.ended), (3, Ok(())));
        let mut got = [0; 3];
        far.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"~HS");
        far.write_all(b"answer").unwrap();
        let mut into = [0; 4];
        assert_eq!(way.read(&mut into, LIMIT).await, Ok(4));
        assert_eq!(&into, b"answ");
        assert_eq!(way.drain().await.unwrap(), b"er");
        let silent = way.read(&mut into, Duration::from_millis(20)).await;
        assert_eq!(silent.unwrap_err().kind, ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_port_is_free_as_soon_as_it_is_shut_down() {
        let (mut far, serial) = pair();
        for round in 0..5 {
            let mut way = serial.connect(LIMIT).await.unwrap_or_else(|error| panic!("round {round}: {error}"));
            assert_eq!(way.write(b"job", LIMIT).await.ended, Ok(()));
            let mut got = [0; 3];
            far.read_exact(&mut got).unwrap();
            way.shutdown(LIMIT).await;
        }
    }

    #[tokio::test]
    async fn a_device_that_stops_listening_is_noticed_within_the_limit() {
        let (_far, serial) = pair();
        let mut way = serial.connect(LIMIT).await.unwrap();
        let written = way.write(&vec![b'x'; 1 << 20], Duration::from_millis(200)).await;
        assert_eq!(written.ended.unwrap_err().kind, ErrorKind::TimedOut);
        assert!(written.handed_over > 0 && written.handed_over < 1 << 20);
    }

    #[tokio::test]
    async fn a_port_that_is_pulled_out_ends_every_call() {
        let (far, serial) = pair();
        let mut way = serial.connect(LIMIT).await.unwrap();
        drop(far);
        let mut into = [0; 4];
        assert_eq!(way.read(&mut into, LIMIT).await.unwrap_err().kind, ErrorKind::Unplugged);
        assert_eq!(way.drain().await.unwrap_err().kind, ErrorKind::Unplugged);
        assert!(way.write(b"x", LIMIT).await.ended.is_err());
        assert_eq!(way.read(&mut into, LIMIT).await.unwrap_err().kind, ErrorKind::Unplugged, "told again");
    }

    #[tokio::test]
    async fn a_port_that_is_held_is_busy_and_one_that_is_not_there_is_not_found() {
        let (_far, serial) = pair();
        let held = serial.connect(LIMIT).await.unwrap();
        let Err(second) = serial.connect(LIMIT).await else { panic!("opened twice") };
        assert_eq!(second.kind, ErrorKind::Busy);
        drop(held);
        let nowhere = Serial { path: "/dev/serial/by-id/nothing".into(), line: Line::default() };
        let Err(missing) = nowhere.connect(LIMIT).await else { panic!("opened") };
        assert_eq!(missing.kind, ErrorKind::NotFound);
    }
}
