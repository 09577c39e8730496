//! Scanners and scales of stations: one task owns each, and what they say is kept for a while, numbered, for whoever asks
//! from where they were. They hang on this machine, or on a packing PC whose program brings what they say.

pub mod event;
pub mod kept;
pub mod own;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

pub use event::{DeviceRole, DeviceState, Happened, StationEvent};
pub use kept::StationDevices;
use own::{Hears, Owners, Wanted};

use super::sql;
use crate::app::App;
use crate::db::DbError;
use crate::kernel::ids::{StationId, WarehouseId};
use crate::{args, row};

/// How often the setup is read again.
const LOOK_EVERY: Duration = Duration::from_secs(2);

row! {
    /// The devices of a station.
    #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    pub struct StationRow {
        /// Its id.
        pub id: StationId,
        /// Where its scanners are, with semicolons; empty for none.
        pub scanner: String,
        /// How that talks.
        pub scanner_how: String,
        /// Where its scale is; empty for none.
        pub scale: String,
        /// What that speaks.
        pub scale_protocol: String,
    }
}

impl StationRow {
    /// What is to be owned for it.
    #[must_use]
    pub fn wanted(self) -> Wanted {
        let scanners = several(&self.scanner)
            .map(|scanner| ((self.id, DeviceRole::Scanner, scanner.to_owned()), self.scanner_how.clone()));
        let scales = several(&self.scale)
            .map(|scale| ((self.id, DeviceRole::Scale, scale.to_owned()), self.scale_protocol.clone()));
        scanners.chain(scales).collect()
    }
}

/// The addresses of a list with semicolons.
pub(super) fn several(list: &str) -> impl Iterator<Item = &str> {
    list.split(';').map(str::trim).filter(|address| !address.is_empty())
}

impl Hears for App {
    fn heard(&self, station: StationId, event: StationEvent) {
        self.devices.push(station, event);
    }

    fn stands(&self, station: StationId, role: DeviceRole, device: &str, state: Option<DeviceState>) {
        self.devices.stands(station, role, device, state);
    }
}

/// Owns the devices on this machine until `shutdown` turns true.
pub async fn run(app: App, mut shutdown: watch::Receiver<bool>) {
    let random = Arc::clone(&app.services.random);
    let mut owners = Owners::new(Arc::new(app.clone()), Arc::clone(&app.clock), random);
    while !*shutdown.borrow() {
        let read = app.db.read(|tx| Box::pin(async move { tx.all(sql::LIST_STATION_DEVICES, args![]).await }));
        match read.await {
            Ok::<Vec<StationRow>, DbError>(rows) => {
                owners.settle(rows.into_iter().flat_map(StationRow::wanted).collect());
            }
            Err(error) => tracing::error!(%error, "the devices of stations"),
        }
        tokio::select! {
            _ = shutdown.changed() => break,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// A station by its code.
///
/// # Errors
/// A failure of the database.
pub async fn station(app: &App, warehouse: WarehouseId, code: &str) -> Result<Option<StationId>, DbError> {
    let code = crate::kernel::text::scanned(code);
    let found: Option<(StationId,)> = app
        .db
        .read(|tx| Box::pin(async move { tx.opt(sql::SELECT_STATION_ID, args![warehouse, &code]).await }))
        .await?;
    Ok(found.map(|(station,)| station))
}
