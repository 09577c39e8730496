//! Personal data at rest: sealed with XChaCha20-Poly1305, compared by a keyed fingerprint.
//!
//! A sealed text is version (1 byte), nonce (24 bytes), ciphertext with its tag. The version lets a key be changed later.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use super::random::{Random, RandomError};

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VaultError {
    /// The bytes are not from this vault: another key, another purpose, or damage.
    #[error("sealed data can't be opened: wrong key file, or the data is damaged")]
    NotOurs,
    /// The opened text has another form than expected.
    #[error("sealed data has an unexpected form: {0}")]
    Form(String),
    /// No randomness for the nonce.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// Holds the key. Cheap to share behind an `Arc`; never printed.
pub struct Vault {
    cipher: XChaCha20Poly1305,
    fingerprint_key: [u8; 32],
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Vault")
    }
}

impl Vault {
    /// A vault of a 32-byte key. The fingerprint key is derived from it, so one file holds both.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        let fingerprint_key = keyed_hash(key, b"tallyman fingerprint v1");
        Self { cipher: XChaCha20Poly1305::new(&(*key).into()), fingerprint_key }
    }

    /// Seals `plain` for `purpose`; it opens only for the same purpose.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn seal(&self, random: &dyn Random, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0_u8; NONCE_BYTES];
        random.fill(&mut nonce)?;
        let payload = Payload { msg: plain, aad: purpose.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError::NotOurs)?;
        Ok([&[VERSION][..], &nonce, &sealed].concat())
    }

    /// Opens what was sealed for `purpose`.
    ///
    /// # Errors
    /// [`VaultError::NotOurs`] where key, purpose or bytes are wrong.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (version, rest) = sealed.split_first().ok_or(VaultError::NotOurs)?;
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_BYTES).ok_or(VaultError::NotOurs)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| VaultError::NotOurs)?;
        if *version != VERSION {
            return Err(VaultError::NotOurs);
        }
        let payload = Payload { msg: ciphertext, aad: purpose.as_bytes() };
        self.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError::NotOurs)
    }

    /// Seals a value as JSON.
    ///
    /// # Errors
    /// Where it is no JSON, or there is no randomness.
    pub fn seal_json<T: Serialize>(
        &self,
        random: &dyn Random,
        purpose: &str,
        value: &T,
    ) -> Result<Vec<u8>, VaultError> {
        let plain = serde_json::to_vec(value).map_err(|error| VaultError::Form(error.to_string()))?;
        self.seal(random, purpose, &plain)
    }

    /// Opens a value that [`Self::seal_json`] sealed.
    ///
    /// # Errors
    /// As [`Self::open`], and where the JSON has another form.
    pub fn open_json<T: DeserializeOwned>(&self, purpose: &str, sealed: &[u8]) -> Result<T, VaultError> {
        serde_json::from_slice(&self.open(purpose, sealed)?).map_err(|error| VaultError::Form(error.to_string()))
    }

    /// A keyed fingerprint: the same text gives the same 64 hex digits, and without the key it tells nothing.
    #[must_use]
    pub fn fingerprint(&self, text: &str) -> String {
        super::hex::encode(&keyed_hash(&self.fingerprint_key, text.as_bytes()))
    }
}

/// HMAC-SHA256.
#[must_use]
pub fn keyed_hash(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length, so the fallback is never met; it still isn't a key anyone knows.
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key)
        .unwrap_or_else(|_| <Hmac<Sha256> as hmac::KeyInit>::new(&Default::default()));
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::SeededRandom;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_only() {
        let (vault, random) = (Vault::new(&[7; 32]), SeededRandom::new(1));
        let sealed = vault.seal(&random, "receiver", "李雷 13800000000".as_bytes()).unwrap();
        assert_eq!(vault.open("receiver", &sealed).unwrap(), "李雷 13800000000".as_bytes());
        assert!(vault.open("invoice", &sealed).is_err());
        assert!(Vault::new(&[8; 32]).open("receiver", &sealed).is_err());
        assert!(!sealed.windows(6).any(|window| window == "李雷".as_bytes()));
    }

    #[test]
    fn no_cut_and_no_flipped_bit_opens() {
        let (vault, random) = (Vault::new(&[7; 32]), SeededRandom::new(1));
        let sealed = vault.seal(&random, "p", b"hello").unwrap();
        for end in 0..sealed.len() {
            assert!(vault.open("p", &sealed[..end]).is_err());
        }
        for place in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[place] ^= 1;
            assert!(vault.open("p", &bent).is_err());
        }
    }

    #[test]
    fn fingerprints_need_the_key() {
        assert_eq!(Vault::new(&[7; 32]).fingerprint("a"), Vault::new(&[7; 32]).fingerprint("a"));
        assert_ne!(Vault::new(&[7; 32]).fingerprint("a"), Vault::new(&[8; 32]).fingerprint("a"));
    }
}
