//! Every printer language, read back dot by dot by small interpreters that know only the language.

use crate::kinds::wide;
use crate::samples::{NAMES, sample};
use tallyman_labels::{
    Bitmap, Compression, DrawMode, Item, Kind, LabelError, Layouts, Media, MediaKind, PrinterLanguage, PrinterProfile,
    ResidentFont, Sheet, bitmap_from_png, png, printer_bytes,
};

/// The sheet's own dots, through the preview: what is seen is what is printed.
pub fn preview(sheet: &Sheet) -> Bitmap {
    bitmap_from_png(&png::encode(sheet).unwrap()).unwrap()
}

fn split<'a>(bytes: &'a [u8], at: &str) -> (&'a [u8], &'a [u8]) {
    let place = bytes.windows(at.len()).position(|window| window == at.as_bytes()).unwrap_or_else(|| panic!("no {at}"));
    (&bytes[..place], &bytes[place + at.len()..])
}

/// Reads so many whole numbers, each ended by one other byte.
fn numbers<const N: usize>(mut bytes: &[u8]) -> ([usize; N], &[u8]) {
    let mut found = [0; N];
    for number in &mut found {
        let end = bytes.iter().position(|b| !b.is_ascii_digit()).unwrap();
        *number = std::str::from_utf8(&bytes[..end]).unwrap().parse().unwrap();
        bytes = &bytes[end + 1..];
    }
    (found, bytes)
}

fn picture(width: u32, stride: usize, bytes: Vec<u8>) -> Bitmap {
    let height = u32::try_from(bytes.len() / stride).unwrap();
    Bitmap { width, height, stride, bytes }
}

/// As a TSC printer reads it.
fn tspl(job: &[u8], width: u32) -> Bitmap {
    assert!(job.starts_with(b"SIZE "));
    let ([x, y, stride, height, mode], data) = numbers(split(job, "BITMAP ").1);
    assert_eq!((x, y, mode), (0, 0, 0));
    let bytes = data[..stride * height].iter().map(|byte| !byte).collect();
    assert_eq!(&data[stride * height..], b"\r\nPRINT 1,1\r\n");
    picture(width, stride, bytes)
}

/// As an Eltron printer reads it.
fn epl(job: &[u8], width: u32) -> Bitmap {
    assert!(job.starts_with(b"\nN\nq"));
    let ([x, y, stride, height], data) = numbers(split(job, "GW").1);
    assert_eq!((x, y), (0, 0));
    let bytes = data[..stride * height].iter().map(|byte| !byte).collect();
    assert_eq!(&data[stride * height..], b"\nP1\n");
    picture(width, stride, bytes)
}

/// As a mobile printer reads it.
fn cpcl(job: &[u8], width: u32) -> Bitmap {
    let text = std::str::from_utf8(job).unwrap();
    assert!(text.starts_with("! 0 200 200 ") && text.ends_with("\r\nFORM\r\nPRINT\r\n"));
    let ([stride, height, x, y], data) = numbers(split(job, "EG ").1);
    assert_eq!((x, y), (0, 0));
    let digit = |b: u8| u8::try_from(char::from(b).to_digit(16).unwrap()).unwrap();
    let bytes = data[..stride * height * 2].chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect();
    picture(width, stride, bytes)
}

/// As a receipt printer reads it: bands one below the other.
fn escpos(job: &[u8], width: u32) -> Bitmap {
    assert_eq!(&job[..2], b"\x1b@");
    let (mut rest, mut bytes, mut wide) = (&job[2..], Vec::new(), 0);
    while let Some(band) = rest.strip_prefix(b"\x1dv0\0") {
        let number = |at: usize| usize::from(u16::from_le_bytes([band[at], band[at + 1]]));
        let (stride, rows) = (number(0), number(2));
        assert!(rows <= 128, "small buffers overflow");
        wide = stride;
        bytes.extend_from_slice(&band[4..4 + stride * rows]);
        rest = &band[4 + stride * rows..];
    }
    assert!(rest == b"\x1bJ\xa0" || rest == b"\x1dVB\0", "{rest:?}");
    picture(width, wide, bytes)
}

