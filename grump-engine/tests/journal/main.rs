//! The journal: what it promises, shown.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod commit;
mod file;
mod follow;
mod process;
mod property;
mod support;
mod watch;
