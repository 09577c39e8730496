//! Scanners of the USB HID point-of-sale class. (HID POS usage tables 1.02, usage page 8C)
//!
//! Where the fields of a report stand differs by maker, so the report descriptor is read first.

use super::{Codec, Event, Symbology, event};
use std::time::Duration;

/// Joined reports are dropped past this.
const LONGEST: usize = 8_192;
/// The next part of a code comes within this, or never.
const NEXT_PART: Duration = Duration::from_millis(500);
/// More reports than any scanner has.
const MOST_FIELDS: usize = 512;

const AIM: [u32; 3] = [0x8c_00fb, 0x8c_00fc, 0x8c_00fd];
const DATA: u32 = 0x8c_00fe;
const CONTINUED: u32 = 0x8c_00ff;
/// Generic desktop, byte count.
const LENGTH: u32 = 0x01_003b;

/// Where the fields of the report with scans stand, in bits from its first byte (its number included, if it has one).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    report: Option<u8>,
    aim: [Option<usize>; 3],
    length: Option<usize>,
    data: usize,
    data_bytes: usize,
    continued: Option<usize>,
}

/// What is declared so far while a descriptor is read.
#[derive(Default, Clone)]
struct Declared {
    page: u32,
    size: u32,
    count: u32,
    report: Option<u8>,
}

impl Layout {
    /// Reads a report descriptor; `None` where it declares no report with scans.
    pub fn read(descriptor: &[u8]) -> Option<Layout> {
        let mut fields = Fields::default();
        let mut rest = descriptor;
        while let Some((head, after)) = rest.split_first() {
            // A long item has its length in the next byte.
            if *head == 0xfe {
                let length = usize::from(*after.first()?) + 2;
                rest = after.get(length..)?;
                continue;
            }
            let length = [0, 1, 2, 4].get(usize::from(head & 3)).copied()?;
            let data = after.get(..length)?;
            let value = data.iter().rev().fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
            fields.item(head & 0xfc, value, length)?;
            rest = after.get(length..)?;
        }
        fields.layout()
    }

    /// How many bytes a report has at least.
    fn bytes(&self) -> usize {
        self.data / 8 + self.data_bytes
    }
}

/// Fields of input reports: report, usage, first bit, bits.
#[derive(Default)]
struct Fields {
    declared: Declared,
    pushed: Vec<Declared>,
    usages: Vec<u32>,
    minimum: Option<u32>,
    /// Next free bit of each report.
    next: Vec<(Option<u8>, usize)>,
    found: Vec<(Option<u8>, u32, usize, usize)>,
}

impl Fields {
    fn item(&mut self, tag: u8, value: u32, length: usize) -> Option<()> {
        match tag {
            0x04 => self.declared.page = value,
            0x74 => self.declared.size = value,
            0x94 => self.declared.count = value,
            0x84 => self.declared.report = Some(u8::try_from(value).ok()?),
            0xa4 if self.pushed.len() < 16 => self.pushed.push(self.declared.clone()),
            0xb4 => self.declared = self.pushed.pop()?,
            0x08 if self.usages.len() < MOST_FIELDS => self.usages.push(self.whole(value, length)),
            0x18 => self.minimum = Some(self.whole(value, length)),
            0x28 => {
                let last = self.whole(value, length);
                let first = self.minimum.take()?;
                let room = MOST_FIELDS.saturating_sub(self.usages.len());
                self.usages.extend((first..=last).take(room));
            }
            // Input, output, feature, collections: they use up the local items.
            0x80 => {
                self.input()?;
                self.usages.clear();
            }
            0x90 | 0xb0 | 0xa0 | 0xc0 => self.usages.clear(),
            _ => {}
        }
        Some(())
    }

    /// A usage with its page.
    fn whole(&self, value: u32, length: usize) -> u32 {
        if length == 4 { value } else { self.declared.page << 16 | value }
    }

    fn input(&mut self) -> Option<()> {
        let Declared { size, count, report, .. } = self.declared;
        let (size, count) = (usize::try_from(size).ok()?, usize::try_from(count).ok()?);
        if size > 64 * 1024 || count > 64 * 1024 || self.found.len() > MOST_FIELDS {
            return None;
        }
        if !self.next.iter().any(|(known, _)| *known == report) {
            let first = if report.is_some() { 8 } else { 0 };
            self.next.push((report, first));
        }
        let next = self.next.iter_mut().find(|(known, _)| *known == report)?;
        let first = next.1;
        next.1 = first.checked_add(size.checked_mul(count)?)?;
        match self.usages[..] {
            // One usage for all of them: a field of many bytes.
            [usage] => self.found.push((report, usage, first, size * count)),
            _ => {
                let each = self.usages.iter().take(count).enumerate();
                self.found.extend(each.map(|(place, usage)| (report, *usage, first + place * size, size)));
            }
        }
        Some(())
    }

