//! ZPL II: the whole label as one picture.
//!
//! One label per `^XA ... ^XZ`, never `^PQ`: a copy is our decision. `^JZN`: with the factory setting the printer
//! repeats a label by itself after paper or ribbon ran out, a duplicate that nobody would know of.

mod mixed;

use crate::raster::Bitmap;
use crate::sheet::Sheet;
use crate::units::{Compression, DrawMode, PrinterProfile};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;

/// Bytes of one graphic, unpacked.
const MOST_BYTES: usize = 99_999;

/// A sheet and its picture as the bytes of one label.
pub(super) fn label(sheet: &Sheet, bitmap: &Bitmap, profile: &PrinterProfile) -> Vec<u8> {
    match profile.mode {
        DrawMode::Picture => picture(bitmap, profile),
        DrawMode::Mixed => mixed::label(sheet, profile),
    }
}

/// `^XA ^PWwidth ^LLlength ^LH0,0 ^POorientation ^JZN`: what every label begins with.
fn head(width: u32, height: u32, profile: &PrinterProfile) -> String {
    let orientation = if profile.turned { 'I' } else { 'N' };
    format!("^XA^PW{width}^LL{height}^LH0,0^PO{orientation}^JZN")
}

/// What every label ends with; a cutter cuts after each.
fn tail(profile: &PrinterProfile) -> &'static str {
    if profile.cutter { "^MMC^XZ" } else { "^XZ" }
}

fn picture(bitmap: &Bitmap, profile: &PrinterProfile) -> Vec<u8> {
    let mut label = head(bitmap.width, bitmap.height, profile).into_bytes();
    label.reserve(bitmap.bytes.len() / 2);
    graphics(bitmap, 0, 0, profile.compression, &mut label);
    label.extend_from_slice(tail(profile).as_bytes());
    label
}

/// A picture as one or more graphics, one below the other: the manual ends a graphic at 99,999 bytes.
fn graphics(bitmap: &Bitmap, x: u32, y: u32, compression: Compression, label: &mut Vec<u8>) {
    let stride = bitmap.stride.max(1);
    let rows = (MOST_BYTES / stride).max(1);
    let mut top = y;
    for band in bitmap.bytes.chunks(stride * rows) {
        graphic(band, stride, [x, top], compression, label);
        top = top.saturating_add(u32::try_from(band.len() / stride).unwrap_or(u32::MAX));
    }
}

/// `^FOx,y ^GFA,bytes,bytes,bytes a row,data ^FS`
fn graphic(bytes: &[u8], stride: usize, [x, y]: [u32; 2], compression: Compression, label: &mut Vec<u8>) {
    let total = bytes.len();
    label.extend_from_slice(format!("^FO{x},{y}^GFA,{total},{total},{stride},").as_bytes());
    match compression {
        Compression::None => label.extend(bytes.iter().flat_map(|byte| hex(*byte))),
        Compression::Acs => acs(bytes, stride, label),
        Compression::Z64 => z64(bytes, label),
    }
    label.extend_from_slice(b"^FS");
}

/// `:Z64:`, the zlib stream in base64, `:` and the check sum of the base64 text.
fn z64(bytes: &[u8], label: &mut Vec<u8>) {
    let packed = BASE64.encode(miniz_oxide::deflate::compress_to_vec_zlib(bytes, 1));
    let sum = check_sum(packed.as_bytes());
    label.extend_from_slice(format!(":Z64:{packed}:{sum:04X}").as_bytes());
}

/// CRC-16 with the polynomial 0x1021 from 0 (XMODEM).
fn check_sum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0_u16, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte) << 8, |sum, _| if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 })
    })
}

fn digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'A' + (nibble & 0xf) - 10,
    }
}

pub(super) fn hex(byte: u8) -> [u8; 2] {
    [digit(byte >> 4), digit(byte & 0xf)]
}

/// Run lengths over hex digits: `G`-`Y` is 1-19 times, `g`-`z` 20-400 in twenties, added together; `,` fills the row
/// with 0, `!` with F, and `:` repeats the row above.
fn acs(bytes: &[u8], stride: usize, label: &mut Vec<u8>) {
    let mut above: Option<&[u8]> = None;
    let mut digits = Vec::with_capacity(stride * 2);
    for row in bytes.chunks_exact(stride.max(1)) {
        if above == Some(row) {
            label.push(b':');
        } else {
            digits.clear();
            digits.extend(row.iter().flat_map(|byte| [byte >> 4, byte & 0xf]));
            acs_row(&digits, label);
        }
        above = Some(row);
    }
}

/// A row of hex digits, each a byte of 0 to 15.
fn acs_row(mut digits: &[u8], label: &mut Vec<u8>) {
    while let Some((value, rest)) = digits.split_first() {
        let more = rest.iter().position(|other| other != value).unwrap_or(rest.len());
        digits = rest.get(more..).unwrap_or_default();
        match value {
            0 if digits.is_empty() => label.push(b','),
            0xf if digits.is_empty() => label.push(b'!'),
            _ => {
                push_count(more + 1, label);
                label.push(digit(*value));
            }
        }
    }
}

