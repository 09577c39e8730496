//! What a printer would put on paper: its picture commands, drawn. Text and barcodes of its own are left out.

use crate::printer::Language;
use tallyman_labels::Bitmap;

/// The picture of a label; `None` where its bytes hold none, or one that can't be read.
pub(super) fn of(language: Language, label: &[u8]) -> Option<Bitmap> {
    match language {
        Language::Zpl => zpl(label),
        Language::Tspl => raw(label, b"BITMAP ", 6, true),
        Language::Epl2 => raw(label, b"GW", 5, true),
        Language::Cpcl => cpcl(label),
        Language::EscPos => esc_pos(label),
    }
}

fn after<'a>(bytes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let at = bytes.windows(name.len()).position(|part| part == name)?;
    bytes.get(at + name.len()..)
}

/// Whole numbers, each ended by one other byte, and what comes behind them.
fn numbers<const N: usize>(mut bytes: &[u8]) -> Option<([usize; N], &[u8])> {
    let mut found = [0; N];
    for number in &mut found {
        let end = bytes.iter().position(|byte| !byte.is_ascii_digit())?;
        *number = std::str::from_utf8(bytes.get(..end)?).ok()?.parse().ok()?;
        bytes = bytes.get(end + 1..)?;
    }
    Some((found, bytes))
}

fn bitmap(stride: usize, bytes: Vec<u8>) -> Option<Bitmap> {
    let width = u32::try_from(stride.checked_mul(8)?).ok()?;
    let height = u32::try_from(bytes.len().checked_div(stride)?).ok()?;
    Some(Bitmap { width, height, stride, bytes })
}

/// Five or six numbers, bytes a row the third and rows the fourth, then the bytes.
fn raw(label: &[u8], name: &[u8], commas: usize, inverted: bool) -> Option<Bitmap> {
    let fields = after(label, name)?;
    let ([_, _, stride, height], rest) = numbers(fields)?;
    let data = if commas == 6 { numbers::<1>(rest)?.1 } else { rest };
    let data = data.get(..stride.checked_mul(height)?)?;
    bitmap(stride, data.iter().map(|byte| if inverted { !byte } else { *byte }).collect())
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn cpcl(label: &[u8]) -> Option<Bitmap> {
    let ([stride, height, _, _], data) = numbers(after(label, b"EG ")?)?;
    let data = data.get(..stride.checked_mul(height)?.checked_mul(2)?)?;
    let bytes: Option<Vec<u8>> = data
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect();
    bitmap(stride, bytes?)
}

fn esc_pos(label: &[u8]) -> Option<Bitmap> {
    let (mut rest, mut bytes, mut stride) = (label.strip_prefix(b"\x1b@")?, Vec::new(), 0);
    while let Some([xl, xh, yl, yh, band @ ..]) = rest.strip_prefix(b"\x1dv0\0") {
        stride = usize::from(u16::from_le_bytes([*xl, *xh]));
        let size = stride * usize::from(u16::from_le_bytes([*yl, *yh]));
        bytes.extend_from_slice(band.get(..size)?);
        rest = band.get(size..)?;
    }
    bitmap(stride, bytes)
}

/// `^FOx,y^GFA,...` one below the other, in hex with run lengths.
fn zpl(label: &[u8]) -> Option<Bitmap> {
    let (mut rest, mut all, mut wide) = (label, Vec::new(), 0);
    while let Some(fields) = after(rest, b"^GFA,") {
        let ([total, _, stride], data) = numbers(fields)?;
        let end = data.iter().position(|byte| *byte == b'^')?;
        wide = stride;
        all.extend(hex(data.get(..end)?, stride, total)?);
        rest = data.get(end..)?;
    }
    bitmap(wide, all)
}

fn hex(data: &[u8], stride: usize, total: usize) -> Option<Vec<u8>> {
    let row = stride.checked_mul(2).filter(|row| *row > 0)?;
    let mut digits: Vec<u8> = Vec::new();
    let mut count = 0_usize;
    for byte in data {
        let into = digits.len() % row;
        match byte {
            b'G'..=b'Y' => count += usize::from(byte - b'F'),
            b'g'..=b'z' => count += usize::from(byte - b'f') * 20,
            b',' => digits.resize(digits.len() - into + row, 0),
            b'!' => digits.resize(digits.len() - into + row, 0xf),
            b':' => digits.extend_from_within(digits.len().checked_sub(row)?..),
            byte => {
                digits.resize(digits.len() + count.max(1), digit(*byte)?);
                count = 0;
            }
        }
        if digits.len() > total.checked_mul(2)?.checked_add(row)? {
            return None;
        }
    }
    let bytes: Vec<u8> = digits.chunks(2).filter_map(|pair| Some(pair.first()? << 4 | pair.get(1)?)).collect();
    (bytes.len() == total).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tallyman_labels::{Kind, Layouts, Media, PrinterLanguage, PrinterProfile, bitmap_from_png, png, printer_bytes};

    #[test]
    fn what_comes_out_is_the_preview_in_every_language() {
        let media = Media::named("100x50").unwrap();
        let label = Kind::named("location").unwrap().sample().unwrap();
        let sheet = Layouts::default().lay_out(&label, &media, &PrinterProfile::DPI_203).unwrap().remove(0);
        let wanted = bitmap_from_png(&png::encode(&sheet).unwrap()).unwrap();
        for (language, told) in [
            (Language::Zpl, PrinterLanguage::Zpl),
            (Language::Tspl, PrinterLanguage::Tspl),
            (Language::Epl2, PrinterLanguage::Epl2),
            (Language::Cpcl, PrinterLanguage::Cpcl),
            (Language::EscPos, PrinterLanguage::EscPos),
        ] {
            let profile = PrinterProfile { language: told, ..PrinterProfile::DPI_203 };
            let bytes = printer_bytes(&sheet, &media, &profile).unwrap();
            let drawn = of(language, &bytes).unwrap_or_else(|| panic!("{language:?}"));
            assert!(drawn == wanted, "{language:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(name in 0_usize..5, tail in prop::collection::vec(any::<u8>(), 0..100), numbers in "[0-9,:! GFAz]{0,60}") {
            let heads: [&[u8]; 5] = [b"^GFA,", b"BITMAP ", b"GW", b"EG ", b"\x1b@\x1dv0\0"];
            for language in Language::ALL {
                let _ = of(language, &[heads[name], numbers.as_bytes(), &tail, b"^"].concat());
            }
        }
    }
}