    fn layout(self) -> Option<Layout> {
        let (report, _, data, bits) = *self.found.iter().find(|(_, usage, _, _)| *usage == DATA)?;
        let at = |wanted: u32| {
            let found = self.found.iter().find(|(of, usage, _, _)| *of == report && *usage == wanted);
            found.map(|(_, _, bit, _)| *bit)
        };
        let whole = |bit: &usize| bit.is_multiple_of(8);
        whole(&data).then_some(Layout {
            report,
            aim: AIM.map(|usage| at(usage).filter(whole)),
            length: at(LENGTH).filter(whole),
            data,
            data_bytes: bits / 8,
            continued: at(CONTINUED),
        })
    }
}

/// Whether a report descriptor is of a scanner of this class.
pub fn is_scanner(descriptor: &[u8]) -> bool {
    Layout::read(descriptor).is_some()
}

/// Turns reports into codes. Each call of `feed` is given one report, as it was read.
#[derive(Debug)]
pub struct PosCodec {
    layout: Layout,
    code: Vec<u8>,
    symbology: Option<Symbology>,
    goes_on: bool,
    overflowed: bool,
    last: Duration,
}

impl PosCodec {
    /// A codec for the reports of one layout.
    pub fn new(layout: Layout) -> Self {
        let (code, last) = (Vec::new(), Duration::ZERO);
        PosCodec { layout, code, symbology: None, goes_on: false, overflowed: false, last }
    }

    fn report(&mut self, report: &[u8]) -> Option<Event> {
        let layout = &self.layout;
        if layout.report.is_some_and(|number| report.first() != Some(&number)) || report.len() < layout.bytes() {
            return None;
        }
        let byte = |bit: usize| report.get(bit / 8).copied().unwrap_or_default();
        let data = report.get(layout.data / 8..layout.bytes()).unwrap_or_default();
        let data = match layout.length {
            Some(length) => data.get(..usize::from(byte(length)).min(data.len())).unwrap_or_default(),
            // Without a length the rest is zeros.
            None => data.get(..data.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)).unwrap_or_default(),
        };
        if let [Some(flag), Some(letter), Some(option)] = layout.aim.map(|bit| bit.map(byte)) {
            // Some send the `]` and some don't.
            let (letter, option) = if flag == b']' || flag == 0 { (letter, option) } else { (flag, letter) };
            self.symbology = Symbology::of_aim(char::from(letter), char::from(option)).or(self.symbology);
        }
        if self.code.len() + data.len() > LONGEST {
            self.overflowed = true;
            self.code.clear();
        }
        if !self.overflowed {
            self.code.extend_from_slice(data);
        }
        self.goes_on = layout.continued.is_some_and(|bit| byte(bit) >> (bit % 8) & 1 == 1);
        if self.goes_on {
            return None;
        }
        let (code, symbology) = (std::mem::take(&mut self.code), self.symbology.take());
        if std::mem::take(&mut self.overflowed) { Some(Event::TooLong) } else { event(&code, symbology) }
    }
}

impl Codec for PosCodec {
    fn feed(&mut self, bytes: &[u8], at: Duration) -> Vec<Event> {
        self.idle(at);
        if bytes.is_empty() {
            return Vec::new();
        }
        self.last = at;
        self.report(bytes).into_iter().collect()
    }

    fn idle(&mut self, at: Duration) -> Vec<Event> {
        if self.goes_on && at.saturating_sub(self.last) >= NEXT_PART {
            self.code.clear();
            self.symbology = None;
            (self.goes_on, self.overflowed) = (false, false);
        }
        Vec::new()
    }

    fn silence(&self) -> Option<Duration> {
        Some(NEXT_PART)
    }
}

/// A report descriptor as one maker writes it: number 2, three bytes of identifier, 56 of data, the flag. For fakes and
/// tests.
pub const DESCRIPTOR: &[u8] = &[
    0x05, 0x8c, 0x09, 0x02, 0xa1, 0x01, 0x85, 0x02, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x03, 0x09, 0xfb,
    0x09, 0xfc, 0x09, 0xfd, 0x81, 0x02, 0x95, 0x38, 0x09, 0xfe, 0x82, 0x02, 0x01, 0x75, 0x01, 0x95, 0x01, 0x09, 0xff,
    0x81, 0x02, 0x75, 0x07, 0x95, 0x01, 0x81, 0x03, 0xc0,
];

