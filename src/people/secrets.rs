//! What people know and carry: passwords and PINs as Argon2id, badges as SHA-256 of enough randomness.
//!
//! Hashing takes tens of milliseconds and 19 MiB on purpose, so it runs beside the other work, a few at a time.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;

use super::tokens::hash_of;
use crate::kernel::random::{Random, RandomError};
use crate::kernel::text::scanned;

/// Fewest characters of a password.
pub const SHORTEST_PASSWORD: usize = 8;
/// Most bytes of a password; more only cost time.
const LONGEST_PASSWORD: usize = 200;
/// What every badge begins with; no place, item or order may.
pub const BADGE_PREFIX: &str = "%B";
/// Digits of a badge behind its prefix.
const BADGE_DIGITS: usize = 20;
/// Most hashes at a time: each takes 19 MiB.
static AT_A_TIME: Semaphore = Semaphore::const_new(4);

/// A secret couldn't be hashed: no randomness, or the program ends.
#[derive(Debug, thiserror::Error)]
#[error("a secret can't be hashed: {0}")]
pub struct HashError(String);

/// Whether a text may be the password of the person with this number.
#[must_use]
pub fn fits_password(password: &str, number: &str) -> bool {
    let length = password.chars().count();
    length >= SHORTEST_PASSWORD && password.len() <= LONGEST_PASSWORD && !password.eq_ignore_ascii_case(number)
}

/// Whether a text may be a PIN: four to eight digits, not all the same, not in a row.
#[must_use]
pub fn fits_pin(pin: &str) -> bool {
    let digits: Vec<i16> = pin.bytes().map(i16::from).collect();
    let steps: Vec<i16> = digits.iter().zip(digits.iter().skip(1)).map(|(a, b)| b - a).collect();
    let easy = steps.first().is_some_and(|first| first.abs() <= 1 && steps.iter().all(|step| step == first));
    (4..=8).contains(&pin.len()) && pin.bytes().all(|byte| byte.is_ascii_digit()) && !easy
}

/// Hashes a password or PIN with a salt of its own, as a PHC string.
///
/// # Errors
/// [`HashError`].
pub async fn hash(secret: String, random: &dyn Random) -> Result<String, HashError> {
    let mut salt = [0_u8; 16];
    random.fill(&mut salt).map_err(|error| HashError(error.to_string()))?;
    beside(move || {
        let hashed = Argon2::default().hash_password_with_salt(secret.as_bytes(), &salt);
        hashed.map(|hash| hash.to_string()).map_err(|error| HashError(error.to_string()))
    })
    .await?
}

/// Whether a secret is the one that was hashed. Against an empty hash nothing is right, and it takes as long.
///
/// # Errors
/// [`HashError`].
pub async fn verify(secret: String, hash: String) -> Result<bool, HashError> {
    beside(move || match PasswordHash::new(&hash) {
        Ok(parsed) => Argon2::default().verify_password(secret.as_bytes(), &parsed).is_ok(),
        Err(_) => {
            // The same work, so that nobody learns by the clock who has a password.
            drop(Argon2::default().hash_password_with_salt(secret.as_bytes(), &[0_u8; 16]));
            false
        }
    })
    .await
}

async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, HashError> {
    let _room = AT_A_TIME.acquire().await.map_err(|error| HashError(error.to_string()))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| HashError(error.to_string()))
}

/// A new badge: `%B` and twenty random digits.
///
/// # Errors
/// Where there is no randomness.
pub fn new_badge(random: &dyn Random) -> Result<String, RandomError> {
    let digits: String = draw(random, 10, BADGE_DIGITS)?.into_iter().map(|digit| char::from(b'0' + digit)).collect();
    Ok(format!("{BADGE_PREFIX}{digits}"))
}

/// What is stored of a badge.
#[must_use]
pub fn badge_hash(code: &str) -> String {
    hash_of(&scanned(code))
}

/// A password to begin with: four groups of four, without letters and digits that look alike.
///
/// # Errors
/// Where there is no randomness.
pub fn new_password(random: &dyn Random) -> Result<String, RandomError> {
    const LETTERS: &[u8; 28] = b"abcdefghjkmnpqrstuvwxyz34679";
    let drawn = draw(random, 28, 16)?;
    let letters: Vec<char> = drawn
        .into_iter()
        .filter_map(|index| LETTERS.get(usize::from(index)))
        .map(|letter| char::from(*letter))
        .collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// `count` random numbers below `bound`, each as likely as the others.
fn draw(random: &dyn Random, bound: u8, count: usize) -> Result<Vec<u8>, RandomError> {
    let most = u8::MAX - u8::MAX % bound;
    let mut drawn = Vec::with_capacity(count);
    while drawn.len() < count {
        let mut bytes = [0_u8; 32];
        random.fill(&mut bytes)?;
        drawn.extend(bytes.into_iter().filter(|byte| *byte < most).map(|byte| byte % bound).take(count - drawn.len()));
    }
    Ok(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::SystemRandom;

    #[tokio::test]
    async fn a_secret_is_known_again_and_no_other() {
        let hash = hash("correct horse".to_owned(), &SystemRandom).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("correct horse".to_owned(), hash.clone()).await.unwrap());
        assert!(!verify("correct house".to_owned(), hash).await.unwrap());
        assert!(!verify(String::new(), String::new()).await.unwrap());
    }

    #[test]
    fn easy_pins_and_short_passwords_are_refused() {
        for easy in ["1234", "9876", "0000", "123", "123456789", "12a4", ""] {
            assert!(!fits_pin(easy), "{easy}");
        }
        assert!(fits_pin("1357") && fits_pin("2580") && fits_pin("11112"));
        assert!(
            !fits_password("short", "007")
                && !fits_password("12345678", "12345678")
                && fits_password("理货员 理货员！", "1")
        );
        assert!(!fits_password(&"x".repeat(201), "1"));
    }

    #[test]
    fn badges_and_first_passwords_are_drawn_evenly() {
        let badge = new_badge(&SystemRandom).unwrap();
        assert!(
            badge.starts_with("%B") && badge.len() == 22 && badge.bytes().skip(2).all(|byte| byte.is_ascii_digit())
        );
        assert_ne!(badge, new_badge(&SystemRandom).unwrap());
        assert_eq!(badge_hash(&badge), badge_hash(&format!(" {badge}\r\n").to_lowercase()));
        let password = new_password(&SystemRandom).unwrap();
        assert_eq!((password.len(), password.matches('-').count()), (19, 3));
        let drawn = draw(&SystemRandom, 10, 10_000).unwrap();
        for digit in 0..10 {
            let count = drawn.iter().filter(|drawn| **drawn == digit).count();
            assert!((800..1200).contains(&count), "{digit}: {count}");
        }
    }
}
