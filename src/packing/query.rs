//! What a packer's screen shows, and lists of parcels and numbers.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::{ParcelState, WaybillState, WeightBounds};
use super::{PackError, pool, sql};
use crate::db::{DbError, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{OrderId, PlaceId, SkuId, WarehouseId, WaybillId};
use crate::kernel::vault::Vault;
use crate::order::model::OrderState;
use crate::order::personal::{self, Personal};
use crate::{args, row};

row! {
    /// A parcel as it is stored, with what belongs to it.
    #[derive(Debug, Clone)]
    pub struct ViewRow {
        /// Its place.
        pub id: PlaceId,
        /// Its number.
        pub number: String,
        /// Where it stands.
        pub state: ParcelState,
        /// Its order.
        pub order_id: OrderId,
        /// The order's number.
        pub order: String,
        /// Where the order stands.
        pub order_state: OrderState,
        /// The shop's flags.
        pub flags: String,
        /// Sealed personal data.
        pub personal: Vec<u8>,
        /// Who packs it.
        pub packer: Option<String>,
        /// Where.
        pub station: Option<String>,
        /// Its carrier's code.
        pub carrier: Option<String>,
        /// Its waybill number.
        pub waybill: Option<String>,
        /// What its goods weigh.
        pub expected_grams: i64,
        /// What it weighs.
        pub weight_grams: Option<i64>,
        /// Why it was closed by force.
        pub forced_reason: String,
        /// When it was begun.
        pub created_at: Timestamp,
        /// When it was closed.
        pub sealed_at: Option<Timestamp>,
        /// When the carrier got it.
        pub handed_over_at: Option<Timestamp>,
    }
}

row! {
    /// A SKU that the parcel is to hold.
    #[derive(Debug, Clone)]
    pub struct ExpectedRow {
        /// The SKU.
        pub sku_id: SkuId,
        /// Its code.
        pub sku: String,
        /// Its English name.
        pub name_en: String,
        /// Its Chinese name.
        pub name_zh: String,
        /// Whether it breaks.
        pub fragile: bool,
        /// What the packer must know.
        pub packing_note: String,
        /// Pieces of the order in no parcel yet.
        pub left: i64,
        /// Pieces in this parcel.
        pub verified: i64,
    }
}

/// A barcode that verifies a piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PackBarcode {
    /// What the scanner reads.
    pub barcode: String,
    /// Pieces that one scan stands for.
    pub unit_factor: i64,
}

/// A SKU on the packer's screen.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PackLine {
    /// Its code.
    pub sku: String,
    /// Its English name.
    pub name_en: String,
    /// Its Chinese name.
    pub name_zh: String,
    /// Whether it breaks.
    pub fragile: bool,
    /// What the packer must know.
    pub packing_note: String,
    /// What may be scanned for it, beside its code.
    pub barcodes: Vec<PackBarcode>,
    /// Pieces that belong into this parcel: scanned or not.
    pub expected: i64,
    /// Pieces that are in it.
    pub verified: i64,
    /// Pieces that are still to be scanned.
    pub left: i64,
}

row! {
    /// A paper on the checklist.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub struct PackPaper {
        /// Which: `packing_slip`, `invoice`, or a SKU's own.
        pub paper: String,
        /// Whether it is inside.
        pub enclosed: bool,
        /// Who ticked it.
        pub by: Option<String>,
    }
}

/// A tote with goods of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PackTote {
    /// Its code.
    pub tote: String,
    /// Pieces in it.
    pub pieces: i64,
}

/// A parcel as the packer's screen shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ParcelView {
    /// The parcel.
    pub parcel_id: PlaceId,
    /// Its number.
    pub parcel: String,
    /// Where it stands.
    pub state: ParcelState,
    /// Its order.
    pub order_id: OrderId,
    /// The order's number.
    pub order: String,
    /// Where the order stands.
    pub order_state: OrderState,
    /// The shop's flags.
    pub flags: Vec<String>,
    /// What the buyer wrote.
    pub buyer_remark: String,
    /// What the shop wrote.
    pub seller_remark: String,
    /// Who packs it: the person's number.
    pub packer: Option<String>,
    /// Where: the station's code.
    pub station: Option<String>,
    /// Its carrier's code.
    pub carrier: Option<String>,
    /// Its waybill number, once one is kept for it.
    pub waybill: Option<String>,
    /// Between which weights it is right; none before it is closed, and where some weight is unknown.
    pub bounds: Option<WeightBounds>,
    /// What it weighs.
    pub weight_grams: Option<i64>,
    /// Why it was closed by force; empty where it wasn't.
    pub forced_reason: String,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was closed.
    pub sealed_at: Option<Timestamp>,
    /// When the carrier got it.
    pub handed_over_at: Option<Timestamp>,
    /// What belongs into it.
    pub lines: Vec<PackLine>,
    /// The papers.
    pub papers: Vec<PackPaper>,
    /// The totes of the order that have goods in them.
    pub totes: Vec<PackTote>,
}

