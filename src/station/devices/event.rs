//! What scanners and scales of stations say, in words that any program reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tallyman_drivers::owner::Weighing;
use tallyman_drivers::scale::{Reading, Settled};
use tallyman_drivers::scanner;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::kernel::Timestamp;

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StationEvent {
    /// Counts up over all stations, and beyond the numbers of the service's earlier runs.
    pub sequence: i64,
    /// The event's own key, of the moment it happened. Whoever acts on a scan sends it as the operation key: a scan that
    /// is told twice, after a broken network, does nothing twice.
    #[schema(value_type = String, format = "uuid")]
    pub key: Uuid,
    /// When.
    pub at: Timestamp,
    /// What kind of device.
    pub role: DeviceRole,
    /// Which: where it is.
    pub device: String,
    /// What.
    pub event: Happened,
    /// What the code says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What kind of code it was, as `gs1_128`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbology: Option<String>,
    /// The word of a command card, as `UNDO`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// GS1 elements by application identifier, where the code holds some and all are valid.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub elements: BTreeMap<String, String>,
    /// A weight in grams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grams: Option<i64>,
    /// Why a device is gone, or what the scale shows, as a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl StationEvent {
    /// An event that says nothing more than that it happened.
    #[must_use]
    pub fn new(key: Uuid, at: Timestamp, (role, device): (DeviceRole, &str), event: Happened) -> Self {
        Self {
            sequence: 0,
            key,
            at,
            role,
            device: device.to_owned(),
            event,
            text: None,
            symbology: None,
            command: None,
            elements: BTreeMap::new(),
            grams: None,
            fault: None,
        }
    }

    /// Whether the moment is all that makes it worth telling: a weight of ten minutes ago is of another parcel.
    #[must_use]
    pub const fn passes(&self) -> bool {
        !matches!(self.event, Happened::Scan | Happened::Unreadable)
    }
}

/// How a device of a station stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceState {
    /// Which.
    pub role: DeviceRole,
    /// Where it is.
    pub address: String,
    /// Why it can't be used, as a code; empty where it is there.
    pub fault: String,
    /// What the scale shows now, still or not, in grams.
    pub shows_grams: Option<i64>,
}

/// What a scanner told. `None` for what is between it and its driver.
pub(super) fn scanned(event: scanner::Event, new: &dyn Fn(Happened) -> StationEvent) -> Option<StationEvent> {
    Some(match event {
        scanner::Event::Scan(scan) => {
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
        scanner::Event::TooLong | scanner::Event::NotText => new(Happened::Unreadable),
        scanner::Event::Answer(_) => return None,
    })
}

/// What a scale told. `None` for readings on their way to a weight: those are shown, and no event.
pub(super) fn weighed(event: Weighing, new: &dyn Fn(Happened) -> StationEvent) -> Option<StationEvent> {
    Some(match event {
        Weighing::Settled(Settled::Weight(milligrams)) => {
            StationEvent { grams: Some(grams(milligrams)), ..new(Happened::Weight) }
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
        Weighing::Reading(_) => return None,
    })
}

/// Milligrams as grams, rounded to the nearest.
pub(super) const fn grams(milligrams: i64) -> i64 {
    (milligrams + 500).div_euclid(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_rounded_to_the_nearest_gram() {
        assert_eq!([-1_600, -400, 0, 499, 500, 1_499].map(grams), [-2, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn only_what_was_read_is_worth_telling_later() {
        let lasting = Happened::ALL.iter().filter(|event| {
            !StationEvent::new(Uuid::nil(), Timestamp(0), (DeviceRole::Scanner, "tcp:1"), **event).passes()
        });
        assert_eq!(lasting.collect::<Vec<_>>(), [&Happened::Scan, &Happened::Unreadable]);
    }

    #[test]
    fn an_event_comes_through_the_wire_as_it_was() {
        let mut event =
            StationEvent::new(Uuid::from_u128(7), Timestamp(5), (DeviceRole::Scanner, "tcp:1"), Happened::Scan);
        event.text = Some("a\u{1d}b".into());
        event.elements.insert("01".into(), "06901234567892".into());
        let wire = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<StationEvent>(&wire).unwrap(), event);
    }
}
