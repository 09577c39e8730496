//! Signatures of deliveries, theirs and ours: HMAC-SHA256, compared in constant time over the raw bytes.
//!
//! Standard Webhooks `v1` (<https://www.standardwebhooks.com>), and the base64 digest of WooCommerce.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use crate::kernel::Timestamp;
use crate::kernel::vault::keyed_hash;

/// How far the clocks of sender and receiver may differ, in seconds, both ways.
pub const TOLERANCE_S: i64 = 300;
/// What a secret of Standard Webhooks begins with.
const PREFIX: &str = "whsec_";

/// Why a signature isn't believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No id, time or signature came with it.
    #[error("a signature header is missing")]
    Missing,
    /// A header has a form that can't be right.
    #[error("a signature header is malformed")]
    Malformed,
    /// Signed too long ago, or in the future.
    #[error("the time of the signature is more than 5 minutes away")]
    Stale,
    /// None of the secrets made it.
    #[error("no secret of this channel made the signature")]
    Wrong,
}

/// The key of a Standard Webhooks secret: `whsec_` and base64 of 24 to 64 bytes; `None` where it is none.
#[must_use]
pub fn standard_key(secret: &str) -> Option<Vec<u8>> {
    let key = STANDARD.decode(secret.trim().strip_prefix(PREFIX)?).ok()?;
    (24..=64).contains(&key.len()).then_some(key)
}

/// A Standard Webhooks secret of a key.
#[must_use]
pub fn standard_secret(key: &[u8]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(key))
}

