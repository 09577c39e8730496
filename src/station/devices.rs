//! Scanners and scales of stations that hang on this machine: one task owns each, and what they say is kept for a while,
//! numbered, for whoever asks from where they were.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use utoipa::ToSchema;

use tallyman_drivers::owner::{self, Told, Weighing};
use tallyman_drivers::scale::{Protocol, Reading, Settled};
use tallyman_drivers::scanner::{self, Event, How};
use tallyman_drivers::transport::{Address, UsbKind};

use super::sql;
use crate::app::App;
use crate::db::DbError;
use crate::kernel::Timestamp;
use crate::kernel::clock::SharedClock;
use crate::kernel::ids::{StationId, WarehouseId};
use crate::{args, row};

/// How many events of a station are kept.
const KEPT: usize = 1_000;
/// How often the setup is read again.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Events of one device that wait to be kept.
const WAITING: usize = 256;

crate::codes! {
    /// What a device of a station is for.
    pub enum DeviceRole {
        /// Reads codes.
        Scanner = "scanner",
        /// Weighs parcels.
        Scale = "scale",
    }
}

crate::codes! {
    /// What happened at a station.
    pub enum Happened {
        /// A code was read.
        Scan = "scan",
        /// Something was read that is too long or no text.
        Unreadable = "unreadable",
        /// A weight stands still: once for each time that something is put on the scale.
        Weight = "weight",
        /// The scale is empty again.
        Empty = "empty",
        /// The scale shows no number: over, under, or at fault.
        Trouble = "trouble",
        /// The scale says nothing.
        Silent = "silent",
        /// A device is there.
        Here = "here",
        /// A device is gone.
        Gone = "gone",
    }
}

/// Something that happened at a station.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StationEvent {
    /// Counts up, over all stations, from 1 at the start of the service.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// Which device.
    pub role: DeviceRole,
    /// What.
    pub event: Happened,
    /// What the code says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What kind of code it was, as `gs1_128`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbology: Option<String>,
    /// The word of a command card, as `UNDO`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// GS1 elements by application identifier, where the code holds some and all are valid.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub elements: BTreeMap<String, String>,
    /// A weight in grams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grams: Option<i64>,
    /// Why a device is gone, or what the scale shows, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// How a device of a station stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceState {
    /// Which.
    pub role: DeviceRole,
    /// Where it is.
    pub address: String,
    /// Why it can't be used, as a code; empty where it is there.
    pub fault: String,
}

/// What the devices of all stations said lately, and how they stand.
#[derive(Default)]
pub struct StationDevices {
    kept: Mutex<Kept>,
    /// The number of the last event.
    last: watch::Sender<i64>,
}

#[derive(Default)]
struct Kept {
    events: BTreeMap<StationId, VecDeque<StationEvent>>,
    states: BTreeMap<(StationId, DeviceRole), DeviceState>,
}

impl StationDevices {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, station: StationId, mut event: StationEvent) {
        let sequence = {
            // Numbered under the lock, so that numbers are kept in their order.
            let mut kept = self.kept();
            let sequence = *self.last.borrow() + 1;
            event.sequence = sequence;
            let events = kept.events.entry(station).or_default();
            events.push_back(event);
            if events.len() > KEPT {
                events.pop_front();
            }
            self.last.send_replace(sequence);
            sequence
        };
        tracing::debug!(station = station.0, sequence, "a device spoke");
    }

    /// The events of a station after a number, the oldest first; waits so long for the first one.
    pub async fn after(&self, station: StationId, sequence: i64, wait: Duration) -> Vec<StationEvent> {
        let mut last = self.last.subscribe();
        let waited = async {
            loop {
                last.borrow_and_update();
                let found: Vec<StationEvent> = {
                    let kept = self.kept();
                    let events = kept.events.get(&station).into_iter().flatten();
                    events.filter(|event| event.sequence > sequence).cloned().collect()
                };
                if !found.is_empty() || last.changed().await.is_err() {
                    return found;
                }
            }
        };
        tokio::time::timeout(wait, waited).await.unwrap_or_default()
    }

    /// The number of the last event of any station: from here on, whatever comes is new.
    #[must_use]
    pub fn last(&self) -> i64 {
        *self.last.borrow()
    }

    /// How the devices of a station stand.
    #[must_use]
    pub fn states(&self, station: StationId) -> Vec<DeviceState> {
        let kept = self.kept();
        kept.states.iter().filter(|((of, _), _)| *of == station).map(|(_, state)| state.clone()).collect()
    }
}

row! {
    /// A station with devices.
    #[derive(Debug)]
    pub struct StationRow {
        /// Its id.
        pub id: StationId,
        /// Where its scanner is; empty for none.
        pub scanner: String,
        /// How that talks.
        pub scanner_how: String,
        /// Where its scale is; empty for none.
        pub scale: String,
        /// What that speaks.
        pub scale_protocol: String,
    }
}

/// Which device a task owns.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spec {
    address: String,
    way: String,
}

