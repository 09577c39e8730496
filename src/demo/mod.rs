//! The demo: a believable warehouse that runs by itself. The service is the real one; shop, printer and people are played,
//! and they go through the network as the real ones would.

mod bench;
mod device;
mod floor;
mod goods;
mod picture;
mod report;
mod shop;
mod stage;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Client;
use serde_json::json;
use tallyman_drivers::fake::{FakePrinter, Mode};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use crate::config::Settings;
use crate::db::Scratch;
use crate::kernel::clock::{Clock, SystemClock};
use crate::kernel::hex;
use crate::kernel::random::{Random, SeededRandom, SystemRandom};
use crate::serve::{self, Running};
use crate::stock::verify::verify;
use device::{Device, field_of, number, text};
use floor::{Floor, Packed, Tally};
use goods::Wanted;
use shop::Shop;
use stage::{CARRIER, CHANNEL, STATION, Stage, TOTES};

pub use bench::Bench;
pub use report::{Report, Seconds};

/// Longest wait for anything that happens by itself.
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// How often one looks meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// Orders that the shop posts at once.
const POSTED_AT_ONCE: usize = 8;

/// How the demo is set up.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The settings of the service; its data folder is not used.
    pub settings: Settings,
    /// A PostgreSQL to work in, in a schema of its own that is dropped after; without, a file in a temporary folder.
    pub postgres: Option<String>,
    /// Where to keep what was printed.
    pub labels: Option<PathBuf>,
}

/// A warehouse that runs by itself.
pub struct Demo {
    running: Running,
    printer: Arc<FakePrinter>,
    bench: Arc<Bench>,
    stage: Stage,
    admin: Device,
    lead: Device,
    random: SeededRandom,
    home: Home,
    orders: u64,
}

/// What is removed at the end.
struct Home {
    folder: PathBuf,
    scratch: Option<Scratch>,
    labels: Option<PathBuf>,
}

impl Home {
    async fn make(options: &Options) -> anyhow::Result<(Self, Settings)> {
        let mut mark = [0_u8; 6];
        SystemRandom.fill(&mut mark)?;
        let name = format!("tallyman_demo_{}", hex::encode(&mark));
        let folder = std::env::temp_dir().join(&name);
        let own = Settings::of_folder(&folder);
        let mut settings = Settings {
            data_folder: own.data_folder,
            key_file: own.key_file,
            database_url: own.database_url,
            outbox_allow_private_hosts: vec!["127.0.0.1".to_owned()],
            warehouse_name: Some("示例仓库 Demo".to_owned()),
            ..options.settings.clone()
        };
        let scratch = match &options.postgres {
            Some(url) => {
                let scratch = Scratch::make(url, &name).await.context("the database")?;
                settings.database_url.clone_from(&scratch.url);
                Some(scratch)
            }
            None => None,
        };
        if let Some(labels) = &options.labels {
            std::fs::create_dir_all(labels).with_context(|| labels.display().to_string())?;
        }
        Ok((Self { folder, scratch, labels: options.labels.clone() }, settings))
    }

    async fn leave(self) -> anyhow::Result<()> {
        if let Some(scratch) = self.scratch {
            scratch.remove().await.context("the database")?;
        }
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder).with_context(|| self.folder.display().to_string())?;
        }
        Ok(())
    }
}

impl Demo {
    /// Makes the warehouse and starts everything.
    ///
    /// # Errors
    /// Where something of it doesn't work; nothing is left then.
    pub async fn open(options: &Options) -> anyhow::Result<Self> {
        let (home, settings) = Home::make(options).await?;
        let running = match serve::start(&settings).await {
            Ok(running) => running,
            Err(error) => {
                home.leave().await?;
                return Err(error.into());
            }
        };
        let set = Self::set(&running, home.labels.clone()).await;
        match set {
            Ok((printer, bench, stage, admin, random)) => {
                let lead = admin.of(stage.token("L1")?);
                Ok(Self { running, printer, bench, stage, admin, lead, random, home, orders: 0 })
            }
            Err(error) => {
                running.stop().await;
                home.leave().await?;
                Err(error)
            }
        }
    }

    async fn set(
        running: &Running,
        labels: Option<PathBuf>,
    ) -> anyhow::Result<(Arc<FakePrinter>, Arc<Bench>, Stage, Device, SeededRandom)> {
        let random = SeededRandom::new(20_261_121);
        let base = format!("http://{}", running.address);
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?;
        let administrator = running.administrator.as_ref().context("the warehouse isn't new")?;
        let admin = Device::new(&client, &base, &administrator.token);
        let printer = Arc::new(FakePrinter::start(0, labels).await?);
        let stage = Stage::set(&admin, &client, &base, printer.address(), SystemClock.now(), &random).await?;
        let bench = Arc::new(Bench::set(&printer, &admin).await?);
        Ok((printer, bench, stage, admin, random))
    }

