//! The chores of the grump repository. `cargo xtask --help` lists them.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod agents;
mod bench;
mod coverage;
mod peers;
mod python;
mod steps;

/// The chores of the grump repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install the real agents that the tests drive, and a peer, from npm into the target folder.
    Agents,
    /// Measure, built for release, and print tables of ratios taken in one run.
    Bench {
        /// Only this one.
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
    /// Print which endpoints the last run of the tests spoke, on which side.
    Coverage {
        /// Fail where one was not.
        #[arg(long)]
        check: bool,
    },
    /// Install the packages of other languages that the tests compare with, into the target folder.
    Peers,
    /// Write the Python package's synchronous facade anew, from the asynchronous one.
    Python,
    /// Set up what the tests need, then run everything: format, lints, docs, tests.
    Test {
        /// Only the Python package.
        #[arg(long)]
        python: bool,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().chore {
        Chore::Agents => agents::install(),
        Chore::Bench { only } => bench::bench(only.as_deref()),
        Chore::Coverage { check } => coverage::coverage(check),
        Chore::Peers => peers::install(),
        Chore::Python => python::generate(),
        Chore::Test { python: true } => python::test(),
        Chore::Test { python: false } => steps::test(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
