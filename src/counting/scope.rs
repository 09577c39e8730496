//! Which places a plan counts, and what of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Class, CountKind};
use super::{CountError, abc};
use crate::catalog::ops::resolve;
use crate::db::Tx;
use crate::kernel::Timestamp;
use crate::kernel::ids::{LotId, PlaceId, SkuId, WarehouseId};
use crate::kernel::random::SeededRandom;
use crate::kernel::text::scanned;
use crate::location::ops::place;
use crate::stock::model::PlaceKind;
use crate::{args, row};

/// What a plan counts.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scope {
    /// Wall to wall; only these zones, where some are named.
    Full {
        /// Codes of zones.
        #[serde(default)]
        zones: Vec<String>,
    },
    /// What is due today, by class: the longest uncounted first.
    Cycle {
        /// Only this class.
        #[serde(default)]
        class: Option<Class>,
    },
    /// Places.
    Location {
        /// Their codes.
        places: Vec<String>,
    },
    /// SKUs, wherever they lie.
    Sku {
        /// Codes or barcodes.
        skus: Vec<String>,
    },
    /// Lots of a SKU, wherever they lie.
    Lot {
        /// SKU code or barcode.
        sku: String,
        /// Numbers of lots.
        lots: Vec<String>,
    },
    /// A category of the catalogue.
    Category {
        /// Its name.
        category: String,
    },
    /// A random sample of the places that hold something.
    Sample {
        /// Codes of zones; all where none is named.
        #[serde(default)]
        zones: Vec<String>,
        /// 80, 90, 95 or 99.
        confidence_percent: i64,
        /// How far the share of wrong places in the sample may be off, 1 to 50.
        margin_percent: i64,
    },
    /// A spot check of places.
    Spot {
        /// Their codes.
        places: Vec<String>,
    },
    /// Places where something moved since they were counted last, or that never were.
    Moved {
        /// Codes of zones; all where none is named.
        #[serde(default)]
        zones: Vec<String>,
    },
}

impl Scope {
    /// The kind of plan that it makes.
    #[must_use]
    pub const fn kind(&self) -> CountKind {
        match self {
            Self::Full { .. } => CountKind::Full,
            Self::Cycle { .. } => CountKind::Cycle,
            Self::Location { .. } => CountKind::Location,
            Self::Sku { .. } => CountKind::Sku,
            Self::Lot { .. } => CountKind::Lot,
            Self::Category { .. } => CountKind::Category,
            Self::Sample { .. } => CountKind::Sample,
            Self::Spot { .. } => CountKind::Spot,
            Self::Moved { .. } => CountKind::Moved,
        }
    }
}

/// Places to be counted, in the order of the walk; of each what of it, or nothing for all that lies there.
pub type Places = Vec<(PlaceId, BTreeSet<(SkuId, i64)>)>;

row! {
    /// A place that could be counted.
    #[derive(Debug, Clone)]
    pub struct PlaceRow {
        /// The place.
        pub place: PlaceId,
        /// Its zone.
        pub zone: String,
        /// How often its cells had changed at its last count; below 0 where it never was counted.
        pub counted_changes: i64,
        /// How often they have changed by now.
        pub changes: i64,
        /// Cells with something in them.
        pub cells: i64,
    }
}

/// Who asks, and when.
#[derive(Clone, Copy)]
pub struct Asked {
    /// The warehouse.
    pub warehouse: WarehouseId,
    /// Now.
    pub at: Timestamp,
    /// Any number, for a sample.
    pub seed: u64,
}

