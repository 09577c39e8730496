//! What a packing PC must not forget: scans that the service has not heard yet, and attempts to print whose end it has not
//! noted. In a folder of its own, so that it outlives the program.
//!
//! What is printed is not kept: it holds personal data, and an attempt of which no byte left is simply given back.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::wire::Attempt;
use crate::station::attempt::Outcome;
use crate::station::devices::StationEvent;
use crate::station::model::STATION_AWAY;

/// Most events that wait to be heard. Far beyond what people scan while they wait for a network.
const MOST: usize = 10_000;
/// When the file of events is written anew, in bytes.
const ANEW: u64 = 4 * 1024 * 1024;
/// How many events one start of the program may number.
const NUMBERS: u32 = 32;

/// Why a spool can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Another program uses it.
    #[error("{} is in use by another program", .0.display())]
    InUse(PathBuf),
    /// The disk refused.
    #[error("{}: {why}", .path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
}

/// How far an attempt came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Stage {
    /// It came; no byte has left.
    Taken,
    /// Bytes may have left.
    Sending,
    /// It has ended.
    Ended { outcome: Outcome },
}

#[derive(Serialize, Deserialize)]
struct Line {
    number: u64,
    event: StationEvent,
}

/// What a packing PC must not forget.
pub struct Spool {
    folder: PathBuf,
    id: Uuid,
    state: Mutex<State>,
    _lock: File,
}

struct State {
    next: u64,
    waiting: VecDeque<(u64, StationEvent)>,
    events: File,
    written: u64,
    attempts: BTreeMap<Attempt, Stage>,
}

