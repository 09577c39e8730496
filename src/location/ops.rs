//! Making and finding places.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{LocationError, sql};
use crate::db::{DbError, Op, Operation, Tx};
use crate::kernel::actor::Right;
use crate::kernel::ids::{PlaceId, WarehouseId, ZoneId};
use crate::kernel::text::scanned;
use crate::stock::model::PlaceKind;
use crate::{args, row};

/// A location as it is brought in.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LocationInput {
    /// Its code, as on its label; upper case.
    pub code: String,
    /// Its zone; made where it isn't there yet.
    pub zone: String,
    /// Its aisle.
    pub aisle: String,
    /// Its position in the aisle.
    pub position: i64,
    /// Its place on the walk: small numbers first.
    pub walk_order: i64,
    /// Two digits on its label that a picker can say instead of scanning; made from the code where not given.
    pub check_digits: Option<String>,
    /// Whether orders are picked from it; yes where not given.
    pub pickable: Option<bool>,
}

/// Check digits of a code: differ between neighbours, because the last characters weigh most.
#[must_use]
pub fn check_digits(code: &str) -> String {
    let sum = code.bytes().fold(7_u32, |sum, byte| (sum * 37 + u32::from(byte) * 11) % 97);
    format!("{sum:02}")
}

/// Longest code of a place, a zone or an aisle, in bytes.
const LONGEST: usize = 60;

/// Whether a text can be a place's code.
#[must_use]
pub fn fits(code: &str) -> bool {
    (1..=LONGEST).contains(&code.len()) && !code.starts_with(['@', '%']) && !code.chars().any(char::is_whitespace)
}

pub(crate) fn require(op: &Op<'_, '_>) -> Result<(), LocationError> {
    let right = Right::CatalogWrite;
    if op.may(right) { Ok(()) } else { Err(LocationError::Forbidden { right: right.code() }) }
}

/// Creates or changes locations.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutLocations {
    /// The locations, each code once.
    pub locations: Vec<LocationInput>,
}

/// Places that were written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlacesPut {
    /// How many.
    pub places: i64,
}

impl Operation for PutLocations {
    const KIND: &'static str = "location.put";
    type Answer = PlacesPut;
    type Error = LocationError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PlacesPut, LocationError> {
        require(op)?;
        if let Some(bad) = self.locations.iter().find(|location| !fits(&scanned(&location.code))) {
            return Err(LocationError::BadCode { code: bad.code.clone() });
        }
        let long = self.locations.iter().flat_map(|location| [&location.zone, &location.aisle]);
        if let Some(long) = long.into_iter().find(|text| text.len() > LONGEST) {
            return Err(LocationError::BadCode { code: long.clone() });
        }
        let codes: Vec<String> = self.locations.iter().map(|location| scanned(&location.code)).collect();
        let mut seen = BTreeSet::new();
        if let Some(twice) = codes.iter().find(|code| !seen.insert(*code)) {
            return Err(LocationError::Twice { code: twice.clone() });
        }
        let places = make(op, PlaceKind::Location, &codes).await?;
        // Nothing below may fail for a business reason.
        let zones = self.zones(op).await?;
        let warehouse = op.warehouse();
        let rows = self.locations.iter().filter_map(|location| {
            let code = scanned(&location.code);
            let digits = location.check_digits.as_deref().map(scanned).filter(|digits| !digits.is_empty());
            Some(args![
                *places.get(&code)?,
                warehouse,
                *zones.get(&scanned(&location.zone))?,
                location.aisle.trim(),
                location.position,
                location.walk_order,
                digits.unwrap_or_else(|| check_digits(&code)),
                location.pickable.unwrap_or(true)
            ])
        });
        op.tx.bulk_exec(sql::UPSERT_LOCATIONS, rows.collect()).await?;
        let count = i64::try_from(codes.len()).unwrap_or(i64::MAX);
        op.record("location.changed", ("warehouse", warehouse.0), &json!({ "locations": count }));
        Ok(PlacesPut { places: count })
    }
}

impl PutLocations {
    async fn zones(&self, op: &mut Op<'_, '_>) -> Result<BTreeMap<String, ZoneId>, DbError> {
        let warehouse = op.warehouse();
        let mut codes: Vec<String> = self.locations.iter().map(|location| scanned(&location.zone)).collect();
        codes.sort();
        codes.dedup();
        op.tx.bulk_exec(sql::INSERT_ZONES, codes.into_iter().map(|code| args![warehouse, code]).collect()).await?;
        let zones: Vec<(String, ZoneId)> = op.tx.all(sql::SELECT_ZONES, args![warehouse]).await?;
        Ok(zones.into_iter().collect())
    }
}

