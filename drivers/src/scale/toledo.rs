//! Toledo continuous output: `STX A B C`, 6 digits of weight, 6 of tare, `CR`, perhaps a checksum.
//!
//! A, bits 0 to 2: where the point stands. B: bit 0 net, 1 below zero, 2 out of range, 3 moving, 4 kilograms (else
//! pounds). The top bit may be parity.

use super::{Codec, Frames, Reading, Stability, number::scaled};

const CR: u8 = 13;
/// From STX to CR.
const LENGTH: usize = 17;

/// Reads the frames.
#[derive(Debug, Default)]
pub struct ToledoCodec {
    frames: Frames,
}

impl Codec for ToledoCodec {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Reading> {
        bytes.iter().filter_map(|byte| self.byte(byte & 0x7f)).collect()
    }
}

impl ToledoCodec {
    fn byte(&mut self, byte: u8) -> Option<Reading> {
        // No status byte is an STX: their bit 5 is always set.
        let frame = self.frames.byte(byte, LENGTH)?;
        (byte == CR).then(|| read(&frame))
    }
}

fn read(frame: &[u8]) -> Reading {
    let [_, a, b, _, rest @ ..] = frame else { return Reading::Unreadable };
    if b & 4 != 0 {
        return if b & 2 != 0 { Reading::Under } else { Reading::Over };
    }
    let digits = rest.get(..6).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default();
    // Leading zeros may come as blanks.
    let digits = digits.trim_start();
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i64>().ok()).flatten();
    // 0 is x100, 1 x10, 2 x1, 3 x0.1 and so on.
    let exponent = 2 - i32::from(a & 7);
    let unit = if b & 16 != 0 { "kg" } else { "lb" };
    let signed = number.map(|number| if b & 2 != 0 { -number } else { number });
    match signed.and_then(|number| scaled(number, exponent, unit)) {
        Some(milligrams) => {
            let stability = if b & 8 != 0 { Stability::Moving } else { Stability::Stable };
            Reading::Weight { milligrams, stability, net: b & 1 != 0 }
        }
        None => Reading::Unreadable,
    }
}

/// A frame of kilograms with three decimals.
pub(super) fn frame(grams: i64, stable: bool) -> Vec<u8> {
    let state = 0x30 | if grams < 0 { 2 } else { 0 } | if stable { 0 } else { 8 };
    let digits = format!("{:06}000000\r", grams.unsigned_abs());
    [&[Frames::STX, 0x25, state, 0x20][..], digits.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::super::Protocol;
    use super::super::tests::{moving, same_however_cut, still};
    use super::*;

    fn frame(a: u8, b: u8, weight: &str) -> Vec<u8> {
        [&[Frames::STX, a | 0x20, b | 0x20, 0x20][..], weight.as_bytes(), b"000000\r"].concat()
    }

    #[test]
    fn frames_are_read_with_and_without_a_checksum() {
        let mut stream = vec![b'9', b'9', CR];
        stream.extend(frame(5, 0x10, "012345"));
        stream.push(0x41);
        stream.extend(frame(5, 0x18, "   500"));
        stream.extend(frame(4, 0x13, "001500"));
        stream.extend(frame(5, 0x14, "000000"));
        stream.extend(frame(5, 0x16, "000000"));
        stream.extend(frame(2, 0x00, "000001"));
        stream.extend(frame(5, 0x10, "12 345"));
        let wanted = [
            still(12_345_000),
            moving(500_000),
            Reading::Weight { milligrams: -15_000_000, stability: Stability::Stable, net: true },
            Reading::Over,
            Reading::Under,
            still(453_592),
            Reading::Unreadable,
        ];
        assert_eq!(same_however_cut(Protocol::Toledo, &stream), wanted);
    }

    #[test]
    fn a_frame_that_breaks_off_does_not_spoil_the_next() {
        for cut in 1..LENGTH {
            let broken = [&frame(5, 0x10, "099999")[..cut], &frame(5, 0x10, "012345")].concat();
            assert_eq!(ToledoCodec::default().feed(&broken), [still(12_345_000)], "cut at {cut}");
        }
    }

    #[test]
    fn the_parity_bit_does_not_matter() {
        let stream: Vec<u8> = frame(5, 0x10, "012345").iter().map(|byte| byte | 0x80).collect();
        assert_eq!(ToledoCodec::default().feed(&stream), [still(12_345_000)]);
    }
}
