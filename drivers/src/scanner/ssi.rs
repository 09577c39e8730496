//! Zebra's Simple Serial Interface, in packets that are acknowledged. (Simple Serial Interface Programmer's Guide)
//!
//! `length opcode source status data... checksum(2)`: the length counts all but the checksum; the checksum is the
//! two's complement of the sum of all bytes before it, high byte first. Source 0 is the scanner, 4 the host. Of the
//! status, bit 0 says that the packet is sent again, bit 1 that the code goes on in the next one.

use super::{Codec, Event, Symbology, event};
use std::time::Duration;

const DECODE_DATA: u8 = 0xf3;
const SENT_AGAIN: u8 = 1;
const GOES_ON: u8 = 2;
/// `CMD_ACK` from the host.
const ACKNOWLEDGED: [u8; 6] = [4, 0xd0, 4, 0, 0xff, 0x28];
/// `CMD_NAK` from the host, with the reason 1: send again.
const SEND_AGAIN: [u8; 7] = [5, 0xd1, 4, 0, 1, 0xff, 0x25];
/// A packet without data.
const SHORTEST: u8 = 4;
/// A code in several packets is dropped past this.
const LONGEST: usize = 8_192;
/// A packet that does not go on for this long is given up: the scanner sends it again.
const GIVEN_UP: Duration = Duration::from_millis(500);

/// Reads packets and says what to answer.
#[derive(Debug, Default)]
pub struct SsiCodec {
    packet: Vec<u8>,
    /// The data of the last packet, to know it again.
    last_data: Vec<u8>,
    /// The code so far, where it comes in several packets, and its kind.
    code: Vec<u8>,
    overflowed: bool,
    last: Duration,
}

impl SsiCodec {
    fn byte(&mut self, byte: u8, events: &mut Vec<Event>) {
        // A zero wakes a line up; no packet is that short.
        if self.packet.is_empty() && byte < SHORTEST {
            return;
        }
        self.packet.push(byte);
        let whole = self.packet.first().map_or(0, |length| usize::from(*length) + 2);
        if self.packet.len() < whole {
            return;
        }
        let packet = std::mem::take(&mut self.packet);
        let Some((body, sum)) = packet.split_last_chunk::<2>() else { return };
        if check_sum(body).to_be_bytes() != *sum {
            events.push(Event::Answer(SEND_AGAIN.to_vec()));
            return;
        }
        if let [_, opcode, 0, status, data @ ..] = body {
            self.packet(*opcode, *status, data, events);
        }
    }

    fn packet(&mut self, opcode: u8, status: u8, data: &[u8], events: &mut Vec<Event>) {
        if opcode != DECODE_DATA {
            return;
        }
        // First, because the scanner waits no longer than two seconds and then sends again.
        events.push(Event::Answer(ACKNOWLEDGED.to_vec()));
        if status & SENT_AGAIN != 0 && data == self.last_data {
            return;
        }
        self.last_data = data.to_vec();
        let Some((kind, text)) = data.split_first() else { return };
        if self.code.len() + text.len() > LONGEST {
            self.overflowed = true;
            self.code.clear();
        }
        if !self.overflowed {
            self.code.extend_from_slice(text);
        }
        if status & GOES_ON != 0 {
            return;
        }
        let code = std::mem::take(&mut self.code);
        if std::mem::take(&mut self.overflowed) {
            events.push(Event::TooLong);
        } else {
            events.extend(event(&code, symbology(*kind)));
        }
    }
}

/// The packets in which a scanner sends a code. For fakes and tests.
pub fn packets(code: &str) -> Vec<Vec<u8>> {
    /// Data that a packet holds, so that its length is one byte.
    const DATA: usize = 200;
    let bytes = code.as_bytes();
    let mut pieces: Vec<&[u8]> = bytes.chunks(DATA).collect();
    if pieces.is_empty() {
        pieces.push(&[]);
    }
    let last = pieces.len() - 1;
    let packet = |(number, piece): (usize, &[u8])| {
        let status = if number < last { GOES_ON } else { 0 };
        // 0 is no code type that we have a name for: the identifier in the text tells the symbology.
        sealed([&[0, DECODE_DATA, 0, status, 0], piece].concat())
    };
    pieces.into_iter().enumerate().map(packet).collect()
}

/// A packet as it is sent again.
pub fn again(packet: &[u8]) -> Vec<u8> {
    let mut body = packet.get(..packet.len().saturating_sub(2)).unwrap_or_default().to_vec();
    if let Some(status) = body.get_mut(3) {
        *status |= SENT_AGAIN;
    }
    sealed(body)
}

/// Whether a host's answer acknowledges a packet.
pub fn acknowledges(answer: &[u8]) -> bool {
    answer.windows(ACKNOWLEDGED.len()).any(|part| part == ACKNOWLEDGED)
}

/// A packet with its length and its checksum.
fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
    if let Some(first) = body.first_mut() {
        *first = length;
    }
    body.extend(check_sum(&body).to_be_bytes());
    body
}

impl Codec for SsiCodec {
    fn feed(&mut self, bytes: &[u8], at: Duration) -> Vec<Event> {
        let mut events = self.idle(at);
        self.last = at;
        bytes.iter().for_each(|byte| self.byte(*byte, &mut events));
        events
    }

    fn idle(&mut self, at: Duration) -> Vec<Event> {
        if at.saturating_sub(self.last) >= GIVEN_UP {
            self.packet.clear();
        }
        Vec::new()
    }

