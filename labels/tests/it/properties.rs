//! Any text in any field gives a label within its margin, or says what is wrong. Never a panic, never a cut.

use crate::samples::{NAMES, sample, shipping};
use proptest::prelude::*;
use tallyman_labels::{
    Compression, Item, LabelError, Media, PrinterProfile, Rect, Sheet, ShippingLabel, pdf, png, printer_bytes,
};

static PROFILES: [PrinterProfile; 2] = [PrinterProfile::DPI_203, PrinterProfile::DPI_300];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[一-龥]{0,12}",
        3 => "[ -~]{0,24}",
        2 => "[一-龥a-z0-9，。（）—… \n]{0,60}",
        1 => "\\PC{0,20}",
        1 => any::<String>(),
        1 => Just("长".repeat(400)),
    ]
}

/// A sample with one of its texts replaced.
fn with(mut label: ShippingLabel, field: usize, text: String) -> ShippingLabel {
    match field {
        0 => label.carrier = text,
        1 => label.routing_code = Some(text),
        2 => label.waybill_number = text,
        3 => label.order_number = text,
        4 => label.parcel_number = text,
        5 => label.receiver.name = text,
        6 => label.receiver.phone = text,
        7 => label.receiver.lines = vec![text.clone(), text],
        8 => label.sender.name = text,
        9 => label.sender.phone = text,
        10 => label.sender.lines = vec![text],
        11 => label.cod = Some(text),
        12 => label.remark = Some(text),
        13 => label.flags = vec![text.clone(), text],
        14 => label.printed_at = text,
        _ => label.station = text,
    }
    label
}

/// Dots of a picture, read back from the plain ZPL.
fn dots_of(sheet: &Sheet, profile: &PrinterProfile) -> impl Fn(u32, u32) -> bool + use<> {
    let plain = PrinterProfile { compression: Compression::None, ..profile.clone() };
    let label = String::from_utf8(printer_bytes(sheet, &Media::SHIPPING_100X150, &plain).unwrap()).unwrap();
    let stride = sheet.width.div_ceil(8) as usize;
    let graphics = label.split("^GFA,").skip(1).map(|graphic| graphic.split("^FS").next().unwrap());
    let hex: Vec<u8> = graphics.flat_map(|graphic| graphic.rsplit(',').next().unwrap().bytes()).collect();
    move |x, y| {
        let digit = hex[(y as usize) * stride * 2 + (x / 4) as usize];
        char::from(digit).to_digit(16).unwrap() & (8 >> (x % 4)) != 0
    }
}