/// Owns the devices of all stations until `shutdown` turns true.
pub async fn run(app: App, mut shutdown: watch::Receiver<bool>) {
    let mut owned: BTreeMap<(StationId, DeviceRole), (Spec, JoinHandle<()>)> = BTreeMap::new();
    while !*shutdown.borrow() {
        match wanted(&app).await {
            Ok(wanted) => settle(&app, &mut owned, wanted),
            Err(error) => tracing::error!(%error, "the devices of stations"),
        }
        tokio::select! {
            _ = shutdown.changed() => break,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    owned.into_values().for_each(|(_, task)| task.abort());
}

async fn wanted(app: &App) -> Result<BTreeMap<(StationId, DeviceRole), Spec>, DbError> {
    let read = app.db.read(|tx| Box::pin(async move { tx.all(sql::LIST_STATION_DEVICES, args![]).await }));
    let stations: Vec<StationRow> = read.await?;
    let devices = stations.into_iter().flat_map(|station| {
        [
            ((station.id, DeviceRole::Scanner), Spec { address: station.scanner, way: station.scanner_how }),
            ((station.id, DeviceRole::Scale), Spec { address: station.scale, way: station.scale_protocol }),
        ]
    });
    Ok(devices.filter(|(_, spec)| !spec.address.is_empty()).collect())
}

/// Lets go of what is no longer wanted, and takes what is new.
fn settle(
    app: &App,
    owned: &mut BTreeMap<(StationId, DeviceRole), (Spec, JoinHandle<()>)>,
    wanted: BTreeMap<(StationId, DeviceRole), Spec>,
) {
    owned.retain(|key, (spec, task)| {
        let stays = wanted.get(key) == Some(spec) && !task.is_finished();
        if !stays {
            task.abort();
            app.devices.kept().states.remove(key);
        }
        stays
    });
    for (key, spec) in wanted {
        owned.entry(key).or_insert_with(|| {
            let (station, role) = key;
            let state = DeviceState { role, address: spec.address.clone(), fault: "not_found".to_owned() };
            app.devices.kept().states.insert(key, state);
            let task = tokio::spawn(own(app.clone(), station, role, spec.clone()));
            (spec, task)
        });
    }
}

async fn own(app: App, station: StationId, role: DeviceRole, spec: Spec) {
    // Both were checked when they were set.
    let Ok(address) = spec.address.parse::<Address>() else { return };
    match role {
        DeviceRole::Scanner => {
            let Some(how) = How::named(&spec.way) else { return };
            let (device, codec) = scanner::way(&address, how);
            let (into, mut told) = mpsc::channel(WAITING);
            let keeping = async {
                while let Some(told) = told.recv().await {
                    keep(&app, station, role, told, scanned);
                }
            };
            tokio::join!(owner::scanner(device, codec, into), keeping);
        }
        DeviceRole::Scale => {
            let Some(protocol) = Protocol::named(&spec.way) else { return };
            let (into, mut told) = mpsc::channel(WAITING);
            let keeping = async {
                while let Some(told) = told.recv().await {
                    keep(&app, station, role, told, weighed);
                }
            };
            tokio::join!(owner::scale(address.device(UsbKind::Hid), protocol, into), keeping);
        }
    }
}

fn blank(clock: &SharedClock, role: DeviceRole, event: Happened) -> StationEvent {
    StationEvent {
        sequence: 0,
        at: clock.now(),
        role,
        event,
        text: None,
        symbology: None,
        command: None,
        elements: BTreeMap::new(),
        grams: None,
        fault: None,
    }
}

/// Keeps what a device told; `of` makes an event of what is its own.
fn keep<T>(
    app: &App,
    station: StationId,
    role: DeviceRole,
    told: Told<T>,
    of: impl Fn(T, &dyn Fn(Happened) -> StationEvent) -> Option<StationEvent>,
) {
    let new = |event: Happened| blank(&app.clock, role, event);
    let fault = |fault: &str| {
        if let Some(state) = app.devices.kept().states.get_mut(&(station, role)) {
            fault.clone_into(&mut state.fault);
        }
    };
    let event = match told {
        Told::Here => {
            fault("");
            Some(new(Happened::Here))
        }
        Told::Gone(error) => {
            fault(error.kind.code());
            Some(StationEvent { fault: Some(error.kind.code().to_owned()), ..new(Happened::Gone) })
        }
        Told::Event(event) => of(event, &new),
    };
    if let Some(event) = event {
        app.devices.push(station, event);
    }
}

fn scanned(event: Event, new: &dyn Fn(Happened) -> StationEvent) -> Option<StationEvent> {
    Some(match event {
        Event::Scan(scan) => {
            let elements = scan.elements().and_then(Result::ok);
            let pairs = elements.iter().flat_map(|all| all.elements());
            StationEvent {
                elements: pairs.map(|pair| (pair.identifier.clone(), pair.value.clone())).collect(),
                symbology: scan
                    .symbology
                    .and_then(|found| serde_json::to_value(found).ok()?.as_str().map(str::to_owned)),
                command: scan.command().map(str::to_owned),
                text: Some(scan.text),
                ..new(Happened::Scan)
            }
        }
        Event::TooLong | Event::NotText => new(Happened::Unreadable),
        Event::Answer(_) => return None,
    })
}

fn weighed(event: Weighing, new: &dyn Fn(Happened) -> StationEvent) -> Option<StationEvent> {
    Some(match event {
        Weighing::Settled(Settled::Weight(milligrams)) => {
            StationEvent { grams: Some((milligrams + 500) / 1_000), ..new(Happened::Weight) }
        }
        Weighing::Settled(Settled::Empty) => new(Happened::Empty),
        Weighing::Settled(Settled::Trouble(reading)) => {
            let fault = match reading {
                Reading::Over => "over",
                Reading::Under => "under",
                Reading::Fault => "fault",
                Reading::Unreadable | Reading::Weight { .. } => "unreadable",
            };
            StationEvent { fault: Some(fault.to_owned()), ..new(Happened::Trouble) }
        }
        Weighing::Silent => new(Happened::Silent),
        // Readings on their way to a weight are for a display at the scale.
        Weighing::Reading(_) => return None,
    })
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
