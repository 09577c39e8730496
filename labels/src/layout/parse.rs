//! From a layout file as it is written to a layout that can be trusted: every name, number and place is checked, and
//! each fault is told with its line.

use super::fault::{LayoutFault, LayoutReason};
use super::fields::Names;
use super::file::{
    Across, Cell, Code, Column, Element, Layout, OneOrMany, Place, RawColumn, RawItem, RawLayout, Table, Text, What,
};
use super::template::Template;
use crate::error::{Field, Symbology};
use crate::kinds::Kind;
use crate::sentence::Quoted;
use crate::sheet::Ink;
use crate::text::fonts::Weight;
use crate::units::{Media, MediaKind};
use toml::Spanned;

/// The largest stock there is: A3, and a metre of a roll.
const LARGEST_MM: u32 = 1_000;
/// Columns of a table.
const MOST_COLUMNS: usize = 20;

/// How a code looks, as an item or a column says it.
struct CodeLook<'a> {
    symbology: Option<&'a Spanned<String>>,
    module: Option<&'a Spanned<f64>>,
    smallest: Option<&'a Spanned<f64>>,
    human: Option<&'a Spanned<f64>>,
    align: Across,
    weight: Option<Weight>,
}

macro_rules! code_look {
    ($raw:ident) => {
        CodeLook {
            symbology: $raw.symbology.as_ref(),
            module: $raw.module.as_ref(),
            smallest: $raw.smallest.as_ref(),
            human: $raw.human.as_ref(),
            align: $raw.align,
            weight: $raw.weight,
        }
    };
}

/// The line that a byte of a file stands in, from 1.
pub(super) fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|b| *b == b'\n').count() + 1
}

fn quoted(text: &Spanned<String>) -> Quoted {
    Quoted(text.get_ref().clone())
}

