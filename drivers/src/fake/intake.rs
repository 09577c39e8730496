//! What a printer makes of the bytes that come in: labels and questions, in each language.
//!
//! Bytes of pictures are counted and passed over, whatever they look like.

use crate::printer::Language;

/// Finds labels and questions in a stream of bytes.
#[derive(Debug)]
pub(super) struct Intake {
    language: Language,
    /// The label being received, from its first byte on.
    label: Option<Vec<u8>>,
    label_bytes: usize,
    /// The command or line at hand.
    command: Vec<u8>,
    /// Bytes of a picture that are still to come.
    raw: usize,
}

/// Something complete in the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// The printer is asked how it stands; for ESC/POS by which of four questions, 0 elsewhere.
    Question(u8),
    /// The printer is asked who it is.
    Who,
    /// A whole label.
    Label(Vec<u8>),
    /// The printer is to report these signs when all before is printed.
    Report([u8; 4]),
}

/// What the command at hand turned out to be.
enum Command {
    /// It is not complete.
    Open,
    /// Complete, and of no matter.
    Done,
    /// A label begins with it.
    Begin,
    /// A label ends with it.
    End,
    /// So many bytes of a picture follow it.
    Raw(usize),
    Received(Received),
}

/// A line or command longer than this is noise. A CPCL picture is one line of hex.
const LONGEST: usize = 8 << 20;

impl Intake {
    pub(super) fn new(language: Language) -> Self {
        Intake { language, label: None, label_bytes: 0, command: Vec::new(), raw: 0 }
    }

    /// Bytes of labels received, finished or not, counted from the first of each on.
    pub(super) fn label_bytes(&self) -> usize {
        self.label_bytes
    }

    /// Whether the beginning of a label is here and its end is not.
    pub(super) fn is_partial(&self) -> bool {
        self.label.is_some()
    }

    pub(super) fn take(&mut self, byte: u8) -> Option<Received> {
        if let Some(label) = &mut self.label {
            label.push(byte);
            self.label_bytes += 1;
        }
        if self.raw > 0 {
            self.raw -= 1;
            return None;
        }
        self.command.push(byte);
        let found = match self.language {
            Language::Zpl => self.zpl(),
            Language::Tspl => self.tspl(),
            Language::Epl2 => self.epl(),
            Language::Cpcl => self.cpcl(),
            Language::EscPos => self.esc_pos(),
        };
        match found {
            Command::Open => {
                if self.command.len() > LONGEST {
                    self.command.clear();
                }
                None
            }
            Command::Done => {
                self.command.clear();
                None
            }
            Command::Begin => {
                let begun = std::mem::take(&mut self.command);
                if self.label.is_none() {
                    self.label_bytes += begun.len();
                    self.label = Some(begun);
                }
                None
            }
            Command::End => {
                self.command.clear();
                self.label.take().map(Received::Label)
            }
            Command::Raw(bytes) => {
                self.command.clear();
                self.raw = bytes;
                None
            }
            Command::Received(received) => {
                // It is taken at once, inside a label or outside, and is no part of the label.
                let asked = std::mem::take(&mut self.command).len();
                if let Some(label) = &mut self.label {
                    label.truncate(label.len().saturating_sub(asked));
                    self.label_bytes = self.label_bytes.saturating_sub(asked);
                }
                Some(received)
            }
        }
    }

    /// `~HS`, `^XA ... ^XZ`: a command begins at any sign of either kind.
    fn zpl(&mut self) -> Command {
        let signs = self.command.iter().rposition(|byte| matches!(byte, b'^' | b'~'));
        match signs {
            // Everything before the sign was data.
            Some(at) => drop(self.command.drain(..at)),
            None => return Command::Done,
        }
        match self.command.as_slice() {
            b"~HS" => Command::Received(Received::Question(0)),
            b"~HI" => Command::Received(Received::Who),
            b"^XA" if self.label.is_none() => Command::Begin,
            b"^XZ" => Command::End,
            [_, _, _, ..] => Command::Done,
            _ => Command::Open,
        }
    }

