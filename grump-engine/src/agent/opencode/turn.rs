//! One turn: a prompt in a session of its own, followed to its end.
//!
//! `/event` tells what happens from the moment on at which it is opened, and nothing twice. So the
//! stream is opened before the prompt is given; when it breaks, the state is read anew; and how the
//! turn ended is read from the state in any case.

use std::{pin::Pin, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use grump_core::{Error, ErrorKind, Payload, Remote, Result, Retry};
use grump_http::sse::SseStream;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until};

use super::{
    super::{Ruling, Sink, Turn, TurnEnd, TurnOutcome},
    decode::{Event, decode},
    map::{Effect, Mapper, Said},
    process::{Api, Server},
    wire::{Failure, Status},
};

/// How often the state is looked at although the stream is silent about it.
const LOOK: Duration = Duration::from_secs(20);

/// How long the session has to come to rest after it was aborted.
const REST: Duration = Duration::from_secs(2);

/// How often the stream is opened anew without hearing anything on it.
const RECONNECTS: u32 = 8;

/// Plays one turn on `server`, in `session`.
pub(super) async fn play(
    server: &mut Server,
    session: &str,
    events: SseStream,
    turn: &Turn,
    sink: Sink,
) -> Result<TurnEnd> {
    let api = server.api.clone();
    let mut play = Play {
        mapper: Mapper::new(session, &api.directory),
        session: session.to_owned(),
        answers: FuturesUnordered::new(),
        sink,
        refused: false,
        resting: 0,
        stopping: None,
        api: api.clone(),
    };
    let mut feed = Feed {
        api,
        events: Some(events),
        failures: 0,
    };
    let mut look = interval_at(Instant::now() + LOOK, LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let deadline = play.stopping;
        let step = tokio::select! {
            // Told to stop comes first: what is asked is withdrawn at the same time.
            biased;
            () = turn.stop.cancelled(), if deadline.is_none() => Ok(play.stop().await),
            () = until(deadline) => Ok(Some(play.stopped())),
            error = server.ended() => Err(error),
            Some(answer) = play.answers.next() => play.answered(answer).await,
            _ = look.tick() => play.reread().await,
            heard = feed.next() => play.heard(heard).await,
        };
        match step {
            Ok(None) => {}
            Ok(Some(end)) => return Ok(end),
            // What breaks while it is being stopped is stopped.
            Err(_) if deadline.is_some() => return Ok(play.stopped()),
            Err(error) => return Err(error),
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// What came of asking for a permission.
type Answer = (String, Result<Ruling>);

struct Play {
    api: Api,
    session: String,
    mapper: Mapper,
    sink: Sink,
    answers: FuturesUnordered<Pin<Box<dyn Future<Output = Answer> + Send>>>,
    /// A permission or a question was refused.
    refused: bool,
    /// How often the session was found at rest without having done anything.
    resting: u32,
    /// Set once it was told to stop: when it is waited for no longer.
    stopping: Option<Instant>,
}

impl Play {
    async fn heard(&mut self, event: Result<Option<Event>>) -> Result<Option<TurnEnd>> {
        match event? {
            Some(event) => {
                let effects = self.mapper.hear(event);
                self.perform(effects).await
            }
            None => self.reread().await,
        }
    }

    async fn perform(&mut self, effects: Vec<Effect>) -> Result<Option<TurnEnd>> {
        for effect in effects {
            let end = match effect {
                Effect::Settle => self.settle().await?,
                Effect::Reread => self.reread().await?,
                other => {
                    self.act(other).await?;
                    None
                }
            };
            if end.is_some() {
                return Ok(end);
            }
        }
        Ok(None)
    }

    async fn act(&mut self, effect: Effect) -> Result<()> {
        match effect {
            Effect::Tell(payload) => self.sink.tell(payload).await,
            Effect::Reject(question) => {
                self.refused = true;
                self.api.reject(&question).await
            }
            Effect::Ask(permission, question) => {
                let sink = self.sink.clone();
                // Beside the reading: whoever answers takes their time.
                self.answers.push(Box::pin(async move {
                    let ruling = sink.ask(question).await;
                    (permission, ruling)
                }));
                Ok(())
            }
            Effect::Settle | Effect::Reread => Ok(()),
        }
    }

    async fn answered(&mut self, (permission, ruling): Answer) -> Result<Option<TurnEnd>> {
        let ruling = ruling?;
        self.refused |= ruling != Ruling::Allow;
        self.api.answer(&permission, &ruling).await?;
        Ok(None)
    }

    /// Reads what the stream may have left out: who asks, and whether the session is at rest.
    async fn reread(&mut self) -> Result<Option<TurnEnd>> {
        let mut effects = Vec::new();
        for child in self.api.children(&self.session).await? {
            effects.extend(self.mapper.hear(Event::Created(child)));
        }
        for permission in self.api.permissions().await? {
            effects.extend(self.mapper.permission(permission));
        }
        for question in self.api.questions().await? {
            effects.extend(self.mapper.question(&question));
        }
        for effect in effects {
            self.act(effect).await?;
        }
        match self.api.statuses().await?.remove(&self.session) {
            None | Some(Status::Idle) => self.settle().await,
            Some(status) => {
                self.catch_up().await?;
                let effects = self
                    .mapper
                    .hear(Event::Status(self.session.clone(), status));
                for effect in effects {
                    self.act(effect).await?;
                }
                Ok(None)
            }
        }
    }

    async fn catch_up(&mut self) -> Result<()> {
        let messages = self.api.messages(&self.session).await?;
        for effect in self.mapper.catch_up(messages) {
            self.act(effect).await?;
        }
        Ok(())
    }

    /// The session is at rest: finds out whether the turn is over, and how it went.
    async fn settle(&mut self) -> Result<Option<TurnEnd>> {
        self.catch_up().await?;
        if self.stopping.is_some() {
            // It says so twice; the first time the last message is not there yet.
            let whole = self.mapper.last().is_none_or(|said| said.completed);
            return Ok(whole.then(|| self.stopped()));
        }
        match (self.mapper.failure(), self.mapper.last()) {
            (Some(failure), last) => failed(failure, last).map(Some),
            (None, Some(last)) => finished(last, self.refused).map(Some),
            (None, None) => self.nothing_yet(),
        }
    }

    /// Before it begins, a session is at rest too.
    fn nothing_yet(&mut self) -> Result<Option<TurnEnd>> {
        self.resting += 1;
        if self.resting <= 2 {
            return Ok(None);
        }
        Err(fault("opencode took the prompt and did nothing")
            .advise("look into its log: ~/.local/share/opencode/log"))
    }

    /// Tells opencode to stop, which ends the model's answer and the tool's process group.
    async fn stop(&mut self) -> Option<TurnEnd> {
        self.stopping = Some(Instant::now() + REST);
        let aborting = tokio::time::timeout(REST, self.api.abort(&self.session));
        // Who does not listen is ended when the session is closed.
        if let Ok(Err(error)) | Err(error) = aborting.await.map_err(|_| fault("no answer")) {
            let line = format!("opencode did not take the order to stop: {error}");
            let _ = self.sink.tell(Payload::log("warn", line)).await;
            return Some(self.stopped());
        }
        None
    }

    fn stopped(&self) -> TurnEnd {
        end(self.mapper.last(), TurnOutcome::Stopped)
    }
}

/// The end of a turn that was told to stop while it was being set up.
pub(super) fn stopped_before_it_began() -> TurnEnd {
    end(None, TurnOutcome::Stopped)
}

fn end(last: Option<&Said>, outcome: TurnOutcome) -> TurnEnd {
    TurnEnd {
        final_message: last.map(Said::text).unwrap_or_default(),
        outcome,
    }
}

/// Being at rest is not success: the last message must say that it is the last.
fn finished(last: &Said, refused: bool) -> Result<TurnEnd> {
    let outcome = match last.finish.as_deref() {
        Some("stop") => TurnOutcome::Finished,
        Some("length") => TurnOutcome::CutOff,
        Some("tool-calls") if refused => TurnOutcome::Refused,
        finish => {
            return Err(fault("opencode stopped before the model was done")
                .retryable(Retry::Safe)
                .with("finish", finish.unwrap_or("none")));
        }
    };
    Ok(end(Some(last), outcome))
}

fn failed(failure: &Failure, last: Option<&Said>) -> Result<TurnEnd> {
    if failure.name == "MessageOutputLengthError" {
        return Ok(end(last, TurnOutcome::CutOff));
    }
    let message = failure.data.message.clone().unwrap_or_default();
    let message = match message.trim() {
        "" => "opencode reported an error without a message".to_owned(),
        _ if failure.is_abort() => "somebody else stopped opencode's session".to_owned(),
        message => message.to_owned(),
    };
    let mut remote = Remote::default();
    remote.status = failure.data.status_code;
    remote.code = Some(failure.name.clone());
    let retry = if failure.data.is_retryable == Some(true) {
        Retry::Safe
    } else {
        Retry::Never
    };
    Err(fault(message)
        .retryable(retry)
        .remote(remote)
        .with("error", &failure.name))
}

fn fault(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Agent, message).operation("agent.opencode")
}

/// The stream, opened anew when it breaks.
struct Feed {
    api: Api,
    events: Option<SseStream>,
    /// How often it was opened without hearing anything on it.
    failures: u32,
}

impl Feed {
    /// The next event; `None` when the stream broke and was opened anew, so that what happened in
    /// between is not on it. May be dropped and called again.
    async fn next(&mut self) -> Result<Option<Event>> {
        if let Some(events) = &mut self.events {
            match events.next().await {
                Some(Ok(event)) => {
                    self.failures = 0;
                    return Ok(Some(decode(&event.data)));
                }
                Some(Err(error)) => tracing::info!(%error, "opencode's event stream broke"),
                None => tracing::info!("opencode ended its event stream"),
            }
            self.events = None;
        }
        self.reopen().await
    }

    async fn reopen(&mut self) -> Result<Option<Event>> {
        loop {
            sleep(Duration::from_millis(50) * 2_u32.pow(self.failures)).await;
            self.failures += 1;
            match self.api.events().await {
                Ok(events) => {
                    self.events = Some(events);
                    return Ok(None);
                }
                Err(error) if self.failures < RECONNECTS => {
                    tracing::info!(%error, "opencode's event stream is not back yet");
                }
                Err(error) => {
                    return Err(
                        fault("opencode's event stream does not come back").caused_by(error)
                    );
                }
            }
        }
    }
}
