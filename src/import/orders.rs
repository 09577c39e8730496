//! Orders from a table: a row for each line. What is said of the order itself stands in its first row; later rows leave
//! it empty or repeat it.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use super::table::{Column, Row};
use crate::kernel::money::decimals;
use crate::order::inbound::{InboundLine, InboundOrder, Receiver};
use crate::order::model::ShortPolicy;

pub(super) const COLUMNS: &[Column] = &[
    Column {
        name: "order", also: &["order number", "order no", "订单", "订单号", "订单编号"], required: true
    },
    Column { name: "line", also: &["line id", "行号", "明细号"], required: false },
    Column {
        name: "sku",
        also: &["sku code", "code", "barcode", "商品编码", "商品代码", "货号", "条码"],
        required: true,
    },
    Column { name: "quantity", also: &["qty", "pieces", "数量", "件数"], required: true },
    Column { name: "unit_price", also: &["price", "单价"], required: false },
    Column { name: "name", also: &["receiver", "receiver name", "收件人", "收货人", "姓名"], required: false },
    Column { name: "phone", also: &["telephone", "mobile", "电话", "手机", "联系电话"], required: false },
    Column { name: "country", also: &["国家"], required: false },
    Column { name: "province", also: &["state", "省", "省份"], required: false },
    Column { name: "city", also: &["市", "城市"], required: false },
    Column { name: "district", also: &["county", "区", "区县"], required: false },
    Column { name: "line1", also: &["address", "street", "地址", "详细地址"], required: false },
    Column { name: "line2", also: &["address 2", "地址2"], required: false },
    Column { name: "postal_code", also: &["zip", "postcode", "邮编"], required: false },
    Column { name: "ship_method", also: &["carrier", "快递", "快递公司", "配送方式"], required: false },
    Column { name: "paid", also: &["已付款", "已支付"], required: false },
    Column { name: "currency", also: &["币种"], required: false },
    Column { name: "total", also: &["amount", "总额", "订单金额"], required: false },
    Column { name: "cash_on_delivery", also: &["cod", "货到付款", "代收货款"], required: false },
    Column { name: "buyer_remark", also: &["remark", "买家留言", "备注"], required: false },
    Column { name: "seller_remark", also: &["卖家备注"], required: false },
    Column { name: "placed_at", also: &["placed", "order date", "下单时间", "下单日期"], required: false },
    Column { name: "short_policy", also: &["缺货策略"], required: false },
];

/// The columns that are about the order and not about one line of it.
const OF_THE_ORDER: &[&str] = &[
    "name",
    "phone",
    "country",
    "province",
    "city",
    "district",
    "line1",
    "line2",
    "postal_code",
    "ship_method",
    "paid",
    "currency",
    "total",
    "cash_on_delivery",
    "buyer_remark",
    "seller_remark",
    "placed_at",
    "short_policy",
];

const POLICIES: &[(&str, ShortPolicy)] =
    &[("part", ShortPolicy::Part), ("wait", ShortPolicy::Wait), ("cancel", ShortPolicy::Cancel)];

/// Largest quantity of a line.
const LARGEST: i64 = 1_000_000_000;

/// The orders so far: where each is in the list, its first row, and what that row said.
#[derive(Default)]
pub(super) struct Seen {
    orders: HashMap<String, (usize, u64, Vec<String>)>,
}

pub(super) fn read(row: &mut Row<'_, '_>, zone: &TimeZone, seen: &mut Seen, orders: &mut Vec<InboundOrder>) {
    let number = row.needed("order", 200);
    let at = match seen.orders.get(&number) {
        Some((at, first, said)) => {
            let (at, first) = (*at, *first);
            for (name, said) in OF_THE_ORDER.iter().zip(said) {
                let cell = row.cell(name);
                if !cell.is_empty() && cell != said.as_str() {
                    row.wrong(name, "import.order_differs", vec![("row", first.to_string())]);
                }
            }
            at
        }
        None => {
            let said = OF_THE_ORDER.iter().map(|name| row.cell(name).into_owned()).collect();
            orders.push(order(row, zone, &number));
            seen.orders.insert(number, (orders.len() - 1, row.number, said));
            orders.len() - 1
        }
    };
    let Some(order) = orders.get_mut(at) else { return };
    let mut external_id = row.text("line", 200);
    if external_id.is_empty() {
        external_id = (order.lines.len() + 1).to_string();
    }
    if order.lines.iter().any(|line| line.external_id == external_id) {
        row.wrong("line", "import.repeated_line", vec![]);
    }
    let digits = decimals(&order.currency);
    order.lines.push(InboundLine {
        external_id,
        sku: row.code("sku", 100),
        quantity: row.number("quantity", None, 1, LARGEST),
        unit_price_minor: row.money("unit_price", digits),
    });
}

fn order(row: &mut Row<'_, '_>, zone: &TimeZone, number: &str) -> InboundOrder {
    let mut currency = row.text("currency", 3).to_ascii_uppercase();
    if currency.is_empty() {
        currency.push_str("CNY");
    }
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        row.wrong("currency", "import.bad_currency", vec![]);
    }
    let digits = decimals(&currency);
    InboundOrder {
        external_id: number.to_owned(),
        version: 0,
        placed_at: row.moment("placed_at", zone, false),
        receiver: Receiver {
            name: row.text("name", 200),
            phone: row.text("phone", 60),
            country: row.text("country", 2).to_ascii_uppercase(),
            province: row.text("province", 100),
            city: row.text("city", 100),
            district: row.text("district", 100),
            line1: row.text("line1", 400),
            line2: row.text("line2", 400),
            postal_code: row.text("postal_code", 20),
        },
        lines: Vec::new(),
        ship_method: row.text("ship_method", 100),
        paid: row.yes_no("paid").unwrap_or(true),
        currency,
        total_minor: row.money("total", digits),
        cash_on_delivery_minor: row.money("cash_on_delivery", digits),
        buyer_remark: row.text("buyer_remark", 4000),
        seller_remark: row.text("seller_remark", 4000),
        flags: Vec::new(),
        invoice: None,
        short_policy: row.choice("short_policy", POLICIES),
    }
}
