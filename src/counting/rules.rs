//! How counting is done: tolerances, pace, causes, costs, and which SKUs matter.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::abc::classify;
use super::model::{Class, Tolerance};
use super::{CountError, require};
use crate::db::Done;
use crate::db::{DbError, Op, Operation, Tx};
use crate::kernel::actor::Right;
use crate::kernel::ids::{LotId, SkuId, WarehouseId};
use crate::kernel::text::scanned;
use crate::{args, row};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Tolerance and pace of a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassRule {
    /// The class; none for what has none.
    pub class: Option<Class>,
    /// How often a year its SKUs are counted, 0 to 366.
    pub counts_a_year: i64,
    /// Which differences nobody needs to look at.
    #[serde(default)]
    pub tolerance: Tolerance,
}

/// How counting is done in a warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountRules {
    /// Above this value, in minor units, a difference needs the right to approve large ones.
    pub approve_limit_minor: i64,
    /// Days of the week with work, Monday is 1.
    pub working_days: Vec<i64>,
    /// A place that nobody touched for so many days is counted after its next pick; 0 for never.
    pub rest_days: i64,
    /// Whether places that a pick emptied are looked at.
    pub check_emptied: bool,
    /// How long it takes to come to a place.
    pub seconds_per_place: i64,
    /// How long it takes to count a line.
    pub seconds_per_line: i64,
    /// By class.
    pub classes: Vec<ClassRule>,
}

/// How counting is done.
///
/// # Errors
/// A failure of the database.
pub async fn rules(tx: &mut Tx<'_>, warehouse: WarehouseId) -> Result<CountRules, DbError> {
    type Setting = (i64, String, i64, bool, i64, i64);
    let setting: Option<Setting> = tx.opt(sql::SELECT_SETTING, args![warehouse]).await?;
    let (approve_limit_minor, days, rest_days, check_emptied, seconds_per_place, seconds_per_line) =
        setting.unwrap_or((0, String::new(), 0, false, 0, 0));
    type Rule = (String, i64, Option<i64>, Option<i64>, Option<i64>);
    let rows: Vec<Rule> = tx.all(sql::LIST_RULES, args![warehouse]).await?;
    let classes = rows.into_iter().map(|(class, counts_a_year, units, points, value_minor)| ClassRule {
        class: Class::from_code(&class),
        counts_a_year,
        tolerance: Tolerance { units, points, value_minor },
    });
    Ok(CountRules {
        approve_limit_minor,
        working_days: days.split(',').filter_map(|day| day.trim().parse().ok()).collect(),
        rest_days,
        check_emptied,
        seconds_per_place,
        seconds_per_line,
        classes: classes.collect(),
    })
}

/// Changes how counting is done.
#[derive(Clone, Debug, Serialize)]
pub struct PutRules {
    /// From now on.
    pub rules: CountRules,
}

impl Operation for PutRules {
    const KIND: &'static str = "counting.rules";
    type Answer = Done;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Done, CountError> {
        require(op, Right::CountApproveLarge)?;
        self.check()?;
        // Nothing below may fail for a business reason.
        let (warehouse, rules) = (op.warehouse(), &self.rules);
        let days: Vec<String> = rules.working_days.iter().map(i64::to_string).collect();
        let values = args![
            warehouse,
            rules.approve_limit_minor,
            days.join(","),
            rules.rest_days,
            rules.check_emptied,
            rules.seconds_per_place,
            rules.seconds_per_line
        ];
        op.tx.exec(sql::PUT_SETTING, values).await?;
        let rows = rules.classes.iter().map(|rule| {
            let Tolerance { units, points, value_minor } = rule.tolerance;
            args![warehouse, rule.class.map_or("", Class::code), rule.counts_a_year, units, points, value_minor]
        });
        op.tx.bulk_exec(sql::PUT_RULES, rows.collect()).await?;
        op.record("count.rules_changed", ("warehouse", warehouse.0), &json!({ "classes": rules.classes.len() }));
        Ok(Done {})
    }
}

impl PutRules {
    fn check(&self) -> Result<(), CountError> {
        let rules = &self.rules;
        let day = 24 * 60 * 60;
        let bad = |field| Err(CountError::BadInput { field });
        if rules.approve_limit_minor < 0 {
            return bad("approve_limit_minor");
        }
        if rules.working_days.iter().any(|day| !(1..=7).contains(day)) {
            return bad("working_days");
        }
        if !(0..=3_650).contains(&rules.rest_days) {
            return bad("rest_days");
        }
        if !(0..=day).contains(&rules.seconds_per_place) || !(0..=day).contains(&rules.seconds_per_line) {
            return bad("seconds_per_place, seconds_per_line");
        }
        let mut seen = std::collections::BTreeSet::new();
        for rule in &rules.classes {
            let Tolerance { units, points, value_minor } = rule.tolerance;
            let negative = [units, points, value_minor].into_iter().flatten().any(|limit| limit < 0);
            if negative || !(0..=366).contains(&rule.counts_a_year) || !seen.insert(rule.class) {
                return bad("classes");
            }
        }
        Ok(())
    }
}