/// Makes places of a kind, each code once; those that are there stay.
pub(crate) async fn make(
    op: &mut Op<'_, '_>,
    kind: PlaceKind,
    codes: &[String],
) -> Result<BTreeMap<String, PlaceId>, LocationError> {
    let warehouse = op.warehouse();
    let rows = codes.iter().map(|code| args![warehouse, kind, code]).collect();
    op.tx.bulk_exec(sql::INSERT_PLACES, rows).await?;
    let places = places(op.tx, warehouse, codes).await?;
    match places.iter().find(|(_, (_, found))| *found != kind) {
        Some((code, _)) => Err(LocationError::CodeTaken { code: code.clone() }),
        None => Ok(places.into_iter().map(|(code, (id, _))| (code, id)).collect()),
    }
}

/// Places by their codes.
///
/// # Errors
/// A failure of the database.
pub async fn places(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    codes: &[String],
) -> Result<BTreeMap<String, (PlaceId, PlaceKind)>, DbError> {
    let rows = codes.iter().map(|code| args![warehouse, code]).collect();
    let found: Vec<(String, PlaceId, PlaceKind)> = tx.bulk(sql::PLACES_BY_CODE, rows).await?;
    Ok(found.into_iter().map(|(code, id, kind)| (code, (id, kind))).collect())
}

/// Makes a range of totes: `T` from 1 to 3 gives T000001, T000002, T000003.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddTotes {
    /// What their codes begin with.
    pub prefix: String,
    /// The first number.
    pub first: i64,
    /// The last number.
    pub last: i64,
}

impl Operation for AddTotes {
    const KIND: &'static str = "location.totes";
    type Answer = PlacesPut;
    type Error = LocationError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PlacesPut, LocationError> {
        require(op)?;
        if self.first < 0 || self.last < self.first || self.last - self.first >= 10_000 {
            return Err(LocationError::BadRange {});
        }
        let prefix = scanned(&self.prefix);
        if !fits(&format!("{prefix}000000")) {
            return Err(LocationError::BadCode { code: self.prefix.clone() });
        }
        let codes: Vec<String> = (self.first..=self.last).map(|number| format!("{prefix}{number:06}")).collect();
        make(op, PlaceKind::Tote, &codes).await?;
        let count = i64::try_from(codes.len()).unwrap_or(i64::MAX);
        op.record("location.totes_added", ("warehouse", op.warehouse().0), &json!({ "totes": count }));
        Ok(PlacesPut { places: count })
    }
}

row! {
    /// A place.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Place {
        /// Its id.
        pub id: PlaceId,
        /// What it is.
        pub kind: PlaceKind,
        /// Its code.
        pub code: String,
    }
}

/// A place by a scanned code.
///
/// # Errors
/// A failure of the database.
pub async fn place(tx: &mut Tx<'_>, warehouse: WarehouseId, text: &str) -> Result<Option<Place>, DbError> {
    tx.opt(sql::SELECT_PLACE, args![warehouse, scanned(text)]).await
}

row! {
    /// A location as a list shows it.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct LocationView {
        /// Its id.
        pub id: PlaceId,
        /// Its code.
        pub code: String,
        /// Its zone.
        pub zone: String,
        /// Its aisle.
        pub aisle: String,
        /// Its position.
        pub position: i64,
        /// Its place on the walk.
        pub walk_order: i64,
        /// Its check digits.
        pub check_digits: String,
        /// Whether orders are picked from it.
        pub pickable: bool,
        /// Whether it is in use.
        pub active: bool,
    }
}

/// A page of locations along the walk, behind the given one.
///
/// # Errors
/// A failure of the database.
pub async fn list(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    after: (i64, PlaceId),
    limit: i64,
) -> Result<Vec<LocationView>, LocationError> {
    Ok(tx.all(sql::LIST, args![warehouse, after.0, after.1, limit.clamp(1, 1000)]).await?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn neighbours_never_share_check_digits() {
        for aisle in ["A", "B", "C"] {
            for position in 1..99 {
                let code = |position: u32| super::check_digits(&format!("{aisle}-{position:02}"));
                assert_ne!(code(position), code(position + 1));
            }
        }
    }

    #[test]
    fn outside_places_cannot_be_made_by_hand() {
        assert!(
            super::fits("A-01-03")
                && !super::fits("@LOSS")
                && !super::fits("%OK")
                && !super::fits("")
                && !super::fits("A 1")
        );
    }
}
