//! Labels and papers beside the shipping label: anything that the house has a layout for, and documents that others made.
//! They bear no number of their own that does harm twice, so that a printer at rest is proof enough.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tallyman_labels::{Kind, Label};
use utoipa::ToSchema;

use super::choose::{Needs, choose};
use super::content::Content;
use super::label::local_minute;
use super::model::{JobKind, PrinterLanguage};
use super::ops::{JobRow, active_printer, require};
use super::{StationError, sql};
use crate::args;
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{PlaceId, PrintJobId, PrinterId, StationId};

/// Most copies of a paper at once.
const MOST_COPIES: i64 = 100;
/// Largest document, in bytes: labels of a carrier are far below.
const LARGEST_DOCUMENT: usize = 1024 * 1024;

/// A paper that is to be printed.
pub struct NewPaper<'a> {
    /// What it is.
    pub kind: JobKind,
    /// What it says.
    pub content: Content,
    /// What its printer must be able to do.
    pub needs: Needs,
    /// The parcel it belongs to.
    pub parcel: Option<PlaceId>,
    /// Where it was asked for.
    pub station: Option<StationId>,
    /// The printer's code, where somebody chose one.
    pub printer: Option<&'a str>,
}

impl NewPaper<'_> {
    /// A paper of the house.
    #[must_use]
    pub fn of(op: &Op<'_, '_>, paper: Label, parcel: Option<PlaceId>, station: Option<StationId>) -> Self {
        let kind = paper.kind();
        Self {
            kind: JobKind::of(kind),
            needs: Needs::of(&op.context.services.layouts, kind),
            content: Content::Paper { paper: Box::new(paper) },
            parcel,
            station,
            printer: None,
        }
    }
}

/// Queues a paper, so many times.
///
/// # Errors
/// [`StationError::NoPrinter`], [`StationError::NotFound`], [`StationError::PrinterInactive`].
pub async fn queue(op: &mut Op<'_, '_>, new: NewPaper<'_>, copies: i64) -> Result<Vec<PrintJobId>, StationError> {
    let printer = match new.printer {
        Some(code) => active_printer(op, code).await?,
        None => choose(op, new.station, new.kind, &new.needs).await?,
    };
    let (payload, hash) = new.content.seal(&op.context.services)?;
    // Nothing below may fail for a business reason.
    let mut jobs = Vec::new();
    for copy in 0..copies {
        let job = insert(op, &new, printer, (copy, &payload, &hash)).await?;
        jobs.push(job);
    }
    Ok(jobs)
}

async fn insert(
    op: &mut Op<'_, '_>,
    new: &NewPaper<'_>,
    printer: PrinterId,
    (copy, payload, hash): (i64, &Vec<u8>, &str),
) -> Result<PrintJobId, StationError> {
    let (warehouse, at, person) = (op.warehouse(), op.at(), op.person());
    let values = args![warehouse, printer, new.station, new.parcel, new.kind, copy, payload.clone(), hash, person, at];
    let (job,): (PrintJobId,) = op.tx.one("print job", sql::INSERT_PAPER, values).await?;
    let data = json!({ "job": job, "kind": new.kind, "printer": printer });
    let subject = new.parcel.map_or(("print_job", job.0), |parcel| ("parcel", parcel.0));
    op.record("paper.queued", subject, &data);
    Ok(job)
}

/// Prints what did not come out again: the same content, as the next copy.
pub(super) async fn again(op: &mut Op<'_, '_>, job: &JobRow) -> Result<PrintJobId, StationError> {
    let (warehouse, at, person) = (op.warehouse(), op.at(), op.person());
    let values = args![job.id, warehouse, person, at];
    let (new,): (PrintJobId,) = op.tx.one("print job", sql::COPY_JOB, values).await?;
    op.record("paper.queued", ("print_job", new.0), &json!({ "job": new, "kind": job.kind, "again": job.id }));
    Ok(new)
}

