//! The `grump` command, from outside: the real binary, real repositories, real processes.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "scripts are written where they are used"
)]

mod about;
mod attaching;
mod beside;
mod configured;
mod crash;
mod delivering;
mod demo;
mod detaching;
mod following;
mod looking;
mod refusing;
mod running;
mod scene;
mod served;
mod serving;
mod stopping;
mod terminal;
