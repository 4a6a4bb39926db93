//! Playing a turn and keeping what came of it.

use std::time::Duration;

use grump_core::{Error, EventKind, Payload};
use grump_engine::agent::{AgentSession, Question, Ruling, Sink, Told, Turn, TurnEnd};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Far more than anything here takes; only a hang is longer.
pub(crate) const HANG: Duration = Duration::from_secs(120);

pub(crate) fn turn() -> Turn {
    Turn {
        prompt: "Write a greeting.".into(),
        model: None,
        iteration: 1,
        stop: CancellationToken::new(),
    }
}

/// What came of a turn, and what was told in it.
pub(crate) struct Played {
    pub(crate) end: Result<TurnEnd, Error>,
    pub(crate) told: Vec<Payload>,
    pub(crate) asked: Vec<Question>,
}

impl Played {
    pub(crate) fn kinds(&self) -> Vec<EventKind> {
        self.told.iter().map(Payload::kind).collect()
    }

    pub(crate) fn end(&self) -> &TurnEnd {
        self.end.as_ref().unwrap()
    }
}

/// Plays a turn, answering whatever is asked by `ruling`.
pub(crate) async fn play(session: &mut dyn AgentSession, turn: Turn, ruling: Ruling) -> Played {
    let (sink, mut receiver) = Sink::channel(16);
    let hear = async {
        let (mut told, mut asked) = (Vec::new(), Vec::new());
        while let Some(heard) = receiver.recv().await {
            match heard {
                Told::Event(payload) => told.push(payload),
                Told::Question(question, answer) => {
                    asked.push(question);
                    answer.send(ruling.clone()).unwrap();
                }
            }
        }
        (told, asked)
    };
    let both = async { tokio::join!(session.turn(turn, sink), hear) };
    let (end, (told, asked)) = timeout(HANG, both).await.expect("the turn ends");
    Played { end, told, asked }
}