    /// The line at hand without its end, once it has come.
    fn line(&self) -> Option<&[u8]> {
        let line = self.command.strip_suffix(b"\n")?;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn tspl(&mut self) -> Command {
        if self.command.ends_with(b"\x1b!?") {
            self.command.drain(..self.command.len() - 3);
            return Command::Received(Received::Question(0));
        }
        if let Some(size) = picture(&self.command, b"BITMAP ", 5, 2) {
            return Command::Raw(size);
        }
        match self.line() {
            None => Command::Open,
            Some(b"~!T") => Command::Received(Received::Who),
            Some(line) if line.starts_with(b"SIZE ") => Command::Begin,
            Some(line) if line.starts_with(b"PRINT ") => Command::End,
            Some(_) => Command::Done,
        }
    }

    fn epl(&mut self) -> Command {
        if let Some(size) = picture(&self.command, b"GW", 4, 2) {
            return Command::Raw(size);
        }
        match self.line() {
            None => Command::Open,
            Some(b"^ee") => Command::Received(Received::Question(0)),
            Some(b"N") => Command::Begin,
            Some([b'P', b'0'..=b'9', ..]) => Command::End,
            Some(_) => Command::Done,
        }
    }

    fn cpcl(&mut self) -> Command {
        match self.command.as_slice() {
            b"\x1bh" => return Command::Received(Received::Question(0)),
            b"\x1bN" => return Command::Done,
            _ => {}
        }
        match self.line() {
            None => Command::Open,
            Some(line) if line.starts_with(b"! ") => Command::Begin,
            Some(b"PRINT") => Command::End,
            Some(_) => Command::Done,
        }
    }

    fn esc_pos(&mut self) -> Command {
        match self.command.as_slice() {
            b"\x1b@" => Command::Begin,
            [0x10, 0x04, which @ 1..=4] => Command::Received(Received::Question(*which)),
            [0x1d, b'v', b'0', _, xl, xh, yl, yh] => {
                Command::Raw(usize::from(u16::from_le_bytes([*xl, *xh])) * usize::from(u16::from_le_bytes([*yl, *yh])))
            }
            [0x1d, b'V', b'B', _] | [0x1b, b'J', _] => Command::End,
            [0x1d, b'(', b'H', 6, 0, 0x30, 0x30, id @ ..] => match id.try_into() {
                Ok(id) => Command::Received(Received::Report(id)),
                Err(_) => Command::Open,
            },
            [0x10 | 0x1b | 0x1d, ..] if self.command.len() < 11 => Command::Open,
            _ => Command::Done,
        }
    }
}

/// The bytes of a picture whose command ends here: after so many commas, the fields `at` and the next multiplied.
fn picture(command: &[u8], name: &[u8], commas: usize, at: usize) -> Option<usize> {
    let start = command.windows(name.len()).rposition(|part| part == name)?;
    let fields = command.get(start + name.len()..)?;
    if fields.last() != Some(&b',') || fields.iter().filter(|byte| **byte == b',').count() != commas {
        return None;
    }
    let numbers = std::str::from_utf8(fields).ok()?;
    let mut sizes = numbers.split(',').skip(at).map(|number| number.trim().parse::<usize>().ok());
    sizes.next()??.checked_mul(sizes.next()??)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Received::{Label, Question, Report};

    fn all(language: Language, bytes: &[u8]) -> Vec<Received> {
        let mut intake = Intake::new(language);
        bytes.iter().filter_map(|byte| intake.take(*byte)).collect()
    }

    #[test]
    fn labels_and_questions_come_out_in_order() {
        let stream = b"\r\n~HS^XA^FDone^FS^XZ noise ~HS~~HS^XA^XZ";
        let label = |text: &str| Label(text.into());
        let wanted = [Question(0), label("^XA^FDone^FS^XZ"), Question(0), Question(0), label("^XA^XZ")];
        assert_eq!(all(Language::Zpl, stream), wanted);
    }

    #[test]
    fn a_question_inside_a_label_is_no_part_of_it() {
        assert_eq!(all(Language::Zpl, b"^XA^FD1~HS2^FS^XZ"), [Question(0), Label(b"^XA^FD12^FS^XZ".to_vec())]);
    }

    #[test]
    fn only_a_label_with_both_ends_is_a_label() {
        assert_eq!(all(Language::Zpl, b"^FDno start^XZ^XA^FDno end^X"), []);
        assert_eq!(all(Language::Tspl, b"PRINT 1,1\r\nSIZE 9 mm,9 mm\r\nCLS\r\n"), []);
    }

    #[test]
    fn only_the_bytes_of_labels_are_counted() {
        let mut intake = Intake::new(Language::Zpl);
        for byte in b"~HS^XA^FD1^FS^XZ~HS^XA12" {
            intake.take(*byte);
        }
        assert_eq!(intake.label_bytes(), 13 + 5);
        assert!(intake.is_partial());
    }

    #[test]
    fn pictures_may_look_like_anything() {
        let tspl = b"SIZE 9 mm,9 mm\r\nCLS\r\nBITMAP 0,0,2,5,0,\x1b!?\nPRINT \r\nPRINT 1,1\r\n";
        let asked = [b"\x1b!?", &tspl[..], b"\x1b!?"].concat();
        assert_eq!(all(Language::Tspl, &asked), [Question(0), Label(tspl.to_vec()), Question(0)]);
        let epl = b"N\nq8\nGW0,0,1,6,^ee\r\nP\nP1\n";
        assert_eq!(
            all(Language::Epl2, &[b"^ee\r\n\n", &epl[..], b"^ee\r\n"].concat()),
            [Question(0), Label(epl.to_vec()), Question(0)]
        );
        let pos = b"\x1b@\x1dv0\0\x03\0\x01\0\x10\x04\x01\x1dVB\0";
        let asked = [b"\x10\x04\x01\x10\x04\x04", &pos[..], b"\x1d(H\x06\x00\x30\x30ab12\x10\x04\x02"].concat();
        let wanted = [Question(1), Question(4), Label(pos.to_vec()), Report(*b"ab12"), Question(2)];
        assert_eq!(all(Language::EscPos, &asked), wanted);
        let cpcl = b"! 0 200 200 8 1\r\nEG 1 8 0 0 0123456789ABCDEF\r\nFORM\r\nPRINT\r\n";
        let asked = [b"\x1bN\x1bh", &cpcl[..], b"\x1bh"].concat();
        assert_eq!(all(Language::Cpcl, &asked), [Question(0), Label(cpcl.to_vec()), Question(0)]);
    }
}
