//! The shipping label: what a sorter reads from two metres (routing code, waybill), what a courier reads at the door
//! (receiver, cash on delivery, remark), and a part that the packer's house keeps.
//!
//! From top to bottom: carrier, flags and parcel i of n · routing code · waybill bars · receiver · sender · cash on
//! delivery and remark · the kept part with a second, small waybill code. All heights are shares of the label, so
//! that other stock needs no other code.

use crate::barcode::{LinearSymbol, code128::code128};
use crate::error::LabelError;
use crate::layout::{Align, Canvas, Style, pitch};
use crate::sheet::{Rect, Sheet};
use crate::text::{clean, fonts::Weight};
use crate::units::{Media, PrinterProfile, SizeDots};
use crate::words::{Language, ShippingWords};
use serde::{Deserialize, Serialize};

/// A person and a place. Masked before, where the carrier accepts it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Who.
    pub name: String,
    /// As it is dialled or masked; may be empty.
    pub phone: String,
    /// The address in the order of its country; never translated.
    pub lines: Vec<String>,
}

/// What a shipping label shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingLabel {
    /// Language of the captions.
    #[serde(default)]
    pub language: Language,
    /// Name of the carrier, and of its product if wanted.
    pub carrier: String,
    /// The carrier's sorting code (三段码). Without one the carrier's name is the largest.
    pub routing_code: Option<String>,
    /// ASCII; exact.
    pub waybill_number: String,
    /// As people say it, `O00000001`.
    pub order_number: String,
    /// As people say it, `P00000001`.
    pub parcel_number: String,
    /// From 1.
    pub parcel_index: u32,
    /// Parcels of this order.
    pub parcel_count: u32,
    /// Who gets it.
    pub receiver: Party,
    /// Who sent it.
    pub sender: Party,
    /// Cash on delivery, already formatted with its currency.
    pub cod: Option<String>,
    /// For the courier; the only field that may be shortened.
    pub remark: Option<String>,
    /// Short words that must be seen: fragile, keep upright.
    pub flags: Vec<String>,
    /// 1 for the first reprint.
    pub reprint: Option<u32>,
    /// Date and time, already formatted.
    pub printed_at: String,
    /// Where it was printed.
    pub station: String,
}

/// The smallest label that this layout is for.
const SMALLEST: Media = Media { width_um: 75_000, height_um: 120_000, ..Media::SHIPPING_76X130 };
/// Waybill bars are at least this high; the design gives them more.
const LOWEST_BARS_UM: u32 = 12_000;
const MODULE_UM: u32 = 375;
const SMALL_MODULE_UM: u32 = 250;

/// Lays a shipping label out for one stock and one printer.
pub fn layout_shipping(label: &ShippingLabel, media: &Media, profile: &PrinterProfile) -> Result<Sheet, LabelError> {
    let canvas = Canvas::new(media, profile)?;
    if media.width_um < SMALLEST.width_um || media.height_um < SMALLEST.height_um || profile.dots_per_m < 7_000 {
        return Err(LabelError::Overflow {
            field: "label",
            needed: SizeDots { width: canvas.dots(SMALLEST.width_um), height: canvas.dots(SMALLEST.height_um) },
            available: SizeDots { width: canvas.dots(media.width_um), height: canvas.dots(media.height_um) },
        });
    }
    let waybill = code128("waybill_number", &label.waybill_number)?;
    if label.waybill_number.bytes().any(|b| !b.is_ascii_graphic()) {
        return Err(LabelError::BadData {
            field: "waybill_number",
            symbology: waybill.symbology,
            reason: "it holds a space or a control character",
        });
    }
    let words = label.language.shipping();
    Drawing { line: canvas.dots(250), pad: canvas.dots(1_500), canvas, label, words }.draw(&waybill)
}

struct Drawing<'a> {
    canvas: Canvas,
    label: &'a ShippingLabel,
    words: &'static ShippingWords,
    /// Thickness of a rule.
    line: u32,
    /// Air between a rule and what it holds.
    pad: u32,
}

