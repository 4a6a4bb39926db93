//! Running a command whose success says that work is done.

use std::path::PathBuf;

use grump_core::{Error, ErrorKind, Result, RunRef};
use tokio::select;
use tokio_util::sync::CancellationToken;

use crate::{
    agent::output::Running,
    process::{Exit, Launch, Launcher, Tail},
};

/// How much of a failing command's output is told, in bytes.
const TAIL: usize = 2 * 1024;

/// Runs a command, split like a shell would, in a folder.
///
/// # Errors
/// `InvalidInput` if it cannot be split; `Agent` if it does not succeed, with the end of what it
/// wrote, or if it is stopped.
pub(crate) async fn run(
    launcher: &Launcher,
    command: &str,
    directory: PathBuf,
    run: &RunRef,
    halt: &CancellationToken,
) -> Result<()> {
    let words = words(command)?;
    // A mark of its own: ending the check must not end the agent's server.
    let mark = format!("{}.verify", run.id);
    let launch = Launch::new(&words[0], directory, mark).args(&words[1..]);
    let mut running = Running::new(launcher.spawn(launch).await?);
    let mut tail = Tail::new(TAIL);
    loop {
        select! {
            piece = running.next() => match piece? {
                Some((_, bytes)) => tail.push(&bytes),
                None => break,
            },
            () = halt.cancelled() => {
                running.stop().await?;
                return Err(Error::new(ErrorKind::Agent, "the verification was stopped"));
            }
        }
    }
    let exit = running.ended().map_or(Exit::Unknown, |ended| ended.exit);
    if exit.is_success() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Agent,
        format!("the verification failed ({exit:?})"),
    )
    .with("command", command)
    .with("output", tail.text()))
}

/// Splits a command into words, at least one.
///
/// # Errors
/// `InvalidInput` for a quote that is not closed, and for nothing.
pub(crate) fn words(command: &str) -> Result<Vec<String>> {
    let refuse = |message: String| {
        Error::new(ErrorKind::InvalidInput, message)
            .with("command", command)
            .advise("write it as in a shell; it is run without one")
    };
    let words = shell_words::split(command)
        .map_err(|error| refuse(format!("the command cannot be split into words: {error}")))?;
    if words.is_empty() {
        Err(refuse("the command is empty".to_owned()))
    } else {
        Ok(words)
    }
}
