//! Sealed and weighed parcels with their waybill numbers, ready for labels and the dock.

use tallyman::kernel::ids::{PlaceId, PrintJobId};
use tallyman::packing::pool::{ImportWaybills, WaybillRange};
use tallyman::packing::seal::{HowToSeal, SealParcel, TickPaper};
use tallyman::packing::start::StartPacking;
use tallyman::packing::verify::{PieceScan, VerifyPiece};
use tallyman::packing::weigh::{ParcelOnItsWay, WeighParcel, Weight};
use tallyman::shipping::carriers::PutCarrier;
use tallyman::station::StationError;
use tallyman::station::model::{Compression, Drawing, PrinterLanguage, PrinterTransport};
use tallyman::station::ops::{queue_shipping_label, withdraw_labels};
use tallyman::station::setup::{PutPrinter, PutStation};

use super::World;
use super::floor::{pick_all, released};

/// Picks and packs `orders` orders of `quantity` pieces each: their parcels in order, with waybills `SF1`, `SF2`.
pub async fn packed(world: &World, orders: i64, quantity: i64) -> Vec<PlaceId> {
    released(world, orders, quantity).await;
    for n in 0..orders {
        pick_all(world, &format!("T{:06}", n + 1)).await;
    }
    carriers(world).await;
    numbers(world, orders).await;
    let mut parcels = Vec::new();
    for n in 1..=orders {
        let parcel = sealed(world, &tote_of(world, n).await, quantity).await;
        weigh(world, parcel, 200 * quantity + 50).await;
        parcels.push(parcel);
    }
    parcels
}

/// Numbers `SF1` to the `last` in the pool of SF.
pub async fn numbers(world: &World, last: i64) {
    let range = WaybillRange { prefix: "SF".into(), first: 1, last, width: 0 };
    world.does(ImportWaybills { carrier: "SF".into(), numbers: Vec::new(), range: Some(range) }).await;
}

/// The tote of the n-th order.
pub async fn tote_of(world: &World, n: i64) -> String {
    let sql = format!("SELECT p.code FROM pick_task t JOIN place p ON p.id = t.tote_place_id WHERE t.order_id = {n}");
    world.text(sql.leak()).await
}

/// Begins to pack a tote.
pub async fn begun(world: &World, tote: &str) -> PlaceId {
    let start = StartPacking { tote: tote.into(), station: None, take_over: false };
    world.does(start).await.parcel_id
}

/// A scan of `quantity` pieces into a parcel.
pub fn scan(parcel: PlaceId, quantity: i64) -> VerifyPiece {
    let scan = PieceScan { item: "6901234567892".into(), quantity: Some(quantity), ..PieceScan::default() };
    VerifyPiece { parcel, scan }
}

/// A tick on a paper.
pub fn tick(parcel: PlaceId, paper: &str) -> TickPaper {
    TickPaper { parcel, paper: paper.into(), enclosed: true }
}

/// Closes a parcel as it should be closed.
pub fn seal(parcel: PlaceId) -> SealParcel {
    SealParcel { parcel, how: HowToSeal::default() }
}

/// A closed parcel with the pieces of a tote.
pub async fn sealed(world: &World, tote: &str, quantity: i64) -> PlaceId {
    let parcel = begun(world, tote).await;
    world.does(scan(parcel, quantity)).await;
    world.does(tick(parcel, "packing_slip")).await;
    world.does(seal(parcel)).await;
    parcel
}

/// A weight.
pub fn weight(parcel: PlaceId, weight_grams: i64) -> WeighParcel {
    WeighParcel { parcel, weight: Weight { weight_grams, station: None, accepted_reason: None } }
}

/// Weighs a parcel.
pub async fn weigh(world: &World, parcel: PlaceId, weight_grams: i64) -> ParcelOnItsWay {
    world.does(weight(parcel, weight_grams)).await
}

/// Two carriers.
pub async fn carriers(world: &World) {
    for (code, name) in [("SF", "顺丰"), ("YTO", "圆通")] {
        let tracking_url = format!("https://{}.example/?no={{number}}", code.to_lowercase());
        let carrier = PutCarrier {
            code: code.into(),
            name_en: code.into(),
            name_zh: name.into(),
            tracking_url,
            is_default: code == "SF",
        };
        world.does(carrier).await;
    }
}

/// A printer as it is set up.
pub fn printer(code: &str) -> PutPrinter {
    PutPrinter {
        code: code.into(),
        name: "Zebra".into(),
        transport: PrinterTransport::Tcp,
        address: "127.0.0.1:9100".into(),
        language: PrinterLanguage::Zpl,
        dots_per_m: 8000,
        stock: "100x150".into(),
        compression: Compression::Acs,
        drawing: Drawing::Picture,
        turned: false,
        cutter: false,
        active: true,
        station: String::new(),
    }
}

/// A station as it is set up.
pub fn station(code: &str) -> PutStation {
    PutStation {
        code: code.into(),
        name: "Table 1".into(),
        label_printer: None,
        scanner: String::new(),
        scanner_how: String::new(),
        scale: String::new(),
        scale_protocol: String::new(),
        printers: Vec::new(),
        agent: false,
    }
}

/// Queues a parcel's label as packing does.
#[derive(serde::Serialize)]
pub struct QueueLabel(pub PlaceId);

impl tallyman::db::Operation for QueueLabel {
    const KIND: &'static str = "test.queue_label";
    type Answer = PrintJobId;
    type Error = StationError;

    async fn run(&self, op: &mut tallyman::db::Op<'_, '_>) -> Result<PrintJobId, StationError> {
        queue_shipping_label(op, self.0, None).await
    }
}

/// Takes a parcel's labels back as packing does when it opens it again.
#[derive(serde::Serialize)]
pub struct WithdrawLabels(pub PlaceId);

impl tallyman::db::Operation for WithdrawLabels {
    const KIND: &'static str = "test.withdraw_labels";
    type Answer = ();
    type Error = StationError;

    async fn run(&self, op: &mut tallyman::db::Op<'_, '_>) -> Result<(), StationError> {
        withdraw_labels(op, self.0, "opened again").await
    }
}

/// Gives a waiting label a receiver whose name has a character that no label font has.
#[derive(serde::Serialize)]
pub struct SpoilLabel(pub PrintJobId);

impl tallyman::db::Operation for SpoilLabel {
    const KIND: &'static str = "test.spoil_label";
    type Answer = ();
    type Error = StationError;

    async fn run(&self, op: &mut tallyman::db::Op<'_, '_>) -> Result<(), StationError> {
        use tallyman::{args, db::Sql, station::content::Content};
        let payload = Sql::both("SELECT payload FROM print_job WHERE id = $1");
        let (sealed,): (Vec<u8>,) = op.tx.one("job", payload, args![self.0]).await?;
        let services = std::sync::Arc::clone(&op.context.services);
        let Content::ShippingLabel(mut label) = Content::open(&services.vault, &sealed)? else { panic!("no label") };
        label.receiver.name = "\u{13000}".into();
        let (sealed, _) = Content::ShippingLabel(label).seal(&services)?;
        op.tx.exec(Sql::both("UPDATE print_job SET payload = $2 WHERE id = $1"), args![self.0, sealed]).await?;
        Ok(())
    }
}
