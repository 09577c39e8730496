//! How long a label takes, and how large it is: `cargo bench -p tallyman-labels`. Prints; never fails a build.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench stops at the first fault")]

use std::time::Instant;
use tallyman_labels::{Label, Layouts, Media, PrinterProfile, ShippingLabel, barcode, pdf, png, printer_bytes};

/// Microseconds a run, the median of nine rounds.
#[expect(clippy::disallowed_methods, reason = "a bench measures the clock on the wall")]
fn micros(times: u32, mut work: impl FnMut()) -> u128 {
    work();
    let mut rounds: Vec<u128> = (0..9)
        .map(|_| {
            let start = Instant::now();
            (0..times).for_each(|_| work());
            start.elapsed().as_nanos() / u128::from(times) / 10
        })
        .collect();
    rounds.sort_unstable();
    rounds.get(4).copied().unwrap_or_default()
}

fn line(what: &str, hundredths: u128, size: usize) {
    println!("{what:<34} {:>7}.{:02} us {size:>8} bytes", hundredths / 100, hundredths % 100);
}

fn main() {
    let sample: serde_json::Value = serde_json::from_str(include_str!("../tests/golden/zh-cn.json")).unwrap();
    let label: ShippingLabel = serde_json::from_value(sample.get("label").cloned().unwrap_or_default()).unwrap();
    let label = Label::Shipping(label);
    for (dpi, profile) in [("203 dpi", PrinterProfile::DPI_203), ("300 dpi", PrinterProfile::DPI_300)] {
        let layouts = Layouts::default();
        let layout = || layouts.lay_out(&label, &Media::SHIPPING_100X150, &profile).unwrap();
        let sheet = layout().remove(0);
        println!("shipping label 100 x 150 mm with a Chinese address, {dpi}");
        line("  layout", micros(200, || drop(layout())), 0);
        let size = printer_bytes(&sheet, &Media::SHIPPING_100X150, &profile).unwrap().len();
        line(
            "  sheet to ZPL, glyphs warm",
            micros(200, || drop(printer_bytes(&sheet, &Media::SHIPPING_100X150, &profile).unwrap())),
            size,
        );
        let both = micros(200, || drop(printer_bytes(&layout()[0], &Media::SHIPPING_100X150, &profile).unwrap()));
        println!("  labels a second on one core, layout and ZPL {:>6}", 100_000_000 / both.max(1));
        let size = pdf::encode(&sheet).unwrap().len();
        line("  sheet to PDF", micros(20, || drop(pdf::encode(&sheet).unwrap())), size);
        let size = png::encode(&sheet).unwrap().len();
        line("  sheet to PNG", micros(20, || drop(png::encode(&sheet).unwrap())), size);
    }
    let code = || barcode::code128("waybill_number", "SF1234567890123").unwrap();
    line("Code 128 of a waybill", micros(2_000, || drop(code())), 0);
}
