//! The service's side of stations whose devices hang on a packing PC: which are here, what they were given to print, and
//! what they brought.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::wire::{Attempt, FoundThere, Greeting, ToStation};
use crate::kernel::Timestamp;
use crate::kernel::ids::StationId;
use crate::station::StationError;
use crate::station::attempt::Outcome;
use crate::station::model::STATION_AWAY;
use crate::station::send::Way;

/// Longest time for one job at a station: a little more than the station allows itself, and less than an attempt's lease.
const LONGEST: Duration = Duration::from_secs(100);
/// Messages to a station that wait for the network.
const WAITING: usize = 64;

/// The packing PCs that are connected to this process.
pub struct Agents {
    state: Mutex<State>,
    /// Turns true when the service ends.
    closing: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    lines: BTreeMap<StationId, Line>,
    /// Numbers lines.
    last_line: u64,
    /// What was heard of each station: of which spool, up to which number.
    heard: BTreeMap<StationId, (Uuid, u64)>,
    /// Attempts whose end somebody waits for.
    given: BTreeMap<Attempt, Given>,
}

/// A connection of a station.
struct Line {
    number: u64,
    greeting: Greeting,
    since: Timestamp,
    found: Vec<FoundThere>,
    to_station: mpsc::Sender<ToStation>,
}

/// An attempt that a station was given.
struct Given {
    station: StationId,
    spool: Uuid,
    line: u64,
    ended: oneshot::Sender<Outcome>,
}

/// A connection, as the task that serves it holds it.
pub struct Joined {
    /// The station.
    pub station: StationId,
    /// What is to be said to it. Ends where another connection of the same station takes over.
    pub to_station: mpsc::Receiver<ToStation>,
    number: u64,
    agents: Arc<Agents>,
}

/// How a station's packing PC stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Here {
    /// The version of its program.
    pub version: String,
    /// Since when it is connected.
    pub since: Timestamp,
}

impl Default for Agents {
    fn default() -> Self {
        Self { state: Mutex::default(), closing: watch::Sender::new(false) }
    }
}

impl Agents {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A station connects. An older connection of the same packing PC ends by that.
    ///
    /// # Errors
    /// [`StationError::AgentElsewhere`] where another one is connected as this station.
    pub fn join(
        self: &Arc<Self>,
        station: StationId,
        code: &str,
        greeting: Greeting,
        at: Timestamp,
    ) -> Result<Joined, StationError> {
        let mut state = self.state();
        if state.lines.get(&station).is_some_and(|line| line.greeting.spool != greeting.spool) {
            return Err(StationError::AgentElsewhere { station: code.to_owned() });
        }
        let (sender, to_station) = mpsc::channel(WAITING);
        state.last_line += 1;
        let number = state.last_line;
        let line = Line { number, greeting, since: at, found: Vec::new(), to_station: sender };
        state.lines.insert(station, line);
        Ok(Joined { station, to_station, number, agents: Arc::clone(self) })
    }

    /// Whether another packing PC is connected as this station.
    #[must_use]
    pub fn elsewhere(&self, station: StationId, spool: Uuid) -> bool {
        self.state().lines.get(&station).is_some_and(|line| line.greeting.spool != spool)
    }

    /// How a station's packing PC stands; `None` where it isn't connected.
    #[must_use]
    pub fn here(&self, station: StationId) -> Option<Here> {
        let state = self.state();
        state.lines.get(&station).map(|line| Here { version: line.greeting.version.clone(), since: line.since })
    }

    /// What hangs on a station's packing PC, as far as it has said so.
    #[must_use]
    pub fn found(&self, station: StationId) -> Vec<FoundThere> {
        self.state().lines.get(&station).map(|line| line.found.clone()).unwrap_or_default()
    }

    /// Has a station print, and waits until it says how that ended. A network that breaks meanwhile is waited for: the
    /// station finishes what it has in hand, and says so when it is back.
    pub async fn print(&self, station: StationId, attempt: Attempt, way: Way, name: String, bytes: Vec<u8>) -> Outcome {
        let away = |why: &str| Outcome::Held { fault: STATION_AWAY.to_owned(), error: why.to_owned() };
        let (ended, outcome) = oneshot::channel();
        {
            let mut state = self.state();
            let Some(line) = state.lines.get(&station) else { return away("the station is not connected") };
            let message = ToStation::Print { attempt, way, name, bytes };
            if line.to_station.try_send(message).is_err() {
                return away("the station does not take messages");
            }
            let given = Given { station, spool: line.greeting.spool, line: line.number, ended };
            state.given.insert(attempt, given);
        }
        let waited = tokio::time::timeout(LONGEST, outcome).await;
        self.state().given.remove(&attempt);
        match waited {
            Ok(Ok(outcome)) => outcome,
            _ => Outcome::InDoubt { error: "the station did not say what became of it".to_owned() },
        }
    }

    /// Somebody learnt how an attempt ended.
    pub(super) fn ended(&self, attempt: Attempt, outcome: Outcome) {
        let given = self.state().given.remove(&attempt);
        if let Some(given) = given {
            // Nobody waits any more where its time was over.
            drop(given.ended.send(outcome));
        }
    }

    /// Ends every connection.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Turns true when connections are to end.
    #[must_use]
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }
}

