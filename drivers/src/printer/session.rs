//! One print job over one connection: ask, send, ask again, close.
//!
//! Exactly once does not exist on paper: a write succeeds while the printer has read nothing. So this says honestly how
//! far it came, and never sends a byte of a job twice. Trying again is the caller's choice, and safe only where
//! [`PrintOutcome::may_be_tried_again`] says so.

use super::{
    Doubt, Evidence, Fault, Limits, PrintOutcome, PrinterProfile, PrinterState, PrinterStatus, StatusCodec,
    StatusProtocol, Unproven,
};
use crate::transport::{Connect, ErrorKind, Pending, Transport, TransportError};
use tokio::time::{sleep, timeout};

/// Bytes handed over between two reports of progress.
const PIECE: usize = 4 * 1024;

/// How often a printer that is ready is asked, before it is clear that it will not be seen at work.
const QUESTIONS_TO_AN_IDLE_PRINTER: u32 = 8;

/// How often a printer that was silent before the job is asked after it, before it is left alone.
const QUESTIONS_TO_A_SILENT_PRINTER: u32 = 3;

/// Hears how far a job has come. A closure that takes the offset will do where nothing has to be recorded.
pub trait Progress: Send {
    /// The first byte is about to leave. What has to survive a crash is stored when this returns: a job found again
    /// without this record has sent nothing, and one with it is in doubt. An error here stops the job, with nothing sent.
    fn about_to_send(&mut self) -> Pending<'_, Result<(), NotRecorded>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// So many bytes of the job have left.
    fn handed_over(&mut self, offset: usize);
}

impl<F: FnMut(usize) + Send> Progress for F {
    fn handed_over(&mut self, offset: usize) {
        self(offset);
    }
}

/// The start of a job could not be recorded; the text is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the start of the print job could not be recorded: {0}")]
pub struct NotRecorded(pub String);

/// Prints one job: opens a connection, asks for the status, sends, asks until the printer is idle, closes.
///
/// A printer that is silent before the job still gets it, because many never answer. Ends within the limits of the
/// profile; dropping the future closes the connection, and then the offset last reported tells what left.
pub async fn print(
    device: &dyn Connect,
    profile: &PrinterProfile,
    bytes: &[u8],
    progress: &mut dyn Progress,
) -> PrintOutcome {
    if bytes.is_empty() {
        return PrintOutcome::FailedBeforeFirstByte { error: TransportError::new(ErrorKind::NothingToSend) };
    }
    let mut session = match Session::open(device, profile).await {
        Ok(session) => session,
        Err(error) => return PrintOutcome::FailedBeforeFirstByte { error },
    };
    let outcome = session.job(bytes, progress).await;
    session.close().await;
    tracing::debug!(printer = device.address(), ?outcome, "print job ended");
    outcome
}

/// Asks a printer how it stands, over a connection of its own.
///
/// # Errors
/// Where the printer can't be reached, or breaks off. That it says nothing is [`PrinterState::Silent`], no error.
pub async fn status(device: &dyn Connect, profile: &PrinterProfile) -> Result<PrinterState, TransportError> {
    let mut session = Session::open(device, profile).await?;
    let answer = session.ask().await;
    session.close().await;
    answer.map(PrinterState::of)
}

/// One open connection to a printer.
struct Session<'a> {
    transport: Box<dyn Transport>,
    protocol: &'static dyn StatusProtocol,
    codec: Box<dyn StatusCodec>,
    limits: &'a Limits,
    /// Questions asked and answers read on this connection. An answer that comes late must not be taken for the answer
    /// to a later question: the printer answers in order and at most once, so only the answer number n + 1 is known to
    /// be younger than question n.
    asked: u32,
    answered: u32,
}

impl<'a> Session<'a> {
    async fn open(device: &dyn Connect, profile: &'a PrinterProfile) -> Result<Self, TransportError> {
        let transport = device.connect(profile.limits.connect).await?;
        let protocol = profile.language.status_protocol();
        let codec = protocol.codec();
        Ok(Self { transport, protocol, codec, limits: &profile.limits, asked: 0, answered: 0 })
    }

    async fn close(self) {
        self.transport.shutdown(self.limits.close).await;
    }

    async fn job(&mut self, bytes: &[u8], progress: &mut dyn Progress) -> PrintOutcome {
        let spoke = match self.before(progress).await {
            Ok(spoke) => spoke,
            Err(outcome) => return outcome,
        };
        if let Err((offset, error)) = self.send(bytes, progress).await {
            return if offset == 0 {
                PrintOutcome::FailedBeforeFirstByte { error }
            } else {
                PrintOutcome::InDoubt { offset, error: Doubt::Transport { error } }
            };
        }
        let id = signs(bytes);
        if let Some(ask) = self.protocol.ask_for_completion(id) {
            let written = self.transport.write(&ask, self.limits.stall).await;
            if let Err(error) = written.ended {
                return PrintOutcome::InDoubt { offset: bytes.len(), error: Doubt::Transport { error } };
            }
        }
        match self.proof(spoke, id).await {
            Proof::Printed(evidence) => PrintOutcome::Printed { evidence },
            Proof::None(unproven) => PrintOutcome::Sent { unproven },
            Proof::Doubt(error) => PrintOutcome::InDoubt { offset: bytes.len(), error },
        }
    }

    /// Everything that can stop a job while it is safe to. Says whether the printer answered.
    async fn before(&mut self, progress: &mut dyn Progress) -> Result<bool, PrintOutcome> {
        let failed = |error| PrintOutcome::FailedBeforeFirstByte { error };
        let question = self.protocol.question_before();
        let state = PrinterState::of(self.ask_with(question).await.map_err(failed)?);
        if let PrinterState::Blocked(status) = state {
            return Err(PrintOutcome::Blocked { faults: status.faults });
        }
        // A printer that has just gone away is noticed here, where nothing is lost.
        self.drain().await.map_err(failed)?;
        if let Err(error) = progress.about_to_send().await {
            return Err(failed(TransportError { kind: ErrorKind::NotRecorded, detail: error.to_string() }));
        }
        Ok(state != PrinterState::Silent)
    }

