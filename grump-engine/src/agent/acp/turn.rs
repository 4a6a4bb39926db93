//! One turn: a prompt in a session of its own, followed to its end.

use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};

use agent_client_protocol::{self as acp, v1::Responder};
use futures::{StreamExt, stream::FuturesUnordered};
use grump_core::{Native, Payload, Result, Retry};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::{
    super::{Question, Ruling, Sink, Site, Turn, TurnEnd, TurnOutcome},
    args,
    decode::{Line, Permission, Stopped},
    fault,
    map::Mapper,
    pipes::Heard,
    process::{LAST_WORDS_WITHIN, Link},
};

/// How long the agent has to come to rest after it was told to stop.
const REST: Duration = Duration::from_secs(2);

/// Plays one turn.
pub(super) async fn play(
    link: &mut Link,
    site: &Site,
    mode: Option<&str>,
    turn: &Turn,
    sink: Sink,
) -> Result<TurnEnd> {
    let session = tokio::select! {
        biased;
        () = turn.stop.cancelled() => return Ok(stopped_before_it_began()),
        session = set_up(link, site, mode, turn) => session?,
    };
    let play = Play {
        mapper: Mapper::new(&session, &site.directory),
        link,
        session,
        turn,
        sink,
        asked: HashMap::new(),
        answers: FuturesUnordered::new(),
        questions: 0,
        refused_at: None,
        words: Vec::new(),
        stopping: None,
        silent: None,
    };
    play.play().await
}

/// The end of a turn that was told to stop while it was being set up.
pub(super) fn stopped_before_it_began() -> TurnEnd {
    TurnEnd {
        final_message: String::new(),
        outcome: TurnOutcome::Stopped,
    }
}

/// A session in the mode and with the model that are wanted.
async fn set_up(link: &mut Link, site: &Site, mode: Option<&str>, turn: &Turn) -> Result<String> {
    let session = link.session(&site.directory).await?;
    if let Some(request) = mode
        .map(|mode| session.set_mode(mode))
        .transpose()?
        .flatten()
    {
        link.ask(request).await?;
    }
    let model = turn.model.as_ref();
    if let Some(request) = model
        .map(|model| session.set_model(model))
        .transpose()?
        .flatten()
    {
        link.ask(request).await?;
    }
    Ok(session.id)
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// A question that waits for its answer.
struct Asked {
    permission: Permission,
    action: String,
    title: String,
    responder: Responder,
}

/// Which question, and what came of it.
type Answered = (u64, Result<Ruling>);

struct Play<'a> {
    link: &'a mut Link,
    session: String,
    turn: &'a Turn,
    mapper: Mapper,
    sink: Sink,
    asked: HashMap<u64, Asked>,
    answers: FuturesUnordered<Pin<Box<dyn Future<Output = Answered> + Send>>>,
    questions: u64,
    /// How far the agent was when something was refused last.
    refused_at: Option<u64>,
    /// What is to be said about refusals, once the agent is done.
    words: Vec<String>,
    /// Set once it was told to stop: when it is waited for no longer.
    stopping: Option<Instant>,
    /// Set once nothing more can be heard: when the answer is waited for no longer.
    silent: Option<Instant>,
}

