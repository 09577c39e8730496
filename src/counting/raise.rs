//! Counts that something on the floor calls for: a short pick, a person, a place that was emptied, or one that had long rested.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;
use utoipa::ToSchema;

use super::claim::location;
use super::create::{NewPlan, begin};
use super::model::{CountKind, CountTaskState};
use super::{CountError, require, sql as counting_sql};
use crate::app::App;
use crate::args;
use crate::catalog::scan;
use crate::db::{DbError, Done, Op, Operation, OperationKey};
use crate::kernel::actor::{Actor, Right};
use crate::kernel::ids::{CountPlanId, CountTaskId, PersonId, PlaceId, SkuId, WarehouseId};
use crate::kernel::text::scanned;

/// How often the ledger is looked through.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Movements younger than this, in milliseconds, may still be joined by some with smaller ids.
const SETTLED_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Longest note, in bytes.
const LONGEST_NOTE: usize = 500;

/// A place that is to be counted, and why.
pub struct Raised<'a> {
    /// Why.
    pub kind: CountKind,
    /// The place.
    pub place: PlaceId,
    /// What of it; all that lies there where it isn't said.
    pub sku: Option<SkuId>,
    /// Who must not count it.
    pub not_person: Option<PersonId>,
    /// What people should know.
    pub note: &'a str,
}

/// Has a place counted, unless it is in a count already. Gives the plan that was made.
///
/// # Errors
/// A failure of the database.
pub async fn raise(op: &mut Op<'_, '_>, raised: &Raised<'_>) -> Result<Option<CountPlanId>, DbError> {
    let warehouse = op.warehouse();
    let at: Option<(CountTaskId, CountTaskState, String, i64)> =
        op.tx.opt(counting_sql::SELECT_AT, args![warehouse, raised.place]).await?;
    if let Some((task, ..)) = at {
        // Whoever counts there now sees it; where the first round is over, nobody does before the next count.
        op.tx.exec(sql::COUNT_AFTERWARDS, args![task, raised.kind, raised.not_person]).await?;
        return Ok(None);
    }
    let scope = json!({ "place": raised.place, "sku": raised.sku }).to_string();
    let Raised { kind, note, not_person, .. } = *raised;
    let new = NewPlan { kind, scope: &scope, note, blind: true, freeze: false, not_person };
    let items: BTreeSet<(SkuId, i64)> = raised.sku.iter().map(|sku| (*sku, 0)).collect();
    let (plan, _, places) = begin(op, &new, vec![(raised.place, items)]).await?;
    if places == 0 {
        // Somebody else was faster; the place is in their count.
        let at = op.at();
        op.tx.exec(counting_sql::CLOSE_PLAN, args![plan, at]).await?;
        return Ok(None);
    }
    Ok(Some(plan))
}

/// A count of a place is over: where something called for one meanwhile, it begins.
pub(super) async fn raise_after(op: &mut Op<'_, '_>, task: CountTaskId) -> Result<(), DbError> {
    let after: Option<(PlaceId, CountKind, Option<PersonId>)> = op.tx.opt(sql::SELECT_AFTER, args![task]).await?;
    if let Some((place, kind, not_person)) = after {
        raise(op, &Raised { kind, place, sku: None, not_person, note: "" }).await?;
    }
    Ok(())
}

/// "Count this": has a place counted.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestCount {
    /// The place, scanned.
    pub place: String,
    /// Only this item: any barcode or its SKU code.
    #[serde(default)]
    pub item: Option<String>,
    /// Why.
    #[serde(default)]
    pub note: String,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CountRequested {
    /// The plan that was made; none where the place is in a count already.
    pub plan_id: Option<CountPlanId>,
}

