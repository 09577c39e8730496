//! From a label's words to the bytes that a printer understands, by `labels`; [`send`] brings them there.

use std::sync::Arc;

use tallyman_drivers::printer;
use tallyman_labels::{
    self as labels, Format, Label, LabelError, Language, Layouts, Media, Party, PrinterProfile, ShippingLabel, dots,
    write,
};

use super::agent::Agents;
use super::agent::wire::Attempt;
use super::attempt::{Outcome, PrinterRow};
use super::content::Content;
use super::label::{ContentRow, LabelData};
use super::model::{Compression, Drawing};
use super::queue::Port;
use super::send::{self, Way, told_in};
use crate::app::App;
use crate::db::BoxFuture;
use crate::kernel::ids::PrintJobId;
use crate::kernel::money::written;
use crate::order::inbound::Receiver;

/// Width of the usual print heads: 4.1 inches.
const HEAD_UM: u32 = 104_000;
/// Width of the widest sheet: a printer of PDF has no head of ours to mind.
const SHEET_UM: u32 = 300_000;

/// The printers of the house.
#[derive(Clone)]
pub struct Printers {
    layouts: Layouts,
    agents: Arc<Agents>,
}

impl Printers {
    /// With the layouts of the service.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self { layouts: app.services.layouts.clone(), agents: Arc::clone(&app.agents) }
    }
}

impl Port for Printers {
    fn print<'a>(&'a self, printer: &'a PrinterRow, attempt: Attempt, content: &'a Content) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            // Drawing takes milliseconds, the first time more.
            let (row, data, layouts) = (printer.clone(), content.clone(), self.layouts.clone());
            let bytes = match tokio::task::spawn_blocking(move || draw(&layouts, &row, &data)).await {
                Ok(Ok(bytes)) => bytes,
                Ok(Err(error)) => return Outcome::Unprintable { error: error.to_string() },
                Err(error) if error.is_panic() => return Outcome::Unprintable { error: error.to_string() },
                // The program is ending, and says nothing about the label: it waits for the next start.
                Err(error) => return Outcome::Held { fault: String::new(), error: error.to_string() },
            };
            let (way, name) = (Way::to(printer), file_name(printer, attempt.job, content));
            match printer.agent {
                Some(station) => self.agents.print(station, attempt, way, name, bytes).await,
                None => send::send(&way, &name, bytes, &mut send::Claimed).await,
            }
        })
    }
}

/// Why a content can't be made into what a printer understands.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// Something doesn't fit, or has no glyph.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// A document is written in another language than the printer's.
    #[error("the document is written in {0}, and the printer understands {1}")]
    OtherLanguage(&'static str, &'static str),
    /// A document is none.
    #[error("the document can't be read: {0}")]
    Document(#[from] base64::DecodeError),
}

/// Makes of a content the bytes that a printer understands.
///
/// # Errors
/// [`DrawError`].
pub fn draw(layouts: &Layouts, printer: &PrinterRow, content: &Content) -> Result<Vec<u8>, DrawError> {
    let label = match content {
        Content::ShippingLabel(label) => &Label::Shipping(words(layouts, label)),
        Content::Paper { paper } => paper.as_ref(),
        Content::Document { language, bytes } if *language == printer.language => return Ok(Content::bytes(bytes)?),
        Content::Document { language, .. } => {
            return Err(DrawError::OtherLanguage(language.code(), printer.language.code()));
        }
    };
    let media = Media::named(&printer.stock).unwrap_or(Media::SHIPPING_100X150);
    let dots_per_m = u32::try_from(printer.dots_per_m).unwrap_or_default();
    let language = told_in(printer.language).map(drawn_in);
    let profile = PrinterProfile {
        dots_per_m,
        width_dots: dots(if language.is_some() { HEAD_UM } else { SHEET_UM }, dots_per_m),
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
    let sheets = layouts.lay_out(label, &media, &profile)?;
    let format = language.map_or(Format::Pdf, Format::Printer);
    Ok(write(&sheets, &media, &profile, format)?.concat())
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
#[must_use]
pub fn language(receiver: &Receiver) -> Language {
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
#[must_use]
pub fn address(receiver: &Receiver) -> Vec<String> {
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
    /// A name that the label fonts have, else its code. What a SKU is called must not keep a parcel from its label.
    #[must_use]
    pub fn name(&self, layouts: &Layouts) -> &str {
        let mut names = [&self.name_zh, &self.name_en].into_iter();
        names.find(|name| !name.trim().is_empty() && layouts.draws(name)).unwrap_or(&self.sku)
    }

    /// As the label names it.
    fn in_words(&self, layouts: &Layouts) -> String {
        format!("{} x{}", self.name(layouts), self.quantity)
    }
}

/// Grams as kilograms with two decimals, rounded up: carriers round up too.
#[must_use]
pub fn kilograms(grams: i64) -> String {
    let hundredths = (grams.max(0) + 9) / 10;
    format!("{}.{:02} kg", hundredths / 100, hundredths % 100)
}

/// What a content is called where it becomes a file. The same job again is the same file.
fn file_name(printer: &PrinterRow, job: PrintJobId, content: &Content) -> String {
    let ending = printer.language.code();
    match content {
        Content::ShippingLabel(label) => {
            let mark = if label.copy > 0 { format!("-R{}", label.copy) } else { String::new() };
            format!("label-{:08}-{}{mark}.{ending}", job.0, label.parcel)
        }
        Content::Paper { paper } => format!("{}-{:08}.{ending}", paper.kind().name(), job.0),
        Content::Document { .. } => format!("document-{:08}.{ending}", job.0),
    }
}

fn money(minor: i64, currency: &str) -> String {
    format!("{currency} {}", written(minor, currency))
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
}
