//! The program of a packing PC: owns its scanner and scale, prints what the service gives it, and stays connected.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tallyman_drivers::printer::NotRecorded;
use tallyman_drivers::transport::Pending;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout};
use tokio_tungstenite::tungstenite::{self, Message};

use super::connect::{self, Socket};
use super::spool::{Spool, SpoolError};
use super::turned_true;
use super::wire::{Attempt, BEAT, DEAD, FoundThere, FromStation, ToStation};
use crate::kernel::clock::SharedClock;
use crate::kernel::ids::StationId;
use crate::kernel::random::{RandomError, SharedRandom, uuid_v7};
use crate::messages::Language;
use crate::station::attempt::Outcome;
use crate::station::devices::own::{Hears, Owners};
use crate::station::devices::{DeviceRole, DeviceState, StationEvent};
use crate::station::send::{self, Record, Way};

/// Pauses before the service is looked for again, the last one for ever.
const AGAIN: [u64; 4] = [200, 500, 1_000, 2_000];
/// The pause where the service refuses: somebody has to do something first.
const REFUSED: Duration = Duration::from_secs(10);
/// How often the machine is looked at for devices.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long the end waits for what is under way.
const DRAIN: Duration = Duration::from_secs(100);
/// How long the end waits for the service to note what has ended, where it can't be reached.
const FAREWELL: Duration = Duration::from_secs(3);
/// Most attempts at once; the service gives out one for each printer.
const MOST_ATTEMPTS: usize = 32;

/// What a packing PC has to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the service is: `https://tallyman.example:8443`.
    pub server: String,
    /// The token of a person with the role `station`.
    pub token: String,
    /// Which station this is; the only one that has a packing PC where it isn't said.
    pub station: Option<String>,
    /// The folder that outlives the program.
    pub spool: PathBuf,
    /// The language of what the service says.
    pub language: Language,
}

/// Why a packing PC can't begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Its folder can't be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// There is no randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The address of the service is none.
    #[error("{0} is no address of a service; write it as http://192.168.1.10:8080")]
    Server(String),
    /// No trust in servers can be set up.
    #[error("the certificates of this machine can't be used: {0}")]
    Trust(String),
    /// The service refuses this token or this station for good. Its own sentence.
    #[error("{0}")]
    Refused(String),
}

/// What a packing PC tells the person before it.
#[derive(Clone, Debug)]
pub enum Told {
    /// It is connected.
    Here {
        /// The station's code.
        station: String,
        /// The version of the service's program.
        version: String,
    },
    /// It is not connected any more, or not yet; what it hears is kept.
    Away {
        /// Why.
        why: String,
    },
    /// The service refuses it for now. Its own sentence.
    Refused(String),
    /// A device stands differently.
    Stands(DeviceRole, Option<DeviceState>),
    /// A device said something.
    Event(StationEvent),
    /// So many events wait that this one is lost.
    Full(StationEvent),
    /// An attempt to print has ended.
    Ended(Attempt, Outcome),
    /// The disk refuses.
    Disk(String),
}

/// Who is told.
pub type Tells = Arc<dyn Fn(Told) + Send + Sync>;

/// What the tasks of a packing PC share.
struct Shared {
    spool: Spool,
    tells: Tells,
    /// Whether the service hears us now.
    connected: AtomicBool,
    /// There may be something to tell the service.
    news: Notify,
    facts: Mutex<Facts>,
}

/// What the service is told when it is new to it.
#[derive(Default)]
struct Facts {
    states: BTreeMap<(DeviceRole, String), Option<DeviceState>>,
    found: Vec<FoundThere>,
    /// One job at a time on a printer, also where the service thinks that the last one is over.
    printers: BTreeMap<String, Arc<tokio::sync::Mutex<()>>>,
    under_way: usize,
}

