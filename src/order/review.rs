//! Review before work starts: which orders a person must look at first, and why.

use super::inbound::{InboundOrder, Receiver};
use super::model::HoldReason;

/// Pieces of one line above which an order is out of the ordinary.
const ODD_QUANTITY: i64 = 999;

/// What the rules look at besides the order itself.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Whether a line names a SKU that the catalogue doesn't know.
    pub unknown_sku: bool,
    /// Whether the same receiver ordered the same goods shortly before.
    pub duplicate: bool,
    /// Value above which the channel wants a look; 0 for never.
    pub review_above_minor: i64,
}

/// The first reason to hold an order, if any.
#[must_use]
pub fn review(order: &InboundOrder, facts: Facts) -> Option<HoldReason> {
    let lines = || order.lines.iter().filter(|line| line.quantity > 0);
    if lines().next().is_none() {
        return Some(HoldReason::NoLines);
    }
    if facts.unknown_sku {
        return Some(HoldReason::UnknownSku);
    }
    if !deliverable(&order.receiver) {
        return Some(HoldReason::IncompleteAddress);
    }
    if facts.duplicate {
        return Some(HoldReason::Duplicate);
    }
    let odd_value = facts.review_above_minor > 0 && order.total_minor > facts.review_above_minor;
    let odd_cash = order.cash_on_delivery_minor > order.total_minor && order.total_minor > 0;
    if odd_value || odd_cash || lines().any(|line| line.quantity > ODD_QUANTITY) {
        return Some(HoldReason::OddAmount);
    }
    if !order.paid && order.cash_on_delivery_minor == 0 {
        return Some(HoldReason::Unpaid);
    }
    None
}

/// Whether a carrier can find the receiver: a name, a phone, a town and a street that say something.
fn deliverable(receiver: &Receiver) -> bool {
    let digits = receiver.phone.chars().filter(char::is_ascii_digit).count();
    let town = !receiver.city.trim().is_empty() || !receiver.province.trim().is_empty();
    let street = receiver.line1.chars().filter(|character| character.is_alphanumeric()).count();
    !receiver.name.trim().is_empty() && digits >= 7 && town && street >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAR: Facts = Facts { unknown_sku: false, duplicate: false, review_above_minor: 0 };

    fn order(change: impl FnOnce(&mut InboundOrder)) -> InboundOrder {
        let mut order: InboundOrder = serde_json::from_value(serde_json::json!({
            "external_id": "1", "total_minor": 9900,
            "receiver": { "name": "李雷", "phone": "138 0000 0000", "city": "杭州市", "line1": "文一西路969号" },
            "lines": [{ "external_id": "l1", "sku": "TEE-M", "quantity": 1 }]
        }))
        .unwrap();
        change(&mut order);
        order
    }

    #[test]
    fn a_complete_order_passes() {
        assert_eq!(review(&order(|_| {}), CLEAR), None);
    }

    #[test]
    fn each_doubt_holds_the_order_with_its_reason() {
        use HoldReason as H;
        let cases: Vec<(InboundOrder, Facts, H)> = vec![
            (order(|o| o.lines.clear()), CLEAR, H::NoLines),
            (order(|o| o.lines.iter_mut().for_each(|line| line.quantity = 0)), CLEAR, H::NoLines),
            (order(|_| {}), Facts { unknown_sku: true, ..CLEAR }, H::UnknownSku),
            (order(|o| o.receiver.name = " ".into()), CLEAR, H::IncompleteAddress),
            (order(|o| o.receiver.phone = "123".into()), CLEAR, H::IncompleteAddress),
            (order(|o| o.receiver.city = String::new()), CLEAR, H::IncompleteAddress),
            (order(|o| o.receiver.line1 = "- .".into()), CLEAR, H::IncompleteAddress),
            (order(|_| {}), Facts { duplicate: true, ..CLEAR }, H::Duplicate),
            (order(|_| {}), Facts { review_above_minor: 9899, ..CLEAR }, H::OddAmount),
            (order(|o| o.cash_on_delivery_minor = 10_000), CLEAR, H::OddAmount),
            (order(|o| o.lines.iter_mut().for_each(|line| line.quantity = 1_000)), CLEAR, H::OddAmount),
            (order(|o| o.paid = false), CLEAR, H::Unpaid),
        ];
        for (order, facts, expected) in cases {
            assert_eq!(review(&order, facts), Some(expected), "{order:?}");
        }
    }

    #[test]
    fn cash_on_delivery_is_not_unpaid() {
        let order = order(|o| (o.paid, o.cash_on_delivery_minor) = (false, 9_900));
        assert_eq!(review(&order, CLEAR), None);
    }
}
