//! Channels: connected storefronts, with their rules and secrets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::Adapter;
use super::{StorefrontError, secrets, sql};
use crate::db::{Db, DbError, Op, Operation, Tx};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{ChannelId, WarehouseId};
use crate::kernel::vault::Vault;
use crate::order::model::ShortPolicy;
use crate::{args, row};

/// How long a channel that was looked up is trusted without asking again, in milliseconds. A change through this process
/// counts at once; one through another instance of the service after this time.
const TRUST_MS: i64 = 2_000;
/// Most channels that are remembered.
const REMEMBERED: usize = 1_000;

pub(super) fn require(op: &Op<'_, '_>) -> Result<(), StorefrontError> {
    let right = Right::StorefrontManage;
    if op.may(right) { Ok(()) } else { Err(StorefrontError::Forbidden { right: right.code() }) }
}

/// Whether a text can be a channel's code: it stands in an address.
fn is_code(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&text.len()) && text.bytes().all(good)
}

pub(super) fn name<'a>(field: &'static str, text: &'a str) -> Result<&'a str, StorefrontError> {
    let text = text.trim();
    let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text) } else { Err(StorefrontError::BadName { field }) }
}

row! {
    /// A channel, locked.
    #[derive(Debug, Clone)]
    pub struct ChannelRow {
        /// Its id.
        pub id: ChannelId,
        /// Its code.
        pub code: String,
        /// How its storefront speaks.
        pub adapter: Adapter,
        /// Its secrets, sealed.
        pub secrets: Vec<u8>,
    }
}

pub(super) async fn find(op: &mut Op<'_, '_>, code: &str) -> Result<Option<ChannelRow>, DbError> {
    let warehouse = op.warehouse();
    op.tx.opt(sql::LOCK_CHANNEL, args![warehouse, code]).await
}

pub(super) async fn lock(op: &mut Op<'_, '_>, code: &str) -> Result<ChannelRow, StorefrontError> {
    let found = find(op, code).await?;
    found.ok_or_else(|| StorefrontError::NotFound { what: "channel", code: code.to_owned() })
}

/// A channel's id by its code; orders by API and from files belong to `api`, which is always there.
///
/// # Errors
/// A failure of the database.
pub async fn id_by_code(tx: &mut Tx<'_>, warehouse: WarehouseId, code: &str) -> Result<Option<ChannelId>, DbError> {
    let found: Option<(ChannelId,)> = tx.opt(sql::SELECT_CHANNEL_ID, args![warehouse, code]).await?;
    Ok(found.map(|(id,)| id))
}

/// Makes a channel, or changes the one with this code.
#[derive(Debug, Serialize)]
pub struct PutChannel {
    /// Its code, as it stands in the address that deliveries go to.
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
    /// The storefront's secret; it replaces all that were valid. `None` to keep them, or to have one made.
    pub secret: Option<String>,
    /// The secret to use where one has to be made.
    pub made_secret: String,
}

/// A channel that was put.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChannelPut {
    /// Its id.
    pub channel_id: ChannelId,
    /// Whether the made secret is in use now.
    pub secret_made: bool,
}

impl PutChannel {
    fn check(&self) -> Result<(&str, &str), StorefrontError> {
        let code = self.code.trim();
        if !is_code(code) {
            return Err(StorefrontError::BadCode { code: code.chars().take(60).collect() });
        }
        if !(1..=8_760).contains(&self.ship_within_hours) {
            return Err(StorefrontError::BadNumber { field: "ship_within_hours" });
        }
        if !(0..=1_000_000_000_000).contains(&self.review_above_minor) {
            return Err(StorefrontError::BadNumber { field: "review_above_minor" });
        }
        if let Some(secret) = &self.secret {
            secrets::fits(self.adapter, code, secret)?;
        }
        Ok((code, name("name", &self.name)?))
    }

    /// The secrets from now on, where they change, and whether the made one is among them.
    fn secrets(&self, old: Option<&ChannelRow>) -> Result<(Option<Vec<String>>, bool), StorefrontError> {
        if let Some(secret) = &self.secret {
            return Ok((Some(vec![secret.clone()]), false));
        }
        let kept = old.is_some_and(|row| {
            let standard = |adapter| matches!(adapter, Adapter::Standard | Adapter::Medusa | Adapter::Vendure);
            row.adapter == self.adapter || (standard(row.adapter) && standard(self.adapter))
        });
        match self.adapter {
            _ if kept => Ok((None, false)),
            Adapter::Api => Ok((Some(Vec::new()), false)),
            // WooCommerce lets the shop choose the secret; it shows it beside the webhook.
            Adapter::Woocommerce => Err(StorefrontError::SecretMissing { adapter: self.adapter.to_string() }),
            Adapter::Standard | Adapter::Medusa | Adapter::Vendure => Ok((Some(vec![self.made_secret.clone()]), true)),
        }
    }
}

impl Operation for PutChannel {
    const KIND: &'static str = "channel.put";
    type Answer = ChannelPut;
    type Error = StorefrontError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<ChannelPut, StorefrontError> {
        require(op)?;
        let (code, name) = self.check()?;
        let old = find(op, code).await?;
        if let Some(row) = old.as_ref().filter(|row| row.adapter != self.adapter) {
            let (orders,): (i64,) = op.tx.one("count", sql::COUNT_ORDERS, args![row.id]).await?;
            if orders > 0 || code == "api" {
                return Err(StorefrontError::AdapterFixed { channel: code.to_owned() });
            }
        }
        let (new, secret_made) = self.secrets(old.as_ref())?;
        // Nothing below may fail for a business reason.
        let sealed = match (new, old) {
            (Some(new), _) => secrets::seal(&op.context.services, secrets::CHANNEL, &new)?,
            (None, old) => old.map(|row| row.secrets).unwrap_or_default(),
        };
        let (policy, hours, above) = (self.short_policy, self.ship_within_hours, self.review_above_minor);
        let values = args![op.warehouse(), code, name, self.adapter, sealed, policy, hours, above];
        let (channel_id,): (ChannelId,) = op.tx.one("channel", sql::PUT_CHANNEL, values).await?;
        let data =
            json!({ "code": code, "adapter": self.adapter, "secret_changed": secret_made || self.secret.is_some() });
        op.record("channel.put", ("channel", channel_id.0), &data);
        Ok(ChannelPut { channel_id, secret_made })
    }
}

