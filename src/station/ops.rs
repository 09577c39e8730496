//! What people and packing do with labels: queue, print again, say what came out.

use serde::{Deserialize, Serialize};
use serde_json::json;
use tallyman_labels::Kind;
use utoipa::ToSchema;

use super::choose::{Needs, choose};
use super::content::Content;
use super::label::{self, ContentRow, LabelRow};
use super::model::{JobKind, JobState};
use super::{StationError, papers, sql};
use crate::db::{DbError, Op, Operation, Services};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{OrderId, PlaceId, PrintJobId, PrinterId, StationId, WarehouseId, WaybillId};
use crate::kernel::text::scanned;
use crate::order::model::OrderState;
use crate::{args, row};

row! {
    /// A print job, locked.
    #[derive(Debug, Clone)]
    pub struct JobRow {
        /// Its id.
        pub id: PrintJobId,
        /// Its warehouse.
        pub warehouse: WarehouseId,
        /// Where it is printed.
        pub printer: PrinterId,
        /// Where it was asked for.
        pub station: Option<StationId>,
        /// The parcel it is for.
        pub parcel: Option<PlaceId>,
        /// The number on it.
        pub waybill: Option<WaybillId>,
        /// What is printed.
        pub kind: JobKind,
        /// 0 for the first copy.
        pub copy: i64,
        /// Where it stands.
        pub state: JobState,
        /// Attempts so far.
        pub attempts: i64,
    }
}

pub(super) fn require(op: &Op<'_, '_>, right: Right) -> Result<(), StationError> {
    if op.may(right) { Ok(()) } else { Err(StationError::Forbidden { right: right.code() }) }
}

pub(super) fn wrong_state(job: &JobRow) -> StationError {
    StationError::WrongState { job: job.id.to_string(), state: job.state }
}

/// Locks a job, its parcel first, as everybody does.
pub(super) async fn lock(op: &mut Op<'_, '_>, job: PrintJobId) -> Result<JobRow, StationError> {
    let warehouse = op.warehouse();
    let missing = || StationError::NotFound { what: "print job", code: job.to_string() };
    let parcel: Option<(Option<PlaceId>,)> = op.tx.opt(sql::SELECT_JOB_PARCEL, args![warehouse, job]).await?;
    if let (Some(parcel),) = parcel.ok_or_else(missing)? {
        let _: Option<(String,)> = op.tx.opt(sql::LOCK_PARCEL, args![parcel]).await?;
    }
    op.tx.opt(sql::SELECT_JOB, args![warehouse, job]).await?.ok_or_else(missing)
}

/// Queues the shipping label of a parcel that has its waybill number. The same label again is the same job.
///
/// # Errors
/// [`StationError::NoPrinter`], [`StationError::NoWaybill`], [`StationError::OrderStopped`],
/// [`StationError::HandedOver`], [`StationError::NotFound`].
pub async fn queue_shipping_label(
    op: &mut Op<'_, '_>,
    parcel: PlaceId,
    station: Option<StationId>,
) -> Result<PrintJobId, StationError> {
    let row = label::read(op, parcel, station).await?;
    let waybill = printable(&row)?;
    let known: Option<JobRow> = op.tx.opt(sql::SELECT_DOCUMENT, args![parcel, waybill]).await?;
    if let Some(job) = known {
        return Ok(job.id);
    }
    // Marked, where a person said of an earlier copy that it didn't come out.
    let (copy,): (i64,) = op.tx.one("copy", sql::SELECT_FIRST_COPY, args![parcel, waybill]).await?;
    queue(op, &row, New { parcel, waybill, station, copy, reason: "" }).await
}

/// Takes back the labels of a parcel that is opened again: possible while certainly nothing is on paper.
///
/// # Errors
/// [`StationError::LabelOut`] where a label with a number that isn't void is printed, under way or in doubt.
pub async fn withdraw_labels(op: &mut Op<'_, '_>, parcel: PlaceId, reason: &str) -> Result<(), StationError> {
    let row = label::read(op, parcel, None).await?;
    // Locked before they are counted, so that no worker takes one in between.
    let jobs: Vec<JobRow> = op.tx.all(sql::SELECT_JOBS_OF_PARCEL, args![parcel]).await?;
    let (out,): (i64,) = op.tx.one("labels", sql::COUNT_LABELS_OUT, args![parcel]).await?;
    if out > 0 {
        return Err(StationError::LabelOut { parcel: row.parcel });
    }
    // Nothing below may fail for a business reason.
    for job in jobs.iter().filter(|job| job.state.untouched()) {
        give_up(op, job, reason).await?;
    }
    Ok(())
}

