//! Looking at channels, endpoints, deliveries and messages.

use serde::Serialize;
use utoipa::ToSchema;

use super::adapter::Headers;
use super::inbox::{intake, sql as inbox_sql};
use super::model::{Adapter, EndpointState, InboxState, MessageState};
use super::outbox::sql as outbox_sql;
use super::{StorefrontError, sql};
use crate::db::{DbError, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::{ChannelId, EndpointId, InboxId, WarehouseId};
use crate::kernel::vault::Vault;
use crate::order::model::{ShortPolicy, Verdict};
use crate::{args, row};

row! {
    /// A channel as a list shows it.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct ChannelView {
        /// Its id.
        pub id: ChannelId,
        /// Its code.
        pub code: String,
        /// Its name.
        pub name: String,
        /// How its storefront speaks.
        pub adapter: Adapter,
        /// What happens to orders where stock is short.
        pub short_policy: ShortPolicy,
        /// Hours from acceptance to the promised ship-by time.
        pub ship_within_hours: i64,
        /// Orders above this value are held, in minor units; 0 for never.
        pub review_above_minor: i64,
        /// Whether its deliveries are applied.
        pub active: bool,
        /// Deliveries that wait.
        pub waiting: i64,
        /// Deliveries that need a person.
        pub dead: i64,
        /// When the last delivery came.
        pub last_received: Option<Timestamp>,
    }
}

row! {
    /// An endpoint as a list shows it.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct EndpointView {
        /// Its id.
        pub id: EndpointId,
        /// Its channel's code.
        pub channel: String,
        /// Its address.
        pub url: String,
        /// Whether it is told.
        pub state: EndpointState,
        /// Why it is not.
        pub state_reason: String,
        /// Failures in a row.
        pub failures: i64,
        /// Nothing is sent before this moment; 0 for no such moment.
        pub open_until: Timestamp,
        /// Messages that wait.
        pub pending: i64,
        /// Orders whose messages wait for a person's decision.
        pub blocked: i64,
    }
}

row! {
    /// A delivery as a list shows it.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct DeliveryView {
        /// Its id.
        pub id: InboxId,
        /// Its channel's code.
        pub channel: String,
        /// What kind of thing it tells.
        pub topic: String,
        /// The shop's id of the order.
        pub external_order_id: String,
        /// When it came.
        pub received_at: Timestamp,
        /// What became of it.
        pub state: InboxState,
        /// Failed attempts.
        pub attempts: i64,
        /// How often it came again.
        pub repeats: i64,
        /// When it is looked at next, if it waits.
        pub next_at: Timestamp,
        /// When it was done with.
        pub done_at: Option<Timestamp>,
        /// Why it is dead or was ignored.
        pub error: String,
    }
}

row! {
    /// What became of a command of a storefront.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct VerdictView {
        /// The command's key: the delivery's.
        pub command_key: String,
        /// The command.
        pub command: String,
        /// What became of it.
        pub verdict: Verdict,
        /// Why.
        pub reason: String,
        /// When.
        pub at: Timestamp,
    }
}

/// One delivery, whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliveryDetail {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: DeliveryView,
    /// What makes a repeat the same.
    pub dedupe_key: String,
    /// SHA-256 of the body.
    pub body_hash: String,
    /// The verdicts that its order got.
    pub verdicts: Vec<VerdictView>,
    /// Its headers; personal data, so only where it was asked for.
    #[schema(value_type = Option<Object>)]
    pub headers: Option<Headers>,
    /// Its body; personal data, so only where it was asked for.
    pub body: Option<String>,
}

row! {
    /// A message as a list shows it.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct MessageView {
        /// Its id, as the shop sees it.
        pub id: String,
        /// Its endpoint.
        pub endpoint_id: EndpointId,
        /// Its lane: the shop's id of the order.
        pub order_key: String,
        /// Its place in the lane.
        pub seq: i64,
        /// What kind of event it tells.
        #[serde(rename = "type")]
        pub kind: String,
        /// What became of it.
        pub state: MessageState,
        /// Tries that were spent.
        pub tries: i64,
        /// When it was written.
        pub created_at: Timestamp,
        /// When it was done with.
        pub done_at: Option<Timestamp>,
        /// What the shop answered last.
        pub last_status: Option<i64>,
        /// What went wrong last.
        pub last_error: String,
    }
}

row! {
    /// An attempt of a message.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct AttemptView {
        /// Its number.
        pub n: i64,
        /// When.
        pub at: Timestamp,
        /// What the shop answered; `None` for no answer.
        pub status: Option<i64>,
        /// How long it took, in milliseconds.
        pub ms: i64,
        /// The beginning of the answer.
        pub response_head: String,
        /// What went wrong.
        pub error: String,
    }
}

/// One message, whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageDetail {
    /// The message.
    #[serde(flatten)]
    pub message: MessageView,
    /// What it says, to the letter.
    pub body: String,
    /// Its attempts, the first one first.
    pub attempts: Vec<AttemptView>,
}

