//! Scanners that are USB keyboards, read as reports of the boot protocol. (USB HID 1.11, appendix B; HID usage tables)
//!
//! A report: modifiers, a reserved byte, up to six keys. Always the US layout: the scanner is set to it, and the
//! machine's own plays no part.

use super::{Codec, Event, event};
use std::time::Duration;

/// A pause between keys that ends a code without Enter or Tab.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest code.
const LONGEST: usize = 4_096;

const SHIFT: u8 = 0x22;
const CONTROL: u8 = 0x11;
const ALT: u8 = 0x44;
const ROLL_OVER: u8 = 1;

/// Plain and shifted signs of usages 0x1e to 0x38; 0 for keys without one.
const SIGNS: [[u8; 2]; 27] = [
    *b"1!",
    *b"2@",
    *b"3#",
    *b"4$",
    *b"5%",
    *b"6^",
    *b"7&",
    *b"8*",
    *b"9(",
    *b"0)",
    *b"\r\r",
    [0, 0],
    [0, 0],
    *b"\t\t",
    *b"  ",
    *b"-_",
    *b"=+",
    *b"[{",
    *b"]}",
    *b"\\|",
    *b"\\|",
    *b";:",
    *b"'\"",
    *b"`~",
    *b",<",
    *b".>",
    *b"/?",
];
/// Usages 0x54 to 0x63, the keypad.
const KEYPAD: [u8; 16] = *b"/*-+\r1234567890.";

/// Turns reports into codes. Each call of `feed` is given one report, as it was read.
#[derive(Debug, Default)]
pub struct KeyboardCodec {
    held: Vec<u8>,
    code: Vec<u8>,
    overflowed: bool,
    /// Digits typed on the keypad while Alt is held.
    number: Option<u32>,
    last: Duration,
}

impl KeyboardCodec {
    fn report(&mut self, report: &[u8], events: &mut Vec<Event>) {
        let [modifiers, _, keys @ ..] = report else { return };
        if keys.contains(&ROLL_OVER) {
            return;
        }
        let pressed: Vec<u8> =
            keys.iter().take(6).copied().filter(|key| *key > 3 && !self.held.contains(key)).collect();
        self.held = keys.iter().take(6).copied().filter(|key| *key > 3).collect();
        if modifiers & ALT == 0
            && let Some(number) = self.number.take()
        {
            self.sign(u8::try_from(number).unwrap_or(0), events);
        }
        for key in pressed {
            if modifiers & ALT != 0 {
                self.alt(key);
            } else if let Some(sign) = sign(key, *modifiers) {
                self.sign(sign, events);
            }
        }
    }

    fn alt(&mut self, key: u8) {
        let digit = match key {
            0x59..=0x61 => u32::from(key - 0x58),
            0x62 => 0,
            _ => return,
        };
        self.number = Some(self.number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
    }

    fn sign(&mut self, sign: u8, events: &mut Vec<Event>) {
        match sign {
            0 => {}
            b'\r' | b'\n' | b'\t' => events.extend(self.end()),
            _ if self.code.len() >= LONGEST => {
                self.code.clear();
                self.overflowed = true;
            }
            _ if self.overflowed => {}
            _ => self.code.push(sign),
        }
    }

    fn end(&mut self) -> Option<Event> {
        let code = std::mem::take(&mut self.code);
        if std::mem::take(&mut self.overflowed) { Some(Event::TooLong) } else { event(&code, None) }
    }
}

/// The sign of a key.
fn sign(key: u8, modifiers: u8) -> Option<u8> {
    let shifted = modifiers & SHIFT != 0;
    let plain = match key {
        0x04..=0x1d => key - 0x04 + if shifted { b'A' } else { b'a' },
        0x1e..=0x38 => {
            let [plain, shift] = *SIGNS.get(usize::from(key - 0x1e))?;
            if shifted { shift } else { plain }
        }
        // F8: how some scanners send GS.
        0x41 => 0x1d,
        0x54..=0x63 => *KEYPAD.get(usize::from(key - 0x54))?,
        _ => return None,
    };
    if modifiers & CONTROL == 0 {
        return (plain != 0).then_some(plain);
    }
    // Ctrl and a letter is 1 to 26; Ctrl+] is GS, Ctrl+^ RS, Ctrl+\ FS.
    match plain.to_ascii_uppercase() {
        upper @ b'A'..=b'Z' => Some(upper & 0x1f),
        b']' | b'}' => Some(0x1d),
        b'^' | b'6' => Some(0x1e),
        b'\\' | b'|' => Some(0x1c),
        b'_' | b'-' => Some(0x1f),
        b'[' | b'{' => Some(0x1b),
        _ => None,
    }
}

impl Codec for KeyboardCodec {
    fn feed(&mut self, bytes: &[u8], at: Duration) -> Vec<Event> {
        let mut events = self.idle(at);
        // An empty report is noise: some scanners send one after a full one.
        if !bytes.is_empty() {
            self.last = at;
            self.report(bytes, &mut events);
        }
        events
    }

