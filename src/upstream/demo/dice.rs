//! Chance that can be repeated: the same seed, topic and number give the same throws, whatever was thrown elsewhere.

use chrono::{DateTime, TimeDelta, Utc};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use uuid::Uuid;

pub struct Dice(ChaCha8Rng);

impl Dice {
    /// Dice of their own for one thing, e.g. the subscriptions of the seventh customer.
    pub fn of(seed: u64, topic: &str, number: usize) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(number as u64).to_le_bytes());
        for (index, byte) in topic.bytes().enumerate() {
            key[16 + index % 16] ^= byte.rotate_left(index as u32 / 16);
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// From 0 to `n` - 1.
    pub fn below(&mut self, n: usize) -> usize {
        // The bias of so few values among 2^64 cannot be seen.
        (self.0.next_u64() % n.max(1) as u64) as usize
    }

    /// Both ends included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as usize) as i64
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// `Some` so many times of a hundred.
    pub fn perhaps<T>(&mut self, chance: usize, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.percent(chance).then(|| value(self))
    }

    /// Some of `from`, each at most once, in their order.
    pub fn some_of<T: Copy>(&mut self, from: &[T], count: usize) -> Vec<T> {
        let mut missing = count.min(from.len());
        let mut chosen = Vec::with_capacity(missing);
        for (index, item) in from.iter().enumerate() {
            if self.below(from.len() - index) < missing {
                chosen.push(*item);
                missing -= 1;
            }
        }
        chosen
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index + 1));
        }
    }

    /// A GUID in lower case, as Entra writes tenants.
    pub fn guid(&mut self) -> String {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// So many capital letters and digits.
    pub fn code(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(*self.pick(b"ABCDEFGHJKLMNPQRSTVWXYZ0123456789"))).collect()
    }

    /// A whole second from `earliest` to `latest` minutes before `now`.
    pub fn minutes_before(&mut self, now: DateTime<Utc>, earliest: i64, latest: i64) -> DateTime<Utc> {
        let at = now - TimeDelta::seconds(self.between(latest * 60, earliest * 60));
        DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at)
    }
}

/// A GUID that stands for a word under this seed.
pub fn guid_of(seed: u64, word: &str) -> String {
    let owner = Uuid::new_v5(&Uuid::NAMESPACE_OID, &seed.to_le_bytes());
    Uuid::new_v5(&owner, word.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_topic_and_number_throw_the_same() {
        let throw = |topic, number| Dice::of(7, topic, number).guid();
        assert_eq!(throw("customer", 1), throw("customer", 1));
        assert_ne!(throw("customer", 1), throw("customer", 2));
        assert_ne!(throw("customer", 1), throw("request", 1));
    }

    #[test]
    fn some_are_chosen_once_each() {
        let all: Vec<usize> = (0..50).collect();
        let chosen = Dice::of(1, "some", 0).some_of(&all, 20);
        assert_eq!(chosen.len(), 20);
        assert!(chosen.is_sorted());
        assert_eq!(Dice::of(1, "some", 0).some_of(&all, 99), all);
    }
}
