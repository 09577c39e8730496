//! What counts have shown: how right the book was, what was lost and found, why, where and by whom. Shares are in hundredths
//! of a per cent.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::LineState;
use crate::db::{DbError, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{CountPlanId, CountTaskId, WarehouseId};
use crate::{args, row};

/// Lines that are added up at most, the newest.
const MOST: i64 = 500_000;
/// Most rows of one breakdown.
const MOST_ROWS: usize = 100;

/// Which counts are added up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// Of this count.
    pub plan: Option<CountPlanId>,
    /// Settled from here on.
    pub from: Option<Timestamp>,
    /// Settled before.
    pub until: Option<Timestamp>,
}

row! {
    /// A settled line.
    #[derive(Debug, Clone)]
    pub struct SettledRow {
        /// The place in its count.
        pub task: CountTaskId,
        /// The place.
        pub place: String,
        /// Its zone.
        pub zone: String,
        /// The SKU.
        pub sku: String,
        /// How it was settled.
        pub state: LineState,
        /// The book.
        pub book: i64,
        /// The difference.
        pub variance: i64,
        /// What a piece cost.
        pub unit_cost_minor: Option<i64>,
        /// The cause.
        pub cause: String,
        /// When.
        pub settled_at: Timestamp,
    }
}

impl SettledRow {
    /// Pieces that were posted; below 0 where they were lost.
    fn posted(&self) -> i64 {
        if self.state == LineState::Posted { self.variance } else { 0 }
    }
}

/// Sums of some lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sums {
    /// Lines that were settled.
    pub lines: i64,
    /// Lines with a difference that was posted.
    pub wrong: i64,
    /// Pieces by the book.
    pub book: i64,
    /// Pieces found.
    pub gained: i64,
    /// Pieces lost.
    pub lost: i64,
    /// Value of what was found, in minor units, as far as lots have a cost.
    pub gained_minor: i64,
    /// Value of what was lost.
    pub lost_minor: i64,
    /// Value of the book.
    pub book_minor: i64,
    /// Differences of pieces whose cost nobody knows.
    pub without_cost: i64,
}

impl Sums {
    fn add(&mut self, row: &SettledRow) {
        let posted = row.posted();
        let value = |pieces: i64| row.unit_cost_minor.unwrap_or(0).saturating_mul(pieces);
        self.lines += 1;
        self.wrong += i64::from(posted != 0);
        self.book += row.book;
        self.gained += posted.max(0);
        self.lost += (-posted).max(0);
        self.gained_minor = self.gained_minor.saturating_add(value(posted.max(0)));
        self.lost_minor = self.lost_minor.saturating_add(value((-posted).max(0)));
        self.book_minor = self.book_minor.saturating_add(value(row.book));
        self.without_cost += if row.unit_cost_minor.is_none() { posted.abs() } else { 0 };
    }
}

/// Sums of what has something in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Group {
    /// What they have in common: a zone, a cause, a month.
    pub key: String,
    /// The sums.
    #[serde(flatten)]
    pub sums: Sums,
}

/// What was wrong more than once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Repeated {
    /// A place or a SKU.
    pub key: String,
    /// How often it was counted and wrong.
    pub times: i64,
    /// Pieces that were found and lost, in all.
    pub pieces: i64,
}

row! {
    /// How somebody counts.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub struct CounterRow {
        /// Who.
        pub person: String,
        /// Lines that they counted and that are settled.
        pub lines: i64,
        /// Lines of which they found something else than what was settled.
        pub off: i64,
    }
}

/// What counts have shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Results {
    /// Places that were counted to their end.
    pub places: i64,
    /// Places in which nothing was wrong.
    pub places_right: i64,
    /// Their share.
    pub places_points: i64,
    /// SKUs that were counted.
    pub skus: i64,
    /// SKUs of which nothing was wrong anywhere.
    pub skus_right: i64,
    /// Their share.
    pub skus_points: i64,
    /// All lines.
    pub all: Sums,
    /// Pieces that differ, found and lost alike.
    pub gross: i64,
    /// Pieces found less pieces lost.
    pub net: i64,
    /// Value that differs, found and lost alike, in minor units.
    pub gross_minor: i64,
    /// Value found less value lost.
    pub net_minor: i64,
    /// The share of the book's value that doesn't differ.
    pub value_points: i64,
    /// By cause, the dearest first.
    pub by_cause: Vec<Group>,
    /// By zone.
    pub by_zone: Vec<Group>,
    /// By month of the warehouse's time zone, the oldest first.
    pub by_month: Vec<Group>,
    /// By who counted.
    pub by_person: Vec<CounterRow>,
    /// Places that were wrong more than once.
    pub places_again: Vec<Repeated>,
    /// SKUs that were wrong more than once.
    pub skus_again: Vec<Repeated>,
}