impl Play<'_> {
    async fn play(mut self) -> Result<TurnEnd> {
        let mut prompt = self.turn.prompt.clone();
        loop {
            let stopped = self.prompt(&prompt).await?;
            let Some(stopped) = stopped.filter(|_| self.stopping.is_none()) else {
                let told = self.mapper.finish(None);
                self.tell_all(None, told).await?;
                return Ok(self.end(TurnOutcome::Stopped));
            };
            let outcome = self.outcome(&stopped.stop_reason)?;
            if self.words.is_empty() || outcome == TurnOutcome::CutOff {
                return Ok(self.end(outcome));
            }
            self.refused_at = None;
            prompt = std::mem::take(&mut self.words).join("\n\n");
        }
    }

    /// Gives a prompt and waits until the agent is done with it; `None` if it was told to stop and
    /// did not in time.
    async fn prompt(&mut self, text: &str) -> Result<Option<Stopped>> {
        self.link.busy = true;
        let mut answer = self.link.send(args::prompt(&self.session, text)?);
        loop {
            let (deadline, silent) = (self.stopping, self.silent);
            let step = tokio::select! {
                // Told to stop comes first: what is asked is withdrawn at the same time. The answer
                // comes after everything that was told before it.
                biased;
                () = self.turn.stop.cancelled(), if deadline.is_none() => self.stop(),
                () = until(deadline) => return Ok(None),
                Some((number, ruling)) = self.answers.next() => self.answered(number, ruling?).await,
                heard = self.link.hear(), if silent.is_none() => self.heard(heard).await,
                answer = &mut answer => match self.over(answer).await {
                    Ok(stopped) => return Ok(Some(stopped)),
                    Err(error) => Err(error),
                },
                () = until(silent) => Err(self.link.ended().await),
            };
            match step {
                // What breaks while it is being stopped is stopped.
                Err(_) if self.stopping.is_some() => return Ok(None),
                step => step?,
            }
        }
    }

    async fn heard(&mut self, heard: Option<Heard>) -> Result<()> {
        match heard {
            Some(Heard::Line(raw, line)) => {
                let native = native(&raw, &line);
                let told = self.mapper.hear(line);
                self.tell_all(Some(native), told).await
            }
            Some(Heard::Permission(detail, responder)) => self.ask(&detail, responder).await,
            Some(Heard::TooLong(length)) => {
                Err(fault("the agent wrote a line that is too long").with("bytes", length))
            }
            Some(Heard::LeftOut(count)) => {
                let text = format!("{count} messages that came before the prompt were left out");
                self.sink.tell(Payload::log("warn", text)).await
            }
            None => {
                self.silent = Some(Instant::now() + LAST_WORDS_WITHIN);
                Ok(())
            }
        }
    }

    async fn tell_all(&mut self, native: Option<Native>, told: Vec<Payload>) -> Result<()> {
        for payload in told {
            match &native {
                Some(native) => self.sink.tell_from(payload, native.clone()).await?,
                None => self.sink.tell(payload).await?,
            }
        }
        Ok(())
    }

    /// Asks beside the reading: whoever answers takes their time.
    async fn ask(&mut self, detail: &Value, responder: Responder) -> Result<()> {
        let permission = match serde_json::from_value::<Permission>(detail.clone()) {
            Ok(permission) => permission,
            Err(error) => return self.refuse_to_ask(&error, responder).await,
        };
        if permission.session != self.session || self.stopping.is_some() {
            return respond(responder, args::withdrawn());
        }
        let options = permission.clone();
        let (told, question) = self.mapper.permission(permission, detail);
        self.tell_all(None, told).await?;
        self.questions += 1;
        let number = self.questions;
        let asked = Asked {
            permission: options,
            action: question.action.clone(),
            title: question.title.clone(),
            responder,
        };
        self.asked.insert(number, asked);
        self.answers
            .push(asking(self.sink.clone(), number, question));
        Ok(())
    }

    async fn refuse_to_ask(
        &mut self,
        error: &serde_json::Error,
        responder: Responder,
    ) -> Result<()> {
        let text = format!("the agent asked for something in a form that is not known: {error}");
        self.sink.tell(Payload::log("warn", text)).await?;
        respond(responder, args::withdrawn())
    }

    async fn answered(&mut self, number: u64, ruling: Ruling) -> Result<()> {
        let Some(asked) = self.asked.remove(&number) else {
            return Ok(());
        };
        if ruling != Ruling::Allow {
            self.refused_at = Some(self.mapper.steps());
        } else if asked.permission.option("allow_once").is_none() {
            let text = "the agent offers no way to allow this once, so it was not allowed";
            self.sink.tell(Payload::log("warn", text)).await?;
        }
        let reply = args::reply(&asked.permission, &ruling);
        if let Ruling::Deny(Some(word)) = ruling {
            self.words
                .push(args::word(&asked.action, &asked.title, &word));
        }
        respond(asked.responder, reply)
    }

    /// Tells the agent to stop, and withdraws what it asked.
    fn stop(&mut self) -> Result<()> {
        self.stopping = Some(Instant::now() + REST);
        self.words.clear();
        self.link.cancel(&self.session)?;
        for (_, asked) in self.asked.drain() {
            respond(asked.responder, args::withdrawn())?;
        }
        Ok(())
    }

    async fn over(&mut self, answer: Result<Value, acp::Error>) -> Result<Stopped> {
        self.link.busy = false;
        let stopped = match answer {
            Ok(answer) => serde_json::from_value::<Stopped>(answer)
                .map_err(|error| fault("the agent did not say how it ended").caused_by(error)),
            Err(error) => Err(self.link.refused(error).await),
        };
        let tokens = stopped.as_ref().ok().and_then(|stopped| stopped.usage);
        let told = self.mapper.finish(tokens);
        self.tell_all(None, told).await?;
        stopped
    }

    /// Agents say of a turn that ended with a refusal that it ended.
    fn outcome(&self, reason: &str) -> Result<TurnOutcome> {
        let gave_up = self.refused_at == Some(self.mapper.steps());
        match reason {
            "end_turn" | "cancelled" if gave_up => Ok(TurnOutcome::Refused),
            "end_turn" => Ok(TurnOutcome::Finished),
            "max_tokens" | "max_turn_requests" => Ok(TurnOutcome::CutOff),
            "cancelled" => Err(fault("somebody else stopped the agent's session")),
            "refusal" => Err(fault("the model refused to go on")),
            other => Err(fault("the agent stopped before it was done")
                .retryable(Retry::Safe)
                .with("reason", other)),
        }
    }

    fn end(&self, outcome: TurnOutcome) -> TurnEnd {
        TurnEnd {
            final_message: self.mapper.last().to_owned(),
            outcome,
        }
    }
}

fn asking(
    sink: Sink,
    number: u64,
    question: Question,
) -> Pin<Box<dyn Future<Output = Answered> + Send>> {
    Box::pin(async move { (number, sink.ask(question).await) })
}

fn respond(responder: Responder, answer: Value) -> Result<()> {
    let sent = responder.respond(answer);
    sent.map_err(|error| fault("the agent cannot be answered").caused_by(error))
}

fn native(raw: &Arc<str>, line: &Line) -> Native {
    let name = match line {
        Line::Update { name, .. } | Line::Unknown { name, .. } => name.clone(),
        Line::Request { method, .. } => method.clone(),
        Line::Answer | Line::Text(_) => String::new(),
    };
    Native {
        channel: "acp",
        name,
        raw: Some(raw.clone()),
    }
}
