//! An agent that runs, and the ladder by which it is ended.

use std::{io, time::Duration};

use grump_core::{Error, ErrorKind, Result};
use rustix::process::{Signal, kill_process, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    process::{ChildStderr, ChildStdin, ChildStdout},
    time::timeout,
};

use super::{
    link::{Order, Report},
    mark::Mark,
    sweep,
    table::{self, ProcessInfo},
};

/// How long everything may take to be gone after KILL, before the keeper itself is killed.
const PATIENCE: Duration = Duration::from_secs(20);

/// The way an agent is asked to end; which one works differs per agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoodExit {
    /// It is not asked.
    None,
    /// Its standard input ends. Whoever took [`Child::stdin`] drops it before calling
    /// [`Child::stop`].
    CloseStdin,
    /// TERM to its process.
    TerminateProcess,
    /// TERM to its process group.
    TerminateGroup,
}

/// How an agent is ended: asked, waited for, then killed with all below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// How it is asked.
    pub exit: GoodExit,
    /// How long it then has.
    pub grace: Duration,
}

impl Ladder {
    /// Asks by `exit` and waits for `grace`.
    #[must_use]
    pub const fn new(exit: GoodExit, grace: Duration) -> Self {
        Self { exit, grace }
    }

    /// Kills at once.
    #[must_use]
    pub const fn kill() -> Self {
        Self::new(GoodExit::None, Duration::ZERO)
    }
}

impl Default for Ladder {
    /// TERM to the process and three seconds: most agents need less than two.
    fn default() -> Self {
        Self::new(GoodExit::TerminateProcess, Duration::from_secs(3))
    }
}

/// How an agent's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Nobody knows: its keeper was killed.
    Unknown,
}

impl Exit {
    /// Whether it ended with code 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

/// What became of an agent and all it started. Nothing is left of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How the agent itself ended.
    pub exit: Exit,
    /// What had to be killed: the agent if it did not end when asked, and what it left behind. A
    /// keeper names at most 256.
    pub killed: Vec<ProcessInfo>,
}

/// A running agent. Dropping it ends the agent and all below it.
///
/// Read both pipes at once and all the time, or the agent stands still when one is full.
#[derive(Debug)]
pub struct Child {
    /// Its standard input, if it was started with [`Input::Pipe`](super::Input::Pipe).
    pub stdin: Option<ChildStdin>,
    /// Its standard output.
    pub stdout: Option<ChildStdout>,
    /// Its standard error.
    pub stderr: Option<ChildStderr>,
    pid: u32,
    /// The keeper, or without one the agent.
    process: tokio::process::Child,
    held: Held,
    mark: Mark,
    ladder: Ladder,
    exit: Exit,
    killed: Vec<ProcessInfo>,
    left: Vec<ProcessInfo>,
    ended: bool,
}

/// Who sees to it that nothing is left.
#[derive(Debug)]
pub(super) enum Held {
    /// A keeper, at the other end of this link.
    Keeper(KeeperLink),
    /// Only this process.
    Bare,
}

impl Child {
    pub(super) fn new(
        pid: u32,
        mut process: tokio::process::Child,
        held: Held,
        mark: Mark,
        ladder: Ladder,
    ) -> Self {
        Self {
            stdin: process.stdin.take(),
            stdout: process.stdout.take(),
            stderr: process.stderr.take(),
            pid,
            process,
            held,
            mark,
            ladder,
            exit: Exit::Unknown,
            killed: Vec::new(),
            left: Vec::new(),
            ended: false,
        }
    }

    /// The number of the agent's process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until the agent ends by itself and what it left behind is killed.
    ///
    /// May be dropped and called again; answers the same once the agent has ended.
    ///
    /// # Errors
    ///
    /// `Agent`, naming the processes, if some cannot be killed.
    pub async fn wait(&mut self) -> Result<Ended> {
        self.wait_for_end().await?;
        self.outcome()
    }

    /// Ends the agent: asks it by its [`Ladder`], then kills it and all below it, then sweeps what
    /// carries the run's mark. Returns only when nothing is left.
    ///
    /// The agent's own protocol may have asked it before. Dropping the future half-way is safe:
    /// call again, or drop the child.
    ///
    /// # Errors
    ///
    /// `Agent`, naming the processes, if some cannot be killed.
    pub async fn stop(&mut self) -> Result<Ended> {
        if !self.ended {
            self.ask().await;
            match timeout(self.ladder.grace, self.wait_for_end()).await {
                Ok(result) => result?,
                Err(_) => return self.kill().await,
            }
        }
        self.sweep().await?;
        self.outcome()
    }

