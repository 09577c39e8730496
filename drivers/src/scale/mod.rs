//! Scales: from what comes over the wire to a weight that counts.
//!
//! One codec per protocol gives readings; [`Settler`] decides which of them is a weight. Weights are whole milligrams
//! until the last step, and a reading whose unit is unknown is an error and no number.

pub mod hid;
mod number;
pub mod sics;
pub mod st_gs;
pub mod toledo;
pub mod xk3190;

mod settle;

pub use settle::{Settled, Settler};

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Whether a reading stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stability {
    /// The scale says that it stands still.
    Stable,
    /// The scale says that it moves.
    Moving,
    /// The protocol has no sign for it.
    Unknown,
}

/// One reading of a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reading", rename_all = "snake_case")]
pub enum Reading {
    /// A weight.
    Weight {
        /// In milligrams; below zero where something was taken off after taring.
        milligrams: i64,
        /// Whether it stands still.
        stability: Stability,
        /// Whether a tare is taken off.
        net: bool,
    },
    /// More than the scale can bear.
    Over,
    /// Below its zero: something is lifted, or the pan is off.
    Under,
    /// The scale reports a fault of its own.
    Fault,
    /// A frame that can't be read, or in a unit that we don't know. Never a number.
    Unreadable,
}

/// A protocol, as settings name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// MT-SICS: asked, Mettler Toledo.
    MtSics,
    /// `ST,GS,` with a weight: A&D, CAS and most bench scales from China.
    StGs,
    /// Toledo continuous output.
    Toledo,
    /// Yaohua XK3190, format 0.
    Xk3190,
    /// Yaohua XK3190, `=` and the digits from the right.
    Xk3190Reversed,
    /// Yaohua XK3190, `=` and the digits from the left.
    Xk3190Forward,
    /// Yaohua XK3190 A12, `WG` or `WN`.
    Xk3190A12,
    /// USB HID scale.
    Hid,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Protocol; 8] = [
        Protocol::MtSics,
        Protocol::StGs,
        Protocol::Toledo,
        Protocol::Xk3190,
        Protocol::Xk3190Reversed,
        Protocol::Xk3190Forward,
        Protocol::Xk3190A12,
        Protocol::Hid,
    ];

    /// Its name in settings.
    pub fn code(self) -> &'static str {
        match self {
            Protocol::MtSics => "mt_sics",
            Protocol::StGs => "st_gs",
            Protocol::Toledo => "toledo",
            Protocol::Xk3190 => "xk3190",
            Protocol::Xk3190Reversed => "xk3190_reversed",
            Protocol::Xk3190Forward => "xk3190_forward",
            Protocol::Xk3190A12 => "xk3190_a12",
            Protocol::Hid => "hid",
        }
    }

    /// The protocol of a name.
    pub fn named(name: &str) -> Option<Protocol> {
        Protocol::ALL.into_iter().find(|protocol| protocol.code() == name)
    }

    /// A reader for what such a scale sends.
    pub fn codec(self) -> Box<dyn Codec> {
        match self {
            Protocol::MtSics => Box::new(sics::SicsCodec::default()),
            Protocol::StGs => Box::new(st_gs::StGsCodec::default()),
            Protocol::Toledo => Box::new(toledo::ToledoCodec::default()),
            Protocol::Xk3190 => Box::new(xk3190::FrameCodec::default()),
            Protocol::Xk3190Reversed => Box::new(xk3190::TextCodec::reversed()),
            Protocol::Xk3190Forward => Box::new(xk3190::TextCodec::forward()),
            Protocol::Xk3190A12 => Box::new(xk3190::A12Codec::default()),
            Protocol::Hid => Box::new(hid::HidCodec),
        }
    }

    /// What such a scale sends for a reading, with weights to the gram. For fakes and tests. Empty where the protocol has no
    /// word for it.
    pub fn frame(self, reading: Reading) -> Vec<u8> {
        let (milligrams, stable) = match reading {
            Reading::Weight { milligrams, stability, .. } => (milligrams, stability != Stability::Moving),
            other => return self.trouble(other),
        };
        let grams = milligrams / 1_000;
        let (sign, size) = (if grams < 0 { '-' } else { '+' }, grams.unsigned_abs());
        let (whole, part) = (size / 1_000, size % 1_000);
        let text = match self {
            Protocol::MtSics => {
                let minus = if grams < 0 { "-" } else { "" };
                let number = format!("{minus}{whole}.{part:03}");
                format!("S {} {number:>10} kg\r\n", if stable { 'S' } else { 'D' })
            }
            Protocol::StGs => {
                format!("{},GS,{sign}{whole:03}.{part:03}kg\r\n", if stable { "ST" } else { "US" })
            }
            Protocol::Toledo => return toledo::frame(grams, stable),
            Protocol::Xk3190 => return xk3190::frame(&format!("{sign}{size:06}3")),
            Protocol::Xk3190Forward | Protocol::Xk3190Reversed => {
                let first = if grams < 0 { '-' } else { '0' };
                let digits = format!("{first}{whole:03}.{part:03}");
                let forward = self == Protocol::Xk3190Forward;
                let digits = if forward { digits } else { digits.chars().rev().collect() };
                format!("={digits}")
            }
            Protocol::Xk3190A12 => format!("WG{whole:03}.{part:03}kg00\r\n"),
            Protocol::Hid => return hid::report(u16::try_from(size).unwrap_or(u16::MAX), stable).to_vec(),
        };
        text.into_bytes()
    }

    fn trouble(self, reading: Reading) -> Vec<u8> {
        let text: &[u8] = match (self, reading) {
            (Protocol::MtSics, Reading::Over) => b"S +\r\n",
            (Protocol::MtSics, Reading::Under) => b"S -\r\n",
            (Protocol::MtSics, Reading::Fault) => b"ES\r\n",
            (Protocol::StGs, Reading::Over) => b"OL,GS,+9999999kg\r\n",
            (Protocol::StGs, Reading::Under) => b"UL,GS,-9999999kg\r\n",
            (Protocol::StGs, Reading::Fault) => b"ERR 01\r\n",
            (Protocol::Xk3190A12, Reading::Over) => b"OL\r\n",
            (Protocol::Toledo, Reading::Over) => b"\x02\x25\x34\x20000000000000\r",
            (Protocol::Toledo, Reading::Under) => b"\x02\x25\x36\x20000000000000\r",
            _ => b"",
        };
        text.to_vec()
    }

    /// The bytes that ask for a reading; empty where the scale sends by itself.
    pub fn question(self) -> &'static [u8] {
        match self {
            // Send the weight at once, and say whether it stands still.
            Protocol::MtSics => b"SI\r\n",
            _ => b"",
        }
    }

    /// How often a question is asked.
    pub const ASK_EVERY: Duration = Duration::from_millis(100);
}

