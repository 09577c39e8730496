//! What the service and the program of a packing PC say to each other: JSON texts over one WebSocket that the packing PC
//! opens.

use serde::{Deserialize, Serialize};
use tallyman_drivers::discover;
use uuid::Uuid;

use crate::kernel::ids::{PrintJobId, StationId};
use crate::station::attempt::Outcome;
use crate::station::devices::{DeviceRole, DeviceState, StationEvent, StationRow};
use crate::station::send::Way;

/// The version of this language. A change that the other side can't read makes it another one, and sides that differ
/// don't talk.
pub const PROTOCOL: u32 = 1;

/// The program's own version, for people.
pub const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// Largest message that the service takes, in bytes: a list of devices and the longest code are far below.
pub const LARGEST_FROM_STATION: usize = 256 * 1024;
/// Largest message that a station takes, in bytes: a document of many pages.
pub const LARGEST_TO_STATION: usize = 32 * 1024 * 1024;

/// How often each side makes a sign of life.
pub const BEAT: std::time::Duration = std::time::Duration::from_secs(5);
/// After so long without one, the other side is gone.
pub const DEAD: std::time::Duration = std::time::Duration::from_secs(15);

/// What a station asks for when it connects, in the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    /// The version of this language that it speaks.
    pub protocol: u32,
    /// The version of its program.
    pub version: String,
    /// Whose numbers and jobs it keeps: another folder is another one.
    pub spool: Uuid,
}

/// One attempt at one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attempt {
    /// The job.
    pub job: PrintJobId,
    /// Which attempt.
    pub attempt: i64,
}

/// A device that hangs on a packing PC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundThere {
    /// `printer`, `scanner`, `scale`, `serial`, `keyboard_or_scanner`.
    pub role: String,
    /// Maker and model, as far as they are known.
    pub name: String,
    /// How settings name it.
    pub address: String,
    /// The language to propose for a printer.
    pub language: Option<String>,
    /// Why it can't be used, as a code; empty where it can.
    pub fault: String,
}

impl FoundThere {
    /// What hangs on this machine. Asks the system, which takes a while.
    #[must_use]
    pub fn here() -> Vec<Self> {
        let told = |found: discover::Found| Self {
            role: found.role.code().to_owned(),
            name: found.name,
            address: found.address.to_string(),
            language: found.language.map(|spoken| spoken.code().to_owned()),
            fault: found.trouble.map_or("", |error| error.kind.code()).to_owned(),
        };
        discover::devices().into_iter().map(told).collect()
    }
}

/// What a station says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum FromStation {
    /// The first word: attempts that it knows of. One that the service gave out and that is not among them never came.
    Hello {
        /// The attempts.
        attempts: Vec<Attempt>,
    },
    /// Something happened. Said again until it is heard.
    Event {
        /// Counts up for ever in one spool.
        number: u64,
        /// What.
        event: StationEvent,
    },
    /// A device stands differently.
    Stands {
        /// What it is for.
        role: DeviceRole,
        /// Where it is.
        device: String,
        /// How; nothing where it isn't wanted any more.
        state: Option<DeviceState>,
    },
    /// What hangs on the machine.
    Found {
        /// All of it.
        devices: Vec<FoundThere>,
    },
    /// An attempt has ended. Said again until it is noted.
    Ended {
        /// Which.
        #[serde(flatten)]
        attempt: Attempt,
        /// How.
        outcome: Outcome,
    },
}

/// What the service says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum ToStation {
    /// The station is this one, and has these devices. Said at the start and when it changes.
    Setup {
        /// Its id.
        station: StationId,
        /// Its code.
        code: String,
        /// The version of the service's program.
        version: String,
        /// Its scanner and its scale.
        devices: StationRow,
    },
    /// Every event up to this number is kept.
    Heard {
        /// The number.
        number: u64,
    },
    /// Print this.
    Print {
        /// Which attempt.
        #[serde(flatten)]
        attempt: Attempt,
        /// On which printer.
        way: Way,
        /// What it is called where it becomes a file.
        name: String,
        /// What the printer understands.
        #[serde(with = "base64_text")]
        bytes: Vec<u8>,
    },
    /// How an attempt ended is written down.
    Noted {
        /// Which.
        #[serde(flatten)]
        attempt: Attempt,
    },
}

mod base64_text {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        STANDARD.decode(text.as_bytes()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::model::{PrinterLanguage, PrinterTransport};

    #[test]
    fn messages_come_through_as_they_were() {
        let attempt = Attempt { job: PrintJobId(7), attempt: 2 };
        let way =
            Way { transport: PrinterTransport::Usb, address: "0a5f:00d3/1".into(), language: PrinterLanguage::Zpl };
        let print = ToStation::Print { attempt, way, name: "label.zpl".into(), bytes: vec![0, 255, b'^'] };
        let wire = serde_json::to_string(&print).unwrap();
        assert!(wire.contains(r#""say":"print","job":7,"attempt":2"#), "{wire}");
        assert_eq!(serde_json::from_str::<ToStation>(&wire).unwrap(), print);
        let ended = FromStation::Ended { attempt, outcome: Outcome::InDoubt { error: "after 9 bytes".into() } };
        let wire = serde_json::to_string(&ended).unwrap();
        assert_eq!(serde_json::from_str::<FromStation>(&wire).unwrap(), ended);
        assert!(serde_json::from_str::<ToStation>(r#"{"say":"print","job":7,"attempt":1,"bytes":"?"}"#).is_err());
    }
}
