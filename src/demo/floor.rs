//! Pickers and packers: they do over HTTP what a person with a device does, scan after scan, several at once. Now and
//! then one scans the wrong thing and is told so; once a piece isn't where it should be.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context as _, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};

use super::device::{Answer, Device, list, number, text};
use super::goods::SHORT_SKU;

/// Every so many scans one is wrong.
const WRONG_EVERY: i64 = 9;
/// What a carton and its filling weigh.
const CARTON_GRAMS: i64 = 60;

/// What the floor did.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) picked: AtomicI64,
    pub(super) short: AtomicI64,
    pub(super) wrong_scans: AtomicI64,
    pub(super) packed: AtomicI64,
    scans: AtomicI64,
    totes: AtomicI64,
}

impl Tally {
    /// Whether this scan is one of the wrong ones.
    fn errs(&self) -> bool {
        self.scans.fetch_add(1, Ordering::SeqCst) % WRONG_EVERY == WRONG_EVERY - 1
    }

    fn next_tote(&self, totes: i64) -> String {
        format!("T{:06}", self.totes.fetch_add(1, Ordering::SeqCst) % totes + 1)
    }
}

/// What everybody on the floor knows.
pub(super) struct Floor {
    /// A barcode of each SKU.
    pub(super) barcodes: BTreeMap<String, String>,
    /// Totes there are.
    pub(super) totes: i64,
    pub(super) tally: Tally,
}

/// A packed parcel with its number.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    pub(super) waybill: String,
    pub(super) order: String,
}

impl Floor {
    fn barcode(&self, sku: &str) -> anyhow::Result<&str> {
        self.barcodes.get(sku).map(String::as_str).with_context(|| format!("no barcode of {sku}"))
    }

    /// Another article than `sku`, as a hand that slips takes it.
    fn another(&self, sku: &str) -> anyhow::Result<&str> {
        let other = self.barcodes.iter().find(|(code, _)| code.as_str() != sku);
        other.map(|(_, barcode)| barcode.as_str()).context("only one article")
    }

    /// Picks task after task of a wave until there is none; sends each full tote to packing.
    pub(super) async fn pick(
        &self,
        device: Device,
        wave: i64,
        totes: mpsc::UnboundedSender<String>,
    ) -> anyhow::Result<()> {
        loop {
            let claim = device.tries(Method::POST, "/picking/claim", &json!({ "wave": wave })).await?;
            let task = match claim {
                Answer::Done(task) => task,
                Answer::Refused { status, .. } if status.as_u16() == 404 => return Ok(()),
                refused => refused.done().context("claim")?,
            };
            let id = number(&task, "task_id")?;
            let tote = self.take_tote(&device, id).await?;
            let mut next = list(&task, "lines")?.first().cloned();
            while let Some(line) = next {
                let answer = self.line(&device, id, &tote, &line).await?;
                next = answer.get("next").filter(|next| !next.is_null()).cloned();
            }
            totes.send(tote).context("nobody packs")?;
        }
    }

    /// Takes the next tote that is empty.
    async fn take_tote(&self, device: &Device, task: i64) -> anyhow::Result<String> {
        for _ in 0..self.totes {
            let tote = self.tally.next_tote(self.totes);
            let path = format!("/picking/tasks/{task}/tote");
            match device.tries(Method::POST, &path, &json!({ "tote": tote })).await? {
                Answer::Done(_) => return Ok(tote),
                Answer::Refused { status, .. } if status.as_u16() == 409 => {}
                refused => return refused.done().map(|_| tote),
            }
        }
        bail!("every tote is in use")
    }

    async fn line(&self, device: &Device, task: i64, tote: &str, line: &Value) -> anyhow::Result<Value> {
        let (allocation, sku, quantity) =
            (number(line, "allocation_id")?, text(line, "sku")?, number(line, "quantity")?);
        let path = format!("/picking/tasks/{task}/lines/{allocation}");
        let scan = |item: &str, quantity: i64| json!({ "location": line.get("place"), "item": item, "quantity": quantity, "tote": tote });
        if self.tally.errs() {
            let wrong = scan(self.another(&sku)?, 1);
            self.refused(device, &format!("{path}/confirm"), &wrong, "picking.wrong_item").await?;
        }
        let missing = i64::from(sku == SHORT_SKU && quantity > 1);
        let there = quantity - missing;
        let confirmed = device.post(&format!("{path}/confirm"), &scan(self.barcode(&sku)?, there)).await?;
        self.tally.picked.fetch_add(there, Ordering::SeqCst);
        if missing == 0 {
            return Ok(confirmed);
        }
        let changed =
            device.post(&format!("{path}/short"), &json!({ "missing": missing, "reason": "missing" })).await?;
        ensure!(number(&changed, "reallocated")? == 0, "the last piece was found elsewhere: {changed}");
        self.tally.short.fetch_add(missing, Ordering::SeqCst);
        Ok(changed)
    }

