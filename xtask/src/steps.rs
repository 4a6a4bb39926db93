//! Running programs one after the other, saying which one and how long it took.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use crate::coverage::{self, coverage};

/// Why a chore stopped, ready to be shown.
pub(crate) type Failure = String;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies below the root")
        .to_path_buf()
}

/// `cargo xtask test`.
pub(crate) fn test() -> Result<(), Failure> {
    require_nextest()?;
    cargo("format", &["fmt", "--all", "--check"])?;
    cargo(
        "lints",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ],
    )?;
    documentation()?;
    crate::agents::install()?;
    crate::peers::install()?;
    tests()?;
    cargo(
        "examples in the documentation",
        &["test", "--workspace", "--doc", "--quiet"],
    )?;
    for example in [
        "one_loop",
        "approve_by_hand",
        "served",
        "ship_session",
        "metaforge",
        "mini_devin",
        "steward_run",
    ] {
        cargo(
            &format!("example {example}"),
            &[
                "run",
                "--quiet",
                "-p",
                "grump-examples",
                "--example",
                example,
            ],
        )?;
    }
    cargo("demo", &["run", "--quiet", "--", "demo"])?;
    crate::python::test()?;
    coverage(true)
}

/// Runs the tests, which record what they cover of the endpoints.
fn tests() -> Result<(), Failure> {
    coverage::clear()?;
    run(
        "tests",
        Command::new(cargo_path())
            .args(["nextest", "run", "--workspace"])
            .env(coverage::FOLDER, coverage::folder()),
    )
}

fn documentation() -> Result<(), Failure> {
    run(
        "documentation",
        Command::new(cargo_path())
            .args(["doc", "--workspace", "--no-deps", "--quiet"])
            .env("RUSTDOCFLAGS", "--deny warnings"),
    )
}

/// Sees to it that there is a test runner, installing it where it is missing.
fn require_nextest() -> Result<(), Failure> {
    let found = Command::new(cargo_path())
        .args(["nextest", "--version"])
        .output();
    if found.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    cargo(
        "cargo-nextest is missing: installing it",
        &["install", "cargo-nextest", "--locked"],
    )
    .map_err(|failure| format!("{failure}; get it with: cargo install cargo-nextest --locked"))
}

fn cargo(what: &str, arguments: &[&str]) -> Result<(), Failure> {
    run(what, Command::new(cargo_path()).args(arguments))
}

/// The cargo that runs this.
pub(crate) fn cargo_path() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// Runs one program at the repository's root and fails if it does.
pub(crate) fn run(what: &str, command: &mut Command) -> Result<(), Failure> {
    eprintln!("==> {what}");
    let begun = Instant::now();
    let status = command
        .current_dir(root())
        .status()
        .map_err(|error| format!("{what}: cannot start {:?}: {error}", command.get_program()))?;
    eprintln!("    {what}: {:.1} s", begun.elapsed().as_secs_f64());
    if status.success() {
        Ok(())
    } else {
        Err(format!("{what} failed ({status})"))
    }
}