row! {
    /// Why stock differed.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
    pub struct Cause {
        /// Its code.
        pub code: String,
        /// English name.
        pub name_en: String,
        /// Chinese name.
        pub name_zh: String,
        /// Whether it can be chosen.
        pub active: bool,
    }
}

/// All causes.
///
/// # Errors
/// A failure of the database.
pub async fn causes(tx: &mut Tx<'_>) -> Result<Vec<Cause>, DbError> {
    tx.all(sql::LIST_CAUSES, args![]).await
}

/// Creates or changes causes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutCauses {
    /// The causes, each code once; others stay.
    pub causes: Vec<Cause>,
}

impl Operation for PutCauses {
    const KIND: &'static str = "counting.causes";
    type Answer = Done;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Done, CountError> {
        require(op, Right::CountApproveLarge)?;
        let mut seen = std::collections::BTreeSet::new();
        for cause in &self.causes {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            let code = (1..=40).contains(&cause.code.len()) && cause.code.bytes().all(plain);
            let name = |name: &str| (1..=100).contains(&name.trim().len());
            if !code || !name(&cause.name_en) || !name(&cause.name_zh) || !seen.insert(&cause.code) {
                return Err(CountError::BadInput { field: "causes" });
            }
        }
        // Nothing below may fail for a business reason.
        let rows = self
            .causes
            .iter()
            .map(|cause| args![cause.code.as_str(), cause.name_en.trim(), cause.name_zh.trim(), cause.active]);
        op.tx.bulk_exec(sql::PUT_CAUSES, rows.collect()).await?;
        let warehouse = op.warehouse();
        op.record("count.causes_changed", ("warehouse", warehouse.0), &json!({ "causes": self.causes.len() }));
        Ok(Done {})
    }
}

/// What the pieces of a lot cost.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LotCost {
    /// SKU code or barcode.
    pub sku: String,
    /// Number of the lot.
    pub lot: String,
    /// Of one piece, in minor units of the firm's currency.
    pub unit_cost_minor: i64,
}

/// Says what lots cost.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutLotCosts {
    /// Each lot once.
    pub costs: Vec<LotCost>,
}

impl Operation for PutLotCosts {
    const KIND: &'static str = "counting.lot_costs";
    type Answer = Done;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Done, CountError> {
        require(op, Right::StockAdjust)?;
        let warehouse = op.warehouse();
        let mut rows = std::collections::BTreeMap::new();
        for cost in &self.costs {
            if !(0..=1_000_000_000).contains(&cost.unit_cost_minor) {
                return Err(CountError::BadInput { field: "unit_cost_minor" });
            }
            let sku = crate::catalog::ops::resolve(op.tx, &cost.sku).await?;
            let sku = sku.ok_or_else(|| CountError::NotFound { what: "SKU", code: cost.sku.clone() })?.sku;
            let values = args![warehouse, sku, scanned(&cost.lot)];
            let lot: Option<(LotId,)> = op.tx.opt(crate::stock::sql::SELECT_LOT, values).await?;
            let (lot,) = lot.ok_or_else(|| CountError::NotFound { what: "lot", code: cost.lot.clone() })?;
            rows.insert(lot, cost.unit_cost_minor);
        }
        // Nothing below may fail for a business reason.
        let count = rows.len();
        op.tx.bulk_exec(sql::PUT_COSTS, rows.into_iter().map(|(lot, cost)| args![lot, cost]).collect()).await?;
        op.record("lot.costs_set", ("warehouse", warehouse.0), &json!({ "lots": count }));
        Ok(Done {})
    }
}

crate::codes! {
    /// What makes a SKU matter.
    pub enum ClassBy {
        /// What its stock is worth.
        Value = "value",
        /// How often pickers come to it.
        Visits = "visits",
    }
}

/// Parts the SKUs into classes, by what matters.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassifySkus {
    /// What matters.
    pub by: ClassBy,
    /// For visits: of so many days, 1 to 366; 90 where it isn't said.
    #[serde(default)]
    pub days: Option<i64>,
}

/// How many SKUs each class has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Classified {
    /// The first 80 per cent.
    pub a: i64,
    /// The next 15.
    pub b: i64,
    /// The rest.
    pub c: i64,
}

