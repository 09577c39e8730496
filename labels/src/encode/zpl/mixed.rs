//! Barcodes as commands of the printer, everything else as small pictures at their places; plain text in the printer's
//! own fonts where the profile names some.
//!
//! Only codes whose bars are settled by their data are left to the printer, and each is as wide as the layout
//! computed. A QR code or a Data Matrix is a picture: printers choose masks and encodations each in their own way.

use super::{graphics, head, tail};
use crate::barcode::code128::words_of;
use crate::error::Symbology;
use crate::raster::draw;
use crate::sheet::{Bars, Ink, Item, Rect, Sheet, TextRun};
use crate::units::{PrinterProfile, ResidentFont};

pub(super) fn label(sheet: &Sheet, profile: &PrinterProfile) -> Vec<u8> {
    let mut label = head(sheet.width, sheet.height, profile).into_bytes();
    let mut pictures: Vec<Item> = Vec::new();
    for item in &sheet.items {
        match item {
            Item::Bars(bars) => match command(bars) {
                Some(command) => label.extend_from_slice(command.as_bytes()),
                None => pictures.push(item.clone()),
            },
            Item::Text(run) => match resident(run, &profile.resident_fonts) {
                Some(command) => label.extend_from_slice(command.as_bytes()),
                None => pictures.push(item.clone()),
            },
            _ => pictures.push(item.clone()),
        }
    }
    for group in groups(pictures) {
        small(sheet, group, profile, &mut label);
    }
    label.extend_from_slice(tail(profile).as_bytes());
    label
}

/// Items that must be in one picture: white words clear the ground they stand on, so the two go together.
fn groups(items: Vec<Item>) -> Vec<Vec<Item>> {
    let mut groups: Vec<Vec<Item>> = Vec::new();
    for item in items {
        let white = matches!(&item, Item::Text(run) if run.ink == Ink::White);
        let ground = groups.iter_mut().rev().find(|group| {
            white && group.iter().any(|other| matches!(other, Item::Fill { rect, .. } if rect.meets(item.place().1)))
        });
        match ground {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    groups
}

/// One picture of some items, cut to its black dots.
fn small(sheet: &Sheet, items: Vec<Item>, profile: &PrinterProfile, label: &mut Vec<u8>) {
    let part = Sheet { items, fonts: sheet.fonts.clone(), truncated: Vec::new(), ..*sheet };
    let whole = draw(&part);
    if let Some(Rect { x, y, width, height }) = whole.black_bounds() {
        graphics(&whole.cut(x, y, width, height), x, y, profile.compression, label);
    }
}

/// The command that draws these bars, where there is one that draws them so.
fn command(bars: &Bars) -> Option<String> {
    let (x, y, height, module) = (bars.first_bar, bars.rect.y, bars.rect.height, bars.module_dots);
    // `^BYw,r,h`: a module of 1 to 10 dots.
    if module > 10 {
        return None;
    }
    let place = format!("^FO{x},{y}^BY{module},3,{height}");
    let data = &bars.symbol.data;
    let command = match bars.symbol.symbology {
        // `^BCo,h,f,g,e,m`: no line for people, no automatic mode; our own code sets, so that the width is ours.
        Symbology::Code128 | Symbology::Gs1_128 => format!("^BCN,{height},N,N,N,N^FH^FD{}^FS", subsets(bars)?),
        // `^BEo,h,f,g`: 12 digits, the printer adds the check digit.
        Symbology::Ean13 if data.len() == 13 => format!("^BEN,{height},N,N^FD{}^FS", data.get(..12)?),
        // `^B8o,h,f,g`: 7 digits.
        Symbology::Ean8 => format!("^B8N,{height},N,N^FD{}^FS", data.get(..7)?),
        // `^BUo,h,f,g,e`: 11 digits.
        Symbology::UpcA if data.len() == 12 => format!("^BUN,{height},N,N,N^FD{}^FS", data.get(..11)?),
        _ => return None,
    };
    Some(place + &command)
}

/// The most that a resident font can be enlarged.
const MOST_TIMES: u32 = 10;

/// The command that draws a line in a font of the printer, as large as the line's place allows; `None` where that is
/// much less than the layout says, or where a character is not ASCII.
fn resident(run: &TextRun, fonts: &[ResidentFont]) -> Option<String> {
    let plain = run.ink == Ink::Black && run.text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    let count = u32::try_from(run.text.len()).ok().filter(|count| plain && *count > 0)?;
    let height = |(font, times): &(&ResidentFont, u32)| font.height.saturating_mul(*times);
    let fits = |(font, times): &(&ResidentFont, u32)| {
        let advance = font.width.saturating_add(font.gap).saturating_mul(*times).saturating_mul(count);
        advance <= run.rect.width && height(&(*font, *times)) <= run.rect.height
    };
    let sizes = fonts.iter().flat_map(|font| (1..=MOST_TIMES).map(move |times| (font, times)));
    let (font, times) = sizes.filter(fits).max_by_key(height)?;
    // A capital is about three quarters of its em; a third smaller than that is too small.
    if font.height * times * 2 < run.size || !font.name.is_ascii_alphanumeric() {
        return None;
    }
    let (x, y) = (run.rect.x, run.rect.y + (run.rect.height - font.height * times) / 2);
    let mut text = String::new();
    run.text.bytes().for_each(|byte| sign(byte, &mut text));
    // `^Afo,h,w`: font, upright, height and width of a character.
    let (name, height, width) = (font.name, font.height * times, font.width * times);
    Some(format!("^FO{x},{y}^A{name}N,{height},{width}^FH^FD{text}^FS"))
}

/// Codewords in ZPL's invocation codes: `>9` `>:` `>;` begin with set A, B, C, `>7` `>6` `>5` change to it, `>8` is
/// FNC1, `>0` is `>`. Sets A and C are written in pairs of digits, the values of the words; everything that ZPL reads as a command is hexadecimal.
fn subsets(bars: &Bars) -> Option<String> {
    let words = words_of(&bars.symbol)?;
    let mut set = 'B';
    let mut text = String::new();
    for (place, word) in words.into_iter().enumerate() {
        match (place, set, word) {
            (0, _, 103) => (set, text) = ('A', ">9".to_owned()),
            (0, _, 104) => (set, text) = ('B', ">:".to_owned()),
            (0, _, 105) => (set, text) = ('C', ">;".to_owned()),
            (_, _, 102) => text.push_str(">8"),
            (_, 'A' | 'B', 99) => {
                set = 'C';
                text.push_str(">5");
            }
            (_, 'A' | 'C', 100) => {
                set = 'B';
                text.push_str(">6");
            }
            (_, 'B' | 'C', 101) => {
                set = 'A';
                text.push_str(">7");
            }
            (_, 'C', pair @ 0..=99) | (_, 'A', pair @ 0..=95) => text.push_str(&format!("{pair:02}")),
            (_, 'B', word @ 0..=95) => character(word + 32, &mut text),
            _ => return None,
        }
    }
    Some(text)
}

fn character(byte: u8, text: &mut String) {
    match byte {
        b'>' => text.push_str(">0"),
        _ => sign(byte, text),
    }
}

/// A character of `^FD` after `^FH`: what ZPL takes for a command is hexadecimal.
fn sign(byte: u8, text: &mut String) {
    match byte {
        b'^' | b'~' | b'_' => text.push_str(&format!("_{byte:02X}")),
        0x20..0x7f => text.push(char::from(byte)),
        // DEL and what else is not printed.
        _ => text.push_str(&format!("_{byte:02X}")),
    }
}