fn read(language: PrinterLanguage, job: &[u8], width: u32) -> Bitmap {
    match language {
        PrinterLanguage::Tspl => tspl(job, width),
        PrinterLanguage::Epl2 => epl(job, width),
        PrinterLanguage::Cpcl => cpcl(job, width),
        PrinterLanguage::EscPos => escpos(job, width),
        PrinterLanguage::Zpl => unreachable!("its own tests read it"),
    }
}

const LANGUAGES: [PrinterLanguage; 4] =
    [PrinterLanguage::Tspl, PrinterLanguage::Epl2, PrinterLanguage::Cpcl, PrinterLanguage::EscPos];

#[test]
fn what_a_printer_reads_is_the_preview_dot_by_dot() {
    let layouts = Layouts::default();
    for kind in Kind::ALL {
        // A4 is A5 with more dots.
        for stock in layouts.stocks(*kind).into_iter().filter(|stock| stock != "210x297") {
            let media = Media::named(&stock).unwrap();
            let profile = wide(8_000, 1_700);
            let sheets = layouts.lay_out(&kind.sample().unwrap(), &media, &profile).unwrap();
            for sheet in sheets.iter().take(1) {
                let wanted = preview(sheet);
                for language in LANGUAGES {
                    let job = printer_bytes(sheet, &media, &PrinterProfile { language, ..profile.clone() }).unwrap();
                    assert!(read(language, &job, sheet.width) == wanted, "{} {stock} {language:?}", kind.name());
                }
            }
        }
    }
}

#[test]
fn each_language_says_the_stock_and_the_direction() {
    let sheet = sample("en").sheet(&PrinterProfile::DPI_203);
    let media = Media::SHIPPING_100X150;
    let job = |language, turned, cutter, media: &Media| {
        let profile = PrinterProfile { language, turned, cutter, ..PrinterProfile::DPI_203 };
        String::from_utf8_lossy(&printer_bytes(&sheet, media, &profile).unwrap()).into_owned()
    };
    let tspl = job(PrinterLanguage::Tspl, false, false, &media);
    let head = "SIZE 100.000 mm,150.000 mm\r\nGAP 2.000 mm,0 mm\r\nDIRECTION 1\r\nREFERENCE 0,0\r\nCLS\r\n";
    assert!(tspl.starts_with(head), "{}", &tspl[..90]);
    let turned = job(PrinterLanguage::Tspl, true, true, &Media { kind: MediaKind::Mark, ..media });
    assert!(turned.contains("BLINE 2.000 mm,0 mm\r\nDIRECTION 0\r\nREFERENCE 0,0\r\nSET CUTTER 1\r\nCLS"));
    let roll = Media { kind: MediaKind::Continuous, ..media };
    assert!(job(PrinterLanguage::Tspl, false, false, &roll).contains("GAP 0 mm,0 mm"));
    assert!(job(PrinterLanguage::Epl2, false, false, &media).starts_with("\nN\nq800\nQ1200,16\nZT\nGW0,0,100,1200,"));
    assert!(job(PrinterLanguage::Epl2, true, false, &roll).starts_with("\nN\nq800\nQ1200,0\nZB\n"));
    let cpcl = job(PrinterLanguage::Cpcl, false, false, &media);
    assert!(cpcl.starts_with("! 0 200 200 1200 1\r\nPAGE-WIDTH 800\r\nEG 100 1200 0 0 "));
    assert!(job(PrinterLanguage::Zpl, true, true, &media).starts_with("^XA^PW800^LL1200^LH0,0^POI^JZN^FO"));
    assert!(job(PrinterLanguage::Zpl, false, true, &media).ends_with("^FS^MMC^XZ"));
}

#[test]
fn a_label_for_another_printer_is_refused_in_every_language() {
    let sheet = sample("en").sheet(&PrinterProfile::DPI_203);
    for language in LANGUAGES.into_iter().chain([PrinterLanguage::Zpl]) {
        for profile in [PrinterProfile::DPI_300, PrinterProfile { width_dots: 700, ..PrinterProfile::DPI_203 }] {
            let refused = printer_bytes(&sheet, &Media::SHIPPING_100X150, &PrinterProfile { language, ..profile });
            assert!(matches!(refused, Err(LabelError::NotOnThisPrinter { .. })), "{language:?}");
        }
    }
}

