//! Agents as real processes: what they start, how they end, and that nothing of them is left.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are not functions marked as tests"
)]

mod crash;
mod end;
mod output;
mod scene;
mod start;
