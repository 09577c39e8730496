//! What an ESC/POS printer answers to `DLE EOT n`, and how it reports a job as done. (Epson ESC/POS reference)
//!
//! Each of `10 04 1` to `10 04 4` is answered at once by a byte `0xx1xx10`. After the label goes `GS ( H` with four
//! signs; the printer sends `37 22`, these signs and 00 when everything before is printed: the best proof that any of
//! the languages gives. Not every copy of these printers knows it.

use super::{Evidence, Fault, PrinterStatus, StatusCodec, StatusProtocol};

/// `DLE EOT` 1 to 4, and `GS ( H`.
#[derive(Debug, Clone, Copy)]
pub struct EscPosStatus;

impl StatusProtocol for EscPosStatus {
    fn question(&self) -> &'static [u8] {
        b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04"
    }

    fn codec(&self) -> Box<dyn StatusCodec> {
        Box::new(EscPosCodec::default())
    }

    /// Never given by idleness: the printer does not say whether it is printing.
    fn evidence(&self) -> Evidence {
        Evidence::Idle
    }

    fn must_be_seen_busy(&self) -> bool {
        true
    }

    fn ask_for_completion(&self, id: [u8; 4]) -> Option<Vec<u8>> {
        Some([&b"\x1d(H\x06\x00\x30\x30"[..], &id].concat())
    }
}

#[derive(Default)]
struct EscPosCodec {
    /// Answers to the present question so far.
    answers: Vec<u8>,
    /// A report of completion that is coming in, from its 37 on.
    report: Vec<u8>,
    completed: Option<[u8; 4]>,
}

/// `37 22 d1 d2 d3 d4 00`
const REPORT: usize = 7;

impl StatusCodec for EscPosCodec {
    fn feed(&mut self, bytes: &[u8]) -> Vec<PrinterStatus> {
        bytes.iter().filter_map(|byte| self.byte(*byte)).collect()
    }

    fn reset(&mut self) {
        self.answers.clear();
    }

    fn completed(&mut self) -> Option<[u8; 4]> {
        self.completed.take()
    }
}

impl EscPosCodec {
    fn byte(&mut self, byte: u8) -> Option<PrinterStatus> {
        if !self.report.is_empty() || byte == 0x37 {
            self.report(byte);
            return None;
        }
        // The fixed bits tell an answer from what the printer may send by itself.
        if byte & 0x93 != 0x12 {
            return None;
        }
        self.answers.push(byte);
        let [offline, cover, errors, paper] = self.answers[..] else { return None };
        self.answers.clear();
        Some(read([offline, cover, errors, paper]))
    }

    fn report(&mut self, byte: u8) {
        self.report.push(byte);
        let begins = matches!(self.report[..], [0x37] | [0x37, 0x22, ..]);
        if !begins {
            self.report.clear();
        } else if self.report.len() == REPORT {
            if let [_, _, id @ .., 0] = &self.report[..] {
                self.completed = id.try_into().ok();
            }
            self.report.clear();
        }
    }
}

fn read([offline, cover, errors, paper]: [u8; 4]) -> PrinterStatus {
    let bit = |byte: u8, bit: u8| byte >> bit & 1 == 1;
    let mut faults: Vec<Fault> = [
        (bit(cover, 2), Fault::CoverOpen),
        (bit(cover, 3), Fault::Feeding),
        (bit(cover, 5) || paper & 0x60 != 0, Fault::PaperOut),
        (bit(errors, 3), Fault::CutterFault),
        (bit(errors, 5), Fault::NotRecoverable),
        (bit(errors, 6), Fault::HeadHot),
    ]
    .into_iter()
    .filter_map(|(set, fault)| set.then_some(fault))
    .collect();
    if faults.is_empty() && bit(cover, 6) {
        faults.push(Fault::OtherError);
    }
    if faults.is_empty() && bit(offline, 3) {
        faults.push(Fault::Offline);
    }
    let warnings = if paper & 0x0c == 0 { vec![] } else { vec![Fault::PaperLow] };
    PrinterStatus { faults, warnings, ..PrinterStatus::idle() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const READY: [u8; 4] = [0x12; 4];

    fn faults(at: usize, bit: u8) -> Vec<Fault> {
        let mut bytes = READY;
        bytes[at] |= 1 << bit;
        EscPosCodec::default().feed(&bytes).remove(0).faults
    }

    #[test]
    fn every_bit_has_a_name() {
        assert!(EscPosCodec::default().feed(&READY)[0].is_idle());
        assert_eq!(faults(0, 3), [Fault::Offline]);
        assert_eq!(faults(1, 2), [Fault::CoverOpen]);
        assert_eq!(faults(1, 3), [Fault::Feeding]);
        assert_eq!(faults(1, 5), [Fault::PaperOut]);
        assert_eq!(faults(1, 6), [Fault::OtherError]);
        assert_eq!(faults(2, 3), [Fault::CutterFault]);
        assert_eq!(faults(2, 5), [Fault::NotRecoverable]);
        assert_eq!(faults(2, 6), [Fault::HeadHot]);
        assert_eq!(faults(3, 5), [Fault::PaperOut]);
        let low = EscPosCodec::default().feed(&[0x12, 0x12, 0x12, 0x1e]).remove(0);
        assert_eq!((low.is_idle(), low.warnings), (true, vec![Fault::PaperLow]));
    }

    #[test]
    fn a_report_of_completion_is_told_apart_from_answers() {
        let mut codec = EscPosCodec::default();
        let stream = [&READY[..2], b"\x37\x22AB12\0", &READY[2..]].concat();
        assert_eq!(codec.feed(&stream).len(), 1);
        assert_eq!((codec.completed(), codec.completed()), (Some(*b"AB12"), None));
        assert_eq!(codec.feed(b"\x37\x22AB1"), []);
        assert_eq!(codec.completed(), None, "only whole");
        codec.feed(b"2\0");
        assert_eq!(codec.completed(), Some(*b"AB12"));
    }

    #[test]
    fn a_lost_answer_does_not_shift_the_next_question() {
        let mut codec = EscPosCodec::default();
        assert_eq!(codec.feed(&READY[..3]), []);
        codec.reset();
        assert_eq!(codec.feed(&[0x12, 0x16, 0x12, 0x12])[0].faults, [Fault::CoverOpen]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut codec = EscPosCodec::default();
            codec.feed(&bytes);
            prop_assert!(codec.report.len() < REPORT && codec.answers.len() < 4);
        }
    }
}
