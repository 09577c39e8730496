//! One codec under a fuzzer that follows coverage: any bytes, cut anywhere. `TARGET` names it. The first two bytes of an input
//! say how the rest is cut; whole or in pieces, what comes out must be the same, and nothing may panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use std::time::Duration;
use tallyman_drivers::printer::{DeviceId, Language};
use tallyman_drivers::scale::Protocol;
use tallyman_drivers::scanner::keyboard::KeyboardCodec;
use tallyman_drivers::scanner::pos::{self, Layout, PosCodec};
use tallyman_drivers::scanner::serial::{Framing, SerialCodec};
use tallyman_drivers::scanner::ssi::SsiCodec;
use tallyman_drivers::scanner::{self, Event};
use tallyman_labels::gs1::ElementString;

/// What a codec makes of a stream cut into pieces.
type Run = fn(&[&[u8]]) -> String;

fn target() -> Run {
    static TARGET: OnceLock<Run> = OnceLock::new();
    *TARGET.get_or_init(|| {
        let name = std::env::var("TARGET").expect("TARGET names the codec");
        match name.as_str() {
            "scanner_serial" => |pieces| scans(SerialCodec::new(Framing::default()), pieces),
            "scanner_framed" => |pieces| {
                let framing = Framing {
                    prefix: "\u{2}".into(),
                    suffixes: vec!["\u{3}".into(), "\r\n".into()],
                    longest: 64,
                    ..Framing::default()
                };
                scans(SerialCodec::new(framing), pieces)
            },
            "scanner_ssi" => |pieces| scans(SsiCodec::default(), pieces),
            "scanner_keyboard" => |pieces| scans(KeyboardCodec::default(), &reports(pieces, 8)),
            "scanner_pos" => {
                |pieces| scans(PosCodec::new(Layout::read(pos::DESCRIPTOR).unwrap()), &reports(pieces, 64))
            }
            "report_descriptor" => |pieces| {
                let whole = pieces.concat();
                let layout = Layout::read(&whole);
                if let Some(layout) = layout.clone() {
                    scans(PosCodec::new(layout), &reports(&[&whole], 64));
                }
                format!("{:?} {}", layout, pos::is_scanner(&whole))
            },
            "gs1_elements" => {
                |pieces| format!("{:?}", ElementString::parse_raw(&String::from_utf8_lossy(&pieces.concat())))
            }
            "device_id" => |pieces| {
                let id = DeviceId::read(&pieces.concat());
                format!("{id:?} {:?}", id.language())
            },
            "printer_zpl" => |pieces| answers(Language::Zpl, pieces),
            "printer_tspl" => |pieces| answers(Language::Tspl, pieces),
            "printer_epl2" => |pieces| answers(Language::Epl2, pieces),
            "printer_cpcl" => |pieces| answers(Language::Cpcl, pieces),
            "printer_esc_pos" => |pieces| answers(Language::EscPos, pieces),
            "scale_mt_sics" => |pieces| weights(Protocol::MtSics, pieces),
            "scale_st_gs" => |pieces| weights(Protocol::StGs, pieces),
            "scale_toledo" => |pieces| weights(Protocol::Toledo, pieces),
            "scale_xk3190" => |pieces| weights(Protocol::Xk3190, pieces),
            "scale_xk3190_reversed" => |pieces| weights(Protocol::Xk3190Reversed, pieces),
            "scale_xk3190_forward" => |pieces| weights(Protocol::Xk3190Forward, pieces),
            "scale_xk3190_a12" => |pieces| weights(Protocol::Xk3190A12, pieces),
            "scale_hid" => |pieces| weights(Protocol::Hid, &reports(pieces, 6)),
            other => panic!("there is no codec {other}"),
        }
    })
}

/// Reports come whole: their device cuts them, nothing on the way does.
fn reports<'a>(pieces: &[&'a [u8]], length: usize) -> Vec<&'a [u8]> {
    pieces.iter().flat_map(|piece| piece.chunks(length)).collect()
}

fn scans(mut codec: impl scanner::Codec, pieces: &[&[u8]]) -> String {
    let mut told = String::new();
    for piece in pieces {
        for event in codec.feed(piece, Duration::ZERO) {
            if let Event::Scan(scan) = &event {
                assert!(!scan.text.is_empty() && scan.text.len() <= 40_000, "a code that is none");
                told += &format!("{:?} {:?} ", scan.elements(), scan.command());
            }
            told += &format!("{event:?}\n");
        }
    }
    // After a silence nothing of before is left over.
    codec.idle(Duration::from_secs(60));
    assert_eq!(codec.idle(Duration::from_secs(120)), []);
    told
}

fn answers(language: Language, pieces: &[&[u8]]) -> String {
    let mut codec = language.status_protocol().codec();
    let mut told = String::new();
    for piece in pieces {
        for answer in codec.feed(piece) {
            told += &format!("{answer:?}\n");
        }
    }
    told
}

fn weights(protocol: Protocol, pieces: &[&[u8]]) -> String {
    let mut codec = protocol.codec();
    pieces.iter().flat_map(|piece| codec.feed(piece)).map(|reading| format!("{reading:?}\n")).collect()
}

fuzz_target!(|data: &[u8]| {
    let [first, step, stream @ ..] = data else { return };
    let whole = target()(&[stream]);
    // Reports are cut at their own length only, and where they are cut otherwise they are others.
    let by_report = ["scanner_keyboard", "scanner_pos", "scale_hid"];
    if std::env::var("TARGET").is_ok_and(|name| by_report.contains(&name.as_str())) {
        return;
    }
    let (head, tail) = stream.split_at(usize::from(*first).min(stream.len()));
    let mut pieces = vec![head];
    pieces.extend(tail.chunks(usize::from(*step).max(1)));
    assert_eq!(target()(&pieces), whole, "cut after {first} and then every {step}");
});
