//! The journal: what it promises, shown.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod commit;
mod follow;
mod support;
mod watch;