fn standard_digest(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> [u8; 32] {
    let mut signed = format!("{id}.{seconds}.").into_bytes();
    signed.extend_from_slice(body);
    keyed_hash(key, &signed)
}

/// The value of `webhook-signature` for a message that is sent at `at`: one signature for each secret that is valid
/// now. Secrets that can't be read are left out.
#[must_use]
pub fn sign_standard(secrets: &[String], id: &str, at: Timestamp, body: &[u8]) -> String {
    let keys = secrets.iter().filter_map(|secret| standard_key(secret));
    let signatures =
        keys.map(|key| format!("v1,{}", STANDARD.encode(standard_digest(&key, id, at.unix_seconds(), body))));
    signatures.collect::<Vec<_>>().join(" ")
}

/// What came with a delivery by Standard Webhooks.
#[derive(Clone, Copy, Debug)]
pub struct StandardHeaders<'a> {
    /// `webhook-id`.
    pub id: Option<&'a str>,
    /// `webhook-timestamp`.
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`.
    pub signature: Option<&'a str>,
}

/// Verifies a delivery by Standard Webhooks.
///
/// # Errors
/// Why it isn't believed.
pub fn verify_standard(
    secrets: &[String],
    headers: StandardHeaders<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let (Some(id), Some(timestamp), Some(signature)) = (headers.id, headers.timestamp, headers.signature) else {
        return Err(SignatureError::Missing);
    };
    let good_id = (1..=200).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.');
    let digits = (1..=12).contains(&timestamp.len()) && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = timestamp.parse::<i64>().ok().filter(|_| digits);
    let Some(seconds) = seconds.filter(|_| good_id) else { return Err(SignatureError::Malformed) };
    if now.unix_seconds().saturating_sub(seconds).abs() > TOLERANCE_S {
        return Err(SignatureError::Stale);
    }
    let expected: Vec<[u8; 32]> = secrets
        .iter()
        .filter_map(|secret| standard_key(secret))
        .map(|key| standard_digest(&key, id, seconds, body))
        .collect();
    let offered = signature.split(' ').filter_map(|part| part.strip_prefix("v1,"));
    any_equal(&expected, offered)
}

/// Verifies `X-WC-Webhook-Signature`.
///
/// # Errors
/// Why it isn't believed.
pub fn verify_woocommerce(secrets: &[String], signature: Option<&str>, body: &[u8]) -> Result<(), SignatureError> {
    let signature = signature.ok_or(SignatureError::Missing)?;
    let expected: Vec<[u8; 32]> = secrets.iter().map(|secret| keyed_hash(secret.as_bytes(), body)).collect();
    any_equal(&expected, std::iter::once(signature.trim()))
}

/// The value of `X-WC-Webhook-Signature`.
#[must_use]
pub fn sign_woocommerce(secret: &str, body: &[u8]) -> String {
    STANDARD.encode(keyed_hash(secret.as_bytes(), body))
}

fn any_equal<'a>(expected: &[[u8; 32]], offered: impl Iterator<Item = &'a str>) -> Result<(), SignatureError> {
    let mut good = subtle::Choice::from(0);
    for digest in offered.filter_map(|text| STANDARD.decode(text).ok()) {
        for wanted in expected {
            good |= wanted.as_slice().ct_eq(&digest);
        }
    }
    if bool::from(good) { Ok(()) } else { Err(SignatureError::Wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const GOOD: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const NOW: Timestamp = Timestamp(1_614_265_330_000);

    fn verify(secrets: &[&str], id: &str, timestamp: &str, signature: &str, body: &[u8]) -> Result<(), SignatureError> {
        let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        let headers = StandardHeaders { id: Some(id), timestamp: Some(timestamp), signature: Some(signature) };
        verify_standard(&secrets, headers, body, NOW)
    }

    #[test]
    fn the_published_vector_is_signed_and_verified() {
        assert_eq!(sign_standard(&[SECRET.to_owned()], ID, NOW, BODY), GOOD);
        assert_eq!(verify(&[SECRET], ID, "1614265330", GOOD, BODY), Ok(()));
    }

    #[test]
    fn what_must_be_refused_is_refused() {
        use SignatureError as E;
        let at = |seconds: i64| (1_614_265_330 + seconds).to_string();
        let signed = |seconds: i64| sign_standard(&[SECRET.to_owned()], ID, NOW.plus_ms(seconds * 1000), BODY);
        for (name, id, timestamp, signature, body, error) in [
            ("301 s old", ID, at(-301), signed(-301), BODY, E::Stale),
            ("301 s in the future", ID, at(301), signed(301), BODY, E::Stale),
            ("one added space", ID, at(0), GOOD.to_owned(), &br#"{"test": 2432232314} "#[..], E::Wrong),
            ("another id", "msg_other", at(0), GOOD.to_owned(), BODY, E::Wrong),
            ("another time", ID, at(1), GOOD.to_owned(), BODY, E::Wrong),
            ("an empty id", "", at(0), GOOD.to_owned(), BODY, E::Malformed),
            ("an id with a dot", "msg.1", at(0), GOOD.to_owned(), BODY, E::Malformed),
            ("no number", ID, "soon".to_owned(), GOOD.to_owned(), BODY, E::Malformed),
            ("a signed number", ID, "+1614265330".to_owned(), GOOD.to_owned(), BODY, E::Malformed),
            ("a huge number", ID, "9".repeat(40), GOOD.to_owned(), BODY, E::Malformed),
            ("a v1 value under v1a", ID, at(0), GOOD.replace("v1,", "v1a,"), BODY, E::Wrong),
            ("a bare value", ID, at(0), GOOD.replace("v1,", ""), BODY, E::Wrong),
            ("an empty list", ID, at(0), String::new(), BODY, E::Wrong),
            ("no base64", ID, at(0), "v1,*".to_owned(), BODY, E::Wrong),
            ("a cut value", ID, at(0), "v1,g0hM9SsE".to_owned(), BODY, E::Wrong),
        ] {
            assert_eq!(verify(&[SECRET], id, &timestamp, &signature, body), Err(error), "{name}");
        }
        let headers = StandardHeaders { id: None, timestamp: Some("1614265330"), signature: Some(GOOD) };
        assert_eq!(verify_standard(&[SECRET.to_owned()], headers, BODY, NOW), Err(E::Missing));
        assert_eq!(verify(&[], ID, "1614265330", GOOD, BODY), Err(E::Wrong));
    }

    #[test]
    fn what_must_be_accepted_is_accepted() {
        let other = standard_secret(&[7; 32]);
        for (name, secrets, timestamp, signature) in [
            ("300 s old", vec![SECRET], "1614265030", sign_standard(&[SECRET.into()], ID, NOW.plus_ms(-300_000), BODY)),
            (
                "300 s ahead",
                vec![SECRET],
                "1614265630",
                sign_standard(&[SECRET.into()], ID, NOW.plus_ms(300_000), BODY),
            ),
            ("a good one behind a bad one", vec![SECRET], "1614265330", format!("v1,AAAA {GOOD}")),
            ("the old secret during a change", vec![&other, SECRET], "1614265330", GOOD.to_owned()),
            (
                "the new secret during a change",
                vec![&other, SECRET],
                "1614265330",
                sign_standard(std::slice::from_ref(&other), ID, NOW, BODY),
            ),
            (
                "a sender with both secrets",
                vec![SECRET],
                "1614265330",
                sign_standard(&[other.clone(), SECRET.into()], ID, NOW, BODY),
            ),
        ] {
            assert_eq!(verify(&secrets, ID, timestamp, &signature, BODY), Ok(()), "{name}");
        }
    }

    #[test]
    fn secrets_of_a_wrong_form_are_no_secrets() {
        for secret in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_*"] {
            assert_eq!(standard_key(secret), None, "{secret}");
        }
        assert_eq!(standard_key(&standard_secret(&[1; 64])).map(|key| key.len()), Some(64));
        assert_eq!(standard_key(&standard_secret(&[1; 65])), None);
    }

    #[test]
    fn woocommerce_signs_the_body_alone() {
        let (secrets, body) = (["other".to_owned(), "woo_secret".to_owned()], br#"{"id":12,"status":"processing"}"#);
        let good = "W14oP4kVTWVljhVBwDa3VVMkj09rXgrwCio7L1F6+Ho=";
        assert_eq!(sign_woocommerce("woo_secret", body), good);
        assert_eq!(verify_woocommerce(&secrets, Some(good), body), Ok(()));
        assert_eq!(verify_woocommerce(&secrets, None, body), Err(SignatureError::Missing));
        assert_eq!(verify_woocommerce(&secrets, Some(good), b"{} "), Err(SignatureError::Wrong));
        assert_eq!(verify_woocommerce(&secrets, Some(""), body), Err(SignatureError::Wrong));
    }
}
