//! Layout files: TOML, one for a kind and some stocks. `docs/labels.md` documents them.
//!
//! A file is read whole or not at all: every fault is told with its line.

use super::fault::{LayoutFault, LayoutReason};
use super::parse;
use crate::error::{Field, Symbology};
use crate::kinds::Kind;
use crate::sheet::Ink;
use crate::text::fonts::Weight;
use crate::units::Media;
use serde::Deserialize;
use toml::Spanned;

/// More than any layout needs; it bounds what a file can cost.
const LONGEST_BYTES: usize = 256 << 10;
/// Items of a layout, and columns of a table.
const MOST_ITEMS: usize = 400;

/// A layout that was read and checked.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) kind: Kind,
    pub(crate) stocks: Vec<Media>,
    pub(crate) margin_um: u32,
    /// A list each of whose rows gets a page of its own.
    pub(crate) each: Option<Field>,
    pub(crate) elements: Vec<Element>,
}

/// A place in micrometres. What is below zero counts from the right or the bottom edge; a width or height of 0 or
/// below reaches that far from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// On which pages an element stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pages {
    #[default]
    Every,
    First,
    Following,
    Last,
}

/// What happens to a text that is too long for its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fit {
    /// Refused.
    Exact,
    /// One line, smaller, then refused.
    #[default]
    Shrink,
    /// Lines, smaller, then refused.
    Wrap,
    /// Lines, smaller, then shortened; the sheet says so.
    Ellipsis,
}

/// Where a line, a code or a block stands in its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Across {
    #[default]
    Left,
    Centre,
    Right,
}

#[derive(Clone, Debug)]
pub(crate) struct Element {
    pub(crate) place: Place,
    /// Drawn where all of these say something.
    pub(crate) when: Vec<Field>,
    /// And one of these, if there are any.
    pub(crate) any: Vec<Field>,
    /// Not drawn where one of these says something.
    pub(crate) unless: Vec<Field>,
    pub(crate) pages: Pages,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Text(Text),
    Code(Code),
    Chips { list: Field, size_um: u32 },
    Frame { line_um: u32 },
    Fill,
    Picture { name: String },
    Arrow { template: super::template::Template },
    Ruler,
    Stripes,
    Table(Table),
}

#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) template: super::template::Template,
    pub(crate) size_um: u32,
    pub(crate) smallest_um: Option<u32>,
    pub(crate) weight: Weight,
    pub(crate) across: Across,
    pub(crate) fit: Fit,
    /// White on a black block that fills the place.
    pub(crate) ink: Ink,
}

/// Which code, and how large.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) template: super::template::Template,
    /// `None`: the one that suits the data, an EAN-13 for 13 digits and so on.
    pub(crate) symbology: Option<Symbology>,
    pub(crate) module_um: u32,
    pub(crate) smallest_um: Option<u32>,
    pub(crate) across: Across,
    /// Size of the line for people; 0 for none.
    pub(crate) human_um: u32,
    pub(crate) human_weight: Weight,
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) list: Field,
    pub(crate) head_um: u32,
    /// Between the text of a row and its rules.
    pub(crate) pad_um: u32,
    pub(crate) rule_um: u32,
    pub(crate) columns: Vec<Column>,
}

#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) head: super::template::Template,
    /// 0: a share of what the others leave.
    pub(crate) width_um: u32,
    pub(crate) cell: Cell,
}

#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Text {
        template: super::template::Template,
        weight: Weight,
        across: Across,
        size_um: u32,
    },
    Code {
        code: Code,
        height_um: u32,
    },
    /// A box to tick.
    Tick {
        side_um: u32,
    },
}

/// A file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLayout {
    pub(super) kind: Spanned<String>,
    pub(super) stocks: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) margin: Option<Spanned<f64>>,
    #[serde(default)]
    pub(super) each: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) item: Vec<Spanned<RawItem>>,
}

/// An item as it is written; which of its keys are given says what it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawItem {
    pub(super) at: Spanned<Vec<f64>>,
    pub(super) when: Option<Spanned<OneOrMany>>,
    pub(super) any: Option<Spanned<OneOrMany>>,
    pub(super) unless: Option<Spanned<OneOrMany>>,
    #[serde(default)]
    pub(super) pages: Pages,

    pub(super) text: Option<Spanned<String>>,
    pub(super) code: Option<Spanned<String>>,
    pub(super) chips: Option<Spanned<String>>,
    pub(super) frame: Option<Spanned<f64>>,
    #[serde(default)]
    pub(super) fill: bool,
    pub(super) picture: Option<Spanned<String>>,
    pub(super) arrow: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) ruler: bool,
    #[serde(default)]
    pub(super) stripes: bool,
    pub(super) table: Option<Spanned<String>>,

    pub(super) size: Option<Spanned<f64>>,
    pub(super) smallest: Option<Spanned<f64>>,
    pub(super) weight: Option<Weight>,
    #[serde(default)]
    pub(super) align: Across,
    #[serde(default)]
    pub(super) fit: Fit,
    #[serde(default)]
    pub(super) white: bool,
    pub(super) symbology: Option<Spanned<String>>,
    pub(super) module: Option<Spanned<f64>>,
    pub(super) human: Option<Spanned<f64>>,
    pub(super) head_size: Option<Spanned<f64>>,
    pub(super) pad: Option<Spanned<f64>>,
    pub(super) rule: Option<Spanned<f64>>,
    #[serde(default)]
    pub(super) column: Vec<Spanned<RawColumn>>,
}

/// A column of a table as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawColumn {
    #[serde(default)]
    pub(super) head: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) width: Option<Spanned<f64>>,
    pub(super) text: Option<Spanned<String>>,
    pub(super) code: Option<Spanned<String>>,
    pub(super) tick: Option<Spanned<f64>>,
    pub(super) height: Option<Spanned<f64>>,
    pub(super) size: Option<Spanned<f64>>,
    pub(super) weight: Option<Weight>,
    #[serde(default)]
    pub(super) align: Across,
    pub(super) symbology: Option<Spanned<String>>,
    pub(super) module: Option<Spanned<f64>>,
    pub(super) smallest: Option<Spanned<f64>>,
    pub(super) human: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Layout {
    /// Reads a file and checks every name, number and place in it.
    ///
    /// # Errors
    /// All faults, each with its line.
    pub(crate) fn read(text: &str) -> Result<Layout, Vec<LayoutFault>> {
        if text.len() > LONGEST_BYTES {
            return Err(vec![LayoutFault { line: 1, reason: LayoutReason::TooLong { most: LONGEST_BYTES } }]);
        }
        let raw: RawLayout = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| parse::line_of(text, span.start));
            vec![LayoutFault { line, reason: LayoutReason::Toml { message: error.message().to_owned() } }]
        })?;
        let mut reader = parse::Reader::new(text);
        let layout = reader.layout(&raw);
        match layout {
            Some(layout) if reader.faults.is_empty() => Ok(layout),
            _ => {
                reader.faults.sort_by_key(|fault| fault.line);
                Err(reader.faults)
            }
        }
    }

    pub(super) const MOST_ITEMS: usize = MOST_ITEMS;
}
