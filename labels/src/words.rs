//! The few words that a label prints by itself, in each language it knows.

use serde::{Deserialize, Serialize};

/// The language of the printed captions. What the label is given (names, addresses) is never translated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// Simplified Chinese.
    #[default]
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// Traditional Chinese.
    #[serde(rename = "zh-TW")]
    ZhTw,
    /// English.
    #[serde(rename = "en")]
    En,
}

/// Captions of a shipping label.
pub(crate) struct ShippingWords {
    pub receiver: &'static str,
    pub sender: &'static str,
    pub cod: &'static str,
    pub remark: &'static str,
    pub parcel: &'static str,
    pub order: &'static str,
    pub reprint: &'static str,
}

impl Language {
    pub(crate) fn shipping(self) -> &'static ShippingWords {
        match self {
            Language::ZhCn => &ShippingWords {
                receiver: "收",
                sender: "寄",
                cod: "代收货款",
                remark: "备注：",
                parcel: "包裹",
                order: "订单",
                reprint: "补打",
            },
            Language::ZhTw => &ShippingWords {
                receiver: "收",
                sender: "寄",
                cod: "代收貨款",
                remark: "備註：",
                parcel: "包裹",
                order: "訂單",
                reprint: "補印",
            },
            Language::En => &ShippingWords {
                receiver: "TO",
                sender: "FROM",
                cod: "COD",
                remark: "Remark: ",
                parcel: "Parcel",
                order: "Order",
                reprint: "REPRINT",
            },
        }
    }
}
