//! The part of an order that is personal data: sealed in one column, opened only where it is needed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::inbound::{InboundOrder, Receiver};
use crate::kernel::text;

/// The purpose under which it is sealed.
pub const PURPOSE: &str = "order";

/// What an order says about people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Personal {
    /// Where it goes.
    pub receiver: Receiver,
    /// What the buyer wrote.
    pub buyer_remark: String,
    /// What the shop wrote.
    pub seller_remark: String,
    /// Invoice data, as given.
    #[schema(value_type = Option<Object>)]
    pub invoice: Option<serde_json::Value>,
}

impl Personal {
    /// The personal part of an order.
    #[must_use]
    pub fn of(order: &InboundOrder) -> Self {
        Self {
            receiver: order.receiver.clone(),
            buyer_remark: order.buyer_remark.clone(),
            seller_remark: order.seller_remark.clone(),
            invoice: order.invoice.clone(),
        }
    }

    /// As a screen shows it that doesn't need the person: remarks stay, name and phone are masked, the street is left
    /// out, the invoice too.
    #[must_use]
    pub fn masked(&self) -> Self {
        let receiver = Receiver {
            name: text::masked_name(&self.receiver.name),
            phone: text::masked_phone(&self.receiver.phone),
            line1: "***".to_owned(),
            line2: String::new(),
            ..self.receiver.clone()
        };
        Self {
            receiver,
            buyer_remark: self.buyer_remark.clone(),
            seller_remark: self.seller_remark.clone(),
            invoice: None,
        }
    }

    /// What the duplicate rule compares: receiver and goods, however they are spelt.
    #[must_use]
    pub fn same_receiver_text(receiver: &Receiver) -> String {
        let parts = [&receiver.name, &receiver.phone, &receiver.city, &receiver.line1, &receiver.line2];
        parts.map(|part| text::folded(part)).join("|")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_order_shows_no_name_phone_or_street() {
        let receiver = Receiver {
            name: "李雷".into(),
            phone: "13812345678".into(),
            city: "杭州市".into(),
            line1: "文一西路969号".into(),
            ..Receiver::default()
        };
        let masked = Personal { receiver, buyer_remark: "少放辣".into(), ..Personal::default() }.masked();
        let shown = format!("{masked:?}");
        assert!(!shown.contains("李雷") && !shown.contains("13812345678") && !shown.contains("文一西路"));
        assert!(shown.contains("少放辣") && shown.contains("杭州市"));
    }
}
