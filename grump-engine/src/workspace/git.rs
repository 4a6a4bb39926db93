//! Running the `git` program: the same switches for every call, bytes in and bytes out, and every
//! failure turned into an error that says what to do.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use grump_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
};

use super::{explain, lock::RepositoryLock};
use crate::failpoint::pass;

/// No hook, signature, background job or file watcher of the user's (or an agent's) configuration
/// runs on grump's behalf.
const SWITCHES: [&str; 6] = [
    "core.hooksPath=/dev/null",
    "commit.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "core.fsmonitor=false",
    "core.quotePath=true",
];

/// The only inherited `GIT_*` variables that git sees: who the user is and where the configuration
/// lies. All others could point git at another repository or change what it prints.
const KEPT: [&str; 7] = [
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
];

/// What git may print, in bytes, unless a call says otherwise.
const OUTPUT_LIMIT: u64 = 64 << 20;
/// What is kept of its error output, in bytes.
const ERROR_LIMIT: u64 = 64 << 10;

/// Which `git` program runs, and with which additional environment.
#[derive(Clone, Debug)]
pub struct Git {
    program: OsString,
    variables: Vec<(OsString, OsString)>,
}

impl Default for Git {
    /// The `git` found on `PATH`.
    fn default() -> Self {
        Self::program("git")
    }
}

impl Git {
    /// This program instead of the `git` found on `PATH`.
    #[must_use]
    pub fn program(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            variables: Vec::new(),
        }
    }

    /// Adds an environment variable to every call, such as `HOME`.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// A call that runs in `directory` and only reads.
    pub(crate) fn at(&self, directory: &Path) -> Call {
        let mut command = Command::new(&self.program);
        command.current_dir(directory).process_group(0);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("GIT_") && !KEPT.contains(&text.as_ref()) {
                command.env_remove(&name);
            }
        }
        command
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.arg("--no-optional-locks");
        for switch in SWITCHES {
            command.args(["-c", switch]);
        }
        Call {
            command,
            directory: directory.to_owned(),
            words: Vec::new(),
            input: Input::Nothing,
            output_limit: OUTPUT_LIMIT,
            outlives_us: false,
        }
    }
}

/// The id of a commit: 40 or 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitId(String);

impl CommitId {
    /// Reads an id as git prints it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if it is not 40 or 64 hexadecimal digits.
    pub fn parse(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        let hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hexadecimal && (text.len() == 40 || text.len() == 64) {
            return Ok(Self(text));
        }
        Err(Error::new(ErrorKind::InvalidInput, "this is not the id of a commit").with("id", text))
    }

    /// The id's digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<OsStr> for CommitId {
    fn as_ref(&self) -> &OsStr {
        self.0.as_ref()
    }
}

impl TryFrom<String> for CommitId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(text)
    }
}

impl From<CommitId> for String {
    fn from(id: CommitId) -> Self {
        id.0
    }
}

enum Input {
    Nothing,
    Bytes(Vec<u8>),
    Held(Stdio),
}

/// One call of git, before it runs.
pub(crate) struct Call {
    command: Command,
    directory: PathBuf,
    words: Vec<String>,
    input: Input,
    output_limit: u64,
    outlives_us: bool,
}

/// What a call came to.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    stderr: Vec<u8>,
    directory: PathBuf,
    words: Vec<String>,
}

