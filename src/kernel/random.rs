//! Randomness comes in as a parameter too: nonces, tokens and message ids.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Timestamp;

/// Gives random bytes.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// Where the machine has no randomness to give.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError>;
}

/// The source that everything shares.
pub type SharedRandom = Arc<dyn Random>;

/// The machine gave no randomness.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the machine gave no randomness: {0}")]
pub struct RandomError(pub String);

/// The machine's own randomness; chosen once, where the program starts.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's randomness comes in")]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(bytes).map_err(|error| RandomError(error.to_string()))
    }
}

/// Repeatable numbers from a seed (splitmix64): for tests, simulations and the demo. Never for secrets.
#[derive(Debug)]
pub struct SeededRandom(AtomicU64);

impl SeededRandom {
    /// Starts at `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number.
    pub fn next(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The next number below `bound` (0 where `bound` is 0).
    pub fn below(&self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        for chunk in bytes.chunks_mut(8) {
            for (byte, value) in chunk.iter_mut().zip(self.next().to_le_bytes()) {
                *byte = value;
            }
        }
        Ok(())
    }
}

/// A UUIDv7 made of the given moment: sorts by time, is unique by 74 random bits.
///
/// # Errors
/// Where there is no randomness.
pub fn uuid_v7(random: &dyn Random, at: Timestamp) -> Result<uuid::Uuid, RandomError> {
    let mut bytes = [0_u8; 10];
    random.fill(&mut bytes)?;
    let millis = u64::try_from(at.0).unwrap_or(0);
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself_and_two_seeds_differ() {
        let draw = |seed| {
            let random = SeededRandom::new(seed);
            (0..4).map(|_| random.next()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn message_ids_sort_by_time() {
        let random = SeededRandom::new(1);
        let early = uuid_v7(&random, Timestamp(1_000)).unwrap();
        let late = uuid_v7(&random, Timestamp(2_000)).unwrap();
        assert!(early < late);
        assert_eq!(late.get_version_num(), 7);
    }
}