impl Operation for RequestCount {
    const KIND: &'static str = "counting.request";
    type Answer = CountRequested;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<CountRequested, CountError> {
        if ![Right::Count, Right::CountManage, Right::Pick, Right::StockMove].iter().any(|right| op.may(*right)) {
            return Err(CountError::Forbidden { right: Right::Count.code() });
        }
        if self.note.len() > LONGEST_NOTE {
            return Err(CountError::BadInput { field: "note" });
        }
        let place = location(op, &self.place).await?;
        let sku = match self.item.as_deref().filter(|item| !item.trim().is_empty()) {
            Some(item) => {
                let found = scan::item(op.tx, item).await?;
                let found = found.ok_or_else(|| CountError::NotFound { what: "SKU", code: scanned(item) })?;
                Some(found.item.sku)
            }
            None => None,
        };
        // Nothing below may fail for a business reason.
        let raised =
            Raised { kind: CountKind::Requested, place: place.id, sku, not_person: None, note: self.note.trim() };
        let plan_id = raise(op, &raised).await?;
        op.record(
            "count.requested",
            ("place", place.id.0),
            &json!({ "reason": "asked for", "note": self.note.trim() }),
        );
        Ok(CountRequested { plan_id })
    }
}

/// A picker says whether a place that they emptied is empty indeed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckEmpty {
    /// The place, scanned.
    pub place: String,
    /// Whether nothing lies there.
    pub empty: bool,
}

impl Operation for CheckEmpty {
    const KIND: &'static str = "counting.check_empty";
    type Answer = Done;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Done, CountError> {
        if !op.may(Right::Pick) && !op.may(Right::Count) {
            return Err(CountError::Forbidden { right: Right::Pick.code() });
        }
        let place = location(op, &self.place).await?;
        let (warehouse, at, person) = (op.warehouse(), op.at(), op.person());
        let (cells,): (i64,) = op.tx.one("count", sql::COUNT_FILLED, args![warehouse, place.id]).await?;
        // Nothing below may fail for a business reason.
        let agrees = self.empty == (cells == 0);
        if agrees && self.empty {
            op.tx.exec(counting_sql::PUT_PLACE_COUNTED, args![place.id, warehouse, at]).await?;
        }
        if !agrees {
            let (kind, not_person) = (CountKind::Emptied, Some(person));
            raise(op, &Raised { kind, place: place.id, sku: None, not_person, note: "" }).await?;
        }
        let data = json!({ "empty": self.empty, "agrees": agrees });
        op.record("count.empty_checked", ("place", place.id.0), &data);
        // Whether the book agrees would say whether it has something there.
        Ok(Done {})
    }
}

/// Looks through what was picked lately, and has places counted that it emptied, or that had long rested before.
#[derive(Clone, Debug, Serialize)]
pub struct SweepCounts {}

/// What a look through the ledger called for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Swept {
    /// Counts of places that were emptied.
    pub emptied: i64,
    /// Counts of places that had rested.
    pub rested: i64,
}

impl Operation for SweepCounts {
    const KIND: &'static str = "counting.sweep";
    type Answer = Swept;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Swept, CountError> {
        require(op, Right::CountManage)?;
        let (warehouse, at) = (op.warehouse(), op.at());
        let (check_emptied, rest_days, last): (bool, i64, i64) =
            op.tx.one("settings", sql::LOCK_SETTING, args![warehouse]).await?;
        let (until,): (i64,) = op.tx.one("movement", sql::SELECT_UNTIL, args![last, at.plus_ms(-SETTLED_MS)]).await?;
        let mut swept = Swept { emptied: 0, rested: 0 };
        if until <= last {
            return Ok(swept);
        }
        // Nothing below may fail for a business reason.
        if check_emptied {
            let emptied: Vec<(PlaceId,)> = op.tx.all(sql::LIST_EMPTIED, args![warehouse, last, until]).await?;
            swept.emptied = raise_all(op, CountKind::Emptied, emptied).await?;
        }
        if rest_days > 0 {
            let rest = rest_days.saturating_mul(DAY_MS);
            let rested: Vec<(PlaceId,)> = op.tx.all(sql::LIST_RESTED, args![warehouse, last, until, rest]).await?;
            swept.rested = raise_all(op, CountKind::Rested, rested).await?;
        }
        op.tx.exec(sql::SET_LOOKED, args![warehouse, until]).await?;
        Ok(swept)
    }
}

