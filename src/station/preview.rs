//! A label of any kind as a picture or as the bytes of a printer's language, without a printer.

use serde_json::Value;
use tallyman_labels::{Format, Kind, LabelError, Layouts, Media, PrinterProfile, Sentence, dots, write};

use crate::db::DbError;
use crate::refusal::Refusal;

crate::refusals! {
    /// Why a label can't be drawn.
    pub enum LabelRefusal {
        /// There is no such kind.
        UnknownKind { kind: String, known: String } = 422 "label.unknown_kind",
        /// There is no such format.
        UnknownFormat { format: String, known: String } = 422 "label.unknown_format",
        /// The stock's name means nothing.
        UnknownStock { stock: String } = 422 "label.unknown_stock",
        /// The density is none that printers have.
        Density { dpi: i64 } = 422 "label.density",
        /// The data is not that of the kind.
        Data { kind: String, why: String } = 422 "label.data",
        /// It has no such page.
        NoPage { page: i64, pages: i64 } = 422 "label.no_page",
    }
}

/// Why a preview is refused.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// What was asked for means nothing.
    #[error(transparent)]
    Asked(#[from] LabelRefusal),
    /// The label can't be drawn.
    #[error(transparent)]
    Label(#[from] LabelError),
}

impl Refusal for PreviewError {
    fn code(&self) -> &'static str {
        match self {
            Self::Asked(refusal) => refusal.code(),
            Self::Label(error) => error.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Asked(refusal) => refusal.status(),
            Self::Label(_) => 422,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Asked(refusal) => refusal.facts(),
            Self::Label(error) => error.facts(),
        }
    }

    fn database(&self) -> Option<&DbError> {
        None
    }
}

/// What to draw, and how.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The kind of label, as `location`.
    pub kind: String,
    /// What it says; the sample of the kind where it is `None`.
    pub data: Option<Value>,
    /// The stock, as `100x150`; the first one with a layout where it is `None`.
    pub stock: Option<String>,
    /// Dots an inch: 203, 300 or 600.
    pub dpi: i64,
    /// The format, as `png`.
    pub format: String,
    /// The one page that is wanted, from 1, where the format has one file a page; all of them where it is `None`.
    pub page: Option<i64>,
}

/// A label that was drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// One file for all pages, or one for each page that was wanted.
    pub files: Vec<Vec<u8>>,
    /// How many pages it has.
    pub pages: usize,
    /// Fields that were shortened, because their rule allows it.
    pub truncated: Vec<String>,
    /// What it is.
    pub format: Format,
}

/// A head that is wide enough for every stock: previews are not for one printer.
const WIDEST_UM: u32 = 300_000;

/// The kind of a name.
///
/// # Errors
/// [`LabelRefusal::UnknownKind`] with all that there are.
pub fn kind(name: &str) -> Result<Kind, LabelRefusal> {
    let known = || Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
    Kind::named(name).ok_or_else(|| LabelRefusal::UnknownKind { kind: name.to_owned(), known: known() })
}

/// Draws a label.
///
/// # Errors
/// [`PreviewError`], which names the field that is wrong or does not fit.
pub fn draw(layouts: &Layouts, asked: &Asked) -> Result<Drawn, PreviewError> {
    let kind = kind(&asked.kind)?;
    let Some(format) = Format::named(&asked.format) else {
        let known = Format::ALL.map(Format::name).join(", ");
        return Err(LabelRefusal::UnknownFormat { format: asked.format.clone(), known }.into());
    };
    let dots_per_m = match asked.dpi {
        203 => 8_000,
        300 => 11_811,
        600 => 23_622,
        dpi => return Err(LabelRefusal::Density { dpi }.into()),
    };
    let stock = asked.stock.clone().or_else(|| layouts.stocks(kind).into_iter().next()).unwrap_or_default();
    let Some(media) = Media::named(&stock) else { return Err(LabelRefusal::UnknownStock { stock }.into()) };
    let json = asked.data.as_ref().map_or_else(|| kind.sample_json().to_owned(), Value::to_string);
    let label = kind
        .read(&json)
        .map_err(|error| LabelRefusal::Data { kind: kind.name().to_owned(), why: error.to_string() })?;
    let width_dots = dots(WIDEST_UM, dots_per_m);
    let profile = PrinterProfile { dots_per_m, width_dots, ..PrinterProfile::DPI_203 };
    let sheets = layouts.lay_out(&label, &media, &profile)?;
    let pages = i64::try_from(sheets.len()).unwrap_or(i64::MAX);
    let wanted = match asked.page {
        None => sheets.as_slice(),
        Some(page) => {
            let at = page.checked_sub(1).and_then(|at| usize::try_from(at).ok());
            let one = at.and_then(|at| sheets.get(at..=at)).ok_or(LabelRefusal::NoPage { page, pages })?;
            if format.is_picture() { one } else { sheets.as_slice() }
        }
    };
    let files = write(wanted, &media, &profile, format)?;
    let mut truncated: Vec<String> =
        sheets.iter().flat_map(|sheet| &sheet.truncated).map(|field| (*field).to_owned()).collect();
    truncated.sort();
    truncated.dedup();
    Ok(Drawn { files, pages: sheets.len(), truncated, format })
}