impl Joined {
    /// The station said which attempts it knows of: those that an earlier connection of it was to bring, and that are not
    /// among them, never came. It reads one connection at a time, so what it has not read by now it never will.
    pub fn knows(&self, attempts: &[Attempt]) {
        let lost = {
            let mut state = self.agents.state();
            let Some(spool) = state.lines.get(&self.station).map(|line| line.greeting.spool) else { return };
            // Only its own memory can say so: of what another packing PC was given it knows nothing.
            let lost: Vec<Attempt> = state
                .given
                .iter()
                .filter(|(attempt, given)| {
                    given.station == self.station
                        && given.spool == spool
                        && given.line < self.number
                        && !attempts.contains(attempt)
                })
                .map(|(attempt, _)| *attempt)
                .collect();
            lost.into_iter().filter_map(|attempt| state.given.remove(&attempt)).collect::<Vec<_>>()
        };
        for given in lost {
            let error = "the network broke before the label came to the station".to_owned();
            drop(given.ended.send(Outcome::Held { fault: STATION_AWAY.to_owned(), error }));
        }
    }

    /// Whether an event is new; then it counts as heard.
    #[must_use]
    pub fn hears(&self, number: u64) -> bool {
        let mut state = self.agents.state();
        let Some(spool) = state.lines.get(&self.station).map(|line| line.greeting.spool) else { return false };
        let heard = state.heard.entry(self.station).or_insert((spool, 0));
        if heard.0 != spool {
            *heard = (spool, 0);
        }
        let new = number > heard.1;
        heard.1 = heard.1.max(number);
        new
    }

    /// What hangs on its machine.
    pub fn found(&self, devices: Vec<FoundThere>) {
        let mut state = self.agents.state();
        if let Some(line) = state.lines.get_mut(&self.station).filter(|line| line.number == self.number) {
            line.found = devices;
        }
    }

    /// Whether no other connection has taken over.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.agents.state().lines.get(&self.station).is_some_and(|line| line.number == self.number)
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        let mut state = self.agents.state();
        if state.lines.get(&self.station).is_some_and(|line| line.number == self.number) {
            state.lines.remove(&self.station);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ids::PrintJobId;
    use crate::station::model::{PrinterLanguage, PrinterTransport};

    const STATION: StationId = StationId(3);

    fn greeting(spool: u128) -> Greeting {
        Greeting { protocol: 1, version: "0.1.0".into(), spool: Uuid::from_u128(spool) }
    }

    fn join(agents: &Arc<Agents>, spool: u128) -> Result<Joined, StationError> {
        agents.join(STATION, "PACK-1", greeting(spool), Timestamp(0))
    }

    const fn attempt(job: i64) -> Attempt {
        Attempt { job: PrintJobId(job), attempt: 1 }
    }

    async fn print(agents: Arc<Agents>, job: i64) -> Outcome {
        let way =
            Way { transport: PrinterTransport::Usb, address: "0a5f:00d3/1".into(), language: PrinterLanguage::Zpl };
        agents.print(STATION, attempt(job), way, "label.zpl".into(), b"^XA".to_vec()).await
    }

    fn held(outcome: &Outcome) -> bool {
        matches!(outcome, Outcome::Held { fault, .. } if fault == STATION_AWAY)
    }

    #[tokio::test]
    async fn a_station_that_is_not_here_gets_nothing() {
        let agents = Arc::new(Agents::default());
        assert!(held(&print(Arc::clone(&agents), 1).await));
        drop(join(&agents, 1).unwrap());
        assert!(held(&print(agents, 1).await));
    }

    #[tokio::test]
    async fn what_never_came_is_given_back_and_what_came_is_waited_for() {
        let agents = Arc::new(Agents::default());
        let mut first = join(&agents, 1).unwrap();
        let lost = tokio::spawn(print(Arc::clone(&agents), 1));
        let came = tokio::spawn(print(Arc::clone(&agents), 2));
        for _ in 0..2 {
            assert!(matches!(first.to_station.recv().await, Some(ToStation::Print { .. })));
        }
        let second = join(&agents, 1).unwrap();
        assert!(first.to_station.recv().await.is_none(), "the older connection ends");
        drop(first);
        assert!(agents.here(STATION).is_some());
        // Given to the new connection: not among what is known, and on its way.
        let under_way = tokio::spawn(print(Arc::clone(&agents), 3));
        tokio::task::yield_now().await;
        second.knows(&[attempt(2)]);
        assert!(held(&lost.await.unwrap()));
        assert!(!came.is_finished() && !under_way.is_finished());
        agents.ended(attempt(2), Outcome::Sent);
        assert_eq!(came.await.unwrap(), Outcome::Sent);
        under_way.abort();
    }

    #[tokio::test]
    async fn another_packing_pc_knows_nothing_of_what_the_first_was_given() {
        let agents = Arc::new(Agents::default());
        let mut first = join(&agents, 1).unwrap();
        let given = tokio::spawn(print(Arc::clone(&agents), 1));
        first.to_station.recv().await.unwrap();
        assert!(matches!(join(&agents, 2), Err(StationError::AgentElsewhere { .. })));
        drop(first);
        let other = join(&agents, 2).unwrap();
        other.knows(&[]);
        tokio::task::yield_now().await;
        assert!(!given.is_finished(), "it may be on paper there");
        given.abort();
    }

    #[test]
    fn an_event_is_heard_once_whatever_connection_brings_it() {
        let agents = Arc::new(Agents::default());
        let first = join(&agents, 1).unwrap();
        assert!(first.hears(5) && first.hears(6) && !first.hears(6));
        let second = join(&agents, 1).unwrap();
        assert!(!second.hears(5) && second.hears(7));
        drop((first, second));
        let other = join(&agents, 2).unwrap();
        assert!(other.hears(1), "another spool counts by itself");
    }
}