/// The places of a scope.
///
/// # Errors
/// [`CountError::NotFound`] and [`CountError::NotALocation`] for what isn't there, [`CountError::BadInput`]; a failure of the
/// database.
pub async fn places(tx: &mut Tx<'_>, asked: Asked, scope: &Scope) -> Result<Places, CountError> {
    let warehouse = asked.warehouse;
    match scope {
        Scope::Full { zones } => Ok(whole(of_zones(tx, warehouse, zones).await?)),
        Scope::Moved { zones } => {
            let mut rows = of_zones(tx, warehouse, zones).await?;
            rows.retain(|row| row.changes != row.counted_changes && (row.counted_changes >= 0 || row.changes > 0));
            Ok(whole(rows))
        }
        Scope::Sample { zones, confidence_percent, margin_percent } => {
            let mut rows = of_zones(tx, warehouse, zones).await?;
            rows.retain(|row| row.cells > 0);
            let size = abc::sample(rows.len(), *confidence_percent, *margin_percent);
            let size = size.ok_or(CountError::BadInput { field: "confidence_percent, margin_percent" })?;
            Ok(whole(drawn(rows, size, asked.seed)))
        }
        Scope::Location { places } | Scope::Spot { places } => named(tx, warehouse, places).await,
        Scope::Sku { skus } => {
            let mut cells = Vec::new();
            for text in skus {
                let sku = sku(tx, text).await?;
                let of_sku: Vec<(PlaceId, i64)> = tx.all(sql::PLACES_OF_SKU, args![warehouse, sku]).await?;
                cells.extend(of_sku.into_iter().map(|(place, walk)| (place, walk, sku, 0)));
            }
            Ok(grouped(cells))
        }
        Scope::Lot { sku: text, lots } => {
            let sku = sku(tx, text).await?;
            let mut cells = Vec::new();
            for number in lots {
                let lot: Option<(LotId,)> =
                    tx.opt(crate::stock::sql::SELECT_LOT, args![warehouse, sku, scanned(number)]).await?;
                let (lot,) = lot.ok_or_else(|| CountError::NotFound { what: "lot", code: number.clone() })?;
                let of_lot: Vec<(PlaceId, i64)> = tx.all(sql::PLACES_OF_LOT, args![warehouse, lot]).await?;
                cells.extend(of_lot.into_iter().map(|(place, walk)| (place, walk, sku, lot.0)));
            }
            Ok(grouped(cells))
        }
        Scope::Category { category } => {
            let of: Vec<(PlaceId, i64, SkuId)> =
                tx.all(sql::PLACES_OF_CATEGORY, args![warehouse, category.trim()]).await?;
            Ok(grouped(of.into_iter().map(|(place, walk, sku)| (place, walk, sku, 0)).collect()))
        }
        Scope::Cycle { class } => {
            let mut cells = Vec::new();
            for sku in due_today(tx, asked, *class).await? {
                let of_sku: Vec<(PlaceId, i64)> = tx.all(sql::PLACES_OF_SKU, args![warehouse, sku]).await?;
                cells.extend(of_sku.into_iter().map(|(place, walk)| (place, walk, sku, 0)));
            }
            Ok(grouped(cells))
        }
    }
}

fn whole(rows: Vec<PlaceRow>) -> Places {
    rows.into_iter().map(|row| (row.place, BTreeSet::new())).collect()
}

fn grouped(cells: Vec<(PlaceId, i64, SkuId, i64)>) -> Places {
    let mut places: BTreeMap<(i64, PlaceId), BTreeSet<(SkuId, i64)>> = BTreeMap::new();
    for (place, walk, sku, lot) in cells {
        places.entry((walk, place)).or_default().insert((sku, lot));
    }
    places.into_iter().map(|((_, place), items)| (place, items)).collect()
}

/// Some of the rows, each as likely as the other, in their order.
fn drawn(mut rows: Vec<PlaceRow>, size: usize, seed: u64) -> Vec<PlaceRow> {
    let random = SeededRandom::new(seed);
    while rows.len() > size {
        let at = random.below(u64::try_from(rows.len()).unwrap_or(1));
        rows.remove(usize::try_from(at).unwrap_or(0));
    }
    rows
}

async fn sku(tx: &mut Tx<'_>, text: &str) -> Result<SkuId, CountError> {
    let found = resolve(tx, text).await?;
    found.map(|item| item.sku).ok_or_else(|| CountError::NotFound { what: "SKU", code: text.to_owned() })
}

/// Places in use along the walk, of some zones or of all.
async fn of_zones(tx: &mut Tx<'_>, warehouse: WarehouseId, zones: &[String]) -> Result<Vec<PlaceRow>, CountError> {
    let zones: Vec<String> = zones.iter().map(|zone| scanned(zone)).collect();
    let mut rows: Vec<PlaceRow> = tx.all(sql::LIST_PLACES, args![warehouse]).await?;
    if let Some(unknown) = zones.iter().find(|zone| !rows.iter().any(|row| row.zone == **zone)) {
        return Err(CountError::NotFound { what: "zone", code: unknown.clone() });
    }
    rows.retain(|row| zones.is_empty() || zones.contains(&row.zone));
    Ok(rows)
}

async fn named(tx: &mut Tx<'_>, warehouse: WarehouseId, codes: &[String]) -> Result<Places, CountError> {
    let mut out: Places = Vec::with_capacity(codes.len());
    for code in codes {
        let found = place(tx, warehouse, code).await?;
        let found = found.filter(|place| place.kind == PlaceKind::Location);
        let found = found.ok_or_else(|| CountError::NotALocation { scanned: scanned(code) })?;
        if !out.iter().any(|(place, _)| *place == found.id) {
            out.push((found.id, BTreeSet::new()));
        }
    }
    Ok(out)
}