    /// As [`stop`](Self::stop), without asking.
    ///
    /// # Errors
    ///
    /// `Agent`, naming the processes, if some cannot be killed.
    pub async fn kill(&mut self) -> Result<Ended> {
        if !self.ended {
            self.force();
            match timeout(PATIENCE, self.wait_for_end()).await {
                Ok(result) => result?,
                Err(_) => {
                    // A keeper that its agent stopped does not answer; the sweep takes it along.
                    self.sweep().await?;
                    self.wait_for_end().await?;
                }
            }
        }
        self.sweep().await?;
        self.outcome()
    }

    /// The good exit. Whom it cannot reach is killed after the grace time anyway.
    async fn ask(&mut self) {
        match (self.ladder.exit, &mut self.held) {
            (GoodExit::None, _) => {}
            (GoodExit::CloseStdin, _) => drop(self.stdin.take()),
            (GoodExit::TerminateProcess, Held::Keeper(link)) => {
                link.send(Order::TerminateProcess).await;
            }
            (GoodExit::TerminateGroup, Held::Keeper(link)) => {
                link.send(Order::TerminateGroup).await;
            }
            (GoodExit::TerminateProcess, Held::Bare) => {
                let _ = self.living().map(|pid| kill_process(pid, Signal::TERM));
            }
            (GoodExit::TerminateGroup, Held::Bare) => {
                let _ = self
                    .living()
                    .map(|pid| kill_process_group(pid, Signal::TERM));
            }
        }
    }

    fn force(&mut self) {
        match &mut self.held {
            Held::Keeper(link) => link.close(),
            Held::Bare => {
                let _ = self
                    .living()
                    .map(|pid| kill_process_group(pid, Signal::KILL));
            }
        }
    }

    /// The agent's number while it was not reaped, so that it is nobody else's.
    fn living(&self) -> Option<rustix::process::Pid> {
        self.process.id().and_then(table::number)
    }

    async fn wait_for_end(&mut self) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        let mut clean = false;
        if let Held::Keeper(link) = &mut self.held {
            while let Some(report) = link.next().await {
                match report {
                    Report::Killed(process) => self.killed.push(process),
                    Report::Left(process) => self.left.push(process),
                    Report::Exited(code) => self.exit = Exit::Code(code),
                    Report::Signaled(signal) => self.exit = Exit::Signal(signal),
                    Report::Started(_) | Report::Failed(_) => {}
                }
            }
            clean = self.exit != Exit::Unknown;
        }
        let status = self.process.wait().await.map_err(cannot_wait)?;
        if matches!(self.held, Held::Bare) {
            self.exit = exit_of(status);
        }
        if !clean {
            self.sweep().await?;
        }
        self.ended = true;
        Ok(())
    }

    async fn sweep(&mut self) -> Result<()> {
        let mark = self.mark.clone();
        let swept = tokio::task::spawn_blocking(move || sweep::sweep(&mark)).await;
        match swept.map_err(cannot_wait)? {
            Ok(swept) => self.killed.extend(swept),
            // Where no sweep is possible the first layer was all there is; the docs say so.
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            Err(error) => return Err(error.operation("process.stop")),
        }
        Ok(())
    }

    fn outcome(&self) -> Result<Ended> {
        if !self.left.is_empty() {
            return Err(sweep::cannot_kill(&self.left).operation("process.stop"));
        }
        Ok(Ended {
            exit: self.exit,
            killed: self.killed.clone(),
        })
    }
}

impl Drop for Child {
    /// A keeper sees its socket close and does the rest. Without one this is the last chance.
    fn drop(&mut self) {
        if !self.ended && matches!(self.held, Held::Bare) {
            self.force();
            let _ = sweep::sweep(&self.mark);
        }
    }
}

/// This process's end of the control socket.
#[derive(Debug)]
pub(super) struct KeeperLink {
    reports: Lines<BufReader<OwnedReadHalf>>,
    orders: Option<OwnedWriteHalf>,
}

impl KeeperLink {
    pub(super) fn new(socket: UnixStream) -> Self {
        let (reports, orders) = socket.into_split();
        Self {
            reports: BufReader::new(reports).lines(),
            orders: Some(orders),
        }
    }

    /// The next report; `None` when the keeper is gone or speaks in tongues.
    pub(super) async fn next(&mut self) -> Option<Report> {
        let line = self.reports.next_line().await.ok()??;
        Report::read(&line)
    }

    /// A keeper that is gone needs no orders.
    async fn send(&self, order: Order) {
        if let Some(orders) = &self.orders
            && orders.writable().await.is_ok()
        {
            let _ = orders.try_write(&[order.byte()]);
        }
    }

    fn close(&mut self) {
        self.orders = None;
    }
}

fn exit_of(status: std::process::ExitStatus) -> Exit {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }
}

fn cannot_wait(error: impl Into<io::Error>) -> Error {
    Error::new(ErrorKind::Internal, "cannot wait for the agent's process")
        .operation("process.stop")
        .caused_by(error.into())
}
