//! Thousands of labels, half of them on a packing PC, while printers run dry, break off, hang and fall silent, the network
//! breaks, and service and packing PC are killed: no label comes out twice by itself, none that is called printed is
//! missing, and whatever is uncertain is flagged, until a person who looks says what is so.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tallyman::db::BoxFuture;
use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::{PlaceId, PrintJobId, PrinterId, StationId, WarehouseId};
use tallyman::kernel::random::SeededRandom;
use tallyman::station::agent::wire::Attempt;
use tallyman::station::attempt::{LEASE_MS, Outcome, PrinterRow};
use tallyman::station::content::Content;
use tallyman::station::model::JobState;
use tallyman::station::ops::{ReprintLabel, SettleDoubt};
use tallyman::station::port::{self, Printers};
use tallyman::station::query::{self, JobFilter, JobView};
use tallyman::station::queue::Port;
use tallyman::station::setup::{PutPrinter, PutStation};
use tallyman_drivers::fake::{FakePrinter, Mode};
use tallyman_labels::Layouts;

use crate::printing::{printer, station};
use crate::support::dock::{QueueLabel, packed};
use crate::support::http::Client;
use crate::support::packing_pc::{Network, Pc, Service};
use crate::support::{Backend, World};

/// How many labels on each database. `TALLYMAN_FLOOR_RUNS` asks for more.
fn runs() -> u64 {
    std::env::var("TALLYMAN_FLOOR_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(60)
}

/// The printers of the house, and what each job looks like on paper.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<BTreeMap<PrintJobId, Vec<u8>>>>);

struct Watched {
    printers: Printers,
    seen: Seen,
}

impl Port for Watched {
    fn print<'a>(&'a self, printer: &'a PrinterRow, attempt: Attempt, content: &'a Content) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let bytes = port::draw(&Layouts::default(), printer, content).unwrap();
            self.seen.0.lock().unwrap().insert(attempt.job, hash(&bytes));
            self.printers.print(printer, attempt, content).await
        })
    }
}

fn hash(label: &[u8]) -> Vec<u8> {
    Sha256::digest(label).to_vec()
}

struct Run<'a> {
    world: &'a World,
    random: SeededRandom,
    seen: Seen,
    fakes: [FakePrinter; 2],
    stations: [StationId; 2],
    parcels: Vec<PlaceId>,
    folder: tempfile::TempDir,
    network: Network,
    service: Option<Service>,
    pc: Option<Pc>,
    counts: BTreeMap<&'static str, u64>,
    /// How often each label came out, and how many of each printer's are counted.
    papers: HashMap<Vec<u8>, usize>,
    looked: [usize; 2],
}