/// Turns a scale's bytes into readings. Pure; no bytes make it panic, and what it keeps is bounded.
pub trait Codec: Send {
    /// Takes the next bytes, however they were cut.
    fn feed(&mut self, bytes: &[u8]) -> Vec<Reading>;
}

/// Lines of text, ended by CR or LF, none longer than a frame can be.
#[derive(Debug, Default)]
struct Lines {
    line: Vec<u8>,
    overflowed: bool,
}

impl Lines {
    /// The longest frame of any protocol here has 31 bytes.
    const LONGEST: usize = 64;

    fn feed(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for byte in bytes {
            match byte {
                b'\r' | b'\n' => {
                    let line = std::mem::take(&mut self.line);
                    if !std::mem::take(&mut self.overflowed) && !line.is_empty() {
                        lines.push(line);
                    }
                }
                _ if self.line.len() >= Self::LONGEST => {
                    self.overflowed = true;
                    self.line.clear();
                }
                _ => self.line.push(*byte),
            }
        }
        lines
    }
}

/// Frames of so many bytes from an STX on; one that breaks off does not spoil the next.
#[derive(Debug, Default)]
struct Frames {
    frame: Vec<u8>,
}

impl Frames {
    const STX: u8 = 2;

    /// The frame that is complete with this byte.
    fn byte(&mut self, byte: u8, length: usize) -> Option<Vec<u8>> {
        if byte == Self::STX {
            self.frame.clear();
        } else if self.frame.is_empty() {
            // The tail of a frame whose beginning was lost, or a checksum.
            return None;
        }
        self.frame.push(byte);
        (self.frame.len() >= length).then(|| std::mem::take(&mut self.frame))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A weight that stands still.
    pub(crate) fn still(milligrams: i64) -> Reading {
        Reading::Weight { milligrams, stability: Stability::Stable, net: false }
    }

    /// A weight that moves.
    pub(crate) fn moving(milligrams: i64) -> Reading {
        Reading::Weight { milligrams, stability: Stability::Moving, net: false }
    }

    /// A weight of a protocol without a sign for stability.
    pub(crate) fn unknown(milligrams: i64) -> Reading {
        Reading::Weight { milligrams, stability: Stability::Unknown, net: false }
    }

    /// A stream gives the same readings however it is cut, and no beginning of it gives others.
    pub(crate) fn same_however_cut(protocol: Protocol, stream: &[u8]) -> Vec<Reading> {
        let whole = protocol.codec().feed(stream);
        for cut in 0..=stream.len() {
            let (head, tail) = stream.split_at(cut);
            let mut codec = protocol.codec();
            let mut got = codec.feed(head);
            assert!(whole.starts_with(&got), "{protocol:?} cut at {cut}: {got:?}");
            got.extend(codec.feed(tail));
            assert_eq!(got, whole, "{protocol:?} cut at {cut}");
        }
        let mut bytewise = protocol.codec();
        let got: Vec<Reading> = stream.iter().flat_map(|byte| bytewise.feed(&[*byte])).collect();
        assert_eq!(got, whole, "{protocol:?} byte by byte");
        whole
    }

    #[test]
    fn protocols_have_names() {
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::named(protocol.code()), Some(protocol));
            assert_eq!(serde_json::to_value(protocol).unwrap(), protocol.code());
        }
        assert_eq!(Protocol::named("bathroom"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_any_codec_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..12)) {
            for protocol in Protocol::ALL {
                let mut codec = protocol.codec();
                for piece in &pieces {
                    codec.feed(piece);
                }
            }
        }

        #[test]
        fn bytes_that_look_like_frames_make_no_codec_panic(text in "[\x02\x03\r\nSTUGNOLWDI,+=.0-9 kglbZE-]{0,200}") {
            for protocol in Protocol::ALL {
                protocol.codec().feed(text.as_bytes());
            }
        }
    }
}