/// Reads the parts of one file and gathers the faults.
pub(super) struct Reader<'a> {
    text: &'a str,
    pub(super) faults: Vec<LayoutFault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Reader { text, faults: Vec::new() }
    }

    fn fault<T>(&mut self, at: &Spanned<T>, reason: LayoutReason) {
        let line = line_of(self.text, at.span().start);
        self.faults.push(LayoutFault { line, reason });
    }

    /// Millimetres to whole micrometres.
    fn um(&mut self, mm: &Spanned<f64>) -> Option<i32> {
        let value = *mm.get_ref();
        if !value.is_finite() || value.abs() > f64::from(LARGEST_MM) {
            self.fault(mm, LayoutReason::NoLength { value: value.to_string(), most: LARGEST_MM });
            return None;
        }
        #[expect(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "bounded just before")]
        let um = (value * 1_000.0).round() as i32;
        Some(um)
    }

    /// A length that is not below zero; `usual` where none is given.
    fn length(&mut self, mm: Option<&Spanned<f64>>, usual: u32) -> u32 {
        let Some(mm) = mm else { return usual };
        let Some(um) = self.um(mm) else { return usual };
        u32::try_from(um).unwrap_or_else(|_| {
            self.fault(mm, LayoutReason::BelowZero {});
            usual
        })
    }

    pub(super) fn layout(&mut self, raw: &RawLayout) -> Option<Layout> {
        let kind = Kind::named(raw.kind.get_ref());
        if kind.is_none() {
            let (kind, known) = (quoted(&raw.kind), Kind::ALL.iter().map(|kind| kind.name()).collect());
            self.fault(&raw.kind, LayoutReason::UnknownKind { kind, known });
        }
        let kind = kind?;
        let names = kind.names();
        let stocks: Vec<Media> = raw.stocks.get_ref().iter().filter_map(|stock| self.stock(stock)).collect();
        if raw.stocks.get_ref().is_empty() {
            self.fault(&raw.stocks, LayoutReason::NoStock {});
        }
        let margin_um = self.length(raw.margin.as_ref(), 1_500);
        let each = raw.each.as_ref().and_then(|each| self.list(each, names));
        if raw.item.len() > Layout::MOST_ITEMS {
            self.fault(&raw.kind, LayoutReason::TooManyItems { most: Layout::MOST_ITEMS });
            return None;
        }
        let elements: Vec<Element> = raw.item.iter().filter_map(|item| self.element(item, names, each)).collect();
        let tables = elements.iter().filter(|element| matches!(element.what, What::Table(_))).count();
        if tables > 1 {
            self.fault(&raw.kind, LayoutReason::Tables {});
        }
        if tables == 0 && stocks.iter().any(|stock| stock.kind == MediaKind::Continuous) {
            self.fault(&raw.stocks, LayoutReason::RollWithoutTable {});
        }
        if elements.is_empty() && self.faults.is_empty() {
            self.fault(&raw.kind, LayoutReason::NoItems {});
        }
        Some(Layout { kind, stocks, margin_um, each, elements })
    }

    fn stock(&mut self, text: &Spanned<String>) -> Option<Media> {
        let stock = Media::named(text.get_ref().trim());
        if stock.is_none() {
            self.fault(text, LayoutReason::UnknownStock { stock: quoted(text) });
        }
        stock
    }

    fn list(&mut self, name: &Spanned<String>, names: &Names) -> Option<Field> {
        let found = names.rows(name.get_ref());
        if found.is_none() {
            let known = names.lists().into_iter().collect();
            self.fault(name, LayoutReason::UnknownList { name: quoted(name), known });
        }
        found
    }

    fn template(&mut self, text: &Spanned<String>, names: &Names, rows: Option<Field>) -> Option<Template> {
        match Template::parse(text.get_ref(), names, rows) {
            Ok(template) => Some(template),
            Err(reason) => {
                self.fault(text, reason);
                None
            }
        }
    }

    fn conditions(&mut self, given: Option<&Spanned<OneOrMany>>, names: &Names, each: Option<Field>) -> Vec<Field> {
        let Some(given) = given else { return Vec::new() };
        let list: Vec<&str> = match given.get_ref() {
            OneOrMany::One(name) => vec![name],
            OneOrMany::Many(list) => list.iter().map(String::as_str).collect(),
        };
        let mut found = Vec::new();
        for name in list {
            let in_row = name.strip_prefix('.').and_then(|path| names.row_field(each?, path));
            match in_row.or_else(|| names.any(name)) {
                Some(name) => found.push(name),
                None => self.fault(given, LayoutReason::UnknownCondition { name: Quoted(name.to_owned()) }),
            }
        }
        found
    }

    fn place(&mut self, at: &Spanned<Vec<f64>>) -> Option<Place> {
        let [x, y, width, height] = at.get_ref()[..] else {
            self.fault(at, LayoutReason::Place {});
            return None;
        };
        let um = |reader: &mut Self, mm| reader.um(&Spanned::new(at.span(), mm));
        Some(Place { x: um(self, x)?, y: um(self, y)?, width: um(self, width)?, height: um(self, height)? })
    }

    fn element(&mut self, item: &Spanned<RawItem>, names: &Names, each: Option<Field>) -> Option<Element> {
        let raw = item.get_ref();
        let given = [
            ("text", raw.text.is_some()),
            ("code", raw.code.is_some()),
            ("chips", raw.chips.is_some()),
            ("frame", raw.frame.is_some()),
            ("fill", raw.fill),
            ("picture", raw.picture.is_some()),
            ("arrow", raw.arrow.is_some()),
            ("ruler", raw.ruler),
            ("stripes", raw.stripes),
            ("table", raw.table.is_some()),
        ];
        let named: Vec<&str> = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        if named.len() != 1 {
            let known = given.iter().map(|(name, _)| name).collect();
            self.fault(item, LayoutReason::OneOf { known, count: named.len() });
            return None;
        }
        let place = self.place(&raw.at)?;
        let when = self.conditions(raw.when.as_ref(), names, each);
        let any = self.conditions(raw.any.as_ref(), names, each);
        let unless = self.conditions(raw.unless.as_ref(), names, each);
        let what = self.what(raw, names, each)?;
        Some(Element { place, when, any, unless, pages: raw.pages, what })
    }

    fn what(&mut self, raw: &RawItem, names: &Names, each: Option<Field>) -> Option<What> {
        if let Some(text) = &raw.text {
            let template = self.template(text, names, each)?;
            return Some(What::Text(Text {
                template,
                size_um: self.length(raw.size.as_ref(), 3_500).max(500),
                smallest_um: raw.smallest.as_ref().map(|size| self.length(Some(size), 0)),
                weight: raw.weight.unwrap_or(Weight::Regular),
                across: raw.align,
                fit: raw.fit,
                ink: if raw.white { Ink::White } else { Ink::Black },
            }));
        }
        if let Some(code) = &raw.code {
            return self.code(code, &code_look!(raw), names, each).map(What::Code);
        }
        if let Some(list) = &raw.chips {
            let found = names.text(list.get_ref());
            if found.is_none() {
                self.fault(list, LayoutReason::UnknownChips { name: quoted(list) });
            }
            return Some(What::Chips { list: found?, size_um: self.length(raw.size.as_ref(), 4_500) });
        }
        if let Some(frame) = &raw.frame {
            return Some(What::Frame { line_um: self.length(Some(frame), 250) });
        }
        if let Some(name) = &raw.picture {
            return Some(What::Picture { name: name.get_ref().clone() });
        }
        if let Some(text) = &raw.arrow {
            return Some(What::Arrow { template: self.template(text, names, each)? });
        }
        if raw.ruler {
            return Some(What::Ruler);
        }
        if raw.stripes {
            return Some(What::Stripes);
        }
        match &raw.table {
            Some(table) => self.table(raw, table, names).map(What::Table),
            None => Some(What::Fill),
        }
    }

    fn code(
        &mut self,
        code: &Spanned<String>,
        look: &CodeLook<'_>,
        names: &Names,
        rows: Option<Field>,
    ) -> Option<Code> {
        let template = self.template(code, names, rows)?;
        let symbology = match look.symbology {
            None => Some(None),
            Some(name) => self.symbology(name),
        }?;
        let module_um = self.length(look.module, 375);
        let smallest_um = look.smallest.map(|um| self.length(Some(um), 250));
        let human_um = self.length(look.human, 0);
        let (across, human_weight) = (look.align, look.weight.unwrap_or(Weight::Regular));
        Some(Code { template, symbology, module_um, smallest_um, across, human_um, human_weight })
    }

    fn symbology(&mut self, name: &Spanned<String>) -> Option<Option<Symbology>> {
        if name.get_ref() == "auto" {
            return Some(None);
        }
        let found = Symbology::ALL.into_iter().find(|symbology| symbology.code() == name.get_ref());
        if found.is_none() {
            let known = Symbology::ALL.iter().map(|symbology| symbology.code()).collect();
            self.fault(name, LayoutReason::UnknownSymbology { name: quoted(name), known });
        }
        found.map(Some)
    }

    fn table(&mut self, raw: &RawItem, name: &Spanned<String>, names: &Names) -> Option<Table> {
        let list = self.list(name, names)?;
        let size_um = self.length(raw.size.as_ref(), 3_200).max(500);
        if raw.column.is_empty() || raw.column.len() > MOST_COLUMNS {
            self.fault(name, LayoutReason::Columns { least: 1, most: MOST_COLUMNS });
            return None;
        }
        let columns = raw.column.iter().filter_map(|column| self.column(column, size_um, names, list)).collect();
        Some(Table {
            list,
            head_um: self.length(raw.head_size.as_ref(), size_um * 4 / 5),
            pad_um: self.length(raw.pad.as_ref(), 800),
            rule_um: self.length(raw.rule.as_ref(), 150),
            columns,
        })
    }

    fn column(&mut self, column: &Spanned<RawColumn>, size_um: u32, names: &Names, list: Field) -> Option<Column> {
        let raw = column.get_ref();
        let empty = Spanned::new(column.span(), String::new());
        let head = self.template(raw.head.as_ref().unwrap_or(&empty), names, None)?;
        let width_um = self.length(raw.width.as_ref(), 0);
        let cell = match (&raw.text, &raw.code, &raw.tick) {
            (Some(text), None, None) => Cell::Text {
                template: self.template(text, names, Some(list))?,
                weight: raw.weight.unwrap_or(Weight::Regular),
                across: raw.align,
                size_um: self.length(raw.size.as_ref(), size_um).max(500),
            },
            (None, Some(code), None) => {
                let code = self.code(code, &code_look!(raw), names, Some(list))?;
                Cell::Code { code, height_um: self.length(raw.height.as_ref(), 8_000) }
            }
            (None, None, Some(tick)) => Cell::Tick { side_um: self.length(Some(tick), 4_000) },
            _ => {
                self.fault(column, LayoutReason::OneOfColumn {});
                return None;
            }
        };
        Some(Column { head, width_um, cell })
    }
}