/// The share of `part` in `whole`; all where there is nothing.
fn points(part: i64, whole: i64) -> i64 {
    let share = (i128::from(part) * 10_000).checked_div(i128::from(whole)).unwrap_or(10_000);
    i64::try_from(share.clamp(0, 10_000)).unwrap_or(0)
}

/// Adds up what was settled in a span.
///
/// # Errors
/// A failure of the database.
pub async fn results(tx: &mut Tx<'_>, warehouse: WarehouseId, span: Span) -> Result<Results, DbError> {
    let plan = span.plan.map_or(0, |plan| plan.0);
    let (from, until) = (span.from.map_or(0, |at| at.0), span.until.map_or(i64::MAX, |at| at.0));
    let rows: Vec<SettledRow> = tx.all(sql::LIST_SETTLED, args![warehouse, plan, from, until, MOST]).await?;
    let (places,): (i64,) = tx.one("count", sql::COUNT_PLACES, args![warehouse, plan, from, until]).await?;
    let by_person = tx.all(sql::LIST_COUNTERS, args![warehouse, plan, from, until]).await?;
    let (zone,): (String,) = tx.one("warehouse", sql::SELECT_ZONE, args![warehouse]).await?;
    let zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
    Ok(Results { by_person, ..sum_up(&rows, places, &zone) })
}

fn sum_up(rows: &[SettledRow], places: i64, zone: &TimeZone) -> Results {
    let mut all = Sums::default();
    for row in rows {
        all.add(row);
    }
    let wrong: Vec<&SettledRow> = rows.iter().filter(|row| row.posted() != 0).collect();
    let tasks: BTreeSet<CountTaskId> = wrong.iter().map(|row| row.task).collect();
    let skus: BTreeSet<&str> = rows.iter().map(|row| row.sku.as_str()).collect();
    let wrong_skus: BTreeSet<&str> = wrong.iter().map(|row| row.sku.as_str()).collect();
    let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let places = places.max(count(tasks.len()));
    let (places_right, skus_right) = (places - count(tasks.len()), count(skus.len() - wrong_skus.len()));
    let gross_minor = all.gained_minor.saturating_add(all.lost_minor);
    let mut by_cause = groups(&wrong, |row| row.cause.clone());
    by_cause.sort_by_key(|group| std::cmp::Reverse(group.sums.gained_minor.saturating_add(group.sums.lost_minor)));
    let lines: Vec<&SettledRow> = rows.iter().collect();
    Results {
        places,
        places_right,
        places_points: points(places_right, places),
        skus: count(skus.len()),
        skus_right,
        skus_points: points(skus_right, count(skus.len())),
        gross: all.gained + all.lost,
        net: all.gained - all.lost,
        gross_minor,
        net_minor: all.gained_minor.saturating_sub(all.lost_minor),
        value_points: points(all.book_minor.saturating_sub(gross_minor), all.book_minor),
        by_cause,
        by_zone: groups(&lines, |row| row.zone.clone()),
        by_month: groups(&lines, |row| month(row.settled_at, zone)),
        by_person: Vec::new(),
        places_again: repeated(&wrong, |row| &row.place),
        skus_again: repeated(&wrong, |row| &row.sku),
        all,
    }
}

fn month(at: Timestamp, zone: &TimeZone) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map_or_else(|_| String::new(), |at| at.to_zoned(zone.clone()).strftime("%Y-%m").to_string())
}

fn groups(rows: &[&SettledRow], key: impl Fn(&SettledRow) -> String) -> Vec<Group> {
    let mut groups: BTreeMap<String, Sums> = BTreeMap::new();
    for row in rows {
        groups.entry(key(row)).or_default().add(row);
    }
    groups.into_iter().map(|(key, sums)| Group { key, sums }).collect()
}