impl Call {
    pub(crate) fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.words
            .push(word.as_ref().to_string_lossy().into_owned());
        self.command.arg(word);
        self
    }

    pub(crate) fn args<W: AsRef<OsStr>>(self, words: impl IntoIterator<Item = W>) -> Self {
        words.into_iter().fold(self, Self::arg)
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// Marks a call that changes something: it is not killed when its future is dropped.
    pub(crate) fn changes(mut self) -> Self {
        self.outlives_us = true;
        self
    }

    /// Marks a call that changes the repository under its lock. The lock file is git's standard
    /// input, so the lock is held until git has ended, even if this process is killed first.
    pub(crate) fn holding(mut self, lock: &RepositoryLock) -> Result<Self> {
        self.input = Input::Held(lock.as_stdin()?);
        Ok(self.changes())
    }

    /// Runs it; any exit status is fine.
    pub(crate) async fn end(mut self) -> Result<Ended> {
        let (stdin, bytes) = match self.input {
            Input::Nothing => (Stdio::null(), Vec::new()),
            Input::Bytes(bytes) => (Stdio::piped(), bytes),
            Input::Held(stdio) => (stdio, Vec::new()),
        };
        let name = || {
            self.words
                .iter()
                .take(2)
                .cloned()
                .collect::<Vec<_>>()
                .join(" ")
        };
        pass(|| format!("before git {}", name()));
        let child = self
            .command
            .kill_on_drop(!self.outlives_us)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| explain::spawn_failure(&self.directory, error))?;
        // The command still holds the descriptor of a held lock.
        drop(self.command);
        pass(|| format!("during git {}", name()));
        let (status, stdout, stderr) = converse(child, &bytes, self.output_limit)
            .await
            .map_err(|error| explain::broken_pipe(&self.words, &self.directory, error))?;
        pass(|| format!("after git {}", name()));
        let ended = Ended {
            status,
            stdout,
            stderr,
            directory: self.directory,
            words: self.words,
        };
        if ended.stdout.len() as u64 > self.output_limit {
            return Err(explain::too_long(
                &ended.words,
                &ended.directory,
                self.output_limit,
            ));
        }
        Ok(ended)
    }

    /// Runs it; what it printed, if it succeeded.
    pub(crate) async fn output(self) -> Result<Vec<u8>> {
        self.end().await?.output()
    }

    /// Runs it; the one line that it printed, if it succeeded.
    pub(crate) async fn line(self) -> Result<String> {
        Ok(one_line(&self.output().await?))
    }

    /// Runs it; what it printed, or `None` for exit status 1, git's word for "there is none".
    pub(crate) async fn found(self) -> Result<Option<String>> {
        let ended = self.end().await?;
        match ended.status.code() {
            Some(1) => Ok(None),
            _ => Ok(Some(one_line(&ended.output()?))),
        }
    }

    /// Runs it; the id that it printed, if it succeeded.
    pub(crate) async fn id(self) -> Result<CommitId> {
        CommitId::parse(self.line().await?)
    }
}

impl Ended {
    pub(crate) fn output(self) -> Result<Vec<u8>> {
        if self.status.success() {
            return Ok(self.stdout);
        }
        Err(self.failure())
    }

    /// Whether it ended without having had a chance to clean up: by a signal, of its own or (as a
    /// shell around it says) a child's.
    pub(crate) fn was_killed(&self) -> bool {
        self.status.code().is_none_or(|code| code > 128)
    }

    pub(crate) fn stderr(&self) -> &[u8] {
        &self.stderr
    }

    /// The error that its error output tells of.
    pub(crate) fn failure(&self) -> Error {
        explain::failure(&self.words, &self.directory, self.status, &self.stderr)
    }
}

fn one_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .trim_end_matches('\n')
        .to_owned()
}

async fn converse(
    mut child: Child,
    input: &[u8],
    limit: u64,
) -> std::io::Result<(ExitStatus, Vec<u8>, Vec<u8>)> {
    let stdin = child.stdin.take();
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let write = async {
        if let Some(mut stdin) = stdin {
            // Git may end without reading all of it: its exit status tells why.
            let _ = stdin.write_all(input).await;
        }
        Ok(())
    };
    let ((), stdout, stderr, status) = tokio::try_join!(
        write,
        read_bounded(stdout, limit + 1),
        read_bounded(stderr, ERROR_LIMIT),
        child.wait(),
    )?;
    Ok((status, stdout, stderr))
}

/// Keeps the first `limit` bytes and drains the rest, so that git never blocks on a full pipe.
async fn read_bounded(
    from: Option<impl AsyncRead + Unpin>,
    limit: u64,
) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    if let Some(mut from) = from {
        (&mut from).take(limit).read_to_end(&mut kept).await?;
        tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    }
    Ok(kept)
}
