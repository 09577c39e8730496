//! A label printer of any language on a port of this machine. It keeps each label it would have printed, serves one connection at a
//! time as a real one does, and goes wrong in every way that a test asks for.

use super::{desk::Desk, machine::Machine, picture};
use crate::printer::Language;
use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};
use tallyman_labels::Bitmap;
use tokio::{sync::watch, task::JoinHandle};

/// How the printer behaves. Offsets count the bytes of labels on one connection, from `^XA` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Prints at once and says so.
    Ready,
    /// Says for so many answers that a label is still in it, and prints it then.
    Busy {
        /// Answers before the label is out.
        answers: u32,
    },
    /// No paper: labels are kept until it is ready again.
    PaperOut,
    /// The head is open: labels are kept until it is ready again.
    HeadOpen,
    /// Paused: labels are kept until it is ready again.
    Paused,
    /// Ready, until the paper runs out in the middle of a job.
    RunsOut {
        /// Label bytes after which the paper is out.
        after_bytes: usize,
    },
    /// Prints, and never says anything.
    Silent,
    /// Prints, and answers with bytes that mean nothing.
    Garbage,
    /// Prints, and reads slowly.
    Slow {
        /// How much it reads.
        bytes_per_second: u32,
    },
    /// Throws the connection away.
    Resets {
        /// Label bytes after which it does.
        after_bytes: usize,
    },
    /// Closes the connection in good order, as far as that goes with bytes unread.
    Closes {
        /// Label bytes after which it does.
        after_bytes: usize,
    },
    /// Prints, and answers only until the first byte of a label came.
    DropsAnswers,
    /// Says that it is idle, and prints nothing.
    Lying,
    /// Takes no connection, as if it were off.
    Refuses,
}

impl Mode {
    /// Whether labels that are in the printer stay in it.
    pub(super) fn keeps_labels(self) -> bool {
        matches!(self, Self::Busy { .. } | Self::PaperOut | Self::HeadOpen | Self::Paused | Self::Lying | Self::Refuses)
    }
}

/// A printer that does not exist. Dropping it switches it off.
#[derive(Debug)]
pub struct FakePrinter {
    address: SocketAddr,
    desk: Arc<Desk>,
    mode: watch::Sender<Mode>,
    listening: watch::Receiver<bool>,
    connected: watch::Receiver<bool>,
    task: JoinHandle<()>,
}

impl FakePrinter {
    /// Starts one that speaks ZPL; see [`FakePrinter::speaking`].
    ///
    /// # Errors
    /// Where the port is taken.
    pub async fn start(port: u16, folder: Option<PathBuf>) -> io::Result<Self> {
        Self::speaking(Language::Zpl, port, folder).await
    }

    /// Starts one on 127.0.0.1 at `port`, or at a free port for 0. With a folder, each label is also stored there as
    /// `00001.zpl` and so on, and its picture as `00001.png`.
    ///
    /// # Errors
    /// Where the port is taken.
    pub async fn speaking(language: Language, port: u16, folder: Option<PathBuf>) -> io::Result<Self> {
        let desk = Arc::new(Desk::new(language, folder));
        let (mode, _) = watch::channel(Mode::Ready);
        let (listens, listening) = watch::channel(true);
        let (connects, connected) = watch::channel(false);
        let (machine, listener) = Machine::set_up(port, desk.clone(), mode.clone(), listens, connects)?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            if let Err(error) = machine.run(listener).await {
                tracing::error!(%error, "the fake printer ended");
            }
        });
        Ok(Self { address, desk, mode, listening, connected, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes its behaviour, from the next byte on; labels it kept are printed when it can. When this returns from a
    /// change to or from [`Mode::Refuses`], it has happened.
    ///
    /// # Errors
    /// Where its port was taken by somebody else while it refused, or a label can't be stored.
    pub async fn set_mode(&self, mode: Mode) -> io::Result<()> {
        self.mode.send_replace(mode);
        if !mode.keeps_labels() {
            self.desk.print_kept().await?;
        }
        let listens = mode != Mode::Refuses;
        let mut listening = self.listening.clone();
        listening.wait_for(|now| *now == listens).await.map_err(io::Error::other)?;
        Ok(())
    }

    /// How it behaves now.
    pub fn mode(&self) -> Mode {
        *self.mode.borrow()
    }

    /// How many labels came out.
    pub fn printed(&self) -> usize {
        self.desk.state().printed.len()
    }

    /// The pictures of the labels that came out, in order; `None` for one that holds no picture.
    pub fn pictures(&self) -> Vec<Option<Bitmap>> {
        self.labels().iter().map(|label| picture::of(self.desk.language(), label)).collect()
    }

    /// The bytes of each label that came out, from its first command to its last, in order.
    pub fn labels(&self) -> Vec<Vec<u8>> {
        self.labels_from(0)
    }

    /// Those from the one with this number on, the first being 0: for looking again at what came since.
    pub fn labels_from(&self, first: usize) -> Vec<Vec<u8>> {
        self.desk.state().printed.get(first..).unwrap_or_default().to_vec()
    }

    /// How many labels are in it and have not come out.
    pub fn kept(&self) -> usize {
        self.desk.state().kept.len()
    }

    /// Waits until the connection under way, if any, has ended: all that it brought has been read or is lost.
    pub async fn settled(&self) {
        let mut connected = self.connected.clone();
        // An error means that the printer is off, and then there is nothing to wait for.
        let _ = connected.wait_for(|now| !*now).await;
    }

    /// Switches it off; its port is free when this returns.
    pub async fn shutdown(mut self) {
        self.task.abort();
        // The only error here is the one just asked for.
        let _ = (&mut self.task).await;
    }
}

impl Drop for FakePrinter {
    fn drop(&mut self) {
        self.task.abort();
    }
}
