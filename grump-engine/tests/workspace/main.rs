//! Workspaces on real repositories, with the real git.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test that calls them"
)]

mod commit;
mod create;
mod diff;
mod discard;
mod merge;
mod outside;
mod repair;
mod repository;
mod support;
