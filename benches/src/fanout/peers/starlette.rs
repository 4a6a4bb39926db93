//! sse-starlette on uvicorn, in a virtual environment below the target folder.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use grump_benches::Failure;

use super::{Peer, Process, Served};
use crate::event;

const REQUIREMENTS: &str = include_str!("../../../peers/requirements.txt");
const SERVER: &str = include_str!("../../../peers/starlette.py");
const MISSING: &str = "get it with: apt-get install python3-venv";

/// Written last: an installation without it was cut short and is made again.
const DONE: &str = ".installed";

pub(super) fn start() -> Result<Peer, Failure> {
    let python = install()?;
    let mut command = Command::new(python);
    let sample = event::Template::new().text(0, 0);
    command.args(["-c", SERVER, &sample]);
    Served::of(Process::start(&mut command, MISSING)?)?.peer("/events")
}

/// The interpreter of an environment that has what is required.
fn install() -> Result<PathBuf, Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/starlette");
    let python = folder.join("bin/python");
    let done = folder.join(DONE);
    if fs::read_to_string(&done).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    run(Command::new(&python).args(pip).args(REQUIREMENTS.lines()))?;
    fs::write(&done, REQUIREMENTS)?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.stdout(Stdio::null()).status();
    let program = format!("{command:?}");
    let status = status.map_err(|error| format!("cannot start {program}: {error}; {MISSING}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{program} failed ({status}); {MISSING}").into())
    }
}
