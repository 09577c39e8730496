//! Looking at printers, stations and print jobs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{AWAY_AFTER_MS, Compression, Drawing, JobKind, JobState, PrinterLanguage, PrinterTransport};
use super::{StationError, sql};
use crate::db::{DbError, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{PlaceId, PrintJobId, PrinterId, StationId, WarehouseId};
use crate::{args, row};

row! {
    /// A printer and its queue.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct PrinterView {
        /// Its id.
        pub id: PrinterId,
        /// Its code.
        pub code: String,
        /// Its name.
        pub name: String,
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
        /// Whether it is in use.
        pub active: bool,
        /// What holds its queue up, as a code; empty for nothing.
        pub fault: String,
        /// Since when.
        pub fault_at: Option<Timestamp>,
        /// Jobs that wait or are under way.
        pub waiting: i64,
        /// Jobs of which nobody knows yet whether they are on paper.
        pub open_questions: i64,
        /// The station on whose packing PC it hangs; empty for the machine of the service.
        pub station: String,
    }
}

row! {
    /// A station.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct StationView {
        /// Its id.
        pub id: StationId,
        /// Its code.
        pub code: String,
        /// Its name.
        pub name: String,
        /// The code of its label printer.
        pub label_printer: Option<String>,
        /// Where its scanners are, with semicolons; empty for none.
        pub scanner: String,
        /// How that talks.
        pub scanner_how: String,
        /// Where its scale is; empty for none.
        pub scale: String,
        /// What that speaks.
        pub scale_protocol: String,
        /// Whether its devices hang on a packing PC of its own, where `tallyman station` runs.
        pub agent: bool,
        /// The version of that program.
        pub agent_version: String,
        /// When it was last seen; 0 where it is gone.
        pub agent_seen_at: Timestamp,
    }
}

row! {
    /// A print job, without what is printed.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct JobView {
        /// Its id.
        pub id: PrintJobId,
        /// What is printed.
        pub kind: JobKind,
        /// Where it stands.
        pub state: JobState,
        /// 0 for the first copy, then R1, R2.
        pub copy: i64,
        /// Attempts so far.
        pub attempts: i64,
        /// The printer's code.
        pub printer: String,
        /// The station's code; empty for none.
        pub station: String,
        /// The parcel.
        pub parcel_id: Option<PlaceId>,
        /// The parcel's number.
        pub parcel: String,
        /// The order's number.
        pub order: String,
        /// The waybill number.
        pub waybill: String,
        /// What proves it, or why it was given up.
        pub evidence: String,
        /// What went wrong last.
        pub error: String,
        /// Why it is printed again.
        pub reason: String,
        /// Who asked for it: their number.
        pub person: String,
        /// When it was asked for.
        pub created_at: Timestamp,
        /// When its last byte left.
        pub sent_at: Option<Timestamp>,
        /// When it was settled.
        pub settled_at: Option<Timestamp>,
    }
}

/// Which jobs a list shows.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct JobFilter {
    /// In this state; `open` for those that need a person.
    pub state: Option<String>,
    /// Of this printer.
    pub printer: Option<String>,
    /// Of this parcel.
    pub parcel: Option<PlaceId>,
    /// Older than this job.
    pub before: Option<PrintJobId>,
    /// Most rows; 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Every printer, by code, as it stands now.
///
/// # Errors
/// A failure of the database.
pub async fn printers(tx: &mut Tx<'_>, warehouse: WarehouseId, at: Timestamp) -> Result<Vec<PrinterView>, DbError> {
    tx.all(sql::LIST_PRINTERS, args![warehouse, at.plus_ms(-AWAY_AFTER_MS)]).await
}

/// Every station, by code.
///
/// # Errors
/// A failure of the database.
pub async fn stations(tx: &mut Tx<'_>, warehouse: WarehouseId) -> Result<Vec<StationView>, DbError> {
    tx.all(sql::LIST_STATIONS, args![warehouse]).await
}

/// Which printers stations use for kinds of their own.
///
/// # Errors
/// A failure of the database.
pub async fn station_printers(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
) -> Result<Vec<(StationId, JobKind, String)>, DbError> {
    tx.all(sql::LIST_STATION_PRINTERS, args![warehouse]).await
}

/// Print jobs, the newest first.
///
/// # Errors
/// A failure of the database.
pub async fn jobs(tx: &mut Tx<'_>, warehouse: WarehouseId, filter: &JobFilter) -> Result<Vec<JobView>, DbError> {
    let values = args![
        warehouse,
        filter.state.as_deref().unwrap_or_default(),
        filter.printer.as_deref().unwrap_or_default(),
        filter.parcel.map_or(0, |id| id.0),
        filter.before.map_or(0, |id| id.0),
        0_i64,
        filter.limit.unwrap_or(100).clamp(1, 1000)
    ];
    tx.all(sql::LIST_JOBS, values).await
}

/// One print job.
///
/// # Errors
/// [`StationError::NotFound`].
pub async fn job(tx: &mut Tx<'_>, warehouse: WarehouseId, job: PrintJobId) -> Result<JobView, StationError> {
    let found = tx.opt(sql::LIST_JOBS, args![warehouse, "", "", 0_i64, 0_i64, job, 1_i64]).await?;
    found.ok_or_else(|| StationError::NotFound { what: "print job", code: job.to_string() })
}
