//! Yaohua XK3190 and its many copies: four ways of sending, told apart by the settings and never guessed.
//!
//! - format 0: `STX`, sign, 6 digits, decimals from the right, two of check (XOR), `ETX`;
//! - `=` and 7 digits with a point and a sign, from the right (reversed) or from the left;
//! - A12: `WG004.139kg` and two of check, `WN` for net, `OL` for over.
//!
//! None of them says whether the weight stands still. All are in kilograms, which A12 says.

use super::{Codec, Frames, Lines, Reading, Stability, number::milligrams};

const ETX: u8 = 3;

/// Format 0.
#[derive(Debug, Default)]
pub struct FrameCodec {
    frames: Frames,
}

/// From STX to ETX.
const LENGTH: usize = 12;

impl Codec for FrameCodec {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Reading> {
        bytes.iter().filter_map(|byte| self.byte(*byte)).collect()
    }
}

impl FrameCodec {
    fn byte(&mut self, byte: u8) -> Option<Reading> {
        let frame = self.frames.byte(byte, LENGTH)?;
        (byte == ETX).then(|| read_frame(&frame))
    }
}

fn read_frame(frame: &[u8]) -> Reading {
    let [_, body @ .., high, low, _] = frame else { return Reading::Unreadable };
    let sum = body.iter().fold(0, |sum, byte| sum ^ byte);
    if [*high, *low] != [sign(sum >> 4), sign(sum & 0xf)] {
        return Reading::Unreadable;
    }
    let (Some((minus, rest)), Ok(_)) = (body.split_first(), std::str::from_utf8(body)) else {
        return Reading::Unreadable;
    };
    let Some((decimals @ b'0'..=b'4', digits)) = rest.split_last() else { return Reading::Unreadable };
    let point = digits.len().saturating_sub(usize::from(decimals - b'0'));
    let (whole, part) = digits.split_at(point);
    let text = [&[*minus][..], whole, b".", part].concat();
    weight(std::str::from_utf8(&text).unwrap_or_default(), "kg", false)
}

/// A frame of format 0 around its body.
pub(super) fn frame(body: &str) -> Vec<u8> {
    let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
    [&[Frames::STX][..], body.as_bytes(), &[sign(sum >> 4), sign(sum & 0xf), ETX]].concat()
}

/// A nibble of the check sum: 0 to 9 as digits, above as letters.
fn sign(nibble: u8) -> u8 {
    if nibble > 9 { nibble + 0x37 } else { nibble + 0x30 }
}

fn weight(number: &str, unit: &str, net: bool) -> Reading {
    match milligrams(number, unit) {
        Some(milligrams) => Reading::Weight { milligrams, stability: Stability::Unknown, net },
        None => Reading::Unreadable,
    }
}

/// `=` and eight characters, one of which is the sign.
#[derive(Debug)]
pub struct TextCodec {
    reversed: bool,
    frame: Option<Vec<u8>>,
}

impl TextCodec {
    /// `=000.3000`: the digits from the right; the last is `0` or `-`.
    pub fn reversed() -> Self {
        TextCodec { reversed: true, frame: None }
    }

    /// `=0003.000`: the digits from the left; the first is `0` or `-`.
    pub fn forward() -> Self {
        TextCodec { reversed: false, frame: None }
    }

    fn byte(&mut self, byte: u8) -> Option<Reading> {
        if byte == b'=' {
            self.frame = Some(Vec::new());
            return None;
        }
        let frame = self.frame.as_mut()?;
        frame.push(byte);
        if frame.len() < 8 {
            return None;
        }
        let mut frame = self.frame.take()?;
        if self.reversed {
            frame.reverse();
        }
        Some(weight(std::str::from_utf8(&frame).unwrap_or_default(), "kg", false))
    }
}

impl Codec for TextCodec {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Reading> {
        bytes.iter().filter_map(|byte| self.byte(*byte)).collect()
    }
}

/// A12 and A12E.
#[derive(Debug, Default)]
pub struct A12Codec {
    lines: Lines,
}

impl Codec for A12Codec {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Reading> {
        self.lines.feed(bytes).iter().filter_map(|line| read_a12(line)).collect()
    }
}

fn read_a12(line: &[u8]) -> Option<Reading> {
    let text = std::str::from_utf8(line).ok()?;
    if text.starts_with("OL") {
        return Some(Reading::Over);
    }
    let net = text.starts_with("WN");
    let rest = text.strip_prefix("WG").or_else(|| text.strip_prefix("WN"))?;
    // Behind the unit stand two characters of check, whose rule the manual does not give.
    let number = rest.split(|c: char| c.is_ascii_alphabetic()).next().unwrap_or_default();
    let unit = rest.get(number.len()..number.len() + 2).unwrap_or_default();
    Some(weight(number, unit, net))
}

#[cfg(test)]
mod tests {
    use super::super::Protocol;
    use super::super::tests::{same_however_cut, unknown};
    use super::*;

    #[test]
    fn format_0_is_read_and_checked() {
        let mut wrong = frame("+0123453");
        wrong[9] ^= 1;
        let stream = [frame("+0123453"), frame("-0005001"), wrong, frame("+0000000"), frame("+0123459")].concat();
        let wanted = [unknown(12_345_000), unknown(-50_000_000), Reading::Unreadable, unknown(0), Reading::Unreadable];
        assert_eq!(same_however_cut(Protocol::Xk3190, &stream), wanted);
    }

    #[test]
    fn text_is_read_from_the_side_that_the_settings_say() {
        let reversed = same_however_cut(Protocol::Xk3190Reversed, b"3000=000.3000=005.100-=ab");
        assert_eq!(reversed, [unknown(3_000_000), unknown(-1_500_000)]);
        let forward = same_however_cut(Protocol::Xk3190Forward, b"=0003.000=-001.500=0003,000");
        assert_eq!(forward, [unknown(3_000_000), unknown(-1_500_000), Reading::Unreadable]);
    }

    #[test]
    fn a12_says_its_unit() {
        let stream = b"WG004.139kg5A\r\nWN001.500kg00\r\nOL\r\nWG004.139xx00\r\nhello\r\n";
        let net = Reading::Weight { milligrams: 1_500_000, stability: Stability::Unknown, net: true };
        let wanted = [unknown(4_139_000), net, Reading::Over, Reading::Unreadable];
        assert_eq!(same_however_cut(Protocol::Xk3190A12, stream), wanted);
    }
}
