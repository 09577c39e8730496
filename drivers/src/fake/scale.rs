//! A scale that does not exist.

use super::line::{Line, Place};
use crate::scale::{Protocol, Reading, Stability};
use crate::transport::{Address, Connect};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// How often a scale that talks by itself does.
const EVERY: Duration = Duration::from_millis(40);
/// Readings until what was laid on it stands still.
const SWINGS: u32 = 4;

/// How a scale behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScaleMode {
    /// As it should.
    Ready,
    /// What lies on it never stands still.
    NeverStill,
    /// Says that a weight stands still while it swings.
    Lying,
    /// More lies on it than it can bear.
    Over,
    /// Something lifts its pan.
    Under,
    /// Says nothing.
    Silent,
    /// Stops in the middle of each frame.
    Torn,
    /// Noise between the frames.
    Noisy,
}

#[derive(Debug, Clone, Copy)]
struct Pan {
    grams: i64,
    /// Counts what was laid on it and taken off.
    change: u64,
    mode: ScaleMode,
}

/// A scale that does not exist. Dropping it switches it off.
#[derive(Debug)]
pub struct FakeScale {
    line: Arc<Line>,
    pan: watch::Sender<Pan>,
    task: JoinHandle<()>,
}

impl FakeScale {
    /// Starts one that speaks a protocol of serial lines.
    ///
    /// # Errors
    /// Where its port is taken, or no pseudo-terminal can be made.
    pub async fn at(place: Place, protocol: Protocol) -> io::Result<Self> {
        let line = Arc::new(Line::at(place).await?);
        let (pan, lies) = watch::channel(Pan { grams: 0, change: 0, mode: ScaleMode::Ready });
        let task = tokio::spawn(talk(Arc::clone(&line), protocol, lies));
        Ok(Self { line, pan, task })
    }

    /// As settings name it; `None` within the process.
    pub fn address(&self) -> Option<Address> {
        self.line.address()
    }

    /// The way to it.
    pub fn connect(&self) -> Arc<dyn Connect> {
        self.line.connect()
    }

    /// Lays so much on it, in place of what lay there; 0 takes everything off.
    pub fn lay_on(&self, grams: i64) {
        self.pan.send_modify(|pan| (pan.grams, pan.change) = (grams, pan.change + 1));
    }

    /// Changes its behaviour.
    pub fn set_mode(&self, mode: ScaleMode) {
        self.pan.send_modify(|pan| pan.mode = mode);
    }

    /// Pulls it out.
    pub fn pull(&self) {
        self.line.plug(false);
    }

    /// Plugs it in again.
    pub fn plug(&self) {
        self.line.plug(true);
    }
}

impl Drop for FakeScale {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Tells the weight: again and again, or as an answer.
async fn talk(line: Arc<Line>, protocol: Protocol, lies: watch::Receiver<Pan>) {
    let asked = !protocol.question().is_empty();
    let (mut change, mut swings) = (0, 0);
    loop {
        if asked {
            if line.hear(Duration::from_secs(1)).await.is_none() {
                continue;
            }
        } else {
            sleep(EVERY).await;
        }
        let pan = *lies.borrow();
        if pan.change != change {
            (change, swings) = (pan.change, SWINGS);
        }
        let Some(reading) = reading(pan, swings) else { continue };
        swings = match pan.mode {
            ScaleMode::NeverStill | ScaleMode::Lying => swings + 1,
            _ => swings.saturating_sub(1),
        };
        let frame = protocol.frame(reading);
        let sent = match pan.mode {
            ScaleMode::Torn => frame.get(..frame.len() / 2).unwrap_or_default().to_vec(),
            ScaleMode::Noisy => [&b"\x00\xff?"[..], &frame, b"\x7f"].concat(),
            _ => frame,
        };
        line.send(&sent).await;
    }
}

/// What it shows now; `None` where it says nothing.
fn reading(pan: Pan, swings: u32) -> Option<Reading> {
    let swinging = pan.grams * 1_000 + i64::from(swings % 7) * 3_000;
    let weight = |milligrams, stability| Reading::Weight { milligrams, stability, net: false };
    Some(match pan.mode {
        ScaleMode::Silent => return None,
        ScaleMode::Over => Reading::Over,
        ScaleMode::Under => Reading::Under,
        ScaleMode::Lying => weight(swinging, Stability::Stable),
        ScaleMode::NeverStill => weight(swinging, Stability::Moving),
        _ if swings > 0 => weight(swinging, Stability::Moving),
        _ => weight(pan.grams * 1_000, Stability::Stable),
    })
}
