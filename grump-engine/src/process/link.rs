//! What supervisor and keeper say to each other over the control socket.

use std::{io::Write, os::unix::net::UnixStream};

use super::table::ProcessInfo;

/// What the supervisor may ask for. Closing the socket asks for the end of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// TERM to the agent's process.
    TerminateProcess,
    /// TERM to the agent's process group.
    TerminateGroup,
}

impl Order {
    /// The byte that stands for it.
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::TerminateProcess => b'T',
            Self::TerminateGroup => b'G',
        }
    }

    /// The order a byte stands for.
    pub(super) fn read(byte: u8) -> Option<Self> {
        [Self::TerminateProcess, Self::TerminateGroup]
            .into_iter()
            .find(|order| order.byte() == byte)
    }
}

/// What the keeper reports, a line each. `Started` or `Failed` comes first; `Exited` or `Signaled`
/// last, when nothing is left but what `Left` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// The agent runs, under this number.
    Started(i32),
    /// The agent could not be started, for this error number; 0 where there is none.
    Failed(i32),
    /// This had to be killed.
    Killed(ProcessInfo),
    /// This could not be killed.
    Left(ProcessInfo),
    /// The agent ended with this code.
    Exited(i32),
    /// This signal ended the agent.
    Signaled(i32),
}

impl Report {
    /// Sends it; a supervisor that is gone needs no report.
    pub(super) fn send(&self, socket: &mut UnixStream) {
        let _ = socket.write_all(self.line().as_bytes());
    }

    fn line(&self) -> String {
        match self {
            Self::Started(pid) => format!("started {pid}\n"),
            Self::Failed(error) => format!("failed {error}\n"),
            Self::Killed(process) => format!("killed {process}\n"),
            Self::Left(process) => format!("left {process}\n"),
            Self::Exited(code) => format!("exited {code}\n"),
            Self::Signaled(signal) => format!("signaled {signal}\n"),
        }
    }

    /// Reads a line without its end; `None` for what is not of this protocol.
    pub(super) fn read(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(' ')?;
        match word {
            "started" => rest.parse().ok().map(Self::Started),
            "failed" => rest.parse().ok().map(Self::Failed),
            "killed" => process(rest).map(Self::Killed),
            "left" => process(rest).map(Self::Left),
            "exited" => rest.parse().ok().map(Self::Exited),
            "signaled" => rest.parse().ok().map(Self::Signaled),
            _ => None,
        }
    }
}

fn process(text: &str) -> Option<ProcessInfo> {
    let (pid, command) = text.split_once(' ')?;
    Some(ProcessInfo {
        pid: pid.parse().ok()?,
        command: command.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_back_as_it_was_sent() {
        let process = ProcessInfo {
            pid: 7,
            command: "sh -c a b".into(),
        };
        let nameless = ProcessInfo {
            pid: 8,
            command: String::new(),
        };
        for report in [
            Report::Started(3),
            Report::Failed(2),
            Report::Killed(process),
            Report::Left(nameless),
            Report::Exited(0),
            Report::Signaled(9),
        ] {
            assert_eq!(
                Report::read(report.line().trim_end_matches('\n')),
                Some(report)
            );
        }
    }

    #[test]
    fn an_order_reads_back_as_it_was_sent() {
        for order in [Order::TerminateProcess, Order::TerminateGroup] {
            assert_eq!(Order::read(order.byte()), Some(order));
        }
        assert_eq!(Order::read(b'?'), None);
    }
}
