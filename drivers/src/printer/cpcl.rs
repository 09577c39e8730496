//! What a CPCL printer answers to `<ESC>h`: one byte, and only when the label before is finished.
//!
//! Bits: 0 busy, 1 paper out, 2 latch open, 3 battery low, 4 switched on or reset since `<ESC>N`. So an answer after a
//! job proves that nothing is left to print, and bit 4 that the job may be lost. (CPCL programming manual, utilities)

use super::status::from_bits;
use super::{Evidence, Fault, PrinterStatus, StatusCodec, StatusProtocol};

/// `<ESC>h` and its answer.
#[derive(Debug, Clone, Copy)]
pub struct CpclStatus;

impl StatusProtocol for CpclStatus {
    /// Clears the sign of a restart first: only one during the job matters.
    fn question_before(&self) -> &'static [u8] {
        b"\x1bN\x1bh"
    }

    fn question(&self) -> &'static [u8] {
        b"\x1bh"
    }

    fn codec(&self) -> Box<dyn StatusCodec> {
        Box::new(ByteCodec)
    }

    fn evidence(&self) -> Evidence {
        Evidence::IdleAfter
    }
}

const FAULTS: [(u8, Fault); 3] = [(1, Fault::PaperOut), (2, Fault::HeadOpen), (4, Fault::Restarted)];
const BUSY: u8 = 1;
const BATTERY: u8 = 1 << 3;
const NAMED: u8 = 0x1f;

struct ByteCodec;

impl StatusCodec for ByteCodec {
    fn feed(&mut self, bytes: &[u8]) -> Vec<PrinterStatus> {
        let read = |byte: &u8| {
            if byte & !NAMED != 0 {
                return PrinterStatus::of_fault(Fault::UnknownAnswer);
            }
            let status = from_bits(*byte, &FAULTS, byte & BUSY != 0);
            let warnings = if byte & BATTERY == 0 { vec![] } else { vec![Fault::BatteryLow] };
            PrinterStatus { warnings, ..status }
        };
        bytes.iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_has_a_name_and_others_are_not_readiness() {
        let read = |byte: u8| ByteCodec.feed(&[byte]).remove(0);
        assert!(read(0).is_idle());
        assert!(!read(1).is_idle());
        assert_eq!(read(2).faults, [Fault::PaperOut]);
        assert_eq!(read(4).faults, [Fault::HeadOpen]);
        assert_eq!((read(8).is_idle(), read(8).warnings), (true, vec![Fault::BatteryLow]));
        assert_eq!(read(16).faults, [Fault::Restarted]);
        for bit in 5..8 {
            assert_eq!(read(1 << bit).faults, [Fault::UnknownAnswer]);
        }
    }
}
