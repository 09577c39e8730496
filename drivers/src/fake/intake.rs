//! What a ZPL printer makes of the bytes that come in.

/// Finds labels and questions in a stream of bytes.
#[derive(Debug, Default)]
pub(super) struct Intake {
    /// The last bytes outside a label, enough to see how the next thing starts.
    tail: Vec<u8>,
    /// The label being received, from its `^XA` on.
    label: Option<Vec<u8>>,
    label_bytes: usize,
}

/// Something complete in the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// `~HS`: outside a label or inside, it is taken at once and is no part of the label.
    Question,
    /// `^XA ... ^XZ`, with both.
    Label(Vec<u8>),
}

impl Intake {
    /// Bytes of labels received, finished or not, counted from each `^XA` on.
    pub(super) fn label_bytes(&self) -> usize {
        self.label_bytes
    }

    /// Whether the beginning of a label is here and its end is not.
    pub(super) fn is_partial(&self) -> bool {
        self.label.is_some()
    }

    pub(super) fn take(&mut self, byte: u8) -> Option<Received> {
        let Some(label) = &mut self.label else { return self.outside(byte) };
        label.push(byte);
        self.label_bytes += 1;
        if label.ends_with(b"~HS") {
            label.truncate(label.len() - 3);
            self.label_bytes -= 3;
            return Some(Received::Question);
        }
        if label.ends_with(b"^XZ") {
            return self.label.take().map(Received::Label);
        }
        None
    }

    fn outside(&mut self, byte: u8) -> Option<Received> {
        self.tail.push(byte);
        if self.tail.len() > 3 {
            self.tail.remove(0);
        }
        match self.tail.as_slice() {
            b"~HS" => {
                self.tail.clear();
                Some(Received::Question)
            }
            b"^XA" => {
                self.label = Some(std::mem::take(&mut self.tail));
                self.label_bytes += 3;
                None
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Vec<Received> {
        let mut intake = Intake::default();
        bytes.iter().filter_map(|byte| intake.take(*byte)).collect()
    }

    #[test]
    fn labels_and_questions_come_out_in_order() {
        let stream = b"\r\n~HS^XA^FDone^FS^XZ noise ~HS~~HS^XA^XZ";
        let label = |text: &str| Received::Label(text.into());
        use Received::Question;
        assert_eq!(all(stream), [Question, label("^XA^FDone^FS^XZ"), Question, Question, label("^XA^XZ")]);
    }

    #[test]
    fn a_question_inside_a_label_is_no_part_of_it() {
        assert_eq!(all(b"^XA^FD1~HS2^FS^XZ"), [Received::Question, Received::Label(b"^XA^FD12^FS^XZ".to_vec())]);
    }

    #[test]
    fn only_a_label_with_both_ends_is_a_label() {
        assert_eq!(all(b"^FDno start^XZ^XA^FDno end^X"), []);
    }

    #[test]
    fn only_the_bytes_of_labels_are_counted() {
        let mut intake = Intake::default();
        for byte in b"~HS^XA^FD1^FS^XZ~HS^XA12" {
            intake.take(*byte);
        }
        assert_eq!(intake.label_bytes(), 13 + 5);
        assert!(intake.is_partial());
    }
}
