//! From a label's words to paper: layout and encoding by `labels`, sending by `drivers`, or a file in a folder.
//!
//! The one place where the three meet. It keeps nothing and decides nothing about the job; it says how the attempt
//! ended.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tallyman_drivers::printer::{self, NotRecorded, PrintOutcome, Progress};
use tallyman_drivers::transport::{Address, Connect, ErrorKind, Pending, Tcp, UsbKind};
use tallyman_labels::{
    self as labels, Format, Label, LabelError, Language, Layouts, Media, Party, PrinterProfile, ShippingLabel, dots,
    write,
};

use super::attempt::{Outcome, PrinterRow};
use super::label::{ContentRow, LabelData};
use super::model::{Compression, Drawing, FOLDER_FAULT, PrinterLanguage, PrinterTransport};
use super::queue::Port;
use crate::app::App;
use crate::db::BoxFuture;
use crate::kernel::ids::PrintJobId;
use crate::kernel::money::written;
use crate::order::inbound::Receiver;

/// Longest time for one job over the network; shorter than the lease of an attempt.
const LONGEST: Duration = Duration::from_secs(90);
/// Width of the usual print heads: 4.1 inches.
const HEAD_UM: u32 = 104_000;

/// The printers of the house.
#[derive(Clone, Debug)]
pub struct Printers {
    layouts: Layouts,
}

impl Printers {
    /// With the layouts of the service.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self { layouts: app.layouts.clone() }
    }
}

impl Port for Printers {
    fn print<'a>(&'a self, printer: &'a PrinterRow, job: PrintJobId, label: &'a LabelData) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            // Drawing takes milliseconds, the first time more; writing a file may take long.
            let (row, data, layouts) = (printer.clone(), label.clone(), self.layouts.clone());
            let drawn = tokio::task::spawn_blocking(move || {
                let bytes =
                    draw(&layouts, &row, &data).map_err(|error| Outcome::Unprintable { error: error.to_string() })?;
                match row.transport {
                    PrinterTransport::Folder => Err(to_folder(&row, job, &data, &bytes)),
                    _ => Ok(bytes),
                }
            });
            match drawn.await {
                Ok(Ok(bytes)) => to_device(printer, &bytes).await,
                Ok(Err(outcome)) => outcome,
                Err(error) => Outcome::Unprintable { error: error.to_string() },
            }
        })
    }
}

/// Draws a label for a printer: the bytes it understands.
///
/// # Errors
/// Where something doesn't fit or has no glyph.
pub fn draw(layouts: &Layouts, printer: &PrinterRow, label: &LabelData) -> Result<Vec<u8>, LabelError> {
    let media = Media::named(&printer.stock).unwrap_or(Media::SHIPPING_100X150);
    let dots_per_m = u32::try_from(printer.dots_per_m).unwrap_or_default();
    let language = told_in(printer.language).map(drawn_in);
    let profile = PrinterProfile {
        dots_per_m,
        width_dots: dots(HEAD_UM, dots_per_m),
        compression: match printer.compression {
            Compression::None => labels::Compression::None,
            Compression::Acs => labels::Compression::Acs,
            Compression::Z64 => labels::Compression::Z64,
        },
        mode: match printer.drawing {
            Drawing::Picture => labels::DrawMode::Picture,
            Drawing::Mixed => labels::DrawMode::Mixed,
        },
        turned: printer.turned,
        cutter: printer.cutter,
        ..PrinterProfile::DPI_203
    };
    let sheets = layouts.lay_out(&Label::Shipping(words(layouts, label)), &media, &profile)?;
    let format = language.map_or(Format::Pdf, Format::Printer);
    Ok(write(&sheets, &media, &profile, format)?.concat())
}

/// A printer's language as drivers name it; `None` for PDF, which no device here takes.
fn told_in(language: PrinterLanguage) -> Option<printer::Language> {
    Some(match language {
        PrinterLanguage::Zpl => printer::Language::Zpl,
        PrinterLanguage::Tspl => printer::Language::Tspl,
        PrinterLanguage::Epl2 => printer::Language::Epl2,
        PrinterLanguage::Cpcl => printer::Language::Cpcl,
        PrinterLanguage::EscPos => printer::Language::EscPos,
        PrinterLanguage::Pdf => return None,
    })
}

/// A language of drivers as labels name it.
#[must_use]
pub fn drawn_in(language: printer::Language) -> labels::PrinterLanguage {
    match language {
        printer::Language::Zpl => labels::PrinterLanguage::Zpl,
        printer::Language::Tspl => labels::PrinterLanguage::Tspl,
        printer::Language::Epl2 => labels::PrinterLanguage::Epl2,
        printer::Language::Cpcl => labels::PrinterLanguage::Cpcl,
        printer::Language::EscPos => labels::PrinterLanguage::EscPos,
    }
}