fn printable(row: &LabelRow) -> Result<WaybillId, StationError> {
    if matches!(row.order_state, OrderState::Cancelled | OrderState::Intercepting) {
        let state = row.order_state.code().to_owned();
        return Err(StationError::OrderStopped { order: row.order.clone(), state });
    }
    if row.parcel_state == "handed_over" {
        return Err(StationError::HandedOver { parcel: row.parcel.clone() });
    }
    row.waybill_id.ok_or_else(|| StationError::NoWaybill { parcel: row.parcel.clone() })
}

struct New<'a> {
    parcel: PlaceId,
    waybill: WaybillId,
    station: Option<StationId>,
    copy: i64,
    reason: &'a str,
}

async fn queue(op: &mut Op<'_, '_>, row: &LabelRow, new: New<'_>) -> Result<PrintJobId, StationError> {
    let (warehouse, at, person) = (op.warehouse(), op.at(), op.person());
    let needs = Needs::of(&op.context.services.layouts, Kind::Shipping);
    let printer = choose(op, new.station, JobKind::ShippingLabel, &needs).await?;
    let services = &op.context.services;
    let contents = label::contents(op, new.parcel).await?;
    let (payload, hash) = sealed(row, contents, at, new.copy, services)?;
    // Nothing below may fail for a business reason.
    let values = args![
        warehouse,
        printer,
        new.station,
        new.parcel,
        new.waybill,
        new.copy,
        payload,
        hash,
        new.reason,
        person,
        at
    ];
    let (job,): (PrintJobId,) = op.tx.one("print job", sql::INSERT_JOB, values).await?;
    let data =
        json!({ "job": job, "waybill": row.waybill, "copy": new.copy, "printer": printer, "reason": new.reason });
    op.record("label.queued", ("parcel", new.parcel.0), &data);
    Ok(job)
}

fn sealed(
    row: &LabelRow,
    contents: Vec<ContentRow>,
    at: Timestamp,
    copy: i64,
    services: &Services,
) -> Result<(Vec<u8>, String), StationError> {
    let label = row.label(contents, &services.vault, at, copy)?;
    Ok(Content::ShippingLabel(Box::new(label)).seal(services)?)
}

async fn give_up(op: &mut Op<'_, '_>, job: &JobRow, why: &str) -> Result<(), DbError> {
    let at = op.at();
    op.tx.exec(sql::CANCEL_JOB, args![job.id, at, why]).await?;
    about(op, job, "label.given_up", &json!({ "job": job.id, "why": why }));
    Ok(())
}

/// Records an event about a job: on its parcel where it has one.
pub(super) fn about(op: &mut Op<'_, '_>, job: &JobRow, kind: &str, data: &serde_json::Value) {
    let subject = job.parcel.map_or(("print_job", job.id.0), |parcel| ("parcel", parcel.0));
    op.record(kind, subject, data);
}

/// A label is on paper: job, waybill number and parcel move on together. Says whether the job was still open.
pub(super) async fn came_out(op: &mut Op<'_, '_>, job: &JobRow, evidence: &str) -> Result<bool, DbError> {
    let at = op.at();
    if op.tx.exec(sql::SET_PRINTED, args![job.id, at, evidence]).await? != 1 {
        return Ok(false);
    }
    if let Some(waybill) = job.waybill {
        op.tx.exec(sql::WAYBILL_PRINTED, args![waybill]).await?;
    }
    if let Some(parcel) = job.parcel {
        op.tx.exec(sql::PARCEL_PRINTED, args![parcel, job.waybill]).await?;
    }
    about(op, job, "label.printed", &json!({ "job": job.id, "copy": job.copy, "evidence": evidence }));
    Ok(true)
}

/// What became of a print job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobDecided {
    /// The job.
    pub job_id: PrintJobId,
    /// Where it stands now.
    pub state: JobState,
    /// The job that prints it anew, where there is one.
    pub new_job_id: Option<PrintJobId>,
}

/// Prints a label again, marked R1 and so on. The waybill number stays.
#[derive(Debug, Serialize)]
pub struct ReprintLabel {
    /// Which parcel's.
    pub parcel: PlaceId,
    /// Why.
    pub reason: String,
    /// Where; the station's printer is used.
    pub station: Option<StationId>,
}

