//! What a TSPL printer answers to `<ESC>!?`: one byte, a bit for each thing that is wrong.
//!
//! 00 ready; bits: 0 head open, 1 paper jam, 2 paper out, 3 ribbon out, 4 paused, 5 printing, 6 cover open, 7 another
//! error. It answers in every state. (TSPL/TSPL2 programming manual, status polling)

use super::status::from_bits;
use super::{Evidence, Fault, PrinterStatus, StatusCodec, StatusProtocol};

/// `<ESC>!?` and its answer.
#[derive(Debug, Clone, Copy)]
pub struct TsplStatus;

impl StatusProtocol for TsplStatus {
    fn question(&self) -> &'static [u8] {
        b"\x1b!?"
    }

    fn codec(&self) -> Box<dyn StatusCodec> {
        Box::new(ByteCodec)
    }

    fn evidence(&self) -> Evidence {
        Evidence::Idle
    }

    fn must_be_seen_busy(&self) -> bool {
        true
    }
}

const FAULTS: [(u8, Fault); 7] = [
    (0, Fault::HeadOpen),
    (1, Fault::PaperJam),
    (2, Fault::PaperOut),
    (3, Fault::RibbonOut),
    (4, Fault::Paused),
    (6, Fault::CoverOpen),
    (7, Fault::OtherError),
];
const PRINTING: u8 = 1 << 5;

struct ByteCodec;

impl StatusCodec for ByteCodec {
    fn feed(&mut self, bytes: &[u8]) -> Vec<PrinterStatus> {
        bytes.iter().map(|byte| from_bits(*byte, &FAULTS, byte & PRINTING != 0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_has_a_name() {
        let read = |byte: u8| ByteCodec.feed(&[byte]).remove(0);
        for (bit, fault) in FAULTS {
            assert_eq!(read(1 << bit), PrinterStatus::of_fault(fault));
        }
        assert!(read(0).is_idle());
        assert_eq!((read(PRINTING).is_idle(), read(PRINTING).faults), (false, vec![]));
        let named: u8 = FAULTS.iter().fold(PRINTING, |bits, (bit, _)| bits | 1 << bit);
        assert_eq!(named, 0xff);
        assert_eq!(ByteCodec.feed(&[0, 5]).len(), 2);
    }
}