impl Drawing<'_> {
    fn draw(mut self, waybill: &LinearSymbol) -> Result<Sheet, LabelError> {
        let frame = self.canvas.printable();
        let mut rest = frame.inset(self.line * 2, self.line * 2);
        let share = |thousandths: u32| frame.height * thousandths / 1_000;
        let head = rest.take_top(share(92));
        let route = rest.take_top(share(150));
        let code = rest.take_top(share(190).max(self.canvas.dots(LOWEST_BARS_UM + 9_000)));
        let kept = rest.take_bottom(share(155));
        let last = if self.label.cod.is_some() || self.label.remark.is_some() { share(105) } else { 0 };
        let last = rest.take_bottom(last);
        let sender = rest.take_bottom(share(110));
        let receiver = rest;

        self.canvas.frame("label", frame, self.line * 2);
        self.head(head)?;
        self.route(route)?;
        self.code(code, waybill)?;
        let (to, from) = (self.words.receiver, self.words.sender);
        self.rule_above(receiver);
        self.party(
            ("receiver", &["receiver.name", "receiver.phone", "receiver.address"]),
            to,
            &self.label.receiver,
            receiver,
        )?;
        self.rule_above(sender);
        self.party(("sender", &["sender.name", "sender.phone", "sender.address"]), from, &self.label.sender, sender)?;
        self.cod_and_remark(last)?;
        self.kept(kept, waybill)?;
        self.canvas.finish()
    }

    fn rule_above(&mut self, mut place: Rect) {
        let rule = place.take_top(self.line);
        self.canvas.fill("label", rule);
    }

    /// Parcel i of n.
    fn of_count(&self) -> String {
        format!("{}/{}", self.label.parcel_index, self.label.parcel_count)
    }

    /// Carrier (the order, where the carrier has the large place), flags, parcel i of n.
    fn head(&mut self, place: Rect) -> Result<(), LabelError> {
        let mut rest = place;
        let mut parcel = rest.take_right(place.width * 19 / 100);
        let rule = parcel.take_left(self.line);
        self.canvas.fill("label", rule);
        let mut number = parcel.inset(self.pad / 2, self.pad * 2 / 3);
        let caption = number.take_top(number.height * 3 / 10);
        let style = Style::regular(caption.height).align(Align::Centre);
        self.canvas.line("parcel", self.words.parcel, caption, style)?;
        let style = Style::bold(number.height * 9 / 10).align(Align::Centre);
        self.canvas.line("parcel_index", &self.of_count(), number, style)?;

        let rest = rest.inset(self.pad, self.pad);
        let flags = self.flags(rest)?;
        let mut title = rest;
        title.take_right(flags);
        let (field, text) = match self.label.routing_code {
            Some(_) => ("carrier", self.label.carrier.as_str()),
            None => ("order_number", self.label.order_number.as_str()),
        };
        self.canvas.line(field, text, title, Style::bold(rest.height * 4 / 5)).map(|_| ())
    }

    /// Reversed blocks at the right, the reprint first; two rows where one is too wide. Returns the width used.
    fn flags(&mut self, place: Rect) -> Result<u32, LabelError> {
        let mut chips: Vec<(&'static str, String)> = Vec::new();
        if let Some(copy) = self.label.reprint {
            chips.push(("reprint", format!("{} R{copy}", self.words.reprint)));
        }
        chips.extend(self.label.flags.iter().map(|flag| ("flags", flag.clone())));
        // The name of the carrier keeps half of the place.
        let room = place.width / 2;
        let gap = self.pad / 2;
        for rows in 1..=2 {
            let height = (place.height - gap * (rows - 1)) / rows;
            let size = (height * 2 / 3).min(self.canvas.dots(4_500));
            let height = height.min(size * 3 / 2);
            let mut widths = Vec::new();
            for (field, text) in &chips {
                widths.push(self.canvas.chip_width(field, text, size)?);
            }
            let Some(lines) = in_rows(&widths, gap, room, rows) else { continue };
            let used = lines.iter().map(|line| row_width(line, gap)).max().unwrap_or(0);
            let mut chips = chips.iter();
            let used_rows = u32::try_from(lines.len()).unwrap_or(rows);
            let total = height * used_rows + gap * (used_rows - 1);
            let mut rest = place;
            rest.take_top(place.height.saturating_sub(total) / 2);
            for line in lines {
                let mut row = rest.take_top(height);
                row.take_left(place.width.saturating_sub(row_width(&line, gap)));
                for (width, (field, text)) in line.iter().zip(chips.by_ref()) {
                    let chip = row.take_left(*width);
                    row.take_left(gap);
                    self.canvas.chip(field, text, chip, size)?;
                }
                rest.take_top(gap);
            }
            return Ok(if used > 0 { used + self.pad } else { 0 });
        }
        let needed = SizeDots { width: room.saturating_add(1), height: place.height };
        Err(LabelError::Overflow { field: "flags", needed, available: SizeDots { width: room, height: place.height } })
    }

    fn route(&mut self, place: Rect) -> Result<(), LabelError> {
        self.rule_above(place);
        let (field, text) = match &self.label.routing_code {
            Some(code) => ("routing_code", code.as_str()),
            None => ("carrier", self.label.carrier.as_str()),
        };
        let inner = place.inset(self.pad, self.pad);
        self.canvas.line(field, text, inner, Style::bold(inner.height * 95 / 100).align(Align::Centre)).map(|_| ())
    }

    /// The waybill, and under it the same number for people.
    fn code(&mut self, place: Rect, waybill: &LinearSymbol) -> Result<(), LabelError> {
        self.rule_above(place);
        let mut inner = place.inset(0, self.pad);
        inner.take_top(self.pad / 2);
        let text_size = self.canvas.dots(4_800);
        let below = inner.take_bottom(pitch(text_size));
        inner.take_bottom(self.pad / 2);
        let module = self.canvas.module_dots("waybill_number", waybill, inner.width, MODULE_UM)?;
        self.canvas.bars("waybill_number", waybill.clone(), inner, module);
        let style = Style::bold(text_size).align(Align::Centre);
        self.canvas.line("waybill_number", &waybill.for_people(), below.inset(self.pad, 0), style).map(|_| ())
    }

    /// A block that says to or from, then name and phone, then the address.
    fn party(
        &mut self,
        (field, [name_field, phone_field, address_field]): (&'static str, &[&'static str; 3]),
        caption: &str,
        party: &Party,
        place: Rect,
    ) -> Result<(), LabelError> {
        let main = field == "receiver";
        let mut rest = place;
        rest.take_top(self.line);
        let mark = rest.take_left(place.width * 11 / 100);
        if main {
            self.canvas.chip(field, caption, mark, mark.width * 3 / 5)?;
        } else {
            // Lighter than the receiver's: the two must not run into one black column.
            let style = Style::bold(mark.width * 2 / 5).align(Align::Centre);
            self.canvas.line(field, caption, mark.inset(self.pad / 3, 0), style)?;
            let rule = rest.take_left(self.line);
            self.canvas.fill("label", rule);
        }
        let mut rest = rest.inset(self.pad, self.pad);
        let size = if main { self.canvas.dots(5_200) } else { self.canvas.dots(3_300) };
        let mut names = rest.take_top(pitch(size));
        // The phone stands right after the name, and both shrink before they part.
        let phone_room = if party.phone.is_empty() { 0 } else { names.width * 45 / 100 };
        let mut name_place = names;
        name_place.take_right(phone_room);
        let used = self.canvas.line(name_field, &party.name, name_place, Style::bold(size))?;
        names.take_left(if used == 0 { 0 } else { used + self.pad * 2 });
        self.canvas.line(phone_field, &party.phone, names, Style::bold(size * 9 / 10))?;
        rest.take_top(self.pad / 3);
        let address = party.lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
        let size = if main { self.canvas.dots(4_400) } else { self.canvas.dots(3_000) };
        self.canvas.paragraph(address_field, &address.collect::<Vec<_>>().join("\n"), rest, Style::regular(size))?;
        Ok(())
    }

    fn cod_and_remark(&mut self, place: Rect) -> Result<(), LabelError> {
        if place.height == 0 {
            return Ok(());
        }
        self.rule_above(place);
        let mut rest = place;
        rest.take_top(self.line);
        if let Some(amount) = &self.label.cod {
            let mut cod = rest;
            if self.label.remark.is_some() {
                cod = rest.take_left(place.width * 46 / 100);
                let rule = rest.take_left(self.line);
                self.canvas.fill("label", rule);
            }
            let mark = cod.take_top(cod.height * 42 / 100);
            self.canvas.chip("cod", self.words.cod, mark, self.canvas.dots(3_600))?;
            let amount_place = cod.inset(self.pad, self.pad / 3);
            let style = Style::bold(amount_place.height.min(self.canvas.dots(7_000))).align(Align::Centre);
            self.canvas.line("cod", amount, amount_place, style)?;
        }
        if let Some(remark) = &self.label.remark {
            let inner = rest.inset(self.pad, self.pad / 2);
            let text = format!("{}{}", self.words.remark, remark.trim());
            self.canvas.note("remark", &text, inner, Style::bold(self.canvas.dots(3_600)))?;
        }
        Ok(())
    }

    /// Below a heavy rule: a small waybill code, and the numbers that find the parcel again.
    fn kept(&mut self, place: Rect, waybill: &LinearSymbol) -> Result<(), LabelError> {
        let mut inner = place;
        let rule = inner.take_top(self.line * 2);
        self.canvas.fill("label", rule);
        let mut inner = inner.inset(self.pad / 2, self.pad);
        let least_text = inner.width * 30 / 100;
        let room = inner.width - least_text - self.pad;
        let small = self.canvas.dots(2_800);
        let module = self.canvas.module_dots("waybill_number", waybill, room, SMALL_MODULE_UM)?;
        let mut code = inner.take_left(waybill.modules() * module);
        let below = code.take_bottom(pitch(small));
        code.take_bottom(self.pad / 3);
        self.canvas.bars("waybill_number", waybill.clone(), code, module);
        let style = Style::regular(small).align(Align::Centre);
        self.canvas.line("waybill_number", &waybill.for_people(), below, style)?;
        inner.take_left(self.pad);
        self.kept_lines(inner)
    }

    fn kept_lines(&mut self, place: Rect) -> Result<(), LabelError> {
        let (label, words) = (self.label, self.words);
        let reprint = label.reprint.map(|copy| format!("  {} R{copy}", words.reprint)).unwrap_or_default();
        let lines = [
            ("order_number", format!("{} {}", words.order, label.order_number)),
            ("parcel_number", format!("{} {}  {}", words.parcel, label.parcel_number, self.of_count())),
            ("printed_at", label.printed_at.clone()),
            ("station", format!("{}{reprint}", label.station)),
        ];
        let mut text = String::new();
        for (field, line) in &lines {
            let line = clean(field, line, Weight::Regular)?;
            if !line.is_empty() {
                text.push_str(&line.replace('\n', " "));
                text.push('\n');
            }
        }
        let size = self.canvas.dots(3_200).min(place.height / 5);
        self.canvas.paragraph("kept_part", &text, place, Style::regular(size)).map(|_| ())
    }
}

/// The chips in at most `rows` rows, none wider than `room`, in their order.
fn in_rows(widths: &[u32], gap: u32, room: u32, rows: u32) -> Option<Vec<Vec<u32>>> {
    let mut lines: Vec<Vec<u32>> = vec![vec![]];
    for width in widths {
        if *width > room {
            return None;
        }
        let line = lines.last_mut()?;
        if !line.is_empty() && row_width(line, gap) + gap + width > room {
            lines.push(vec![*width]);
        } else {
            line.push(*width);
        }
    }
    (lines.len() <= usize::try_from(rows).unwrap_or(usize::MAX)).then_some(lines)
}

fn row_width(line: &[u32], gap: u32) -> u32 {
    line.iter().sum::<u32>() + gap * u32::try_from(line.len().saturating_sub(1)).unwrap_or(0)
}
