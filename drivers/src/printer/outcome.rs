//! How a print job ended, and what is known for certain.

use super::Fault;
use crate::{Sentence, transport::TransportError};
use serde::{Deserialize, Serialize};

/// How one attempt to print ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[must_use]
pub enum PrintOutcome {
    /// Not one byte of the job left: it may be tried again by itself.
    FailedBeforeFirstByte {
        /// What was in the way.
        error: TransportError,
    },
    /// The printer said before the job that it can't print, so not one byte left.
    Blocked {
        /// What the printer said.
        faults: Vec<Fault>,
    },
    /// Every byte was handed over, and nothing proves that a label came out. It has to be scanned.
    Sent {
        /// Why there is no proof.
        unproven: Unproven,
    },
    /// The printer gave evidence that the label came out.
    Printed {
        /// Which evidence.
        evidence: Evidence,
    },
    /// Bytes left, and the label may or may not have come out: a person or a scan decides. Never tried again by itself.
    InDoubt {
        /// How many of the job's bytes left.
        offset: usize,
        /// What made it doubtful.
        error: Doubt,
    },
}

impl PrintOutcome {
    /// Whether the same job may be sent again without asking anybody: only while not one byte of it has left.
    pub fn may_be_tried_again(&self) -> bool {
        matches!(self, Self::FailedBeforeFirstByte { .. } | Self::Blocked { .. })
    }
}

/// Why nothing proves that a job, all of whose bytes left, was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unproven {
    /// The printer answered no question, neither before nor after.
    Silent,
    /// The printer closed the connection in good order after the last byte, as some do.
    Closed,
    /// The printer is ready and was not seen at work: its status does not tell whether it printed.
    NotSeenPrinting,
}

/// What proves that a label came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The printer reported this very job as printed.
    Completed,
    /// The printer answered a question asked after the last byte: no label left in it, and no fault.
    IdleAfter,
    /// The printer was at work and is ready again, without a fault; it does not count what is in its buffer.
    Idle,
}

impl Evidence {
    /// How strong it is: 4 the label itself was scanned, 3 the printer reported this job as completed, 2 nothing is left
    /// in the printer, 1 it is idle, 0 all bytes left.
    pub fn grade(self) -> u8 {
        match self {
            Self::Completed => 3,
            Self::IdleAfter => 2,
            Self::Idle => 1,
        }
    }
}

/// Why it is not known whether a label came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "doubt", rename_all = "snake_case")]
pub enum Doubt {
    /// The connection failed after the first byte.
    Transport {
        /// What happened.
        error: TransportError,
    },
    /// The printer reported faults after the first byte.
    Faults {
        /// Which ones.
        faults: Vec<Fault>,
    },
    /// The printer was still busy when the time was up.
    StillBusy,
    /// The printer had answered before the job, and answered nothing after it. On many printers this is how paper out
    /// and an open head show.
    WentSilent,
}

impl Doubt {
    /// What happened and what to do, one sentence for each thing that is wrong.
    pub fn hints(&self) -> Vec<Sentence> {
        match self {
            Self::Transport { error } => vec![error.hint()],
            Self::Faults { faults } => faults.iter().map(|fault| fault.hint()).collect(),
            Self::StillBusy => vec![Sentence::new(
                "The printer has not finished: look whether the label comes out.",
                "打印机尚未完成：请查看标签是否打印出来。",
            )],
            Self::WentSilent => vec![Sentence::new(
                "The printer stopped answering: look at its paper, ribbon and head.",
                "打印机不再回答：请检查纸、碳带和打印头。",
            )],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::ErrorKind;

    #[test]
    fn only_a_job_of_which_nothing_left_is_tried_again_by_itself() {
        let error = TransportError::new(ErrorKind::Refused);
        assert!(PrintOutcome::FailedBeforeFirstByte { error }.may_be_tried_again());
        assert!(PrintOutcome::Blocked { faults: vec![Fault::Paused] }.may_be_tried_again());
        assert!(!PrintOutcome::Sent { unproven: Unproven::Silent }.may_be_tried_again());
        assert!(!PrintOutcome::Printed { evidence: Evidence::IdleAfter }.may_be_tried_again());
        assert!(!PrintOutcome::InDoubt { offset: 1, error: Doubt::WentSilent }.may_be_tried_again());
    }

    #[test]
    fn an_outcome_survives_the_way_from_the_station_to_the_service() {
        let doubt = Doubt::Transport { error: TransportError::new(ErrorKind::Reset) };
        let outcome = PrintOutcome::InDoubt { offset: 17_000, error: doubt };
        let text = serde_json::to_string(&outcome).unwrap();
        assert_eq!(serde_json::from_str::<PrintOutcome>(&text).unwrap(), outcome);
    }

    #[test]
    fn every_doubt_has_something_to_say() {
        let doubts = [
            Doubt::Transport { error: TransportError::new(ErrorKind::Reset) },
            Doubt::Faults { faults: vec![Fault::PaperOut] },
            Doubt::StillBusy,
            Doubt::WentSilent,
        ];
        assert!(doubts.iter().all(|doubt| doubt.hints().len() == 1));
    }
}
