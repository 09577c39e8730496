//! What a ZPL printer answers to `~HS` (host status), after Zebra's ZPL II programming guide.
//!
//! Three strings, each `STX ... ETX CR LF`, fields separated by commas:
//! 1. `aaa,b,c,dddd,eee,f,g,h,iii,j,k,l`: interface, **b** paper out, **c** paused, label length, **eee** formats in
//!    the buffer, **f** buffer full, **g** diagnostic mode, **h** partial format, 000, **j** configuration lost, **k**
//!    head too cold, **l** head too hot.
//! 2. `mmm,n,o,p,q,r,s,t,uuuuuuuu,v,www`: settings, unused, **o** head up, **p** ribbon out, thermal transfer, print
//!    mode, width mode, **t** label waiting, **uuuuuuuu** labels remaining, 1, stored pictures.
//! 3. `xxxx,y`: password, static RAM.

use super::{Fault, PrinterStatus, StatusCodec, StatusProtocol};

const STX: u8 = 2;
const ETX: u8 = 3;

/// The longest string of a real answer has 40 bytes; what grows past this is noise.
const LONGEST: usize = 128;

/// `~HS` and its answer.
#[derive(Debug, Clone, Copy)]
pub struct ZplStatus;

impl StatusProtocol for ZplStatus {
    fn question(&self) -> &'static [u8] {
        b"~HS"
    }

    fn codec(&self) -> Box<dyn StatusCodec> {
        Box::new(HostStatusCodec::default())
    }
}

/// Finds host status answers in a stream of bytes, however they are cut and whatever stands between them.
///
/// The three strings are told apart by how many fields they have, so the tail of an answer whose head was lost can't
/// shift the next one. A string of any other shape gives [`Fault::UnknownAnswer`].
#[derive(Debug, Default)]
pub struct HostStatusCodec {
    /// The string being received, without its STX.
    string: Option<Vec<u8>>,
    first: Option<First>,
    second: Option<Second>,
}

/// What we use of the first string: `None` is a field that can't be read.
#[derive(Debug)]
struct First {
    faults: Option<Vec<Fault>>,
    partial_format: Option<bool>,
    formats_in_buffer: Option<u32>,
}

/// What we use of the second string.
#[derive(Debug)]
struct Second {
    faults: Option<Vec<Fault>>,
    labels_remaining: Option<u32>,
}

impl StatusCodec for HostStatusCodec {
    fn feed(&mut self, bytes: &[u8]) -> Vec<PrinterStatus> {
        bytes.iter().filter_map(|byte| self.take(*byte)).collect()
    }
}

impl HostStatusCodec {
    fn take(&mut self, byte: u8) -> Option<PrinterStatus> {
        match byte {
            STX => self.string = Some(Vec::new()),
            ETX => {
                let string = self.string.take()?;
                return self.complete(&string);
            }
            _ => {
                let string = self.string.as_mut()?;
                string.push(byte);
                if string.len() > LONGEST {
                    self.string = None;
                }
            }
        }
        None
    }

    fn complete(&mut self, string: &[u8]) -> Option<PrinterStatus> {
        let fields: Vec<&[u8]> = string.split(|byte| *byte == b',').collect();
        match *fields.as_slice() {
            [_, paper, pause, _, formats, full, diagnostic, partial, _, lost, cold, hot] => {
                self.second = None;
                self.first = Some(First {
                    faults: faults(&[
                        (paper, Fault::PaperOut),
                        (pause, Fault::Paused),
                        (full, Fault::BufferFull),
                        (diagnostic, Fault::DiagnosticMode),
                        (lost, Fault::ConfigurationLost),
                        (cold, Fault::HeadCold),
                        (hot, Fault::HeadHot),
                    ]),
                    partial_format: flag(partial),
                    formats_in_buffer: number(formats),
                });
                None
            }
            [_, _, head, ribbon, _, _, _, waiting, remaining, _, _] => {
                self.second = Some(Second {
                    faults: faults(&[
                        (head, Fault::HeadOpen),
                        (ribbon, Fault::RibbonOut),
                        (waiting, Fault::LabelWaiting),
                    ]),
                    labels_remaining: number(remaining),
                });
                None
            }
            [_, _] => {
                let (first, second) = (self.first.take(), self.second.take());
                let known = joined(first?, second?);
                Some(known.unwrap_or_else(|| PrinterStatus::of_fault(Fault::UnknownAnswer)))
            }
            _ => {
                (self.first, self.second) = (None, None);
                Some(PrinterStatus::of_fault(Fault::UnknownAnswer))
            }
        }
    }
}

/// One status out of the strings, or nothing where a field holds what the manual does not know.
fn joined(first: First, second: Second) -> Option<PrinterStatus> {
    let mut faults = first.faults?;
    faults.extend(second.faults?);
    Some(PrinterStatus {
        faults,
        warnings: vec![],
        formats_in_buffer: first.formats_in_buffer?,
        labels_remaining: second.labels_remaining?,
        partial_format: first.partial_format?,
    })
}

fn faults(fields: &[(&[u8], Fault)]) -> Option<Vec<Fault>> {
    let mut set = Vec::new();
    for (field, fault) in fields {
        if flag(field)? {
            set.push(*fault);
        }
    }
    Some(set)
}

fn flag(field: &[u8]) -> Option<bool> {
    match field {
        b"0" => Some(false),
        b"1" => Some(true),
        _ => None,
    }
}

fn number(field: &[u8]) -> Option<u32> {
    let digits = field.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(field).ok().filter(|_| digits)?.parse().ok()
}

#[cfg(test)]
#[path = "zpl_tests.rs"]
mod tests;