/// What this connection has told.
#[derive(Default)]
struct Said {
    number: u64,
    states: BTreeMap<(DeviceRole, String), Option<DeviceState>>,
    found: Option<Vec<FoundThere>>,
    ended: BTreeSet<Attempt>,
}

impl Shared {
    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, told: Told) {
        (self.tells)(told);
    }

    /// Tells of a disk that refuses.
    fn kept<T>(&self, result: std::io::Result<T>) -> Option<T> {
        result.map_err(|error| self.tell(Told::Disk(error.to_string()))).ok()
    }
}

impl Hears for Shared {
    fn heard(&self, _: StationId, event: StationEvent) {
        self.tell(Told::Event(event.clone()));
        let durably = !self.connected.load(Ordering::Relaxed);
        if self.kept(self.spool.push(event.clone(), durably)) == Some(false) {
            self.tell(Told::Full(event));
        }
        self.news.notify_one();
    }

    fn stands(&self, _: StationId, role: DeviceRole, device: &str, state: Option<DeviceState>) {
        let fault = |state: &Option<DeviceState>| state.as_ref().map(|state| state.fault.clone());
        let before = self.facts().states.insert((role, device.to_owned()), state.clone());
        // How it stands before anybody has tried is not worth a word.
        if before.is_some_and(|before| fault(&before) != fault(&state)) {
            self.tell(Told::Stands(role, state));
        }
        self.news.notify_one();
    }
}

/// Why a connection ended.
enum Ended {
    Lost(String),
    Drained,
}

impl From<tungstenite::Error> for Ended {
    fn from(error: tungstenite::Error) -> Self {
        Self::Lost(error.to_string())
    }
}

/// Runs a packing PC until `shutdown` turns true, and what is under way has ended.
///
/// # Errors
/// [`AgentError`]; a service that can't be reached is none.
pub async fn run(
    options: Options,
    clock: SharedClock,
    random: SharedRandom,
    tells: Tells,
    mut shutdown: watch::Receiver<bool>,
) -> Result<(), AgentError> {
    let spool = Spool::open(&options.spool, uuid_v7(random.as_ref(), clock.now())?)?;
    let way = connect::Way::to(&options)?;
    let shared = Arc::new(Shared {
        spool,
        tells,
        connected: AtomicBool::new(false),
        news: Notify::new(),
        facts: Mutex::default(),
    });
    let owners = Owners::new(Arc::clone(&shared) as Arc<dyn Hears>, clock, random);
    let mut agent = Agent { shared: Arc::clone(&shared), owners, attempts: JoinSet::new(), shutdown: shutdown.clone() };
    let looking = tokio::spawn(look(shared));
    let connecting = agent.stay_connected(&way, &mut shutdown).await;
    looking.abort();
    agent.attempts.shutdown().await;
    connecting
}

/// Looks at the machine for devices, again and again.
async fn look(shared: Arc<Shared>) {
    loop {
        if let Ok(found) = tokio::task::spawn_blocking(FoundThere::here).await {
            shared.facts().found = found;
            shared.news.notify_one();
        }
        sleep(LOOK_EVERY).await;
    }
}

struct Agent {
    shared: Arc<Shared>,
    owners: Owners,
    attempts: JoinSet<()>,
    shutdown: watch::Receiver<bool>,
}

