//! One turn of a command: its process from start to end.

use std::{future::pending, time::Duration};

use grump_core::{Error, ErrorKind, Payload, Result};
use tokio::{io::AsyncWriteExt, process::ChildStdin, time::sleep};
use tokio_util::task::AbortOnDropHandle;

use super::{CmdAgent, command::Filled, report::Report, stderr::Stderr, stdout::Stdout};
use crate::{
    agent::{
        Sink, Site, Turn, TurnEnd, TurnOutcome,
        output::{Running, Side},
    },
    process::{Exit, Input, Launch},
};

/// Why a process was ended before it ended by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    Stopped,
    Late(Duration),
}

pub(super) async fn play(
    agent: &CmdAgent,
    site: &Site,
    turn: &Turn,
    sink: &Sink,
) -> Result<TurnEnd> {
    let filled = agent.command.fill(turn)?;
    warn(&filled, site, sink).await?;
    let mut child = site
        .launcher
        .spawn(launch(agent, filled, site, turn))
        .await?;
    let _feeding = child
        .stdin
        .take()
        .map(|stdin| AbortOnDropHandle::new(tokio::spawn(feed(stdin, turn.prompt.clone()))));
    let mut work = Work {
        running: Running::new(child),
        stdout: Stdout::new(agent.format, &site.directory, agent.message_cap),
        stderr: Stderr::new(),
    };
    let cut = tokio::select! {
        biased;
        () = turn.stop.cancelled() => Some(Cut::Stopped),
        late = deadline(agent.timeout) => Some(Cut::Late(late)),
        heard = work.hear(sink) => heard.map(|()| None)?,
    };
    if cut.is_some() {
        work.running.stop().await?;
    }
    work.end(agent, cut, sink).await
}

/// What the user chose and this command takes no notice of.
async fn warn(filled: &Filled, site: &Site, sink: &Sink) -> Result<()> {
    if filled.model_ignored {
        let text = "the command names no {model}, so the chosen model is not passed on";
        sink.tell(Payload::log("warn", text)).await?;
    }
    if site.ask {
        let text = "a command cannot ask for permission: its own configuration decides";
        sink.tell(Payload::log("warn", text)).await?;
    }
    Ok(())
}

fn launch(agent: &CmdAgent, filled: Filled, site: &Site, turn: &Turn) -> Launch {
    let input = if filled.prompt_on_stdin {
        Input::Pipe
    } else {
        Input::Null
    };
    let launch = Launch::new(filled.program, &site.directory, &site.run)
        .args(filled.args)
        .env("GRUMP_ITERATION", turn.iteration.to_string())
        .stdin(input);
    let env = agent.env.iter();
    env.fold(launch, |launch, (name, value)| launch.env(name, value))
}

/// Gives the prompt while output is read: a program may write before it has read all, or never
/// read. That it closed its end is no error.
async fn feed(mut stdin: ChildStdin, prompt: String) {
    let _ = stdin.write_all(prompt.as_bytes()).await;
    let _ = stdin.shutdown().await;
}

async fn deadline(timeout: Option<Duration>) -> Duration {
    match timeout {
        Some(timeout) => {
            sleep(timeout).await;
            timeout
        }
        None => pending().await,
    }
}

/// A process, and what was made of its output so far.
struct Work {
    running: Running,
    stdout: Stdout,
    stderr: Stderr,
}

impl Work {
    /// Tells all that the process writes until it ends.
    async fn hear(&mut self, sink: &Sink) -> Result<()> {
        while let Some((side, piece)) = self.running.next().await? {
            let events = match side {
                Side::Out => self.stdout.push(&piece),
                Side::Err => self.stderr.push(&piece),
            };
            tell(events, sink).await?;
        }
        Ok(())
    }

    async fn end(mut self, agent: &CmdAgent, cut: Option<Cut>, sink: &Sink) -> Result<TurnEnd> {
        let (events, report) = self.stdout.finish();
        if cut != Some(Cut::Stopped) {
            tell(self.stderr.finish(), sink).await?;
            tell(events, sink).await?;
        }
        let exit = self
            .running
            .ended()
            .map_or(Exit::Unknown, |ended| ended.exit);
        let outcome = verdict(agent, cut, exit, &report).map_err(|message| {
            let error = Error::new(ErrorKind::Agent, message)
                .operation("agent.turn")
                .with("program", agent.command.program());
            match self.stderr.last_lines() {
                lines if lines.is_empty() => error,
                lines => error.with("stderr", lines),
            }
        })?;
        Ok(TurnEnd {
            final_message: report.last,
            outcome,
        })
    }
}

async fn tell(events: Vec<Payload>, sink: &Sink) -> Result<()> {
    for event in events {
        sink.tell(event).await?;
    }
    Ok(())
}

/// How the turn ended, or why it failed.
fn verdict(
    agent: &CmdAgent,
    cut: Option<Cut>,
    exit: Exit,
    report: &Report,
) -> Result<TurnOutcome, String> {
    match cut {
        Some(Cut::Stopped) => return Ok(TurnOutcome::Stopped),
        Some(Cut::Late(limit)) => {
            return Err(format!(
                "the agent was ended: it took longer than {limit:?}"
            ));
        }
        None => {}
    }
    if let Some(failure) = &report.failure {
        return Err(format!("the agent failed: {failure}"));
    }
    match (exit, report.outcome) {
        (Exit::Code(0), Some(outcome)) => Ok(outcome),
        (Exit::Code(0), None) => Err(format!(
            "the agent ended without saying that it is done: this format expects `{}`",
            agent.format.written_by()
        )),
        (Exit::Code(code), _) => Err(format!("the agent ended with exit code {code}")),
        (Exit::Signal(signal), _) => Err(format!("the agent was killed by signal {signal}")),
        (Exit::Unknown, _) => Err("the agent was killed together with its keeper".to_owned()),
    }
}
