//! The inside of the printer that does not exist: its port, one connection at a time, and what it answers.

use super::{
    Mode,
    desk::Desk,
    intake::{Intake, Received},
};
use crate::printer::Language;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    time::sleep,
};

/// A printer's buffer is small, and so a slow one soon holds the sender up.
const RECEIVE_BYTES: u32 = 8 * 1024;

/// Connections that wait while one is served.
const WAITING: u32 = 4;

/// A slow printer reads this often.
const TICK: Duration = Duration::from_millis(20);
const TICKS_PER_SECOND: u32 = 50;

pub(super) struct Machine {
    address: SocketAddr,
    desk: Arc<Desk>,
    mode: watch::Sender<Mode>,
    listens: watch::Sender<bool>,
    connects: watch::Sender<bool>,
}

/// Whether a connection goes on.
#[derive(PartialEq)]
enum Then {
    GoOn,
    End,
}

impl Machine {
    pub(super) fn set_up(
        port: u16,
        desk: Arc<Desk>,
        mode: watch::Sender<Mode>,
        listens: watch::Sender<bool>,
        connects: watch::Sender<bool>,
    ) -> io::Result<(Self, TcpListener)> {
        let listener = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?.listen(WAITING)?;
        Ok((Self { address: listener.local_addr()?, desk, mode, listens, connects }, listener))
    }

    /// Serves until it is aborted, or its port is lost.
    pub(super) async fn run(self, mut listener: TcpListener) -> io::Result<()> {
        let mut modes = self.mode.subscribe();
        loop {
            if *modes.borrow_and_update() == Mode::Refuses {
                drop(listener);
                // A port that is bound and does not listen refuses, and nobody else gets it.
                let holder = bound(self.address)?;
                self.listens.send_replace(false);
                modes.wait_for(|mode| *mode != Mode::Refuses).await.map_err(io::Error::other)?;
                listener = holder.listen(WAITING)?;
                self.listens.send_replace(true);
            }
            tokio::select! {
                accepted = listener.accept() => self.connection(accepted?.0, &mut modes).await,
                changed = modes.changed() => changed.map_err(io::Error::other)?,
            }
        }
    }

