//! Starting an agent so that everything it starts can be found and ended.

use std::{
    ffi::{OsStr, OsString},
    fmt, io,
    os::{
        fd::{AsRawFd, BorrowedFd, RawFd},
        unix::net::UnixStream as StdUnixStream,
    },
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use grump_core::{Error, ErrorKind, Result};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use tokio::{net::UnixStream, process::Command, time::timeout};

use super::{
    child::{Child, Held, KeeperLink, Ladder},
    link::Report,
    mark::{self, Mark},
};

/// How long a keeper may take to say that the agent runs, on a machine that is very busy.
const KEEPER_STARTS_WITHIN: Duration = Duration::from_secs(60);

/// The command that starts the [keeper](super::keeper_main); the launcher appends what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeeperCommand {
    /// The program, best with its full path.
    pub program: OsString,
    /// What comes before the launcher's own arguments, such as the name of a hidden subcommand.
    pub args: Vec<OsString>,
}

impl KeeperCommand {
    /// A program that is nothing but a keeper.
    #[must_use]
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
        }
    }

    /// Adds an argument that comes before the launcher's own.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }
}

/// What an agent's standard input is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Input {
    /// Empty from the start.
    #[default]
    Null,
    /// A pipe, in [`Child::stdin`].
    Pipe,
}

/// What to start, where and how.
#[derive(Clone)]
pub struct Launch {
    /// The program: a name to look for in `PATH`, or a path.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The folder it works in; it must exist.
    pub cwd: PathBuf,
    /// Variables added to, or put in place of, those the agent inherits.
    pub env: Vec<(OsString, OsString)>,
    /// Its standard input.
    pub stdin: Input,
    /// The run it works for: the second part of its [`Mark`]. A stop of one child sweeps all that
    /// carries the mark, so two that are to end apart need two names.
    pub run: String,
    /// How it is asked to end.
    pub ladder: Ladder,
}

impl fmt::Debug for Launch {
    /// Shows the names of the variables, not their values: those may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<_> = self.env.iter().map(|(name, _)| name).collect();
        f.debug_struct("Launch")
            .field("program", &self.program)
            .field("args", &self.args)
            .field("cwd", &self.cwd)
            .field("env", &variables)
            .field("stdin", &self.stdin)
            .field("run", &self.run)
            .field("ladder", &self.ladder)
            .finish()
    }
}

impl Launch {
    /// Starts `program` in `cwd` for `run`: no arguments, empty input, ended by TERM.
    #[must_use]
    pub fn new(
        program: impl Into<OsString>,
        cwd: impl Into<PathBuf>,
        run: impl Into<String>,
    ) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            cwd: cwd.into(),
            env: Vec::new(),
            stdin: Input::Null,
            run: run.into(),
            ladder: Ladder::default(),
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the agent's environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Sets what the agent's standard input is.
    #[must_use]
    pub fn stdin(mut self, stdin: Input) -> Self {
        self.stdin = stdin;
        self
    }

    /// Sets how the agent is asked to end.
    #[must_use]
    pub fn ladder(mut self, ladder: Ladder) -> Self {
        self.ladder = ladder;
        self
    }
}

/// Starts the agents of one journal.
#[derive(Clone, Debug)]
pub struct Launcher {
    keeper: Option<KeeperCommand>,
    journal: String,
}

impl Launcher {
    /// A launcher for the journal with this id. Without a keeper, agents are contained by process
    /// group and mark alone, which a daemon that clears its environment escapes: the log says so.
    #[must_use]
    pub fn new(keeper: Option<KeeperCommand>, journal: impl Into<String>) -> Self {
        if keeper.is_none() {
            tracing::warn!(
                "no keeper is configured: what an agent leaves behind is found by its mark alone, \
                 and a kill of this process leaves agents running until the next start"
            );
        }
        Self {
            keeper,
            journal: journal.into(),
        }
    }

    /// The mark of a run of this journal.
    #[must_use]
    pub fn mark(&self, run: &str) -> Mark {
        Mark::run(&self.journal, run)
    }

    /// Starts an agent. It inherits this process's environment without grump's own secrets
    /// (`GRUMP_API_KEY`, `GRUMP_TOKEN` and the like), and carries its run's [`Mark`].
    ///
    /// Dropping the returned future or the child ends the agent and all below it.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the folder does not exist; `Agent` if the program cannot be started;
    /// `Internal` if the keeper cannot.
    pub async fn spawn(&self, launch: Launch) -> Result<Child> {
        if !launch.cwd.is_dir() {
            let message = "the folder to work in does not exist";
            return Err(Error::new(ErrorKind::InvalidInput, message)
                .operation("process.spawn")
                .with("folder", launch.cwd.display()));
        }
        match &self.keeper {
            Some(keeper) => self.spawn_kept(keeper, &launch).await,
            None => self.spawn_bare(&launch),
        }
    }

    async fn spawn_kept(&self, keeper: &KeeperCommand, launch: &Launch) -> Result<Child> {
        let broken = |error: io::Error| keeper_fault(keeper).caused_by(error);
        let (ours, theirs) = StdUnixStream::pair().map_err(broken)?;
        ours.set_nonblocking(true).map_err(broken)?;
        let ours = UnixStream::from_std(ours).map_err(broken)?;
        let mut command = self.keeper_command(keeper, launch, theirs.as_raw_fd());
        let process = command.spawn().map_err(|error| match os_error(&error) {
            Some(Errno::TOOBIG) => cannot_start(&launch.program, error),
            _ => broken(error),
        })?;
        // Were it kept open here, nobody would see the keeper's end of it close.
        drop(theirs);
        self.greet(keeper, launch, process, KeeperLink::new(ours))
            .await
    }

