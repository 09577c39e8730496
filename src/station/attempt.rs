//! One attempt to print: claimed durably before the first byte leaves, settled after the last.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::model::{Compression, Drawing, JobKind, JobState, PrinterLanguage, PrinterTransport};
use super::ops::{JobRow, about, came_out, lock};
use super::{StationError, sql};
use crate::db::{Command, Context, DbError, Op, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{PrintJobId, PrinterId, StationId, WarehouseId};
use crate::{args, row};

/// The weakest proof: the printer was at work and is at rest again.
pub const IDLE: &str = "idle";

/// How long an attempt may take before another worker calls its job in doubt. Longer than any attempt's own limits.
pub const LEASE_MS: i64 = 120_000;
/// How long a sent label waits for its scan before it is in doubt.
pub const PROOF_MS: i64 = 15 * 60_000;

row! {
    /// A printer, as an attempt needs it.
    #[derive(Debug, Clone)]
    pub struct PrinterRow {
        /// Its id.
        pub id: PrinterId,
        /// Its warehouse.
        pub warehouse: WarehouseId,
        /// Its code.
        pub code: String,
        /// How it is reached.
        pub transport: PrinterTransport,
        /// Where.
        pub address: String,
        /// What it understands.
        pub language: PrinterLanguage,
        /// Its density, in dots per metre.
        pub dots_per_m: i64,
        /// What is in it, in millimetres, as `100x150`.
        pub stock: String,
        /// How pictures are sent, in ZPL.
        pub compression: Compression,
        /// Who draws, in ZPL.
        pub drawing: Drawing,
        /// Prints turned by 180 degrees.
        pub turned: bool,
        /// Cuts after each label.
        pub cutter: bool,
        /// What holds it up; empty for nothing.
        pub fault: String,
        /// The station on whose packing PC it hangs; none for this machine.
        pub agent: Option<StationId>,
    }
}

row! {
    /// The first job of a queue.
    #[derive(Debug)]
    pub struct NextRow {
        /// Its id.
        pub id: PrintJobId,
        /// Attempts so far.
        pub attempts: i64,
        /// 0 for the first copy.
        pub copy: i64,
        /// What is printed.
        pub kind: JobKind,
        /// What is to be printed, sealed.
        pub payload: Option<Vec<u8>>,
        /// Where its parcel stands; empty for none.
        pub parcel_state: String,
        /// Where its order stands; empty for none.
        pub order_state: String,
        /// Where its waybill number stands; empty for none.
        pub waybill_state: String,
    }
}

/// A job that this worker, and nobody else, sends now.
#[derive(Debug)]
pub struct Claimed {
    /// The job.
    pub job: PrintJobId,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// The printer.
    pub printer: PrinterRow,
    /// What is to be printed, sealed.
    pub payload: Vec<u8>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ended", rename_all = "snake_case")]
pub enum Outcome {
    /// There is evidence that it is on paper.
    Printed {
        /// Which: `odometer`, `host_status`, `file`.
        evidence: String,
    },
    /// All bytes left, and nothing is known.
    Sent,
    /// Bytes left, and then something broke.
    InDoubt {
        /// What broke.
        error: String,
    },
    /// The printer can't print now; no byte of the job left.
    Held {
        /// The fault's code: `paper_out`, `offline`; empty where nothing is wrong with the printer.
        fault: String,
        /// What was seen, for a technician.
        error: String,
    },
    /// The job can't be laid out; no byte left.
    Unprintable {
        /// Why.
        error: String,
    },
}

/// Takes the first job of a printer's queue. `None` where there is none, or an attempt is under way.
pub struct Claim {
    /// Who and when.
    pub context: Context,
    /// Whose queue.
    pub printer: PrinterId,
}

impl Command for Claim {
    type Out = Option<Claimed>;
    type Error = StationError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Option<Claimed>, StationError> {
        let found: Option<PrinterRow> = tx.opt(sql::LOCK_PRINTER, args![self.printer]).await?;
        let Some(printer) = found else { return Ok(None) };
        let context = Context { warehouse: printer.warehouse, ..self.context.clone() };
        let mut op = Op { tx, context: &context };
        let busy: Option<(PrintJobId,)> = op.tx.opt(sql::SELECT_SENDING, args![printer.id]).await?;
        if busy.is_some() {
            return Ok(None);
        }
        while let Some(next) = op.tx.opt::<NextRow>(sql::SELECT_NEXT, args![printer.id]).await? {
            let at = op.at();
            match (unwanted(&next), next.payload) {
                (None, Some(payload)) => {
                    let values = args![next.id, at.plus_ms(LEASE_MS)];
                    op.tx.exec_one("print job", sql::SET_SENDING, values).await?;
                    return Ok(Some(Claimed { job: next.id, attempt: next.attempts + 1, printer, payload }));
                }
                (why, _) => {
                    let why = why.unwrap_or("nothing to print");
                    op.tx.exec(sql::CANCEL_JOB, args![next.id, at, why]).await?;
                    let data = json!({ "job": next.id, "why": why });
                    op.record("label.given_up", ("print_job", next.id.0), &data);
                }
            }
        }
        Ok(None)
    }
}

/// Why a label isn't wanted any more.
fn unwanted(next: &NextRow) -> Option<&'static str> {
    // Papers are asked for by people, also for what is gone.
    if next.kind != JobKind::ShippingLabel {
        return None;
    }
    if matches!(next.order_state.as_str(), "cancelled" | "intercepting") {
        return Some("the order was cancelled");
    }
    match next.parcel_state.as_str() {
        "" | "waybill_bound" | "label_printed" | "in_doubt" => {}
        "handed_over" => return Some("the parcel is with the carrier"),
        _ => return Some("the parcel was opened again"),
    }
    let live = matches!(next.waybill_state.as_str(), "" | "bound" | "printed");
    (!live).then_some("the waybill number was taken back")
}

/// Writes down how an attempt ended.
pub struct Finish {
    /// Who and when.
    pub context: Context,
    /// Which job.
    pub job: PrintJobId,
    /// Which attempt.
    pub attempt: i64,
    /// How it ended.
    pub outcome: Outcome,
    /// The station that says so, where one does: it is heard about printers that hang there.
    pub at: Option<StationId>,
}

impl Command for Finish {
    type Out = ();
    type Error = StationError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<(), StationError> {
        let mut op = Op { tx, context: &self.context };
        let job = lock(&mut op, self.job).await?;
        if let Some(station) = self.at {
            let there: Option<(PrinterId,)> = op.tx.opt(sql::SELECT_PRINTER_AT, args![job.printer, station]).await?;
            if there.is_none() {
                return Err(StationError::NotThere { job: job.id.to_string() });
            }
        }
        let sure = matches!(self.outcome, Outcome::Printed { .. } | Outcome::Held { .. });
        // Somebody else settled it meanwhile. What is sure still settles a doubt about the same attempt.
        let open = job.state == JobState::Sending || (sure && job.state == JobState::InDoubt);
        if job.attempts != self.attempt || !open {
            return Ok(());
        }
        let at = op.at();
        match &self.outcome {
            // Where a second one does harm, that the printer was at work is not enough: a scan is.
            Outcome::Printed { evidence } if evidence == IDLE && job.kind.harms_twice() => sent(&mut op, &job).await?,
            Outcome::Printed { evidence } => {
                came_out(&mut op, &job, evidence).await?;
            }
            Outcome::Sent => sent(&mut op, &job).await?,
            Outcome::InDoubt { error } => doubt(&mut op, &job, error).await?,
            Outcome::Held { error, .. } => {
                op.tx.exec(sql::SET_QUEUED, args![job.id, error]).await?;
                if let (JobState::InDoubt, Some(parcel)) = (job.state, job.parcel) {
                    op.tx.exec(sql::PARCEL_UNPRINTED, args![parcel, job.waybill]).await?;
                    about(&mut op, &job, "label.not_begun", &json!({ "job": job.id, "copy": job.copy }));
                }
            }
            Outcome::Unprintable { error } => {
                op.tx.exec(sql::SET_FAILED, args![job.id, error, at]).await?;
                about(&mut op, &job, "label.failed", &json!({ "job": job.id, "error": error }));
            }
        }
        fault(&mut op, job.printer, &self.outcome).await?;
        Ok(())
    }
}

async fn sent(op: &mut Op<'_, '_>, job: &JobRow) -> Result<(), DbError> {
    let at = op.at();
    if op.tx.exec(sql::SET_SENT, args![job.id, at]).await? == 1 {
        about(op, job, "label.sent", &json!({ "job": job.id, "copy": job.copy }));
    }
    Ok(())
}

/// Shows at the printer what holds it up, or that nothing does any more.
async fn fault(op: &mut Op<'_, '_>, printer: PrinterId, outcome: &Outcome) -> Result<(), DbError> {
    let (code, kind) = match outcome {
        Outcome::Held { fault, .. } if !fault.is_empty() => (fault.as_str(), "printer.held_up"),
        Outcome::Printed { .. } | Outcome::Sent => ("", "printer.clear"),
        // A broken connection, a label that can't be drawn or a program that ends says nothing about what holds the printer up.
        Outcome::Held { .. } | Outcome::InDoubt { .. } | Outcome::Unprintable { .. } => return Ok(()),
    };
    let at = (!code.is_empty()).then(|| op.at());
    if op.tx.exec(sql::SET_FAULT, args![printer, code, at]).await? == 1 {
        op.record(kind, ("printer", printer.0), &json!({ "fault": code }));
    }
    Ok(())
}

async fn doubt(op: &mut Op<'_, '_>, job: &JobRow, error: &str) -> Result<(), DbError> {
    if op.tx.exec(sql::SET_IN_DOUBT, args![job.id, error]).await? != 1 {
        return Ok(());
    }
    if let Some(parcel) = job.parcel {
        op.tx.exec(sql::PARCEL_IN_DOUBT, args![parcel, job.waybill]).await?;
    }
    about(op, job, "label.in_doubt", &json!({ "job": job.id, "copy": job.copy, "error": error }));
    Ok(())
}

/// Calls jobs in doubt whose worker is gone, and labels that nobody scanned in time. Gives how many.
pub struct Overdue {
    /// Who and when.
    pub context: Context,
    /// Whether no other worker can be alive: then every attempt that is under way has lost its worker.
    pub alone: bool,
}

impl Overdue {
    /// What the statement that finds them asks for.
    pub(super) fn values(at: Timestamp, alone: bool) -> crate::db::Values {
        args![at, alone, at.plus_ms(-PROOF_MS)]
    }
}

impl Command for Overdue {
    type Out = i64;
    type Error = StationError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<i64, StationError> {
        let values = Self::values(self.context.at, self.alone);
        let overdue: Vec<(PrintJobId, WarehouseId)> = tx.all(sql::SELECT_OVERDUE, values).await?;
        let mut count = 0;
        for (id, warehouse) in overdue {
            let context = Context { warehouse, ..self.context.clone() };
            let mut op = Op { tx, context: &context };
            let job = lock(&mut op, id).await?;
            let why = match job.state {
                JobState::Sending => "the worker stopped while it was sending",
                JobState::Sent => "nobody scanned the label in time",
                _ => continue,
            };
            doubt(&mut op, &job, why).await?;
            count += 1;
        }
        Ok(count)
    }
}