impl Agent {
    async fn stay_connected(
        &mut self,
        way: &connect::Way,
        shutdown: &mut watch::Receiver<bool>,
    ) -> Result<(), AgentError> {
        let mut failures = 0_usize;
        let mut said = String::new();
        loop {
            if *shutdown.borrow() {
                // What the service has not noted by then is told after the next start.
                let ending = async { while self.attempts.join_next().await.is_some() {} };
                drop(timeout(DRAIN, ending).await);
                return Ok(());
            }
            let spool = self.shared.spool.id();
            let pause = match way.connect(spool).await {
                Ok(socket) => {
                    (failures, said) = (0, String::new());
                    let Ended::Lost(why) = self.session(socket).await else { return Ok(()) };
                    self.shared.connected.store(false, Ordering::Relaxed);
                    self.shared.tell(Told::Away { why });
                    AGAIN[0]
                }
                Err(connect::Failed::ForGood(sentence)) => return Err(AgentError::Refused(sentence)),
                Err(connect::Failed::Refused(sentence)) => {
                    if said != sentence {
                        said.clone_from(&sentence);
                        self.shared.tell(Told::Refused(sentence));
                    }
                    u64::try_from(REFUSED.as_millis()).unwrap_or(u64::MAX)
                }
                Err(connect::Failed::Away(why)) => {
                    if said != why {
                        said.clone_from(&why);
                        self.shared.tell(Told::Away { why });
                    }
                    let pause = AGAIN.get(failures).or(AGAIN.last()).copied().unwrap_or(2_000);
                    failures += 1;
                    pause
                }
            };
            tokio::select! {
                () = sleep(Duration::from_millis(pause)) => {}
                () = turned_true(shutdown) => {}
            }
        }
    }

    async fn session(&mut self, mut socket: Socket) -> Ended {
        self.shared.spool.forget_passed();
        match self.until_it_ends(&mut socket).await {
            Ok(never) => match never {},
            Err(ended) => {
                drop(timeout(FAREWELL, socket.close(None)).await);
                ended
            }
        }
    }

    async fn until_it_ends(&mut self, socket: &mut Socket) -> Result<std::convert::Infallible, Ended> {
        let hello = FromStation::Hello { attempts: self.shared.spool.attempts() };
        say(socket, &hello).await?;
        let mut said = Said::default();
        let mut beats = interval(BEAT);
        let mut last_heard = now();
        let mut shutdown = self.shutdown.clone();
        let mut ends_by: Option<Instant> = None;
        loop {
            self.tell_news(socket, &mut said).await?;
            if let Some(by) = ends_by {
                let done = self.shared.facts().under_way == 0;
                let noted = self.shared.spool.attempts().is_empty();
                if done && (noted || now() > by) {
                    return Err(Ended::Drained);
                }
            }
            tokio::select! {
                message = socket.next() => {
                    last_heard = now();
                    let message = message.ok_or_else(|| Ended::Lost("the service closed the connection".to_owned()))??;
                    match message {
                        Message::Text(text) => {
                            let told = serde_json::from_str(text.as_str());
                            self.hear(told.map_err(|error| Ended::Lost(error.to_string()))?);
                        }
                        Message::Close(_) => {
                            return Err(Ended::Lost("the service closed the connection".to_owned()));
                        }
                        _ => {}
                    }
                }
                () = self.shared.news.notified() => {}
                _ = beats.tick() => {
                    if last_heard.elapsed() > DEAD {
                        return Err(Ended::Lost("the service says nothing any more".to_owned()));
                    }
                    send_within(socket, Message::Ping(Vec::new().into())).await?;
                }
                _ = self.attempts.join_next(), if !self.attempts.is_empty() => {}
                () = turned_true(&mut shutdown), if ends_by.is_none() => ends_by = Some(now() + FAREWELL),
            }
        }
    }

    /// Tells the service whatever it has not been told over this connection.
    async fn tell_news(&self, socket: &mut Socket, said: &mut Said) -> Result<(), Ended> {
        for (number, event) in self.shared.spool.waiting(said.number) {
            say(socket, &FromStation::Event { number, event }).await?;
            said.number = number;
        }
        let (states, found) = {
            let facts = self.shared.facts();
            (facts.states.clone(), facts.found.clone())
        };
        for (key, state) in states {
            if said.states.get(&key) != Some(&state) {
                let (role, device) = key.clone();
                say(socket, &FromStation::Stands { role, device, state: state.clone() }).await?;
                said.states.insert(key, state);
            }
        }
        if said.found.as_ref() != Some(&found) {
            say(socket, &FromStation::Found { devices: found.clone() }).await?;
            said.found = Some(found);
        }
        for (attempt, outcome) in self.shared.spool.outcomes() {
            if said.ended.insert(attempt) {
                say(socket, &FromStation::Ended { attempt, outcome }).await?;
            }
        }
        Ok(())
    }

