//! Runs coding agents in git worktrees behind the traits of grump-core.

pub mod agent;
pub mod journal;
pub mod process;
pub mod workspace;