    /// Where it can be reached.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}", self.running.address)
    }

    /// The number and password that open its screens.
    #[must_use]
    pub fn login(&self) -> Option<(&'static str, &str)> {
        self.running.administrator.as_ref().map(|a| (a.number, a.password.as_str()))
    }

    /// Everybody's number and token, the administrator first.
    #[must_use]
    pub fn tokens(&self) -> Vec<(String, String)> {
        let administrator = self.running.administrator.iter().map(|a| (a.number.to_owned(), a.token.clone()));
        let others = self.stage.tokens.iter().map(|(number, token)| ((*number).to_owned(), token.clone()));
        administrator.chain(others).collect()
    }

    /// Ends everything and removes what it made.
    ///
    /// # Errors
    /// Where something can't be removed.
    pub async fn close(self) -> anyhow::Result<()> {
        self.running.stop().await;
        let pictures = match &self.home.labels {
            Some(folder) => pictures(folder),
            None => Ok(()),
        };
        drop((self.printer, self.bench));
        self.home.leave().await?;
        pictures
    }

    /// The devices of the packing table, for a person to play with.
    #[must_use]
    pub fn bench(&self) -> Arc<Bench> {
        Arc::clone(&self.bench)
    }

    /// New goods, so that the shelves don't run empty.
    ///
    /// # Errors
    /// Where the service refuses them.
    pub async fn restock(&self) -> anyhow::Result<()> {
        let csv = goods::stock_csv(&self.stage.goods, SystemClock.now(), &self.random);
        let csv = csv.replace("-L", &format!("-N{}-", self.orders));
        self.admin.import("stock", csv).await.map(drop)
    }

    /// One wave from orders to hand-over.
    ///
    /// # Errors
    /// Where a step fails that must work. What doesn't add up is in the report.
    pub async fn wave(&mut self, orders: u64) -> anyhow::Result<Report> {
        let (started, before) = (SystemClock.now(), self.printer.printed());
        let counted = self.stage.shop.counts();
        let wanted: Vec<Wanted> = (self.orders + 1..=self.orders + orders)
            .map(|n| goods::order(n, &self.stage.goods, SystemClock.now(), &self.random))
            .collect();
        self.orders += orders;
        let mut report = self.expected(&wanted);
        self.place(&wanted).await?;
        self.promised(&wanted).await?;
        let wave = self.release(&mut report, orders).await?;
        let floor = Arc::new(Floor { barcodes: self.stage.barcodes(), totes: TOTES, tally: Tally::default() });
        let parcels = self.work(&floor, wave).await?;
        report.picked = floor.tally.picked.load(std::sync::atomic::Ordering::SeqCst);
        report.short = floor.tally.short.load(std::sync::atomic::Ordering::SeqCst);
        report.wrong_scans_refused = floor.tally.wrong_scans.load(std::sync::atomic::Ordering::SeqCst);
        self.labels(before + parcels.len()).await?;
        self.hand_over(&parcels, &mut report).await?;
        self.close_wave(wave, &mut report).await?;
        self.told(&wanted).await?;
        report.seconds = Seconds(SystemClock.now().ms_since(started));
        report.labels(self.printer.labels().get(before..).unwrap_or_default());
        report.compare("labels printed", report.labels_printed, i64::try_from(parcels.len())?);
        let parcels_of: BTreeSet<&String> = parcels.iter().map(|packed| &packed.order).collect();
        report.compare("orders packed", i64::try_from(parcels_of.len())?, report.orders);
        self.listen(&wanted, counted, &mut report)?;
        self.prove(&mut report).await?;
        Ok(report)
    }

    fn expected(&self, wanted: &[Wanted]) -> Report {
        let lines = wanted.iter().flat_map(|order| &order.lines);
        Report {
            database: self.running.app.db.kind().to_owned(),
            skus: i64::try_from(self.stage.goods.len()).unwrap_or(i64::MAX),
            orders: i64::try_from(wanted.len()).unwrap_or(i64::MAX),
            lines: i64::try_from(lines.clone().count()).unwrap_or(i64::MAX),
            pieces: lines.map(|(_, pieces)| pieces).sum(),
            ..Report::default()
        }
    }

    /// The shop posts its orders, several at once. The first comes twice, and once with a signature of somebody else.
    async fn place(&self, wanted: &[Wanted]) -> anyhow::Result<()> {
        let shop = &self.stage.shop;
        let posts = wanted.iter().map(|order| async move {
            let (status, answer) = shop.post(order, &Shop::new_id()?).await?;
            ensure!(
                status == 200 && field_of(&answer, "status") == "stored",
                "{} was answered {status} {answer}",
                order.external_id
            );
            anyhow::Ok(())
        });
        stream::iter(posts).buffer_unordered(POSTED_AT_ONCE).try_collect::<()>().await?;
        let Some(first) = wanted.first() else { return Ok(()) };
        let id = Shop::new_id()?;
        shop.post(first, &id).await?;
        let (status, again) = shop.post(first, &id).await?;
        ensure!(status == 200 && field_of(&again, "status") == "repeated", "a repeat was answered {status} {again}");
        let forged = shop.forge(first).await?;
        ensure!(forged == 401, "a forged order was answered {forged}");
        Ok(())
    }

    /// Waits until every order has its stock.
    async fn promised(&self, wanted: &[Wanted]) -> anyhow::Result<()> {
        let path = format!("/orders?channel={CHANNEL}&state=promised&limit=1000");
        let all: BTreeSet<&str> = wanted.iter().map(|order| order.external_id.as_str()).collect();
        self.until("promised orders", || async {
            let promised = self.lead.get(&path).await?;
            let ids = promised.as_array().into_iter().flatten().filter_map(|order| order.get("external_id")?.as_str());
            Ok(ids.filter(|id| all.contains(id)).count() == all.len())
        })
        .await
    }

    async fn release(&self, report: &mut Report, orders: u64) -> anyhow::Result<i64> {
        let choice = json!({ "choice": { "channel": CHANNEL, "limit": orders }, "note": "demo" });
        let wave = number(&self.lead.post("/waves", &choice).await?, "wave_id")?;
        let released = self.lead.post(&format!("/waves/{wave}/release"), &json!({})).await?;
        report.compare("orders released", number(&released, "orders")?, report.orders);
        report.compare("lines released", number(&released, "lines")?, report.lines);
        Ok(wave)
    }

    /// Pickers and packers at work, all at once.
    async fn work(&self, floor: &Arc<Floor>, wave: i64) -> anyhow::Result<Vec<Packed>> {
        let (full, waiting) = mpsc::unbounded_channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let mut pickers = JoinSet::new();
        for person in ["P1", "P2", "P3"] {
            let (floor, device, full) = (Arc::clone(floor), self.admin.of(self.stage.token(person)?), full.clone());
            pickers.spawn(async move { floor.pick(device, wave, full).await });
        }
        drop(full);
        let mut packers = JoinSet::new();
        for person in ["K1", "K2"] {
            let (floor, device) = (Arc::clone(floor), self.admin.of(self.stage.token(person)?));
            let waiting = Arc::clone(&waiting);
            packers.spawn(async move { floor.pack(device, STATION, waiting).await });
        }
        while let Some(picked) = pickers.join_next().await {
            picked?.context("a picker")?;
        }
        let mut parcels = Vec::new();
        while let Some(packed) = packers.join_next().await {
            parcels.extend(packed?.context("a packer")?);
        }
        Ok(parcels)
    }

    /// Waits until the labels are out and known to be.
    async fn labels(&self, printed: usize) -> anyhow::Result<()> {
        self.until("printed labels", || async {
            let settled = self.lead.get("/print-jobs?state=printed&limit=1000").await?;
            let settled = settled.as_array().map_or(0, Vec::len);
            Ok(self.printer.printed() >= printed && settled >= printed.min(1000))
        })
        .await
    }

    async fn hand_over(&self, parcels: &[Packed], report: &mut Report) -> anyhow::Result<()> {
        let packer = self.admin.of(self.stage.token("K1")?);
        let manifest = number(&packer.post("/manifests", &json!({ "carrier": CARRIER })).await?, "manifest_id")?;
        let path = format!("/manifests/{manifest}");
        for packed in parcels {
            packer.post(&format!("{path}/parcels"), &json!({ "scan": packed.waybill })).await?;
        }
        let taken = packer.post(&format!("{path}/hand-over"), &json!({ "taken_by": "司机 周" })).await?;
        report.shipped = number(&taken, "orders_shipped")?;
        report.shipped_in_part = number(&taken, "orders_waiting")?;
        report.compare("orders shipped, whole or in part", report.shipped + report.shipped_in_part, report.orders);
        report.compare("pieces handed over", number(&taken, "pieces")?, report.picked);
        Ok(())
    }

    async fn close_wave(&self, wave: i64, report: &mut Report) -> anyhow::Result<()> {
        let closed = self.lead.post(&format!("/waves/{wave}/close"), &json!({})).await?;
        report.compare("pieces allocated", number(&closed, "allocated")?, report.pieces);
        report.compare("pieces picked, by the wave", number(&closed, "picked")?, report.picked);
        report.compare("pieces short, by the wave", number(&closed, "short")?, report.short);
        report.compare("pieces taken out", number(&closed, "taken_out")?, 0);
        Ok(())
    }

    /// Waits until the shop has heard of every parcel, and nothing waits to be told.
    async fn told(&self, wanted: &[Wanted]) -> anyhow::Result<()> {
        let shop = &self.stage.shop;
        self.until("messages to the shop", || async {
            let all = wanted.iter().all(|order| !shop.heard(&order.external_id).parcels.is_empty());
            if !all {
                return Ok(false);
            }
            let endpoints = self.admin.get(&format!("/endpoints?channel={CHANNEL}")).await?;
            let endpoint = endpoints.get(0).context("no endpoint")?;
            ensure!(text(endpoint, "state")? == "active", "the endpoint isn't told any more: {endpoint}");
            Ok(number(endpoint, "pending")? == 0)
        })
        .await
    }

    /// Compares what the shop heard with what it ordered.
    fn listen(&self, wanted: &[Wanted], before: shop::Counts, report: &mut Report) -> anyhow::Result<()> {
        let shop = &self.stage.shop;
        let counts = shop.counts();
        report.webhooks_delivered = i64::try_from(counts.messages - before.messages)?;
        report.compare("bad signatures", i64::try_from(counts.bad_signatures)?, 0);
        report.compare("messages that make no sense", i64::try_from(counts.unreadable)?, 0);
        let mut messages = 0;
        for order in wanted {
            let heard = shop.heard(&order.external_id);
            messages += i64::try_from(heard.messages.len())?;
            let in_order = (1..).zip(&heard.messages).all(|(number, (_, seq))| number == *seq);
            if !in_order {
                report.wrong.push(format!("{} was told out of order: {:?}", order.external_id, heard.messages));
            }
            let told = |kind: &str| heard.messages.iter().filter(|(told, _)| told == kind).count();
            if (told("order.packed"), told("parcel.shipped")) != (1, 1) {
                report.wrong.push(format!("{} was told {:?}", order.external_id, heard.messages));
            }
            for line in heard.parcels.iter().filter_map(|parcel| parcel.get("lines")?.as_array()).flatten() {
                report.pieces_shipped += number(line, "quantity")?;
            }
        }
        report.compare("messages about these orders", messages, report.webhooks_delivered);
        report.compare("pieces shipped, by the shop's count", report.pieces_shipped, report.picked);
        report.compare("pieces shipped and short", report.pieces_shipped + report.short, report.pieces);
        Ok(())
    }

    /// Rebuilds every balance.
    async fn prove(&self, report: &mut Report) -> anyhow::Result<()> {
        let proved = self.running.app.db.read(|tx| Box::pin(verify(tx))).await?;
        report.verify = match proved.findings.len() {
            0 => "ok".to_owned(),
            count => format!("{count} findings"),
        };
        report.compare("findings of the verification", i64::try_from(proved.findings.len())?, 0);
        Ok(())
    }

    async fn until<F, R>(&self, what: &str, mut happened: F) -> anyhow::Result<()>
    where
        F: FnMut() -> R,
        R: Future<Output = anyhow::Result<bool>>,
    {
        let mut waited = Duration::ZERO;
        while !happened().await? {
            tokio::time::sleep(LOOK_EVERY).await;
            // Whoever plays with the printer is waited for.
            waited = if self.printer.mode() == Mode::Ready { waited + LOOK_EVERY } else { Duration::ZERO };
            if waited > LONGEST_WAIT {
                bail!("{what} did not come within {} seconds", LONGEST_WAIT.as_secs());
            }
        }
        Ok(())
    }
}

/// A picture beside each label in a folder.
fn pictures(folder: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "zpl") {
            let png = picture::png(&std::fs::read(&path)?).with_context(|| path.display().to_string())?;
            std::fs::write(path.with_extension("png"), png)?;
        }
    }
    Ok(())
}