/// A parcel for the packer's screen.
///
/// # Errors
/// [`PackError::NotFound`]; [`PackError::Sealed`] where the key file is another one.
pub async fn parcel(
    tx: &mut Tx<'_>,
    vault: &Vault,
    warehouse: WarehouseId,
    parcel: PlaceId,
) -> Result<ParcelView, PackError> {
    let found: Option<ViewRow> = tx.opt(sql::SELECT_VIEW, args![warehouse, parcel]).await?;
    let row = found.ok_or_else(|| PackError::NotFound { what: "parcel", code: parcel.to_string() })?;
    let personal: Personal = vault.open_json(personal::PURPOSE, &row.personal)?;
    let filling = row.state.filling();
    let lines = lines(tx, row.order_id, parcel, filling).await?;
    let papers = tx.all(sql::LIST_PAPERS, args![parcel]).await?;
    let totes = if filling { totes(tx, row.order_id).await? } else { Vec::new() };
    Ok(ParcelView {
        parcel_id: row.id,
        parcel: row.number,
        state: row.state,
        order_id: row.order_id,
        order: row.order,
        order_state: row.order_state,
        flags: row.flags.split(',').filter(|flag| !flag.is_empty()).map(str::to_owned).collect(),
        buyer_remark: personal.buyer_remark,
        seller_remark: personal.seller_remark,
        packer: row.packer,
        station: row.station,
        carrier: row.carrier,
        waybill: row.waybill,
        bounds: WeightBounds::of(row.expected_grams).filter(|_| !filling),
        weight_grams: row.weight_grams,
        forced_reason: row.forced_reason,
        created_at: row.created_at,
        sealed_at: row.sealed_at,
        handed_over_at: row.handed_over_at,
        lines,
        papers,
        totes,
    })
}

/// What belongs into a parcel; of a closed one, what is in it.
async fn lines(tx: &mut Tx<'_>, order: OrderId, parcel: PlaceId, filling: bool) -> Result<Vec<PackLine>, DbError> {
    let rows: Vec<ExpectedRow> = tx.all(sql::LIST_EXPECTED, args![order, parcel]).await?;
    let barcodes: Vec<(SkuId, String, i64)> = tx.all(sql::LIST_BARCODES, args![order]).await?;
    let lines = rows.into_iter().map(|row| {
        let own = barcodes.iter().filter(|(sku, ..)| *sku == row.sku_id);
        let left = if filling { row.left } else { 0 };
        PackLine {
            barcodes: own
                .map(|(_, barcode, factor)| PackBarcode { barcode: barcode.clone(), unit_factor: *factor })
                .collect(),
            sku: row.sku,
            name_en: row.name_en,
            name_zh: row.name_zh,
            fragile: row.fragile,
            packing_note: row.packing_note,
            expected: left + row.verified,
            verified: row.verified,
            left,
        }
    });
    Ok(lines.filter(|line| line.expected > 0).collect())
}

async fn totes(tx: &mut Tx<'_>, order: OrderId) -> Result<Vec<PackTote>, DbError> {
    let pieces: Vec<super::parcel::PieceRow> = tx.all(sql::SELECT_PIECES, args![order]).await?;
    let mut totes: Vec<PackTote> = Vec::new();
    for piece in pieces {
        match totes.iter_mut().find(|tote| tote.tote == piece.tote_code) {
            Some(tote) => tote.pieces += piece.quantity,
            None => totes.push(PackTote { tote: piece.tote_code, pieces: piece.quantity }),
        }
    }
    Ok(totes)
}

row! {
    /// A parcel in a list.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct ParcelSummary {
        /// The parcel.
        pub parcel_id: PlaceId,
        /// Its number.
        pub parcel: String,
        /// Where it stands.
        pub state: ParcelState,
        /// Its order's number.
        pub order: String,
        /// Who packs or packed it.
        pub packer: Option<String>,
        /// Its carrier's code.
        pub carrier: Option<String>,
        /// Its waybill number.
        pub waybill: Option<String>,
        /// What it weighs.
        pub weight_grams: Option<i64>,
        /// When it was begun.
        pub created_at: Timestamp,
    }
}

/// Which parcels a list shows.
#[derive(Clone, Debug, Default)]
pub struct ParcelFilter {
    /// In this state.
    pub state: Option<ParcelState>,
    /// Of the order with this number.
    pub order: Option<String>,
    /// Older than this parcel.
    pub before: Option<PlaceId>,
    /// Most rows.
    pub limit: i64,
}