    fn silence(&self) -> Option<Duration> {
        Some(GIVEN_UP)
    }
}

/// The two's complement of the sum of all bytes.
pub(crate) fn check_sum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte))).wrapping_neg()
}

/// The kind of a code type; `None` for those that we have no name for.
fn symbology(code_type: u8) -> Option<Symbology> {
    Some(match code_type {
        0x01 | 0x13 => Symbology::Code39,
        0x02 => Symbology::Codabar,
        0x03 => Symbology::Code128,
        0x06 => Symbology::Itf,
        0x07 => Symbology::Code93,
        0x08 | 0x09 | 0x0b | 0x10 | 0x16 => Symbology::Ean,
        0x0a => Symbology::Ean8,
        0x0f => Symbology::Gs1_128,
        0x11 => Symbology::Pdf417,
        0x1b => Symbology::DataMatrix,
        0x1c => Symbology::Qr,
        0x2d => Symbology::Aztec,
        0x30..=0x32 => Symbology::DataBar,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Encoding, Scan};
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    pub(crate) fn packet(status: u8, data: &[u8]) -> Vec<u8> {
        let mut packet = vec![u8::try_from(4 + data.len()).unwrap(), DECODE_DATA, 0, status];
        packet.extend_from_slice(data);
        let sum = check_sum(&packet);
        packet.extend(sum.to_be_bytes());
        packet
    }

    fn answer() -> Event {
        Event::Answer(ACKNOWLEDGED.to_vec())
    }

    fn scan(text: &str, symbology: Symbology) -> Event {
        Event::Scan(Scan { text: text.into(), symbology: Some(symbology), encoding: Encoding::Utf8 })
    }

    #[test]
    fn our_own_answers_have_the_right_check_sums() {
        for answer in [&ACKNOWLEDGED[..], &SEND_AGAIN[..]] {
            let (body, sum) = answer.split_last_chunk::<2>().unwrap();
            assert_eq!(check_sum(body).to_be_bytes(), *sum);
        }
    }

    #[test]
    fn a_code_is_acknowledged_first_and_then_told() {
        let bytes = packet(0, b"\x0b6901234567892");
        assert_eq!(SsiCodec::default().feed(&bytes, MS), [answer(), scan("6901234567892", Symbology::Ean)]);
        let noisy = [&[0, 0, 3][..], &bytes].concat();
        assert_eq!(SsiCodec::default().feed(&noisy, MS).len(), 2, "zeros wake the line up");
    }

    #[test]
    fn a_packet_that_is_sent_again_counts_once() {
        let mut codec = SsiCodec::default();
        codec.feed(&packet(0, b"\x03A"), MS);
        assert_eq!(codec.feed(&packet(SENT_AGAIN, b"\x03A"), MS), [answer()]);
        assert_eq!(codec.feed(&packet(0, b"\x03A"), MS), [answer(), scan("A", Symbology::Code128)], "scanned twice");
        let lost = codec.feed(&packet(SENT_AGAIN, b"\x03B"), MS);
        assert_eq!(lost, [answer(), scan("B", Symbology::Code128)], "the first one never arrived");
    }

    #[test]
    fn a_long_code_comes_in_several_packets() {
        let mut codec = SsiCodec::default();
        assert_eq!(codec.feed(&packet(GOES_ON, b"\x1cfirst "), MS), [answer()]);
        assert_eq!(codec.feed(&packet(SENT_AGAIN | GOES_ON, b"\x1cfirst "), MS), [answer()]);
        assert_eq!(codec.feed(&packet(0, b"\x1csecond"), MS), [answer(), scan("first second", Symbology::Qr)]);
    }

    #[test]
    fn a_spoilt_packet_is_asked_for_again() {
        let mut bytes = packet(0, b"\x03A");
        bytes[5] ^= 1;
        let mut codec = SsiCodec::default();
        assert_eq!(codec.feed(&bytes, MS), [Event::Answer(SEND_AGAIN.to_vec())]);
        assert_eq!(codec.feed(&packet(SENT_AGAIN, b"\x03A"), MS), [answer(), scan("A", Symbology::Code128)]);
    }

    #[test]
    fn half_a_packet_does_not_spoil_the_next() {
        let bytes = packet(0, b"\x03A-01");
        for cut in 1..bytes.len() {
            let mut codec = SsiCodec::default();
            assert_eq!(codec.feed(&bytes[..cut], MS), []);
            assert_eq!(codec.feed(&bytes[cut..], MS * 2).len(), 2, "in two pieces");
            codec.feed(&bytes[..cut], MS * 3);
            assert_eq!(codec.feed(&packet(SENT_AGAIN, b"\x03B"), MS * 3_000).len(), 2, "after silence");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_nothing_piles_up(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 0..20)) {
            let mut codec = SsiCodec::default();
            for piece in pieces {
                codec.feed(&piece, MS);
                prop_assert!(codec.packet.len() < 260 && codec.code.len() <= LONGEST);
            }
        }

        #[test]
        fn any_text_in_packets_is_read(text in "[ -~]{1,200}", kind in 1_u8..12) {
            let data = [&[kind][..], text.as_bytes()].concat();
            let events = SsiCodec::default().feed(&packet(0, &data), MS);
            prop_assume!(!text.starts_with(']'));
            prop_assert!(matches!(&events[1], Event::Scan(scan) if scan.text == text));
        }
    }
}