impl Operation for ClassifySkus {
    const KIND: &'static str = "counting.classify";
    type Answer = Classified;
    type Error = CountError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Classified, CountError> {
        require(op, Right::CountManage)?;
        let days = self.days.unwrap_or(90);
        if !(1..=366).contains(&days) {
            return Err(CountError::BadInput { field: "days" });
        }
        let (warehouse, at) = (op.warehouse(), op.at());
        let weights: Vec<(SkuId, i64)> = match self.by {
            ClassBy::Value => op.tx.all(sql::LIST_VALUES, args![warehouse]).await?,
            ClassBy::Visits => op.tx.all(sql::LIST_VISITS, args![warehouse, at.plus_ms(-days * DAY_MS)]).await?,
        };
        // Nothing below may fail for a business reason.
        let classes = classify(weights);
        let rows = classes.iter().map(|(sku, class)| args![warehouse, *sku, *class]);
        op.tx.bulk_exec(sql::PUT_CLASSES, rows.collect()).await?;
        let count =
            |wanted| i64::try_from(classes.iter().filter(|(_, class)| *class == wanted).count()).unwrap_or(i64::MAX);
        let out = Classified { a: count(Class::A), b: count(Class::B), c: count(Class::C) };
        op.record(
            "count.classified",
            ("warehouse", warehouse.0),
            &json!({ "by": self.by, "a": out.a, "b": out.b, "c": out.c }),
        );
        Ok(out)
    }
}

/// Statements of the rules.
pub mod sql {
    crate::statements! {
        /// The settings.
        SELECT_SETTING = "SELECT approve_limit_minor, working_days, rest_days, check_emptied, seconds_per_place, seconds_per_line
            FROM count_setting WHERE warehouse_id = $1";
        /// Changes the settings. What happened before they were there isn't looked through.
        PUT_SETTING = "INSERT INTO count_setting (warehouse_id, approve_limit_minor, working_days, rest_days, check_emptied, seconds_per_place, seconds_per_line, last_movement_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT COALESCE(MAX(id), 0) FROM movement))
            ON CONFLICT (warehouse_id) DO UPDATE SET approve_limit_minor = excluded.approve_limit_minor, working_days = excluded.working_days,
            last_movement_id = CASE WHEN count_setting.check_emptied OR count_setting.rest_days > 0 THEN count_setting.last_movement_id ELSE excluded.last_movement_id END,
            rest_days = excluded.rest_days, check_emptied = excluded.check_emptied, seconds_per_place = excluded.seconds_per_place, seconds_per_line = excluded.seconds_per_line";
        /// Rules by class.
        LIST_RULES = "SELECT class, counts_a_year, tolerance_units, tolerance_points, tolerance_value_minor FROM count_rule WHERE warehouse_id = $1 ORDER BY class";
        /// Changes rules of classes.
        PUT_RULES = bulk "INSERT INTO count_rule (warehouse_id, class, counts_a_year, tolerance_units, tolerance_points, tolerance_value_minor) VALUES" [Int, Text, Int, Int, Int, Int]
            "ON CONFLICT (warehouse_id, class) DO UPDATE SET counts_a_year = excluded.counts_a_year, tolerance_units = excluded.tolerance_units,
            tolerance_points = excluded.tolerance_points, tolerance_value_minor = excluded.tolerance_value_minor";
        /// All causes.
        LIST_CAUSES = "SELECT code, name_en, name_zh, active FROM count_cause ORDER BY code";
        /// Changes causes.
        PUT_CAUSES = bulk "INSERT INTO count_cause (code, name_en, name_zh, active) VALUES" [Text, Text, Text, Bool]
            "ON CONFLICT (code) DO UPDATE SET name_en = excluded.name_en, name_zh = excluded.name_zh, active = excluded.active";
        /// Changes costs.
        PUT_COSTS = bulk "INSERT INTO lot_cost (lot_id, unit_cost_minor) VALUES" [Int, Int]
            "ON CONFLICT (lot_id) DO UPDATE SET unit_cost_minor = excluded.unit_cost_minor";
        /// What the stock of each SKU is worth.
        LIST_VALUES = "SELECT s.id, CAST(COALESCE(SUM(c.on_hand * k.unit_cost_minor), 0) AS BIGINT) FROM sku s LEFT JOIN stock_cell c ON c.sku_id = s.id AND c.warehouse_id = $1 AND c.on_hand > 0
            LEFT JOIN lot_cost k ON k.lot_id = c.lot_id WHERE s.active GROUP BY s.id";
        /// How often pickers came to each SKU.
        LIST_VISITS = "SELECT s.id, COALESCE(m.visits, 0) FROM sku s LEFT JOIN (SELECT sku_id, COUNT(*) AS visits FROM movement
            WHERE warehouse_id = $1 AND at >= $2 AND reason = 'pick' GROUP BY sku_id) m ON m.sku_id = s.id WHERE s.active";
        /// Changes classes.
        PUT_CLASSES = bulk "INSERT INTO sku_class (warehouse_id, sku_id, class) VALUES" [Int, Int, Text]
            "ON CONFLICT (warehouse_id, sku_id) DO UPDATE SET class = excluded.class";
    }
}
