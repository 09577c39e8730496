//! MT-SICS, the standard interface of Mettler Toledo: asked with `SI`, answered with a line.
//!
//! `S S     12.345 kg` stands still, `S D` moves, `S I` not now, `S +` over, `S -` under; `ES`, `ET`, `EL` are errors.

use super::{Codec, Lines, Reading, Stability, number::milligrams};

/// Reads the answers.
#[derive(Debug, Default)]
pub struct SicsCodec {
    lines: Lines,
}

impl Codec for SicsCodec {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Reading> {
        self.lines.feed(bytes).iter().filter_map(|line| read(line)).collect()
    }
}

fn read(line: &[u8]) -> Option<Reading> {
    let text = std::str::from_utf8(line).ok()?;
    let mut words = text.split_ascii_whitespace();
    match (words.next()?, words.next()) {
        ("S", Some("+")) => Some(Reading::Over),
        ("S", Some("-")) => Some(Reading::Under),
        // Not now: another command is at work.
        ("S", Some("I")) => None,
        ("S", Some(state @ ("S" | "D"))) => {
            let weight = words.next().zip(words.next()).and_then(|(number, unit)| milligrams(number, unit));
            let stability = if state == "S" { Stability::Stable } else { Stability::Moving };
            let reading = weight.map(|milligrams| Reading::Weight { milligrams, stability, net: false });
            Some(reading.unwrap_or(Reading::Unreadable))
        }
        ("S", _) => Some(Reading::Unreadable),
        ("ES" | "ET" | "EL", None) => Some(Reading::Fault),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Protocol;
    use super::super::tests::{moving, same_however_cut, still};
    use super::*;

    #[test]
    fn answers_are_read() {
        let stream =
            b"S S     12.345 kg\r\nS D      0.500 kg\r\nS I\r\nS +\r\nS -\r\nES\r\nS S -1.00 g\r\nS S 1 pcs\r\nZ A\r\n";
        let wanted = [
            still(12_345_000),
            moving(500_000),
            Reading::Over,
            Reading::Under,
            Reading::Fault,
            still(-1_000),
            Reading::Unreadable,
        ];
        assert_eq!(same_however_cut(Protocol::MtSics, stream), wanted);
    }
}
