//! Exit codes, and what makes a command fail.

use std::{io, process::ExitCode};

use grump::{Error, ErrorKind, Run, RunStatus};

/// The code that a command exits with. `grump --help` and `docs/cli.md` name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Failed, for a reason that has no code of its own.
    Failed = 1,
    /// An argument is missing, unknown or not valid.
    Usage = 2,
    /// The loop ended at its limit of iterations, time or tokens.
    Limit = 3,
    /// The loop failed.
    RunFailed = 4,
    /// The loop was stopped, or was cut off.
    Stopped = 5,
    /// The state of things does not allow it.
    Conflict = 6,
    /// There is no such thing.
    NotFound = 7,
    /// The data folder cannot be read or written.
    Storage = 8,
    /// A second Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 10] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Limit,
        Self::RunFailed,
        Self::Stopped,
        Self::Conflict,
        Self::NotFound,
        Self::Storage,
        Self::Interrupted,
    ];

    /// The code as a number.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    /// How a command ends that followed this run to its end.
    pub(crate) const fn of_run(run: &Run) -> Self {
        match run.status.unified {
            RunStatus::LimitReached => Self::Limit,
            RunStatus::Failed => Self::RunFailed,
            RunStatus::Cancelled => Self::Stopped,
            _ => Self::Done,
        }
    }

    /// How a command ends that failed with this error.
    pub(crate) fn of_error(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::InvalidInput => Self::Usage,
            ErrorKind::Conflict => Self::Conflict,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Storage => Self::Storage,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why a command did not do what it was told.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The plane, or what was typed.
    Error(Error),
    /// Standard output cannot be written.
    Output(io::Error),
}

/// What a command gives.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// An argument that cannot be used.
pub(crate) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use grump::{Loop, LoopConfig, RunDetail, RunRef};

    use super::*;
    use crate::args::Cli;

    #[test]
    fn the_help_names_every_code() {
        let help = Cli::command().render_long_help().to_string();
        for exit in Exit::ALL {
            let line = format!("\n  {:<5}", exit.code());
            assert!(help.contains(&line), "{exit:?} is missing in\n{help}");
        }
    }

    #[test]
    fn a_run_that_completed_is_a_success_and_every_other_end_is_told_apart() {
        let detail = RunDetail::Loop(Box::new(Loop::new(LoopConfig::new("/app", "x"))));
        let mut run = Run::new(RunRef::of_loop("l-1"), "x", detail);
        let mut code = |status: RunStatus| {
            run.status = status.into();
            Exit::of_run(&run)
        };
        assert_eq!(code(RunStatus::Completed), Exit::Done);
        assert_eq!(code(RunStatus::Merged), Exit::Done);
        assert_eq!(code(RunStatus::LimitReached), Exit::Limit);
        assert_eq!(code(RunStatus::Failed), Exit::RunFailed);
        assert_eq!(code(RunStatus::Cancelled), Exit::Stopped);
    }

    #[test]
    fn errors_that_people_react_to_differently_have_codes_of_their_own() {
        let code = |kind| Exit::of_error(&Error::new(kind, "x"));
        assert_eq!(code(ErrorKind::InvalidInput), Exit::Usage);
        assert_eq!(code(ErrorKind::Conflict), Exit::Conflict);
        assert_eq!(code(ErrorKind::NotFound), Exit::NotFound);
        assert_eq!(code(ErrorKind::Storage), Exit::Storage);
        assert_eq!(code(ErrorKind::Agent), Exit::Failed);
    }
}
