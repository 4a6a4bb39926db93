//! Building, testing and generating the Python package.

mod facade;

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

pub(crate) use facade::generate;

use crate::steps::{Failure, cargo_path, root, run};

/// Written last: an environment without it was cut short and is made again.
const DONE: &str = ".installed";

/// The Python part of `cargo xtask test`: installs the package as a user would, then checks types,
/// runs the tests and the examples.
pub(crate) fn test() -> Result<(), Failure> {
    facade::check()?;
    let environment = Environment::prepare()?;
    environment.install()?;
    environment.types()?;
    server()?;
    let tests = [
        "-m",
        "pytest",
        "--config-file",
        "grump-py/pyproject.toml",
        "grump-py/tests",
    ];
    environment.python("python: tests", &tests)?;
    environment.python("python: example one_loop", &["examples/python/one_loop.py"])
}

/// Builds the command whose `serve` the tests talk to.
fn server() -> Result<(), Failure> {
    let build = ["build", "--quiet", "--package", "grump-cli"];
    run("python: server", Command::new(cargo_path()).args(build))
}

/// Where cargo leaves it.
fn server_path() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| root().join("target"), PathBuf::from);
    target.join("debug/grump")
}

/// A virtual environment with what the tests need.
struct Environment(PathBuf);

impl Environment {
    /// Makes it below the target folder, unless it is there already.
    fn prepare() -> Result<Self, Failure> {
        let wanted = root().join("grump-py/requirements-test.txt");
        let pins = fs::read_to_string(&wanted)
            .map_err(|error| format!("cannot read {}: {error}", wanted.display()))?;
        let made = Self(root().join("target/python/venv"));
        let done = made.0.join(DONE);
        if made.works() && fs::read_to_string(&done).is_ok_and(|installed| installed == pins) {
            return Ok(made);
        }
        run(
            "python: virtual environment",
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&made.0),
        )
        .map_err(|failure| {
            format!(
                "{failure}; this needs Python 3.10 or newer with venv \
                 (Debian and Ubuntu: apt-get install --yes python3-venv)"
            )
        })?;
        made.pip("python: test tools", &["--requirement", path(&wanted)?])?;
        fs::write(&done, pins)
            .map_err(|error| format!("cannot write {}: {error}", done.display()))?;
        Ok(made)
    }

    /// Whether its interpreter still runs: it is a link to one that may have been removed.
    fn works(&self) -> bool {
        let said = Command::new(self.program()).arg("--version").output();
        said.is_ok_and(|output| output.status.success())
    }

    /// Installs the package by its own build, but unoptimised and into the same target folder.
    fn install(&self) -> Result<(), Failure> {
        self.pip(
            "python: build",
            &["--no-build-isolation", "--no-deps", "./grump-py"],
        )
    }

    /// What users write against the package must pass the strictest checks, and so must the
    /// package itself; the stub of its native half must say what that has.
    fn types(&self) -> Result<(), Failure> {
        let strict = [
            "-m",
            "mypy",
            "--strict",
            "--cache-dir",
            "target/python/mypy",
        ];
        for checked in ["grump-py/python/grump", "grump-py/tests", "examples/python"] {
            let arguments = [&strict[..], &[checked]].concat();
            self.python(&format!("python: types of {checked}"), &arguments)?;
        }
        self.python("python: stub", &["-m", "mypy.stubtest", "grump._native"])
    }

    fn pip(&self, what: &str, arguments: &[&str]) -> Result<(), Failure> {
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ];
        self.python(what, &[&pip[..], arguments].concat())
    }

    fn python(&self, what: &str, arguments: &[&str]) -> Result<(), Failure> {
        run(
            what,
            Command::new(self.program())
                .args(arguments)
                .env("PATH", self.search_path()?)
                .env("MATURIN_PEP517_ARGS", "--profile dev --strip")
                .env("GRUMP_BIN", server_path())
                .env("PYTHONDONTWRITEBYTECODE", "1"),
        )
    }

    fn program(&self) -> PathBuf {
        self.0.join("bin/python")
    }

    /// Builds start maturin by its name.
    fn search_path(&self) -> Result<OsString, Failure> {
        let others = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.0.join("bin")).chain(env::split_paths(&others));
        env::join_paths(folders).map_err(|error| format!("PATH cannot be extended: {error}"))
    }
}

fn path(path: &Path) -> Result<&str, Failure> {
    path.to_str()
        .ok_or_else(|| format!("{} is not UTF-8", path.display()))
}
