//! The keeper: a tiny process between supervisor and agent that leaves nothing behind.
//!
//! It is a session leader and, on Linux, the subreaper of all below it: a daemon that forked twice,
//! took a new session and cleared its environment is still its child in the end. When the control
//! socket closes (the supervisor died, or asks), when the supervisor's process is gone, or when the
//! agent ends, it kills and reaps everything below and exits with the agent's code.
//!
//! Elsewhere there is no subreaper: the keeper kills the agent's process group, and what left that
//! group is found by its [mark](super::Mark) or not at all.
//!
//! Nothing here may start a thread: one loop polls, and one function reaps.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Read},
    os::{
        fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    process::{Command, ExitCode},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, FdFlags, fcntl_setfd},
    process::{Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, kill_process_group},
    stdio::{dup2_stderr, dup2_stdin, dup2_stdout},
};

use super::{
    kill,
    link::{Order, Report},
    table::{self, ProcessInfo},
};

/// The exit code for a fault of the keeper itself, as `timeout` and `docker run` have it.
const OWN_FAULT: u8 = 125;
/// How long to wait for killed processes to be gone before reporting them as left.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the keeper: what its program calls first, before it starts any thread.
///
/// `args` are those after the program's own: the number of the control socket's descriptor, then
/// the agent's program and its arguments. The agent gets standard input, output and error as they
/// are. The code is the agent's, 128 + n if signal n ended it, or 125 for a fault of the keeper,
/// which says on standard error what it was.
#[must_use]
pub fn keeper_main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    keeper_code(args).into()
}

/// As [`keeper_main`], for a program that has no `main` of Rust's: answers with the code that it is
/// to exit with.
#[must_use]
pub fn keeper_code(args: impl IntoIterator<Item = OsString>) -> u8 {
    keep(args.into_iter()).unwrap_or_else(|error| {
        eprintln!("grump keeper: {error}");
        OWN_FAULT
    })
}

fn keep(mut args: impl Iterator<Item = OsString>) -> io::Result<u8> {
    let usage = || io::Error::other("usage: DESCRIPTOR PROGRAM [ARGUMENT]...");
    let control = args.next().ok_or_else(usage)?;
    let program = args.next().ok_or_else(usage)?;
    let control = adopt(&control).ok_or_else(usage)?;
    fcntl_setfd(&control, FdFlags::CLOEXEC)?;
    let supervisor = watch(rustix::process::getppid());
    become_reaper()?;
    let mut control = UnixStream::from(control);
    match start(&program, args) {
        Ok(agent) => Keeper::new(control, agent).run(supervisor.as_ref()),
        Err(error) => {
            Report::Failed(error.raw_os_error().unwrap_or_default()).send(&mut control);
            Ok(127)
        }
    }
}

/// Takes over the descriptor that the launcher left open for the keeper.
fn adopt(number: &OsStr) -> Option<OwnedFd> {
    let number: i32 = number.to_str()?.parse().ok()?;
    if number <= 2 {
        return None;
    }
    // SAFETY: above the standard streams a program that just began has no descriptors but those it
    // inherited, and nobody else takes this one.
    #[allow(unsafe_code, reason = "the descriptor comes by number")]
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

fn become_reaper() -> io::Result<()> {
    // Refused only to who already leads a group, which happens when a shell starts the keeper.
    let _ = rustix::process::setsid();
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(getpid()))?;
    Ok(())
}

/// Starts the agent in a process group of its own and lets go of its standard streams, so that
/// their other ends see when the agent closes them.
fn start(program: &OsStr, args: impl Iterator<Item = OsString>) -> io::Result<Pid> {
    let child = Command::new(program).args(args).process_group(0).spawn()?;
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&nothing)?;
    dup2_stdout(&nothing)?;
    dup2_stderr(&nothing)?;
    table::number(child.id()).ok_or_else(|| io::Error::other("the agent has no process number"))
}