/// A SKU, its class, when it was counted last, and how often it was planned today.
type Aged = (SkuId, Option<Class>, i64, i64);

/// The SKUs that are due today, less those that were planned today already.
async fn due_today(tx: &mut Tx<'_>, asked: Asked, class: Option<Class>) -> Result<Vec<SkuId>, CountError> {
    let (zone, days): (String, String) = tx.one("warehouse", sql::SELECT_DAYS, args![asked.warehouse]).await?;
    let Some((began, day, of_year)) = working_day(asked.at, &zone, &days) else { return Ok(Vec::new()) };
    let values = args![asked.warehouse, began];
    let rows: Vec<Aged> = tx.all(sql::LIST_BY_AGE, values).await?;
    let paces: Vec<(String, i64)> = tx.all(sql::LIST_PACES, args![asked.warehouse]).await?;
    let mut out = Vec::new();
    for (code, counts) in paces {
        let of = Class::from_code(&code);
        if class.is_some() && class != of {
            continue;
        }
        let (planned, left): (Vec<&Aged>, Vec<&Aged>) =
            rows.iter().filter(|(_, class, ..)| *class == of).partition(|(.., planned)| *planned > 0);
        let due = abc::due(planned.len() + left.len(), counts, day, of_year).saturating_sub(planned.len());
        out.extend(left.into_iter().take(due).map(|(sku, ..)| *sku));
    }
    Ok(out)
}

/// When the day began, its number among the working days of its year, and how many they are; none on a day off.
fn working_day(at: Timestamp, zone: &str, days: &str) -> Option<(Timestamp, i64, i64)> {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let days: BTreeSet<i8> = days.split(',').filter_map(|day| day.trim().parse().ok()).collect();
    let moment = jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(zone);
    let works = |date: &Date| days.contains(&date.weekday().to_monday_one_offset());
    let today = moment.date();
    let began = moment.start_of_day().ok()?.timestamp().as_millisecond();
    let count = |from: Date, until: Date| {
        let all = from.series(jiff::Span::new().days(1)).take_while(|date| *date < until).filter(works).count();
        i64::try_from(all).unwrap_or(0)
    };
    let first = today.first_of_year();
    let next = first.checked_add(jiff::Span::new().years(1)).ok()?;
    works(&today).then(|| (Timestamp(began), count(first, today), count(first, next)))
}

/// What a plan would cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Forecast {
    /// Places to be walked to.
    pub places: i64,
    /// Lines to be counted, as far as the book knows.
    pub lines: i64,
    /// Work of one person, in minutes.
    pub minutes: i64,
    /// Places that are in another running count, and would stay out.
    pub busy: i64,
}

/// What counting a scope would cost, before it is begun.
///
/// # Errors
/// As [`places`].
pub async fn forecast(tx: &mut Tx<'_>, asked: Asked, scope: &Scope) -> Result<Forecast, CountError> {
    let places = places(tx, asked, scope).await?;
    let busy: Vec<(PlaceId,)> = tx.all(sql::LIST_BUSY, args![asked.warehouse]).await?;
    let busy: BTreeSet<PlaceId> = busy.into_iter().map(|(place,)| place).collect();
    let rows: Vec<PlaceRow> = tx.all(sql::LIST_PLACES, args![asked.warehouse]).await?;
    let cells: BTreeMap<PlaceId, i64> = rows.into_iter().map(|row| (row.place, row.cells)).collect();
    let (per_place, per_line): (i64, i64) = tx.one("settings", sql::SELECT_PACE, args![asked.warehouse]).await?;
    let mut out = Forecast { places: 0, lines: 0, minutes: 0, busy: 0 };
    for (place, items) in &places {
        if busy.contains(place) {
            out.busy += 1;
            continue;
        }
        out.places += 1;
        let all = cells.get(place).copied().unwrap_or_default();
        out.lines += if items.is_empty() { all } else { i64::try_from(items.len()).unwrap_or(i64::MAX) };
    }
    out.minutes = (out.places * per_place + out.lines * per_line).div_euclid(60) + 1;
    Ok(out)
}

