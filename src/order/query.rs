//! Looking at orders.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::{OrderState, ShortPolicy};
use super::personal::{PURPOSE, Personal};
use super::promise::LineRow;
use super::{OrderError, sql};
use crate::db::{DbError, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{ChannelId, OrderId, OrderLineId, SkuId, WarehouseId};
use crate::kernel::vault::Vault;
use crate::{args, row};

row! {
    /// An order's row as screens need it.
    #[derive(Debug, Clone)]
    pub struct ViewRow {
        /// Its id.
        pub id: OrderId,
        /// Its number.
        pub number: String,
        /// Where it stands.
        pub state: OrderState,
        /// The shop's id of it.
        pub external_id: String,
        /// The channel's code.
        pub channel: String,
        /// Why it is held.
        pub hold_reason: String,
        /// What the person or shop said about the hold.
        pub hold_note: String,
        /// What happens where stock is short.
        pub short_policy: ShortPolicy,
        /// Higher goes first.
        pub priority: i64,
        /// When the buyer ordered.
        pub placed_at: Timestamp,
        /// When it came in.
        pub received_at: Timestamp,
        /// Until when it is promised to ship.
        pub ship_by: Timestamp,
        /// Whether it is paid.
        pub paid: bool,
        /// The shop's ship method.
        pub ship_method: String,
        /// ISO 4217.
        pub currency: String,
        /// Value in minor units.
        pub total_minor: i64,
        /// To be collected, in minor units.
        pub cash_on_delivery_minor: i64,
        /// Flags, parted by commas.
        pub flags: String,
        /// How many things the shop was told of it.
        pub version: i64,
        /// Sealed personal data.
        pub personal: Vec<u8>,
    }
}

row! {
    /// An order in a list.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct OrderSummary {
        /// Its id.
        pub id: OrderId,
        /// Its number.
        pub number: String,
        /// Where it stands.
        pub state: OrderState,
        /// The shop's id of it.
        pub external_id: String,
        /// The channel's code.
        pub channel: String,
        /// Why it is held; empty where it isn't.
        pub hold_reason: String,
        /// Until when it is promised to ship.
        pub ship_by: Timestamp,
        /// When it came in.
        pub received_at: Timestamp,
    }
}

/// A line of an order as a screen shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LineView {
    /// Its id.
    pub id: OrderLineId,
    /// The shop's id of it.
    pub external_id: String,
    /// The SKU; `null` where the catalogue doesn't know it.
    pub sku_id: Option<SkuId>,
    /// The SKU's code.
    pub sku: String,
    /// Pieces wanted.
    pub quantity: i64,
    /// Promised, not allocated.
    pub promised: i64,
    /// Allocated: open, picked or packed.
    pub allocated: i64,
    /// Shipped.
    pub shipped: i64,
    /// Cancelled.
    pub cancelled: i64,
    /// Covered by nothing.
    pub missing: i64,
}

/// An order as a screen shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderView {
    /// Its id.
    pub id: OrderId,
    /// Its number.
    pub number: String,
    /// Where it stands.
    pub state: OrderState,
    /// The shop's id of it.
    pub external_id: String,
    /// The channel's code.
    pub channel: String,
    /// Why it is held; empty where it isn't.
    pub hold_reason: String,
    /// What the person or shop said about the hold.
    pub hold_note: String,
    /// What happens where stock is short.
    pub short_policy: ShortPolicy,
    /// Higher goes first.
    pub priority: i64,
    /// When the buyer ordered.
    pub placed_at: Timestamp,
    /// When it came in.
    pub received_at: Timestamp,
    /// Until when it is promised to ship.
    pub ship_by: Timestamp,
    /// Whether it is paid.
    pub paid: bool,
    /// The shop's ship method.
    pub ship_method: String,
    /// ISO 4217.
    pub currency: String,
    /// Value in minor units.
    pub total_minor: i64,
    /// To be collected, in minor units.
    pub cash_on_delivery_minor: i64,
    /// The shop's flags.
    pub flags: Vec<String>,
    /// Receiver and remarks; masked unless asked for.
    pub personal: Personal,
    /// What is wanted.
    pub lines: Vec<LineView>,
}