    /// Does something wrong, which must be told apart.
    async fn refused(&self, device: &Device, path: &str, body: &Value, expected: &str) -> anyhow::Result<()> {
        match device.tries(Method::POST, path, body).await? {
            Answer::Refused { code, .. } if code == expected => {
                self.tally.wrong_scans.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
            Answer::Refused { code, .. } => bail!("a wrong scan was refused as {code}, not as {expected}"),
            Answer::Done(answer) => bail!("a wrong scan was taken: {answer}"),
        }
    }

    /// Packs tote after tote at a station, until no more come.
    pub(super) async fn pack(
        &self,
        device: Device,
        station: &str,
        totes: Arc<Mutex<mpsc::UnboundedReceiver<String>>>,
    ) -> anyhow::Result<Vec<Packed>> {
        let mut packed = Vec::new();
        loop {
            let tote = totes.lock().await.recv().await;
            let Some(tote) = tote else { return Ok(packed) };
            packed.push(self.parcel(&device, station, &tote).await.with_context(|| format!("packing {tote}"))?);
        }
    }

    async fn parcel(&self, device: &Device, station: &str, tote: &str) -> anyhow::Result<Packed> {
        let parcel = device.post("/packing/start", &json!({ "tote": tote, "station": station })).await?;
        let (id, order) = (number(&parcel, "parcel_id")?, text(&parcel, "order")?);
        let pieces = format!("/packing/{id}/pieces");
        let lines = list(&parcel, "lines")?;
        for line in lines {
            let sku = text(line, "sku")?;
            for _ in 0..number(line, "left")? {
                if self.tally.errs() {
                    self.wrong_piece(device, &pieces, tote, lines).await?;
                }
                self.piece(device, &pieces, tote, self.barcode(&sku)?).await?;
                self.tally.packed.fetch_add(1, Ordering::SeqCst);
            }
        }
        for paper in list(&parcel, "papers")? {
            let tick = json!({ "paper": text(paper, "paper")?, "enclosed": true });
            device.post(&format!("/packing/{id}/papers"), &tick).await?;
        }
        let sealed = device.post(&format!("/packing/{id}/close"), &json!({})).await?;
        let weight_grams = number(&sealed, "expected_grams")? + CARTON_GRAMS;
        let weighed = device
            .post(&format!("/parcels/{id}/weigh"), &json!({ "weight_grams": weight_grams, "station": station }))
            .await?;
        ensure!(weighed.get("print_job_id").is_some_and(Value::is_i64), "no label for {order}: {weighed}");
        Ok(Packed { waybill: text(&weighed, "waybill")?, order })
    }

    /// Scans a piece into a parcel; where two lots of it are in the tote, with the lot on it.
    async fn piece(&self, device: &Device, path: &str, tote: &str, item: &str) -> anyhow::Result<()> {
        match device.tries(Method::POST, path, &json!({ "item": item, "tote": tote })).await? {
            Answer::Refused { code, facts, .. } if code == "packing.which_lot" => {
                let lots = text(&facts, "lots")?;
                let lot = lots.split([',', ' ']).find(|lot| !lot.is_empty()).unwrap_or_default();
                device.post(path, &json!({ "item": item, "tote": tote, "lot": lot })).await.map(drop)
            }
            answer => answer.done().map(drop),
        }
    }

    /// A piece of no line of this parcel.
    async fn wrong_piece(&self, device: &Device, path: &str, tote: &str, lines: &[Value]) -> anyhow::Result<()> {
        let here: Vec<&str> = lines.iter().filter_map(|line| line.get("sku")?.as_str()).collect();
        let other = self.barcodes.iter().find(|(code, _)| !here.contains(&code.as_str()));
        let (_, barcode) = other.context("every article is in one parcel")?;
        self.refused(device, path, &json!({ "item": barcode, "tote": tote }), "packing.wrong_item").await
    }
}