impl Spool {
    /// Opens the spool of a folder, and makes it where it isn't there. `fresh` names a new one. Attempts that were cut off
    /// have ended by that: as not begun, or in doubt.
    ///
    /// # Errors
    /// [`SpoolError`].
    pub fn open(folder: &Path, fresh: Uuid) -> Result<Self, SpoolError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |why| SpoolError::Disk { path, why }
        };
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        let lock_path = folder.join("lock");
        let lock = File::create(&lock_path).map_err(at(&lock_path))?;
        lock.try_lock().map_err(|_| SpoolError::InUse(folder.to_owned()))?;
        let id = kept(folder, "id", fresh).map_err(at(&folder.join("id")))?;
        // Numbers go on where no earlier start can have come to, whatever was lost of it.
        let start = kept::<u64>(folder, "starts", 0).map_err(at(&folder.join("starts")))? + 1;
        write_durably(folder, "starts", start.to_string().as_bytes()).map_err(at(&folder.join("starts")))?;

        let path = folder.join("events.jsonl");
        let old = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            read => read.map_err(at(&path))?,
        };
        // The last line may have been cut off with the power.
        let lines = old.lines().map_while(|line| serde_json::from_str::<Line>(line).ok());
        let waiting: VecDeque<_> = lines.map(|line| (line.number, line.event)).collect();
        let events = OpenOptions::new().create(true).append(true).open(&path).map_err(at(&path))?;
        let written = u64::try_from(old.len()).unwrap_or_default();
        let attempts = attempts(folder).map_err(at(folder))?;
        let state = State { next: start << NUMBERS, waiting, events, written, attempts };
        let spool = Self { folder: folder.to_owned(), id, state: Mutex::new(state), _lock: lock };
        // A cut line would spoil the next one.
        spool.write_anew(&mut spool.state()).map_err(at(&path))?;
        spool.end_what_was_cut_off().map_err(at(folder))?;
        Ok(spool)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What tells this spool from another one.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Keeps an event until it is heard. `durably` where nobody will hear it soon: then it outlives a power cut too.
    /// Says whether there was room.
    ///
    /// # Errors
    /// Where the disk refuses; the event is kept in memory all the same.
    pub fn push(&self, event: StationEvent, durably: bool) -> std::io::Result<bool> {
        let mut state = self.state();
        if state.waiting.len() >= MOST {
            return Ok(false);
        }
        let number = state.next;
        state.next += 1;
        let lasts = !event.passes();
        let line = Line { number, event };
        let text = if lasts { serde_json::to_string(&line)? + "\n" } else { String::new() };
        state.waiting.push_back((number, line.event));
        if lasts {
            state.events.write_all(text.as_bytes())?;
            state.written += u64::try_from(text.len()).unwrap_or_default();
            if durably {
                state.events.sync_data()?;
            }
        }
        Ok(true)
    }

    /// Events that wait to be heard, after a number.
    #[must_use]
    pub fn waiting(&self, after: u64) -> Vec<(u64, StationEvent)> {
        self.state().waiting.iter().filter(|(number, _)| *number > after).cloned().collect()
    }

    /// Forgets events whose moment has passed; of each device the last one may still hold.
    pub fn forget_passed(&self) {
        let mut state = self.state();
        let last: BTreeMap<_, _> = state.waiting.iter().map(|(number, event)| (event.role, *number)).collect();
        state.waiting.retain(|(number, event)| !event.passes() || last.get(&event.role) == Some(number));
    }

    /// Every event up to this number was heard.
    ///
    /// # Errors
    /// Where the disk refuses: they would be told again after the next start.
    pub fn heard(&self, number: u64) -> std::io::Result<()> {
        let mut state = self.state();
        state.waiting.retain(|(waiting, _)| *waiting > number);
        let empty = state.waiting.iter().all(|(_, event)| event.passes());
        if state.written > 0 && empty {
            state.events.set_len(0)?;
            state.written = 0;
        } else if state.written > ANEW {
            self.write_anew(&mut state)?;
        }
        Ok(())
    }

    fn write_anew(&self, state: &mut State) -> std::io::Result<()> {
        let lasting = state.waiting.iter().filter(|(_, event)| !event.passes());
        let mut text = String::new();
        for (number, event) in lasting {
            text += &serde_json::to_string(&Line { number: *number, event: event.clone() })?;
            text.push('\n');
        }
        write_durably(&self.folder, "events.jsonl", text.as_bytes())?;
        state.events = OpenOptions::new().append(true).open(self.folder.join("events.jsonl"))?;
        state.written = u64::try_from(text.len()).unwrap_or_default();
        Ok(())
    }

    /// An attempt has come. `false` where it came before: nothing is to be done then.
    ///
    /// # Errors
    /// Where the disk refuses: the attempt must not be begun then.
    pub fn take(&self, attempt: Attempt) -> std::io::Result<bool> {
        let mut state = self.state();
        if state.attempts.contains_key(&attempt) {
            return Ok(false);
        }
        self.write(attempt, &Stage::Taken)?;
        state.attempts.insert(attempt, Stage::Taken);
        Ok(true)
    }

    /// Bytes are about to leave.
    ///
    /// # Errors
    /// Where the disk refuses: no byte may leave then.
    pub fn about_to_send(&self, attempt: Attempt) -> std::io::Result<()> {
        self.write(attempt, &Stage::Sending)?;
        self.state().attempts.insert(attempt, Stage::Sending);
        Ok(())
    }

    /// An attempt has ended.
    ///
    /// # Errors
    /// Where the disk refuses: should the program end before the service hears of it, the attempt is in doubt.
    pub fn ended(&self, attempt: Attempt, outcome: Outcome) -> std::io::Result<()> {
        let stage = Stage::Ended { outcome };
        let written = self.write(attempt, &stage);
        self.state().attempts.insert(attempt, stage);
        written
    }

    /// The service knows how an attempt ended.
    ///
    /// # Errors
    /// Where the disk refuses: it would be told again after the next start.
    pub fn noted(&self, attempt: Attempt) -> std::io::Result<()> {
        self.state().attempts.remove(&attempt);
        match std::fs::remove_file(self.folder.join(file_of(attempt))) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Every attempt that it knows of.
    #[must_use]
    pub fn attempts(&self) -> Vec<Attempt> {
        self.state().attempts.keys().copied().collect()
    }

    /// Attempts that have ended, and how.
    #[must_use]
    pub fn outcomes(&self) -> Vec<(Attempt, Outcome)> {
        let state = self.state();
        let ended = state.attempts.iter().filter_map(|(attempt, stage)| match stage {
            Stage::Ended { outcome } => Some((*attempt, outcome.clone())),
            Stage::Taken | Stage::Sending => None,
        });
        ended.collect()
    }

    fn write(&self, attempt: Attempt, stage: &Stage) -> std::io::Result<()> {
        write_durably(&self.folder, &file_of(attempt), &serde_json::to_vec(stage)?)
    }

    fn end_what_was_cut_off(&self) -> std::io::Result<()> {
        let open = self.state().attempts.clone();
        for (attempt, stage) in open {
            let outcome = match stage {
                Stage::Taken => Outcome::Held {
                    fault: STATION_AWAY.to_owned(),
                    error: "the station's program ended before a byte had left".to_owned(),
                },
                Stage::Sending => {
                    Outcome::InDoubt { error: "the station's program ended while it was sending".to_owned() }
                }
                Stage::Ended { .. } => continue,
            };
            self.ended(attempt, outcome)?;
        }
        Ok(())
    }
}

