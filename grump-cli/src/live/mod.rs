//! Following a run to its end.

mod asker;
mod screen;
mod signals;

use std::time::{Duration, Instant};

use futures::StreamExt;
use grump::{
    Cursor, Error, ErrorKind, Event, EventStream, Gap, Payload, Policy, Run, RunRef, Update,
};
use serde::Serialize;
use serde_json::json;
use tokio::{
    select,
    task::JoinHandle,
    time::{Interval, interval},
};

use crate::{
    exit::{Exit, Result},
    output::Output,
    place::Place,
    render::{Progress, Transcript},
};
use asker::Asker;
use screen::Screen;
pub(crate) use signals::Signals;

/// How often the line of progress is written anew.
const BEAT: Duration = Duration::from_millis(200);

/// What was seen on the way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Commits that were made.
    pub(crate) commits: usize,
}

/// Follows a run, shows what happens, and does what the person at the terminal wants.
#[derive(Debug)]
pub(crate) struct Follower {
    output: Output,
    screen: Screen,
    transcript: Transcript,
    progress: Progress,
    begun: Instant,
    seen: Seen,
    command: Option<Command>,
}

/// What only the process that started a loop does.
#[derive(Debug)]
struct Command {
    place: Place,
    run: RunRef,
    signals: Signals,
    /// It was told to stop.
    stops: bool,
    stopping: Option<JoinHandle<grump::Result<()>>>,
    asker: Option<Asker>,
}

impl Follower {
    /// Only looks.
    pub(crate) fn looking_at(run: &Run, output: Output) -> Self {
        Self {
            output,
            screen: Screen::new(output),
            transcript: Transcript::default().verbose(output.verbose),
            progress: Progress::of(run),
            begun: Instant::now(),
            seen: Seen::default(),
            command: None,
        }
    }

    /// Commands it: a signal stops the run, and its questions are asked at the terminal.
    pub(crate) fn running(plane: &Place, run: &Run, signals: Signals, output: Output) -> Self {
        let asks = matches!(
            run.as_loop().map(|detail| detail.config.policy),
            Some(Policy::Ask { .. })
        );
        if asks && !output.can_ask() {
            output.talk(
                "! nobody can be asked here: what the agent asks is denied when its time is up",
            );
        }
        let command = Command {
            place: plane.clone(),
            run: run.name.clone(),
            signals,
            stops: false,
            stopping: None,
            asker: (asks && output.can_ask()).then(Asker::new),
        };
        Self {
            command: Some(command),
            ..Self::looking_at(run, output)
        }
    }

    /// Follows the stream to its end.
    ///
    /// # Errors
    /// What the stream ends in; that standard output cannot be written, and then the run has been
    /// stopped if it is run here.
    pub(crate) async fn follow(mut self, stream: EventStream) -> Result<Seen> {
        let followed = self.until_end(stream).await;
        self.screen.close();
        if followed.is_err()
            && let Some(command) = &mut self.command
        {
            command.stop().await;
        }
        followed.map(|()| self.seen)
    }

    async fn until_end(&mut self, mut stream: EventStream) -> Result<()> {
        let mut beat = interval(BEAT);
        loop {
            match next(&mut stream, &mut beat, self.command.as_mut()).await {
                Next::Update(update) => self.update(&update?, stream.cursor())?,
                Next::End => return self.screen.lines(&self.transcript.finish()),
                Next::Beat => self
                    .screen
                    .progress(|| self.progress.line(self.begun.elapsed())),
                Next::Signal => self.signal(),
                Next::StopFailed(error) => self
                    .screen
                    .talk(&format!("! it cannot be stopped: {error}")),
                Next::Typed(line) => self.typed(line).await?,
            }
        }
    }

    fn update(&mut self, update: &Update, cursor: Option<&Cursor>) -> Result<()> {
        if let Some(event) = update.event() {
            self.progress.event(event);
            self.seen.commits += usize::from(matches!(event.payload, Payload::CommitCreated(_)));
        }
        if self.output.json {
            return json_line(self.output, update, cursor);
        }
        self.screen.lines(&self.transcript.update(update))?;
        self.ask(update.event());
        Ok(())
    }

    fn ask(&mut self, event: Option<&Event>) {
        let asker = self
            .command
            .as_mut()
            .and_then(|command| command.asker.as_mut());
        if let (Some(asker), Some(event)) = (asker, event)
            && asker.event(&event.payload)
        {
            self.screen.question(asker.question());
        }
    }

