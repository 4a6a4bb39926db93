//! kill -9 at any moment, and the truth afterwards.
//!
//! A victim, which is this program started again, runs a loop or delivers its work and is killed
//! at one of the points that the engine passes around everything that outlives it. Then its
//! folders are looked at, another engine is started on them, and they are looked at again.
//! `GRUMP_TEST_SEED` chooses among the points.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod anytime;
mod cut;
mod delivering;
mod full_disk;
mod looping;
mod scene;
mod storage;
mod truth;
mod victim;
