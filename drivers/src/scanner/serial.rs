//! Plain text over a serial line: a code, and a sign that ends it.

use super::{Codec, Event, event};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a scanner sends a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Framing {
    /// What stands before each code; dropped.
    pub prefix: String,
    /// What ends a code: any one of these. Empty: silence ends it.
    pub suffixes: Vec<String>,
    /// The silence that ends a code where no sign does, in milliseconds. At 9,600 baud a sign takes 1 ms, and a scanner
    /// pauses between two.
    pub idle_ms: u64,
    /// The longest code, in bytes.
    pub longest: usize,
}

impl Default for Framing {
    /// As scanners leave the factory: carriage return, line feed or both after the code.
    fn default() -> Self {
        Framing { prefix: String::new(), suffixes: vec!["\r".into(), "\n".into()], idle_ms: 50, longest: 4_096 }
    }
}

/// Cuts codes out of a stream.
#[derive(Debug)]
pub struct SerialCodec {
    framing: Framing,
    code: Vec<u8>,
    /// More came than a code can have: everything up to the next end is dropped.
    overflowed: bool,
    last: Duration,
}

impl SerialCodec {
    /// A codec for one way of framing.
    pub fn new(framing: Framing) -> Self {
        SerialCodec { framing, code: Vec::new(), overflowed: false, last: Duration::ZERO }
    }

    fn ended(&self) -> Option<usize> {
        let suffixes = self.framing.suffixes.iter().map(String::as_bytes).filter(|suffix| !suffix.is_empty());
        suffixes.filter(|suffix| self.code.ends_with(suffix)).map(<[u8]>::len).max()
    }

    fn take(&mut self, suffix: usize) -> Option<Event> {
        let overflowed = std::mem::take(&mut self.overflowed);
        let mut code = std::mem::take(&mut self.code);
        if overflowed {
            return Some(Event::TooLong);
        }
        code.truncate(code.len().saturating_sub(suffix));
        let code = code.strip_prefix(self.framing.prefix.as_bytes()).unwrap_or(&code);
        event(code, None)
    }

    fn by_silence(&self) -> bool {
        self.framing.suffixes.iter().all(String::is_empty)
    }

    fn byte(&mut self, byte: u8) -> Option<Event> {
        // A line that was just switched on sends zeros.
        if byte == 0 {
            return None;
        }
        self.code.push(byte);
        if let Some(suffix) = self.ended() {
            return self.take(suffix);
        }
        if self.code.len() > self.framing.longest {
            self.overflowed = true;
        }
        if self.overflowed {
            // Enough is kept to see the suffix.
            let longest = self.framing.suffixes.iter().map(String::len).max().unwrap_or_default();
            let keep = self.code.len().saturating_sub(longest);
            self.code.drain(..keep);
        }
        None
    }
}

impl Codec for SerialCodec {
    fn feed(&mut self, bytes: &[u8], at: Duration) -> Vec<Event> {
        let before = self.idle(at);
        self.last = at;
        before.into_iter().chain(bytes.iter().filter_map(|byte| self.byte(*byte))).collect()
    }

    fn idle(&mut self, at: Duration) -> Vec<Event> {
        let silent = at.saturating_sub(self.last) >= Duration::from_millis(self.framing.idle_ms);
        let waits = self.overflowed || !self.code.is_empty();
        if silent && waits && self.by_silence() { self.take(0).into_iter().collect() } else { Vec::new() }
    }

    fn silence(&self) -> Option<Duration> {
        self.by_silence().then(|| Duration::from_millis(self.framing.idle_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::plain;
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    fn codec() -> SerialCodec {
        SerialCodec::new(Framing::default())
    }

    #[test]
    fn codes_end_at_either_sign_and_an_empty_one_is_none() {
        assert_eq!(codec().feed(b"A-1\r\nB-2\nC-3\r\r\n", MS), [plain("A-1"), plain("B-2"), plain("C-3")]);
        assert_eq!(codec().feed(b"\0\0A\0-1\r", MS), [plain("A-1")]);
    }

    #[test]
    fn pieces_make_the_same_codes_however_they_are_cut() {
        let stream = "6901234567892\r\n]C10106901234567892\u{1d}10L7\r\n同心\r\n".as_bytes();
        let whole = codec().feed(stream, MS);
        assert_eq!(whole.len(), 3);
        for cut in 0..=stream.len() {
            let (head, tail) = stream.split_at(cut);
            let mut codec = codec();
            let mut got = codec.feed(head, MS);
            // Longer than any silence: with a suffix, silence ends nothing.
            got.extend(codec.feed(tail, MS * 5_000));
            assert_eq!(got, whole, "cut at {cut}");
        }
    }

    #[test]
    fn without_a_suffix_silence_ends_a_code() {
        let framing = Framing { suffixes: vec![], idle_ms: 40, ..Framing::default() };
        let mut codec = SerialCodec::new(framing);
        assert_eq!(codec.feed(b"A-", MS), []);
        assert_eq!(codec.idle(MS * 40), []);
        assert_eq!(codec.feed(b"1", MS * 40), []);
        assert_eq!(codec.idle(MS * 80), [plain("A-1")]);
        assert_eq!(codec.idle(MS * 200), []);
        codec.feed(b"B-2", MS * 300);
        assert_eq!(codec.feed(b"C", MS * 400), [plain("B-2")], "a late call ends it as well");
        assert_eq!(codec.silence(), Some(MS * 40));
    }

    #[test]
    fn a_prefix_is_dropped_and_a_long_suffix_is_waited_for() {
        let framing = Framing { prefix: "\u{2}".into(), suffixes: vec!["\u{3}\r".into()], ..Framing::default() };
        let mut codec = SerialCodec::new(framing);
        assert_eq!(codec.feed(b"\x02A\x03B\x03\r\x02C\x03\r", MS), [plain("A\u{3}B"), plain("C")]);
    }

    #[test]
    fn what_is_too_long_is_dropped_whole_and_said() {
        let framing = Framing { longest: 8, ..Framing::default() };
        let mut codec = SerialCodec::new(framing);
        assert_eq!(codec.feed(b"123456789012345\r12345678\r", MS), [Event::TooLong, plain("12345678")]);
        codec.feed(&[b'x'; 100_000], MS);
        assert!(codec.code.len() < 10, "nothing piles up");
        assert_eq!(codec.feed(b"\rA\r", MS), [Event::TooLong, plain("A")]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_nothing_piles_up(
            pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..300), 0_u64..200), 0..20),
            longest in 0_usize..20, suffixes in prop::collection::vec("[\r\n\t;]{0,2}", 0..3),
        ) {
            let mut codec = SerialCodec::new(Framing { suffixes, longest, ..Framing::default() });
            let mut at = Duration::ZERO;
            for (piece, pause) in pieces {
                at += MS * u32::try_from(pause).unwrap();
                codec.feed(&piece, at);
                codec.idle(at);
                prop_assert!(codec.code.len() <= longest + 4);
            }
        }
    }
}
