//! The `grump` command: supervise coding agents from a terminal.
//!
//! Thin: every command goes through the handles of the `grump` crate.
//!
//! | module | holds |
//! |---|---|
//! | `args` | what can be typed, and the help |
//! | `commands` | one function per command |
//! | `live` | following a run: lines, progress, Ctrl-C, questions |
//! | `render` | what people see, made from events and runs; pure |
//! | `place` | where the plane is: here, with the owner of the data folder, or elsewhere |
//! | `open` | the one place that opens the engine |
//! | `log` | what happens inside, on standard error |
//! | `output`, `exit` | where a command writes to, and how it ends |

mod args;
mod commands;
mod exit;
mod live;
mod log;
mod open;
mod output;
mod place;
mod render;

use std::{env, ffi::OsStr, process::ExitCode};

use clap::Parser;

use crate::args::Cli;

/// The hidden command that stands between grump and an agent.
const KEEPER: &str = "__keeper";

fn main() -> ExitCode {
    // First of all: the keeper must not have a second thread, nor read options of ours.
    if env::args_os().nth(1).as_deref() == Some(OsStr::new(KEEPER)) {
        return grump_engine::process::keeper_main(env::args_os().skip(2));
    }
    commands::run(Cli::parse()).into()
}

#[cfg(test)]
mod docs;