/// The reports of a code in the layout of [`DESCRIPTOR`]. For fakes and tests.
pub fn reports(aim: [u8; 3], text: &str) -> Vec<Vec<u8>> {
    let parts: Vec<&[u8]> = text.as_bytes().chunks(56).collect();
    let last = parts.len().saturating_sub(1);
    let report = |(place, part): (usize, &[u8])| {
        let mut report = [&[2], &aim[..], part].concat();
        report.resize(60, 0);
        report.push(u8::from(place < last));
        report
    };
    parts.into_iter().enumerate().map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Encoding, Scan};
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    /// The other layout: number 2, a length, the identifier, 56 bytes, two of the maker's own, the flag.
    const OTHER: &[u8] = &[
        0x05, 0x8c, 0x09, 0x02, 0xa1, 0x01, 0x85, 0x02, 0x75, 0x08, 0x95, 0x01, 0x05, 0x01, 0x09, 0x3b, 0x81, 0x02,
        0x05, 0x8c, 0x95, 0x03, 0x19, 0xfb, 0x29, 0xfd, 0x81, 0x02, 0x95, 0x38, 0x09, 0xfe, 0x82, 0x02, 0x01, 0x06,
        0x66, 0xff, 0x95, 0x02, 0x09, 0x04, 0x81, 0x02, 0x05, 0x8c, 0x75, 0x01, 0x95, 0x01, 0x09, 0xff, 0x81, 0x02,
        0x75, 0x07, 0x81, 0x03, 0xc0,
    ];

    fn codec(descriptor: &[u8]) -> PosCodec {
        PosCodec::new(Layout::read(descriptor).unwrap())
    }

    fn scan(text: &str, symbology: Symbology) -> Event {
        Event::Scan(Scan { text: text.into(), symbology: Some(symbology), encoding: Encoding::Utf8 })
    }

    #[test]
    fn fields_are_found_wherever_the_descriptor_puts_them() {
        let one = Layout::read(DESCRIPTOR).unwrap();
        assert_eq!((one.report, one.aim, one.length), (Some(2), [Some(8), Some(16), Some(24)], None));
        assert_eq!((one.data, one.data_bytes, one.continued), (32, 56, Some(480)));
        let other = Layout::read(OTHER).unwrap();
        assert_eq!((other.length, other.aim, other.data), (Some(8), [Some(16), Some(24), Some(32)], 40));
        assert_eq!(other.continued, Some((1 + 1 + 3 + 56 + 2) * 8));
        let keyboard = [0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x75, 0x08, 0x95, 0x06, 0x81, 0x00, 0xc0];
        assert_eq!(Layout::read(&keyboard), None);
        assert!(is_scanner(DESCRIPTOR) && !is_scanner(&keyboard));
    }

    #[test]
    fn reports_of_both_layouts_become_codes() {
        let report = &reports(*b"]d2", "0106901234567892")[0];
        assert_eq!(codec(DESCRIPTOR).feed(report, MS), [scan("0106901234567892", Symbology::Gs1DataMatrix)]);
        let mut report = [&[2, 5][..], b"]C0", b"A\0B-1"].concat();
        report.resize(64, 0);
        assert_eq!(codec(OTHER).feed(&report, MS), [scan("A\0B-1", Symbology::Code128)], "as long as it says");
    }

    #[test]
    fn a_long_code_is_joined_and_half_a_code_is_dropped() {
        let text = "0123456789".repeat(15);
        let parts = reports(*b"]Q1", &text);
        assert_eq!(parts.len(), 3);
        let mut pos = codec(DESCRIPTOR);
        let events: Vec<Event> =
            parts.iter().flat_map(|part| [pos.feed(part, MS), pos.feed(&[], MS)]).flatten().collect();
        assert_eq!(events, [scan(&text, Symbology::Qr)]);
        pos.feed(&parts[0], MS);
        pos.idle(MS * 600);
        assert_eq!(pos.feed(&reports(*b"]C0", "A")[0], MS * 601), [scan("A", Symbology::Code128)]);
    }

    #[test]
    fn other_reports_and_short_ones_are_passed_over() {
        let mut pos = codec(DESCRIPTOR);
        assert_eq!(pos.feed(&[1; 64], MS), []);
        assert_eq!(pos.feed(&[2; 20], MS), []);
    }

    proptest! {
        #[test]
        fn no_descriptor_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Layout::read(&bytes);
        }

        #[test]
        fn no_change_of_a_descriptor_makes_it_panic(at in 0_usize..59, byte in any::<u8>(), report in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut descriptor = OTHER.to_vec();
            descriptor[at] = byte;
            if let Some(layout) = Layout::read(&descriptor) {
                let mut pos = PosCodec::new(layout);
                pos.feed(&report, MS);
                pos.feed(&report, MS);
                prop_assert!(pos.code.len() <= LONGEST);
            }
        }
    }
}