    async fn connection(&self, stream: TcpStream, modes: &mut watch::Receiver<Mode>) {
        self.connects.send_replace(true);
        tokio::select! {
            ended = self.serve(stream) => if let Err(error) = ended {
                tracing::debug!(%error, "a connection to the fake printer broke off");
            },
            _ = modes.wait_for(|mode| *mode == Mode::Refuses) => {}
        }
        self.connects.send_replace(false);
    }

    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut intake = Intake::new(self.desk.language());
        let mut piece = [0; 1024];
        loop {
            let room = match self.mode() {
                Mode::Slow { bytes_per_second } => {
                    sleep(TICK).await;
                    usize::try_from(bytes_per_second / TICKS_PER_SECOND).unwrap_or(usize::MAX).clamp(1, piece.len())
                }
                _ => piece.len(),
            };
            let read = stream.read(piece.get_mut(..room).unwrap_or_default()).await?;
            if read == 0 {
                return Ok(());
            }
            for byte in piece.get(..read).unwrap_or_default() {
                if self.byte(*byte, &mut intake, &mut stream).await? == Then::End {
                    return Ok(());
                }
            }
        }
    }

    async fn byte(&self, byte: u8, intake: &mut Intake, stream: &mut TcpStream) -> io::Result<Then> {
        let received = intake.take(byte);
        let offset = intake.label_bytes();
        if let Mode::RunsOut { after_bytes } = self.mode()
            && offset > 0
            && offset >= after_bytes
        {
            self.mode.send_replace(Mode::PaperOut);
        }
        match received {
            Some(Received::Label(label)) => self.label(label).await?,
            Some(Received::Question(which)) => self.answer(which, intake, stream).await?,
            Some(Received::Who) if self.mode() != Mode::Silent => {
                let who: &[u8] = match self.desk.language() {
                    Language::Tspl => b"TTP-244 Pro\r\n",
                    _ => b"\x02ZTC ZD421-203dpi,V84.20.18Z,8,8176KB\x03\r\n",
                };
                stream.write_all(who).await?;
            }
            Some(Received::Who) => {}
            Some(Received::Report(id)) => {
                self.desk.state().reports.push(id);
                self.report(stream).await?;
            }
            None => {}
        }
        match self.mode() {
            Mode::Resets { after_bytes } if offset > 0 && offset >= after_bytes => {
                stream.set_zero_linger()?;
                Ok(Then::End)
            }
            Mode::Closes { after_bytes } if offset > 0 && offset >= after_bytes => Ok(Then::End),
            _ => Ok(Then::GoOn),
        }
    }

    async fn label(&self, label: Vec<u8>) -> io::Result<()> {
        let keeps = {
            // The mode is read under the lock: a change of mode prints what is kept, and must find this label.
            let mut labels = self.desk.state();
            let mode = self.mode();
            if mode == Mode::Lying {
                return Ok(());
            }
            if let Mode::Busy { answers } = mode {
                labels.busy_answers = answers;
            }
            labels.kept.push(label);
            mode.keeps_labels()
        };
        if keeps { Ok(()) } else { self.desk.print_kept().await }
    }

    async fn answer(&self, which: u8, intake: &Intake, stream: &mut TcpStream) -> io::Result<()> {
        let mode = self.mode();
        match mode {
            Mode::Silent => return Ok(()),
            Mode::DropsAnswers if intake.label_bytes() > 0 => return Ok(()),
            Mode::Garbage => return stream.write_all(self.garbage()).await,
            Mode::Busy { .. } => self.a_while_passes().await?,
            _ => {}
        }
        self.report(stream).await?;
        let (kept, printing) = {
            let mut labels = self.desk.state();
            let kept = if mode == Mode::Lying { 0 } else { labels.kept.len() };
            (kept, std::mem::take(&mut labels.was_printing) || kept > 0)
        };
        let answer = self.status(mode, which, kept, printing, intake.is_partial());
        stream.write_all(&answer).await
    }

    /// How it stands, in its language; nothing where such a printer says nothing.
    fn status(&self, mode: Mode, which: u8, kept: usize, printing: bool, partial: bool) -> Vec<u8> {
        let flag = |set: bool| u8::from(set);
        let (paper, head, pause) = (mode == Mode::PaperOut, mode == Mode::HeadOpen, mode == Mode::Paused);
        match self.desk.language() {
            Language::Zpl => format!(
                "\x02030,{},{},1245,{kept:03},0,0,{},000,0,0,0\x03\r\n\
                 \x02001,0,{},0,0,2,4,0,00000000,1,000\x03\r\n\
                 \x020000,0\x03\r\n",
                flag(paper),
                flag(pause),
                flag(partial),
                flag(head),
            )
            .into_bytes(),
            Language::Tspl => {
                let busy = printing && !(paper || head || pause);
                vec![flag(head) | flag(paper) << 2 | flag(pause) << 4 | flag(busy) << 5]
            }
            Language::Epl2 if paper => b"07\r\n".to_vec(),
            Language::Epl2 if head => b"11\r\n".to_vec(),
            Language::Epl2 if pause => b"12\r\n".to_vec(),
            // It answers neither inside a picture nor before the label is out.
            Language::Epl2 if kept > 0 => Vec::new(),
            Language::Epl2 => b"00\r\n".to_vec(),
            // It answers when the label before is finished.
            Language::Cpcl if kept > 0 && !(paper || head) => Vec::new(),
            Language::Cpcl => vec![flag(pause) | flag(paper) << 1 | flag(head) << 2],
            Language::EscPos => {
                let bits = match which {
                    1 => flag(paper || head || pause) << 3,
                    2 => flag(head) << 2 | flag(paper) << 5 | flag(pause) << 6,
                    4 => flag(paper) << 5 | flag(paper) << 6,
                    _ => 0,
                };
                vec![0x12 | bits]
            }
        }
    }

    fn garbage(&self) -> &'static [u8] {
        match self.desk.language() {
            Language::Zpl => b"\x02\xff,?\r\n\x030,0\x03\x02",
            Language::Epl2 => b"?!\r\n",
            Language::Tspl | Language::Cpcl => b"\xff",
            Language::EscPos => b"\x37\x00\xff\x00",
        }
    }

    /// Reports the jobs that are out.
    async fn report(&self, stream: &mut TcpStream) -> io::Result<()> {
        let reports = {
            let mut labels = self.desk.state();
            if self.mode().keeps_labels() && !labels.kept.is_empty() {
                vec![]
            } else {
                std::mem::take(&mut labels.reports)
            }
        };
        let mode = self.mode();
        for id in reports {
            if !matches!(mode, Mode::Silent | Mode::DropsAnswers | Mode::Garbage | Mode::Lying) {
                stream.write_all(&[&[0x37, 0x22][..], &id, &[0]].concat()).await?;
            }
        }
        Ok(())
    }

    async fn a_while_passes(&self) -> io::Result<()> {
        let is_out = {
            let mut labels = self.desk.state();
            let is_out = labels.busy_answers == 0;
            labels.busy_answers = labels.busy_answers.saturating_sub(1);
            is_out
        };
        if is_out { self.desk.print_kept().await } else { Ok(()) }
    }

    fn mode(&self) -> Mode {
        *self.mode.borrow()
    }
}

pub(super) fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_recv_buffer_size(RECEIVE_BYTES)?;
    socket.bind(address)?;
    Ok(socket)
}