    fn keeper_command(&self, keeper: &KeeperCommand, launch: &Launch, socket: RawFd) -> Command {
        let mut command = Command::new(&keeper.program);
        command.args(&keeper.args).arg(socket.to_string());
        command.arg(&launch.program).args(&launch.args);
        self.prepare(&mut command, launch);
        hand_over(&mut command, socket);
        command
    }

    /// Waits until the keeper says whether the agent runs.
    async fn greet(
        &self,
        keeper: &KeeperCommand,
        launch: &Launch,
        mut process: tokio::process::Child,
        mut link: KeeperLink,
    ) -> Result<Child> {
        let first = timeout(KEEPER_STARTS_WITHIN, link.next()).await;
        match first.unwrap_or_default() {
            Some(Report::Started(pid)) => {
                let held = Held::Keeper(link);
                Ok(self.child(pid.unsigned_abs(), process, held, launch))
            }
            Some(Report::Failed(code)) => {
                let _ = process.wait().await;
                let error = io::Error::from_raw_os_error(code);
                Err(cannot_start(&launch.program, error))
            }
            _ => {
                let _ = process.start_kill();
                Err(keeper_fault(keeper))
            }
        }
    }

    fn spawn_bare(&self, launch: &Launch) -> Result<Child> {
        let mut command = Command::new(&launch.program);
        command
            .args(&launch.args)
            .process_group(0)
            .kill_on_drop(true);
        self.prepare(&mut command, launch);
        let process = command
            .spawn()
            .map_err(|error| cannot_start(&launch.program, error))?;
        let pid = process.id().unwrap_or_default();
        Ok(self.child(pid, process, Held::Bare, launch))
    }

    fn prepare(&self, command: &mut Command, launch: &Launch) {
        command
            .current_dir(&launch.cwd)
            .stdin(match launch.stdin {
                Input::Null => Stdio::null(),
                Input::Pipe => Stdio::piped(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_secret(name)) {
            command.env_remove(name);
        }
        command
            .envs(launch.env.iter().map(|(name, value)| (name, value)))
            .env(mark::VARIABLE, self.mark(&launch.run).to_string());
    }

    fn child(
        &self,
        pid: u32,
        process: tokio::process::Child,
        held: Held,
        launch: &Launch,
    ) -> Child {
        Child::new(pid, process, held, self.mark(&launch.run), launch.ladder)
    }
}

/// Leaves the descriptor open in the program that `command` starts, and nowhere else.
fn hand_over(command: &mut Command, descriptor: RawFd) {
    let keep_open = move || {
        // SAFETY: the launcher holds the socket open until the program was started.
        #[allow(unsafe_code, reason = "the hook must not borrow, so it has the number")]
        let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
        Ok(fcntl_setfd(descriptor, FdFlags::empty())?)
    };
    // SAFETY: between fork and exec the hook makes one system call and allocates nothing.
    #[allow(
        unsafe_code,
        reason = "only here the descriptor is inherited by this child alone"
    )]
    unsafe {
        command.pre_exec(keep_open);
    }
}

/// Whether a variable is a secret of grump's own, which no agent needs.
fn is_secret(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("GRUMP_")
        && ["KEY", "TOKEN", "SECRET", "PASSWORD"]
            .iter()
            .any(|word| name.contains(word))
}

fn os_error(error: &io::Error) -> Option<Errno> {
    Errno::from_io_error(error)
}

fn cannot_start(program: &OsStr, error: io::Error) -> Error {
    let (message, advice) = match os_error(&error) {
        Some(Errno::NOENT) => (
            "the agent's program was not found",
            "install it, add its folder to PATH, or configure its full path",
        ),
        Some(Errno::ACCESS) => (
            "the agent's program may not be executed",
            "make it executable, or configure another",
        ),
        Some(Errno::TOOBIG) => (
            "the agent's arguments are too long for this system",
            "give the prompt on standard input instead of as an argument",
        ),
        _ => ("the agent's program cannot be started", "try it by hand"),
    };
    Error::new(ErrorKind::Agent, message)
        .operation("process.spawn")
        .with("program", program.display())
        .advise(advice)
        .caused_by(error)
}

fn keeper_fault(keeper: &KeeperCommand) -> Error {
    Error::new(
        ErrorKind::Internal,
        "the keeper of the agent's processes did not start",
    )
    .operation("process.spawn")
    .with("keeper", keeper.program.display())
    .advise("check the command that the engine is configured to start it with")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_launched_can_be_shown_without_its_secrets() {
        let launch = Launch::new("agent", "/tmp", "run").env("API_KEY", "sk-secret");
        let shown = format!("{launch:?}");
        assert!(
            shown.contains("API_KEY") && !shown.contains("sk-secret"),
            "{shown}"
        );
    }

    #[test]
    fn only_secrets_of_grump_are_kept_from_agents() {
        assert!(is_secret(OsStr::new("GRUMP_API_KEY")));
        assert!(is_secret(OsStr::new("GRUMP_TOKEN")));
        assert!(!is_secret(OsStr::new("GRUMP_DATA")));
        assert!(!is_secret(OsStr::new("ANTHROPIC_API_KEY")));
    }
}