#[test]
fn codes_are_left_to_the_printer_where_it_draws_them_as_wide() {
    let label = |name: &str, compression| {
        let profile = PrinterProfile { mode: DrawMode::Mixed, compression, ..PrinterProfile::DPI_203 };
        let sheet = sample(name).sheet(&profile);
        String::from_utf8(printer_bytes(&sheet, &Media::SHIPPING_100X150, &profile).unwrap()).unwrap()
    };
    let zpl = label("zh-cn", Compression::Acs);
    assert_eq!(zpl.matches("^BCN,").count(), 2, "the waybill stands twice");
    assert!(zpl.contains("^FD>:SF1>5234567890123^FS"), "letters in set B, digits in pairs");
    let whole = {
        let sheet = sample("zh-cn").sheet(&PrinterProfile::DPI_203);
        printer_bytes(&sheet, &Media::SHIPPING_100X150, &PrinterProfile::DPI_203).unwrap().len()
    };
    assert!(zpl.len() < whole * 2, "{} bytes, {whole} as one picture", zpl.len());
    for name in NAMES {
        assert!(label(name, Compression::Z64).contains(":Z64:"));
    }
}

#[test]
fn plain_text_is_left_to_fonts_of_the_printer_that_a_profile_names() {
    let resident_fonts = ResidentFont::ZPL_203.to_vec();
    let profile = PrinterProfile { mode: DrawMode::Mixed, resident_fonts, ..PrinterProfile::DPI_203 };
    let sheet = sample("en").sheet(&profile);
    let zpl = String::from_utf8(printer_bytes(&sheet, &Media::SHIPPING_100X150, &profile).unwrap()).unwrap();
    let mut drawn = 0;
    for field in zpl.split("^FO").skip(1).filter(|field| field.contains("^A")) {
        let (place, rest) = field.split_once("^A").unwrap();
        let (font, text) = rest.split_once("^FH^FD").unwrap();
        let [x, y] = place.split(',').map(|n| n.parse::<u32>().unwrap()).collect::<Vec<_>>()[..] else { panic!() };
        let [height, width] =
            font[2..].trim_start_matches(',').split(',').map(|n| n.parse().unwrap()).collect::<Vec<u32>>()[..]
        else {
            panic!("{font}")
        };
        let known = ResidentFont::ZPL_203.iter().find(|known| font.starts_with(known.name)).unwrap();
        let times = height / known.height;
        assert_eq!((known.height * times, known.width * times), (height, width), "enlarged by whole times");
        let text = text.split("^FS").next().unwrap().replace("_5F", "_").replace("_5E", "^").replace("_7E", "~");
        let run = sheet.items.iter().find_map(|item| match item {
            Item::Text(run) if run.text == text && run.rect.x == x => Some(run),
            _ => None,
        });
        let run = run.unwrap_or_else(|| panic!("{text}"));
        let right = x + (width + known.gap * times) * u32::try_from(text.len()).unwrap();
        assert!(
            run.rect.y <= y && y + height <= run.rect.bottom() && right <= run.rect.right(),
            "{text} leaves its place"
        );
        drawn += 1;
    }
    assert!(drawn >= 5, "{drawn} lines in fonts of the printer");
    let pictures = PrinterProfile { resident_fonts: Vec::new(), ..profile };
    assert!(zpl.len() < printer_bytes(&sheet, &Media::SHIPPING_100X150, &pictures).unwrap().len());
    let sheet = sample("zh-cn").sheet(&pictures);
    let profile = PrinterProfile { resident_fonts: ResidentFont::ZPL_203.to_vec(), ..pictures };
    let zpl = String::from_utf8(printer_bytes(&sheet, &Media::SHIPPING_100X150, &profile).unwrap()).unwrap();
    assert!(zpl.is_ascii() && zpl.contains("^GFA,"), "Chinese stays a picture");
}
