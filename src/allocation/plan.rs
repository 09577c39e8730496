//! Who gets which cell: decided in plain memory, in time that grows with orders plus cells.

use std::collections::HashMap;

use crate::kernel::ids::{CellId, OrderId, OrderLineId, SkuId};

/// What one order line wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// The line.
    pub line: OrderLineId,
    /// The SKU.
    pub sku: SkuId,
    /// Pieces; above 0.
    pub quantity: i64,
}

/// What one order wants. Orders stand in the order in which they are served.
#[derive(Clone, Debug)]
pub struct OrderWants {
    /// The order.
    pub order: OrderId,
    /// Whether it takes a part where the whole isn't there.
    pub part: bool,
    /// Its lines.
    pub wants: Vec<Want>,
}

/// What one cell has, in the order in which cells must be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// The cell.
    pub cell: CellId,
    /// Free pieces; above 0.
    pub quantity: i64,
}

/// What one line gets of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Take {
    /// Index of the order in the input.
    pub order: usize,
    /// The line and SKU.
    pub want: Want,
    /// Index of the cell in its SKU's list.
    pub candidate: usize,
    /// Pieces.
    pub quantity: i64,
}

/// A plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What is taken, order by order.
    pub takes: Vec<Take>,
    /// Indices of orders that get nothing, because the whole isn't there.
    pub unserved: Vec<usize>,
    /// Pieces that were wanted and aren't there.
    pub missing: i64,
}

struct Supply<'a> {
    cells: &'a [Free],
    cursor: usize,
    used_of_cursor: i64,
    left: i64,
}

/// Serves the orders one by one from the front of each SKU's cells, so that no later cell is touched while an earlier
/// one has something free.
#[must_use]
pub fn plan(orders: &[OrderWants], cells: &HashMap<SkuId, Vec<Free>>) -> Plan {
    let mut supplies: HashMap<SkuId, Supply<'_>> = cells
        .iter()
        .map(|(sku, cells)| {
            let left = cells.iter().map(|free| free.quantity).sum();
            (*sku, Supply { cells, cursor: 0, used_of_cursor: 0, left })
        })
        .collect();
    let mut plan = Plan::default();
    for (index, order) in orders.iter().enumerate() {
        let missing = missing(order, &supplies);
        plan.missing += missing;
        let any = order.wants.iter().any(|want| supplies.get(&want.sku).is_some_and(|supply| supply.left > 0));
        if missing > 0 && !(order.part && any) {
            plan.unserved.push(index);
            continue;
        }
        for want in &order.wants {
            if let Some(supply) = supplies.get_mut(&want.sku) {
                take(index, *want, supply, &mut plan.takes);
            }
        }
    }
    plan
}

fn missing(order: &OrderWants, supplies: &HashMap<SkuId, Supply<'_>>) -> i64 {
    let left = |sku: SkuId| supplies.get(&sku).map_or(0, |supply| supply.left);
    let mut wanted: Vec<(SkuId, i64)> = order.wants.iter().map(|want| (want.sku, want.quantity)).collect();
    wanted.sort_unstable();
    let groups = wanted.chunk_by(|a, b| a.0 == b.0);
    groups
        .filter_map(|group| {
            let (sku, _) = group.first()?;
            let wanted: i64 = group.iter().map(|(_, quantity)| quantity).sum();
            Some((wanted - left(*sku)).max(0))
        })
        .sum()
}