    /// Hands the job over piece by piece; an error comes with the offset it happened at.
    async fn send(&mut self, bytes: &[u8], progress: &mut dyn Progress) -> Result<(), (usize, TransportError)> {
        let mut offset = 0;
        for piece in bytes.chunks(PIECE) {
            let written = self.transport.write(piece, self.limits.stall).await;
            offset += written.handed_over;
            if written.handed_over > 0 {
                progress.handed_over(offset);
            }
            written.ended.map_err(|error| (offset, error))?;
        }
        Ok(())
    }

    /// Asks until the printer is idle, says that something is wrong, goes away, or the time is up.
    async fn proof(&mut self, spoke_before: bool, id: [u8; 4]) -> Proof {
        let mut last = None;
        let limit = self.limits.idle;
        match timeout(limit, self.ask_until_certain(spoke_before, id, &mut last)).await {
            Ok(proof) => proof,
            Err(_) => Proof::Doubt(match last {
                None => Doubt::WentSilent,
                Some(PrinterStatus { faults, .. }) if !faults.is_empty() => Doubt::Faults { faults },
                Some(_) => Doubt::StillBusy,
            }),
        }
    }

    async fn ask_until_certain(&mut self, spoke_before: bool, id: [u8; 4], last: &mut Option<PrinterStatus>) -> Proof {
        let asked_before = self.asked;
        let (mut unanswered, mut idle) = (0, 0);
        let mut seen_busy = !self.protocol.must_be_seen_busy();
        loop {
            // Looking before asking tells a printer that closed in good order from one that lost what was sent.
            let answer = match self.drain().await {
                Ok(()) => self.ask().await,
                Err(error) => Err(error),
            };
            if self.codec.completed() == Some(id) {
                return Proof::Printed(Evidence::Completed);
            }
            match answer {
                Err(error) if error.kind == ErrorKind::Closed => return Proof::None(Unproven::Closed),
                Err(error) => return Proof::Doubt(Doubt::Transport { error }),
                Ok(Some(status)) if self.answered > asked_before => {
                    if status.is_idle() {
                        if seen_busy {
                            return Proof::Printed(self.protocol.evidence());
                        }
                        idle += 1;
                        if idle >= QUESTIONS_TO_AN_IDLE_PRINTER {
                            return Proof::None(Unproven::NotSeenPrinting);
                        }
                    }
                    seen_busy |= status.labels_remaining > 0;
                    if !status.faults.iter().all(|fault| fault.may_pass()) {
                        return Proof::Doubt(Doubt::Faults { faults: status.faults });
                    }
                    *last = Some(status);
                }
                Ok(Some(status)) if status.faults.contains(&Fault::UnknownAnswer) => *last = Some(status),
                // An answer that may belong to a question from before the job says nothing about the job.
                Ok(Some(_)) => {}
                Ok(None) => unanswered += 1,
            }
            if !spoke_before && self.answered == 0 && unanswered >= QUESTIONS_TO_A_SILENT_PRINTER {
                return Proof::None(Unproven::Silent);
            }
            sleep(self.limits.ask_every).await;
        }
    }

    /// One question and the first answer that comes after it; `None` is silence.
    async fn ask(&mut self) -> Result<Option<PrinterStatus>, TransportError> {
        self.ask_with(self.protocol.question()).await
    }

    async fn ask_with(&mut self, question: &[u8]) -> Result<Option<PrinterStatus>, TransportError> {
        self.asked += 1;
        self.codec.reset();
        let limit = self.limits.answer;
        match self.transport.write(question, limit).await.ended {
            // A printer that takes no question just now has not answered it either; it may be busy with the job.
            Err(error) if error.kind == ErrorKind::TimedOut => return Ok(None),
            ended => ended?,
        }
        timeout(limit, self.answer()).await.unwrap_or(Ok(None))
    }

    async fn answer(&mut self) -> Result<Option<PrinterStatus>, TransportError> {
        let mut piece = [0; 256];
        loop {
            match self.transport.read(&mut piece, self.limits.answer).await {
                Ok(read) => {
                    if let Some(status) = self.understand(piece.get(..read).unwrap_or_default()) {
                        return Ok(Some(status));
                    }
                }
                Err(error) if error.kind == ErrorKind::TimedOut => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads what has come unasked or too late, so that it is not taken for the next answer.
    async fn drain(&mut self) -> Result<(), TransportError> {
        let late = self.transport.drain().await?;
        self.understand(&late);
        Ok(())
    }

    /// Counts the answers in these bytes and gives the last. What can't be read is not counted: it may be a part of an
    /// answer, and to count one too few only costs another question.
    fn understand(&mut self, bytes: &[u8]) -> Option<PrinterStatus> {
        let answers = self.codec.feed(bytes);
        for answer in &answers {
            if !answer.faults.contains(&Fault::UnknownAnswer) {
                self.answered += 1;
            }
        }
        answers.into_iter().next_back()
    }
}

/// Four signs from space to tilde that stand for a job: the printer reports them back. (FNV-1a)
fn signs(bytes: &[u8]) -> [u8; 4] {
    let hash = bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    hash.to_be_bytes().map(|byte| 0x20 + byte % 0x5f)
}

/// What is known after the last byte.
enum Proof {
    Printed(Evidence),
    None(Unproven),
    Doubt(Doubt),
}
