//! What the devices of all stations said lately, and how they stand.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::event::{DeviceRole, DeviceState, StationEvent};
use crate::kernel::ids::StationId;

/// How many events of a station are kept.
const KEPT: usize = 1_000;
/// How many devices of a station are kept: what a packing PC says must not fill the memory.
const DEVICES: usize = 64;

/// What the devices of all stations said lately, and how they stand.
pub struct StationDevices {
    kept: Mutex<Kept>,
    /// The number of the last event.
    last: watch::Sender<i64>,
}

#[derive(Default)]
struct Kept {
    events: BTreeMap<StationId, VecDeque<StationEvent>>,
    states: BTreeMap<(StationId, DeviceRole, String), DeviceState>,
}

impl Kept {
    fn devices_of(&self, station: StationId) -> usize {
        self.states.keys().filter(|(of, ..)| *of == station).count()
    }
}

impl StationDevices {
    /// Numbers events from a number on. The milliseconds of the start are beyond what any earlier run gave out.
    #[must_use]
    pub fn starting_at(number: i64) -> Self {
        Self { kept: Mutex::default(), last: watch::Sender::new(number) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an event under the next number, and wakes whoever waits for one.
    pub fn push(&self, station: StationId, mut event: StationEvent) {
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

    /// Sets how a device stands; `None` where the station has it no more.
    pub fn stands(&self, station: StationId, role: DeviceRole, device: &str, state: Option<DeviceState>) {
        let mut kept = self.kept();
        let key = (station, role, device.to_owned());
        match state {
            Some(_) if !kept.states.contains_key(&key) && kept.devices_of(station) >= DEVICES => None,
            Some(state) => kept.states.insert(key, state),
            None => kept.states.remove(&key),
        };
    }

    /// How the devices of a station stand.
    #[must_use]
    pub fn states(&self, station: StationId) -> Vec<DeviceState> {
        let kept = self.kept();
        kept.states.iter().filter(|((of, ..), _)| *of == station).map(|(_, state)| state.clone()).collect()
    }

    /// The last thing that a device of a station said, as long as it is kept.
    #[must_use]
    pub fn last_of(&self, station: StationId, role: DeviceRole, device: &str) -> Option<StationEvent> {
        let kept = self.kept();
        let mut events = kept.events.get(&station)?.iter().rev();
        events.find(|event| event.role == role && event.device == device).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Timestamp;
    use crate::station::devices::Happened;
    use uuid::Uuid;

    #[tokio::test]
    async fn what_is_kept_of_a_station_is_bounded() {
        let (devices, station) = (StationDevices::starting_at(0), StationId(1));
        let now = Duration::ZERO;
        for n in 0..2 * KEPT {
            let key = Uuid::from_u128(u128::try_from(n).unwrap());
            let event = StationEvent::new(key, Timestamp(0), (DeviceRole::Scanner, "tcp:1"), Happened::Scan);
            devices.push(station, event);
            let device = format!("tcp:{n}");
            let state = DeviceState {
                role: DeviceRole::Scanner,
                address: device.clone(),
                fault: String::new(),
                shows_grams: None,
            };
            devices.stands(station, DeviceRole::Scanner, &device, Some(state));
        }
        assert_eq!(devices.after(station, 0, now).await.len(), KEPT);
        assert_eq!(devices.states(station).len(), DEVICES);
        // One that is known still changes, and goes.
        devices.stands(station, DeviceRole::Scanner, "tcp:1", None);
        assert_eq!(devices.states(station).len(), DEVICES - 1);
        assert!(devices.last_of(station, DeviceRole::Scanner, "tcp:1").is_some());
        assert!(devices.last_of(station, DeviceRole::Scale, "tcp:1").is_none());
    }
}
