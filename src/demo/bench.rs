//! The demo's devices in a person's hands: what can go wrong with a printer, a scanner and a scale, on demand.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tallyman_drivers::fake::{FakePrinter, FakeScale, FakeScanner, Mode, Place, ScaleMode, ScannerMode, Talks};
use tallyman_drivers::scale::Protocol;

use super::device::Device;
use super::stage::STATION;

/// How long the service gets to notice.
const NOTICED: Duration = Duration::from_millis(1_500);

/// What a printer can do, by a word.
const PRINTER: [(&str, Mode); 12] = [
    ("ready", Mode::Ready),
    ("paper_out", Mode::PaperOut),
    ("head_open", Mode::HeadOpen),
    ("paused", Mode::Paused),
    ("runs_out", Mode::RunsOut { after_bytes: 4_000 }),
    ("silent", Mode::Silent),
    ("garbage", Mode::Garbage),
    ("slow", Mode::Slow { bytes_per_second: 8_000 }),
    ("resets", Mode::Resets { after_bytes: 4_000 }),
    ("lost_answers", Mode::DropsAnswers),
    ("lying", Mode::Lying),
    ("off", Mode::Refuses),
];
/// What a scanner can do, by a word.
const SCANNER: [(&str, ScannerMode); 5] = [
    ("ready", ScannerMode::Ready),
    ("slow", ScannerMode::Slow),
    ("noisy", ScannerMode::Noisy),
    ("doubles", ScannerMode::Doubles),
    ("dies", ScannerMode::Dies { after_bytes: 4 }),
];
/// What a scale can do, by a word.
const SCALE: [(&str, ScaleMode); 6] = [
    ("ready", ScaleMode::Ready),
    ("never_still", ScaleMode::NeverStill),
    ("lying", ScaleMode::Lying),
    ("over", ScaleMode::Over),
    ("under", ScaleMode::Under),
    ("silent", ScaleMode::Silent),
];

/// The devices of the demo's packing table.
pub struct Bench {
    printer: Arc<FakePrinter>,
    scanner: FakeScanner,
    scale: FakeScale,
    admin: Device,
}

impl Bench {
    /// Puts a scanner and a scale on the packing table, beside its printer.
    pub(super) async fn set(printer: &Arc<FakePrinter>, admin: &Device) -> anyhow::Result<Self> {
        let scanner = FakeScanner::at(Place::Network(0), Talks::plain()).await?;
        let scale = FakeScale::at(Place::Network(0), Protocol::StGs).await?;
        let address =
            |at: Option<tallyman_drivers::transport::Address>| at.map(|at| at.to_string()).unwrap_or_default();
        let station = json!({ "code": STATION, "name": "Packing table 1", "label_printer": "LABEL-1",
            "scanner": address(scanner.address()), "scale": address(scale.address()), "scale_protocol": "st_gs" });
        admin.does(reqwest::Method::PUT, "/stations", &station).await?;
        Ok(Self { printer: Arc::clone(printer), scanner, scale, admin: admin.clone() })
    }

    /// What may be said, line by line.
    #[must_use]
    pub fn words() -> Vec<String> {
        let list = |words: Vec<&str>| words.join(" | ");
        vec![
            format!("printer {}", list(PRINTER.map(|(word, _)| word).to_vec())),
            format!("scanner {} | pull | plug", list(SCANNER.map(|(word, _)| word).to_vec())),
            format!("scale {} | pull | plug", list(SCALE.map(|(word, _)| word).to_vec())),
            "scan CODE".to_owned(),
            "weigh GRAMS".to_owned(),
            "yes | no".to_owned(),
        ]
    }

    /// Does what a line says, and gives what the service says to it; `None` where the line means nothing.
    ///
    /// # Errors
    /// Where the service can't be asked.
    pub async fn does(&self, line: &str) -> anyhow::Result<Option<Vec<String>>> {
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let rest = rest.trim();
        let known = match word {
            "printer" => match named(&PRINTER, rest) {
                Some(mode) => self.printer.set_mode(mode).await.map(|()| true)?,
                None => false,
            },
            "scanner" => match (rest, named(&SCANNER, rest)) {
                ("pull", _) => done(|| self.scanner.pull()),
                ("plug", _) => done(|| self.scanner.plug()),
                (_, Some(mode)) => done(|| self.scanner.set_mode(mode)),
                _ => false,
            },
            "scale" => match (rest, named(&SCALE, rest)) {
                ("pull", _) => done(|| self.scale.pull()),
                ("plug", _) => done(|| self.scale.plug()),
                (_, Some(mode)) => done(|| self.scale.set_mode(mode)),
                _ => false,
            },
            "scan" if !rest.is_empty() => {
                // Nobody may listen: then the scan is lost, as it is at a real scanner.
                self.scanner.scan(rest).await;
                true
            }
            "weigh" => match rest.parse() {
                Ok(grams) => done(|| self.scale.lay_on(grams)),
                Err(_) => false,
            },
            "yes" | "no" => return self.settle(word == "yes").await.map(Some),
            _ => false,
        };
        if !known {
            return Ok(None);
        }
        tokio::time::sleep(NOTICED).await;
        self.told().await.map(Some)
    }

    /// Says of every label in doubt whether it came out.
    async fn settle(&self, came_out: bool) -> anyhow::Result<Vec<String>> {
        let jobs = self.admin.get("/print-jobs?state=open").await?;
        let mut said = Vec::new();
        for job in jobs.as_array().into_iter().flatten().filter(|job| job["state"] != "failed") {
            let body = json!({ "came_out": came_out, "evidence": "looked" });
            self.admin.post(&format!("/print-jobs/{}/settle", job["id"]), &body).await?;
            said.push(format!("{} {}", job["waybill"].as_str().unwrap_or_default(), if came_out { "+" } else { "R" }));
        }
        Ok(said)
    }

    /// How the table stands, in the service's own words.
    async fn told(&self) -> anyhow::Result<Vec<String>> {
        let status = self.admin.get(&format!("/stations/{STATION}/devices")).await?;
        let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let mut lines = Vec::new();
        for printer in listed(&status, "printers") {
            let waits = format!("{} + {} ?", printer["waiting"], printer["open_questions"]);
            lines.push(format!("{}  {waits}  {}", text(printer, "code"), text(printer, "sentence")));
        }
        for device in listed(&status, "devices") {
            let last = &device["last"];
            let shows = device["shows_grams"].as_i64().map(|grams| format!("{grams} g")).unwrap_or_default();
            let said = [
                text(last, "event"),
                text(last, "text"),
                last["grams"].as_i64().map(|grams| format!("{grams} g")).unwrap_or_default(),
                text(last, "fault"),
            ];
            let said = said.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
            lines.push(format!("{}  {shows}  {said}  {}", text(device, "role"), text(device, "sentence")));
        }
        Ok(lines)
    }
}

fn listed<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn done(act: impl FnOnce()) -> bool {
    act();
    true
}

fn named<M: Copy>(all: &[(&str, M)], word: &str) -> Option<M> {
    all.iter().find(|(name, _)| *name == word).map(|(_, mode)| *mode)
}