/// What was wrong in more than one count, the most often first.
fn repeated<'a>(wrong: &[&'a SettledRow], key: impl Fn(&'a SettledRow) -> &'a String) -> Vec<Repeated> {
    let mut found: BTreeMap<&String, (BTreeSet<CountTaskId>, i64)> = BTreeMap::new();
    for row in wrong {
        let entry = found.entry(key(row)).or_default();
        entry.0.insert(row.task);
        entry.1 += row.posted().abs();
    }
    let again = found.into_iter().filter(|(_, (tasks, _))| tasks.len() > 1);
    let mut out: Vec<Repeated> = again
        .map(|(key, (tasks, pieces))| Repeated {
            key: key.clone(),
            times: i64::try_from(tasks.len()).unwrap_or(i64::MAX),
            pieces,
        })
        .collect();
    out.sort_by_key(|again| (std::cmp::Reverse(again.times), std::cmp::Reverse(again.pieces)));
    out.truncate(MOST_ROWS);
    out
}

/// Statements of results.
pub mod sql {
    crate::statements! {
        /// Lines that were settled in a span.
        LIST_SETTLED = "SELECT l.task_id, p.code, z.code, s.code, l.state, COALESCE(l.book, 0), COALESCE(l.variance, 0), l.unit_cost_minor, l.cause, l.settled_at
            FROM count_line l JOIN count_task t ON t.id = l.task_id JOIN place p ON p.id = l.place_id JOIN location c ON c.place_id = p.id
            JOIN zone z ON z.id = c.zone_id JOIN sku s ON s.id = l.sku_id
            WHERE l.warehouse_id = $1 AND ($2 = 0 OR t.plan_id = $2) AND l.state IN ('matched', 'posted', 'rejected') AND l.settled_at >= $3 AND l.settled_at < $4
            ORDER BY l.id DESC LIMIT $5";
        /// Places that were counted to their end in a span.
        COUNT_PLACES = "SELECT COUNT(*) FROM count_task WHERE warehouse_id = $1 AND ($2 = 0 OR plan_id = $2) AND state = 'closed' AND ended_at >= $3 AND ended_at < $4";
        /// How people counted.
        LIST_COUNTERS = "SELECT q.number, COUNT(*), CAST(SUM(CASE WHEN e.counted - e.book <> CASE WHEN l.state = 'posted' THEN l.variance ELSE 0 END THEN 1 ELSE 0 END) AS BIGINT)
            FROM count_line l JOIN count_task t ON t.id = l.task_id JOIN count_entry e ON e.line_id = l.id AND e.sealed JOIN person q ON q.id = e.person_id
            WHERE l.warehouse_id = $1 AND ($2 = 0 OR t.plan_id = $2) AND l.state IN ('matched', 'posted', 'rejected') AND l.settled_at >= $3 AND l.settled_at < $4
            GROUP BY q.number ORDER BY q.number";
        /// The time zone of a warehouse.
        SELECT_ZONE = "SELECT time_zone FROM warehouse WHERE id = $1";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(task: i64, sku: &str, state: LineState, variance: i64, cost: Option<i64>) -> SettledRow {
        SettledRow {
            task: CountTaskId(task),
            place: format!("P{}", task % 2),
            zone: "A".to_owned(),
            sku: sku.to_owned(),
            state,
            book: 10,
            variance,
            unit_cost_minor: cost,
            cause: "lost".to_owned(),
            settled_at: Timestamp(1_795_255_200_000),
        }
    }

    #[test]
    fn gains_and_losses_do_not_hide_each_other() {
        let rows = [
            row(1, "X", LineState::Posted, -3, Some(100)),
            row(1, "Y", LineState::Posted, 3, Some(50)),
            row(2, "X", LineState::Matched, 0, Some(100)),
            row(3, "X", LineState::Posted, -1, None),
            row(4, "Z", LineState::Rejected, -9, Some(100)),
        ];
        let sums = sum_up(&rows, 4, &TimeZone::UTC);
        assert_eq!((sums.places, sums.places_right, sums.places_points), (4, 2, 5_000));
        assert_eq!((sums.skus, sums.skus_right, sums.skus_points), (3, 1, 3_333));
        assert_eq!((sums.gross, sums.net, sums.gross_minor, sums.net_minor), (7, -1, 450, -150));
        assert_eq!((sums.all.book_minor, sums.value_points, sums.all.without_cost), (3_500, 8_714, 1));
        assert_eq!(sums.by_month[0].key, "2026-11");
        let again = |key: &str, pieces| Repeated { key: key.to_owned(), times: 2, pieces };
        assert_eq!((sums.places_again, sums.skus_again), (vec![again("P1", 7)], vec![again("X", 4)]));
    }

    #[test]
    fn nothing_counted_is_nothing_wrong() {
        let sums = sum_up(&[], 0, &TimeZone::UTC);
        assert_eq!((sums.places_points, sums.skus_points, sums.value_points), (10_000, 10_000, 10_000));
    }
}