impl Operation for ReprintLabel {
    const KIND: &'static str = "label.reprint";
    type Answer = JobDecided;
    type Error = StationError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<JobDecided, StationError> {
        require(op, Right::Reprint)?;
        let reason = self.reason.trim();
        if reason.is_empty() {
            return Err(StationError::ReasonMissing {});
        }
        let row = label::read(op, self.parcel, self.station).await?;
        let waybill = printable(&row)?;
        let known: Option<JobRow> = op.tx.opt(sql::SELECT_DOCUMENT, args![self.parcel, waybill]).await?;
        let Some(job) = known else { return Err(StationError::NeverQueued { parcel: row.parcel }) };
        if job.state != JobState::Printed {
            return Err(wrong_state(&job));
        }
        let copy = next_copy(op, self.parcel, waybill).await?;
        let new = New { parcel: self.parcel, waybill, station: self.station.or(job.station), copy, reason };
        let new_job = queue(op, &row, new).await?;
        Ok(JobDecided { job_id: job.id, state: job.state, new_job_id: Some(new_job) })
    }
}

async fn next_copy(op: &mut Op<'_, '_>, parcel: PlaceId, waybill: WaybillId) -> Result<i64, DbError> {
    let (last,): (i64,) = op.tx.one("copy", sql::SELECT_LAST_COPY, args![parcel, waybill]).await?;
    Ok(last + 1)
}

/// A person says whether a label came out. If it didn't and is still wanted, it is printed anew, marked as a copy.
#[derive(Debug, Serialize)]
pub struct SettleDoubt {
    /// Which job.
    pub job: PrintJobId,
    /// Whether the label came out.
    pub came_out: bool,
    /// What the person saw, in their words.
    pub evidence: String,
}

impl Operation for SettleDoubt {
    const KIND: &'static str = "label.settle";
    type Answer = JobDecided;
    type Error = StationError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<JobDecided, StationError> {
        require(op, Right::Pack)?;
        let job = lock(op, self.job).await?;
        if !job.state.open_question() {
            return Err(wrong_state(&job));
        }
        let evidence = format!("person: {}", self.evidence.trim());
        if self.came_out {
            // Nothing below may fail for a business reason.
            came_out(op, &job, &evidence).await?;
            return Ok(JobDecided { job_id: job.id, state: JobState::Printed, new_job_id: None });
        }
        let new_job_id = again(op, &job, &evidence).await?;
        Ok(JobDecided { job_id: job.id, state: JobState::Cancelled, new_job_id })
    }
}

/// A label that did not come out is queued anew, unless nobody wants it any more.
async fn again(op: &mut Op<'_, '_>, job: &JobRow, evidence: &str) -> Result<Option<PrintJobId>, StationError> {
    let (Some(parcel), Some(waybill)) = (job.parcel, job.waybill) else {
        let new = papers::again(op, job).await?;
        give_up(op, job, &format!("not out, {evidence}")).await?;
        return Ok(Some(new));
    };
    let row = label::read(op, parcel, job.station).await?;
    op.tx.exec(sql::PARCEL_UNPRINTED, args![parcel, waybill]).await?;
    give_up(op, job, &format!("not out, {evidence}")).await?;
    if printable(&row).ok() != Some(waybill) {
        return Ok(None);
    }
    let copy = next_copy(op, parcel, waybill).await?;
    queue(op, &row, New { parcel, waybill, station: job.station, copy, reason: "did not come out" }).await.map(Some)
}

/// A label was scanned at a station: it exists, whatever its printer said.
#[derive(Debug, Serialize)]
pub struct ProveByScan {
    /// What was scanned.
    pub scan: String,
}

/// A label that was proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LabelProved {
    /// The parcel it belongs to.
    pub parcel_id: PlaceId,
    /// Whether this scan settled something that was open.
    pub settled: bool,
    /// Copies that were asked for beside the first: above 0, two labels may exist.
    pub copies: i64,
}

impl Operation for ProveByScan {
    const KIND: &'static str = "label.prove";
    type Answer = LabelProved;
    type Error = StationError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<LabelProved, StationError> {
        require(op, Right::Pack)?;
        let number = scanned(&self.scan);
        let warehouse = op.warehouse();
        let found: Option<(WaybillId, PlaceId, OrderId)> =
            op.tx.opt(sql::SELECT_LABEL_BY_NUMBER, args![warehouse, &number]).await?;
        let Some((waybill, parcel, _)) = found else { return Err(StationError::UnknownLabel { scanned: number }) };
        let _: Option<(String,)> = op.tx.opt(sql::LOCK_PARCEL, args![parcel]).await?;
        let proved = prove(op, parcel, waybill).await?;
        if !proved.printed {
            return Err(StationError::NotSent { scanned: number });
        }
        Ok(LabelProved { parcel_id: parcel, settled: proved.settled, copies: proved.copies })
    }
}