/// Gives a channel a new secret; the one before stays valid beside it until the next change, if that is wanted.
#[derive(Debug, Serialize)]
pub struct RotateChannelSecret {
    /// Which channel.
    pub channel: String,
    /// The storefront's new secret; `None` to have one made.
    pub secret: Option<String>,
    /// The secret to use where one has to be made.
    pub made_secret: String,
    /// Whether the secret before stays valid.
    pub keep_old: bool,
}

/// Secrets that were changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecretRotated {
    /// Whether the made secret is in use now.
    pub secret_made: bool,
    /// How many secrets are valid now.
    pub valid: i64,
}

impl Operation for RotateChannelSecret {
    const KIND: &'static str = "channel.rotate_secret";
    type Answer = SecretRotated;
    type Error = StorefrontError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<SecretRotated, StorefrontError> {
        require(op)?;
        let channel = lock(op, &self.channel).await?;
        if self.secret.is_none() && channel.adapter == Adapter::Woocommerce {
            return Err(StorefrontError::SecretMissing { adapter: channel.adapter.to_string() });
        }
        let new = self.secret.as_ref().unwrap_or(&self.made_secret);
        secrets::fits(channel.adapter, &channel.code, new)?;
        let old = secrets::open(&op.context.services.vault, secrets::CHANNEL, &channel.secrets)?;
        // Nothing below may fail for a business reason.
        let list = secrets::rotated(new.clone(), old, self.keep_old);
        let sealed = secrets::seal(&op.context.services, secrets::CHANNEL, &list)?;
        op.tx.exec(sql::SET_CHANNEL_SECRETS, args![channel.id, sealed]).await?;
        let valid = i64::try_from(list.len()).unwrap_or_default();
        op.record("channel.secret_rotated", ("channel", channel.id.0), &json!({ "valid": valid }));
        Ok(SecretRotated { secret_made: self.secret.is_none(), valid })
    }
}

/// Pauses a channel, or lets it go on. While it is paused its deliveries are kept, and applied after.
#[derive(Debug, Serialize)]
pub struct SetChannelActive {
    /// Which channel.
    pub channel: String,
    /// Whether it works.
    pub active: bool,
}

/// A channel or endpoint that was paused, or goes on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Switched {
    /// Whether it works now.
    pub active: bool,
}

impl Operation for SetChannelActive {
    const KIND: &'static str = "channel.set_active";
    type Answer = Switched;
    type Error = StorefrontError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Switched, StorefrontError> {
        require(op)?;
        let channel = lock(op, &self.channel).await?;
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SET_CHANNEL_ACTIVE, args![channel.id, self.active]).await?;
        let kind = if self.active { "channel.resumed" } else { "channel.paused" };
        op.record(kind, ("channel", channel.id.0), &json!({}));
        Ok(Switched { active: self.active })
    }
}

/// A channel as a delivery needs it.
#[derive(Debug)]
pub struct Receiving {
    /// Its id.
    pub id: ChannelId,
    /// Its warehouse.
    pub warehouse: WarehouseId,
    /// How its storefront speaks.
    pub adapter: Adapter,
    /// The secrets that are valid.
    pub secrets: Vec<String>,
}

/// Channels that were looked up a moment ago, by code.
#[derive(Default)]
pub struct ChannelCache {
    channels: Mutex<HashMap<String, (Timestamp, Arc<Receiving>)>>,
}

impl ChannelCache {
    /// The channel with a code, if it takes deliveries.
    ///
    /// # Errors
    /// A failure of the database, or secrets that this key file can't open.
    pub async fn receiving(
        &self,
        db: &Db,
        vault: &Vault,
        code: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<Receiving>>, StorefrontError> {
        if let Some(channel) = self.remembered(code, now) {
            return Ok(Some(channel));
        }
        if !is_code(code) {
            return Ok(None);
        }
        let wanted = code.to_owned();
        let found: Option<(ChannelId, WarehouseId, Adapter, Vec<u8>)> = db
            .read(|tx| Box::pin(async move { tx.opt(sql::SELECT_RECEIVER, args![wanted]).await }))
            .await
            .map_err(|error: DbError| StorefrontError::Db(error))?;
        let Some((id, warehouse, adapter, sealed)) = found.filter(|row| row.2 != Adapter::Api) else { return Ok(None) };
        let secrets = secrets::open(vault, secrets::CHANNEL, &sealed)?;
        let channel = Arc::new(Receiving { id, warehouse, adapter, secrets });
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if channels.len() >= REMEMBERED {
            channels.clear();
        }
        channels.insert(code.to_owned(), (now, Arc::clone(&channel)));
        Ok(Some(channel))
    }

    /// Forgets everything: the next delivery of each channel asks the database.
    pub fn forget(&self) {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn remembered(&self, code: &str, now: Timestamp) -> Option<Arc<Receiving>> {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, channel) = channels.get(code)?;
        (now.ms_since(*at) < TRUST_MS && now >= *at).then(|| Arc::clone(channel))
    }
}
