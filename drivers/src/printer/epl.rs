//! What an EPL2 printer answers to `^ee`: a line of codes, `00` for no error. (EPL2 programmer's manual, error report)
//!
//! It answers neither inside a picture nor with a full buffer: asked before and after a job, never in between.

use super::{Evidence, Fault, PrinterStatus, StatusCodec, StatusProtocol};

/// `^ee` and its answer.
#[derive(Debug, Clone, Copy)]
pub struct EplStatus;

impl StatusProtocol for EplStatus {
    fn question(&self) -> &'static [u8] {
        b"^ee\r\n"
    }

    fn codec(&self) -> Box<dyn StatusCodec> {
        Box::new(EplCodec::default())
    }

    fn evidence(&self) -> Evidence {
        Evidence::Idle
    }
}

/// The longest line: ten codes.
const LONGEST: usize = 32;

#[derive(Default)]
struct EplCodec {
    line: Vec<u8>,
}

impl StatusCodec for EplCodec {
    fn feed(&mut self, bytes: &[u8]) -> Vec<PrinterStatus> {
        bytes.iter().filter_map(|byte| self.byte(*byte)).collect()
    }
}

impl EplCodec {
    fn byte(&mut self, byte: u8) -> Option<PrinterStatus> {
        match byte {
            b'\r' | b'\n' => {
                let line = std::mem::take(&mut self.line);
                (!line.is_empty()).then(|| read(&line))
            }
            _ => {
                self.line.push(byte);
                if self.line.len() > LONGEST {
                    self.line.clear();
                }
                None
            }
        }
    }
}

fn read(line: &[u8]) -> PrinterStatus {
    let mut status = PrinterStatus::idle();
    for code in line.split(|byte| *byte == b',') {
        status.faults.extend(match code {
            b"00" => None,
            b"01" | b"02" | b"03" => Some(Fault::BadLabel),
            b"04" => Some(Fault::OutOfMemory),
            b"07" => Some(Fault::PaperOut),
            b"11" => Some(Fault::HeadOpen),
            b"12" => Some(Fault::Paused),
            [b'0'..=b'9', b'0'..=b'9'] => Some(Fault::OtherError),
            _ => Some(Fault::UnknownAnswer),
        });
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(stream: &[u8]) -> Vec<Vec<Fault>> {
        EplCodec::default().feed(stream).into_iter().map(|status| status.faults).collect()
    }

    #[test]
    fn every_code_has_a_name() {
        assert_eq!(faults(b"00\r\n"), [vec![]]);
        assert_eq!(faults(b"07\r\n11,12\r\n"), [vec![Fault::PaperOut], vec![Fault::HeadOpen, Fault::Paused]]);
        assert_eq!(faults(b"01\r\n04\r\n99\r\n"), [[Fault::BadLabel], [Fault::OutOfMemory], [Fault::OtherError]]);
        assert_eq!(faults(b"ready\r\n"), [[Fault::UnknownAnswer]]);
    }

    #[test]
    fn an_answer_may_come_in_pieces_and_no_beginning_is_an_answer() {
        let mut codec = EplCodec::default();
        for byte in b"07,1" {
            assert_eq!(codec.feed(&[*byte]), []);
        }
        assert_eq!(codec.feed(b"1\r\n")[0].faults, [Fault::PaperOut, Fault::HeadOpen]);
        codec.feed(&[b'x'; 10_000]);
        assert!(codec.line.len() <= LONGEST);
    }
}