    fn idle(&mut self, at: Duration) -> Vec<Event> {
        let waits = self.overflowed || !self.code.is_empty();
        if waits && at.saturating_sub(self.last) >= PAUSE { self.end().into_iter().collect() } else { Vec::new() }
    }

    fn silence(&self) -> Option<Duration> {
        Some(PAUSE)
    }
}

/// The reports that type a text, each key pressed and let go: what a scanner sends. Signs that the US layout lacks are
/// typed as decimal codes on the keypad. For fakes and tests.
pub fn typed(text: &str) -> Vec<[u8; 8]> {
    let mut reports = Vec::new();
    let mut press = |modifiers: u8, key: u8| {
        reports.extend([[modifiers, 0, key, 0, 0, 0, 0, 0], [modifiers & ALT, 0, 0, 0, 0, 0, 0, 0]]);
    };
    for byte in text.bytes() {
        let found = (0x04..=0x38_u8).flat_map(|key| [(0, key), (0x02, key)]);
        match found.into_iter().find(|(modifiers, key)| sign(*key, *modifiers) == Some(byte)) {
            Some((modifiers, key)) => press(modifiers, key),
            None => {
                for digit in format!("{byte:03}").bytes() {
                    press(0x04, if digit == b'0' { 0x62 } else { digit - b'1' + 0x59 });
                }
                press(0, 0);
            }
        }
    }
    reports
}

#[cfg(test)]
mod tests {
    use super::super::tests::plain;
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    fn read(reports: &[[u8; 8]]) -> Vec<Event> {
        let mut codec = KeyboardCodec::default();
        reports.iter().flat_map(|report| codec.feed(report, MS)).collect()
    }

    #[test]
    fn every_ascii_sign_is_typed_and_read() {
        let signs: String = (' '..='~').collect();
        assert_eq!(read(&typed(&format!("{signs}\r"))), [plain(&signs)]);
        assert_eq!(read(&typed("a\tb\r\r")), [plain("a"), plain("b")]);
    }

    #[test]
    fn gs_comes_in_each_of_the_ways_that_scanners_send_it() {
        let gs1 = plain("01\u{1d}10");
        let ways: [Vec<[u8; 8]>; 4] = [
            // Ctrl+]
            vec![[0x01, 0, 0x30, 0, 0, 0, 0, 0], [0; 8]],
            // Right Ctrl+Shift+]
            vec![[0x12, 0, 0x30, 0, 0, 0, 0, 0], [0; 8]],
            // F8
            vec![[0, 0, 0x41, 0, 0, 0, 0, 0], [0; 8]],
            // Alt and 029 on the keypad
            typed("\u{1d}"),
        ];
        for way in ways {
            let reports = [typed("01"), way, typed("10\r")].concat();
            assert_eq!(read(&reports), std::slice::from_ref(&gs1));
        }
    }

    #[test]
    fn a_key_counts_when_it_was_not_held_before() {
        let reports = [
            [0, 0, 0x04, 0, 0, 0, 0, 0],
            [0, 0, 0x04, 0, 0, 0, 0, 0],
            [0, 0, 0x04, 0x05, 0x06, 0, 0, 0],
            [0, 0, 1, 1, 1, 1, 1, 1],
            [0, 0, 0x06, 0, 0, 0, 0, 0],
            [0; 8],
            [0, 0, 0x06, 0x28, 0, 0, 0, 0],
        ];
        assert_eq!(read(&reports), [plain("abcc")]);
    }

    #[test]
    fn a_pause_ends_a_code_and_an_empty_report_is_noise() {
        let mut codec = KeyboardCodec::default();
        for report in typed("A1") {
            assert_eq!(codec.feed(&report, MS), []);
            assert_eq!(codec.feed(&[], MS), []);
        }
        assert_eq!(codec.idle(MS * 90), []);
        assert_eq!(codec.idle(MS * 101), [plain("A1")]);
    }

    #[test]
    fn what_is_too_long_is_dropped_whole() {
        let long = "x1".repeat(3_000);
        assert_eq!(read(&typed(&format!("{long}\rA\r"))), [Event::TooLong, plain("A")]);
    }

    proptest! {
        #[test]
        fn no_reports_make_it_panic(reports in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..16), 0..200)) {
            let mut codec = KeyboardCodec::default();
            for report in reports {
                codec.feed(&report, MS);
                prop_assert!(codec.code.len() <= LONGEST);
            }
        }
    }
}