fn file_of(attempt: Attempt) -> String {
    format!("attempt-{}-{}.json", attempt.job, attempt.attempt)
}

fn attempt_of(name: &str) -> Option<Attempt> {
    let (job, attempt) = name.strip_prefix("attempt-")?.strip_suffix(".json")?.split_once('-')?;
    Some(Attempt { job: crate::kernel::ids::PrintJobId(job.parse().ok()?), attempt: attempt.parse().ok()? })
}

fn attempts(folder: &Path) -> std::io::Result<BTreeMap<Attempt, Stage>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Some(attempt) = entry.file_name().to_str().and_then(attempt_of) else { continue };
        // What can't be read any more may have been on its way to paper.
        let stage = serde_json::from_slice(&std::fs::read(entry.path())?).unwrap_or(Stage::Sending);
        found.insert(attempt, stage);
    }
    Ok(found)
}

/// A word that a folder keeps, or a first one that it keeps from now on.
fn kept<T: std::str::FromStr + ToString>(folder: &Path, name: &str, first: T) -> std::io::Result<T> {
    match std::fs::read_to_string(folder.join(name)) {
        Ok(text) => text
            .trim()
            .parse()
            .map_err(|_| std::io::Error::new(ErrorKind::InvalidData, "this is no spool of a station any more")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            write_durably(folder, name, first.to_string().as_bytes())?;
            Ok(first)
        }
        Err(error) => Err(error),
    }
}

