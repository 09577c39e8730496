//! Setting the stage over the API: people with tokens, the catalogue, places, stock, carrier, printer, station, channel.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Context as _;
use reqwest::{Client, Method};
use serde_json::json;

use super::device::{Device, text};
use super::goods::{Good, goods, locations_csv, skus_csv, stock_csv};
use super::shop::{Ear, Shop};
use crate::kernel::Timestamp;
use crate::kernel::random::SeededRandom;

/// The code of the demo's channel.
pub(super) const CHANNEL: &str = "demo-shop";
/// The demo's packing station.
pub(super) const STATION: &str = "PACK-1";
/// The demo's carrier.
pub(super) const CARRIER: &str = "SF";
/// Totes of the demo.
pub(super) const TOTES: i64 = 120;
/// Waybill numbers of the demo.
const WAYBILLS: i64 = 90_000;

/// A stage that is set.
pub(super) struct Stage {
    pub(super) goods: Vec<Good>,
    /// Name and token of everybody, by number.
    pub(super) tokens: BTreeMap<&'static str, String>,
    pub(super) shop: Shop,
}

/// Number, name and role of everybody.
const PEOPLE: [(&str, &str, &str); 6] = [
    ("L1", "韩班长", "shift_lead"),
    ("P1", "李拣", "picker"),
    ("P2", "王拣", "picker"),
    ("P3", "张拣", "picker"),
    ("K1", "陈包", "packer"),
    ("K2", "赵包", "packer"),
];

impl Stage {
    pub(super) async fn set(
        admin: &Device,
        client: &Client,
        base: &str,
        printer: SocketAddr,
        now: Timestamp,
        random: &SeededRandom,
    ) -> anyhow::Result<Self> {
        let goods = goods();
        admin.import("skus", skus_csv(&goods)).await?;
        admin.import("locations", locations_csv()).await?;
        admin.import("stock", stock_csv(&goods, now, random)).await?;
        admin.post("/totes", &json!({ "prefix": "T", "first": 1, "last": TOTES })).await?;
        Self::ship_by(admin, printer).await?;
        let mut tokens = BTreeMap::new();
        for (number, name, role) in PEOPLE {
            let person = json!({ "number": number, "name": name, "language": "zh-CN", "roles": [role] });
            admin.post("/people", &person).await?;
            let made = admin.post("/tokens", &json!({ "person": number, "name": "demo device" })).await?;
            tokens.insert(number, text(&made, "secret")?);
        }
        let ear = Ear::open().await?;
        let channel = json!({ "code": CHANNEL, "name": "Demo shop", "adapter": "standard", "short_policy": "part" });
        let channel = admin.does(Method::PUT, "/channels", &channel).await?;
        let endpoint = json!({ "channel": CHANNEL, "url": ear.url });
        let endpoint = admin.does(Method::PUT, "/endpoints", &endpoint).await?;
        let inbox = format!("{base}{}", text(&channel, "path")?);
        let shop = Shop::open(ear, client, inbox, text(&channel, "secret")?, &text(&endpoint, "secret")?)?;
        Ok(Self { goods, tokens, shop })
    }

    /// Carrier with numbers, printer, station.
    async fn ship_by(admin: &Device, printer: SocketAddr) -> anyhow::Result<()> {
        let carrier = json!({ "code": CARRIER, "name_en": "SF Express", "name_zh": "顺丰速运", "is_default": true,
            "tracking_url": "https://sf.example/?no={number}" });
        admin.does(Method::PUT, "/carriers", &carrier).await?;
        let range =
            json!({ "prefix": "SF", "first": 1_000_000_001_i64, "last": 1_000_000_000 + WAYBILLS, "width": 10 });
        admin.post("/waybills/import", &json!({ "carrier": CARRIER, "range": range })).await?;
        let address = printer.to_string();
        let printer = json!({ "code": "LABEL-1", "name": "Label printer", "transport": "tcp", "address": address, "language": "zpl" });
        admin.does(Method::PUT, "/printers", &printer).await?;
        let station = json!({ "code": STATION, "name": "Packing table 1", "label_printer": "LABEL-1" });
        admin.does(Method::PUT, "/stations", &station).await?;
        Ok(())
    }

    /// Somebody's token.
    pub(super) fn token(&self, number: &str) -> anyhow::Result<&str> {
        self.tokens.get(number).map(String::as_str).with_context(|| format!("no token of {number}"))
    }

    /// A barcode of each SKU.
    pub(super) fn barcodes(&self) -> BTreeMap<String, String> {
        self.goods.iter().map(|good| (good.code.clone(), good.barcode.clone())).collect()
    }
}
