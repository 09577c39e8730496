//! Secrets of channels and endpoints: sealed at rest, at most two valid at once, shown once where we made them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::StorefrontError;
use super::model::Adapter;
use super::signature::{standard_key, standard_secret};
use crate::db::{Context, Services};
use crate::kernel::vault::{Vault, VaultError};

/// The purpose under which a channel's secrets are sealed.
pub const CHANNEL: &str = "channel-secrets";
/// The purpose under which an endpoint's secrets are sealed.
pub const ENDPOINT: &str = "endpoint-secrets";

/// Seals a list of secrets, the newest first.
///
/// # Errors
/// Where there is no randomness.
pub fn seal(services: &Services, purpose: &str, secrets: &[String]) -> Result<Vec<u8>, VaultError> {
    services.vault.seal_json(services.random.as_ref(), purpose, &secrets)
}

/// Opens a list of secrets; nothing where none were ever stored.
///
/// # Errors
/// Where the key file is another one.
pub fn open(vault: &Vault, purpose: &str, sealed: &[u8]) -> Result<Vec<String>, VaultError> {
    if sealed.is_empty() { Ok(Vec::new()) } else { vault.open_json(purpose, sealed) }
}

/// A new secret of ours for a command. It follows from the operation key and the vault's key, so that a command that is
/// repeated shows the same one, and nobody else can work it out.
#[must_use]
pub fn made_for(context: &Context, what: &str) -> String {
    let text = format!("secret\u{1f}{what}\u{1f}{}\u{1f}{}", context.actor.person, context.key.as_str());
    let digest = context.services.vault.fingerprint(&text);
    // 64 hexadecimal digits read as base64 are 48 bytes that nobody can guess.
    standard_secret(&STANDARD.decode(digest).unwrap_or_default())
}

/// Whether a secret fits an adapter.
///
/// # Errors
/// [`StorefrontError::BadSecret`], or [`StorefrontError::NoSecret`] for the API.
pub fn fits(adapter: Adapter, channel: &str, secret: &str) -> Result<(), StorefrontError> {
    let good = match adapter {
        Adapter::Api => return Err(StorefrontError::NoSecret { channel: channel.to_owned() }),
        Adapter::Woocommerce => (8..=200).contains(&secret.len()) && !secret.chars().any(char::is_control),
        Adapter::Standard | Adapter::Medusa | Adapter::Vendure => standard_key(secret).is_some(),
    };
    if good { Ok(()) } else { Err(StorefrontError::BadSecret { adapter: adapter.to_string() }) }
}

/// The list after a change: the new secret first, then the one before it, if it is to be valid for a while.
#[must_use]
pub fn rotated(new: String, mut old: Vec<String>, keep_old: bool) -> Vec<String> {
    old.retain(|secret| *secret != new);
    old.truncate(usize::from(keep_old));
    old.insert(0, new);
    old
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_two_secrets_are_valid_and_the_newest_comes_first() {
        let list = |secrets: &[&str]| secrets.iter().map(|secret| (*secret).to_owned()).collect::<Vec<_>>();
        assert_eq!(rotated("c".into(), list(&["b", "a"]), true), list(&["c", "b"]));
        assert_eq!(rotated("c".into(), list(&["b", "a"]), false), list(&["c"]));
        assert_eq!(rotated("b".into(), list(&["b", "a"]), true), list(&["b", "a"]));
    }

    #[test]
    fn each_adapter_says_what_a_secret_is() {
        let standard = standard_secret(&[1; 32]);
        assert!(fits(Adapter::Standard, "c", &standard).is_ok() && fits(Adapter::Woocommerce, "c", "wcsecret").is_ok());
        assert!(fits(Adapter::Medusa, "c", "wcsecret").is_err() && fits(Adapter::Woocommerce, "c", "short").is_err());
        assert!(fits(Adapter::Api, "c", &standard).is_err());
    }
}
