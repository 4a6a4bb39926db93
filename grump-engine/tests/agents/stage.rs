//! A stage on which an agent plays one turn after the other, and all it tells is kept.

use std::path::PathBuf;

use grump_core::{EventKind, ModelRef, Native, Payload, Result};
use grump_engine::agent::{Agent, AgentSession, Question, Ruling, Sink, Site, Told, Turn, TurnEnd};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::scene::Scene;

/// An agent at work in a folder of its own.
pub(crate) struct Stage {
    pub(crate) scene: Scene,
    /// What every question is answered with.
    pub(crate) ruling: Ruling,
    /// Questions are heard and never answered.
    pub(crate) silent: bool,
    pub(crate) model: Option<ModelRef>,
    pub(crate) stop: CancellationToken,
    session: Option<Box<dyn AgentSession>>,
}

type Heard = (Vec<Payload>, Vec<Native>, Vec<Question>);

/// What a turn told, and how it ended.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) end: Result<TurnEnd>,
    pub(crate) events: Vec<Payload>,
    /// What the events were read from, where that is kept.
    pub(crate) lines: Vec<Native>,
    pub(crate) questions: Vec<Question>,
}

impl Stage {
    pub(crate) async fn with(agent: impl Agent) -> Self {
        let mut stage = Self::empty();
        stage.session = Some(agent.open(stage.site()).await.unwrap());
        stage
    }

    /// A stage without an agent yet.
    pub(crate) fn empty() -> Self {
        Self {
            scene: Scene::new(),
            ruling: Ruling::Allow,
            silent: false,
            model: None,
            stop: CancellationToken::new(),
            session: None,
        }
    }

    pub(crate) fn site(&self) -> Site {
        Site {
            directory: self.scene.path(),
            run: "run-1".to_owned(),
            launcher: self.scene.launcher(),
            connect: None,
            ask: true,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scene.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Plays a turn and hears all of it.
    pub(crate) async fn turn(&mut self, iteration: u64, prompt: &str) -> Played {
        let (sink, heard) = self.audience();
        let turn = Turn {
            prompt: prompt.to_owned(),
            model: self.model.clone(),
            iteration,
            stop: self.stop.clone(),
        };
        let end = self.session.as_mut().unwrap().turn(turn, sink).await;
        let (events, lines, questions) = heard.await.unwrap();
        Played {
            end,
            events,
            lines,
            questions,
        }
    }

    pub(crate) async fn close(&mut self) {
        self.session.take().unwrap().close().await.unwrap();
    }

    /// Stops the turn as soon as the agent has written this file.
    pub(crate) fn stop_once_written(&self, name: &str) -> JoinHandle<()> {
        let (file, stop) = (self.path(name), self.stop.clone());
        tokio::spawn(async move {
            while std::fs::metadata(&file).map_or(0, |file| file.len()) == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
            stop.cancel();
        })
    }

    fn audience(&self) -> (Sink, JoinHandle<Heard>) {
        let (sink, mut told) = Sink::channel(4);
        let (ruling, silent) = (self.ruling.clone(), self.silent);
        let heard = tokio::spawn(async move {
            let (mut events, mut lines, mut questions) = (Vec::new(), Vec::new(), Vec::new());
            let mut unanswered = Vec::new();
            while let Some(told) = told.recv().await {
                match told {
                    Told::Event(event, native) => {
                        events.push(event);
                        lines.extend(native.map(|native| *native));
                    }
                    Told::Question(question, answer) => {
                        questions.push(question);
                        if silent {
                            unanswered.push(answer);
                        } else {
                            let _ = answer.send(ruling.clone());
                        }
                    }
                }
            }
            (events, lines, questions)
        });
        (sink, heard)
    }
}

impl Played {
    pub(crate) fn kinds(&self) -> Vec<EventKind> {
        self.events.iter().map(Payload::kind).collect()
    }

    pub(crate) fn end(&self) -> &TurnEnd {
        self.end.as_ref().unwrap()
    }

    pub(crate) fn error(&self) -> String {
        self.end.as_ref().unwrap_err().to_string()
    }

    /// The text deltas, joined.
    pub(crate) fn streamed(&self) -> String {
        let delta = |event: &Payload| match event {
            Payload::TextDelta(delta) => Some(delta.text.clone()),
            _ => None,
        };
        self.events.iter().filter_map(delta).collect()
    }

    /// The lines of the log, by level.
    pub(crate) fn log(&self, level: &str) -> Vec<String> {
        let line = |event: &Payload| match event {
            Payload::Log(log) if log.level == level => Some(log.message.clone()),
            _ => None,
        };
        self.events.iter().filter_map(line).collect()
    }

    /// What the first tool call gave, and whether it worked.
    pub(crate) fn result(&self) -> (String, bool) {
        let result = self.events.iter().find_map(|event| match event {
            Payload::ToolResult(result) => Some(result),
            _ => None,
        });
        let result = result.unwrap();
        let output = result.output.as_ref().unwrap().parse().unwrap();
        (output, result.success.unwrap())
    }
}