/// A descriptor that becomes readable when the process ends, where the system has such a thing.
#[cfg(target_os = "linux")]
fn watch(pid: Option<Pid>) -> Option<OwnedFd> {
    use rustix::process::{PidfdFlags, pidfd_open};
    pidfd_open(pid?, PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn watch(_: Option<Pid>) -> Option<OwnedFd> {
    None
}

struct Keeper {
    control: UnixStream,
    agent: Pid,
    /// How the agent ended, once it was reaped; from then on its number may be another's.
    ended: Option<WaitStatus>,
    killed: BTreeMap<u32, ProcessInfo>,
    left: Vec<ProcessInfo>,
}

impl Keeper {
    fn new(control: UnixStream, agent: Pid) -> Self {
        Self {
            control,
            agent,
            ended: None,
            killed: BTreeMap::new(),
            left: Vec::new(),
        }
    }

    fn run(mut self, supervisor: Option<&OwnedFd>) -> io::Result<u8> {
        Report::Started(self.agent.as_raw_nonzero().get()).send(&mut self.control);
        let agent = watch(Some(self.agent));
        // Orphans that end are reaped by and by; without a descriptor the agent is looked at often.
        let pause = Duration::from_millis(if agent.is_some() { 500 } else { 20 });
        while self.ended.is_none() {
            let mut ready = Ready::wait(&self.control, [agent.as_ref(), supervisor], pause)?;
            self.reap();
            if ready.control {
                ready.supervisor_gone |= self.obey()?;
            }
            if ready.supervisor_gone {
                break;
            }
        }
        self.clear();
        self.say_goodbye();
        Ok(self.code())
    }

    /// Does what the supervisor asks; true when it asks no more, so that all must go.
    fn obey(&mut self) -> io::Result<bool> {
        let mut order = [0];
        match self.control.read(&mut order) {
            Ok(0) => return Ok(true),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(false),
            // A reset: the other end went with something unread in it.
            Err(_) => return Ok(true),
        }
        if self.ended.is_none() {
            // An agent that changed its user cannot be asked; it can still end by itself.
            let _ = match Order::read(order[0]) {
                Some(Order::TerminateProcess) => kill_process(self.agent, Signal::TERM),
                Some(Order::TerminateGroup) => kill_process_group(self.agent, Signal::TERM),
                None => Ok(()),
            };
        }
        Ok(false)
    }

    /// Reaps what has ended; false when there is no child left at all.
    fn reap(&mut self) -> bool {
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.agent => self.ended = Some(status),
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    /// Kills and reaps all below. A subreaper without children has nothing below it.
    fn clear(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self.reap() {
            self.kill_group();
            let own = getpid().as_raw_nonzero().get().unsigned_abs();
            let pass = kill::pass(|table| table::below(table, [own], |_| false));
            let pass = pass.unwrap_or_default();
            let beyond_reach = pass.killed.is_empty() && !pass.refused.is_empty();
            self.left.clone_from(&pass.refused);
            if Instant::now() > deadline {
                self.left.extend(pass.killed);
                return;
            }
            for process in pass.killed {
                self.killed.insert(process.pid, process);
            }
            if beyond_reach {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.left.clear();
    }

    /// The only reach there is where the process table cannot be read.
    fn kill_group(&self) {
        if cfg!(not(target_os = "linux")) && self.ended.is_none() {
            let _ = kill_process_group(self.agent, Signal::KILL);
        }
    }

    fn say_goodbye(&mut self) {
        /// Enough for people, and never more than the socket holds when nobody reads.
        const NAMED: usize = 256;
        for process in self.killed.values().take(NAMED) {
            Report::Killed(process.clone()).send(&mut self.control);
        }
        for process in self.left.iter().take(NAMED) {
            Report::Left(process.clone()).send(&mut self.control);
        }
        match self
            .ended
            .map(|status| (status.exit_status(), status.terminating_signal()))
        {
            Some((Some(code), _)) => Report::Exited(code).send(&mut self.control),
            Some((_, Some(signal))) => Report::Signaled(signal).send(&mut self.control),
            _ => {}
        }
    }

    fn code(&self) -> u8 {
        let Some(status) = self.ended else {
            return OWN_FAULT;
        };
        let code = status
            .exit_status()
            .or_else(|| Some(128 + status.terminating_signal()?));
        code.and_then(|code| u8::try_from(code).ok())
            .unwrap_or(OWN_FAULT)
    }
}

/// What a poll found.
struct Ready {
    control: bool,
    supervisor_gone: bool,
}

impl Ready {
    /// Waits until the control socket speaks or one of `[agent, supervisor]` ends.
    fn wait(
        control: &UnixStream,
        processes: [Option<&OwnedFd>; 2],
        pause: Duration,
    ) -> io::Result<Self> {
        let control = control.as_fd();
        // A descriptor that is missing is stood in for by the control socket.
        let [agent, supervisor] = processes.map(|one| one.map_or(control, AsFd::as_fd));
        let mut polled = [control, agent, supervisor].map(readable);
        let pause = Timespec::try_from(pause).map_err(io::Error::other)?;
        match poll(&mut polled, Some(&pause)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [control, _, supervisor] = polled.map(|one| !one.revents().is_empty());
        Ok(Self {
            control,
            supervisor_gone: supervisor && processes[1].is_some(),
        })
    }
}

fn readable(descriptor: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::from_borrowed_fd(descriptor, PollFlags::IN)
}
