//! Running a command whose success says that work is done.

use std::path::PathBuf;

use grump_core::{Error, ErrorKind, Result, RunRef};
use tokio::select;
use tokio_util::sync::CancellationToken;

use crate::process::{Launch, Launcher, Output, Tail};

/// How much of a failing command's output is told, in bytes.
const TAIL: usize = 2 * 1024;
/// How long a line of output may be, in bytes.
const LINE: usize = 16 * 1024;

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
    let mut child = launcher.spawn(launch).await?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Error::new(
            ErrorKind::Internal,
            "a new process has no output",
        ));
    };
    let mut output = Output::new(stdout, stderr, LINE);
    let mut tail = Tail::new(TAIL);
    let ended = loop {
        select! {
            read = output.next() => match read {
                Ok(Some((_, line))) => tail.push_line(&line),
                _ => break child.wait().await?,
            },
            ended = child.wait() => break ended?,
            () = halt.cancelled() => {
                child.stop().await?;
                return Err(Error::new(ErrorKind::Agent, "the verification was stopped"));
            }
        }
    };
    // Nothing that it started is left, so its output ends here.
    while let Ok(Some((_, line))) = output.next().await {
        tail.push_line(&line);
    }
    if ended.exit.is_success() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Agent,
        format!("the verification failed ({:?})", ended.exit),
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
