//! Endpoints: where a channel's storefront hears what happened.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::channels::{SecretRotated, Switched, lock as lock_channel, require};
use super::model::{Adapter, EndpointState};
use super::outbox::address;
use super::{StorefrontError, secrets, sql};
use crate::db::{Op, Operation};
use crate::kernel::ids::EndpointId;
use crate::{args, row};

row! {
    /// An endpoint, locked.
    #[derive(Debug, Clone)]
    pub struct EndpointRow {
        /// Its id.
        pub id: EndpointId,
        /// Its address.
        pub url: String,
        /// Its secrets, sealed.
        pub secrets: Vec<u8>,
        /// Whether it is told.
        pub state: EndpointState,
    }
}

pub(super) async fn lock(op: &mut Op<'_, '_>, endpoint: EndpointId) -> Result<EndpointRow, StorefrontError> {
    let warehouse = op.warehouse();
    let found = op.tx.opt(sql::LOCK_ENDPOINT, args![warehouse, endpoint]).await?;
    found.ok_or_else(|| StorefrontError::NotFound { what: "endpoint", code: endpoint.to_string() })
}

/// Has a channel's storefront told at an address. An address that it has already stays what it is.
#[derive(Debug, Serialize)]
pub struct PutEndpoint {
    /// Which channel.
    pub channel: String,
    /// The address.
    pub url: String,
    /// The secret that messages are signed with; `None` to have one made.
    pub secret: Option<String>,
    /// The secret to use where one has to be made.
    pub made_secret: String,
}

/// An endpoint that was put.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndpointPut {
    /// Its id.
    pub endpoint_id: EndpointId,
    /// Whether it is new.
    pub created: bool,
    /// Whether the made secret is in use.
    pub secret_made: bool,
}

impl Operation for PutEndpoint {
    const KIND: &'static str = "endpoint.put";
    type Answer = EndpointPut;
    type Error = StorefrontError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<EndpointPut, StorefrontError> {
        require(op)?;
        let url = address::endpoint_url(&self.url)
            .map_err(|_| StorefrontError::BadUrl { url: self.url.chars().take(200).collect() })?;
        let secret = self.secret.as_ref().unwrap_or(&self.made_secret);
        secrets::fits(Adapter::Standard, &self.channel, secret)?;
        let channel = lock_channel(op, &self.channel).await?;
        // Nothing below may fail for a business reason.
        let sealed = secrets::seal(&op.context.services, secrets::ENDPOINT, std::slice::from_ref(secret))?;
        let made: Option<(EndpointId,)> =
            op.tx.opt(sql::INSERT_ENDPOINT, args![channel.id, url.as_str(), sealed]).await?;
        let Some((endpoint_id,)) = made else {
            let (endpoint_id,): (EndpointId,) =
                op.tx.one("endpoint", sql::SELECT_ENDPOINT_ID, args![channel.id, url.as_str()]).await?;
            if let Some(secret) = &self.secret {
                let sealed = secrets::seal(&op.context.services, secrets::ENDPOINT, std::slice::from_ref(secret))?;
                op.tx.exec(sql::SET_ENDPOINT_SECRETS, args![endpoint_id, sealed]).await?;
            }
            return Ok(EndpointPut { endpoint_id, created: false, secret_made: false });
        };
        let data = json!({ "channel": channel.code, "host": url.host_str() });
        op.record("endpoint.put", ("endpoint", endpoint_id.0), &data);
        Ok(EndpointPut { endpoint_id, created: true, secret_made: self.secret.is_none() })
    }
}

/// Gives an endpoint a new secret. With the one before kept, messages carry both signatures.
#[derive(Debug, Serialize)]
pub struct RotateEndpointSecret {
    /// Which.
    pub endpoint: EndpointId,
    /// The new secret; `None` to have one made.
    pub secret: Option<String>,
    /// The secret to use where one has to be made.
    pub made_secret: String,
    /// Whether messages are signed with the secret before, too.
    pub keep_old: bool,
}

impl Operation for RotateEndpointSecret {
    const KIND: &'static str = "endpoint.rotate_secret";
    type Answer = SecretRotated;
    type Error = StorefrontError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<SecretRotated, StorefrontError> {
        require(op)?;
        let new = self.secret.as_ref().unwrap_or(&self.made_secret);
        secrets::fits(Adapter::Standard, "", new)?;
        let endpoint = lock(op, self.endpoint).await?;
        let old = secrets::open(&op.context.services.vault, secrets::ENDPOINT, &endpoint.secrets)?;
        // Nothing below may fail for a business reason.
        let list = secrets::rotated(new.clone(), old, self.keep_old);
        let sealed = secrets::seal(&op.context.services, secrets::ENDPOINT, &list)?;
        op.tx.exec(sql::SET_ENDPOINT_SECRETS, args![endpoint.id, sealed]).await?;
        let valid = i64::try_from(list.len()).unwrap_or_default();
        op.record("endpoint.secret_rotated", ("endpoint", endpoint.id.0), &json!({ "valid": valid }));
        Ok(SecretRotated { secret_made: self.secret.is_none(), valid })
    }
}

/// Pauses an endpoint, switches it off, or lets it go on. What waits for a paused one is kept.
#[derive(Debug, Serialize)]
pub struct SetEndpointState {
    /// Which.
    pub endpoint: EndpointId,
    /// What it is to be.
    pub state: EndpointState,
    /// Why.
    pub reason: String,
}

impl Operation for SetEndpointState {
    const KIND: &'static str = "endpoint.set_state";
    type Answer = Switched;
    type Error = StorefrontError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Switched, StorefrontError> {
        require(op)?;
        let endpoint = lock(op, self.endpoint).await?;
        // Nothing below may fail for a business reason.
        let reason: String = self.reason.trim().chars().take(200).collect();
        op.tx.exec(sql::SET_ENDPOINT_STATE, args![endpoint.id, self.state, &reason]).await?;
        if self.state == EndpointState::Active {
            let at = op.at();
            op.tx.exec(super::outbox::sql::HURRY_LANES, args![endpoint.id, at]).await?;
        }
        let data = json!({ "from": endpoint.state, "to": self.state, "reason": reason });
        op.record("endpoint.state", ("endpoint", endpoint.id.0), &data);
        Ok(Switched { active: self.state == EndpointState::Active })
    }
}