fn words(layouts: &Layouts, label: &LabelData) -> ShippingLabel {
    let count = |number: i64| u32::try_from(number).unwrap_or_default();
    let filled = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    ShippingLabel {
        language: language(&label.receiver),
        carrier: label.carrier_name.clone(),
        routing_code: None,
        hub: None,
        waybill_number: label.waybill.clone(),
        order_number: label.order.clone(),
        parcel_number: label.parcel.clone(),
        parcel_index: count(label.parcel_index),
        parcel_count: count(label.parcel_count),
        receiver: Party {
            name: label.receiver.name.clone(),
            phone: label.receiver.phone.clone(),
            lines: address(&label.receiver),
        },
        sender: Party { name: label.sender.clone(), ..Party::default() },
        cod: (label.cash_on_delivery_minor > 0).then(|| money(label.cash_on_delivery_minor, &label.currency)),
        remark: filled(&label.remark),
        contents: label.contents.iter().map(|content| content.in_words(layouts)).collect(),
        weight: label.weight_grams.map(kilograms),
        fragile: label.contents.iter().any(|content| content.fragile),
        flags: Vec::new(),
        reprint: (label.copy > 0).then(|| count(label.copy)),
        printed_at: label.printed_at.clone(),
        station: label.station.clone(),
    }
}

/// The language of the captions: the receiver's country's, as far as labels speak it.
fn language(receiver: &Receiver) -> Language {
    match receiver.country.to_ascii_uppercase().as_str() {
        "" | "CN" | "SG" => Language::ZhCn,
        "TW" | "HK" | "MO" => Language::ZhTw,
        _ => Language::En,
    }
}

/// Whether an address is written with the large first.
fn large_first(receiver: &Receiver) -> bool {
    ["", "CN", "TW", "HK", "MO"].contains(&receiver.country.to_ascii_uppercase().as_str())
}

/// The lines of an address in the order of its country: the large first in China, the small first elsewhere.
fn address(receiver: &Receiver) -> Vec<String> {
    let joined = |parts: &[&String], between: &str| {
        let parts: Vec<&str> = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
        parts.join(between)
    };
    let r = receiver;
    let lines = if large_first(r) {
        vec![
            joined(&[&r.province, &r.city, &r.district], " "),
            joined(&[&r.line1, &r.line2], " "),
            joined(&[&r.postal_code], ""),
        ]
    } else {
        vec![
            joined(&[&r.line1, &r.line2], ", "),
            joined(&[&r.district, &r.city, &r.province, &r.postal_code], " "),
            joined(&[&r.country], ""),
        ]
    };
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

impl ContentRow {
    /// As the label names it: by a name that the label fonts have, else by its code. What a SKU is called must not keep
    /// a parcel from its label.
    fn in_words(&self, layouts: &Layouts) -> String {
        let names = [&self.name_zh, &self.name_en].into_iter();
        let name = names.into_iter().find(|name| !name.trim().is_empty() && layouts.draws(name)).unwrap_or(&self.sku);
        format!("{name} x{}", self.quantity)
    }
}

/// Grams as kilograms with two decimals, rounded up: carriers round up too.
fn kilograms(grams: i64) -> String {
    let hundredths = (grams.max(0) + 9) / 10;
    format!("{}.{:02} kg", hundredths / 100, hundredths % 100)
}

fn money(minor: i64, currency: &str) -> String {
    format!("{currency} {}", written(minor, currency))
}

/// Puts a label into a folder as a file that is there whole or not at all. The same job again is the same file.
fn to_folder(printer: &PrinterRow, job: PrintJobId, label: &LabelData, bytes: &[u8]) -> Outcome {
    let mark = if label.copy > 0 { format!("-R{}", label.copy) } else { String::new() };
    let name = format!("label-{:08}-{}{mark}.{}", job.0, label.parcel, printer.language.code());
    match write_whole(Path::new(&printer.address), &name, bytes) {
        Ok(()) => Outcome::Printed { evidence: "file".to_owned() },
        Err(error) => Outcome::Held { fault: FOLDER_FAULT.to_owned(), error: error.to_string() },
    }
}

fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let (part, whole): (PathBuf, PathBuf) = (folder.join(format!(".{name}.part")), folder.join(name));
    let mut file = std::fs::File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&part, &whole)?;
    std::fs::File::open(folder)?.sync_all()
}

/// Remembers whether bytes may have left, for an attempt that is cut off.
#[derive(Default)]
struct Sending {
    begun: bool,
}

impl Progress for Sending {
    fn about_to_send(&mut self) -> Pending<'_, Result<(), NotRecorded>> {
        // The claim was committed before: the database knows already that this job is under way.
        self.begun = true;
        Box::pin(std::future::ready(Ok(())))
    }

    fn handed_over(&mut self, _: usize) {}
}

