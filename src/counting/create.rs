//! Beginning a count.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::CountKind;
use super::scope::{Asked, Places, Scope, places};
use super::{CountError, require, sql};
use crate::args;
use crate::db::{DbError, Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{CountPlanId, CountTaskId, PersonId, PlaceId};

/// Longest note, in bytes.
const LONGEST_NOTE: usize = 500;

/// Begins a count: its places wait for counters from now on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCount {
    /// What is counted.
    pub scope: Scope,
    /// What people should know.
    #[serde(default)]
    pub note: String,
    /// Whether counters see what the book says, as far as they may; a count is blind where it isn't said.
    #[serde(default)]
    pub open: bool,
    /// Whether nothing is picked from a place while it is counted. It isn't needed.
    #[serde(default)]
    pub freeze: bool,
}

/// A count that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CountCreated {
    /// The plan.
    pub plan_id: CountPlanId,
    /// Its number.
    pub number: String,
    /// Places to be counted.
    pub places: i64,
    /// Places that are in another running count, and stay out.
    pub busy: i64,
}

impl Operation for CreateCount {
    const KIND: &'static str = "counting.create";
    type Answer = CountCreated;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<CountCreated, CountError> {
        require(op, Right::CountManage)?;
        if self.note.len() > LONGEST_NOTE {
            return Err(CountError::BadInput { field: "note" });
        }
        let mut seed = [0; 8];
        let random = &op.context.services.random;
        random.fill(&mut seed).map_err(|error| DbError::Form(error.to_string()))?;
        let asked = Asked { warehouse: op.warehouse(), at: op.at(), seed: u64::from_le_bytes(seed) };
        let places = places(op.tx, asked, &self.scope).await?;
        let scope = serde_json::to_string(&self.scope).map_err(|error| DbError::Form(error.to_string()))?;
        let new = NewPlan {
            kind: self.scope.kind(),
            scope: &scope,
            note: self.note.trim(),
            blind: !self.open,
            freeze: self.freeze,
            not_person: None,
        };
        let wanted = i64::try_from(places.len()).unwrap_or(i64::MAX);
        let (plan_id, number, places) = begin(op, &new, places).await?;
        if places == 0 {
            return Err(CountError::NothingInScope {});
        }
        Ok(CountCreated { plan_id, number, places, busy: wanted - places })
    }
}

/// A plan that is begun.
pub(super) struct NewPlan<'a> {
    pub(super) kind: CountKind,
    pub(super) scope: &'a str,
    pub(super) note: &'a str,
    pub(super) blind: bool,
    pub(super) freeze: bool,
    /// Who must not count its places.
    pub(super) not_person: Option<PersonId>,
}

/// Writes a plan and its places; gives how many of them aren't in another count.
pub(super) async fn begin(
    op: &mut Op<'_, '_>,
    new: &NewPlan<'_>,
    places: Places,
) -> Result<(CountPlanId, String, i64), DbError> {
    let (warehouse, person, at) = (op.warehouse(), op.person(), op.at());
    let temporary = op.context.key.as_str();
    let values = args![warehouse, temporary, new.kind, new.scope, new.note, new.blind, new.freeze, person, at];
    let (plan,): (CountPlanId,) = op.tx.one("plan", sql::INSERT_PLAN, values).await?;
    let number = format!("C{:06}", plan.0);
    op.tx.exec(sql::SET_NUMBER, args![plan, &number]).await?;
    let rows =
        places.iter().map(|(place, items)| args![warehouse, plan, *place, "open", items.is_empty(), new.not_person]);
    let made: Vec<(CountTaskId, PlaceId)> = op.tx.bulk(sql::INSERT_TASKS, rows.collect()).await?;
    let tasks: std::collections::BTreeMap<PlaceId, CountTaskId> =
        made.iter().map(|(task, place)| (*place, *task)).collect();
    let items = places.iter().filter_map(|(place, items)| Some((tasks.get(place)?, items)));
    let rows = items.flat_map(|(task, items)| items.iter().map(|(sku, lot)| args![*task, *sku, *lot]));
    op.tx.bulk_exec(sql::INSERT_ITEMS, rows.collect()).await?;
    let count = i64::try_from(made.len()).unwrap_or(i64::MAX);
    if count > 0 {
        let data = json!({ "number": number, "kind": new.kind, "places": count });
        op.record("count.created", ("count_plan", plan.0), &data);
    }
    Ok((plan, number, count))
}
