//! Installing the packages of other languages that the tests compare with, pinned, into the target
//! folder.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::steps::{Failure, root, run};

/// Written last: an installation without it was cut short and is made again.
const DONE: &str = ".installed";

/// `cargo xtask peers`: packages from npm and `PyPI`, unless these very versions are there already.
///
/// The tests look for them in `target/peers`, whatever `CARGO_TARGET_DIR` says, so that one
/// installation serves all build folders of a checkout.
pub(crate) fn install() -> Result<(), Failure> {
    let lists = root().join("xtask/peers");
    let (package, requirements) = (lists.join("package.json"), lists.join("requirements.txt"));
    let wanted = read(&package)? + &read(&requirements)?;
    let folder = root().join("target/peers");
    let done = folder.join(DONE);
    if fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    fs::create_dir_all(&folder).map_err(cannot("make", &folder))?;
    let copy = folder.join("package.json");
    fs::copy(&package, &copy).map_err(cannot("write", &copy))?;
    npm(&folder)?;
    python(&folder.join("python"), &requirements)?;
    fs::write(&done, wanted).map_err(cannot("write", &done))
}

/// No lock file: its URLs would name a registry.
fn npm(folder: &Path) -> Result<(), Failure> {
    let install = [
        "install",
        "--no-package-lock",
        "--no-audit",
        "--no-fund",
        "--loglevel",
        "error",
        "--prefix",
    ];
    let mut npm = Command::new("npm");
    run("peers: npm", npm.args(install).arg(folder))
        .map_err(|failure| format!("{failure}; this needs Node 20 or newer with npm"))
}

fn python(environment: &Path, requirements: &Path) -> Result<(), Failure> {
    let mut venv = Command::new(interpreter());
    venv.args(["-m", "venv", "--clear"]).arg(environment);
    run("peers: virtual environment", &mut venv)
        .map_err(|failure| format!("{failure}; this needs Python 3.10 or newer with venv"))?;
    let mut pip = Command::new(environment.join("bin/python"));
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ];
    run("peers: pip", pip.args(install).arg(requirements))
}

fn interpreter() -> PathBuf {
    env::var_os("PYTHON").map_or_else(|| "python3".into(), PathBuf::from)
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(cannot("read", path))
}

fn cannot(what: &str, path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let failure = format!("cannot {what} {}", path.display());
    move |error| format!("{failure}: {error}")
}