fn take(order: usize, want: Want, supply: &mut Supply<'_>, takes: &mut Vec<Take>) {
    let mut still = want.quantity.min(supply.left);
    while still > 0 {
        let Some(free) = supply.cells.get(supply.cursor) else { return };
        let quantity = still.min(free.quantity - supply.used_of_cursor);
        if quantity > 0 {
            takes.push(Take { order, want, candidate: supply.cursor, quantity });
        }
        still -= quantity;
        supply.left -= quantity;
        supply.used_of_cursor += quantity;
        if supply.used_of_cursor >= free.quantity {
            supply.cursor += 1;
            supply.used_of_cursor = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wants(order: i64, part: bool, lines: &[(i64, i64)]) -> OrderWants {
        let wants = lines
            .iter()
            .enumerate()
            .map(|(index, (sku, quantity))| Want {
                line: OrderLineId(order * 100 + i64::try_from(index).unwrap()),
                sku: SkuId(*sku),
                quantity: *quantity,
            })
            .collect();
        OrderWants { order: OrderId(order), part, wants }
    }

    fn cells(given: &[(i64, &[i64])]) -> HashMap<SkuId, Vec<Free>> {
        given
            .iter()
            .map(|(sku, quantities)| {
                let cells = quantities
                    .iter()
                    .enumerate()
                    .map(|(index, quantity)| Free { cell: CellId(i64::try_from(index).unwrap()), quantity: *quantity });
                (SkuId(*sku), cells.collect())
            })
            .collect()
    }

    fn taken(plan: &Plan) -> Vec<(usize, usize, i64)> {
        plan.takes.iter().map(|take| (take.order, take.candidate, take.quantity)).collect()
    }

    #[test]
    fn the_first_cell_is_emptied_before_the_second_is_touched() {
        let plan = plan(&[wants(1, false, &[(7, 3)]), wants(2, false, &[(7, 4)])], &cells(&[(7, &[5, 5])]));
        assert_eq!(taken(&plan), [(0, 0, 3), (1, 0, 2), (1, 1, 2)]);
    }

    #[test]
    fn an_order_that_wants_all_or_nothing_leaves_the_rest_to_others() {
        let orders = [wants(1, false, &[(7, 6)]), wants(2, false, &[(7, 5)])];
        let plan = plan(&orders, &cells(&[(7, &[5])]));
        assert_eq!(plan.unserved, [0]);
        assert_eq!(taken(&plan), [(1, 0, 5)]);
        assert_eq!(plan.missing, 1);
    }

    #[test]
    fn an_order_that_takes_parts_gets_what_is_there() {
        let plan = plan(&[wants(1, true, &[(7, 6), (8, 1)])], &cells(&[(7, &[5])]));
        assert_eq!(taken(&plan), [(0, 0, 5)]);
        assert_eq!(plan.missing, 2);
    }

    #[test]
    fn two_lines_of_one_sku_count_together() {
        let plan = plan(&[wants(1, false, &[(7, 3), (7, 3)])], &cells(&[(7, &[5])]));
        assert_eq!(plan.unserved, [0]);
    }

    proptest! {
        #[test]
        fn nothing_is_taken_twice_and_no_later_cell_before_an_earlier(
            demand in prop::collection::vec((any::<bool>(), prop::collection::vec((0..4_i64, 1..6_i64), 1..4)), 0..30),
            supply in prop::collection::vec(prop::collection::vec(1..9_i64, 0..5), 4),
        ) {
            let orders: Vec<_> = demand.iter().enumerate()
                .map(|(index, (part, lines))| wants(i64::try_from(index).unwrap(), *part, lines)).collect();
            let given: Vec<(i64, &[i64])> = supply.iter().enumerate()
                .map(|(sku, quantities)| (i64::try_from(sku).unwrap(), quantities.as_slice())).collect();
            let cells = cells(&given);
            let plan = plan(&orders, &cells);
            for (sku, cells) in &cells {
                let used: Vec<i64> = (0..cells.len()).map(|index| plan.takes.iter()
                    .filter(|take| take.want.sku == *sku && take.candidate == index).map(|take| take.quantity).sum()).collect();
                for (index, free) in cells.iter().enumerate() {
                    prop_assert!(used[index] <= free.quantity);
                    if used[index] > 0 {
                        prop_assert!((0..index).all(|earlier| used[earlier] == cells[earlier].quantity));
                    }
                }
            }
            for (index, order) in orders.iter().enumerate() {
                let got: i64 = plan.takes.iter().filter(|take| take.order == index).map(|take| take.quantity).sum();
                let wanted: i64 = order.wants.iter().map(|want| want.quantity).sum();
                prop_assert!(got <= wanted);
                if !order.part { prop_assert!(got == wanted || got == 0); }
                prop_assert_eq!(got == 0, plan.unserved.contains(&index));
            }
        }
    }
}