impl Run<'_> {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    async fn start_service(&mut self) {
        let seen = self.seen.clone();
        let with = move |printers| Arc::new(Watched { printers, seen: seen.clone() }) as Arc<dyn Port>;
        let service = Service::start_with(self.world, with).await;
        self.network.leads_to(service.address);
        self.service = Some(service);
    }

    fn start_pc(&mut self) {
        self.pc = Some(Pc::start(self.network.address, self.folder.path(), "tm_PC1", Some("PACK-2")));
    }

    /// Something goes wrong somewhere.
    async fn mishap(&mut self) {
        let which = usize::try_from(self.random.below(2)).unwrap();
        let after_bytes = usize::try_from(self.random.below(30_000)).unwrap();
        let mode = match self.random.below(16) {
            0 => Mode::PaperOut,
            1 => Mode::HeadOpen,
            2 => Mode::RunsOut { after_bytes },
            3 => Mode::Resets { after_bytes },
            4 => Mode::Closes { after_bytes },
            5 => Mode::DropsAnswers,
            6 => Mode::Refuses,
            7 => Mode::Slow { bytes_per_second: 60_000 },
            8 => Mode::Busy { answers: 2 },
            9 | 10 => {
                self.count("service killed");
                drop(self.service.take());
                // Who was sending there is no more; its lease is over.
                self.world.clock.advance_ms(LEASE_MS + 1);
                self.start_service().await;
                return;
            }
            11 | 12 => {
                self.count("packing PC killed");
                drop(self.pc.take());
                self.start_pc();
                return;
            }
            13 => {
                self.count("network cut");
                self.network.cut();
                tokio::time::sleep(Duration::from_millis(self.random.below(80))).await;
                self.network.mend();
                return;
            }
            _ => Mode::Ready,
        };
        self.count(if mode == Mode::Ready { "printer well" } else { "printer ill" });
        self.fakes[which].set_mode(mode).await.unwrap();
    }

    async fn jobs(&self) -> Vec<JobView> {
        let filter = JobFilter { limit: Some(1_000), ..JobFilter::default() };
        self.world.db.read(|tx| Box::pin(async move { query::jobs(tx, WarehouseId(1), &filter).await })).await.unwrap()
    }

    /// The newest job of each parcel's label.
    async fn newest(&self) -> BTreeMap<PlaceId, JobView> {
        let mut newest = BTreeMap::new();
        for job in self.jobs().await.into_iter().filter(|job| job.state != JobState::Cancelled) {
            newest.entry(job.parcel_id.unwrap()).or_insert(job);
        }
        newest
    }

    fn on_paper(&mut self, job: PrintJobId) -> usize {
        for (fake, looked) in self.fakes.iter().zip(&mut self.looked) {
            let new = fake.labels_from(*looked);
            *looked += new.len();
            for label in new {
                *self.papers.entry(hash(&label)).or_default() += 1;
            }
        }
        let seen = self.seen.0.lock().unwrap();
        seen.get(&job).and_then(|label| self.papers.get(label)).copied().unwrap_or_default()
    }

    /// Asks for one more label of a parcel, where the last one is settled.
    async fn ask(&mut self, parcel: PlaceId, last: Option<&JobView>) -> bool {
        let at = usize::try_from(self.random.below(2)).unwrap();
        match last {
            None => {
                self.world.does(QueueLabel(parcel)).await;
            }
            Some(job) if job.state == JobState::Printed => {
                let again = ReprintLabel { parcel, reason: "once more".into(), station: Some(self.stations[at]) };
                self.world.does(again).await;
            }
            Some(_) => return false,
        }
        if let Some(service) = &self.service {
            service.app.wake.print.notify_one();
        }
        true
    }

    /// A person looks at what is in doubt, with the printers well, and says what is so.
    async fn settle(&mut self) {
        for fake in &self.fakes {
            fake.set_mode(Mode::Ready).await.unwrap();
        }
        let open = |jobs: &[JobView]| {
            jobs.iter()
                .filter(|job| matches!(job.state, JobState::InDoubt | JobState::Sent))
                .cloned()
                .collect::<Vec<_>>()
        };
        // What is under way ends first, also at the packing PC.
        for _ in 0..1_000 {
            let busy = self.jobs().await.iter().any(|job| matches!(job.state, JobState::Queued | JobState::Sending));
            let there = std::fs::read_dir(self.folder.path())
                .unwrap()
                .any(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("attempt-")));
            if !busy && !there {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for fake in &self.fakes {
            fake.settled().await;
        }
        for job in open(&self.jobs().await) {
            let came_out = self.on_paper(job.id) > 0;
            self.count(if came_out { "doubt: it was out" } else { "doubt: it was not out" });
            self.world.does(SettleDoubt { job: job.id, came_out, evidence: "looked".into() }).await;
        }
        if let Some(service) = &self.service {
            service.app.wake.print.notify_one();
        }
    }

    async fn run(&mut self, wanted: u64) {
        let mut asked = 0;
        while asked < wanted {
            self.mishap().await;
            let newest = self.newest().await;
            for parcel in self.parcels.clone() {
                asked += u64::from(self.ask(parcel, newest.get(&parcel)).await);
            }
            tokio::time::sleep(Duration::from_millis(20 + self.random.below(150))).await;
            if self.random.below(4) == 0 {
                self.settle().await;
            }
        }
        for _ in 0..100 {
            self.settle().await;
            if self.newest().await.values().all(|job| job.state == JobState::Printed) {
                break;
            }
        }
    }

    async fn check(&mut self) {
        let mut before = None;
        loop {
            let filter = JobFilter { limit: Some(1_000), before, ..JobFilter::default() };
            let page = self.world.db.read(|tx| Box::pin(async move { query::jobs(tx, WarehouseId(1), &filter).await }));
            let page = page.await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            for job in page {
                let out = self.on_paper(job.id);
                assert!(out <= 1, "printed twice: {job:?}");
                match job.state {
                    JobState::Printed => assert_eq!(out, 1, "called printed, and is not there: {job:?}"),
                    JobState::Cancelled => assert_eq!(out, 0, "called not out, and is there: {job:?}"),
                    _ => panic!("not settled: {job:?}"),
                }
                self.count(match job.evidence.as_str() {
                    "" => "no evidence",
                    evidence if evidence.starts_with("person") => "printed, a person says",
                    evidence if evidence.starts_with("not out") => "not out, a person says",
                    _ => "printed, with proof",
                });
            }
        }
        assert_eq!(self.newest().await.len(), self.parcels.len(), "a label is lost");
    }
}

async fn printed_once(backend: Backend) {
    let world = World::open(backend).await;
    let parcels = packed(&world, 8, 1).await;
    let fakes = [FakePrinter::start(0, None).await.unwrap(), FakePrinter::start(0, None).await.unwrap()];
    world.does(PutPrinter { address: fakes[0].address().to_string(), ..printer("Z1") }).await;
    world.does(PutStation { label_printer: Some("Z1".into()), ..station("PACK-1") }).await;
    world.does(PutStation { agent: true, ..station("PACK-2") }).await;
    let there = PutPrinter { address: fakes[1].address().to_string(), station: "PACK-2".into(), ..printer("Z2") };
    let _: PrinterId = world.does(there).await.printer_id;
    let with = PutStation { agent: true, label_printer: Some("Z2".into()), ..station("PACK-2") };
    world.does(with).await;
    drop(Client::named(&world, Role::Station, "PC1").await);
    let mut run = Run {
        random: SeededRandom::new(11),
        seen: Seen::default(),
        fakes,
        stations: [1, 2].map(StationId),
        parcels,
        folder: tempfile::tempdir().unwrap(),
        network: Network::to("127.0.0.1:1".parse().unwrap()).await,
        service: None,
        pc: None,
        counts: BTreeMap::new(),
        papers: HashMap::new(),
        looked: [0; 2],
        world: &world,
    };
    run.start_service().await;
    run.start_pc();
    run.run(runs()).await;
    run.check().await;
    println!("{}: {:?}", world.db.kind(), run.counts);
    drop(run);
    world.check_and_drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labels_come_out_once_whatever_is_killed_on_sqlite() {
    printed_once(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labels_come_out_once_whatever_is_killed_on_postgres() {
    printed_once(Backend::Postgres).await;
}
