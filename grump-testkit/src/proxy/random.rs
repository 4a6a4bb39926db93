//! [`Seed`]: faults by chance that can be repeated.

use std::{env, fmt, time::Duration};

use super::plan::{At, Cut, Direction, Plan};

/// Where chance begins. The same seed makes the same plans.
///
/// ```
/// use grump_testkit::proxy::Seed;
///
/// let seed = Seed::new(7);
/// assert_eq!(seed.plan(3), seed.plan(3));
/// assert!((1..20).any(|number| seed.plan(number) != Seed::new(8).plan(number)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    /// The variable that says which seed to take.
    pub const VARIABLE: &str = "GRUMP_FAULT_SEED";

    /// This seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The seed in the variable [`VARIABLE`](Self::VARIABLE), or else another one each time. It is
    /// printed to standard error, which a test runner shows when the test fails.
    ///
    /// # Panics
    /// When the variable holds something else than a number.
    #[must_use]
    pub fn fresh() -> Self {
        let seed = match env::var(Self::VARIABLE) {
            Ok(text) => text.parse().unwrap_or_else(|_| {
                panic!("{} is {text:?}: it must be a number", Self::VARIABLE);
            }),
            // The time and the process, mixed: good enough to differ.
            Err(_) => Numbers::new(now() ^ u64::from(std::process::id()).rotate_left(40)).next(),
        };
        eprintln!("fault proxy: {}={seed} repeats this", Self::VARIABLE);
        Self(seed)
    }

    /// What becomes of the connection of this number: two in three are cut or stall somewhere in
    /// their first 4,000 bytes, or lose an answer; some are split.
    #[must_use]
    pub fn plan(self, number: u64) -> Plan {
        let mut numbers = Numbers::new(self.0 ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let way = [Direction::ToClient, Direction::ToServer][usize::from(numbers.below(5) == 0)];
        let at = At::bytes(numbers.below(4000));
        let plan = match numbers.below(12) {
            0..=2 => Plan::new().cut_at(way, at, Cut::Reset),
            3..=5 => Plan::new().cut_at(way, at, Cut::End),
            6 => Plan::new().stall_at(way, at),
            7 => Plan::new().lose_answer(),
            _ => Plan::new(),
        };
        match numbers.below(4) {
            0 => plan.split(way, 1 + numbers.below(32) as usize),
            1 => plan.delay(way, Duration::from_millis(numbers.below(5))),
            _ => plan,
        }
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn now() -> u64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    since.subsec_nanos().into()
}

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, and the same on every machine.
struct Numbers(u64);

impl Numbers {
    const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    const fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_comes_up() {
        let shown: Vec<_> = (0..500)
            .map(|number| format!("{:?}", Seed::new(1).plan(number)))
            .collect();
        for fault in [
            "Reset",
            "End",
            "Stall",
            "lose_answer: true",
            "piece: Some",
            "ms",
        ] {
            assert!(shown.iter().any(|plan| plan.contains(fault)), "{fault}");
        }
    }

    #[test]
    fn some_connections_are_left_alone() {
        assert!((0..500).any(|number| Seed::new(1).plan(number) == Plan::new()));
    }
}
