//! The family of `ST,GS,+  1.234 kg`: A&D, CAS and most bench scales from China.
//!
//! A&D has 18 bytes: state, kind, 8 characters, 2 of unit. CAS has 22: between them a number and a byte of lamps.
//! `ST` stands still, `US` moves, `OL` is over; `GS` is gross, `NT` net.

use super::{Codec, Lines, Reading, Stability, number::milligrams};

/// Reads the lines.
#[derive(Debug, Default)]
pub struct StGsCodec {
    lines: Lines,
}

impl Codec for StGsCodec {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Reading> {
        // 7 bits and parity come as 8 where the line is set to 8; the top bit is then noise. CAS's lamps are the only
        // byte that has it by right, and they are not read.
        let bytes: Vec<u8> = bytes.iter().map(|byte| byte & 0x7f).collect();
        self.lines.feed(&bytes).iter().filter_map(|line| read(line)).collect()
    }
}

fn read(line: &[u8]) -> Option<Reading> {
    if line.starts_with(b"ERR") {
        return Some(Reading::Fault);
    }
    let mut fields = line.splitn(3, |byte| *byte == b',');
    let (state, kind, rest) = (fields.next()?, fields.next()?, fields.next()?);
    let stability = match state {
        b"ST" => Stability::Stable,
        b"US" => Stability::Moving,
        b"OL" => return Some(Reading::Over),
        b"UL" => return Some(Reading::Under),
        _ => return None,
    };
    let net = match kind {
        b"GS" => false,
        b"NT" => true,
        _ => return None,
    };
    // A&D: 8 characters and 2 of unit. CAS: a number, a byte of lamps, a comma, 8 characters, a space, 2 of unit.
    let weight = match rest {
        [_, _, b',', rest @ ..] => rest,
        rest => rest,
    };
    let weight = std::str::from_utf8(weight).ok()?;
    let number = weight.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = weight.get(number.len()..).unwrap_or_default();
    Some(match milligrams(number, unit) {
        Some(milligrams) => Reading::Weight { milligrams, stability, net },
        None => Reading::Unreadable,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Protocol;
    use super::super::tests::{moving, same_however_cut, still};
    use super::*;

    #[test]
    fn frames_of_both_lengths_are_read() {
        let stream = b"ST,GS,+00012.3kg\r\nUS,GS,+0000500 g\r\nST,NT,-001.500kg\r\nOL,GS,+9999999kg\r\nERR 01\r\n\
            ST,GS,\x01\x54,   1.250 kg\r\nST,GS,+0000001pc\r\nnoise\r\n";
        let wanted = [
            still(12_300_000),
            moving(500_000),
            Reading::Weight { milligrams: -1_500_000, stability: Stability::Stable, net: true },
            Reading::Over,
            Reading::Fault,
            still(1_250_000),
            Reading::Unreadable,
        ];
        assert_eq!(same_however_cut(Protocol::StGs, stream), wanted);
    }

    #[test]
    fn a_parity_bit_that_was_left_in_does_not_matter() {
        let odd = |byte: &u8| if byte.count_ones().is_multiple_of(2) { byte | 0x80 } else { *byte };
        let stream: Vec<u8> = b"ST,GS,+00012.3kg\r\n".iter().map(odd).collect();
        assert_eq!(StGsCodec::default().feed(&stream), [still(12_300_000)]);
    }

    #[test]
    fn a_line_without_an_end_is_given_up() {
        let mut codec = StGsCodec::default();
        assert_eq!(codec.feed(&[b'S'; 100_000]), []);
        assert!(codec.lines.line.len() <= Lines::LONGEST);
        assert_eq!(codec.feed(b"\r\nST,GS,+00012.3kg\r\n"), [still(12_300_000)]);
    }
}