/// Parcels, the newest first.
///
/// # Errors
/// A failure of the database.
pub async fn parcels(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    filter: &ParcelFilter,
) -> Result<Vec<ParcelSummary>, DbError> {
    let values = args![
        warehouse,
        filter.state.map_or("", ParcelState::code),
        filter.order.as_deref().unwrap_or_default(),
        filter.before.map_or(0, |parcel| parcel.0),
        filter.limit.clamp(1, 1000)
    ];
    tx.all(sql::LIST_PARCELS, values).await
}

row! {
    /// A tote that waits for a packer.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub struct WaitingTote {
        /// Its code.
        pub tote: String,
        /// Whose goods are in it.
        pub order: String,
        /// Until when they are promised to ship.
        pub ship_by: Timestamp,
        /// Pieces in it.
        pub pieces: i64,
        /// Who packs the order already.
        pub packer: Option<String>,
    }
}

/// Totes of picked orders, the most urgent first.
///
/// # Errors
/// A failure of the database.
pub async fn waiting(tx: &mut Tx<'_>, warehouse: WarehouseId, limit: i64) -> Result<Vec<WaitingTote>, DbError> {
    tx.all(sql::LIST_WAITING, args![warehouse, limit.clamp(1, 1000)]).await
}

row! {
    /// How many numbers of a carrier stand where.
    #[derive(Debug, Clone)]
    pub struct PoolRow {
        /// The carrier's code.
        pub carrier: String,
        /// Its name in English.
        pub name_en: String,
        /// Its name in Chinese.
        pub name_zh: String,
        /// Numbers that nobody has.
        pub free: i64,
        /// Numbers of parcels without a label.
        pub bound: i64,
        /// Numbers that are on paper.
        pub printed: i64,
        /// Numbers that are void.
        pub void: i64,
        /// The number that is given out next; empty for none.
        pub next: String,
    }
}

/// A carrier's pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PoolView {
    /// The carrier's code.
    pub carrier: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Numbers that nobody has.
    pub free: i64,
    /// Numbers of parcels without a label.
    pub bound: i64,
    /// Numbers that are on paper.
    pub printed: i64,
    /// Numbers that are void.
    pub void: i64,
    /// The number that is given out next; empty for none.
    pub next: String,
    /// Whether it is time to get more: fewer than 100 are free.
    pub low: bool,
}

/// The pools of all carriers.
///
/// # Errors
/// A failure of the database.
pub async fn pools(tx: &mut Tx<'_>) -> Result<Vec<PoolView>, DbError> {
    let rows: Vec<PoolRow> = tx.all(sql::LIST_POOLS, vec![]).await?;
    let view = |row: PoolRow| PoolView {
        low: row.free < pool::LOW,
        carrier: row.carrier,
        name_en: row.name_en,
        name_zh: row.name_zh,
        free: row.free,
        bound: row.bound,
        printed: row.printed,
        void: row.void,
        next: row.next,
    };
    Ok(rows.into_iter().map(view).collect())
}

row! {
    /// A waybill number in a list.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct WaybillView {
        /// Its id.
        pub id: WaybillId,
        /// Its text.
        pub number: String,
        /// The carrier's code.
        pub carrier: String,
        /// Where it stands.
        pub state: WaybillState,
        /// The parcel that has it, or had it.
        pub parcel_id: Option<PlaceId>,
        /// That parcel's number; empty for none.
        pub parcel: String,
        /// That parcel's order; empty for none.
        pub order: String,
    }
}

/// Which numbers a list shows.
#[derive(Clone, Debug, Default)]
pub struct WaybillFilter {
    /// Of the carrier with this code.
    pub carrier: Option<String>,
    /// In this state.
    pub state: Option<WaybillState>,
    /// This one.
    pub number: Option<String>,
    /// Behind this one.
    pub after: Option<WaybillId>,
    /// Most rows.
    pub limit: i64,
}

/// Numbers in the order in which they are given out.
///
/// # Errors
/// A failure of the database.
pub async fn waybills(tx: &mut Tx<'_>, filter: &WaybillFilter) -> Result<Vec<WaybillView>, DbError> {
    let values = args![
        filter.carrier.as_deref().unwrap_or_default(),
        filter.state.map_or("", WaybillState::code),
        filter.number.as_deref().map(crate::kernel::text::scanned).unwrap_or_default(),
        filter.after.map_or(0, |waybill| waybill.0),
        filter.limit.clamp(1, 1000)
    ];
    tx.all(sql::LIST_NUMBERS, values).await
}