/// What a scan of a label says about its jobs.
#[derive(Clone, Copy, Debug)]
pub struct Proved {
    /// Whether a label exists.
    pub printed: bool,
    /// Whether the scan settled something that was open.
    pub settled: bool,
    /// Copies that were asked for beside the first.
    pub copies: i64,
}

/// Settles what is open about a label that somebody holds in their hands. The parcel must be locked.
///
/// # Errors
/// A failure of the database.
pub async fn prove(op: &mut Op<'_, '_>, parcel: PlaceId, waybill: WaybillId) -> Result<Proved, DbError> {
    let jobs: Vec<JobRow> = op.tx.all(sql::SELECT_JOBS_OF_PARCEL, args![parcel]).await?;
    let mut proved = Proved { printed: false, settled: false, copies: next_copy(op, parcel, waybill).await? - 1 };
    for job in jobs.iter().filter(|job| job.waybill == Some(waybill)) {
        if job.state.open_question() {
            proved.settled |= came_out(op, job, "scan").await?;
        }
        proved.printed |= job.state == JobState::Printed || job.state.open_question();
    }
    Ok(proved)
}

/// Moves a waiting job to another printer.
#[derive(Debug, Serialize)]
pub struct MoveJob {
    /// Which.
    pub job: PrintJobId,
    /// The other printer's code.
    pub printer: String,
}

impl Operation for MoveJob {
    const KIND: &'static str = "label.move";
    type Answer = JobDecided;
    type Error = StationError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<JobDecided, StationError> {
        require(op, Right::Pack)?;
        let printer = active_printer(op, &self.printer).await?;
        let job = lock(op, self.job).await?;
        if job.state != JobState::Queued {
            return Err(wrong_state(&job));
        }
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::MOVE_JOB, args![job.id, printer]).await?;
        about(op, &job, "label.moved", &json!({ "job": job.id, "from": job.printer, "to": printer }));
        Ok(JobDecided { job_id: job.id, state: job.state, new_job_id: None })
    }
}

/// An active printer by its code.
pub(super) async fn active_printer(op: &mut Op<'_, '_>, code: &str) -> Result<PrinterId, StationError> {
    let (warehouse, code) = (op.warehouse(), scanned(code));
    let found: Option<(PrinterId, bool)> = op.tx.opt(sql::SELECT_PRINTER_ID, args![warehouse, &code]).await?;
    match found {
        Some((printer, true)) => Ok(printer),
        Some((_, false)) => Err(StationError::PrinterInactive { printer: code }),
        None => Err(StationError::NotFound { what: "printer", code }),
    }
}

/// Tries a label again that could not be laid out, with what the order says now.
#[derive(Debug, Serialize)]
pub struct RetryJob {
    /// Which.
    pub job: PrintJobId,
}

impl Operation for RetryJob {
    const KIND: &'static str = "label.retry";
    type Answer = JobDecided;
    type Error = StationError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<JobDecided, StationError> {
        require(op, Right::Pack)?;
        let job = lock(op, self.job).await?;
        let JobState::Failed = job.state else { return Err(wrong_state(&job)) };
        let (JobKind::ShippingLabel, Some(parcel)) = (job.kind, job.parcel) else {
            // What it says was given with it: it may fit now, after another layout or another stock.
            op.tx.exec(sql::REQUEUE_PAPER, args![job.id]).await?;
            about(op, &job, "label.retried", &json!({ "job": job.id }));
            return Ok(JobDecided { job_id: job.id, state: JobState::Queued, new_job_id: None });
        };
        let row = label::read(op, parcel, job.station).await?;
        printable(&row)?;
        let (services, at) = (&op.context.services, op.at());
        let contents = label::contents(op, parcel).await?;
        let (payload, hash) = sealed(&row, contents, at, job.copy, services)?;
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::REQUEUE_FAILED, args![job.id, payload, hash]).await?;
        about(op, &job, "label.retried", &json!({ "job": job.id }));
        Ok(JobDecided { job_id: job.id, state: JobState::Queued, new_job_id: None })
    }
}