/// Every channel of a warehouse.
///
/// # Errors
/// A failure of the database.
pub async fn channels(tx: &mut Tx<'_>, warehouse: WarehouseId) -> Result<Vec<ChannelView>, DbError> {
    tx.all(sql::LIST_CHANNELS, args![warehouse]).await
}

/// Every endpoint of a warehouse, or of one channel.
///
/// # Errors
/// A failure of the database.
pub async fn endpoints(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    channel: Option<&str>,
) -> Result<Vec<EndpointView>, DbError> {
    tx.all(sql::LIST_ENDPOINTS, args![warehouse, channel.unwrap_or_default()]).await
}

/// Which deliveries a list shows.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// In this state.
    pub state: Option<InboxState>,
    /// Of this channel.
    pub channel: Option<String>,
    /// About this order.
    pub external_order_id: Option<String>,
    /// Older than this one.
    pub before: Option<InboxId>,
    /// Most rows.
    pub limit: Option<i64>,
}

/// Deliveries, the newest first.
///
/// # Errors
/// A failure of the database.
pub async fn deliveries(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    filter: &DeliveryFilter,
) -> Result<Vec<DeliveryView>, DbError> {
    let values = args![
        warehouse,
        filter.state.map_or("", InboxState::code),
        filter.channel.as_deref().unwrap_or_default(),
        filter.external_order_id.as_deref().unwrap_or_default(),
        filter.before.map_or(0, |id| id.0),
        filter.limit.unwrap_or(100).clamp(1, 1000)
    ];
    tx.all(inbox_sql::LIST, values).await
}

type Content = (String, String, Option<Vec<u8>>, Option<Vec<u8>>);

/// One delivery; with its content where `unmasked`.
///
/// # Errors
/// [`StorefrontError::NotFound`]; [`StorefrontError::Sealed`] where the key file is another one.
pub async fn delivery(
    tx: &mut Tx<'_>,
    vault: &Vault,
    warehouse: WarehouseId,
    id: InboxId,
    unmasked: bool,
) -> Result<DeliveryDetail, StorefrontError> {
    let found: Option<DeliveryView> = tx.opt(inbox_sql::SELECT_ONE, args![warehouse, id]).await?;
    let delivery = found.ok_or_else(|| StorefrontError::NotFound { what: "delivery", code: id.to_string() })?;
    let content: Content = tx.one("content", inbox_sql::SELECT_CONTENT, args![id]).await?;
    let (dedupe_key, body_hash, headers, body) = content;
    let verdicts = tx.all(inbox_sql::LIST_VERDICTS, args![id]).await?;
    let (mut shown_headers, mut shown_body) = (None, None);
    if let (true, Some(headers), Some(body)) = (unmasked, headers, body) {
        shown_headers = Some(vault.open_json(intake::PURPOSE, &headers)?);
        shown_body = Some(String::from_utf8_lossy(&vault.open(intake::PURPOSE, &body)?).into_owned());
    }
    Ok(DeliveryDetail { delivery, dedupe_key, body_hash, verdicts, headers: shown_headers, body: shown_body })
}

/// Which messages a list shows.
#[derive(Clone, Debug, Default)]
pub struct MessageFilter {
    /// In this state.
    pub state: Option<MessageState>,
    /// To this endpoint.
    pub endpoint: Option<EndpointId>,
    /// About the order with this id of the shop.
    pub order_key: Option<String>,
    /// Older than this one.
    pub before: Option<String>,
    /// Most rows.
    pub limit: Option<i64>,
}

/// Messages, the newest first.
///
/// # Errors
/// A failure of the database.
pub async fn messages(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    filter: &MessageFilter,
) -> Result<Vec<MessageView>, DbError> {
    let values = args![
        warehouse,
        filter.state.map_or("", MessageState::code),
        filter.endpoint.map_or(0, |id| id.0),
        filter.order_key.as_deref().unwrap_or_default(),
        filter.before.as_deref().unwrap_or_default(),
        filter.limit.unwrap_or(100).clamp(1, 1000)
    ];
    tx.all(outbox_sql::LIST, values).await
}

/// One message with its attempts.
///
/// # Errors
/// [`StorefrontError::NotFound`].
pub async fn message(tx: &mut Tx<'_>, warehouse: WarehouseId, id: &str) -> Result<MessageDetail, StorefrontError> {
    let found: Option<MessageView> = tx.opt(outbox_sql::SELECT_ONE, args![warehouse, id]).await?;
    let not_found = || StorefrontError::NotFound { what: "message", code: id.chars().take(60).collect() };
    let message = found.ok_or_else(not_found)?;
    let (body,): (String,) = tx.one("body", outbox_sql::SELECT_BODY, args![id]).await?;
    let attempts = tx.all(outbox_sql::LIST_ATTEMPTS, args![id]).await?;
    Ok(MessageDetail { message, body, attempts })
}
