//! What a printer made of a label: the picture inside the ZPL, read back by the rules of `^GFA`, as a PNG.

use anyhow::{Context as _, bail};

/// The picture of a ZPL label that consists of one, in one or more graphics below each other.
pub(super) fn png(zpl: &[u8]) -> anyhow::Result<Vec<u8>> {
    let text = std::str::from_utf8(zpl).context("a label that is no text")?;
    let (mut light, mut stride) = (Vec::new(), 0);
    for graphic in text.split("^GFA,").skip(1) {
        let field = graphic.split("^FS").next().unwrap_or_default();
        let mut parts = field.splitn(4, ',');
        let mut number = || -> anyhow::Result<usize> { Ok(parts.next().unwrap_or_default().parse()?) };
        let (_, total, row) = (number()?, number()?, number()?);
        let rows = unpacked(parts.next().unwrap_or_default(), row)?;
        if rows.len() != total || row == 0 || (stride != 0 && stride != row) {
            bail!("a picture of {} bytes that says {total}", rows.len());
        }
        stride = row;
        // In a grey PNG black is 0.
        light.extend(rows.iter().map(|byte| !byte));
    }
    if stride == 0 {
        bail!("a label without a picture");
    }
    let (width, height) = (u32::try_from(stride * 8)?, u32::try_from(light.len() / stride)?);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&light)?;
    writer.finish()?;
    Ok(file)
}

/// Run lengths over hex digits: `G`-`Y` is 1-19 times, `g`-`z` 20-400; `,` fills the row with 0, `!` with F, and `:`
/// repeats the row above.
fn unpacked(data: &str, stride: usize) -> anyhow::Result<Vec<u8>> {
    let (mut rows, mut row, mut run): (Vec<u8>, Vec<u8>, usize) = (Vec::new(), Vec::new(), 0);
    for character in data.bytes() {
        match character {
            b'G'..=b'Y' => run += usize::from(character - b'F'),
            b'g'..=b'z' => run += usize::from(character - b'f') * 20,
            b'0'..=b'9' | b'A'..=b'F' => {
                let digit = char::from(character).to_digit(16).unwrap_or_default();
                row.extend(std::iter::repeat_n(u8::try_from(digit).unwrap_or_default(), run.max(1)));
                run = 0;
            }
            b',' => row.resize(stride * 2, 0),
            b'!' => row.resize(stride * 2, 0xf),
            b':' => {
                let above = rows.len().checked_sub(stride).context("a first row that repeats the one above")?;
                rows.extend_from_within(above..);
            }
            other => bail!("`{}` in a picture", char::from(other)),
        }
        if row.len() >= stride * 2 {
            rows.extend(row.chunks(2).map(|pair| pair.iter().fold(0_u8, |byte, digit| byte << 4 | digit)));
            row.clear();
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    #[test]
    fn rows_are_unpacked_by_the_rules() {
        assert_eq!(super::unpacked("F0,:!H0HF", 2).unwrap(), [0xf0, 0, 0xf0, 0, 0xff, 0xff, 0, 0xff]);
        assert!(super::unpacked(":", 2).is_err() && super::unpacked("?", 2).is_err());
    }
}
