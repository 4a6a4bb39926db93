//! Running programs one after the other, saying which one and how long it took.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

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
    require(
        "cargo-nextest",
        &["nextest", "--version"],
        "cargo install cargo-nextest --locked",
    )?;
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
    cargo(
        "tests",
        &["nextest", "run", "--workspace", "--no-tests", "pass"],
    )?;
    cargo(
        "examples in the documentation",
        &["test", "--workspace", "--doc", "--quiet"],
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

fn require(tool: &str, probe: &[&str], how_to_get_it: &str) -> Result<(), Failure> {
    let found = Command::new(cargo_path()).args(probe).output();
    match found {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(format!("{tool} is missing; get it with: {how_to_get_it}")),
    }
}

fn cargo(what: &str, arguments: &[&str]) -> Result<(), Failure> {
    run(what, Command::new(cargo_path()).args(arguments))
}

fn cargo_path() -> PathBuf {
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
