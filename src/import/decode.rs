//! From the bytes of a file to its text: UTF-8 with or without a mark, UTF-16 with a mark (Excel's "Unicode text"), or
//! GB18030. Strict: what is none of them is refused, never guessed into something else.

use encoding_rs::{Encoding, GB18030, UTF_16BE, UTF_16LE};

/// The text of a file, and how it was written.
pub(super) fn decode(bytes: &[u8]) -> Result<(String, &'static str), Undecodable> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return whole(std::str::from_utf8(rest).ok().map(str::to_owned), "UTF-8", bytes);
    }
    for (mark, encoding) in [(b"\xff\xfe", UTF_16LE), (b"\xfe\xff", UTF_16BE)] {
        if let Some(rest) = bytes.strip_prefix(mark) {
            return whole(strictly(encoding, rest), encoding.name(), bytes);
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return whole(Some(text.to_owned()), "UTF-8", bytes);
    }
    whole(strictly(GB18030, bytes), "GB18030", bytes)
}

/// Where a file stops being a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Undecodable {
    pub(super) line: usize,
}

fn strictly(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
}

/// Control characters and places for private use are in no list of goods: the bytes were something else.
fn whole(text: Option<String>, name: &'static str, bytes: &[u8]) -> Result<(String, &'static str), Undecodable> {
    let strange = |character: char| {
        (character.is_control() && !['\n', '\r', '\t'].contains(&character))
            || ('\u{e000}'..='\u{f8ff}').contains(&character)
    };
    let at_byte = |at: usize| bytes.get(..at).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count() + 1;
    match text {
        None => {
            let good = std::str::from_utf8(bytes).err().map_or(0, |error| error.valid_up_to());
            Err(Undecodable { line: at_byte(good) })
        }
        Some(text) => match text.find(strange) {
            Some(at) => Err(Undecodable { line: text.get(..at).unwrap_or_default().matches('\n').count() + 1 }),
            None => Ok((text, name)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_that_a_table_program_writes_is_read() {
        let text = "编码,名称\nA-1,茶叶 10€\n";
        let (gb, _, _) = GB18030.encode(text);
        let utf16 = |big: bool| {
            let mark: &[u8] = if big { b"\xfe\xff" } else { b"\xff\xfe" };
            let units = text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
            mark.iter().copied().chain(units).collect::<Vec<u8>>()
        };
        let table = [
            (text.as_bytes().to_vec(), "UTF-8"),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), "UTF-8"),
            (gb.into_owned(), "GB18030"),
            (utf16(false), "UTF-16LE"),
            (utf16(true), "UTF-16BE"),
        ];
        for (bytes, name) in table {
            assert_eq!(decode(&bytes), Ok((text.to_owned(), name)));
        }
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        let table: [(&[u8], usize); 6] = [
            (b"\xef\xbb\xbfa\nb\xff\n", 2),
            (b"a,b\nc,d\ncaf\xe9\n", 3),
            (b"a\n\0\0", 2),
            (b"a\0b\0", 1),
            (b"\xff\xfea", 1),
            (b"\x89PNG\r\n\x1a\n", 2),
        ];
        for (bytes, line) in table {
            assert_eq!(decode(bytes), Err(Undecodable { line }), "{bytes:?}");
        }
    }
}
