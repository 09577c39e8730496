//! One task owns one scanner or scale, and what it tells becomes an event of its station.

use std::collections::BTreeMap;
use std::sync::Arc;

use tallyman_drivers::owner::{self, Told, Weighing};
use tallyman_drivers::scale::{Protocol, Reading};
use tallyman_drivers::scanner::{self, How};
use tallyman_drivers::transport::{Address, UsbKind};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::event::{self, DeviceRole, DeviceState, Happened, StationEvent};
use crate::kernel::clock::SharedClock;
use crate::kernel::ids::StationId;
use crate::kernel::random::{SharedRandom, uuid_v7};

/// Events of one device that wait to be kept.
const WAITING: usize = 256;

/// Who hears what devices say.
pub trait Hears: Send + Sync + 'static {
    /// Something happened.
    fn heard(&self, station: StationId, event: StationEvent);
    /// A device stands differently; `None` where it isn't wanted any more.
    fn stands(&self, station: StationId, role: DeviceRole, device: &str, state: Option<DeviceState>);
}

/// A device of a station: what it is for, and where it is.
pub type Key = (StationId, DeviceRole, String);

/// The devices that are wanted, and how each talks.
pub type Wanted = BTreeMap<Key, String>;

/// The tasks that own devices. They end with it.
pub struct Owners {
    own: Own,
    tasks: BTreeMap<Key, (String, JoinHandle<()>)>,
}

/// What each task needs.
#[derive(Clone)]
struct Own {
    hears: Arc<dyn Hears>,
    clock: SharedClock,
    random: SharedRandom,
}

impl Owners {
    /// Owns nothing yet.
    #[must_use]
    pub fn new(hears: Arc<dyn Hears>, clock: SharedClock, random: SharedRandom) -> Self {
        Self { own: Own { hears, clock, random }, tasks: BTreeMap::new() }
    }

    /// Lets go of what is no longer wanted, and takes what is new.
    pub fn settle(&mut self, wanted: Wanted) {
        self.tasks.retain(|key, (way, task)| {
            let stays = wanted.get(key) == Some(way) && !task.is_finished();
            if !stays {
                task.abort();
                self.own.hears.stands(key.0, key.1, &key.2, None);
            }
            stays
        });
        for (key, way) in wanted {
            let (station, role, address) = key.clone();
            self.tasks.entry(key).or_insert_with(|| {
                let device = Device { own: self.own.clone(), station, role, address };
                device.stands("not_found", None);
                (way.clone(), tokio::spawn(device.own(way)))
            });
        }
    }
}

impl Drop for Owners {
    fn drop(&mut self) {
        self.tasks.values().for_each(|(_, task)| task.abort());
    }
}

/// A device that a task owns.
struct Device {
    own: Own,
    station: StationId,
    role: DeviceRole,
    address: String,
}

impl Device {
    fn stands(&self, fault: &str, shows_grams: Option<i64>) {
        let state =
            DeviceState { role: self.role, address: self.address.clone(), fault: fault.to_owned(), shows_grams };
        self.own.hears.stands(self.station, self.role, &self.address, Some(state));
    }

    fn event(&self, event: Happened) -> StationEvent {
        let at = self.own.clock.now();
        // A machine without randomness has refused to start; a key of the time alone is still the event's own.
        let key = uuid_v7(self.own.random.as_ref(), at).unwrap_or_default();
        StationEvent::new(key, at, (self.role, &self.address), event)
    }

    /// Hears what was told; `of` makes an event of what is the device's own.
    fn told<T>(&self, told: Told<T>, of: impl Fn(T, &dyn Fn(Happened) -> StationEvent) -> Option<StationEvent>) {
        let new = |event: Happened| self.event(event);
        let event = match told {
            Told::Here => {
                self.stands("", None);
                Some(new(Happened::Here))
            }
            Told::Gone(error) => {
                self.stands(error.kind.code(), None);
                Some(StationEvent { fault: Some(error.kind.code().to_owned()), ..new(Happened::Gone) })
            }
            Told::Event(event) => of(event, &new),
        };
        if let Some(event) = event {
            self.own.hears.heard(self.station, event);
        }
    }

    async fn own(self, way: String) {
        // Both were checked when they were set.
        let Ok(address) = self.address.parse::<Address>() else { return };
        match self.role {
            DeviceRole::Scanner => {
                let Some(how) = How::named(&way) else { return };
                let (device, codec) = scanner::way(&address, how);
                let (into, mut told) = mpsc::channel(WAITING);
                let keeping = async {
                    while let Some(told) = told.recv().await {
                        self.told(told, event::scanned);
                    }
                };
                tokio::join!(owner::scanner(device, codec, into), keeping);
            }
            DeviceRole::Scale => {
                let Some(protocol) = Protocol::named(&way) else { return };
                let (into, mut told) = mpsc::channel(WAITING);
                let keeping = async {
                    while let Some(told) = told.recv().await {
                        match told {
                            Told::Event(Weighing::Reading(Reading::Weight { milligrams, .. })) => {
                                self.stands("", Some(event::grams(milligrams)));
                            }
                            Told::Event(Weighing::Reading(_)) => self.stands("", None),
                            told => self.told(told, event::weighed),
                        }
                    }
                };
                tokio::join!(owner::scale(address.device(UsbKind::Hid), protocol, into), keeping);
            }
        }
    }
}
