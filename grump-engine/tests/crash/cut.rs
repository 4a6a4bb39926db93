//! Kills, one point after the other.

use std::env;

use crate::{
    scene::Scene,
    victim::{self, Act, Orders, Told},
};

/// Numbers that look random and are the same for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of this test, thrown by `GRUMP_TEST_SEED` if it is set.
    pub(crate) fn new() -> Self {
        let seed = env::var("GRUMP_TEST_SEED").map_or(0x2545_f491, |seed| seed.parse().unwrap());
        println!("GRUMP_TEST_SEED={seed}");
        Self(seed | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

/// The points that a victim passes on these acts, if nobody kills it.
pub(crate) fn points(scene: &Scene, acts: &[Act]) -> Vec<String> {
    scene.restore();
    let told = victim::play(&orders(scene, acts));
    assert!(!told.died);
    told.points
}

/// Kills a victim at the nth point, counted from 1; a victim that takes another course this time
/// may pass fewer.
pub(crate) fn kill_at(scene: &Scene, acts: &[Act], point: usize) -> Told {
    scene.restore();
    victim::play(&orders_at(scene, acts, point))
}

/// Orders for a victim that lives until it is killed from outside.
pub(crate) fn orders(scene: &Scene, acts: &[Act]) -> Orders {
    Orders {
        root: scene.root().to_owned(),
        acts: acts.to_vec(),
        dies_at: None,
        full_at: None,
    }
}

/// Orders for a victim that dies at the nth point.
pub(crate) fn orders_at(scene: &Scene, acts: &[Act], point: usize) -> Orders {
    Orders {
        dies_at: Some(point),
        ..orders(scene, acts)
    }
}

/// Says, if a check fails, which kill it was that led there.
pub(crate) struct Aim(String);

impl Aim {
    pub(crate) fn new(point: usize, told: &Told, then: impl std::fmt::Debug) -> Self {
        let last = told.points.last().map_or("", String::as_str);
        Self(format!("killed at point {point}, {last}; then {then:?}"))
    }
}

impl Drop for Aim {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

/// Whether a point is one of the journal's.
pub(crate) fn is_journaled(point: &str) -> bool {
    point.contains(" the commit of ")
}