    async fn typed(&mut self, line: Option<String>) -> Result<()> {
        let Some(command) = &mut self.command else {
            return Ok(());
        };
        let Some(asker) = &mut command.asker else {
            return Ok(());
        };
        let Some(line) = line else {
            asker.hang_up();
            self.screen.question(None);
            return Ok(());
        };
        match asker.answer(&line) {
            Some(answer) => match command.place.reviews().answer(answer).await {
                // Too late: the event that says so is on its way.
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                answered => answered?,
            },
            None => self.screen.question(asker.question()),
        }
        Ok(())
    }

    /// The first one stops the run and keeps what it made; the second ends the process at once, and
    /// with it, by the keeper, everything that it started.
    fn signal(&mut self) {
        let Some(command) = &mut self.command else {
            return;
        };
        if command.stops {
            self.screen.close();
            self.output.talk(match command.place.is_own() {
                true => "ended at once; `grump loop start` goes on from the last commit",
                false => "ended at once; whether the loop was stopped, `grump loop show` says",
            });
            std::process::exit(Exit::Interrupted.code().into());
        }
        self.screen
            .talk("! stopping; its branch is kept. Press Ctrl-C again to end at once");
        command.begin_to_stop();
    }
}

impl Command {
    fn begin_to_stop(&mut self) {
        self.stops = true;
        let (plane, run) = (self.place.clone(), self.run.clone());
        self.stopping = Some(tokio::spawn(async move { plane.runs().stop(&run).await }));
    }

    /// Stops a run of this process because nobody can follow it any more. That it is over already is
    /// no fault. One that runs elsewhere goes on: a connection that breaks is no reason to stop it.
    async fn stop(&mut self) {
        if !self.stops && self.place.is_own() {
            let _ = self.place.runs().stop(&self.run).await;
        }
    }

    /// Waits until stopping has failed, for ever where it has not.
    async fn stop_failed(stopping: &mut Option<JoinHandle<grump::Result<()>>>) -> Error {
        if let Some(handle) = stopping {
            let stopped = handle.await;
            *stopping = None;
            match stopped {
                Ok(Err(error)) if error.kind() != ErrorKind::Conflict => return error,
                _ => {}
            }
        }
        std::future::pending().await
    }
}

/// What happens next.
enum Next {
    Update(grump::Result<Update>),
    End,
    Beat,
    Signal,
    StopFailed(Error),
    Typed(Option<String>),
}

async fn next(
    stream: &mut EventStream,
    beat: &mut Interval,
    command: Option<&mut Command>,
) -> Next {
    let Some(Command {
        signals,
        stopping,
        asker,
        ..
    }) = command
    else {
        return select! {
            update = stream.next() => update.map_or(Next::End, Next::Update),
            _ = beat.tick() => Next::Beat,
        };
    };
    let typed = async {
        match asker {
            Some(asker) => asker.line().await,
            None => std::future::pending().await,
        }
    };
    select! {
        update = stream.next() => update.map_or(Next::End, Next::Update),
        _ = beat.tick() => Next::Beat,
        () = signals.next() => Next::Signal,
        error = Command::stop_failed(stopping) => Next::StopFailed(error),
        line = typed => Next::Typed(line),
    }
}

/// An event as one line, with the cursor behind it.
#[derive(Serialize)]
struct EventLine<'a> {
    #[serde(flatten)]
    event: &'a Event,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a Cursor>,
}

/// An event as it is; a gap and a run that was read anew under kinds of their own.
fn json_line(output: Output, update: &Update, cursor: Option<&Cursor>) -> Result<()> {
    match update {
        Update::Event(event) => output.json_line(&EventLine { event, cursor }),
        Update::Gap(Gap {
            after,
            before,
            reason,
            ..
        }) => {
            let gap = json!({ "kind": "gap", "after": after, "before": before, "reason": reason });
            output.json_line(&gap)
        }
        Update::Resync(run) => output.json_line(&json!({ "kind": "resync", "run": run })),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use grump::payload::ToolCalled;

    use super::*;

    #[test]
    fn a_line_of_json_is_the_event_with_the_cursor_behind_it() {
        let call = ToolCalled {
            tool: "bash".into(),
            input: Some(json!({"command": "ls"}).into()),
            call_id: None,
            status: None,
            output: None,
        };
        let event = Event::new(RunRef::of_loop("l-1"), call);
        let cursor = Cursor::new("j-7");
        let line = EventLine {
            event: &event,
            cursor: Some(&cursor),
        };
        let read: serde_json::Value = serde_json::to_value(line).unwrap();
        assert_eq!(read["payload"]["input"]["command"], "ls");
        assert_eq!(
            (&read["kind"], &read["cursor"]),
            (&"tool.called".into(), &"j-7".into())
        );
    }
}
