//! What can be wrong in a layout file.

use crate::error::Field;
use crate::sentence::{List, Quoted, sentences};

/// A fault in a layout file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutFault {
    /// From 1.
    pub line: usize,
    /// What is wrong, and what is allowed.
    pub reason: LayoutReason,
}

impl std::fmt::Display for LayoutFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

sentences! {
    /// What is wrong in a layout file.
    pub enum LayoutReason {
        /// The file costs too much to read.
        TooLong { most: usize } = "layout.too_long" "it is longer than {most} bytes",
        /// It is no TOML, or has keys or values of the wrong kind; the reader's own words.
        Toml { message: String } = "layout.toml" "{message}",
        /// No length.
        NoLength { value: String, most: u32 } = "layout.no_length"
            "{value} is no length: lengths are millimetres, at most {most}",
        /// Below zero.
        BelowZero {} = "layout.below_zero" "it must not be below zero",
        /// No such kind.
        UnknownKind { kind: Quoted, known: List } = "layout.unknown_kind" "there is no kind {kind}; there are {known}",
        /// No stock.
        UnknownStock { stock: Quoted } = "layout.unknown_stock"
            "{stock} is no stock: write millimetres as 100x150, or 72xroll, A4, A5, A6",
        /// For nothing.
        NoStock {} = "layout.no_stock" "it must name a stock, as \"100x150\" or \"72xroll\"",
        /// Too many items.
        TooManyItems { most: usize } = "layout.too_many_items" "more than {most} items",
        /// More than one table.
        Tables {} = "layout.tables" "a layout has one table at most",
        /// A roll without a table.
        RollWithoutTable {} = "layout.roll_without_table" "a roll needs a table: the page is as long as its rows",
        /// Empty.
        NoItems {} = "layout.no_items" "it has no items",
        /// No such list.
        UnknownList { name: Quoted, known: List } = "layout.unknown_list" "there is no list {name}; there are {known}",
        /// No such field to ask.
        UnknownCondition { name: Quoted } = "layout.unknown_condition" "there is no field {name} to ask",
        /// No place.
        Place {} = "layout.place"
            "it must be four numbers: from the left, from the top, width, height, in millimetres",
        /// Nothing, or several things at once.
        OneOf { known: List, count: usize } = "layout.one_of" "an item has exactly one of {known}; this one has {count}",
        /// No such list of words.
        UnknownChips { name: Quoted } = "layout.unknown_chips" "there is no field {name}",
        /// No such symbology.
        UnknownSymbology { name: Quoted, known: List } = "layout.unknown_symbology"
            "there is no symbology {name}; there are auto, {known}",
        /// Too few or too many columns.
        Columns { least: usize, most: usize } = "layout.columns" "a table has {least} to {most} columns",
        /// A column of nothing, or of several things at once.
        OneOfColumn {} = "layout.one_of_column" "a column has exactly one of text, code, tick",
        /// A brace without its partner.
        Brace { text: Quoted } = "layout.brace" "a brace stands alone in {text}; a brace itself is written twice",
        /// No such caption.
        UnknownCaption { name: Quoted, known: List } = "layout.unknown_caption"
            "there is no caption {name}; there are {known}",
        /// A field of a row, but no row.
        OutsideTable { name: String } = "layout.outside_table" "{{.{name}}} stands outside the columns of a table",
        /// No such field of a row.
        UnknownRowField { list: Field, name: Quoted, known: List } = "layout.unknown_row_field"
            "a row of {list} has no field {name}; it has {known}",
        /// No such field.
        UnknownField { name: Quoted, known: List } = "layout.unknown_field" "there is no field {name}; there are {known}",
    }
}
