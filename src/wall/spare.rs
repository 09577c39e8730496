//! Spare pieces: their order was given up while they lay in the tote. They go to a location, and are free again.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::WallError;
use super::slot::{require, wall};
use crate::db::{Op, Operation};
use crate::kernel::text::scanned;
use crate::picking::putback::{PutBack, PutBackDone};

/// Confirms that a spare piece lies in the spare place of the wall.
#[derive(Debug, Serialize)]
pub struct ConfirmSpare {
    /// The wall, by its code.
    pub wall: String,
    /// The piece.
    pub spare: SparePiece,
}

/// A piece that no order wants any more.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SparePiece {
    /// The tote that it comes out of, scanned.
    pub tote: String,
    /// Any barcode of the item, its SKU code, or a GS1 element string.
    pub item: String,
    /// The lot's number; needed where several lots of the item lie in the tote.
    #[serde(default)]
    pub lot: Option<String>,
    /// The spare place, scanned.
    pub location: String,
    /// Scans of the item; 1 where it isn't said.
    #[serde(default)]
    #[schema(default = 1)]
    pub quantity: Option<i64>,
}

impl Operation for ConfirmSpare {
    const KIND: &'static str = "wall.spare";
    type Answer = PutBackDone;
    type Error = WallError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PutBackDone, WallError> {
        require(op)?;
        let warehouse = op.warehouse();
        let wall = wall(op.tx, warehouse, &self.wall).await?;
        let location = scanned(&self.spare.location);
        if let Some(expected) = wall.spare_code.filter(|expected| *expected != location) {
            return Err(WallError::WrongSpare { scanned: location, expected });
        }
        let SparePiece { tote, item, lot, quantity, .. } = self.spare.clone();
        let quantity = quantity.unwrap_or(1);
        Ok(PutBack { tote, location, item, quantity, lot }.put(op).await?)
    }
}