    fn hear(&mut self, told: ToStation) {
        match told {
            ToStation::Setup { code, version, devices, .. } => {
                self.owners.settle(devices.wanted());
                if !self.shared.connected.swap(true, Ordering::Relaxed) {
                    self.shared.tell(Told::Here { station: code, version });
                }
            }
            ToStation::Heard { number } => drop(self.shared.kept(self.shared.spool.heard(number))),
            ToStation::Noted { attempt } => drop(self.shared.kept(self.shared.spool.noted(attempt))),
            ToStation::Print { attempt, way, name, bytes } => self.print(attempt, way, name, bytes),
        }
    }

    fn print(&mut self, attempt: Attempt, way: Way, name: String, bytes: Vec<u8>) {
        let shared = &self.shared;
        match shared.kept(shared.spool.take(attempt)) {
            Some(true) => {}
            // It is under way, or its end is told again anyway.
            Some(false) => return,
            None => {
                let fault = crate::station::model::FOLDER_FAULT.to_owned();
                let error = "the disk of the packing PC refuses".to_owned();
                end(shared, attempt, Outcome::Held { fault, error });
                return;
            }
        }
        if *self.shutdown.borrow() || shared.facts().under_way >= MOST_ATTEMPTS {
            let fault = crate::station::model::STATION_AWAY.to_owned();
            end(shared, attempt, Outcome::Held { fault, error: "the station takes no more jobs".to_owned() });
            return;
        }
        let printer = {
            let mut facts = shared.facts();
            facts.under_way += 1;
            Arc::clone(facts.printers.entry(way.address.clone()).or_default())
        };
        let shared = Arc::clone(shared);
        self.attempts.spawn(async move {
            let outcome = {
                let _alone = printer.lock().await;
                let mut record = Recorded { shared: Arc::clone(&shared), attempt };
                send::send(&way, &name, bytes, &mut record).await
            };
            let told = (Arc::clone(&shared), outcome);
            let written = tokio::task::spawn_blocking(move || end(&told.0, attempt, told.1));
            drop(written.await);
            shared.facts().under_way -= 1;
            shared.news.notify_one();
        });
    }
}

/// Writes down how an attempt ended, and has the service told.
fn end(shared: &Shared, attempt: Attempt, outcome: Outcome) {
    shared.kept(shared.spool.ended(attempt, outcome.clone()));
    shared.tell(Told::Ended(attempt, outcome));
    shared.news.notify_one();
}

/// Writes into the spool that bytes are about to leave.
struct Recorded {
    shared: Arc<Shared>,
    attempt: Attempt,
}

impl Record for Recorded {
    fn about_to_send(&mut self) -> Pending<'_, Result<(), NotRecorded>> {
        let (shared, attempt) = (Arc::clone(&self.shared), self.attempt);
        Box::pin(async move {
            let written = tokio::task::spawn_blocking(move || shared.spool.about_to_send(attempt)).await;
            match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(NotRecorded(error.to_string())),
                Err(error) => Err(NotRecorded(error.to_string())),
            }
        })
    }
}

async fn send_within(socket: &mut Socket, message: Message) -> Result<(), Ended> {
    let sent = timeout(DEAD, socket.send(message)).await;
    Ok(sent.map_err(|_| Ended::Lost("the service takes nothing any more".to_owned()))??)
}

async fn say(socket: &mut Socket, what: &FromStation) -> Result<(), Ended> {
    let text = serde_json::to_string(what).map_err(|error| Ended::Lost(error.to_string()))?;
    send_within(socket, Message::Text(text.into())).await
}

#[expect(clippy::disallowed_methods, reason = "only durations are measured with it")]
fn now() -> Instant {
    Instant::now()
}
