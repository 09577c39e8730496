//! Taking a delivery in: one statement between the last byte and the answer.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::sql;
use crate::args;
use crate::db::{Command, DbError, Services, Tx, Values};
use crate::kernel::vault::VaultError;
use crate::kernel::{Timestamp, hex};
use crate::storefront::adapter::{self, Headers};
use crate::storefront::channels::Receiving;

/// The purpose under which headers and bodies are sealed.
pub const PURPOSE: &str = "inbox";
/// Largest body, in bytes.
pub const LARGEST: usize = 1024 * 1024;

/// Stores a delivery that was verified.
pub struct Store {
    values: Values,
}

impl Store {
    /// Makes a delivery ready to be stored: named, hashed, sealed.
    ///
    /// # Errors
    /// Where there is no randomness to seal with.
    pub fn new(
        services: &Services,
        channel: &Arc<Receiving>,
        headers: &Headers,
        body: &[u8],
        at: Timestamp,
    ) -> Result<Self, VaultError> {
        let hash = hex::encode(&Sha256::digest(body));
        let hint = adapter::hint(channel.adapter, headers, body, &hash);
        let sealed_headers = services.vault.seal_json(services.random.as_ref(), PURPOSE, headers)?;
        let sealed_body = services.vault.seal(services.random.as_ref(), PURPOSE, body)?;
        let again = adapter::key_is_content(channel.adapter);
        let (key, topic, order) = (hint.dedupe_key, hint.topic, hint.external_id);
        Ok(Self { values: args![channel.id, key, topic, order, at, sealed_headers, sealed_body, hash, again] })
    }
}

impl Command for Store {
    /// How often it came before.
    type Out = i64;
    type Error = DbError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<i64, DbError> {
        let (repeats,): (i64,) = tx.one("delivery", sql::STORE, self.values.clone()).await?;
        Ok(repeats)
    }
}
