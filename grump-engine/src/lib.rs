//! Runs coding agents in git worktrees behind the traits of grump-core.

pub mod agent;
mod check;
pub mod config;
mod data;
pub mod doctor;
mod engine;
mod facets;
#[cfg(feature = "failpoints")]
pub mod failpoint;
#[cfg(not(feature = "failpoints"))]
mod failpoint;
mod flow;
pub mod journal;
mod owner;
pub mod process;
mod recover;
mod store;
mod supervisor;
pub mod workspace;
pub use data::DataFolder;
pub use engine::{Engine, EngineBuilder};
pub use owner::{Attach, EngineIdentity, Owner};
pub use supervisor::Resume;
