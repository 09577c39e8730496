//! What a packing station shows: the parcel, the papers, the label's job, and the devices in a sentence each.

use super::model::{Message, PackAt, Screen, Surface};
use super::scan::{Standing, standing};
use super::sql;
use crate::args;
use crate::db::{DbError, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{PersonId, PrintJobId, WarehouseId};
use crate::kernel::vault::Vault;
use crate::packing::PackError;
use crate::packing::query::{ParcelView, WaitingTote, parcel, waiting};
use crate::shipping::query::{
    CarrierView, ManifestFilter, ManifestSummary, ManifestView, carriers, manifest, manifests,
};
use crate::shipping::{ManifestState, ShippingError};
use crate::station::model::JobState;
use crate::station::query::{PrinterView, StationView, printers, stations};

/// Most totes that the first screen lists.
const MOST_TOTES: i64 = 12;

/// A station's screen.
pub struct BenchView {
    /// The version of the step.
    pub version: i64,
    /// The step's name.
    pub step: &'static str,
    /// What stands on the screen.
    pub message: Option<Message>,
    /// The station that the browser stands at.
    pub station: Option<StationView>,
    /// Its label printer.
    pub printer: Option<PrinterView>,
    /// Other printers, to print at instead.
    pub others: Vec<String>,
    /// What it is about.
    pub body: BenchBody,
}

/// What a station's screen is about.
pub enum BenchBody {
    /// No station was scanned yet.
    NoStation(Vec<StationView>),
    /// The next tote; those that wait.
    Tote(Vec<WaitingTote>),
    /// Somebody else has begun it.
    TakeOver,
    /// A parcel.
    Parcel(Box<OnBench>),
    /// The hand-over: which carrier?
    Carriers(Vec<CarrierView>, Vec<ManifestSummary>),
    /// The hand-over: parcels onto the list.
    Manifest(Box<ManifestView>),
}

/// A parcel on the bench.
pub struct OnBench {
    /// Where with it.
    pub at: PackAt,
    /// The parcel.
    pub parcel: ParcelView,
    /// Its label's job, and where it stands.
    pub job: Option<(PrintJobId, JobState)>,
    /// Pieces that are in, of all.
    pub verified: i64,
    /// Pieces that belong in.
    pub expected: i64,
}

/// Reads a station's screen.
///
/// # Errors
/// A failure of the database; personal data of another key file.
pub async fn bench(
    tx: &mut Tx<'_>,
    vault: &Vault,
    warehouse: WarehouseId,
    person: PersonId,
    now: Timestamp,
    station: &str,
) -> Result<BenchView, PackError> {
    let Standing { version, state, .. } = standing(tx, person, Surface::Station).await?;
    let all = stations(tx, warehouse).await?;
    let station = all.iter().find(|found| found.code == station).cloned();
    let printers = printers(tx, warehouse, now).await?;
    let printer = station.as_ref().and_then(|station| station.label_printer.clone());
    let printer = printer.and_then(|code| printers.iter().find(|printer| printer.code == code).cloned());
    let own = printer.as_ref().map(|printer| printer.code.clone());
    let others =
        printers.iter().filter(|other| other.active && other.fault.is_empty() && Some(&other.code) != own.as_ref());
    let others = others.map(|printer| printer.code.clone()).take(3).collect();
    let body = match (&station, state.screen) {
        (_, Screen::Out) => hand_over(tx, warehouse, state.pack.manifest).await?,
        (None, _) => BenchBody::NoStation(all),
        _ => match state.pack.parcel {
            None if state.pack.at == PackAt::TakeOver => BenchBody::TakeOver,
            None => BenchBody::Tote(waiting(tx, warehouse, MOST_TOTES).await?),
            Some(id) => {
                let view = parcel(tx, vault, warehouse, id).await?;
                let job = tx.opt(sql::SELECT_LABEL_JOB, args![id]).await?;
                let verified = view.lines.iter().map(|line| line.verified).sum();
                let expected = view.lines.iter().map(|line| line.expected).sum();
                BenchBody::Parcel(Box::new(OnBench { at: state.pack.at, parcel: view, job, verified, expected }))
            }
        },
    };
    Ok(BenchView { version, step: state.step(), message: state.message, station, printer, others, body })
}

async fn hand_over(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    open: Option<crate::kernel::ids::ManifestId>,
) -> Result<BenchBody, DbError> {
    if let Some(id) = open {
        match manifest(tx, warehouse, id).await {
            Ok(view) if view.manifest.state == ManifestState::Open => return Ok(BenchBody::Manifest(Box::new(view))),
            Ok(_) | Err(ShippingError::NotFound { .. }) => {}
            Err(ShippingError::Db(error)) => return Err(error),
            Err(other) => return Err(DbError::Form(other.to_string())),
        }
    }
    let filter = ManifestFilter { state: Some(ManifestState::Open), limit: 6, ..ManifestFilter::default() };
    let open = manifests(tx, warehouse, &filter).await?;
    Ok(BenchBody::Carriers(carriers(tx).await?, open))
}
