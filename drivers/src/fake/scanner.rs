//! A scanner that does not exist.

use super::line::{Line, Place};
use crate::scanner::ssi;
use crate::transport::{Address, Connect};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// How long a scanner waits to be acknowledged before it sends a code again.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_millis(400);
/// How often it sends a code again.
const AGAIN: u32 = 3;
/// How long a byte takes at a scanner that is slow.
const BYTE: Duration = Duration::from_millis(5);

/// How a scanner talks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Talks {
    /// Plain text between a prefix and a suffix.
    Plain {
        /// Before each code.
        prefix: String,
        /// After each code.
        suffix: String,
    },
    /// Zebra's packets, which are acknowledged.
    Ssi,
}

impl Talks {
    /// Plain text ended by CR LF, as most scanners do.
    #[must_use]
    pub fn plain() -> Self {
        Self::Plain { prefix: String::new(), suffix: "\r\n".into() }
    }
}

/// How a scanner behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScannerMode {
    /// As it should.
    Ready,
    /// A byte at a time, slowly.
    Slow,
    /// A byte at a time, as fast as it can.
    Torn,
    /// Zeros on the line before each code.
    Noisy,
    /// Each code twice.
    Doubles,
    /// Does not hear that it is acknowledged the first time, and sends a packet again.
    Deaf,
    /// Is switched off after so many bytes of a code, until it is plugged in again.
    Dies {
        /// Bytes of the code.
        after_bytes: usize,
    },
}

/// A scanner that does not exist. Dropping it switches it off.
#[derive(Debug)]
pub struct FakeScanner {
    line: Line,
    talks: Talks,
    mode: watch::Sender<ScannerMode>,
}

impl FakeScanner {
    /// Starts one.
    ///
    /// # Errors
    /// Where its port is taken, or no pseudo-terminal can be made.
    pub async fn at(place: Place, talks: Talks) -> io::Result<Self> {
        Ok(Self { line: Line::at(place).await?, talks, mode: watch::Sender::new(ScannerMode::Ready) })
    }

    /// As settings name it; `None` within the process.
    pub fn address(&self) -> Option<Address> {
        self.line.address()
    }

    /// The way to it.
    pub fn connect(&self) -> Arc<dyn Connect> {
        self.line.connect()
    }

    /// Changes its behaviour, from the next code on.
    pub fn set_mode(&self, mode: ScannerMode) {
        self.mode.send_replace(mode);
    }

    /// Pulls it out.
    pub fn pull(&self) {
        self.line.plug(false);
    }

    /// Plugs it in again.
    pub fn plug(&self) {
        self.line.plug(true);
    }

    /// Reads a code; the identifier of its symbology may stand before it, as `]C1`. Says whether it was taken: by whoever
    /// listens, and acknowledged where it is a way that has that.
    pub async fn scan(&self, code: &str) -> bool {
        let mode = *self.mode.borrow();
        if mode == ScannerMode::Doubles {
            return self.send(code, mode).await && self.send(code, mode).await;
        }
        self.send(code, mode).await
    }

    async fn send(&self, code: &str, mode: ScannerMode) -> bool {
        match &self.talks {
            Talks::Plain { prefix, suffix } => self.bytes(format!("{prefix}{code}{suffix}").as_bytes(), mode).await,
            Talks::Ssi => self.packets(code, mode).await,
        }
    }

    async fn bytes(&self, bytes: &[u8], mode: ScannerMode) -> bool {
        match mode {
            ScannerMode::Slow | ScannerMode::Torn => {
                for byte in bytes {
                    if !self.line.send(&[*byte]).await {
                        return false;
                    }
                    if mode == ScannerMode::Slow {
                        sleep(BYTE).await;
                    }
                }
                true
            }
            ScannerMode::Noisy => self.line.send(&[&[0; 3][..], bytes].concat()).await,
            ScannerMode::Dies { after_bytes } => {
                self.line.send(bytes.get(..after_bytes).unwrap_or(bytes)).await;
                // What has left is on its way; the rest never comes.
                sleep(Duration::from_millis(50)).await;
                self.pull();
                false
            }
            _ => self.line.send(bytes).await,
        }
    }

    async fn packets(&self, code: &str, mode: ScannerMode) -> bool {
        let mut deaf = mode == ScannerMode::Deaf;
        for packet in ssi::packets(code) {
            let mut acknowledged = false;
            for time in 0..=AGAIN {
                let packet = if time == 0 { packet.clone() } else { ssi::again(&packet) };
                if !self.bytes(&packet, mode).await {
                    return false;
                }
                let answer = self.line.hear(ACKNOWLEDGED_WITHIN).await;
                if answer.is_some_and(|answer| ssi::acknowledges(&answer)) && !std::mem::take(&mut deaf) {
                    acknowledged = true;
                    break;
                }
            }
            if !acknowledged {
                return false;
            }
        }
        true
    }
}