/// Statements about what is to be counted.
pub mod sql {
    crate::statements! {
        /// Places in use, with what moved there.
        LIST_PLACES = "SELECT l.place_id, z.code, COALESCE(n.changes, -1), COALESCE(c.changes, 0), COALESCE(c.cells, 0)
            FROM location l JOIN zone z ON z.id = l.zone_id LEFT JOIN place_counted n ON n.place_id = l.place_id
            LEFT JOIN (SELECT place_id, CAST(SUM(changes) AS BIGINT) AS changes, CAST(SUM(CASE WHEN on_hand > 0 THEN 1 ELSE 0 END) AS BIGINT) AS cells
                FROM stock_cell WHERE warehouse_id = $1 GROUP BY place_id) c ON c.place_id = l.place_id
            WHERE l.warehouse_id = $1 AND l.active ORDER BY l.walk_order, l.place_id";
        /// Where a SKU lies.
        PLACES_OF_SKU = "SELECT DISTINCT c.place_id, l.walk_order FROM stock_cell c JOIN location l ON l.place_id = c.place_id
            WHERE c.warehouse_id = $1 AND c.sku_id = $2 AND c.on_hand > 0";
        /// Where a lot lies.
        PLACES_OF_LOT = "SELECT DISTINCT c.place_id, l.walk_order FROM stock_cell c JOIN location l ON l.place_id = c.place_id
            WHERE c.warehouse_id = $1 AND c.lot_id = $2 AND c.on_hand > 0";
        /// Where a category lies.
        PLACES_OF_CATEGORY = "SELECT DISTINCT c.place_id, l.walk_order, c.sku_id FROM stock_cell c JOIN location l ON l.place_id = c.place_id
            JOIN sku s ON s.id = c.sku_id AND s.category = $2 WHERE c.warehouse_id = $1 AND c.on_hand > 0";
        /// Time zone and working days.
        SELECT_DAYS = "SELECT w.time_zone, s.working_days FROM warehouse w JOIN count_setting s ON s.warehouse_id = w.id WHERE w.id = $1";
        /// SKUs with stock by class, the longest uncounted first; and whether a cycle took them since a moment.
        LIST_BY_AGE = "SELECT c.sku_id, k.class, COALESCE(d.at, 0) AS counted, COALESCE(t.planned, 0)
            FROM (SELECT DISTINCT c.sku_id FROM stock_cell c JOIN location l ON l.place_id = c.place_id WHERE c.warehouse_id = $1 AND c.on_hand > 0) c
            LEFT JOIN sku_class k ON k.warehouse_id = $1 AND k.sku_id = c.sku_id
            LEFT JOIN (SELECT sku_id, MAX(settled_at) AS at FROM count_line WHERE warehouse_id = $1 AND state IN ('matched', 'posted', 'rejected') GROUP BY sku_id) d ON d.sku_id = c.sku_id
            LEFT JOIN (SELECT i.sku_id, COUNT(*) AS planned FROM count_plan n JOIN count_task t ON t.plan_id = n.id JOIN count_item i ON i.task_id = t.id
                WHERE n.warehouse_id = $1 AND n.kind = 'cycle' AND n.state <> 'cancelled' AND n.created_at >= $2 GROUP BY i.sku_id) t ON t.sku_id = c.sku_id
            ORDER BY counted, c.sku_id";
        /// How often a year each class is counted.
        LIST_PACES = "SELECT class, counts_a_year FROM count_rule WHERE warehouse_id = $1 ORDER BY class";
        /// Places in running counts.
        LIST_BUSY = "SELECT place_id FROM count_task WHERE warehouse_id = $1 AND state IN ('open', 'counting', 'deciding')";
        /// How long counting takes.
        SELECT_PACE = "SELECT seconds_per_place, seconds_per_line FROM count_setting WHERE warehouse_id = $1";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_off_are_no_working_days() {
        // 2026-11-21 is a Saturday in Shanghai, and in UTC at that hour.
        let saturday = Timestamp(1_795_255_200_000);
        let day = 24 * 60 * 60 * 1000;
        let (began, number, of_year) = working_day(saturday, "Asia/Shanghai", "1,2,3,4,5,6").unwrap();
        assert_eq!(began.rfc3339(), "2026-11-20T16:00:00.000Z");
        assert_eq!((number, of_year), (278, 313));
        assert!(working_day(saturday.plus_ms(day), "Asia/Shanghai", "1,2,3,4,5,6").is_none());
        let (_, next, _) = working_day(saturday.plus_ms(2 * day), "Asia/Shanghai", "1,2,3,4,5,6").unwrap();
        assert_eq!(next, number + 1);
        assert!(working_day(saturday, "Asia/Shanghai", "").is_none());
    }

    #[test]
    fn a_sample_keeps_the_walk() {
        let rows = |places: i64| {
            let row = |place| PlaceRow {
                place: PlaceId(place),
                zone: String::new(),
                counted_changes: 0,
                changes: 0,
                cells: 1,
            };
            (1..=places).map(row).collect::<Vec<_>>()
        };
        let places = |seed| drawn(rows(50), 10, seed).iter().map(|row| row.place.0).collect::<Vec<_>>();
        assert_eq!(places(1).len(), 10);
        assert!(places(1).is_sorted());
        assert_ne!(places(1), places(2));
    }
}
