use super::*;
use proptest::prelude::*;

const READY: &str = "\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\
                     \x02001,0,0,0,1,2,4,0,00000000,1,000\x03\r\n\
                     \x021234,0\x03\r\n";

fn read(bytes: &[u8]) -> Vec<PrinterStatus> {
    HostStatusCodec::default().feed(bytes)
}

fn idle() -> PrinterStatus {
    PrinterStatus::idle()
}

/// The ready answer with one field of one string (both from 0) put in place of another.
fn with(string: usize, field: usize, value: &str) -> String {
    let strings = READY.split_inclusive("\r\n").enumerate().map(|(at, text)| {
        if at != string {
            return text.to_owned();
        }
        let inside = text.trim_start_matches('\x02').trim_end_matches("\x03\r\n");
        let mut fields: Vec<&str> = inside.split(',').collect();
        fields[field] = value;
        format!("\x02{}\x03\r\n", fields.join(","))
    });
    strings.collect()
}

/// Answers and what they mean.
fn table() -> Vec<(String, PrinterStatus)> {
    let fault = PrinterStatus::of_fault;
    vec![
        (READY.to_owned(), idle()),
        (with(0, 1, "1"), fault(Fault::PaperOut)),
        (with(0, 2, "1"), fault(Fault::Paused)),
        (with(0, 4, "003"), PrinterStatus { formats_in_buffer: 3, ..idle() }),
        (with(0, 5, "1"), fault(Fault::BufferFull)),
        (with(0, 6, "1"), fault(Fault::DiagnosticMode)),
        (with(0, 7, "1"), PrinterStatus { partial_format: true, ..idle() }),
        (with(0, 9, "1"), fault(Fault::ConfigurationLost)),
        (with(0, 10, "1"), fault(Fault::HeadCold)),
        (with(0, 11, "1"), fault(Fault::HeadHot)),
        (with(1, 2, "1"), fault(Fault::HeadOpen)),
        (with(1, 3, "1"), fault(Fault::RibbonOut)),
        (with(1, 7, "1"), fault(Fault::LabelWaiting)),
        (with(1, 8, "00000012"), PrinterStatus { labels_remaining: 12, ..idle() }),
        (with(0, 1, "2"), fault(Fault::UnknownAnswer)),
        (with(0, 4, "x"), fault(Fault::UnknownAnswer)),
        (with(0, 7, ""), fault(Fault::UnknownAnswer)),
        (with(1, 2, "?"), fault(Fault::UnknownAnswer)),
        (with(1, 8, "99999999999"), fault(Fault::UnknownAnswer)),
        (with(1, 8, "+1"), fault(Fault::UnknownAnswer)),
    ]
}

#[test]
fn every_bit_of_an_answer_has_a_name() {
    for (answer, status) in table() {
        assert_eq!(read(answer.as_bytes()), [status], "{answer:?}");
    }
}

#[test]
fn several_faults_are_all_named() {
    let answer = with(0, 1, "1").replace("001,0,0,0", "001,0,1,1");
    let status = &read(answer.as_bytes())[0];
    assert_eq!(status.faults, [Fault::PaperOut, Fault::HeadOpen, Fault::RibbonOut]);
}

#[test]
fn no_beginning_of_an_answer_is_taken_for_the_answer() {
    for (answer, _) in table() {
        let end = answer.len() - "\x03\r\n".len();
        for cut in 0..=end {
            assert_eq!(read(&answer.as_bytes()[..cut]), [], "{answer:?} cut at {cut}");
        }
    }
}

#[test]
fn an_answer_in_two_pieces_is_the_same_answer() {
    for (answer, status) in table() {
        for cut in 0..=answer.len() {
            let (head, tail) = answer.as_bytes().split_at(cut);
            let mut codec = HostStatusCodec::default();
            let mut got = codec.feed(head);
            got.extend(codec.feed(tail));
            assert_eq!(got, std::slice::from_ref(&status), "{answer:?} cut at {cut}");
        }
    }
}

#[test]
fn noise_before_between_and_after_is_passed_over() {
    let noisy = format!("ready\r\n\x03,,\x02{}", READY.replace("\r\n", "\r\n#noise,\0"));
    assert_eq!(read(noisy.as_bytes()), [idle()]);
}

#[test]
fn the_tail_of_a_lost_answer_does_not_shift_the_next() {
    let strings: Vec<&str> = READY.split_inclusive("\r\n").collect();
    for lost in ["", strings[0], strings[1], strings[2], &strings[1..].concat(), &strings[..2].concat()] {
        let stream = format!("{lost}{}", with(0, 1, "1"));
        assert_eq!(read(stream.as_bytes()), [PrinterStatus::of_fault(Fault::PaperOut)], "after {lost:?}");
    }
}

#[test]
fn two_answers_in_one_piece_are_two_answers() {
    let stream = format!("{READY}{}", with(0, 2, "1"));
    assert_eq!(read(stream.as_bytes()), [idle(), PrinterStatus::of_fault(Fault::Paused)]);
}

#[test]
fn a_string_of_an_unknown_shape_is_named_as_such() {
    assert_eq!(read(b"\x02something else\x03\r\n"), [PrinterStatus::of_fault(Fault::UnknownAnswer)]);
}

#[test]
fn a_string_without_an_end_is_given_up() {
    let mut codec = HostStatusCodec::default();
    assert_eq!(codec.feed(b"\x02"), []);
    assert_eq!(codec.feed(&vec![b'0'; 1_000_000]), []);
    assert!(codec.string.is_none());
    assert_eq!(codec.feed(READY.as_bytes()), [idle()]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..8)) {
        let mut codec = HostStatusCodec::default();
        for piece in pieces {
            codec.feed(&piece);
        }
    }

    #[test]
    fn bytes_that_look_like_an_answer_do_not_make_it_panic(text in "[\x02\x03\r\n,01249]{0,300}") {
        read(text.as_bytes());
    }

    #[test]
    fn one_wrong_byte_never_makes_a_blocked_printer_idle_by_being_unreadable(at in 0usize..90, byte in any::<u8>()) {
        let mut bytes = with(0, 1, "1").into_bytes();
        let flag = bytes.iter().position(|byte| *byte == b',').unwrap() + 1;
        prop_assume!(at < bytes.len() && at != flag);
        bytes[at] = byte;
        prop_assert!(read(&bytes).iter().all(|status| !status.is_idle()));
    }
}