/// Reads an order.
///
/// # Errors
/// [`OrderError::NotFound`]; [`OrderError::Sealed`] where the key file is another one.
pub async fn order_view(
    tx: &mut Tx<'_>,
    vault: &Vault,
    warehouse: WarehouseId,
    order: OrderId,
    unmasked: bool,
) -> Result<OrderView, OrderError> {
    let row: Option<ViewRow> = tx.opt(sql::SELECT_VIEW, args![warehouse, order]).await?;
    let row = row.ok_or_else(|| OrderError::NotFound { what: "order", code: order.to_string() })?;
    let lines: Vec<LineRow> = tx.all(sql::SELECT_LINES, args![order]).await?;
    let personal: Personal = vault.open_json(PURPOSE, &row.personal)?;
    Ok(OrderView {
        id: row.id,
        number: row.number,
        state: row.state,
        external_id: row.external_id,
        channel: row.channel,
        hold_reason: row.hold_reason,
        hold_note: row.hold_note,
        short_policy: row.short_policy,
        priority: row.priority,
        placed_at: row.placed_at,
        received_at: row.received_at,
        ship_by: row.ship_by,
        paid: row.paid,
        ship_method: row.ship_method,
        currency: row.currency,
        total_minor: row.total_minor,
        cash_on_delivery_minor: row.cash_on_delivery_minor,
        flags: row.flags.split(',').filter(|flag| !flag.is_empty()).map(str::to_owned).collect(),
        personal: if unmasked { personal } else { personal.masked() },
        lines: lines.into_iter().map(line_view).collect(),
    })
}

fn line_view(line: LineRow) -> LineView {
    LineView {
        missing: line.missing(),
        id: line.id,
        external_id: line.external_id,
        sku_id: line.sku,
        sku: line.sku_code,
        quantity: line.quantity,
        promised: line.promised,
        allocated: line.allocated,
        shipped: line.shipped,
        cancelled: line.cancelled,
    }
}

/// Which orders a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In this state.
    pub state: Option<OrderState>,
    /// Of this channel.
    pub channel: Option<String>,
    /// With this id of the shop.
    pub external_id: Option<String>,
    /// To be shipped by then.
    pub ship_by: Option<Timestamp>,
    /// Behind this order.
    pub after: Option<OrderId>,
    /// Most rows.
    pub limit: i64,
}

/// A page of orders by id.
///
/// # Errors
/// A failure of the database.
pub async fn list(tx: &mut Tx<'_>, warehouse: WarehouseId, filter: &Filter) -> Result<Vec<OrderSummary>, DbError> {
    let values = args![
        warehouse,
        filter.state.map_or("", OrderState::code),
        filter.channel.as_deref().unwrap_or_default(),
        filter.external_id.as_deref().unwrap_or_default(),
        filter.ship_by.unwrap_or_default(),
        filter.after.map_or(0, |id| id.0),
        filter.limit.clamp(1, 1000)
    ];
    tx.all(sql::LIST, values).await
}

/// The id of an active channel by its code.
///
/// # Errors
/// [`OrderError::NotFound`], or a failure of the database.
pub async fn channel(tx: &mut Tx<'_>, warehouse: WarehouseId, code: &str) -> Result<ChannelId, OrderError> {
    let found: Option<(ChannelId,)> = tx.opt(sql::SELECT_CHANNEL_ID, args![warehouse, code]).await?;
    Ok(found.ok_or_else(|| OrderError::NotFound { what: "channel", code: code.to_owned() })?.0)
}

/// The id of an order by its number.
///
/// # Errors
/// A failure of the database.
pub async fn id_by_number(tx: &mut Tx<'_>, warehouse: WarehouseId, number: &str) -> Result<Option<OrderId>, DbError> {
    let found: Option<(OrderId,)> = tx.opt(sql::SELECT_ID_BY_NUMBER, args![warehouse, number]).await?;
    Ok(found.map(|(id,)| id))
}
