//! `cargo xtask bench`: every measuring program, built for release, one after the other.

use std::process::Command;

use crate::steps::{Failure, cargo_path, run};

/// The programs, by the names that `--only` takes.
const BENCHES: &[&str] = &["fanout", "journal", "loops"];

/// Runs all of them, or only the one of this name.
pub(crate) fn bench(only: Option<&str>) -> Result<(), Failure> {
    if let Some(name) = only
        && !BENCHES.contains(&name)
    {
        let known = BENCHES.join(", ");
        return Err(format!("there is no bench {name:?}; there are: {known}"));
    }
    for name in BENCHES {
        if only.is_none_or(|only| only == *name) {
            run(name, Command::new(cargo_path()).args(arguments(name)))?;
        }
    }
    Ok(())
}

fn arguments(name: &str) -> [&str; 6] {
    let package = "grump-benches";
    ["run", "--release", "--package", package, "--bin", name]
}
