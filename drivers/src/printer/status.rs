//! What a printer says about itself, whatever its language.

use super::{Evidence, Fault};
use serde::{Deserialize, Serialize};

/// One answer of a printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrinterStatus {
    /// Why it does not print; empty when nothing is wrong.
    pub faults: Vec<Fault>,
    /// What will soon stop it, and does not yet.
    #[serde(default)]
    pub warnings: Vec<Fault>,
    /// Labels received and not yet finished.
    pub formats_in_buffer: u32,
    /// Copies of the present label that are still to come.
    pub labels_remaining: u32,
    /// It has the beginning of a label and waits for the rest.
    pub partial_format: bool,
}

impl PrinterStatus {
    /// An answer that says that nothing is wrong and nothing is left to do.
    pub(crate) fn idle() -> Self {
        Self { faults: vec![], warnings: vec![], formats_in_buffer: 0, labels_remaining: 0, partial_format: false }
    }

    /// An answer that says only that something is wrong.
    pub(crate) fn of_fault(fault: Fault) -> Self {
        Self { faults: vec![fault], ..Self::idle() }
    }

    /// Nothing is in the printer, and nothing holds it up: what was sent has been printed. A label that waits to be
    /// taken off has been printed as well.
    pub fn is_idle(&self) -> bool {
        let stands = self.faults.iter().any(|fault| *fault != Fault::LabelWaiting);
        !stands && !self.partial_format && self.formats_in_buffer == 0 && self.labels_remaining == 0
    }
}

/// How a printer stands. Silence is a state of its own: it is neither ready nor broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PrinterState {
    /// It answered, and takes a job.
    Ready(PrinterStatus),
    /// It answered, and can't print.
    Blocked(PrinterStatus),
    /// The connection is good, and no answer came. Many printers say nothing while the paper is out or the head is
    /// open, and some never say anything: look at the printer.
    Silent,
}

impl PrinterState {
    /// The state that an answer, or its absence, means.
    pub fn of(answer: Option<PrinterStatus>) -> Self {
        match answer {
            None => Self::Silent,
            Some(status) if status.faults.is_empty() => Self::Ready(status),
            Some(status) => Self::Blocked(status),
        }
    }
}

/// One byte as a status: a fault for each bit that is set.
pub(super) fn from_bits(byte: u8, faults: &[(u8, Fault)], busy: bool) -> PrinterStatus {
    let set = faults.iter().filter(|(bit, _)| byte >> bit & 1 == 1).map(|(_, fault)| *fault);
    PrinterStatus { faults: set.collect(), labels_remaining: u32::from(busy), ..PrinterStatus::idle() }
}

/// How a language asks a printer for its status.
pub trait StatusProtocol: Send + Sync {
    /// The bytes that ask before a job; they may also clear what an earlier one left behind.
    fn question_before(&self) -> &'static [u8] {
        self.question()
    }

    /// What it proves that the printer is idle after a job.
    fn evidence(&self) -> Evidence {
        Evidence::IdleAfter
    }

    /// Whether idleness proves something only where the printer was seen at work before: its status does not count
    /// what is in its buffer.
    fn must_be_seen_busy(&self) -> bool {
        false
    }

    /// The bytes that have the printer report, with these signs, when everything before them is printed.
    fn ask_for_completion(&self, _id: [u8; 4]) -> Option<Vec<u8>> {
        None
    }

    /// The bytes that ask. The printer answers each question at most once, and in order.
    fn question(&self) -> &'static [u8];

    /// A reader for the answers on one connection.
    fn codec(&self) -> Box<dyn StatusCodec>;
}

/// Turns a printer's bytes into answers. Pure, and no bytes make it panic.
pub trait StatusCodec: Send {
    /// Takes the next bytes, however they were cut, and gives the answers that are complete with them.
    fn feed(&mut self, bytes: &[u8]) -> Vec<PrinterStatus>;

    /// A new question is about to be asked: what is half received belongs to an older one.
    fn reset(&mut self) {}

    /// The signs of a job that the printer reported as completed since this was last asked.
    fn completed(&mut self) -> Option<[u8; 4]> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idle() -> PrinterStatus {
        PrinterStatus::idle()
    }

    #[test]
    fn idle_means_that_nothing_is_left_and_nothing_is_wrong() {
        assert!(idle().is_idle());
        assert!(PrinterStatus { faults: vec![Fault::LabelWaiting], ..idle() }.is_idle());
        let busy = [
            PrinterStatus { formats_in_buffer: 1, ..idle() },
            PrinterStatus { labels_remaining: 1, ..idle() },
            PrinterStatus { partial_format: true, ..idle() },
        ];
        assert!(busy.iter().all(|status| !status.is_idle()));
        for fault in Fault::ALL.into_iter().filter(|fault| *fault != Fault::LabelWaiting) {
            assert!(!PrinterStatus::of_fault(fault).is_idle(), "{fault:?}");
        }
    }

    #[test]
    fn silence_is_not_readiness() {
        assert_eq!(PrinterState::of(None), PrinterState::Silent);
        assert_eq!(PrinterState::of(Some(idle())), PrinterState::Ready(idle()));
        let paused = PrinterStatus::of_fault(Fault::Paused);
        assert_eq!(PrinterState::of(Some(paused.clone())), PrinterState::Blocked(paused));
    }
}