async fn raise_all(op: &mut Op<'_, '_>, kind: CountKind, places: Vec<(PlaceId,)>) -> Result<i64, DbError> {
    let mut made = 0;
    for (place,) in places {
        let raised = Raised { kind, place, sku: None, not_person: None, note: "" };
        made += i64::from(raise(op, &raised).await?.is_some());
    }
    Ok(made)
}

/// Looks through the ledger of every warehouse, until told to end.
pub async fn run(app: App, mut told: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = told.changed() => return,
        }
        if let Err(error) = sweep(&app).await {
            tracing::warn!(%error, "places that need a count can't be looked for");
        }
    }
}

async fn sweep(app: &App) -> Result<(), CountError> {
    let warehouses: Vec<(WarehouseId, i64)> =
        app.db.read(|tx| Box::pin(async move { tx.all(sql::LIST_SWEPT, args![]).await })).await?;
    for (warehouse, last) in warehouses {
        let key = OperationKey::internal(&[
            "count sweep",
            &warehouse.to_string(),
            &last.to_string(),
            &app.clock.now().0.to_string(),
        ]);
        app.operate(app.context(warehouse, Actor::system(), key), SweepCounts {}).await?;
    }
    Ok(())
}

/// Statements about what calls for a count.
pub mod sql {
    crate::statements! {
        /// A place is counted once more after its present count, unless that is still in its first round.
        COUNT_AFTERWARDS = "UPDATE count_task SET after_kind = $2, after_not_person_id = $3 WHERE id = $1 AND (round > 1 OR state = 'deciding')";
        /// What a place is counted for once more.
        SELECT_AFTER = "SELECT place_id, after_kind, after_not_person_id FROM count_task WHERE id = $1 AND after_kind <> ''";
        /// Cells with something in them at a place.
        COUNT_FILLED = "SELECT COUNT(*) FROM stock_cell WHERE warehouse_id = $1 AND place_id = $2 AND on_hand > 0";
        /// What is looked for, and up to where it was; locked.
        LOCK_SETTING = lite "SELECT check_emptied, rest_days, last_movement_id FROM count_setting WHERE warehouse_id = $1"
            pg "SELECT check_emptied, rest_days, last_movement_id FROM count_setting WHERE warehouse_id = $1 FOR UPDATE";
        /// Up to where the ledger is settled.
        SELECT_UNTIL = "SELECT COALESCE(MAX(id), $1) FROM movement WHERE id > $1 AND at <= $2";
        /// The ledger was looked through.
        SET_LOOKED = "UPDATE count_setting SET last_movement_id = $2 WHERE warehouse_id = $1";
        /// Places that picks emptied.
        LIST_EMPTIED = "SELECT DISTINCT m.from_place_id FROM movement m JOIN location l ON l.place_id = m.from_place_id AND l.active
            WHERE m.warehouse_id = $1 AND m.id > $2 AND m.id <= $3 AND m.reason = 'pick'
            AND NOT EXISTS (SELECT 1 FROM stock_cell c WHERE c.warehouse_id = $1 AND c.place_id = m.from_place_id AND c.on_hand > 0)
            AND NOT EXISTS (SELECT 1 FROM place_counted n WHERE n.place_id = m.from_place_id AND n.at >= m.at)";
        /// Places that a pick came to after a long rest.
        LIST_RESTED = "SELECT DISTINCT m.from_place_id FROM movement m JOIN location l ON l.place_id = m.from_place_id AND l.active
            WHERE m.warehouse_id = $1 AND m.id > $2 AND m.id <= $3 AND m.reason = 'pick'
            AND NOT EXISTS (SELECT 1 FROM movement e WHERE e.warehouse_id = $1 AND e.sku_id = m.sku_id AND e.id < m.id AND e.at > m.at - $4
                AND (e.from_place_id = m.from_place_id OR e.to_place_id = m.from_place_id))
            AND NOT EXISTS (SELECT 1 FROM place_counted n WHERE n.place_id = m.from_place_id AND n.at > m.at - $4)";
        /// Warehouses whose ledger is looked through.
        LIST_SWEPT = "SELECT warehouse_id, last_movement_id FROM count_setting WHERE check_emptied OR rest_days > 0 ORDER BY warehouse_id";
    }
}
