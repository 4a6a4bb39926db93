//! Installing what the tests drive from npm, pinned, into the target folder: real agents, and the peer
//! that event streams are compared with.

use std::{fs, io, path::Path, process::Command};

use crate::steps::{Failure, root, run};

/// Written last: an installation without it was cut short and is made again.
const DONE: &str = ".installed";

/// `cargo xtask agents`: all of them, each from npm unless this very version is there already.
///
/// The tests look for them in `target/agents`, whatever `CARGO_TARGET_DIR` says, so that one
/// installation serves all build folders of a checkout.
pub(crate) fn install() -> Result<(), Failure> {
    install_one("opencode", drop_spare_builds)?;
    install_one("eventsource-parser", |_| Ok(()))
}

fn install_one(name: &str, finish: fn(&Path) -> Result<(), Failure>) -> Result<(), Failure> {
    let wanted = root().join("xtask/agents").join(name).join("package.json");
    let folder = root().join("target/agents").join(name);
    let manifest = fs::read_to_string(&wanted).map_err(cannot("read", &wanted))?;
    let done = folder.join(DONE);
    if fs::read_to_string(&done).is_ok_and(|installed| installed == manifest) {
        return Ok(());
    }
    let package = folder.join("package.json");
    fs::create_dir_all(&folder).map_err(cannot("make", &folder))?;
    fs::write(&package, &manifest).map_err(cannot("write", &package))?;
    npm_install(name, &folder)?;
    finish(&folder)?;
    fs::write(&done, manifest).map_err(cannot("write", &done))
}

/// No lock file: its URLs would name a registry, and the package pins all that it needs itself.
fn npm_install(name: &str, folder: &Path) -> Result<(), Failure> {
    run(
        &format!("agents: {name}"),
        Command::new("npm")
            .args(["install", "--no-package-lock", "--no-audit", "--no-fund"])
            .args(["--loglevel", "error", "--prefix"])
            .arg(folder),
    )
    .map_err(|failure| format!("{failure}; this needs Node 20 or newer with npm"))
}

/// npm lays down every build for this platform, each of 180 MB; the one that runs is linked into
/// the main package.
fn drop_spare_builds(folder: &Path) -> Result<(), Failure> {
    let modules = folder.join("node_modules");
    run(
        "agents: opencode runs",
        Command::new(modules.join(".bin/opencode")).arg("--version"),
    )?;
    let entries = fs::read_dir(&modules).map_err(cannot("list", &modules))?;
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with("-baseline") || name.ends_with("-musl") {
            fs::remove_dir_all(entry.path()).map_err(cannot("remove", &entry.path()))?;
        }
    }
    Ok(())
}

fn cannot(what: &str, path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let failure = format!("cannot {what} {}", path.display());
    move |error| format!("{failure}: {error}")
}
