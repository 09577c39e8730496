//! What a printer says about itself, whatever its language.

use super::Fault;
use serde::{Deserialize, Serialize};

/// One answer of a printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrinterStatus {
    /// Why it does not print; empty when nothing is wrong.
    pub faults: Vec<Fault>,
    /// Labels received and not yet finished.
    pub formats_in_buffer: u32,
    /// Copies of the present label that are still to come.
    pub labels_remaining: u32,
    /// It has the beginning of a label and waits for the rest.
    pub partial_format: bool,
}

impl PrinterStatus {
    /// An answer that says only that something is wrong.
    pub(crate) fn of_fault(fault: Fault) -> Self {
        Self { faults: vec![fault], formats_in_buffer: 0, labels_remaining: 0, partial_format: false }
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

/// How a language asks a printer for its status.
pub trait StatusProtocol: Send + Sync {
    /// The bytes that ask. The printer answers each question at most once, and in order.
    fn question(&self) -> &'static [u8];

    /// A reader for the answers on one connection.
    fn codec(&self) -> Box<dyn StatusCodec>;
}

/// Turns a printer's bytes into answers. Pure, and no bytes make it panic.
pub trait StatusCodec: Send {
    /// Takes the next bytes, however they were cut, and gives the answers that are complete with them.
    fn feed(&mut self, bytes: &[u8]) -> Vec<PrinterStatus>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idle() -> PrinterStatus {
        PrinterStatus { faults: vec![], formats_in_buffer: 0, labels_remaining: 0, partial_format: false }
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
