//! Agents through the trait they share, with real processes below a real keeper.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are not functions marked as tests"
)]

mod acp;
mod cmd;
mod docs;
#[path = "../process/scene.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of processes, which use all of it"
)]
mod scene;
mod script;
mod stage;