fn margin_is_white(sheet: &Sheet, profile: &PrinterProfile) {
    let black = dots_of(sheet, profile);
    let printable = sheet.printable();
    for y in 0..sheet.height {
        for x in 0..sheet.width {
            if !printable.holds(&Rect { x, y, width: 1, height: 1 }) {
                assert!(!black(x, y), "{x} {y} is in the margin");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_text_in_any_field_gives_a_label_or_a_reason(
        name in prop::sample::select(NAMES.to_vec()), field in 0_usize..16, text in text(), profile in 0_usize..2,
    ) {
        let sample = sample(name);
        let profile = &PROFILES[profile];
        let label = with(sample.label.clone(), field, text);
        match shipping(&label, &sample.media(), profile) {
            Ok(sheet) => {
                let printable = sheet.printable();
                for item in &sheet.items {
                    prop_assert!(printable.holds(item.place().1), "{item:?}");
                }
                printer_bytes(&sheet, &Media::SHIPPING_100X150, profile).unwrap();
                png::encode(&sheet).unwrap();
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn any_stock_and_density_give_a_label_or_a_reason(
        width_um in 0_u32..400_000, height_um in 0_u32..600_000, dots_per_m in 0_u32..40_000, width_dots in 0_u32..5_000,
    ) {
        let media = Media { width_um, height_um, ..Media::SHIPPING_100X150 };
        let profile = PrinterProfile { dots_per_m, width_dots, ..PrinterProfile::DPI_203 };
        if let Ok(sheet) = shipping(&sample("zh-cn").label, &media, &profile) {
            prop_assert!(sheet.width <= width_dots);
        }
    }
}

#[test]
fn not_a_dot_is_black_in_the_margin() {
    for (name, profile) in NAMES.into_iter().flat_map(|name| PROFILES.iter().map(move |profile| (name, profile))) {
        margin_is_white(&sample(name).sheet(profile), profile);
    }
}

#[test]
fn any_text_that_fits_gives_a_pdf() {
    for name in NAMES {
        let sheet = sample(name).sheet(&PrinterProfile::DPI_203);
        assert!(pdf::encode(&sheet).unwrap().starts_with(b"%PDF-"));
    }
}

#[test]
fn the_same_label_gives_the_same_bytes() {
    let bytes = || printer_bytes(&sample("zh-cn").sheet(&PROFILES[0]), &Media::SHIPPING_100X150, &PROFILES[0]).unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn the_waybill_stands_twice_and_its_bars_are_high_enough() {
    for (name, profile) in NAMES.into_iter().flat_map(|name| PROFILES.iter().map(move |profile| (name, profile))) {
        let sheet = sample(name).sheet(profile);
        let bars: Vec<_> =
            sheet.items.iter().filter_map(|item| if let Item::Bars(bars) = item { Some(bars) } else { None }).collect();
        let [main, kept] = bars[..] else { panic!("{name}: {} codes", bars.len()) };
        assert!(main.rect.height >= tallyman_labels::dots(12_000, profile.dots_per_m), "{name}");
        assert!(kept.rect.height >= tallyman_labels::dots(8_000, profile.dots_per_m), "{name}");
        if profile == &PrinterProfile::DPI_203 {
            assert_eq!((main.module_dots, kept.module_dots), (3, 2), "{name}");
        } else {
            assert!(main.module_dots >= 3 && kept.module_dots >= 3, "{name}");
        }
    }
}

#[test]
fn a_field_that_cannot_be_shown_whole_is_refused_by_its_name() {
    let refused = |field: usize, text: &str| {
        shipping(&with(sample("en").label, field, text.to_owned()), &Media::SHIPPING_100X150, &PROFILES[0])
    };
    let long = "W".repeat(200);
    let fields = [(0, "carrier"), (1, "routing_code"), (5, "receiver.name"), (6, "receiver.phone"), (11, "cod")];
    for (field, name) in fields {
        let error = refused(field, &long).unwrap_err();
        assert!(matches!(&error, LabelError::Overflow { field, .. } if *field == name), "{name}: {error}");
    }
    let address = refused(7, &"W ".repeat(600)).unwrap_err();
    assert!(matches!(address, LabelError::Overflow { field: "receiver.lines", .. }), "{address}");
    let waybill = refused(2, &"W1-".repeat(30)).unwrap_err();
    assert!(matches!(waybill, LabelError::BarcodeTooWide { field: "waybill_number", .. }), "{waybill}");
    let spaced = refused(2, "SF 123").unwrap_err();
    assert!(matches!(spaced, LabelError::BadData { field: "waybill_number", .. }), "{spaced}");
    let picture = refused(14, "09:26 ☎📞").unwrap_err();
    assert_eq!(picture, LabelError::MissingGlyph { field: "printed_at", character: '📞' });
}

#[test]
fn only_a_remark_is_shortened_and_the_sheet_says_so() {
    assert_eq!(sample("zh-cn").sheet(&PROFILES[0]).truncated, Vec::<&str>::new());
    assert_eq!(sample("long-address").sheet(&PROFILES[0]).truncated, ["remark"]);
}

#[test]
fn a_sheet_is_only_sent_to_a_printer_it_was_laid_out_for() {
    let sheet = sample("en").sheet(&PrinterProfile::DPI_203);
    let refused = |profile| {
        matches!(printer_bytes(&sheet, &Media::SHIPPING_100X150, &profile), Err(LabelError::NotOnThisPrinter { .. }))
    };
    assert!(refused(PrinterProfile::DPI_300));
    assert!(refused(PrinterProfile { width_dots: 799, ..PrinterProfile::DPI_203 }));
}
