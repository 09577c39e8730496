//! Labels and papers of the warehouse: a [`Label`] to [`Sheet`]s of items in whole dots, and sheets to bytes.
//!
//! Three pure steps: a label knows warehouse words and nothing of printers; a layout, a TOML file, places it on sheets
//! for one stock and density; an encoder turns sheets into a printer's language, PDF, PNG or SVG. The preview and every print are made from the same
//! sheet, and the same label gives the same sheet. There is no I/O, no clock and no randomness here. What must be
//! masked is masked before: this crate prints what it is given, or says with a [`LabelError`] why it can't.

pub mod barcode;
mod encode;
mod error;
pub mod gs1;
mod kinds;
mod layout;
mod raster;
mod sentence;
mod sheet;
mod text;
mod units;
mod words;

pub use encode::{Format, pdf, png, printer_bytes, svg, write};
pub use error::{Field, LabelError, Need, Reason, Symbology};
pub use kinds::{
    Badge, Cart, CommandCard, CommandCards, CountLine, CountSheet, Invoice, InvoiceLine, InvoiceParty, Kind, Label,
    LocationLabel, LogisticLabel, LotLabel, Manifest, ManifestLine, PackingLine, PackingSlip, Party, PickLine,
    PickList, PutWallSlot, ShippingLabel, SkuLabel, Sum, TestPage, ToteLabel,
};
pub use layout::{LayoutFault, LayoutHead, LayoutReason, Layouts, check_layout};
pub use raster::{Bitmap, bitmap_from_png};
pub use sentence::{List, Quoted, Sentence};
pub use sheet::{Bars, Ink, Item, Matrix, Picture, Rect, Sheet, TextRun};
pub use text::fonts::{AddedFont, FontError, Fonts, Weight};
pub use units::{
    Compression, DrawMode, Media, MediaKind, PrinterLanguage, PrinterProfile, ResidentFont, SizeDots, dots,
};
pub use words::Language;