/// The moment and the language of a warehouse, as papers say them.
///
/// # Errors
/// A failure of the database.
pub async fn heading(op: &mut Op<'_, '_>) -> Result<(String, String), StationError> {
    let warehouse = op.warehouse();
    let (name, zone): (String, String) = op.tx.one("warehouse", sql::SELECT_WAREHOUSE, args![warehouse]).await?;
    Ok((name, local_minute(op.at(), &zone)))
}

fn one() -> i64 {
    1
}

/// Prints a label or paper of any kind but the shipping label, with data as `GET /labels/kinds` shows it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintPaper {
    /// The kind, as `location`.
    pub kind: String,
    /// What it says.
    pub data: Value,
    /// Where it is asked for: that station's printer for this kind and size is used.
    #[serde(default)]
    pub station: Option<StationId>,
    /// The code of a printer, where it shall be that one.
    #[serde(default)]
    pub printer: Option<String>,
    /// How often.
    #[serde(default = "one")]
    pub copies: i64,
}

/// Papers that wait for their printer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PapersQueued {
    /// The jobs, one for each copy.
    pub print_job_ids: Vec<PrintJobId>,
}

impl Operation for PrintPaper {
    const KIND: &'static str = "paper.print";
    type Answer = PapersQueued;
    type Error = StationError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PapersQueued, StationError> {
        require(op, Right::Pack)?;
        let known = || StationError::UnknownPaper { kind: self.kind.clone() };
        // A shipping label comes with its parcel, and once.
        let kind = Kind::named(&self.kind).filter(|kind| *kind != Kind::Shipping).ok_or_else(known)?;
        let bad = |why: String| StationError::BadPaper { kind: kind.name(), why };
        let paper = kind.read(&self.data.to_string()).map_err(|error| bad(error.to_string()))?;
        if !(1..=MOST_COPIES).contains(&self.copies) {
            return Err(StationError::BadCopies { copies: self.copies });
        }
        let new = NewPaper { printer: self.printer.as_deref(), ..NewPaper::of(op, paper, None, self.station) };
        Ok(PapersQueued { print_job_ids: queue(op, new, self.copies).await? })
    }
}

/// Prints a document that somebody else made, as a carrier: its bytes pass unchanged, to a printer of its language.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintDocument {
    /// What it is written in.
    pub language: PrinterLanguage,
    /// Its bytes, in base64.
    pub document: String,
    /// The parcel it belongs to.
    #[serde(default)]
    pub parcel: Option<PlaceId>,
    /// Where it is asked for.
    #[serde(default)]
    pub station: Option<StationId>,
    /// The code of a printer, where it shall be that one.
    #[serde(default)]
    pub printer: Option<String>,
}

impl Operation for PrintDocument {
    const KIND: &'static str = "document.print";
    type Answer = PapersQueued;
    type Error = StationError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PapersQueued, StationError> {
        require(op, Right::Pack)?;
        let bad = |why: String| StationError::BadPaper { kind: JobKind::Document.code(), why };
        let bytes = Content::bytes(&self.document).map_err(|error| bad(error.to_string()))?;
        if bytes.is_empty() || bytes.len() > LARGEST_DOCUMENT {
            return Err(bad(format!("{} bytes; 1 to {LARGEST_DOCUMENT} can be printed", bytes.len())));
        }
        if let Some(parcel) = self.parcel {
            super::label::read(op, parcel, self.station).await?;
        }
        if let Some(code) = &self.printer {
            let printer = active_printer(op, code).await?;
            let (language,): (PrinterLanguage,) =
                op.tx.one("printer", sql::SELECT_PRINTER_LANGUAGE, args![printer]).await?;
            if language != self.language {
                return Err(StationError::OtherLanguage { printer: code.clone(), language: language.code() });
            }
        }
        let new = NewPaper {
            kind: JobKind::Document,
            content: Content::document(self.language, &bytes),
            needs: Needs::Language(self.language),
            parcel: self.parcel,
            station: self.station,
            printer: self.printer.as_deref(),
        };
        Ok(PapersQueued { print_job_ids: queue(op, new, 1).await? })
    }
}
