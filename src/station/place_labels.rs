//! Labels of locations, for the shelves: as many as a part of the house has, in the order in which one walks along them.

use serde::{Deserialize, Serialize};
use tallyman_labels::{Label, LocationLabel};
use utoipa::ToSchema;

use super::ops::require;
use super::papers::{NewPaper, PapersQueued, queue};
use super::{StationError, sql};
use crate::args;
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::StationId;
use crate::kernel::text::scanned;

/// Most labels of one request.
const MOST_LABELS: i64 = 500;

/// Prints the labels of locations.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintLocationLabels {
    /// What the codes of the locations begin with: `A-` for an aisle, a whole code for one.
    pub locations: String,
    /// Where it is asked for: that station's printer is used.
    #[serde(default)]
    pub station: Option<StationId>,
    /// The code of a printer, where it shall be that one.
    #[serde(default)]
    pub printer: Option<String>,
}

impl Operation for PrintLocationLabels {
    const KIND: &'static str = "location.print_labels";
    type Answer = PapersQueued;
    type Error = StationError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PapersQueued, StationError> {
        require(op, Right::Pack)?;
        let warehouse = op.warehouse();
        let begin = scanned(&self.locations);
        let values = args![warehouse, &begin, MOST_LABELS + 1];
        let found: Vec<(String, String, String)> = op.tx.all(sql::SELECT_LOCATION_LABELS, values).await?;
        if found.is_empty() {
            return Err(StationError::NotFound { what: "location", code: begin });
        }
        let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
        if count > MOST_LABELS {
            return Err(StationError::TooManyLabels { begin, most: MOST_LABELS });
        }
        let mut print_job_ids = Vec::with_capacity(found.len());
        for (location, check_digits, zone) in found {
            let label =
                LocationLabel { barcode: location.clone(), location, check_digits, zone, ..LocationLabel::default() };
            let printer = self.printer.as_deref().map(str::trim).filter(|printer| !printer.is_empty());
            let new = NewPaper { printer, ..NewPaper::of(op, Label::Location(label), None, self.station) };
            print_job_ids.extend(queue(op, new, 1).await?);
        }
        Ok(PapersQueued { print_job_ids })
    }
}
