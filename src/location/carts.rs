//! Carts: each has positions for totes.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::ops::{PlacesPut, fits, make, require};
use super::{LocationError, sql};
use crate::args;
use crate::db::{Op, Operation};
use crate::kernel::text::scanned;
use crate::stock::model::PlaceKind;

/// Most positions of a cart.
const MOST_POSITIONS: i64 = 60;

/// Makes a range of carts, or changes how many positions they have: `CART` from 1 to 2 gives CART01, CART02.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutCarts {
    /// What their codes begin with.
    pub prefix: String,
    /// The first number.
    pub first: i64,
    /// The last number.
    pub last: i64,
    /// How many totes each takes: 1 to 60.
    pub positions: i64,
}

impl Operation for PutCarts {
    const KIND: &'static str = "location.carts";
    type Answer = PlacesPut;
    type Error = LocationError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PlacesPut, LocationError> {
        require(op)?;
        let range = self.first >= 0 && self.last >= self.first && self.last - self.first < 1_000;
        if !range || !(1..=MOST_POSITIONS).contains(&self.positions) {
            return Err(LocationError::BadRange {});
        }
        let prefix = scanned(&self.prefix);
        if !fits(&format!("{prefix}00")) {
            return Err(LocationError::BadCode { code: self.prefix.clone() });
        }
        let codes: Vec<String> = (self.first..=self.last).map(|number| format!("{prefix}{number:02}")).collect();
        let places = make(op, PlaceKind::Cart, &codes).await?;
        // Nothing below may fail for a business reason.
        let rows = places.values().map(|place| args![*place, self.positions]).collect();
        op.tx.bulk_exec(sql::UPSERT_CARTS, rows).await?;
        let count = i64::try_from(codes.len()).unwrap_or(i64::MAX);
        op.record("location.carts_put", ("warehouse", op.warehouse().0), &json!({ "carts": count }));
        Ok(PlacesPut { places: count })
    }
}