/// The way to a printer. A name on the network is looked up anew for each job: a printer may have got another address.
async fn way_to(row: &PrinterRow) -> Result<std::sync::Arc<dyn Connect>, Outcome> {
    let unreachable =
        |error: &str| Outcome::Held { fault: ErrorKind::Unreachable.code().to_owned(), error: error.to_owned() };
    if row.transport != PrinterTransport::Tcp {
        let address = format!("{}:{}", row.transport.code(), row.address).parse::<Address>();
        return address.map(|address| address.device(UsbKind::Printer)).map_err(unreachable);
    }
    let found = tokio::time::timeout(Duration::from_secs(5), tokio::net::lookup_host(&row.address)).await;
    let first = match found {
        Ok(Ok(mut addresses)) => addresses.next(),
        Ok(Err(error)) => return Err(unreachable(&error.to_string())),
        Err(_) => return Err(unreachable("the name of the printer could not be looked up in time")),
    };
    let address = first.ok_or_else(|| unreachable("the name of the printer means nothing"))?;
    Ok(std::sync::Arc::new(Tcp::new(address)))
}

async fn to_device(row: &PrinterRow, bytes: &[u8]) -> Outcome {
    let Some(language) = told_in(row.language) else {
        return Outcome::Unprintable { error: "a device takes no PDF".to_owned() };
    };
    let device = match way_to(row).await {
        Ok(device) => device,
        Err(outcome) => return outcome,
    };
    let mut sending = Sending::default();
    let profile = printer::PrinterProfile::of(language);
    match tokio::time::timeout(LONGEST, printer::print(device.as_ref(), &profile, bytes, &mut sending)).await {
        Ok(outcome) => told(outcome),
        Err(_) if sending.begun => Outcome::InDoubt { error: "the printer took too long".to_owned() },
        Err(_) => Outcome::Held { fault: ErrorKind::TimedOut.code().to_owned(), error: String::new() },
    }
}

fn told(outcome: PrintOutcome) -> Outcome {
    match outcome {
        PrintOutcome::FailedBeforeFirstByte { error } if error.kind == ErrorKind::NothingToSend => {
            Outcome::Unprintable { error: error.to_string() }
        }
        PrintOutcome::FailedBeforeFirstByte { error } => {
            Outcome::Held { fault: error.kind.code().to_owned(), error: error.to_string() }
        }
        PrintOutcome::Blocked { faults } => {
            let codes: Vec<&str> = faults.iter().map(|fault| fault.code()).collect();
            let fault = codes.first().copied().unwrap_or("unknown_answer").to_owned();
            Outcome::Held { fault, error: codes.join(", ") }
        }
        PrintOutcome::Sent { .. } => Outcome::Sent,
        PrintOutcome::Printed { evidence } => match evidence {
            printer::Evidence::Completed => Outcome::Printed { evidence: "completed".to_owned() },
            printer::Evidence::IdleAfter => Outcome::Printed { evidence: "idle_after".to_owned() },
            // A label with a number of its own does harm twice: that the printer was at work is not enough, its scan is.
            printer::Evidence::Idle => Outcome::Sent,
        },
        PrintOutcome::InDoubt { offset, error } => {
            let hints: Vec<&str> = error.hints().iter().map(|hint| hint.en).collect();
            Outcome::InDoubt { error: format!("after {offset} bytes: {}", hints.join(" ")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiver(country: &str) -> Receiver {
        Receiver {
            country: country.into(),
            province: "浙江省".into(),
            city: "杭州市".into(),
            line1: "文一西路969号".into(),
            postal_code: "311121".into(),
            ..Receiver::default()
        }
    }

    #[test]
    fn an_address_stands_in_the_order_of_its_country() {
        assert_eq!(address(&receiver("CN")), ["浙江省 杭州市", "文一西路969号", "311121"]);
        assert_eq!(address(&receiver("US")), ["文一西路969号", "杭州市 浙江省 311121", "US"]);
        let languages = ["cn", "", "HK", "US"].map(|country| language(&receiver(country)));
        assert_eq!(languages, [Language::ZhCn, Language::ZhCn, Language::ZhTw, Language::En]);
    }

    #[test]
    fn contents_are_named_by_what_the_fonts_can_draw() {
        let content = |zh: &str, en: &str| {
            let row =
                ContentRow { sku: "MUG-1".into(), name_zh: zh.into(), name_en: en.into(), fragile: true, quantity: 2 };
            row.in_words(&Layouts::default())
        };
        assert_eq!(content("马克杯", "Mug"), "马克杯 x2");
        assert_eq!(content("礼物🎁", "Mug"), "Mug x2");
        assert_eq!(content(" ", "🎁"), "MUG-1 x2");
    }

    #[test]
    fn weights_are_kilograms_rounded_up() {
        assert_eq!(
            [0, 1, 10, 995, 1_000, 12_345].map(kilograms),
            ["0.00 kg", "0.01 kg", "0.01 kg", "1.00 kg", "1.00 kg", "12.35 kg"]
        );
    }

    #[test]
    fn money_is_written_in_its_own_units() {
        assert_eq!(money(12_305, "CNY"), "CNY 123.05");
        assert_eq!(money(500, "JPY"), "JPY 500");
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        write_whole(folder.path(), "a.pdf", b"one").unwrap();
        write_whole(folder.path(), "a.pdf", b"two").unwrap();
        assert_eq!(std::fs::read(folder.path().join("a.pdf")).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_whole(&folder.path().join("missing"), "a.pdf", b"one").is_err());
    }
}