#[inline]
fn push_count(run: usize, label: &mut Vec<u8>) {
    // One digit once needs no count; after twenties the odd one does.
    if run == 1 {
        return;
    }
    label.extend(std::iter::repeat_n(b'z', run / 400));
    let (twenties, ones) = (run % 400 / 20, run % 20);
    for (count, before_first) in [(twenties, b'f'), (ones, b'F')] {
        if count > 0 {
            label.push(before_first + u8::try_from(count).unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads the picture back as a printer does.
    fn decode(label: &[u8]) -> Bitmap {
        let text = std::str::from_utf8(label).unwrap();
        let number = |tag: &str| -> u32 {
            let after = &text[text.find(tag).unwrap() + tag.len()..];
            after[..after.find(|c: char| !c.is_ascii_digit()).unwrap()].parse().unwrap()
        };
        let (mut all, mut width_in_bytes, mut next_row) = (Vec::new(), 0, 0);
        for graphic in text.split("^FO").skip(1) {
            let (place, field) = graphic.split_once("^GFA,").unwrap();
            assert_eq!(place, format!("0,{next_row}"), "each graphic begins where the one above ends");
            let (stride, bytes) = decode_field(field.split("^FS").next().unwrap());
            next_row += bytes.len() / stride;
            width_in_bytes = stride;
            all.extend(bytes);
        }
        Bitmap { width: number("^PW"), height: number("^LL"), stride: width_in_bytes, bytes: all }
    }

    fn decode_field(field: &str) -> (usize, Vec<u8>) {
        let mut parts = field.splitn(4, ',');
        let total: usize = parts.next().unwrap().parse().unwrap();
        assert_eq!(parts.next().unwrap().parse::<usize>().unwrap(), total);
        assert!(total <= 99_999, "the manual ends a graphic there");
        let stride: usize = parts.next().unwrap().parse().unwrap();
        let mut digits: Vec<u8> = Vec::new();
        let mut count = 0;
        let data = parts.next().unwrap();
        if let Some(packed) = data.strip_prefix(":Z64:") {
            let (packed, sum) = packed.split_once(':').unwrap();
            assert_eq!(format!("{:04X}", check_sum(packed.as_bytes())), sum);
            let bytes = miniz_oxide::inflate::decompress_to_vec_zlib(&BASE64.decode(packed).unwrap()).unwrap();
            return (stride, bytes);
        }
        for c in data.bytes() {
            let in_row = digits.len() % (stride * 2);
            match c {
                b'G'..=b'Y' => count += usize::from(c - b'F'),
                b'g'..=b'z' => count += usize::from(c - b'f') * 20,
                b',' => digits.resize(digits.len() - in_row + stride * 2, 0),
                b'!' => digits.resize(digits.len() - in_row + stride * 2, 0xf),
                b':' => digits.extend_from_within(digits.len() - stride * 2..),
                c => {
                    let value = u8::try_from(char::from(c).to_digit(16).unwrap()).unwrap();
                    digits.resize(digits.len() + count.max(1), value);
                    count = 0;
                }
            }
        }
        let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        assert_eq!(bytes.len(), total);
        (stride, bytes)
    }

    #[test]
    fn a_large_picture_is_several_graphics_and_the_same_dots() {
        let wanted = bitmap(100, (0..1_500_u32).flat_map(|row| [if row % 7 == 0 { 0x3c } else { 0 }; 100]).collect());
        for compression in [Compression::None, Compression::Acs, Compression::Z64] {
            let label = picture(&wanted, &profile(compression));
            assert_eq!(String::from_utf8_lossy(&label).matches("^GFA,").count(), 2);
            assert_eq!(decode(&label), wanted);
        }
    }

    fn profile(compression: Compression) -> PrinterProfile {
        PrinterProfile { compression, ..PrinterProfile::DPI_203 }
    }

    #[test]
    fn the_check_sum_is_that_of_the_manuals() {
        assert_eq!(check_sum(b"123456789"), 0x31c3);
    }

    fn bitmap(stride: usize, bytes: Vec<u8>) -> Bitmap {
        let height = u32::try_from(bytes.len() / stride).unwrap();
        Bitmap { width: u32::try_from(stride).unwrap() * 8, height, stride, bytes }
    }

    #[test]
    fn run_lengths_are_those_of_the_manual() {
        let acs_of = |stride, bytes: Vec<u8>| {
            let mut label = Vec::new();
            acs(&bytes, stride, &mut label);
            String::from_utf8(label).unwrap()
        };
        assert_eq!(acs_of(2, vec![0x12, 0x34]), "1234");
        assert_eq!(acs_of(2, vec![0x11, 0x10]), "I1,");
        assert_eq!(acs_of(2, vec![0, 0, 0, 0, 0xff, 0xff]), ",:!");
        assert_eq!(acs_of(11, [vec![0xaa; 10], vec![0xa1]].concat()), "gGA1");
        assert_eq!(acs_of(11, [vec![0xaa; 10], vec![0x11]].concat()), "gAH1");
        assert_eq!(acs_of(211, [vec![0; 210], vec![1]].concat()), "zgG01");
        assert_eq!(acs_of(201, [vec![0; 200], vec![1]].concat()), "zG01", "the odd one after 400 is counted");
    }

    #[test]
    fn a_label_stands_alone_and_is_never_repeated_by_the_printer() {
        let label = picture(&bitmap(1, vec![0x80, 0]), &profile(Compression::None));
        assert_eq!(label, b"^XA^PW8^LL2^LH0,0^PON^JZN^FO0,0^GFA,2,2,1,8000^FS^XZ");
    }

    proptest! {
        #[test]
        fn the_picture_is_read_back_dot_by_dot(stride in 1_usize..60, rows in prop::collection::vec(prop::collection::vec((prop::sample::select(vec![0_u8, 0, 0, 0xff, 0xf0, 0x0f, 0x5a]), 1_usize..9), 1..8), 1..12)) {
            let mut bytes = Vec::new();
            for row in rows {
                let mut row: Vec<u8> = row.into_iter().flat_map(|(byte, times)| vec![byte; times]).collect();
                row.resize(stride, 0);
                bytes.extend(row);
            }
            let wanted = bitmap(stride, bytes);
            for compression in [Compression::None, Compression::Acs, Compression::Z64] {
                prop_assert_eq!(&decode(&picture(&wanted, &profile(compression))), &wanted);
            }
        }
    }
}
