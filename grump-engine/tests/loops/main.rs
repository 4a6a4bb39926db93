//! Loops that really run: the engine on real repositories, with scripts as agents.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod beside;
mod doctor;
mod scene;
mod whole;
mod wire;