/// Writes a file that is there whole or not at all, and outlives a power cut.
fn write_durably(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let part = folder.join(format!(".{name}.part"));
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&part, folder.join(name))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Timestamp;
    use crate::kernel::ids::PrintJobId;
    use crate::station::devices::{DeviceRole, Happened};

    fn scan(text: &str) -> StationEvent {
        let event = StationEvent::new(Uuid::from_u128(1), Timestamp(1), (DeviceRole::Scanner, "tcp:1"), Happened::Scan);
        StationEvent { text: Some(text.to_owned()), ..event }
    }

    fn weight(grams: i64) -> StationEvent {
        let event = StationEvent::new(Uuid::from_u128(2), Timestamp(1), (DeviceRole::Scale, "tcp:2"), Happened::Weight);
        StationEvent { grams: Some(grams), ..event }
    }

    fn open(folder: &Path) -> Spool {
        Spool::open(folder, Uuid::from_u128(9)).unwrap()
    }

    fn texts(spool: &Spool) -> Vec<String> {
        spool.waiting(0).into_iter().filter_map(|(_, event)| event.text).collect()
    }

    #[test]
    fn scans_outlive_the_program_and_are_numbered_on() {
        let folder = tempfile::tempdir().unwrap();
        let spool = open(folder.path());
        assert!(spool.push(scan("A"), false).unwrap() && spool.push(weight(5), true).unwrap());
        assert!(spool.push(scan("B"), true).unwrap());
        let last = spool.waiting(0).last().unwrap().0;
        drop(spool);
        // Half a line, as a power cut leaves it.
        let path = folder.path().join("events.jsonl");
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"number\":99,\"ev").unwrap();

        let spool = Spool::open(folder.path(), Uuid::from_u128(10)).unwrap();
        assert_eq!(spool.id(), Uuid::from_u128(9));
        assert_eq!(texts(&spool), ["A", "B"]);
        spool.push(scan("C"), true).unwrap();
        assert!(spool.waiting(0).last().unwrap().0 > last);
        spool.heard(last).unwrap();
        assert_eq!(texts(&spool), ["C"]);
        drop(spool);
        assert_eq!(texts(&open(folder.path())).last().map(String::as_str), Some("C"));
    }

    #[test]
    fn what_was_heard_does_not_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let spool = open(folder.path());
        spool.push(scan("A"), false).unwrap();
        spool.heard(spool.waiting(0)[0].0).unwrap();
        assert!(spool.waiting(0).is_empty());
        drop(spool);
        assert!(texts(&open(folder.path())).is_empty());
    }

    #[test]
    fn of_weights_only_the_last_holds_after_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let spool = open(folder.path());
        for event in [weight(1), scan("A"), weight(2), scan("B"), weight(3)] {
            spool.push(event, false).unwrap();
        }
        spool.forget_passed();
        let left: Vec<_> = spool.waiting(0).into_iter().map(|(_, event)| event.grams).collect();
        assert_eq!(left, [None, None, Some(3)]);
    }

    #[test]
    fn a_full_spool_keeps_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let spool = open(folder.path());
        for number in 0..MOST {
            assert!(spool.push(weight(number.try_into().unwrap()), false).unwrap());
        }
        assert!(!spool.push(scan("late"), false).unwrap());
        assert_eq!(spool.waiting(0).len(), MOST);
    }

    #[test]
    fn attempts_that_were_cut_off_have_ended_honestly() {
        let folder = tempfile::tempdir().unwrap();
        let [taken, sending, printed, torn] = [1, 2, 3, 4].map(|job| Attempt { job: PrintJobId(job), attempt: 1 });
        let spool = open(folder.path());
        for attempt in [taken, sending, printed, torn] {
            assert!(spool.take(attempt).unwrap());
            assert!(!spool.take(attempt).unwrap(), "the same attempt again is nothing new");
        }
        spool.about_to_send(sending).unwrap();
        spool.about_to_send(printed).unwrap();
        let evidence = Outcome::Printed { evidence: "odometer".into() };
        spool.ended(printed, evidence.clone()).unwrap();
        assert!(matches!(Spool::open(folder.path(), Uuid::nil()), Err(SpoolError::InUse(_))));
        drop(spool);
        std::fs::write(folder.path().join(file_of(torn)), b"{\"sta").unwrap();

        let spool = open(folder.path());
        let outcomes = spool.outcomes();
        assert!(matches!(&outcomes[0], (attempt, Outcome::Held { .. }) if *attempt == taken));
        assert!(matches!(&outcomes[1], (attempt, Outcome::InDoubt { .. }) if *attempt == sending));
        assert_eq!(outcomes[2], (printed, evidence));
        assert!(matches!(&outcomes[3], (attempt, Outcome::InDoubt { .. }) if *attempt == torn));
        for (attempt, _) in outcomes {
            spool.noted(attempt).unwrap();
        }
        drop(spool);
        assert!(open(folder.path()).attempts().is_empty());
    }
}
